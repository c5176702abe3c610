"""Files that may be filled in by somebody: written once, never written over."""

from pathlib import Path

from compendium.centre.intake.private import require_private
from compendium.files import write_atomically

__all__ = ["write_new"]


def write_new(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    """Write files, given by their paths in a folder, unless one of them is there with another content.

    Gives for each file ``written``, or ``unchanged`` if it was there with this content. A PermissionError if the
    repository would keep the folder, a FileExistsError if a file is there with another content; then none is written.
    """
    require_private(folder)
    paths = {name: folder / name for name in contents}
    there = {name for name, path in paths.items() if path.exists()}
    unchanged = {name for name in there if paths[name].is_file() and paths[name].read_bytes() == contents[name]}
    if there - unchanged:
        names = ", ".join(str(paths[name]) for name in contents if name in there - unchanged)
        raise FileExistsError(
            f"{names} is there with another content and may have been filled in, so nothing was written; "
            "move it away or choose another folder"
        )
    for name in contents:
        if name not in unchanged:
            paths[name].parent.mkdir(parents=True, exist_ok=True)
            write_atomically(paths[name], contents[name])
    return {name: "unchanged" if name in unchanged else "written" for name in contents}
