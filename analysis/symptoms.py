"""Improvement of each symptom under therapy (L282-L292, Figure 1)."""

from typing import Any

import numpy as np
import pandas as pd

from analysis import schema
from analysis.cohort import Cohort
from analysis.criteria import CHOICES, PAPER, Criteria
from analysis.scoring import UNCHANGED, is_baseline, visit_grades
from analysis.statistics.signed_rank import signed_rank_table
from analysis.statistics.significance import adjusted, significance
from analysis.summaries import proportion, share, spread
from analysis.vocabulary import GRADES

CHANGES: tuple[str, ...] = ("worse", "unchanged", "slight", "substantial", "dramatic", "disappeared")
"""The names of the six grades as columns, in the order of `analysis.vocabulary.GRADES`."""

IMPROVED: tuple[str, ...] = CHANGES[2:]
"""The grades below 1 (L204-L207)."""

ADJUSTMENTS: tuple[str, ...] = CHOICES["adjustment"][1:]
"""The ways to adjust the p values of all symptoms of a profile."""

TEST_COLUMNS: tuple[str, ...] = (
    *("statistic", "n_nonzero", "n_zero", "n_tied", "effect", "p_value"),
    *(f"p_{name}" for name in ADJUSTMENTS),
    *("method", "significance"),
)
"""What a profile gives of each test."""


def _grade_counts(cohort: Cohort, criteria: Criteria) -> pd.DataFrame:
    """Count the patients of each grade, one row per symptom of the list, one column per grade."""
    names = schema.symptom_list().index
    grades = visit_grades(cohort.symptoms, criteria.symptoms_at, criteria)
    scored = is_baseline(cohort.symptoms) & ~np.isnan(grades)
    symptom = cohort.symptoms["symptom"].cat.codes.to_numpy()[scored].astype(np.intp)
    quarters = (4 * grades[scored]).astype(np.intp)
    width = int(4 * max(GRADES)) + 1
    counts = np.bincount(symptom * width + quarters, minlength=len(names) * width).reshape(-1, width)
    columns = {name: counts[:, int(4 * grade)] for name, grade in zip(CHANGES, GRADES, strict=True)}
    return pd.DataFrame(columns, index=names)


def _tests(counts: pd.DataFrame, criteria: Criteria) -> pd.DataFrame:
    """Test each symptom; 1 minus the grade is its improvement on the scale of the score."""
    improvement = UNCHANGED - np.array(GRADES)
    differences = {name: np.repeat(improvement, row) for name, row in zip(counts.index, counts.to_numpy(), strict=True)}
    tests = signed_rank_table(differences, criteria.zeros, criteria.alternative, criteria.distribution)
    # A symptom without any grade was not tested, so it does not count among the tests.
    family = tests["p_value"].where(counts.sum(axis=1) > 0)
    for name in ADJUSTMENTS:
        tests[f"p_{name}"] = adjusted(family, name)
    tests["p_value"] = family
    tests = tests.rename(columns={"n": "n_nonzero"})
    return tests.assign(significance=marks(tests, criteria))[list(TEST_COLUMNS)]


def marks(tests: pd.DataFrame, criteria: Criteria = PAPER) -> pd.Series:
    """Mark the significance of each symptom of a profile: ns or one to three stars; missing where there was no test.

    ``adjustment`` of the criteria chooses the p value, ``alpha`` and ``p_at_alpha`` judge it.
    """
    judged = tests["p_value" if criteria.adjustment == "none" else f"p_{criteria.adjustment}"]
    found = [None if pd.isna(p) else significance(p, criteria.alpha, criteria.p_at_alpha) for p in judged]
    return pd.Series(found, tests.index, dtype=object, name="significance")


def symptom_profile(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Describe and test how each symptom changed: the numbers of Figure 1.

    Source: L222-L226 for the test, the legend of Figure 1 for the marks.

    Returns
    -------
    DataFrame
        Indexed by ``symptom``, one row per symptom that at least one patient had at baseline, in the order of the
        list: ``label``; ``group`` (ordered categorical of `SymptomGroup`); ``n``, patients with the symptom at baseline
        whose grade enters; ``worse``, ``unchanged``, ``slight``, ``substantial``, ``dramatic`` and ``disappeared``,
        how many of them have each grade; ``mean_score``, the mean grade (1 before therapy; missing if ``n`` is 0);
        and of the Wilcoxon signed-rank test of the score before against under therapy: ``statistic`` (W+ of
        improvement), ``n_nonzero``, ``n_zero`` and ``n_tied`` (patients whose symptom changed, did not, changed as much
        as another's), ``effect`` (matched-pairs rank-biserial correlation, 1 if all improved; missing if none changed),
        ``p_value``, ``p_holm`` and ``p_benjamini_hochberg`` (adjusted for all symptoms of the profile), ``method`` of
        the p value, and ``significance`` (ns or one to three stars) of the p value that the criteria choose; p values
        and mark are missing if ``n`` is 0.
    """
    names = schema.symptom_list()
    symptom = cohort.symptoms["symptom"].cat.codes.to_numpy()[is_baseline(cohort.symptoms)]
    present = np.bincount(symptom, minlength=len(names)) > 0
    counts = _grade_counts(cohort, criteria)[present]
    n = counts.sum(axis=1)
    # The sum of whole quarters is exact, so that the mean is rounded once.
    quarters = (counts * [int(4 * grade) for grade in GRADES]).sum(axis=1)
    described = names.loc[counts.index, ["label", "group"]].assign(n=n)
    return described.join(counts).assign(mean_score=quarters / (4 * n)).join(_tests(counts, criteria))


def improved_by_group(profile: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Count, in each group, the pairs of patient and symptom that improved, of all whose grade enters the profile."""
    sums = profile.assign(improved=profile[list(IMPROVED)].sum(axis=1)).groupby("group", observed=False)
    counts = sums[["improved", "n"]].sum().itertuples()
    return {group: proportion(improved, n) for group, improved, n in counts}


def _describe(profile: pd.DataFrame, patients: int) -> dict[str, dict[str, Any]]:
    """Give the values of each symptom of the list; one that nobody had has a denominator of 0 and no test."""
    values = {}
    names = schema.symptom_list().index
    counts = profile[["n", *CHANGES]].reindex(names, fill_value=0)
    numbers = ["mean_score", "effect", "p_value", *(f"p_{name}" for name in ADJUSTMENTS)]
    tests = profile[[*numbers, "significance"]].astype(object).where(profile["n"] > 0).reindex(names)
    for symptom in names:
        row, test = counts.loc[symptom], tests.loc[symptom]
        n = int(row["n"])
        values[f"symptoms.patients.{symptom}"] = proportion(n, patients)
        values[f"symptoms.improved.{symptom}"] = proportion(int(row[list(IMPROVED)].sum()), n)
        values[f"symptoms.worse.{symptom}"] = proportion(int(row["worse"]), n)
        values[f"symptoms.score.{symptom}"] = {
            "n": n,
            **{name.removesuffix("_score"): None if pd.isna(test[name]) else float(test[name]) for name in numbers},
            "significance": test["significance"] if n else None,
        }
    return values


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> dict[str, dict[str, Any]]:
    """Give the values on symptoms that the text prints or speaks of (L282-L292, L326-L330).

    ``symptoms.per_patient.all``, the number of baseline symptoms of a patient as a spread; for each symptom of the list
    ``symptoms.patients.<symptom>`` (patients with it, of all), ``symptoms.improved.<symptom>`` and
    ``symptoms.worse.<symptom>`` (of those with it), and ``symptoms.score.<symptom>`` with ``n``, ``mean``, ``effect``,
    ``p_value``, ``p_holm``, ``p_benjamini_hochberg`` and ``significance``; for each symptom group
    ``symptoms.group_improved.<group>`` (pairs of patient and symptom) and ``symptoms.group_significant.<group>``
    (symptoms that improved significantly, of those that occur).
    """
    profile = symptom_profile(cohort, criteria)
    patient = cohort.symptoms["patient_id"].cat.codes.to_numpy()[is_baseline(cohort.symptoms)]
    each = pd.Series(np.bincount(patient, minlength=len(cohort.patients)))
    values = {"symptoms.per_patient.all": spread(each)} | _describe(profile, len(cohort.patients))
    better = (profile["significance"] != "ns") & (profile["mean_score"] < UNCHANGED)
    for group, improved in improved_by_group(profile).items():
        values[f"symptoms.group_improved.{group}"] = improved
        values[f"symptoms.group_significant.{group}"] = share(better[profile["group"] == group])
    return values
