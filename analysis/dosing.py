"""Dose modifications: escalated doses, the weekly schedule, and what became of the symptom score."""

from typing import Literal

import pandas as pd

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.response import best_response, classify
from analysis.scoring import symptom_scores
from analysis.summaries import Values, share, spread
from analysis.vocabulary import Response

START_DOSE_MG, START_INTERVAL_WEEKS = 150, 2  # the recommended starting dose and its interval (L182)
MAXIMUM_DOSE_MG = 300  # the highest recommended dose every two weeks (L187-L188)
Change = Literal["escalation", "weekly"]


def _response_at(score: pd.Series, symptoms: pd.Series, criteria: Criteria) -> pd.Series:
    """Classify a total score; the contract records no single grades at the time of a dose change."""
    totals = pd.DataFrame({"symptoms": symptoms, "quarters": (4 * score).astype("int64")})
    return classify(totals.assign(worsened=0, new=0, missing=0), criteria)


def dose_changes(cohort: Cohort, change: Change, criteria: Criteria = PAPER) -> pd.DataFrame:
    """List the patients whose dose was escalated or who changed to weekly injections, with the effect (L271-L282).

    The thresholds of the response classes are applied to the total score.

    Returns
    -------
    DataFrame
        One row per patient with the modification, indexed by ``patient_id``: ``month``, ``dose_mg`` (per two weeks,
        only for an escalation), ``score_before``, ``score_after``, ``response_before``, ``response_after`` (ordered
        categoricals of `Response`), ``improved`` (the score fell), ``reached_mr`` (MR or better after, less before),
        ``reached_pr`` (PR after, no response before), ``improved_pr`` (improved within PR) and ``stopped``.
    """
    courses = cohort.courses[cohort.courses[f"{change}_month"].notna()]
    symptoms = symptom_scores(cohort, "best", criteria)["symptoms"].loc[courses.index]
    before, after = courses[f"score_before_{change}"], courses[f"score_after_{change}"]
    was, became = (_response_at(score, symptoms, criteria) for score in (before, after))
    major = (Response.CR, Response.MR)
    columns = {"month": courses[f"{change}_month"]}
    if change == "escalation":
        columns["dose_mg"] = 2 * courses["escalated_dose_mg"] / courses["escalated_interval_weeks"].fillna(2)
    columns |= {"score_before": before, "score_after": after, "response_before": was, "response_after": became}
    columns |= {
        "improved": after < before,
        "reached_mr": became.isin(major) & ~was.isin(major),
        "reached_pr": (became == Response.PR) & (was == Response.NR),
        "improved_pr": (after < before) & (became == Response.PR) & (was == Response.PR),
        "stopped": courses["ongoing"] == "no",
    }
    return pd.DataFrame(columns)


def _effects(changes: pd.DataFrame, name: str) -> Values:
    effects = changes[["improved", "reached_mr", "reached_pr", "improved_pr", "stopped"]]
    effects = effects.assign(not_improved=~changes["improved"])
    effects["not_improved_and_stopped"] = effects["not_improved"] & effects["stopped"]
    return {f"dosing.{effect}.{name}": share(mask) for effect, mask in effects.items()}


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> Values:
    """Give the values of the text on doses and their modification.

    The first and last month in which a course began (L92-L93), the starting regimen (L182-L183), escalations
    (L271-L276), weekly schedules (L277-L282), and the overall response with and without an escalation (L340-L341).
    ``escalated`` and ``weekly`` at the end of a name are the patients with the modification.
    """
    courses = cohort.courses
    escalations, weekly = (dose_changes(cohort, change, criteria) for change in ("escalation", "weekly"))
    months = courses["start_month"]
    dose, responds = escalations["dose_mg"], best_response(cohort, criteria) != Response.NR
    escalated = courses["escalation_month"].notna()
    start = courses[["start_dose_mg", "start_interval_weeks"]]
    return {
        "dosing.start_month.all": {"n": len(months), "minimum": months.min(), "maximum": months.max()},
        "dosing.start_recommended.all": share((start == [START_DOSE_MG, START_INTERVAL_WEEKS]).all(axis="columns")),
        "dosing.start_dose_mg.all": spread(courses["start_dose_mg"]),
        "dosing.start_interval_weeks.all": spread(courses["start_interval_weeks"]),
        "dosing.start_interval_weeks.weekly": spread(courses.loc[weekly.index, "start_interval_weeks"]),
        "dosing.escalated.all": share(escalated),
        "dosing.escalated_300.escalated": share(dose == 300),
        "dosing.escalated_600.escalated": share(dose == 600),
        **{f"dosing.escalated_{mg:g}.escalated": share(dose == mg) for mg in sorted({*dose} - {300, 600})},
        "dosing.escalated_over_300.escalated": share(dose > MAXIMUM_DOSE_MG),
        "dosing.escalated_dose_mg.escalated": spread(dose),
        "dosing.orr.escalated": share(responds[escalated]),
        "dosing.orr.not_escalated": share(responds[~escalated]),
        "dosing.weekly.all": share(courses["weekly_month"].notna()),
        **_effects(escalations, "escalated"),
        **_effects(weekly, "weekly"),
    }
