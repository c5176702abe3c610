"""Folders that come and go: made with a mark inside, removed as a whole only where the mark is found.

`python -m compendium.folders build` removes one, for `make clean`.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

MARK = ".made-by-compendium"  # in each folder that may be removed; holds the number of the process that made it


def _mark(folder: Path) -> None:
    (folder / MARK).write_text(f"{os.getpid()}\n", encoding="utf-8")


def make_folder(folder: Path) -> Path:
    """Make a folder that `remove_folder` removes, and those above it; FileExistsError if somebody else made it."""
    if folder.is_dir() and not folder.is_symlink() and (folder / MARK).is_file():
        _mark(folder)
        return folder
    folder.mkdir(parents=True)
    _mark(folder)
    return folder


def make_private_folder(prefix: str, above: Path | None = None) -> Path:
    """Make a folder with a new name that only this user can enter."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=above))
    _mark(folder)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it; the only place where this project does so. None is fine too.

    PermissionError if it is a link, has no mark, or holds the home folder, the working folder or this package.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    real = folder.resolve()
    kept = (Path.home().resolve(), Path.cwd(), Path(__file__).resolve())
    if folder.is_symlink() or not (real / MARK).is_file() or any(one.is_relative_to(real) for one in kept):
        raise PermissionError(f"{folder}: not removed, since it was not made by this project")
    shutil.rmtree(real, ignore_errors=True)


def in_use(folder: Path) -> bool:
    """Tell whether another process was started with a path in a folder, as a kernel is that outlives its build."""
    import psutil

    others = (process for process in psutil.process_iter(["pid", "cmdline"]) if process.pid != os.getpid())
    return any(str(folder) in " ".join(process.info["cmdline"] or ()) for process in others)


def abandoned(above: Path, prefix: str) -> list[Path]:
    """List folders that `make_private_folder` made for processes of this user that are no more."""
    found = []
    for folder in above.glob(f"{prefix}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            os.kill(int((folder / MARK).read_text(encoding="utf-8")), 0)
        except ProcessLookupError:
            found += [] if in_use(folder) else [folder]
        except (OSError, ValueError, AttributeError):
            continue  # no mark, another's process, or a system without such numbers
    return found


if __name__ == "__main__":
    try:
        remove_folder(Path(sys.argv[1]))
    except PermissionError as error:
        sys.exit(str(error))
