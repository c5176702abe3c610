"""Time and memory of classifying a million patients, against numpy summing the same column by patient.

Run by hand: ``python -m benchmarks.classification``; other sizes with ``--patients`` and ``--symptoms``.
"""

import numpy as np
import pandas as pd

from analysis import schema
from analysis.cohort import Cohort
from analysis.response import best_response
from analysis.vocabulary import GRADES, Onset
from benchmarks import options, peak_mb, timed


def make_cohort(patients: int, symptoms: int, seed: int = 1) -> Cohort:
    """Draw a cohort of patients with equally many baseline symptoms, typed as if read; its other tables are empty."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"P{number:07d}" for number in range(patients)], name="patient_id")
    names = schema.symptom_list().index
    rows = patients * symptoms
    frame = pd.DataFrame(
        {
            "patient_id": pd.Categorical.from_codes(np.repeat(np.arange(patients), symptoms), index),
            "symptom": pd.Categorical.from_codes(np.tile(np.arange(symptoms), patients), names, ordered=True),
            "onset": pd.Categorical.from_codes(np.zeros(rows, np.int8), [onset.value for onset in Onset], ordered=True),
            "grade_best": np.array(GRADES)[rng.integers(0, len(GRADES), rows)],
        }
    )
    empty = pd.DataFrame(index=index)
    return Cohort(empty, empty, frame, empty, empty, empty)


if __name__ == "__main__":
    sizes = {"patients": (1_000_000, "patients of the cohort"), "symptoms": (11, "baseline symptoms of each")}
    given = options(__doc__, **sizes, repeats=(7, "times each task is measured"))
    cohort = make_cohort(given.patients, given.symptoms)
    grades, codes = cohort.symptoms["grade_best"].to_numpy(), cohort.symptoms["patient_id"].cat.codes.to_numpy()
    starts = np.arange(0, len(grades), given.symptoms)
    tasks = {
        "numpy.bincount": lambda: np.bincount(codes, weights=grades, minlength=given.patients),
        "numpy.add.reduceat": lambda: np.add.reduceat(grades, starts),
        "best_response": lambda: best_response(cohort),
    }
    # In turn, so that whatever else the machine does concerns all alike.
    runs = [{name: timed(task)[0] for name, task in tasks.items()} for _ in range(given.repeats)]
    peaks = {name: peak_mb(task) for name, task in tasks.items()}
    table = pd.DataFrame({"seconds": pd.DataFrame(runs).min(), "peak_mb": peaks})
    for name in ("numpy.bincount", "numpy.add.reduceat"):
        table[f"time / {name}"] = table["seconds"] / table.at[name, "seconds"]
        table[f"memory / {name}"] = table["peak_mb"] / table.at[name, "peak_mb"]
    print(f"{given.patients} patients with {given.symptoms} symptoms each, best of {given.repeats} runs")
    print(table.round(3).T.to_string())
