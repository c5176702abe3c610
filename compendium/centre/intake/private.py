"""Where rows of patients, and what is computed of them, may be written."""

import os
from pathlib import Path

__all__ = ["IGNORED", "require_private"]

IGNORED = ("build", "cohorts")
"""The folders of the project that the repository ignores."""

_ROOT = Path(__file__).resolve().parents[3]


def require_private(folder: Path, root: Path = _ROOT) -> None:
    """Refuse to write what comes from patients where a repository would keep it.

    Parameters
    ----------
    folder : Path
        Where it is to be written; symbolic links are followed.
    root : Path, default this project
        The folder of the repository.

    Raises
    ------
    PermissionError
        The folder lies in the project, but not in one of `IGNORED`.
    """
    real, kept = Path(os.path.realpath(folder)), Path(os.path.realpath(root))
    if real.is_relative_to(kept) and not any(real.is_relative_to(kept / name) for name in IGNORED):
        raise PermissionError(
            f"{folder}: what comes from an own cohort is not written into folders that the repository keeps; "
            f"allowed: a folder under {' or '.join(f'{name}/' for name in IGNORED)}, or one outside of {root}"
        )
