"""Other cohorts that fit the paper, many of them: ``make ensemble N=200``.

Each member is a folder with a full set of tables, made on this machine by several processes or, with
``SCHEDULER=tcp://...``, on a Dask cluster by the same code; the same seed gives the same members on either, and which
the k-th is does not hang on how many are asked for. A folder is there whole or not at all, so that an interrupted run
goes on where it was. At the end the results of all members are set beside those of the shipped cohort.
"""

import argparse
import contextlib
import fcntl
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import joblib

from compendium.files import csv_text, write_atomically
from compendium.folders import MARK, make_folder, remove_folder
from compendium.reconstruction.chain import NoCohortError, whole_number
from compendium.reconstruction.members import ROOT, member, read_values, sources, values_of
from compendium.reconstruction.results import compare_marks, compare_values
from compendium.workflow.driver import cores

SEED = 1
SHIPPED = ROOT / "data" / "cohort"
VALUES, MARKS = "ensemble-values.csv", "ensemble-marks.csv"
_WAIT = 5  # seconds for a scheduler to answer
_LARGEST = 100_000


class EnsembleError(ValueError):
    """An ensemble cannot be made as asked; the message says what is wrong and what is allowed."""


def make_ensemble(n: int, seed: int, folder: Path, jobs: int | None = None, scheduler: str = "") -> list[Path]:
    """Make the members, numbered from 1, of an ensemble that are not there yet, and write how all of them differ.

    All draws follow from the seed. The folder may hold a part of the same ensemble. By default as many processes work
    side by side as this machine has cores; with the address of the scheduler of a Dask cluster its workers do. Given
    are the folders of the members. An EnsembleError tells of a folder that holds another ensemble, is in use or cannot
    be written, and of a scheduler that does not answer; a NoCohortError of a member that cannot be found.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _begin(folder, seed)
            places = [_place(folder, number) for number in range(1, n + 1)]
            missing = [number for number, place in enumerate(places, 1) if not place.is_dir()]
            if missing:
                with _workers(jobs or cores(), scheduler):
                    _make(folder, seed, missing, n)
            _write_results(folder, places)
    except OSError as error:
        raise EnsembleError(f"{error.filename or folder}: cannot be written: {error.strerror or error}") from error
    return places


def read_ensemble(folder: Path) -> list[dict[str, dict]]:
    """Read ``values`` and ``marks`` of all members in a folder, in the order of their numbers."""
    paths = (folder / "cohorts").glob("*/values.json")
    return [read_values(path) for path in sorted(paths, key=lambda path: int(path.parent.name))]


def _place(folder: Path, number: int) -> Path:
    return folder / "cohorts" / f"{number:03d}"


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnsembleError(f"{folder}: another run writes here; wait for it or name another folder") from None
        yield


def _begin(folder: Path, seed: int) -> None:
    """Note which ensemble this is; members that other sources made are removed, and what was left half-written."""
    note, cohorts = folder / "ensemble.json", folder / "cohorts"
    if note.is_file():
        try:
            known = json.loads(note.read_text(encoding="utf-8"))
            before, made_from = int(known["seed"]), str(known["sources"])
        except (ValueError, KeyError, TypeError) as error:
            raise EnsembleError(f"{note}: not the note of an ensemble; allowed is one that was not changed") from error
        if before != seed:
            raise EnsembleError(f"{note}: seed is {before}; allowed here is SEED={before}, or another OUT")
        if made_from != sources():
            print("Other sources made the cohorts here: they are made again.", flush=True)
            remove_folder(cohorts)
    elif cohorts.exists():
        raise EnsembleError(
            f"{cohorts}: not made by an ensemble, since {note.name} is missing; allowed is a new folder"
        )
    make_folder(cohorts)
    for part in cohorts.glob(".part-*"):
        remove_folder(part)
    write_atomically(note, (json.dumps({"seed": seed, "sources": sources()}, indent=1) + "\n").encode())


@contextlib.contextmanager
def _workers(jobs: int, scheduler: str) -> Iterator[None]:
    """Let the work be done by processes of this machine or by a cluster."""
    if not scheduler:
        with joblib.parallel_config(backend="loky", n_jobs=jobs, inner_max_num_threads=1):
            yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise EnsembleError("SCHEDULER needs a package that is missing: pip install distributed") from error
    for name in ("distributed", "distributed.client", "distributed.comm", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    allowed = "allowed is the address of a running Dask scheduler, as tcp://10.0.0.1:8786"
    try:
        client = Client(scheduler, timeout=_WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EnsembleError(f"SCHEDULER={scheduler}: nobody answers there within {_WAIT} s; {allowed}") from error
    with client:
        if not client.ncores():
            raise EnsembleError(f"SCHEDULER={scheduler}: the cluster has no worker; start one: dask worker {scheduler}")
        with joblib.parallel_config(backend="dask", client=client):
            yield


def _make(folder: Path, seed: int, missing: list[int], n: int) -> None:
    """Make members, each put in its place as soon as it is done."""
    start, made_from = time.perf_counter(), sources()
    calls = (joblib.delayed(member)(seed, number, made_from) for number in missing)
    for done, (number, files) in enumerate(joblib.Parallel(return_as="generator_unordered")(calls), 1):
        place = _place(folder, number)
        part = place.with_name(f".part-{place.name}")
        make_folder(part)
        for name, content in files.items():
            (part / name).write_bytes(content)
        (part / MARK).unlink()  # a member is not removed by itself
        os.rename(part, place)
        if done % 10 == 0 or done == len(missing):
            seconds = time.perf_counter() - start
            print(f"[{n - len(missing) + done}/{n}] {seconds:.0f} s, {seconds / done:.1f} s a cohort", flush=True)


def _write_results(folder: Path, places: list[Path]) -> None:
    shipped = json.loads(values_of(SHIPPED))
    others = [read_values(place / "values.json") for place in places]
    values = compare_values(shipped["values"], [other["values"] for other in others])
    marks = compare_marks(shipped["marks"], [other["marks"] for other in others])
    write_atomically(folder / VALUES, csv_text(values).encode())
    write_atomically(folder / MARKS, csv_text(marks).encode())
    fixed = int((values["equal"] == values["cohorts"]).sum())
    print(f"{fixed} of {len(values)} numbers are the same in the shipped cohort and in {len(others)} others.")
    figure = marks[(marks["population"] == "all") & marks["shipped"] & marks["mark"].str.startswith("*")]
    everywhere = int((figure["cohorts"] == figure["of"]).sum())
    print(f"Of the {len(figure)} symptoms with a star in Figure 1, {everywhere} have the same in all others.")


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="make ensemble", description="Make other cohorts that fit the paper.")
    parser.add_argument("--n", type=whole_number(1, _LARGEST), default=200, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=whole_number(), default=SEED, help="of the ensemble (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/ensemble"), help="folder (default: %(default)s)")
    parser.add_argument("--jobs", type=whole_number(1, 1000), help="processes side by side (default: one a core)")
    parser.add_argument("--scheduler", default="", help="address of a Dask scheduler, as tcp://10.0.0.1:8786")
    arguments = parser.parse_args(argv)
    try:
        make_ensemble(arguments.n, arguments.seed, arguments.out, arguments.jobs, arguments.scheduler)
    except (EnsembleError, NoCohortError, ValueError) as error:
        print(f"make ensemble: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("make ensemble: interrupted; the same command goes on where it was", file=sys.stderr)
        return 130
    print(f"Results: {arguments.out / VALUES}, {arguments.out / MARKS}; each cohort: {arguments.out / 'cohorts'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
