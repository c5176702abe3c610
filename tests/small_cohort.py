"""Six patients whose every count can be checked by eye."""

from analysis.cohort import Cohort, from_tables, restrict
from compendium.centre.checks.rules import broken_rules
from tests.changed_tables import texts, typed

# Best response: A CR (0 of 2), B MR (0.5 of 2), C PR (1 of 2, exactly 50 %), D NR (2 of 2), E MR (0.75 of 2), F PR
# (1.5 of 2).
TEXTS = {
    "screening": """patient_id,centre_id,recommendation_month,screening,exclusion_reason
A,C1,2015-03,included,
B,C1,2015-01,included,
C,C2,2016-05,included,
D,C2,2017-12,included,
E,C3,2016-07,included,
F,C3,2016-08,included,
X,C4,2015-02,excluded,not_treated
Y,C1,2015-02,excluded,SM_AHN
Z,C1,2015-02,excluded,not_treated
""",
    "patients": """patient_id,sex,diagnosis,age_at_diagnosis_years,age_at_treatment_years,diagnosis_to_treatment_months
A,F,ISM,40,43,36
B,M,ISM,30,31,18
C,F,CM,20,20,2
D,F,idiopathic_MCAS,50,52,24
E,M,MMAS,60,65,60
F,F,idiopathic_MCAS,10,47,444
""",
    "symptoms": """patient_id,symptom,onset,grade_best,grade_last,months_to_first_improvement
A,anaphylaxis,baseline,0,0,1
A,pruritus,baseline,0,0,3
B,anaphylaxis,baseline,0.25,0.25,2
B,fatigue,baseline,0.25,1,6
C,pruritus,baseline,0.5,1,4
C,headache,baseline,0.5,1,5
D,headache,baseline,1,1,
D,fatigue,baseline,1,1,
E,malaise,baseline,0,0,1
E,diarrhoea,baseline,0.75,0.75,2
F,diarrhoea,baseline,0.5,0.5,8
F,bone_pain,baseline,1,1,
""",
    "courses": """patient_id,start_month,start_dose_mg,start_interval_weeks,duration_months,ongoing,stop_reason,\
months_to_first_response,months_to_best_response,escalation_month,escalated_dose_mg,score_before_escalation,\
score_after_escalation,weekly_month,score_before_weekly,score_after_weekly
A,2015-04,150,2,36,yes,,2,6,,,,,,,
B,2015-02,150,2,10,yes,,2,8,4,300,1.5,0.5,,,
C,2016-06,150,4,5,no,loss_of_response,3,4,,,,,,,
D,2018-01,150,2,4,no,intolerance,,,2,600,2,2,3,2,2
E,2016-08,300,2,9,no,intolerance,1,1,,,,,2,2,1
F,2016-09,150,2,12,yes,,8,8,6,300,1.75,1.5,,,
""",
    "laboratory": """patient_id,analyte,time_point,months_on_therapy,value,unit
A,tryptase,diagnosis,,30,ng/mL
A,tryptase,before,,20,ng/mL
A,tryptase,on_therapy,3,22,ng/mL
B,tryptase,before,,10,ng/mL
B,tryptase,on_therapy,6,14,ng/mL
C,tryptase,before,,5,ng/mL
F,total_ige,on_therapy,5,9,UI/mL
A,total_ige,before,,3,UI/mL
A,total_ige,on_therapy,4,3.6,UI/mL
B,total_ige,before,,100,UI/mL
B,total_ige,on_therapy,4,300,UI/mL
C,total_ige,before,,50,UI/mL
C,total_ige,on_therapy,4,39,UI/mL
D,total_ige,before,,0,UI/mL
D,total_ige,on_therapy,4,4,UI/mL
""",
    "adverse_events": """patient_id,term,severity,flare,onset_months,led_to_stop,detail
D,flare of symptoms,severe,yes,0,yes,
D,fatigue,mild,no,1,no,
E,fatigue,moderate,no,0.5,yes,
A,bleeding,mild,no,5,no,epistaxis
B,bleeding,mild,no,0.4,no,Epistaxis
""",
}
# One word per patient; every other finding is negative and every other therapy no.
FINDINGS = {
    "kit_d816v": "positive negative not_evaluated negative positive not_evaluated",
    "who_multifocal_infiltrates": "positive not_evaluated negative not_evaluated not_evaluated not_evaluated",
    "who_tryptase_over_20": "positive positive negative negative negative negative",
    "skin_involved": "positive positive positive negative negative not_evaluated",
    "skin_kit_d816v": "positive negative not_evaluated not_evaluated not_evaluated not_evaluated",
    "bone_marrow_involved": "positive positive negative negative not_evaluated not_evaluated",
    "bone_marrow_histology": "positive not_evaluated negative negative not_evaluated not_evaluated",
    "h1_antihistamine": "yes yes yes no yes no",
    "h2_antihistamine": "yes no no no no no",
    "cladribine": "yes no no no no no",
    "imatinib": "yes yes no no no no",
    "continued_classical_therapy": "yes yes no no yes no",
}


def small_cohort(population: str = "all") -> Cohort:
    """Give the six patients, or one population of them."""
    tables = typed(texts(TEXTS, FINDINGS))
    problems = broken_rules(tables)
    if len(problems):
        raise ValueError(problems.to_string())
    return restrict(from_tables(tables), population)


def check_counts(values: dict, prefix: str, text: str) -> None:
    """Compare proportions with a text such as ``stopped.all 2/6 severe.all 1/6``."""
    words = text.split()
    expected = dict(zip(words[::2], words[1::2], strict=True))
    assert {name: "{n}/{denominator}".format(**values[f"{prefix}.{name}"]) for name in expected} == expected


def check_spreads(values: dict, prefix: str, text: str) -> None:
    """Compare quantities with a text of names, each with n, median, minimum and maximum: ``all 5:2:1:8``."""
    words = text.split()
    parts = ("n", "median", "minimum", "maximum")
    found = {name: [values[f"{prefix}.{name}"][part] for part in parts] for name in words[::2]}
    expected = [[None if one == "-" else float(one) for one in word.split(":")] for word in words[1::2]]
    assert found == dict(zip(words[::2], expected, strict=True))
