"""One member of an ensemble, as any process of this machine or of a cluster can make it: tables and values as bytes."""

import hashlib
import json
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from analysis.cohort import read_cohort
from compendium.files import json_text
from compendium.reconstruction.chain import reconstruct
from compendium.reconstruction.corners import Corner
from compendium.reconstruction.results import notebook_values, symptom_marks
from compendium.reconstruction.writing import write_cohort

ROOT = Path(__file__).resolve().parents[2]
_SOURCES = (
    "analysis",
    "compendium/reconstruction",
    "compendium/verification/published.py",
    "data/published/claims.csv",
)


@cache
def sources() -> str:
    """Digest of all that a member is made from: the sources, the claims and the versions of the solver and of NumPy."""
    found = hashlib.sha256("".join(version(name) for name in ("ortools", "numpy", "scipy", "pandas")).encode())
    for name in _SOURCES:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix in (".py", ".csv"):
                found.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def member(seed: int, number: int, made_from: str) -> tuple[int, dict[str, bytes]]:
    """Make one cohort, check it, and compute what the notebooks do.

    Returns
    -------
    tuple of int and dict of str to bytes
        The number, and the files of the folder by name: the tables, ``datapackage.json`` and ``values.json``.

    Raises
    ------
    ValueError
        If the sources here are not those that are asked for, as on a machine with another version of the project.
    """
    if sources() != made_from:
        raise ValueError(
            f"{ROOT} holds other sources than the project that asks; allowed is the same version everywhere"
        )
    with tempfile.TemporaryDirectory(prefix="compendium-member-") as folder:
        write_cohort(reconstruct(Corner, seed, number), Path(folder), seed, number)
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
        return number, files | {"values.json": values_of(folder).encode()}


def values_of(folder: str | Path) -> str:
    """Compute the values of all notebooks and the marks of the symptoms of a cohort, as JSON."""
    cohort = read_cohort(folder)
    return json_text({"values": notebook_values(cohort), "marks": symptom_marks(cohort)})


def read_values(path: Path) -> dict[str, dict]:
    """Read ``values`` and ``marks`` of a member."""
    return json.loads(path.read_text(encoding="utf-8"))


def seen(entries: list[dict[str, dict]], name: str, statistic: str = "n") -> pd.Series:
    """Give one statistic of a value in each of some members, for `results.reach`."""
    return pd.Series([entry["values"].get(name, {}).get(statistic) for entry in entries], dtype=object)
