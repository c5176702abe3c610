"""The block of the model on adverse events: who had which, and who stopped for them."""

from ortools.sat.python import cp_model

from compendium.reconstruction.courses import Courses
from compendium.reconstruction.disease import Disease
from compendium.reconstruction.draws import Draw
from compendium.reconstruction.statements import Statements

FLARE = "symptom flare"
SEVERE = "laryngeal oedema and dyspnoea"

TERMS: dict[str, str] = {
    SEVERE: "results.safety.severe",
    FLARE: "*.safety.flare",
    "fatigue": "results.safety.fatigue",
    "fever": "results.safety.fever",
    "headache": "results.safety.headache",
    "malaise": "results.safety.malaise",
    "nausea": "results.safety.nausea",
    "abdominal pain": "results.safety.abdominal_pain",
    "menorrhagia and epistaxis": "results.safety.menstruation_epistaxis",
    "ecchymosis": "results.safety.ecchymosis",
    "pruritus": "results.safety.pruritus",
    "local rash": "results.safety.rash",
    "sweating": "results.safety.sweating",
}
"""The events that the paper names (L293-L302) and the claims that count the patients with each."""

Events = dict[str, list[cp_model.IntVar]]


def add_events(statements: Statements, draw: Draw, courses: Courses, disease: Disease) -> Events:
    """Add the variables and statements of this block.

    Parameters
    ----------
    statements : Statements
        The model to extend.
    draw : Draw
        The drawn cohort.
    courses : Courses
        The variables of the courses: who stopped for intolerance.
    disease : dict of str to list
        The variables of the patients: menorrhagia occurs in women.

    Returns
    -------
    dict of str to list
        For each term, a literal per patient.
    """
    model, n = statements.model, len(draw.best)
    events = {term: [model.new_bool_var("") for _ in range(n)] for term in TERMS}
    for term, claim in TERMS.items():
        statements.count(claim, events[term])
        for literal in events[term]:
            statements.prefer(literal, draw.generator.normal())
    statements.count("*.safety.severe", events[SEVERE])
    statements.count("discussion.safety.severe_flare", events[SEVERE])
    # An event that is a symptom of the disease is a flare-up of one that the patient had before.
    for patient in range(n):
        own = set(draw.symptoms.loc[draw.symptoms["patient"] == patient, "symptom"])
        for term in ("fatigue", "headache", "malaise", "nausea", "abdominal pain", "pruritus", "sweating"):
            if term.replace(" ", "_") not in own:
                model.add(events[term][patient] == 0)
    anything = [model.new_bool_var("") for _ in range(n)]
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
        model.add_implication(events["menorrhagia and epistaxis"][i], ~disease["male"][i])
        model.add(disease["age_at_treatment_years"][i] <= 50).only_enforce_if(events["menorrhagia and epistaxis"][i])
        # A flare comes at the beginning of therapy (L343).
        model.add(courses.duration[i] <= 3).only_enforce_if(events[FLARE][i])
        # Nobody stays on a drug for more than a month after a severe reaction to it.
        model.add(courses.duration[i] == 1).only_enforce_if(events[SEVERE][i])
    statements.count("*.safety.side_effects", anything)
    return events
