"""Time and memory of checking a cohort, against merely reading the same files as texts with pandas.

Run by hand from the project: ``python -m benchmarks.check``; other sizes with ``--patients``, and ``--xlsx`` for a
workbook of the smaller ones too. Each measurement is one fresh process, whose start and imports do not count as time.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from tests.cohorts import random_tables, write_cohort

_LARGEST_WORKBOOK = 5_000

# What a process does, the time it takes, and the most memory that it has had.
_PROCESS = """
import json, resource, sys, time
from pathlib import Path
import pandas
from compendium.centre.intake.checking import check_cohort

def read(folder):
    return [pandas.read_csv(path, dtype="str") for path in sorted(Path(folder).glob("*.csv"))]

task = {"pandas.read_csv": read, "check_cohort": check_cohort}[sys.argv[1]]
start = time.perf_counter()
found = task(sys.argv[2])
seconds = time.perf_counter() - start
assert task is read or found.errors.empty, found.errors
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def measure(task: str, path: Path, repeats: int) -> tuple[float, float]:
    """Measure one task in fresh processes.

    Parameters
    ----------
    task : {"pandas.read_csv", "check_cohort"}
        What to do with the cohort.
    path : Path
        A folder of CSV files; for ``check_cohort`` also a workbook.
    repeats : int
        The number of processes.

    Returns
    -------
    tuple of float
        The shortest time in seconds, and the peak memory of a whole process in MB, imports and all.
    """
    runs = []
    for _ in range(repeats):
        command = [sys.executable, "-c", _PROCESS, task, str(path)]
        runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return min(seconds for seconds, _ in runs), max(memory for _, memory in runs)


def main() -> None:
    """Print seconds, peak memory, and the ratio to reading, for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, nargs="+", default=[55, 5_000, 100_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--xlsx", action="store_true", help=f"workbooks too, up to {_LARGEST_WORKBOOK:,} patients")
    options = parser.parse_args()
    rows = []
    for patients in options.patients:
        with tempfile.TemporaryDirectory() as scratch:
            tables = random_tables(patients, seed=0)
            folder = write_cohort(tables, Path(scratch) / "cohort")
            read, memory = measure("pandas.read_csv", folder, options.repeats)
            ways = {"CSV": folder}
            if options.xlsx and patients <= _LARGEST_WORKBOOK:
                ways["xlsx"] = Path(scratch) / "cohort.xlsx"
                with pd.ExcelWriter(ways["xlsx"], engine="xlsxwriter") as book:
                    for table, frame in tables.items():
                        frame.to_excel(book, sheet_name=table, index=False)
            for way, path in ways.items():
                seconds, peak = measure("check_cohort", path, options.repeats)
                row = {"patients": patients, "symptoms": len(tables["symptoms"]), "files": way, "seconds": seconds}
                row |= {"time / read_csv": seconds / read, "peak_mb": peak, "peak_mb of read_csv": memory}
                rows.append(row)
    print(f"check_cohort against pandas.read_csv of the same CSV files, best of {options.repeats} processes")
    print(pd.DataFrame(rows).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
