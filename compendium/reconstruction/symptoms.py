"""The symptoms: which there are and how they go, laid out patient by patient and not searched for.

Given each patient's response and course, any grades whose sum lies within the limits of the class will do. So a grade
is drawn for every symptom, and then some are raised or lowered until the sum is the one wanted. Only the months, whose
medians are printed by group and symptom, are searched for.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.random import Generator

from compendium.reconstruction.courses import LONGEST_WAIT, Courses, Variables
from compendium.reconstruction.leaning import Leaning, NoRoomError
from compendium.reconstruction.statements import Statements

GRADES = (0, 1, 2, 3, 4, 6)  # the grades, in quarters: gone, three more improvements, unchanged, worse (L202-L207)
_MOST = 28  # symptoms of a patient
_ANAPHYLAXIS = 1  # the largest grade of anaphylaxis that improved, in quarters: without epinephrine in all (L326)
# The class in which each change of dose found the patient.
_LIMITS = {"reached_mr": "PR", "better_pr": "PR", "weekly_mr": "PR", "weekly_pr": "NR"}


def present_symptoms(statements: Statements, leaning: Leaning, had: Collection[tuple[int, str]]) -> pd.DataFrame:
    """Choose which symptoms each patient has, as ``patient`` (position), ``symptom`` and ``group``.

    Fixed are the printed mean number and the patients with anaphylaxis, by response; ``had`` are pairs of patient and
    symptom that must be among them.
    """
    names, best, score = leaning.names, leaning.best, leaning.presence()
    fixed = np.zeros(score.shape, dtype=bool)
    fixed[[patient for patient, _ in had], [names.get_loc(name) for _, name in had]] = True
    column = names.get_loc("anaphylaxis")
    improved, worse = (statements.printed_count(f"discussion.anaphylaxis.{change}") for change in ("improved", "worse"))
    for members, size in ((best == "NR", worse), (best != "NR", improved)):
        fixed[np.argsort(np.where(members, -score[:, column], np.inf))[:size], column] = True
    score[:, column] = -np.inf
    score[fixed] = np.inf
    rank = np.argsort(np.argsort(-score, axis=1), axis=1)
    chosen = fixed | (rank < leaning.fewest)
    free = np.where(chosen | (rank >= _MOST), -np.inf, score).ravel()
    left = leaning.between(*statements.mean_limits("results.symptoms.mean", len(best))) - int(chosen.sum())
    chosen.ravel()[np.argsort(-free, kind="stable")[:left]] = True
    patient, kind = np.nonzero(chosen)
    return pd.DataFrame({"patient": patient, "symptom": names[kind], "group": leaning.groups.to_numpy()[kind]})


def class_rule(n: int) -> dict[str, tuple[int, int]]:
    """Give the least and greatest total, in quarters, of each class among patients with n symptoms (L210-L216).

    Each symptom is worth 4 quarters at baseline. A decrease of exactly 10 % or 50 % is a partial response.
    """
    # MR: 2 * (4n - total) > 4n.  PR: 10 * (4n - total) >= 4n.
    major = 2 * n - 1
    partial = (36 * n) // 10
    return {"CR": (0, 0), "MR": (1, major), "PR": (major + 1, partial), "NR": (partial + 1, 6 * n)}


def _best_grades(rows: pd.DataFrame, leaning: Leaning, most: dict[int, int]) -> np.ndarray:
    """Draw the grade of every symptom at best response, in quarters, so that each patient has his or her class.

    ``most`` gives a lower limit of the sum of some patients than their class does.
    """
    draw, grades = leaning.grades(), np.empty(len(rows), dtype=int)
    for patient, cells in rows.groupby("patient").groups.items():
        own, n, response = list(cells), len(cells), leaning.best[patient]
        names = rows.loc[own, "symptom"].tolist()
        low, high = class_rule(n)[response]
        high = min(high, most.get(patient, high), 4 * n + 2)
        values, target = draw(names, response, low, high)
        anaphylaxis = (6, 6) if response == "NR" else (0, _ANAPHYLAXIS)
        limits = [anaphylaxis if name == "anaphylaxis" else (0, 6) for name in names]
        values = [min(max(value, ends[0]), ends[1]) for value, ends in zip(values, limits, strict=True)]
        grades[own] = _adding_up(values, limits, (low, high), target, leaning.generator)
    return grades


def _adding_up(
    values: list[int], limits: list[tuple[int, int]], allowed: tuple[int, int], target: int, generator: Generator
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
        raise NoRoomError(f"no grades of {len(values)} symptoms add up to {low} to {high} quarters")
    return values


def _last_grades(rows: pd.DataFrame, leaning: Leaning, courses: Courses) -> np.ndarray:
    """Draw the grades at last follow-up from those at best response, none of them better.

    A patient who stays on therapy has the class of the status then, one who lost the response has none; where the best
    response is reached at last follow-up, the two assessments are one.
    """
    generator, status = leaning.generator, courses.chosen(courses.status)
    last = rows["quarters"].to_numpy().copy()
    slips = generator.uniform(0, 0.3)
    for patient, cells in rows.groupby("patient").groups.items():
        own, now, n = list(cells), status[patient], len(cells)
        if courses.best[patient] >= courses.duration[patient] or now not in ("CR", "MR", "PR", "loss"):
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


def find_symptoms(statements: Statements, leaning: Leaning, courses: Courses, rows: pd.DataFrame) -> list[int]:
    """Find how the symptoms at baseline went, and give the total score of each patient before a change of dose.

    Entered in the rows are ``change``, the grades at best response (``quarters``) and at last follow-up (``last``), and
    the ``month`` of first improvement. Grades and scores are in quarters.
    """
    size = rows.groupby("patient").size()
    # Before a change of dose that led to a better state, the state was worse by so much.
    change = courses.chosen(courses.change)
    least_gain = {i: max(2, size[i] // 3) for i, name in change.items() if name in _LIMITS}
    before = {i: class_rule(size[i])[_LIMITS[change[i]]] for i in least_gain}
    before = {i: (max(low, 1), min(high, 4 * int(size[i]))) for i, (low, high) in before.items()}
    rows["quarters"] = _best_grades(rows, leaning, {i: before[i][1] - gain for i, gain in least_gain.items()})
    rows["change"] = np.select([rows["quarters"] < 4, rows["quarters"] > 4], ["improved", "worse"], "unchanged")
    rows["last"] = _last_grades(rows, leaning, courses)
    rows["month"] = leaning.months(rows)
    rows["month"] = _months(statements, leaning, courses, rows)
    # What had improved by a change of dose can have done so to its best grade, and no further.
    by_then = rows["month"] <= rows["patient"].map(dict(enumerate(courses.month)))
    gained = (4 - rows["quarters"]).where(by_then, 0)
    worse = 2 * (rows["change"] == "worse")
    total, final, gained, worse = (
        one.groupby(rows["patient"]).sum() for one in (rows["quarters"], rows["last"], gained, worse)
    )
    scores = [0] * len(leaning.best)
    for i, name in change.items():
        if name in _LIMITS:
            low = max(before[i][0], total[i] + least_gain[i], 4 * size[i] + worse[i] - gained[i])
            scores[i] = int(leaning.generator.integers(low, before[i][1] + 1))
        else:
            scores[i] = int((final if name == "weekly_stopped" else total)[i])
    return scores


def _months(statements: Statements, leaning: Leaning, courses: Courses, rows: pd.DataFrame) -> pd.Series:
    """Find the months to the first improvement of each symptom that improves (L250-L252), near those that are drawn.

    They are early enough for the first response of their patient.
    """
    statements.begin()
    # What is drawn agrees with what the paper says of anaphylaxis and of the number of symptoms.
    anaphylaxis = rows.loc[rows["symptom"] == "anaphylaxis", "change"]
    for change in ("improved", "worse"):
        statements.count(f"discussion.anaphylaxis.{change}", [int(value == change) for value in anaphylaxis])
    statements.mean("results.symptoms.mean", rows.groupby("patient").size().tolist())
    model, improved = statements.model, rows[rows["change"] == "improved"]
    month = pd.Series({cell: model.new_int_var(1, LONGEST_WAIT, "") for cell in improved.index})
    for cell, row in zip(improved.index, improved.itertuples(), strict=True):
        statements.near(month[cell], int(row.month))
        last = courses.duration if leaning.best[row.patient] == "NR" else courses.best
        model.add(month[cell] <= last[row.patient])

    def months(marked: pd.Series) -> Variables:
        return month[marked].tolist()

    vasomotor = improved["group"] == "general_vasomotor"
    statements.ends("results.first_improvement.vasomotor", months(vasomotor))
    statements.ends("results.first_improvement.other", months(~vasomotor))
    statements.median("results.first_improvement.vasomotor.median", months(vasomotor))
    statements.ends("discussion.response_time", month.tolist())
    # The median of every other symptom lies in the printed span, and a group has either end of it.
    ends = [statements.bound(f"results.first_improvement.other.median_{end}") for end in ("low", "high")]
    low, high = (int(statements.printed(name)) for names in ends for name in names)
    for symptom in sorted(improved.loc[~vasomotor, "symptom"].unique()):
        statements.median_within(months(improved["symptom"] == symptom), low, high)
    for group, exact in (("superficial_vasomotor", low), ("neuropsychiatric", high)):
        statements.median_within(months(improved["group"] == group), exact, exact)
    for patient in leaning.responders():
        own, first = rows[rows["patient"] == patient], courses.first[patient]
        if courses.best[patient] > first:
            needed = 4 * len(own) - class_rule(len(own))["PR"][1] + 2 * int((own["change"] == "worse").sum())
            gains = own.loc[own["change"] == "improved", "quarters"]
            model.add(sum((4 - int(q)) * statements.at_most(month[cell], first) for cell, q in gains.items()) >= needed)
    solver = leaning.solve(statements)
    return month.map(solver.value).reindex(rows.index)
