"""Draw a clinically plausible cohort by a seed, before the statements of the paper are imposed on it.

Only what the paper does not fix is drawn freely. The distributions are ours: plausible for adults with a mast cell
disorder, estimated from nothing. Which symptoms each patient has is drawn here for good; how they go, and all times and
values, are only what the model then stays close to.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from analysis.schema import symptom_list
from compendium.reconstruction.statements import Statements

_MEDIANS = {
    "age": "table1.age_treatment.median", "delay": "table1.time_to_treatment.median",
    "CR": "results.duration.cr.median", "MR": "results.duration.mr.median", "PR": "results.duration.pr.median",
    "NR": "results.duration.non_responders.median",
}  # fmt: skip

TESTS = {
    ("tryptase", "diagnosis"): "table1.biology.tryptase", ("tryptase", "before"): "results.biology.tryptase.before",
    ("tryptase", "on_therapy"): "results.biology.tryptase.on", ("total_ige", "diagnosis"): "table1.biology.ige",
    ("total_ige", "before"): "results.biology.ige.before", ("total_ige", "on_therapy"): "results.biology.ige.on",
}  # fmt: skip
"""The claims that print mean and range of each analyte and time point (L307-L310, Table 1)."""

_IGE_RISES = 3  # how many patients' total IgE rises between diagnosis and therapy

PREVALENCE = {
    "anaphylaxis": -0.8, "malaise": 0.0, "palpitations": 0.2, "pruritus": 1.2, "flush": 1.3, "urticaria": 0.0,
    "angioedema": -0.9, "sweating": -0.2, "abdominal_pain": 0.8, "diarrhoea": 0.7, "nausea": 0.1, "vomiting": -1.0,
    "epigastric_pain": 0.0, "bloating": 0.5, "food_intolerance": -0.5, "pollakiuria": -0.3, "urinary_urgency": -0.8,
    "bone_pain": 0.2, "joint_pain": 0.3, "muscle_pain": -0.1, "headache": 0.5, "fatigue": 1.6, "memory_loss": -0.2,
    "poor_concentration": 0.1, "depression": -0.4, "anxiety": -0.1, "irritability": -0.6, "insomnia": -0.1,
    "dizziness": -0.4, "loss_of_libido": -1.2,
}  # fmt: skip
"""How common each symptom is drawn to be, on the logit scale."""

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

_POPULATIONS = {
    "all": ["ISM", "CM", "MMAS", "idiopathic_MCAS"], "primary": ["ISM", "CM", "MMAS"], "ism": ["ISM"], "cm": ["CM"],
    "mmas": ["MMAS"], "idiopathic": ["idiopathic_MCAS"], "mcas": ["MMAS", "idiopathic_MCAS"],
    "mastocytosis": ["ISM", "CM"],
}  # fmt: skip
"""The diagnoses of each population, as the claims name it."""


@dataclass(frozen=True)
class Draw:
    """A drawn cohort."""

    diagnosis: np.ndarray  # of each patient, as the best response in the numbers that Table 2 prints
    best: np.ndarray
    age_at_treatment: np.ndarray  # in years
    delay: np.ndarray  # in months, as what follows; the last two are of responders only
    duration: np.ndarray
    first: np.ndarray
    best_month: np.ndarray
    tested: np.ndarray  # the positions of the patients whose blood was tested on therapy
    # Values of the tested patients, one column per time point: of tryptase should they fulfil its criterion or not.
    tryptase: dict[bool, pd.DataFrame]
    total_ige: pd.DataFrame  # rises on therapy in most
    # One row per symptom present at baseline: ``patient`` (position), ``symptom``, ``group``, ``change`` (improved,
    # unchanged or worse), ``quarters`` (drawn grade), ``slip`` (drawn loss until last follow-up, in quarters),
    # ``relapse`` (grade after loss of response, in quarters) and ``month`` (drawn first improvement).
    symptoms: pd.DataFrame
    generator: Generator  # the source of all further random choices

    def members(self, population: str) -> list[int]:
        """List the positions of the patients of a population as the claims name it."""
        return np.flatnonzero(np.isin(self.diagnosis, _POPULATIONS[population])).tolist()

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
    """Draw a cohort of the printed sizes, centred on the printed medians; the same seed draws the same cohort."""
    generator = np.random.default_rng(seed)
    printed = {name: float(statements.printed(claim)) for name, claim in _MEDIANS.items()}
    diagnosis, best = cross_table(statements)
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
    whole = [values.round().astype(int) for values in (age, delay, duration, first, month)]
    # Tested were mostly patients who responded, since they stayed on therapy, and some who did not.
    size = statements.printed_count("table1.biology.n")
    groups = ((responds, size - size // 5), (~responds, size // 5))
    chosen = [generator.choice(np.flatnonzero(group), part, replace=False) for group, part in groups]
    tested = np.sort(np.concatenate(chosen))
    tryptase = _draw_tryptase(statements, diagnosis[tested], generator)
    order = generator.permutation(size)
    total_ige = _draw_ige(statements, size, generator).iloc[order].reset_index(drop=True)
    symptoms = _draw_symptoms(statements, best, generator)
    return Draw(diagnosis, best, *whole, tested, tryptase, total_ige, symptoms, generator)


def _centred(values: np.ndarray, median: float) -> np.ndarray:
    return values - np.median(values) + median


def cross_table(statements: Statements) -> tuple[np.ndarray, np.ndarray]:
    """Lay out diagnosis by best response as Table 2 prints it; patients of one cell are exchangeable."""
    rows = [
        (diagnosis, response)
        for diagnosis in _POPULATIONS["all"]
        for response, row in (("CR", "cr"), ("MR", "mr"), ("PR", "pr"), ("NR", "none"))
        for _ in range(statements.printed_count(f"table2.best.{row}.{diagnosis.split('_')[0].lower()}"))
    ]
    diagnosis, response = zip(*rows, strict=True)
    return np.array(diagnosis), np.array(response)


def _draw_tryptase(statements: Statements, diagnosis: np.ndarray, generator: Generator) -> dict[bool, pd.DataFrame]:
    """Draw skewed values that follow each patient over time, close to the printed means."""
    n = len(diagnosis)
    drift = pd.DataFrame({"diagnosis": np.ones(n), "before": generator.lognormal(0, 0.08, n)})
    drift["on_therapy"] = drift["before"] * generator.lognormal(0, 0.2, n)
    claims = [f"{TESTS['tryptase', 'diagnosis']}.{what}" for what in ("mean", "minimum", "maximum")]
    mean, least, greatest = (float(statements.printed(claim)) for claim in claims)
    low, high = generator.uniform(4, 17, n), 21 + generator.lognormal(1.5, 0.9, n)
    low[generator.permutation(np.flatnonzero(diagnosis != "ISM"))[:1]] = least
    # About half of the tested patients fulfil the criterion; their values make up what the mean leaves.
    above = (n + 1) // 2
    left = mean * n - low.mean() * (n - above) - greatest
    high = _with_mean(high, left / (above - 1), least=21)
    high[generator.permutation(np.flatnonzero(diagnosis == "ISM"))[:1]] = greatest
    return {False: drift.mul(low, axis=0), True: drift.mul(high, axis=0)}


def _draw_ige(statements: Statements, n: int, generator: Generator) -> pd.DataFrame:
    """Draw one patient with the least values, one with the greatest, and skewed values between them."""
    claims = {time: claim for (analyte, time), claim in TESTS.items() if analyte == "total_ige"}
    ends = ("minimum", "maximum", "mean")
    printed = {time: [float(statements.printed(f"{claim}.{what}")) for what in ends] for time, claim in claims.items()}
    middle = {time: mean * n - (least + greatest) for time, (least, greatest, mean) in printed.items()}
    first = _with_mean(generator.lognormal(0, 0.8, n - 2), middle["diagnosis"] / (n - 2))
    # What the mean rises by before therapy is the rise of a few patients.
    before = first * generator.lognormal(0, 0.15, n - 2)
    before[:_IGE_RISES] += (middle["before"] - before.sum()) * generator.dirichlet(np.full(_IGE_RISES, 5))
    stable = generator.permutation(np.repeat([True, False], [(n - 2) // 3, n - 2 - (n - 2) // 3]))
    on = before * np.where(stable, generator.lognormal(0, 0.06, n - 2), generator.lognormal(0.6, 0.3, n - 2))
    on[~stable] = _with_mean(on[~stable], (middle["on_therapy"] - on[stable].sum()) / (~stable).sum())
    values = {"diagnosis": first, "before": before, "on_therapy": on}
    return pd.DataFrame({time: np.append(drawn, printed[time][:2]) for time, drawn in values.items()})


def _with_mean(values: np.ndarray, mean: float, least: float = 0.0) -> np.ndarray:
    """Stretch values above a bound so that their mean is the wanted one."""
    above = values - least
    return least + above * (mean - least) / above.mean()


def _draw_symptoms(statements: Statements, best: np.ndarray, generator: Generator) -> pd.DataFrame:
    frame = _present(statements, best, generator)
    response = best[frame["patient"]]
    improves = frame["group"].map(_IMPROVES).to_numpy() * pd.Series(response).map(_RESPONSE_FACTOR).to_numpy()
    # A partial response is one of the vasomotor symptoms most of all (L285-L288).
    vasomotor = frame["group"].str.endswith("vasomotor").to_numpy() & (response == "PR")
    improves = np.select([response == "CR", vasomotor], [1.0, 0.88], improves)
    chance = generator.random(len(frame))
    worsens = pd.Series(response).map(_WORSENS).to_numpy()
    change = np.where(chance < improves, "improved", np.where(chance > 1 - worsens, "worse", "unchanged"))
    anaphylaxis = (frame["symptom"] == "anaphylaxis").to_numpy()
    change = np.where(anaphylaxis, np.where(response == "NR", "worse", "improved"), change)
    frame["change"] = _with_enough_improved(change, response, frame["patient"].to_numpy(), anaphylaxis, generator)
    frame["quarters"] = _draw_grades(frame, response, generator)
    frame["slip"] = generator.choice([0, 1, 2], len(frame), p=[0.86, 0.11, 0.03])
    frame["relapse"] = generator.choice([3, 4], len(frame), p=[0.1, 0.9])
    general = generator.choice([1, 2, 3], len(frame), p=[0.65, 0.25, 0.10])
    others = generator.choice([1, 2, 3, 4, 6, 9], len(frame), p=[0.18, 0.32, 0.25, 0.13, 0.09, 0.03])
    frame["month"] = np.where(frame["group"] == "general_vasomotor", general, others)
    return frame


def _present(statements: Statements, best: np.ndarray, generator: Generator) -> pd.DataFrame:
    """Draw which symptoms each patient has: the printed mean number, anaphylaxis in as many patients as printed."""
    symptoms = symptom_list()
    n, kinds = len(best), len(symptoms)
    propensity = generator.normal(0, 0.7, (n, 1)) + np.array([PREVALENCE[name] for name in symptoms.index])
    score = propensity + generator.logistic(size=(n, kinds))
    others = score.copy()
    others[:, 0] = -np.inf
    present = np.zeros((n, kinds), dtype=bool)
    np.put_along_axis(present, np.argsort(-others, axis=1)[:, :4], True, axis=1)
    improved, worse = (statements.printed_count(f"discussion.anaphylaxis.{change}") for change in ("improved", "worse"))
    for members, size in ((best == "NR", worse), (best != "NR", improved)):
        ranked = np.argsort(np.where(members, -score[:, 0], np.inf))
        present[ranked[:size], 0] = True
    left = int(statements.printed("results.symptoms.mean") * n) - int(present.sum())
    free = np.where(present, -np.inf, others).ravel()
    present.ravel()[np.argsort(-free)[:left]] = True
    patient, kind = np.nonzero(present)
    group = symptoms["group"].astype(str).to_numpy()[kind]
    return pd.DataFrame({"patient": patient, "symptom": symptoms.index[kind], "group": group})


def _with_enough_improved(
    change: np.ndarray, response: np.ndarray, patient: np.ndarray, fixed: np.ndarray, generator: Generator
) -> np.ndarray:
    """Let enough symptoms improve, and few enough, for each patient's response class to be within reach."""
    change = change.copy()
    least = {"CR": 1.0, "MR": 0.7, "PR": 0.35, "NR": 0.0}
    most = {"CR": 1.0, "MR": 1.0, "PR": 0.9, "NR": 0.2}
    for one in np.unique(patient):
        own = np.flatnonzero(patient == one)
        share = (change[own] == "improved").sum() / len(own)
        kind = response[own[0]]
        for cell in generator.permutation(own[~fixed[own]]):
            if share < least[kind] and change[cell] != "improved":
                change[cell], share = "improved", share + 1 / len(own)
            elif share > most[kind] and change[cell] == "improved":
                change[cell], share = "unchanged", share - 1 / len(own)
    return change


def _draw_grades(frame: pd.DataFrame, response: np.ndarray, generator: Generator) -> np.ndarray:
    """Draw the grade of each symptom, in quarters: shallower in a partial response, slight in none."""
    chance = generator.random(len(frame))
    depth = np.array([_DEPTH[group] for group in frame["group"]]).cumsum(axis=1)
    improved = (chance[:, None] >= depth[:, :3]).sum(axis=1)
    partial = np.minimum(improved + generator.integers(0, 3, len(frame)), 3)
    improved = np.select([response == name for name in ("CR", "PR", "NR")], [0, partial, 3], improved)
    return np.select([frame["change"] == "improved", frame["change"] == "worse"], [improved, 6], 4)
