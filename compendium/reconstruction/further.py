"""A further cohort in seconds: the same statements as the shipped one, in small models solved one after another.

What takes the shipped cohort its time is to come close to a draw in all things at once. Here nothing is drawn as a
condition. Ages; findings; courses; symptoms; events; blood tests: each part is a model of its own that knows the parts
before it as numbers, and is leant towards a corner that is drawn for each cohort: findings go together as much, or as
little, as the statements allow. So cohorts of different numbers are unlike one another, and none is near the shipped
one. They are corners, no sample: how often something is seen among them is no probability.

A cohort depends on its seed and number alone. If the parts drawn first leave no room for a later one, which is seldom,
it is begun again with other draws.
"""

from itertools import combinations
from math import ceil

import numpy as np
import pandas as pd
from numpy.random import Generator
from scipy import stats

from compendium.reconstruction import patients as of_patients
from compendium.reconstruction.corners import EFFORT, Corner, NoRoomError, constants, drawn_corner, solved
from compendium.reconstruction.courses import CHANGES, Courses, add_courses
from compendium.reconstruction.draws import TESTS
from compendium.reconstruction.grades import UP_TO_MONTH, find_symptoms, present_symptoms
from compendium.reconstruction.model import Model, NoCohortError
from compendium.reconstruction.observations import (
    FLARE,
    OF_THE_DISEASE,
    SCALE,
    SEVERE,
    STABLE_PERCENT,
    TERMS,
    Laboratory,
    add_events,
    add_levels,
    add_tryptase,
)
from compendium.reconstruction.patients import Patients, add_ages, add_findings, add_sizes
from compendium.reconstruction.rows import make_tables
from compendium.reconstruction.statements import Statements
from compendium.verification.published import matching, read_claims

ATTEMPTS = 20  # how often to begin a cohort with other draws
_ROWS = 40  # how often to draw what neither the paper nor a model fixes
PAIRS = 8  # so many pairs of findings are made to go together, or apart, as far as can be
_STRONG = 8.0  # how much more a pair counts than a single finding

_MOST_CHANGE = 3  # by what factor tryptase changes at most between two samples


class _Settled:
    """Reads numbers as a solver reads variables."""

    @staticmethod
    def value(number: int) -> int:
        """Give the number."""
        return int(number)


def further_tables(seed: int, number: int, claims: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """Make the six tables of one further cohort.

    Parameters
    ----------
    seed, number : int
        The same two give the same cohort on every x86-64 machine.
    claims : DataFrame, optional
        As `compendium.verification.published.read_claims` gives them, which is the default.

    Raises
    ------
    NoCohortError
        If the statements contradict one another, or no draw led to a cohort.
    """
    claims = read_claims() if claims is None else claims
    for attempt in range(ATTEMPTS):
        sequence = np.random.SeedSequence([seed, number, attempt])
        try:
            model = further_model(claims, np.random.default_rng(sequence))
        except NoRoomError:
            continue
        for state in sequence.generate_state(_ROWS):
            tables = make_tables(model, _Settled(), int(state))
            if _as_printed(tables, model.statements):
                return tables
    raise NoCohortError(f"no cohort {number} of seed {seed} found in {ATTEMPTS} attempts; take another seed")


def _as_printed(tables: dict[str, pd.DataFrame], statements: Statements) -> bool:
    """Whether what is drawn with the rows is as printed: the earliest sample on therapy, and the period of the study.

    As in the shipped cohort the recommendations do not reach the end of the period, a date of the study and no result.
    """
    end = str(pd.Period(statements.claims.at["methods.period.end", "value"], freq="M"))
    earliest = int(statements.printed("results.biology.tryptase.on.threshold"))
    sampled = tables["laboratory"]["months_on_therapy"].min()
    return sampled == earliest and tables["screening"]["recommendation_month"].max() < end


def further_model(claims: pd.DataFrame, generator: Generator) -> Model:
    """Solve the parts in turn; all variables of the model are numbers."""
    statements = Statements(claims)
    corner = drawn_corner(statements, generator)
    add_sizes(statements, corner)
    patients = _patients(statements, corner)
    courses = _courses(statements, corner, patients)
    events, rows = _events_and_symptoms(statements, corner, courses, patients)
    corner, symptoms = find_symptoms(statements, corner, courses, rows)
    corner, laboratory = _laboratory(statements, corner, courses, patients)
    return Model(statements, corner, patients, courses, symptoms, events, laboratory)


def _patients(statements: Statements, corner: Corner) -> Patients:
    statements.begin()
    ages = add_ages(statements, corner)
    solver = solved(statements, corner)
    found = {name: [solver.value(variable) for variable in own] for name, own in ages.items()}
    statements.begin()
    delay = constants(statements, found)["diagnosis_to_treatment_months"]
    variables = add_findings(statements, corner, delay)
    _together(statements, corner, variables)
    solver = solved(statements, corner, 2 * EFFORT, level=2)
    findings = {name: [solver.value(variable) for variable in own] for name, own in variables.items()}
    corner.note(findings)
    return found | findings


def _together(statements: Statements, corner: Corner, variables: Patients) -> None:
    """Let some pairs of findings go together, or apart, as far as can be."""
    model, rng = statements.model, corner.generator
    names = ["male", *of_patients.EXAMINATIONS, *of_patients.MARROW, *of_patients.KNOWN]
    names += [*of_patients.SYMPTOMATIC, *of_patients.CYTOREDUCTIVE, "continued_classical_therapy"]
    pairs = list(combinations(names, 2))
    for k in rng.choice(len(pairs), PAIRS, replace=False):
        many = rng.random() < 0.5
        for one, other in zip(*(variables[name] for name in pairs[k]), strict=True):
            both = model.new_bool_var("")
            if many:
                model.add_implication(both, one)
                model.add_implication(both, other)
            else:
                model.add_bool_or([~one, ~other, both])
            statements.prefer(both, _STRONG if many else -_STRONG)


def _courses(statements: Statements, corner: Corner, patients: Patients) -> Courses:
    statements.begin()
    model = statements.model
    courses = add_courses(statements, corner, constants(statements, patients))
    leanings = {status: corner.preference(status) for status in courses.status}
    leanings |= dict.fromkeys(("reached_mr", "better_pr", "not_improved"), corner.preference("escalated"))
    leanings |= dict.fromkeys(("weekly_mr", "weekly_pr", "weekly_stopped"), corner.preference("weekly"))
    for name, literals in (courses.status | courses.change).items():
        for i, literal in literals.items():
            statements.prefer(literal, float(leanings[name][i]) * _STRONG)
    for status in ("CR", "MR", "PR"):  # where best response and last follow-up are one assessment, so is the class
        for i, literal in courses.status[status].items():
            if corner.best[i] != status:
                model.add(courses.best[i] + 1 <= courses.duration[i]).only_enforce_if(literal)
    # A flare comes early, and a severe one at once: whom the events are to happen to must be there.
    for term, months in ((FLARE, 3), (SEVERE, 1)):
        soon = []
        for i, stopped in courses.status["intolerance"].items():
            soon.append(model.new_bool_var(""))
            model.add_implication(soon[-1], stopped)
            model.add(courses.duration[i] <= months).only_enforce_if(soon[-1])
        model.add(sum(soon) >= max(map(statements.printed_count, matching(statements.claims, TERMS[term]))))
    # The symptom that takes longest to improve needs somebody who goes on improving so long.
    model.add_bool_or([statements.at_least(courses.best[i], UP_TO_MONTH) for i in corner.responders()])
    solver = solved(statements, corner)
    times = ([solver.value(variable) for variable in own] for own in (courses.duration, courses.first, courses.best))
    chosen = (
        {name: {i: solver.value(literal) for i, literal in own.items()} for name, own in literals.items()}
        for literals in (courses.status, courses.change)
    )
    found = Courses(*times, *chosen, month=[solver.value(variable) for variable in courses.month])
    n = len(corner.best)
    dense = {name: [own.get(i, 0) for i in range(n)] for name, own in (found.status | found.change).items()}
    dense["escalated"] = [sum(dense[name][i] for name in list(CHANGES)[:3]) for i in range(n)]
    corner.note(dense)
    return found


def _events_and_symptoms(
    statements: Statements, corner: Corner, courses: Courses, patients: Patients
) -> tuple[dict[str, list[int]], pd.DataFrame]:
    """Let events fall where they are leant to; whoever has one that is a symptom has that symptom."""
    statements.begin()
    n = len(corner.best)
    names = [term.replace(" ", "_") for term in OF_THE_DISEASE]
    everything = pd.DataFrame([(i, name) for i in range(n) for name in names], columns=["patient", "symptom"])
    object.__setattr__(corner, "symptoms", everything)
    chosen = {status: dict(zip(own, constants(statements, {"": list(own.values())})[""], strict=True))
              for status, own in courses.status.items()}  # fmt: skip
    fixed = Courses(courses.duration, courses.first, courses.best, chosen, {}, [])
    events = add_events(statements, corner, fixed, constants(statements, patients))
    lean = corner.preference("events")
    alike = corner.generator.random() < 0.7  # all events to the same patients, as far as can be
    for literals in events.values():
        own = lean if alike else lean * corner.generator.choice([-1, 1]) + corner.preference("event")
        for literal, score in zip(literals, own, strict=True):
            statements.prefer(literal, float(score))
    solver = solved(statements, corner)
    found = {term: [solver.value(literal) for literal in literals] for term, literals in events.items()}
    had = [(i, term.replace(" ", "_")) for term in OF_THE_DISEASE for i in range(n) if found[term][i]]
    return found, present_symptoms(statements, corner.best, had, corner.generator)


def _laboratory(
    statements: Statements, corner: Corner, courses: Courses, patients: Patients
) -> tuple[Corner, Laboratory]:
    """Choose who was tested, and find levels with the printed means and ranges."""
    rng, n = corner.generator, statements.printed_count("table1.biology.n")
    least = int(statements.printed("results.sustained.threshold"))
    score = corner.preference("tested")
    score[np.array(courses.duration) <= least] = -np.inf
    fulfilled = np.array(patients["who_tryptase_over_20"])
    # As many must lie above 20 ng/mL as the mean asks for: values are at most the printed maximum, or 20.
    printed = {
        what: float(statements.printed(f"{TESTS['tryptase', 'diagnosis']}.{what}")) for what in ("mean", "maximum")
    }
    fewest = ceil((printed["mean"] - 20) * n / (printed["maximum"] - 20))
    most = int((printed["mean"] * n - printed["maximum"]) / 20)
    above = int(rng.integers(fewest, min(most, int((fulfilled[np.isfinite(score)]).sum())) + 1))
    order = np.argsort(-score, kind="stable")
    tested = np.sort(np.concatenate([order[fulfilled[order] == 1][:above], order[fulfilled[order] == 0][: n - above]]))
    if not np.isfinite(score[tested]).all():
        raise NoRoomError
    corner = Corner(**(vars(corner) | {"tested": tested}))
    criteria = [patients["who_tryptase_over_20"][i] for i in tested]
    levels = _levels(statements, corner, criteria, apart=rng.random() < 0.5)
    if not _is_significant(levels):
        return corner, levels
    levels = _levels(statements, corner, criteria, apart=True)
    return corner, levels


def _levels(statements: Statements, corner: Corner, criteria: list[int], apart: bool) -> Laboratory:
    """Find levels near some that are drawn; ``apart`` keeps the changes of tryptase from significance beforehand."""
    statements.begin()
    model, rng, n = statements.model, corner.generator, len(criteria)
    values = add_levels(statements, n)
    add_tryptase(statements, values, criteria, apart)
    for i, fulfilled in enumerate(criteria):
        drawn = 21 + rng.lognormal(1.5, 1.0) if fulfilled else rng.uniform(3, 19)
        for time in ("diagnosis", "before", "on_therapy"):
            statements.near(values["tryptase", time][i], int(SCALE * drawn))
            drawn = drawn * rng.lognormal(0, 0.25)
        drawn = rng.lognormal(3.5, 1.0)
        for time in ("diagnosis", "before", "on_therapy"):
            statements.near(values["total_ige", time][i], int(SCALE * drawn))
            drawn = drawn * rng.lognormal(0.2 if time == "diagnosis" else 0.8, 0.4)
        for then, now in (("diagnosis", "before"), ("before", "on_therapy")):
            earlier, later = values["tryptase", then][i], values["tryptase", now][i]
            model.add(later <= _MOST_CHANGE * earlier)
            model.add(earlier <= _MOST_CHANGE * later)
    rises = [model.new_bool_var("") for _ in range(n)]
    for i, rise in enumerate(rises):
        before, on = (values["total_ige", time][i] for time in ("before", "on_therapy"))
        model.add(100 * on >= (100 + STABLE_PERCENT) * before + 1).only_enforce_if(rise)
        model.add(100 * on <= (100 + STABLE_PERCENT) * before).only_enforce_if(~rise)
        model.add(100 * on >= (100 - STABLE_PERCENT) * before).only_enforce_if(~rise)
    statements.count("*.biology.ige.increased", rises)
    statements.count("results.biology.ige.stable", [~rise for rise in rises])
    solver = solved(statements, corner)
    return {key: [solver.value(variable) for variable in values[key]] for key in TESTS}


def _is_significant(levels: Laboratory) -> bool:
    """Whether the paired t test of tryptase is significant, from whole numbers."""
    pairs = zip(levels["tryptase", "before"], levels["tryptase", "on_therapy"], strict=True)
    changes = [on - before for before, on in pairs]
    n, total, squares = len(changes), sum(changes), sum(change * change for change in changes)
    # t^2 = total^2 (n - 1) / (n squares - total^2)
    return total**2 * (n - 1) >= stats.t.ppf(0.975, n - 1) ** 2 * (n * squares - total**2)
