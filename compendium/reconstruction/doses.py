"""The block of the model on changes of dose: escalations and weekly schedules, and the response they led to."""

from dataclasses import dataclass

from ortools.sat.python import cp_model

from compendium.reconstruction.courses import LONGEST, Courses, of_status
from compendium.reconstruction.draws import Draw
from compendium.reconstruction.statements import Statements

POSSIBLE = {
    "reached_mr": ["MR"],
    "better_pr": ["PR"],
    "not_improved": ["PR"],
    "weekly_mr": ["MR"],
    "weekly_pr": ["PR"],
    "weekly_stopped": ["MR", "PR"],
}
"""What a change of dose led to, the first three an escalation, the others a weekly schedule (L273-L284), and the best
responses of the patients to whom it may have happened."""


@dataclass
class Doses:
    """The variables of this block.

    Attributes
    ----------
    change : dict of str to dict of int to literal
        For each key of `POSSIBLE`, the patients to whom it may have happened and the literal that it did.
    month : list
        Month of the change of dose, one per patient; without meaning where there was none.
    """

    change: dict[str, dict[int, cp_model.IntVar]]
    month: list[cp_model.IntVar]


def add_doses(statements: Statements, draw: Draw, courses: Courses) -> Doses:
    """Add the variables and statements of this block.

    Parameters
    ----------
    statements : Statements
        The model to extend.
    draw : Draw
        The drawn cohort, whose best responses are given.
    courses : Courses
        The variables of the courses of treatment.

    Returns
    -------
    Doses
        The variables.
    """
    model, n = statements.model, len(draw.best)
    month = [model.new_int_var(1, LONGEST, "") for _ in range(n)]
    change = {
        name: {i: model.new_bool_var("") for i, best in enumerate(draw.best) if best in classes}
        for name, classes in POSSIBLE.items()
    }
    for name, literals in change.items():
        for i, literal in literals.items():
            statements.prefer(literal, draw.generator.normal())
            model.add(month[i] <= courses.duration[i] - 1).only_enforce_if(literal)
            # It takes a month to see that a response is partial, or that it wears off before the next dose.
            model.add(courses.first[i] + 1 <= month[i]).only_enforce_if(literal)
            if name in ("not_improved", "weekly_stopped"):
                model.add(courses.best[i] + 1 <= month[i]).only_enforce_if(literal)
            else:
                model.add(month[i] <= courses.best[i] - 1).only_enforce_if(literal)
    for i in range(n):
        model.add_at_most_one(literals[i] for literals in change.values() if i in literals)
        statements.near(month[i], int(draw.generator.integers(3, 8)))
    for i, stopped in change["weekly_stopped"].items():
        model.add_implication(stopped, courses.status["loss"][i])
    for name in ("weekly_mr", "weekly_pr"):
        for i, improved in change[name].items():
            model.add_bool_or([~improved, *of_status(courses, [i], "MR", "PR")])
    _print(statements, {name: list(literals.values()) for name, literals in change.items()})
    return Doses(change, month)


def _print(statements: Statements, made: dict[str, list[cp_model.IntVar]]) -> None:
    """Count the changes of dose as printed (L271-L284)."""
    better = made["reached_mr"] + made["better_pr"]
    statements.count("results.escalation.patients", better + made["not_improved"])
    statements.count("results.escalation.improved", better)
    statements.count("results.escalation.reached_mr", made["reached_mr"])
    statements.count("results.escalation.better_pr", made["better_pr"])
    # One patient received more than the recommended maximum, without evidence of effect (L273-L274).
    statements.count("results.escalation.usual.patients", better)
    statements.count("results.escalation.highest.patients", made["not_improved"])
    weekly = made["weekly_mr"] + made["weekly_pr"]
    statements.count("results.weekly.patients", weekly + made["weekly_stopped"])
    statements.count("results.weekly.improved", weekly)
    statements.count("results.weekly.reached_mr", made["weekly_mr"])
    statements.count("results.weekly.reached_pr", made["weekly_pr"])
    statements.count("results.weekly.not_improved", made["weekly_stopped"])
