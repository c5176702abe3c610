"""Command line: reconstruct the cohort and write it as a Data Package."""

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from analysis import schema
from compendium.reconstruction.model import NoCohortError, build_model, solve
from compendium.reconstruction.rows import make_tables
from compendium.reconstruction.writing import whole_number, write_cohort
from compendium.verification.published import read_claims

SEED = 2018


def reconstruct(seed: int = SEED, report: Callable[[str], None] = lambda line: None) -> dict[str, pd.DataFrame]:
    """Reconstruct the six tables from the claims of the paper; another seed gives another cohort that fits as well."""
    model = build_model(read_claims(), seed)
    return make_tables(model, solve(model, seed, report=report), seed)


def main() -> None:
    """Run the command line."""
    about = "Reconstruct a cohort that satisfies the published results."
    parser = argparse.ArgumentParser(prog="make cohort", description=about)
    another = "another seed gives another cohort (default: %(default)s)"
    parser.add_argument("--seed", type=whole_number, default=SEED, help=another)
    parser.add_argument("--out", type=Path, default=Path("data/cohort"), help="folder to write (default: %(default)s)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the solver would not give Python the chance to stop
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"make cohort: the folder {arguments.out} cannot be made: {error.strerror}")
    print(f"Reconstructing a cohort with seed {arguments.seed}; this takes about a minute.", flush=True)
    try:
        tables = reconstruct(arguments.seed, lambda line: print(f"  {line}", flush=True))
        write_cohort(tables, arguments.out, arguments.seed)
    except (NoCohortError, OSError, ValueError) as error:
        sys.exit(f"make cohort: {error}")
    print(f"Wrote {', '.join(f'{table}.csv' for table in schema.TABLES)} to {arguments.out}.")


if __name__ == "__main__":
    main()
