"""Kernels for the notebooks: the same surroundings everywhere, and none of the user's own settings or files.

Kernels talk over Unix sockets in a private folder. Ports would be raced for when several kernels start at once
(3 of 750 starts failed), and anyone on a shared machine could connect to them.
"""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compendium.folders import abandoned, make_private_folder, remove_folder

if TYPE_CHECKING:
    from compendium.workflow.warm_kernels import WarmServer

# Committed notebooks under test or being refreshed write here, as seen from their own folder: not into the results.
SCRATCH = "../build/scratch"

_PREFIX = "omalizumab-"

# The date that figures carry: any fixed one will do.
_EPOCH = "1735689600"
_HISTORY_OFF = "c = get_config()\nc.HistoryManager.enabled = False\n"


@dataclass(frozen=True)
class Kernels:
    """How the kernels of a build are started."""

    private: Path
    """Folder for their sockets, see `private_folder`."""
    server: "WarmServer | None" = None
    """What forks them; None if they start cold."""


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a short-lived folder that only this user can enter, for the sockets and settings of kernels.

    Its name is short, as the path of a socket has about 100 characters at most.
    """
    for left in abandoned(Path(tempfile.gettempdir()), _PREFIX):  # by a build that was killed
        remove_folder(left)
    folder = make_private_folder(_PREFIX)
    try:
        profile = folder / "ipython" / "profile_default"
        profile.mkdir(parents=True)
        (profile / "ipython_kernel_config.py").write_text(_HISTORY_OFF, encoding="utf-8")
        yield folder
    finally:
        remove_folder(folder)


def environment(root: Path, folder: Path, output: str = "") -> dict[str, str]:
    """Environment variables that make runs alike on every machine.

    One date, locale, time zone and hash seed; one thread for linear algebra, as the notebooks run side by side, unless
    COMPENDIUM_THREADS asks for more; settings of Jupyter, IPython and matplotlib from this project only.
    """
    cache, threads = root / "build" / "cache", os.environ.get("COMPENDIUM_THREADS", "1")
    return {
        "COMPENDIUM_OUTPUT": output,
        "SOURCE_DATE_EPOCH": _EPOCH,
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(root),
        "PYTHONNOUSERSITE": "1",
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "",
        "TZ": "UTC",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "XDG_CACHE_HOME": str(cache),
        "IPYTHONDIR": str(folder / "ipython"),
        **{f"JUPYTER_{kind.upper()}_DIR": str(folder / kind) for kind in ("config", "data", "runtime")},
        "JUPYTER_PREFER_ENV_PATH": "1",
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads),
    }


def connection(folder: Path) -> dict[str, str]:
    """Address of one new kernel, as settings of its manager: another one at each call."""
    name = uuid.uuid4().hex[:12]
    return {"transport": "ipc", "ip": str(folder / name), "connection_file": str(folder / f"{name}.json")}
