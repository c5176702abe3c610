"""How the options of the criteria and their values are called, and what they do to the results, printed."""

from pathlib import Path
from typing import Any

import pandas as pd

from analysis.criteria import Criteria
from analysis.schema import symptom_list
from analysis.sensitivity import OUTCOMES, RESPONSE_OPTIONS, variance_shares
from compendium.reporting.formatting import MISSING, number
from compendium.reporting.methods import ADJUSTMENT_LABELS

# One row per value of an option, or per option whose values are numbers, which stand in the braces of its text.
_TABLE = pd.read_csv(Path(__file__).with_name("options.csv"), dtype=str, keep_default_na=False)
OPTION_LABELS: dict[str, str] = dict(zip(_TABLE["option"], _TABLE["heading"], strict=True))  # as they are shown
_TEXTS = {(row.option, row.value): row.text for row in _TABLE.itertuples()}


def value_label(option: str, value: Any) -> str:
    """Call a value, or the text of it, of an option, a field of `Criteria`: "rules out a response" or "20 %"."""
    known = (option, str(value))
    return _TEXTS[known] if known in _TEXTS else _TEXTS[option, ""].format(float(value))


# The results in short, but for symptoms.
_HEADS: dict[str, str] = {
    "best.orr": "ORR", "best.cr": "CR", "best.mr": "MR", "best.pr": "PR", "best.nr": "no response",
    "last.persistent_orr": "persistent ORR", "last.loss_of_response": "loss of response",
    "last.intolerance": "intolerance", "sustained": "sustained",
    "first_response_months": "median month of first response", "therapy_months": "median months on therapy",
    "ige_increased": "IgE increased",
}  # fmt: skip


def _trimmed(value: float) -> str:
    return number(value, 1, trim=True)


def _arrow(before: Any, after: Any) -> str:
    return f"{_trimmed(before)}\u00a0→\u00a0{_trimmed(after)}"


def _symptoms(first: pd.Series, row: pd.Series) -> str:
    """Say how many marks changed, and which symptoms are significant under one rule only."""
    if not row["marks_changed"]:
        return MISSING
    labels = symptom_list()["label"]
    count, was, now = row["marks_changed"], first["significant"], row["significant"]
    changed = "1 mark changes" if count == 1 else f"{count} marks change"
    parts = [f"{changed}, {number(now) if was == now else _arrow(was, now)} significant"]
    parts += [f"{way}: {', '.join(labels[row[way].split(', ')])}" for way in ("lost", "gained") if row[way]]
    return "; ".join(parts)


def _possible(ranges: pd.DataFrame, first: pd.Series) -> str:
    """Say how far numbers of patients can move, where they can."""
    moving = ranges[ranges[["low", "high"]].ne(ranges["outcome"].map(first), axis=0).any(axis=1)]
    rows = moving[["outcome", "low", "high"]].itertuples(index=False)
    return ", ".join(f"{_HEADS[name]} {a if a == b else f'{a} to {b}'}" for name, a, b in rows) or MISSING


def change_rows(changes: pd.DataFrame, ranges: pd.DataFrame | None = None) -> pd.DataFrame:
    """Print each change of `sensitivity.one_at_a_time`: what is changed, the results and symptoms that move.

    ``ranges`` of numbers of patients in any cohort that fits: ``option``, ``value``, ``outcome``, ``low``, ``high``.
    """
    first, rows = changes.iloc[0], []
    for _, row in changes.iloc[1:].iterrows():
        moves = {name: head for name, head in _HEADS.items() if row[name] != first[name]}
        moved = [f"{head} {_arrow(first[name], row[name])}" for name, head in moves.items()]
        printed = {"Rule": OPTION_LABELS[row["option"]], "Changed to": value_label(row["option"], row["value"])}
        printed["Results that move"] = ", ".join(moved) or MISSING
        if ranges is not None:
            same = (ranges[["option", "value"]] == row[["option", "value"]]).all(axis=1)
            printed["In any cohort that fits"] = _possible(ranges[same], first)
        rows.append(printed | {"Symptoms": _symptoms(first, row)})
    return pd.DataFrame(rows)


def change_notes(criteria: Criteria, ranged: bool = False) -> list[str]:
    """Say below `change_rows` what they count, the criteria being those that are changed; `ranged` if with ranges."""
    level = "below" if criteria.p_at_alpha == "ns" else "up to"
    judged = f"{ADJUSTMENT_LABELS[criteria.adjustment]}, {level} {criteria.alpha:g}"
    test = value_label("test", criteria.test)
    ranges = (
        "In any cohort that fits: the smallest and largest number of patients that other grades and months allow with "
        "everything printed kept; others cannot move."
    )
    return [
        "Numbers of patients unless a result says otherwise; arrows lead from the rules of the other tables to the "
        "changed one.",
        f"{test[0].upper()}{test[1:]}, p values {judged} unless the rule is about that.",
        *[ranges] * ranged,
    ]


def variance_rows(grid: pd.DataFrame) -> pd.DataFrame:
    """Print each rule's share, in percent, of the variance of each number of responders of `response_grid`."""
    columns = {}
    for name, head in _HEADS.items():
        if name in grid and grid[name].nunique() > 1:
            shares = variance_shares(grid, name).values()
            columns[head.capitalize() if head.islower() else head] = [number(100 * share) for share in shares]
    return pd.DataFrame({"Rule": [OPTION_LABELS[name] for name in RESPONSE_OPTIONS]} | columns)


def moving_rows(most: pd.DataFrame) -> pd.DataFrame:
    """Print which single rule moves each result most, as `sensitivity.most_moving` gives it."""
    rows = []
    for row in most.itertuples():
        rule = f"{OPTION_LABELS[row.option]}: {value_label(row.option, row.value)}" if row.option else "none moves it"
        after = _trimmed(row.after) if row.option else MISSING
        span = f"{_trimmed(row.lowest)} to {_trimmed(row.highest)}"
        rows.append((OUTCOMES[row.Index], _trimmed(row.before), rule, after, span))
    return pd.DataFrame(rows, columns=["Result", "These rules", "Moved most by", "to", "All single changes"])
