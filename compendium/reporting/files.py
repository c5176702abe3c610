"""Files written whole or not at all."""

import os
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it has the old content or the new one, never a part of it.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    content : bytes
        All of the new content.

    Raises
    ------
    OSError
        If it cannot be written; the old file is left as it was and nothing beside it.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
