"""How long the paper of an own cohort takes, by its size: ``python -m benchmarks.cohorts [patients ...]``.

Each size is built from nothing, one after another in the same run: the cohort is checked, and all of its notebooks
run. The time is given as a multiple of that for 55 patients. By default 55 and 5,000.
"""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from compendium.workflow.__main__ import main
from tests.cohorts import random_tables, write_cohort

FIRST = 55


def seconds(patients: int, folder: Path) -> float:
    """Build the paper of a random cohort; returns the seconds from its files to the page."""
    cohort, out = write_cohort(random_tables(patients, seed=patients), folder / "cohort"), folder / "out"
    start = time.perf_counter()
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        code = main(["paper", "--cohort", str(cohort), "--out", str(out)])
    if code:
        raise SystemExit(code)
    return time.perf_counter() - start


if __name__ == "__main__":
    sizes = [FIRST, *(int(text) for text in sys.argv[1:] or ["5000"])]
    first = None
    for size in sizes:
        folder = Path(tempfile.mkdtemp())
        try:
            taken = seconds(size, folder)
        finally:
            shutil.rmtree(folder)
        first = first or taken
        print(f"{size:>7,} patients: {taken:6.1f} s, {taken / first:.2f} of {FIRST} patients", flush=True)
