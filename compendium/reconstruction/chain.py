"""A cohort from the statements of the paper: small models solved one after another, and the tables written.

Ages; findings; courses; events; symptoms; blood tests: each part is a model of its own that knows the former parts as
numbers. Conditions are what the paper prints and how it is read, and what is clinically possible; among all that these
allow, what the cohort is leant to decides. A typical cohort is the plausible one that is shipped; corners, many unlike
ones, show what else fits.

A cohort depends on what it is leant to, its seed and its number alone. If the parts found first leave no room for a
later one, which is seldom, it is begun again with other draws.
"""

import argparse
import json
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import schema
from compendium.centre.intake.checking import checked_tables
from compendium.reconstruction.courses import find_courses
from compendium.reconstruction.leaning import Leaning, NoRoomError
from compendium.reconstruction.observations import OF_THE_DISEASE, choose_tested, find_events, find_levels
from compendium.reconstruction.patients import find_ages, find_findings
from compendium.reconstruction.rows import Parts, make_tables
from compendium.reconstruction.statements import Statements
from compendium.reconstruction.symptoms import find_symptoms, present_symptoms
from compendium.verification.published import read_claims

ATTEMPTS = 20  # how often to begin a cohort with other draws
_ROWS = 40  # how often to draw what neither the paper nor a model fixes


class NoCohortError(ValueError):
    """The statements contradict one another, or no draw led to a cohort."""


def reconstruct(leant_to: type[Leaning], *numbers: int, claims: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """Make the six tables of a cohort that is leant to the typical, `Leaning`, or to a corner, `members.Corner`.

    The numbers are the seed, and of many cohorts the number: the same give the same cohort on every x86-64 machine. The
    claims are as `published.read_claims` gives them, which is the default. A NoCohortError says that the statements
    contradict one another, or that no draw led to a cohort.
    """
    claims = read_claims() if claims is None else claims
    for attempt in range(ATTEMPTS):
        sequence = np.random.SeedSequence([*numbers, attempt])
        statements = Statements(claims)
        try:
            parts = _find_parts(statements, leant_to(statements, np.random.default_rng(sequence)))
        except NoRoomError:
            continue
        for state in sequence.generate_state(_ROWS):
            tables = make_tables(statements, parts, int(state))
            if _as_printed(tables, statements):
                return tables
    raise NoCohortError(f"no cohort {' '.join(map(str, numbers))} found in {ATTEMPTS} attempts: take another seed")


def _as_printed(tables: dict[str, pd.DataFrame], statements: Statements) -> bool:
    """Whether what is drawn with the rows is as printed: the earliest sample on therapy, and the period of the study.

    Recommendations do not reach the end of the period, a date of the study and no result.
    """
    end = str(pd.Period(statements.claims.at["methods.period.end", "value"], freq="M"))
    earliest = int(statements.printed("results.biology.tryptase.on.threshold"))
    sampled = tables["laboratory"]["months_on_therapy"].min()
    return sampled == earliest and tables["screening"]["recommendation_month"].max() < end


def _find_parts(statements: Statements, leaning: Leaning) -> Parts:
    """Solve the parts in turn."""
    ages = find_ages(statements, leaning)
    patients = ages | find_findings(statements, leaning, ages)
    courses = find_courses(statements, leaning, patients)
    events = find_events(statements, leaning, courses, patients)
    had = [(i, term.replace(" ", "_")) for term in OF_THE_DISEASE for i in np.flatnonzero(events[term])]
    rows = present_symptoms(statements, leaning, had)
    before = find_symptoms(statements, leaning, courses, rows)
    tested = choose_tested(statements, leaning, courses, patients)
    laboratory = find_levels(statements, leaning, tested, patients)
    return Parts(leaning.diagnosis, leaning.best, patients, courses, events, rows, before, tested, laboratory)


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


def whole_number(smallest: int = 0, largest: float = math.inf) -> Callable[[str], int]:
    """Read a whole number of a command line, such as the seed of a cohort."""

    def read(text: str) -> int:
        if not text.isdecimal() or not smallest <= int(text) <= largest:
            to = f" to {largest}" if largest < math.inf else ""
            raise argparse.ArgumentTypeError(f"{text!r} is not allowed; allowed is a whole number from {smallest}{to}")
        return int(text)

    return read
