"""The block of the model on the symptoms: grades that give each patient his or her class, and months to improvement."""

from dataclasses import dataclass

import pandas as pd
from ortools.sat.python import cp_model

from compendium.reconstruction.courses import Courses
from compendium.reconstruction.doses import Doses
from compendium.reconstruction.draws import Draw
from compendium.reconstruction.statements import Statements
from compendium.reconstruction.symptom_draws import GRADE_QUARTERS

Variables = list[cp_model.IntVar]

_MONTHS = 10
"""The longest time to the first improvement of a symptom (L252)."""


@dataclass
class Symptoms:
    """The variables of this block, one per drawn symptom row.

    Attributes
    ----------
    best, last : list
        Grade at best response and at last follow-up, in quarters.
    month : dict of int to variable
        Month of first improvement, of the rows that improve.
    before : list
        Total score before a change of dose, in quarters, one per patient.
    """

    best: Variables
    last: Variables
    month: dict[int, cp_model.IntVar]
    before: Variables


def add_symptoms(statements: Statements, draw: Draw, courses: Courses, doses: Doses) -> Symptoms:
    """Add the variables and statements of this block.

    Parameters
    ----------
    statements : Statements
        The model to extend.
    draw : Draw
        The drawn cohort; its symptom rows are kept, their grades and months are found.
    courses : Courses
        The variables of the courses of treatment.
    doses : Doses
        The variables of the changes of dose.

    Returns
    -------
    Symptoms
        The variables.
    """
    model = statements.model
    rows = list(draw.symptoms.itertuples(index=False))
    best, last = [], []
    for row in rows:
        improved = cp_model.Domain.from_values(GRADE_QUARTERS)
        if row.symptom == "anaphylaxis":  # without epinephrine in all who improved (L326)
            improved = cp_model.Domain.from_values([0, 1])
        fixed = cp_model.Domain.from_values([row.quarters])
        best.append(model.new_int_var_from_domain(improved if row.change == "improved" else fixed, ""))
        last.append(model.new_int_var_from_domain(cp_model.Domain.from_values([0, 1, 2, 3, 4, 6]), ""))
        model.add(last[-1] >= best[-1])
        statements.near(best[-1], int(row.quarters), weight=2)
        statements.near(last[-1], min(int(row.quarters + row.slip), max(4, int(row.quarters))))
    before = [model.new_int_var(0, 200, "") for _ in draw.best]
    symptoms = Symptoms(best, last, _months(statements, draw, courses), before)
    shares = draw.generator.uniform(0.58, 0.88, len(before))
    for patient, own in draw.symptoms.groupby("patient").groups.items():
        _classes(statements, draw, courses, symptoms, patient, list(own))
        worse = sum(2 for cell in own if draw.symptoms.at[cell, "change"] == "worse")
        _before_change(statements, doses, symptoms, patient, list(own), worse)
        statements.near(before[patient], int(4 * len(own) * shares[patient]))
        if draw.best[patient] != "NR":
            # The symptoms that improved by the first response make up at least a partial one.
            gained = _gained(statements, symptoms, list(own), courses.first[patient])
            model.add(gained - worse >= 4 * len(own) - class_rule(len(own))["PR"][1])
    _anaphylaxis(statements, draw.symptoms)
    return symptoms


def class_rule(n: int) -> dict[str, tuple[int, int]]:
    """Give the totals, in quarters, of each response class among patients with n symptoms (L210-L216).

    Parameters
    ----------
    n : int
        Number of symptoms at baseline, each worth 4 quarters.

    Returns
    -------
    dict of str to (int, int)
        Least and greatest total under therapy, inclusive. A decrease of exactly 10 % or 50 % is a partial response.
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
    low, high = rule[draw.best[patient]]
    model.add_linear_constraint(total, low, high)
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
    statements: Statements, doses: Doses, symptoms: Symptoms, patient: int, own: list[int], worse: int
) -> None:
    """Bind the total score before a change of dose to what the change led to."""
    model, rule = statements.model, class_rule(len(own))
    total, last = sum(symptoms.best[cell] for cell in own), sum(symptoms.last[cell] for cell in own)
    before = symptoms.before[patient]
    limits = {"reached_mr": "PR", "better_pr": "PR", "weekly_mr": "PR", "weekly_pr": "NR"}
    for change, prior in limits.items():
        if patient in doses.change[change]:
            made = doses.change[change][patient]
            model.add(before >= max(rule[prior][0], 1)).only_enforce_if(made)
            model.add(before <= min(rule[prior][1], 4 * len(own))).only_enforce_if(made)
            model.add(before >= total + max(2, len(own) // 3)).only_enforce_if(made)
            gained = _gained(statements, symptoms, own, doses.month[patient])
            model.add(before >= 4 * len(own) + worse - gained).only_enforce_if(made)
    for change in ("not_improved", "weekly_stopped"):
        if patient in doses.change[change]:
            made = doses.change[change][patient]
            model.add(before == (total if change == "not_improved" else last)).only_enforce_if(made)


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


def _months(statements: Statements, draw: Draw, courses: Courses) -> dict[int, cp_model.IntVar]:
    """Bind the months to the first improvement of each symptom (L250-L252)."""
    model, rows = statements.model, draw.symptoms
    improved = rows.index[rows["change"] == "improved"]
    month = {cell: model.new_int_var(1, _MONTHS, "") for cell in improved}
    for cell in improved:
        patient = rows.at[cell, "patient"]
        statements.near(month[cell], int(rows.at[cell, "month"]))
        model.add(month[cell] <= (courses.duration if draw.best[patient] == "NR" else courses.best)[patient])
    general = rows["group"] == "general_vasomotor"
    vasomotor = [month[cell] for cell in improved if general[cell]]
    others = [month[cell] for cell in improved if not general[cell]]
    for values, name in ((vasomotor, "vasomotor"), (others, "other")):
        statements.minimum(f"results.first_improvement.{name}.minimum", values)
        statements.maximum(f"results.first_improvement.{name}.maximum", values)
    statements.median("results.first_improvement.vasomotor.median", vasomotor)
    for bound in ("minimum", "maximum"):
        getattr(statements, bound)(f"discussion.response_time.{bound}", list(month.values()))
    _medians_of_others(statements, rows.loc[improved], month)
    return month


def _medians_of_others(statements: Statements, rows: pd.DataFrame, month: dict[int, cp_model.IntVar]) -> None:
    """Let the median of every other symptom lie in the printed span, and a group have either end of it."""
    low, high = (
        int(statements.claims.loc[name, "value"])
        for end in ("low", "high")
        for name in statements.bound(f"results.first_improvement.other.median_{end}")
    )
    others = rows[rows["group"] != "general_vasomotor"]
    for cells in others.groupby("symptom").groups.values():
        statements.median_within([month[cell] for cell in cells], low, high)
    for group, exact in (("superficial_vasomotor", low), ("neuropsychiatric", high)):
        cells = others.index[others["group"] == group]
        statements.median_within([month[cell] for cell in cells], exact, exact)


def _anaphylaxis(statements: Statements, rows: pd.DataFrame) -> None:
    """Check the drawn rows against what the paper says of anaphylaxis and of the number of symptoms."""
    anaphylaxis = rows[rows["symptom"] == "anaphylaxis"]
    for change, claim in (("improved", "improved"), ("worse", "worse")):
        statements.count(f"discussion.anaphylaxis.{claim}", [int(value == change) for value in anaphylaxis["change"]])
    statements.mean("results.symptoms.mean", rows.groupby("patient").size().tolist())
