"""Build the tables and figures: `python -m compendium.workflow paper | figures | verify | run | check | ...`."""

import argparse
import ast
import contextlib
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from compendium.workflow.build import figures, paper, references, run, verify
from compendium.workflow.centre import HIDE_BELOW, Handling, check
from compendium.workflow.driver import explain_full_disk
from compendium.workflow.jobs import JOBS, ROOT, BuildError, Job, Project


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m compendium.workflow", description="Build the tables and figures.")
    commands = parser.add_subparsers(dest="command", required=True)
    every = commands.add_parser("paper", help="build every table and figure that is not up to date")
    drawn = commands.add_parser("figures", help="draw the figures for a journal")
    drawn.add_argument("--width", default="180", help="millimetres: 85, one column, or 180 (default: %(default)s)")
    drawn.add_argument("--formats", type=_words, default=["tiff"], help="such as 'tiff pdf' (default: tiff)")
    for command in (every, drawn):
        command.add_argument("--only", type=_words, default=[], help="names of what is wanted, as 'table-2 figure-1'")
    again = commands.add_parser("verify", help="build every table and figure again elsewhere, and compare")
    one = commands.add_parser("run", help="run one notebook with other parameters")
    one.add_argument("notebook", help="its name, for example figure-1")
    one.add_argument("--parameters", default="", metavar="NAME=VALUE ...", help="for example population=ISM")
    check = commands.add_parser("check", help="say all that is wrong with a cohort, and build nothing")
    check.add_argument("--cohort", required=True, help="xlsx file, or folder of CSV or Parquet files")
    check.add_argument("--out", default="build/check", help="folder of the report (default: %(default)s)")
    check.set_defaults(hide_below=HIDE_BELOW)
    for command, out in ((every, "figures"), (again, "figures"), (one, "build/run"), (drawn, "build/figures")):
        command.add_argument("--cohort", default="data/cohort", help="xlsx file or folder (default: %(default)s)")
        command.add_argument("--out", default=out, help="folder of the results (default: %(default)s)")
        command.add_argument("--criteria", default="paper", help="response criteria (default: %(default)s)")
        command.add_argument("--hide-below", type=int, default=HIDE_BELOW, help="in tables to share (%(default)s)")
    for command in (every, again, one, drawn, check):
        command.add_argument("--course", default="first", help="which of several courses counts: first or last")
        command.add_argument("--sample", default="last", help="which of several samples counts: last or first")
        command.add_argument("--visit", default="score", help="which of several visits is best: score or response")
        command.add_argument("--mapping", type=Path, help="a CSV file of the centre's own names and codes")
        command.add_argument("--tryptase", help="check the tryptase rule of MCAS in this reading: sum or both")
        shown = "show the identifiers of patients and centres"
        command.add_argument("--identifiers", nargs="?", const="show", choices=("show",), help=shown)
    commands.add_parser("references", help="run the committed notebooks in place")
    commands.add_parser("portable", help="make results and cohort again under other surroundings")
    return parser.parse_args(argv)


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _given(text: str) -> dict[str, object]:
    """Parameters typed as name=value, in quotes where a value has blanks; folders are text, whatever they look like."""
    try:
        pairs = shlex.split(text)
    except ValueError:
        raise BuildError(f"{text!r}: a quotation mark is not closed") from None
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise BuildError(f"{wrong[0]!r} is not a parameter; allowed: name=value, for example population=ISM")
    found: dict[str, object] = dict(pair.split("=", 1) for pair in pairs)
    for name in found.keys() - {"cohort", "output"}:
        with contextlib.suppress(ValueError, SyntaxError):  # what does not read as a Python literal is text
            found[name] = ast.literal_eval(found[name])
    return found


def _built(asked: argparse.Namespace, root: Path, jobs: tuple[Job, ...]) -> int:
    """Do what is asked; returns the exit code."""
    if asked.command == "references":
        return references(Project(root / "data" / "cohort", root / "notebooks", root=root, jobs=jobs))
    if asked.command == "portable":
        from compendium.workflow.portable import portable

        return portable(root)
    given = _given(asked.parameters) if asked.command == "run" else {}
    cohort = Path(os.path.abspath(str(given.pop("cohort", asked.cohort))))
    out = Path(os.path.abspath(str(given.pop("output", asked.out))))
    options = {one.name: getattr(asked, one.name) for one in fields(Handling)}
    handling = Handling(**options | {"identifiers": bool(asked.identifiers)})
    if asked.command == "check":
        return check(cohort, out, handling, root)
    project = Project(cohort, out, criteria=asked.criteria, root=root, jobs=jobs)
    if asked.command == "run":
        return run(project, asked.notebook, given, handling)
    if asked.command == "figures":
        return figures(project, handling, asked.width, asked.formats, asked.only)
    return verify(project, handling) if asked.command == "verify" else paper(project, handling, asked.only)


def main(argv: Sequence[str] | None = None, root: Path = ROOT, jobs: tuple[Job, ...] = JOBS) -> int:
    """Build from the command line."""
    asked = _arguments(argv)
    sys.stdout.reconfigure(line_buffering=True)
    try:
        return _built(asked, root, jobs)
    except BuildError as error:
        said = str(error)
    except OSError as error:
        said = f"{error.filename or 'a file of the build'}: {error.strerror}"
    print(f"error: {said}", file=sys.stderr)
    explain_full_disk(said)
    return 1


if __name__ == "__main__":
    sys.exit(main())
