"""A typical cohort: clinically plausible in all that the paper leaves open.

The distributions are ours: plausible for adults with a mast cell disorder, estimated from nothing.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator

from compendium.reconstruction.leaning import PREVALENCE, TIMES, Grades, Leaning
from compendium.reconstruction.observations import TESTS
from compendium.reconstruction.patients import YOUNGEST
from compendium.reconstruction.statements import Statements

_IGE_RISES = 3  # how many patients' total IgE rises between diagnosis and therapy

_IMPROVES = {
    "general_vasomotor": 0.97, "superficial_vasomotor": 0.93, "gastrointestinal": 0.85, "urinary": 0.90,
    "neuropsychiatric": 0.62, "pain": 0.52,
}  # fmt: skip
"""Probability that a symptom of each group improves in a patient with a major response (L285-L288)."""

_DEPTH = {
    "general_vasomotor": (0.58, 0.32, 0.08, 0.02), "superficial_vasomotor": (0.50, 0.36, 0.11, 0.03),
    "gastrointestinal": (0.28, 0.40, 0.24, 0.08), "urinary": (0.42, 0.38, 0.15, 0.05),
    "neuropsychiatric": (0.10, 0.28, 0.40, 0.22), "pain": (0.08, 0.25, 0.40, 0.27),
}  # fmt: skip
"""How far an improved symptom improves in a major response: gone, dramatically, substantially, slightly."""

_RESPONSE_FACTOR = {"CR": 1.0, "MR": 1.0, "PR": 0.65, "NR": 0.12}
_WORSENS = {"CR": 0.0, "MR": 0.01, "PR": 0.02, "NR": 0.06}


class Typical(Leaning):
    """One plausible cohort: ages and times about the printed medians, findings and events where they are likely."""

    strength = 0.0
    effort = 3.0
    level = 2
    fewest = 4
    alike = 0.0
    apart = 0.0

    def __init__(self, statements: Statements, generator: Generator) -> None:
        super().__init__(statements, generator)
        rng, best = generator, self.best
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
        """Draw who is preferred: of findings in the bone marrow whose disease is clonal, of thin bones the old."""
        noise = self.generator.normal(size=len(self.best))
        if column == "decreased_bone_density":
            return noise + (self.age - 48) / 12
        clonal = np.isin(self.diagnosis, ["ISM", "MMAS"])
        return noise + clonal if column.startswith(("who_", "bone_marrow_", "kit_")) else noise

    def between(self, low: int, high: int) -> int:
        """Choose the middle."""
        return (low + high) // 2

    def presence(self) -> np.ndarray:
        """Draw scores by how common the symptoms are."""
        rng, n = self.generator, len(self.best)
        common = np.array([PREVALENCE[name] for name in self.names])
        score = common + rng.normal(0, 0.7, (n, 1)) + rng.logistic(size=(n, len(common)))
        # What became of anaphylaxis is left open to others: the patient who lost every symptom had none.
        score[self.best == "CR", self.names.get_loc("anaphylaxis")] -= 9
        return score

    def grades(self) -> Grades:
        """Draw grades by group: vasomotor symptoms improve most, pain and neuropsychiatric symptoms least."""
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
        """Draw months: general vasomotor symptoms improve first."""
        rng, n = self.generator, len(rows)
        general = rng.choice([1, 2, 3], n, p=[0.65, 0.25, 0.10])
        others = rng.choice([1, 2, 3, 4, 6, 9], n, p=[0.18, 0.32, 0.25, 0.13, 0.09, 0.03])
        return np.where(rows["group"] == "general_vasomotor", general, others)

    def levels(self, criteria: list[int]) -> dict[tuple[str, str], np.ndarray]:
        """Draw skewed levels that follow each patient over time, close to the printed means."""
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
