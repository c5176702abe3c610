"""Where rows of patients, and what is computed of them, may be written, and files that somebody may fill in."""

import os
from pathlib import Path

from compendium.files import write_atomically

IGNORED = ("build", "cohorts")  # the folders of the project that the repository ignores
_ROOT = Path(__file__).resolve().parents[3]


def require_private(folder: Path, root: Path = _ROOT) -> None:
    """Refuse, with a PermissionError, to write what comes from patients into the project but in one of `IGNORED`."""
    real, kept = Path(os.path.realpath(folder)), Path(os.path.realpath(root))
    if real.is_relative_to(kept) and not any(real.is_relative_to(kept / name) for name in IGNORED):
        allowed = f"allowed: a folder under {' or '.join(f'{name}/' for name in IGNORED)}, or one outside of {root}"
        what = "what comes from an own cohort is not written into folders that the repository keeps"
        raise PermissionError(f"{folder}: {what}; {allowed}")


def write_new(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    """Write files, given by their paths in a folder, and say of each whether it was ``written`` or is ``unchanged``.

    A PermissionError if the repository would keep the folder, a FileExistsError if a file is there with another
    content; then none is written.
    """
    require_private(folder)
    paths = {name: folder / name for name in contents}
    there = {name for name, path in paths.items() if path.exists()}
    unchanged = {name for name in there if paths[name].is_file() and paths[name].read_bytes() == contents[name]}
    if there - unchanged:
        names = ", ".join(str(paths[name]) for name in contents if name in there - unchanged)
        found = f"{names} is there with another content and may have been filled in, so nothing was written"
        raise FileExistsError(f"{found}; move it away or choose another folder")
    for name in contents:
        if name not in unchanged:
            paths[name].parent.mkdir(parents=True, exist_ok=True)
            write_atomically(paths[name], contents[name])
    return {name: "unchanged" if name in unchanged else "written" for name in contents}
