"""A checked copy of an own cohort: what a build reads instead of the files of the centre.

Each notebook of a build reads the cohort. The copy is a folder that `analysis.cohort.read_cohort` reads, stays the same
when somebody saves the spreadsheet during the build, and holds none of the centre's identifiers.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis import schema
from analysis.reading import DATA_PACKAGE, OWN_SYMPTOMS
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


def _patients(count: int) -> str:
    return "1 patient is" if count == 1 else f"{count:,} patients are"


def of_the_paper(tables: Mapping[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Keep the patients whom the paper's populations have a place for, and say in lines what became of the others.

    A diagnosis that the paper does not have counts as the one that it belongs to, or its patients are in no population:
    of them only the table of screening is kept.
    """
    values = pd.read_csv(schema.CONTRACT / "values.csv", dtype=str)
    values = values[values["vocabulary"] == "Diagnosis"].set_index("value")
    diagnosis, lines = tables["patients"]["diagnosis"].astype(object), []
    outside = diagnosis.isin(values.index[values["counts_as"].isna()])
    counts, known = diagnosis.value_counts(), values["counts_as"].dropna().to_dict()
    for value in (value for value in known if value in counts):
        label = values.at[value, "label"]
        kind = f"{label[0].lower()}{label[1:]}"
        lines.append(f"{_patients(int(counts[value]))} counted as {known[value]}, of which {kind} is a kind.")
    if outside.any():
        named = ", ".join(f"{values.at[value, 'label']} {n}" for value, n in diagnosis[outside].value_counts().items())
        whom = _patients(int(outside.sum()))
        lines.append(f"{whom} in none of the paper's populations, and in no result but the screening: {named}.")
    kept = tables["patients"].loc[~outside, "patient_id"]
    found = {
        name: frame if name == "screening" else frame[frame["patient_id"].isin(kept)] for name, frame in tables.items()
    }
    return found | {"patients": found["patients"].assign(diagnosis=diagnosis[~outside].replace(known))}, lines


def write_snapshot(
    tables: Mapping[str, pd.DataFrame], folder: Path, *, reconstructed: bool, read: Sequence[str] = ()
) -> None:
    """Write a checked copy of a cohort's six tables, readable by its owner only, in place of one that was there.

    ``read`` are lines on how the files were read, which the copy's Data Package keeps.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = make_private_folder(f".{folder.name}-", folder.parent)
    try:
        for table in TABLES:
            tables[table].reset_index(drop=True).to_parquet(staged / f"{table}.parquet", index=False)
        own = schema.symptom_list().query("source == 'own list'")
        if len(own):
            own.to_csv(staged / OWN_SYMPTOMS)
        package = {"name": "checked-cohort", "reconstructed": reconstructed} | ({"read": list(read)} if read else {})
        (staged / DATA_PACKAGE).write_text(json.dumps(package, indent=1) + "\n", encoding="utf-8")
        remove_folder(folder)
        os.replace(staged, folder)
    finally:
        remove_folder(staged)
