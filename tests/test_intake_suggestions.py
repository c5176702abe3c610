"""What is shown as the nearest allowed value; each expected guess is written down by hand."""

import pytest

from analysis import schema
from compendium.centre.intake import checking
from compendium.centre.intake.checking import check_cohort
from compendium.centre.intake.suggestions import nearest_allowed
from tests.cohorts import random_tables, write_cohort

# Table and column; then, between bars, each text and what was meant. Not told apart can be: 1.25, as near to 1 as to
# 1.5; 1,234, a thousand or one and a quarter; 03/04/2017, March or April; jui, June or July.
GUESSES = """
patients imatinib: Oui=yes|NON=no|yes =yes|TRUE=yes|maybe=
courses duration_months: 10\u00b2=|\uff11\uff10=10
patients sex: Homme=M|H=M|féminin=F|m=M
patients kit_d816v: Positif=positive|négatif=negative|non évalué=not_evaluated|ND=not_evaluated|positve=positive
patients kit_d816v: #N/A=not_evaluated|not evaluated=not_evaluated
patients diagnosis: ism=ISM|ISM\u200f=ISM|idiopathic MCAS=idiopathic_MCAS
courses stop_reason: Perdu de vue=lost_to_follow_up|lack of efficacity=lack_of_efficacy
symptoms symptom: Abdominal pain=abdominal_pain|headaches=headache|qqqqq=
laboratory analyte: IgE totales=total_ige
laboratory unit: IU/mL=UI/mL|µg/L=ng/mL
adverse_events severity: Modéré=moderate|mild\u00a0=mild
adverse_events onset_months: \u22121=-1
symptoms grade_best: 0.6=0.5|0,75=0.75|2=1.5|-1=0|1.25=|disappeared=0|No  change=1
courses score_before_weekly: 2.3=2.25|-0.4=0
laboratory value: 20,5=20.5|1 234,5=1234.5|1\u202f234=1234|1.234,5=1234.5|1,234.5=1234.5|1,234,567=1234567
laboratory value: 1'234.5=1234.5|1,234=|0,234=0.234|1.2.3,4,5=|<1=|\uff11\uff12\uff0c\uff15=12.5| 12 =12
courses start_month: 02/2017=2017-02|2/2017=2017-02|2017/02=2017-02|2017-2=2017-02|201702=2017-02|2017-02-14=2017-02
courses start_month: 2017-02-14T00:00:00=2017-02|14/02/2017=2017-02|02/14/2017=2017-02|02/02/2017=2017-02|03/04/2017=
courses start_month: févr. 2017=2017-02|Février 2017=2017-02|feb-17=2017-02|14 August 2017=2017-08|août 2017=2017-08
courses start_month: jui 2017=|juil-17=2017-07|2017-13=|42767=|spring 2017=
patients patient_id:  P1\t=P1
adverse_events term: fever =fever|{long} =
"""


@pytest.mark.parametrize("line", GUESSES.format(long="x" * 200).strip().splitlines())
def test_the_nearest_allowed_value(line):
    place, _, pairs = line.partition(": ")
    table, column = place.split()
    expected = dict(pair.split("=") for pair in pairs.split("|"))
    assert {text: nearest_allowed(text, schema.columns_of(table).loc[column]) for text in expected} == expected


def told(tmp_path, table, column, values):
    tables = random_tables(5, seed=1)
    frame = tables[table].astype("str").where(tables[table].notna(), None)
    errors = check_cohort(write_cohort(tables | {table: frame.assign(**{column: values})}, tmp_path)).errors
    return errors.loc[errors["column"] == column, "nearest"].tolist()


def test_guesses_are_allowed_themselves_and_the_same_in_each_row(tmp_path):
    # 130.5 would be a number, but an age is whole and at most 120; blanks alone leave nothing.
    ages = ["130,5", "41,5", "41,0", "1 1", "  "]
    assert told(tmp_path, "patients", "age_at_diagnosis_years", ages) == ["", "", "41.0", "11", ""]
    assert told(tmp_path, "patients", "sex", ["W", "homme", "W", "homme", "femme"]) == ["", "M", "", "M", "F"]


def test_of_very_many_different_wrong_values_only_the_first_are_guessed_about(tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "MOST", 100)
    tables = random_tables(40, seed=1)
    count = len(tables["symptoms"])
    wrong = tables["symptoms"].assign(symptom=[f"hedache{number}" for number in range(count)])
    errors = check_cohort(write_cohort(tables | {"symptoms": wrong}, tmp_path)).errors
    found = errors[errors["column"] == "symptom"]
    assert len(found) == count > 200
    assert (found["nearest"].iloc[:100] == "headache").all() and (found["nearest"].iloc[100:] == "").all()
