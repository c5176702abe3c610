"""A verdict on every printed number: what the rows give beside what the paper prints, and a proof where it is wrong.

A claim that prints another number than computed *differs*, unless it can be proved to contradict others of the paper:
then it *contradicts itself*, and the proof is the smallest set of claims that cannot hold together.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.verification.audit.arithmetic import nearest_numerators, possible_denominators
from compendium.verification.audit.rounding import printed_number, round_like, rounds_to
from compendium.verification.identities import consistency
from compendium.verification.published import Values, place, read_answers, read_claims

ROUNDED_OR_CUT = ("half_up", "truncate")
"""A percentage is taken to be possible if rounding half up or cutting digits gives it."""

LARGEST = 65
"""The largest number of patients that a percentage is tried with: those screened (L157)."""


class Verdict(StrEnum):
    """What became of a printed number, in the order of the report."""

    REPRODUCED = "reproduced"
    TRUNCATED = "reproduced by truncation"
    CONTRADICTS = "contradicts itself"
    NOT_COMPUTABLE = "not computable from patient rows"
    DIFFERS = "differs"


class DifferenceError(ValueError):
    """A claim that the rows of the reconstructed cohort should reproduce and do not."""


def computed_number(claim: Mapping[str, str] | pd.Series, statistic: str, value: dict[str, Any]) -> Fraction | None:
    """Give a computed number in the unit that the claim prints: exact, a percentage or ratio from its counts.

    None if the value lacks the statistic, as an empty group does.
    """
    if statistic in ("percent", "ratio"):
        if not value.get("denominator"):
            return None
        return Fraction((100 if statistic == "percent" else 1) * int(value["n"]), int(value["denominator"]))
    number = value.get(statistic)
    if number is None or isinstance(number, str):
        return None
    exact = Fraction(repr(float(number)))
    # Times are kept in months; a few places of the paper print them in years.
    return exact / 12 if claim["unit"] == "years" and value.get("statistic") == "duration_range" else exact


def compare(claim: pd.Series, statistic: str, value: dict[str, Any]) -> tuple[Verdict, str]:
    """Compare a printed number with the computed one, and give that with the decimals of the print.

    The statistics ``not_before`` and ``not_after`` compare months of the calendar.
    """
    if statistic in ("not_before", "not_after"):
        return _within_period(claim["value"], statistic, value)
    number = computed_number(claim, statistic, value)
    if number is None:
        return Verdict.DIFFERS, "–"
    printed = claim["value"].replace(",", ".")
    shown = round_like(number, printed)
    if statistic == "percent" and claim["numerator"] not in ("", str(int(value["n"]))):
        return Verdict.DIFFERS, shown
    if rounds_to(number, printed):
        return Verdict.REPRODUCED, shown
    return (Verdict.TRUNCATED if rounds_to(number, printed, "truncate") else Verdict.DIFFERS), shown


def _within_period(printed: str, statistic: str, value: dict[str, Any]) -> tuple[Verdict, str]:
    """Call a period reproduced if no patient lies outside of it."""
    limit = str(pd.Period(printed, freq="M"))  # "January 2015" as 2015-01
    first, last = value["minimum"], value["maximum"]
    inside = first >= limit if statistic == "not_before" else last <= limit
    return (Verdict.REPRODUCED if inside else Verdict.DIFFERS), f"{first} to {last}"


def verdict_table(published: str | os.PathLike[str], values: Values) -> pd.DataFrame:
    """Judge every claim and prove every contradiction.

    Parameters
    ----------
    published : str or path
        The folder with ``claims.csv`` and ``answers.csv``.
    values : dict of str to dict
        The computed values, as `published.built_values` collects them.

    Returns
    -------
    DataFrame
        One row per claim, in the order of the paper, indexed by ``claim``: the claim as printed and its ``answer``,
        then ``verdict``; ``computed``, with the decimals of the print; ``n``, ``computed_denominator`` and ``notebook``
        of the computed value; ``reason``, why no row can answer; ``contradicts``, the claims that cannot hold together,
        separated by blanks, of which dropping any one makes the others possible; ``explanation``, the arithmetic; and
        ``hypothesis``, how it may have come about, which is no part of the proof. All cells are strings.

    Raises
    ------
    ClaimsError, AnswerError
        If one of the two files cannot be used.
    """
    claims = read_claims(Path(published) / "claims.csv")
    answers = read_answers(Path(published) / "answers.csv", claims, values)
    answered = claims.join(answers)
    found = pd.DataFrame([_judged(claim, values) for _, claim in answered.iterrows()], index=claims.index)
    _prove(answered, found)
    return claims.join(answers["answer"]).join(found.assign(verdict=found["verdict"].astype(str)))


def _judged(claim: pd.Series, values: Values) -> dict[str, str]:
    """Compare a claim with its answer."""
    row = {"verdict": Verdict.NOT_COMPUTABLE} | dict.fromkeys(
        ("computed", "n", "computed_denominator", "notebook", "reason", "contradicts", "explanation", "hypothesis"), ""
    )
    if claim["answer"]:
        value = values[claim["answer"]]
        row["verdict"], row["computed"] = compare(claim, claim["statistic"], value)
        row["n"], row["computed_denominator"] = (
            str(int(value[part])) if part in value else "" for part in ("n", "denominator")
        )
        row["notebook"] = value["notebook"]
    elif not claim["reason"]:
        row["verdict"] = Verdict.DIFFERS
    return row | {"reason": claim["reason"]}


def _prove(claims: pd.DataFrame, found: pd.DataFrame) -> None:
    """Enter the proof of every claim that differs, where it can be proved that it contradicts others."""
    model = consistency(claims)
    held = found.index[found["verdict"].isin([Verdict.REPRODUCED, Verdict.TRUNCATED])]
    background = [claim for claim in model.claims if claim in held]
    for name in found.index[found["verdict"] == Verdict.DIFFERS]:
        minimal = model.minimal_set(name, background) if name in model.claims else None
        if minimal is not None:
            texts = _explained(claims.loc[name], found.loc[name])
            proof = [Verdict.CONTRADICTS, " ".join(minimal), *texts]
            found.loc[name, ["verdict", "contradicts", "explanation", "hypothesis"]] = proof
    truncated = found.index[found["verdict"] == Verdict.TRUNCATED]
    found.loc[truncated, "explanation"] = [_cut(claims.loc[name], found.loc[name]) for name in truncated]


def _explained(claim: pd.Series, verdict: pd.Series) -> tuple[str, str]:
    """Write the arithmetic of a contradiction, and how it may have come about where the arithmetic points to it."""
    printed = claim["value"]
    # Of how many patients a percentage must be: as it prints itself, or else as the rows give it.
    known = claim["denominator"] if claim["denominator_printed"] == "yes" else ""
    known = known or verdict["computed_denominator"]
    if claim["kind"] != "percent" or not known:
        return f"Printed is {printed}; the other statements of the set leave only {verdict['computed']}.", ""
    size, counted = int(known), int(claim["numerator"]) if claim["numerator"] else None
    nearest = nearest_numerators(printed, size)
    around = " and ".join(f"{number} of {size} is {shown} %" for number, shown in nearest)
    sizes = possible_denominators(printed, LARGEST, counted, ROUNDED_OR_CUT)
    found = ", ".join(str(one) for one in sizes) or "none"
    if counted is None:
        first, of = f"No whole number of {size} patients is {printed} %: {around}.", "a whole number of"
    else:
        exact = f"{100 * counted / size:.3f}"
        first = f"{counted} of {size} is {exact} %, which is not {printed} %, rounded or cut. Near it lie {around}."
        of = str(counted)
    explanation = f"{first} Sizes up to {LARGEST} of which {printed} % is {of} patients, rounded or cut: {found}."
    if size + 1 in sizes:
        return (
            explanation,
            f"The percentage is one of {size + 1} patients: an earlier version may have counted one more.",
        )
    fitting = [number for number, shown in nearest if shown == printed and counted == size]
    if fitting:
        return explanation, f"The count repeats the number evaluated; the percentage belongs to {fitting[0]} of {size}."
    return explanation, ""


def _cut(claim: pd.Series, verdict: pd.Series) -> str:
    """Write the arithmetic of a number whose digits were cut."""
    decimals = printed_number(claim["value"])[1]
    if verdict["computed_denominator"]:
        n, of = verdict["n"], verdict["computed_denominator"]
        unit, word = (100, "of") if claim["kind"] == "percent" else (1, "to")
        share = f"{n} {word} {of} is {unit * int(n) / int(of):.{decimals + 2}f}"
        return f"{share}: rounded half up {verdict['computed']}, cut {claim['value']}."
    return f"Rounded half up it is {verdict['computed']}, cut {claim['value']}."


def counts(table: pd.DataFrame) -> pd.DataFrame:
    """Count the claims with each verdict.

    Parameters
    ----------
    table : DataFrame
        As `verdict_table` gives it.

    Returns
    -------
    DataFrame
        ``verdict``, in the order of `Verdict`, and ``claims``.
    """
    found = table["verdict"].value_counts().reindex([verdict.value for verdict in Verdict], fill_value=0)
    return found.rename_axis("verdict").rename("claims").reset_index()


def contradictions(table: pd.DataFrame) -> pd.DataFrame:
    """List what contradicts itself, short enough for a review report.

    Parameters
    ----------
    table : DataFrame
        As `verdict_table` gives it.

    Returns
    -------
    DataFrame
        ``place``, ``statement``, ``printed``, ``computed``, ``cannot hold with`` (the places of the other statements of
        the minimal set), ``arithmetic`` and ``hypothesis``.
    """
    wrong = table[table["verdict"] == Verdict.CONTRADICTS]
    places = pd.Series({name: place(claim) for name, claim in table.iterrows()})
    others = ["; ".join(places[names.split()[1:]]) or "itself" for names in wrong["contradicts"]]
    shown = wrong.assign(**{"place": places, "printed": wrong["value"], "cannot hold with": others})
    shown = shown.rename(columns={"explanation": "arithmetic"})
    columns = ["place", "statement", "printed", "computed", "cannot hold with", "arithmetic", "hypothesis"]
    return shown[columns].reset_index(drop=True)


def require_agreement(table: pd.DataFrame) -> None:
    """Stop if a claim differs from what the rows give although nothing printed contradicts it.

    Parameters
    ----------
    table : DataFrame
        As `verdict_table` gives it.

    Raises
    ------
    DifferenceError
        Names every such claim, where it stands, what is printed and what was computed, or that it has no answer.
    """
    wrong = table[table["verdict"] == Verdict.DIFFERS]
    if len(wrong):
        lines = [
            f"{name} ({place(claim)}): printed {claim['value']}, "
            + (f"computed {claim['computed']} from {claim['answer']}" if claim["answer"] else "no answer is named")
            for name, claim in wrong.iterrows()
        ]
        raise DifferenceError("\n".join(lines))


def unused_values(answers: pd.DataFrame, values: Values) -> list[str]:
    """Name the computed values that no claim asks for.

    Parameters
    ----------
    answers : DataFrame
        As `verdict_table` or `read_answers` gives them.
    values : dict of str to dict
        The computed values.

    Returns
    -------
    list of str
        In alphabetical order.
    """
    return sorted(set(values) - set(answers["answer"]))
