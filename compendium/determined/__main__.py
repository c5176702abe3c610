"""Command line: find out what the paper determines, and write it down."""

import argparse
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from compendium.bounds.answers import ContradictionError
from compendium.determined import stored
from compendium.determined.questions import Paper, pair_names, questions
from compendium.determined.results import Determined, as_frame

_AT_ONCE = 15  # pairs that a process answers before it takes more


@cache
def _paper() -> Paper:
    return Paper()


def _pair(names: tuple[str, str, str, str]) -> Determined:
    return _paper().determined(*names, proved=False)


def _topics(answers: Iterable[tuple[str, Determined]]) -> tuple[list[str], list[Determined]]:
    """Tell each answer on a line as it is found."""
    topics, found = [], []
    for topic, one in answers:
        print(f"  {one.label}: {one.low:g} to {one.high:g}, {one.verdict}", flush=True)
        topics.append(topic)
        found.append(one)
    return topics, found


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make determined", description="Find out what the paper determines.")
    folder = "folder to write (default: %(default)s)"
    parser.add_argument("--out", type=Path, default=Path("data/determined"), help=folder)
    out = parser.parse_args().out
    try:
        print("What the paper determines, question by question; this takes some minutes.", flush=True)
        topics, found = _topics(questions(_paper()))
        answers = as_frame(found).reset_index().assign(topic=topics)
        names = pair_names(_paper())
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            pairs = as_frame(pool.map(_pair, names, chunksize=_AT_ONCE)).reset_index()
        print(f"  {len(pairs)} pairs of characteristics, {int(pairs['exact'].sum())} exact", flush=True)
        stored.write({"answers": answers, "pairs": pairs}, out)
    except (ContradictionError, OSError, ValueError) as error:
        sys.exit(f"make determined: {error}")
    print(f"Wrote {', '.join(f'{table}.csv' for table in stored.TABLES)} to {out}.")


if __name__ == "__main__":
    main()
