import json
import stat

import pandas as pd
import pytest

from analysis import schema
from analysis.cohort import from_tables, read_cohort
from compendium.centre.intake.snapshot import pseudonymised, write_snapshot
from tests.cohorts import random_tables


@pytest.fixture
def tables():
    return {table: schema.with_types(table, frame) for table, frame in random_tables(20, seed=4).items()}


@pytest.mark.parametrize("reconstructed", [False, True])
def test_what_is_written_is_read_and_only_by_its_owner(tables, tmp_path, reconstructed):
    folder = tmp_path / "deep" / "copy"
    write_snapshot(tables, folder, reconstructed=reconstructed)
    read, expected = read_cohort(folder), from_tables(tables)
    assert read.reconstructed is reconstructed
    for table in schema.TABLES:
        pd.testing.assert_frame_equal(getattr(read, table), getattr(expected, table))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.parent.iterdir()] == ["copy"]


def test_equal_cohorts_are_equal_bytes_and_a_copy_is_replaced_whole(tables, tmp_path):
    contents = []
    for folder in ("a", "b"):
        write_snapshot(tables, tmp_path / folder, reconstructed=False)
        contents.append({path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()})
    assert contents[0] == contents[1]
    (tmp_path / "a" / "old.txt").write_text("old", encoding="utf-8")
    write_snapshot(tables, tmp_path / "a", reconstructed=False)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(contents[0])


def test_identifiers_become_running_numbers_and_nothing_else_changes(tables, tmp_path):
    made = pseudonymised(tables)
    old = tables["patients"]["patient_id"].tolist()
    assert made["patients"]["patient_id"].tolist() == [f"P{number:02d}" for number in range(1, 21)]
    number_of = {name: f"P{number:02d}" for number, name in enumerate(old, 1)}
    for table in ("symptoms", "courses", "laboratory", "adverse_events"):
        assert made[table]["patient_id"].tolist() == [number_of[name] for name in tables[table]["patient_id"]]
    screening = tables["screening"]
    others = [name for name in screening["patient_id"] if name not in old]
    number_of |= {name: f"P{number:02d}" for number, name in enumerate(others, 21)}
    assert made["screening"]["patient_id"].tolist() == [number_of[name] for name in screening["patient_id"]]
    pairs = set(zip(screening["centre_id"], made["screening"]["centre_id"], strict=True))
    assert len(pairs) == screening["centre_id"].nunique() == made["screening"]["centre_id"].nunique()
    assert made["screening"]["centre_id"].iloc[0] == "C01"
    for table in schema.TABLES:
        rest = tables[table].columns.difference(["patient_id", "centre_id"])
        pd.testing.assert_frame_equal(made[table][rest], tables[table][rest])
    write_snapshot(pseudonymised(tables), tmp_path / "copy", reconstructed=False)
    package = json.loads((tmp_path / "copy" / "datapackage.json").read_text(encoding="utf-8"))
    assert package == {"name": "checked-cohort", "reconstructed": False}
    names = tables["screening"]["patient_id"]
    for path in (tmp_path / "copy").iterdir():
        content = path.read_bytes()
        assert not [name for name in names if name.encode() in content]
