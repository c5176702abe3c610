"""The whole paper, built again: the very bytes that are committed, in another folder, locale and time zone."""

import os
import subprocess
import sys
from pathlib import Path

from compendium.workflow.differences import differences, in_one_line
from compendium.workflow.jobs import JOBS

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "figures"
ELSEWHERE = ROOT / "build" / "test-paper"


def build() -> str:
    surroundings = {"LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "COLUMNS": "40"}
    surroundings = {name: text for name, text in os.environ.items() if name != "COMPENDIUM_OUTPUT"} | surroundings
    command = [sys.executable, "-m", "compendium.workflow", "paper", "--out", str(ELSEWHERE)]
    run = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_committed_results_are_built_again_byte_for_byte():
    for path in ELSEWHERE.glob("*"):
        path.unlink()
    # A notebook that writes nothing has nothing to make again where an earlier run is on record.
    assert f"of {len(JOBS)} notebooks to run" in build()
    apart = in_one_line(differences(contents(FIGURES), contents(ELSEWHERE)))
    assert not apart, apart
    assert build().startswith(f"Nothing to do: {len(contents(FIGURES))} files")
