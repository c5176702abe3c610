"""Time of all combinations of the open rules, against computing the same rows one set of rules at a time.

Run by hand: ``python -m benchmarks.sensitivity``; another cohort with ``--cohort``.
"""

from functools import partial

import analysis.sensitivity as rules
from analysis.cohort import read_cohort
from analysis.criteria import Criteria
from analysis.symptoms import symptom_profile
from benchmarks import options, timed

SAMPLE = 60  # rows of each grid computed one by one, from which the time of all is projected


if __name__ == "__main__":
    cohort = read_cohort(options(__doc__, cohort=("data/cohort", "folder of the cohort")).cohort)
    grids, (responses, marks) = timed(lambda: (rules.response_grid(cohort), rules.symptom_grid(cohort)))
    single, changes = timed(lambda: rules.one_at_a_time(cohort))
    one_by_one = 0.0
    for grid, names, compute in (
        (responses, rules.RESPONSE_OPTIONS, rules.response_outcomes),
        (marks, rules.SYMPTOM_OPTIONS, symptom_profile),
    ):
        for row in grid.sample(SAMPLE, random_state=1)[list(names)].to_dict("records"):
            one_by_one += timed(partial(compute, cohort, Criteria(**row)))[0]
    all_rows = (len(responses) + len(marks)) * one_by_one / (2 * SAMPLE)
    print(f"{len(responses):,} combinations of the response rules and {len(marks):,} of the rules of the test,")
    print(f"of {len(cohort.patients):,} patients: {grids:.1f} s; {len(changes) - 1} single changes: {single:.1f} s")
    ratio = grids / all_rows
    print(f"row by row {all_rows:.1f} s (projected from {2 * SAMPLE} rows): the grid takes {ratio:.2f} of it")
