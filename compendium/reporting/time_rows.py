"""Times with censoring, printed: the rows of their tables and the notes below them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.times import MONTHS
from compendium.reporting.formatting import MISSING, median_range, number, value_range

__all__ = ["MEDIAN_NOTES", "SHARE_NOTES", "median_rows", "month_text", "share_rows"]

Values = Mapping[str, Mapping[str, Any]]

MEDIAN_NOTES: tuple[str, ...] = (
    "95% CI of a Kaplan-Meier median: Brookmeyer-Crowley, log(-log) scale; “from”: its upper limit is not reached.",
    "Half: month by which half of all have responded, Aalen-Johansen, stops compete; pointwise log(-log) limits.",
    "Censoring is taken to be independent: that courses which go on would end like those observed for longer. A median "
    "with few at risk hangs on single patients. Loss to follow-up counts as a stop unless the rules censor it.",
    "Best response is the best recorded so far, also in courses that go on; a better one may still come.",
    "Rows by response are biased: who responds must have stayed on therapy until then (immortal time).",
)
"""Printed below the medians."""

SHARE_NOTES: tuple[str, ...] = (
    "Responses: Aalen-Johansen, stops compete. On therapy: Kaplan-Meier. 95% CI: pointwise, log(-log) scale.",
)
"""Printed below the shares by month."""

_OUTCOMES = {
    "first_response": "First response",
    "best_response": "Best response",
    "therapy.all": "Stop of therapy",
    "therapy.responders": "Stop of therapy, responders",
    "therapy.pr": "Stop of therapy, PR",
    "therapy.mr": "Stop of therapy, MR",
    "therapy.cr": "Stop of therapy, CR",
    "therapy.non_responders": "Stop of therapy, no response",
}
_SHARES = {
    "first_response.incidence": "First response by month",
    "best_response.incidence": "Best response by month",
    "therapy.remaining": "Still on therapy after month",
}


def month_text(entry: Mapping[str, Any] | None) -> str:
    """Print a median of times with its interval.

    Parameters
    ----------
    entry : mapping or None
        With ``patients``, ``months``, ``low`` and ``high``, as `analysis.times.summarise` gives it.

    Returns
    -------
    str
        Such as "3 (2–4)", "34 (from 10)" if the upper limit is not reached, "4 (–)" without limits, or "not reached";
        `formatting.MISSING` for no entry or nobody.
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
    """Print the plain medians beside those that heed stops and censoring.

    Parameters
    ----------
    values : mapping of str to mapping
        As `analysis.times.summarise` gives them.

    Returns
    -------
    DataFrame of str
        One row per outcome and group: patients of the plain median, it with its range, the Kaplan-Meier median with its
        interval and the patients still at risk just before it, and the month by which half have responded.
    """
    rows = []
    for name, label in _OUTCOMES.items():
        plain = values[f"times.{name}.naive"]
        estimate, half = values[f"times.{name}.kaplan_meier"], values.get(f"times.{name}.half")
        left = MISSING if estimate["at_risk"] is None else number(estimate["at_risk"])
        rows.append((label, number(plain["n"]), median_range(plain), month_text(estimate), left, month_text(half)))
    heads = ["n", "Plain median (range)", "Kaplan-Meier median (95% CI)", "At risk then", "Half by (95% CI)"]
    return pd.DataFrame(rows, columns=["Months to", *heads])


def share_rows(values: Values) -> pd.DataFrame:
    """Print the shares of the patients with a response and on therapy after some months.

    Parameters
    ----------
    values : mapping of str to mapping
        As `analysis.times.summarise` gives them.

    Returns
    -------
    DataFrame of str
        One row per outcome and month: percentage and its interval.
    """
    rows = []
    for name, label in _SHARES.items():
        for month in MONTHS:
            share = {key: None if x is None else 100 * x for key, x in values[f"times.{name}.{month}"].items()}
            rows.append((f"{label} {month}", number(share["estimate"], 1), value_range(share["low"], share["high"], 1)))
    return pd.DataFrame(rows, columns=["Share of patients", "%", "95% CI"])
