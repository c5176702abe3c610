"""Time and memory of checking a cohort, against merely reading the same files as texts with pandas.

Run by hand from the project: ``python -m benchmarks.check``; other sizes with ``--patients``, and ``--xlsx`` for a
workbook of the smaller ones too, and beside another version with ``--before FOLDER``. Each measurement is one fresh
process, whose start and imports do not count as time.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks import options
from tests.cohorts import random_tables, write_cohort

_LARGEST_WORKBOOK = 5_000

# What a process does, the time it takes, and the most memory that it has had.
_PROCESS = """
import json, resource, sys
from pathlib import Path
import pandas
from benchmarks import timed
from compendium.centre.intake.checking import check_cohort

def read(folder):
    return [pandas.read_csv(path, dtype="str") for path in sorted(Path(folder).glob("*.csv"))]

task = {"pandas.read_csv": read, "check_cohort": check_cohort}[sys.argv[1]]
seconds, found = timed(lambda: task(sys.argv[2]))
assert task is read or found.errors.empty, found.errors
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def measure(task: str, path: Path, repeats: int, where: str = ".") -> tuple[float, float]:
    """Run a task in fresh processes: the shortest time in seconds, the peak memory in MB, imports and all."""
    command = [sys.executable, "-c", _PROCESS, task, str(path)]
    runs = [json.loads(subprocess.check_output(command, text=True, cwd=where)) for _ in range(repeats)]
    return min(seconds for seconds, _ in runs), max(memory for _, memory in runs)


if __name__ == "__main__":
    given = options(
        __doc__,
        patients=([55, 5_000, 100_000], "sizes of the cohorts"),
        repeats=(3, "processes for each measurement"),
        before=("", "folder of another version of the project, which is measured in turn with this one"),
        xlsx=(False, f"workbooks too, up to {_LARGEST_WORKBOOK:,} patients"),
    )
    rows = []
    for patients in given.patients:
        with tempfile.TemporaryDirectory() as scratch:
            tables = random_tables(patients, seed=0)
            folder = write_cohort(tables, Path(scratch) / "cohort")
            read, memory = measure("pandas.read_csv", folder, given.repeats)
            ways = {"CSV": folder}
            if given.xlsx and patients <= _LARGEST_WORKBOOK:
                ways["xlsx"] = Path(scratch) / "cohort.xlsx"
                with pd.ExcelWriter(ways["xlsx"], engine="xlsxwriter") as book:
                    for table, frame in tables.items():
                        frame.to_excel(book, sheet_name=table, index=False)
            for way, path in ways.items():
                seconds, peak = measure("check_cohort", path, given.repeats)
                row = {"patients": patients, "symptoms": len(tables["symptoms"]), "files": way, "seconds": seconds}
                row |= {"time / read_csv": seconds / read, "peak_mb": peak, "peak_mb of read_csv": memory}
                if given.before:
                    # In turn, so that what else the machine does falls on both.
                    pairs = [[measure("check_cohort", path, 1, at)[0] for at in (given.before, ".")] for _ in range(3)]
                    before, now = map(min, zip(*pairs, strict=True))
                    row["time / before"] = now / before
                rows.append(row)
    print(f"check_cohort against pandas.read_csv of the same CSV files, best of {given.repeats} processes")
    print(pd.DataFrame(rows).round(2).to_string(index=False))
