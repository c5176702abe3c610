"""The corner of a cohort: what each part of a further cohort is leant to, and how a part is solved so leant."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.random import Generator
from ortools.sat.python import cp_model

from compendium.reconstruction.draws import Draw, cross_table
from compendium.reconstruction.model import has_cohort, search
from compendium.reconstruction.patients import Patients
from compendium.reconstruction.statements import Statements

EFFORT = 0.1  # how long each part is leant towards its corner, in the solver's deterministic seconds


@dataclass(frozen=True)
class Corner(Draw):
    """The corner of one cohort: what each part of it is leant to."""

    order: np.ndarray = field(default_factory=lambda: np.empty(0))  # of the patients, as a standard normal score
    known: dict[str, np.ndarray] = field(default_factory=dict)  # what is settled of each patient so far, 0 or 1

    def preference(self, column: str) -> np.ndarray:
        """Draw who is preferred for something: the first or last of an order, or who has or lacks another thing."""
        rng, n = self.generator, len(self.best)
        sign, kind = rng.choice([-1, 1]), rng.integers(4)
        score = rng.normal(0, 0.3, n)
        if kind in (0, 1):
            score = score + 2 * sign * self.order
        if kind in (1, 2):
            names = [name for name in self.known if name != column]
            score = score + 4 * rng.choice([-1, 1]) * self.known[names[rng.integers(len(names))]]
        return score

    def note(self, found: dict[str, list[int]]) -> None:
        """Let later parts be leant by what was found."""
        self.known.update({name: np.array(values) for name, values in found.items() if 0 < sum(values) < len(values)})


class NoRoomError(ValueError):
    """What was drawn first leaves no room for a later part."""


def drawn_corner(statements: Statements, rng: Generator) -> Corner:
    """Draw an order of the patients, and ages and times that more or less follow it."""
    diagnosis, best = cross_table(statements)
    n = len(best)
    known = {name: (diagnosis == name).astype(int) for name in np.unique(diagnosis)}
    known |= {name: (best == name).astype(int) for name in np.unique(best)}
    known |= {"responds": (best != "NR").astype(int), "mastocytosis": np.isin(diagnosis, ["ISM", "CM"]).astype(int)}
    order = rng.normal(size=n)
    if rng.random() < 0.5:  # an order by diagnosis and response
        order = order * 0.3 + sum(rng.normal() * values for values in known.values())
    order = (order - order.mean()) / order.std()

    def drawn(low: float, high: float, spread: float) -> np.ndarray:
        score = rng.choice([-1, 0, 1]) * order + rng.normal(0, rng.choice([0.2, 1.0]), n)
        return np.clip(np.exp(np.log((low * high) ** 0.5) + spread * score), low, high).round().astype(int)

    age = np.clip(48 + rng.uniform(8, 22) * (rng.choice([-1, 1]) * order + rng.normal(size=n)), 17, 93)
    responds = best != "NR"
    duration = np.where(responds, drawn(3, 36, rng.uniform(0.3, 1.2)), drawn(1, 6, rng.uniform(0.3, 1.2)))
    first, month = drawn(1, 6, rng.uniform(0.2, 1.0)), drawn(3, 12, rng.uniform(0.3, 1.2))
    times = (age.round().astype(int), drawn(4, 400, rng.uniform(0.5, 1.5)), duration, first, month)
    nobody = np.empty(0, dtype=int)
    nothing = pd.DataFrame()
    return Corner(diagnosis, best, *times, nobody, {}, nothing, nothing, rng, order, known)


def constants(statements: Statements, values: dict[str, list[int]]) -> Patients:
    """Make what is settled constants of the present model."""
    return {name: [statements.model.new_constant(value) for value in own] for name, own in values.items()}


def solved(statements: Statements, corner: Draw, effort: float = EFFORT, level: int = 1) -> cp_model.CpSolver:
    """Solve the model of a part as it is leant; a search that finds nothing is followed by others.

    Findings are found by linear programs (level 2), all else sooner with few of them.
    """
    statements.minimise()
    for longer, now in ((1, level), (1, level), (4, 0)):
        solver = search(statements.model, [int(corner.generator.integers(2**31))], longer * effort, now)
        if has_cohort(solver):
            return solver
        if solver.response_proto.status == cp_model.INFEASIBLE:
            break
    raise NoRoomError
