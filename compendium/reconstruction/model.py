"""Assemble the constraint model and solve it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from ortools.sat.python import cp_model

from compendium.reconstruction.courses import Courses, Variables, add_courses
from compendium.reconstruction.draws import Draw, draw_cohort
from compendium.reconstruction.observations import Laboratory, add_events, add_laboratory
from compendium.reconstruction.patients import Patients, add_patients, add_sizes
from compendium.reconstruction.statements import Statements
from compendium.reconstruction.symptoms import Symptoms, add_symptoms

ATTEMPTS = 60  # how often to start looking for a first cohort: most searches find one at once or not at all
FIRST_EFFORT = 1.0  # how long one such search may take, in the solver's deterministic seconds
EFFORT = 3.0  # how long to look for each block's values closest to the draw, likewise


class NoCohortError(ValueError):
    """The statements that are to hold contradict one another, or the search was too short."""


@dataclass
class Model:
    """The constraint model with the names of the claims it holds, the drawn cohort, and the variables of each block."""

    statements: Statements
    draw: Draw
    patients: Patients
    courses: Courses
    symptoms: Symptoms
    events: dict[str, Variables]
    laboratory: Laboratory


def build_model(claims: pd.DataFrame, seed: int) -> Model:
    """Draw a cohort by a seed and impose the statements of the paper on it.

    The claims are as `compendium.verification.published.read_claims` gives them.
    """
    statements = Statements(claims)
    draw = draw_cohort(statements, seed)
    add_sizes(statements, draw)
    patients = add_patients(statements, draw)
    with statements.block("courses and symptoms"):
        courses = add_courses(statements, draw, patients)
        symptoms = add_symptoms(statements, draw, courses)
    with statements.block("events"):
        events = add_events(statements, draw, courses, patients)
    with statements.block("laboratory"):
        laboratory = add_laboratory(statements, draw, patients)
    return Model(statements, draw, patients, courses, symptoms, events, laboratory)


def solve(
    model: Model, seed: int, effort: float = EFFORT, report: Callable[[str], None] = lambda line: None
) -> cp_model.CpSolver:
    """Find a cohort near the draw that satisfies every statement; the solver holds the value of every variable.

    A first search finds any cohort; then one block after another is moved as close to the draw as the statements
    allow, the others staying as they are, and `report` is told so in a line. Every search is limited by the solver's
    own count of its work (the effort, in deterministic seconds a block), so that every x86-64 machine finds the same
    cohort (elsewhere the linear programs of the solver may lead its search another way).
    """
    problem = model.statements.model
    solver = _first(problem, seed)
    report(f"a cohort that satisfies {len(set(model.statements.held))} statements")
    for name, (own, costs) in model.statements.blocks.items():
        nearer = problem.clone()
        nearer.clear_hints()
        for index in range(len(problem.proto.variables)):
            variable = nearer.get_int_var_from_proto_index(index)
            if index in own:
                nearer.add_hint(variable, solver.value(variable))
            else:
                nearer.add(variable == solver.value(variable))
        nearer.minimize(sum(costs))
        found = search(nearer, [seed], effort)
        solver = found if has_cohort(found) else solver
        report(f"{name}: close to the draw")
    return solver


def _first(problem: cp_model.CpModel, seed: int) -> cp_model.CpSolver:
    """Find any cohort that satisfies all statements, by short searches of two kinds from ever new starts."""
    for attempt in range(ATTEMPTS):
        solver = search(problem, [seed, attempt], FIRST_EFFORT, linearization_level=(0, 2)[attempt % 2])
        if has_cohort(solver):
            return solver
        if solver.response_proto.status == cp_model.INFEASIBLE:
            raise NoCohortError("the statements that are to hold contradict one another")
    raise NoCohortError(f"no cohort found with seed {seed} in {ATTEMPTS} searches; try another seed")


def has_cohort(solver: cp_model.CpSolver) -> bool:
    """Tell whether a search found values that satisfy all that was asked."""
    return solver.response_proto.status in (cp_model.OPTIMAL, cp_model.FEASIBLE)


def search(
    problem: cp_model.CpModel, seed: list[int], effort: float, linearization_level: int = 1
) -> cp_model.CpSolver:
    """Search with one worker for so long as the effort says, in the solver's deterministic seconds."""
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = int(np.random.SeedSequence(seed).generate_state(1)[0] >> 1)
    solver.parameters.num_workers = 1
    # An interrupted search must not be taken for a finished one.
    solver.parameters.catch_sigint_signal = False
    solver.parameters.linearization_level = linearization_level
    solver.parameters.max_deterministic_time = effort
    solver.solve(problem)
    return solver
