"""Improvement of each symptom under therapy (L282-L292, Figure 1)."""

from typing import Any

import numpy as np
import pandas as pd

from analysis import schema
from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.scoring import UNCHANGED, Visit, is_baseline, visit_grades
from analysis.statistics import signed_rank, significance
from analysis.summaries import proportion, spread
from analysis.vocabulary import GRADES, SymptomGroup

CHANGES: tuple[str, ...] = ("worse", "unchanged", "slight", "substantial", "dramatic", "disappeared")
"""The names of the six grades as columns, in the order of `analysis.vocabulary.GRADES`."""

IMPROVED: tuple[str, ...] = CHANGES[2:]
"""The grades below 1 (L204-L207)."""


def _grade_counts(cohort: Cohort, visit: Visit, criteria: Criteria) -> pd.DataFrame:
    """Count the patients of each grade, one row per symptom of the list, one column per grade."""
    names = schema.symptom_list().index
    grades = visit_grades(cohort.symptoms, visit, criteria)
    scored = is_baseline(cohort.symptoms) & ~np.isnan(grades)
    symptom = cohort.symptoms["symptom"].cat.codes.to_numpy()[scored].astype(np.intp)
    quarters = (4 * grades[scored]).astype(np.intp)
    width = int(4 * max(GRADES)) + 1
    counts = np.bincount(symptom * width + quarters, minlength=len(names) * width).reshape(-1, width)
    columns = {name: counts[:, int(4 * grade)] for name, grade in zip(CHANGES, GRADES, strict=True)}
    return pd.DataFrame(columns, index=names)


def _test(counts: pd.Series, criteria: Criteria) -> dict[str, Any]:
    """Test one symptom; 1 minus the grade is its improvement on the scale of the score."""
    improvement = np.repeat(UNCHANGED - np.array(GRADES), counts[list(CHANGES)].to_numpy(dtype=int))
    test = signed_rank(improvement, zeros=criteria.zeros)
    return {
        "statistic": test.statistic,
        "n_nonzero": test.n,
        "p_value": test.p_value,
        "significance": significance(test.p_value, criteria.alpha),
    }


def symptom_profile(cohort: Cohort, visit: Visit = "best", criteria: Criteria = PAPER) -> pd.DataFrame:
    """Describe and test how each symptom changed: the numbers of Figure 1.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    visit : {"best", "last"}, default "best"
        The time of the patient's best response, or last follow-up.
    criteria : Criteria, default the paper's
        ``missing_last``, ``zeros`` and ``alpha`` are used.

    Returns
    -------
    DataFrame
        Indexed by ``symptom``, one row per symptom that at least one patient had at baseline, in the order of the
        list: ``label``; ``group`` (ordered categorical of `SymptomGroup`); ``n``, patients with the symptom at baseline
        whose grade enters; ``worse``, ``unchanged``, ``slight``, ``substantial``, ``dramatic`` and ``disappeared``,
        how many of them have each grade; ``mean_score``, the mean grade (1 before therapy; missing if ``n`` is 0);
        ``statistic`` (W+ of improvement), ``n_nonzero``, ``p_value`` and ``significance`` (ns or one
        to three stars) of the two-tailed Wilcoxon signed-rank test of the score before against under therapy.

    Raises
    ------
    ValueError
        If the visit is unknown.

    Notes
    -----
    Source: L222-L226 for the test, the legend of Figure 1 for the marks.
    """
    names = schema.symptom_list()
    symptom = cohort.symptoms["symptom"].cat.codes.to_numpy()[is_baseline(cohort.symptoms)]
    present = np.bincount(symptom, minlength=len(names)) > 0
    counts = _grade_counts(cohort, visit, criteria)[present]
    n = counts.sum(axis=1)
    # The sum of whole quarters is exact, so that the mean is rounded once.
    quarters = (counts * [int(4 * grade) for grade in GRADES]).sum(axis=1)
    tests = [_test(row, criteria) for _, row in counts.iterrows()]
    described = names.loc[counts.index, ["label", "group"]].assign(n=n)
    tested = pd.DataFrame(tests, index=counts.index, columns=["statistic", "n_nonzero", "p_value", "significance"])
    return described.join(counts).assign(mean_score=quarters / (4 * n)).join(tested)


def _describe(profile: pd.DataFrame, patients: int) -> dict[str, dict[str, Any]]:
    """Give the values of each symptom of the list; one that nobody had has a denominator of 0 and no test."""
    values = {}
    names = schema.symptom_list().index
    counts = profile[["n", *CHANGES]].reindex(names, fill_value=0)
    tests = profile[["mean_score", "p_value", "significance"]].astype(object).where(profile["n"] > 0).reindex(names)
    for symptom in names:
        row, test = counts.loc[symptom], tests.loc[symptom]
        n = int(row["n"])
        values[f"symptoms.patients.{symptom}"] = proportion(n, patients)
        values[f"symptoms.improved.{symptom}"] = proportion(int(row[list(IMPROVED)].sum()), n)
        values[f"symptoms.worse.{symptom}"] = proportion(int(row["worse"]), n)
        values[f"symptoms.score.{symptom}"] = {
            "n": n,
            "mean": float(test["mean_score"]) if n else None,
            "p_value": float(test["p_value"]) if n else None,
            "significance": test["significance"] if n else None,
        }
    return values


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> dict[str, dict[str, Any]]:
    """Give the values on symptoms that the text prints or speaks of (L282-L292, L326-L330), at best response.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    criteria : Criteria, default the paper's
        The rules.

    Returns
    -------
    dict of str to dict
        ``symptoms.per_patient.all``, the number of baseline symptoms of a patient as a spread; for each symptom of the
        list ``symptoms.patients.<symptom>`` (patients with it, of all), ``symptoms.improved.<symptom>`` and
        ``symptoms.worse.<symptom>`` (of those with it), and ``symptoms.score.<symptom>`` with ``n``, ``mean``,
        ``p_value`` and ``significance``; for each symptom group ``symptoms.group_improved.<group>`` (pairs of patient
        and symptom) and ``symptoms.group_significant.<group>`` (symptoms that improved significantly, of those that
        occur).
    """
    profile = symptom_profile(cohort, "best", criteria)
    patient = cohort.symptoms["patient_id"].cat.codes.to_numpy()[is_baseline(cohort.symptoms)]
    each = pd.Series(np.bincount(patient, minlength=len(cohort.patients)))
    values = {"symptoms.per_patient.all": spread(each)} | _describe(profile, len(cohort.patients))
    better = (profile["significance"] != "ns") & (profile["mean_score"] < UNCHANGED)
    for group in SymptomGroup:
        part = profile[profile["group"] == group]
        improved = int(part[list(IMPROVED)].to_numpy().sum())
        values[f"symptoms.group_improved.{group}"] = proportion(improved, int(part["n"].sum()))
        values[f"symptoms.group_significant.{group}"] = proportion(int(better[part.index].sum()), len(part))
    return values
