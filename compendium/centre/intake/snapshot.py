"""A checked copy of an own cohort: what a build reads instead of the files of the centre.

Each notebook of a build reads the cohort. The copy is a folder that `analysis.cohort.read_cohort` reads, stays the same
when somebody saves the spreadsheet during the build, and holds none of the centre's identifiers.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.reading import DATA_PACKAGE
from analysis.schema import TABLES
from compendium.folders import make_private_folder, remove_folder


def _numbered(values: pd.Series, letter: str) -> dict[str, str]:
    distinct = pd.unique(values)
    width = max(2, len(str(len(distinct))))
    return {value: f"{letter}{number:0{width}d}" for number, value in enumerate(distinct, 1)}


def pseudonymised(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Replace identifiers by running numbers in the order of the tables: P01 ... for patients, C01 ... for centres."""
    people = pd.concat([tables["patients"]["patient_id"], tables["screening"]["patient_id"]], ignore_index=True)
    names = {"patient_id": _numbered(people.astype(object), "P")}
    names["centre_id"] = _numbered(tables["screening"]["centre_id"].astype(object), "C")
    return {
        table: frame.assign(**{name: frame[name].map(new) for name, new in names.items() if name in frame})
        for table, frame in tables.items()
    }


def write_snapshot(tables: Mapping[str, pd.DataFrame], folder: Path, *, reconstructed: bool) -> None:
    """Write a checked copy of a cohort's six tables, readable by its owner only, in place of one that was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = make_private_folder(f".{folder.name}-", folder.parent)
    try:
        for table in TABLES:
            tables[table].reset_index(drop=True).to_parquet(staged / f"{table}.parquet", index=False)
        package = {"name": "checked-cohort", "reconstructed": reconstructed}
        (staged / DATA_PACKAGE).write_text(json.dumps(package, indent=1) + "\n", encoding="utf-8")
        remove_folder(folder)
        os.replace(staged, folder)
    finally:
        remove_folder(staged)
