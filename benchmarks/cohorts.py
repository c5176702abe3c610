"""How long the paper of an own cohort takes, by its size: ``python -m benchmarks.cohorts [patients ...]``.

Each size is built from nothing, one after another in the same run: the cohort is checked, and all of its notebooks
run. The time is given as a multiple of that for 55 patients. By default 55 and 5,000.
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import timed
from compendium.workflow.__main__ import main
from tests.cohorts import random_tables, write_cohort

FIRST = 55


def seconds(patients: int) -> float:
    """Build the paper of a random cohort; returns the seconds from its files to the page."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w", encoding="utf-8") as nowhere:
        cohort = write_cohort(random_tables(patients, seed=patients), Path(folder) / "cohort")
        command = ["paper", "--cohort", str(cohort), "--out", str(Path(folder) / "out")]
        with contextlib.redirect_stdout(nowhere):
            taken, code = timed(lambda: main(command))
    if code:
        raise SystemExit(code)
    return taken


if __name__ == "__main__":
    first = None
    for size in [FIRST, *(int(text) for text in sys.argv[1:] or ["5000"])]:
        taken = seconds(size)
        first = first or taken
        print(f"{size:>7,} patients: {taken:6.1f} s, {taken / first:.2f} of {FIRST} patients", flush=True)
