"""What a cohort is leant to where the paper leaves it open: who the patients are, and what is preferred of each part.

Nothing here is a condition. What a typical cohort is leant to stands in `typical`, the extremes in `corners`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.random import Generator
from ortools.sat.python import cp_model

from analysis.schema import symptom_list
from compendium.reconstruction.statements import Statements

PREVALENCE = {
    "anaphylaxis": -0.8, "malaise": 0.0, "palpitations": 0.2, "pruritus": 1.2, "flush": 1.3, "urticaria": 0.0,
    "angioedema": -0.9, "sweating": -0.2, "abdominal_pain": 0.8, "diarrhoea": 0.7, "nausea": 0.1, "vomiting": -1.0,
    "epigastric_pain": 0.0, "bloating": 0.5, "food_intolerance": -0.5, "pollakiuria": -0.3, "urinary_urgency": -0.8,
    "bone_pain": 0.2, "joint_pain": 0.3, "muscle_pain": -0.1, "headache": 0.5, "fatigue": 1.6, "memory_loss": -0.2,
    "poor_concentration": 0.1, "depression": -0.4, "anxiety": -0.1, "irritability": -0.6, "insomnia": -0.1,
    "dizziness": -0.4, "loss_of_libido": -1.2,
}  # fmt: skip
"""How common each symptom is in a typical cohort, on the logit scale: plausible, and estimated from nothing."""

_POPULATIONS = {
    "all": ["ISM", "CM", "MMAS", "idiopathic_MCAS"], "primary": ["ISM", "CM", "MMAS"], "ism": ["ISM"], "cm": ["CM"],
    "mmas": ["MMAS"], "idiopathic": ["idiopathic_MCAS"], "mcas": ["MMAS", "idiopathic_MCAS"],
    "mastocytosis": ["ISM", "CM"],
}  # fmt: skip
"""The diagnoses of each population, as the claims name it."""


TIMES = ("diagnosis", "before", "on_therapy")  # of the blood tests

Grades = Callable[[list[str], str, int, int], tuple[list[int], int]]
"""Draws the grades of the named symptoms of a patient at best response, in quarters, by the class of the response, and
the sum that they are to have, between two numbers."""


class NoRoomError(ValueError):
    """What was settled first leaves no room for a later part."""


class Leaning(ABC):
    """What one cohort is leant to; of arrays one value per patient, who is a position."""

    strength: ClassVar[float]  # how much a preference counts in the courses, where all have small ones of their own
    effort: ClassVar[float]  # how long each part is leant, in the solver's deterministic seconds
    level: ClassVar[int]  # how many linear programs lead a search: 1 is sooner there, 2 comes to an end
    fewest: ClassVar[int]  # symptoms of a patient
    alike: ClassVar[float]  # how often all events are to happen to the same patients, as far as can be
    apart: ClassVar[float]  # how often the changes of tryptase are kept from significance before they are tested

    # Years of age at treatment, and months: since the diagnosis, on therapy, to first and to best response.
    age: np.ndarray
    delay: np.ndarray
    duration: np.ndarray
    first: np.ndarray
    best_month: np.ndarray

    def __init__(self, statements: Statements, generator: Generator) -> None:
        self.statements = statements
        self.generator = generator  # the source of all choices
        self.diagnosis, self.best = _cross_table(statements)
        self.names = symptom_list().index
        self.groups = symptom_list()["group"].astype(str)
        self.known: dict[str, np.ndarray] = {}  # what is settled of each patient so far, 0 or 1

    def members(self, population: str) -> list[int]:
        """List the positions of the patients of a population as the claims name it."""
        return np.flatnonzero(np.isin(self.diagnosis, _POPULATIONS[population])).tolist()

    def responders(self) -> list[int]:
        """List the positions of the patients who responded."""
        return np.flatnonzero(self.best != "NR").tolist()

    def note(self, found: dict[str, list[int]]) -> None:
        """Let later parts be leant by what was found, 0 or 1 of each patient."""
        self.known.update({name: np.array(values) for name, values in found.items() if 0 < sum(values) < len(values)})

    def solve(self, statements: Statements, longer: int = 1, level: int | None = None) -> cp_model.CpSolver:
        """Find what is preferred among all that statements allow, or raise a `NoRoomError`.

        One worker searches, for so long as the effort says, so that the same is found each time. A search that finds
        nothing is followed by others.
        """
        model, level = statements.minimise(), self.level if level is None else level
        for more, now in ((1, level), (1, level), (4, 0)):
            solver = cp_model.CpSolver()
            state = np.random.SeedSequence([int(self.generator.integers(2**31))]).generate_state(1)
            solver.parameters.random_seed = int(state[0] >> 1)
            solver.parameters.num_workers = 1
            # An interrupted search must not be taken for a finished one.
            solver.parameters.catch_sigint_signal = False
            solver.parameters.linearization_level = now
            solver.parameters.max_deterministic_time = more * longer * self.effort
            status = solver.solve(model)
            if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                return solver
            if status == cp_model.INFEASIBLE:
                break
        raise NoRoomError

    def pairs(self, names: list[str]) -> list[tuple[tuple[str, str], bool]]:
        """Draw pairs of findings that are to go together (true) or apart as far as can be."""
        return []

    @abstractmethod
    def preference(self, column: str) -> np.ndarray:
        """Draw how much each patient is preferred for something."""

    @abstractmethod
    def between(self, low: int, high: int) -> int:
        """Choose a whole number between two, inclusive."""

    @abstractmethod
    def presence(self) -> np.ndarray:
        """Draw a score of each symptom (column) in each patient (row): those with the highest are there."""

    @abstractmethod
    def grades(self) -> Grades:
        """Draw how the grades of this cohort go."""

    @abstractmethod
    def months(self, rows: pd.DataFrame) -> np.ndarray:
        """Draw the month in which each symptom first improves."""

    @abstractmethod
    def levels(self, criteria: list[int]) -> dict[tuple[str, str], np.ndarray]:
        """Draw tryptase and total IgE of the tested patients at each time, by their criteria of 20 ng/mL."""


def _cross_table(statements: Statements) -> tuple[np.ndarray, np.ndarray]:
    """Lay out diagnosis by best response as Table 2 prints it; patients of one cell are exchangeable."""
    rows = [
        (diagnosis, response)
        for diagnosis in _POPULATIONS["all"]
        for response, row in (("CR", "cr"), ("MR", "mr"), ("PR", "pr"), ("NR", "none"))
        for _ in range(statements.printed_count(f"table2.best.{row}.{diagnosis.split('_')[0].lower()}"))
    ]
    diagnosis, response = zip(*rows, strict=True)
    return np.array(diagnosis), np.array(response)
