"""The symptoms of a further cohort: which there are and how they go, laid out patient by patient and not searched for.

Given each patient's response and course, any grades whose sum lies within the limits of the class will do. So a grade
is drawn for every symptom, and then some are raised or lowered until the sum is the one wanted. Only the months, whose
medians are printed by group and symptom, are searched for.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.random import Generator

from analysis.schema import symptom_list
from compendium.reconstruction.corners import Corner, NoRoomError, solved
from compendium.reconstruction.courses import Courses
from compendium.reconstruction.draws import PREVALENCE
from compendium.reconstruction.statements import Statements
from compendium.reconstruction.symptoms import GRADES, Symptoms, add_months, check_rows, class_rule

FEWEST, MOST = 3, 28
"""The least and greatest number of symptoms of a patient."""

_ANAPHYLAXIS = 1  # the largest grade of anaphylaxis that improved, in quarters: without epinephrine in all (L326)

_LIMITS = {"reached_mr": "PR", "better_pr": "PR", "weekly_mr": "PR", "weekly_pr": "NR"}
"""The class in which each change of dose found the patient."""

UP_TO_MONTH = 10  # no symptom improves for the first time later (L252)

_IMPROVES = {"CR": 1.0, "MR": 0.95, "PR": 0.6, "NR": 0.1}
"""How often a symptom improves on average in each class, before the grades are made to add up."""


def present_symptoms(
    statements: Statements, best: np.ndarray, had: Collection[tuple[int, str]], generator: Generator
) -> pd.DataFrame:
    """Draw which symptoms each patient has, as ``patient`` (position), ``symptom`` and ``group``.

    Fixed are the printed mean number and the patients with anaphylaxis, by response; ``had`` are pairs of patient and
    symptom that must be among them. How common each symptom is, and how unlike the patients are, is drawn anew for
    each cohort, widely, since nothing printed says so.
    """
    symptoms = symptom_list()
    n, kinds = len(best), len(symptoms)
    common = np.array([PREVALENCE[name] for name in symptoms.index]) * generator.uniform(0, 1)
    common = common + generator.normal(0, generator.uniform(0.3, 2.5), kinds)
    score = common + generator.normal(0, generator.uniform(0.1, 1.2), (n, 1)) + generator.logistic(size=(n, kinds))
    fixed = np.zeros((n, kinds), dtype=bool)
    fixed[[patient for patient, _ in had], [symptoms.index.get_loc(name) for _, name in had]] = True
    column = symptoms.index.get_loc("anaphylaxis")
    improved, worse = (statements.printed_count(f"discussion.anaphylaxis.{change}") for change in ("improved", "worse"))
    for members, size in ((best == "NR", worse), (best != "NR", improved)):
        fixed[np.argsort(np.where(members, -score[:, column], np.inf))[:size], column] = True
    score[:, column] = -np.inf
    score[fixed] = np.inf
    rank = np.argsort(np.argsort(-score, axis=1), axis=1)
    chosen = fixed | (rank < FEWEST)
    free = np.where(chosen | (rank >= MOST), -np.inf, score).ravel()
    low, high = statements.mean_limits("results.symptoms.mean", n)
    left = int(generator.integers(low, high + 1)) - int(chosen.sum())
    chosen.ravel()[np.argsort(-free, kind="stable")[:left]] = True
    patient, kind = np.nonzero(chosen)
    group = symptoms["group"].astype(str).to_numpy()[kind]
    return pd.DataFrame({"patient": patient, "symptom": symptoms.index[kind], "group": group})


def _best_grades(frame: pd.DataFrame, best: np.ndarray, most: dict[int, int], generator: Generator) -> np.ndarray:
    """Draw the grade of every symptom at best response, in quarters, so that each patient has his or her class.

    ``most`` gives a lower limit of the sum of some patients than their class does.
    """
    names = symptom_list().index
    lean, deep = generator.normal(0, generator.uniform(0.2, 2.0), len(names)), generator.beta(1, 1, len(names))
    worsens, towards = generator.uniform(0, 0.08), generator.beta(0.7, 0.7)
    grades = np.empty(len(frame), dtype=int)
    for patient, cells in frame.groupby("patient").groups.items():
        own, n, response = list(cells), len(cells), best[patient]
        low, high = class_rule(n)[response]
        high = min(high, most.get(patient, high), 4 * n + 2)
        target = low + int(generator.binomial(high - low, towards))
        values, limits = [], []
        for name in frame.loc[own, "symptom"]:
            kind, ends = names.get_loc(name), (0, 6)
            if name == "anaphylaxis":
                ends = (6, 6) if response == "NR" else (0, _ANAPHYLAXIS)
            odds = _IMPROVES[response] / (1.0001 - _IMPROVES[response]) * np.exp(lean[kind])
            if generator.random() < odds / (1 + odds):
                value = int(generator.binomial(3, 1 - deep[kind]))
            else:
                value = 6 if generator.random() < worsens and response != "CR" else 4
            values.append(min(max(value, ends[0]), ends[1]))
            limits.append(ends)
        grades[own] = _adding_up(values, limits, (low, high), target, generator)
    return grades


def _adding_up(
    values: list[int],
    limits: list[tuple[int, int]],
    allowed: tuple[int, int],
    target: int,
    generator: Generator,
) -> list[int]:
    """Raise or lower grades one at a time until their sum is the wanted one, or beside it within what is allowed.

    What is worse is left so, and nothing is made worse, unless the sum cannot be reached otherwise.
    """
    values, (low, high) = list(values), allowed
    for worse in (False, True):
        while (total := sum(values)) != target and not (worse and low <= total <= high):
            up = total < target
            movable = [
                k
                for k, (value, ends) in enumerate(zip(values, limits, strict=True))
                if ends[0] != ends[1]
                and (value < min(ends[1], 6 if worse else 4) if up else ends[0] < value < (7 if worse else 5))
            ]
            if not movable:
                break
            k = movable[int(generator.integers(len(movable)))]
            values[k] = GRADES[GRADES.index(values[k]) + (1 if up else -1)]
    if not low <= sum(values) <= high:
        raise ValueError(f"no grades of {len(values)} symptoms add up to {low} to {high} quarters")
    return values


def _last_grades(
    frame: pd.DataFrame, best: np.ndarray, status: pd.Series, same: np.ndarray, generator: Generator
) -> np.ndarray:
    """Draw the grades at last follow-up from those at best response (``quarters``), none of them better.

    A patient who stays on therapy has the class of the ``status`` then, one who lost the response has none; ``same``
    marks whom best response and last follow-up are one assessment of.
    """
    last = frame["quarters"].to_numpy().copy()
    slips = generator.uniform(0, 0.3)
    for patient, cells in frame.groupby("patient").groups.items():
        own, now, n = list(cells), status[patient], len(cells)
        if same[patient] or now not in ("CR", "MR", "PR", "loss"):
            continue
        low, high = class_rule(n)["NR" if now == "loss" else now]
        least = last[own].tolist()
        if now == "loss":
            least = [max(value, 3 + int(generator.random() < 0.9)) for value in least]
            high = max(4 * n, sum(least))
        target = max(sum(least), low)
        slip = int(generator.binomial(max(min(high, 4 * n) - target, 0), slips / 2))
        last[own] = _adding_up(least, [(value, 6) for value in least], (low, high), target + slip, generator)
    return last


def find_symptoms(
    statements: Statements, corner: Corner, courses: Courses, rows: pd.DataFrame
) -> tuple[Corner, Symptoms]:
    """Find grades, months and scores before a change of dose, given who has which symptoms and how the courses went."""
    rng, n = corner.generator, len(corner.best)
    size = rows.groupby("patient").size()
    change = {i: name for name, own in courses.change.items() for i, made in own.items() if made}
    status = pd.Series({i: name for name, own in courses.status.items() for i, it_is in own.items() if it_is})
    # Before a change of dose that led to a better state, the state was worse by so much.
    least_gain = {i: max(2, size[i] // 3) for i, name in change.items() if name in _LIMITS}
    before = {i: class_rule(size[i])[_LIMITS[change[i]]] for i in least_gain}
    before = {i: (max(low, 1), min(high, 4 * int(size[i]))) for i, (low, high) in before.items()}
    most = {i: before[i][1] - gain for i, gain in least_gain.items()}
    try:
        quarters = _best_grades(rows, corner.best, most, rng)
        rows = rows.assign(
            quarters=quarters, change=np.select([quarters < 4, quarters > 4], ["improved", "worse"], "unchanged")
        )
        same = np.array(courses.best) >= np.array(courses.duration)
        last = _last_grades(rows, corner.best, status, same, rng)
    except ValueError as error:
        raise NoRoomError from error
    rows["month"] = _drawn_months(rows, rng)
    corner = Corner(**(vars(corner) | {"symptoms": rows}))
    month, gained = _months(statements, corner, courses, change)
    total, final = (pd.Series(values).groupby(rows["patient"]).sum() for values in (quarters, last))
    worse = 2 * (rows["change"] == "worse").groupby(rows["patient"]).sum()
    scores = np.zeros(n, dtype=int)
    for i, name in change.items():
        if name in _LIMITS:
            low = max(before[i][0], total[i] + least_gain[i], 4 * size[i] + worse[i] - gained[i])
            scores[i] = rng.integers(low, before[i][1] + 1)
        else:
            scores[i] = (final if name == "weekly_stopped" else total)[i]
    check_rows(statements, rows)
    return corner, Symptoms(quarters.tolist(), last.tolist(), month, scores.tolist())


def _drawn_months(rows: pd.DataFrame, rng: Generator) -> np.ndarray:
    symptoms = sorted(rows["symptom"].astype(str).unique())
    slow = dict(zip(symptoms, rng.uniform(0.2, 1.0, len(symptoms)), strict=True))
    waited = 1 + rng.exponential(2.5 * rows["symptom"].astype(str).map(slow).to_numpy(float))
    general = (rows["group"] == "general_vasomotor").to_numpy()
    return np.where(general, np.clip(waited, 1, 3), np.clip(waited + 0.7, 1, UP_TO_MONTH)).astype(int)


def _months(
    statements: Statements, corner: Corner, courses: Courses, change: dict[int, str]
) -> tuple[dict[int, int], dict[int, int]]:
    """Find the month in which each symptom first improved, early enough for the first response of its patient.

    Beside the months by row, the improvement in quarters that each patient can have had by a change of dose.
    """
    statements.begin()
    model, rows = statements.model, corner.symptoms
    month = add_months(statements, corner, courses)
    for patient in corner.responders():
        own = rows[rows["patient"] == patient]
        first = courses.first[patient]
        needed = 4 * len(own) - class_rule(len(own))["PR"][1] + 2 * int((own["change"] == "worse").sum())
        own = own[own["change"] == "improved"]
        if courses.best[patient] > first:
            early = [(4 - int(q)) * statements.at_most(month[cell], first) for cell, q in own["quarters"].items()]
            model.add(sum(early) >= needed)
    solver = solved(statements, corner)
    found = {cell: solver.value(variable) for cell, variable in month.items()}
    gains = {
        i: sum(4 - int(rows.at[cell, "quarters"]) for cell in rows.index[rows["patient"] == i]
               if cell in found and found[cell] <= courses.month[i])
        for i in change
    }  # fmt: skip
    return found, gains
