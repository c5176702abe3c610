"""What nbval does not see in the committed notebooks: short, in order, with outputs, nothing of one machine."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

from compendium.workflow.jobs import JOBS, OBSERVED_JOBS, _others
from compendium.workflow.notebooks import check_parameters, parameters_of
from tests.places import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETERS = {"cohort": "str", "output": "str", "population": "str", "criteria": "str"}
# Some notebooks have more: the name of the files, the folders of the other results and of the claims, a small count.
MORE = {"name": "str", "built": "str", "published": "str", "hide_below": "int", "without": "str", "known": "str"}
MORE |= {"source": "str", "notes": "str"}
ALL_JOBS = {job.name: job for job in (*JOBS, *OBSERVED_JOBS)}.values()
RECONSTRUCTED = re.compile(r"reconstruct|held to the paper|`data/cohort`")
MACHINE = re.compile(r"/(home|root|Users|tmp|var/folders)/|[A-Z]:\\\\|\b0x[0-9a-f]{8,}\b")

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@cache
def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def cells(path, kind):
    return [cell for cell in load(path)["cells"] if cell["cell_type"] == kind]


def code(path):
    return cells(path, "code")


def outputs(path):
    return [output for cell in code(path) for output in cell["outputs"]]


def source(cell):
    return "".join(cell["source"])


def lines(cell):
    """Lines of code, without blank ones and comments."""
    return [line for line in source(cell).splitlines() if line.strip() and not line.strip().startswith("#")]


def tree(cell):
    """What a cell does, without IPython's own commands."""
    return ast.parse("\n".join("" if re.match(r"\s*[%!]", line) else line for line in source(cell).splitlines()))


def shows(cell):
    """Whether a cell must have an output: it ends in a value, or calls display or print."""
    body = tree(cell).body
    if not body or not isinstance(body[-1], ast.Expr) or source(cell).rstrip().endswith(";"):
        return False
    last = body[-1].value
    if isinstance(last, ast.Call):
        return isinstance(last.func, ast.Name) and last.func.id in ("display", "print")
    return not isinstance(last, ast.Constant)


def test_every_notebook_is_in_the_build_and_the_build_has_every_notebook():
    assert {path.name for path in NOTEBOOKS} == {job.notebook for job in ALL_JOBS}


def test_the_verdicts_wait_for_all_values():
    """Otherwise the page would name those values only that happened to be there."""
    (verdicts,) = (job for job in ALL_JOBS if job.name == "verdicts")
    saving = {path.stem for path in NOTEBOOKS if any("save_values(" in source(cell) for cell in code(path))}
    assert saving | {"table-1", "table-2"} == set(verdicts.after)


def test_a_new_notebook_is_built_but_not_what_jupyterlab_names(tmp_path):
    for name in ("Untitled", "figure-1-Copy1", "figure-1", "sharing", "verdicts", "start-doses"):
        (tmp_path / f"{name}.ipynb").touch()
    assert [(job.name, job.notebook) for job in _others(tmp_path)] == [("start-doses", "start-doses.ipynb")]


@pytest.mark.parametrize("job", ALL_JOBS, ids=lambda job: job.name)
def test_a_job_gives_its_notebook_parameters_that_it_has(job):
    check_parameters(ROOT / "notebooks" / job.notebook, {**dict.fromkeys(PARAMETERS, ""), **job.parameters})


@each
def test_cells_were_run_once_in_order_and_show_what_they_must(path):
    run = [cell for cell in code(path) if lines(cell)]
    assert [cell["execution_count"] for cell in run] == list(range(1, len(run) + 1))
    assert not [source(cell) for cell in code(path) if shows(cell) and not cell["outputs"]]
    assert outputs(path)
    assert not [o for o in outputs(path) if o["output_type"] == "error" or o.get("name") == "stderr"]
    kinds = {kind for output in outputs(path) for kind in output.get("data", {})}
    assert kinds & {"image/png", "image/svg+xml"} or not path.stem.startswith("figure")


@each
def test_it_fits_on_a_screen_and_defines_nothing(path):
    numbers = [len(lines(cell)) for cell in code(path)]
    assert sum(numbers) <= 40
    assert max(numbers) <= 12
    forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = [node for cell in code(path) for node in ast.walk(tree(cell))]
    assert not [node.name for node in nodes if isinstance(node, forbidden)]


@each
def test_it_takes_the_four_parameters_with_types(path):
    found = parameters_of(path)
    assert PARAMETERS.items() <= found.items() <= (PARAMETERS | MORE).items()
    cell = next(c for c in code(path) if "parameters" in c["metadata"].get("tags", []))
    assert all(isinstance(node, ast.AnnAssign) for node in ast.parse(source(cell)).body)


@each
def test_nothing_of_one_machine_or_one_run_is_in_it(path):
    text, content = path.read_text(encoding="utf-8"), load(path)
    assert str(ROOT) not in text
    assert str(Path.home()) + "/" not in text
    # Pictures are base64 text, in which anything may occur by chance.
    shown = json.dumps([cell["outputs"] for cell in code(path)], ensure_ascii=False)
    assert not MACHINE.search(re.sub(r'"image/(png|jpeg)": "[^"]*"', "", shown))
    assert content["metadata"]["language_info"] == {"name": "python"}
    assert not {"papermill", "execution"} & {key for cell in content["cells"] for key in cell["metadata"]}
    assert "papermill" not in content["metadata"]
    identifiers = [cell["id"] for cell in content["cells"]]
    assert len(set(identifiers)) == len(identifiers)


@each
def test_prose_tells_what_is_shown_and_of_reconstructed_rows_in_a_cell_of_its_own(path):
    prose = cells(path, "markdown")
    assert load(path)["cells"][0] == prose[0] and source(prose[0]).startswith("# ")
    assert sum(len(source(cell).split()) for cell in prose) >= 60
    tagged = [cell for cell in prose if "reconstructed" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1 and "is reconstructed" in source(tagged[0])
    assert not [source(cell) for cell in prose if cell not in tagged and RECONSTRUCTED.search(source(cell))]
