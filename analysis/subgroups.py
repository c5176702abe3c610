"""Clonal and idiopathic disease compared: responses, symptoms, and what groups of these sizes could have shown.

The paper says that the response profile does not seem to be different (L289-L292) and tests nothing. A difference that
is not significant is no evidence that there is none.
"""

from typing import Any

import numpy as np
import pandas as pd

from analysis.cohort import Cohort, restrict
from analysis.criteria import PAPER, Criteria
from analysis.response import response_counts
from analysis.schema import symptom_list
from analysis.statistics.contingency import fisher_freeman_halton
from analysis.statistics.proportions import difference_interval
from analysis.statistics.rank_sum import rank_sum_counts
from analysis.statistics.significance import adjusted, significance
from analysis.subgroup_power import rate_power, symptom_power
from analysis.summaries import proportion
from analysis.symptoms import ADJUSTMENTS, CHANGES, symptom_profile
from analysis.tables import ROWS_2
from analysis.vocabulary import POPULATION_DIAGNOSES, Population

__all__ = ["CLASSES", "GROUPS", "RATES", "detectable", "response_by_group", "summarise", "symptoms_by_group"]

GROUPS: tuple[Population, Population] = (Population.IDIOPATHIC, Population.PRIMARY)
"""The two groups (L289-L290); differences are the first minus the second."""

CLASSES: dict[str, tuple[str, ...]] = {
    "best": ("best.cr", "best.mr", "best.pr", "best.nr"),
    "last": ("last.cr", "last.mr", "last.pr", "last.no_persistent_response"),
}
"""The rows of Table 2 that divide the patients of a group by depth of response, at each visit."""

RATES: dict[str, str] = {"best": "best.orr", "last": "last.persistent_orr"}
"""The row of Table 2 with the overall response rate at each visit."""

_RATE_LABELS = {"best": "Overall response at best response", "last": "Overall response at last follow-up"}


def _tested(table: list[list[int]] | np.ndarray) -> dict[str, Any]:
    test = fisher_freeman_halton(table)
    return {"p_value": np.nan if test.p_value is None else test.p_value, "method": test.method}


def _compared(counts: pd.DataFrame, row: str, tested: bool) -> dict[str, Any]:
    """Compare one row of Table 2 between the groups."""
    n, size = ([int(counts.at[name, group]) for group in GROUPS] for name in (row, "patients"))
    low, high = difference_interval(n[0], size[0], n[1], size[1]) or (np.nan, np.nan)
    # Without patients in a group neither share nor difference exists.
    difference = n[0] / size[0] - n[1] / size[1] if min(size) else np.nan
    table = [n, [size[0] - n[0], size[1] - n[1]]]
    label, level = ROWS_2[row]
    return {
        "row": row,
        "label": label,
        "level": level,
        **{f"{group}_n": part for group, part in zip(GROUPS, n, strict=True)},
        **{f"{group}_denominator": whole for group, whole in zip(GROUPS, size, strict=True)},
        "difference": 100 * difference,
        "low": 100 * low,
        "high": 100 * high,
        **(_tested(table) if tested else {}),
    }


def response_by_group(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Compare the response of patients with idiopathic and with primary MCAS (Table 2, L289-L292).

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    criteria : Criteria, default the paper's
        The rules.

    Returns
    -------
    DataFrame
        For each visit one row for the overall response rate, one per class (`CLASSES`), and one, ``best.classes`` or
        ``last.classes``, for all classes together: ``row``, ``label``, ``level``; ``idiopathic_n``, ``primary_n``,
        ``idiopathic_denominator``, ``primary_denominator``; ``difference`` in percentage points, idiopathic minus
        primary, with the limits ``low`` and ``high`` of its 95 % interval (Newcombe); ``p_value`` and ``method`` of
        Fisher's exact test of the overall rate, and of Freeman and Halton's extension to all classes together. What a
        row does not have, or an empty group leaves open, is missing.
    """
    counts = response_counts(cohort, criteria)
    rows = []
    for visit, classes in CLASSES.items():
        rows += [_compared(counts, row, tested=row == RATES[visit]) for row in (RATES[visit], *classes)]
        test = _tested(counts.loc[list(classes), list(GROUPS)].to_numpy())
        sizes = {f"{group}_denominator": int(counts.at["patients", group]) for group in GROUPS}
        row = {"row": f"{visit}.classes", "label": "All classes together", "level": 0}
        rows.append(row | sizes | test)
    return pd.DataFrame(rows).astype({f"{group}_n": "Int64" for group in GROUPS})


def _grade_counts(cohort: Cohort, group: Population, criteria: Criteria) -> pd.DataFrame:
    """Count the grades of each symptom of the list in a group, and give their mean, missing where there is none."""
    names = symptom_list().index
    if not cohort.patients["diagnosis"].isin(POPULATION_DIAGNOSES[group]).any():
        return pd.DataFrame(0, names, list(CHANGES)).assign(mean_score=np.nan, present=False)
    profile = symptom_profile(restrict(cohort, group), criteria)
    counts = profile[list(CHANGES)].reindex(names, fill_value=0)
    return counts.assign(mean_score=profile["mean_score"].reindex(names), present=names.isin(profile.index))


def symptoms_by_group(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Compare the improvement of each symptom in patients with idiopathic and with primary MCAS (L289-L292).

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    criteria : Criteria, default the paper's
        ``symptoms_at`` and ``missing_last`` are used; the test is two-sided and exact whatever the criteria say of the
        signed-rank test.

    Returns
    -------
    DataFrame
        Indexed by ``symptom``, one row per symptom that a patient of either group had at baseline, in the order of the
        list: ``label``; ``idiopathic_n`` and ``primary_n``, patients whose grade enters; ``idiopathic_mean_score`` and
        ``primary_mean_score``, their mean grades; and of the rank-sum test of the improvement ``statistic`` (U),
        ``p_value``, ``p_holm`` and ``p_benjamini_hochberg`` (adjusted for all symptoms tested), ``smallest_p`` (what
        any division of these grades between the groups could have given), ``effect`` (probability that a patient with
        idiopathic MCAS improved more than one with primary MCAS, the same counting half) with its 95 % interval from
        ``effect_low`` to ``effect_high`` (Newcombe, method 5), and ``method``. A symptom that one group does not have
        was not tested and has none of these.
    """
    grades = {group: _grade_counts(cohort, group, criteria) for group in GROUPS}
    first, second = (grades[group] for group in GROUPS)
    present = first["present"] | second["present"]
    # The grades stand in the order of rising improvement.
    pairs = zip(
        first.loc[present, list(CHANGES)].to_numpy(), second.loc[present, list(CHANGES)].to_numpy(), strict=True
    )
    tests = pd.DataFrame([rank_sum_counts(*pair) for pair in pairs], index=first.index[present])
    tests = tests.reindex(
        columns=["n_first", "n_second", "statistic", "p_value", "smallest_p", "effect", "ci", "method"]
    )
    limits = np.array([ci or (np.nan, np.nan) for ci in tests["ci"]], dtype=float).reshape(-1, 2)
    numbers = {name: tests[name].astype(float) for name in ("statistic", "p_value", "smallest_p", "effect")}
    return pd.DataFrame(
        {
            "label": symptom_list().loc[tests.index, "label"],
            **{f"{g}_n": tests[n].astype(int) for g, n in zip(GROUPS, ("n_first", "n_second"), strict=True)},
            **{f"{group}_mean_score": grades[group].loc[tests.index, "mean_score"] for group in GROUPS},
            **{name: numbers[name] for name in ("statistic", "p_value")},
            **{f"p_{name}": adjusted(numbers["p_value"], name) for name in ADJUSTMENTS},
            **{name: numbers[name] for name in ("smallest_p", "effect")},
            "effect_low": limits[:, 0],
            "effect_high": limits[:, 1],
            "method": tests["method"],
        }
    )


def _is_significant(p_values: pd.Series, criteria: Criteria) -> pd.Series:
    """Tell which p values are significant; a missing one is not."""
    marks = [significance(p, criteria.alpha, criteria.p_at_alpha) for p in p_values.fillna(1.0)]
    return pd.Series([mark != "ns" for mark in marks], p_values.index, dtype=bool) & p_values.notna()


def _powers(cohort: Cohort, tests: pd.DataFrame, criteria: Criteria) -> dict[str, dict[str, Any]]:
    """Give the power for the response rates, and for the symptom with the most pairs of patients, the best case."""
    counts = response_counts(cohort, criteria)
    sizes = tuple(int(counts.at["patients", group]) for group in GROUPS)
    entries = {}
    for visit, row in RATES.items():
        rate = int(counts.at[row, Population.PRIMARY]) / sizes[1] if min(sizes) else None
        for name, entry in rate_power(_RATE_LABELS[visit], sizes, rate, criteria).items():
            kind, _, side = name.partition(".")
            entries[f"subgroups.{kind}.{visit}.{side}"] = entry
    pairs = tests["idiopathic_n"] * tests["primary_n"]
    label, sizes, grades = "Any symptom", (0, 0), None
    if (pairs > 0).any():
        best = tests.loc[pairs.idxmax()]
        label, sizes = best["label"], (int(best["idiopathic_n"]), int(best["primary_n"]))
        grades = _grade_counts(cohort, Population.PRIMARY, criteria).loc[best.name, list(CHANGES)].to_numpy()
    found = symptom_power(label, sizes, grades, criteria)
    return entries | {f"subgroups.power.symptom.{ratio}": entry for ratio, entry in found.items()}


def _reach(tests: pd.DataFrame, criteria: Criteria) -> dict[str, dict[str, Any]]:
    """Count the symptoms that were tested, could have been significant, and are."""
    tested = tests["p_value"].notna()
    total = int(tested.sum())
    possible = _is_significant(tests["smallest_p"], criteria)
    columns = {"significant": "p_value"} | {f"significant_{name}": f"p_{name}" for name in ADJUSTMENTS}
    found = {name: _is_significant(tests[column], criteria) for name, column in columns.items()}
    return {
        "subgroups.symptoms.tested": proportion(total, len(tests)),
        "subgroups.symptoms.out_of_reach": proportion(int((tested & ~possible).sum()), total),
        **{f"subgroups.symptoms.{name}": proportion(int(mask.sum()), total) for name, mask in found.items()},
    }


def detectable(cohort: Cohort, criteria: Criteria = PAPER) -> dict[str, dict[str, Any]]:
    """Tell what groups of these sizes could have shown (L291-L292).

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    criteria : Criteria, default the paper's
        The rules; ``alpha`` and ``p_at_alpha`` are those of the tests.

    Returns
    -------
    dict of str to dict
        ``subgroups.power.<visit>.below_40`` to ``.above_30`` and ``subgroups.detectable.<visit>.below`` and ``.above``
        (`analysis.subgroup_power.rate_power`, with the rate of primary MCAS as observed);
        ``subgroups.power.symptom.<odds ratio>`` (`analysis.subgroup_power.symptom_power`, for the symptom with the most
        pairs of patients); ``subgroups.symptoms.tested``, ``.out_of_reach`` (of them, those whose smallest possible
        p is not significant), ``.significant``, ``.significant_holm`` and ``.significant_benjamini_hochberg``, shares.
    """
    tests = symptoms_by_group(cohort, criteria)
    return _powers(cohort, tests, criteria) | _reach(tests, criteria)


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> dict[str, dict[str, Any]]:
    """Give the values of the comparison of idiopathic with primary MCAS (L289-L292).

    Parameters
    ----------
    cohort : Cohort
        The cohort, or a population of it.
    criteria : Criteria, default the paper's
        The rules.

    Returns
    -------
    dict of str to dict
        ``subgroups.best.orr``, ``subgroups.best.classes``, ``subgroups.last.persistent_orr`` and
        ``subgroups.last.classes`` with ``n`` (patients with idiopathic MCAS), ``denominator`` (patients of both
        groups), ``difference``, ``low``, ``high``, ``p_value`` and ``method`` as in `response_by_group`; and the values
        of `detectable`.
    """
    rows = response_by_group(cohort, criteria).set_index("row")
    parts = ("difference", "low", "high", "p_value", "method")
    values = {}
    for row in (name for visit in CLASSES for name in (RATES[visit], f"{visit}.classes")):
        first, second = (int(rows.at[row, f"{group}_denominator"]) for group in GROUPS)
        known = rows.loc[row, list(parts)].astype(object)
        known = known.where(known.notna(), None).to_dict()
        values[f"subgroups.{row}"] = {"n": first, "denominator": first + second, **known}
    return values | detectable(cohort, criteria)
