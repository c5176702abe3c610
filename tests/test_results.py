"""The built results: what the paper prints where it is right, and other results from other rows."""

import ast
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from analysis import biology, comparison, dosing, followup, patients, response, safety, sensitivity, symptoms, tables
from analysis.cohort import read_cohort, restrict
from compendium.centre.disclosure.cells import HIDE_BELOW
from compendium.files import csv_text, json_text
from compendium.reporting import rendering, small_tables
from compendium.workflow.freshness import Digests
from compendium.workflow.jobs import JOBS
from tests.places import COHORT, FIGURES, PUBLISHED, ROOT

THEMES = {"patients": patients, "response": response, "duration": followup, "dose": dosing, "symptoms": symptoms}
THEMES |= {"safety": safety, "biology": biology, "comparison": comparison}
REASONS = {
    "date",  # of an event that is not in the rows
    "identifier",
    "rule",  # a threshold, a score, a definition
    "schedule",  # an interval or dose that was allowed or recommended, not what patients received
    "not_recorded",  # the contract has no column for it, or a coarser one
    "other_study",
    "other_disease",
}


@pytest.fixture(scope="module")
def mapped():
    answers = pd.read_csv(PUBLISHED / "answers.csv", dtype=str, keep_default_na=False)
    return answers.rename(columns={"answer": "value"}).set_index("claim")


def all_values(cohort):
    found = {}
    for module in THEMES.values():
        found |= module.summarise(cohort)
    for name, make in (("table_1", tables.table_1), ("table_2", tables.table_2)):
        for cell in make(cohort).to_dict("records"):
            known = {key: value for key, value in cell.items() if not pd.isna(value)}
            found[f"{name}:{cell['row']}:{cell['column']}"] = known
    return found


def test_every_claim_has_a_value_or_one_of_few_reasons(claims, mapped):
    """Whether the value is the printed one is for the verdicts to say (`test_verdicts`)."""
    assert list(mapped.index) == list(claims.index)
    answered = mapped["value"] != ""
    assert set(mapped.loc[~answered, "reason"]) <= REASONS
    assert not mapped.loc[~answered, "statistic"].any()
    assert answered.sum() >= 300


def test_only_claims_that_no_row_can_answer_are_without_a_value(claims, mapped):
    kinds = claims.loc[mapped["value"] == ""].groupby("population")["kind"].agg(set)
    rows_of = kinds.drop(["other_study", "other_disease"], errors="ignore")
    assert set().union(*rows_of) <= {"date", "identifier", "definition", "score", "p_threshold", "interval", "dose"}


# What was built --------------------------------------------------------------------------------------------------


def built(name):
    """Text of a result without where its rows come from."""
    text = (FIGURES / name).read_text(encoding="utf-8")
    if name.endswith(".csv"):
        return re.sub("^(cohort|reconstructed),", "", text, flags=re.MULTILINE)
    if not name.endswith(".json"):
        return text
    return json_text({key: entry for key, entry in json.loads(text).items() if key != "about"})


def test_the_tables_in_the_folder_of_results_are_those_of_the_cohort(shipped):
    assert built("table-1.csv") == csv_text(tables.table_1(shipped))
    assert built("table-2.csv") == csv_text(tables.table_2(shipped))


@pytest.mark.parametrize("theme", THEMES)
def test_the_values_in_the_folder_of_results_are_those_of_the_cohort(shipped, theme):
    expected = THEMES[theme].summarise(shipped) | (followup.response_times(shipped) if theme == "response" else {})
    assert built(f"values-{theme}.json") == json_text(expected)


@pytest.mark.parametrize(
    ("population", "of_symptoms", "of_courses"),
    [("all", "figure-1", "figure-2"), ("primary", "figure-e1", "figure-e3"), ("idiopathic", "figure-e2", "figure-e4")],
)
def test_the_numbers_behind_the_figures_are_those_of_the_cohort(shipped, population, of_symptoms, of_courses):
    part = restrict(shipped, population)
    assert built(f"{of_symptoms}.csv") == csv_text(symptoms.symptom_profile(part).reset_index())
    assert built(f"{of_courses}.csv") == csv_text(followup.course_frame(part).reset_index())


# Nothing is typed in ---------------------------------------------------------------------------------------------


def with_change(tmp_path, table, change):
    """The cohort with one of its files changed, read again as a user's cohort would be."""
    folder = tmp_path / "cohort"
    shutil.copytree(COHORT, folder)
    frame = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
    change(frame)
    frame.to_csv(folder / f"{table}.csv", index=False)
    return read_cohort(folder)


def changed_names(shipped, other):
    before, after = all_values(shipped), all_values(other)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_other_grades_change_responses_and_figures(shipped, tmp_path):
    best = response.best_response(shipped)
    courses = shipped.courses.loc[best.index[best == "MR"]]
    plain = courses["escalation_month"].isna() & courses["weekly_month"].isna() & (courses["ongoing"] == "yes")
    chosen = courses.index[plain][0]

    def cure(rows):
        mine = (rows["patient_id"] == chosen) & (rows["onset"] == "baseline")
        rows.loc[mine, ["grade_best", "grade_last"]] = "0"

    other = with_change(tmp_path, "symptoms", cure)
    changed = changed_names(shipped, other)
    assert {"response.best.cr.all", "response.best.mr.all", "followup.duration.cr", "response.last.cr.all"} <= changed
    assert {"table_2:best.cr:all", "table_2:last.mr:all"} <= changed
    assert not {name for name in changed if name.startswith(("table_1:", "patients.", "safety."))}
    assert not symptoms.symptom_profile(shipped).equals(symptoms.symptom_profile(other))
    assert not followup.course_frame(shipped).equals(followup.course_frame(other))
    html = [rendering.render_table_2(tables.table_2(one)).as_raw_html() for one in (shipped, other)]
    assert html[0] != html[1]


def test_another_diagnosis_another_level_and_one_event_more_change_what_hangs_on_them(shipped, tmp_path):
    idiopathic = shipped.patients.index[shipped.patients["diagnosis"] == "idiopathic_MCAS"]
    chosen = idiopathic[shipped.patients.loc[idiopathic, "kit_d816v"] == "not_evaluated"][0]
    free = shipped.patients.index[~safety.with_any(shipped)][0]
    event = {"patient_id": free, "term": "fatigue", "severity": "mild", "flare": "no", "led_to_stop": "no"}

    def rename(rows):
        rows.loc[rows["patient_id"] == chosen, "diagnosis"] = "CM"

    def raise_one(rows):
        first = rows.index[(rows["analyte"] == "total_ige") & (rows["time_point"] == "on_therapy")][0]
        rows.loc[first, "value"] = "9999"

    def add(rows):
        rows.loc[len(rows)] = dict.fromkeys(rows.columns, "") | event | {"onset_months": "1"}

    changes = {"patients": rename, "laboratory": raise_one, "adverse_events": add}
    others = {table: with_change(tmp_path / table, table, change) for table, change in changes.items()}
    changed = {table: changed_names(shipped, other) for table, other in others.items()}
    of_diagnosis = changed["patients"]
    assert {"table_2:best.orr:CM", "table_2:best.orr:idiopathic", "table_1:classification.cm:all"} <= of_diagnosis
    assert "table_2:best.orr:primary" in of_diagnosis
    assert not {"patients.diagnosis.ism.all", "table_2:best.orr:all", "response.best.orr.all"} & of_diagnosis
    assert "table_2:best.orr:ISM" not in of_diagnosis
    assert not patients.inclusion(shipped).equals(patients.inclusion(others["patients"]))
    assert {"biology.total_ige.on_therapy", "biology.total_ige.paired_t"} <= changed["laboratory"]
    assert all(name.startswith("biology.total_ige.") for name in changed["laboratory"])
    assert "biology.total_ige.paired.all" not in changed["laboratory"]
    of_event = changed["adverse_events"]
    assert {"safety.patients_with_event.all", "safety.event.fatigue.all", "comparison.side_effects.here"} <= of_event
    assert not {name for name in of_event if name.startswith(("response.", "table_"))}
    fatigue = safety.summarise(others["adverse_events"])["safety.event.fatigue.all"]
    assert small_tables.value_text(fatigue).startswith("4/55")


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells(path, kind):
    content = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_number_stands_in_the_code_and_no_result_in_the_prose_of_a_notebook(path):
    code = [cell for cell in cells(path, "code") if "hide_below: int" not in cell]  # a default, not a result
    nodes = [node for cell in code if path.stem != "explore" for node in ast.walk(ast.parse(cell))]
    numbers = [node.value for node in nodes if isinstance(node, ast.Constant) and type(node.value) in (int, float)]
    assert not numbers
    prose = re.sub(r"\(L\d[^)]*\)", "", " ".join(cells(path, "markdown")))
    assert set(re.findall(r"\d+\.\d+", prose)) <= {"0.75", "0.5", "0.25", "1.5"}
    assert set(re.findall(r"(\d+)\s%", prose)) <= {"10", "20", "50"}


VALUES_OF, MOVED = sensitivity.values_of, ("worsening", "alpha")


# What reads the results of other notebooks is tested with all of them: test_paper, test_centre.
@pytest.mark.parametrize(
    "path", [p for p in NOTEBOOKS if "built: str" not in p.read_text()], ids=lambda path: path.stem
)
def test_every_notebook_works_for_one_patient_and_other_criteria(path, tmp_path, monkeypatch):
    monkeypatch.chdir(path.parent)
    monkeypatch.setenv("COMPENDIUM_OUTPUT", str(tmp_path))
    # Drawing every dot, and in three formats, takes most of the time: test_figures and test_outputs do that.
    monkeypatch.setattr("compendium.reporting.display.picture", lambda figure: figure.draw_without_rendering())
    monkeypatch.setattr("compendium.reporting.outputs.save_figure", lambda *_: None)
    # Two values of two rules, as all of them in all combinations take seconds.
    monkeypatch.setattr(sensitivity, "values_of", lambda *given: VALUES_OF(*given)[: 1 + (given[0] in MOVED)])
    parameters, *rest = cells(path, "code")
    names = {}
    exec(parameters, names)
    assert names.get("hide_below", HIDE_BELOW) == HIDE_BELOW
    names |= {"population": "MMAS", "criteria": "worsening=any,zeros=pratt", "hide_below": 10}
    for cell in rest:
        exec(cell, names)
    written = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()}
    assert written or path.stem == "explore"
    assert ("Counts below 10" in written.get("shared-table-2.html", "")) == (path.stem == "sharing")


def test_no_result_is_made_from_what_the_paper_prints(tmp_path):
    own = {job.notebook for job in JOBS if not job.after and "data/published" not in job.reads}
    assert len(own) >= 14
    for name in own - {"determined.ipynb"}:
        # What the paper fixes of a result is said beside it, by the one room that knows it; the result needs it not.
        text = (ROOT / "notebooks" / name).read_text(encoding="utf-8")
        text = re.sub(r"from compendium\.determined[. ][^\n]*\\n", r"\\n", text)
        (tmp_path / name).write_text(text, encoding="utf-8")
        used = {path.relative_to(ROOT) for path in Digests(ROOT).modules(tmp_path / name)}
        assert Path("analysis/cohort.py") in used
        assert not {path for path in used if path.stem in ("published", "claims") or "reconstruction" in path.parts}
        assert not [path for path in used if "data/published" in (ROOT / path).read_text(encoding="utf-8")]
        assert "published" not in "".join(cells(ROOT / "notebooks" / name, "code"))
