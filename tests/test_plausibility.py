"""Each doubt is raised once, in a cohort of four patients that raises none."""

from fractions import Fraction

import pandas as pd
import pytest

from analysis import schema
from compendium.centre.checks.clinical_plausibility import READINGS, meets_tryptase_rule, required_tryptase
from compendium.centre.checks.plausibility import doubtful
from compendium.centre.checks.rules import broken_rules
from tests.case_files import DATA, TEXTS, cases, changed, data_lines, listed, read, texts, typed
from tests.cohorts import random_tables
from tests.places import COHORT


@pytest.fixture
def strings():
    return texts()


def test_neither_the_four_patients_nor_the_shipped_cohort_raise_a_doubt():
    shipped = {table: read((COHORT / f"{table}.csv").read_text(encoding="utf-8")) for table in schema.TABLES}
    for tables in (changed(""), typed(shipped)):
        assert broken_rules(tables).empty
        found = doubtful(tables)
        assert list(found.columns) == ["file", "row", "column", "value", "allowed", "nearest"]
        assert found.empty


@pytest.mark.parametrize(("changes", "doubt", "reason"), cases("doubts.txt"))
def test_a_doubt_is_raised_where_it_is_and_no_other(changes, doubt, reason):
    found = doubtful(changed(changes))
    assert listed(found) == [doubt]
    assert reason in found.loc[0, "allowed"] and found.loc[0, "nearest"] == ""


# Values at a bound, and pairs that are unusual but right; then a new symptom, which rules a response out; then errors.
@pytest.mark.parametrize("changes", data_lines("just_plausible.txt"))
def test_what_is_just_plausible(changes):
    assert doubtful(changed(changes)).empty


def test_the_paper_s_criteria_decide_whether_grades_are_a_response(strings):
    # A decrease of 10 % is a response: 0.25 of 2.5 would be, 0.25 of 3 is not.
    more = [f"\nB,{symptom},baseline,1,1," for symptom in ("nausea", "vomiting")]
    for few, expected in ((more[:1], []), (more, [("courses.csv", 3, "months_to_first_response", "1")])):
        strings["symptoms"] = read(TEXTS["symptoms"] + "".join(few))
        tables = changed("symptoms 4 grade_best=0.75, grade_last=0.75", strings)
        assert listed(doubtful(tables)) == expected


def test_one_patient_under_two_names():
    # D is made the same as C.
    same = "patients 5 sex=F, diagnosis=CM, age_at_diagnosis_years=50, age_at_treatment_years=52, "
    same += "kit_d816v=not_evaluated, skin_involved=positive, skin_histology=positive; "
    same += "courses 5 duration_months=3, ongoing=no, stop_reason=pregnancy_intent"
    found = doubtful(changed(same))
    assert listed(found) == [("patients.csv", 5, "patient_id", "D")]
    assert "the patient of row 4, whose sex" in found.loc[0, "allowed"]
    for other in ("courses 5 start_month=2015-05", "patients 5 sex=M"):
        assert "patient_id" not in set(doubtful(changed(f"{same}; {other}"))["column"])
    assert doubtful(changed(f"{same}; courses 5 start_month=2015-05")).empty


@pytest.mark.parametrize(
    ("name", "telling"), [("Ada Grey", True), ("P 1", False), ("1981-04-03", True), ("01-02-003", False)]
)
def test_a_name_that_is_no_pseudonym(strings, name, telling):
    for table in schema.TABLES:
        strings[table]["patient_id"] = strings[table]["patient_id"].replace("A", name)
    expected = [("screening.csv", 2, "patient_id", "(hidden)")] if telling else []
    assert listed(doubtful(typed(strings))) == expected


@pytest.mark.parametrize(
    ("grades", "doubted"), [(["0.5"] * 10, True), (["0.5"] * 9, False), (["0.5"] * 9 + ["0"], False)]
)
def test_the_same_grade_for_every_symptom(strings, grades, doubted):
    names = schema.symptom_list().index[: len(grades)]
    rows = zip("ABCD" * 3, names, grades, strict=False)
    header = TEXTS["symptoms"].split("\n")[0]
    strings["symptoms"] = read("\n".join([header, *(f"{p},{s},baseline,{g},,1" for p, s, g in rows)]))
    found = doubtful(typed(strings))
    assert (("symptoms.csv", 0, "grade_best", "") in listed(found)) == doubted


def test_doubts_name_the_file_that_the_user_sees_and_the_row_of_the_file(strings):
    strings["courses"] = strings["courses"].set_axis([0, 2, 7, 9])
    found = doubtful(changed("courses 9 start_dose_mg=3000", strings), {"courses": "cohort.xlsx, sheet courses"})
    assert listed(found) == [("cohort.xlsx, sheet courses", 9, "start_dose_mg", "3000")]


@pytest.mark.parametrize("table", schema.TABLES)
def test_an_absent_table_or_one_without_rows_or_cells_stops_nothing(table):
    tables = changed("")
    others = {name: frame for name, frame in tables.items() if name != table}
    assert doubtful(others, tryptase="sum").empty
    for alone in (tables[table], tables[table].iloc[:0], tables[table].mask(tables[table].notna())):
        assert isinstance(doubtful({table: alone}, tryptase="sum"), pd.DataFrame)
    for column in tables[table]:
        damaged = {table: tables[table].assign(**{column: tables[table][column].mask(tables[table][column].notna())})}
        found = doubtful(others | damaged)
        assert set(found["value"]) <= {""}, found


def test_an_odd_cohort_is_read_whole():
    tables = random_tables(40, seed=2)
    odd = doubtful(tables).query("column == 'age_at_treatment_years'")["row"].tolist()
    ages = tables["patients"]["age_at_treatment_years"]
    assert odd == [row + 2 for row, age in enumerate(ages) if not 12 <= age <= 100] and odd


def test_the_rise_of_tryptase_in_an_episode():
    # By hand, baseline, a level that suffices and one that does not: 20 % of the baseline plus 2, or the greater.
    for reading, baseline, enough, less in pd.read_csv(DATA / "tryptase_in_an_episode.csv").itertuples(index=False):
        assert meets_tryptase_rule(baseline, enough, reading) is True
        assert meets_tryptase_rule(baseline, less, reading) is False
        assert required_tryptase(baseline, "sum") > required_tryptase(baseline, "both") or baseline == 0
    # Tenths are counted without error.
    for tenths in range(0, 2000, 7):
        required = required_tryptase(tenths / 10, "sum")
        assert required == Fraction(12 * tenths + 200, 100)
        assert meets_tryptase_rule(tenths / 10, float(required), "sum")


@pytest.mark.parametrize(("levels", "reading"), [((10, 14), "mean"), ((-1, 14), "sum"), ((10, float("nan")), "both")])
def test_a_level_or_reading_that_is_none(levels, reading):
    with pytest.raises(ValueError, match=r"tryptase: .* allowed"):
        meets_tryptase_rule(*levels, reading)
    if reading not in READINGS:
        with pytest.raises(ValueError, match="allowed are sum, both"):
            doubtful(changed(""), tryptase=reading)


def test_mcas_that_its_tryptase_confirms_and_that_it_does_not():
    # B rises from 5 before omalizumab (not 8 at diagnosis) to 8 exactly, D from 10 at diagnosis to 14 exactly.
    assert all(doubtful(changed(""), tryptase=reading).empty for reading in READINGS)
    # Episodes of other diagnoses are not looked at.
    assert doubtful(changed("laboratory 4 time_point=episode, months_on_therapy="), tryptase="sum").empty
    tables = changed("laboratory 6 value=13.9; laboratory 8 value=8")
    found = doubtful(tables, tryptase="sum")
    assert listed(found) == [("laboratory.csv", 6, "value", "13.9"), ("laboratory.csv", 9, "value", "8")]
    assert found["allowed"].str.contains("at least 14,").tolist() == [True, False]
    assert "at least 11.6, which MCAS requires with a baseline of 8" in found.loc[1, "allowed"]
    assert doubtful(tables).empty
    assert listed(doubtful(tables, tryptase="both")) == listed(found)[1:]


def test_mcas_whose_tryptase_cannot_be_checked(strings):
    rows = strings["laboratory"]
    strings["laboratory"] = rows[~((rows["patient_id"] == "B") & (rows["time_point"] == "episode"))]
    found = doubtful(changed("laboratory 5 time_point=on_therapy, months_on_therapy=3", strings), tryptase="sum")
    assert listed(found) == [
        ("patients.csv", 3, "diagnosis", "MMAS"),
        ("patients.csv", 5, "diagnosis", "idiopathic_MCAS"),
    ]
    assert "a tryptase in an episode" in found.loc[0, "allowed"]
    assert "a tryptase before omalizumab or at diagnosis" in found.loc[1, "allowed"]
    # A patient without any tryptase is listed once.
    strings["laboratory"] = rows[rows["patient_id"] != "B"]
    assert listed(doubtful(typed(strings), tryptase="sum")) == [("patients.csv", 3, "diagnosis", "MMAS")]
