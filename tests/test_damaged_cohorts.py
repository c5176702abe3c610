"""Damaged cohorts are refused with the place, whatever the damage, and nothing that was there changes."""

import dataclasses
import os
import re

import damaged_cohorts
import damaged_files
import pandas as pd
import pytest
from damaged_cohorts import MARK, write_csv

from compendium.centre.intake import checking
from compendium.centre.intake.raw_tables import RawTable
from compendium.centre.intake.sources import Source
from compendium.reporting.check_report import check_lines
from compendium.workflow import build
from compendium.workflow.__main__ import main
from tests.reader import Reader

CASES = [*damaged_cohorts.CASES, *damaged_files.CASES]
EARLIER = b"earlier,result\r\n1,\xff\n"
REPORT = {"check.html", "problems.xlsx", "problems.csv"}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of our own, so that no report is written into this one."""
    root = tmp_path / "project"
    monkeypatch.setattr(build, "ROOT", root)
    return root


def in_memory(tables):
    """Give the tables as a reader would."""
    source = Source(names={table: f"{table}.csv" for table in tables})
    for table, (header, *rows) in tables.items():
        frame = pd.DataFrame(rows, columns=header, dtype="str").replace("", None)
        source.read(table, lambda table, file, frame=frame: RawTable(frame))
    return source


def agrees(found, one, path):
    """Tell which problems are at a place."""
    right = (found["file"] == one.file.replace("PATH", os.fspath(path))) & (found["row"] == one.row)
    right &= (found["column"] == one.column) & found["allowed"].str.contains(one.allowed, regex=False)
    for name in ("value", "nearest"):
        expected = getattr(one, name)
        right &= (found[name] == expected) | (expected is None)
    return right


def names(said, one, path):
    """Tell whether a message names a place: its file, column and what is allowed, and below them its row."""
    column = f", column {one.column}" if one.column else ""
    head = re.escape(f"error: {one.file.replace('PATH', os.fspath(path))}{column}: ")
    rows = rf"(?:\n  row \d.*)*\n  row {one.row}\b" if one.row else ""
    return re.search(rf"^{head}.*{re.escape(one.allowed)}.*{rows}", said, re.MULTILINE) is not None


def refused(case, found, path, said):
    """Hold what was found, and what a terminal shows of it, against what is expected of a case."""
    assert found.tables is None
    for one in case.places:
        assert agrees(found.errors, one, path).any(), f"{one}\n{found.errors.to_string()}"
    assert len(found.errors) == case.count, found.errors.to_string()
    assert names(said, case.places[0], path)
    assert f"{case.count} error" in said and len(said) < 8000
    assert all(sign.isprintable() or sign == "\n" for sign in said)
    assert MARK not in said


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_it_is_refused_with_its_place(case, tmp_path, monkeypatch):
    path = case.make(tmp_path) if case.make else tmp_path
    if case.tables:  # reading is not what is damaged
        monkeypatch.setattr(checking, "read_source", lambda path, _: in_memory(case.tables))
    found = checking.check_cohort(path)
    hidden = (checking.hide_identifiers(told, found.identifiers) for told in (found.errors, found.warnings))
    shown = dataclasses.replace(found, **dict(zip(("errors", "warnings"), hidden, strict=True)))
    refused(case, found, path, "\n".join(check_lines(shown)))


SAMPLE = [
    *("a grade between two", "markup", "a sequence that colours", "an identifier with a blank", "a missing table"),
    *("a patient with symptoms and no row", "problems in three tables", "a hundred thousand signs", "no folder"),
    *("only the header of patients", "a missing sheet", "a nested column", "example rows left in"),
]


def made(name, folder):
    """Give the case of this name, and its cohort in files."""
    case = next(case for case in CASES if case.name == name)
    return case, case.make(folder) if case.make else write_csv(case.tables, folder / "cohort")


@pytest.mark.parametrize("name", SAMPLE)
def test_a_build_is_refused_and_reported_and_earlier_results_stay(name, project, monkeypatch, tmp_path, capfd):
    (case, path), out, checked = made(name, tmp_path), tmp_path / "results", []

    def check(*arguments, **options):
        checked.append(check_cohort(*arguments, **options))
        return checked[-1]

    check_cohort = checking.check_cohort
    monkeypatch.setattr(checking, "check_cohort", check)
    out.mkdir()
    (out / "table-1.csv").write_bytes(EARLIER)
    assert main(["paper", "--cohort", str(path), "--out", str(out)], root=project) == 1
    said = capfd.readouterr()
    (found,) = checked
    refused(case, found, path, said.err)
    assert said.out == "" and said.err.startswith(f"error: {path}: the cohort cannot be used\nerror: ")
    assert "Traceback" not in said.err
    assert [(file.name, file.read_bytes()) for file in out.rglob("*")] == [("table-1.csv", EARLIER)]
    reports = {file.name: file for file in project.rglob("*") if file.is_file()}
    assert set(reports) >= REPORT
    assert MARK.encode() not in b"".join(file.read_bytes() for file in reports.values())
    page, one = Reader(reports["check.html"].read_text(encoding="utf-8")), case.places[0]
    assert page.open == [] and "script" not in page.tags
    words = " ".join(page.words)
    assert one.file.replace("PATH", os.fspath(path)) in words and one.column in words and one.allowed in words
    listed = pd.read_csv(reports["problems.csv"], dtype=str, keep_default_na=False)
    assert (listed["kind"] == "error").sum() == case.count
    assert (listed["row"] == str(one.row)).any()


def test_a_check_reports_it_and_shows_identifiers_if_asked_for(project, tmp_path, capfd):
    case, path = made("another patient's symptom", tmp_path)
    for option in ([], ["--identifiers"]):
        assert main(["check", "--cohort", str(path), "--out", str(tmp_path / "report"), *option], root=project) == 1
        assert (f"row {case.places[0].row}: '{MARK}reconstructed-99'" in capfd.readouterr().out) == bool(option)
        assert {path.name for path in (tmp_path / "report").iterdir()} == REPORT


def test_the_corpus_is_large_and_its_cases_differ():
    assert set(SAMPLE) < {case.name for case in CASES}
    assert len({case.name for case in CASES}) == len(CASES) == 55
    assert all(case.places and case.count >= len(case.places) for case in CASES)
