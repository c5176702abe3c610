"""Which statements an end of an answer rests on: so few that without any one of them it would lie farther out."""

from collections.abc import Iterator

from compendium.bounds.contradictions import without_needless
from compendium.bounds.people import People, Sum, scope
from compendium.bounds.programme import build, components
from compendium.bounds.solvers import Solvers


def reaches(people: People, asked: Sum, sign: int, end: int, limit: float) -> bool:
    """Say whether people are proved to have no sum below an end, by the sign 1, or above it, by the sign -1."""
    scopes = frozenset(scope(cell) for _, cell in asked if cell)
    wanted = frozenset().union(*scopes)
    names = [name for part in components(people, scopes) if wanted & set(part) for name in part]
    programme = build(people, names, scopes)
    variables, factors, constant = programme.row(asked)
    found = Solvers(programme, limit).highs((variables, sign * factors))
    return found.bound is not None and found.bound + sign * constant >= sign * end


def _nearer(people: People, asked: Sum) -> Iterator[list[str]]:
    """List names of statements: of the attributes asked for, of those that these stand together with, and so on."""
    known = frozenset().union(*(scope(cell) for _, cell in asked))
    before: list[str] = []
    while True:
        names = list(dict.fromkeys(one.name for one in people.statements if one.attributes <= known))
        if names != before:
            yield names
        before = names
        wider = known.union(*(one.attributes for one in people.statements if one.attributes & known))
        if wider == known:
            return
        known = wider


def needed(people: People, asked: Sum, end: int, lower: bool, limit: float = 10.0) -> list[str]:
    """Name statements that alone prove the lower, or the upper, end of a sum, so that none can be spared.

    Of the statements of a smaller circle around the question no more are looked at if they suffice. Empty if the end
    needs no statement.
    """
    sign = 1 if lower else -1

    def proves(names: list[str]) -> bool:
        return reaches(people.only(names), asked, sign, end, limit)

    if proves([]):
        return []
    found = next((names for names in _nearer(people, asked) if proves(names)), [])
    return without_needless(found, proves)
