"""Build the results again elsewhere and say which differ from those that are there, and by how much."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from compendium.workflow.build import paper
from compendium.workflow.centre import AS_USUAL, Handling
from compendium.workflow.differences import differences
from compendium.workflow.jobs import BuildError
from compendium.workflow.manifest import read_manifest
from compendium.workflow.project import Project


def _contents(folder: Path, names: set[str]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


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
    here = _contents(project.out, {*expected, *made})
    touched = [name for name, text in here.items() if hashlib.sha256(text).hexdigest() != expected.get(name)]
    apart = differences(here, _contents(again.out, set(made)))
    for one in apart:
        print(f"{one.name}: {one.what}{'; it was changed after the build' if one.name in touched else ''}")
    where = os.path.relpath(project.out)
    print(f"{len(made) - len(apart)} of {len(made)} files of {where} were made again to the byte; {len(apart)} differ.")
    return 1 if apart else 0
