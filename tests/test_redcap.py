import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import schema
from analysis.cohort import CohortError, from_tables, read_cohort
from compendium.centre.checks.rules import broken_rules
from compendium.centre.template.from_redcap import main, tables_from_export
from compendium.centre.template.redcap import CONDITIONS, data_dictionary, fields
from tests.cohorts import random_tables

ROOT = Path(__file__).resolve().parents[1]
with open(ROOT / "analysis" / "contract" / "columns.csv", encoding="utf-8", newline="") as file:
    CONTRACT = list(csv.DictReader(file))
ONCE, SEVERAL = ["screening", "patients", "courses"], ["symptoms", "laboratory", "adverse_events"]
TABLES = ["screening", "patients", "symptoms", "courses", "laboratory", "adverse_events"]
REPEAT = ["redcap_repeat_instrument", "redcap_repeat_instance"]
NAME, FORM, CHOICES = "Variable / Field Name", "Form Name", "Choices, Calculations, OR Slider Labels"
LOGIC, REQUIRED, VALIDATION = (
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Text Validation Type OR Show Slider Number",
)


@pytest.fixture(scope="module")
def dictionary():
    return data_dictionary()


def place_of(row):
    """The table and the column that a field annotation names."""
    return tuple(re.match(r"(\w+)\.(\w+)", row["Field Annotation"]).groups())


def contract_of(row):
    table, column = place_of(row)
    return next(one for one in CONTRACT if (one["table"], one["column"]) == (table, column))


def codes_of(row):
    return [choice.strip().split(", ", 1)[0] for choice in row[CHOICES].split("|")] if row[CHOICES] else []


def test_the_columns_are_those_of_an_upload(dictionary):
    assert ",".join(f'"{name}"' for name in dictionary) == (
        '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
        '"Choices, Calculations, OR Slider Labels","Field Note","Text Validation Type OR Show Slider Number",'
        '"Text Validation Min","Text Validation Max","Identifier?","Branching Logic (Show field only if...)",'
        '"Required Field?","Custom Alignment","Question Number (surveys only)","Matrix Group Name","Matrix Ranking?",'
        '"Field Annotation"'
    )


def test_every_column_of_the_contract_is_a_variable_once(dictionary):
    expected = [(row["table"], row["column"]) for row in CONTRACT]
    expected = [one for one in expected if one[1] != "patient_id" or one[0] == "screening"]
    assert [place_of(row) for _, row in dictionary.iterrows()] == expected
    assert dictionary.loc[0, [NAME, FORM, "Field Type"]].to_list() == ["patient_id", "screening", "text"]
    assert list(dict.fromkeys(dictionary[FORM])) == TABLES  # each form in one piece
    assert (dictionary[FORM] != dictionary[FORM].shift()).sum() == len(TABLES)


def test_names_of_variables_are_unique_and_within_the_limits(dictionary):
    names = dictionary[NAME]
    assert names.is_unique and names.str.fullmatch(r"[a-z][a-z0-9_]{1,25}").all() and not names.str.endswith("_").any()
    cut = dictionary[names == "months_to_first_improvemen"]
    assert cut["Field Annotation"].str.startswith("symptoms.months_to_first_improvement;").to_list() == [True]


def test_columns_of_the_same_name_are_told_apart(monkeypatch):
    extra = schema.contract().query("column == 'severity'").assign(table="laboratory")
    contract = pd.concat([schema.contract(), extra], ignore_index=True)
    monkeypatch.setattr(schema, "contract", lambda: contract)
    assert {"laboratory_severity", "adverse_events_severity"} <= set(fields().index)
    assert "severity" not in fields().index


def test_variables_that_would_be_the_same_are_refused(monkeypatch):
    extra = (
        schema.contract()
        .query("column == 'continued_classical_therapy'")
        .assign(column="continued_classical_therapies")
    )
    contract = pd.concat([schema.contract(), extra], ignore_index=True)
    monkeypatch.setattr(schema, "contract", lambda: contract)
    with pytest.raises(
        ValueError, match=r"patients\.continued_classical_therapy and patients\.continued_classical_therapies"
    ):
        fields()


def test_codes_are_the_values_of_the_contract_in_signs_that_redcap_takes(dictionary):
    for _, row in dictionary.iterrows():
        contract, codes = contract_of(row), codes_of(row)
        assert all(re.fullmatch(r"[A-Za-z0-9_]+", code) for code in codes) and len(set(codes)) == len(codes)
        assert (row["Field Type"] in ("radio", "dropdown")) == bool(codes)
        assert all(choice.count(", ") >= 1 for choice in row[CHOICES].split("|") if codes)
        if contract["type"] == "grade":
            assert codes == ["150", "100", "75", "50", "25", "0"]
        elif contract["type"] == "category":
            assert codes == schema.allowed_values(schema.columns_of(contract["table"]).loc[contract["column"]])
        elif contract["column"] == "unit":
            assert codes == ["ng_mL", "UI_mL"]
        elif contract["column"] == "symptom":
            assert codes == list(schema.symptom_list().index)
            assert "abdominal_pain, Abdominal pain | diarrhoea, Diarrhoea" in row[CHOICES]
        else:
            assert not codes


def test_a_grade_shows_its_value_beside_its_meaning(dictionary):
    grades = dictionary.loc[dictionary[NAME] == "grade_best", CHOICES].item()
    assert grades.startswith("150, Worse (1.5) | 100, No change (1) | 75, Slight improvement (0.75)")


def test_numbers_are_validated_as_in_the_contract(dictionary):
    for _, row in dictionary.iterrows():
        contract = contract_of(row)
        kind = {"integer": "integer", "number": "number", "score": "number"}.get(contract["type"], "")
        assert row[VALIDATION] == kind
        bounds = [contract["minimum"], contract["maximum"]] if kind else ["", ""]
        assert row[["Text Validation Min", "Text Validation Max"]].to_list() == bounds
        assert (f"Unit: {contract['unit']}." in row["Field Note"]) == bool(contract["unit"])
    months = dictionary[dictionary[NAME].str.fullmatch("start_month|recommendation_month")]
    assert len(months) == 2 and months["Field Note"].str.contains("YYYY-MM").all()


def test_what_must_be_filled_in_is_required(dictionary):
    for _, row in dictionary.iterrows():
        contract = contract_of(row)
        if not row[LOGIC]:
            assert row[REQUIRED] == ("y" if contract["missing"] == "no" else "")
        else:
            assert contract["missing"] == "yes"
        assert row["Identifier?"] == ("y" if contract["column"] in ("patient_id", "centre_id") else "")


def holds(logic, frame, named):
    """Work out a condition on a table of the contract."""
    variable, sign, value = re.fullmatch(r"\[(\w+)\] (=|<>) '(\w*)'", logic).groups()
    cells = frame[named[variable]].astype(object)
    cells = cells.where(cells.notna(), "").astype(str)
    return cells.eq(value) if sign == "=" else cells.ne(value)


@pytest.fixture(scope="module")
def large():
    return random_tables(300, seed=11)


@pytest.mark.parametrize("place", list(CONDITIONS), ids=".".join)
def test_a_field_is_asked_for_where_the_rules_want_it_and_nowhere_else(dictionary, large, place):
    table, column = place
    row = next(one for _, one in dictionary.iterrows() if place_of(one) == place)
    named = {one[NAME]: place_of(one)[1] for _, one in dictionary.iterrows() if one[FORM] == table}
    frame = large[table]
    asked, filled = holds(row[LOGIC], frame, named), frame[column].notna()
    assert asked.any() and not asked.all() and not (filled & ~asked).any()
    if row[REQUIRED]:
        assert filled[asked].all()
        assert breaks(large, table, column, asked.idxmax(), np.nan)
    else:
        assert not breaks(large, table, column, asked.idxmax(), np.nan)
    assert breaks(large, table, column, (~asked).idxmax(), frame.loc[filled.idxmax(), column])


def breaks(tables, table, column, row, value):
    """Whether the cohort breaks a rule with this value in this cell."""
    changed = tables[table].copy()
    changed.loc[row, column] = value
    assert broken_rules(tables).empty
    return len(broken_rules(tables | {table: changed})) > 0


def export_of(tables, dictionary):
    """A raw export of a project that holds these tables, as REDCap writes it."""
    variable = {place_of(row): row[NAME] for _, row in dictionary.iterrows()}

    def cells(table, row):
        found = {}
        for column, value in row.items():
            if column != "patient_id" and pd.notna(value):
                coded = f"{100 * value:.0f}" if column.startswith("grade") else str(value).replace("/", "_")
                found[variable[table, column]] = coded
        return found

    records = {patient: {"patient_id": patient} for patient in tables["screening"]["patient_id"]}
    for table in ONCE:
        for _, row in tables[table].iterrows():
            records[row["patient_id"]] |= cells(table, row)
    rows = []
    for patient, record in records.items():
        rows.append(record | {"screening_complete": "2"})
        for table in SEVERAL:
            several = tables[table][tables[table]["patient_id"] == patient]
            for instance, (_, row) in enumerate(several.iterrows(), 1):
                repeat = dict(zip(REPEAT, (table, str(instance)), strict=True))
                rows.append({"patient_id": patient} | repeat | cells(table, row) | {f"{table}_complete": "0"})
    names = list(dictionary[NAME])
    return pd.DataFrame(rows).reindex(columns=[names[0], *REPEAT, *names[1:], *(f"{one}_complete" for one in TABLES)])


@pytest.fixture(scope="module")
def tables():
    return random_tables(12, seed=5)


@pytest.fixture
def export(tables, dictionary):
    return export_of(tables, dictionary)


def written(export, folder, **options):
    path = folder / "export.csv"
    export.to_csv(path, index=False, **options)
    return path


@pytest.mark.parametrize("options", [{}, {"encoding": "utf-8-sig", "lineterminator": "\r\n"}, {"sep": ";"}])
def test_what_was_entered_in_redcap_is_the_cohort(tables, export, tmp_path, capsys, options):
    main([str(written(export, tmp_path, **options)), str(tmp_path / "cohort")])
    cohort, expected = read_cohort(tmp_path / "cohort"), from_tables(tables)
    for table in TABLES:
        found, wanted = getattr(cohort, table), getattr(expected, table)
        if table in SEVERAL:  # the export has the rows of a patient together
            wanted = wanted.sort_values("patient_id", kind="stable", ignore_index=True)
        pd.testing.assert_frame_equal(found, wanted)
    printed = capsys.readouterr().out
    assert "screening_complete" in printed and "make check COHORT=" in printed


def test_a_second_run_leaves_other_content_alone(export, tmp_path):
    path, out = written(export, tmp_path), tmp_path / "cohort"
    main([str(path), str(out)])
    (out / "courses.csv").write_text("corrected by hand")
    (out / "patients.csv").unlink()
    with pytest.raises(SystemExit, match=r"courses\.csv is there with another content"):
        main([str(path), str(out)])
    assert (out / "courses.csv").read_text() == "corrected by hand" and not (out / "patients.csv").exists()


def refused(export, folder):
    with pytest.raises(CohortError) as caught:
        tables_from_export(written(export, folder))
    return caught.value.problems


def first(export, instrument):
    rows = export["redcap_repeat_instrument"]
    return export.index[rows.isna() if instrument is None else rows == instrument][0]


@pytest.mark.parametrize(
    ("instrument", "variable", "value", "allowed"),
    [
        ("symptoms", "grade_best", "0.75", "one of the codes 150, 100, 75, 50, 25, 0"),
        ("symptoms", "symptom", "Flush", "one of the codes anaphylaxis"),
        ("laboratory", "value", "12,5", "a number of at least 0"),
        ("laboratory", "unit", "ng/mL", "one of the codes ng_mL, UI_mL"),
        ("adverse_events", "term", " fever", "a text without blanks at its ends and invisible signs"),
        (None, "start_month", "2016-03-01", "a month as YYYY-MM"),
        (None, "age_at_treatment_years", "130", "a whole number of at least 0 and at most 120"),
        (None, "sex", "-99", "one of the codes F, M"),
        (None, "symptom", "flush", "the variable belongs to the repeating instrument symptoms"),
        ("symptoms", "term", "fever", "the variable belongs to the repeating instrument adverse_events"),
        ("symptoms", "sex", "F", "the variable belongs to the row without a repeating instrument"),
        ("symptoms", "redcap_repeat_instrument", "Symptoms", "empty or one of symptoms, laboratory, adverse_events"),
        ("laboratory", "redcap_repeat_instance", "0", "a whole number from 1"),
        (None, "redcap_repeat_instance", "1", "a whole number from 1 on a row of a repeating instrument, else empty"),
    ],
)
def test_a_value_that_cannot_be_turned_back_is_refused_where_it_stands(
    export, tmp_path, instrument, variable, value, allowed
):
    row = first(export, instrument)
    export.loc[row, variable] = value
    problems = refused(export, tmp_path)
    found = problems[problems["column"] == variable]
    assert found[["file", "row", "value"]].to_numpy().tolist() == [["export.csv", row + 2, value]]
    assert allowed in found["allowed"].item()


def test_blank_lines_do_not_shift_the_rows(export, tmp_path):
    export.loc[3, "grade_best"] = "76"
    lines = written(export, tmp_path).read_text().splitlines()
    path = tmp_path / "export.csv"
    path.write_text("\n".join([*lines[:2], "", *lines[2:], "", ""]))
    with pytest.raises(
        CohortError, match=r"^export\.csv, row 6, column grade_best: '76' is not allowed; one of the c.*$"
    ):
        tables_from_export(path)


def test_identifiers_are_not_shown(export, tmp_path):
    export.loc[first(export, None), ["patient_id", "centre_id"]] = ["Jane Doe ", " Ward 7"]
    with pytest.raises(SystemExit) as stopped:
        main([str(written(export, tmp_path)), str(tmp_path / "cohort")])
    said = str(stopped.value)
    assert "row 2, column patient_id: " in said and "row 2, column centre_id: " in said
    assert not re.search("Doe|Ward", said)


def test_a_row_that_stands_twice_is_refused(export, tmp_path):
    problems = refused(pd.concat([export, export.iloc[[0, 1]]]), tmp_path)
    assert list(problems["row"]) == [len(export) + 2, len(export) + 3]
    assert set(problems["allowed"]) == {"one row for each record, instrument and instance"}


def test_a_row_without_a_record_is_refused(export, tmp_path):
    export.loc[2, "patient_id"] = np.nan
    assert refused(export, tmp_path)[["row", "column"]].to_numpy().tolist() == [[4, "patient_id"]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda export: export.assign(redcap_event_name="baseline_arm_1"), "column 'redcap_event_name' is unknown"),
        (lambda export: export.drop(columns="grade_last"), "column grade_last is missing"),
        (lambda export: export.drop(columns="redcap_repeat_instance"), "as repeating instruments"),
        (lambda export: pd.concat([export, export[["sex"]]], axis="columns"), "column 'sex' is there 2 times"),
    ],
)
def test_columns_are_those_of_the_project(export, tmp_path, change, said):
    problems = refused(change(export), tmp_path)
    assert len(problems) == 1 and said in problems["allowed"].item()


def test_nothing_is_written_of_an_export_with_a_problem(export, tmp_path):
    export.loc[0, "sex"] = "X"
    with pytest.raises(SystemExit, match=r"export\.csv, row 2, column sex: 'X' is not allowed"):
        main([str(written(export, tmp_path)), str(tmp_path / "cohort")])
    assert not (tmp_path / "cohort").exists()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", None])
def test_a_file_that_is_no_table_is_named(tmp_path, content):
    path = tmp_path / "export.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CohortError, match=r"export\.csv: "):
        tables_from_export(path)


def test_a_value_not_yet_entered_stays_empty_for_the_check(export, tables, tmp_path):
    export.loc[0, "diagnosis"] = np.nan
    excluded = tables["screening"]["screening"].eq("excluded")
    found, left_out = tables_from_export(written(export, tmp_path))
    assert pd.isna(found["patients"].loc[found["patients"].index[0], "diagnosis"])
    assert len(found["screening"]) == len(excluded) and len(found["patients"]) == (~excluded).sum()
    assert left_out == [f"{table}_complete" for table in TABLES]
