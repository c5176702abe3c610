"""Build the tables and figures: `python -m analysis.pipeline paper | run | references`.

Every job of `analysis.pipeline.jobs` is one notebook run by papermill into an empty folder of its own; when it has
succeeded its files are moved into the folder of the results. What was made from what is recorded under `build/`, for
each folder of results apart, so that only what changed is built again.
"""

import argparse
import csv
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from analysis.pipeline.jobs import JOBS, BuildError, Job
from analysis.pipeline.kernels import SCRATCH
from analysis.pipeline.parameters import check_parameters, parameter_value, parameters_of
from analysis.pipeline.plan import Plan
from analysis.pipeline.project import ROOT, Project
from analysis.pipeline.publish import Outputs
from analysis.pipeline.session import kernels, locked

__all__ = ["main", "paper", "references", "run"]


def _execute(project: Project, job: Job, sockets: Path) -> None:
    from analysis.pipeline.notebooks import execute

    project.under_build("staging", job.name).mkdir(parents=True)
    executed = project.under_build("executed", f"{job.name}.ipynb")
    execute(project.notebook(job), executed, project.parameters(job), sockets)


def _check(project: Project, jobs: Iterable[Job]) -> None:
    """Find what is wrong before anything runs."""
    if not project.cohort.is_dir():
        raise BuildError(f"{project.cohort}: no such folder; a folder with the tables of a cohort is needed")
    for job in jobs:
        check_parameters(project.notebook(job), project.parameters(job))
    if project.root == ROOT:  # other projects, as the tests make them, have tables of their own
        _check_study(project)


def _check_study(project: Project) -> None:
    """Read the criteria and the cohort once, so that what is wrong with them is said once and before anything runs."""
    from analysis.cohort import CohortError, read_cohort
    from analysis.criteria import read_criteria

    try:
        read_criteria(project.criteria)
        read_cohort(project.cohort)
    except CohortError as error:
        raise BuildError(f"{os.path.relpath(project.cohort)}: the cohort cannot be used\n{error}") from error
    except ValueError as error:
        raise BuildError(str(error)) from error


def paper(project: Project) -> int:
    """Build every result that is not up to date.

    Parameters
    ----------
    project : Project
        What to build, from which cohort, to which folder.

    Returns
    -------
    int
        Exit code: 0, or 1 if a notebook failed.

    Raises
    ------
    BuildError
        Something was wrong before anything ran.
    """
    start = time.perf_counter()
    with locked(project.under_build("record", "lock")):
        plan = Plan(project)
        begin = plan.ready()
        total = len(begin) + len(plan.waiting)
        files = sum(len(plan.outputs.record[name]["outputs"]) for name in plan.done)
        if total == 0:
            plan.prune()
            print(f"Nothing to do: {files} files in {project.shown} are up to date with {len(plan.done)} notebooks.")
            _print_verdicts(project)
            return 0
        _check(project, project.jobs)
        plan.outputs.check_writable()
        print(f"{total} of {len(project.jobs)} notebooks to run, results go to {project.shown}")
        jobs = {job.name: job for job in project.jobs}
        with kernels(project) as sockets:
            from analysis.pipeline.driver import report, run_all

            failures = run_all(
                begin, plan.ready, lambda name: _execute(project, jobs[name], sockets), plan.finish, total
            )
        if failures:
            report(failures, str(project.under_build("executed")))
            return 1
        plan.prune()
    print(f"Done in {time.perf_counter() - start:.1f} s: {plan.changed} files new or changed in {project.shown}")
    _print_verdicts(project)
    return 0


def _print_verdicts(project: Project) -> None:
    """End with how many printed numbers were reproduced, where the verdicts were built."""
    path = project.out / "verdicts.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            found = Counter(row["verdict"] for row in csv.DictReader(file))
        parts = ", ".join(f"{number} {verdict}" for verdict, number in found.most_common())
        print(f"Printed numbers: {parts}. See {os.path.relpath(project.out / 'verdicts.html')}")


def run(project: Project, notebook: str, given: dict[str, object]) -> int:
    """Run one notebook with other parameters.

    Parameters
    ----------
    project : Project
        Gives the cohort and the folder of the results, unless `given` does.
    notebook : str
        Its name, with or without folder and ending.
    given : dict of str to object
        Parameters by name.

    Returns
    -------
    int
        Exit code: 0.

    Raises
    ------
    BuildError
        An unknown notebook, a wrong parameter, or a cell that failed.
    """
    job = Job(Path(notebook).stem, f"{Path(notebook).stem}.ipynb", given)
    if not project.notebook(job).is_file():
        names = ", ".join(sorted(path.stem for path in project.notebook(job).parent.glob("*.ipynb")))
        raise BuildError(f"{notebook}: no such notebook; allowed: {names}")
    _check(project, [job])
    outputs = Outputs(project.out, {}, ())
    outputs.check_writable()
    with locked(project.under_build("record", "lock")), kernels(project) as sockets:
        _execute(project, job, sockets)
        changed = outputs.publish(job.name, project.under_build("staging", job.name), "", 0)
    print(f"{project.under_build('executed', job.notebook)} is the executed notebook; in {project.shown}:")
    print(
        "\n".join(
            f"  {name}{'' if name in changed else ' (unchanged)'}" for name in outputs.record[job.name]["outputs"]
        )
    )
    return 0


def references(project: Project) -> int:
    """Run the committed notebooks and write their outputs back into them.

    Parameters
    ----------
    project : Project
        Gives the root.

    Returns
    -------
    int
        Exit code: 0, or 1 if a notebook failed; that one is left as it was.
    """
    notebooks = {path.stem: path for path in sorted((project.root / "notebooks").glob("*.ipynb"))}
    for path in notebooks.values():
        parameters_of(path)
    changed: dict[str, bool] = {}
    with locked(project.under_build("record", "lock")), kernels(project, SCRATCH) as sockets:
        from analysis.pipeline.driver import report, run_all
        from analysis.pipeline.notebooks import refresh

        def work(name: str) -> None:
            changed[name] = refresh(notebooks[name], sockets)

        def finish(name: str, _seconds: float) -> str:
            return "changed" if changed[name] else "unchanged"

        failures = run_all(list(notebooks), list, work, finish, len(notebooks))
    if failures:
        report(failures, str(project.root / "notebooks"))
    return 1 if failures else 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m analysis.pipeline", description="Build the tables and figures.")
    commands = parser.add_subparsers(dest="command", required=True)
    every = commands.add_parser("paper", help="build every table and figure that is not up to date")
    one = commands.add_parser("run", help="run one notebook with other parameters")
    one.add_argument("notebook", help="its name, for example figure-1")
    one.add_argument("parameters", nargs="*", metavar="name=value", help="for example population=ISM")
    for command, out in ((every, "figures"), (one, "build/run")):
        command.add_argument("--cohort", default="data/cohort", help="folder of the cohort (default: %(default)s)")
        command.add_argument("--out", default=out, help="folder of the results (default: %(default)s)")
        command.add_argument("--criteria", default="paper", help="response criteria (default: %(default)s)")
    commands.add_parser("references", help="run the committed notebooks in place")
    return parser.parse_args(argv)


def _given(pairs: Sequence[str]) -> dict[str, object]:
    """Parameters typed as name=value; folders are text, whatever they look like."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise BuildError(f"{wrong[0]!r} is not a parameter; allowed: name=value, for example population=ISM")
    split = dict(pair.split("=", 1) for pair in pairs)
    return {name: text if name in ("cohort", "output") else parameter_value(text) for name, text in split.items()}


def main(argv: Sequence[str] | None = None, root: Path = ROOT, jobs: tuple[Job, ...] = JOBS) -> int:
    """Build from the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.
    root : Path
        The project.
    jobs : tuple of Job
        What `paper` builds.

    Returns
    -------
    int
        Exit code: 0, or 1 with a message on the error stream.
    """
    arguments = _arguments(argv)
    sys.stdout.reconfigure(line_buffering=True)
    here = Path.cwd()
    try:
        if arguments.command == "references":
            return references(Project(root / "data" / "cohort", root / "notebooks", root=root, jobs=jobs))
        given = _given(arguments.parameters) if arguments.command == "run" else {}
        folders = [
            Path(os.path.abspath(here / str(given.pop(name, value))))
            for name, value in (("cohort", arguments.cohort), ("output", arguments.out))
        ]
        project = Project(*folders, criteria=arguments.criteria, root=root, jobs=jobs)
        return run(project, arguments.notebook, given) if arguments.command == "run" else paper(project)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
