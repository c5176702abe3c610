"""What single rules do to the results."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.biology import direction, paired_frame
from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.followup import first_response_months
from analysis.response import best_response
from analysis.sensitivity.grids import response_outcomes
from analysis.sensitivity.options import RESPONSE_OPTIONS, SYMPTOM_OPTIONS, values_of
from analysis.statistics.survival import median_time
from analysis.symptoms import symptom_profile
from analysis.times import event_times, remaining
from analysis.vocabulary import Analyte, Response

__all__ = [
    "OUTCOMES",
    "RESPONSE_OUTCOMES",
    "mark_shares",
    "most_moving",
    "one_at_a_time",
    "outcomes",
    "variance_shares",
]

Row = dict[str, Any]

RESPONSE_OUTCOMES: dict[str, str] = {
    "best.orr": "Overall response",
    "best.cr": "Complete response",
    "best.mr": "Major response",
    "best.pr": "Partial response",
    "best.nr": "No response",
    "last.persistent_orr": "Persistent response",
    "last.loss_of_response": "Loss of response",
    "last.intolerance": "Intolerance",
    "sustained": "Sustained response",
}
"""The numbers of patients that are followed through the combinations, and what to call them."""

OUTCOMES: dict[str, str] = RESPONSE_OUTCOMES | {
    "first_response_months": "First response, median months",
    "therapy_months": "Time on therapy, Kaplan-Meier median months",
    "ige_increased": "Total IgE increased",
    "significant": "Symptoms significant",
}
"""All results that are followed when one rule is changed."""


def mark_shares(grid: pd.DataFrame) -> pd.DataFrame:
    """Say under what share of the combinations a symptom has each mark.

    Parameters
    ----------
    grid : DataFrame
        As `symptom_grid` gives it.

    Returns
    -------
    DataFrame
        Indexed by ``symptom``: ``these`` (the mark in the first row of the grid), the shares ``***``, ``**``, ``*`` and
        ``ns``, which add up to 1 with those in which it could not be tested, and ``significant``, the first three.
    """
    marks = grid.drop(columns=list(SYMPTOM_OPTIONS))
    shares = pd.DataFrame({mark: (marks == mark).mean() for mark in ("***", "**", "*", "ns")})
    shares.insert(0, "these", marks.iloc[0])
    return shares.assign(significant=shares[["***", "**", "*"]].sum(axis=1)).rename_axis("symptom")


def outcomes(cohort: Cohort, criteria: Criteria = PAPER) -> tuple[Row, pd.Series]:
    """Compute all the results that are followed.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    criteria : Criteria, default the paper's
        The rules.

    Returns
    -------
    numbers : dict
        A number for each of `OUTCOMES`: patients, months (missing if nobody responded), symptoms.
    marks : Series of str
        The mark of each symptom, indexed by ``symptom``.
    """
    first = first_response_months(cohort, criteria)[best_response(cohort, criteria) != Response.NR]
    ways = direction(paired_frame(cohort, Analyte.TOTAL_IGE), criteria)
    therapy = median_time(remaining(event_times(cohort, "therapy", criteria))).value
    found = symptom_profile(cohort, criteria)["significance"]
    numbers = {
        **response_outcomes(cohort, criteria),
        "first_response_months": float(first.median()),
        "therapy_months": np.nan if therapy is None else therapy,
        "ige_increased": int((ways == "increased").sum()),
        "significant": int(_significant(found).sum()),
    }
    return numbers, found


def _significant(found: pd.Series) -> pd.Series:
    return found.notna() & (found != "ns")


def _moved(before: pd.Series, after: pd.Series) -> Row:
    """Say which symptoms have another mark, and which of them lost or gained significance."""
    was, now = _significant(before), _significant(after)
    return {
        "marks_changed": int((before.fillna("") != after.fillna("")).sum()),
        "lost": ", ".join(before.index[was & ~now]),
        "gained": ", ".join(before.index[now & ~was]),
    }


def one_at_a_time(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Change one rule and leave the others.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    criteria : Criteria, default the paper's
        Where to begin.

    Returns
    -------
    DataFrame
        The first row, with empty ``option`` and ``value``, is under the criteria themselves; each other changes one
        ``option`` to another ``value`` that the rest allow. Beside the columns of `OUTCOMES` stand ``marks_changed``,
        the number of symptoms with another mark than in the first row, and which of them ``lost`` and ``gained``
        significance.
    """
    numbers, before = outcomes(cohort, criteria)
    rows: list[Row] = [{"option": "", "value": "", **numbers, **_moved(before, before)}]
    for option in dict.fromkeys((*RESPONSE_OPTIONS, *SYMPTOM_OPTIONS, "lost_to_follow_up", "ige_stable_percent")):
        for value in values_of(option, criteria)[1:]:
            changed = vars(criteria) | {option: value}
            if changed["partial_from_percent"] <= changed["major_above_percent"]:
                numbers, after = outcomes(cohort, Criteria(**changed))
                rows.append({"option": option, "value": str(value), **numbers, **_moved(before, after)})
    return pd.DataFrame(rows)


def most_moving(changes: pd.DataFrame) -> pd.DataFrame:
    """Find the single choice that moves each result most.

    Parameters
    ----------
    changes : DataFrame
        As `one_at_a_time` gives it.

    Returns
    -------
    DataFrame
        Indexed by ``outcome``: ``before`` (under the criteria themselves), ``option`` and ``value`` of the change that
        moves it most, ``after``, and ``lowest`` and ``highest`` over all single changes. If nothing moves it, option
        and value are empty.
    """
    rows: dict[str, Row] = {}
    for outcome in OUTCOMES:
        values = changes[outcome]
        moved = (values - values.iloc[0]).abs().fillna(0.0)
        most = changes.iloc[int(moved.argmax())] if moved.max() > 0 else changes.iloc[0]
        rows[outcome] = {
            "before": values.iloc[0],
            "option": most["option"],
            "value": most["value"],
            "after": most[outcome],
            "lowest": values.min(),
            "highest": values.max(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("outcome")


def variance_shares(grid: pd.DataFrame, outcome: str, options: Iterable[str] = RESPONSE_OPTIONS) -> Mapping[str, float]:
    """Share the variance of a result over all combinations among the options.

    Parameters
    ----------
    grid : DataFrame
        As `response_grid` gives it.
    outcome : str
        A column of it.
    options : iterable of str
        The options.

    Returns
    -------
    mapping of str to float
        For each option the variance between its values divided by that of the result, its main effect; what is missing
        to 1 is the options acting together. All 0 if the result never varies.
    """
    whole = grid[outcome].var(ddof=0)
    centre = grid[outcome].mean()
    shares = {}
    for option in options:
        groups = grid.groupby(option)[outcome]
        between = (groups.size() * (groups.mean() - centre) ** 2).sum() / len(grid)
        shares[option] = float(between / whole) if whole > 0 else 0.0
    return shares
