"""Four patients as tables of texts that break no rule and raise no doubt, and changes of their cells, a line each.

A change is ``table line column=value, column=value``, the line being the one that a spreadsheet shows and no value an
empty cell; changes are separated by semicolons. A case is ``changes -> what is told of the first changed cell``, or
``changes -> another cell -> what is told of it``; a line that is set in goes on.
"""

import pandas as pd

from analysis import schema

# A has systemic mastocytosis, B MMAS, C cutaneous mastocytosis and D idiopathic MCAS; E was excluded.
TEXTS = {
    "screening": """patient_id,centre_id,recommendation_month,screening,exclusion_reason
A,C1,2015-01,included,
B,C1,2015-02,included,
C,C2,2015-03,included,
D,C2,2015-03,included,
E,C2,2015-04,excluded,SM_AHN""",
    "patients": """patient_id,sex,diagnosis,age_at_diagnosis_years,age_at_treatment_years,diagnosis_to_treatment_months
A,F,ISM,30,33,40
B,M,MMAS,40,40,2
C,F,CM,50,52,24
D,F,idiopathic_MCAS,20,21,12""",
    "symptoms": """patient_id,symptom,onset,grade_best,grade_last,months_to_first_improvement
A,flush,baseline,0.25,0.25,1
A,headache,baseline,0.5,,2
B,flush,baseline,0.5,1,1
C,nausea,baseline,1,1,
C,anxiety,on_therapy,,,
D,pruritus,baseline,0.5,0.5,1""",
    "courses": """patient_id,start_month,start_dose_mg,start_interval_weeks,duration_months,ongoing,stop_reason,\
months_to_first_response,months_to_best_response,escalation_month,escalated_dose_mg,score_before_escalation,\
score_after_escalation,weekly_month,score_before_weekly,score_after_weekly
A,2015-03,150,2,12,yes,,2,6,3,300,1.5,0.75,,,
B,2015-03,150,2,4,no,intolerance,1,2,,,,,3,1,0.5
C,2015-04,150,2,3,no,lack_of_efficacy,,,,,,,,,
D,2015-04,300,4,30,yes,,1,2,,,,,,,""",
    "laboratory": """patient_id,analyte,time_point,months_on_therapy,value,unit
A,tryptase,diagnosis,,25,ng/mL
A,tryptase,before,,30.5,ng/mL
A,tryptase,on_therapy,3,31,ng/mL
D,tryptase,diagnosis,,10,ng/mL
D,tryptase,episode,,14,ng/mL
B,tryptase,diagnosis,,8,ng/mL
B,tryptase,before,,5,ng/mL
B,tryptase,episode,,8,ng/mL
A,total_ige,before,,120,UI/mL""",
    "adverse_events": """patient_id,term,severity,flare,onset_months,led_to_stop,detail
A,fatigue,mild,no,2,no,
B,malaise,severe,yes,4,yes,
C,nausea,mild,no,2,no,after 2 days""",
}
# A word for each patient; every other finding is negative and every other therapy no.
FINDINGS = {
    "kit_d816v": "positive positive not_evaluated not_evaluated",
    "who_multifocal_infiltrates": "positive negative not_evaluated negative",
    "who_tryptase_over_20": "positive negative negative negative",
    "skin_involved": "negative negative positive negative",
    "skin_maculopapular": "negative negative positive negative",
    "skin_kit_d816v": "not_evaluated not_evaluated not_evaluated not_evaluated",
    "bone_marrow_involved": "positive positive negative negative",
    "bone_marrow_histology": "positive negative negative negative",
    "bone_marrow_kit_d816v": "positive positive not_evaluated not_evaluated",
    "h1_antihistamine": "yes yes yes yes",
    "continued_classical_therapy": "yes no yes yes",
}


def read(text):
    rows = [line.split(",") for line in text.strip().split("\n")]
    return pd.DataFrame(rows[1:], columns=rows[0], dtype="str").replace("", None)


def texts(tables=TEXTS, findings=FINDINGS):
    """Give the tables as texts, and of the patients every finding: a word for each, or the usual one."""
    tables = {table: read(text) for table, text in tables.items()}
    for name, column in schema.columns_of("patients").iterrows():
        if name not in tables["patients"]:
            usual = "negative" if column["allowed"] == "Finding" else "no"
            tables["patients"][name] = findings[name].split() if name in findings else usual
    return tables


def typed(tables):
    return {table: schema.with_types(table, tables[table]) for table in schema.TABLES}


def cells(changes):
    """Give table, line, column and value of each changed cell."""
    for change in changes.split("; ") if changes else ():
        table, line, given = change.split(" ", 2)
        for one in given.split(", "):
            column, _, value = one.partition("=")
            yield table, int(line), column, value


def changed(changes, tables=None):
    """Give the tables with their types after some changes."""
    tables = texts() if tables is None else tables
    for table, line, column, value in cells(changes):
        tables[table].loc[line - 2, column] = value or None
    return typed(tables)


def cases(lines):
    """Give for each line of cases the changes, the cell (file, row, column, value) and what is told of it."""
    found = []
    for line in lines.strip().replace("\n  ", " ").splitlines():
        changes, *place, told = line.split(" -> ")
        table, *rest = next(cells(place[0] if place else changes))
        found.append((changes, (f"{table}.csv", *rest), told))
    return found


def listed(found):
    return [tuple(row) for row in found[["file", "row", "column", "value"]].itertuples(index=False)]
