"""What the paper prints of courses of treatment, as statements about numbers of patients, to be asked for bounds.

A patient is a diagnosis, a state (best response and what became of it) and months: on therapy, to the first and to the
best response. Nobody is drawn, and no patient has a name. Months are told apart only where a statement or the question
does so: by the months on therapy, whether the first response came in month 1, 2 or later, and whether the best response
came before, in or after month 6.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import NamedTuple

import pandas as pd

from compendium.bounds import statements
from compendium.bounds.answers import Bounds
from compendium.bounds.people import Attribute, Cell, Conditions, People, Statement, Sum
from compendium.verification.published import read_claims

LONGEST = 36
"""Months from January 2015 to January 2018, and the longest that a responder was treated (L156, L165, L255)."""
LATEST_FIRST = 10  # a response came within so many months (L335)
CLASSES = ("CR", "MR", "PR", "NR")
ON_THERAPY = ("CR", "MR", "PR")
GROUPS = {"all": CLASSES, "responders": ON_THERAPY, "non_responders": ("NR",)}
GROUPS |= {name.lower(): (name,) for name in ON_THERAPY}
DIAGNOSES = {"ism": "ISM", "cm": "CM", "mmas": "MMAS", "idiopathic": "idiopathic_MCAS"}
_POPULATIONS = {"all": tuple(DIAGNOSES), "primary": ("ism", "cm", "mmas")} | {name: (name,) for name in DIAGNOSES}
_STOPPED = ("loss", "intolerance", "lost")

READINGS = (
    "non-responders stopped", "never a response", "intolerance of responders", "lost with pregnancy",
    "lost responses stopped", "whole months and years", "a response begins with an improvement",
    "first responses within ten months",
)  # fmt: skip
"""The readings that these statements need: those of ``relations.txt``, and that no first response came after the ten
months within which "time to response ranged" (L335)."""


class State(NamedTuple):
    """The best response, and what the course came to: the class of those on therapy, or why it ended."""

    best: str
    status: str

    def __str__(self) -> str:
        return f"{self.best}|{self.status}"


# Nobody is in a better class at last follow-up than at best.
STATES = (
    *(State(best, last) for k, best in enumerate(ON_THERAPY) for last in (*ON_THERAPY[k:], *_STOPPED)),
    State("NR", "inefficacy"),
    State("NR", "intolerance"),
)


_ATTRIBUTES = (Attribute("diagnosis", tuple(DIAGNOSES)), Attribute("state", tuple(map(str, STATES))))


class Months(NamedTuple):
    """Months on therapy, to the first and to the best response; 0 is no response."""

    duration: int
    first: int
    best: int


def possible_months() -> Iterator[Months]:
    """List all months that the contract and the readings allow."""
    for duration in range(1, LONGEST + 1):
        yield Months(duration, 0, 0)
        for first in range(1, min(LATEST_FIRST, duration) + 1):
            for best in range(first, duration + 1):
                yield Months(duration, first, best)


_KIND = (*Months._fields, "sustained")
SUSTAINED_MONTHS = 3  # a response is sustained if it lasted so long (L258)


def _sustained(one: Months) -> bool:
    return one.first > 0 and one.duration - one.first >= SUSTAINED_MONTHS


Key = Callable[[Months], int]
Weight = Callable[[State, tuple[int, ...]], int]


@dataclass(frozen=True)
class Courses:
    """The people whose courses fit what is printed; ``keys`` tell months apart for a question.

    What a weight is asked for is (months on therapy, first: 0, 1, 2 or 3 for later, best: 0, 5 for earlier, 6 or 7 for
    later, 1 if the response was sustained, one number for each key).
    """

    keys: tuple[Key, ...] = ()
    more: tuple[Statement, ...] = ()

    @cached_property
    def months(self) -> dict[str, tuple[int, ...]]:
        """By name, all kinds of months that are told apart."""
        kinds = {self.kind(one) for one in possible_months()}
        return {" ".join(map(str, kind)): kind for kind in sorted(kinds)}

    def kind(self, one: Months) -> tuple[int, ...]:
        """Give the kind of some months."""
        keys = (int(key(one)) for key in (_sustained, *self.keys))
        return (one.duration, min(one.first, 3), one.best and min(max(one.best, 5), 7), *keys)

    @cached_property
    def people(self) -> People:
        """The 55 patients and all that is stated of them."""
        claims = read_claims()
        stated = [*_states(claims), *_definitions(), *month_statements(), self._parted(), *self.more]
        attributes = (*_ATTRIBUTES, Attribute("months", tuple(self.months)))
        return People(count_of(claims, "abstract.patients"), attributes, tuple(map(self._translated, stated)))

    @cached_property
    def bounds(self) -> Bounds:
        """What answers questions."""
        return Bounds(self.people, limit=20)

    def _parted(self) -> Statement:
        """Define that who is in a lesser class at last follow-up had the best response in an earlier month."""
        apart = {self.kind(one) for one in possible_months() if one.best < one.duration}
        never = tuple(name for name, kind in self.months.items() if kind not in apart)
        lesser = tuple(str(one) for one in STATES if one.status in ON_THERAPY and one.status != one.best)
        return statements.never("the best response comes before a lesser one", {"state": lesser, "months": never})

    def _translated(self, statement: Statement) -> Statement:
        """Say what a statement says of duration, first and best by kinds of months."""
        return replace(
            statement, sums=tuple(tuple((factor, self._cell(cell)) for factor, cell in one) for one in statement.sums)
        )

    def _cell(self, cell: Cell) -> Cell:
        conditions = dict(cell)
        places = [(at, conditions.pop(name)) for at, name in enumerate(_KIND) if name in conditions]
        if places:
            kinds = self.months.items()
            conditions["months"] = tuple(k for k, v in kinds if all(v[at] in values for at, values in places))
        return tuple(conditions.items())

    def ask(self, weight: Weight) -> tuple[int, int]:
        """Bound the sum of a whole-number weight over all patients, proved by one solver and checked by another."""
        return _ends(self.bounds, self.terms(weight))

    def terms(self, weight: Weight) -> Sum:
        """Write the sum of a weight as one of counts."""
        return tuple(
            (factor, (("state", (str(state),)), ("months", (name,))))
            for state in STATES
            for name, kind in self.months.items()
            if (kind[1] == 0) == (state.best == "NR") and (factor := weight(state, kind))
        )


def _ends(bounds: Bounds, terms: Sum) -> tuple[int, int]:
    """Give the ends of a sum; without terms it is nothing."""
    answer = bounds.of(terms) if terms else None
    return (answer.low, answer.high) if answer else (0, 0)


def count_of(claims: pd.DataFrame, name: str) -> int:
    """Give the number of patients that a claim prints."""
    row = claims.loc[name]
    return int(row["numerator"] or row["value"])


def group_size(claims: pd.DataFrame, group: str) -> int:
    """Give the number of patients of one of `GROUPS`."""
    return sum(count_of(claims, f"table2.best.{'none' if one == 'NR' else one.lower()}.all") for one in GROUPS[group])


def _where(best: tuple[str, ...] = CLASSES, status: tuple[str, ...] | None = None) -> Conditions:
    chosen = [state for state in STATES if state.best in best and (status is None or state.status in status)]
    return {"state": tuple(map(str, chosen))}


def _states(claims: pd.DataFrame) -> Iterator[Statement]:
    """State what Table 2 and the text print of responses and stops (L243-L269)."""
    rows = {f"best.{row.lower()}": _where((row,)) for row in ON_THERAPY}
    rows |= {"best.none": _where(("NR",)), "best.orr": _where(ON_THERAPY), "last.none": _where(("NR",))}
    rows |= {f"last.{row.lower()}": _where(ON_THERAPY, (row,)) for row in (*ON_THERAPY, *_STOPPED)}
    rows |= {"last.orr": _where(status=ON_THERAPY)}
    for row, conditions in rows.items():
        for population, members in _POPULATIONS.items():
            name = f"table2.{row}.{population}"
            layer = "R" if row in ("last.none", "last.intolerance", "last.lost") else "P"
            where = conditions | {"diagnosis": members}
            yield statements.counted(name, where, count_of(claims, name), layer=layer)
    for population in DIAGNOSES:
        name = f"table2.header.n.{population}"
        yield statements.counted(name, {"diagnosis": population}, count_of(claims, name))
    for status in ("inefficacy", "intolerance"):
        claim = f"results.stops.non_responders.{status}"
        yield statements.counted(claim, _where(("NR",), (status,)), count_of(claims, claim))


def _definitions() -> Iterator[Statement]:
    """Nobody without a response has a month of it, and whoever responded has one."""
    none = {"first": (0,)}
    yield statements.never("a response has its month", _where(ON_THERAPY) | none, "R")
    yield statements.never("no response has no month", _where(("NR",)) | {"first": (1, 2, 3)})


def month_statements() -> Iterator[Statement]:
    """State medians and ranges of months (L249-L263) and responses of three months and more (L258-L259).

    They speak of states and of ``duration``, of ``first`` as 1, 2 or 3 for later, of ``best`` as 5 for earlier, 6 or 7
    for later, or of ``sustained``, and of one of them at a time.
    """
    claims = read_claims()
    duration = Attribute("duration", tuple(range(1, LONGEST + 1)))
    for group, best in GROUPS.items():
        name = f"results.duration.{group}.median"
        size = group_size(claims, group)
        yield statements.median(name, duration, claims.at[name, "value"], size, _where(best), layer="R")
    ranges = {"results.duration.responders": _where(ON_THERAPY), "results.stops.non_responders": _where(("NR",))}
    ranges["results.lost_response"] = _where(status=("loss",))
    for name, where in ranges.items():
        for end, make in (("minimum", statements.smallest), ("maximum", statements.largest)):
            value = int(claims.at[f"{name}.{end}", "value"])
            yield make(f"{name}.{end}", duration, value, where, layer="R")
    responders = count_of(claims, "table2.best.orr.all")
    for name, values in (("first", (1, 2, 3)), ("best", (5, 6, 7))):
        claim = f"results.{name}_response.median"
        attribute = Attribute(name, values)
        yield statements.median(claim, attribute, claims.at[claim, "value"], responders, _where(ON_THERAPY), layer="R")
    name = "results.sustained.responders"
    yield statements.counted(name, _where(ON_THERAPY) | {"sustained": (1,)}, count_of(claims, name), layer="R")


@cache
def _states_only() -> Bounds:
    claims = read_claims()
    return Bounds(People(count_of(claims, "abstract.patients"), _ATTRIBUTES, tuple(_states(claims))))


def ask_states(weight: Callable[[State], int]) -> tuple[int, int]:
    """Bound the sum of a whole-number weight of the state of each patient."""
    terms = tuple((factor, (("state", (str(state),)),)) for state in STATES if (factor := weight(state)))
    return _ends(_states_only(), terms)
