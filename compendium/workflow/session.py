"""What surrounds a build: one at a time, kernels with their own surroundings, nothing half-done left behind."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from compendium.workflow.project import Project

__all__ = ["kernels", "locked"]


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other build holds the lock, then hold it.

    Parameters
    ----------
    path : Path
        The lock file; made when it is missing.
    """
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
    shutil.rmtree(project.under_build("staging"), ignore_errors=True)
    for part in [*project.out.glob(".*.part"), *project.out.glob("*/.*.part")]:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def kernels(project: Project, output: str = "") -> Iterator[Path]:
    """Prepare for running notebooks, and tidy up whatever happens.

    Parameters
    ----------
    project : Project
        What is built.
    output : str
        See `compendium.workflow.kernels.environment`.

    Yields
    ------
    Path
        Private folder for the sockets of the kernels.
    """
    # Slow imports, not needed when there is nothing to do.
    from compendium.workflow.driver import interruptible
    from compendium.workflow.kernels import environment, private_folder
    from compendium.workflow.notebooks import load_papermill

    before = dict(os.environ)
    with (
        private_folder() as sockets,
        interruptible(lambda: (_clean(project), shutil.rmtree(sockets, ignore_errors=True))),
    ):
        _clean(project)
        os.environ.update(environment(project.root, sockets, output))
        try:
            project.under_build("executed").mkdir(parents=True, exist_ok=True)
            load_papermill()
            yield sockets
        finally:
            os.environ.clear()
            os.environ.update(before)
            _clean(project)
