"""The verdicts on all claims as one table, for the page, for the spreadsheet and for the review report."""

import os
from pathlib import Path

import pandas as pd

from compendium.verification.proofs import prove
from compendium.verification.published import read_claims
from compendium.verification.verdicts import Values, Verdict, judge, read_answers

PLACE = ("section", "line", "table_row", "table_column")


class DifferenceError(ValueError):
    """A claim that the rows of the reconstructed cohort should reproduce and do not."""


def verdict_table(published: str | os.PathLike[str], values: Values) -> pd.DataFrame:
    """Judge every claim and prove every contradiction.

    Parameters
    ----------
    published : str or path
        The folder with ``claims.csv`` and ``answers.csv``.
    values : dict of str to dict
        The computed values, as `compendium.verification.verdicts.built_values` collects them.

    Returns
    -------
    DataFrame
        One row per claim, in the order of the paper, indexed by ``claim``: the claim as printed, then ``verdict``,
        ``computed``, ``n``, ``computed_denominator``, ``notebook``, ``reason``, ``contradicts``, ``explanation`` and
        ``hypothesis``. All cells are strings.

    Raises
    ------
    ClaimsError, AnswerError
        If one of the two files cannot be used.
    """
    claims = read_claims(Path(published) / "claims.csv")
    answers = read_answers(Path(published) / "answers.csv", claims, values)
    found = prove(claims, answers, judge(claims, answers, values))
    found = found.rename(columns={"denominator": "computed_denominator"})
    return claims.join(answers["answer"]).join(found.assign(verdict=found["verdict"].astype(str)))


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


def place(claim: pd.Series) -> str:
    """Say where a claim stands.

    Parameters
    ----------
    claim : Series
        With ``section``, ``line``, ``table_row`` and ``table_column``.

    Returns
    -------
    str
        For example ``results, L246`` or ``table 1, Masitinib, N (%)``.
    """
    section = claim["section"].replace("_", " ")
    where = [f"L{claim['line']}"] if claim["line"] else [claim["table_row"], claim["table_column"]]
    return ", ".join([section, *(part for part in where if part)])


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
    others = [
        "; ".join(place(table.loc[name]) for name in names.split()[1:]) or "itself" for names in wrong["contradicts"]
    ]
    return pd.DataFrame(
        {
            "place": [place(claim) for _, claim in wrong.iterrows()],
            "statement": wrong["statement"],
            "printed": wrong["value"],
            "computed": wrong["computed"],
            "cannot hold with": others,
            "arithmetic": wrong["explanation"],
            "hypothesis": wrong["hypothesis"],
        }
    ).reset_index(drop=True)


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
