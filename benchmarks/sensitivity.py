"""Time of all combinations of the open rules, against computing the same rows one set of rules at a time.

Run by hand: ``python benchmarks/sensitivity.py``; another cohort with ``--cohort``.
"""

import argparse
import time

from analysis.cohort import read_cohort
from analysis.criteria import Criteria
from analysis.sensitivity import (
    RESPONSE_OPTIONS,
    SYMPTOM_OPTIONS,
    one_at_a_time,
    response_grid,
    response_outcomes,
    symptom_grid,
)
from analysis.symptoms import symptom_profile

SAMPLE = 60
"""Rows computed one by one, from which the time of all is projected."""


def main() -> None:
    """Print the times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cohort", default="data/cohort")
    cohort = read_cohort(parser.parse_args().cohort)
    start = time.perf_counter()
    responses, marks = response_grid(cohort), symptom_grid(cohort)
    grids = time.perf_counter() - start
    start = time.perf_counter()
    changes = one_at_a_time(cohort)
    single = time.perf_counter() - start
    start = time.perf_counter()
    for grid, options, compute in (
        (responses, RESPONSE_OPTIONS, response_outcomes),
        (marks, SYMPTOM_OPTIONS, symptom_profile),
    ):
        for row in grid.sample(SAMPLE, random_state=1)[list(options)].to_dict("records"):
            compute(cohort, Criteria(**row))
    each = (time.perf_counter() - start) / (2 * SAMPLE)
    rows = len(responses) + len(marks)
    print(f"{len(responses):,} combinations of the response rules and {len(marks):,} of the rules of the test,")
    print(f"of {len(cohort.patients):,} patients: {grids:.1f} s; {len(changes) - 1} single changes: {single:.1f} s")
    ratio = grids / (rows * each)
    print(f"row by row {rows * each:.1f} s (projected from {2 * SAMPLE} rows): the grid takes {ratio:.2f} of it")


if __name__ == "__main__":
    main()
