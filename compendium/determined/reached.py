"""Command line, after `make ensemble`: how much of each proved range the members of an ensemble show."""

import argparse
import json
import sys
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed

from analysis.cohort import read_cohort
from compendium.determined import stored
from compendium.determined.kinds import kinds_of
from compendium.determined.questions import pairs
from compendium.determined.rows import count
from compendium.files import csv_text, write_atomically
from compendium.reconstruction.ensemble import MARKS, VALUES
from compendium.reconstruction.results import reach
from compendium.workflow.driver import cores

REACHED = "ensemble-reach.csv"


def _counts(place: Path, asked: list[str]) -> list[int]:
    """Count the patients of one cohort, of all kinds that are asked for."""
    kinds = kinds_of(read_cohort(place))
    return [count(kinds, text) for text in asked]


def reached(folder: Path, determined: Path) -> pd.DataFrame:
    """Compare numbers of patients in the members of an ensemble with what is proved of them, as `results.reach` does.

    Beside it the ``label`` and the ``verdict`` of each quantity. A ValueError tells of a folder without members.
    """
    places = sorted((folder / "cohorts").glob("[0-9]*"))
    if not places:
        raise ValueError(f"{folder}/cohorts: no cohort is there; allowed is the folder of an ensemble: make ensemble")
    answers = pd.concat([stored.read(determined, table) for table in ("answers", "pairs")])
    asked = {pair.quantity: " | ".join(pair.people) for pair in pairs()}
    asked |= {quantity: quantity for quantity in answers.index if " = " in quantity}
    answers = answers[(answers["unit"] == "patients") & answers.index.isin(asked)]
    texts = [asked[quantity] for quantity in answers.index]
    counts = Parallel(n_jobs=min(cores(), len(places)))(delayed(_counts)(place, texts) for place in places)
    seen = dict(zip(answers.index, zip(*counts, strict=True), strict=True))
    return answers[["label", "verdict"]].join(reach(answers, seen))


def keep(folder: Path, determined: Path) -> None:
    """Keep what an ensemble shows in the folder of what is determined: `stored.TABLES` that begin with ensemble.

    Of the results only numbers that are not the same in all cohorts.
    """
    values = pd.read_csv(folder / VALUES).rename(columns={"value": "result"})
    values = values[values["smallest"].notna() & (values["equal"] < values["cohorts"])]
    values["shipped"] = pd.to_numeric(values["shipped"].astype(str).str.removeprefix("'"), errors="coerce")
    found = {"marks": pd.read_csv(folder / MARKS), "values": values, "reach": pd.read_csv(folder / REACHED)}
    note = json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))
    command = f"make ensemble N={found['marks']['of'].max()} SEED={note['seed']} KEEP=yes"
    stored.write({f"ensemble-{name}": frame for name, frame in found.items()}, determined, command)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make ensemble", description="Say how much of what is possible is shown.")
    parser.add_argument("folder", type=Path, help="folder of an ensemble")
    parser.add_argument("--determined", type=Path, default=Path("data/determined"), help="default: %(default)s")
    yes = {"nargs": "?", "const": "yes", "choices": ("yes",)}
    parser.add_argument("--keep", **yes, help="keep what is found there, for the notebooks")
    arguments = parser.parse_args()
    if not (arguments.determined / "datapackage.json").is_file():
        print(f"No proved ranges in {arguments.determined} to compare with: make determined")
        return
    try:
        found = reached(arguments.folder, arguments.determined)
        write_atomically(arguments.folder / REACHED, csv_text(found.reset_index()).encode())
    except (OSError, ValueError) as error:
        sys.exit(f"make ensemble: {error}")
    free = found[found["low"] < found["high"]]
    share = 100 * free["share"].mean()
    print(f"Of {len(free)} numbers of patients that are not fixed {free['both_ends'].sum()} reach both ends; ", end="")
    print(f"on average {share:.0f} % of a range is shown.")
    if outside := found.index[found["outside"] > 0].tolist():
        sys.exit(f"make ensemble: outside of what is proved: {', '.join(outside)}")
    if arguments.keep:
        keep(arguments.folder, arguments.determined)


if __name__ == "__main__":
    main()
