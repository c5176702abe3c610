"""The comparisons of the discussion: this cohort beside the earlier one, and symptom groups beside one another."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from scipy import stats

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.response import best_response
from analysis.safety import with_any
from analysis.statistics.exact_difference import difference_in_points
from analysis.statistics.significance import above_zero
from analysis.summaries import Values, proportion, share
from analysis.symptoms import improved_by_group, symptom_profile
from analysis.vocabulary import Response, StopReason

Share = dict[str, Any]


@dataclass(frozen=True)
class EarlierCohort:
    """What an earlier study reports, as numbers of patients; none of the counts is above ``patients``."""

    patients: int
    responders: int
    with_side_effects: int
    stopped_for_side_effects: int

    def __post_init__(self) -> None:
        for name in ("responders", "with_side_effects", "stopped_for_side_effects"):
            count = getattr(self, name)
            if not 0 <= count <= self.patients:
                raise ValueError(f"earlier cohort: {name} {count} is not allowed; allowed is 0 to {self.patients}")


EARLIER = EarlierCohort(patients=14, responders=11, with_side_effects=3, stopped_for_side_effects=2)
"""The cohort of 14 patients that the discussion compares with: 78.6 % responders (L321-L322), 3 patients with side
effects, of whom 2 stopped (L348-L350)."""

REPORTED_EARLIER = 29  # patients with systemic mastocytosis under omalizumab reported before this study (L319-L320)


def compare_proportions(here: Share, there: Share) -> dict[str, Any]:
    """Give the `difference_in_points` of two independent proportions, and the two-sided ``p_value`` of Fisher's test.

    They are as `analysis.summaries.proportion` gives them, here minus there; all is None if a denominator is 0.
    """
    found = difference_in_points(here["n"], here["denominator"], there["n"], there["denominator"])
    if found["interval"] is None:
        return found | {"p_value": None}
    counts = [[side["n"], side["denominator"] - side["n"]] for side in (here, there)]
    return found | {"p_value": above_zero(float(stats.fisher_exact(counts).pvalue))}


def _outcomes(cohort: Cohort, criteria: Criteria, earlier: EarlierCohort) -> Iterator[tuple[str, str, Share, Share]]:
    """Give name, label, and the share of both cohorts for each outcome that the discussion compares."""
    stopped = cohort.courses["stop_reason"] == StopReason.INTOLERANCE
    for name, label, mask, count in (
        ("orr", "Overall response", best_response(cohort, criteria) != Response.NR, earlier.responders),
        ("side_effects", "Side effects", with_any(cohort), earlier.with_side_effects),
        ("stopped_for_side_effects", "Stopped for side effects", stopped, earlier.stopped_for_side_effects),
    ):
        yield name, label, share(mask), proportion(count, earlier.patients)


def compare(cohort: Cohort, criteria: Criteria = PAPER, earlier: EarlierCohort = EARLIER) -> pd.DataFrame:
    """Set this cohort beside an earlier one (L321-L322, L347-L350).

    Returns
    -------
    DataFrame
        One row per outcome, indexed by ``outcome`` (orr, side_effects, stopped_for_side_effects): ``label``, ``n``,
        ``denominator``, ``percent``, the same of the earlier cohort (``earlier_n`` ...), ``difference`` in percentage
        points, ``low`` and ``high`` of its ``interval`` and ``p_value``.
    """
    rows = {}
    for outcome, label, here, there in _outcomes(cohort, criteria, earlier):
        other = {f"earlier_{name}": value for name, value in there.items()}
        rows[outcome] = {"label": label} | here | other | compare_proportions(here, there)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("outcome")


def improvement_by_group(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Count how many symptoms of each group improved, to rank the groups (L329-L332).

    One row per `SymptomGroup`, indexed by ``group`` in its order: ``n`` baseline symptoms of patients with a grade
    below 1, ``denominator`` baseline symptoms with a grade, ``percent``.
    """
    improved = improved_by_group(symptom_profile(cohort, criteria))
    return pd.DataFrame.from_dict(improved, orient="index").rename_axis("group")


def summarise(cohort: Cohort, criteria: Criteria = PAPER, earlier: EarlierCohort = EARLIER) -> Values:
    """Give the values of the comparisons that the discussion makes.

    For each outcome of `compare`: ``here``, ``earlier`` and ``difference`` (L321-L322, L347-L350); the size of the
    cohort beside those reported before (L318-L320); the symptoms improved by group (L329-L332).
    """
    values: dict[str, Share] = {
        "comparison.patients.here": {"n": len(cohort.patients)},
        "comparison.patients.reported_earlier": {"n": REPORTED_EARLIER},
        "comparison.patients.earlier": {"n": earlier.patients},
    }
    for outcome, _, here, there in _outcomes(cohort, criteria, earlier):
        parts = {"here": here, "earlier": there, "difference": compare_proportions(here, there)}
        values |= {f"comparison.{outcome}.{part}": found for part, found in parts.items()}
    groups = improved_by_group(symptom_profile(cohort, criteria))
    return values | {f"comparison.improved.{group}": improved for group, improved in groups.items()}
