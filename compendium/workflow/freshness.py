"""Whether a result is up to date, judged by content and never by dates.

A job is fresh when the digest of everything it was made from (notebook, the modules it imports, cohort, parameters,
lock file, Python) equals the recorded one, and every file it made still has the recorded digest. Building tools with
content digests were tried first: doit 0.37 does not notice a changed target, wants all targets declared, and knows
one state file, so that the digests below would have been needed all the same.

Only modules of the standard library are imported here: a build with nothing to do must answer at once.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path

from compendium.workflow.jobs import BuildError

# Raised when the digest is taken over other things, so that older records count as stale.
_VERSION = 2
_PACKAGES = ("analysis", "compendium")
_STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)  # and what holds them


def cells(notebook: Path) -> list[dict]:
    """Type, source and tags of each cell: what the results of a notebook depend on; BuildError if it is none."""
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
        found = ((cell["cell_type"], cell["source"], cell["metadata"].get("tags", [])) for cell in content["cells"])
        return [{"type": kind, "source": "".join(text), "tags": sorted(tags)} for kind, text, tags in found]
    except OSError as error:
        raise BuildError(f"{notebook}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildError(f"{notebook}: not a notebook (Jupyter, format 4): {error}") from error


def _code(notebook: Path) -> str:
    lines = "\n".join(c["source"] for c in cells(notebook) if c["type"] == "code").splitlines()
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def imported(tree: ast.AST, module: str = "") -> set[str]:
    """Full names a source may import, `module` being the name that relative imports start from."""
    names, todo = set[str](), [tree]
    for node in todo:  # an import is a statement, so that no expression is looked into
        todo += [one for one in ast.iter_child_nodes(node) if isinstance(one, _STATEMENTS)]
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            names.update([base, *(f"{base}.{alias.name}" for alias in node.names)])
    return names


def digest(path: Path) -> str:
    """Digest of a file's bytes, or "missing"."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


class Digests:
    """Digests of the files of the project at `root`, each file read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = cache(digest)
        self._direct, self._paths = cache(self._imports), cache(self._files)

    def tree(self, path: Path) -> dict[str, str]:
        """Digests of a file, or of all files in a folder; hidden files and pages of text do not count."""
        if not path.is_dir():
            return {".": self.file(path)}
        names = sorted(p.relative_to(path) for p in path.rglob("*") if p.is_file())
        read = [n for n in names if n.suffix != ".md" and not any(part.startswith(".") for part in n.parts)]
        return {n.as_posix(): self.file(path / n) for n in read}

    def _files(self, name: str) -> set[Path]:
        """Return the files that importing a module of the package runs: its own and those of the packages above."""
        parts = name.split(".")
        stems = (self.root.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1))
        paths = (path for stem in stems for path in (stem / "__init__.py", stem.with_suffix(".py")))
        return {path for path in paths if path.is_file()} if parts[0] in _PACKAGES else set()

    def _imports(self, path: Path) -> set[Path]:
        module = ".".join(path.relative_to(self.root).with_suffix("").parts)
        return set().union(*map(self._paths, imported(ast.parse(path.read_text(encoding="utf-8")), module)))

    def modules(self, notebook: Path) -> set[Path]:
        """Files of the packages that a notebook imports, directly or through another module.

        Imports are read from the sources, not followed while running: a module named only in a string is not seen.
        A source with a syntax error counts as importing the whole packages.
        """
        try:
            found: set[Path] = set()
            todo = set().union(*map(self._paths, imported(ast.parse(_code(notebook)))))
            while todo:
                found |= todo
                todo = set().union(*(self._direct(path) for path in todo)) - found
            return found
        except SyntaxError:
            return set(self._sources())

    def _sources(self) -> Iterator[Path]:
        for package in _PACKAGES:
            yield from sorted((self.root / package).rglob("*.py"))

    @cached_property
    def _data(self) -> dict[str, tuple[str, set[Path]]]:
        """Digest of each data file of the packages, and the modules that name it."""
        sources = {path: path.read_text(encoding="utf-8") for path in self._sources()}
        found = {}
        for package in _PACKAGES:
            for name, digest in self.tree(self.root / package).items():
                file = Path(name)
                if file.suffix not in (".py", ".pyc"):
                    readers = {path for path, text in sources.items() if file.name in text}
                    found[f"{package}/{name}"] = digest, readers
        return found

    def inputs(self, notebook: Path, parameters: Mapping[str, object], also: Iterable[Path] = ()) -> str:
        """Digest of all that a run of a notebook depends on."""
        modules = self.modules(notebook)
        # A data file that no module is seen to name may be read by any.
        data = {name: digest for name, (digest, readers) in self._data.items() if not readers or readers & modules}
        parts = {
            "version": _VERSION,
            "python": sys.version_info[:3],
            "lock": self.file(self.root / "requirements.lock"),
            "notebook": cells(notebook),
            "modules": {p.relative_to(self.root).as_posix(): self.file(p) for p in modules},
            "package data": data,
            "parameters": dict(parameters),
            "data": [self.tree(path) for path in also],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
