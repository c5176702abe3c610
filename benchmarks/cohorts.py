"""How long the paper of an own cohort takes, by its size, as a multiple of that for 55 patients.

Run by hand: ``python -m benchmarks.cohorts``; other sizes with ``--patients``. Each size is built from nothing, one
after another in the same run: the cohort is checked, and all of its notebooks run.
"""

import contextlib
import os
import tempfile
from functools import partial
from pathlib import Path

from benchmarks import options, timed
from compendium.workflow.__main__ import main
from tests.cohorts import random_tables, write_cohort

if __name__ == "__main__":
    first = None
    for size in [55, *options(__doc__, patients=([5000], "sizes of the cohorts beside 55")).patients]:
        with tempfile.TemporaryDirectory() as folder:
            cohort = write_cohort(random_tables(size, seed=size), Path(folder) / "cohort")
            command = ["paper", "--cohort", str(cohort), "--out", str(Path(folder) / "out")]
            with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
                seconds, code = timed(partial(main, command))
        if code:
            raise SystemExit(code)
        first = first or seconds
        print(f"{size:>7,} patients: {seconds:6.1f} s, {seconds / first:.2f} of 55 patients", flush=True)
