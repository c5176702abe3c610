"""Groups beside their total, and the worked examples of INSPECT-SR (checks 4.8 and 4.10)."""

from fractions import Fraction
from itertools import product

import pandas as pd
import pytest

from compendium.verification.audit.arithmetic import combined_possible
from compendium.verification.audit.rounding import round_like
from compendium.verification.audit.table import audit


def audited(rows):
    """Audit claims given as (claim, kind, value, n, step, group, part_of)."""
    columns = ["claim", "kind", "value", "n", "step", "group", "part_of"]
    claims = pd.DataFrame(rows, columns=columns).assign(numerator="", denominator="", population="", unit="")
    return audit(claims.set_index("claim")).set_index("claim")


def test_a_total_mean_outside_of_what_its_groups_can_make():
    """Check 4.10: 30 and 11 participants with 6.2 and 7.4 cannot have 7.3 together; by hand it is 6.52."""
    rows = [
        ("all", "mean", "7.3", "41", "", "", ""),
        ("younger", "mean", "6.2", "30", "", "", "all"),
        ("older", "mean", "7.4", "11", "", "", "all"),
    ]
    found = audited(rows).loc["all"]
    assert found["possible"] == "no"
    assert found["finding"] == "The groups with a mean of 6.2 of 30 and 7.4 of 11 have together 6.5, not 7.3."
    rows[0] = ("all", "mean", "6.5", "41", "", "", "")
    assert audited(rows).loc["all", "possible"] == "yes"


def test_means_and_deviations_of_scores_of_thirty_infants():
    """Check 4.8: whole scores from 0 to 10."""
    rows = [
        ("first", "mean", "8.96", "30", "1", "", ""),
        ("second", "mean", "9.96", "30", "1", "", ""),
        ("third.mean", "mean", "9.93", "30", "1", "apgar", ""),
        ("third.sd", "sd", "0.18", "30", "1", "apgar", ""),
        ("third.minimum", "minimum", "0", "30", "1", "apgar", ""),
        ("third.maximum", "maximum", "10", "30", "1", "apgar", ""),
    ]
    found = audited(rows)["possible"]
    # 269 of 30 is 8.967: its digits would have to be cut.
    assert found[["first", "second"]].tolist() == ["by truncation"] * 2
    assert found[["third.mean", "third.sd"]].tolist() == ["yes", "no"]


@pytest.mark.parametrize("kind", ["mean", "median", "minimum", "maximum"])
def test_groups_are_judged_as_by_enumeration(kind):
    """Two groups of two whole numbers from 0 to 3, all printed without decimals."""
    summaries = {
        "mean": lambda v: sum(v) / len(v),
        "median": lambda v: (sorted(v)[(len(v) - 1) // 2] + sorted(v)[len(v) // 2]) / 2,
        "minimum": min,
        "maximum": max,
    }
    summary = summaries[kind]

    def printed(values):
        return round_like(Fraction(summary(values)), "0")

    seen = {(printed(v[:2]), printed(v[2:]), printed(v)) for v in product(range(4), repeat=4)}
    texts = [str(number) for number in range(4)]
    for a, b, total in product(texts, repeat=3):
        possible = combined_possible(kind, [a, b], total, [2, 2] if kind == "mean" else None)
        # Finer values than whole ones are allowed, so that more may be possible, but nothing that was seen is not.
        assert possible or (a, b, total) not in seen
        if kind in ("minimum", "maximum"):
            assert possible == ((a, b, total) in seen)
    assert not combined_possible(kind, ["1", "1"], "3", [2, 2] if kind == "mean" else None)
