"""What a reader of tables with hidden cells can infer about them.

The reader is taken to know all shown cells and every relation between the cells, and that each cell is a whole number
that is not negative. One mark stands for every hidden cell, so that it tells nothing else about it.

That a value is possible is proved by a table of whole numbers which has it and agrees with all that is shown. Such a
table mostly comes out of a linear program, which is quick; where the solution of that is not whole, CP-SAT finds one or
proves that there is none.
"""

from collections.abc import Collection, Iterable, Iterator

import numpy as np
from ortools.linear_solver import pywraplp
from ortools.sat.python import cp_model

from compendium.centre.disclosure.cells import Cells

_LARGEST = 1_000_000  # a reader takes no count to be larger than this, or than ten times the largest true one
_CLEAR = 1e-6  # a number of the linear program is taken for one that is not 0 if it is further away from it than this


class Attacker:
    """A reader who knows how the cells hang together; of their values only those that are shown are used."""

    def __init__(self, cells: Cells) -> None:
        self._true = cells.values
        self._place = {cell: number for number, cell in enumerate(cells.values)}
        largest = max(_LARGEST, 10 * max(cells.values.values(), default=0))
        self._bounds = {cell: (cells.least.get(cell, 0), largest) for cell in cells.values}
        self._linear = pywraplp.Solver.CreateSolver("GLOP")
        self._numbers = {cell: self._linear.NumVar(*bounds, cell) for cell, bounds in self._bounds.items()}
        self._whole = cp_model.CpModel()
        self._integers = {cell: self._whole.new_int_var(*bounds, cell) for cell, bounds in self._bounds.items()}
        for relation in cells.relations:
            for add, variables in ((self._linear.Add, self._numbers), (self._whole.add, self._integers)):
                left, right = (sum(variables[cell] for cell in side) for side in (relation.left, relation.right))
                add(left == right if relation.equal else left <= right)
        self._low, self._high = np.array(list(self._bounds.values()), dtype=np.int64).reshape(-1, 2).T
        self._equal = np.array([relation.equal for relation in cells.relations], dtype=bool)
        self._signs = np.zeros((len(cells.relations), len(cells.values)), dtype=np.int64)
        for row, relation in enumerate(cells.relations):
            for side, sign in ((relation.left, 1), (relation.right, -1)):
                self._signs[row, [self._place[cell] for cell in side]] = sign
        # Possible tables found so far, each a row; they serve for every other choice of cells that they agree with.
        self._tables = np.empty((0, len(cells.values)), dtype=np.int64)

    def excluded(
        self, hidden: Collection[str], cells: Iterable[str], values: Iterable[int]
    ) -> Iterator[tuple[str, int]]:
        """List which of some values of some cells no table of whole numbers has that agrees with all that is shown."""
        shown = {cell: value for cell, value in self._true.items() if cell not in hidden}
        self._fix(shown)
        self._linear.Minimize(0)
        known, values = self._agreeing(shown), list(values)
        for cell in cells:
            seen = set(known[:, self._place[cell]].tolist())
            for value in values:
                if value in seen:
                    continue
                table = self._table(shown, cell, value)
                if table is None:
                    yield cell, value
                    self._fix(shown)  # whoever took the value may have asked something else meanwhile
                    self._linear.Minimize(0)
                else:
                    self._tables = np.vstack([self._tables, table])
                    known = np.vstack([known, table])

    def reason(
        self, hidden: Collection[str], cell: str, value: int, known: Collection[list[str]] = ()
    ) -> list[str] | None:
        """Say by which shown cells a reader excludes a value that can be excluded.

        They exclude it together, while all but any one of them do not; there are none if the relations alone exclude
        it. None if a known reason, for another value, is a part of what excludes it: without that it may be possible.
        """
        shown = {name: number for name, number in self._true.items() if name not in hidden}
        used = self._used(shown, cell, value)
        if any(used.keys() >= set(reason) for reason in known):
            return None
        self._linear.Minimize(0)
        self._fix(used)
        for dropped in list(used):
            rest = {name: number for name, number in used.items() if name != dropped}
            self._numbers[dropped].SetBounds(*self._bounds[dropped])
            if self._table(rest, cell, value) is None:
                used = rest
            else:
                self._numbers[dropped].SetBounds(used[dropped], used[dropped])
        return list(used)

    def _used(self, shown: dict[str, int], cell: str, value: int) -> dict[str, int]:
        """Leave out shown cells that do not matter: their prices in the linear program that bounds the cell are 0."""
        self._fix(shown)
        for sign in (1, -1):
            self._linear.Minimize(sign * self._numbers[cell])
            if self._linear.Solve() == pywraplp.Solver.OPTIMAL and (
                sign * (self._numbers[cell].solution_value() - value) > _CLEAR
            ):
                return {
                    name: number
                    for name, number in shown.items()
                    if name == cell or abs(self._numbers[name].reduced_cost()) > _CLEAR
                }
        return shown  # excluded for whole numbers only

    def _fix(self, given: dict[str, int]) -> None:
        """Give cells of the linear program their values, and all others their bounds."""
        for cell, variable in self._numbers.items():
            low, high = (given[cell], given[cell]) if cell in given else self._bounds[cell]
            variable.SetBounds(low, high)

    def _agreeing(self, shown: dict[str, int]) -> np.ndarray:
        """Give the tables found before that agree with all that is shown."""
        places = [self._place[cell] for cell in shown]
        return self._tables[(self._tables[:, places] == np.array(list(shown.values()), dtype=np.int64)).all(axis=1)]

    def _table(self, given: dict[str, int], cell: str, value: int) -> np.ndarray | None:
        """Find a table in which a cell has a value and others, which the linear program has fixed, theirs."""
        variable = self._numbers[cell]
        low, high = variable.lb(), variable.ub()
        if not low <= value <= high:
            return None
        variable.SetBounds(value, value)
        status, table = self._linear.Solve(), None
        if status == pywraplp.Solver.OPTIMAL:
            table = np.rint([number.solution_value() for number in self._numbers.values()]).astype(np.int64)
        variable.SetBounds(low, high)  # only now, since it makes the solver forget the solution
        if status == pywraplp.Solver.INFEASIBLE:
            return None
        wanted = given | {cell: value}
        return table if table is not None and self._possible(table, wanted) else self._exact(wanted)

    def _possible(self, table: np.ndarray, given: dict[str, int]) -> bool:
        """Tell whether a table of whole numbers has given values and keeps all bounds and relations."""
        within = ((self._low <= table) & (table <= self._high)).all()
        agrees = all(table[self._place[cell]] == value for cell, value in given.items())
        sums = self._signs @ table
        return bool(within and agrees and np.where(self._equal, sums == 0, sums <= 0).all())

    def _exact(self, given: dict[str, int]) -> np.ndarray | None:
        """Find a table of whole numbers with given values by CP-SAT, which always finds one if there is one."""
        model = self._whole.clone()
        for cell, value in given.items():
            model.add(self._integers[cell] == value)
        solver = cp_model.CpSolver()
        # One worker and a fixed seed: the same answer in every run.
        solver.parameters.num_workers, solver.parameters.random_seed = 1, 0
        # To find any table is quicker without it: most cells are given.
        solver.parameters.cp_model_presolve = False
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return None
        assert status == cp_model.OPTIMAL  # no limit of time is set
        return np.array([solver.value(variable) for variable in self._integers.values()], dtype=np.int64)
