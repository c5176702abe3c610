"""Checks of the means, ratios, ranges and sums of a claims file, a claim or a group of claims at a time."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pandas as pd

from compendium.verification.arithmetic import (
    mean_possible,
    nearest_means,
    nearest_ratios,
    parts_add_up,
    possible_ratios,
    range_possible,
    rounds_to,
    sd_possible,
)
from compendium.verification.findings import misread
from compendium.verification.rounding import RULES, printed_number, round_like
from compendium.verification.share_audit import BY_RULE, NO, YES

SUMMARIES = ("minimum", "maximum", "mean", "median", "sd")

Rows = list[tuple[str, str, str, str]]


def _answer(check: Callable[[str], bool]) -> str:
    """Give the answer of the first rule under which a check holds."""
    return next((BY_RULE[rule] for rule in RULES if check(rule)), NO)


def _table(rows: Rows) -> pd.DataFrame:
    """Put the answers of one check into a table; of two for one claim the first that is not a yes stays."""
    frame = pd.DataFrame(rows, columns=["claim", "possible", "nearest", "finding"])
    frame = frame.iloc[frame["possible"].eq(YES).to_numpy().argsort(kind="stable")]
    return frame.drop_duplicates("claim").set_index("claim")


def audit_samples(claims: pd.DataFrame) -> pd.DataFrame:
    """Check the means whose number of values and fineness are known (GRIM).

    Parameters
    ----------
    claims : DataFrame
        With ``kind``, ``value``, ``n`` and ``step``, strings.

    Returns
    -------
    DataFrame
        ``possible``, ``nearest`` and ``finding`` of the claims that could be checked.
    """
    known = claims[claims["kind"].eq("mean") & claims["n"].ne("") & claims["step"].ne("")]
    rows = []
    for row in known.itertuples():
        n, printed = int(row.n), row.value
        possible = _answer(lambda rule, row=row, n=n: mean_possible(row.value, n, row.step, rule))
        near, finding = "", ""
        if possible != YES:
            pairs = [(round_like(total, row.step), text) for total, text in nearest_means(printed, n, row.step)]
            near = "; ".join(f"sum {total}: {text}" for total, text in pairs)
            around = " and ".join(f"the sum {total} gives {text}" for total, text in pairs)
            how = "" if possible == NO else ", unless it was not rounded half up"
            finding = f"No {n} values in steps of {row.step} have the mean {printed}: {around}{how}."
        rows.append((row.Index, possible, near, finding))
    return _table(rows)


def _two_counts(row: Any) -> tuple[str, str, str]:
    a, b = int(row.numerator), int(row.denominator)
    ratio = Fraction(a, b)
    possible = _answer(lambda rule: rounds_to(ratio, row.value, rule))
    right = f"{a} to {b} is {round_like(ratio, row.value)}, not {row.value}."
    explained = right if possible == NO else misread(f"{a} to {b}", ratio, row.value, possible)
    return possible, "" if possible == YES else f"{a} to {b}: {round_like(ratio, row.value)}", explained


def _divided(row: Any) -> tuple[str, str, str]:
    total = int(row.n)
    possible = _answer(lambda rule: bool(possible_ratios(row.value, total, rule)))
    if possible == YES:
        return possible, "", ""
    near = nearest_ratios(row.value, total)
    texts = [(f"{a} to {b}", text) for a, b, text in near]
    around = " and ".join(f"{groups} is {text}" for groups, text in texts)
    finding = f"No two groups of {total} together have the ratio {row.value}: {around}."
    if possible != NO:
        a, b = possible_ratios(row.value, total, ("half_even", "truncate"))[0]
        finding = misread(f"{a} to {b}", Fraction(a, b), row.value, possible)
    return possible, "; ".join(f"{groups}: {text}" for groups, text in texts), finding


def audit_ratios(claims: pd.DataFrame) -> pd.DataFrame:
    """Check ratios of two groups whose sizes, or whose size together, are known.

    Parameters
    ----------
    claims : DataFrame
        With ``kind``, ``value``, ``numerator``, ``denominator`` and ``n``, strings.

    Returns
    -------
    DataFrame
        ``possible``, ``nearest`` and ``finding`` of the claims that could be checked.
    """
    ratios = claims[claims["kind"].eq("ratio") & ~claims["value"].str.contains("^[-−]")]
    counted = ratios["numerator"].ne("") & ratios["denominator"].ne("")
    rows: Rows = []
    for row in ratios[counted].itertuples():
        possible, near, finding = _two_counts(row)
        rows.append((row.Index, possible, near, "" if possible == YES else finding))
    rows += [(row.Index, *_divided(row)) for row in ratios[~counted & ratios["n"].ne("")].itertuples()]
    return _table(rows)


def _summarised(claims: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Give the claims that summarise the same values, by kind; two of one kind leave unsaid what belongs together."""
    known = claims[claims["kind"].isin(SUMMARIES)]
    names = [name.rpartition(".") for name in known.index]
    default = [stem if last == kind else "" for (stem, _, last), kind in zip(names, known["kind"], strict=True)]
    group = known["group"].where(known["group"].ne(""), pd.Series(default, known.index, dtype=object))
    known = known.assign(group=group)[group.ne("")]
    known = known[~known.duplicated(["group", "population", "unit", "kind"], keep=False)]
    key = known.groupby(["group", "population", "unit"], sort=False).ngroup()
    many = known[key.duplicated(keep=False)]
    members: dict[int, dict[str, Any]] = {}
    for place, row in zip(key[many.index], many.itertuples(), strict=True):
        members.setdefault(place, {})[row.kind] = row
    yield from members.values()


def _size(members: dict[str, Any]) -> int | None:
    sizes = {row.n for row in members.values()} - {""}
    return int(sizes.pop()) if len(sizes) == 1 else None


def _range_rows(members: dict[str, Any]) -> Rows:
    low, high, n = members["minimum"], members["maximum"], _size(members)
    ends = (low.value, high.value)
    shown = f"the range from {low.value} to {high.value}"
    possible = _answer(lambda rule: range_possible(*ends, n=n, rule=rule))
    finding = "" if possible == YES else f"The minimum {low.value} and the maximum {high.value} do not fit each other."
    rows: Rows = [(row.Index, possible, "", finding) for row in (low, high)]
    inner = {kind: members[kind] for kind in ("median", "mean") if kind in members}
    if possible != YES:
        return rows
    of = f" of {n} values" if n else ""
    for kind, row in inner.items():
        answer = _answer(lambda rule, one={kind: row.value}: range_possible(*ends, **one, n=n, rule=rule))
        text = "" if answer == YES else f"The {kind} {row.value} does not fit {shown}{of}."
        rows.append((row.Index, answer, "", text))
    if len(inner) == 2 and all(row[1] == YES for row in rows):
        values = {kind: row.value for kind, row in inner.items()}
        answer = _answer(lambda rule: range_possible(*ends, **values, n=n, rule=rule))
        text = f"The mean {values['mean']} does not fit the median {values['median']} and {shown}{of}."
        rows += [(inner["mean"].Index, answer, "", text)] if answer != YES else []
    return rows


def _sd_rows(members: dict[str, Any]) -> Rows:
    mean, row, n = members["mean"], members["sd"], _size(members)
    step = row.step or mean.step
    if n is None or n < 2 or not step:
        return []
    bounds = {}
    if "minimum" in members and "maximum" in members:
        bounds = {kind: printed_number(members[kind].value)[0] for kind in ("minimum", "maximum")}
        # Printed bounds are rounded as well, so they bind only where they are as fine as the values.
        bounds = bounds if all((bound / printed_number(step)[0]).denominator == 1 for bound in bounds.values()) else {}
    possible = _answer(lambda rule: sd_possible(row.value, mean.value, n, step, rule=rule, **bounds))
    text = f"No {n} values in steps of {step} have the mean {mean.value} and the standard deviation {row.value}."
    return [(row.Index, possible, "", "" if possible == YES else text)]


def audit_ranges(claims: pd.DataFrame) -> pd.DataFrame:
    """Hold minimum, maximum, mean, median and standard deviation of the same values against each other.

    Parameters
    ----------
    claims : DataFrame
        With ``kind``, ``value``, ``group``, ``population``, ``unit``, ``n`` and ``step``, strings, indexed by name.

    Returns
    -------
    DataFrame
        ``possible``, ``nearest`` and ``finding`` of the claims that could be checked.
    """
    rows: Rows = []
    for members in _summarised(claims):
        rows += _range_rows(members) if {"minimum", "maximum"} <= set(members) else []
        rows += _sd_rows(members) if {"mean", "sd"} <= set(members) else []
    return _table(rows)


def _part_row(whole: Any, parts: list[Any]) -> Rows:
    rows = [*parts, whole]
    counts = [row.value if row.kind == "count" else row.numerator for row in rows]
    percents = all(row.kind == "percent" for row in rows) and len({row.denominator for row in rows}) == 1
    if not (percents or all(counts)):
        return []
    values = counts if all(counts) else [row.value for row in rows]
    possible = _answer(lambda rule: parts_add_up(values[:-1], values[-1], not all(counts), rule))
    total = sum(printed_number(value)[0] for value in values[:-1])
    shown = round_like(total, max(values, key=lambda value: printed_number(value)[1]))
    near = "" if possible == YES else f"sum of the parts: {shown}"
    text = f"The parts {', '.join(values[:-1])} make {shown}, not {values[-1]}."
    return [(whole.Index, possible, near, "" if possible == YES else text)]


def audit_parts(claims: pd.DataFrame) -> pd.DataFrame:
    """Hold totals against the sum of the parts that the file names.

    Parameters
    ----------
    claims : DataFrame
        With ``kind``, ``value``, ``numerator``, ``denominator`` and ``part_of``, strings, indexed by name.

    Returns
    -------
    DataFrame
        ``possible``, ``nearest`` and ``finding`` of the totals that could be checked.
    """
    members: dict[str, list[Any]] = {}
    for row in claims[claims["part_of"].ne("")].itertuples():
        members.setdefault(row.part_of, []).append(row)
    totals = claims.loc[list(members)].itertuples()
    return _table([row for whole in totals for row in _part_row(whole, members[whole.Index])])
