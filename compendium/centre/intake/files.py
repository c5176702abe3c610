"""Files of a centre: read once and only as they are, and written where nothing that was filled in is lost or kept.

What comes from patients stays out of the folders that the repository keeps.
"""

import os
import stat
from pathlib import Path

from compendium.files import write_atomically

LIMIT = 256 * 1024**2  # the most bytes of a file that are read; a table of a million rows has about 40 MB
IGNORED = ("build", "cohorts")  # the folders of the project that the repository ignores
_ROOT = Path(__file__).resolve().parents[3]

_KINDS = {
    stat.S_IFLNK: "a symbolic link",  # what it points at may change, or lie outside of the folder that was given
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Unreadable(Exception):
    """A file or a sheet that is no table, with the reason in words."""


def _refuse_unless_ordinary(status: os.stat_result) -> None:
    if kind := _KINDS.get(stat.S_IFMT(status.st_mode)):
        raise Unreadable(f"this is {kind}; allowed is an ordinary file")
    if status.st_size > LIMIT:
        size, most = status.st_size / 1024**2, LIMIT // 1024**2
        raise Unreadable(f"the file has {size:,.0f} MB; allowed are at most {most} MB")


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def read_bytes(path: Path) -> bytes:
    """Read a file once, at most `LIMIT` bytes; all but an ordinary one that stays as it is, is `Unreadable`."""
    # Without O_NONBLOCK, a pipe put there after the first look would make opening it wait for ever.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        _refuse_unless_ordinary(os.lstat(path))
        with open(os.open(path, flags), "rb", closefd=True) as file:
            before = os.fstat(file.fileno())
            _refuse_unless_ordinary(before)
            content = file.read(LIMIT + 1)
            after = os.fstat(file.fileno())
        at_the_path = os.lstat(path)
    except FileNotFoundError as error:
        raise Unreadable("there is no such file") from error
    except PermissionError as error:
        raise Unreadable("reading the file is not permitted") from error
    except (OSError, ValueError) as error:
        # A ValueError is a path that no file can have.
        raise Unreadable(f"the file cannot be read: {getattr(error, 'strerror', None) or 'impossible name'}") from error
    if not _identity(before) == _identity(after) == _identity(at_the_path) or len(content) != before.st_size:
        raise Unreadable("the file changed while it was read; read it again when nothing writes to it")
    return content


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
    states, others = {}, []
    for name, content in contents.items():
        path = folder / name
        states[name] = "unchanged" if path.is_file() and path.read_bytes() == content else "written"
        if states[name] == "written" and path.exists():
            others.append(str(path))
    if others:
        found = f"{', '.join(others)} is there with another content and may have been filled in, so nothing was written"
        raise FileExistsError(f"{found}; move it away or choose another folder")
    for name, state in states.items():
        if state == "written":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / name, contents[name])
    return states
