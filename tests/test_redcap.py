"""The REDCap data dictionary against the contract read anew, and the cohort that an export of its project becomes."""

import csv
import re

import numpy as np
import pandas as pd
import pytest

from analysis import schema
from analysis.cohort import from_tables, read_cohort
from analysis.problems import CohortError
from compendium.centre.checks.rules import broken_rules
from compendium.centre.template.from_redcap import main, tables_from_export
from compendium.centre.template.redcap import CONDITIONS, data_dictionary, fields
from tests.case_files import data_lines
from tests.cohorts import random_tables
from tests.places import ROOT

with open(ROOT / "analysis" / "contract" / "columns.csv", encoding="utf-8", newline="") as file:
    CONTRACT = {(row["table"], row["column"]): row for row in csv.DictReader(file)}
SEVERAL = ["symptoms", "laboratory", "adverse_events", "visits"]
TABLES = list(schema.TABLES)
FORMS = [*TABLES, "visits"]
REPEAT = ["redcap_repeat_instrument", "redcap_repeat_instance"]
NAME, FORM, CHOICES = "Variable / Field Name", "Form Name", "Choices, Calculations, OR Slider Labels"
LOGIC, REQUIRED = "Branching Logic (Show field only if...)", "Required Field?"
VALIDATION = "Text Validation Type OR Show Slider Number"
UPLOAD = (
    *(NAME, FORM, "Section Header", "Field Type", "Field Label", CHOICES, "Field Note", VALIDATION),
    *("Text Validation Min", "Text Validation Max", "Identifier?", LOGIC, REQUIRED, "Custom Alignment"),
    *("Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?", "Field Annotation"),
)
DICTIONARY = data_dictionary()
# By the table and the column that the field annotation names.
ROWS = {tuple(row["Field Annotation"].split(";")[0].split(" ")[0].split(".")): row for _, row in DICTIONARY.iterrows()}


def test_every_column_of_the_contract_is_a_variable_once_in_the_columns_of_an_upload():
    assert tuple(DICTIONARY) == UPLOAD
    expected = [place for place in CONTRACT if place[1] != "patient_id" or place[0] == "screening"]
    assert list(ROWS) == expected and len(DICTIONARY) == len(expected)
    assert DICTIONARY.loc[0, [NAME, FORM, "Field Type"]].to_list() == ["patient_id", "screening", "text"]
    assert list(dict.fromkeys(DICTIONARY[FORM])) == FORMS  # each form in one piece
    assert (DICTIONARY[FORM] != DICTIONARY[FORM].shift()).sum() == len(FORMS)
    heads = DICTIONARY.set_index(NAME)["Section Header"].loc[lambda text: text != ""]
    assert list(heads.index) == ["symptom", "analyte", "term", "visits_symptom"]
    assert heads["term"].startswith("One instance of this form for each adverse event of an included patient; no row")
    names = DICTIONARY[NAME]
    assert names.is_unique and names.str.fullmatch(r"[a-z][a-z0-9_]{1,25}").all() and not names.str.endswith("_").any()
    assert ROWS["symptoms", "months_to_first_improvement"][NAME] == "months_to_first_improvemen"


def test_columns_of_nearly_the_same_name_are_told_apart_or_refused(monkeypatch):
    contract = schema.contract()

    def with_one_more(name, **changes):
        more = pd.concat([contract, contract[contract["column"] == name].assign(**changes)], ignore_index=True)
        monkeypatch.setattr(schema, "contract", lambda: more)

    with_one_more("severity", table="laboratory")
    names = set(fields().index)
    assert {"laboratory_severity", "adverse_events_severity"} <= names and "severity" not in names
    one, other = "continued_classical_therapy", "continued_classical_therapies"
    with_one_more(one, column=other)
    with pytest.raises(ValueError, match=rf"patients\.{one} and patients\.{other}"):
        fields()


@pytest.mark.parametrize("place", ROWS, ids=".".join)
def test_a_field_is_what_the_contract_says(place):
    row, contract = ROWS[place], CONTRACT[place]
    codes = [choice.strip().split(", ", 1)[0] for choice in row[CHOICES].split("|")] if row[CHOICES] else []
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", code) for code in codes) and len(set(codes)) == len(codes)
    assert row["Field Type"] == ("text" if not codes else "radio" if len(codes) <= 4 else "dropdown")
    assert all(choice.count(", ") >= 1 for choice in row[CHOICES].split("|") if codes)
    if contract["type"] == "grade":
        assert codes == ["150", "100", "75", "50", "25", "0"]
        assert row[CHOICES].startswith("150, Worse (1.5) | 100, No change (1) | 75, Slight improvement (0.75)")
        assert "; code = 100 x grade" in row["Field Annotation"]
    elif contract["type"] == "category":
        assert codes == schema.allowed_values(schema.columns_of(contract["table"]).loc[contract["column"]])
    elif contract["column"] == "unit":
        assert codes == ["ng_mL", "UI_mL"]
        assert "; code ng_mL = ng/mL, code UI_mL = UI/mL; " in row["Field Annotation"]
    elif contract["column"] == "symptom":
        assert codes == list(schema.symptom_list().index)
        assert "abdominal_pain, Abdominal pain | diarrhoea, Diarrhoea" in row[CHOICES]
    else:
        assert not codes
    assert ("; repeating instrument" in row["Field Annotation"]) == (contract["table"] in SEVERAL)
    kind = {"integer": "integer", "number": "number", "score": "number"}.get(contract["type"], "")
    assert row[VALIDATION] == kind
    bounds = [contract["minimum"], contract["maximum"]] if kind else ["", ""]
    assert row[["Text Validation Min", "Text Validation Max"]].to_list() == bounds
    assert (f"Unit: {contract['unit']}." in row["Field Note"]) == bool(contract["unit"])
    assert ("YYYY-MM" in row["Field Note"]) == (contract["type"] == "month")
    if row[LOGIC]:
        assert contract["missing"] == "yes"
    else:
        assert row[REQUIRED] == ("y" if contract["missing"] == "no" else "")
    assert row["Identifier?"] == ("y" if contract["column"] in ("patient_id", "centre_id") else "")


LARGE = random_tables(100, seed=11)
EVERY = LARGE["courses"]["escalation_month"].mask(LARGE["courses"]["escalation_month"].notna(), 4)
LARGE["courses"] = LARGE["courses"].assign(escalated_interval_weeks=EVERY)


def breaks(table, column, row, value):
    """Whether the large cohort, which breaks no rule, breaks one with this value in this cell."""
    changed = LARGE[table].copy()
    changed.loc[row, column] = value
    return len(broken_rules(LARGE | {table: changed})) > 0


@pytest.mark.parametrize("place", list(CONDITIONS), ids=".".join)
def test_a_field_is_asked_for_where_the_rules_want_it_and_nowhere_else(place):
    (table, column), frame = place, LARGE[place[0]]
    variable, sign, value = re.fullmatch(r"\[(\w+)\] (=|<>) '(\w*)'", ROWS[place][LOGIC]).groups()
    (decides,) = [name for (form, name), row in ROWS.items() if form == table and row[NAME] == variable]
    cells = frame[decides].astype(object).where(frame[decides].notna(), "").astype(str)
    asked, filled = cells.eq(value) if sign == "=" else cells.ne(value), frame[column].notna()
    assert asked.any() and not asked.all() and not (filled & ~asked).any()
    required = ROWS[place][REQUIRED] == "y"
    assert filled[asked].all() or not required
    assert breaks(table, column, asked.idxmax(), np.nan) == required
    assert breaks(table, column, (~asked).idxmax(), frame.loc[filled.idxmax(), column])


ENTERED = random_tables(12, seed=5)
GRADED = ENTERED["symptoms"].query("onset == 'baseline'")[["patient_id", "symptom", "grade_best"]]
VISITS = GRADED.rename(columns={"grade_best": "grade"}).assign(visit_month=None, months_on_therapy=0.5)


@pytest.fixture(scope="module")
def exported():
    """A raw export of a project that holds these tables, as REDCap writes it."""

    def coded(table):
        frame = (ENTERED | {"visits": VISITS})[table].astype(object)
        for column in frame:
            code = "{:.0f}".format if column.startswith("grade") else lambda value: str(value).replace("/", "_")
            frame[column] = (frame[column] * 100 if column.startswith("grade") else frame[column]).map(code, "ignore")
        frame = frame.rename(columns={column: row[NAME] for (form, column), row in ROWS.items() if form == table})
        return frame.assign(**{f"{table}_complete": "2" if table == "screening" else "0"})

    once = coded("screening").merge(coded("patients"), how="left").merge(coded("courses"), how="left")
    several = [coded(table).assign(**{REPEAT[0]: table}) for table in SEVERAL]
    for frame in several:
        frame[REPEAT[1]] = (frame.groupby("patient_id").cumcount() + 1).astype(str)
    names = list(DICTIONARY[NAME])
    rows = pd.concat([once, *several]).sort_values("patient_id", kind="stable", ignore_index=True)
    return rows[[names[0], *REPEAT, *names[1:], *(f"{table}_complete" for table in FORMS)]]


@pytest.fixture
def export(exported):
    return exported.copy()  # to be damaged


def written(export, folder, **options):
    path = folder / "export.csv"
    export.to_csv(path, index=False, **options)
    return path


def refused(path):
    with pytest.raises(CohortError) as caught:
        tables_from_export(path)
    return caught.value.problems[["row", "column", "value", "allowed"]].to_numpy().tolist()


def test_what_was_entered_in_redcap_is_the_cohort(export, tmp_path, capsys):
    (tmp_path / "link.csv").symlink_to(written(export, tmp_path))
    main([str(tmp_path / "link.csv"), str(tmp_path / "cohort")])
    cohort, expected = read_cohort(tmp_path / "cohort"), from_tables(ENTERED)
    for table in TABLES:
        found, wanted = getattr(cohort, table), getattr(expected, table)
        if table in SEVERAL:  # the export has the rows of a patient together
            wanted = wanted.sort_values("patient_id", kind="stable", ignore_index=True)
        pd.testing.assert_frame_equal(found, wanted)
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "cohort" / "visits.csv").iloc[:, [0, 1, 3, 4]],
        VISITS.sort_values("patient_id", kind="stable", ignore_index=True)[
            ["patient_id", "symptom", "months_on_therapy", "grade"]
        ].astype({"symptom": "str"}),
    )
    printed = capsys.readouterr().out
    assert "screening_complete" in printed and "make check COHORT=" in printed
    for number, options in enumerate([{"encoding": "utf-8-sig", "lineterminator": "\r\n"}, {"sep": ";"}]):
        main([str(written(export, tmp_path, **options)), str(tmp_path / str(number))])
        for table in TABLES:
            other, first = (tmp_path / name / f"{table}.csv" for name in (str(number), "cohort"))
            assert other.read_bytes() == first.read_bytes()


def test_other_content_is_left_alone_and_nothing_written_of_an_export_with_a_problem(export, tmp_path):
    path, out = written(export, tmp_path), tmp_path / "cohort"
    main([str(path), str(out)])
    (out / "courses.csv").write_text("corrected by hand")
    (out / "patients.csv").unlink()
    with pytest.raises(SystemExit, match=r"courses\.csv is there with another content"):
        main([str(path), str(out)])
    assert (out / "courses.csv").read_text() == "corrected by hand" and not (out / "patients.csv").exists()
    export.loc[0, ["sex", "patient_id", "centre_id"]] = ["X", "Jane Doe ", " Ward 7"]
    with pytest.raises(SystemExit, match=r"export\.csv, row 2, column sex: 'X' is not allowed") as stopped:
        main([str(written(export, tmp_path)), str(tmp_path / "other")])
    assert not (tmp_path / "other").exists()
    said = str(stopped.value)
    assert "row 2, column patient_id: " in said and "row 2, column centre_id: " in said
    assert not re.search("Doe|Ward", said), "identifiers are not shown"


# In each line an instrument, or none, a variable, a value that cannot be turned back, and why not.
@pytest.mark.parametrize("separator", [",", ";"])
def test_what_cannot_be_turned_back_is_refused_where_it_stands(export, tmp_path, separator):
    rows = {name: iter(export.index[export[REPEAT[0]].fillna("") == (name or "")]) for name in (None, *SEVERAL)}
    expected = []
    for line in data_lines("redcap_refused.txt"):
        instrument, variable, value, allowed = re.fullmatch(r"(\S+) (\w+)=(.*) -> (.*)", line).groups()
        row = next(rows[None if instrument == "-" else instrument])
        export.loc[row, variable] = value or np.nan
        expected.append((row + 2, variable, value, allowed))
    twice = export.loc[[next(rows[None]), next(rows["symptoms"])]]
    for row, instance in enumerate(twice[REPEAT[1]].fillna(""), len(export) + 2):
        expected.append((row, REPEAT[1], instance, "one row for each record, instrument and instance"))
    found = refused(written(pd.concat([export, twice]), tmp_path, sep=separator))
    assert [problem[:3] for problem in found] == [list(problem[:3]) for problem in sorted(expected)]
    assert all(one[3].startswith(other[3]) for one, other in zip(found, sorted(expected), strict=True))


def test_blank_lines_do_not_shift_the_rows_and_a_row_cut_short_is_refused(export, tmp_path):
    export.loc[3, "grade_best"] = "76"
    path = written(export, tmp_path)
    lines = path.read_text().splitlines()
    cut = ",".join(lines[-1].split(",")[:-20])
    path.write_text("\n".join([*lines[:2], "", *lines[2:-1], "", cut]))
    lengths = f"the row has {cut.count(',') + 1} cells and the header {len(export.columns)}; "
    assert refused(path) == [
        [6, "grade_best", "76", "one of the codes 150, 100, 75, 50, 25, 0"],
        [len(export) + 3, "", "", f"{lengths}allowed is a separator for every cell, empty too"],
    ]


@pytest.mark.parametrize(("change", "said"), [
    (lambda export: export.assign(arm="1"), "column 'arm' is unknown"),
    (lambda export: export.drop(columns="grade_last"), "column grade_last is missing"),
    (lambda export: export.drop(columns=REPEAT[1]), "set up symptoms, laboratory, adverse_events, visits as repeating"),
    (lambda export: pd.concat([export, export[["sex"]]], axis="columns"), "column 'sex' is there 2 times"),
    (
        lambda export: export.assign(email="a@b", boxes___1="0", boxes___2="1"),
        "columns 'email', 'boxes___1', 'boxes___2' are unknown; allowed are the variables of "
        "redcap-data-dictionary.csv: export without the others, or leave them out by name: "
        'make redcap ... LEAVE_OUT="email boxes"',
    ),
    (
        lambda export: export.replace({"sex": {"F": "Female", "M": "Male"}, "ongoing": {"yes": "Yes"}}),
        "the file holds labels and not codes, such as",
    ),
    (
        lambda export: export.rename(columns=dict(zip(DICTIONARY[NAME], DICTIONARY["Field Label"], strict=True))),
        "the first row holds labels of fields and not their names; export all data as CSV, raw and not labelled",
    ),
])  # fmt: skip
def test_columns_are_those_of_the_project(export, tmp_path, change, said):
    (problem,) = refused(written(change(export), tmp_path))
    assert problem[:3] == [0, "", ""] and said in problem[3]


def test_columns_may_be_left_out_by_name_and_own_names_and_codes_mapped(export, tmp_path, capsys):
    expected = tables_from_export(written(export, tmp_path))
    own = export.rename(columns={"sex": "gender"}).replace({"gender": {"F": "2", "M": "1"}})
    own = own.assign(email="a@b", boxes___1="0", boxes___2="1", redcap_event_name="visit_1_arm_1")
    (tmp_path / "my.csv").write_text("column,own,ours\n,gender,sex\nsex,2,F\nsex,1,M\n,redcap_event_name,(leave out)\n")
    options = ["--leave-out", "email boxes", "--mapping", str(tmp_path / "my.csv")]
    main([str(written(own, tmp_path)), str(tmp_path / "cohort"), *options])
    for table in TABLES:
        wanted = expected[0][table].to_csv(index=False, lineterminator="\n")
        assert (tmp_path / "cohort" / f"{table}.csv").read_text() == wanted
    said = capsys.readouterr().out
    women = export["sex"].eq("F").sum()
    assert "asked for: email, boxes." in said and f"Mapped: 2 to F in {women} cells of sex." in said


def test_events_part_the_rows_of_a_record_and_courses_may_repeat(export, tmp_path):
    expected, _ = tables_from_export(written(export, tmp_path))
    of = {form: [row[NAME] for (one, _), row in ROWS.items() if one == form] for form in FORMS}
    once = export[REPEAT[0]].isna()
    treated = export[once & export["start_month"].notna()]
    later, repeated = (treated[["patient_id", *of[form]]].copy() for form in ("patients", "courses"))
    repeated = repeated.assign(**{REPEAT[0]: "courses", REPEAT[1]: "1", "redcap_event_name": "start_arm_1"})
    further = repeated.assign(**{REPEAT[1]: "2", "start_month": "2029-01"}).head(1)
    rows = export.assign(redcap_event_name="start_arm_1")
    rows.loc[once, [*of["patients"], *of["courses"]]] = np.nan
    rows = pd.concat([rows, later.assign(redcap_event_name="m3_arm_1"), repeated, further])
    found, left_out = tables_from_export(written(rows, tmp_path))
    assert "redcap_event_name" in left_out and len(found["courses"]) == len(expected["courses"]) + 1
    for table in ("screening", "patients", "visits"):
        assert found[table].to_numpy().tolist() == expected[table].to_numpy().tolist()
    none = export.drop(columns=of["visits"])[export[REPEAT[0]] != "visits"]  # a project that is older than visits
    assert set(tables_from_export(written(none, tmp_path))[0]) == set(TABLES)


def test_decimal_commas_between_semicolons_are_read_and_thousands_refused(export, tmp_path):
    expected, _ = tables_from_export(written(export, tmp_path))
    commas = export.replace(r"^(\d+)\.(\d+)$", r"\1,\2", regex=True)
    found, _ = tables_from_export(written(commas, tmp_path, sep=";"))
    pd.testing.assert_frame_equal(found["laboratory"], expected["laboratory"])
    row = export.index[export["value"].notna()][0]
    commas.loc[row, "value"] = "1.250"
    (problem,) = refused(written(commas, tmp_path, sep=";"))
    assert problem[:3] == [row + 2, "value", "1.250"] and "thousand" in problem[3]
    labelled = refused(written(commas.replace({"sex": {"F": "Female", "M": "Male"}}), tmp_path, sep=";"))
    assert problem in labelled and len(labelled) == 2


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"", b"\xff\xfe\x00", b"Sex,Mast cell disorder\nF,ISM\n", None])
def test_a_file_that_is_no_export_is_named(tmp_path, content):
    path = tmp_path / "export.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CohortError, match=r"export\.csv: .*; export all data as CSV, raw and not labelled"):
        tables_from_export(path)


def test_a_value_not_yet_entered_stays_empty_for_the_check(export, tmp_path):
    export.loc[0, "diagnosis"] = np.nan
    excluded = ENTERED["screening"]["screening"].eq("excluded")
    found, left_out = tables_from_export(written(export, tmp_path))
    assert pd.isna(found["patients"].loc[found["patients"].index[0], "diagnosis"])
    assert len(found["screening"]) == len(excluded) and len(found["patients"]) == (~excluded).sum()
    assert left_out == [f"{table}_complete" for table in FORMS]
