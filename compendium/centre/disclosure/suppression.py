"""Choose which cells to hide: those below a threshold, and as few others as keep them from being inferred.

A small count is protected if its reader can exclude no value below the threshold that the relations between the cells
allow at all: whatever is shown, it could be 0 or any other of them. (With a threshold of 1 that would be the one value
0, and 1 must be possible as well.) Since hidden small counts and cells hidden for their sake bear the same mark, the
reader does not even know which of them are below the threshold.

Not protected against: a reader who repeats this choice for every table that could be meant and drops those for which it
would have hidden other cells; one who knows other numbers of the same patients; and what a shown count says by itself,
as 53 of 55 says of the other 2.

References
----------
Fischetti M, Salazar JJ. Solving the cell suppression problem on tabular data with linear constraints. Management
Science 2001;47(7):1008-1027. As there, cells to hide are chosen anew until no attack on them succeeds; here the attack
is exact for whole numbers, and what it used is a constraint on the next choice.
"""

from collections.abc import Iterator

from ortools.sat.python import cp_model

from compendium.centre.disclosure.attacker import Attacker
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


def _cheapest(model: cp_model.CpModel, literals: dict[str, cp_model.IntVar]) -> frozenset[str]:
    solver = cp_model.CpSolver()
    # One worker, a fixed seed, and a limit of counted work instead of seconds: the same answer in every run.
    solver.parameters.num_workers, solver.parameters.random_seed = 1, 0
    solver.parameters.max_deterministic_time = _WORK
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return frozenset(literals)  # to hide everything is always allowed
    return frozenset(cell for cell, literal in literals.items() if solver.value(literal))
