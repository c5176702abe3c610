"""How the results move with the rules that the paper leaves open: one at a time, and in all combinations.

A result depends on some of the rules only. So it is computed once for every combination of those, by the functions that
compute the paper, and the combinations of all rules are put together from that.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from analysis.biology import direction, paired_frame
from analysis.cohort import Cohort
from analysis.criteria import CHOICES, PAPER, Criteria
from analysis.followup import first_response_months, long_enough
from analysis.response import RESPONDING, best_response, classify, followed
from analysis.scoring import symptom_scores
from analysis.statistics.decimals import decimals, difference
from analysis.statistics.survival import median_time
from analysis.symptoms import STARS, TOO_FEW, marks, symptom_profile
from analysis.times import event_times, remaining
from analysis.vocabulary import Analyte, Response

Row = dict[str, Any]

NUMBERS: dict[str, tuple[float, ...]] = {  # values tried of the options that are numbers, the default first
    "major_above_percent": (50, 40, 60), "partial_from_percent": (10, 20, 30), "sustained_months": (3, 6),
    "ige_stable_percent": (20, 10, 30), "alpha": (0.05, 0.01),
}  # fmt: skip

# The options that each result depends on.
BEST: tuple[str, ...] = ("major_above_percent", "partial_from_percent", "worsening", "new_symptoms")
LAST: tuple[str, ...] = (*BEST, "missing_last", "intolerance")
SUSTAINED: tuple[str, ...] = (*BEST, "sustained_months", "sustained_from", "first_response")
TESTED: tuple[str, ...] = ("symptoms_at", "missing_last", "test", "zeros", "distribution", "alternative")
RESPONSE_OPTIONS: tuple[str, ...] = tuple(dict.fromkeys((*LAST, *SUSTAINED)))
SYMPTOM_OPTIONS: tuple[str, ...] = (*TESTED, "adjustment", "alpha", "p_at_alpha")

OUTCOMES: dict[str, str] = {  # the results that are followed when rules are changed, and what to call them
    "best.orr": "Overall response", "best.cr": "Complete response", "best.mr": "Major response",
    "best.pr": "Partial response", "best.nr": "No response", "last.persistent_orr": "Persistent response",
    "last.loss_of_response": "Loss of response", "last.intolerance": "Intolerance", "sustained": "Sustained response",
    "first_response_months": "First response, median months",
    "therapy_months": "Time on therapy, Kaplan-Meier median months", "ige_increased": "Total IgE increased",
    "significant": "Symptoms significant",
}  # fmt: skip
RESPONSE_OUTCOMES: dict[str, str] = dict(list(OUTCOMES.items())[:9])  # those of `response_outcomes`


def values_of(option: str, criteria: Criteria = PAPER) -> tuple[Any, ...]:
    """List the values to try of an option, that of the criteria first."""
    first = getattr(criteria, option)
    return tuple(dict.fromkeys((first, *(CHOICES[option] if option in CHOICES else NUMBERS[option]))))


def combinations(options: Iterable[str], criteria: Criteria = PAPER) -> pd.DataFrame:
    """Combine all values of some options, those of the criteria first, so that they are the first row.

    One row per combination that `Criteria` allows and that differs from the others, one column per option.
    """
    values = {name: values_of(name, criteria) for name in options}
    if {"partial_from_percent", "major_above_percent"} <= set(values):
        # Whole values are left out rather than single combinations, so that each value meets all those of the others.
        partials, majors = values["partial_from_percent"], values["major_above_percent"]
        values["major_above_percent"] = majors = [x for x in majors if x >= criteria.partial_from_percent]
        values["partial_from_percent"] = [x for x in partials if x <= min(majors)]
    rows = pd.DataFrame(product(*values.values()), columns=list(values))
    if {"symptoms_at", "missing_last"} <= set(values):
        # No grade is missing at best response, so what becomes of a missing one cannot matter there.
        rows = rows[(rows["symptoms_at"] == "last") | (rows["missing_last"] == criteria.missing_last)]
    if {"test", "zeros", "distribution"} <= set(values):
        # The sign test leaves unchanged symptoms out and is always exact.
        given = (rows["zeros"] == criteria.zeros) & (rows["distribution"] == criteria.distribution)
        rows = rows[(rows["test"] == "signed_rank") | given]
    return rows.reset_index(drop=True)


def _once(options: Iterable[str], compute: Callable[[Criteria], Any]) -> Callable[[Criteria], Any]:
    """Let what depends on some options only be computed once for each combination of them."""
    kept = cache(lambda *values: compute(Criteria(**dict(zip(options, values, strict=True)))))
    return lambda criteria: kept(*(getattr(criteria, name) for name in options))


class Parts:
    """What the results of a cohort are put together from, by the functions that compute the paper."""

    def __init__(self, cohort: Cohort) -> None:
        self.best = best = _once(BEST, partial(best_response, cohort))
        last = _once((*BEST, "missing_last"), lambda rules: classify(symptom_scores(cohort, "last", rules), rules))
        lasts = _once(SUSTAINED[len(BEST) :], partial(long_enough, cohort))
        status = _once(LAST, lambda rules: followed(best(rules), last(rules), cohort.courses, rules))
        self.counts = (
            _once(BEST, lambda rules: _count("best", "orr", best(rules))),
            _once(LAST, lambda rules: _count("last", "persistent_orr", status(rules))),
            _once(SUSTAINED, lambda rules: {"sustained": int((lasts(rules) & (best(rules) != Response.NR)).sum())}),
        )
        self.therapy = _once(["lost_to_follow_up"], lambda rules: remaining(event_times(cohort, "therapy", rules)))
        self.ige = _once(
            ["ige_stable_percent"], lambda rules: direction(paired_frame(cohort, Analyte.TOTAL_IGE), rules)
        )
        self.profile = _once(TESTED, partial(symptom_profile, cohort))


def _count(visit: str, overall: str, classes: pd.Series) -> Row:
    """Count the patients of each class, and those who respond, by row of Table 2; a missing class is none."""
    names, codes = classes.cat.categories, classes.cat.codes.to_numpy()
    counts = dict(zip(names, np.bincount(codes + 1, minlength=len(names) + 1)[1:].tolist(), strict=True))
    counts[overall] = sum(counts[response] for response in RESPONDING)
    return {f"{visit}.{name.lower()}": count for name, count in counts.items()}


def response_outcomes(cohort: Cohort, criteria: Criteria = PAPER, parts: Parts | None = None) -> Row:
    """Count responses under one set of rules, by row of Table 2, and sustained ones, each named as in `OUTCOMES`."""
    found = {name: n for count in (parts or Parts(cohort)).counts for name, n in count(criteria).items()}
    return {name: found[name] for name in RESPONSE_OUTCOMES}


def _grid(options: tuple[str, ...], compute: Callable[[Criteria], Row | pd.Series], of: Criteria) -> pd.DataFrame:
    """Compute results under every combination of options, a row each."""
    grid = combinations(options, of)
    rows = [compute(Criteria(**(vars(of) | row))) for row in grid.to_dict("records")]
    return grid.join(pd.DataFrame(rows, grid.index))


def response_grid(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Count responses under every combination of `RESPONSE_OPTIONS`, a row each; the first is under the criteria."""
    return _grid(RESPONSE_OPTIONS, partial(response_outcomes, cohort, parts=Parts(cohort)), criteria)


def symptom_grid(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Mark every symptom under every combination of the rules its test depends on; the first row is under the criteria.

    One row per combination, with a column for each of `SYMPTOM_OPTIONS` and, beside them, of the symptoms that occur:
    as `analysis.symptoms.marks` does, missing where nobody's grade is known.
    """
    profile = Parts(cohort).profile
    return _grid(SYMPTOM_OPTIONS, lambda rules: marks(profile(rules), rules), criteria)


def mark_shares(grid: pd.DataFrame) -> pd.DataFrame:
    """Say under what share of the combinations of `symptom_grid` a symptom has each mark.

    Indexed by ``symptom``: ``these`` (the mark in the first row of the grid), the share of each mark, the rest being
    combinations in which it could not be tested, and ``significant``, that of stars.
    """
    found = grid.drop(columns=list(SYMPTOM_OPTIONS))
    shares = pd.DataFrame({mark: (found == mark).mean() for mark in (*reversed(STARS), "ns", TOO_FEW)})
    shares.insert(0, "these", found.iloc[0])
    return shares.assign(significant=shares[list(STARS)].sum(axis=1)).rename_axis("symptom")


def outcomes(cohort: Cohort, criteria: Criteria = PAPER, parts: Parts | None = None) -> tuple[Row, pd.Series]:
    """Compute a number for each of `OUTCOMES`, and the mark of each symptom; ``parts`` keep what was computed of it."""
    parts = parts or Parts(cohort)
    first = first_response_months(cohort, criteria)[parts.best(criteria) != Response.NR]
    therapy, found = median_time(parts.therapy(criteria)).value, marks(parts.profile(criteria), criteria)
    numbers = {
        **response_outcomes(cohort, criteria, parts),
        "first_response_months": float(decimals([first.median()])[0]),
        "therapy_months": np.nan if therapy is None else therapy,
        "ige_increased": int((parts.ige(criteria) == "increased").sum()),
        "significant": int(found.isin(STARS).sum()),
    }
    return numbers, found


def _moved(before: pd.Series, after: pd.Series) -> Row:
    """Say which symptoms have another mark, and which of them lost or gained significance."""
    was, now = before.isin(STARS), after.isin(STARS)
    return {
        "marks_changed": int((before.fillna("") != after.fillna("")).sum()),
        "lost": ", ".join(before.index[was & ~now]),
        "gained": ", ".join(before.index[now & ~was]),
    }


def one_at_a_time(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Change one rule of the criteria and leave the others.

    The first row, with empty ``option`` and ``value``, is under the criteria themselves; each other changes one
    ``option`` to another ``value`` that the rest allow. Beside the columns of `OUTCOMES` stand ``marks_changed``, the
    number of symptoms with another mark than in the first row, and which of them ``lost`` and ``gained`` significance.
    """
    parts = Parts(cohort)
    numbers, before = outcomes(cohort, criteria, parts)
    rows: list[Row] = [{"option": "", "value": "", **numbers, **_moved(before, before)}]
    for option in dict.fromkeys((*RESPONSE_OPTIONS, *SYMPTOM_OPTIONS, "lost_to_follow_up", "ige_stable_percent")):
        for value in values_of(option, criteria)[1:]:
            changed = vars(criteria) | {option: value}
            if changed["partial_from_percent"] <= changed["major_above_percent"]:
                numbers, after = outcomes(cohort, Criteria(**changed), parts)
                rows.append({"option": option, "value": str(value), **numbers, **_moved(before, after)})
    return pd.DataFrame(rows)


def most_moving(changes: pd.DataFrame) -> pd.DataFrame:
    """Find the single choice of `one_at_a_time` that moves each result most.

    Indexed by ``outcome``: ``before`` (under the criteria themselves), ``option`` and ``value`` of the change that
    moves it most (both empty if nothing does), ``after``, and ``lowest`` and ``highest`` over all.
    """
    rows = {}
    for outcome in OUTCOMES:
        values = changes[outcome]
        moved = pd.Series(difference(values, np.full(len(values), values.iloc[0]))).abs().fillna(0.0)
        most = changes.iloc[int(moved.argmax())] if moved.max() > 0 else changes.iloc[0]
        rows[outcome] = {"before": values.iloc[0], **most[["option", "value"]], "after": most[outcome]}
        rows[outcome] |= {"lowest": values.min(), "highest": values.max()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("outcome")


def variance_shares(grid: pd.DataFrame, outcome: str, options: Iterable[str] = RESPONSE_OPTIONS) -> Mapping[str, float]:
    """Share the variance of an outcome over all combinations of `response_grid` among the options.

    For each option the variance between its values divided by that of the outcome, its main effect; what is missing to
    1 is the options acting together. All 0 if the outcome never varies.
    """
    whole, centre, shares = grid[outcome].var(ddof=0), grid[outcome].mean(), {}
    for option in options:
        groups = grid.groupby(option)[outcome]
        between = (groups.size() * (groups.mean() - centre) ** 2).sum() / len(grid)
        shares[option] = float(between / whole) if whole > 0 else 0.0
    return shares
