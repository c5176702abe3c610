"""``python -m compendium.bounds CLAIMS QUESTIONS`` prints as CSV what the claims of a paper determine."""

import argparse
import os
import sys
from pathlib import Path

from compendium.bounds.answers import Answer, Bounds
from compendium.bounds.contradictions import ContradictionError
from compendium.bounds.of_claims import read_people
from compendium.bounds.people import LAYERS
from compendium.bounds.questions import all_pairs, answer_table, answered, read_questions
from compendium.files import csv_text, write_atomically
from compendium.verification.audit.claims import ClaimsError
from compendium.verification.audit.rounding import RULES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m compendium.bounds", description="What do the printed numbers of a paper determine?"
    )
    parser.add_argument("claims", metavar="CLAIMS", type=Path, help="CSV file of claims, with a column attribute")
    parser.add_argument("questions", metavar="QUESTIONS", type=Path, nargs="?", help="default: all pairs of attributes")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the table there instead of printing it")
    parser.add_argument("--witnesses", metavar="FOLDER", type=Path, help="write people for both ends of each answer")
    parser.add_argument("--without", nargs="+", choices=tuple(LAYERS), default=[], help="leave layers out")
    parser.add_argument("--rounding", nargs="+", choices=RULES, default=["half_up"], help="how numbers were rounded")
    parser.add_argument("--smallest", action="store_true", help="name only the claims that an answer cannot do without")
    return parser


def _write_witnesses(folder: Path, answers: list[Answer]) -> None:
    """Write people for both ends of each answer, named by its row: ``2-low.csv`` belongs to the first."""
    folder.mkdir(parents=True, exist_ok=True)
    for row, answer in enumerate(answers, 2):
        for end, people in (("low", answer.low_witness), ("high", answer.high_witness)):
            if people is not None:
                write_atomically(folder / f"{row}-{end}.csv", csv_text(people.reset_index()).encode())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, by default with the arguments of the process."""
    options = _parser().parse_args(arguments)
    try:
        read = read_people(options.claims, tuple(options.rounding))
        people = read.people.without(options.without)
        questions = read_questions(options.questions, people) if options.questions else all_pairs(people)
        bounds = Bounds(people)
        answers = list(answered(bounds, questions, options.smallest))
        table = answer_table(bounds, answers)
        text = csv_text(table)
        if options.witnesses:
            _write_witnesses(options.witnesses, [answer for _, answer in answers])
        if options.out:
            write_atomically(options.out, text.encode())
            counts = table["answer"].value_counts()
            shown = ", ".join(f"{counts[name]} {name}" for name in ("fixed", "bounded", "open") if name in counts)
            used = f"{read.used} of {read.claims} claims say something of {people.size} people"
            print(f"{used}; {len(table)} counts: {shown}; wrote {options.out}")
            return
    except (ClaimsError, ContradictionError, OSError, ValueError) as error:
        sys.exit(str(error))
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; Python must not complain when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
