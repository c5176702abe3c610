"""pyproject.toml, requirements.lock and environment.yml name the same packages and versions."""

import re
import sys
import tomllib
from importlib.metadata import version

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = [Requirement(r) for r in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
# One entry: name==version, perhaps a marker, then indented lines with hashes.
ENTRIES = re.findall(r"^([a-z0-9._-]+)==(\S+)(?: ; (.+?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)", LOCK, re.MULTILINE)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def locked(name, python):
    """Version of a package that the lock gives to a Python on Linux."""
    found = [
        v
        for n, v, marker, _ in ENTRIES
        if n == canonicalize_name(name)
        and (not marker or Marker(marker).evaluate({"python_full_version": f"{python}.0", "python_version": python}))
    ]
    assert len(found) == 1, f"{name} for Python {python}: {found}"
    return found[0]


def test_every_line_of_the_lock_is_understood():
    assert len(ENTRIES) == len(re.findall(r"^\S+==", LOCK, re.MULTILINE)) > 50


def test_direct_dependencies_are_locked_at_an_allowed_version_the_same_for_every_python():
    for requirement in DIRECT:
        versions = {locked(requirement.name, python) for python in PYTHONS}
        assert len(versions) == 1, f"{requirement}: {versions}"
        assert requirement.specifier.contains(versions.pop(), prereleases=True), requirement


def test_lock_has_hashes_and_no_addresses():
    assert all(re.fullmatch(r"(\s+--hash=sha256:[0-9a-f]{64}( \\)?\n)+", hashes) for *_, hashes in ENTRIES)
    assert "://" not in LOCK


def test_environment_file_installs_the_lock_and_the_package():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    pip = lines[lines.index("- pip:") + 1 :]
    assert [line for line in pip if line] == ["- -r requirements.lock"]
    # pip refuses a folder in the same step as hashes, so the package comes after.
    assert "pip install --no-deps --no-build-isolation --editable ." in (ROOT / "postBuild").read_text(encoding="utf-8")
    conda = [line for line in lines if re.match(r"- \w+ *[<>=]", line)]
    assert [line.split()[1].split("=")[0] for line in conda] == ["python"], "only Python itself comes from conda"


def test_the_python_of_each_place_agrees():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    conda = re.search(r"- python=(\d+\.\d+)", text).group(1)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    low, high = re.search(r"\(3, (\d+)\) <= v < \(3, (\d+)\)", makefile).groups()
    allowed = SpecifierSet(PROJECT["requires-python"])
    assert PROJECT["requires-python"] == f">=3.{low},<3.{high}"
    assert conda in PYTHONS
    assert all(p in allowed for p in PYTHONS)
    assert f"3.{int(low) - 1}" not in allowed
    assert f"3.{high}" not in allowed


def test_this_environment_is_the_locked_one():
    # uv installs the rest, and need not be installed where it is there already.
    names, python = {r.name for r in DIRECT} - {"uv"}, f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert {name: version(name) for name in names} == {name: locked(name, python) for name in names}
