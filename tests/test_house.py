"""The rules of the house: what may import what, that there is no circle, and how large it may become."""

import ast
import graphlib
import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.case_files import escaped_lines

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("analysis", "compendium", "benchmarks")
# From the ground up. A room may import those on the floors below it, and none beside it; a module that lies in
# compendium/ itself, as files.py, serves all its rooms.
FLOORS = (
    ("analysis",),
    ("compendium",),
    ("compendium.centre",),
    ("compendium.reporting",),
    ("compendium.verification", "compendium.drawing", "compendium.workflow"),
    ("compendium.bounds", "compendium.document"),
    ("compendium.reconstruction",),
    ("compendium.determined",),
    ("benchmarks", "notebooks"),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# What knows nothing of the study, and all that it may import of the project.
ALONE = {
    "analysis.statistics": (),
    "compendium.verification.audit": ("compendium.files",),
    "compendium.bounds": ("compendium.files", "compendium.verification.audit"),
}
LARGEST = 320
LIMITS = {  # what is counted in the folders, and how many there may be
    "modules of analysis": (35, lambda root: len(_files(root, "analysis"))),
    "lines of analysis": (5_000, lambda root: _lines(_files(root, "analysis"))),
    # This and other centres together were to stay below 19,000. What they could not do then takes some 1,800 lines of
    # them now: real files of centres, visits, a list of all results, what is typed after make, figures for a journal.
    "lines of Python outside of tests": (
        15_730,
        lambda root: (
            _lines(_files(root, *SOURCES)) - _lines(_proofs(root) + _ensembles(root) + _centres(root) + _document(root))
        ),
    ),
    "lines of Python on other centres": (4_150, lambda root: _lines(_centres(root))),
    "lines of Python on the document": (1_620, lambda root: _lines(_document(root))),
    "lines of Python on ensembles": (610, lambda root: _lines(_ensembles(root))),
    "lines of Python on bounds": (5_400, lambda root: _lines(_proofs(root))),
    "lines of tests": (14_000, lambda root: _lines(_files(root, "tests")) - _lines(_later_tests(root))),
    # Of bounds, ensembles, the document, other centres' files, small samples, folders, warm kernels.
    "lines of tests of what was added later": (3_400, lambda root: _lines(_later_tests(root))),
}
OUTSIDE, TESTS = LIMITS["lines of Python outside of tests"][0], LIMITS["lines of tests"][0]
ALLOWED = ["Allowed are arrows from right to left: " + " < ".join(" | ".join(rooms) for rooms in FLOORS)]
ALLOWED += [f"{room} imports nothing of the project but {', '.join((room, *known))}" for room, known in ALONE.items()]


def _proofs(root: Path) -> list[Path]:
    """List what was added to prove what the paper determines, which is counted for itself."""
    return [
        *set(_files(root, "compendium/bounds", "compendium/determined")) - set(_ensembles(root)),
        *(path for path in (root / "benchmarks/bounds.py", root / "compendium/drawing/determined.py") if path.exists()),
    ]


def _centres(root: Path) -> list[Path]:
    """List what reads and checks the files of other centres."""
    return _files(root, "compendium/centre")


def _ensembles(root: Path) -> list[Path]:
    """List what was added to make many cohorts instead of one, which is counted for itself."""
    names = ("ensemble", "members", "results")
    paths = [root / "compendium" / "reconstruction" / f"{name}.py" for name in names]
    paths.append(root / "compendium" / "determined" / "reached.py")
    return [path for path in paths if path.exists()]


def _document(root: Path) -> list[Path]:
    """List what was added to make one text of all results, which is counted for itself."""
    return _files(root, "compendium/document")


def _later_tests(root: Path) -> list[Path]:
    """List the tests of what was added later, which are counted for themselves."""
    later = (
        *("test_bounds", "small_papers", "test_determined", "test_further", "test_document", "test_own_files"),
        *("test_intake_suggestions", "test_make", "test_folders", "test_signs", "test_small_samples"),
        "test_warm_kernels",
    )
    return [path for path in _files(root, "tests") if path.stem.startswith(later)]


def _files(root: Path, *folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (root / folder).rglob("*.py"))


def _length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _lines(paths: list[Path]) -> int:
    return sum(map(_length, paths))


def _within(module: str, room: str) -> bool:
    return f"{module}.".startswith(f"{room}.")


def _imports(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that is imported, in functions too, but not where it is for type checkers only."""
    for_checkers = isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
    if isinstance(node, ast.Import):
        yield from ((node.lineno, name.name) for name in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: imports name their package in full"
        yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)
    for child in node.orelse if for_checkers else ast.iter_child_nodes(node):
        yield from _imports(child)


@cache
def _imports_of(text: str) -> tuple[tuple[int, str], ...]:
    return tuple(_imports(ast.parse(text)))


def _sources(root: Path) -> dict[str, tuple[str, str]]:
    """File and text of every module, and of the code cells of every notebook."""
    found = {}
    for path in _files(root, *SOURCES):
        place = path.relative_to(root).with_suffix("")
        found[".".join(place.parts).removesuffix(".__init__")] = str(path.relative_to(root)), path.read_text("utf-8")
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        lines = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code").splitlines()
        plain = "\n".join("" if line.startswith(("%", "!")) else line for line in lines)
        found[f"notebooks.{path.stem}"] = str(path.relative_to(root)), plain
    return found


def arrows(root: Path) -> list[tuple[str, str, str]]:
    """Importing module, imported module, and the place where it is imported."""
    sources, found = _sources(root), []
    for module, (file, text) in sources.items():
        for line, name in _imports_of(text):
            if name.split(".")[0] in SOURCES:
                imported = name if name in sources else name.rpartition(".")[0]
                found.append((module, imported, f"{file}:{line} imports {name}"))
    return found


def forbidden(root: Path) -> list[str]:
    """Arrows that run up or sideways, or leave what stands alone."""
    found = []
    for module, imported, place in arrows(root):
        one, other = (max((room for room in FLOOR if _within(name, room)), key=len) for name in (module, imported))
        if one != other and FLOOR[one] <= FLOOR[other]:
            found.append(place)
        for room, others in ALONE.items():
            if _within(module, room) and not any(_within(imported, known) for known in (room, *others)):
                found.append(place)
    return found


def circle(root: Path) -> list[str]:
    """Modules that import each other in a circle; none if there is no circle."""
    above: dict[str, set[str]] = {}
    for module, imported, _ in arrows(root):
        above.setdefault(module, set()).add(imported)
    try:
        graphlib.TopologicalSorter(above).prepare()
    except graphlib.CycleError as error:
        return error.args[1][::-1]
    return []


def unknown_rooms(root: Path) -> list[str]:
    folders = {f"compendium.{path.parent.name}" for path in (root / "compendium").glob("*/__init__.py")}
    return sorted(folders - set(FLOOR))


def too_large(root: Path) -> list[str]:
    long = {path.relative_to(root): _length(path) for path in _files(root, "analysis", "compendium")}
    found = [f"{path}: {length} lines; allowed are {LARGEST}" for path, length in long.items() if length > LARGEST]
    counts = {what: (count(root), most) for what, (most, count) in LIMITS.items()}
    return found + [f"{count} {what}; allowed are {most}" for what, (count, most) in counts.items() if count > most]


@pytest.mark.parametrize("check", [forbidden, circle, unknown_rooms, too_large])
def test_the_house_keeps_its_rules(check):
    found = check(ROOT)
    assert not found, "\n".join([*found, *ALLOWED])


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    root = tmp_path_factory.mktemp("house")
    for folder in (*SOURCES, "notebooks", "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return root


# In each line a check, whether what follows is found by it or kept, and files with what they hold.
@pytest.mark.parametrize("line", escaped_lines("arrows.txt"))
def test_what_is_planted_in_a_copy_is_found(copy, line):
    head, *files = line.split(" | ")
    check, files = globals()[head.split()[0]], dict(file.split(": ", 1) for file in files)
    before = check(copy)
    try:
        for name, text in files.items():
            (copy / name).parent.mkdir(exist_ok=True)
            (copy / name).write_text(text)
        assert (check(copy) != before) == head.endswith("found")
    finally:
        for name in files:
            (copy / name).unlink()


@pytest.mark.parametrize(
    ("files", "lines", "found"),
    [
        (["compendium/centre/new.py"], 320, []),
        (["compendium/centre/new.py"], 321, ["compendium/centre/new.py: 321 lines; allowed are 320"]),
        ([f"analysis/{number}.py" for number in range(35)], 10, []),
        ([f"analysis/{number}.py" for number in range(36)], 10, ["36 modules of analysis; allowed are 35"]),
        ([f"analysis/{number}.py" for number in range(20)], 251, ["5020 lines of analysis; allowed are 5000"]),
        (["benchmarks/n.py"], OUTSIDE + 1, [f"{OUTSIDE + 1} lines of Python outside of tests; allowed are {OUTSIDE}"]),
        (["compendium/bounds/new.py"], 320, []),
        (["tests/new.py"], TESTS + 1, [f"{TESTS + 1} lines of tests; allowed are {TESTS}"]),
    ],
)
def test_what_is_too_large_is_found(tmp_path, files, lines, found):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("\n" * lines)
    assert too_large(tmp_path) == found
