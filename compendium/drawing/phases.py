"""The phases of a course, as Figure 2 draws them: of each patient, and how many patients are in which by month."""

import numpy as np
import pandas as pd

from analysis.vocabulary import Response

__all__ = ["STATES", "occupancy", "phases"]

STATES = ("ongoing", "after", "deepening", "unknown", "waiting", "stopped")
"""Where a patient may be in a month: observation ended on therapy, one of the phases, or therapy stopped."""


def phases(frame: pd.DataFrame) -> pd.DataFrame:
    """Divide each course into its phases.

    Parameters
    ----------
    frame : DataFrame
        One row per patient with ``best_response``, ``duration_months``, ``months_to_first_response`` and
        ``months_to_best_response``.

    Returns
    -------
    DataFrame
        Months of each of `symbols.PHASES` by patient. The course of a patient without response is all waiting; that of
        a responder without recorded months is all unknown.
    """
    duration, responds = frame["duration_months"], frame["best_response"] != Response.NR
    best = frame["months_to_best_response"].where(responds)
    first = frame["months_to_first_response"].where(responds).clip(upper=best)
    known = first.notna() & best.notna()
    return pd.DataFrame(
        {
            "waiting": first.where(known, 0).where(responds, duration),
            "deepening": (best - first).where(known, 0),
            "after": (duration - best).where(known, 0),
            "unknown": duration.where(responds & ~known, 0),
        }
    ).astype(float)


def occupancy(frame: pd.DataFrame) -> pd.DataFrame:
    """Count the patients in each state at the beginning of every month.

    Parameters
    ----------
    frame : DataFrame
        One row per patient: what `phases` needs, and ``ongoing`` (bool).

    Returns
    -------
    DataFrame
        Indexed by ``month``, from 0 to the first full month in which every course has ended; a column for each of
        `STATES`, which together are all patients. A phase or course that ends in the middle of a month ends there.
    """
    parts = phases(frame)
    months = np.arange(np.ceil(frame["duration_months"].max()) + 1)

    def later(ends: pd.Series) -> np.ndarray:
        return len(ends) - np.searchsorted(np.sort(ends.to_numpy(float)), months, side="right")

    # The phases of a course follow each other, so that whoever has not reached the end of one, but that of the one
    # before it, is in it.
    left = pd.DataFrame({name: later(ends) for name, ends in parts.cumsum(axis=1).items()}, months)
    counts = left.diff(axis=1).fillna({parts.columns[0]: left[parts.columns[0]]})
    durations = frame["duration_months"]
    for name, which in (("ongoing", frame["ongoing"].astype(bool)), ("stopped", ~frame["ongoing"].astype(bool))):
        counts[name] = which.sum() - later(durations[which])
    return counts[list(STATES)].astype(int).rename_axis("month")
