"""How early half of the patients can have stopped therapy: the Kaplan-Meier median, over all courses that fit.

Within a stretch of months the curve falls most if all courses that go on are last seen first and all stops come at its
end: of n patients at risk of whom c are last seen before the last month and e stop, at least (n - c - e) / (n - c)
remain. The stops without response all come in the first six months, so there are two stretches. The programme counts
the patients of each state in each month, chooses n - c and e of each stretch, and adds up the logarithms of the two
factors, rounded down to whole parts of `SCALE`: if even that sum does not reach one half, no cohort does. Both solvers
have to say so.
"""

from dataclasses import replace
from functools import cache
from math import floor, log

import numpy as np

from compendium.bounds.people import EVERYONE, Attribute, Cell, People, Statement
from compendium.bounds.programme import Programme, build
from compendium.bounds.solvers import NOTHING, Solvers
from compendium.determined.courses import LONGEST, ON_THERAPY, STATES, State, ask_states, month_statements

SCALE = 100_000
_GONE = -2 * SCALE  # for the logarithm of nothing: less than that of one half is enough
_WITHOUT_RESPONSE = 6  # months within which all stopped who did not respond (L263)
_EFFORT = 120.0


@cache
def earliest_median() -> int:
    """Give the first month at which half can have stopped; one month less is proved to be impossible."""
    return next(month for month in range(1, LONGEST + 1) if half_by(month))


def half_by(month: int) -> bool:
    """Tell whether half or more can have stopped by a month; ValueError if the solvers do not agree or not decide."""
    solvers = Solvers(_curve(month), limit=_EFFORT)
    found = [solver(NOTHING).possible for solver in (solvers.cp_sat, solvers.highs)]
    if found[0] is None or found[0] != found[1]:
        raise ValueError(f"whether half can have stopped by month {month} was not decided: {found}")
    return found[0]


def _people() -> People:
    """State what is known of the months on therapy of those in each state, and how many there can be in it."""
    stated = [one for one in month_statements() if one.attributes <= {"state", "duration"}]
    kinds: dict[tuple[str, bool], list[State]] = {}
    for state in STATES:
        kinds.setdefault((state.best, state.status in ON_THERAPY), []).append(state)
    for kind, states in kinds.items():
        limits = ask_states(lambda state, states=states: int(state in states))
        stated.append(Statement(f"Table 2: {kind}", (((1, _cell(states)),),), ((limits,),)))
    attributes = (Attribute("state", tuple(map(str, STATES))), Attribute("duration", tuple(range(1, LONGEST + 1))))
    return People(ask_states(lambda state: 1)[1], attributes, tuple(stated))


def _cell(states: list[State], months: range = range(1, LONGEST + 1)) -> Cell:
    return ("state", tuple(map(str, states))), ("duration", tuple(months))


def _curve(month: int) -> Programme:
    """Write the programme of half or more who stop by a month."""
    programme = build(_people(), ("state", "duration"))
    size = programme.people.size
    ongoing = [state for state in STATES if state.status in ON_THERAPY]
    stopping = [state for state in STATES if state not in ongoing]
    table = np.array([(n, e, _log(n - e, n)) for n in range(size + 1) for e in range(n + 1)])
    rows, width, start, choices = list(programme.rows), len(programme.upper), 0, []
    for end in sorted({min(_WITHOUT_RESPONSE, month), month}):
        chosen = width + np.arange(len(table))
        gone = [(-1, _cell(list(STATES), range(1, start + 1)))] if start else []
        seen = [(-1, _cell(ongoing, range(start + 1, end)))] if end > start + 1 else []
        at_risk, events = ((1, EVERYONE), *gone, *seen), ((1, _cell(stopping, range(start + 1, end + 1))),)
        for asked, numbers in ((at_risk, table[:, 0]), (events, table[:, 1])):
            variables, factors, constant = programme.row(asked)
            rows.append((np.append(variables, chosen), np.append(factors, -numbers), -constant, -constant))
        rows.append((chosen, np.ones(len(table), dtype=np.int64), 1, 1))
        choices.append(chosen)
        width, start = width + len(table), end
    logarithms = np.tile(table[:, 2], len(choices))
    rows.append((np.concatenate(choices), logarithms, None, floor(SCALE * log(0.5)) + 1))
    upper = np.append(programme.upper, np.ones(width - len(programme.upper), dtype=np.int64))
    return replace(programme, rows=tuple(rows), upper=upper)


def _log(left: int, of: int) -> int:
    return 0 if left == of else _GONE if not left else max(_GONE, floor(SCALE * log(left / of)) - 1)
