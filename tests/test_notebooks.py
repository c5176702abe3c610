"""What nbval does not see in the committed notebooks: short, in order, with outputs, nothing of one machine."""

import ast
import json
import re
from pathlib import Path

import pytest

from compendium.workflow.jobs import JOBS, OBSERVED_JOBS
from compendium.workflow.parameters import check_parameters, parameters_of

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETERS = {"cohort": "str", "output": "str", "population": "str", "criteria": "str"}
# Some notebooks have more: the name of the files, the folders of the other results and of the claims, a small count.
MORE = {"name": "str", "built": "str", "published": "str", "hide_below": "int"}
ALL_JOBS = {job.name: job for job in (*JOBS, *OBSERVED_JOBS)}.values()
RECONSTRUCTED = re.compile(r"reconstruct|held to the paper|`data/cohort`")
MACHINE = re.compile(r"/(home|root|Users|tmp|var/folders)/|[A-Z]:\\\\|\b0x[0-9a-f]{8,}\b")

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code(path):
    return [cell for cell in load(path)["cells"] if cell["cell_type"] == "code"]


def source(cell):
    return "".join(cell["source"])


def lines(cell):
    """Lines of code, without blank ones and comments."""
    return [line for line in source(cell).splitlines() if line.strip() and not line.strip().startswith("#")]


def plain(cell):
    """Source without IPython's own commands."""
    return "\n".join("" if re.match(r"\s*[%!]", line) else line for line in source(cell).splitlines())


def shows(cell):
    """Whether a cell must have an output: it ends in a value, or calls display or print."""
    body = ast.parse(plain(cell)).body
    if not body or not isinstance(body[-1], ast.Expr) or source(cell).rstrip().endswith(";"):
        return False
    last = body[-1].value
    if isinstance(last, ast.Call):
        return isinstance(last.func, ast.Name) and last.func.id in ("display", "print")
    return not isinstance(last, ast.Constant)


def test_every_notebook_is_in_the_build_and_the_build_has_every_notebook():
    assert {path.name for path in NOTEBOOKS} == {job.notebook for job in ALL_JOBS}


@pytest.mark.parametrize("job", ALL_JOBS, ids=lambda job: job.name)
def test_a_job_gives_its_notebook_parameters_that_it_has(job):
    given = {**dict.fromkeys(PARAMETERS, ""), **job.parameters}
    check_parameters(ROOT / "notebooks" / job.notebook, given)


@each
def test_cells_were_run_once_in_order(path):
    cells = [cell for cell in code(path) if lines(cell)]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


@each
def test_cells_that_show_something_have_their_output(path):
    assert not [source(cell) for cell in code(path) if shows(cell) and not cell["outputs"]]
    assert any(cell["outputs"] for cell in code(path))


@each
def test_nothing_went_to_the_error_stream(path):
    outputs = [output for cell in code(path) for output in cell["outputs"]]
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]


@each
def test_figures_are_shown(path):
    kinds = {kind for cell in code(path) for output in cell["outputs"] for kind in output.get("data", {})}
    if path.stem.startswith("figure"):
        assert kinds & {"image/png", "image/svg+xml"}


@each
def test_it_fits_on_a_screen_and_defines_nothing(path):
    numbers = [len(lines(cell)) for cell in code(path)]
    assert sum(numbers) <= 40
    assert max(numbers) <= 12
    trees = [ast.parse(plain(cell)) for cell in code(path)]
    forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    assert not [node.name for tree in trees for node in ast.walk(tree) if isinstance(node, forbidden)]


@each
def test_it_takes_the_four_parameters_with_types(path):
    found = parameters_of(path)
    assert PARAMETERS.items() <= found.items() <= (PARAMETERS | MORE).items()
    cell = next(c for c in code(path) if "parameters" in c["metadata"].get("tags", []))
    assert all(isinstance(node, ast.AnnAssign) for node in ast.parse(source(cell)).body)


@each
def test_nothing_of_one_machine_or_one_run_is_in_it(path):
    text = path.read_text(encoding="utf-8")
    shown = json.dumps([cell["outputs"] for cell in code(path)], ensure_ascii=False)
    # Pictures are base64 text, in which anything may occur by chance.
    shown = re.sub(r'"image/(png|jpeg)": "[^"]*"', "", shown)
    assert str(ROOT) not in text
    assert str(Path.home()) + "/" not in text
    assert not MACHINE.search(shown)
    content = load(path)
    assert content["metadata"]["language_info"] == {"name": "python"}
    assert not {"papermill", "execution"} & {key for cell in content["cells"] for key in cell["metadata"]}
    assert "papermill" not in content["metadata"]
    identifiers = [cell["id"] for cell in content["cells"]]
    assert len(set(identifiers)) == len(identifiers)


@each
def test_prose_tells_what_is_shown(path):
    cells = load(path)["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert source(cells[0]).startswith("# ")
    assert sum(len(source(cell).split()) for cell in cells if cell["cell_type"] == "markdown") >= 60


@each
def test_what_is_said_of_the_reconstructed_rows_stands_in_a_cell_of_its_own(path):
    prose = [cell for cell in load(path)["cells"] if cell["cell_type"] == "markdown"]
    tagged = [cell for cell in prose if "reconstructed" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1 and "is reconstructed" in source(tagged[0])
    assert not [source(cell) for cell in prose if cell not in tagged and RECONSTRUCTED.search(source(cell))]
