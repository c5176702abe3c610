"""Choose which cells to hide: those below a threshold, and as few others as keep them from being inferred.

A small count is protected if its reader can exclude no value below the threshold that the relations between the cells
allow at all: whatever is shown, it could be 0 or any other of them. (With a threshold of 1 that would be the one value
0, and 1 must be possible as well.) Since hidden small counts and cells hidden for their sake bear the same mark, the
reader does not even know which of them are below the threshold.

The reader is taken to know all shown cells and every relation between the cells, and that each cell is a whole number
that is not negative. That a value is possible is proved by a table of whole numbers which has it and agrees with all
that is shown. Such a table mostly comes out of a linear program, which is quick; where the solution of that is not
whole, CP-SAT finds one or proves that there is none.

Not protected against: a reader who repeats this choice for every table that could be meant and drops those for which it
would have hidden other cells; one who knows other numbers of the same patients; and what a shown count says by itself,
as 53 of 55 says of the other 2.

References
----------
Fischetti M, Salazar JJ. Solving the cell suppression problem on tabular data with linear constraints. Management
Science 2001;47(7):1008-1027. As there, cells to hide are chosen anew until no attack on them succeeds; here the attack
is exact for whole numbers, and what it used is a constraint on the next choice.
"""

from collections.abc import Collection, Iterable, Iterator

import numpy as np
from ortools.linear_solver import pywraplp
from ortools.sat.python import cp_model

from compendium.centre.disclosure.cells import Cells

_WORK = 0.05  # how much is spent on one choice of cells, in the solver's deterministic seconds


def suppress(cells: Cells, threshold: int) -> frozenset[str]:
    """Choose the cells to hide: those below a threshold, and others of a small total cost that protect them.

    The cost is the least, unless the search for it was cut short; in any case no more is hidden than needed, for to
    show any one of the others again would give a small count away. The same cells give the same choice.
    """
    # A list and no set, whose order changes from run to run: two choices for one cohort would give away more than one.
    small = [cell for cell, value in cells.values.items() if value < threshold]
    attacker, (model, literals), values = Attacker(cells), _choice(cells, small), range(max(threshold, 2))
    # What the relations alone exclude is no secret.
    open_to_all = set(attacker.excluded(cells.values.keys(), small, values))

    def given_away(hidden: frozenset[str]) -> Iterator[tuple[str, int]]:
        return (pair for pair in attacker.excluded(hidden, small, values) if pair not in open_to_all)

    while found := dict(given_away(hidden := _cheapest(model, literals))):
        reasons: list[list[str]] = []
        for cell, value in found.items():
            reason = attacker.reason(hidden, cell, value, reasons)
            if reason is not None:
                reasons.append(reason)
                model.add_bool_or([literals[name] for name in reason])  # one of them must be hidden
    # Where the choice was cut short it may hide more than is needed; the dearest cells are tried first.
    order = [cell for cell in cells.values if cell in hidden.difference(small)]
    for cell in sorted(order, key=lambda cell: -cells.costs.get(cell, 1)):
        if next(given_away(hidden - {cell}), None) is None:
            hidden -= {cell}
    return hidden


def _choice(cells: Cells, small: list[str]) -> tuple[cp_model.CpModel, dict[str, cp_model.IntVar]]:
    """State the choice of cells to hide at the least cost, and for each cell whether it is hidden."""
    model = cp_model.CpModel()
    hidden = {cell: model.new_bool_var(cell) for cell in cells.values}
    for cell in small:
        model.add(hidden[cell] == 1)
    # A cell that is hidden alone in an equation can be computed, so that hiding it is of no use.
    for relation in cells.relations:
        names = (*relation.left, *relation.right)
        for cell in names if relation.equal else ():
            model.add_bool_or([~hidden[cell], *(hidden[name] for name in names if name != cell)])
    model.minimize(sum(cells.costs.get(cell, 1) * literal for cell, literal in hidden.items()))
    return model, hidden


def _same_each_run() -> cp_model.CpSolver:
    """Give a solver of one worker and a fixed seed: the same answer in every run."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers, solver.parameters.random_seed = 1, 0
    return solver


def _cheapest(model: cp_model.CpModel, literals: dict[str, cp_model.IntVar]) -> frozenset[str]:
    solver = _same_each_run()
    solver.parameters.max_deterministic_time = _WORK  # counted work instead of seconds, for the same reason
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return frozenset(literals)  # to hide everything is always allowed
    return frozenset(cell for cell, literal in literals.items() if solver.value(literal))


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
        for row, relation in zip(self._signs, cells.relations, strict=True):
            for side, sign in ((relation.left, 1), (relation.right, -1)):
                row[[self._place[cell] for cell in side]] = sign
        # Possible tables found so far, each a row; they serve for every other choice of cells that they agree with.
        self._tables: list[np.ndarray] = []

    def excluded(
        self, hidden: Collection[str], cells: Iterable[str], values: Iterable[int]
    ) -> Iterator[tuple[str, int]]:
        """List which of some values of some cells no table of whole numbers has that agrees with all that is shown."""
        shown = {cell: value for cell, value in self._true.items() if cell not in hidden}
        self._fix(shown)
        given, values, new = np.array(list(shown.values()), dtype=np.int64), list(values), []
        known = np.array(self._tables, dtype=np.int64).reshape(-1, len(self._place))
        known = known[(known[:, [self._place[cell] for cell in shown]] == given).all(axis=1)]
        for cell in cells:
            seen = {*known[:, self._place[cell]].tolist(), *(table[self._place[cell]] for table in new)}
            for value in (value for value in values if value not in seen):
                table = self._table(shown, cell, value)
                if table is None:
                    yield cell, value
                    self._fix(shown)  # whoever took the value may have asked something else meanwhile
                else:
                    self._tables.append(table)
                    new.append(table)

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
            solved = self._linear.Solve() == pywraplp.Solver.OPTIMAL
            if solved and sign * (self._numbers[cell].solution_value() - value) > _CLEAR:
                prices = {name: abs(self._numbers[name].reduced_cost()) for name in shown}
                return {name: shown[name] for name, price in prices.items() if name == cell or price > _CLEAR}
        return shown  # excluded for whole numbers only

    def _fix(self, given: dict[str, int]) -> None:
        """Give cells of the linear program their values, and all others their bounds; nothing is minimised."""
        self._linear.Minimize(0)
        for cell, variable in self._numbers.items():
            low, high = (given[cell], given[cell]) if cell in given else self._bounds[cell]
            variable.SetBounds(low, high)

    def _table(self, given: dict[str, int], cell: str, value: int) -> np.ndarray | None:
        """Find a table in which a cell has a value and others, which the linear program has fixed, theirs."""
        variable, wanted = self._numbers[cell], given | {cell: value}
        low, high = variable.lb(), variable.ub()
        if not low <= value <= high:
            return None
        variable.SetBounds(value, value)
        status, table = self._linear.Solve(), None
        if status == pywraplp.Solver.OPTIMAL:
            table = np.rint([number.solution_value() for number in self._numbers.values()]).astype(np.int64)
        variable.SetBounds(low, high)  # only now, since it makes the solver forget the solution
        if table is not None and self._possible(table, wanted):
            return table
        return None if status == pywraplp.Solver.INFEASIBLE else self._exact(wanted)

    def _possible(self, table: np.ndarray, given: dict[str, int]) -> bool:
        within = ((self._low <= table) & (table <= self._high)).all()
        agrees = all(table[self._place[cell]] == value for cell, value in given.items())
        sums = self._signs @ table
        return bool(within and agrees and np.where(self._equal, sums == 0, sums <= 0).all())

    def _exact(self, given: dict[str, int]) -> np.ndarray | None:
        """Find a table of whole numbers with given values by CP-SAT, which always finds one if there is one."""
        model = self._whole.clone()
        for cell, value in given.items():
            model.add(self._integers[cell] == value)
        solver = _same_each_run()
        # To find any table is quicker without it: most cells are given.
        solver.parameters.cp_model_presolve = False
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return None
        assert status == cp_model.OPTIMAL  # no limit of time is set
        return np.array([solver.value(variable) for variable in self._integers.values()], dtype=np.int64)
