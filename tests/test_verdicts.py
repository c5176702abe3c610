"""Verdicts: printed against computed numbers, and the proofs of what cannot be right."""

import shutil
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.verification.published import AnswerError, built_values, read_answers
from compendium.verification.verdict_page import verdict_page
from compendium.verification.verdicts import (
    DifferenceError,
    Verdict,
    compare,
    contradictions,
    counts,
    require_agreement,
    unused_values,
    verdict_table,
)

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "data" / "published"


@pytest.fixture(scope="module")
def values():
    return built_values(ROOT / "figures")


@pytest.fixture(scope="module")
def table(values):
    return verdict_table(PUBLISHED, values)


def claim(value, kind="percent", unit="percent", numerator=""):
    return pd.Series({"value": value, "kind": kind, "unit": unit, "numerator": numerator})


def test_every_claim_has_one_verdict_and_none_differs(table):
    assert len(table) == 368
    require_agreement(table)
    assert dict(counts(table).to_numpy().tolist()) == {
        "reproduced": 295,
        "reproduced by truncation": 7,
        "contradicts itself": 8,
        "not computable from patient rows": 58,
        "differs": 0,
    }
    assert counts(table)["verdict"].tolist() == list(Verdict)


def test_what_contradicts_itself_is_what_the_manuscript_says_by_hand(table):
    """Read by hand: 56 patients instead of 55, 9 of 14 as 68.7 %, and 39 for 17 patients."""
    found = table[table["verdict"] == Verdict.CONTRADICTS]
    assert found["value"].tolist() == ["56", "76.8", "28.6", "10.7", "68.7", "44", "14.3", "8.9"]
    of_56 = found["hypothesis"].str.startswith("The percentage is one of 56 patients")
    assert found.loc[of_56, "value"].tolist() == ["76.8", "28.6", "10.7", "14.3", "8.9"]
    assert found.loc[~of_56, "hypothesis"].iloc[:2].tolist() == ["", ""]
    assert "17 of 39" in found.loc["table1.who.atypical", "hypothesis"]
    proof = found.loc["results.best.orr.idiopathic", "explanation"]
    assert "9 of 14 is 64.3 %" in proof and "10 of 14 is 71.4 %" in proof and "16, 32, 48, 64" in proof
    assert found.loc["table1.therapy.cytoreductive.imatinib", "explanation"] == (
        "5 of 55 is 9.091 %, which is not 8.9 %, rounded or cut. Near it lie 4 of 55 is 7.3 % and 5 of 55 is 9.1 %. "
        "Sizes up to 65 of which 8.9 % is 5 patients, rounded or cut: 56."
    )
    short = contradictions(table)
    assert len(short) == 8 and (short["arithmetic"] != "").all()
    assert short["place"].tolist()[:2] == ["highlights, L70", "highlights, L71"]
    assert short.loc[0, "cannot hold with"] == "abstract, L92"
    found = table[table["verdict"] == Verdict.TRUNCATED]
    assert sorted(found["value"]) == ["0.44", "26", "36.3", "36.3", "5.4", "5.4", "56"]
    assert found["explanation"].str.contains("rounded half up").all()
    # 44 % is right of 17 patients, but stands beside 39: the row must show why it cannot be right.
    page = verdict_page(table, [], [RECONSTRUCTED_NOTE])
    assert page.count("as 39 patients") == 1
    assert "as 16 patients" not in page


@given(n=st.integers(0, 65), size=st.integers(1, 65), decimals=st.integers(0, 2), shift=st.integers(-2, 2))
def test_a_percentage_is_judged_as_decimal_rounds_it(n, size, decimals, shift):
    n = min(n, size)
    unit = Decimal(1).scaleb(-decimals)
    exact = Decimal(100 * n) / Decimal(size)
    rounded, cut = exact.quantize(unit, ROUND_HALF_UP), exact.quantize(unit, ROUND_DOWN)
    printed = rounded + shift * unit
    if printed < 0:
        return
    verdict, computed = compare(claim(f"{printed:f}"), "percent", {"n": n, "denominator": size})
    expected = Verdict.REPRODUCED if printed == rounded else Verdict.TRUNCATED if printed == cut else Verdict.DIFFERS
    assert verdict == expected
    assert computed == f"{rounded:f}"


MONTHS = {"minimum": "2015-01", "maximum": "2017-10"}


@pytest.mark.parametrize(("printed", "statistic", "entry", "verdict"), [
    (claim("54,5"), "percent", {"n": 30, "denominator": 55}, Verdict.REPRODUCED),
    (claim("61"), "percent", {"n": 25, "denominator": 41}, Verdict.REPRODUCED),
    (claim("45.45"), "percent", {"n": 5, "denominator": 11}, Verdict.REPRODUCED),
    (claim("64.3"), "percent", {"n": 0, "denominator": 0}, Verdict.DIFFERS),
    # A right percentage of a wrong count.
    (claim("50", numerator="2"), "percent", {"n": 3, "denominator": 6}, Verdict.DIFFERS),
    (claim("0.44", "ratio"), "ratio", {"n": 17, "denominator": 38}, Verdict.TRUNCATED),
    (claim("32", "mean"), "mean", {"mean": 31.95}, Verdict.REPRODUCED),
    (claim("32", "mean"), "mean", {"mean": 31.4}, Verdict.DIFFERS),
    (claim("1.25", "mean"), "mean", {"mean": 1.25}, Verdict.REPRODUCED),
    (claim("1.3", "mean"), "mean", {"mean": 1.25}, Verdict.REPRODUCED),
    (claim("1.2", "mean"), "mean", {"mean": 1.25}, Verdict.TRUNCATED),
    (claim("3", "median"), "median", {"median": None}, Verdict.DIFFERS),
    # Months are printed in years; a period is reproduced if nothing lies outside.
    (claim("3", "median", "years"), "median", {"median": 36.0, "statistic": "duration_range"}, Verdict.REPRODUCED),
    (claim("January 2015", "date", ""), "not_before", MONTHS, Verdict.REPRODUCED),
    (claim("February 2015", "date", ""), "not_before", MONTHS, Verdict.DIFFERS),
    (claim("October 2017", "date", ""), "not_after", MONTHS, Verdict.REPRODUCED),
])  # fmt: skip
def test_judged_at_the_printed_precision(printed, statistic, entry, verdict):
    assert compare(printed, statistic, entry)[0] == verdict


def test_a_defect_and_a_claim_without_an_answer_are_named_with_their_place(tmp_path, values):
    """A computed value that nothing printed contradicts, but that is not the printed one, is our defect."""
    other = {name: dict(entry) for name, entry in values.items()}
    other["followup.duration.all"]["median"] = 10.0
    other["table_2:best.mr:CM"] |= {"n": 6}
    shutil.copy(PUBLISHED / "claims.csv", tmp_path)
    answers = pd.read_csv(PUBLISHED / "answers.csv", dtype=str, index_col="claim")
    answers.drop("results.weekly.reached_pr").to_csv(tmp_path / "answers.csv")
    found = verdict_table(tmp_path, other)
    wrong = ["results.duration.all.median", "results.weekly.reached_pr", "table2.best.mr.cm"]
    assert found.index[found["verdict"] == Verdict.DIFFERS].tolist() == wrong
    for told in (r"results\.duration\.all\.median \(results, L254\): printed 9, computed 10", "no answer is named"):
        with pytest.raises(DifferenceError, match=told):
            require_agreement(found)
    assert "dosing.reached_pr.weekly" in unused_values(found, values)


@pytest.mark.parametrize(("row", "message"), [
    ("no.such.claim,a.value,n,", r"row 2, column claim: there is no claim 'no.such.claim'"),
    ("one,another.value,n,", r"row 2, column answer: there is no computed value 'another.value'"),
    ("one,a.value,n,rule", r"row 2, column reason: either an answer or a reason"),
    ("one,,,", r"row 2, column reason: either an answer or a reason"),
    ("one,a.value,n,\none,a.value,n,", r"row 3, column claim: 'one' again"),
])  # fmt: skip
def test_bad_answers_name_row_and_column(tmp_path, row, message):
    (tmp_path / "answers.csv").write_text(f"claim,answer,statistic,reason\n{row}\n", encoding="utf-8")
    claims = pd.DataFrame(index=pd.Index(["one"], name="claim"))
    with pytest.raises(AnswerError, match=message):
        read_answers(tmp_path / "answers.csv", claims, {"a.value": {"n": 1}})
