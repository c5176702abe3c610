"""Results of the text, printed: each function takes the numbers that it names and gives a frame, one row a line.

Cells are text, but for whole numbers; `display.result_table` lays them out under a heading and with the caveats. Last
stands the comparison of idiopathic with primary MCAS, with the sentences below its tables; pairs are idiopathic first.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.criteria import Criteria
from analysis.statistics.contingency import CELLS_LIMIT, RESAMPLES
from analysis.statistics.power import SIMULATED_WORK, SIMULATIONS
from analysis.subgroups import GROUPS, POWER, is_enumerated, is_exact
from analysis.summaries import Values
from analysis.symptoms import IMPROVED
from analysis.times import MONTHS
from analysis.vocabulary import POPULATION_LABELS, SYMPTOM_GROUP_LABELS, Severity, SymptomGroup
from compendium.reporting import formatting
from compendium.reporting.formatting import MISSING, count_percent, number, p_value, value_range, with_range
from compendium.reporting.methods import INTERVAL_LABELS, mark_text, methods_used

MEDIAN_NOTES: tuple[str, ...] = (  # printed below the medians
    "95% CI of a Kaplan-Meier median: Brookmeyer-Crowley, log(-log) scale; “from”: its upper limit is not reached.",
    "Half: month by which half of all have responded, Aalen-Johansen, stops compete; pointwise log(-log) limits.",
    "Censoring is taken to be independent: that courses which go on would end like those observed for longer. A median "
    "with few at risk hangs on single patients. Loss to follow-up counts as a stop unless the rules censor it.",
    "Best response is the best recorded so far, also in courses that go on; a better one may still come.",
    "Rows by response are biased: who responds must have stayed on therapy until then (immortal time).",
)

SHARE_NOTES: tuple[str, ...] = (  # printed below the shares by month
    "Responses: Aalen-Johansen, stops compete. On therapy: Kaplan-Meier. 95% CI: pointwise, log(-log) scale.",
)

_OUTCOMES = {
    "first_response": "First response", "best_response": "Best response", "therapy.all": "Stop of therapy",
    "therapy.responders": "Stop of therapy, responders", "therapy.pr": "Stop of therapy, PR",
    "therapy.mr": "Stop of therapy, MR", "therapy.cr": "Stop of therapy, CR",
    "therapy.non_responders": "Stop of therapy, no response",
}  # fmt: skip
_KINDS = ("naive", "kaplan_meier", "half")  # of the medians of an outcome
_SHARES = {
    "first_response.incidence": "First response by month",
    "best_response.incidence": "Best response by month",
    "therapy.remaining": "Still on therapy after month",
}


def event_rows(events: pd.DataFrame) -> pd.DataFrame:
    """Print each adverse event of `safety.event_table`: patients (%), by severity, with flares, and stops for it."""
    shares = list(map(count_percent, events["n"], events["denominator"]))
    named = {severity.value.capitalize(): events[severity.value] for severity in Severity}
    names = events["term"].str[:1].str.upper() + events["term"].str[1:]  # COVID-19 keeps its letters
    rows = pd.DataFrame({"Event": names, "Patients (%)": shares} | named)
    return rows.assign(**{"Flare": events["flare"], "Led to stop": events["led_to_stop"]})


def comparison_rows(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Print each outcome of `comparison.compare`: both shares, their difference in points with its interval, and p."""

    def shares(prefix: str) -> list[str]:
        pairs = zip(outcomes[f"{prefix}n"], outcomes[f"{prefix}denominator"], strict=True)
        return [f"{n}/{of} ({formatting.percent(n, of)}%)" for n, of in pairs]

    differences = list(map(with_range, outcomes["difference"], outcomes["low"], outcomes["high"]))
    columns = {"Outcome": outcomes["label"], "This cohort": shares(""), "Earlier cohort": shares("earlier_")}
    columns |= {"Difference, points (95% CI)": differences, "p": outcomes["p_value"].map(p_value)}
    return pd.DataFrame(columns)


def group_rows(groups: pd.DataFrame) -> pd.DataFrame:
    """Print each symptom group of `comparison.improvement_by_group`, that with the largest share improved first."""
    ranked = groups.sort_values("percent", ascending=False, kind="stable")
    columns = {
        "Symptom group": [SYMPTOM_GROUP_LABELS[SymptomGroup(group)] for group in ranked.index],
        "Symptoms of patients": list(map(number, ranked["denominator"])),
        "Improved (%)": list(map(count_percent, ranked["n"], ranked["denominator"])),
    }
    return pd.DataFrame(columns)


def profile_rows(profile: pd.DataFrame) -> pd.DataFrame:
    """Print what became of each symptom of `symptoms.symptom_profile`."""
    counts = {"Patients": "n", "Worse": "worse", "Unchanged": "unchanged"}
    better = zip(profile["better_percent"], profile["better_low"], profile["better_high"], strict=True)
    return pd.DataFrame(
        {
            "Symptom": profile["label"],
            **{head: profile[name] for head, name in counts.items()},
            "Improved": profile[list(IMPROVED)].sum(axis=1),
            "Of these gone": profile["disappeared"],
            "Mean score": profile["mean_score"].map(lambda x: number(x, 2)),
            "Better, % of changed (95% CI)": [with_range(*each, 0) for each in better],
            "Mark": profile["significance"].map(mark_text),
        }
    )


def test_rows(profile: pd.DataFrame, p_max_t: pd.Series) -> pd.DataFrame:
    """Print the tests of each symptom of `symptoms.symptom_profile`, and its p value of `symptoms.together`."""
    tests = {"p": "p_value", "p, Holm": "p_holm", "p, BH": "p_benjamini_hochberg", "p, sign test": "p_sign"}
    p_values = profile.assign(p_max_t=p_max_t)[[*tests.values(), "p_max_t"]].map(p_value)
    p_values.columns = [*tests, "p, patients"]
    labels = {"Symptom": profile["label"], "Changed": profile["n_nonzero"]}
    return pd.DataFrame(labels).join(p_values).assign(Mark=profile["significance"].map(mark_text))


def month_text(entry: Mapping[str, Any] | None) -> str:
    """Print a median of `analysis.times.summarise` with its interval, `MISSING` for no entry or nobody.

    Such as "3 (2–4)", "34 (from 10)" if the upper limit is not reached, "4 (–)" without limits, or "not reached".
    """
    if entry is None or not entry["patients"]:
        return MISSING
    months = "not reached" if entry["months"] is None else number(entry["months"], 1, trim=True)
    if entry["months"] is None and entry["low"] is None:
        return months
    open_ended = entry["low"] is not None and entry["high"] is None
    limits = f"from {number(entry['low'], 1, trim=True)}" if open_ended else value_range(entry["low"], entry["high"])
    return f"{months} ({limits})"


def median_rows(values: Values) -> pd.DataFrame:
    """Print, for each outcome and group of `times.summarise`, the plain median beside those that heed stops."""
    rows, names = [], []
    for name, label in _OUTCOMES.items():
        names.append(" ".join(one for kind in _KINDS if (one := f"times.{name}.{kind}") in values))
        plain = values[f"times.{name}.naive"]
        estimate, half = values[f"times.{name}.kaplan_meier"], values.get(f"times.{name}.half")
        before = label, number(plain["n"]), formatting.median_range(plain)
        rows.append((*before, month_text(estimate), number(estimate["at_risk"]), month_text(half)))
    heads = ["n", "Plain median (range)", "Kaplan-Meier median (95% CI)", "At risk then", "Half by (95% CI)"]
    return pd.DataFrame(rows, names, ["Months to", *heads])


def share_rows(values: Values) -> pd.DataFrame:
    """Print the shares of `times.summarise` by month: patients with a response and on therapy, with their intervals."""
    rows, names = [], [f"times.{name}.{month}" for name in _SHARES for month in MONTHS]
    for name, label in _SHARES.items():
        for month in MONTHS:
            share = {key: None if x is None else 100 * x for key, x in values[f"times.{name}.{month}"].items()}
            rows.append((f"{label} {month}", number(share["estimate"], 1), value_range(share["low"], share["high"], 1)))
    return pd.DataFrame(rows, names, ["Share of patients", "%", "95% CI"])


_FISHER_METHODS = {
    "exact": "exact, from all tables with these sums",
    "monte_carlo": f"Monte Carlo, by {RESAMPLES:,} tables drawn with a fixed seed (SE: standard error)",
    "chi_square": f"Pearson's chi-square test instead for more than {CELLS_LIMIT} cells",
}


def _p_text(p: float, error: float) -> str:
    """Print a p value, with its standard error if tables were drawn for it."""
    return p_value(p) if pd.isna(error) else f"{p_value(p)} (SE {number(error, 4)})"


def _empty(sizes: Mapping[str, int]) -> list[str]:
    absent = [POPULATION_LABELS[group] for group in GROUPS if not sizes[group]]
    return [f"{MISSING}: no comparison, since there is no patient with {' or '.join(absent)}."] if absent else []


def response_rows(responses: pd.DataFrame, visit: str) -> pd.DataFrame:
    """Print `subgroups.response_by_group` at one visit, "best" or "last": the groups, their difference, p if tested."""
    rows = responses[responses["row"].str.startswith(f"{visit}.")]
    together = rows["row"].str.endswith(".classes")
    tested = together | rows["row"].str.endswith("orr")
    cells = {}
    for group in GROUPS:
        shares = zip(rows[f"{group}_n"], rows[f"{group}_denominator"], strict=True)
        cells[POPULATION_LABELS[group]] = ["" if pd.isna(n) else count_percent(n, of) for n, of in shares]
    limits = zip(rows["difference"], rows["low"], rows["high"], together, strict=True)
    cells["Difference, points (95% CI)"] = ["" if last else with_range(*parts) for *parts, last in limits]
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
    """Print `subgroups.symptoms_by_group`: patients, mean scores, probability of more improvement, and p values."""

    def pairs(name: str, text: Any) -> list[str]:
        columns = [symptoms[f"{group}_{name}"].map(text) for group in GROUPS]
        return list(map(" / ".join, zip(*columns, strict=True)))

    effects = zip(symptoms["effect"], symptoms["effect_low"], symptoms["effect_high"], strict=True)
    heads = {"p_value": "p", "p_holm": "p, Holm", "p_benjamini_hochberg": "p, BH", "smallest_p": "Smallest possible p"}
    columns = {
        "Symptom": symptoms["label"],
        "Patients": pairs("n", "{:,}".format),
        "Mean score": pairs("mean_score", lambda score: number(score, 2)),
        "Improved more (95% CI)": [with_range(*effect, 2) for effect in effects],
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
    """Print the power, of `subgroups.summarise`, for each assumed truth but rates outside 0 to 100 %."""
    rows = []
    for name, entry in values.items():
        detectable = name.startswith("subgroups.detectable.")
        if entry.get("power") is None and not detectable:
            continue
        sizes = f"{entry['idiopathic_n']:,} / {entry['primary_n']:,}"
        rows.append((entry["label"], sizes, _assumed(entry, name), _power_text(entry, detectable)))
    return pd.DataFrame(rows, columns=["Outcome", "Patients", "If in truth (idiopathic against primary)", "Power"])


def power_notes(values: Values, criteria: Criteria) -> list[str]:
    """Say how the powers were computed, by the criteria of the tests."""
    entry, symptom = values["subgroups.detectable.best.below"], values["subgroups.power.symptom.2"]
    sizes = {group: entry[f"{group}_n"] for group in GROUPS}
    rates, samples = "Fisher's exact test, from all outcomes", "exact"
    if not is_enumerated(tuple(sizes.values())):
        rates = "z test of two proportions, for large groups a normal approximation to Fisher's exact test"
    if not is_exact(tuple(symptom[f"{group}_n"] for group in GROUPS)):  # with which method each was is not kept
        samples = (
            f"exact up to {SIMULATED_WORK:,} additions each and beyond by the normal approximation corrected for ties"
        )
    compared = "≤" if criteria.p_at_alpha == "significant" else "<"
    return [
        f"Power: probability of p {compared} {criteria.alpha:g}, not adjusted. Response rates: {rates}; "
        f"rows with {number(100 * POWER)}% give the nearest rate with that power. Symptom: Wilcoxon-Mann-Whitney test, "
        f"for the symptom with the most pairs of patients; {SIMULATIONS:,} samples, p values "
        f"{samples}; SE: standard error. The rate and the grades of "
        "primary MCAS are taken as observed.",
        *_empty(sizes),
    ]
