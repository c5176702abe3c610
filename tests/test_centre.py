"""Another centre's cohort from its files to the page: checked, built, private, without a network."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.cohort import read_cohort
from compendium.centre.intake.private import require_private
from compendium.workflow.centre import Handling, prepare
from compendium.workflow.jobs import BuildError, jobs_for
from compendium.workflow.project import ROOT, Project
from tests.cohorts import random_tables, write_cohort

SECRET = "SECRET"


def own_cohort(folder: Path, n: int, seed: int, population: str = "all") -> Path:
    """Write a cohort whose identifiers can be told from everything else."""
    tables = random_tables(n, seed=seed, population=population)
    named = {
        table: frame.assign(
            **{key: SECRET + frame[key].astype(str) for key in ("patient_id", "centre_id") if key in frame}
        )
        for table, frame in tables.items()
    }
    return write_cohort(named, folder)


def without_network() -> list[str]:
    """Give what puts a command where there is no network, if this machine allows it."""
    for command in (["unshare", "-rn"], ["unshare", "-n"]):
        if (
            shutil.which("unshare")
            and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
        ):
            return command
    return []


def make(*arguments: str, network: bool = True) -> subprocess.CompletedProcess:
    surroundings = {name: text for name, text in os.environ.items() if name != "COMPENDIUM_OUTPUT"}
    command = [*([] if network else without_network()), sys.executable, "-m", "compendium.workflow", *arguments]
    return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)


def build(cohort: Path, out: Path, *options: str, network: bool = True) -> subprocess.CompletedProcess:
    return make("paper", "--cohort", str(cohort), "--out", str(out), *options, network=network)


def texts(folder: Path) -> dict[str, str]:
    """Give the text of every file that has one; pictures are base64 in pages and paths in SVG, and left out."""
    kinds = (".html", ".csv", ".json", ".svg", ".ipynb")
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.suffix in kinds}
    return {name: re.sub(r'base64,[^"]*|"image/png": "[^"]*"', "", text) for name, text in found.items()}


class Built:
    """One build: what it printed, its results and its executed notebooks."""

    def __init__(self, folder: Path, n: int, population: str, network: bool) -> None:
        self.cohort = own_cohort(folder / "a cohort", n, seed=n, population=population)
        self.out = folder / "the results"
        self.run = build(self.cohort, self.out, network=network)
        self.executed = Project(self.cohort, self.out).under_build("executed")


@pytest.fixture(scope="module")
def primary(tmp_path_factory):
    """Fourteen patients, none of them with idiopathic disease, built where there is no network."""
    if not without_network():
        pytest.skip("this machine does not let a process be cut off from the network")
    return Built(tmp_path_factory.mktemp("primary"), 14, "primary", network=False)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """One patient."""
    return Built(tmp_path_factory.mktemp("alone"), 1, "all", network=True)


@pytest.fixture(params=["primary", "alone"])
def built(request):
    return request.getfixturevalue(request.param)


def test_the_cut_off_is_a_cut_off():
    if not without_network():
        pytest.skip("this machine does not let a process be cut off from the network")
    code = "import socket; socket.create_connection(('1.1.1.1', 53), 3)"
    run = subprocess.run([*without_network(), sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Network is unreachable" in run.stderr


def test_everything_is_built(built):
    assert built.run.returncode == 0, built.run.stderr
    names = {path.name for path in built.out.iterdir()}
    assert {"index.html", "table-1.html", "table-2.csv", "figure-1.pdf", "figure-2.svg", "values-safety.json"} <= names
    assert {"published-comparison.csv", "shared-table-1.html", "shared-table-2.csv"} <= names
    assert not {"verdicts.html", "checklist.html"} & names


def test_no_identifier_is_anywhere(built):
    for place in (built.out, built.executed, built.executed.parents[1] / "check" / built.executed.name):
        assert texts(place)
        assert not [name for name, text in texts(place).items() if SECRET in text]
    assert SECRET not in built.run.stdout + built.run.stderr


def test_nothing_is_said_of_another_cohort(built):
    pages = texts(built.out) | texts(built.executed)
    assert len(pages) > 60
    # The comparison with the paper says of how many the paper speaks.
    own = {name: text for name, text in pages.items() if not name.startswith("published-") and name != "index.html"}
    assert not [name for name, text in pages.items() if "reconstructed" in text.lower()]
    assert not [name for name, text in own.items() if "N = 55" in text]


def test_the_counts_are_its_own(built):
    n = sum(1 for _ in csv.DictReader((built.cohort / "patients.csv").open(encoding="utf-8")))
    page = (built.out / "index.html").read_text(encoding="utf-8")
    assert f"Omalizumab in {n} patient{'s' if n > 1 else ''} with" in page
    assert f"All patients (N = {n})" in page and "(N = 55)" not in page


def test_what_is_empty_is_left_out_with_a_line(primary):
    lines = primary.run.stdout.splitlines()
    left_out = [f"Figure-e{n} is left out: no patient of this cohort belongs to Idiopathic MCAS." for n in (2, 4)]
    assert [line for line in lines if "left out" in line] == left_out
    page = (primary.out / "index.html").read_text(encoding="utf-8")
    assert all(f"<p>{line}</p>" in page for line in left_out)
    assert "Left out, having no patient: Idiopathic MCAS." in page
    assert not list(primary.out.glob("figure-e2.*")) and list(primary.out.glob("figure-e1.*"))


def test_the_second_build_has_nothing_to_do(alone):
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in alone.out.iterdir()}
    again = build(alone.cohort, alone.out)
    assert again.returncode == 0 and "Nothing to do" in again.stdout
    after = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in alone.out.iterdir()}
    assert {name: content for name, (content, _) in after.items()} == {name: c for name, (c, _) in before.items()}


def test_a_cohort_with_errors_changes_no_earlier_result(alone, tmp_path):
    damaged = shutil.copytree(alone.cohort, tmp_path / "damaged")
    path = damaged / "symptoms.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("baseline", "base-line", 1), encoding="utf-8")
    before = {file.name: file.read_bytes() for file in alone.out.iterdir()}
    run = build(damaged, alone.out)
    assert run.returncode == 1
    assert (
        "symptoms.csv, column onset" in run.stderr and "row 2: 'base-line' (nearest allowed: 'baseline')" in run.stderr
    )
    assert "Traceback" not in run.stderr and SECRET not in run.stderr
    assert {file.name: file.read_bytes() for file in alone.out.iterdir()} == before


@pytest.mark.parametrize("folder", ["figures", "data/own", "notebooks", ".", "builds", "build/../figures"])
def test_rows_of_patients_are_not_written_where_the_repository_keeps_them(tmp_path, folder):
    with pytest.raises(PermissionError, match="allowed: a folder under build/ or cohorts/, or one outside"):
        require_private(ROOT / folder)
    link = tmp_path / "link"
    link.symlink_to(ROOT / folder)
    with pytest.raises(PermissionError):
        require_private(link / "deeper")


def test_rows_of_patients_may_be_written_where_it_ignores_them(tmp_path):
    for folder in (ROOT / "build" / "x", ROOT / "cohorts", tmp_path, ROOT.parent, Path("/")):
        require_private(folder)


def test_an_own_cohort_does_not_replace_the_committed_results(tmp_path, monkeypatch):
    cohort = own_cohort(tmp_path / "c", 3, seed=1)
    with pytest.raises(BuildError, match="folders that the repository keeps"):
        prepare(Project(cohort, ROOT / "figures"), Handling())


@pytest.mark.parametrize("name", ["cohorts/a.csv", "data/centre/patients.csv", "a.xlsx", "data/b.parquet", "build/x/a"])
def test_the_repository_ignores_own_cohorts(name):
    run = subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False)
    assert run.returncode == 0


@pytest.mark.parametrize("name", ["data/cohort/patients.csv", "data/published/claims.csv", "figures/table-1.csv"])
def test_the_repository_keeps_its_own(name):
    run = subprocess.run(["git", "check-ignore", "-q", "--no-index", name], cwd=ROOT, check=False)
    assert run.returncode == 1


def test_jobs_follow_the_diagnoses():
    jobs, left_out = jobs_for({"ISM", "idiopathic_MCAS"}, 7)
    assert left_out == ()
    assert {job.name: dict(job.parameters) for job in jobs}["sharing"] == {"hide_below": 7}
    assert not {"verdicts", "explore", "checklist"} & {job.name for job in jobs}
    jobs, left_out = jobs_for({"idiopathic_MCAS"}, 5)
    assert [line.split(" ")[0] for line in left_out] == ["Figure-e1", "Figure-e3"]
    assert {"figure-1", "figure-e2", "figure-2", "figure-e4"} <= {job.name for job in jobs}


def test_identifiers_are_shown_only_when_asked_for(tmp_path):
    cohort = own_cohort(tmp_path / "c", 5, seed=2)
    path = cohort / "courses.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")  # two courses of one patient
    hidden = make("check", "--cohort", str(cohort), "--out", str(tmp_path / "report"))
    assert hidden.returncode == 1 and "courses.csv, column patient_id" in hidden.stdout
    assert SECRET not in hidden.stdout + hidden.stderr
    assert not [name for name, text in texts(tmp_path / "report").items() if SECRET in text]
    asked = make("check", "--cohort", str(cohort), "--out", str(tmp_path / "report"), "--identifiers")
    assert SECRET in asked.stdout and SECRET in texts(tmp_path / "report")["check.html"]


def test_a_good_cohort_is_called_good(tmp_path):
    cohort = own_cohort(tmp_path / "c", 5, seed=2)
    run = make("check", "--cohort", str(cohort), "--out", str(tmp_path / "report"))
    assert run.returncode == 0, run.stdout
    assert "no errors" in run.stdout and "The cohort can be used." in run.stdout
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "check.html",
        "problems.csv",
        "problems.xlsx",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hide-below", "-1"], "hide-below: threshold -1 is not allowed; allowed is a whole number from 0"),
        (["--tryptase", "third"], "tryptase"),
        (["--criteria", "worsening=never"], "worsening"),
    ],
)
def test_an_unknown_option_stops_before_anything_runs(tmp_path, options, message):
    run = build(own_cohort(tmp_path / "c", 2, seed=1), tmp_path / "out", *options)
    assert run.returncode == 1 and message in run.stderr and "Traceback" not in run.stderr
    assert not (tmp_path / "out").exists()


def test_the_copy_has_no_identifier_unless_asked_for(tmp_path):
    cohort = own_cohort(tmp_path / "c", 4, seed=3)
    for identifiers in (False, True):
        made = prepare(Project(cohort, tmp_path / "out"), Handling(identifiers=identifiers))
        package = json.loads((made.cohort / "datapackage.json").read_text(encoding="utf-8"))
        assert made.observed and package["reconstructed"] is False
        assert read_cohort(made.cohort).patients.index.str.startswith(SECRET).all() == identifiers
