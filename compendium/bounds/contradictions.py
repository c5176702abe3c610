"""Which statements cannot hold together: the fewest that prove it."""

from collections.abc import Callable, Collection, Iterable

from ortools.sat.python import cp_model

from compendium.bounds.people import People
from compendium.bounds.programme import build, components
from compendium.bounds.solvers import NOTHING, Solvers

ROUNDS = 100
"""So often a smaller set is looked for; then the smallest found is given."""


class ContradictionError(ValueError):
    """Statements that cannot hold together, though they could without any one of them: `names`."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        together = (
            "cannot hold together, though they could without any one of them" if self.names[1:] else "cannot hold"
        )
        super().__init__(f"these statements {together}: {', '.join(self.names)}")


def contradiction(people: People, limit: float = 10.0) -> list[str]:
    """Find the fewest statements that cannot hold together, in their order; none if all can.

    First statements are dropped while the rest stays impossible; then every set is ruled out that is
    smaller. What has to be dropped from all statements to make the rest possible has a member in each contradiction, so
    the smallest set that meets all such groups found so far is the next candidate (an implicit hitting set).
    """
    found: list[list[str]] = []
    for names in components(people):
        mine = set(names)
        stated = [one for one in people.statements if one.attributes & mine or not one.attributes]
        kept = list(dict.fromkeys(one.name for one in stated))
        alone = people.only(kept)
        if not possible(alone, limit):
            found.append(_smallest(alone, kept, limit))
    return min(found, key=len, default=[])


def without_needless(names: list[str], enough: Callable[[list[str]], bool]) -> list[str]:
    """Drop names, the last first as a paper is read from its beginning, while the rest is enough.

    What cannot be dropped beside many others cannot be dropped beside fewer; so halves are tried before their parts.
    """
    kept = list(names)

    def drop(some: list[str]) -> None:
        fewer = [name for name in kept if name not in some]
        if some and enough(fewer):
            kept[:] = fewer
        elif len(some) > 1:
            half = (len(some) + 1) // 2
            drop(some[half:])
            drop(some[:half])

    drop(names)
    return kept


def _smallest(people: People, names: list[str], limit: float) -> list[str]:
    found = without_needless(names, lambda some: not possible(people.only(some), limit))
    groups: list[set[str]] = []
    for _ in range(ROUNDS):
        candidate = _meeting(groups, names)
        if len(candidate) >= len(found):
            break
        if not possible(people.only(candidate), limit):
            return [name for name in names if name in candidate]
        for name in names:
            if name not in candidate and possible(people.only([*candidate, name]), limit):
                candidate.append(name)
        groups.append(set(names) - set(candidate))
    return found


def _meeting(groups: Collection[set[str]], names: list[str]) -> list[str]:
    """Choose as few names as there can be of which each group has one."""
    model = cp_model.CpModel()
    chosen = {name: model.new_bool_var(name) for name in names}
    for group in groups:
        model.add_bool_or([chosen[name] for name in names if name in group])
    model.minimize(sum(chosen.values()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.solve(model)
    return [name for name in names if solver.value(chosen[name])]


def possible(people: People, limit: float = 10.0) -> bool:
    """Say whether all statements can hold together; also where a limit was reached before it was proved."""
    for names in components(people):
        solvers = Solvers(build(people, names), limit)
        found = solvers.cp_sat(NOTHING).possible
        if (solvers.highs(NOTHING).possible if found is None else found) is False:
            return False
    return True
