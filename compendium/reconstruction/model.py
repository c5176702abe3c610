"""Assemble the constraint model and solve it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from ortools.sat.python import cp_model

from compendium.reconstruction.courses import Courses, add_courses
from compendium.reconstruction.disease import Disease, add_disease
from compendium.reconstruction.doses import Doses, add_doses
from compendium.reconstruction.draws import Draw, draw_cohort
from compendium.reconstruction.events import Events, add_events
from compendium.reconstruction.laboratory import Laboratory, add_laboratory
from compendium.reconstruction.sizes import add_sizes
from compendium.reconstruction.statements import Statements
from compendium.reconstruction.symptoms import Symptoms, add_symptoms

ATTEMPTS = 60
"""How often to start looking for a first cohort: most searches find one at once or not at all."""

FIRST_EFFORT = 1.0
"""How long one such search may take, in the solver's deterministic seconds."""

EFFORT = 3.0
"""How long to look for each block's values closest to the draw, likewise."""


class NoCohortError(ValueError):
    """The statements that are to hold contradict one another, or the search was too short."""


@dataclass
class Model:
    """The assembled model.

    Attributes
    ----------
    statements : Statements
        The constraint model and the names of the claims it holds.
    draw : Draw
        The drawn cohort.
    disease, courses, doses, symptoms, events, laboratory
        The variables of each block.
    """

    statements: Statements
    draw: Draw
    disease: Disease
    courses: Courses
    doses: Doses
    symptoms: Symptoms
    events: Events
    laboratory: Laboratory


def build_model(claims: pd.DataFrame, seed: int) -> Model:
    """Draw a cohort and impose the statements of the paper on it.

    Parameters
    ----------
    claims : DataFrame
        What the paper prints, as `compendium.verification.published.read_claims` gives it.
    seed : int
        Seed of the draw.

    Returns
    -------
    Model
        The model, not yet solved.
    """
    statements = Statements(claims)
    draw = draw_cohort(statements, seed)
    add_sizes(statements, draw)
    disease = add_disease(statements, draw)
    with statements.block("courses and symptoms"):
        courses = add_courses(statements, draw, disease)
        doses = add_doses(statements, draw, courses)
        symptoms = add_symptoms(statements, draw, courses, doses)
    with statements.block("events"):
        events = add_events(statements, draw, courses, disease)
    with statements.block("laboratory"):
        laboratory = add_laboratory(statements, draw, disease)
    return Model(statements, draw, disease, courses, doses, symptoms, events, laboratory)


def solve(
    model: Model, seed: int, effort: float = EFFORT, report: Callable[[str], None] = lambda line: None
) -> cp_model.CpSolver:
    """Find a cohort near the draw that satisfies every statement.

    A first search finds any cohort that satisfies all statements jointly. Then one block after another is moved as
    close to the draw as the statements allow, the others staying as they are. Every search is limited by the solver's
    own count of its work, so that every machine finds the same cohort.

    Parameters
    ----------
    model : Model
        As `build_model` gives it.
    seed : int
        Seed of the search.
    effort : float
        Limit of the search in each block, in deterministic seconds.
    report : callable, optional
        Is told in a line what has been done so far.

    Returns
    -------
    CpSolver
        Holds the value of every variable.

    Raises
    ------
    NoCohortError
        If no cohort satisfies the statements, or none was found within the effort.
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
        solver = _search(nearer, [seed], effort)
        report(f"{name}: close to the draw")
    return solver


def _first(problem: cp_model.CpModel, seed: int) -> cp_model.CpSolver:
    """Find any cohort that satisfies all statements, by short searches of two kinds from ever new starts."""
    for attempt in range(ATTEMPTS):
        solver = _search(problem, [seed, attempt], FIRST_EFFORT, linearization_level=(0, 2)[attempt % 2])
        status = solver.response_proto.status
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return solver
        if status == cp_model.INFEASIBLE:
            raise NoCohortError("the statements that are to hold contradict one another")
    raise NoCohortError(f"no cohort found with seed {seed} in {ATTEMPTS} searches; try another seed")


def _search(
    problem: cp_model.CpModel, seed: list[int], effort: float, linearization_level: int = 1
) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = int(np.random.SeedSequence(seed).generate_state(1)[0] >> 1)
    solver.parameters.num_workers = 1
    # An interrupted search must not be taken for a finished one.
    solver.parameters.catch_sigint_signal = False
    solver.parameters.linearization_level = linearization_level
    solver.parameters.max_deterministic_time = effort
    solver.solve(problem)
    return solver
