"""Which statements are needed: the fewest that cannot hold together, and those that an end of an answer rests on."""

from collections.abc import Callable, Collection, Iterable, Iterator

from ortools.sat.python import cp_model

from compendium.bounds.people import People, Sum, scope
from compendium.bounds.programme import build, components
from compendium.bounds.solvers import Solvers, cp_sat_solver

ROUNDS = 100
"""So often a smaller set is looked for; then the smallest found is given."""


class ContradictionError(ValueError):
    """Statements that cannot hold together, though they could without any one of them: `names`."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        more = " together, though they could without any one of them" if self.names[1:] else ""
        super().__init__(f"these statements cannot hold{more}: {', '.join(self.names)}")


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


def contradiction(people: People, limit: float = 10.0) -> list[str]:
    """Find the fewest statements that cannot hold together, in their order; none if all can.

    First statements are dropped while the rest stays impossible; then every set is ruled out that is
    smaller. What has to be dropped from all statements to make the rest possible has a member in each contradiction, so
    the smallest set that meets all such groups found so far is the next candidate (an implicit hitting set).
    """
    found: list[list[str]] = []
    for attributes in components(people):
        mine = set(attributes)
        stated = [one for one in people.statements if one.attributes & mine or not one.attributes]
        names = list(dict.fromkeys(one.name for one in stated))
        if not possible(people.only(names), limit):
            found.append(_fewest(people, names, limit))
    return min(found, key=len, default=[])


def _fewest(people: People, names: list[str], limit: float) -> list[str]:
    found = without_needless(names, lambda some: not possible(people.only(some), limit))
    groups: list[set[str]] = []
    for _ in range(ROUNDS):
        candidate = _meeting(groups, names)
        if len(candidate) >= len(found):
            break
        if not possible(people.only(candidate), limit):
            return candidate
        for name in names:
            if name not in candidate and possible(people.only([*candidate, name]), limit):
                candidate.append(name)
        groups.append(set(names) - set(candidate))
    return found


def _meeting(groups: Collection[set[str]], names: list[str]) -> list[str]:
    """Choose as few names as there can be, in their order, of which each group has one."""
    model = cp_model.CpModel()
    chosen = {name: model.new_bool_var(name) for name in names}
    for group in groups:
        model.add_bool_or([chosen[name] for name in names if name in group])
    model.minimize(sum(chosen.values()))
    solver = cp_sat_solver()
    solver.solve(model)
    return [name for name in names if solver.value(chosen[name])]


def possible(people: People, limit: float = 10.0) -> bool:
    """Say whether all statements can hold together; also where a limit was reached before it was proved."""
    return all(
        Solvers(build(people, names), limit).any_solution().possible is not False for names in components(people)
    )


def reaches(people: People, asked: Sum, ends: dict[int, int], limit: float) -> bool:
    """Say whether people are proved to have no sum below an end, of the sign 1, nor above one, of the sign -1."""
    scopes = frozenset(scope(cell) for _, cell in asked if cell)
    wanted = frozenset().union(*scopes)
    names = [name for part in components(people, scopes) if wanted & set(part) for name in part]
    programme = build(people, names, scopes)
    variables, factors, constant = programme.row(asked)
    solvers = Solvers(programme, limit)
    found = ((sign * (end - constant), solvers.highs((variables, sign * factors)).bound) for sign, end in ends.items())
    return all(bound is not None and bound >= least for least, bound in found)


def _nearer(people: People, asked: Sum) -> Iterator[list[str]]:
    """List names of statements: of the attributes asked for, of those that these stand together with, and so on."""
    known, wider = frozenset(), frozenset().union(*(scope(cell) for _, cell in asked))
    before: list[str] = []
    while wider != known:
        known = wider
        names = list(dict.fromkeys(one.name for one in people.statements if one.attributes <= known))
        if names != before:
            yield names
        before = names
        wider = known.union(*(one.attributes for one in people.statements if one.attributes & known))


def needed(people: People, asked: Sum, end: int, lower: bool, limit: float = 10.0) -> list[str]:
    """Name statements that alone prove the lower, or the upper, end of a sum, so that none can be spared.

    Of the statements of a smaller circle around the question no more are looked at if they suffice. Empty if the end
    needs no statement.
    """

    def proves(names: list[str]) -> bool:
        return reaches(people.only(names), asked, {1 if lower else -1: end}, limit)

    if proves([]):
        return []
    found = next((names for names in _nearer(people, asked) if proves(names)), [])
    return without_needless(found, proves)
