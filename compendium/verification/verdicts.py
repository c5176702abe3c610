"""A verdict on every printed number: what the rows give beside what the paper prints."""

import json
import os
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.verification.published import printed_number, rounding_interval

Values = dict[str, dict[str, Any]]

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
MONTHS += ("November", "December")


class Verdict(StrEnum):
    """What became of a printed number, in the order of the report."""

    REPRODUCED = "reproduced"
    TRUNCATED = "reproduced by truncation"
    CONTRADICTS = "contradicts itself"
    NOT_COMPUTABLE = "not computable from patient rows"
    DIFFERS = "differs"


class AnswerError(ValueError):
    """An answer that names no claim or no computed value."""


def built_values(folder: str | os.PathLike[str]) -> Values:
    """Collect what the notebooks computed from the cohort.

    Parameters
    ----------
    folder : str or path
        The folder of the results, with ``values-*.json``, ``table-1.csv`` and ``table-2.csv``.

    Returns
    -------
    dict of str to dict
        Values of the text by name and cells of the tables as ``table_1:row:column``; each also has ``notebook``, the
        file name of the notebook that computed it.
    """
    values: Values = {}
    for path in sorted(Path(folder).glob("values-*.json")):
        notebook = f"{path.stem.removeprefix('values-')}.ipynb"
        for name, entry in json.loads(path.read_text(encoding="utf-8")).items():
            values[name] = entry | {"notebook": notebook}
    for table in ("table-1", "table-2"):
        cells = pd.read_csv(Path(folder) / f"{table}.csv")
        for cell in cells.to_dict("records"):
            known = {key: value for key, value in cell.items() if not pd.isna(value)}
            values[f"{table.replace('-', '_')}:{cell['row']}:{cell['column']}"] = known | {"notebook": f"{table}.ipynb"}
    return values


def read_answers(path: str | os.PathLike[str], claims: pd.DataFrame, values: Values) -> pd.DataFrame:
    """Read which computed value answers which claim.

    Parameters
    ----------
    path : str or path
        A CSV file: ``claim``, ``answer``, ``statistic``, and ``reason`` where no patient row can answer.
    claims : DataFrame
        The claims, indexed by name.
    values : dict of str to dict
        The computed values.

    Returns
    -------
    DataFrame
        Indexed like the claims; a claim without a row has empty cells.

    Raises
    ------
    AnswerError
        If a row names an unknown or repeated claim, an unknown value, or a statistic that the value does not have.
    """
    answers = pd.read_csv(path, dtype=str, keep_default_na=False)
    problems = []
    for number, row in enumerate(answers.itertuples(index=False), start=2):
        place = f"{os.fspath(path)}, row {number}"
        if row.claim not in claims.index:
            problems.append(f"{place}, column claim: there is no claim {row.claim!r}")
        if row.answer and row.answer not in values:
            problems.append(f"{place}, column answer: there is no computed value {row.answer!r}")
        if bool(row.answer) == bool(row.reason):
            problems.append(f"{place}, column reason: either an answer or a reason is needed")
    twice = answers["claim"].duplicated()
    problems += [
        f"{os.fspath(path)}, row {i + 2}, column claim: {answers.at[i, 'claim']!r} again" for i in twice[twice].index
    ]
    if problems:
        raise AnswerError("\n".join(problems))
    return answers.set_index("claim").reindex(claims.index).fillna("")


def computed_number(claim: pd.Series, statistic: str, value: dict[str, Any]) -> Fraction | None:
    """Give a computed number in the unit that the claim prints.

    Parameters
    ----------
    claim : Series
        The claim.
    statistic : str
        Which statistic of the value answers it.
    value : dict
        The computed value.

    Returns
    -------
    Fraction or None
        Exact: a percentage or ratio from its counts; None if the value lacks the statistic, as an empty group does.
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
    """Compare one printed number with the computed one.

    Parameters
    ----------
    claim : Series
        The claim as printed.
    statistic : str
        Which statistic of the value answers it; ``not_before`` and ``not_after`` compare months of the calendar.
    value : dict
        The computed value.

    Returns
    -------
    verdict : Verdict
        Reproduced, reproduced by truncation, or differs.
    computed : str
        The computed number with the decimals of the print.
    """
    if statistic in ("not_before", "not_after"):
        return _within_period(claim["value"], statistic, value)
    number = computed_number(claim, statistic, value)
    if number is None:
        return Verdict.DIFFERS, "–"
    printed, decimals = printed_number(claim["value"])
    shown = _half_up(number, decimals)
    counted = statistic == "percent" and claim["numerator"] not in ("", str(int(value["n"])))
    if counted:
        return Verdict.DIFFERS, shown
    low, high = rounding_interval(claim["value"])
    if low <= number < high:
        return Verdict.REPRODUCED, shown
    truncated = printed <= number < printed + Fraction(1, 10**decimals)
    return (Verdict.TRUNCATED if truncated else Verdict.DIFFERS), shown


def _half_up(number: Fraction, decimals: int) -> str:
    """Print a fraction of any sign with so many decimals, rounded half up in size."""
    units = int(abs(number) * 10**decimals + Fraction(1, 2))
    return f"{Decimal(units).scaleb(-decimals) * (-1 if number < 0 else 1):f}"


def _within_period(printed: str, statistic: str, value: dict[str, Any]) -> tuple[Verdict, str]:
    """Call a period reproduced if no patient lies outside of it."""
    month, year = printed.split()
    limit = f"{year}-{MONTHS.index(month) + 1:02d}"
    first, last = value["minimum"], value["maximum"]
    inside = first >= limit if statistic == "not_before" else last <= limit
    return (Verdict.REPRODUCED if inside else Verdict.DIFFERS), f"{first} to {last}"


def judge(claims: pd.DataFrame, answers: pd.DataFrame, values: Values) -> pd.DataFrame:
    """Compare every claim with its answer.

    Parameters
    ----------
    claims, answers : DataFrame
        Both indexed by claim.
    values : dict of str to dict
        The computed values.

    Returns
    -------
    DataFrame
        Indexed by claim: ``verdict``, ``computed`` (with the decimals of the print), ``n``, ``denominator``,
        ``notebook``, ``reason`` (why no row can answer). A claim that prints another number than computed *differs*
        here; `compendium.verification.proofs` shows which of these contradict others.
    """
    rows = {}
    for name, claim in claims.iterrows():
        answer = answers.loc[name]
        row = {"verdict": Verdict.NOT_COMPUTABLE, "computed": "", "n": "", "denominator": "", "notebook": ""}
        if answer["answer"]:
            value = values[answer["answer"]]
            verdict, shown = compare(claim, answer["statistic"], value)
            counts = {part: str(int(value[part])) if part in value else "" for part in ("n", "denominator")}
            row |= {"verdict": verdict, "computed": shown, "notebook": value["notebook"], **counts}
        elif not answer["reason"]:
            row["verdict"] = Verdict.DIFFERS
        rows[name] = row | {"reason": answer["reason"]}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("claim")


def unused_values(answers: pd.DataFrame, values: Values) -> list[str]:
    """Name the computed values that no claim asks for.

    Parameters
    ----------
    answers : DataFrame
        As `read_answers` gives them.
    values : dict of str to dict
        The computed values.

    Returns
    -------
    list of str
        In alphabetical order.
    """
    return sorted(set(values) - set(answers["answer"]))
