"""A verdict on every printed number: what the rows give beside what the paper prints, and a proof where it is wrong.

A claim that prints another number than computed *differs*, unless it can be proved to contradict others of the paper:
then it *contradicts itself*, and the proof is a minimal set of claims that cannot hold together.
"""

import os
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.summaries import Values
from compendium.verification.audit.arithmetic import nearest_numerators, possible_denominators, possible_numerators
from compendium.verification.audit.rounding import printed_number, round_like, rounds_to
from compendium.verification.identities import READINGS, canonical, consistency, kind_of, population_of, units_of
from compendium.verification.published import Verdict, place, read_answers, read_claims, words

LARGEST = 65  # the largest number of patients that a percentage is tried with: those screened (L157)


def computed_number(claim: Mapping[str, str] | pd.Series, statistic: str, value: dict[str, Any]) -> Fraction | None:
    """Give a computed number, exact, in the unit that the claim prints; None if the value lacks the statistic."""
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


def compare(claim: Mapping[str, str] | pd.Series, statistic: str, value: dict[str, Any]) -> tuple[Verdict, str]:
    """Compare what is printed, a number or a month, with what was computed, and give that with the print's decimals."""
    printed = claim["value"].replace(",", ".")
    if statistic in ("not_before", "not_after"):
        # An end of a period is reproduced if the rows reach it; that they lie within does not prove it.
        limit = str(pd.Period(printed, freq="M"))  # "January 2015" as 2015-01
        first, last = value["minimum"], value["maximum"]
        end, beyond = (first, first < limit) if statistic == "not_before" else (last, last > limit)
        verdict = Verdict.DIFFERS if beyond else Verdict.REPRODUCED if end == limit else Verdict.WITHIN
        return verdict, f"{first} to {last}"
    number = computed_number(claim, statistic, value)
    if number is None:
        return Verdict.DIFFERS, "–"
    shown = round_like(number, printed)
    if rounds_to(number, printed):
        return Verdict.REPRODUCED, shown
    return (Verdict.TRUNCATED if rounds_to(number, printed, "truncate") else Verdict.DIFFERS), shown


def _whole(value: dict[str, Any], part: str) -> str:
    return str(int(value[part])) if part in value else ""


def _other_parts(claim: Mapping[str, str], value: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Give what a claim prints beside its number and is not so in the computed value: printed and computed, by part."""
    statistic = claim["statistic"]
    pairs = {
        "numerator": (claim["numerator"], _whole(value, "denominator" if statistic == "denominator" else "n")),
        "denominator": (claim["denominator"], _whole(value, "denominator")),
        "population": (claim["population"], population_of(claim["answer"])),
        "kind": (claim["kind"], kind_of(canonical(claim["answer"]), statistic)),
    }
    wrong = {part: pair for part, pair in pairs.items() if pair[0] and pair[0] != pair[1]}
    units = units_of(canonical(claim["answer"]), statistic)
    return wrong if claim["unit"] in units else wrong | {"unit": (claim["unit"] or "none", " or ".join(units))}


def verdict_table(published: str | os.PathLike[str], values: Values, without: Iterable[str] = ()) -> pd.DataFrame:
    """Judge every claim and prove every contradiction.

    Parameters
    ----------
    published : str or path
        The folder with ``claims.csv`` and ``answers.csv``.
    values : dict of str to dict
        The computed values, as `published.built_values` collects them.
    without : iterable of str, optional
        Readings of the paper, keys of `identities.READINGS`, that are taken away, to see what then contradicts what.

    Returns
    -------
    DataFrame
        One row per claim, in the order of the paper, indexed by ``claim``: the claim as printed and its ``answer``,
        then ``verdict``; ``computed``, with the decimals of the print; ``n``, ``computed_denominator`` and ``notebook``
        of the computed value; ``apart``, what of the statement is not as computed beside the number; ``reason``, why no
        row can answer; ``contradicts``, the claims that cannot hold together, separated by blanks, of which dropping
        any one makes the others possible; ``readings``, those that the proof needs, separated by semicolons; ``proof``,
        the contradiction in a sentence; ``explanation``, the whole arithmetic; and ``hypothesis``, how it may have come
        about, which is no part of the proof. All cells are strings.

    Raises
    ------
    ClaimsError, AnswerError, ValueError
        If one of the two files cannot be used, or a reading is unknown.
    """
    without = tuple(without)
    if unknown := sorted(set(without) - set(READINGS)):
        raise ValueError(f"reading {unknown[0]!r} is unknown; allowed are {', '.join(READINGS)}")
    claims = read_claims(Path(published) / "claims.csv")
    answered = claims.join(read_answers(Path(published) / "answers.csv", claims, values))
    found = pd.DataFrame([judged(claim, values) for claim in answered.to_dict("records")], index=claims.index)
    _prove(answered, found, without)
    return claims.join(answered["answer"]).join(found.assign(verdict=found["verdict"].astype(str)))


_TEXTS = (
    *("computed", "n", "computed_denominator", "notebook", "apart", "reason"),
    *("contradicts", "readings", "proof", "explanation", "hypothesis"),
)


def judged(claim: Mapping[str, str], values: Values) -> dict[str, str]:
    """Compare a claim, given with its answer, with the computed value: number, counts, unit and population."""
    row = {"verdict": Verdict.NOT_COMPUTABLE} | dict.fromkeys(_TEXTS, "")
    if claim["answer"]:
        value = values[claim["answer"]]
        row["verdict"], row["computed"] = compare(claim, claim["statistic"], value)
        row |= {"n": _whole(value, "n"), "computed_denominator": _whole(value, "denominator")}
        row["notebook"] = value["notebook"]
        if wrong := _other_parts(claim, value):
            row["verdict"] = Verdict.DIFFERS
            # A count is its own numerator, which is not said again.
            apart = [(part, *pair) for part, pair in wrong.items() if pair[0] != claim["value"]]
            row["apart"] = "; ".join(f"{part} {one}, computed {other or 'none'}" for part, one, other in apart)
    elif not claim["reason"]:
        row["verdict"] = Verdict.DIFFERS
    return row | {"reason": claim["reason"]}


def _prove(claims: pd.DataFrame, found: pd.DataFrame, without: Iterable[str]) -> None:
    """Enter the proof of every claim that differs, where it can be proved that it contradicts others."""
    model = consistency(claims, without)
    bound = found.loc[model.claims, "verdict"]
    # What the rows show to be possible together.
    held = bound.index[bound.isin([Verdict.REPRODUCED, Verdict.TRUNCATED])].tolist()
    # Rows prove no end of a period that they lie within, nor a date that they do not bear: each is held against the
    # others as well.
    unproved = bound.index[bound.isin([Verdict.WITHIN, Verdict.NOT_COMPUTABLE])].tolist()
    for name in [*bound.index[bound == Verdict.DIFFERS], *unproved]:
        nearest = _nearest_first(claims, name, held)
        grounds = [nearest, *([*nearest, other] for other in unproved if other != name)]
        minimal = next((one for ground in grounds if (one := model.minimal_set(name, ground)) is not None), None)
        if minimal is not None:
            members = [one for one in minimal if one in claims.index]
            proven = [Verdict.CONTRADICTS, " ".join(members), "; ".join(minimal[len(members) :])]
            proven += _explained(claims, found.loc[name], members, model.limits(name, minimal))
            found.loc[name, ["verdict", *_TEXTS[-5:]]] = proven
    for name in found.index[found["verdict"] == Verdict.TRUNCATED]:
        found.loc[name, "explanation"] = _cut(claims.loc[name], found.loc[name])


def _nearest_first(claims: pd.DataFrame, name: str, others: list[str]) -> list[str]:
    """Order claims by how near they stand: of the same section, those that give the size of a group, then the rest."""
    at = {claim: position for position, claim in enumerate(claims.index)}
    sizes = claims["answer"].map(canonical).where(claims["statistic"].isin(["n", "denominator"]), "")
    rank = 2 - sizes.str.startswith("patients.diagnosis").astype(int) - 2 * (sizes == "patients.included.screened")
    far = claims["section"] != claims.at[name, "section"]
    return sorted(others, key=lambda one: (far[one], rank[one], abs(at[one] - at[name])))


def _explained(
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
    others = [f"{words(place(claims.loc[name]))} ({claims.at[name, 'value']})" for name in members[1:]]
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


def _cut(claim: pd.Series, verdict: pd.Series) -> str:
    """Write the arithmetic of a number whose digits were cut."""
    n, of, computed = verdict["n"], verdict["computed_denominator"], verdict["computed"]
    if not of:
        return f"Rounded half up it is {computed}, cut {claim['value']}."
    unit, word = (100, "of") if claim["kind"] == "percent" else (1, "to")
    share = f"{unit * int(n) / int(of):.{printed_number(claim['value'])[1] + 2}f}"
    return f"{n} {word} {of} is {share}: rounded half up {computed}, cut {claim['value']}."


def counts(table: pd.DataFrame) -> pd.DataFrame:
    """Count the claims with each verdict: ``verdict``, in the order of `Verdict`, and ``claims``."""
    found = table["verdict"].value_counts().reindex([verdict.value for verdict in Verdict], fill_value=0)
    return found.rename_axis("verdict").rename("claims").reset_index()


def contradictions(table: pd.DataFrame) -> pd.DataFrame:
    """List what contradicts itself, short enough for a review report.

    ``place``, ``statement``, ``printed``, ``computed``, ``cannot hold with`` (the places of the other statements of the
    minimal set), ``proof`` in a sentence, ``arithmetic``, ``readings`` that it needs and ``hypothesis``.
    """
    wrong = table[table["verdict"] == Verdict.CONTRADICTS].rename(columns={"explanation": "arithmetic"})
    places = table.apply(place, axis="columns")
    others = ["; ".join(places[names.split()[1:]]) or "itself" for names in wrong["contradicts"]]
    shown = wrong.assign(**{"place": places, "printed": wrong["value"], "cannot hold with": others})
    columns = ["place", "statement", "printed", "computed", "cannot hold with", "proof", "arithmetic", "readings"]
    return shown[[*columns, "hypothesis"]].reset_index(drop=True)


def defects(table: pd.DataFrame) -> list[str]:
    """Say what differs from the rows although nothing printed contradicts it: defects of the computation.

    For each where it stands, what is printed and what was computed, or that it has no answer.
    """
    return [
        f"{name} ({place(claim)}): printed {claim['value']}, "
        + (f"computed {claim['computed']} from {claim['answer']}" if claim["answer"] else "no answer is named")
        + (f" ({claim['apart']})" if claim["apart"] else "")
        for name, claim in table[table["verdict"] == Verdict.DIFFERS].iterrows()
    ]


def unused_values(answers: pd.DataFrame, values: Values) -> list[str]:
    """Name the computed values that no claim asks for, by the ``answer`` of each, in alphabetical order."""
    return sorted(set(values) - set(answers["answer"]))
