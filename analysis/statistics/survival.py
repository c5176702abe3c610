"""Times that end in an event, in a competing event or in censoring: Kaplan-Meier and cumulative incidence curves.

Censoring is assumed to be independent of what would have followed it. Limits are pointwise and made on the log(-log)
scale, which keeps them between 0 and 1. What this module does itself is what statsmodels lacks: rows for censored
times, the standard error of the last row, and medians.

The standard error of the Kaplan-Meier estimate is Greenwood's. The variance of the cumulative incidence is that of the
delta method, equal to that of R's ``survfit``; ``cmprsk::cuminc`` has another one.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from analysis.statistics.arguments import WHOLE_LIMIT, as_real, check_each, check_probability, floats
from analysis.statistics.decimals import decimals

_DIGITS = 12
"""Digits of a share: more than any number of patients asks for, and few enough that 0, one half and 1 are met exactly
and that machines whose logarithms differ in the last digit agree."""


@dataclass(frozen=True)
class Estimate:
    """An estimate with its limits; None where the follow-up does not reach it or the scale has no limit."""

    value: float | None
    low: float | None
    high: float | None


def _checked(times: ArrayLike, codes: ArrayLike, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    check_probability("confidence", confidence, inner=True)
    months, kinds = decimals(floats(times, "times")), floats(codes, "codes", truths=True)
    if len(months) != len(kinds):
        raise ValueError(f"times has {len(months)} values and codes {len(kinds)}; allowed is one of each per patient")
    check_each("times", months, months >= 0, "numbers of 0 or more")
    whole = (kinds >= 0) & (kinds <= WHOLE_LIMIT) & (kinds == np.floor(kinds))
    check_each("codes", kinds, whole, f"whole numbers from 0, if censored, to {WHOLE_LIMIT:,}")
    return months, kinds.astype(np.int64)


def _counts(times: np.ndarray, codes: np.ndarray, cause: int) -> pd.DataFrame:
    """Count at time 0 and at each time observed; nobody has no curve and so no row."""
    moments, place = np.unique(np.append(0.0, times), return_inverse=True)
    kinds = {"events": codes == cause, "competing": (codes != cause) & (codes != 0), "censored": codes == 0}
    counts = {name: np.bincount(place[1:][mask], minlength=len(moments)) for name, mask in kinds.items()}
    leaving = sum(counts.values())
    at_risk = len(times) - np.cumsum(leaving) + leaving
    return pd.DataFrame({"time": moments, "at_risk": at_risk} | counts).iloc[: len(moments) if len(times) else 0]


def _with_limits(counts: pd.DataFrame, estimate: np.ndarray, error: np.ndarray, confidence: float) -> pd.DataFrame:
    """Add the estimate and its limits; at 0 and at 1 the log(-log) scale has none."""
    estimate = np.round(estimate, _DIGITS)
    inner = (estimate > 0) & (estimate < 1)
    safe = np.where(inner, estimate, 0.5)
    width = stats.norm.ppf((1 + float(confidence)) / 2) * np.where(inner, error, 0) / (safe * -np.log(safe))
    limits = {name: np.round(safe ** np.exp(way * width), _DIGITS) for name, way in (("low", 1), ("high", -1))}
    return counts.assign(estimate=estimate, **{name: np.where(inner, limit, np.nan) for name, limit in limits.items()})


def kaplan_meier(times: ArrayLike, codes: ArrayLike, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate the share of patients who have had no event by each time.

    Times of the event or of censoring are 0 or more, in any unit; codes are 0 or false for a time that is censored, 1
    or true, or larger, for the event, which comes before a censoring at the same time.

    There is one row for time 0 and for each time observed, none if there is nobody: ``time``; ``at_risk`` just before
    it; ``events``, ``competing`` (always 0 here) and ``censored`` at it; ``estimate`` from it on; ``low`` and ``high``,
    missing where the estimate is 0 or 1.
    """
    times, codes = _checked(times, codes, confidence)
    codes = np.minimum(codes, 1)
    counts = _counts(times, codes, cause=1)
    if counts.empty:
        return counts.assign(estimate=0.0, low=0.0, high=0.0)
    found = SurvfuncRight(times, codes)
    # statsmodels has rows for the times of events only, none at all without an event.
    row = np.searchsorted(found.surv_times, counts["time"], side="right")
    survival, error = np.append(1.0, found.surv_prob)[row], np.append(0.0, found.surv_prob_se)[row]
    return _with_limits(counts, survival, error, confidence)


def _incidence_error(counts: pd.DataFrame, incidence: np.ndarray) -> np.ndarray:
    """Give the standard error of a cumulative incidence by the delta method.

    It is that of statsmodels, which however divides by zero when the last patients at risk all have an event. Their
    part of the first sum is nothing, since the incidence does not change after them.
    """
    n, own = counts["at_risk"].to_numpy(dtype=float), counts["events"].to_numpy(dtype=float)
    ending = own + counts["competing"].to_numpy()
    survival = np.cumprod(1 - ending / n)
    per_event = np.append(1.0, survival[:-1]) / n
    hazard = np.divide(ending, n * (n - ending), out=np.zeros_like(n), where=n > ending)
    step = per_event * own / n
    variance = incidence**2 * np.cumsum(hazard) - 2 * incidence * np.cumsum(incidence * hazard)
    variance += np.cumsum(incidence**2 * hazard) + np.cumsum(per_event**2 * own * (n - own) / n)
    variance -= 2 * (incidence * np.cumsum(step) - np.cumsum(incidence * step))
    return np.sqrt(np.clip(variance, 0, None))  # rounding may leave a little less than nothing


def cumulative_incidence(times: ArrayLike, codes: ArrayLike, cause: int = 1, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate the share who have had one kind of event by each time, when others preclude it (Aalen and Johansen).

    Codes are the kind of the first event as a whole number from 1, 0 if censored; ``cause`` is the kind estimated and
    need not occur. The curve is as `kaplan_meier` gives it; ``competing`` counts the events of other kinds, and
    ``estimate`` is the incidence.
    """
    if not (as_real(cause) >= 1 and as_real(cause) % 1 == 0):
        raise ValueError(f"cause {cause!r} is not allowed; it is a whole number of 1 or more")
    times, codes = _checked(times, codes, confidence)
    counts = _counts(times, codes, cause)
    incidence = np.zeros(len(counts))
    if codes.any():
        # statsmodels leaves out causes above the largest code that occurs, hence 1 for this cause and 2 for all others.
        kinds = np.where(codes == 0, 0, np.where(codes == cause, 1, 2))
        with np.errstate(divide="ignore", invalid="ignore"):  # from the standard error, which is not used
            found = CumIncidenceRight(times, kinds)
        incidence = np.append(0.0, found.cinc[0])[np.searchsorted(found.times, counts["time"], side="right")]
    return _with_limits(counts, incidence, _incidence_error(counts, incidence), confidence)


def _first_at_half(curve: pd.DataFrame, falling: pd.Series, midpoint: bool) -> float | None:
    """Find where a falling curve reaches one half; a missing height reaches nothing."""
    time, height = curve["time"].to_numpy(), falling.to_numpy()
    reached = np.flatnonzero(height <= 0.5)
    if not len(reached):
        return None
    first, below = reached[0], np.flatnonzero(height < 0.5)
    if not midpoint or first in below:
        return float(time[first])
    return float(decimals([time[first] + time[below[0] if len(below) else -1]])[0] / 2)


def median_time(curve: pd.DataFrame) -> Estimate:
    """Read the median time and its interval (Brookmeyer and Crowley) from a Kaplan-Meier curve.

    It is the first time at which the curve is one half or less, likewise its limits. If it stays at one half, the
    middle of that piece, or of what was observed of it: without censoring that is the median of the times. R's
    ``quantile`` of a ``survfit`` is the same, but for a lower limit that rises in between, as it may after the first
    events: it then takes a later time, R's ``summary`` the first one.
    """
    # SurvfuncRight.quantile is not used: it wants the curve below one half, and rounding decides whether it is.
    return Estimate(*(_first_at_half(curve, curve[name], True) for name in ("estimate", "low", "high")))


def half_time(curve: pd.DataFrame) -> Estimate:
    """Read from a cumulative incidence curve when it, and likewise each limit, is first one half or more, if ever."""
    return Estimate(*(_first_at_half(curve, 1 - curve[name], False) for name in ("estimate", "high", "low")))


def estimate_at(curve: pd.DataFrame, time: float) -> Estimate:
    """Read the height of a curve at a time; none after the last time observed, unless all left then had an event."""
    if not as_real(time) >= 0:
        raise ValueError(f"time {time!r} is not allowed; it is 0 or more")
    time = decimals([time])[0]
    if curve.empty or (time > curve["time"].iloc[-1] and curve["censored"].iloc[-1] > 0):
        return Estimate(None, None, None)
    row = curve.iloc[np.searchsorted(curve["time"], time, side="right") - 1]
    return Estimate(*(None if np.isnan(row[name]) else float(row[name]) for name in ("estimate", "low", "high")))
