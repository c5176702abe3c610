"""Write a reconstructed cohort as a Data Package, and read a number that one is made by."""

import argparse
import json
import os
import tempfile
from pathlib import Path

import pandas as pd

from analysis import schema
from compendium.centre.intake.checking import checked_tables


def whole_number(text: str) -> int:
    """Read a whole number from the command line."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; allowed is a whole number from 0")
    return int(text)


def write_cohort(tables: dict[str, pd.DataFrame], folder: Path, seed: int, number: int | None = None) -> None:
    """Write the tables and their Data Package, which notes the seed, into a folder that may be missing.

    They are checked against the contract first; the files there change only if all is well. ``number`` is that of a
    member of an ensemble.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as staging:
        for table, whole in tables.items():
            frame = whole.drop(columns=[name for of, name in schema.OPTIONAL if of == table], errors="ignore")
            frame.to_csv(Path(staging) / f"{table}.csv", index=False, lineterminator="\n", float_format="%g")
        package = schema.data_package("reconstructed-cohort", reconstructed=True) | {"seed": seed}
        package |= {} if number is None else {"number": number}
        text = json.dumps(package, indent=2, ensure_ascii=False) + "\n"
        (Path(staging) / "datapackage.json").write_text(text, encoding="utf-8")
        checked_tables(staging)
        for file in sorted(Path(staging).iterdir()):
            os.replace(file, folder / file.name)
