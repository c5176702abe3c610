"""What real files of centres have: other names, codes, levels, courses and words; each kind as a table of entries."""

import datetime
import itertools
import re

import pandas as pd
import pytest

from analysis import schema
from analysis.cohort import read_cohort
from compendium.centre.checks.further import one_of_each
from compendium.centre.intake.checking import check_cohort
from compendium.centre.intake.mapping import read_mapping
from compendium.centre.intake.snapshot import of_the_paper, write_snapshot
from compendium.centre.intake.terms import one_term
from compendium.reporting.check_report import check_files, read_otherwise
from tests.case_files import data_lines, escaped_lines
from tests.cohorts import random_tables, write_cohort

TABLES = random_tables(12, seed=5)
TODAY = datetime.date(2030, 6, 15)


def own(folder, table="patients", separator=",", **columns):
    """Write the cohort as texts with other cells: for a column the value of each row, or of the first ones."""
    written = {name: frame.astype("str").where(frame.notna(), None) for name, frame in TABLES.items()}
    for name, values in columns.items():
        kept = written[table][name].to_list()
        written[table][name] = values if len(values) == len(kept) else [*values, *kept[len(values) :]]
    folder.mkdir(exist_ok=True)
    for name, frame in written.items():
        frame.to_csv(folder / f"{name}.csv", index=False, sep=separator)
    return folder


def told(found, column):
    return found.loc[found["column"] == column, ["row", "value", "allowed"]].to_numpy().tolist()


def test_writings_of_one_event_are_one_term_and_different_events_stay_apart():
    groups = [line.split(" -> ") for line in escaped_lines("one_term.txt")]
    texts = pd.Series([text for group, _ in groups for text in group.split("|")])
    expected = [term for group, term in groups for _ in group.split("|")]
    assert one_term(texts).to_list() == expected
    assert len(set(expected)) == len(groups)


def test_two_writings_of_an_event_in_one_patient_are_one_row_too_many(tmp_path):
    patient = TABLES["patients"].loc[0, "patient_id"]
    events = TABLES["adverse_events"].iloc[[0, 0, 0]].assign(patient_id=patient, led_to_stop="no", onset_months=0.0)
    tables = TABLES | {"adverse_events": events.assign(term=["Headache", "céphalées", "itching"])}
    check = check_cohort(write_cohort(tables, tmp_path / "c"), today=TODAY)
    assert [one[0] for one in told(check.errors, "term")] == [3]
    assert check.terms.to_numpy().tolist() == [
        ["Headache", "headache"],
        ["céphalées", "headache"],
        ["itching", "pruritus"],
    ]


# The table patients under other names of its file, and whether it is read.
@pytest.mark.parametrize(("names", "read"), [
    (["patients"], True), (["base-patients"], True), (["patients-Table 1"], True), (["patients-Tableau 1"], True),
    (["my cohort-patients"], True), (["patients-patients"], True), (["base-patients", "patients"], True),
    (["Patients"], False), (["patients (1)"], False), (["a-patients", "b-patients"], False), (["inpatients"], False),
])  # fmt: skip
def test_names_that_programs_give_to_the_file_of_a_table(tmp_path, names, read):
    folder = own(tmp_path / "c")
    content = (folder / "patients.csv").read_bytes()
    (folder / "patients.csv").unlink()
    for name in [*names, "base-read me", "base-lists"]:
        (folder / f"{name}.csv").write_bytes(content)
    check = check_cohort(folder, today=TODAY)
    assert check.errors.empty == read
    assert not check.warnings["file"].str.contains("lists|read me").any()


# What is put into a column of courses or of another table, and what is told of it.
@pytest.mark.parametrize(("table", "column", "value", "said"), [
    ("courses", "months_to_first_response", "NA", "leave the cell empty"),
    ("courses", "months_to_first_response", ".", "leave the cell empty"),
    ("courses", "stop_reason", "NULL", "leave the cell empty"), ("courses", "stop_reason", "-", "leave the cell empty"),
    ("symptoms", "grade_last", "n/a", "leave the cell empty"),
    ("courses", "duration_months", ">24", "enter a number alone, the nearest that is known"),
    ("courses", "duration_months", "3-4", "enter one number, not a range"),
    ("courses", "start_interval_weeks", "q2w", "enter the number alone, in weeks"),
    ("courses", "start_dose_mg", "300 g", "enter the number alone, in mg"),
])  # fmt: skip
def test_what_to_enter_instead(tmp_path, table, column, value, said):
    (found,) = told(check_cohort(own(tmp_path / "c", table, **{column: [value]}), today=TODAY).errors, column)
    assert found[:2] == [2, value] and said in found[2]


@pytest.mark.parametrize(("shown", "meant"), [
    ("1900-01-12T00:00:00", "12"), ("1900-01-12", "12"), ("06:00:00", "0.25"), ("1900-03-01", "61"), ("2025-03-04", ""),
])  # fmt: skip
def test_a_number_that_a_cell_shows_as_a_date(tmp_path, shown, meant):
    check = check_cohort(own(tmp_path / "c", "courses", duration_months=[shown]), today=TODAY)
    (nearest,) = check.errors.loc[check.errors["column"] == "duration_months", "nearest"]
    assert nearest == meant


def test_levels_beyond_a_limit_of_detection_are_read_as_the_limit_and_named(tmp_path):
    entered = ["<1", "> 200", "≤0,5", ">=12.5", "<", "<1 ng", "1<"]
    check = check_cohort(own(tmp_path / "c", "laboratory", value=entered), today=TODAY)
    assert [one[:2] for one in told(check.warnings, "value")][:4] == [
        [2, "<1"],
        [3, "> 200"],
        [4, "≤0,5"],
        [5, ">=12.5"],
    ]
    assert [one[:2] for one in told(check.errors, "value")] == [[6, "<"], [7, "<1 ng"], [8, "1<"]]
    assert check.accounts.at["laboratory", "limits"] == 4
    check = check_cohort(own(tmp_path / "c", "laboratory", value=entered[:4]), today=TODAY)
    assert check.tables["laboratory"]["value"].to_list()[:4] == [1, 200, 0.5, 12.5]
    assert "Levels: 4 beyond a limit of detection read as that limit." in read_otherwise(check)


# Start and duration of the first course, its recommendation, and the columns that are told: today is in June 2030.
@pytest.mark.parametrize(("start", "months", "recommended", "columns"), [
    ("2030-06", "0", "2030-06", []), ("2030-05", "2", "2030-05", []), ("2030-05", "3", "2030-05", ["duration_months"]),
    ("2030-07", "1", "2030-06", ["start_month"]), ("2105-03", "6", "2105-01", ["recommendation_month", "start_month"]),
])  # fmt: skip
def test_nothing_happens_after_today(tmp_path, start, months, recommended, columns):
    first = TABLES["patients"].loc[0, "patient_id"]
    assert first == TABLES["screening"].loc[0, "patient_id"] == TABLES["courses"].loc[0, "patient_id"]
    changed = {"start_month": [start], "duration_months": [months]}
    folder = own(tmp_path / "c", "courses", **changed)
    screening = pd.read_csv(folder / "screening.csv", dtype="str")
    screening.loc[0, "recommendation_month"] = recommended
    screening.to_csv(folder / "screening.csv", index=False)
    errors = check_cohort(folder, today=TODAY).errors
    late = errors[errors["allowed"].str.contains("2030-06")]
    assert late["column"].to_list() == columns and (late["row"] == 2).all()


@pytest.mark.parametrize("written", ["p0000002", "P2", "P 0000002", "P-0000002", "P00000002"])
def test_identifiers_that_differ_in_form_only(tmp_path, written):
    names = TABLES["courses"]["patient_id"].to_list()
    folder = own(tmp_path / "c", "courses", patient_id=[names[0], written])
    (found,) = told(check_cohort(folder, today=TODAY).errors.query("file == 'courses.csv'"), "patient_id")
    assert found[0] == 3 and "that of row 3 there differs in zeros, capitals or blanks only" in found[2]


REASON = TABLES["courses"]["stop_reason"].dropna().iloc[0]
MAPPING = """table,column,own,ours,note
,,Geschlecht,sex,their word
,,visit,(leave out),
patients,sex,1,M,
patients,sex,2,F,
courses,stop_reason,their reason,REASON,
symptoms,grade_last,9,(empty),
laboratory,unit,kU/L,,not decided yet
courses,stop_reason,never there,cost,
"""


def test_a_centre_maps_its_names_and_codes_once(tmp_path):
    folder = own(tmp_path / "c")
    for table, change in (
        ("patients", lambda frame: frame.replace({"sex": {"M": "1", "F": "2"}}).rename(columns={"sex": "Geschlecht"})),
        ("courses", lambda frame: frame.replace({"stop_reason": {REASON: "their reason"}}).assign(visit="1")),
        ("symptoms", lambda frame: frame.assign(grade_last=frame["grade_last"].fillna("9"))),
    ):
        change(pd.read_csv(folder / f"{table}.csv", dtype="str")).to_csv(folder / f"{table}.csv", index=False)
    without = check_cohort(folder, today=TODAY)
    assert ["patients", "", "Geschlecht", "", 12] in without.proposed.to_numpy().tolist()
    assert b"Geschlecht" in check_files(without)["proposed-mapping.csv"]
    (tmp_path / "my.csv").write_text(MAPPING.replace("REASON", REASON), encoding="utf-8")
    check = check_cohort(folder, mapping=tmp_path / "my.csv", today=TODAY)
    assert check.errors.empty, check.errors
    for table, expected in TABLES.items():
        pd.testing.assert_frame_equal(check.tables[table], expected)
    counts = dict(zip(check.mapped["own"], check.mapped["cells"], strict=True))
    stopped = int((TABLES["courses"]["stop_reason"] == REASON).sum())
    missing = int(TABLES["symptoms"]["grade_last"].isna().sum())
    women = int((TABLES["patients"]["sex"] == "F").sum())
    expected = {"Geschlecht": 1, "visit": 1, "1": 12 - women, "2": women, "their reason": stopped, "9": missing}
    assert counts == expected | {"never there": 0}
    assert told(check.warnings[check.warnings["file"] == "my.csv"], "own")[0][:2] == [9, "never there"]
    assert f"Mapped: 2 to F in {women} cells of sex." in read_otherwise(check)


@pytest.mark.parametrize(("line", "column", "said"), [
    ("patient,sex,1,M", "table", "empty or one of screening"), ("patients,sexe,1,M", "column", "perhaps sex"),
    ("patients,sex,1,man", "ours", "one of F, M, or (empty)"), ("patients,,gender,sexes", "ours", "or (leave out)"),
    ("courses,duration_months,x,many", "ours", "a number of at least 0, or (empty)"),
    ("patients,sex,1,M\npatients,sex,1,F", "own", "each name or code once"),
])  # fmt: skip
def test_a_mapping_that_is_not_of_the_contract_is_refused_where_it_stands(tmp_path, line, column, said):
    (tmp_path / "my.csv").write_text(f"table,column,own,ours\n{line}\n", encoding="utf-8")
    (found,) = told(read_mapping(tmp_path / "my.csv").errors, column)
    assert found[0] == 2 + line.count("\n") and said in found[2]


def test_which_of_several_courses_and_samples_counts_is_a_rule(tmp_path):
    course, sample = TABLES["courses"].iloc[[0]], TABLES["laboratory"].query("time_point == 'on_therapy'").iloc[[0]]
    later = TABLES | {
        "courses": pd.concat([TABLES["courses"], course.assign(start_month="2029-01")], ignore_index=True),
        "laboratory": pd.concat(
            [TABLES["laboratory"], sample.assign(months_on_therapy=sample["months_on_therapy"] + 3, value=77.0)],
            ignore_index=True,
        ),
    }
    names = {table: f"{table}.csv" for table in TABLES}
    places = {"courses": [0, len(TABLES["courses"])], "laboratory": [sample.index[0], len(TABLES["laboratory"])]}
    for first, last in itertools.product(("first", "last"), repeat=2):
        kept, doubts, _ = one_of_each(later, names, course=first, sample=last)
        for table, rule in (("courses", first), ("laboratory", last)):
            aside = places[table][rule == "first"]
            assert set(later[table].index) - set(kept[table].index) == {aside}
            assert doubts.loc[doubts["file"] == names[table], "row"].to_list() == [aside + 2]
    twice = TABLES | {"courses": pd.concat([TABLES["courses"], course], ignore_index=True)}
    assert len(one_of_each(twice, names)[0]["courses"]) == 13  # the same course twice is an error, and told as one
    with pytest.raises(ValueError, match="allowed are first, last"):
        one_of_each(later, names, course="second")


# An error stops what is filled in, and an unknown patient also what others lack: these are in cohorts of their own.
KINDS = ("VISIT=response", "error visits.csv 2 patient_id", "error", "best")


def _visits(number, line):
    """Read a line of visits: rows of three tables, and what is expected of them."""
    given, expected = line.split(" -> ")
    cells = {"grade_best": ["-"] * 2, "grade_last": ["-"] * 2, "months_to_first_improvement": ["-"] * 2}
    key = patient = f"Q{number:07}"
    course = {"patient_id": key, "start_month": "2016-01", "duration_months": "12", "ongoing": "yes"}
    course |= {"start_dose_mg": "150", "start_interval_weeks": "2"}
    visits, symptoms = [], [["flush", "baseline"], ["fatigue", "baseline"]]
    for part in given.split("; "):
        name, _, value = part.partition("=")
        if name in cells:
            cells[name] = value.split()
        elif name.startswith("months_to"):
            course[name] = value
        elif name == "patient":
            patient = value
        elif part.startswith("new "):
            symptoms.append([part[4:], "on_therapy"])
        elif name != "VISIT":
            name, *graded = part.split()
            for when, grade in (one.split(":") for one in graded):
                visits.append([name, *((when, "") if "-" in when else ("", when)), grade])
    ours = pd.DataFrame([[key, *one] for one in symptoms], columns=["patient_id", "symptom", "onset"])
    names = ["patient_id", "symptom", "visit_month", "months_on_therapy", "grade"]
    rows = {"visits": pd.DataFrame([[patient, *one] for one in visits], columns=names)}
    rows |= {"symptoms": ours.join(pd.DataFrame(cells)).replace("-", None), "courses": pd.DataFrame([course])}
    return rows, expected.split("; ")


@pytest.mark.parametrize("kind", KINDS)
def test_further_visits_give_the_best_response_and_the_last_follow_up(tmp_path, kind):
    lines = [line for line in data_lines("visits.txt") if not line.startswith("#")]
    lines = [line for line in lines if next(one for one in KINDS if one in line) == kind]
    tables, expected = zip(*itertools.starmap(_visits, enumerate(lines)), strict=True)
    frames = {name: pd.concat([rows[name] for rows in tables], keys=range(len(lines))) for name in tables[0]}
    keys = frames["courses"]["patient_id"].to_list()
    for name, frame in TABLES.items():
        if name in ("patients", "screening"):
            first = frame[frame["patient_id"] == "P0000001"].astype("str")
            frames[name] = pd.concat([first.assign(patient_id=key) for key in keys])
        frames[name] = frames.get(name, frame.head(0)).reindex(columns=frame.columns)
    (tmp_path / "c").mkdir()
    for name, frame in frames.items():
        frame.to_csv(tmp_path / "c" / f"{name}.csv", index=False)
    rule = kind.removeprefix("VISIT=") if "=" in kind else "score"
    check = check_cohort(tmp_path / "c", today=TODAY, visit=rule)
    told = [[] for _ in lines]
    about = {"error": check.errors, "warning": check.warnings[check.warnings["file"] == "visits.csv"]}
    for what, found in about.items():
        for one in found.itertuples():
            case, row = frames[one.file.removesuffix(".csv")].index[one.row - 2]
            told[case].append(f"{what} {one.file} {row + 2} {one.column}")
    for case, key in enumerate(keys) if check.tables else ():
        ours, course = (check.tables[name].set_index("patient_id").loc[[key]] for name in ("symptoms", "courses"))
        known = {"best": ours["grade_best"], "last": ours["grade_last"]}
        known["improved"] = ours["months_to_first_improvement"]
        known["course"] = course[["months_to_first_response", "months_to_best_response"]].iloc[0]
        for what, values in known.items():
            if what in str(expected[case]):
                shown = ("-" if pd.isna(value) else f"{value:g}" for value in values.head(2))
                told[case].append(f"{what} {' '.join(shown)}")
    assert [sorted(one) for one in told] == [sorted(one) for one in expected]


def test_entries_of_visits_are_refused_each_where_it_stands_with_what_was_meant(tmp_path):
    entries = [re.fullmatch(r"(\w+)=(.+) -> (.+)", line).groups() for line in data_lines("visit_entries.txt")]
    rows = TABLES["symptoms"].query("onset == 'baseline'")[["patient_id", "symptom"]].head(len(entries)).astype(object)
    rows = rows.reset_index(drop=True).assign(visit_month="2016-03", months_on_therapy=None, grade="1")
    for row, (column, value, _) in enumerate(entries):
        rows.loc[row, "visit_month"] = None if column == "months_on_therapy" else "2016-03"
        rows.loc[row, column] = value
    rows.to_csv(own(tmp_path / "c") / "visits.csv", index=False)
    found = check_cohort(tmp_path / "c", today=TODAY).errors
    assert found[["file", "row", "column", "value"]].sort_values("row").to_numpy().tolist() == [
        ["visits.csv", row + 2, column, value] for row, (column, value, _) in enumerate(entries)
    ]
    for row, (_, _, meant) in enumerate(entries):
        (one,) = found[found["row"] == row + 2].itertuples()
        assert meant == one.nearest or (not one.nearest and meant in one.allowed)


def test_diagnoses_that_the_paper_has_not_belong_to_a_population_or_to_none(tmp_path):
    given = ["BMM", "SSM", "SSM", "HAT", "other", "ISM"]
    check = check_cohort(own(tmp_path / "c", diagnosis=given), today=TODAY)
    assert not told(check.errors, "diagnosis")
    patients = TABLES["patients"].assign(diagnosis=[*given, *TABLES["patients"]["diagnosis"].astype(str)[6:]])
    kept, lines = of_the_paper(TABLES | {"patients": patients})
    assert len(kept["patients"]) == 8 and kept["patients"]["diagnosis"].iloc[0] == "ISM"
    gone = set(TABLES["patients"]["patient_id"][1:5])
    for table in ("symptoms", "courses", "laboratory", "adverse_events"):
        assert set(kept[table]["patient_id"]) == set(TABLES[table]["patient_id"]) - gone
    pd.testing.assert_frame_equal(kept["screening"], TABLES["screening"])
    assert lines[0] == "1 patient is counted as ISM, of which bone marrow mastocytosis is a kind."
    assert lines[1].startswith("4 patients are in none of the paper's populations") and "mastocytosis 2" in lines[1]


def test_values_that_the_paper_has_not_are_in_the_contract_once():
    values = pd.read_csv(schema.CONTRACT / "values.csv", dtype="str", keep_default_na=False)
    assert not values.duplicated(["vocabulary", "value"]).any()
    for _, column in schema.contract().query("type == 'category'").iterrows():
        listed = schema.allowed_values(column)
        assert len(set(listed)) == len(listed)


# A cohort's own list of symptoms, and what of it is refused, by row and column.
@pytest.mark.parametrize(("lines", "refused"), [
    (["brain_fog,Brain fog,neuropsychiatric"], []), (["brain fog,Brain fog,neuropsychiatric"], [[2, "symptom"]]),
    (["brain_fog,Brain fog,neuropsychiatric", "flush,Flush,superficial_vasomotor"], [[3, "symptom"]]),
    (["brain_fog,,neuropsychiatric"], [[2, "label"]]), (["brain_fog,Brain fog,brain"], [[2, "group"]]),
])  # fmt: skip
def test_other_symptoms_by_a_line_in_the_cohorts_own_list(tmp_path, lines, refused):
    row = TABLES["symptoms"].index[TABLES["symptoms"]["symptom"] != "brain_fog"][0]
    names = TABLES["symptoms"]["symptom"].astype(str).to_list()
    folder = own(tmp_path / "c", "symptoms", symptom=["brain_fog", *names[1:]])
    (folder / "own_symptoms.csv").write_text("\n".join(["symptom,label,group", *lines]) + "\n", encoding="utf-8")
    try:
        check = check_cohort(folder, today=TODAY)
        listed = check.errors[check.errors["file"] == "own_symptoms.csv"]
        assert listed[["row", "column"]].to_numpy().tolist() == refused
        assert len(told(check.errors, "symptom")) == (
            len(refused) > 0 and "brain_fog,Brain fog,n" not in lines[0]
        ) + sum(column == "symptom" for _, column in refused)
        if not refused:
            write_snapshot(check.tables, tmp_path / "copy", reconstructed=False)
            check_cohort(write_cohort(TABLES, tmp_path / "other"), today=TODAY)
            assert "brain_fog" not in schema.symptom_list().index
            cohort = read_cohort(tmp_path / "copy")
            assert cohort.symptoms["symptom"].iloc[row] == "brain_fog"
            fog = schema.symptom_list().loc["brain_fog"]
            assert (fog["label"], fog["group"]) == ("Brain fog", "neuropsychiatric")
    finally:
        schema.use_symptoms(None)
