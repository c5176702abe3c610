"""How far another rule can move the numbers of responders, in any cohort that fits what the paper prints.

Table 2 fixes how many patients are in each class under the paper's rules, not the grades behind a class. So each rule
is tried on every score that a patient can have: as many symptoms as the list has, any number of them worse or new, and
any total. Which classes those of one printed class have under the other rule is then known, and how many patients there
are of each kind is a small integer programme (`courses`).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from analysis.criteria import PAPER, Criteria
from analysis.response import RESPONDING, STOPPED_AS, classify
from analysis.schema import symptom_list
from analysis.sensitivity import RESPONSE_OPTIONS, values_of
from analysis.vocabulary import FollowUpStatus, StopReason
from compendium.determined.courses import ON_THERAPY, STATES, Courses, Months, State, ask_states

Range = tuple[int, int]
Fate = tuple[str, str]  # best response and status at last follow-up under a rule

LOSS = FollowUpStatus.LOSS_OF_RESPONSE.value
_STATUS = {
    "loss": LOSS,
    "intolerance": FollowUpStatus.INTOLERANCE.value,
    "lost": FollowUpStatus.LOST_TO_FOLLOW_UP.value,
    "inefficacy": STOPPED_AS[StopReason.LACK_OF_EFFICACY].value,
}


@cache
def scores() -> pd.DataFrame:
    """List every score that a patient can have, as `analysis.scoring.symptom_scores` gives it.

    Of n symptoms, w are worse and count 6 quarters each; the others add up to anything from 0 to 4 quarters each.
    """
    most = len(symptom_list())
    rows = [
        (n, quarters, worse, new)
        for n in range(1, most + 1)
        for worse in range(n + 1)
        for quarters in range(6 * worse, 6 * worse + 4 * (n - worse) + 1)
        for new in range(most - n + 1)
    ]
    return pd.DataFrame(rows, columns=["symptoms", "quarters", "worsened", "new"])


@cache
def class_of(criteria: Criteria) -> np.ndarray:
    """Give the class of each of `scores` under some rules."""
    return classify(scores(), criteria).astype(str).to_numpy()


@cache
def classes_under(criteria: Criteria) -> dict[str, frozenset[str]]:
    """Give, for each class under the paper's rules, those that patients of it can have under other ones."""
    return _by_class(class_of(PAPER), class_of(criteria))


@cache
def partly_graded() -> pd.DataFrame:
    """List every score at last follow-up when grades are missing: of those graded, and of the others at best response.

    ``known`` symptoms add up to ``quarters``; ``unknown`` ones, without a grade at last follow-up, to ``before`` at
    best response. None of them is worse, which no rule on missing grades looks at.
    """
    most = len(symptom_list())
    rows = [
        (known, quarters, unknown, before)
        for known in range(most + 1)
        for unknown in range(most - known + 1)
        for quarters in range(4 * known + 1)
        for before in range(4 * unknown + 1)
        if known + unknown
    ]
    return pd.DataFrame(rows, columns=["known", "quarters", "unknown", "before"])


def _classified(symptoms: pd.Series, quarters: pd.Series, criteria: Criteria) -> np.ndarray:
    scored = pd.DataFrame({"symptoms": symptoms, "quarters": quarters, "worsened": 0, "new": 0})
    return classify(scored, criteria).astype(str).to_numpy()


def _by_class(one: np.ndarray, other: np.ndarray) -> dict[str, frozenset[str]]:
    """Give, for each class in the one, those that stand beside it in the other."""
    pairs = set(zip(one, other, strict=True))
    return {first: frozenset(second for one, second in pairs if one == first) for first, _ in pairs}


@cache
def last_under(criteria: Criteria) -> dict[str, frozenset[str]]:
    """Give, for each class at last follow-up under the paper's rules, those possible under other ones."""
    if criteria.missing_last == PAPER.missing_last:
        return classes_under(criteria)
    rows, dropped = partly_graded(), criteria.missing_last == "drop"
    whole = rows["known"] + rows["unknown"]
    changed = (rows["known"], rows["quarters"]) if dropped else (whole, rows["quarters"] + 4 * rows["unknown"])
    same = replace(criteria, missing_last=PAPER.missing_last)
    found = [_classified(whole, rows["quarters"] + rows["before"], PAPER), _classified(*changed, same)]
    return _by_class(*found)


@cache
def fates(state: State, criteria: Criteria) -> frozenset[Fate]:
    """List what patients of a state can be counted as under other rules: at best response and at last follow-up."""
    found = set()
    for best in classes_under(criteria)[state.best]:
        intolerant = criteria.intolerance == "all" and state.status == "intolerance"
        if best == "NR" and not intolerant:
            found.add((best, FollowUpStatus.NR.value))
        elif state.status in ON_THERAPY:
            found |= {(best, LOSS if last == "NR" else last) for last in last_under(criteria)[state.status]}
        else:
            found.add((best, _STATUS[state.status]))
    return frozenset(found)


COUNTED: dict[str, Callable[[Fate], bool]] = {
    "best.orr": lambda fate: fate[0] in RESPONDING,
    **{f"best.{one.lower()}": lambda fate, one=one: fate[0] == one for one in (*RESPONDING, "NR")},
    "last.persistent_orr": lambda fate: fate[1] in RESPONDING,
    "last.loss_of_response": lambda fate: fate[1] == LOSS,
    "last.intolerance": lambda fate: fate[1] == FollowUpStatus.INTOLERANCE.value,
}
"""The numbers of patients of `analysis.sensitivity.RESPONSE_OUTCOMES`, but for sustained responses."""


def _ends(state: State, criteria: Criteria, counted: Callable[[Fate], bool]) -> Range:
    """Say whether a patient of a state has to be counted, and whether he or she can be."""
    found = [counted(fate) for fate in fates(state, criteria)]
    return int(all(found)), int(any(found))


@cache
def count_range(outcome: str, criteria: Criteria) -> Range:
    """Bound a number of patients, a key of `RESPONSE_OUTCOMES`, under other rules, over all cohorts that fit."""
    if outcome == "sustained":
        return _sustained(criteria)
    ends = {state: _ends(state, criteria, COUNTED[outcome]) for state in STATES}
    return ask_states(lambda state: ends[state][0])[0], ask_states(lambda state: ends[state][1])[1]


def lasted(one: Months, criteria: Criteria) -> Range:
    """Say whether a response with these months has to count as sustained, and whether it can.

    The first improvement of any symptom comes with the first response or before it.
    """
    if not one.first:
        return 0, 0
    latest = one.first if criteria.sustained_from == "first" else one.best
    earlier = criteria.sustained_from == "first" and criteria.first_response == "any_symptom"
    found = [one.duration - month >= criteria.sustained_months for month in (latest, 1 if earlier else latest)]
    return int(all(found)), int(any(found))


def _sustained(criteria: Criteria) -> Range:
    # Whoever has no response under the paper's rules has no month of it either, whatever the rules.
    responds = tuple((0, 0) if one.best == "NR" else _ends(one, criteria, COUNTED["best.orr"]) for one in STATES)
    return _asked((criteria.sustained_months, criteria.sustained_from, criteria.first_response), responds)


@cache
def _asked(since: tuple[float, str, str], responds: tuple[Range, ...]) -> Range:
    changed = replace(PAPER, **dict(zip(("sustained_months", "sustained_from", "first_response"), since, strict=True)))
    asked = Courses(tuple(lambda one, end=end: lasted(one, changed)[end] for end in (0, 1)))
    place = {state: ends for state, ends in zip(STATES, responds, strict=True)}
    low = asked.ask(lambda state, kind: place[state][0] * kind[-2])
    if all(one == other for one, other in responds) and all(one[-1] == one[-2] for one in asked.months.values()):
        return low
    return low[0], asked.ask(lambda state, kind: place[state][1] * kind[-1])[1]


def single_changes() -> Iterator[Criteria]:
    """List the rules that a number of responders depends on, each changed alone as the sensitivity analysis does."""
    return (replace(PAPER, **{option: value}) for option in RESPONSE_OPTIONS for value in values_of(option)[1:])
