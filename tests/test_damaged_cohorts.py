"""Damaged cohorts are refused with the place, whatever the damage, and nothing that was there changes."""

import html.parser
import os
import re
import stat
from pathlib import Path

import pandas as pd
import pytest
from damaged_cohorts import CASES, MARK, Place, good, row, write_csv, write_parquet, write_xlsx

from compendium.centre.intake import checking
from compendium.centre.intake.checking import check_cohort
from compendium.workflow import build
from compendium.workflow.__main__ import main

EARLIER = b"earlier,result\r\n1,\xff\n"
REPORT = {"check.html", "problems.xlsx", "problems.csv"}
LONGEST = 8000
"""The most signs a refusal may take on a terminal."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make each damaged cohort once."""
    paths = {}

    def make(case):
        if case.name not in paths:
            paths[case.name] = case.make(tmp_path_factory.mktemp("damaged"))
        return paths[case.name]

    return make


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of our own, so that no report is written into this one."""
    root = tmp_path / "project"
    monkeypatch.setattr(build, "ROOT", root)
    return root


@pytest.fixture
def checks(monkeypatch):
    """What the checks found that ran, since each is costly: a cohort is checked once, by the command."""
    found = []

    def check(*arguments, **options):
        found.append(check_cohort(*arguments, **options))
        return found[-1]

    monkeypatch.setattr(checking, "check_cohort", check)
    return found


def agrees(found, place, path):
    """Tell which problems are at a place."""
    right = (found["file"] == place.file.replace("PATH", os.fspath(path))) & (found["row"] == place.row)
    right &= (found["column"] == place.column) & found["allowed"].str.contains(place.allowed, regex=False)
    for name in ("value", "nearest"):
        expected = getattr(place, name)
        right &= (found[name] == expected) | (expected is None)
    return right


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(said, place, path):
    """Tell whether a message names a place: its file, column and what is allowed, and below them its row."""
    column = f", column {place.column}" if place.column else ""
    head = re.escape(f"error: {place.file.replace('PATH', os.fspath(path))}{column}: ")
    rows = rf"(?:\n  row \d.*)*\n  row {place.row}\b" if place.row else ""
    return re.search(rf"^{head}.*{re.escape(place.allowed)}.*{rows}", said, re.MULTILINE) is not None


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_it_is_refused_with_its_place_and_earlier_results_stay(made, case, project, checks, tmp_path, capfd):
    path, out = made(case), tmp_path / "results"
    out.mkdir()
    (out / "table-1.csv").write_bytes(EARLIER)
    assert main(["paper", "--cohort", str(path), "--out", str(out)], root=project) == 1
    said = capfd.readouterr()
    [found] = checks
    assert found.tables is None
    for place in case.places:
        assert agrees(found.errors, place, path).any(), f"{place}\n{found.errors.to_string()}"
    assert len(found.errors) == case.count, found.errors.to_string()
    assert names(said.err, case.places[0], path)
    assert f"{case.count} error" in said.err
    assert said.out == "" and "Traceback" not in said.err and len(said.err) < LONGEST
    assert all(sign.isprintable() or sign == "\n" for sign in said.err)
    assert contents(out) == {Path("table-1.csv"): EARLIER}
    reported = contents(project)
    assert {file.name for file in reported} >= REPORT
    assert MARK not in said.err and MARK.encode() not in b"".join(reported.values())


class Page(html.parser.HTMLParser):
    """The words of a page; its elements must close in order."""

    EMPTY = ("meta", "link", "br", "img", "col")

    def __init__(self):
        super().__init__()
        self.open, self.words, self.seen = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


SAMPLE = [
    *("a grade between two", "markup", "a sequence that colours", "an identifier with a blank", "a missing table"),
    *("a patient with symptoms and no row", "problems in three tables", "a hundred thousand signs", "no folder"),
    *("only the header of patients", "merged cells", "much out of little", "a nested column", "example rows left in"),
]


@pytest.mark.parametrize("case", [case for case in CASES if case.name in SAMPLE], ids=lambda case: case.name)
def test_a_check_reports_it(made, case, project, tmp_path, capfd):
    path, out = made(case), tmp_path / "report"
    assert main(["check", "--cohort", str(path), "--out", str(out)], root=project) == 1
    assert MARK not in capfd.readouterr().out
    assert {path.name for path in out.iterdir()} == REPORT
    page = Page()
    page.feed((out / "check.html").read_text(encoding="utf-8"))
    page.close()
    assert page.open == [] and "script" not in page.seen
    words = "".join(page.words)
    place = case.places[0]
    assert place.file.replace("PATH", os.fspath(path)) in words and place.column in words and place.allowed in words
    listed = pd.read_csv(out / "problems.csv", dtype=str, keep_default_na=False)
    assert (listed["kind"] == "error").sum() == case.count
    assert (listed["row"] == str(place.row)).any()


def test_identifiers_are_shown_if_asked_for(made, project, tmp_path, capfd):
    case = next(case for case in CASES if case.name == "another patient's symptom")
    assert (
        main(["check", "--cohort", str(made(case)), "--out", str(tmp_path / "report"), "--identifiers"], root=project)
        == 1
    )
    assert f"row {case.places[0].row}: '{MARK}P99'" in capfd.readouterr().out


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_that_may_not_be_read(tmp_path):
    cohort = write_csv(good(), tmp_path / "cohort")
    os.chmod(cohort / "courses.csv", 0)
    found = check_cohort(cohort)
    assert agrees(found.errors, Place("courses.csv", allowed="not permitted"), cohort).sum() == len(found.errors) == 1


def appends(path):
    with open(path, "ab") as file:
        file.write(b"\n")


def is_replaced(path):
    other = path.with_name("other.tmp")
    other.write_bytes(path.read_bytes())
    os.replace(other, path)


@pytest.mark.parametrize("change", [appends, is_replaced])
@pytest.mark.parametrize(
    ("write", "name"), [(write_csv, "courses.csv"), (write_parquet, "courses.parquet"), (write_xlsx, "cohort.xlsx")]
)
def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch, write, name, change):
    cohort = write(good(), tmp_path / "cohort")
    path = cohort if cohort.is_file() else cohort / name
    watched, looked = os.stat(path).st_ino, os.fstat

    def look(opened):
        status = looked(opened)
        if status.st_ino == watched and stat.S_ISREG(status.st_mode):
            monkeypatch.setattr(os, "fstat", looked)
            change(path)
        return status

    monkeypatch.setattr(os, "fstat", look)
    found = check_cohort(cohort)
    assert agrees(found.errors, Place(name, allowed="changed while it was read"), cohort).any()
    assert len(found.errors) == 1 and found.tables is None


def in_semicolons(tables, folder):
    return write_csv(tables, folder, ";")


@pytest.mark.parametrize("write", [write_csv, in_semicolons, write_parquet, write_xlsx])
def test_the_undamaged_cohort_passes_in_every_form(tmp_path, write):
    found = check_cohort(write(good(), tmp_path / "cohort"))
    assert found.errors.empty, found.errors.to_string()
    for table, (header, *rows) in good().items():
        read = found.tables[table]
        assert list(read.columns) == header and len(read) == len(rows)
    # One cell of each kind, by hand.
    assert found.tables["symptoms"].loc[row("symptoms", "P25 flush") - 2, "grade_last"] == 1
    assert found.tables["laboratory"].loc[row("laboratory", "P11 total_ige on_therapy") - 2, "value"] == 390.2
    assert found.tables["courses"].loc[row("courses", "P23") - 2, "start_month"] == "2017-03"
    assert found.tables["patients"].loc[row("patients", "P47") - 2, "diagnosis"] == "MMAS"


def test_the_corpus_is_large_and_its_cases_differ():
    assert len({case.name for case in CASES}) == len(CASES) >= 110
    assert set(SAMPLE) <= {case.name for case in CASES}
    assert all(case.places and case.count >= len(case.places) for case in CASES)
