"""The paper, built again: the very bytes that are committed, in another folder, locale and time zone.

What the committed notebooks write as they stand is compared where nbval runs them (`conftest`); the build here is of
what they make with other parameters, or, with the large budget, of all.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from compendium.workflow.differences import differences, in_one_line
from compendium.workflow.jobs import JOBS
from compendium.workflow.manifest import MANIFEST
from tests.places import FIGURES, ROOT

ELSEWHERE = ROOT / "build" / "test-paper"
AS_THEY_STAND = {"figure-1-filtered", *(job.name for job in JOBS if job.notebook == f"{job.name}.ipynb")}
OTHERS = [job.name for job in JOBS if job.name not in AS_THEY_STAND]


def build(names: list[str]) -> str:
    surroundings = {"LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "COLUMNS": "40"}
    surroundings = {name: text for name, text in os.environ.items() if name != "COMPENDIUM_OUTPUT"} | surroundings
    command = [sys.executable, "-m", "compendium.workflow", "paper", "--out", str(ELSEWHERE), "--only", " ".join(names)]
    run = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def contents(folder: Path, names: list[str]) -> dict[str, bytes]:
    paths = [path for path in folder.iterdir() if not names or path.stem in names]
    return {path.name: path.read_bytes() for path in paths if not names or path.name != MANIFEST}


@pytest.mark.parametrize("names", [OTHERS, pytest.param([], marks=pytest.mark.long)])
def test_the_committed_results_are_built_again_byte_for_byte(names):
    for path in ELSEWHERE.glob("*"):
        path.unlink()
    assert f"of {len(JOBS)} notebooks to run" in build(names)
    expected = contents(FIGURES, names)
    apart = in_one_line(differences(expected, contents(ELSEWHERE, names)))
    assert not apart, apart
    count = len(expected.keys() - {MANIFEST})
    assert build(names).startswith(f"Nothing to do: {count} files")


def test_what_is_committed_is_what_the_notebooks_save():
    saved = {"datapackage", "index"}
    for job in JOBS:
        text = (ROOT / "notebooks" / job.notebook).read_text(encoding="utf-8")
        names = [call.rpartition(", ")[2] for call in re.findall(r"save_\w+\((.*), output, study\)", text)]
        saved |= {job.name if name == "name" else name.strip('\\"') for name in names}
        saved |= {job.name} if "write_variants(" in text else set()
        saved |= {name for name in re.findall(r'"([\w-]+)\.(?:html|pdf|docx|json)(?:\\n)?"', text)}
    assert {path.stem for path in FIGURES.iterdir()} == saved
