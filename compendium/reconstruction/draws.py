"""Draw a clinically plausible cohort by a seed, before the statements of the paper are imposed on it.

Only what the paper does not fix is drawn freely. The distributions are ours: plausible for adults with a mast cell
disorder, estimated from nothing.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from compendium.reconstruction.laboratory_draws import draw_laboratory
from compendium.reconstruction.statements import Statements
from compendium.reconstruction.symptom_draws import draw_symptoms
from compendium.verification.audit.rounding import printed_number


@dataclass(frozen=True)
class Draw:
    """A drawn cohort.

    Attributes
    ----------
    diagnosis, best : ndarray of str, shape (patients,)
        Diagnosis and best response of each patient, in the numbers that Table 2 prints.
    age_at_treatment, delay, duration, first, best_month : ndarray of int, shape (patients,)
        Years, and months; the last two of responders only.
    symptoms : DataFrame
        One row per symptom, as `draw_symptoms` gives them.
    tested : ndarray of int
        The patients whose blood was tested on therapy.
    tryptase : dict of bool to DataFrame
        Drawn values of the tested patients should they fulfil the tryptase criterion or not, one column per time point.
    total_ige : DataFrame
        Drawn values of the tested patients, one column per time point.
    generator : Generator
        The source of all further random choices.
    """

    diagnosis: np.ndarray
    best: np.ndarray
    age_at_treatment: np.ndarray
    delay: np.ndarray
    duration: np.ndarray
    first: np.ndarray
    best_month: np.ndarray
    symptoms: pd.DataFrame
    tested: np.ndarray
    tryptase: dict[bool, pd.DataFrame]
    total_ige: pd.DataFrame
    generator: np.random.Generator

    def members(self, population: str) -> list[int]:
        """List the positions of the patients of a population as the claims name it."""
        groups = {
            "all": ["ISM", "CM", "MMAS", "idiopathic_MCAS"],
            "primary": ["ISM", "CM", "MMAS"],
            "ism": ["ISM"],
            "cm": ["CM"],
            "mmas": ["MMAS"],
            "idiopathic": ["idiopathic_MCAS"],
            "mcas": ["MMAS", "idiopathic_MCAS"],
            "mastocytosis": ["ISM", "CM"],
        }
        return np.flatnonzero(np.isin(self.diagnosis, groups[population])).tolist()

    def responders(self) -> list[int]:
        """List the positions of the patients who responded."""
        return np.flatnonzero(self.best != "NR").tolist()

    def preference(self, column: str) -> np.ndarray:
        """Draw how much each patient is preferred to be positive for a finding or therapy."""
        noise = self.generator.normal(size=len(self.diagnosis))
        clonal = np.isin(self.diagnosis, ["ISM", "MMAS"])
        if column == "decreased_bone_density":
            return noise + (self.age_at_treatment - 48) / 12
        return noise + clonal if column.startswith(("who_", "bone_marrow_", "kit_")) else noise


def draw_cohort(statements: Statements, seed: int) -> Draw:
    """Draw a cohort.

    Parameters
    ----------
    statements : Statements
        What the paper prints: sizes of diagnoses and response classes, and the medians that the draws are centred on.
    seed : int
        Any whole number from 0; the same number draws the same cohort.

    Returns
    -------
    Draw
        The drawn cohort.
    """
    generator = np.random.default_rng(seed)
    printed = {
        name: float(printed_number(statements.claims.loc[claim, "value"])[0]) for name, claim in _MEDIANS.items()
    }
    diagnosis, best = _cross_table(statements)
    n, responds = len(diagnosis), best != "NR"
    age = np.clip(_centred(generator.normal(0, 15, n), printed["age"]), 17, 93)
    delay = np.clip(np.exp(_centred(generator.normal(0, 1.2, n), np.log(12 * printed["delay"]))), 2, 444)
    delay = np.minimum(delay, 12 * (age - 2))
    duration = np.zeros(n)
    for response in ("CR", "MR", "PR", "NR"):
        own, spread = best == response, 0.6 if response == "NR" else 0.75
        duration[own] = np.exp(_centred(generator.normal(0, spread, own.sum()), np.log(printed[response])))
    duration = np.clip(duration, np.where(responds, 2, 1), np.where(responds, 36, 6)).round()
    first = np.minimum(generator.choice([1, 2, 3, 4, 6, 9], n, p=[0.3, 0.32, 0.2, 0.1, 0.06, 0.02]), duration)
    month = np.minimum(first + generator.gamma(1.6, 2.8, n).round(), duration)
    size = statements.printed_count("table1.biology.n")
    chosen = [generator.choice(np.flatnonzero(group), part, replace=False) for group, part in _testing(responds, size)]
    tested = np.sort(np.concatenate(chosen))
    tryptase, total_ige = draw_laboratory(statements, diagnosis[tested], generator)
    symptoms = draw_symptoms(statements, best, generator)
    whole = [values.round().astype(int) for values in (age, delay, duration, first, month)]
    return Draw(diagnosis, best, *whole, symptoms, tested, tryptase, total_ige, generator)


_MEDIANS = {
    "age": "table1.age_treatment.median",
    "delay": "table1.time_to_treatment.median",
    "CR": "results.duration.cr.median",
    "MR": "results.duration.mr.median",
    "PR": "results.duration.pr.median",
    "NR": "results.duration.non_responders.median",
}


def _testing(responds: np.ndarray, size: int) -> list[tuple[np.ndarray, int]]:
    """Test mostly patients who responded, since they stayed on therapy, and some who did not."""
    others = size // 5
    return [(responds, size - others), (~responds, others)]


def _centred(values: np.ndarray, median: float) -> np.ndarray:
    """Shift values to a median."""
    return values - np.median(values) + median


def _cross_table(statements: Statements) -> tuple[np.ndarray, np.ndarray]:
    """Lay out diagnosis by best response as Table 2 prints it; patients of one cell are exchangeable."""
    rows = [
        (diagnosis, response)
        for diagnosis in ("ISM", "CM", "MMAS", "idiopathic_MCAS")
        for response, row in (("CR", "cr"), ("MR", "mr"), ("PR", "pr"), ("NR", "none"))
        for _ in range(statements.printed_count(f"table2.best.{row}.{diagnosis.split('_')[0].lower()}"))
    ]
    diagnosis, response = zip(*rows, strict=True)
    return np.array(diagnosis), np.array(response)
