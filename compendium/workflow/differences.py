"""What differs between two sets of results, and by how much: numbers by their size, pictures by their dots."""

import io
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_NUMBER = re.compile(rb"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")
_TEXTS = (".csv", ".html", ".ipynb", ".json", ".svg")


@dataclass(frozen=True)
class Difference:
    """A result that is not what it should be."""

    name: str  # of the file
    what: str  # what is different, in words
    relative: float | None = None  # the largest difference of a number by its size, if only numbers differ


def _texts(name: str, expected: bytes, found: bytes) -> Difference:
    if _NUMBER.sub(b"0", expected) != _NUMBER.sub(b"0", found):
        pairs = zip(expected.splitlines(), found.splitlines(), strict=False)
        line = next((n for n, (one, other) in enumerate(pairs, 1) if one != other), None)
        return Difference(name, f"text differs from line {line} on" if line else "one ends before the other")
    pairs = list(zip(_NUMBER.findall(expected), _NUMBER.findall(found), strict=True))
    apart = [(float(one), float(other)) for one, other in pairs if one != other]
    largest = max((abs(one - other) / (max(abs(one), abs(other)) or 1) for one, other in apart), default=0.0)
    return Difference(name, f"{len(apart)} numbers differ, by at most {largest:.1e} of their size", largest)


def _pictures(name: str, expected: bytes, found: bytes) -> Difference:
    import numpy as np
    from matplotlib.image import imread

    one, other = (imread(io.BytesIO(content), format="png") for content in (expected, found))
    if one.shape != other.shape:
        return Difference(name, f"the picture has {other.shape[:2]} dots, not {one.shape[:2]}")
    dots = int((one != other).any(axis=2).sum())
    if not dots:
        return Difference(name, "the picture is the same, compressed in another way")
    return Difference(name, f"{dots} dots differ, by at most {round(255 * float(np.abs(one - other).max()))} of 255")


def differences(expected: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[Difference]:
    """Compare results, given as contents by name, file by file; one item for each that is missing, new or different."""
    apart = []
    for name in sorted({*expected, *found}):
        if name not in found or name not in expected:
            apart.append(Difference(name, "is missing" if name in expected else "is new"))
        elif expected[name] != found[name]:
            kind = Path(name).suffix
            compare = _texts if kind in _TEXTS else _pictures if kind == ".png" else None
            apart.append(compare(name, expected[name], found[name]) if compare else Difference(name, "bytes differ"))
    return apart


def in_one_line(apart: list[Difference]) -> str:
    """Sum up differences for a reader: how many files, by how much, and which; empty if there are none."""
    if not apart:
        return ""
    sizes = [one.relative for one in apart if one.relative is not None]
    by = f" (numbers by at most {max(sizes):.1e} of their size)" if sizes else ""
    names = ", ".join(one.name if one.relative is not None else f"{one.name} ({one.what})" for one in apart)
    return f"{len(apart)} file{'s' if len(apart) > 1 else ''} differ{by}: {names}"


def _git(root: Path, *arguments: str) -> bytes:
    """Ask git; nothing where there is none, or no repository."""
    try:
        return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""


def against_committed(root: Path, folder: Path) -> list[Difference]:
    """Compare the results in a folder of the project with those committed; without git none differs."""
    changed = _git(root, "diff", "--name-only", "--relative", "-z", "HEAD", "--", str(folder)).decode().split("\0")
    names = {Path(name).name: name for name in changed if name}
    here = {short: (root / name).read_bytes() for short, name in names.items() if (root / name).is_file()}
    committed = {short: _git(root, "show", f"HEAD:./{name}") for short, name in names.items()}
    return differences({name: content for name, content in committed.items() if content}, here)
