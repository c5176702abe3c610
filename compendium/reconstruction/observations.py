"""The parts on adverse events and on blood tests (tryptase and total IgE)."""

from math import ceil, sqrt

import numpy as np
from scipy import stats

from compendium.reconstruction.courses import MONTHS_OF_FLARE, MONTHS_OF_SEVERE, Courses, Variables
from compendium.reconstruction.leaning import TESTS, Leaning, NoRoomError
from compendium.reconstruction.patients import Settled
from compendium.reconstruction.statements import Statements, found

FLARE, SEVERE = "symptom flare", "laryngeal oedema and dyspnoea"

TERMS = {  # the events that the paper names (L293-L302) and the claims that count the patients with each
    SEVERE: "results.safety.severe", FLARE: "*.safety.flare", "fatigue": "results.safety.fatigue",
    "fever": "results.safety.fever", "headache": "results.safety.headache", "malaise": "results.safety.malaise",
    "nausea": "results.safety.nausea", "abdominal pain": "results.safety.abdominal_pain",
    "menorrhagia and epistaxis": "results.safety.menstruation_epistaxis", "ecchymosis": "results.safety.ecchymosis",
    "pruritus": "results.safety.pruritus", "local rash": "results.safety.rash", "sweating": "results.safety.sweating",
}  # fmt: skip

# Events that are a symptom of the disease as well.
OF_THE_DISEASE = ("fatigue", "headache", "malaise", "nausea", "abdominal pain", "pruritus", "sweating")

SCALE = 10  # blood values are held in tenths of the printed unit
_MOST_CHANGE = 3  # by what factor tryptase changes at most between two samples
STABLE_PERCENT = 20  # a change of total IgE of at most so much is stable by the default rule (L310-L311)

Laboratory = dict[tuple[str, str], Variables]  # of each analyte and time point, the value of each tested patient


def find_events(statements: Statements, leaning: Leaning, courses: Courses, settled: Settled) -> dict[str, list[int]]:
    """Find who has each event, 0 or 1; events that are symptoms of the disease are to be had by who has them."""
    statements.begin()
    model, n = statements.model, len(leaning.best)
    constants = {true: model.new_constant(true) for true in (1, 0)}
    patients = statements.constants(settled)
    events = {term: [model.new_bool_var("") for _ in range(n)] for term in TERMS}
    for term, claim in TERMS.items():
        statements.count(claim, events[term])
        for literal in events[term]:
            statements.prefer(literal, leaning.generator.normal())
    statements.counts({claim: events[SEVERE] for claim in ("*.safety.severe", "discussion.safety.severe_flare")})
    anything = [model.new_bool_var("") for _ in range(n)]
    bleeding = events["menorrhagia and epistaxis"]
    for i in range(n):
        model.add_max_equality(anything[i], [events[term][i] for term in TERMS])
        if i not in courses.status["intolerance"]:
            model.add(events[FLARE][i] == 0)
        else:
            intolerant = constants[courses.status["intolerance"][i]]
            model.add_implication(intolerant, anything[i])
            model.add_implication(events[FLARE][i], intolerant)
        # The severe event was one of the three flares, and every flare ended the treatment (L298, L344-L346).
        model.add_implication(events[SEVERE][i], events[FLARE][i])
        model.add_implication(bleeding[i], ~patients["male"][i])
        model.add(patients["age_at_treatment_years"][i] <= 50).only_enforce_if(bleeding[i])
        # A flare comes at the beginning of therapy (L343).
        model.add(courses.duration[i] <= MONTHS_OF_FLARE).only_enforce_if(events[FLARE][i])
        # Nobody stays on a drug for more than a month after a severe reaction to it.
        model.add(courses.duration[i] <= MONTHS_OF_SEVERE).only_enforce_if(events[SEVERE][i])
    statements.count("*.safety.side_effects", anything)
    lean = leaning.preference("events")
    alike = leaning.generator.random() < leaning.alike  # all events to the same patients, as far as can be
    for literals in events.values():
        own = lean if alike else lean * leaning.generator.choice([-1, 1]) + leaning.preference("event")
        for literal, score in zip(literals, own, strict=True):
            statements.prefer(literal, float(score))
    return found(leaning.solve(statements), events)


def choose_tested(statements: Statements, leaning: Leaning, courses: Courses, settled: Settled) -> np.ndarray:
    """Choose the positions of the patients whose blood was tested on therapy, who had it for long enough."""
    n, least = statements.printed_count("table1.biology.n"), int(statements.printed("results.sustained.threshold"))
    score = leaning.preference("tested")
    score[np.array(courses.duration) <= least] = -np.inf
    fulfilled = np.array(settled["who_tryptase_over_20"])
    # As many must lie above 20 ng/mL as the mean asks for: values are at most the printed maximum, or 20.
    claim = TESTS["tryptase", "diagnosis"]
    mean, maximum = (float(statements.printed(f"{claim}.{what}")) for what in ("mean", "maximum"))
    fewest, most = ceil((mean - 20) * n / (maximum - 20)), int((mean * n - maximum) / 20)
    above = leaning.between(fewest, min(most, int(fulfilled[np.isfinite(score)].sum())))
    order = np.argsort(-score, kind="stable")
    tested = np.sort(np.concatenate([order[fulfilled[order] == 1][:above], order[fulfilled[order] == 0][: n - above]]))
    if not np.isfinite(score[tested]).all():
        raise NoRoomError
    return tested


def find_levels(statements: Statements, leaning: Leaning, tested: np.ndarray, settled: Settled) -> Laboratory:
    """Find levels with the printed means and ranges, without a significant change of tryptase."""
    criteria = [settled["who_tryptase_over_20"][i] for i in tested]
    levels = _levels(statements, leaning, criteria, apart=leaning.generator.random() < leaning.apart)
    pairs = zip(levels["tryptase", "before"], levels["tryptase", "on_therapy"], strict=True)
    changes = [on - before for before, on in pairs]
    n, total, squares = len(changes), sum(changes), sum(change * change for change in changes)
    # The paired t test, from whole numbers: t^2 = total^2 (n - 1) / (n squares - total^2).
    significant = total**2 * (n - 1) >= stats.t.ppf(0.975, n - 1) ** 2 * (n * squares - total**2)
    return _levels(statements, leaning, criteria, apart=True) if significant else levels


def _levels(statements: Statements, leaning: Leaning, criteria: list[int], apart: bool) -> Laboratory:
    """Find levels near some that are drawn; ``apart`` keeps the changes of tryptase from significance beforehand."""
    statements.begin()
    model, n, drawn = statements.model, len(criteria), leaning.levels(criteria)
    tested = ("table1.biology.n", "results.biology.tryptase.patients", "results.biology.ige.patients")
    statements.counts(dict.fromkeys(tested, [1] * n))
    bounds, new = {"tryptase": (10, 2500), "total_ige": (20, 60_000)}, model.new_int_var
    values = {(analyte, time): [new(*bounds[analyte], "") for _ in range(n)] for analyte, time in TESTS}
    for key, claim in TESTS.items():
        statements.mean(f"{claim}.mean", values[key], scale=SCALE)
        if f"{claim}.minimum" in statements.claims.index:
            statements.ends(claim, values[key], scale=SCALE)
    changes = []
    for i, criterion in enumerate(criteria):
        for time in ("diagnosis", "before"):  # of which the criterion speaks
            model.add(statements.at_least(values["tryptase", time][i], 20 * SCALE + 1) == criterion)
        if apart:
            changes.append(new(0, 2500, ""))
            model.add_abs_equality(changes[-1], values["tryptase", "on_therapy"][i] - values["tryptase", "before"][i])
    # The mean change is far from significant (L306-L308): |t| < t* if the sum of squared changes exceeds
    # S^2/n (1 + (n-1)/t*^2), S being their sum; by Cauchy and Schwarz that follows from a large enough sum of absolute
    # changes. The printed means bound S by 2 ng/mL a patient.
    if apart:
        bound = 2 * SCALE * n * sqrt(1 + (n - 1) / stats.t.ppf(0.975, n - 1) ** 2)
        model.add(sum(changes) >= ceil(bound))
    for i in range(n):
        for key in TESTS:
            statements.near(values[key][i], int(SCALE * drawn[key][i]))
        for then, now in (("diagnosis", "before"), ("before", "on_therapy")):
            earlier, later = values["tryptase", then][i], values["tryptase", now][i]
            model.add(later <= _MOST_CHANGE * earlier)
            model.add(earlier <= _MOST_CHANGE * later)
    rises = [model.new_bool_var("") for _ in range(n)]
    for rise, before, on in zip(rises, values["total_ige", "before"], values["total_ige", "on_therapy"], strict=True):
        model.add(100 * on >= (100 + STABLE_PERCENT) * before + 1).only_enforce_if(rise)
        model.add(100 * on <= (100 + STABLE_PERCENT) * before).only_enforce_if(~rise)
        model.add(100 * on >= (100 - STABLE_PERCENT) * before).only_enforce_if(~rise)
    statements.count("*.biology.ige.increased", rises)
    statements.count("results.biology.ige.stable", [~rise for rise in rises])
    return found(leaning.solve(statements), values)
