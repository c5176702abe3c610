"""``python -m compendium.bounds CLAIMS QUESTIONS`` prints as CSV what the claims of a paper determine."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path

import pandas as pd

from compendium.bounds.answers import BOUNDED, FIXED, OPEN, Answer, Bounds
from compendium.bounds.ensembles import sample
from compendium.bounds.needed import ContradictionError
from compendium.bounds.of_claims import Read, read_people
from compendium.bounds.people import LAYERS
from compendium.bounds.questions import all_pairs, answer_table, answered, facts, read_questions
from compendium.files import csv_text, write_atomically
from compendium.verification.audit.claims import ClaimsError
from compendium.verification.audit.rounding import RULES

COHORTS = 20  # other people who fit, which show what need not be asked


def _words(allowed: Iterable[str]) -> Callable[[str], list[str]]:
    """Make a reader of some of the allowed words, with blanks between them."""

    def words(text: str) -> list[str]:
        for word in text.split():
            if word not in allowed:
                raise argparse.ArgumentTypeError(f"{word!r} is not allowed; allowed: {', '.join(allowed)}")
        return text.split()

    return words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m compendium.bounds", description="What do the printed numbers of a paper determine?"
    )
    parser.add_argument("claims", metavar="CLAIMS", type=Path, help="CSV file of claims, with a column attribute")
    parser.add_argument("questions", metavar="QUESTIONS", type=Path, nargs="?", help="default: all pairs of attributes")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the table there instead of printing it")
    parser.add_argument("--witnesses", metavar="FOLDER", type=Path, help="write people for both ends of each answer")
    parser.add_argument("--without", type=_words(tuple(LAYERS)), default=[], help="leave layers out")
    parser.add_argument("--rounding", type=_words(RULES), default=["half_up"], help="how numbers were rounded")
    yes = {"nargs": "?", "const": "yes", "choices": ("yes",)}
    parser.add_argument("--quick", **yes, help="name all claims that have to do with an answer")
    parser.add_argument("--facts", **yes, help="list what follows and stands nowhere instead of answers")
    return parser


def _write_witnesses(folder: Path, answers: list[Answer]) -> None:
    """Write people for both ends of each answer, named by its row: ``2-low.csv`` belongs to the first."""
    folder.mkdir(parents=True, exist_ok=True)
    for row, answer in enumerate(answers, 2):
        for end, people in (("low", answer.low_witness), ("high", answer.high_witness)):
            if people is not None:
                write_atomically(folder / f"{row}-{end}.csv", csv_text(people.reset_index()).encode())


def _asked(options: argparse.Namespace, read: Read) -> tuple[pd.DataFrame, str]:
    """Find what is asked for: the table, and how many there are of what."""
    people = read.people.without(options.without)
    bounds = Bounds(people)
    if options.facts:
        pairs = combinations([name for name, values in people.values.items() if isinstance(values[0], str)], 2)
        table = facts(bounds, sample(people, COHORTS, seed=1), pairs, not options.quick)
        return table, f"{len(table)} facts"
    questions = read_questions(options.questions, people) if options.questions else all_pairs(people)
    answers = list(answered(bounds, questions, not options.quick))
    table = answer_table(bounds, answers)
    if options.witnesses:
        _write_witnesses(options.witnesses, [answer for _, answer in answers])
    counts = table["answer"].value_counts()
    shown = ", ".join(f"{counts[name]} {name}" for name in (FIXED, BOUNDED, OPEN) if name in counts)
    return table, f"{len(table)} counts: {shown}"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, by default with the arguments of the process."""
    options = _parser().parse_args(arguments)
    try:
        read = read_people(options.claims, tuple(options.rounding))
        table, found = _asked(options, read)
        if options.out:
            write_atomically(options.out, csv_text(table).encode())
            used = f"{read.used} of {read.claims} claims say something of {read.people.size} people"
            print(f"{used}; {found}; wrote {options.out}")
            return
    except (ClaimsError, ContradictionError, OSError, ValueError) as error:
        sys.exit(str(error))
    try:
        sys.stdout.write(csv_text(table))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; Python must not complain when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
