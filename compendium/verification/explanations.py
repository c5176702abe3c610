"""What is wrong with a number, in words, and what explains several at once: another size, and how the paper rounds."""

from fractions import Fraction
from typing import NamedTuple

import pandas as pd

from compendium.verification.audit.arithmetic import nearest_numerators, possible_denominators, possible_numerators
from compendium.verification.audit.rounding import printed_number, round_like, rounds_to
from compendium.verification.published import Verdict, place

LARGEST = 65  # the largest number of patients that a percentage is tried with: those screened (L157)


class CommonSize(NamedTuple):
    """A number of patients that repairs several statements."""

    size: int
    instead_of: int  # the number that it replaces
    repaired: tuple[str, ...]  # the statements that are then as printed, rounded
    shares: tuple[str, ...]  # how each of them is
    spoiled: int  # reproduced percentages of the other number that would then be wrong
    percentages: int  # all reproduced percentages of the other number
    origin: str  # how the size may be made from other printed counts, if it may


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
    if row["kind"] == "count":
        return int(row["n"]) if row["n"] else None
    size = int(row["computed_denominator"]) if row["computed_denominator"] else None
    return size + int(row["n"]) if size and row["kind"] == "ratio" else size


def common_size(table: pd.DataFrame) -> CommonSize | None:
    """Search a table of verdicts for one number of patients that repairs the most statements at once.

    Of the statements that contradict themselves or are cut, and are of the same number of patients, those that another
    number up to 65 repairs; the number that repairs the most, the nearest of equals. None if no number repairs two that
    contradict themselves. It is a hypothesis.
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
            contradictory = (members.loc[list(repaired), "verdict"] == Verdict.CONTRADICTS).sum()
            if contradictory > 1 and (best is None or weight > best[:2]):
                cost, origin = _cost(table, size, instead_of), _origin(table, size, instead_of)
                best = (*weight, CommonSize(size, instead_of, tuple(repaired), tuple(repaired.values()), *cost, origin))
    return best[2] if best else None


def _place(claim: pd.Series) -> str:
    text = place(claim)
    return text[0].upper() + text[1:]


def _cost(table: pd.DataFrame, size: int, instead_of: int) -> tuple[int, int]:
    """Count the reproduced percentages of one size that are wrong of another, and all of them."""
    right = table[(table["kind"] == "percent") & (table["verdict"] == Verdict.REPRODUCED)]
    right = right[right["computed_denominator"] == str(instead_of)]
    wrong = [not rounds_to(Fraction(100 * int(row.n), size), row.value) for row in right.itertuples()]
    return sum(wrong), len(right)


def _origin(table: pd.DataFrame, size: int, instead_of: int) -> str:
    """Say of which two printed counts a size is the difference, and whether the rest to the other size is printed."""
    counts = table[(table["kind"] == "count") & (table["population"] == "screened") & (table["unit"] == "patients")]
    values = {name: int(row["value"]) for name, row in counts.iterrows()}
    for whole, larger in values.items():
        for part, smaller in values.items():
            if larger - smaller == size:
                text = f"{larger} − {smaller} = {size} ({_place(table.loc[whole])}; {_place(table.loc[part])})"
                more = size - instead_of
                rest = [name for name, value in values.items() if value == more and name != part]
                return text + (f", the {more} of {_place(table.loc[rest[0]])} still counted" if rest else "")
    return ""


def rounding_habit(table: pd.DataFrame) -> RoundingHabit:
    """Count the reproduced percentages of which rounding half up and cutting print other digits, by what was done."""
    percents = table[(table["kind"] == "percent") & (table["computed_denominator"] != "")]
    rounded = percents[(percents["verdict"] == Verdict.REPRODUCED) & (percents["computed_denominator"] != "0")]
    shares = [Fraction(100 * int(row.n), int(row.computed_denominator)) for row in rounded.itertuples()]
    told = [not rounds_to(*one, "truncate") for one in zip(shares, rounded["value"], strict=True)]
    return RoundingHabit(sum(told), int((percents["verdict"] == Verdict.TRUNCATED).sum()))


def explained(
    claims: pd.DataFrame, verdict: pd.Series, members: list[str], limits: tuple[Fraction, Fraction]
) -> tuple[str, str, str]:
    """Write a proof in a sentence, its arithmetic, and how it may have come about where that points to it."""
    claim = claims.loc[members[0]]
    printed = claim["value"]
    # Of how many patients a percentage must be: as it prints itself, or else as the rows give it.
    known = claim["denominator"] if claim["denominator_printed"] == "yes" else ""
    known = known or verdict["computed_denominator"]
    if claim["kind"] != "percent" or not known:
        return _limited(claims, members, limits)
    size, counted = int(known), int(claim["numerator"]) if claim["numerator"] else None
    nearest = nearest_numerators(printed, size)
    around = " and ".join(f"{number} of {size} is {shown} %" for number, shown in nearest)
    # A percentage is taken to be possible if rounding half up or cutting digits gives it.
    sizes = possible_denominators(printed, LARGEST, counted, ("half_up", "truncate"))
    if counted is None:
        n, of = int(verdict["n"]), "a whole number of"
        first = f"No whole number of {size} patients is {printed} %: {around}."
    else:
        n, of, exact = counted, str(counted), f"{100 * counted / size:.3f}"
        first = f"{counted} of {size} is {exact} %, which is not {printed} %, rounded or cut. Near it lie {around}."
    found = ", ".join(map(str, sizes)) or "none"
    explanation = f"{first} Sizes up to {LARGEST} of which {printed} % is {of} patients, rounded or cut: {found}."
    share = round_like(Fraction(100 * n, size), printed)
    if n in possible_numerators(printed, size + 1):
        proof = f"{printed} % is {n} of {size + 1}; {n} of {size} is {share} %."
        hypothesis = f"The percentage is one of {size + 1} patients: an earlier version may have counted one more."
        return proof, explanation, hypothesis
    if fitting := [number for number, shown in nearest if shown == printed and counted == size]:
        proof = f"{printed} % of {size} is {fitting[0]} patients; printed are {counted} of {size}, which is {share} %."
        hypothesis = f"The count repeats the number evaluated; the percentage belongs to {fitting[0]} of {size}."
        return proof, explanation, hypothesis
    return f"No number of {size} patients is {printed} %: {around}.", explanation, ""


def _limited(claims: pd.DataFrame, members: list[str], limits: tuple[Fraction, Fraction]) -> tuple[str, str, str]:
    """Say what the other members of a contradiction leave to a number, and which they are."""
    claim = claims.loc[members[0]]
    others = [f"{_place(claims.loc[name])} ({claims.at[name, 'value']})" for name in members[1:]]
    if claim["kind"] == "date":
        proof = f"{others[0]} and this statement speak of one period." if others else "The month cannot be right."
        return proof, f"Printed is {claim['value']}; it cannot stand beside {' and '.join(others) or 'itself'}.", ""
    low, high = (f"{float(end):g}" for end in limits)
    value = printed_number(claim["value"])[0]
    left = f"only {low}" if low == high else f"at most {high}" if value > limits[1] else f"at least {low}"
    unit = f" {claim['unit']}" if claim["unit"] not in ("", "percent") else ""
    unit = unit.removesuffix("s") if low == high == "1" else unit
    grounds = " and ".join(others) or "The definitions"
    proof = f"{grounds} leave{'s' * (len(others) == 1)} {left}{unit}; printed is {claim['value']}."
    return proof, f"What the other statements leave goes from {low} to {high}; printed is {claim['value']}{unit}.", ""


def cut(claim: pd.Series, verdict: pd.Series) -> str:
    """Write the arithmetic of a number whose digits were cut."""
    n, of, computed = verdict["n"], verdict["computed_denominator"], verdict["computed"]
    if not of:
        return f"Rounded half up it is {computed}, cut {claim['value']}."
    unit, word = (100, "of") if claim["kind"] == "percent" else (1, "to")
    share = f"{unit * int(n) / int(of):.{printed_number(claim['value'])[1] + 2}f}"
    return f"{n} {word} {of} is {share}: rounded half up {computed}, cut {claim['value']}."
