"""A cohort or criteria that cannot be used: one clear message, exit code 1, and nothing touched."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from compendium.workflow.__main__ import main

ROOT = Path(__file__).resolve().parents[1]


def set_cell(table, row, column, value):
    def damage(folder):
        frame = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
        frame.loc[row, column] = value
        frame.to_csv(folder / f"{table}.csv", index=False)

    return damage


def without_symptoms(folder):
    frame = pd.read_csv(folder / "symptoms.csv", dtype=str, keep_default_na=False)
    frame[frame["patient_id"] != frame.loc[0, "patient_id"]].to_csv(folder / "symptoms.csv", index=False)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "courses.csv").unlink(), "courses.csv: the file is missing"),
        (lambda folder: (folder / "patients.csv").write_text("", encoding="utf-8"), "patients.csv"),
        (
            set_cell("symptoms", 3, "grade_best", "0.3"),
            "symptoms.csv, column grade_best: one of 1.5, 1, 0.75, 0.5, 0.25, 0\n  row 5: '0.3' (nearest",
        ),
        (set_cell("patients", 0, "sex", "woman"), "patients.csv, column sex: one of F, M\n  row 2: 'woman'"),
        (without_symptoms, "a patient with at least one baseline symptom"),
    ],
)
def test_a_damaged_cohort_is_refused_before_anything_runs(tmp_path, capsys, damage, message):
    cohort, out = tmp_path / "my cohort", tmp_path / "my results"
    shutil.copytree(ROOT / "data" / "cohort", cohort)
    out.mkdir()
    (out / "table-1.csv").write_text("earlier", encoding="utf-8")
    damage(cohort)
    assert main(["paper", "--cohort", str(cohort), "--out", str(out)]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith(f"error: {cohort}: the cohort cannot be used\nerror: ")
    assert message in said.err and "my cohort" in said.err and "Traceback" not in said.err
    assert {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()} == {"table-1.csv": "earlier"}


def test_unknown_criteria_are_refused_before_anything_runs(tmp_path, capsys):
    assert main(["paper", "--criteria", "worsenin=any", "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "worsenin" in said and "worsening" in said and said.count("error:") == 1
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
