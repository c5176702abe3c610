"""A checked copy of an own cohort: what a build reads instead of the files of the centre.

Each notebook of a build reads the cohort. From the copy it is read without being checked again, it stays the same when
somebody saves the spreadsheet during the build, and it holds none of the centre's identifiers.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis import schema, vocabulary
from compendium.centre.checks import linking, rules

__all__ = ["MARK", "pseudonymised", "read_snapshot", "write_snapshot"]

MARK = "checked.json"
"""The file that makes a folder a checked copy: digests of the contract and of the tables, and their origin."""


def _contract_digest() -> str:
    """Digest of all that decides whether rows keep the contract and what types they have."""
    files = [
        *sorted(schema.CONTRACT.iterdir()),
        *(Path(module.__file__) for module in (schema, vocabulary, rules, linking)),
        Path(__file__).with_name("checking.py"),
    ]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _numbered(values: pd.Series, letter: str) -> dict[str, str]:
    """Give the distinct values running numbers, in the order in which they first occur."""
    distinct = pd.unique(values)
    width = max(2, len(str(len(distinct))))
    return {value: f"{letter}{number:0{width}d}" for number, value in enumerate(distinct, 1)}


def pseudonymised(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Replace the identifiers of patients and centres by running numbers.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The six tables of a cohort that keeps the contract.

    Returns
    -------
    dict of str to DataFrame
        The same rows. The patients are P01, P02 ... in the order of their table, after them those who were only
        screened; the centres are C01, C02 ... in the order of the table of screening.
    """
    people = pd.concat([tables["patients"]["patient_id"], tables["screening"]["patient_id"]], ignore_index=True)
    names = {"patient_id": _numbered(people.astype(object), "P")}
    names["centre_id"] = _numbered(tables["screening"]["centre_id"].astype(object), "C")
    return {
        table: frame.assign(**{name: frame[name].map(new) for name, new in names.items() if name in frame})
        for table, frame in tables.items()
    }


def write_snapshot(tables: Mapping[str, pd.DataFrame], folder: Path, *, reconstructed: bool) -> None:
    """Write a checked copy of a cohort, readable by its owner only.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The six tables with their types, free of errors.
    folder : Path
        Where it goes; a copy that was there is replaced as a whole.
    reconstructed : bool
        Whether the rows were reconstructed from published results.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))  # only the owner may enter it
    try:
        for table in schema.TABLES:
            tables[table].reset_index(drop=True).to_parquet(staged / f"{table}.parquet", index=False)
        mark = {
            "contract": _contract_digest(),
            "reconstructed": reconstructed,
            "tables": {table: _digest(staged / f"{table}.parquet") for table in schema.TABLES},
        }
        (staged / MARK).write_text(json.dumps(mark, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(staged, folder)
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(staged)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_snapshot(folder: Path) -> tuple[dict[str, pd.DataFrame], bool] | None:
    """Read a checked copy, if a folder is one.

    Parameters
    ----------
    folder : Path
        Any folder.

    Returns
    -------
    tuple of dict of str to DataFrame and bool, or None
        The six tables with their types and whether the rows were reconstructed; None if the folder is no checked copy,
        was changed since, or was checked against another contract: then its rows have to be checked.
    """
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
        digests = {table: _digest(folder / f"{table}.parquet") for table in schema.TABLES}
        if (mark["contract"], mark["tables"]) != (_contract_digest(), digests):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    frames = {table: pd.read_parquet(folder / f"{table}.parquet") for table in schema.TABLES}
    return {table: schema.with_types(table, frame) for table, frame in frames.items()}, bool(mark["reconstructed"])
