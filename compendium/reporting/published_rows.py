"""The comparison with the published cohort, printed: its two tables and the sentences below them.

The numbers are those of `compendium.verification.published_rates`: ``rates`` of `compared_rates`, ``values`` of
`compared_values`.
"""

import pandas as pd

from compendium.reporting.formatting import MISSING, count_percent, number

_ABSENT, _NOBODY = "not available", f"{MISSING} (N = 0)"


def _place(places: pd.Series) -> pd.Series:
    """Shorten the place of a cell: the column of all patients is understood."""
    short = places.str.replace(r", (N = 55|All patients)$", "", regex=True)
    return short.str[:1].str.upper() + short.str[1:]


def _share(n: int, denominator: int) -> str:
    """Print "33/40 (82.5)", "0/40", or that nobody is in the group."""
    if pd.isna(n):
        return _ABSENT
    if not denominator:
        return _NOBODY
    _, *percent = count_percent(n, denominator).split(" ")
    return " ".join([f"{n:,}/{denominator:,}", *percent])


def difference_text(points: float, low: float, high: float) -> str:
    """Print a difference in points with its interval, "−3.5 (−9.1 to 2.0)", or `MISSING`."""
    return MISSING if pd.isna(points) else f"{number(points, 1)} ({number(low, 1)} to {number(high, 1)})"


def rate_rows(rates: pd.DataFrame) -> pd.DataFrame:
    """Print the rates of both cohorts, the differences in points, the places in the paper and what else it prints."""
    columns = {
        "section": rates["section"],
        "Rate": rates["label"],
        "Own cohort, n/N (%)": list(map(_share, rates["own_n"], rates["own_denominator"])),
        "Paper, n/N (%)": list(map(_share, rates["published_n"], rates["published_denominator"])),
        "Difference, points (95% CI)": list(map(difference_text, rates["difference"], rates["low"], rates["high"])),
        "In the paper": _place(rates["place"]),
        "Printed otherwise": rates["note"].str.removeprefix("as printed: ").str.replace(", N = 55", ""),
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def rate_notes(rates: pd.DataFrame) -> list[str]:
    """Say what the differences are and are not, below the table and the figure."""
    compared = int(rates["difference"].notna().sum())
    beyond = int(((rates["low"] > 0) | (rates["high"] < 0)).sum())
    return [
        "Difference: own cohort minus paper, with the exact unconditional interval (Buehler's method, outcomes ordered "
        "by Newcombe's hybrid score limits). It holds the true difference in at least 95% of samples, whatever the "
        "rates.",
        f"Not adjusted: of all {compared:,} intervals in the table {beyond:,} leave out 0. Some would by chance alone, "
        "and many rates overlap or add up. The cohorts are not randomised: a difference may be one of case mix, of "
        "recording or of time.",
    ]


def row_notes(rates: pd.DataFrame) -> list[str]:
    """Explain the rows of the table of rates."""
    notes = [
        "Adverse events are compared by their term: one that stands in no row counts as nobody's. Printed otherwise: "
        "statements of the paper that do not agree with the rate taken from it."
    ]
    if rates["own_n"].isna().any():
        notes.append(f"{_ABSENT}: the cohort gives no such number.")
    if (rates["own_denominator"] == 0).any():
        notes.append(f"{_NOBODY}: the cohort has nobody in this group.")
    return notes


def value_rows(values: pd.DataFrame) -> pd.DataFrame:
    """Print the medians, means and ranges of both cohorts, with their units and the places in the paper."""
    sides = {"Own cohort": "own", "Paper": "published"}
    columns = {
        **{"section": values["section"], "Number": values["label"], "Unit": values["unit"]},
        **{head: [number(value, 1, trim=True) for value in values[side]] for head, side in sides.items()},
        "In the paper": _place(values["place"]),
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def value_notes(values: pd.DataFrame) -> list[str]:
    """Say why these numbers have no interval."""
    notes = ["No interval: the paper prints no values of single patients, from which one could be computed."]
    return notes + [f"{MISSING}: the cohort has no values."] * bool(values["own"].isna().any())
