"""Results of the text, printed: each function takes the numbers that it names and gives a frame, one row a line.

Cells are text, but for whole numbers; `display.result_table` lays them out under a heading and with the caveats.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.summaries import Values
from analysis.symptoms import IMPROVED
from analysis.times import MONTHS
from analysis.vocabulary import SYMPTOM_GROUP_LABELS, Severity, SymptomGroup
from compendium.reporting.formatting import MISSING, count_percent, median_range, number, p_value, percent, value_range
from compendium.reporting.methods import mark_text

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
        return [f"{n}/{of} ({percent(n, of)}%)" for n, of in pairs]

    limits = zip(outcomes["difference"], outcomes["low"], outcomes["high"], strict=True)
    differences = [f"{number(points, 1)} ({value_range(*ends)})" for points, *ends in limits]
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
            "Better, % of changed (95% CI)": [
                MISSING if pd.isna(p) else f"{number(p)} ({value_range(low, high, 0)})" for p, low, high in better
            ],
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
        left = number(estimate["at_risk"])
        rows.append((label, number(plain["n"]), median_range(plain), month_text(estimate), left, month_text(half)))
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
