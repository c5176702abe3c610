"""People, what may be known of each, and statements about how many of them there are: pure data, and no drawing.

People have a known number and attributes, each with finitely many values (words, or whole numbers in a range). A cell
is a combination of values, such as ``{"sex": "male", "response": ("complete", "major")}``; without a condition it is
everyone. A statement limits sums of counts of cells. `statements` makes the common ones.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

Value = str | int
Conditions = Mapping[str, Value | Collection[Value]]
Cell = tuple[tuple[str, tuple[Value, ...]], ...]
Where = Conditions | Cell
"""Whom a count is of, as a caller says it; `as_cell` brings both into one form."""
Sum = tuple[tuple[int, Cell], ...]
Limits = tuple[int | None, int | None]

LAYERS = {"P": "printed", "R": "a reading of the print", "L": "plausible"}
EVERYONE: Cell = ()


class UnknownNameError(ValueError):
    """An attribute or value that people do not have, with the nearest that they have."""


@dataclass(frozen=True)
class Attribute:
    """What is known of each person: a name, and all values that it may have; every person has one of them."""

    name: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.values or len(set(self.values)) < len(self.values):
            raise ValueError(
                f"attribute {self.name!r} has the values {self.values!r}; allowed are one or more, once each"
            )


@dataclass(frozen=True)
class Statement:
    """One of several ways holds; each gives every sum its limits, from and to, where None is no limit.

    `layer` is one of `LAYERS`. Statements of the same name are one: they are dropped together.
    """

    name: str
    sums: tuple[Sum, ...]
    ways: tuple[tuple[Limits, ...], ...]
    layer: str = "P"

    def __post_init__(self) -> None:
        if self.layer not in LAYERS:
            raise ValueError(f"statement {self.name!r} has the layer {self.layer!r}; allowed are {', '.join(LAYERS)}")
        if any(len(way) != len(self.sums) for way in self.ways):
            raise ValueError(f"statement {self.name!r}: every way needs limits for each of the {len(self.sums)} sums")

    @cached_property
    def scopes(self) -> frozenset[frozenset[str]]:
        """The attributes that stand together in a cell."""
        return frozenset(scope(cell) for one in self.sums for _, cell in one)

    @cached_property
    def attributes(self) -> frozenset[str]:
        """All attributes that the statement speaks of."""
        return frozenset().union(*self.scopes)


@dataclass(frozen=True)
class People:
    """Some people (their number is known), their attributes, and what is stated of them.

    UnknownNameError if a statement names an attribute or value that is not there.
    """

    size: int
    attributes: tuple[Attribute, ...]
    statements: tuple[Statement, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.size, int) or self.size < 1:
            raise ValueError(f"number of people {self.size!r} is not allowed; it is a whole number from 1")
        names = [attribute.name for attribute in self.attributes]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"attribute {twice[0]!r} is there twice; allowed is once")
        for statement in self.statements:
            for one in statement.sums:
                for _, cell in one:
                    self.check(cell, f"statement {statement.name!r}: ")

    @cached_property
    def values(self) -> dict[str, tuple[Value, ...]]:
        """The values of each attribute."""
        return {attribute.name: attribute.values for attribute in self.attributes}

    @cached_property
    def codes(self) -> dict[str, dict[Value, int]]:
        """The place of each value of each attribute."""
        return {name: {value: code for code, value in enumerate(values)} for name, values in self.values.items()}

    def check(self, cell: Cell, place: str = "") -> None:
        """Refuse, with an UnknownNameError that begins with `place`, a cell of what is not there."""
        for name, values in cell:
            if name not in self.values:
                raise UnknownNameError(f"{place}there is no attribute {name!r}; {nearest(name, self.values)}")
            for value in values:
                if value not in self.codes[name]:
                    known = nearest(value, self.values[name])
                    raise UnknownNameError(f"{place}the attribute {name!r} has no value {value!r}; {known}")

    def without(self, layers: Iterable[str]) -> "People":
        """Leave out the statements of some layers."""
        gone = set(layers)
        return replace(self, statements=tuple(one for one in self.statements if one.layer not in gone))

    def only(self, names: Iterable[str]) -> "People":
        """Keep the statements of some names only."""
        kept = set(names)
        return replace(self, statements=tuple(one for one in self.statements if one.name in kept))


def nearest(wanted: Value, known: Iterable[Value]) -> str:
    """Say what is known, and what of it is nearest to what was wanted."""
    names = [str(name) for name in known]
    folded = {name.lower(): name for name in names}
    near = difflib.get_close_matches(str(wanted).strip().lower(), list(folded), 1, 0.5)
    shown = ", ".join(names) if len(names) <= 20 else f"{', '.join(names[:20])} and {len(names) - 20} more"
    return f"known are {shown}" + (f"; did you mean {folded[near[0]]}?" if near else "")


def as_cell(conditions: Where) -> Cell:
    """Bring conditions, each an attribute with a value or several, into one form."""
    if isinstance(conditions, tuple):
        return conditions
    several = {
        name: (values,) if isinstance(values, str | int) else tuple(dict.fromkeys(values))
        for name, values in conditions.items()
    }
    return tuple(sorted(several.items()))


def both(one: Where, other: Where) -> Cell:
    """Give the cell of those in one cell and in another; it has no value left where the two exclude each other."""
    found = dict(as_cell(one))
    for name, values in as_cell(other):
        found[name] = tuple(value for value in found[name] if value in values) if name in found else values
    return tuple(sorted(found.items()))


def scope(cell: Cell) -> frozenset[str]:
    """Give the attributes of a cell."""
    return frozenset(name for name, _ in cell)


def count_of(cell: Where) -> Sum:
    """Give the sum that is the number of people in a cell."""
    return ((1, as_cell(cell)),)


def as_sum(asked: Where | Sum) -> Sum:
    """Take a sum, or a cell for the number of people in it."""
    is_sum = isinstance(asked, tuple) and bool(asked) and isinstance(asked[0][0], int)
    return asked if is_sum else count_of(asked)


def words(cell: Cell) -> str:
    """Write a cell as a reader does: ``response = complete or major, sex = male``; whole numbers as ``18 to 40``."""
    return ", ".join(f"{name} = {_listed(values)}" for name, values in cell) or "all"


def _listed(values: tuple[Value, ...]) -> str:
    numbers = all(isinstance(value, int) for value in values)
    if numbers and len(values) > 2 and list(values) == list(range(values[0], values[-1] + 1)):
        return f"{values[0]} to {values[-1]}"
    return " or ".join(map(str, values)) or "nothing"
