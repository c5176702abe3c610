"""The block of the model on the courses of treatment: last follow-up, stops, durations and times to response."""

from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from compendium.reconstruction.disease import Disease
from compendium.reconstruction.draws import Draw
from compendium.reconstruction.statements import Statements

Variables = list[cp_model.IntVar]

RESPONDER_STATUS = ("CR", "MR", "PR", "loss", "intolerance", "lost", "pregnancy")
"""What a responder's course came to: still in that class and on therapy, or stopped for that reason."""

NON_RESPONDER_STATUS = ("inefficacy", "intolerance")
"""Why a patient without response stopped (L264-L265)."""

POPULATIONS = ("all", "primary", "ism", "cm", "mmas", "idiopathic")

LONGEST = 36
"""Months from January 2015, the start of the study, to January 2018, the last follow-up (L156, L165)."""

_OLDEST_WITH_PREGNANCY_INTENT = 42


@dataclass
class Courses:
    """The variables of this block, one per patient.

    Attributes
    ----------
    duration, first, best : list
        Months on therapy, to first response and to best response.
    status : dict of str to dict of int to literal
        For each status, the patients who may have it and the literal that they do.
    """

    duration: Variables
    first: Variables
    best: Variables
    status: dict[str, dict[int, cp_model.IntVar]] = field(default_factory=dict)


def add_courses(statements: Statements, draw: Draw, disease: Disease) -> Courses:
    """Add the variables and statements of this block.

    Parameters
    ----------
    statements : Statements
        The model to extend.
    draw : Draw
        The drawn cohort, whose diagnoses and best responses are given.
    disease : dict of str to list
        The variables of the patients: sex and age rule out the intent of a pregnancy.

    Returns
    -------
    Courses
        The variables.
    """
    new = statements.model.new_int_var
    n = len(draw.best)
    courses = Courses(*([new(1, LONGEST, "") for _ in range(n)] for _ in range(3)))
    for i in range(n):
        for variables, drawn in (
            (courses.duration, draw.duration),
            (courses.first, draw.first),
            (courses.best, draw.best_month),
        ):
            statements.near(variables[i], int(drawn[i]), weight=4)
    _best_response(statements, draw)
    _last_follow_up(statements, draw, courses, disease)
    _durations(statements, draw, courses)
    _times_to_response(statements, draw, courses)
    return courses


def _best_response(statements: Statements, draw: Draw) -> None:
    """Check the given best responses against every place that prints them."""
    rows = {"cr": ["CR"], "mr": ["MR"], "pr": ["PR"], "none": ["NR"], "orr": ["CR", "MR", "PR"]}
    for population in POPULATIONS:
        for row, classes in rows.items():
            literals = [int(draw.best[i] in classes) for i in draw.members(population)]
            statements.count(f"table2.best.{row}.{population}", literals)
    everyone = draw.members("all")
    for row in ("cr", "mr", "pr", "orr"):
        for section in ("abstract", "results"):
            statements.count(f"{section}.best.{row}.all", [int(draw.best[i] in rows[row]) for i in everyone])
    for claim, population in (("results.best.orr.primary", "primary"), ("discussion.best.orr.all", "all")):
        responds = [int(draw.best[i] != "NR") for i in draw.members(population)]
        statements.percent(claim, responds, len(responds))


def _last_follow_up(statements: Statements, draw: Draw, courses: Courses, disease: Disease) -> None:
    """Give every patient one status at last follow-up, and count them by population (Table 2, L253-L270)."""
    model = statements.model
    courses.status = {status: {} for status in dict.fromkeys(RESPONDER_STATUS + NON_RESPONDER_STATUS)}
    order = ("CR", "MR", "PR")
    for i, best in enumerate(draw.best):
        possible = NON_RESPONDER_STATUS if best == "NR" else RESPONDER_STATUS[order.index(best) :]
        for status in possible:
            courses.status[status][i] = model.new_bool_var("")
            statements.prefer(courses.status[status][i], draw.generator.normal() + 2 * (status == best))
        model.add_exactly_one(courses.status[status][i] for status in possible)
        # A course that ended did so before the follow-up of January 2018.
        stays = of_status(courses, [i], "CR", "MR", "PR")
        model.add(courses.duration[i] <= LONGEST - 2).only_enforce_if([~literal for literal in stays])
    for i, pregnant in courses.status["pregnancy"].items():
        model.add_implication(pregnant, ~disease["male"][i])
        model.add(disease["age_at_treatment_years"][i] <= _OLDEST_WITH_PREGNANCY_INTENT).only_enforce_if(pregnant)
    for population in POPULATIONS:
        members = draw.members(population)
        _table_2(statements, courses, [i for i in members if draw.best[i] != "NR"], population)
        none = [int(draw.best[i] == "NR") for i in members]
        statements.count(f"table2.last.none.{population}", none)
        stopped = [1 - sum(of_status(courses, [i], "CR", "MR", "PR")) for i in members]
        statements.count(f"table2.last.not_persistent.{population}", stopped)
    _stops(statements, draw, courses)


def of_status(courses: Courses, members: list[int], *statuses: str) -> Variables:
    """List the literals that some patients have one of some statuses.

    Parameters
    ----------
    courses : Courses
        The variables of the courses.
    members : list of int
        Positions of the patients.
    *statuses : str
        Keys of ``courses.status``.

    Returns
    -------
    list of literal
        One for each patient and status that the patient may have.
    """
    return [courses.status[status][i] for status in statuses for i in members if i in courses.status[status]]


def _table_2(statements: Statements, courses: Courses, responders: list[int], population: str) -> None:
    rows = {
        "orr": ("CR", "MR", "PR"),
        "cr": ("CR",),
        "mr": ("MR",),
        "pr": ("PR",),
        "loss": ("loss",),
        "intolerance": ("intolerance",),
        "lost": ("lost", "pregnancy"),
    }
    for row, statuses in rows.items():
        statements.count(f"table2.last.{row}.{population}", of_status(courses, responders, *statuses))


def _stops(statements: Statements, draw: Draw, courses: Courses) -> None:
    everyone, responders = draw.members("all"), draw.responders()
    others = [i for i in everyone if i not in responders]
    ongoing = of_status(courses, everyone, "CR", "MR", "PR")
    for claim in ("results.last.on_therapy", "results.last.patients", "abstract.last.orr.all"):
        statements.count(claim, ongoing)
    for row in ("cr", "mr", "pr"):
        statements.count(f"results.last.{row}.all", of_status(courses, everyone, row.upper()))
    statements.percent("results.last.orr.all", ongoing, len(everyone))
    reasons = {
        "loss": "loss",
        "intolerance": "intolerance",
        "lost_from_follow_up": "lost",
        "pregnancy_intent": "pregnancy",
    }
    for claim, status in reasons.items():
        statements.count(f"results.stops.responders.{claim}", of_status(courses, responders, status))
    statements.count("results.stops.responders.all", of_status(courses, responders, *reasons.values()))
    statements.count("*.lost_response.patients", of_status(courses, responders, "loss"))
    for status in NON_RESPONDER_STATUS:
        statements.count(f"results.stops.non_responders.{status}", of_status(courses, others, status))
    statements.count("results.stops.non_responders.all", [1 for _ in others])
    stopped = of_status(courses, everyone, "intolerance")
    for claim in ("abstract.safety.interrupted", "results.safety.interrupted", "discussion.safety.stopped"):
        statements.count(claim, stopped)


def _durations(statements: Statements, draw: Draw, courses: Courses) -> None:
    """Bind the months on therapy (L254-L257, L263)."""
    model, duration = statements.model, courses.duration
    classes = {"cr": ["CR"], "mr": ["MR"], "pr": ["PR"], "responders": ["CR", "MR", "PR"], "non_responders": ["NR"]}
    classes["all"] = ["CR", "MR", "PR", "NR"]
    for name, members in classes.items():
        statements.median(
            f"results.duration.{name}.median", [duration[i] for i, b in enumerate(draw.best) if b in members]
        )
    responders = [duration[i] for i in draw.responders()]
    others = [duration[i] for i, best in enumerate(draw.best) if best == "NR"]
    for values, name in ((responders, "duration.responders"), (others, "stops.non_responders")):
        statements.minimum(f"results.{name}.minimum", values)
        statements.maximum(f"results.{name}.maximum", values)
    # The response that lasted longest is still going on at last follow-up (L337).
    ongoing_months = []
    for i in draw.responders():
        months = model.new_int_var(0, LONGEST, "")
        stays = sum(courses.status[status][i] for status in ("CR", "MR", "PR") if i in courses.status[status])
        model.add(months <= duration[i])
        model.add(months <= LONGEST * stays)
        ongoing_months.append(months)
    statements.maximum("discussion.response_duration.maximum", ongoing_months)
    _lost_responses(statements, courses)


def _lost_responses(statements: Statements, courses: Courses) -> None:
    """Let responses be lost after the printed least and greatest number of months (L259-L260)."""
    model = statements.model
    for pattern, last in (("*.lost_response.minimum", False), ("*.lost_response.maximum", True)):
        for name in statements.bound(pattern):
            months = int(statements.claims.loc[name, "value"])
            attained = []
            for i, lost in courses.status["loss"].items():
                inside = courses.duration[i] <= months if last else courses.duration[i] >= months
                model.add(inside).only_enforce_if(lost)
                equal = model.new_bool_var("")
                model.add(courses.duration[i] == months).only_enforce_if(equal)
                model.add_implication(equal, lost)
                attained.append(equal)
            model.add_bool_or(attained)
    for i, lost in courses.status["loss"].items():
        model.add(courses.duration[i] >= courses.best[i] + 1).only_enforce_if(lost)


def _times_to_response(statements: Statements, draw: Draw, courses: Courses) -> None:
    """Bind the months to first and best response, and responses of at least three months (L249, L258-L259)."""
    model, responders = statements.model, draw.responders()
    for i in responders:
        model.add(courses.first[i] <= courses.best[i])
        model.add(courses.best[i] <= courses.duration[i])
        model.add(courses.first[i] <= 10)
    statements.median("*.first_response.median", [courses.first[i] for i in responders])
    statements.median("*.best_response.median", [courses.best[i] for i in responders])
    least = int(statements.claims.loc["results.sustained.threshold", "value"])
    sustained = [statements.at_least(courses.duration[i] - courses.first[i], least) for i in responders]
    statements.count("*.sustained.responders", sustained)
    for i in draw.tested:
        model.add(courses.duration[i] >= least + 1)
