"""Results under all combinations of rules.

A result depends on some of the rules only. So it is computed once for every combination of those, by the functions that
compute the paper, and the combinations of all rules are put together from that.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.followup import sustained
from analysis.response import RESPONDING, best_response, last_status
from analysis.sensitivity.options import (
    BEST,
    LAST,
    RESPONSE_OPTIONS,
    SUSTAINED,
    SYMPTOM_OPTIONS,
    TESTED,
    combinations,
)
from analysis.symptoms import marks, symptom_profile
from analysis.vocabulary import FollowUpStatus, Response

__all__ = ["response_grid", "response_outcomes", "symptom_grid"]

Row = dict[str, Any]


def _computed(
    grid: pd.DataFrame, options: Iterable[str], compute: Callable[[Criteria], Row], of: Criteria
) -> pd.DataFrame:
    """Compute a result once for each combination of the options it depends on, and give it to every row of the grid."""
    distinct = grid[list(options)].drop_duplicates()
    known = vars(of)
    rows = [compute(Criteria(**(known | row))) for row in distinct.to_dict("records")]
    found = distinct.assign(**{name: [row[name] for row in rows] for name in rows[0]})
    return grid.merge(found, on=list(options), how="left")


def _best(cohort: Cohort, criteria: Criteria) -> Row:
    counts = best_response(cohort, criteria).value_counts()
    classes = {f"best.{response.value.lower()}": int(counts[response]) for response in Response}
    return {"best.orr": int(counts[list(RESPONDING)].sum())} | classes


def _last(cohort: Cohort, criteria: Criteria) -> Row:
    counts = last_status(cohort, criteria).value_counts()
    lost, intolerant = FollowUpStatus.LOSS_OF_RESPONSE, FollowUpStatus.INTOLERANCE
    return {
        "last.persistent_orr": int(counts[list(RESPONDING)].sum()),
        "last.loss_of_response": int(counts[lost]),
        "last.intolerance": int(counts[intolerant]),
    }


def _sustained(cohort: Cohort, criteria: Criteria) -> Row:
    return {"sustained": int(sustained(cohort, criteria).sum())}


def response_outcomes(cohort: Cohort, criteria: Criteria = PAPER) -> Row:
    """Count responses under one set of rules.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    criteria : Criteria, default the paper's
        The rules.

    Returns
    -------
    dict
        Numbers of patients by row of Table 2: ``best.orr``, ``best.cr``, ``best.mr``, ``best.pr``, ``best.nr``,
        ``last.persistent_orr``, ``last.loss_of_response`` and ``last.intolerance``; and ``sustained`` (L258-L259).
    """
    return _best(cohort, criteria) | _last(cohort, criteria) | _sustained(cohort, criteria)


def response_grid(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Count responses under every combination of the rules they depend on.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    criteria : Criteria, default the paper's
        The first row; the options that do not matter here keep its values.

    Returns
    -------
    DataFrame
        One row per combination, with a column for each of `RESPONSE_OPTIONS` and of what `response_outcomes` counts.
    """
    grid = combinations(RESPONSE_OPTIONS, criteria)
    for options, compute in ((BEST, _best), (LAST, _last), (SUSTAINED, _sustained)):
        grid = _computed(grid, options, lambda rules, compute=compute: compute(cohort, rules), criteria)
    return grid


def symptom_grid(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Mark every symptom under every combination of the rules that its test depends on.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    criteria : Criteria, default the paper's
        The first row.

    Returns
    -------
    DataFrame of str
        One row per combination, with a column for each of `SYMPTOM_OPTIONS` and, beside them, of the symptoms that
        occur: ns or one to three stars, missing where nobody's grade is known.
    """
    profiles: dict[tuple[str, ...], pd.DataFrame] = {}

    def marked(rules: Criteria) -> Row:
        key = tuple(getattr(rules, name) for name in TESTED)
        if key not in profiles:  # adjusting and marking need no new test
            profiles[key] = symptom_profile(cohort, rules)
        return marks(profiles[key], rules).to_dict()

    return _computed(combinations(SYMPTOM_OPTIONS, criteria), SYMPTOM_OPTIONS, marked, criteria)
