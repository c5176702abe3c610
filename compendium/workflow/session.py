"""What surrounds a build: one at a time, kernels with their own surroundings, nothing half-done left behind."""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from compendium.folders import make_folder, remove_folder
from compendium.workflow.kernels import Kernels, environment, private_folder
from compendium.workflow.project import Project

__all__ = ["kernels", "locked"]


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other build holds the lock, then hold it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another build to finish ...", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _clean(project: Project) -> None:
    """Remove what an interrupted build leaves."""
    remove_folder(project.under_build("staging"))
    for part in [*project.out.glob(".*.part"), *project.out.glob("*/.*.part")]:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def kernels(project: Project, notebooks: Iterable[Path], output: str = "") -> Iterator[Kernels]:
    """Prepare for running some notebooks, with results in `output` if it is given, and tidy up whatever happens."""
    # Slow imports, not needed when there is nothing to do.
    from compendium.workflow.driver import interruptible
    from compendium.workflow.notebooks import load_papermill
    from compendium.workflow.warm_kernels import started

    before = dict(os.environ)
    with private_folder() as private, interruptible(lambda: (_clean(project), remove_folder(private))):
        _clean(project)
        os.environ.update(environment(project.root, private, output))
        try:
            make_folder(project.under_build("staging"))
            project.under_build("executed").mkdir(parents=True, exist_ok=True)
            with started(project.root, private, notebooks, str(project.cohort)) as server:
                load_papermill()  # while the server imports what the notebooks need
                yield Kernels(private, server)
        finally:
            os.environ.clear()
            os.environ.update(before)
            _clean(project)
