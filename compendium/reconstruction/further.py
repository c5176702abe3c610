"""A further cohort in seconds: the same statements as the shipped one, in small models solved one after another.

What takes the shipped cohort its time is to come close to a draw in all things at once. Here nothing is drawn as a
condition. Ages; findings; courses; symptoms; events; blood tests: each part is a model of its own that knows the parts
before it as numbers, and is leant towards a corner that is drawn for each cohort: findings go together as much, or as
little, as the statements allow. So cohorts of different numbers are unlike one another, and none is near the shipped
one. They are corners, no sample: how often something is seen among them is no probability.

A cohort depends on its seed and number alone. If the parts drawn first leave no room for a later one, which is seldom,
it is begun again with other draws.
"""

from dataclasses import dataclass, field
from itertools import combinations
from math import ceil

import numpy as np
import pandas as pd
from numpy.random import Generator
from ortools.sat.python import cp_model
from scipy import stats

from compendium.reconstruction import patients as of_patients
from compendium.reconstruction.courses import CHANGES, Courses, add_courses
from compendium.reconstruction.draws import TESTS, Draw, cross_table
from compendium.reconstruction.grades import best_grades, last_grades, present_symptoms
from compendium.reconstruction.model import Model, NoCohortError, has_cohort, search
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
from compendium.reconstruction.symptoms import Symptoms, add_months, check_rows, class_rule
from compendium.verification.published import matching, read_claims

ATTEMPTS = 20  # how often to begin a cohort with other draws
_ROWS = 40  # how often to draw what neither the paper nor a model fixes
EFFORT = 0.1  # how long each part is leant towards its corner, in the solver's deterministic seconds
PAIRS = 8  # so many pairs of findings are made to go together, or apart, as far as can be
_STRONG = 8.0  # how much more a pair counts than a single finding

_LIMITS = {"reached_mr": "PR", "better_pr": "PR", "weekly_mr": "PR", "weekly_pr": "NR"}
"""The class in which each change of dose found the patient."""

_MOST_CHANGE = 3  # by what factor tryptase changes at most between two samples
_UP_TO_MONTH = 10  # no symptom improves for the first time later (L252)


@dataclass(frozen=True)
class Corner(Draw):
    """The corner of one cohort: what each part of it is leant to."""

    order: np.ndarray = field(default_factory=lambda: np.empty(0))  # of the patients, as a standard normal score
    known: dict[str, np.ndarray] = field(default_factory=dict)  # what is settled of each patient so far, 0 or 1

    def preference(self, column: str) -> np.ndarray:
        """Draw who is preferred for something: the first or last of an order, or who has or lacks another thing."""
        rng, n = self.generator, len(self.best)
        sign, kind = rng.choice([-1, 1]), rng.integers(4)
        score = rng.normal(0, 0.3, n)
        if kind in (0, 1):
            score = score + 2 * sign * self.order
        if kind in (1, 2):
            names = [name for name in self.known if name != column]
            score = score + 4 * rng.choice([-1, 1]) * self.known[names[rng.integers(len(names))]]
        return score

    def note(self, found: dict[str, list[int]]) -> None:
        """Let later parts be leant by what was found."""
        self.known.update({name: np.array(values) for name, values in found.items() if 0 < sum(values) < len(values)})


class _Settled:
    """Reads numbers as a solver reads variables."""

    @staticmethod
    def value(number: int) -> int:
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
        except _NoRoomError:
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


class _NoRoomError(ValueError):
    """What was drawn first leaves no room for a later part."""


def further_model(claims: pd.DataFrame, generator: Generator) -> Model:
    """Solve the parts in turn; all variables of the model are numbers."""
    statements = Statements(claims)
    corner = _corner(statements, generator)
    add_sizes(statements, corner)
    patients = _patients(statements, corner)
    courses = _courses(statements, corner, patients)
    events, rows = _events_and_symptoms(statements, corner, courses, patients)
    corner, symptoms = _symptoms(statements, corner, courses, rows)
    corner, laboratory = _laboratory(statements, corner, courses, patients)
    return Model(statements, corner, patients, courses, symptoms, events, laboratory)


def _solved(statements: Statements, corner: Draw, effort: float = EFFORT, level: int = 1) -> cp_model.CpSolver:
    """Solve the model of a part as it is leant; a search that finds nothing is followed by others.

    Findings are found by linear programs (level 2), all else sooner with few of them.
    """
    statements.minimise()
    for longer, now in ((1, level), (1, level), (4, 0)):
        solver = search(statements.model, [int(corner.generator.integers(2**31))], longer * effort, now)
        if has_cohort(solver):
            return solver
        if solver.response_proto.status == cp_model.INFEASIBLE:
            break
    raise _NoRoomError


def _constants(statements: Statements, values: dict[str, list[int]]) -> Patients:
    """Make what is settled constants of the present model."""
    return {name: [statements.model.new_constant(value) for value in own] for name, own in values.items()}


def _corner(statements: Statements, rng: Generator) -> Corner:
    """Draw an order of the patients, and ages and times that more or less follow it."""
    diagnosis, best = cross_table(statements)
    n = len(best)
    known = {name: (diagnosis == name).astype(int) for name in np.unique(diagnosis)}
    known |= {name: (best == name).astype(int) for name in np.unique(best)}
    known |= {"responds": (best != "NR").astype(int), "mastocytosis": np.isin(diagnosis, ["ISM", "CM"]).astype(int)}
    order = rng.normal(size=n)
    if rng.random() < 0.5:  # an order by diagnosis and response
        order = order * 0.3 + sum(rng.normal() * values for values in known.values())
    order = (order - order.mean()) / order.std()

    def drawn(low: float, high: float, spread: float) -> np.ndarray:
        score = rng.choice([-1, 0, 1]) * order + rng.normal(0, rng.choice([0.2, 1.0]), n)
        return np.clip(np.exp(np.log((low * high) ** 0.5) + spread * score), low, high).round().astype(int)

    age = np.clip(48 + rng.uniform(8, 22) * (rng.choice([-1, 1]) * order + rng.normal(size=n)), 17, 93)
    responds = best != "NR"
    duration = np.where(responds, drawn(3, 36, rng.uniform(0.3, 1.2)), drawn(1, 6, rng.uniform(0.3, 1.2)))
    first, month = drawn(1, 6, rng.uniform(0.2, 1.0)), drawn(3, 12, rng.uniform(0.3, 1.2))
    times = (age.round().astype(int), drawn(4, 400, rng.uniform(0.5, 1.5)), duration, first, month)
    nobody = np.empty(0, dtype=int)
    nothing = pd.DataFrame()
    return Corner(diagnosis, best, *times, nobody, {}, nothing, nothing, rng, order, known)


def _patients(statements: Statements, corner: Corner) -> Patients:
    statements.begin()
    ages = add_ages(statements, corner)
    solver = _solved(statements, corner)
    found = {name: [solver.value(variable) for variable in own] for name, own in ages.items()}
    statements.begin()
    delay = _constants(statements, found)["diagnosis_to_treatment_months"]
    variables = add_findings(statements, corner, delay)
    _together(statements, corner, variables)
    solver = _solved(statements, corner, 2 * EFFORT, level=2)
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
    courses = add_courses(statements, corner, _constants(statements, patients))
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
    model.add_bool_or([statements.at_least(courses.best[i], _UP_TO_MONTH) for i in corner.responders()])
    solver = _solved(statements, corner)
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
    chosen = {status: dict(zip(own, _constants(statements, {"": list(own.values())})[""], strict=True))
              for status, own in courses.status.items()}  # fmt: skip
    fixed = Courses(courses.duration, courses.first, courses.best, chosen, {}, [])
    events = add_events(statements, corner, fixed, _constants(statements, patients))
    lean = corner.preference("events")
    alike = corner.generator.random() < 0.7  # all events to the same patients, as far as can be
    for literals in events.values():
        own = lean if alike else lean * corner.generator.choice([-1, 1]) + corner.preference("event")
        for literal, score in zip(literals, own, strict=True):
            statements.prefer(literal, float(score))
    solver = _solved(statements, corner)
    found = {term: [solver.value(literal) for literal in literals] for term, literals in events.items()}
    had = [(i, term.replace(" ", "_")) for term in OF_THE_DISEASE for i in range(n) if found[term][i]]
    return found, present_symptoms(statements, corner.best, had, corner.generator)


def _symptoms(statements: Statements, corner: Corner, courses: Courses, rows: pd.DataFrame) -> tuple[Corner, Symptoms]:
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
        quarters = best_grades(rows, corner.best, most, rng)
        rows = rows.assign(
            quarters=quarters, change=np.select([quarters < 4, quarters > 4], ["improved", "worse"], "unchanged")
        )
        same = np.array(courses.best) >= np.array(courses.duration)
        last = last_grades(rows, corner.best, status, same, rng)
    except ValueError as error:
        raise _NoRoomError from error
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
    return np.where(general, np.clip(waited, 1, 3), np.clip(waited + 0.7, 1, _UP_TO_MONTH)).astype(int)


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
    solver = _solved(statements, corner)
    found = {cell: solver.value(variable) for cell, variable in month.items()}
    gains = {
        i: sum(4 - int(rows.at[cell, "quarters"]) for cell in rows.index[rows["patient"] == i]
               if cell in found and found[cell] <= courses.month[i])
        for i in change
    }  # fmt: skip
    return found, gains


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
        raise _NoRoomError
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
    solver = _solved(statements, corner)
    return {key: [solver.value(variable) for variable in values[key]] for key in TESTS}


def _is_significant(levels: Laboratory) -> bool:
    """Whether the paired t test of tryptase is significant, from whole numbers."""
    pairs = zip(levels["tryptase", "before"], levels["tryptase", "on_therapy"], strict=True)
    changes = [on - before for before, on in pairs]
    n, total, squares = len(changes), sum(changes), sum(change * change for change in changes)
    # t^2 = total^2 (n - 1) / (n squares - total^2)
    return total**2 * (n - 1) >= stats.t.ppf(0.975, n - 1) ** 2 * (n * squares - total**2)
