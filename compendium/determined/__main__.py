"""Command line: find out what the paper determines, and write it down."""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import pandas as pd

from compendium.bounds.needed import ContradictionError
from compendium.determined import ages, levels, stored, symptoms, times
from compendium.determined.questions import Pair, Paper, Question, fact, paired, pairs, questions
from compendium.determined.results import Determined, as_frame
from compendium.determined.rule_ranges import answers as of_rules
from compendium.determined.rule_ranges import ranges

_AT_ONCE = 5  # questions that a process answers before it takes more
_FACTS = 40  # the most surprising ones are proved
OTHERS = {
    "Times": times.answers,
    "Ages": ages.answers,
    "Anaphylaxis": symptoms.anaphylaxis,
    "Blood tests": levels.answers,
    "Not fixed": symptoms.not_fixed,
}
"""Answers on other quantities than numbers of patients of a kind, by their topic."""


@cache
def _paper() -> Paper:
    return Paper()


def _answered(row: Question) -> Determined:
    return _paper().determined(row.quantity, row.label, row.people, row.within)


def _paired(pair: Pair) -> tuple[Determined, tuple[int, int]]:
    return paired(_paper(), pair)


def _fact(given: tuple[Pair, tuple[int, int]]) -> Determined | None:
    return fact(_paper(), *given)


def _others(topic: str) -> list[Determined]:
    return OTHERS[topic]()


def _tables() -> dict[str, pd.DataFrame]:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        rules, more = pool.submit(ranges), pool.map(_others, OTHERS)
        asked = questions()
        answers, topics = list(pool.map(_answered, asked)), [row.topic for row in asked]
        changed = rules.result()
        for topic, found in (*zip(OTHERS, more, strict=True), ("Rules", list(of_rules(changed)))):
            answers += found
            topics += [topic] * len(found)
        table = as_frame(answers).reset_index().assign(topic=topics)
        print(f"  {len(table)} questions answered, {int(table['exact'].sum())} exactly", flush=True)
        both = pairs()
        found = list(pool.map(_paired, both, chunksize=_AT_ONCE))
        frame = as_frame(one for one, _ in found).reset_index()
        frame[["alone_low", "alone_high"]] = [alone for _, alone in found]
        possible, alone = (frame[high] - frame[low] + 1 for low, high in (("low", "high"), ("alone_low", "alone_high")))
        frame["surprise"] = 1 - possible / alone
        print(f"  {len(frame)} pairs of characteristics, {int(frame['exact'].sum())} exactly", flush=True)
        order = frame.sort_values(["surprise", "quantity"], ascending=[False, True]).index
        chosen = [number for number in order if frame.at[number, "surprise"] > 0]
        proved = pool.map(_fact, [(both[number], found[number][1]) for number in chosen])
        facts = [one for one in proved if one is not None][:_FACTS]
        print(f"  {len(facts)} facts that stand nowhere in the paper", flush=True)
    return {"answers": table, "pairs": frame, "rules": changed, "facts": as_frame(facts).reset_index()}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make determined", description="Find out what the paper determines.")
    folder = "folder to write (default: %(default)s)"
    parser.add_argument("--out", type=Path, default=Path("data/determined"), help=folder)
    out = parser.parse_args().out
    try:
        print("What the paper determines, question by question; this takes some minutes.", flush=True)
        tables = _tables()
        stored.write(tables, out)
    except (ContradictionError, OSError, ValueError) as error:
        sys.exit(f"make determined: {error}")
    print(f"Wrote {', '.join(f'{table}.csv' for table in tables)} to {out}.")


if __name__ == "__main__":
    main()
