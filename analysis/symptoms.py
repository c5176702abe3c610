"""Improvement of each symptom under therapy (L282-L292, Figure 1)."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from analysis import schema
from analysis.cohort import Cohort
from analysis.criteria import CHOICES, PAPER, Criteria
from analysis.scoring import UNCHANGED, is_baseline, visit_grades
from analysis.statistics.signed_rank import SignedRank, signed_rank
from analysis.statistics.significance import adjusted, significance
from analysis.statistics.signs import SignFlips, sign_flips, sign_test
from analysis.summaries import proportion, share, spread
from analysis.vocabulary import GRADES

# The names of the six grades as columns, in the order of `analysis.vocabulary.GRADES`.
CHANGES: tuple[str, ...] = ("worse", "unchanged", "slight", "substantial", "dramatic", "disappeared")
IMPROVED: tuple[str, ...] = CHANGES[2:]  # the grades below 1 (L204-L207)
ADJUSTMENTS: tuple[str, ...] = CHOICES["adjustment"][1:]  # the ways to adjust the p values of all symptoms
TOO_FEW = "too_few"  # the mark of a test in which so few patients changed that no p value could have been significant
STARS: tuple[str, ...] = ("*", "**", "***")  # the marks of significance

TEST_COLUMNS: tuple[str, ...] = (  # what a profile gives of each test
    *("statistic", "n_nonzero", "n_zero", "n_tied", "effect", "better_percent", "better_low", "better_high"),
    *("p_value", "smallest_p", "p_sign"),
    *(f"p_{name}" for name in ADJUSTMENTS),
    *("method", "significance"),
)


def _scored(cohort: Cohort, criteria: Criteria) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give patient, symptom (places in their lists) and grade of every baseline symptom whose grade enters."""
    grades = visit_grades(cohort.symptoms, criteria.symptoms_at, criteria)
    scored = is_baseline(cohort.symptoms) & ~np.isnan(grades)
    patient, symptom = (cohort.symptoms[name].cat.codes.to_numpy()[scored] for name in ("patient_id", "symptom"))
    return patient, symptom.astype(np.intp), grades[scored]


def _grade_counts(cohort: Cohort, criteria: Criteria) -> pd.DataFrame:
    """Count the patients of each grade, one row per symptom of the list, one column per grade."""
    names, (_, symptom, grades) = schema.symptom_list().index, _scored(cohort, criteria)
    quarters, width = (4 * grades).astype(np.intp), int(4 * max(GRADES)) + 1
    counts = np.bincount(symptom * width + quarters, minlength=len(names) * width).reshape(-1, width)
    return pd.DataFrame(counts[:, [int(4 * grade) for grade in GRADES]], names, list(CHANGES))


@cache
def _ranked(counts: tuple[int, ...], sizes_only: bool, *rules: str) -> SignedRank:
    """Test changes to so many of each grade; 1 minus the grade is the improvement on the scale of the score."""
    differences = np.repeat(UNCHANGED - np.array(GRADES), counts)
    return signed_rank(np.abs(differences) if sizes_only else differences, *rules)


def _tests(counts: pd.DataFrame, criteria: Criteria) -> pd.DataFrame:
    """Test each symptom; one without any grade was not tested."""
    rules, sign = (criteria.zeros, criteria.alternative, criteria.distribution), criteria.test == "sign"
    rows = []
    for row in map(tuple, counts.to_numpy().tolist()):
        ranks, signs = _ranked(row, False, *rules), sign_test(sum(row[2:]), row[0], criteria.alternative)
        p_value, method = (signs.p_value, "sign") if sign else (ranks.p_value, ranks.method)
        # The smallest p value is that of the same patients if all who changed had changed for the better; that of the
        # sign test is that of the exact signed-rank test without unchanged pairs.
        smallest = _ranked(row, True, *(("drop", criteria.alternative, "exact") if sign else rules)).p_value
        p_values = (p_value, smallest, signs.p_value) if any(row) else (None, None, None)
        found = (ranks.statistic, ranks.n, ranks.n_zero, ranks.n_tied, ranks.effect)
        rows.append((*found, signs.percent, signs.low, signs.high, *p_values, method))
    columns, numbers = [*TEST_COLUMNS[:11], "method"], dict.fromkeys(TEST_COLUMNS[4:11], float)
    tests = pd.DataFrame(rows, counts.index, columns).astype(numbers)
    adjustments = {f"p_{name}": adjusted(_family(tests, criteria), name) for name in ADJUSTMENTS}
    return tests.assign(**adjustments, significance=marks(tests, criteria))[list(TEST_COLUMNS)]


def _family(tests: pd.DataFrame, criteria: Criteria) -> np.ndarray:
    """Give the p values of the tests that could have been significant; the others are missing."""
    few = [significance(p, criteria.alpha, criteria.p_at_alpha) == "ns" for p in tests["smallest_p"].fillna(0)]
    return np.where(few, np.nan, tests["p_value"])


def marks(tests: pd.DataFrame, criteria: Criteria = PAPER) -> pd.Series:
    """Mark the tests of a profile, by ``adjustment``, ``alpha`` and ``p_at_alpha`` of the criteria.

    What could not have been significant whatever happened to the patients who changed (``smallest_p``) is marked
    `TOO_FEW` and is no test among those that the others are adjusted for (Tarone, Biometrics 1990;46:515): its adjusted
    p values are missing.
    """
    pairs = zip(tests["p_value"], adjusted(_family(tests, criteria), criteria.adjustment).tolist(), strict=True)
    levels = (criteria.alpha, criteria.p_at_alpha)
    found = [None if np.isnan(p) else TOO_FEW if np.isnan(q) else significance(q, *levels) for p, q in pairs]
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
        of the Wilcoxon signed-rank test of the score before against under therapy ``statistic`` (W+ of improvement),
        ``n_nonzero``, ``n_zero`` and ``n_tied`` (patients whose symptom changed, did not, changed as much as another's)
        and ``effect`` (matched-pairs rank-biserial correlation, 1 if all improved; missing if none changed); of the
        patients whose symptom changed ``better_percent``, who improved, with the limits ``better_low`` and
        ``better_high`` of its exact 95 % interval; ``p_value`` of the test that the criteria choose, ``smallest_p``
        (if all who changed had improved), ``p_sign`` of the sign test, ``p_holm`` and ``p_benjamini_hochberg``
        (adjusted for all symptoms of the profile in which a p value could be significant), ``method`` of the p value,
        and ``significance``, the mark of the p value that the criteria choose, as `marks` gives it; p values and mark
        are missing if ``n`` is 0.
    """
    names = schema.symptom_list()
    symptom = cohort.symptoms["symptom"].cat.codes.to_numpy()[is_baseline(cohort.symptoms)]
    present = np.bincount(symptom, minlength=len(names)) > 0
    counts = _grade_counts(cohort, criteria)[present]
    n = counts.sum(axis=1)
    # The sum of whole quarters is exact, so that the mean is rounded once.
    quarters = (counts * [int(4 * grade) for grade in GRADES]).sum(axis=1)
    described = names.loc[counts.index, ["label", "group"]].assign(n=n, **counts, mean_score=quarters / (4 * n))
    return described.join(_tests(counts, criteria))


def together(cohort: Cohort, criteria: Criteria = PAPER) -> tuple[SignFlips, pd.Series]:
    """Test all symptoms at once by flipping whole patients, and give each symptom's p value adjusted that way.

    Many tests of the same patients depend on one another; here whatever ties the symptoms of a patient together stays.
    The second part is indexed by ``symptom``: every one of the list, missing where nobody's changed.
    """
    names, (patient, symptom, grades) = schema.symptom_list().index, _scored(cohort, criteria)
    directions = np.zeros((len(cohort.patients), len(names)), dtype=np.int8)
    directions[patient, symptom] = np.sign(UNCHANGED - grades)
    found = sign_flips(directions, criteria.alternative)
    return found, pd.Series(found.p_values, names, name="p_max_t")


def improved_by_group(profile: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Count, in each group, the pairs of patient and symptom that improved, of all whose grade enters the profile."""
    sums = profile.assign(improved=profile[list(IMPROVED)].sum(axis=1)).groupby("group", observed=False)
    counts = sums[["improved", "n"]].sum().itertuples()
    return {group: proportion(improved, n) for group, improved, n in counts}


def _describe(profile: pd.DataFrame, p_max_t: pd.Series, patients: int) -> dict[str, dict[str, Any]]:
    """Give the values of each symptom of the list; one that nobody had has a denominator of 0 and no test."""
    values = {}
    numbers = ["mean_score", "effect", "better_percent", "better_low", "better_high", "p_value", "p_sign"]
    numbers += [*(f"p_{name}" for name in ADJUSTMENTS), "p_max_t"]
    rows = profile.assign(p_max_t=p_max_t).astype(object).reindex(schema.symptom_list().index)
    for symptom, row in rows.iterrows():
        n, *counts = (0 if pd.isna(row[name]) else row[name] for name in ("n", "worse", *IMPROVED))
        values[f"symptoms.patients.{symptom}"] = proportion(n, patients)
        values[f"symptoms.improved.{symptom}"] = proportion(sum(counts[1:]), n)
        values[f"symptoms.worse.{symptom}"] = proportion(counts[0], n)
        known = {name.removesuffix("_score"): None if pd.isna(row[name]) else float(row[name]) for name in numbers}
        values[f"symptoms.score.{symptom}"] = {"n": n, **known, "significance": row["significance"] if n else None}
    return values


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> dict[str, dict[str, Any]]:
    """Give the values on symptoms that the text prints or speaks of (L282-L292, L326-L330).

    ``symptoms.per_patient.all``, the number of baseline symptoms of a patient as a spread; for each symptom of the list
    ``symptoms.patients.<symptom>`` (patients with it, of all), ``symptoms.improved.<symptom>`` and
    ``symptoms.worse.<symptom>`` (of those with it), and ``symptoms.score.<symptom>`` with ``n``, ``mean`` and the tests
    as in `symptom_profile` and `together` (``p_max_t``); ``symptoms.together``, the test of all symptoms at once, with
    ``n`` patients who changed, ``symptoms`` in which anybody did, ``p_value``, ``error`` and ``method``; for each group
    ``symptoms.group_improved.<group>`` (pairs of patient and symptom) and ``symptoms.group_significant.<group>``
    (symptoms that improved significantly, of those that occur).
    """
    profile = symptom_profile(cohort, criteria)
    patient = cohort.symptoms["patient_id"].cat.codes.to_numpy()[is_baseline(cohort.symptoms)]
    each = pd.Series(np.bincount(patient, minlength=len(cohort.patients)))
    flips, p_max_t = together(cohort, criteria)
    values = {"symptoms.per_patient.all": spread(each)} | _describe(profile, p_max_t, len(cohort.patients))
    found = {name: getattr(flips, name) for name in ("p_value", "error", "method")}
    values["symptoms.together"] = {"n": flips.n, "symptoms": int(p_max_t.notna().sum()), **found}
    better = profile["significance"].isin(STARS) & (profile["mean_score"] < UNCHANGED)
    for group, improved in improved_by_group(profile).items():
        values[f"symptoms.group_improved.{group}"] = improved
        values[f"symptoms.group_significant.{group}"] = share(better[profile["group"] == group])
    return values
