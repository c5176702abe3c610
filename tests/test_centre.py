"""Another centre's cohort from its files to the page: checked, built, private, without a network."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.cohort import read_cohort
from compendium.centre.intake.files import require_private
from compendium.workflow import centre
from compendium.workflow.__main__ import main
from compendium.workflow.build import _as_observed
from compendium.workflow.centre import Handling, prepare
from compendium.workflow.jobs import ROOT, BuildError, Job, Project, jobs_for
from tests.cohorts import random_tables, write_cohort
from tests.places import COHORT, FIGURES

SECRET = "SECRET"


def own_cohort(folder: Path, n: int, seed: int, population: str = "all") -> Path:
    """Write a cohort whose identifiers can be told from everything else."""
    named = {
        table: frame.assign(
            **{key: SECRET + frame[key].astype(str) for key in ("patient_id", "centre_id") if key in frame}
        )
        for table, frame in random_tables(n, seed=seed, population=population).items()
    }
    return write_cohort(named, folder)


def without_network() -> list[str]:
    """Give what puts a command where there is no network, if this machine allows it."""
    for command in (["unshare", "-rn"], ["unshare", "-n"]):
        found = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True, check=False)
        if found and found.returncode == 0:
            return command
    pytest.skip("this machine does not let a process be cut off from the network")


def run(*command: str) -> subprocess.CompletedProcess:
    surroundings = {name: text for name, text in os.environ.items() if name != "COMPENDIUM_OUTPUT"}
    return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)


def texts(folder: Path) -> dict[str, str]:
    """Give the text of every file that has one; pictures are base64 in pages and paths in SVG, and left out."""
    kinds = (".html", ".csv", ".json", ".svg", ".ipynb")
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.suffix in kinds}
    return {name: re.sub(r'base64,[^"]*|"image/png": "[^"]*"', "", text) for name, text in found.items()}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Built:
    """Results of a cohort, the folders of all that was written of it, and what was printed."""

    def __init__(self, folder: Path, n: int, population: str) -> None:
        self.cohort = own_cohort(folder / "a cohort", n, seed=n, population=population)
        self.out = folder / "the results"
        self.project = Project(self.cohort, self.out)
        self.places = [self.out, self.project.under_build("check")]
        self.printed = ""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Fourteen patients, none of them with idiopathic disease, all built where there is no network."""
    made = Built(tmp_path_factory.mktemp("built"), 14, "primary")
    options = ["paper", "--cohort", str(made.cohort), "--out", str(made.out)]
    done = run(*without_network(), sys.executable, "-m", "compendium.workflow", *options)
    assert done.returncode == 0, done.stderr
    made.places.append(made.project.under_build("executed"))
    made.printed = done.stdout + done.stderr
    return made


def test_the_cut_off_is_a_cut_off():
    code = "import socket; socket.create_connection(('1.1.1.1', 53), 3)"
    assert "Network is unreachable" in run(*without_network(), sys.executable, "-c", code).stderr


def test_everything_is_built(built):
    names = {path.name for path in built.out.iterdir()}
    assert {"table-1.html", "table-2.csv", "figure-1.pdf", "figure-2.svg", "values-safety.json"} <= names
    assert {"published-comparison.csv", "shared-table-1.html", "shared-table-2.csv"} <= names
    assert not {"verdicts.html", "checklist.html"} & names


def test_no_identifier_is_anywhere(built):
    for place in built.places:
        assert texts(place)
        assert not [name for name, text in texts(place).items() if SECRET in text]
    assert SECRET not in built.printed


def test_the_document_of_an_own_cohort_shows_its_numbers_beside_the_paper_and_no_place_of_this_machine(built):
    page = (built.out / "index.html").read_text(encoding="utf-8")
    values = json.loads((built.out / "values-response.json").read_text(encoding="utf-8"))
    best = values["response.best.orr.all"]
    assert re.search(rf'class="value">{best["n"]}/14 \([\d.]+%\)</a>', page)
    assert "abstract, L98" in page or "table 2, Best response: ORR, All patients: 43/55, difference" in page
    assert str(ROOT) not in page and "../" not in page and "figure-e2" not in page and "verdicts" not in page
    assert {"paper.pdf", "paper.docx", "table-1.docx"} <= {path.name for path in built.out.iterdir()}


def test_nothing_is_said_of_another_cohort(built):
    pages = {name: text for place in built.places for name, text in texts(place).items()}
    assert len(pages) > 40
    # The comparison with the paper says of how many the paper speaks.
    with_paper = ("published-", "index", "details")
    own = {name: text for name, text in pages.items() if not name.startswith(with_paper)}
    assert not [name for name, text in pages.items() if "reconstructed" in text.lower()]
    assert not [name for name, text in own.items() if "N = 55" in text]


def test_all_is_on_one_page_and_what_is_empty_is_left_out_with_a_line(built):
    left_out = [f"Figure-e{n} is left out: no patient of this cohort belongs to Idiopathic MCAS." for n in (2, 4)]
    assert [line for line in built.printed.splitlines() if "left out" in line] == left_out
    assert "All patients (N = 14)" in (built.out / "sensitivity.html").read_text(encoding="utf-8")
    for name in ("index.html", "details.html"):
        page = (built.out / name).read_text(encoding="utf-8").replace("N\u00a0=\u00a014", "N = 14")
        assert "Omalizumab in 14 patients with" in page
        assert re.search(r"All patients\s*(<br />)?\s*\(N = 14\)", page) and "(N = 55)" not in page
        assert all(f"<p>{line}</p>" in page for line in left_out)
        assert "Left out, having no patient: Idiopathic MCAS." in page
        assert "Meant for sharing are only the files whose names begin with shared-" in page
    assert not list(built.out.glob("figure-e2.*")) and list(built.out.glob("figure-e1.*"))


@pytest.fixture
def one_notebook(tmp_path, monkeypatch):
    """A project of one patient, of which one notebook is built, and what builds it from a cohort."""

    def few(*arguments):
        jobs, left_out = jobs_for(*arguments)
        return tuple(job for job in jobs if job.name == "patients"), left_out

    monkeypatch.setattr(centre, "jobs_for", few)
    made = Built(tmp_path, 1, "all")
    return made, lambda cohort: main(["paper", "--cohort", str(cohort), "--out", str(made.out)])


def test_a_second_build_has_nothing_to_do_and_errors_change_no_earlier_result(one_notebook, tmp_path, capfd):
    made, build = one_notebook
    assert build(made.cohort) == 0
    page = (made.out / "details.html").read_text(encoding="utf-8")
    assert "Omalizumab in 1 patient with" in page and not [text for text in texts(made.out).values() if SECRET in text]
    before = contents(made.out)
    capfd.readouterr()
    assert build(made.cohort) == 0
    assert "Nothing to do" in capfd.readouterr().out and contents(made.out) == before
    damaged = shutil.copytree(made.cohort, tmp_path / "damaged")
    path = damaged / "symptoms.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("baseline", "base-line", 1), encoding="utf-8")
    assert build(damaged) == 1
    said = capfd.readouterr().err
    assert "symptoms.csv, column onset" in said and "row 2: 'base-line' (nearest allowed: 'baseline')" in said
    assert "Traceback" not in said and SECRET not in said
    assert contents(made.out) == before


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


def test_an_own_cohort_does_not_replace_the_committed_results(tmp_path):
    cohort = own_cohort(tmp_path / "c", 3, seed=1)
    with pytest.raises(BuildError, match="folders that the repository keeps"):
        prepare(Project(cohort, FIGURES), Handling())


OWN = ["cohorts/a.csv", "data/centre/patients.csv", "a.xlsx", "data/b.parquet", "build/x/a"]
KEPT = ["data/cohort/patients.csv", "data/published/claims.csv", "figures/table-1.csv"]


@pytest.mark.parametrize("name", OWN + KEPT)
def test_the_repository_ignores_own_cohorts_and_keeps_what_is_its_own(name):
    assert run("git", "check-ignore", "-q", "--no-index", name).returncode == (0 if name in OWN else 1)


def test_jobs_follow_the_diagnoses():
    jobs, left_out = jobs_for({"ISM", "idiopathic_MCAS"}, 7)
    assert left_out == ()
    assert {job.name: dict(job.parameters) for job in jobs}["sharing"] == {"hide_below": 7}
    assert not {"verdicts", "explore", "checklist"} & {job.name for job in jobs}
    jobs, left_out = jobs_for({"idiopathic_MCAS"}, 5)
    assert [line.split(" ")[0] for line in left_out] == ["Figure-e1", "Figure-e3"]
    assert {"figure-1", "figure-e2", "figure-2", "figure-e4"} <= {job.name for job in jobs}


def test_a_single_run_is_given_what_its_job_is(tmp_path):
    project = Project(tmp_path, tmp_path / "out", jobs=jobs_for({"ISM"}, 7)[0])

    def given(notebook, **parameters):
        return dict(_as_observed(Job("x", f"{notebook}.ipynb", parameters), project).parameters)

    assert given("sharing") == {"hide_below": 7} and given("sharing", hide_below=3) == {"hide_below": 3}
    assert given("figure-1", name="n") == {"name": "n"} and given("new") == {}
    with pytest.raises(BuildError, match=r"published-comparison\.ipynb reads what other notebooks made"):
        given("published-comparison")
    assert given("published-comparison", built="x") == {"built": "x"}


def test_identifiers_are_shown_only_when_asked_for(tmp_path, capfd):
    cohort = own_cohort(tmp_path / "c", 5, seed=2)
    path = cohort / "courses.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")  # two courses of one patient
    options = ["check", "--cohort", str(cohort), "--out", str(tmp_path / "report")]
    assert main(options) == 1
    said = capfd.readouterr()
    assert "courses.csv, column patient_id" in said.out and SECRET not in said.out + said.err
    assert not [name for name, text in texts(tmp_path / "report").items() if SECRET in text]
    assert main([*options, "--identifiers"]) == 1
    assert SECRET in capfd.readouterr().out and SECRET in texts(tmp_path / "report")["check.html"]


def test_a_good_cohort_is_called_good(tmp_path, capfd):
    cohort = own_cohort(tmp_path / "c", 5, seed=2)
    assert main(["check", "--cohort", str(cohort), "--out", str(tmp_path / "report")]) == 0
    said = capfd.readouterr().out
    assert "no errors" in said and "The cohort can be used." in said
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"check.html", "problems.csv", "problems.xlsx"}


@pytest.mark.parametrize(("options", "message"), [
    (["--hide-below", "-1"], "hide-below: threshold -1 is not allowed; allowed is a whole number from 0"),
    (["--tryptase", "third"], "tryptase"), (["--criteria", "worsening=never"], "worsening"),
    (["--criteria", "worsenin=any"], "'worsenin'"),
    (["--criteria", "worsenin=any", "--cohort", str(COHORT)], "'worsenin'"),
])  # fmt: skip
def test_an_unknown_option_stops_before_anything_runs(tmp_path, capfd, options, message):
    cohort = own_cohort(tmp_path / "c", 2, seed=1)
    assert main(["paper", "--cohort", str(cohort), "--out", str(tmp_path / "out"), *options]) == 1
    said = capfd.readouterr().err
    assert message in said and said.count("error:") == 1 and "Traceback" not in said
    assert "worsenin" not in message or "worsening" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("identifiers", [False, True])
def test_the_copy_has_no_identifier_unless_asked_for(tmp_path, identifiers):
    cohort = own_cohort(tmp_path / "c", 4, seed=3)
    made = prepare(Project(cohort, tmp_path / "out"), Handling(identifiers=identifiers))
    package = json.loads((made.cohort / "datapackage.json").read_text(encoding="utf-8"))
    assert made.observed and package["reconstructed"] is False
    assert read_cohort(made.cohort).patients.index.str.startswith(SECRET).all() == identifiers
