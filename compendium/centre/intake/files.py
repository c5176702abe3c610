"""Take the bytes of one file, once, and only if it is an ordinary file that stays as it is."""

import os
import stat
from pathlib import Path

from compendium.centre.intake.raw_tables import Unreadable

LIMIT = 256 * 1024**2  # the most bytes of a file that are read; a table of a million rows has about 40 MB

_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),  # what it points at may change, or lie outside of the folder that was given
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _refuse_unless_ordinary(status: os.stat_result) -> None:
    for is_kind, kind in _KINDS:
        if is_kind(status.st_mode):
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
