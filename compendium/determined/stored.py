"""What the paper determines, kept in `data/determined`: written by ``make determined``, read by the notebooks.

It takes minutes to prove and hangs on the claims and the files of questions alone, on no cohort and no draw. So it is
kept, with a hash of all that it was made from; what was made from something else is not read.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from compendium.determined.kinds import KINDS
from compendium.determined.questions import CHARACTERISTICS, QUESTIONS
from compendium.files import csv_text, write_atomically
from compendium.reconstruction.statements import LEFT_OUT
from compendium.verification.published import CLAIMS

TABLES: dict[str, str] = {
    "answers": "What the paper determines of each quantity asked for, one a row.",
    "pairs": "How many patients have both of each two characteristics, one pair a row.",
    "rules": "How far another rule can move each number of responders, one change of a rule and number a row.",
    "facts": "What the paper says of two characteristics together and prints nowhere, the most surprising first.",
}
"""The tables, and what each holds."""

COLUMNS: dict[str, str] = {
    "option": "The rule that is changed.",
    "value": "What it is changed to.",
    "outcome": "The number of patients that it may move.",
    "topic": "What the quantity is about.",
    "quantity": "Its name.",
    "label": "What a reader calls it.",
    "unit": "The unit of the numbers.",
    "low": "Nothing smaller is possible in a cohort that fits.",
    "high": "Nothing larger is possible.",
    "low_reached": "The smallest that a witness attains.",
    "high_reached": "The largest that a witness attains.",
    "most": "The largest that it could be if the paper said nothing of it.",
    "alone_low": "The smallest by the numbers of patients with either alone (Fréchet).",
    "alone_high": "The largest by these two numbers alone.",
    "surprise": "The share of what the two numbers alone leave that is impossible.",
    "verdict": "fixed, bounded or open.",
    "exact": "Whether both ends are attained.",
    "layers": "What it rests on: P print and definitions, R readings, L clinical knowledge.",
    "rests_on": "The claims, definitions and readings of a smallest set that proves it, separated by semicolons.",
    "proof": "Why nothing outside is possible, in words.",
}
SOURCES = (CLAIMS, CLAIMS.with_name("answers.csv"), LEFT_OUT, KINDS, QUESTIONS, CHARACTERISTICS)


def made_from() -> dict[str, str]:
    """Give the SHA-256 of each file that the answers hang on, by its name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in SOURCES}


def write(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write the tables and their Data Package into a folder that may be missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        write_atomically(folder / f"{name}.csv", csv_text(frame[_columns(frame)]).encode())
    resources = [
        {
            "name": name,
            "path": f"{name}.csv",
            "profile": "tabular-data-resource",
            "encoding": "utf-8",
            "description": TABLES[name],
            "schema": {"fields": [{"name": c, "description": COLUMNS[c]} for c in _columns(frame)]},
        }
        for name, frame in tables.items()
    ]
    package = {"profile": "tabular-data-package", "name": "what-the-paper-determines", "made_from": made_from()}
    text = json.dumps(package | {"resources": resources}, indent=2, ensure_ascii=False) + "\n"
    write_atomically(folder / "datapackage.json", text.encode())


def _columns(frame: pd.DataFrame) -> list[str]:
    return [name for name in COLUMNS if name in frame]


def read(folder: str | Path, table: str = "answers", sources: Iterable[Path] = SOURCES) -> pd.DataFrame:
    """Read a table of what the paper determines, indexed by ``quantity``.

    A ValueError says so if it was made from other claims or questions than those at hand.
    """
    package = json.loads((Path(folder) / "datapackage.json").read_text(encoding="utf-8"))
    now = made_from()
    changed = [path.name for path in sources if package["made_from"].get(path.name) != now[path.name]]
    if changed:
        raise ValueError(f"{folder} was made from another {', '.join(changed)}; make it again: make determined")
    frame = pd.read_csv(Path(folder) / f"{table}.csv", keep_default_na=False, na_values={"low_reached": "", "most": ""})
    return frame.set_index("quantity")
