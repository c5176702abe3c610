"""A proof for every printed number that cannot be right, short enough to check by hand."""

import pandas as pd

from compendium.verification.arithmetic import nearest_numerators, possible_denominators
from compendium.verification.consistency import Consistency
from compendium.verification.published import printed_number
from compendium.verification.verdicts import Verdict

RULES = ("half_up", "truncate")
"""A percentage is taken to be possible if rounding half up or cutting digits gives it."""

COLUMNS = ("contradicts", "explanation", "hypothesis")


def prove(claims: pd.DataFrame, answers: pd.DataFrame, verdicts: pd.DataFrame, largest: int = 65) -> pd.DataFrame:
    """Prove of every claim that differs, where it can be proved, that it contradicts others.

    Parameters
    ----------
    claims, answers : DataFrame
        What is printed, and which computed value answers it; both indexed by claim.
    verdicts : DataFrame
        As `compendium.verification.verdicts.judge` gives them.
    largest : int, default 65
        The largest number of patients that a percentage is tried with.

    Returns
    -------
    DataFrame
        The verdicts, in which a proven claim *contradicts itself*, with ``contradicts`` (the claims that cannot hold
        together, separated by blanks; dropping any one makes the others possible), ``explanation`` (the arithmetic) and
        ``hypothesis`` (how it may have come about, which is no part of the proof).
    """
    model = Consistency(claims.join(answers[["answer", "statistic"]]))
    held = verdicts.index[verdicts["verdict"].isin([Verdict.REPRODUCED, Verdict.TRUNCATED])]
    background = [claim for claim in model.claims if claim in held]
    proven = verdicts.assign(**dict.fromkeys(COLUMNS, ""))
    for name in verdicts.index[verdicts["verdict"] == Verdict.DIFFERS]:
        minimal = model.minimal_set(name, background) if name in model.claims else None
        if minimal is None:
            continue
        claim, size = claims.loc[name], _size(claims.loc[name], verdicts.at[name, "denominator"])
        proven.loc[name, ["verdict", "contradicts", "explanation", "hypothesis"]] = [
            Verdict.CONTRADICTS,
            " ".join(minimal),
            explain(claim, size, verdicts.at[name, "computed"], largest),
            suspect(claim, size, largest),
        ]
    truncated = verdicts.index[verdicts["verdict"] == Verdict.TRUNCATED]
    proven.loc[truncated, "explanation"] = [_cut(claims.loc[name], verdicts.loc[name]) for name in truncated]
    return proven


def _size(claim: pd.Series, computed: str) -> int | None:
    """Of how many patients a percentage must be: as it prints itself, or else as the rows give it."""
    printed = claim["denominator"] if claim["denominator_printed"] == "yes" else ""
    return int(printed or computed) if claim["kind"] == "percent" and (printed or computed) else None


def explain(claim: pd.Series, size: int | None, computed: str, largest: int) -> str:
    """Write the arithmetic of a contradiction.

    Parameters
    ----------
    claim : Series
        The claim: ``kind``, ``value`` and ``numerator`` as printed.
    size : int or None
        Of how many patients a percentage must be.
    computed : str
        What the rows give.
    largest : int
        The largest number of patients to try.

    Returns
    -------
    str
        One to three sentences.
    """
    printed = claim["value"]
    if size is None:
        return f"Printed is {printed}; the other statements of the set leave only {computed}."
    counted = int(claim["numerator"]) if claim["numerator"] else None
    nearest = nearest_numerators(printed, size)
    around = " and ".join(f"{number} of {size} is {shown} %" for number, shown in nearest)
    sizes = possible_denominators(printed, largest, counted, RULES)
    found = ", ".join(str(one) for one in sizes) or "none"
    if counted is None:
        first, of = f"No whole number of {size} patients is {printed} %: {around}.", "a whole number of"
    else:
        exact = f"{100 * counted / size:.3f}"
        first = f"{counted} of {size} is {exact} %, which is not {printed} %, rounded or cut. Near it lie {around}."
        of = str(counted)
    return f"{first} Sizes up to {largest} of which {printed} % is {of} patients, rounded or cut: {found}."


def suspect(claim: pd.Series, size: int | None, largest: int) -> str:
    """Say how a contradiction may have come about, where its arithmetic points to it.

    Parameters
    ----------
    claim : Series
        The claim.
    size : int or None
        Of how many patients a percentage must be.
    largest : int
        The largest number of patients to try.

    Returns
    -------
    str
        One sentence, or nothing.
    """
    if size is None or claim["kind"] != "percent":
        return ""
    counted = int(claim["numerator"]) if claim["numerator"] else None
    sizes = possible_denominators(claim["value"], largest, counted, RULES)
    if size + 1 in sizes:
        return f"The percentage is one of {size + 1} patients: an earlier version may have counted one more."
    if counted is not None and counted == size:
        fitting = [number for number, shown in nearest_numerators(claim["value"], size) if shown == claim["value"]]
        if fitting:
            return f"The count repeats the number evaluated; the percentage belongs to {fitting[0]} of {size}."
    return ""


def _cut(claim: pd.Series, verdict: pd.Series) -> str:
    """Write the arithmetic of a number whose digits were cut."""
    decimals = printed_number(claim["value"])[1]
    if verdict["denominator"]:
        share = int(verdict["n"]) / int(verdict["denominator"]) * (100 if claim["kind"] == "percent" else 1)
        parts = f"{verdict['n']} {'of' if claim['kind'] == 'percent' else 'to'} {verdict['denominator']}"
        return f"{parts} is {share:.{decimals + 2}f}: rounded half up {verdict['computed']}, cut {claim['value']}."
    return f"Rounded half up it is {verdict['computed']}, cut {claim['value']}."
