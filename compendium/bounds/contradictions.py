"""Which statements cannot hold together: as few as prove it."""

from collections.abc import Iterable

from compendium.bounds.people import People
from compendium.bounds.programme import build, components
from compendium.bounds.solvers import NOTHING, Solvers


class ContradictionError(ValueError):
    """Statements that cannot hold together; `names` are as few of them as dropping one at a time leaves."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"these statements cannot hold together, but could without any one: {', '.join(self.names)}")


def contradiction(people: People, limit: float = 10.0) -> list[str]:
    """Find statements that cannot hold together, so few that they could without any one of them; none if all can."""
    kept = list(dict.fromkeys(one.name for one in people.statements))
    if possible(people, limit):
        return []
    for name in list(kept):
        if not possible(people.only([one for one in kept if one != name]), limit):
            kept.remove(name)
    return kept


def possible(people: People, limit: float = 10.0) -> bool:
    """Say whether all statements can hold together; also where a limit was reached before it was proved."""
    for names in components(people):
        solvers = Solvers(build(people, names), limit)
        found = solvers.cp_sat(NOTHING).possible
        if (solvers.highs(NOTHING).possible if found is None else found) is False:
            return False
    return True
