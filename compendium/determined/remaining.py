"""How early half of the patients can have stopped therapy: the Kaplan-Meier median, over all courses that fit.

Within a stretch of months the curve falls most if all courses that go on are last seen first and all stops come at its
end: of n patients at risk of whom c are last seen before the last month and e stop, at least (n - c - e) / (n - c)
remain. The stops without response all come in the first six months, so there are two stretches. The programme counts
the patients of each kind in each month and adds up the logarithms of the two factors, rounded down to whole
millionths: if even that sum does not reach one half, no cohort does.
"""

from collections.abc import Mapping
from functools import cache
from math import floor, log

from ortools.sat.python import cp_model

from compendium.bounds.people import Cell, Statement
from compendium.determined.courses import LONGEST, ON_THERAPY, STATES, State, ask_states, month_statements

MILLION = 1_000_000
_GONE = -100 * MILLION  # for the logarithm of nothing
_WITHOUT_RESPONSE = 6  # months within which all stopped who did not respond (L263)
_SEED, _EFFORT = 1, 60.0

Kind = tuple[str, bool]
"""The best response, and whether therapy goes on."""
Counts = dict[Kind, list[cp_model.IntVar]]
"""For each kind how many left at 1, 2, ... months: by a stop, or as last seen on therapy."""


def kind_of(state: State) -> Kind:
    """Give what of a state the curve depends on."""
    return state.best, state.status in ON_THERAPY


@cache
def earliest_median() -> tuple[int, tuple[tuple[Kind, tuple[int, ...]], ...]]:
    """Give the first month at which half can have stopped, and how many of each kind leave in which month then.

    One month less is proved to be impossible.
    """
    for month in range(1, LONGEST + 1):
        found = _half_by(month)
        if found is not None:
            return month, found
    raise ValueError("no month at which half can have stopped")


def _half_by(month: int) -> tuple[tuple[Kind, tuple[int, ...]], ...] | None:
    """Let half or more have stopped by a month; None if that is proved to be impossible."""
    model = cp_model.CpModel()
    kinds = list(dict.fromkeys(map(kind_of, STATES)))
    size = ask_states(lambda state: 1)[1]
    counts = {kind: [model.new_int_var(0, size, "") for _ in range(LONGEST)] for kind in kinds}
    for kind in kinds:
        low, high = ask_states(lambda state, kind=kind: int(kind_of(state) == kind))
        model.add_linear_constraint(sum(counts[kind]), low, high)
    for statement in month_statements():
        _hold(model, counts, statement)
    logarithms, start = [], 0
    for end in sorted({min(_WITHOUT_RESPONSE, month), month}):
        events = sum(sum(made[start:end]) for (_, ongoing), made in counts.items() if not ongoing)
        seen = sum(sum(made[start : end - 1]) for (_, ongoing), made in counts.items() if ongoing)
        at_risk = size - sum(sum(made[:start]) for made in counts.values())
        numbers = [model.new_int_var(0, size, ""), model.new_int_var(0, size, ""), model.new_int_var(_GONE, 0, "")]
        model.add(numbers[0] == at_risk - seen)
        model.add(numbers[1] == events)
        table = [(n, e, _log(n - e, n)) for n in range(size + 1) for e in range(n + 1)]
        model.add_allowed_assignments(numbers, table)
        logarithms.append(numbers[2])
        start = end
    model.add(sum(logarithms) <= floor(MILLION * log(0.5)) + 1)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = _SEED
    solver.parameters.max_deterministic_time = _EFFORT
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise ValueError(f"whether half can have stopped by month {month} was not decided")
    return tuple((kind, tuple(solver.value(one) for one in made)) for kind, made in counts.items())


def _log(left: int, of: int) -> int:
    return 0 if left == of else _GONE if not left else floor(MILLION * log(left / of)) - 1


def _counted(counts: Counts, cell: Cell) -> cp_model.LinearExprT | None:
    """Count the patients in a cell of states and months on therapy; None if the curve does not know."""
    conditions: Mapping = dict(cell)
    if set(conditions) - {"state", "duration"}:
        return None
    chosen = [state for state in STATES if str(state) in conditions.get("state", map(str, STATES))]
    kinds = list(dict.fromkeys(map(kind_of, chosen)))
    if any(state not in chosen for state in STATES if kind_of(state) in kinds):
        return None
    months = conditions.get("duration", range(1, LONGEST + 1))
    return sum(counts[kind][month - 1] for kind in kinds for month in months)


def _hold(model: cp_model.CpModel, counts: Counts, statement: Statement) -> None:
    """Hold what a statement says of the months on therapy of all patients of some kinds, and nothing else."""
    sums = [[(factor, _counted(counts, cell)) for factor, cell in one] for one in statement.sums]
    if any(part is None for one in sums for _, part in one):
        return
    ways = [model.new_bool_var("") for _ in statement.ways]
    model.add_exactly_one(ways)
    for way, limits in zip(ways, statement.ways, strict=True):
        for one, (low, high) in zip(sums, limits, strict=True):
            total = sum(factor * part for factor, part in one)
            if low is not None:
                model.add(total >= low).only_enforce_if(way)
            if high is not None:
                model.add(total <= high).only_enforce_if(way)
