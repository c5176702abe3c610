"""The blocks of the model on adverse events and on blood tests (tryptase and total IgE)."""

from collections.abc import Sequence
from math import ceil, sqrt

from scipy import stats

from compendium.reconstruction.courses import Courses, Variables
from compendium.reconstruction.draws import TESTS, Draw
from compendium.reconstruction.patients import Patients
from compendium.reconstruction.statements import Linear, Statements

FLARE = "symptom flare"
SEVERE = "laryngeal oedema and dyspnoea"

TERMS: dict[str, str] = {
    SEVERE: "results.safety.severe", FLARE: "*.safety.flare", "fatigue": "results.safety.fatigue",
    "fever": "results.safety.fever", "headache": "results.safety.headache", "malaise": "results.safety.malaise",
    "nausea": "results.safety.nausea", "abdominal pain": "results.safety.abdominal_pain",
    "menorrhagia and epistaxis": "results.safety.menstruation_epistaxis", "ecchymosis": "results.safety.ecchymosis",
    "pruritus": "results.safety.pruritus", "local rash": "results.safety.rash", "sweating": "results.safety.sweating",
}  # fmt: skip
"""The events that the paper names (L293-L302) and the claims that count the patients with each."""

OF_THE_DISEASE = ("fatigue", "headache", "malaise", "nausea", "abdominal pain", "pruritus", "sweating")
"""Events that are a symptom of the disease as well."""

SCALE = 10  # blood values are held in tenths of the printed unit
STABLE_PERCENT = 20  # a change of total IgE of at most so much is stable by the default rule (L310-L311)

Laboratory = dict[tuple[str, str], Variables]
"""For each analyte and time point, the value of each tested patient in tenths."""


def add_events(statements: Statements, draw: Draw, courses: Courses, patients: Patients) -> dict[str, Variables]:
    """Add the variables and statements on adverse events: for each term, a literal per patient."""
    model, n = statements.model, len(draw.best)
    events = {term: [model.new_bool_var("") for _ in range(n)] for term in TERMS}
    for term, claim in TERMS.items():
        statements.count(claim, events[term])
        for literal in events[term]:
            statements.prefer(literal, draw.generator.normal())
    statements.counts({claim: events[SEVERE] for claim in ("*.safety.severe", "discussion.safety.severe_flare")})
    # An event that is a symptom of the disease is a flare-up of one that the patient had before.
    for patient in range(n):
        own = set(draw.symptoms.loc[draw.symptoms["patient"] == patient, "symptom"])
        for term in OF_THE_DISEASE:
            if term.replace(" ", "_") not in own:
                model.add(events[term][patient] == 0)
    anything = [model.new_bool_var("") for _ in range(n)]
    bleeding = events["menorrhagia and epistaxis"]
    for i in range(n):
        model.add_max_equality(anything[i], [events[term][i] for term in TERMS])
        intolerant = courses.status["intolerance"].get(i)
        if intolerant is None:
            model.add(events[FLARE][i] == 0)
        else:
            model.add_implication(intolerant, anything[i])
            model.add_implication(events[FLARE][i], intolerant)
        # The severe event was one of the three flares, and every flare ended the treatment (L298, L344-L346).
        model.add_implication(events[SEVERE][i], events[FLARE][i])
        model.add_implication(bleeding[i], ~patients["male"][i])
        model.add(patients["age_at_treatment_years"][i] <= 50).only_enforce_if(bleeding[i])
        # A flare comes at the beginning of therapy (L343).
        model.add(courses.duration[i] <= 3).only_enforce_if(events[FLARE][i])
        # Nobody stays on a drug for more than a month after a severe reaction to it.
        model.add(courses.duration[i] == 1).only_enforce_if(events[SEVERE][i])
    statements.count("*.safety.side_effects", anything)
    return events


def add_laboratory(statements: Statements, draw: Draw, patients: Patients) -> Laboratory:
    """Add the variables and statements on blood tests; who was tested is drawn."""
    values = add_levels(statements, len(draw.tested))
    criteria = [patients["who_tryptase_over_20"][patient] for patient in draw.tested]
    _draw_values(statements, draw, values, criteria)
    add_tryptase(statements, values, criteria)
    _total_ige(statements, draw, values)
    return values


def add_levels(statements: Statements, n: int) -> Laboratory:
    """Add the levels of n tested patients, with the means and ranges that are printed."""
    tested = ("table1.biology.n", "results.biology.tryptase.patients", "results.biology.ige.patients")
    statements.counts(dict.fromkeys(tested, [1] * n))
    bounds = {"tryptase": (10, 2500), "total_ige": (20, 60_000)}
    new = statements.model.new_int_var
    values = {(analyte, time): [new(*bounds[analyte], "") for _ in range(n)] for analyte, time in TESTS}
    for key, claim in TESTS.items():
        statements.mean(f"{claim}.mean", values[key], scale=SCALE)
        if f"{claim}.minimum" in statements.claims.index:
            statements.ends(claim, values[key], scale=SCALE)
    return values


def _draw_values(statements: Statements, draw: Draw, values: Laboratory, criteria: Variables) -> None:
    """Prefer the drawn values, and keep each patient's values of one magnitude."""
    model = statements.model
    low, high = draw.tryptase[False], draw.tryptase[True]
    model.add(sum(criteria) == (len(criteria) + 1) // 2)
    for time in low:
        for i, criterion in enumerate(criteria):
            below, above = int(SCALE * low[time][i]), int(SCALE * high[time][i])
            statements.near(values["tryptase", time][i], below + (above - below) * criterion)
            statements.near(values["total_ige", time][i], int(SCALE * draw.total_ige[time][i]))
    # Each patient's values keep their magnitude, some more and some less; the greatest and least belong together.
    intervals = (("diagnosis", "before"), ("before", "on_therapy"))
    for i in range(len(criteria)):
        limits = draw.generator.integers(8, 40), draw.generator.integers(15, 45)
        for (then, now), percent in zip(intervals, limits, strict=True):
            earlier, later = values["tryptase", then][i], values["tryptase", now][i]
            model.add(100 * later <= (100 + int(percent)) * earlier)
            model.add(100 * later >= (100 - int(percent)) * earlier)
        drawn = draw.total_ige.loc[i]
        slack = 1.2 + draw.generator.random()
        for then, now in intervals:
            rise, fall = slack * max(drawn[now] / drawn[then], 1.0), slack * max(drawn[then] / drawn[now], 1.0)
            earlier, later = values["total_ige", then][i], values["total_ige", now][i]
            model.add(100 * later <= int(100 * rise) * earlier)
            model.add(100 * earlier <= int(100 * fall) * later)


def add_tryptase(statements: Statements, values: Laboratory, criteria: Sequence[Linear], apart: bool = True) -> None:
    """Agree with the criterion of 20 ng/mL, and let the mean change be far from significant (L306-L308).

    Without ``apart`` the change is left to be tested afterwards.
    """
    model, n = statements.model, len(criteria)
    changes = []
    for i, criterion in enumerate(criteria):
        for time in ("diagnosis", "before"):
            above = statements.at_least(values["tryptase", time][i], 20 * SCALE + 1)
            model.add(above == criterion)
        if apart:
            change = model.new_int_var(0, 2500, "")
            model.add_abs_equality(change, values["tryptase", "on_therapy"][i] - values["tryptase", "before"][i])
            changes.append(change)
    # |t| < t* if the sum of squared changes exceeds S^2/n (1 + (n-1)/t*^2), S being their sum; by Cauchy and Schwarz
    # that follows from a large enough sum of absolute changes. The printed means bound S by 2 ng/mL a patient.
    if apart:
        bound = 2 * SCALE * n * sqrt(1 + (n - 1) / stats.t.ppf(0.975, n - 1) ** 2)
        model.add(sum(changes) >= ceil(bound))


def _total_ige(statements: Statements, draw: Draw, values: Laboratory) -> None:
    """Let IgE rise in as many patients as printed and stay stable in the others (L311-L312)."""
    model, rises = statements.model, []
    for before, on in zip(values["total_ige", "before"], values["total_ige", "on_therapy"], strict=True):
        rise = model.new_bool_var("")
        # A stable value stays within a limit of its own, which is always below the rule's.
        limit, least = int(draw.generator.integers(5, STABLE_PERCENT)), int(draw.generator.integers(30, 80))
        model.add(100 * on >= (100 + least) * before).only_enforce_if(rise)
        model.add(100 * on <= (100 + limit) * before).only_enforce_if(~rise)
        model.add(100 * on >= (100 - limit) * before).only_enforce_if(~rise)
        rises.append(rise)
    statements.count("*.biology.ige.increased", rises)
    statements.count("results.biology.ige.stable", [~rise for rise in rises])
