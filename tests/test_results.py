"""What every printed claim is answered by, and notebooks that hold no number and work for other rows."""

import ast
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from analysis import sensitivity
from analysis.cohort import keep_cohort
from compendium.centre.disclosure.cells import HIDE_BELOW
from compendium.workflow.freshness import Digests
from compendium.workflow.jobs import JOBS
from tests.places import COHORT, PUBLISHED, ROOT, shipped_cohort

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
    monkeypatch.setattr("analysis.cohort._KEPT", {})
    keep_cohort(COHORT, shipped_cohort())
    # Two values of two rules and one population, as all of them in all combinations take seconds.
    monkeypatch.setattr(sensitivity, "values_of", lambda *given: VALUES_OF(*given)[: 1 + (given[0] in MOVED)])
    monkeypatch.setattr("compendium.document.filtered.POPULATIONS", ("MMAS",))
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
    digests, every = Digests(ROOT), set()
    for name in own - {"determined.ipynb"}:
        # What the paper fixes of a result is said beside it, by the one room that knows it; the result needs it not.
        text = (ROOT / "notebooks" / name).read_text(encoding="utf-8")
        text = re.sub(r"from compendium\.determined[. ][^\n]*\\n", r"\\n", text)
        (tmp_path / name).write_text(text, encoding="utf-8")
        used = {path.relative_to(ROOT) for path in digests.modules(tmp_path / name)}
        assert Path("analysis/cohort.py") in used
        assert "published" not in "".join(cells(ROOT / "notebooks" / name, "code"))
        every |= used
    assert not {path for path in every if path.stem in ("published", "claims") or "reconstruction" in path.parts}
    assert not [path for path in every if "data/published" in (ROOT / path).read_text(encoding="utf-8")]
