"""Command line: reconstruct the cohort and write it as a Data Package."""

import argparse
import signal
import sys
from pathlib import Path

from analysis import schema
from compendium.reconstruction.chain import NoCohortError, reconstruct, whole_number, write_cohort
from compendium.reconstruction.leaning import Leaning

SEED = 2018


def main() -> None:
    """Run the command line."""
    about = "Reconstruct a cohort that satisfies the published results."
    parser = argparse.ArgumentParser(prog="make cohort", description=about)
    another = "another seed gives another cohort (default: %(default)s)"
    parser.add_argument("--seed", type=whole_number(), default=SEED, help=another)
    parser.add_argument("--out", type=Path, default=Path("data/cohort"), help="folder to write (default: %(default)s)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the solver would not give Python the chance to stop
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"make cohort: the folder {arguments.out} cannot be made: {error.strerror}")
    print(f"Reconstructing a cohort with seed {arguments.seed}; this takes some seconds.", flush=True)
    try:
        write_cohort(reconstruct(Leaning, arguments.seed), arguments.out, arguments.seed)
    except (NoCohortError, OSError, ValueError) as error:
        sys.exit(f"make cohort: {error}")
    print(f"Wrote {', '.join(f'{table}.csv' for table in schema.TABLES)} to {arguments.out}.")


if __name__ == "__main__":
    main()
