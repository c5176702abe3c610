"""Clonal and idiopathic disease compared: responses, symptoms, and what groups of these sizes could have shown.

The paper says that the response profile does not seem to be different (L289-L292) and tests nothing. A difference that
is not significant is no evidence that there is none.
"""

import math
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from analysis.cohort import Cohort, restrict
from analysis.criteria import PAPER, Criteria
from analysis.response import response_counts
from analysis.schema import symptom_list
from analysis.statistics.contingency import fisher_freeman_halton
from analysis.statistics.exact_difference import difference_in_points
from analysis.statistics.power import OUTCOMES_LIMIT, SIMULATED_WORK, detectable_rate, fisher_power, rank_sum_power
from analysis.statistics.rank_sum import RankSum, rank_sum_counts
from analysis.statistics.significance import adjusted, significance
from analysis.summaries import Values, proportion
from analysis.symptoms import ADJUSTMENTS, CHANGES, symptom_profile
from analysis.tables import ROWS_2
from analysis.vocabulary import GRADES, POPULATION_DIAGNOSES, Population

# The two groups (L289-L290); differences are the first minus the second.
GROUPS: tuple[Population, Population] = (Population.IDIOPATHIC, Population.PRIMARY)
CLASSES: dict[str, tuple[str, ...]] = {  # the rows of Table 2 that divide a group by depth of response, at each visit
    "best": ("best.cr", "best.mr", "best.pr", "best.nr"),
    "last": ("last.cr", "last.mr", "last.pr", "last.no_persistent_response"),
}
RATES: dict[str, str] = {"best": "best.orr", "last": "last.persistent_orr"}  # the overall rate in Table 2
DIFFERENCES: tuple[int, ...] = (-40, -30, -20, -10, 10, 20, 30)  # of the response rate, in percentage points
ODDS_RATIOS: tuple[float, ...] = (2.0, 3.0, 5.0)  # of a better grade of a symptom
POWER = 0.8  # the power at which a difference is called detectable
_POWER_PARTS = ("primary_percent", "idiopathic_percent", "difference", "odds_ratio", "power", "error")
_RATE_LABELS = {"best": "Overall response at best response", "last": "Overall response at last follow-up"}


def _tested(table: list[list[int]] | np.ndarray) -> dict[str, Any]:
    test = fisher_freeman_halton(table)
    return {"p_value": test.p_value, "error": test.error, "method": test.method}


def _compared(counts: pd.DataFrame, row: str, tested: bool) -> dict[str, Any]:
    n, size = ([int(counts.at[name, group]) for group in GROUPS] for name in (row, "patients"))
    table = [n, [size[0] - n[0], size[1] - n[1]]]
    label, level = ROWS_2[row]
    return {
        **{"row": row, "label": label, "level": level},
        **{f"{group}_n": part for group, part in zip(GROUPS, n, strict=True)},
        **{f"{group}_denominator": whole for group, whole in zip(GROUPS, size, strict=True)},
        **difference_in_points(n[0], size[0], n[1], size[1]),
        **(_tested(table) if tested else {}),
    }


def response_by_group(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Compare the response of patients with idiopathic and with primary MCAS (Table 2, L289-L292).

    Returns
    -------
    DataFrame
        For each visit one row for the overall response rate, one per class (`CLASSES`), and one, ``best.classes`` or
        ``last.classes``, for all classes together: ``row``, ``label``, ``level``; ``idiopathic_n``, ``primary_n``,
        ``idiopathic_denominator``, ``primary_denominator``; ``difference`` in percentage points, idiopathic minus
        primary, with the limits ``low`` and ``high`` of its 95 % ``interval``, exact or newcombe; ``p_value``,
        ``method`` and, if tables were drawn, standard ``error`` of Fisher's exact test of the overall rate, and of
        Freeman and Halton's extension to all classes together. What a row does not have, or an empty group leaves open,
        is missing.
    """
    counts = response_counts(cohort, criteria)
    rows = []
    for visit, classes in CLASSES.items():
        rows += [_compared(counts, row, tested=row == RATES[visit]) for row in (RATES[visit], *classes)]
        row = {"row": f"{visit}.classes", "label": "All classes together", "level": 0}
        row |= {f"{group}_denominator": int(counts.at["patients", group]) for group in GROUPS}
        rows.append(row | _tested(counts.loc[list(classes), list(GROUPS)].to_numpy()))
    numbers = dict.fromkeys(("difference", "low", "high", "p_value", "error"), float)
    return pd.DataFrame(rows).astype({f"{group}_n": "Int64" for group in GROUPS} | numbers)


def _profile(cohort: Cohort, group: Population, criteria: Criteria) -> pd.DataFrame:
    """Give the profile of the symptoms in a group, without rows if it has no patients."""
    if cohort.patients["diagnosis"].isin(POPULATION_DIAGNOSES[group]).any():
        return symptom_profile(restrict(cohort, group), criteria)
    return pd.DataFrame(columns=[*CHANGES, "mean_score"], dtype=float)


def symptoms_by_group(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Compare the improvement of each symptom in patients with idiopathic and with primary MCAS (L289-L292).

    The test is two-sided and exact whatever the criteria say of the signed-rank test.

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
    profiles, symptoms = {group: _profile(cohort, group, criteria) for group in GROUPS}, symptom_list()
    names = symptoms.index[symptoms.index.isin([name for profile in profiles.values() for name in profile.index])]
    # The grades stand in the order of rising improvement.
    counts = (profile[list(CHANGES)].reindex(names, fill_value=0).to_numpy() for profile in profiles.values())
    tests = [asdict(rank_sum_counts(*pair)) for pair in zip(*counts, strict=True)]
    tests = pd.DataFrame(tests, index=names, columns=[field.name for field in fields(RankSum)])
    limits = np.array([ci or (np.nan, np.nan) for ci in tests["ci"]], dtype=float).reshape(-1, 2)
    numbers = {name: tests[name].astype(float) for name in ("statistic", "p_value", "smallest_p", "effect")}
    columns = {
        "label": symptoms.loc[names, "label"],
        **{f"{g}_n": tests[n].astype(int) for g, n in zip(GROUPS, ("n_first", "n_second"), strict=True)},
        **{f"{group}_mean_score": profile["mean_score"].reindex(names) for group, profile in profiles.items()},
        **{name: numbers.pop(name) for name in ("statistic", "p_value")},
        **{f"p_{name}": adjusted(tests["p_value"], name) for name in ADJUSTMENTS},
        **numbers,
        **{"effect_low": limits[:, 0], "effect_high": limits[:, 1], "method": tests["method"]},
    }
    return pd.DataFrame(columns)


def _entry(label: str, sizes: tuple[int, int], **known: float | None) -> dict[str, Any]:
    parts = {key: known.get(key) for key in _POWER_PARTS}
    return {"label": label, "idiopathic_n": sizes[0], "primary_n": sizes[1], **parts}


def rate_power(label: str, sizes: tuple[int, int], rate: float | None, criteria: Criteria = PAPER) -> Values:
    """Give the power of Fisher's exact test for differences from the response rate of primary MCAS.

    ``power.below_40`` to ``power.above_30`` hold the power if the rate of idiopathic MCAS lies so many percentage
    points (`DIFFERENCES`) below or above; ``detectable.below`` and ``detectable.above`` the nearest rate with a power
    of `POWER`. Each has a label, the ``sizes`` of both groups, the rates in percent, their difference and the power;
    None for an empty group (``rate`` is None then), a rate outside 0 to 100 %, or if no rate has that power.
    """
    level = {"alpha": criteria.alpha, "p_at_alpha": criteria.p_at_alpha}
    base = {} if rate is None else {"primary_percent": 100 * rate}
    entries = {}
    for points in DIFFERENCES:
        known, other = base | {"difference": float(points)}, math.nan if rate is None else rate + points / 100
        if 0 <= other <= 1:
            known |= {"idiopathic_percent": 100 * other, "power": fisher_power(*sizes, other, rate, **level)}
        entries[f"power.{'below' if points < 0 else 'above'}_{abs(points)}"] = _entry(label, sizes, **known)
    for side in ("below", "above"):
        found, known = None if rate is None else detectable_rate(*sizes, rate, side == "above", POWER, **level), base
        if found is not None:
            known = base | {"idiopathic_percent": 100 * found, "difference": 100 * (found - rate), "power": POWER}
        entries[f"detectable.{side}"] = _entry(label, sizes, **known)
    return entries


def symptom_power(label: str, sizes: tuple[int, int], grades: np.ndarray | None, criteria: Criteria = PAPER) -> Values:
    """Simulate the power of the rank-sum test for a symptom, by odds ratio of a better grade (`ODDS_RATIOS`).

    ``grades`` tells how many patients with primary MCAS have each grade, from worse to disappeared; None if a group is
    empty. Each entry has the ``power`` and its simulation ``error`` beside the parts of `rate_power`.
    """
    entries, level = {}, {"alpha": criteria.alpha, "p_at_alpha": criteria.p_at_alpha}
    for ratio in ODDS_RATIOS:
        power, error = (None, None) if grades is None else rank_sum_power(grades, *sizes, ratio, **level)
        entries[f"{ratio:g}"] = _entry(label, sizes, odds_ratio=ratio, power=power, error=error)
    return entries


def is_enumerated(sizes: tuple[int, int]) -> bool:
    """Tell whether the power for a rate is summed over all outcomes of two groups, not that of the z test."""
    return (sizes[0] + 1) * (sizes[1] + 1) <= OUTCOMES_LIMIT


def is_exact(sizes: tuple[int, int]) -> bool:
    """Tell whether all p values of the simulated power for a symptom are sure to be exact in groups of these sizes."""
    n, size = min(sizes), sum(sizes)
    # As `rank_sum` counts them: at most n patients of each grade, n + 1 numbers of patients, and sums of n ranks.
    return min(len(GRADES) * n, size) * (n + 1) * (2 * n * size + 1) <= SIMULATED_WORK


def _is_significant(p_values: pd.Series, criteria: Criteria) -> pd.Series:
    """Tell which p values are significant; a missing one is not."""
    return p_values.map(lambda p: pd.notna(p) and significance(p, criteria.alpha, criteria.p_at_alpha) != "ns")


def _powers(cohort: Cohort, tests: pd.DataFrame, criteria: Criteria) -> Values:
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
        grades = _profile(cohort, Population.PRIMARY, criteria).loc[best.name, list(CHANGES)].to_numpy()
    found = symptom_power(label, sizes, grades, criteria)
    return entries | {f"subgroups.power.symptom.{ratio}": entry for ratio, entry in found.items()}


def _reach(tests: pd.DataFrame, criteria: Criteria) -> Values:
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


def detectable(cohort: Cohort, criteria: Criteria = PAPER, powers: bool = True) -> Values:
    """Tell what groups of these sizes could have shown (L291-L292).

    ``subgroups.power.<visit>.below_40`` to ``.above_30`` and ``subgroups.detectable.<visit>.below`` and ``.above`` are
    those of `rate_power`, with the rate of primary MCAS as observed; ``subgroups.power.symptom.<odds ratio>`` those of
    `symptom_power`, for the symptom with the most pairs of patients. Of the symptoms, ``subgroups.symptoms.tested``,
    and of these ``.out_of_reach`` (the smallest possible p is not significant), ``.significant``, ``.significant_holm``
    and ``.significant_benjamini_hochberg`` are shares. The powers, which take seconds, can be left out.
    """
    tests = symptoms_by_group(cohort, criteria)
    return (_powers(cohort, tests, criteria) if powers else {}) | _reach(tests, criteria)


def summarise(cohort: Cohort, criteria: Criteria = PAPER, powers: bool = True) -> Values:
    """Give the values of the comparison of idiopathic with primary MCAS (L289-L292).

    ``subgroups.best.orr``, ``subgroups.best.classes``, ``subgroups.last.persistent_orr`` and ``subgroups.last.classes``
    with ``n`` (patients with idiopathic MCAS), ``denominator`` (patients of both groups), ``difference``, ``low``,
    ``high``, ``interval``, ``p_value``, ``error`` and ``method`` as in `response_by_group`; and the values of
    `detectable`.
    """
    rows = response_by_group(cohort, criteria).set_index("row")
    parts = ("difference", "low", "high", "interval", "p_value", "error", "method")
    values = {}
    for row in (name for visit in CLASSES for name in (RATES[visit], f"{visit}.classes")):
        first, second = (int(rows.at[row, f"{group}_denominator"]) for group in GROUPS)
        known = rows.loc[row, list(parts)].astype(object)
        known = known.where(known.notna(), None).to_dict()
        values[f"subgroups.{row}"] = {"n": first, "denominator": first + second, **known}
    return values | detectable(cohort, criteria, powers)
