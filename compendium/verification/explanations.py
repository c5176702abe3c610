"""What explains several findings at once: one other number of patients, and how the paper rounds."""

from fractions import Fraction
from typing import NamedTuple

import pandas as pd

from compendium.verification.audit.rounding import rounds_to
from compendium.verification.published import place
from compendium.verification.verdicts import LARGEST, Verdict


class CommonSize(NamedTuple):
    """A number of patients that repairs several statements.

    `size` is the number in place of `instead_of`; `repaired` names the statements that are then as printed, rounded,
    and `shares` says how each is; `origin` says how the size may be made from other printed counts, if it may.
    """

    size: int
    instead_of: int
    repaired: tuple[str, ...]
    shares: tuple[str, ...]
    origin: str


class RoundingHabit(NamedTuple):
    """How many percentages show that they were rounded half up, and how many that their digits were cut."""

    rounded: int
    cut: int


def _share(row: pd.Series, size: int) -> tuple[Fraction, str] | None:
    """Give a statement's number if it were one of another size, and in words; None if it depends on no size."""
    n = int(row["n"] or 0)
    if row["kind"] == "count" and row["computed"].isdigit() and row["n"] == row["computed"]:
        return Fraction(size), f"{size} patients"
    if row["kind"] == "percent" and row["computed_denominator"] and n <= size:
        return Fraction(100 * n, size), f"{n} of {size}"
    if row["kind"] == "ratio" and row["computed_denominator"] and n < size:
        return Fraction(n, size - n), f"{n} to {size - n}"
    return None


def _size(row: pd.Series) -> int | None:
    """Give the number of patients that a statement's computed number is of."""
    if row["kind"] == "count":
        return int(row["n"]) if row["n"] else None
    size = int(row["computed_denominator"]) if row["computed_denominator"] else None
    return size + int(row["n"]) if size and row["kind"] == "ratio" else size


def common_size(table: pd.DataFrame) -> CommonSize | None:
    """Search for one number of patients that repairs the most statements at once.

    Parameters
    ----------
    table : DataFrame
        As `verdicts.verdict_table` gives it.

    Returns
    -------
    CommonSize or None
        Of the statements that contradict themselves or are cut, and are of the same number of patients, those that
        another number up to 65 repairs; the number that repairs the most, the nearest of equals. None if no number
        repairs two. It is a hypothesis.
    """
    wrong = table[table["verdict"].isin([Verdict.CONTRADICTS, Verdict.TRUNCATED])]
    sizes = {name: _size(row) for name, row in wrong.iterrows()}
    best: tuple[int, int, CommonSize] | None = None
    for instead_of in sorted({size for size in sizes.values() if size}):
        members = wrong.loc[[name for name in wrong.index if sizes[name] == instead_of]]
        for size in set(range(1, LARGEST + 1)) - {instead_of}:
            given = {name: _share(row, size) for name, row in members.iterrows()}
            repaired = {
                name: one[1] for name, one in given.items() if one and rounds_to(one[0], members.at[name, "value"])
            }
            weight = (len(repaired), -abs(size - instead_of))
            if len(repaired) > 1 and (best is None or weight > best[:2]):
                origin = _origin(table, size, instead_of)
                best = (*weight, CommonSize(size, instead_of, tuple(repaired), tuple(repaired.values()), origin))
    return best[2] if best else None


def _origin(table: pd.DataFrame, size: int, instead_of: int) -> str:
    """Say of which two printed counts a size is the difference, and whether the rest to the other size is printed."""
    counts = table[(table["kind"] == "count") & (table["population"] == "screened") & (table["unit"] == "patients")]
    values = {name: int(row["value"]) for name, row in counts.iterrows()}
    for whole, larger in values.items():
        for part, smaller in values.items():
            if larger - smaller == size:
                text = f"{larger} − {smaller} = {size} ({place(table.loc[whole])}; {place(table.loc[part])})"
                more = size - instead_of
                rest = [name for name, value in values.items() if value == more and name != part]
                return text + (f", the {more} of {place(table.loc[rest[0]])} still counted" if rest else "")
    return ""


def rounding_habit(table: pd.DataFrame) -> RoundingHabit:
    """Count the reproduced percentages of which rounding half up and cutting print other digits, by what was done."""
    percents = table[(table["kind"] == "percent") & (table["computed_denominator"] != "")]
    rounded = percents[(percents["verdict"] == Verdict.REPRODUCED) & (percents["computed_denominator"] != "0")]
    shares = [Fraction(100 * int(row.n), int(row.computed_denominator)) for row in rounded.itertuples()]
    told = [not rounds_to(*one, "truncate") for one in zip(shares, rounded["value"], strict=True)]
    return RoundingHabit(sum(told), int((percents["verdict"] == Verdict.TRUNCATED).sum()))
