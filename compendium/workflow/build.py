"""What the commands build: find what is out of date, run it side by side, put the results in their place.

Every job of `compendium.workflow.jobs` is one notebook run by papermill into an empty folder of its own; when it has
succeeded its files are moved into the folder of the results. What was made from what is recorded under `build/`, for
each folder of results apart, so that only what changed is built again. Builds go one at a time; kernels have their own
surroundings, and nothing half-done is left behind.
"""

import contextlib
import csv
import fcntl
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from compendium.files import FIGURE_FORMATS, FORMATS, WIDTH
from compendium.folders import make_folder, remove_folder
from compendium.workflow import notebooks
from compendium.workflow.centre import AS_USUAL, DETAILS, PAGE, Handling, prepare, write_page
from compendium.workflow.differences import against_committed, differences, in_one_line
from compendium.workflow.driver import interruptible, report, run_all, still
from compendium.workflow.freshness import digest
from compendium.workflow.jobs import ROOT, BuildError, Job, Project
from compendium.workflow.kernels import SCRATCH, Kernels, environment, private_folder, started
from compendium.workflow.manifest import read_manifest, write_manifest
from compendium.workflow.plan import Outputs, Plan

_WIDTHS = ("85", "180")  # millimetres: one column of a journal, and its whole page


@contextlib.contextmanager
def _locked(project: Project) -> Iterator[None]:
    """Wait until no other build into the same folder runs, then let none begin."""
    path = project.under_build("record", "lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another build to finish ...", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _clean(project: Project) -> None:
    remove_folder(project.under_build("staging"))
    for part in [*project.out.glob(".*.part"), *project.out.glob("*/.*.part")]:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _kernels(project: Project, paths: Iterable[Path], output: str = "", **asked: str) -> Iterator[Kernels]:
    """Prepare for running some notebooks, with results in `output` if it is given, and tidy up whatever happens.

    What is asked of the notebooks beside their parameters is set in their surroundings.
    """
    before = dict(os.environ)
    with private_folder() as private, interruptible(lambda: (_clean(project), remove_folder(private))):
        _clean(project)
        os.environ.update(environment(project.root, private, output) | asked)
        try:
            make_folder(project.under_build("staging"))
            project.under_build("executed").mkdir(parents=True, exist_ok=True)
            with started(project.root, private, paths, str(project.cohort)) as server:
                notebooks.load_papermill()  # while the server imports what the notebooks need
                yield Kernels(private, server)
        finally:
            os.environ.clear()
            os.environ.update(before)
            _clean(project)


def _execute(project: Project, job: Job, kernels: Kernels) -> None:
    project.under_build("staging", job.name).mkdir(parents=True)
    given = project.parameters(job)
    notebooks.execute(project.notebook(job), project.executed(job), given, kernels, observed=project.observed)


def _check(project: Project, jobs: Iterable[Job]) -> None:
    """Refuse before anything runs what could not run."""
    if not project.cohort.is_dir():
        raise BuildError(f"{project.cohort}: no such folder; a folder with the tables of a cohort is needed")
    for job in jobs:
        notebooks.check_parameters(project.notebook(job), project.parameters(job))


@contextlib.contextmanager
def _prepared(project: Project, handling: Handling) -> Iterator[Project]:
    """Check criteria and cohort once, before anything runs; give for another centre's cohort a copy, while it lasts."""
    from analysis.criteria import read_criteria
    from analysis.problems import CohortError
    from compendium.centre.intake.checking import checked_tables

    made = project
    if project.root == ROOT:  # other projects, as the tests make them, have tables of their own
        try:
            read_criteria(project.criteria)
            if project.shipped:
                checked_tables(project.cohort)
        except CohortError as error:
            raise BuildError(f"{os.path.relpath(project.cohort)}: the cohort cannot be used\n{error}") from error
        except ValueError as error:
            raise BuildError(str(error)) from error
        made = project if project.shipped else prepare(project, handling)
    try:
        yield made
    finally:
        if made is not project:
            remove_folder(made.cohort)


def paper(project: Project, handling: Handling = AS_USUAL, only: Sequence[str] = ()) -> int:
    """Build every result that is not up to date, or of some jobs; returns the exit code, 1 if a notebook failed."""
    start = time.perf_counter()
    with contextlib.ExitStack() as stack:
        stack.enter_context(_locked(project))
        if not project.shipped:
            with still("reading and checking the cohort"):
                project = stack.enter_context(_prepared(project, handling))
            print(*project.left_out, sep="\n", end="\n" * bool(project.left_out))
        plan = Plan(project, only)
        begin = plan.ready()
        total = len(begin) + len(plan.waiting)
        if total == 0:
            files = sum(len(plan.outputs.record[name]["outputs"]) for name in plan.done)
            _finish(plan, only)
            print(f"Nothing to do: {files} files in {project.shown} are up to date with {len(plan.done)} notebooks.")
            return _end(plan)
        jobs, first = {job.name: job for job in project.jobs}, not (project.root / "build" / "cache").is_dir()
        stale = [project.notebook(jobs[name]) for name in (*begin, *plan.waiting)]
        with _kernels(project, stale) as warm:
            if project.shipped:  # while the kernels' process imports what they need
                with still("reading and checking the cohort"):
                    stack.enter_context(_prepared(project, handling))
            _check(project, project.jobs)
            plan.outputs.check_writable()
            for page in (PAGE, DETAILS) if project.observed else ():  # not those of a former cohort beside new files
                (project.out / page).unlink(missing_ok=True)
            print(f"{total} of {len(project.jobs)} notebooks to run, results go to {project.shown}")
            if first:
                print("The first build takes longer: modules are compiled, and the fonts of this machine are listed.")
            failures = run_all(begin, plan.ready, lambda name: _execute(project, jobs[name], warm), plan.finish, total)
        if failures:
            for name in plan.withdraw():
                print(f"{name}: what was made of earlier results is removed, since others are new")
            return report(failures, project.under_build("executed"))
        _finish(plan, only)
    print(f"Done in {time.perf_counter() - start:.1f} s: {plan.changed} files new or changed in {project.shown}")
    return _end(plan)


def _finish(plan: Plan, only: Sequence[str]) -> None:
    """Forget what is no more, and write the page to be read and the list of all files."""
    plan.prune()
    project = plan.project
    made = {name for entry in plan.outputs.record.values() for name in entry["outputs"]}
    names = {name for name in made if (project.out / name).is_file()}  # of a part of the results others may be gone
    if project.observed and only:
        print(f"{DETAILS} is not made of a part of the results.")
    elif project.observed:
        write_page(project)
        names.add(DETAILS)
    write_manifest(project, names)


def _end(plan: Plan) -> int:
    """End with the verdicts and with what differs from the committed results; returns the exit code."""
    project = plan.project
    code = _print_verdicts(project) if "verdicts" in plan.done else 0
    if "verdicts" not in plan.done and "verdicts" in plan.outputs.record:
        print("The verdicts are as the last whole build left them; make paper brings them up to date.")
    if project.out == project.root / "figures" and (apart := in_one_line(against_committed(project.root, project.out))):
        print(f"Not the committed results: {apart}")
    if "document" in plan.done:
        print(f"To be read: {os.path.relpath(project.out / PAGE)}")
    return code


def _print_verdicts(project: Project) -> int:
    """Say how many printed numbers were reproduced; 1 if one differs though no other statement contradicts it."""
    with (project.out / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = Counter(row["verdict"] for row in rows).most_common()
    parts = ", ".join(f"{number} {verdict}" for verdict, number in found)
    print(f"Printed numbers: {parts}. See {os.path.relpath(project.out / 'verdicts.html')}")
    wrong = [row["claim"] for row in rows if row["verdict"] == "differs"]
    if not wrong or project.criteria != "paper":  # under other rules other numbers are no defect
        return 0
    shown = ", ".join(wrong[:10]) + (f" and {len(wrong) - 10} more" if len(wrong) > 10 else "")
    text = "the rows give other numbers than the paper, and nothing it prints explains it"
    print(f"error: {text}: {shown}", file=sys.stderr)
    return 1


def verify(project: Project, handling: Handling = AS_USUAL) -> int:
    """Build a project again in `build/verify`, and compare with its folder of results.

    What its manifest names is compared byte by byte; a file that is not what the manifest says was changed after the
    build and is named as such. Prints a line for each file that differs, missing and new ones too; returns 0 if none
    does, else 1. BuildError if the folder has no manifest, or is where the comparison would be built.
    """
    expected, again = read_manifest(project.out), replace(project, out=project.root / "build" / "verify")
    if project.out == again.out:
        raise BuildError(f"{project.out}: the results are built again here; name another folder")
    for path in [path for path in again.out.rglob("*") if path.is_file()]:
        path.unlink()  # so that nothing is up to date
    if paper(again, handling):
        return 1
    made = read_manifest(again.out)
    here, there = (
        {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
        for folder, names in ((project.out, {*expected, *made}), (again.out, made))
    )
    apart = differences(here, there)
    for one in apart:
        touched = one.name in here and digest(project.out / one.name) != expected.get(one.name)
        print(f"{one.name}: {one.what}{'; it was changed after the build' if touched else ''}")
    where = os.path.relpath(project.out)
    print(f"{len(made) - len(apart)} of {len(made)} files of {where} were made again to the byte; {len(apart)} differ.")
    return 1 if apart else 0


def _as_observed(job: Job, project: Project) -> Job:
    """Give a single run of an observed cohort what its job in the paper is given."""
    named = next((other for other in project.jobs if other.notebook == job.notebook), None)
    if named is None:
        return job
    if named.after and "built" not in job.parameters:
        reads = f"{job.notebook} reads what other notebooks made of the cohort"
        raise BuildError(f"{reads}; build all with make paper, or name the folder where they are: built=folder")
    small = {name: value for name, value in named.parameters.items() if name == "hide_below"}
    return replace(job, parameters=small | dict(job.parameters))


def run(project: Project, notebook: str, given: dict[str, object], handling: Handling = AS_USUAL) -> int:
    """Run one notebook with other parameters, which may name the folder of the results."""
    job = Job(Path(notebook).stem, f"{Path(notebook).stem}.ipynb", given)
    if not project.notebook(job).is_file():
        names = ", ".join(sorted(path.stem for path in project.notebook(job).parent.glob("*.ipynb")))
        raise BuildError(f"{notebook}: no such notebook; allowed: {names}")
    outputs = Outputs(project.out, {})
    with _locked(project), _prepared(project, handling) as project:
        job = _as_observed(job, project) if project.observed else job
        _check(project, [job])
        outputs.check_writable()
        with _kernels(project, [project.notebook(job)]) as one:
            _execute(project, job, one)
            changed = outputs.publish(job.name, project.under_build("staging", job.name))
    print(f"{project.under_build('executed', job.notebook)} is the executed notebook; in {project.shown}:")
    for name in outputs.record[job.name]["outputs"]:
        print(f"  {name}{'' if name in changed else ' (unchanged)'}")
    return 0


def figures(project: Project, handling: Handling, width: str, formats: Sequence[str], only: Sequence[str]) -> int:
    """Draw for a journal: run what draws of the cohort alone, all or some, at the width and in the formats asked for.

    Says which are wider than asked for; returns the exit code.
    """
    if width not in _WIDTHS:
        raise BuildError(f"WIDTH={width}: no such width; allowed, in millimetres: {', '.join(_WIDTHS)}")
    suffixes = [suffix.lower() for suffix in formats]
    if not suffixes or not set(suffixes) <= set(FIGURE_FORMATS):
        raise BuildError(f"FORMAT={' '.join(formats)}: no such format; allowed: {', '.join(FIGURE_FORMATS)}")
    outputs, asked = Outputs(project.out, {}), {WIDTH: width, FORMATS: " ".join(suffixes)}

    def finish(name: str) -> str:
        staging = project.under_build("staging", name)
        for path in staging.iterdir():
            if not path.name.endswith(tuple(f"mm.{suffix}" for suffix in suffixes)):
                path.unlink()
        outputs.publish(name, staging)
        return f"{len(outputs.record[name]['outputs'])} files"

    with _locked(project), _prepared(project, handling) as project:
        draws = {job.name: job for job in project.jobs if not job.after}
        draws = {name: job for name, job in draws.items() if "save_figure(" in project.notebook(job).read_text("utf-8")}
        if unknown := sorted(set(only) - set(draws)):
            raise BuildError(f"ONLY={unknown[0]}: no figure of this name is drawn; allowed: {', '.join(draws)}")
        draws = {name: job for name, job in draws.items() if name in (only or draws)}
        _check(project, draws.values())
        outputs.check_writable()
        with _kernels(project, {project.notebook(job) for job in draws.values()}, **asked) as warm:
            failures = run_all(list(draws), list, lambda name: _execute(project, draws[name], warm), finish, len(draws))
    code = report(failures, project.under_build("executed")) if failures else 0
    files = sorted(name for entry in outputs.record.values() for name in entry["outputs"])
    print(f"In {project.shown}:", *(f"  {name}" for name in files), sep="\n")
    wide = sorted({name.partition("-180mm")[0] for name in files if width == "85" and "-180mm." in name})
    if wide:
        print(f"180 mm wide, since their columns could not be read at {width}: {', '.join(wide)}")
    return code


def references(project: Project) -> int:
    """Run the committed notebooks and write their outputs back into them; one that failed is left as it was."""
    paths = {path.stem: path for path in sorted((project.root / "notebooks").glob("*.ipynb"))}
    for path in paths.values():
        notebooks.parameters_of(path)
    changed: dict[str, bool] = {}
    with _locked(project), _kernels(project, paths.values(), SCRATCH) as warm:

        def work(name: str) -> None:
            changed[name] = notebooks.refresh(paths[name], warm)

        def finish(name: str) -> str:
            return "changed" if changed[name] else "unchanged"

        failures = run_all(list(paths), list, work, finish, len(paths))
    return report(failures, project.root / "notebooks") if failures else 0
