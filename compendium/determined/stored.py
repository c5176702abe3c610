"""What the paper determines, kept in `data/determined`: written by ``make determined``, read by the notebooks.

It takes minutes to prove and hangs on the claims and the files of questions alone, on no cohort and no draw. So it is
kept, with a hash of all that it was made from; what was made from something else is not read. Beside it is kept what
``make ensemble`` counts in other cohorts that fit, which is set beside the shipped one and no probability.
"""

import hashlib
import json
from pathlib import Path

import pandas as pd

from analysis.schema import TABLES as OF_A_COHORT
from compendium.files import csv_text, write_atomically
from compendium.verification.published import CLAIMS

KEPT = CLAIMS.parents[1] / "determined"
TABLES: dict[str, str] = {
    "answers": "What the paper determines of each quantity asked for, one a row.",
    "pairs": "How many patients have both of each two characteristics, one pair a row.",
    "rules": "How far another rule can move each number of responders, one change of a rule and number a row.",
    "facts": "What the paper says of two characteristics together and prints nowhere, the most surprising first.",
    "ensemble-marks": "In how many other cohorts that fit each symptom has which mark of Figures 1, E1 and E2.",
    "ensemble-values": "The results that are not the same in the shipped cohort and in all others, one a row.",
    "ensemble-reach": "How much of each proved range other cohorts show.",
}
"""The tables, and what each holds."""

COLUMNS: dict[str, str] = {
    "population": "The patients.",
    "symptom": "The symptom.",
    "mark": "Its mark of significance; absent if nobody has it.",
    "of": "How many other cohorts there are.",
    "result": "Its name, as in the values of the notebooks.",
    "statistic": "Which of its numbers.",
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
    "shipped": "What it is in the shipped cohort, or whether it is so there.",
    "smallest": "The smallest in the other cohorts.",
    "largest": "The largest in the other cohorts.",
    "share": "The share of the proved range between these two.",
    "both_ends": "Whether both ends of the proved range are there.",
    "outside": "How many cohorts lie outside, which would refute the proof.",
    "cohorts": "In how many other cohorts it is so; of a result, how many they are.",
    "equal": "In how many of them it is as in the shipped cohort.",
    "known": "In how many of them there is a number.",
    "below": "In how many of them a p value is below the level of the paper.",
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
_HERE = Path(__file__).parent
SHIPPED = CLAIMS.parents[1] / "cohort"
LEFT_OUT = _HERE.parent / "reconstruction" / "left_out.csv"
KINDS, QUESTIONS, CHARACTERISTICS = (_HERE / name for name in ("kinds.txt", "questions.csv", "characteristics.csv"))
SOURCES = (CLAIMS, CLAIMS.with_name("answers.csv"), LEFT_OUT, KINDS, QUESTIONS, CHARACTERISTICS)
_COMPARED = (CLAIMS, LEFT_OUT, *(SHIPPED / f"{name}.csv" for name in OF_A_COHORT))
_NUMBERS = ("low_reached", "most", "shipped", "smallest", "largest", "below")


def made_from(table: str = "answers") -> dict[str, str]:
    """Give the SHA-256 of each file that a table hangs on, by its name."""
    sources = _COMPARED if table in ("ensemble-marks", "ensemble-values") else SOURCES
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sources}


def write(tables: dict[str, pd.DataFrame], folder: Path, command: str = "make determined") -> None:
    """Write tables and their Data Package, which names the command, into a folder that may hold other ones."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {one["name"]: one for one in _resources(folder)}
    for name, frame in tables.items():
        columns = [column for column in COLUMNS if column in frame]
        write_atomically(folder / f"{name}.csv", csv_text(frame[columns]).encode())
        known[name] = {
            "name": name,
            "path": f"{name}.csv",
            "profile": "tabular-data-resource",
            "encoding": "utf-8",
            "description": TABLES[name],
            "made_by": command,
            "made_from": made_from(name),
            "schema": {"fields": [{"name": column, "description": COLUMNS[column]} for column in columns]},
        }
    package = {"profile": "tabular-data-package", "name": "what-the-paper-determines"}
    package["resources"] = [known[name] for name in TABLES if name in known]
    text = json.dumps(package, indent=2, ensure_ascii=False) + "\n"
    write_atomically(folder / "datapackage.json", text.encode())


def _resources(folder: Path) -> list[dict]:
    file = folder / "datapackage.json"
    return json.loads(file.read_text(encoding="utf-8"))["resources"] if file.is_file() else []


def read(folder: str | Path = KEPT, table: str = "answers") -> pd.DataFrame:
    """Read a table of what is kept, indexed by ``quantity`` if it has that column.

    A ValueError says so if it is not there, or was made from other claims, questions or rows than those at hand.
    """
    (known,) = [one for one in _resources(Path(folder)) if one["name"] == table] or [{}]
    now, then = made_from(table), known.get("made_from", {})
    if changed := [name for name, digest in now.items() if then.get(name) != digest]:
        again = known.get("made_by", "make determined, or make ensemble KEEP=yes")
        raise ValueError(f"{folder}/{table}.csv was made from another {', '.join(changed)}; make it again: {again}")
    file = Path(folder) / f"{table}.csv"
    frame = pd.read_csv(file, keep_default_na=False, na_values=dict.fromkeys(_NUMBERS, ""), dtype={"value": str})
    return frame.set_index("quantity") if "quantity" in frame else frame
