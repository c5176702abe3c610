"""Depth of response at best response and at last follow-up (L210-L216, L243-L269, Table 2)."""

import numpy as np
import pandas as pd

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.scoring import symptom_scores
from analysis.summaries import Values, proportion
from analysis.vocabulary import POPULATION_DIAGNOSES, FollowUpStatus, Population, Response, StopReason

RESPONSES = pd.CategoricalDtype([response.value for response in Response], ordered=True)
STATUSES = pd.CategoricalDtype([status.value for status in FollowUpStatus], ordered=True)
_STATUS = {status: code for code, status in enumerate(FollowUpStatus)}

# The classes that make up the overall response rate (L244-L245).
RESPONDING: tuple[str, ...] = (Response.CR.value, Response.MR.value, Response.PR.value)

# The row of Table 2 in which a responder who stopped is counted. All others are counted with those lost to follow-up:
# those who wish to conceive, since L261-L262 has two of each where Table 2 has four, and those who stopped for what the
# paper does not have, but for a remission, in which a response goes on.
STOPPED_AS: dict[StopReason, FollowUpStatus] = {
    StopReason.LACK_OF_EFFICACY: FollowUpStatus.LOSS_OF_RESPONSE,
    StopReason.LOSS_OF_RESPONSE: FollowUpStatus.LOSS_OF_RESPONSE,
    StopReason.INTOLERANCE: FollowUpStatus.INTOLERANCE,
}


def classify(scores: pd.DataFrame, criteria: Criteria = PAPER) -> pd.Series:
    """Classify the depth of response (L210-L216).

    With whole quarters, u under therapy and 4s before it for s symptoms, the decrease is (4s - u) / 4s. It is compared
    with the thresholds as whole numbers, so that 10 % and 50 % exactly are partial responses. A complete response is
    tested first. A patient none of whose symptoms enters the score has no response, since none was shown.

    Parameters
    ----------
    scores : DataFrame
        As `analysis.scoring.symptom_scores` gives them: ``symptoms``, ``quarters``, ``worsened`` and ``new``.
    criteria : Criteria, default the paper's
        Thresholds, and what rules out a response.

    Returns
    -------
    Series of Response
        Ordered categorical, best first, indexed like ``scores``.
    """
    whole, new = 4 * scores["symptoms"].to_numpy(), scores["new"].to_numpy()
    quarters = scores["quarters"].to_numpy()
    if criteria.new_symptoms == "count":
        quarters = quarters + 4 * new
    percent = 100 * (whole - quarters)
    ruled_out = whole == 0
    if criteria.new_symptoms == "rule_out":
        ruled_out = ruled_out | (new > 0)
    if criteria.worsening == "any":
        ruled_out = ruled_out | (scores["worsened"].to_numpy() > 0)
    # Each class overwrites the one before it, from no response to complete response.
    codes = np.full(len(scores), RESPONSES.categories.get_loc(Response.NR), dtype=np.int8)
    codes[percent >= criteria.partial_from_percent * whole] = RESPONSES.categories.get_loc(Response.PR)
    codes[percent > criteria.major_above_percent * whole] = RESPONSES.categories.get_loc(Response.MR)
    codes[quarters == 0] = RESPONSES.categories.get_loc(Response.CR)
    codes[ruled_out] = RESPONSES.categories.get_loc(Response.NR)
    return pd.Series(pd.Categorical.from_codes(codes, dtype=RESPONSES), index=scores.index, name="response")


def best_response(cohort: Cohort, criteria: Criteria = PAPER) -> pd.Series:
    """Classify each patient at the time of best response (L210): an ordered categorical of `Response`."""
    return classify(symptom_scores(cohort, "best", criteria), criteria).rename("best_response")


def by_depth(best: pd.Series) -> dict[str, pd.Series]:
    """Tell who belongs to each group of response at best: all, responders, non_responders, pr, mr and cr."""
    responds = best != Response.NR
    groups = {"all": responds | True, "responders": responds, "non_responders": ~responds}
    return groups | {response.lower(): best == response for response in (Response.PR, Response.MR, Response.CR)}


def last_status(cohort: Cohort, criteria: Criteria = PAPER) -> pd.Series:
    """Say what became of each patient at last follow-up, as Table 2 counts it (L258-L269).

    ``intolerance`` of the criteria decides whether a patient who never responded and stopped for intolerance is counted
    under no response (the paper's reading, by which the rows add up) or under intolerance.

    Returns
    -------
    Series of FollowUpStatus
        Ordered categorical indexed like ``cohort.patients``: for a responder still on therapy the class of the grades
        at last follow-up, and loss of response if that is none; for a responder who stopped the reason
        (`STOPPED_AS`); no response for all others.
    """
    last = classify(symptom_scores(cohort, "last", criteria), criteria)
    return followed(best_response(cohort, criteria), last, cohort.courses, criteria)


def followed(best: pd.Series, last: pd.Series, courses: pd.DataFrame, criteria: Criteria = PAPER) -> pd.Series:
    """Say what became of each patient, as `last_status`, of the classes at best response and at last follow-up."""
    reason, ongoing = pd.Categorical(courses["stop_reason"]), (courses["ongoing"] == "yes").to_numpy()
    # The two lists of classes begin alike; a reason that is missing makes the status missing.
    stopped = [_STATUS[STOPPED_AS.get(one, FollowUpStatus.LOST_TO_FOLLOW_UP)] for one in reason.categories]
    codes = np.where(last == Response.NR, _STATUS[FollowUpStatus.LOSS_OF_RESPONSE], last.cat.codes)
    codes = np.where(ongoing | (reason == "remission"), codes, np.array([*stopped, -1])[reason.codes])
    never = (best == Response.NR).to_numpy()
    if criteria.intolerance == "all":
        never = never & (ongoing | (reason != StopReason.INTOLERANCE))
    codes[never] = _STATUS[FollowUpStatus.NR]
    return pd.Series(pd.Categorical.from_codes(codes, dtype=STATUSES), courses.index, name="last_status")


def _count_by_population(cohort: Cohort, classes: pd.Series) -> pd.DataFrame:
    """Count the patients of each class in each population, one row per class, one column per population."""
    diagnosis, counts = cohort.patients["diagnosis"], {}
    for population, parts in POPULATION_DIAGNOSES.items():
        counts[population.value] = classes[diagnosis.isin(parts)].value_counts(sort=False)
    return pd.DataFrame(counts)


def response_counts(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Count the rows of Table 2 for all populations at once, one column per `Population`.

    The rows are named ``best.orr``, ``best.cr``, ..., ``best.nr``, ``last.persistent_orr``, ...,
    ``last.lost_to_follow_up``; the last one is ``patients``, the size of the population.
    """
    best = _count_by_population(cohort, best_response(cohort, criteria))
    last = _count_by_population(cohort, last_status(cohort, criteria))
    responding, gone = list(RESPONDING), [status for status in last.index if status not in RESPONDING]
    rows = {"best.orr": best.loc[responding].sum()}
    rows |= {f"best.{name.lower()}": best.loc[name] for name in best.index}
    rows |= {"last.persistent_orr": last.loc[responding].sum()}
    rows |= {f"last.{name.lower()}": last.loc[name] for name in responding}
    rows |= {"last.no_persistent_response": last.loc[gone].sum()}
    rows |= {f"last.{name.lower()}": last.loc[name] for name in gone}
    return pd.DataFrame(rows | {"patients": best.sum()}).T


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> Values:
    """Give the values of the text on response (L243-L247, L268-L270), proportions of a population.

    ``response.best.<class>.<population>`` with class orr, cr, mr, pr or nr, and ``response.last.<status>.<population>``
    with status persistent_orr, cr, mr, pr, no_persistent_response, nr, loss_of_response, intolerance or
    lost_to_follow_up.
    """
    counts = response_counts(cohort, criteria)
    sizes = counts.loc["patients"]
    return {
        f"response.{row}.{population.lower()}": proportion(counts.at[row, population], sizes[population])
        for row in counts.index.drop("patients")
        for population in Population
    }
