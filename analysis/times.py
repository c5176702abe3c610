"""Times to response and on therapy, with what the medians of the paper leave out: stops, and courses that go on.

The paper gives medians over the patients who responded, and over all durations whether therapy had ended or not
(L249-L257). Here a stop before a response competes with it, and a course that goes on is censored at last follow-up.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.followup import first_response_months
from analysis.response import best_response, by_depth
from analysis.statistics import survival
from analysis.statistics.decimals import decimals
from analysis.statistics.survival import Estimate, kaplan_meier
from analysis.summaries import Values, proportion, spread
from analysis.vocabulary import Response, StopReason

MONTHS: tuple[int, ...] = (3, 6, 12)  # the months at which incidences are given
CENSORED = "censored"  # what a course that was last known to go on without the event is called

EVENTS: dict[str, tuple[str, ...]] = {  # what ends each time: a response, or a stop before it; for therapy a stop
    "first_response": ("response", "stopped"), "best_response": ("response", "stopped"),
    "therapy": ("efficacy", "intolerance", "other"),
}  # fmt: skip

CAUSES: dict[StopReason, str] = {  # of a stop (L261-L264): lack or loss of efficacy, intolerance, or another
    StopReason.LACK_OF_EFFICACY: "efficacy", StopReason.LOSS_OF_RESPONSE: "efficacy",
    StopReason.INTOLERANCE: "intolerance",
}  # fmt: skip


def event_times(cohort: Cohort, outcome: str, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Give the time of each patient to an outcome (a key of `EVENTS`), and what ended it.

    A response in the month of the stop comes before it. A month recorded for a patient who does not respond by the
    criteria is no response. A responder whose month is not recorded, as other criteria than the paper's make them, is
    kept and counted at the end of the course: the response came then or before. Source: L198-L199, L249-L264.

    Returns
    -------
    DataFrame
        Indexed like the patients: ``months`` from the first injection; ``event``, a categorical of "censored" and the
        outcome's `EVENTS` in their order, so that its codes are those of `analysis.statistics.survival`; and
        ``recorded`` (bool), false for a responder without the month of the response.
    """
    if outcome not in EVENTS:
        raise ValueError(f"outcome {outcome!r} is unknown; allowed are {', '.join(EVENTS)}")
    duration, reason = cohort.courses["duration_months"].astype(float), cohort.courses["stop_reason"].astype(object)
    if criteria.lost_to_follow_up == "censored":
        reason = reason.mask(reason == StopReason.LOST_TO_FOLLOW_UP)
    recorded = pd.Series(True, duration.index)
    if outcome == "therapy":
        event, months = reason.map(lambda one: CAUSES.get(one, "other"), na_action="ignore"), duration
    else:
        first = outcome == "first_response"
        month = first_response_months(cohort, criteria) if first else cohort.courses["months_to_best_response"]
        responds = best_response(cohort, criteria) != Response.NR
        event = reason.notna().map({True: "stopped", False: None}).mask(responds, "response")
        months = month.where(responds).fillna(duration).astype(float)
        recorded = ~responds | month.notna()
    kinds = pd.CategoricalDtype([CENSORED, *EVENTS[outcome]])
    event = event.astype(object).where(event.notna(), CENSORED).astype(kinds)
    return pd.DataFrame({"months": months, "event": event, "recorded": recorded})


def _incidence(frame: pd.DataFrame, event: str) -> pd.DataFrame:
    cause = frame["event"].cat.categories.get_loc(event)
    return survival.cumulative_incidence(frame["months"], frame["event"].cat.codes, cause)


def remaining(frame: pd.DataFrame) -> pd.DataFrame:
    """Estimate the share of the patients without any event, the Kaplan-Meier curve of what `event_times` gives."""
    return kaplan_meier(frame["months"], (frame["event"] != CENSORED).astype(int))


def at_risk(curve: pd.DataFrame, months: ArrayLike) -> np.ndarray:
    """Count the patients still under observation, without any event, just before given months of a curve.

    Curves are those of `analysis.statistics.survival`, times in months; the count is 0 after the last time observed.
    """
    return np.append(curve["at_risk"], 0)[np.searchsorted(curve["time"], decimals(months))]


def _month(curve: pd.DataFrame, found: Estimate) -> dict[str, Any]:
    counts = {name: int(curve[name].sum()) for name in ("events", "competing", "censored")}
    left = None if found.value is None else int(at_risk(curve, [found.value])[0])
    limits = {"months": found.value, "low": found.low, "high": found.high, "at_risk": left}
    return {"patients": sum(counts.values())} | counts | limits


def _shares(curve: pd.DataFrame, prefix: str) -> Values:
    points = {month: survival.estimate_at(curve, month) for month in MONTHS}
    return {
        f"{prefix}.{month}": {"estimate": point.value, "low": point.low, "high": point.high}
        for month, point in points.items()
    }


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> Values:
    """Give the medians of the paper (L249-L264), and what the times say when stops and censoring are heeded.

    Under ``times.first_response`` and ``times.best_response``: ``naive``, the months over the responders whose month is
    recorded; ``not_recorded``, the responders without one; ``kaplan_meier``, the median with stops as censored;
    ``half``, the month by which half of all patients have responded, with stops as competing events; ``incidence.3``,
    ``.6`` and ``.12``, the share that has responded by then; ``stopped.3``, ... the share that has stopped without.
    Under ``times.therapy``: ``<group>.naive`` over all durations, and ``<group>.kaplan_meier``, for all, responders,
    non_responders, pr, mr and cr; ``remaining.3``, ... the share still on therapy; ``stopped.<cause>.3``, ... the share
    that has stopped for a cause.

    A median has ``patients``, ``events``, ``competing``, ``censored``, and ``months`` with its 95 % interval ``low`` to
    ``high`` and the number ``at_risk`` just before it; a share has ``estimate``, ``low`` and ``high`` from 0 to 1. They
    are None where the follow-up does not reach them, and limits also where a curve is 0 or 1.

    The groups of response are those known at the end, and a patient must stay on therapy long enough to respond: that
    responders were treated for longer is in part by construction, and is no effect of response.
    """
    values: Values = {}
    for outcome in ("first_response", "best_response"):
        frame, prefix = event_times(cohort, outcome, criteria), f"times.{outcome}"
        responded, recorded = frame["event"] == "response", frame["recorded"]
        without, incidence = kaplan_meier(frame["months"], responded.astype(int)), _incidence(frame, "response")
        values |= {
            f"{prefix}.naive": spread(frame.loc[responded & recorded, "months"]),
            f"{prefix}.not_recorded": proportion(int((~recorded).sum()), int(responded.sum())),
            f"{prefix}.kaplan_meier": _month(without, survival.median_time(without)),
            f"{prefix}.half": _month(incidence, survival.half_time(incidence)),
            **_shares(incidence, f"{prefix}.incidence"),
            **_shares(_incidence(frame, "stopped"), f"{prefix}.stopped"),
        }
    frame = event_times(cohort, "therapy", criteria)
    for name, mask in by_depth(best_response(cohort, criteria)).items():
        curve = remaining(frame[mask])
        values[f"times.therapy.{name}.naive"] = spread(frame.loc[mask, "months"])
        values[f"times.therapy.{name}.kaplan_meier"] = _month(curve, survival.median_time(curve))
    values |= _shares(remaining(frame), "times.therapy.remaining")
    for cause in EVENTS["therapy"]:
        values |= _shares(_incidence(frame, cause), f"times.therapy.stopped.{cause}")
    return values


def curves(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Lay out the curves of all outcomes for drawing.

    Returns
    -------
    DataFrame
        One row per curve and time: ``outcome``, ``event`` and ``method``, then the columns of
        `analysis.statistics.survival`, times in months. For each outcome the Aalen-Johansen incidence of each of its
        `EVENTS`; for therapy first the Kaplan-Meier share still on it, whose event is "on_therapy".
    """
    parts = []
    for outcome, events in EVENTS.items():
        frame = event_times(cohort, outcome, criteria)
        found = {(event, "Aalen-Johansen"): _incidence(frame, event) for event in events}
        if outcome == "therapy":
            found = {("on_therapy", "Kaplan-Meier"): remaining(frame)} | found
        for (event, method), curve in found.items():
            names = pd.DataFrame({"outcome": outcome, "event": event, "method": method}, index=curve.index)
            parts.append(pd.concat([names, curve], axis="columns"))
    return pd.concat(parts, ignore_index=True)
