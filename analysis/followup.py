"""How long patients were treated, when they responded, how long responses lasted and why courses ended."""

import numpy as np
import pandas as pd

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.response import best_response, by_depth, last_status
from analysis.schema import further_values, symptom_list
from analysis.statistics.decimals import difference, in_units
from analysis.summaries import Values, proportion, share, spread
from analysis.vocabulary import FollowUpStatus, Response, StopReason, SymptomGroup

_FRAME_COLUMNS = (  # the columns of `course_frame` beside diagnosis, best response and last status
    *("duration_months", "ongoing", "stop_reason", "months_to_first_response", "months_to_best_response"),
    *("escalation_month", "weekly_month"),
)


def improvements(cohort: Cohort) -> pd.DataFrame:
    """List the first improvement of every baseline symptom that improved (L198-L199, L249-L252).

    One row per patient and symptom with a recorded improvement: ``patient_id``, ``symptom``, ``group`` (ordered
    categorical of `SymptomGroup`) and ``months`` from the first injection.
    """
    symptoms = cohort.symptoms
    rows = symptoms[(symptoms["onset"] == "baseline") & symptoms["months_to_first_improvement"].notna()]
    groups = symptom_list()["group"].array.take(rows["symptom"].cat.codes)
    columns = {name: rows[name] for name in ("patient_id", "symptom")}
    return pd.DataFrame(columns | {"group": groups, "months": rows["months_to_first_improvement"]})


def first_response_months(cohort: Cohort, criteria: Criteria = PAPER) -> pd.Series:
    """Give each patient's months from the first injection to the first response; missing without one (L249).

    By ``first_response`` of the criteria that is the recorded first response of at least PR ("total"), or the first
    improvement of any baseline symptom ("any_symptom").
    """
    if criteria.first_response == "total":
        return cohort.courses["months_to_first_response"]
    earliest = improvements(cohort).groupby("patient_id", observed=False)["months"].min()
    return earliest.set_axis(cohort.patients.index).rename("months_to_first_response")


def sustained(cohort: Cohort, criteria: Criteria = PAPER) -> pd.Series:
    """Tell whose response lasted, months as decimals; false without a response or without its time (L258-L259)."""
    return long_enough(cohort, criteria) & (best_response(cohort, criteria) != Response.NR)


def long_enough(cohort: Cohort, criteria: Criteria = PAPER) -> np.ndarray:
    """Tell for whom the time from the response on was long enough, whether or not it is one by the criteria.

    It lasts from the first or the best response (``sustained_from``) for ``sustained_months``, to the end of the
    course, since the contract records no earlier end.
    """
    duration, since = cohort.courses["duration_months"], cohort.courses["months_to_best_response"]
    if criteria.sustained_from == "first":
        since = first_response_months(cohort, criteria)
    (end, start, least), _ = in_units(duration, since, [criteria.sustained_months])
    return (end - start >= least).astype(bool)


def course_frame(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Lay out the course of every patient for drawing (Figure 2).

    Returns
    -------
    DataFrame
        One row per patient, indexed by ``patient_id``: ``diagnosis``, ``best_response`` and ``last_status`` (ordered
        categoricals), ``duration_months``, ``ongoing`` (bool), ``stop_reason`` (missing if ongoing), and the months,
        missing if there was no such event: ``months_to_first_response``, ``months_to_best_response``,
        ``escalation_month``, ``weekly_month``. Sorted by best response, last status and falling duration, then by
        identifier.
    """
    courses = cohort.courses[list(_FRAME_COLUMNS)]
    frame = courses.assign(
        ongoing=courses["ongoing"] == "yes",
        months_to_first_response=first_response_months(cohort, criteria),
        diagnosis=cohort.patients["diagnosis"],
        best_response=best_response(cohort, criteria),
        last_status=last_status(cohort, criteria),
    )
    order = ["best_response", "last_status", "duration_months", "patient_id"]
    frame = frame.sort_values(order, ascending=[True, True, False, True])
    return frame[["diagnosis", "best_response", "last_status", *_FRAME_COLUMNS]]


def response_times(cohort: Cohort, criteria: Criteria = PAPER) -> Values:
    """Give the values of the text on the time to response (L249-L252).

    Times to first and best response and to first improvement by symptom group. The unit of the latter is a symptom of a
    patient, ``other`` pools all groups but the general vasomotor one, and the medians are those of each other symptom
    or group.
    """
    responds = best_response(cohort, criteria) != Response.NR
    first, to_best = first_response_months(cohort, criteria), cohort.courses["months_to_best_response"]
    rows, prefix = improvements(cohort), "followup.first_improvement"
    others = rows[rows["group"] != SymptomGroup.GENERAL_VASOMOTOR]
    return {
        "followup.first_response.all": spread(first),
        "followup.first_response.responders": spread(first[responds]),
        "followup.best_response.all": spread(to_best),
        "followup.best_response.responders": spread(to_best[responds]),
        **{f"{prefix}.{group}": spread(rows.loc[rows["group"] == group, "months"]) for group in SymptomGroup},
        f"{prefix}.all": spread(rows["months"]),
        f"{prefix}.other": spread(others["months"]),
        **{
            f"{prefix}.{kind}_medians.other": spread(others.groupby(kind, observed=True)["months"].median())
            for kind in ("symptom", "group")
        },
    }


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> Values:
    """Give the values of the text on time and duration.

    Those of `response_times`; durations in months (L253-L257), and of the responses of those still treated, from
    their first month to the last follow-up (L337); ongoing courses (L253), sustained responses (L258-L259), lost
    responses (L259-L260) and reasons for stopping (L261-L264), of the responders or of the non-responders.
    """
    best, courses = best_response(cohort, criteria), cohort.courses
    duration, reasons, ongoing = courses["duration_months"], courses["stop_reason"], courses["ongoing"] == "yes"
    lost = last_status(cohort, criteria) == FollowUpStatus.LOSS_OF_RESPONSE
    groups = by_depth(best) | {"ongoing": ongoing, "loss_of_response": lost}
    responders = int(groups["responders"].sum())
    lasted = pd.Series(difference(duration, first_response_months(cohort, criteria)), duration.index)
    values = {
        **response_times(cohort, criteria),
        "followup.sustained.responders": proportion(int(sustained(cohort, criteria).sum()), responders),
        "followup.loss_of_response.all": share(lost),
        "followup.loss_of_response.responders": proportion(int(lost.sum()), responders),
        **{f"followup.duration.{name}": spread(duration[mask]) for name, mask in groups.items()},
        "followup.response_duration.ongoing": spread(lasted[ongoing & groups["responders"]]),
    }
    for name in ("all", "responders", "non_responders"):
        values[f"followup.ongoing.{name}"] = share(ongoing[groups[name]])
        values[f"followup.stopped.{name}"] = share(~ongoing[groups[name]])
    known = [*StopReason, *reasons[reasons.isin(further_values("StopReason"))].unique()]
    for name in ("responders", "non_responders"):
        values |= {f"followup.stop.{name}.{reason}": share(reasons[groups[name]] == reason) for reason in known}
    return values
