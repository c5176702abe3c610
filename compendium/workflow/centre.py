"""Another centre's cohort: checked before anything runs, copied where only its owner reads it, built nowhere else."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.vocabulary import Diagnosis
from compendium.centre.disclosure.cells import HIDE_BELOW, check_threshold
from compendium.centre.intake.files import require_private
from compendium.files import write_atomically
from compendium.workflow.jobs import BuildError, Project, jobs_for

if TYPE_CHECKING:
    from compendium.centre.intake.checking import Check

PAGE, DETAILS = "index.html", "details.html"  # the page to be read; all that the notebooks show of an observed cohort

PRIVATE = (
    "This page and the files beside it count single patients, the tables of Figures 2 and E5 have a row for each, and "
    "the texts of adverse events stand as they were entered. Meant for sharing are only the files whose names begin "
    "with shared-; the notes below them say which counts they hide."
)


@dataclass(frozen=True)
class Handling:
    """How a cohort is to be treated."""

    tryptase: str | None = None  # reading of the tryptase rule to be checked, see `checks.plausibility.doubtful`
    identifiers: bool = False  # whether the centre's identifiers of patients and centres may be shown
    hide_below: int = HIDE_BELOW  # counts below it are hidden in the tables meant for sharing
    course: str = "first"  # which of several courses of a patient counts
    sample: str = "last"  # and which of several samples on therapy
    visit: str = "score"  # which of several visits is that of the best response, see `checks.further`
    mapping: Path | None = None  # the file of the centre's own names and codes, see `intake.mapping`


AS_USUAL = Handling()  # identifiers and small counts hidden, the tryptase rule not checked


def _require_private(folder: Path, root: Path) -> None:
    try:
        require_private(folder, root)
    except PermissionError as error:
        raise BuildError(str(error)) from error


def _run_check(cohort: Path, handling: Handling) -> "tuple[Check, Check]":
    """Check a cohort; returns what was found as it is, and as it may be shown."""
    from compendium.centre.intake.checking import check_cohort, hide_identifiers

    rules = {name: getattr(handling, name) for name in ("course", "sample", "visit")}
    try:
        found = check_cohort(cohort, handling.tryptase, handling.mapping, **rules)
    except ValueError as error:  # an unknown rule, or reading of that of tryptase
        raise BuildError(str(error)) from error
    if handling.identifiers:
        return found, found
    hidden = {kind: hide_identifiers(getattr(found, kind), found.identifiers) for kind in ("errors", "warnings")}
    return found, replace(found, **hidden)


def _report(shown: "Check", folder: Path) -> list[str]:
    """Write the report of a check and return its lines for a terminal."""
    from compendium.reporting.check_report import check_files, check_lines

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, content in check_files(shown).items():
            write_atomically(folder / name, content)
    except OSError as error:
        raise BuildError(f"{folder}: the report cannot be written here: {error.strerror}") from error
    return [*check_lines(shown), f"The whole report: {os.path.relpath(folder / 'check.html')}"]


def check(cohort: Path, out: Path, handling: Handling, root: Path) -> int:
    """Check a cohort and report all that is wrong or doubtful; returns the exit code, 1 if there are errors."""
    _require_private(out, root)
    from compendium.centre.intake.snapshot import of_the_paper

    found, shown = _run_check(cohort, handling)
    print("\n".join([*(of_the_paper(found.tables)[1] if found.tables else ()), *_report(shown, out)]))
    return 1 if len(found.errors) else 0


def prepare(project: Project, handling: Handling) -> Project:
    """Check a cohort and make the copy that the notebooks read, with jobs that fit it; a BuildError says why not."""
    from compendium.centre.intake.snapshot import of_the_paper, pseudonymised, write_snapshot
    from compendium.reporting.check_report import read_otherwise

    _require_private(project.out, project.root)
    try:
        check_threshold(handling.hide_below)
    except ValueError as error:
        raise BuildError(f"hide-below: {error}") from error
    found, shown = _run_check(project.cohort, handling)
    _require_private(project.under_build("check"), project.root)
    lines = _report(shown, project.under_build("check"))
    if len(found.errors):
        path = os.path.relpath(project.cohort) if project.cohort.is_relative_to(Path.cwd()) else project.cohort
        raise BuildError(f"{path}: the cohort cannot be used\n" + "\n".join(lines))
    (tables, otherwise), observed = of_the_paper(found.tables), not found.reconstructed
    print("\n".join(lines))
    if tables["patients"].empty:
        allowed = f"allowed is at least one with {', '.join(Diagnosis)}"
        raise BuildError(f"no patient has a diagnosis of the paper; {allowed}")
    if not handling.identifiers:
        tables = pseudonymised(tables)
    jobs, left_out, read = project.jobs, tuple(otherwise), tuple(read_otherwise(shown))
    if observed:
        jobs, without = jobs_for(set(tables["patients"]["diagnosis"]), handling.hide_below)
        left_out += without
        if handling.identifiers:
            left_out += ("The tables of Figures 2 and E5 name patients by their identifiers, as was asked for.",)
        said = {"notes": "\n".join([*left_out, PRIVATE, f"All that the notebooks show is in {DETAILS}."])}
        jobs = tuple(replace(j, parameters={**j.parameters, **said}) if j.name == "document" else j for j in jobs)
    copy = project.under_build("cohort")
    write_snapshot(tables, copy, reconstructed=not observed, read=read)
    return replace(project, cohort=copy, jobs=jobs, observed=observed, left_out=left_out, read=read)


def write_page(project: Project) -> None:
    """Put all that was built of an observed cohort on one page, `DETAILS` in the folder of the results."""
    import pyarrow.parquet

    from compendium.reporting.formatting import count_of
    from compendium.workflow.report_page import report_page

    patients = count_of(pyarrow.parquet.read_metadata(project.cohort / "patients.parquet").num_rows, "patient")
    computed = (
        f"Computed from {patients} of this cohort by the rules of the paper on omalizumab in mast cell disorders; "
        "texts that speak of the paper give its line numbers as (L245)."
    )
    notebooks = [project.executed(job) for job in project.jobs if job.name != "document"]
    title = f"Omalizumab in {patients} with a mast cell disorder"
    page = report_page(title, [computed, *project.left_out, PRIVATE], notebooks, project.read)
    write_atomically(project.out / DETAILS, page.encode())
