"""The block of the model on the symptoms: grades that give each patient his or her class, and months to improvement."""

from dataclasses import dataclass

import pandas as pd
from ortools.sat.python import cp_model

from compendium.reconstruction.courses import ByPatient, Courses, Variables
from compendium.reconstruction.draws import Draw
from compendium.reconstruction.statements import Statements

GRADES = (0, 1, 2, 3, 4, 6)  # the grades, in quarters: gone, three more improvements, unchanged, worse (L202-L207)
_LONGEST = 10  # the longest time to the first improvement of a symptom, in months (L252)


@dataclass
class Symptoms:
    """The variables of this block; grades and scores in quarters."""

    best: Variables  # grades at best response and at last follow-up, one per drawn symptom row
    last: Variables
    month: ByPatient  # month of first improvement, of the rows that improve
    before: Variables  # total score before a change of dose, one per patient


def add_symptoms(statements: Statements, draw: Draw, courses: Courses) -> Symptoms:
    """Add the variables and statements of this block; the rows are drawn, their grades and months are found."""
    model = statements.model
    symptoms = Symptoms([], [], {}, [])
    for row in draw.symptoms.itertuples(index=False):
        possible = [grade for grade in GRADES if grade < 4] if row.change == "improved" else [row.quarters]
        if row.change == "improved" and row.symptom == "anaphylaxis":  # without epinephrine in all who improved (L326)
            possible = [0, 1]
        best = model.new_int_var_from_domain(cp_model.Domain.from_values(possible), "")
        last = model.new_int_var_from_domain(cp_model.Domain.from_values(GRADES), "")
        model.add(last >= best)
        statements.near(best, int(row.quarters), weight=2)
        statements.near(last, min(int(row.quarters + row.slip), max(4, int(row.quarters))))
        symptoms.best.append(best)
        symptoms.last.append(last)
    symptoms.before = before = [model.new_int_var(0, 200, "") for _ in draw.best]
    symptoms.month = add_months(statements, draw, courses)
    shares = draw.generator.uniform(0.58, 0.88, len(before))
    for patient, cells in draw.symptoms.groupby("patient").groups.items():
        own = list(cells)
        _classes(statements, draw, courses, symptoms, patient, own)
        worse = sum(2 for cell in own if draw.symptoms.at[cell, "change"] == "worse")
        _before_change(statements, courses, symptoms, patient, own, worse)
        statements.near(before[patient], int(4 * len(own) * shares[patient]))
        if draw.best[patient] != "NR":
            # The symptoms that improved by the first response make up at least a partial one.
            gained = _gained(statements, symptoms, own, courses.first[patient])
            model.add(gained - worse >= 4 * len(own) - class_rule(len(own))["PR"][1])
    check_rows(statements, draw.symptoms)
    return symptoms


def class_rule(n: int) -> dict[str, tuple[int, int]]:
    """Give the least and greatest total, in quarters, of each class among patients with n symptoms (L210-L216).

    Each symptom is worth 4 quarters at baseline. A decrease of exactly 10 % or 50 % is a partial response.
    """
    # MR: 2 * (4n - total) > 4n.  PR: 10 * (4n - total) >= 4n.
    major = 2 * n - 1
    partial = (36 * n) // 10
    return {"CR": (0, 0), "MR": (1, major), "PR": (major + 1, partial), "NR": (partial + 1, 6 * n)}


def _classes(
    statements: Statements, draw: Draw, courses: Courses, symptoms: Symptoms, patient: int, own: list[int]
) -> None:
    """Let one patient's grades have the class at best response and at last follow-up that the patient has."""
    model, rule = statements.model, class_rule(len(own))
    total, last = sum(symptoms.best[cell] for cell in own), sum(symptoms.last[cell] for cell in own)
    model.add_linear_constraint(total, *rule[draw.best[patient]])
    # Where the best response is reached at last follow-up, the two assessments are one.
    same = statements.at_least(courses.best[patient] - courses.duration[patient], 0)
    for cell in own:
        model.add(symptoms.last[cell] == symptoms.best[cell]).only_enforce_if(same)
    for status in ("CR", "MR", "PR"):
        if patient in courses.status[status]:
            stays = courses.status[status][patient]
            model.add(last >= rule[status][0]).only_enforce_if(stays)
            model.add(last <= rule[status][1]).only_enforce_if(stays)
    if patient in courses.status["loss"]:
        lost = courses.status["loss"][patient]
        model.add(last >= rule["NR"][0]).only_enforce_if(lost)
        for cell in own:
            model.add(symptoms.last[cell] >= int(draw.symptoms.at[cell, "relapse"])).only_enforce_if(lost)


def _before_change(
    statements: Statements, courses: Courses, symptoms: Symptoms, patient: int, own: list[int], worse: int
) -> None:
    """Bind the total score before a change of dose to what the change led to."""
    model, rule = statements.model, class_rule(len(own))
    total, last = sum(symptoms.best[cell] for cell in own), sum(symptoms.last[cell] for cell in own)
    before = symptoms.before[patient]
    limits = {"reached_mr": "PR", "better_pr": "PR", "weekly_mr": "PR", "weekly_pr": "NR"}
    for change, prior in limits.items():
        if patient in courses.change[change]:
            made = courses.change[change][patient]
            model.add(before >= max(rule[prior][0], 1)).only_enforce_if(made)
            model.add(before <= min(rule[prior][1], 4 * len(own))).only_enforce_if(made)
            model.add(before >= total + max(2, len(own) // 3)).only_enforce_if(made)
            gained = _gained(statements, symptoms, own, courses.month[patient])
            model.add(before >= 4 * len(own) + worse - gained).only_enforce_if(made)
    for change, after in (("not_improved", total), ("weekly_stopped", last)):
        if patient in courses.change[change]:
            model.add(before == after).only_enforce_if(courses.change[change][patient])


def _gained(statements: Statements, symptoms: Symptoms, own: list[int], month: cp_model.IntVar) -> cp_model.LinearExprT:
    """Sum the most that a patient's symptoms can have improved by a month, each to its best grade, in quarters."""
    gained = []
    for cell in own:
        if cell in symptoms.month:
            gain = statements.model.new_int_var(0, 4, "")
            statements.model.add(gain <= 4 - symptoms.best[cell])
            statements.model.add(gain <= 4 * statements.at_most(symptoms.month[cell] - month, 0))
            gained.append(gain)
    return sum(gained)


def add_months(statements: Statements, draw: Draw, courses: Courses) -> ByPatient:
    """Bind the months to the first improvement of each symptom that improves (L250-L252)."""
    model, rows = statements.model, draw.symptoms[draw.symptoms["change"] == "improved"]
    month = {cell: model.new_int_var(1, _LONGEST, "") for cell in rows.index}
    for cell, row in zip(rows.index, rows.itertuples(), strict=True):
        statements.near(month[cell], int(row.month))
        model.add(month[cell] <= (courses.duration if draw.best[row.patient] == "NR" else courses.best)[row.patient])

    def months(marked: pd.Series) -> Variables:
        return [month[cell] for cell in rows.index[marked]]

    vasomotor = rows["group"] == "general_vasomotor"
    statements.ends("results.first_improvement.vasomotor", months(vasomotor))
    statements.ends("results.first_improvement.other", months(~vasomotor))
    statements.median("results.first_improvement.vasomotor.median", months(vasomotor))
    statements.ends("discussion.response_time", list(month.values()))
    # The median of every other symptom lies in the printed span, and a group has either end of it.
    ends = [statements.bound(f"results.first_improvement.other.median_{end}") for end in ("low", "high")]
    low, high = (int(statements.printed(name)) for names in ends for name in names)
    for symptom in sorted(rows.loc[~vasomotor, "symptom"].unique()):
        statements.median_within(months(rows["symptom"] == symptom), low, high)
    for group, exact in (("superficial_vasomotor", low), ("neuropsychiatric", high)):
        statements.median_within(months(rows["group"] == group), exact, exact)
    return month


def check_rows(statements: Statements, rows: pd.DataFrame) -> None:
    """Check the drawn rows against what the paper says of anaphylaxis and of the number of symptoms."""
    anaphylaxis = rows[rows["symptom"] == "anaphylaxis"]
    for change in ("improved", "worse"):
        statements.count(f"discussion.anaphylaxis.{change}", [int(value == change) for value in anaphylaxis["change"]])
    statements.mean("results.symptoms.mean", rows.groupby("patient").size().tolist())
