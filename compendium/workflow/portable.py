"""The results and the cohort made again under other surroundings: `make portable`.

What a number is in its last place hangs on the processor (which kernel BLAS chooses, which vector instructions NumPy
and the C library use), on the number of threads and on the versions of Python. One machine can play several: OpenBLAS,
NumPy and the GNU C library each have a variable that takes instructions away. Each variation works in a copy of the
project in a folder of its own, and must end with the very bytes that are committed.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from compendium.workflow.differences import Difference, differences, in_one_line

_FOLDERS = ("analysis", "compendium", "notebooks", "paper", "data")
_FILES = ("Makefile", "pyproject.toml", "requirements.lock", "README.md")
"""What a build reads; `figures` is not copied, so that nothing is up to date."""

PROBE = """
import hashlib, math
import numpy as np
x = np.random.default_rng(0).uniform(0.01, 50, 10_000)
square = x.reshape(100, 100)
parts = {
    "BLAS": square @ square.T,
    "NumPy": np.concatenate([np.exp(x), np.log(x)]),
    "C": np.array([[math.exp(v), math.log(v), math.sin(v)] for v in x]),
}
print(*(f"{name} {hashlib.sha256(values.tobytes()).hexdigest()}" for name, values in parts.items()), sep="\\n")
"""
"""Prints digests of numbers in all their digits, so that it is seen which part of a machine a variation changes."""

_ALL_HWCAPS = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-FMA,-FMA4,-AVX"


@dataclass(frozen=True)
class Variation:
    """Surroundings of a build."""

    name: str  # what is varied
    environment: Mapping[str, str] = field(default_factory=dict)  # the variables that are set
    # Parts of `PROBE` whose last digits this should change; it has no effect on this machine if it changes none.
    changes: tuple[str, ...] = ()
    python: Path | None = None  # another Python, for which the locked packages are installed
    user: str | None = None  # another user, whom only root can become


def _dispatched() -> str:
    """Name the instructions that NumPy uses here beyond those that every processor of the kind has."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name))


def _pythons() -> Iterator[Path]:
    """Find one Python of each other version from 3.11 to 3.14, on the path or where pyenv keeps them."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    readable = os.access(kept, os.R_OK)  # the folder may be another user's
    for minor in range(11, 15):
        installed = sorted(kept.glob(f"3.{minor}.*/bin/python3.{minor}")) if readable else []
        named = [shutil.which(f"python3.{minor}"), *installed]
        for path in filter(None, named):
            probe = [str(path), "-c", f"import sys, ensurepip; assert sys.version_info[:2] == (3, {minor})"]
            if minor != sys.version_info[1] and not subprocess.run(probe, capture_output=True, check=False).returncode:
                yield Path(path)
                break


def variations() -> list[Variation]:
    """List what can be varied on this machine."""
    found = []
    if platform.machine() in ("x86_64", "AMD64"):
        kernels = ("Nehalem", "Sandybridge", "Haswell")
        found += [Variation(f"OpenBLAS for {one}", {"OPENBLAS_CORETYPE": one}, ("BLAS",)) for one in kernels]
        off = {"NPY_DISABLE_CPU_FEATURES": _dispatched()}
        if off["NPY_DISABLE_CPU_FEATURES"]:
            found.append(Variation("NumPy without dispatched instructions", off, ("NumPy",)))
        if platform.libc_ver()[0] == "glibc":
            found.append(Variation("C library without vector instructions", {"GLIBC_TUNABLES": _ALL_HWCAPS}, ("C",)))
    found.append(Variation("two threads", {"COMPENDIUM_THREADS": "2"}))
    place = {"LC_ALL": "POSIX", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "COLUMNS": "40", "HOME": "/nonexistent"}
    found.append(Variation("locale, time zone, hash seed, home", place))
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        found.append(Variation("another user", user="nobody"))
    return found + [Variation(f"Python {path.name.removeprefix('python')}", python=path) for path in _pythons()]


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _run(command: list[str], project: Path, environment: Mapping[str, str], user: str | None = None) -> str:
    """Run a command in a copy of the project and give what it printed, which is shown if it fails."""
    where = {"cwd": project, "env": dict(environment), "user": user}
    run = subprocess.run(command, **where, capture_output=True, text=True, errors="replace", check=False)
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return run.stdout


def _made_again(root: Path, variation: Variation, project: Path) -> tuple[list[Difference], list[Difference], str]:
    """Build everything in a copy of the project; returns what differs of results and cohort, and a remark."""
    passing = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for part in _FOLDERS:
        shutil.copytree(root / part, project / part, ignore=passing)
    for part in _FILES:
        shutil.copy(root / part, project / part)
    usual = {name: text for name, text in os.environ.items() if name not in ("COMPENDIUM_OUTPUT", "VIRTUAL_ENV")}
    changed, python, remark = usual | dict(variation.environment), sys.executable, ""
    if variation.python or variation.user:
        # Another user often may not run the Python of this one, which may lie in a closed home folder.
        other = variation.python or Path("/usr/bin/python3")
        _run(["make", "environment", f"PYTHON={other}"], project, usual)
        python = str(project / ".venv" / "bin" / "python")
    probe = [python, "-c", PROBE]
    if variation.changes and _run(probe, project, usual) == _run(probe, project, changed):
        remark = "no effect on the numbers of this machine"
    if variation.user:
        for path in (project, *project.rglob("*")):
            if not path.is_symlink() and ".venv" not in path.parts:
                shutil.chown(path, variation.user)
    commands = (["compendium.workflow", "paper"], ["compendium.reconstruction", "--out", "cohort again"])
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: _run([python, "-m", *one], project, changed, variation.user), commands))
    made = differences(_contents(root / "figures"), _contents(project / "figures"))
    shipped = {name: text for name, text in _contents(root / "data" / "cohort").items() if not name.endswith(".md")}
    return made, differences(shipped, _contents(project / "cohort again")), remark


def portable(root: Path) -> int:
    """Make results and cohort again under every variation, and print a table of what differs."""
    found = variations()
    print(f"{'varied':<40}{'results':<12}{'cohort':<12}", flush=True)
    failed = False
    for variation in found:
        with tempfile.TemporaryDirectory(prefix="portable é ") as folder:
            Path(folder).chmod(0o755)
            try:
                results, cohort, remark = _made_again(root, variation, Path(folder))
            except (OSError, RuntimeError, LookupError) as error:
                failed = True
                print(f"{variation.name:<40}could not be tried: {error}", flush=True)
                continue
        words = ["differ" if apart else "same" for apart in (results, cohort)]
        failed |= "differ" in words
        print(f"{variation.name:<40}{words[0]:<12}{words[1]:<12}{remark}", flush=True)
        for apart in filter(None, (results, cohort)):
            print(f"    {in_one_line(apart)}", flush=True)
    print("Some differ." if failed else f"No difference under {len(found)} variations.")
    return 1 if failed else 0
