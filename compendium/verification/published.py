"""What the paper prints and what was computed: the claims, where each stands, and which value of ours answers it."""

import fnmatch
import json
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import pandas as pd

from analysis.summaries import Values
from compendium.origin import ABOUT
from compendium.verification.audit.claims import ClaimsError
from compendium.verification.audit.claims import read_claims as read_checked

CLAIMS = Path(__file__).parents[2] / "data" / "published" / "claims.csv"


class Verdict(StrEnum):
    """What became of a printed number, in the order of the report."""

    REPRODUCED = "reproduced"
    TRUNCATED = "reproduced by truncation"
    WITHIN = "rows lie within"
    CONTRADICTS = "contradicts itself"
    NOT_COMPUTABLE = "not computable from patient rows"
    DIFFERS = "differs"


class AnswerError(ValueError):
    """An answer that names no claim or no computed value."""


def read_claims(path: str | os.PathLike[str] = CLAIMS) -> pd.DataFrame:
    """Read the claims as printed, see `audit.claims.read_claims`; by default those of this compendium."""
    return read_checked(path)


def matching(claims: pd.DataFrame, pattern: str) -> list[str]:
    """Name the claims, at least one, of a pattern with ``*`` for any text, such as ``*.best.cr.all``."""
    names = fnmatch.filter(claims.index, pattern)
    if not names:
        raise ClaimsError(f"no claim is called {pattern!r}")
    return names


def place(claim: Mapping[str, str] | pd.Series) -> str:
    """Say where a claim stands: ``results, L246`` or ``table 1, Masitinib, N (%)``."""
    section = claim["section"].replace("_", " ")
    where = [f"L{claim['line']}"] if claim["line"] else [claim["table_row"], claim["table_column"]]
    return ", ".join([section, *(part for part in where if part)])


def words(name: str) -> str:
    """Write a name of the claims file as words: ``table_1`` as "Table 1"."""
    return name[:1].upper() + name[1:].replace("_", " ")


def built_values(folder: str | os.PathLike[str]) -> Values:
    """Collect what the notebooks computed from the cohort.

    From the folder of the results, with ``values-*.json``, ``table-1.csv`` and ``table-2.csv``: values of the text by
    name and cells of the tables as ``table_1:row:column``, each with ``notebook``, the file name of the notebook that
    computed it.
    """
    values: Values = {}
    for path in sorted(Path(folder).glob("values-*.json")):
        notebook = f"{path.stem.removeprefix('values-')}.ipynb"
        entries = json.loads(path.read_text(encoding="utf-8"))
        values |= {name: entry | {"notebook": notebook} for name, entry in entries.items() if name != ABOUT}
    for table in ("table-1", "table-2"):
        values |= table_values(table, pd.read_csv(Path(folder) / f"{table}.csv"))
    return values


def table_values(table: str, cells: pd.DataFrame) -> Values:
    """Give what is known of the cells of a table, such as ``table-1``, as `built_values` does."""
    return {
        f"{table.replace('-', '_')}:{cell['row']}:{cell['column']}": {
            **{key: value for key, value in cell.items() if not pd.isna(value)},
            "notebook": f"{table}.ipynb",
        }
        for cell in cells.to_dict("records")
    }


def read_answers(path: str | os.PathLike[str], claims: pd.DataFrame, values: Values | None = None) -> pd.DataFrame:
    """Read which computed value answers which claim: ``answer`` and ``statistic``, or ``reason`` where no row can.

    The table is indexed like the claims; a claim without a row has empty cells. A row that names an unknown or repeated
    claim, or not either an answer or a reason, is an AnswerError; so is one with an unknown value, if values are given.
    """
    answers = pd.read_csv(path, dtype=str, keep_default_na=False)
    twice = answers["claim"].duplicated()
    problems = []
    for row in answers.itertuples():
        where = f"{os.fspath(path)}, row {row.Index + 2}"
        if row.claim not in claims.index:
            problems.append(f"{where}, column claim: there is no claim {row.claim!r}")
        if values is not None and row.answer and row.answer not in values:
            problems.append(f"{where}, column answer: there is no computed value {row.answer!r}")
        if bool(row.answer) == bool(row.reason):
            problems.append(f"{where}, column reason: either an answer or a reason is needed")
        if twice[row.Index]:
            problems.append(f"{where}, column claim: {row.claim!r} again")
    if problems:
        raise AnswerError("\n".join(problems))
    return answers.set_index("claim").reindex(claims.index).fillna("")
