"""The comparison of idiopathic with primary MCAS, printed: the rows of its tables and the sentences below them.

The numbers are those of `analysis.subgroups`: ``responses`` of `response_by_group`, ``symptoms`` of
`symptoms_by_group`, and ``values`` of `summarise`. Pairs of numbers are idiopathic first.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.criteria import Criteria
from analysis.statistics.contingency import CELLS_LIMIT, RESAMPLES
from analysis.statistics.power import SIMULATED_WORK, SIMULATIONS
from analysis.subgroups import GROUPS, POWER, is_enumerated, is_exact
from analysis.summaries import Values
from analysis.vocabulary import POPULATION_LABELS
from compendium.reporting.formatting import MISSING, count_percent, number, p_value, value_range
from compendium.reporting.methods import INTERVAL_LABELS, methods_used

_FISHER_METHODS = {
    "exact": "exact, from all tables with these sums",
    "monte_carlo": f"Monte Carlo, by {RESAMPLES:,} tables drawn with a fixed seed (SE: standard error)",
    "chi_square": f"Pearson's chi-square test instead for more than {CELLS_LIMIT} cells",
}


def _estimate(value: float, low: float, high: float, digits: int) -> str:
    text = number(value, digits)
    return text if text == MISSING else f"{text} ({value_range(low, high, digits)})"


def _p_text(p: float, error: float) -> str:
    """Print a p value, with its standard error if tables were drawn for it."""
    return p_value(p) if pd.isna(error) else f"{p_value(p)} (SE {number(error, 4)})"


def _empty(sizes: Mapping[str, int]) -> list[str]:
    absent = [POPULATION_LABELS[group] for group in GROUPS if not sizes[group]]
    return [f"{MISSING}: no comparison, since there is no patient with {' or '.join(absent)}."] if absent else []


def response_rows(responses: pd.DataFrame, visit: str) -> pd.DataFrame:
    """Print the responses at one visit, "best" or "last": of each group, their difference, and p where tested."""
    rows = responses[responses["row"].str.startswith(f"{visit}.")]
    together = rows["row"].str.endswith(".classes")
    tested = together | rows["row"].str.endswith("orr")
    cells = {}
    for group in GROUPS:
        shares = zip(rows[f"{group}_n"], rows[f"{group}_denominator"], strict=True)
        cells[POPULATION_LABELS[group]] = ["" if pd.isna(n) else count_percent(n, of) for n, of in shares]
    limits = zip(rows["difference"], rows["low"], rows["high"], together, strict=True)
    cells["Difference, points (95% CI)"] = ["" if last else _estimate(*parts, 1) for *parts, last in limits]
    tests = zip(rows["p_value"], rows["error"], tested, strict=True)
    cells["p"] = [_p_text(p, error) if shown else "" for p, error, shown in tests]
    return pd.DataFrame({"Response": rows["label"].tolist()} | cells)


def response_notes(responses: pd.DataFrame) -> list[str]:
    """Name the tests of the responses, their method and size."""
    sizes = {group: int(responses[f"{group}_denominator"].iloc[0]) for group in GROUPS}
    counts = " and ".join(f"{n:,}" for n in sizes.values())
    methods = methods_used(responses["method"], _FISHER_METHODS) or "not possible here"
    interval = methods_used(responses["interval"], INTERVAL_LABELS) or "interval"
    return [
        f"Difference: idiopathic minus primary, with its {interval}. p: Fisher's exact test, two-sided, n = {counts}, "
        f"and of all classes together Freeman and Halton's extension of it; {methods}. Not adjusted for the number of "
        "tests. The interval holds whatever the sums, the test is conditional on them, so that interval and p need not "
        "agree.",
        *_empty(sizes),
    ]


def symptom_rows(symptoms: pd.DataFrame) -> pd.DataFrame:
    """Print each symptom: patients, mean scores, the probability of more improvement, and p as it is and adjusted."""

    def pairs(name: str, text: Any) -> list[str]:
        columns = [symptoms[f"{group}_{name}"].map(text) for group in GROUPS]
        return list(map(" / ".join, zip(*columns, strict=True)))

    effects = zip(symptoms["effect"], symptoms["effect_low"], symptoms["effect_high"], strict=True)
    heads = {"p_value": "p", "p_holm": "p, Holm", "p_benjamini_hochberg": "p, BH", "smallest_p": "Smallest possible p"}
    columns = {
        "Symptom": symptoms["label"],
        "Patients": pairs("n", "{:,}".format),
        "Mean score": pairs("mean_score", lambda score: number(score, 2)),
        "Improved more (95% CI)": [_estimate(*effect, 2) for effect in effects],
    }
    columns |= {head: symptoms[name].map(p_value) for name, head in heads.items()}
    return pd.DataFrame(columns).reset_index(drop=True)


def symptom_notes(symptoms: pd.DataFrame) -> list[str]:
    """Name the test of the symptoms, its method and the size of the family."""
    tested = int(symptoms["p_value"].notna().sum())
    methods = methods_used(symptoms["method"]) or "not possible here"
    notes = [
        "Patients and mean score: idiopathic / primary. Improved more: probability that a patient with idiopathic MCAS "
        "improved more than one with primary MCAS, the same counting half, with Newcombe's interval (method 5).",
        f"p: two-sided Wilcoxon-Mann-Whitney test, {methods}; Holm, BH (Benjamini and Hochberg): adjusted for {tested} "
        "tests, those of all symptoms tested in this comparison. Smallest possible p: the smallest p that any division "
        "of these grades between the groups could have, not adjusted.",
    ]
    return notes + [f"{MISSING}: not tested, since a group has no patient with the symptom."] * (tested < len(symptoms))


def _assumed(entry: Mapping[str, Any], name: str) -> str:
    if entry["odds_ratio"] is not None:
        return f"odds of a better grade {number(entry['odds_ratio'], 1, trim=True)} times as high"
    if entry["idiopathic_percent"] is None:
        return f"any rate {name.rpartition('.')[2]} that of primary MCAS"
    return f"{number(entry['idiopathic_percent'], 1)}% against {number(entry['primary_percent'], 1)}%"


def _power_text(entry: Mapping[str, Any], detectable: bool) -> str:
    if entry["power"] is None:
        return f"below {number(100 * POWER)}%" if detectable and entry["idiopathic_n"] * entry["primary_n"] else MISSING
    text = f"{number(100 * entry['power'], 0 if detectable else 1)}%"
    return text if entry["error"] is None else f"{text} (SE {number(100 * entry['error'], 1)})"


def power_rows(values: Values) -> pd.DataFrame:
    """Print the power of groups of these sizes for each assumed truth but rates outside 0 to 100 %."""
    rows = []
    for name, entry in values.items():
        detectable = name.startswith("subgroups.detectable.")
        if entry.get("power") is None and not detectable:
            continue
        sizes = f"{entry['idiopathic_n']:,} / {entry['primary_n']:,}"
        rows.append((entry["label"], sizes, _assumed(entry, name), _power_text(entry, detectable)))
    return pd.DataFrame(rows, columns=["Outcome", "Patients", "If in truth (idiopathic against primary)", "Power"])


def _rate_method(sizes: Mapping[str, int]) -> str:
    if is_enumerated(tuple(sizes.values())):
        return "Fisher's exact test, from all outcomes"
    return "z test of two proportions, for large groups a normal approximation to Fisher's exact test"


def _sample_method(entry: Mapping[str, Any]) -> str:
    """Say how the p values of the samples are computed; with which method each was is not kept."""
    if is_exact(tuple(entry[f"{group}_n"] for group in GROUPS)):
        return "exact"
    return f"exact up to {SIMULATED_WORK:,} additions each and beyond by the normal approximation corrected for ties"


def power_notes(values: Values, criteria: Criteria) -> list[str]:
    """Say how the powers were computed, by the criteria of the tests."""
    entry = values["subgroups.detectable.best.below"]
    sizes = {group: entry[f"{group}_n"] for group in GROUPS}
    compared = "≤" if criteria.p_at_alpha == "significant" else "<"
    return [
        f"Power: probability of p {compared} {criteria.alpha:g}, not adjusted. Response rates: {_rate_method(sizes)}; "
        f"rows with {number(100 * POWER)}% give the nearest rate with that power. Symptom: Wilcoxon-Mann-Whitney test, "
        f"for the symptom with the most pairs of patients; {SIMULATIONS:,} samples, p values "
        f"{_sample_method(values['subgroups.power.symptom.2'])}; SE: standard error. The rate and the grades of "
        "primary MCAS are taken as observed.",
        *_empty(sizes),
    ]
