"""What a cohort is leant to where the paper leaves it open: who the patients are, and what is preferred of each part.

Nothing here is a condition. A typical cohort is leant to what is clinically plausible, by distributions that are ours:
for adults with a mast cell disorder, estimated from nothing. Those of an ensemble are leant to extremes (`members`).
"""

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
from numpy.random import Generator
from ortools.sat.python import cp_model

from analysis.schema import symptom_list
from compendium.reconstruction.statements import Statements

PREVALENCE = {  # how common each symptom is typically, on the logit scale: plausible, and estimated from nothing
    "anaphylaxis": -0.8, "malaise": 0.0, "palpitations": 0.2, "pruritus": 1.2, "flush": 1.3, "urticaria": 0.0,
    "angioedema": -0.9, "sweating": -0.2, "abdominal_pain": 0.8, "diarrhoea": 0.7, "nausea": 0.1, "vomiting": -1.0,
    "epigastric_pain": 0.0, "bloating": 0.5, "food_intolerance": -0.5, "pollakiuria": -0.3, "urinary_urgency": -0.8,
    "bone_pain": 0.2, "joint_pain": 0.3, "muscle_pain": -0.1, "headache": 0.5, "fatigue": 1.6, "memory_loss": -0.2,
    "poor_concentration": 0.1, "depression": -0.4, "anxiety": -0.1, "irritability": -0.6, "insomnia": -0.1,
    "dizziness": -0.4, "loss_of_libido": -1.2,
}  # fmt: skip

_POPULATIONS = {  # the diagnoses of each population, as the claims name it
    "all": ["ISM", "CM", "MMAS", "idiopathic_MCAS"], "primary": ["ISM", "CM", "MMAS"], "ism": ["ISM"], "cm": ["CM"],
    "mmas": ["MMAS"], "idiopathic": ["idiopathic_MCAS"], "mcas": ["MMAS", "idiopathic_MCAS"],
    "mastocytosis": ["ISM", "CM"],
}  # fmt: skip

YOUNGEST = 15  # age in years below which systemic mastocytosis and activation syndromes are not diagnosed here

TIMES = ("diagnosis", "before", "on_therapy")  # of the blood tests

TESTS = {  # the claims that print mean and range of each analyte and time point (L307-L310, Table 1)
    ("tryptase", "diagnosis"): "table1.biology.tryptase", ("tryptase", "before"): "results.biology.tryptase.before",
    ("tryptase", "on_therapy"): "results.biology.tryptase.on", ("total_ige", "diagnosis"): "table1.biology.ige",
    ("total_ige", "before"): "results.biology.ige.before", ("total_ige", "on_therapy"): "results.biology.ige.on",
}  # fmt: skip

_IGE_RISES = 3  # how many patients' total IgE rises between diagnosis and therapy

_IMPROVES = {  # probability that a symptom of each group improves in a patient with a major response (L285-L288)
    "general_vasomotor": 0.97, "superficial_vasomotor": 0.93, "gastrointestinal": 0.85, "urinary": 0.90,
    "neuropsychiatric": 0.62, "pain": 0.52,
}  # fmt: skip

_DEPTH = {  # how far an improved symptom improves in a major response: gone, dramatically, substantially, slightly
    "general_vasomotor": (0.58, 0.32, 0.08, 0.02), "superficial_vasomotor": (0.50, 0.36, 0.11, 0.03),
    "gastrointestinal": (0.28, 0.40, 0.24, 0.08), "urinary": (0.42, 0.38, 0.15, 0.05),
    "neuropsychiatric": (0.10, 0.28, 0.40, 0.22), "pain": (0.08, 0.25, 0.40, 0.27),
}  # fmt: skip

_RESPONSE_FACTOR = {"CR": 1.0, "MR": 1.0, "PR": 0.65, "NR": 0.12}
_WORSENS = {"CR": 0.0, "MR": 0.01, "PR": 0.02, "NR": 0.06}

Grades = Callable[[list[str], str, int, int], tuple[list[int], int]]
"""Draws the grades of the named symptoms of a patient at best response, in quarters, by the class of the response, and
the sum that they are to have, between two numbers."""


class NoRoomError(ValueError):
    """What was settled first leaves no room for a later part."""


class Leaning:
    """What one cohort is leant to, a typical one unless it is overridden; of arrays one value per patient, a position.

    Preferred are plausible ages and times about the printed medians, and findings and events where they are likely.
    """

    strength = 0.0  # how much a preference counts in the courses, where all have small ones of their own
    effort = 3.0  # how long each part is leant, in the solver's deterministic seconds
    level = 2  # how many linear programs lead a search: 1 is sooner there, 2 comes to an end
    fewest = 4  # symptoms of a patient
    alike = 0.0  # how often all events are to happen to the same patients, as far as can be
    apart = 0.0  # how often the changes of tryptase are kept from significance before they are tested

    def __init__(self, statements: Statements, generator: Generator) -> None:
        self.statements = statements
        self.generator = generator  # the source of all choices
        # Diagnosis by best response, as Table 2 prints it; patients of one cell are exchangeable.
        cells = product(_POPULATIONS["all"], (("CR", "cr"), ("MR", "mr"), ("PR", "pr"), ("NR", "none")))
        counts = {
            (diagnosis, best): statements.printed_count(f"table2.best.{row}.{diagnosis.split('_')[0].lower()}")
            for diagnosis, (best, row) in cells
        }
        self.diagnosis, self.best = np.repeat(list(counts), list(counts.values()), axis=0).T
        self.names = symptom_list().index
        self.groups = symptom_list()["group"].astype(str)
        self.known: dict[str, np.ndarray] = {}  # what is settled of each patient so far, 0 or 1
        self.draw_times()

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
        """Draw pairs of findings that are to go together (true) or apart as far as can be: none."""
        return []

    def draw_times(self) -> None:
        """Draw the age at treatment in years, and the times of each patient in months.

        They are ``delay`` since the diagnosis, ``duration`` on therapy, and those to ``first`` and ``best_month``.
        """
        rng, best = self.generator, self.best
        n, responds = len(best), best != "NR"
        ends = [self._printed(f"table1.age_treatment.{end}") for end in ("minimum", "maximum")]
        age = np.clip(_centred(rng.normal(0, 15, n), self._printed("table1.age_treatment.median")), *ends)
        years = self._printed("table1.time_to_treatment.median")
        delay = np.exp(_centred(rng.normal(0, 1.2, n), np.log(12 * years)))
        adult = np.where(self.diagnosis == "CM", 2, YOUNGEST)
        delay = np.clip(delay, 2, np.minimum(12 * (age - adult), 400))
        # The longest delay is that of a patient diagnosed as a child, the greatest age that of one diagnosed last.
        child, oldest = rng.choice(self.members("cm")), np.argmax(age)
        delay[child] = 12 * self._printed("table1.time_to_treatment.maximum")
        age[child] = self._printed("table1.age_diagnosis.minimum") + delay[child] / 12
        age[np.argmin(age)], age[oldest] = ends
        delay[oldest] = 12 * (age[oldest] - self._printed("table1.age_diagnosis.maximum"))
        delay[np.argmin(delay)] = self._printed("table1.time_to_treatment.minimum")
        duration = np.zeros(n)
        for response, claim in (("CR", "cr"), ("MR", "mr"), ("PR", "pr"), ("NR", "non_responders")):
            own, spread = best == response, 0.6 if response == "NR" else 0.75
            median = self._printed(f"results.duration.{claim}.median")
            duration[own] = np.exp(_centred(rng.normal(0, spread, own.sum()), np.log(median)))
        for group, claim in ((responds, "results.duration.responders"), (~responds, "results.stops.non_responders")):
            own, low, high = np.flatnonzero(group), self._printed(f"{claim}.minimum"), self._printed(f"{claim}.maximum")
            duration[own] = np.clip(duration[own], low, high).round()
            duration[own[np.argmin(duration[own])]], duration[own[np.argmax(duration[own])]] = low, high
        first = np.minimum(rng.choice([1, 2, 3, 4, 6, 9], n, p=[0.3, 0.32, 0.2, 0.1, 0.06, 0.02]), duration)
        month = np.minimum(first + np.minimum(rng.gamma(1.6, 2.8, n).round(), 9), duration)
        times = (values.round().astype(int) for values in (age, delay, duration, first, month))
        self.age, self.delay, self.duration, self.first, self.best_month = times

    def _printed(self, claim: str) -> float:
        return float(self.statements.printed(claim))

    def preference(self, column: str) -> np.ndarray:
        """Draw how much each patient is preferred for something.

        Whose disease is clonal is for findings in the bone marrow, and the old for thin bones.
        """
        noise = self.generator.normal(size=len(self.best))
        if column == "decreased_bone_density":
            return noise + (self.age - 48) / 12
        clonal = np.isin(self.diagnosis, ["ISM", "MMAS"])
        return noise + clonal if column.startswith(("who_", "bone_marrow_", "kit_")) else noise

    def between(self, low: int, high: int) -> int:
        """Choose a whole number between two, inclusive: the middle."""
        return (low + high) // 2

    def presence(self) -> np.ndarray:
        """Draw a score of each symptom (column) in each patient (row) by how common it is: the highest are there."""
        rng, n = self.generator, len(self.best)
        common = np.array([PREVALENCE[name] for name in self.names])
        score = common + rng.normal(0, 0.7, (n, 1)) + rng.logistic(size=(n, len(common)))
        # What became of anaphylaxis is left open to others: the patient who lost every symptom had none.
        score[self.best == "CR", self.names.get_loc("anaphylaxis")] -= 9
        return score

    def grades(self) -> Grades:
        """Draw how grades go, by group: vasomotor symptoms improve most, pain and neuropsychiatric symptoms least."""
        rng = self.generator

        def of_patient(names: list[str], response: str, low: int, high: int) -> tuple[list[int], int]:
            values = []
            for name in names:
                group, chance, deep = self.groups[name], rng.random(), rng.random()
                improves = _IMPROVES[group] * _RESPONSE_FACTOR[response]
                if response == "CR":
                    improves = 1.0
                elif response == "PR" and group.endswith("vasomotor"):
                    improves = 0.88  # a partial response is one of the vasomotor symptoms most of all
                grade = int(np.searchsorted(np.cumsum(_DEPTH[group])[:3], deep, side="right"))
                if response == "PR":
                    grade = min(grade + int(rng.integers(0, 3)), 3)
                if response == "NR":
                    grade = 3
                if name == "anaphylaxis":
                    values.append(6 if response == "NR" else min(grade, 1))
                else:
                    values.append(grade if chance < improves else 6 if chance > 1 - _WORSENS[response] else 4)
            return values, min(max(sum(values), low), high)

        return of_patient

    def months(self, rows: pd.DataFrame) -> np.ndarray:
        """Draw the month in which each symptom first improves: general vasomotor symptoms do first."""
        rng, n = self.generator, len(rows)
        general = rng.choice([1, 2, 3], n, p=[0.65, 0.25, 0.10])
        others = rng.choice([1, 2, 3, 4, 6, 9], n, p=[0.18, 0.32, 0.25, 0.13, 0.09, 0.03])
        return np.where(rows["group"] == "general_vasomotor", general, others)

    def levels(self, criteria: list[int]) -> dict[tuple[str, str], np.ndarray]:
        """Draw tryptase and total IgE of the tested patients at each time, by their criteria of 20 ng/mL.

        Levels are skewed, follow each patient over time, and are close to the printed means.
        """
        drawn = {"tryptase": self._tryptase(np.array(criteria, dtype=bool)), "total_ige": self._ige(len(criteria))}
        return {(analyte, time): values[time] for analyte, values in drawn.items() for time in TIMES}

    def _tryptase(self, above: np.ndarray) -> dict[str, np.ndarray]:
        rng, n = self.generator, len(above)
        claim = TESTS["tryptase", "diagnosis"]
        mean, least, greatest = (self._printed(f"{claim}.{what}") for what in ("mean", "minimum", "maximum"))
        values = np.where(above, 21 + rng.lognormal(1.5, 0.9, n), rng.uniform(4, 17, n))
        values[np.flatnonzero(~above)[:1]], highest = least, np.flatnonzero(above)[0]
        values[highest] = greatest
        others = above & (np.arange(n) != highest)
        values[others] = _with_mean(values[others], (mean * n - values[~others].sum()) / others.sum(), least=21)
        found = {"diagnosis": values}
        for then, now, spread in (("diagnosis", "before", 0.08), ("before", "on_therapy", 0.2)):
            found[now] = found[then] * rng.lognormal(0, spread, n)
            found[now] *= self._printed(f"{TESTS['tryptase', now]}.mean") / found[now].mean()
        return found

    def _ige(self, n: int) -> pd.DataFrame:
        """Draw one patient with the least values, one with the greatest, and skewed values between them."""
        rng, claims = self.generator, {time: TESTS["total_ige", time] for time in TIMES}
        ends = ("minimum", "maximum", "mean")
        printed = {time: [self._printed(f"{claim}.{what}") for what in ends] for time, claim in claims.items()}
        middle = {time: mean * n - (least + greatest) for time, (least, greatest, mean) in printed.items()}
        first = np.sort(_with_mean(rng.lognormal(0, 0.8, n - 2), middle["diagnosis"] / (n - 2)))[::-1]
        # What the mean rises by before therapy is the rise of a few patients, whose levels were high.
        before = first * rng.lognormal(0, 0.15, n - 2)
        before[:_IGE_RISES] += (middle["before"] - before.sum()) * rng.dirichlet(np.full(_IGE_RISES, 5))
        stable = rng.permutation(np.repeat([True, False], [(n - 2) // 3, n - 2 - (n - 2) // 3]))
        on = before * np.where(stable, rng.lognormal(0, 0.06, n - 2), rng.lognormal(0.6, 0.3, n - 2))
        on[~stable] = _with_mean(on[~stable], (middle["on_therapy"] - on[stable].sum()) / (~stable).sum())
        values = zip(TIMES, (first, before, on), strict=True)
        frame = pd.DataFrame({time: np.append(drawn, printed[time][:2]) for time, drawn in values})
        return frame.iloc[rng.permutation(n)].reset_index(drop=True)


def _centred(values: np.ndarray, median: float) -> np.ndarray:
    return values - np.median(values) + median


def _with_mean(values: np.ndarray, mean: float, least: float = 0.0) -> np.ndarray:
    """Stretch values above a bound so that their mean is the wanted one."""
    above = values - least
    return least + above * (mean - least) / above.mean()
