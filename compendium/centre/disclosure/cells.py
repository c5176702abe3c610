"""Cells of tables, each a number of patients or events, and what is known to hold between them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["LARGEST", "Cells", "Relation", "at_most", "sums_to"]

LARGEST = 1_000_000
"""A reader takes no count to be larger than this, or than ten times the largest true one."""


@dataclass(frozen=True)
class Relation:
    """Two sums of cells, the left one equal to the right one or at most as large.

    Attributes
    ----------
    left, right : tuple of str
        Names of cells; a cell may stand on one side only.
    equal : bool
        Whether the sums are equal; otherwise the left one is at most the right one.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    equal: bool

    def holds(self, values: Mapping[str, int]) -> bool:
        """Tell whether it holds between values of the cells.

        Parameters
        ----------
        values : mapping of str to int
            A value for every cell of it.

        Returns
        -------
        bool
            Whether it does.
        """
        left, right = (sum(values[cell] for cell in side) for side in (self.left, self.right))
        return left == right if self.equal else left <= right


def sums_to(whole: str, parts: Sequence[str]) -> Relation:
    """Say that a cell is the sum of others.

    Parameters
    ----------
    whole : str
        Name of the cell.
    parts : sequence of str
        Names of the others.

    Returns
    -------
    Relation
        The equation.
    """
    return Relation((whole,), tuple(parts), equal=True)


def at_most(part: str, *whole: str) -> Relation:
    """Say that a cell is at most another, or at most the sum of others.

    Parameters
    ----------
    part : str
        Name of the cell.
    *whole : str
        Names of the others.

    Returns
    -------
    Relation
        The inequality.
    """
    return Relation((part,), whole, equal=False)


@dataclass(frozen=True)
class Cells:
    """The cells of all tables that are shared together.

    Attributes
    ----------
    values : dict of str to int
        The true value of each cell, 0 or more, by name. A number that stands in several places is one cell.
    relations : tuple of Relation
        What a reader knows to hold between them; all hold between the values.
    least : dict of str to int
        What a cell is known not to be below, where that is not 0.
    costs : dict of str to int
        What hiding a cell costs, where that is not 1; at least 1. Costs must follow from the layout of the tables: were
        the smallest cell hidden first, that a cell is hidden would tell that it is smaller than its neighbours.

    Raises
    ------
    ValueError
        If a value is negative or below what it is known to be, a relation speaks of an unknown cell or does not hold,
        or a cost is below 1.
    """

    values: dict[str, int]
    relations: tuple[Relation, ...] = ()
    least: dict[str, int] = field(default_factory=dict)
    costs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise ValueError(problem)

    def _problems(self) -> Iterator[str]:
        for cell, value in self.values.items():
            if value < self.least.get(cell, 0):
                yield f"cell {cell!r} is {value}; allowed is {self.least.get(cell, 0)} or more"
        for relation in self.relations:
            unknown = [cell for cell in (*relation.left, *relation.right) if cell not in self.values]
            if unknown:
                yield f"a relation speaks of the cell {unknown[0]!r}, which is not among the cells"
            elif not relation.holds(self.values):
                sign = "=" if relation.equal else "<="
                yield f"{' + '.join(relation.left)} {sign} {' + '.join(relation.right)} does not hold"
        for cell, cost in self.costs.items():
            if cost < 1:
                yield f"cell {cell!r} costs {cost}; allowed is 1 or more"
