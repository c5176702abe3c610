"""The part on the courses of treatment: follow-up, stops, durations, responses, changes of dose."""

from dataclasses import dataclass
from itertools import product

from ortools.sat.python import cp_model

from compendium.reconstruction.leaning import Leaning
from compendium.reconstruction.patients import Patients, Settled
from compendium.reconstruction.statements import Statements, found
from compendium.verification.identities import POPULATIONS
from compendium.verification.published import matching

_ON_THERAPY = ("CR", "MR", "PR")
# What a responder's course came to: still in that class and on therapy, or stopped for that reason.
RESPONDER_STATUS = (*_ON_THERAPY, "loss", "intolerance", "lost", "pregnancy")
NON_RESPONDER_STATUS = ("inefficacy", "intolerance")  # why a patient without response stopped (L264-L265)

CHANGES = {
    "reached_mr": ["MR"], "better_pr": ["PR"], "not_improved": ["PR"], "weekly_mr": ["MR"], "weekly_pr": ["PR"],
    "weekly_stopped": ["MR", "PR"],
}  # fmt: skip
"""What a change of dose led to, the first three an escalation, the others a weekly schedule (L273-L284), and the best
responses of the patients to whom it may have happened."""

_LAST = {  # the rows of Table 2 on responders at last follow-up, by status
    "orr": _ON_THERAPY, "cr": ("CR",), "mr": ("MR",), "pr": ("PR",), "loss": ("loss",),
    "intolerance": ("intolerance",), "lost": ("lost", "pregnancy"),
}  # fmt: skip

LONGEST_WAIT = 10  # the longest time to the first improvement of a symptom, in months (L252)
LONGEST = 36  # months from January 2015, the start of the study, to January 2018, the last follow-up (L156, L165)
# On therapy at most of who had one: a flare comes early, a severe one at once.
MONTHS_OF_FLARE, MONTHS_OF_SEVERE = 3, 1
_OLDEST_WITH_PREGNANCY_INTENT = 42

Variables = list[cp_model.IntVar]
ByPatient = dict[int, cp_model.IntVar]


@dataclass
class Courses:
    """The variables of this block, or the numbers found for them; of lists one per patient."""

    duration: Variables  # months on therapy
    first: Variables  # months to first and to best response
    best: Variables
    status: dict[str, ByPatient]  # for each status, the patients who may have it and the literal that they do
    change: dict[str, ByPatient]  # for each of `CHANGES`, whom it may have happened to and the literal that it did
    month: Variables  # month of the change of dose; without meaning where there was none

    @staticmethod
    def chosen(literals: dict[str, dict[int, int]]) -> dict[int, str]:
        """Name the one of several alternatives that was found for each patient."""
        return {i: name for name, own in literals.items() for i, true in own.items() if true}

    def having(self, members: list[int], *statuses: str) -> Variables:
        """List the literals that some patients have one of some statuses, for each status that they may have."""
        return [self.status[status][i] for status in statuses for i in members if i in self.status[status]]


def find_courses(statements: Statements, leaning: Leaning, settled: Settled) -> Courses:
    """Find the courses; the best responses are given."""
    statements.begin()
    patients = statements.constants(settled)
    model, n = statements.model, len(leaning.best)
    months = [[model.new_int_var(1, LONGEST, "") for _ in range(n)] for _ in range(3)]
    courses = Courses(*months, status={}, change={}, month=[])
    for i in range(n):
        for variables, near in zip(months, (leaning.duration, leaning.first, leaning.best_month), strict=True):
            statements.near(variables[i], int(near[i]), weight=4)
    _best_response(statements, leaning)
    _last_follow_up(statements, leaning, courses, patients)
    _durations(statements, leaning, courses)
    _times_to_response(statements, leaning, courses)
    _changes_of_dose(statements, leaning, courses)
    preferred = {status: leaning.preference(status) for status in courses.status}
    escalated, weekly = leaning.preference("escalated"), leaning.preference("weekly")
    preferred |= {name: weekly if name.startswith("weekly") else escalated for name in CHANGES}
    for name, literals in (courses.status | courses.change).items():
        for i, literal in literals.items():
            statements.prefer(literal, float(preferred[name][i]) * leaning.strength)
    for status in _ON_THERAPY:  # where best response and last follow-up are one assessment, so is the class
        for i, literal in courses.status[status].items():
            if leaning.best[i] != status:
                model.add(courses.best[i] + 1 <= courses.duration[i]).only_enforce_if(literal)
    _leave_room_for_flares(statements, courses)
    # The symptom that takes longest to improve needs somebody who goes on improving so long.
    model.add_bool_or([statements.at_least(courses.best[i], LONGEST_WAIT) for i in leaning.responders()])
    courses = Courses(**found(leaning.solve(statements), vars(courses)))
    dense = {name: [own.get(i, 0) for i in range(n)] for name, own in (courses.status | courses.change).items()}
    dense["escalated"] = [sum(dense[name][i] for name in list(CHANGES)[:3]) for i in range(n)]
    leaning.note(dense)
    return courses


def _best_response(statements: Statements, leaning: Leaning) -> None:
    """Check the given best responses against every place that prints them."""
    rows = {"cr": ["CR"], "mr": ["MR"], "pr": ["PR"], "none": ["NR"], "orr": ["CR", "MR", "PR"]}

    def having(row: str, population: str) -> list[int]:
        return [int(leaning.best[i] in rows[row]) for i in leaning.members(population)]

    for population, row in product(POPULATIONS, rows):
        statements.count(f"table2.best.{row}.{population}", having(row, population))
    for row, section in product(("cr", "mr", "pr", "orr"), ("abstract", "results")):
        statements.count(f"{section}.best.{row}.all", having(row, "all"))
    for claim, population in (("results.best.orr.primary", "primary"), ("discussion.best.orr.all", "all")):
        statements.percent(claim, having("orr", population), len(leaning.members(population)))


def _last_follow_up(statements: Statements, leaning: Leaning, courses: Courses, patients: Patients) -> None:
    """Give every patient one status at last follow-up, and count them by population (Table 2, L253-L270)."""
    model = statements.model
    courses.status = {status: {} for status in dict.fromkeys(RESPONDER_STATUS + NON_RESPONDER_STATUS)}
    for i, best in enumerate(leaning.best):
        possible = NON_RESPONDER_STATUS if best == "NR" else RESPONDER_STATUS[_ON_THERAPY.index(best) :]
        for status in possible:
            courses.status[status][i] = model.new_bool_var("")
            statements.prefer(courses.status[status][i], leaning.generator.normal() + 2 * (status == best))
        model.add_exactly_one(courses.status[status][i] for status in possible)
        # A course that ended did so before the follow-up of January 2018.
        stays = courses.having([i], *_ON_THERAPY)
        model.add(courses.duration[i] <= LONGEST - 2).only_enforce_if([~literal for literal in stays])
    for i, pregnant in courses.status["pregnancy"].items():
        model.add_implication(pregnant, ~patients["male"][i])
        model.add(patients["age_at_treatment_years"][i] <= _OLDEST_WITH_PREGNANCY_INTENT).only_enforce_if(pregnant)
    for population in POPULATIONS:
        members = leaning.members(population)
        responders = [i for i in members if leaning.best[i] != "NR"]
        for row, statuses in _LAST.items():
            statements.count(f"table2.last.{row}.{population}", courses.having(responders, *statuses))
        statements.count(f"table2.last.none.{population}", [int(leaning.best[i] == "NR") for i in members])
        stopped = [1 - sum(courses.having([i], *_ON_THERAPY)) for i in members]
        statements.count(f"table2.last.not_persistent.{population}", stopped)
    _stops(statements, leaning, courses)


def _stops(statements: Statements, leaning: Leaning, courses: Courses) -> None:
    everyone, responders = leaning.members("all"), leaning.responders()
    others = [i for i in everyone if i not in responders]
    ongoing = courses.having(everyone, *_ON_THERAPY)
    on_therapy = ("results.last.on_therapy", "results.last.patients", "abstract.last.orr.all")
    statements.counts(dict.fromkeys(on_therapy, ongoing))
    for response in _ON_THERAPY:
        statements.count(f"results.last.{response.lower()}.all", courses.having(everyone, response))
    statements.percent("results.last.orr.all", ongoing, len(everyone))
    reasons = {"loss": "loss", "intolerance": "intolerance"}
    reasons |= {"lost_from_follow_up": "lost", "pregnancy_intent": "pregnancy"}
    for claim, status in reasons.items():
        statements.count(f"results.stops.responders.{claim}", courses.having(responders, status))
    statements.count("results.stops.responders.all", courses.having(responders, *reasons.values()))
    statements.count("*.lost_response.patients", courses.having(responders, "loss"))
    for status in NON_RESPONDER_STATUS:
        statements.count(f"results.stops.non_responders.{status}", courses.having(others, status))
    statements.count("results.stops.non_responders.all", [1 for _ in others])
    interrupted = ("abstract.safety.interrupted", "results.safety.interrupted", "discussion.safety.stopped")
    statements.counts(dict.fromkeys(interrupted, courses.having(everyone, "intolerance")))


def _durations(statements: Statements, leaning: Leaning, courses: Courses) -> None:
    """Bind the months on therapy (L254-L257, L263)."""
    model, duration = statements.model, courses.duration
    classes = {"cr": ["CR"], "mr": ["MR"], "pr": ["PR"], "responders": _ON_THERAPY, "non_responders": ["NR"]}
    classes["all"] = (*_ON_THERAPY, "NR")
    months = {name: [duration[i] for i, b in enumerate(leaning.best) if b in own] for name, own in classes.items()}
    for name, values in months.items():
        statements.median(f"results.duration.{name}.median", values)
    statements.ends("results.duration.responders", months["responders"])
    statements.ends("results.stops.non_responders", months["non_responders"])
    # The response that lasted longest is still going on at last follow-up (L337).
    ongoing_months = []
    for i in leaning.responders():
        ongoing_months.append(model.new_int_var(0, LONGEST, ""))
        model.add(ongoing_months[-1] <= duration[i])
        model.add(ongoing_months[-1] <= LONGEST * sum(courses.having([i], *_ON_THERAPY)))
    statements.maximum("results.duration.responders.maximum", ongoing_months)
    # Responses were lost after the printed least and greatest number of months (L259-L260).
    for end in ("minimum", "maximum"):
        for name in statements.bound(f"*.lost_response.{end}"):
            months = int(statements.printed(name))
            attained = []
            for i, lost in courses.status["loss"].items():
                model.add(duration[i] <= months if end == "maximum" else duration[i] >= months).only_enforce_if(lost)
                attained.append(model.new_bool_var(""))
                model.add(duration[i] == months).only_enforce_if(attained[-1])
                model.add_implication(attained[-1], lost)
            model.add_bool_or(attained)
    for i, lost in courses.status["loss"].items():
        model.add(duration[i] >= courses.best[i] + 1).only_enforce_if(lost)


def _times_to_response(statements: Statements, leaning: Leaning, courses: Courses) -> None:
    """Bind the months to first and best response, and responses of at least three months (L249, L258-L259)."""
    model, responders = statements.model, leaning.responders()
    for i in responders:
        model.add(courses.first[i] <= courses.best[i])
        model.add(courses.best[i] <= courses.duration[i])
        model.add(courses.first[i] <= 10)
    statements.median("*.first_response.median", [courses.first[i] for i in responders])
    statements.median("*.best_response.median", [courses.best[i] for i in responders])
    least = int(statements.printed("results.sustained.threshold"))
    sustained = [statements.at_least(courses.duration[i] - courses.first[i], least) for i in responders]
    statements.count("*.sustained.responders", sustained)


def _changes_of_dose(statements: Statements, leaning: Leaning, courses: Courses) -> None:
    """Let escalations and weekly schedules have led to the responses that they did (L271-L284)."""
    model, n = statements.model, len(leaning.best)
    courses.month = month = [model.new_int_var(1, LONGEST, "") for _ in range(n)]
    for name, classes in CHANGES.items():
        courses.change[name] = {i: model.new_bool_var("") for i, best in enumerate(leaning.best) if best in classes}
    for name, literals in courses.change.items():
        for i, literal in literals.items():
            statements.prefer(literal, leaning.generator.normal())
            model.add(month[i] <= courses.duration[i] - 1).only_enforce_if(literal)
            # It takes a month to see that a response is partial, or that it wears off before the next dose.
            model.add(courses.first[i] + 1 <= month[i]).only_enforce_if(literal)
            if name in ("not_improved", "weekly_stopped"):
                model.add(courses.best[i] + 1 <= month[i]).only_enforce_if(literal)
            else:
                model.add(month[i] <= courses.best[i] - 1).only_enforce_if(literal)
    for i in range(n):
        model.add_at_most_one(literals[i] for literals in courses.change.values() if i in literals)
        statements.near(month[i], int(leaning.generator.integers(3, 8)))
    for i, stopped in courses.change["weekly_stopped"].items():
        model.add_implication(stopped, courses.status["loss"][i])
    for name in ("weekly_mr", "weekly_pr"):
        for i, improved in courses.change[name].items():
            model.add_bool_or([~improved, *courses.having([i], "MR", "PR")])
    made = {name: list(literals.values()) for name, literals in courses.change.items()}
    better, weekly = made["reached_mr"] + made["better_pr"], made["weekly_mr"] + made["weekly_pr"]
    escalations = {"patients": better + made["not_improved"], "improved": better}
    escalations |= {"reached_mr": made["reached_mr"], "better_pr": made["better_pr"]}
    # One patient received more than the recommended maximum, without evidence of effect (L273-L274).
    escalations |= {"usual.patients": better, "highest.patients": made["not_improved"]}
    statements.counts({f"results.escalation.{claim}": literals for claim, literals in escalations.items()})
    changes = {"patients": weekly + made["weekly_stopped"], "improved": weekly, "reached_mr": made["weekly_mr"]}
    changes |= {"reached_pr": made["weekly_pr"], "not_improved": made["weekly_stopped"]}
    statements.counts({f"results.weekly.{claim}": literals for claim, literals in changes.items()})


def _leave_room_for_flares(statements: Statements, courses: Courses) -> None:
    """Let as many courses end early for intolerance as there are flares, and one at once for the severe event."""
    model = statements.model
    for claim, months in (("*.safety.flare", MONTHS_OF_FLARE), ("results.safety.severe", MONTHS_OF_SEVERE)):
        soon = []
        for i, stopped in courses.status["intolerance"].items():
            soon.append(model.new_bool_var(""))
            model.add_implication(soon[-1], stopped)
            model.add(courses.duration[i] <= months).only_enforce_if(soon[-1])
        model.add(sum(soon) >= max(map(statements.printed_count, matching(statements.claims, claim))))
