"""Cells of tables, each a number of patients or events, what is known to hold between them, and which are small."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral

HIDE_BELOW = 5  # counts below it are hidden in the tables meant for sharing, unless another number is asked for
_LARGEST_THRESHOLD = 20  # the largest threshold that can be asked for; customary ones go from 3 to 11


def check_threshold(threshold: int) -> int:
    """Check a threshold below which counts are hidden, from 0, which hides nothing, to 20; else a ValueError."""
    whole = isinstance(threshold, Integral) and not isinstance(threshold, bool)
    if not whole or not 0 <= threshold <= _LARGEST_THRESHOLD:
        allowed = f"allowed is a whole number from 0 (hide nothing) to {_LARGEST_THRESHOLD}"
        raise ValueError(f"threshold {threshold!r} is not allowed; {allowed}")
    return int(threshold)


@dataclass(frozen=True)
class Relation:
    """Two sums of cells, each on one side only, by name: the left one equal to the right one, or at most as large."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    equal: bool

    def holds(self, values: Mapping[str, int]) -> bool:
        """Tell whether it holds between values of its cells."""
        left, right = (sum(values[cell] for cell in side) for side in (self.left, self.right))
        return left == right if self.equal else left <= right


def sums_to(whole: str, parts: Sequence[str]) -> Relation:
    """Say that a cell is the sum of others."""
    return Relation((whole,), tuple(parts), equal=True)


def at_most(part: str, *whole: str) -> Relation:
    """Say that a cell is at most another, or at most the sum of others."""
    return Relation((part,), whole, equal=False)


def stated(*lines: str, ending: str = "") -> list[Relation]:
    """Read what holds from lines such as ``a = b + c`` and ``a <= b <= c + d``; each name is given an ending."""
    found = []
    for line in lines:
        sides, signs = re.split(" <?= ", line), re.findall(" (<?=) ", line)
        cells = [tuple(f"{cell}{ending}" for cell in side.split(" + ")) for side in sides]
        found += [Relation(*pair, equal=sign == "=") for *pair, sign in zip(cells, cells[1:], signs, strict=False)]
    return found


@dataclass(frozen=True)
class Cells:
    """The cells of all tables that are shared together; what contradicts itself is a ValueError.

    A number that stands in several places is one cell. Costs must follow from the layout of the tables: were the
    smallest cell hidden first, that a cell is hidden would tell that it is smaller than its neighbours.
    """

    values: dict[str, int]  # the true value of each cell, 0 or more, by name
    relations: tuple[Relation, ...] = ()  # what a reader knows to hold between them; all hold between the values
    least: dict[str, int] = field(default_factory=dict)  # what a cell is known not to be below, where that is not 0
    costs: dict[str, int] = field(default_factory=dict)  # what hiding a cell costs, at least 1, where that is not 1

    def __post_init__(self) -> None:
        for cell, value in self.values.items():
            if value < self.least.get(cell, 0):
                raise ValueError(f"cell {cell!r} is {value}; allowed is {self.least.get(cell, 0)} or more")
        for relation in self.relations:
            unknown = [cell for cell in (*relation.left, *relation.right) if cell not in self.values]
            if unknown:
                raise ValueError(f"a relation speaks of the cell {unknown[0]!r}, which is not among the cells")
            if not relation.holds(self.values):
                sign = "=" if relation.equal else "<="
                raise ValueError(f"{' + '.join(relation.left)} {sign} {' + '.join(relation.right)} does not hold")
        for cell, cost in self.costs.items():
            if cost < 1:
                raise ValueError(f"cell {cell!r} costs {cost}; allowed is 1 or more")
