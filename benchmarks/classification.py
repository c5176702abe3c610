"""Time and memory of classifying a million patients, against numpy summing the same column by patient.

Run by hand: ``python benchmarks/classification.py``; other sizes with ``--patients`` and ``--symptoms``.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from analysis import schema
from analysis.cohort import Cohort
from analysis.response import best_response
from analysis.vocabulary import GRADES, Onset


def make_cohort(patients: int, symptoms: int, seed: int = 1) -> Cohort:
    """Draw a cohort of which only the patients and their symptoms matter.

    Parameters
    ----------
    patients, symptoms : int
        Number of patients, and of baseline symptoms of each, at most the length of the symptom list.
    seed : int, default 1
        The same seed gives the same cohort.

    Returns
    -------
    Cohort
        With the column types of a cohort that was read; the tables not needed are empty.
    """
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


def measure(tasks: dict[str, Callable[[], Any]], repeats: int) -> pd.DataFrame:
    """Measure tasks in turn, so that whatever else the machine does concerns them alike.

    Parameters
    ----------
    tasks : dict of str to callable
        Each called without arguments.
    repeats : int
        How often each is timed; its memory is measured in one more call, since measuring slows it down.

    Returns
    -------
    DataFrame
        One row per task: ``seconds``, the shortest time, and ``peak_mb``, the most memory allocated at once beyond what
        was there before.
    """
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            times[name].append(time.perf_counter() - start)
    peaks = {}
    for name, task in tasks.items():
        tracemalloc.start()
        task()
        peaks[name] = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
    return pd.DataFrame({"seconds": {name: min(each) for name, each in times.items()}, "peak_mb": peaks})


def main() -> None:
    """Print time and peak memory of each task, and their ratio to those of numpy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--symptoms", type=int, default=11)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    cohort = make_cohort(options.patients, options.symptoms)
    grades = cohort.symptoms["grade_best"].to_numpy()
    codes = cohort.symptoms["patient_id"].cat.codes.to_numpy()
    starts = np.arange(0, len(grades), options.symptoms)
    tasks: dict[str, Callable[[], Any]] = {
        "numpy.bincount": lambda: np.bincount(codes, weights=grades, minlength=options.patients),
        "numpy.add.reduceat": lambda: np.add.reduceat(grades, starts),
        "best_response": lambda: best_response(cohort),
    }
    table = measure(tasks, options.repeats)
    for name in ("numpy.bincount", "numpy.add.reduceat"):
        table[f"time / {name}"] = table["seconds"] / table.at[name, "seconds"]
        table[f"memory / {name}"] = table["peak_mb"] / table.at[name, "peak_mb"]
    print(f"{options.patients} patients with {options.symptoms} symptoms each, best of {options.repeats} runs")
    print(table.round(3).T.to_string())


if __name__ == "__main__":
    main()
