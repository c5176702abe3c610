"""Audit the arithmetic of a claims file: for each printed number, whether it is possible, and if not, why.

Percentages, means and ratios are checked a claim at a time, ranges and sums a group at a time.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import pandas as pd

import compendium.verification.audit.arithmetic as arithmetic
from compendium.verification.audit.claims import OPTIONAL
from compendium.verification.audit.rounding import RULES, count, printed_number, round_like, rounds_to

YES, NO, NOT_CHECKABLE = "yes", "no", "not checkable"
# What a check answers that holds under a rule, but under none before it.
BY_RULE = {"half_up": YES, "half_even": "by half-even only", "truncate": "by truncation"}
VERDICTS = (*BY_RULE.values(), NO, NOT_CHECKABLE)
COLUMNS = (
    *("claim", "kind", "printed", "numerator", "denominator", "possible", "numerators", "numerators_cut"),
    *("denominators", "denominators_cut", "nearest", "finding"),
)

# Summaries of groups that are known of all values together: which of them are the smallest and largest possible.
COMBINED = {"mean": (min, max), "median": (min, max), "minimum": (min, min), "maximum": (max, max)}
SUMMARIES = ("minimum", "maximum", "mean", "median", "sd")
Row = tuple[str, str, str, str]  # a claim, whether it is possible, the nearest possibilities, and the finding


def audit(claims: pd.DataFrame, largest: int = arithmetic.LARGEST) -> pd.DataFrame:
    """Check each printed number, as `claims.read_claims` gives them, and with those that summarise the same values.

    Gives one row per claim, in order, of strings: ``claim``, ``kind``, ``printed``, ``numerator``, ``denominator``;
    ``possible``: yes (rounded half up), by half-even only, by truncation (the digits are cut), no, or not checkable;
    ``numerators`` and ``numerators_cut``: whole numbers of the denominator that print the value rounded or cut;
    ``denominators`` and ``denominators_cut``: denominators up to the largest for which it is possible; and where it is
    not a yes ``nearest``, the possibilities on both sides with what they print, and ``finding``, a sentence to check by
    hand. ValueError if the largest denominator is not a whole number from 1.

    Numbers are held together only where the file says that they belong together: the minimum, maximum, mean, median and
    standard deviation (sd) of one ``group`` (without that column: names that differ in the last part only, which is the
    kind), population and unit; and the parts of one total (``part_of``). Rounded parts may miss their sum by what
    rounding hides.
    """
    count(largest, "largest denominator", 1)
    claims = claims.assign(**{name: "" for name in OPTIONAL if name not in claims})
    table = claims[["kind", "numerator", "denominator"]].assign(printed=claims["value"], possible=NOT_CHECKABLE)
    table = table.assign(**{name: "" for name in COLUMNS[6:]})
    table.loc[claims["kind"].eq("count") & claims["denominator"].ne(""), "possible"] = YES
    shares = claims[claims["kind"].eq("percent")]
    table.update(pd.DataFrame([_share(row, largest) for row in shares.itertuples()], shares.index))
    found = _summaries(claims)
    # What is not checkable weighs less than any answer, and a no the most.
    weight, before = (column.map((NOT_CHECKABLE, *VERDICTS).index) for column in (found["possible"], table["possible"]))
    table.update(found[weight > before[found.index]])
    return table.rename_axis("claim").reset_index()[list(COLUMNS)]


def summary(table: pd.DataFrame) -> str:
    """Sum up an audit in a line, such as ``368 claims: 204 yes, 6 by truncation, 6 no, 152 not checkable``."""
    counts = table["possible"].value_counts()
    return f"{len(table)} claims: " + ", ".join(f"{counts[name]} {name}" for name in VERDICTS if name in counts)


@cache
def _sizes(printed: str, largest: int, numerator: int | None, rule: str) -> list[int]:
    return arithmetic.possible_denominators(printed, largest, numerator, rule)


def _share(row: Any, largest: int) -> dict[str, str]:
    """Check a printed percentage: the columns of `audit` from ``possible`` on, but for those that are empty.

    Denominators are those for which the value is possible with the numerator, or with any where none is printed.
    """
    size, n = (int(text) if text else None for text in (row.denominator, row.numerator))
    numbers = {rule: arithmetic.possible_numerators(row.value, size, rule) for rule in RULES} if size else {}
    fitting = [rule for rule, found in numbers.items() if (found if n is None else n in found)]
    rounded, truncated = (_sizes(row.value, largest, n, rule) for rule in ("half_up", "truncate"))
    found = {"denominators": ", ".join(map(str, rounded)), "denominators_cut": ", ".join(map(str, truncated))}
    if not size:
        return found
    found["possible"] = BY_RULE[fitting[0]] if fitting else NO
    found["numerators"], found["numerators_cut"] = (_as_text(numbers[rule]) for rule in ("half_up", "truncate"))
    if found["possible"] == YES:
        return found
    around = arithmetic.nearest_numerators(row.value, size)
    found["nearest"] = "; ".join(f"{k} of {size}: {text}" for k, text in around)
    if n is None and not fitting:
        near = " and ".join(f"{number} of {size} is {text} %" for number, text in around)
        return found | {"finding": f"No whole number of {size} is {row.value} %: {near}."}
    n = numbers["truncate"][0] if n is None else n
    share, shown = Fraction(100 * n, size), f"{n} of {size}"
    if fitting:
        return found | {"finding": _misread(shown, share, row.value, found["possible"], " %")}
    wrong = f"{shown} is {_digits_of(share, row.value)} %, not {row.value} %{_others(n, size, rounded, truncated)}"
    right = f"; {found['numerators']} of {size} would be" if found["numerators"] else ""
    return found | {"finding": f"{wrong}{right}."}


def _as_text(numbers: range) -> str:
    """Write consecutive numbers as the first to the last."""
    return " to ".join(dict.fromkeys(str(end) for end in (numbers[0], numbers[-1]))) if numbers else ""


def _others(n: int, size: int, rounded: list[int], cut: list[int]) -> str:
    """Name the one or two denominators next to the printed one with which the numerator would fit."""
    near = sorted(sorted(rounded or cut, key=lambda other: abs(other - size))[:2])
    how = "" if rounded else ", cut"
    return f"; {n} of {' or '.join(map(str, near))} would be{how}" if near else ""


def _digits_of(value: Fraction, printed: str) -> str:
    """Print a number, cut, with three decimals more than another one: ``5.4545…`` for 60/11 beside ``5.4``."""
    mark = "," if "," in printed else "."
    more = f"{printed}000" if mark in printed else f"{printed}.000"
    text = round_like(value, more, "truncate")
    return text.rstrip("0").rstrip(mark) if printed_number(text)[0] == value else f"{text}…"


def _misread(shown: str, value: Fraction, printed: str, possible: str, unit: str = "") -> str:
    """Say how the value of what is shown, such as ``3 of 55``, was rounded if by half-even only or by truncation."""
    right = round_like(value, printed)
    how = "cut" if possible == BY_RULE["truncate"] else "with the half rounded to the even digit, or cut"
    return f"{shown} is {_digits_of(value, printed)}{unit}, which is {right} rounded and {printed} {how}."


def _summaries(claims: pd.DataFrame) -> pd.DataFrame:
    """Check means, ratios, ranges and sums of which the file says what belongs together; the gravest answer stays."""
    rows = [*_means(claims), *_ratios(claims)]
    for members in _summarised(claims):
        rows += _range(members) if {"minimum", "maximum"} <= set(members) else []
        rows += _deviation(members) if {"mean", "sd"} <= set(members) else []
    rows += _sums(claims)
    frame = pd.DataFrame(rows, columns=["claim", "possible", "nearest", "finding"])
    gravest_first = frame.sort_values("possible", key=lambda answers: -answers.map(VERDICTS.index), kind="stable")
    return gravest_first.drop_duplicates("claim").set_index("claim")


def _answer(check: Callable[[str], bool]) -> str:
    """Give the answer of the first rule under which a check holds."""
    return next((BY_RULE[rule] for rule in RULES if check(rule)), NO)


def _row(claim: str, possible: str, finding: str, nearest: str = "") -> Row:
    return (claim, possible, "", "") if possible == YES else (claim, possible, nearest, finding)


def _means(claims: pd.DataFrame) -> Iterator[Row]:
    """Check the means whose number of values and fineness are known (GRIM)."""
    for row in claims[claims["kind"].eq("mean") & claims["n"].ne("") & claims["step"].ne("")].itertuples():
        n, printed = int(row.n), row.value
        possible = _answer(lambda rule, row=row, n=n: arithmetic.mean_possible(row.value, n, row.step, rule))
        pairs = [(round_like(total, row.step), text) for total, text in arithmetic.nearest_means(printed, n, row.step)]
        around = " and ".join(f"the sum {total} gives {text}" for total, text in pairs)
        how = "" if possible == NO else ", unless it was not rounded half up"
        finding = f"No {n} values in steps of {row.step} have the mean {printed}: {around}{how}."
        yield _row(row.Index, possible, finding, "; ".join(f"sum {total}: {text}" for total, text in pairs))


def _ratios(claims: pd.DataFrame) -> Iterator[Row]:
    """Check the ratios of two groups whose sizes, or whose size together, are known."""
    ratios = claims[claims["kind"].eq("ratio") & ~claims["value"].str.contains("^[-−]")]
    counted = ratios["numerator"].ne("") & ratios["denominator"].ne("")
    for row in ratios[counted].itertuples():
        groups, ratio = f"{row.numerator} to {row.denominator}", Fraction(int(row.numerator), int(row.denominator))
        possible = _answer(lambda rule, row=row, ratio=ratio: rounds_to(ratio, row.value, rule))
        right = round_like(ratio, row.value)
        finding = f"{groups} is {right}, not {row.value}."
        finding = finding if possible == NO else _misread(groups, ratio, row.value, possible)
        yield _row(row.Index, possible, finding, f"{groups}: {right}")
    for row in ratios[~counted & ratios["n"].ne("")].itertuples():
        total = int(row.n)
        possible = _answer(lambda rule, row=row, n=total: bool(arithmetic.possible_ratios(row.value, n, rule)))
        texts = [(f"{a} to {b}", text) for a, b, text in arithmetic.nearest_ratios(row.value, total)]
        around = " and ".join(f"{groups} is {text}" for groups, text in texts)
        finding = f"No two groups of {total} together have the ratio {row.value}: {around}."
        if possible not in (YES, NO):
            a, b = arithmetic.possible_ratios(row.value, total, ("half_even", "truncate"))[0]
            finding = _misread(f"{a} to {b}", Fraction(a, b), row.value, possible)
        yield _row(row.Index, possible, finding, "; ".join(f"{groups}: {text}" for groups, text in texts))


def _summarised(claims: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Give the claims that summarise the same values, by kind; two of one kind leave unsaid what belongs together."""
    known = claims[claims["kind"].isin(SUMMARIES)]
    names = [name.rpartition(".") for name in known.index]
    default = [stem if last == kind else "" for (stem, _, last), kind in zip(names, known["kind"], strict=True)]
    group = known["group"].where(known["group"].ne(""), pd.Series(default, known.index, dtype=object))
    known = known.assign(group=group)[group.ne("")]
    known = known[~known.duplicated(["group", "population", "unit", "kind"], keep=False)]
    members: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in known.itertuples():
        members.setdefault((row.group, row.population, row.unit), {})[row.kind] = row
    yield from (some for some in members.values() if len(some) > 1)


def _size(members: dict[str, Any]) -> int | None:
    sizes = {row.n for row in members.values()} - {""}
    return int(sizes.pop()) if len(sizes) == 1 else None


def _range(members: dict[str, Any]) -> list[Row]:
    """Hold a minimum and maximum against each other, and the mean and median of the same values against them."""
    low, high, n = members["minimum"], members["maximum"], _size(members)

    def fits(**inner: str) -> str:
        return _answer(lambda rule: arithmetic.range_possible(low.value, high.value, **inner, n=n, rule=rule))

    possible = fits()
    finding = f"The minimum {low.value} and the maximum {high.value} do not fit each other."
    rows = [_row(row.Index, possible, finding) for row in (low, high)]
    if possible != YES:
        return rows
    inner = {kind: members[kind].value for kind in ("median", "mean") if kind in members}
    shown, of = f"the range from {low.value} to {high.value}", f" of {n} values" if n else ""
    for kind, value in inner.items():
        finding = f"The {kind} {value} does not fit {shown}{of}."
        rows.append(_row(members[kind].Index, fits(**{kind: value}), finding))
    if len(inner) == 2 and all(row[1] == YES for row in rows):
        finding = f"The mean {inner['mean']} does not fit the median {inner['median']} and {shown}."
        rows.append(_row(members["mean"].Index, fits(**inner), finding))
    return rows


def _deviation(members: dict[str, Any]) -> list[Row]:
    """Hold a standard deviation against the mean of the same values, and against their bounds."""
    mean, row, n = members["mean"], members["sd"], _size(members)
    step = row.step or mean.step
    if n is None or n < 2 or not step:
        return []
    bounds = {}
    if "minimum" in members and "maximum" in members:
        bounds = {kind: _number(members[kind].value) for kind in ("minimum", "maximum")}
        # Printed bounds are rounded as well, so they bind only where they are as fine as the values.
        bounds = bounds if all((bound / _number(step)).denominator == 1 for bound in bounds.values()) else {}
    possible = _answer(lambda rule: arithmetic.sd_possible(row.value, mean.value, n, step, rule=rule, **bounds))
    text = f"No {n} values in steps of {step} have the mean {mean.value} and the standard deviation {row.value}."
    return [_row(row.Index, possible, text)]


def _sums(claims: pd.DataFrame) -> Iterator[Row]:
    """Hold totals against the parts that the file names: counts and percentages add up, means and ranges combine."""
    members: dict[str, list[Any]] = {}
    for row in claims[claims["part_of"].ne("")].itertuples():
        members.setdefault(row.part_of, []).append(row)
    for whole in claims.loc[list(members)].itertuples():
        rows = [*members[whole.Index], whole]
        counts = [row.value if row.kind == "count" else row.numerator for row in rows]
        percents = all(row.kind == "percent" for row in rows) and len({row.denominator for row in rows}) == 1
        if len({row.kind for row in rows}) == 1 and whole.kind in COMBINED:
            yield _combined(whole, rows[:-1])
        elif percents or all(counts):
            yield _sum(whole.Index, counts if all(counts) else [row.value for row in rows], not all(counts))


def _combined(whole: Any, parts: list[Any]) -> Row:
    """Hold a mean, median or end of a range against those of the groups that together are all values."""
    values, printed = [row.value for row in parts], whole.value
    sizes = [int(row.n) for row in parts if row.n]
    weighed = whole.kind == "mean" and len(sizes) == len(parts)
    possible = _answer(
        lambda rule: arithmetic.combined_possible(whole.kind, values, printed, sizes if weighed else None, rule)
    )
    low, high = COMBINED[whole.kind]
    ends = low(values, key=_number), high(values, key=_number)
    shown = ends[0] if low is high else f"from {ends[0]} to {ends[1]}"
    if weighed:
        mean = sum(n * _number(value) for n, value in zip(sizes, values, strict=True)) / sum(sizes)
        shown = round_like(mean, max(values, key=len))
    groups = " and ".join(f"{row.value}{f' of {row.n}' if row.n else ''}" for row in parts)
    finding = f"The groups with a {whole.kind} of {groups} have together {shown}, not {printed}."
    return _row(whole.Index, possible, finding, f"of the groups: {shown}")


def _number(printed: str) -> Fraction:
    return printed_number(printed)[0]


def _sum(claim: str, values: list[str], rounded: bool) -> Row:
    *parts, total = values
    possible = _answer(lambda rule: arithmetic.parts_add_up(parts, total, rounded, rule))
    shown = round_like(sum(map(_number, parts)), max(values, key=lambda value: printed_number(value)[1]))
    finding = f"The parts {', '.join(parts)} make {shown}, not {total}."
    return _row(claim, possible, finding, f"sum of the parts: {shown}")
