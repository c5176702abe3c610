"""Further cohorts: made in seconds, with the verdicts of the shipped one. Ensembles: whole or not at all, anywhere."""

import hashlib
import json
import platform
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from compendium.determined import stored
from compendium.determined.reached import reached
from compendium.folders import MARK
from compendium.reconstruction import ensemble, members, results, symptoms
from compendium.reconstruction.ensemble import EnsembleError, main, make_ensemble
from compendium.reconstruction.leaning import NoRoomError
from compendium.reconstruction.members import values_of
from compendium.verification.published import built_values
from compendium.verification.verdicts import verdict_table
from tests.places import COHORT, FIGURES, PUBLISHED

SEED, NUMBER = 1, 4
DIGESTS = {"adverse_events": "326414dbdb8a", "courses": "d7b426f4cb6c", "laboratory": "3d24bb0e3f6d"}
DIGESTS |= {"patients": "897603a427f1", "screening": "e9cce5f37442", "symptoms": "95b0236e53a8"}
on_x86_64 = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="elsewhere the solver's linear programs may lead another way"
)


def write(files: dict[str, bytes], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def further(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a further cohort."""
    _, files = members.member(SEED, NUMBER, members.sources())
    return write(files, tmp_path_factory.mktemp("further") / "cohort")


def verdicts(folder: Path) -> pd.Series:
    """Verdicts on the printed numbers; the powers, which further cohorts are spared, are those of the shipped one."""
    values = json.loads((folder / "values.json").read_text())["values"]
    return verdict_table(PUBLISHED, built_values(FIGURES) | values)["verdict"]


def test_every_printed_number_has_the_verdict_it_has_in_the_shipped_cohort(further):
    committed = pd.read_csv(FIGURES / "verdicts.csv", index_col="claim")["verdict"]
    assert (committed == "reproduced").sum() == 292
    pd.testing.assert_series_equal(verdicts(further), committed)


@pytest.mark.long
@pytest.mark.parametrize(("seed", "number"), [(1, 5), (1, 9), (7, 1), (7, 2), (2018, 1), (2018, 40)])
def test_cohorts_of_other_seeds_have_the_same_verdicts(tmp_path, seed, number):
    _, files = members.member(seed, number, members.sources())
    committed = pd.read_csv(FIGURES / "verdicts.csv", index_col="claim")["verdict"]
    pd.testing.assert_series_equal(verdicts(write(files, tmp_path / "cohort")), committed)


@on_x86_64
def test_a_further_cohort_is_made_again_byte_for_byte(further):
    found = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in further.glob("*.csv")}
    assert found == DIGESTS


def test_a_further_cohort_is_none_of_those_there_are(further):
    for table in ("patients", "courses", "symptoms", "laboratory"):
        assert (further / f"{table}.csv").read_bytes() != (COHORT / f"{table}.csv").read_bytes()
    package, shipped = (json.loads((folder / "datapackage.json").read_text()) for folder in (further, COHORT))
    assert package == shipped | {"seed": SEED, "number": NUMBER}


@pytest.mark.parametrize(("values", "allowed", "target", "sums"), [
    ([4, 4, 4], (5, 8), 6, {6}), ([0, 0, 0], (8, 9), 9, {9}), ([4, 4, 4], (13, 15), 14, {14}),
    ([6, 4, 0], (0, 0), 0, {0}), ([4, 4, 4], (13, 15), 13, {14}), ([1, 2, 3], (6, 6), 6, {6}),
])  # fmt: skip
def test_grades_add_up_to_what_is_wanted(values, allowed, target, sums):
    generator = np.random.default_rng(1)
    found = symptoms._adding_up(values, [(0, 6)] * len(values), allowed, target, generator)
    assert sum(found) in sums and set(found) <= {0, 1, 2, 3, 4, 6}


def test_grades_that_cannot_add_up_are_refused():
    with pytest.raises(NoRoomError, match="no grades of 2 symptoms add up to 9 to 9 quarters"):
        symptoms._adding_up([4, 4], [(0, 4), (0, 4)], (9, 9), 9, np.random.default_rng(1))


@pytest.fixture(scope="module")
def shipped_values():
    return json.loads(values_of(COHORT))


def test_the_values_are_those_of_the_notebooks(shipped_values):
    built = built_values(FIGURES)
    found = shipped_values["values"]
    assert {name for name in built if ".power." not in name and ".detectable." not in name} == set(found)
    for name, entry in found.items():
        ends = built[name].get("ci") or (None, None)
        known = built[name] | {"ci_low": ends[0], "ci_high": ends[1]}
        assert entry == {key: known[key] for key in entry}, name


def test_the_marks_are_those_of_the_figures(shipped_values):
    found = shipped_values["marks"]
    for population, figure in (("all", "figure-1"), ("primary", "figure-e1"), ("idiopathic", "figure-e2")):
        drawn = pd.read_csv(FIGURES / f"{figure}.csv", index_col="symptom")["significance"]
        assert {name: entry["mark"] for name, entry in found[population].items()} == {
            name: drawn.get(name, "absent") for name in found[population]
        }


def test_values_are_compared_one_by_one():
    shipped = {"a": {"n": 3, "method": "exact", "notebook": "x.ipynb"}, "b": {"mean": None}, "p": {"p_value": 0.2}}
    others = [
        {"a": {"n": 3, "method": "exact"}, "b": {"mean": 0.5}, "p": {"p_value": 0.05}},
        {"a": {"n": 7, "method": "normal"}, "b": {"mean": None}, "p": {"p_value": 0.04}},
    ]
    rows = results.compare_values(shipped, others).set_index(["value", "statistic"])
    assert rows.loc[("a", "n")].tolist()[:6] == [3, 3, 7, 2, 1, 2] and rows.loc[("p", "p_value"), "below"] == 1
    assert rows.loc[("b", "mean"), ["smallest", "largest", "cohorts", "equal"]].tolist() == [0.5, 0.5, 2, 1]
    assert rows.loc[("a", "method"), "equal"] == 1 and pd.isna(rows.loc[("a", "method"), "smallest"])
    assert len(rows) == 4 and rows.loc[("b", "mean"), "known"] == 1


def test_marks_are_counted():
    def marks(one, other):
        return {"all": {"pruritus": {"mark": one}, "flush": {"mark": other}}}

    others = [marks("*", "ns"), marks("**", "absent"), marks("*", "ns")]
    rows = results.compare_marks(marks("**", "ns"), others)
    assert rows.to_dict("split")["data"] == [
        ["all", "pruritus", "**", True, 1, 3],
        ["all", "pruritus", "*", False, 2, 3],
        ["all", "flush", "ns", True, 2, 3],
        ["all", "flush", "absent", False, 1, 3],
    ]


def test_how_much_of_a_range_is_reached():
    ranges = pd.DataFrame({"low": [0, 5, 2, 0.0], "high": [10, 5, 4, 1.0]}, ["a", "b", "c", "d"])
    found = results.reach(ranges, {"a": [2, 7, None], "b": [5, 5], "c": [2, 4, 5], "e": [1]})
    assert found.index.tolist() == ["a", "b", "c"]
    assert found["share"].tolist() == [0.5, 1.0, 1.0]
    assert found["both_ends"].tolist() == [False, True, False]
    assert found["outside"].tolist() == [0, 0, 1]


def test_members_are_held_against_what_is_proved(further, tmp_path):
    (tmp_path / "cohorts").mkdir()
    shutil.copytree(further, tmp_path / "cohorts" / "001")
    patients = pd.read_csv(further / "patients.csv")
    both = int(((patients["sex"] == "M") & (patients["diagnosis"] == "ISM")).sum())
    columns = {"label": "Men", "unit": "patients", "verdict": "bounded", "low": both, "high": both + 2}
    asked = {"answers": "sex = M | diagnosis = ISM", "pairs": "men and ism"}
    ranges = {table: pd.DataFrame([{"quantity": quantity} | columns]) for table, quantity in asked.items()}
    stored.write(ranges, tmp_path / "determined")
    found = reached(tmp_path, tmp_path / "determined")
    assert found.index.tolist() == list(asked.values())
    assert (found[["smallest", "largest"]] == both).all(axis=None) and (found["outside"] == 0).all()
    assert found["share"].tolist() == [0, 0]
    with pytest.raises(ValueError, match="no cohort is there; allowed is the folder of an ensemble"):
        reached(tmp_path / "cohorts", tmp_path / "determined")


@pytest.mark.parametrize(("ranges", "message"), [
    (pd.DataFrame({"low": [1]}), "no column high"),
    (pd.DataFrame({"low": [2], "high": [1]}, ["x"]), "x: the range from 2 to 1"),
])  # fmt: skip
def test_ranges_that_are_none_are_refused(ranges, message):
    with pytest.raises(ValueError, match=message):
        results.reach(ranges, {})


VALUES = {"values": {"a": {"n": 1}}, "marks": {"all": {"pruritus": {"mark": "*"}}}}


def quick(seed: int, number: int, made_from: str) -> tuple[int, dict[str, bytes]]:
    """A member without patients, in no time."""
    values = {"values": {"a": {"n": 10 * seed + number}}, "marks": VALUES["marks"]}
    return number, {"patients.csv": b"%d" % number, "values.json": json.dumps(values).encode()}


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(ensemble, "member", quick)
    monkeypatch.setattr(ensemble, "values_of", lambda folder: json.dumps(VALUES))
    return monkeypatch


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_interrupted_ensemble_goes_on_where_it_was(stubbed, tmp_path):
    made = []

    def failing(seed, number, made_from):
        if number == 3 and len(made) < 3:
            raise KeyboardInterrupt
        made.append(number)
        return quick(seed, number, made_from)

    stubbed.setattr(ensemble, "member", failing)
    with pytest.raises(KeyboardInterrupt):
        make_ensemble(4, 1, tmp_path / "out", jobs=1)
    assert made == [1, 2] and not (tmp_path / "out" / ensemble.VALUES).exists()
    # As of a run that was killed.
    write({"patients.csv": b"", MARK: b"1"}, tmp_path / "out" / "cohorts" / ".part-003")
    made.append(0)
    places = make_ensemble(4, 1, tmp_path / "out", jobs=1)
    assert made == [1, 2, 0, 3, 4] and [place.name for place in places] == ["001", "002", "003", "004"]
    make_ensemble(4, 1, tmp_path / "whole", jobs=1)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    rows = pd.read_csv(tmp_path / "out" / ensemble.VALUES)
    assert rows.loc[0, ["smallest", "largest", "equal"]].tolist() == [11, 14, 0]
    assert [entry["values"]["a"]["n"] for entry in ensemble.read_ensemble(tmp_path / "out")] == [11, 12, 13, 14]


def test_what_other_sources_made_is_made_again(stubbed, tmp_path, capsys):
    make_ensemble(1, 1, tmp_path, jobs=1)
    (tmp_path / "cohorts" / "001" / "patients.csv").write_text("old")
    stubbed.setattr(ensemble, "sources", lambda: "others")
    make_ensemble(1, 1, tmp_path, jobs=1)
    assert (tmp_path / "cohorts" / "001" / "patients.csv").read_text() == "1"
    assert "made again" in capsys.readouterr().out


def test_a_folder_of_something_else_is_left_alone(stubbed, tmp_path):
    make_ensemble(1, 1, tmp_path / "one", jobs=1)
    with pytest.raises(EnsembleError, match="seed is 1; allowed here is SEED=1, or another OUT"):
        make_ensemble(1, 2, tmp_path / "one", jobs=1)
    (tmp_path / "one" / "ensemble.json").write_text("{}")
    with pytest.raises(EnsembleError, match=r"ensemble\.json: not the note of an ensemble"):
        make_ensemble(1, 1, tmp_path / "one", jobs=1)
    mine = write({"a.csv": b"mine"}, tmp_path / "two" / "cohorts")
    with pytest.raises(EnsembleError, match="not made by an ensemble"):
        make_ensemble(1, 1, tmp_path / "two", jobs=1)
    assert (mine / "a.csv").read_bytes() == b"mine"
    (tmp_path / "three").write_text("")
    with pytest.raises(EnsembleError, match="three: cannot be written"):
        make_ensemble(1, 1, tmp_path / "three", jobs=1)
    with ensemble._locked(tmp_path / "one"), pytest.raises(EnsembleError, match="another run writes here"):
        make_ensemble(1, 1, tmp_path / "one", jobs=1)


def test_other_sources_on_a_worker_are_refused():
    with pytest.raises(ValueError, match="holds other sources"):
        members.member(1, 1, "others")


def test_a_cluster_makes_the_same(stubbed, tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        make_ensemble(5, 1, tmp_path / "cluster", scheduler=cluster.scheduler_address)
    make_ensemble(5, 1, tmp_path / "here", jobs=1)
    assert contents(tmp_path / "cluster") == contents(tmp_path / "here")


@pytest.mark.long
def test_a_cluster_of_two_processes_makes_the_same_cohorts(tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        make_ensemble(3, 1, tmp_path / "cluster", scheduler=cluster.scheduler_address)
    make_ensemble(3, 1, tmp_path / "here", jobs=2)
    assert contents(tmp_path / "cluster") == contents(tmp_path / "here")


def test_a_scheduler_that_does_not_answer_is_said_in_a_line(stubbed, tmp_path, capsys):
    stubbed.setattr(ensemble, "_WAIT", 0.3)
    assert main(["--n", "1", "--out", str(tmp_path), "--scheduler", "tcp://127.0.0.1:9"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "SCHEDULER=tcp://127.0.0.1:9: nobody answers there" in said
    assert main(["--n", "1", "--out", str(tmp_path), "--scheduler", "nonsense:"]) == 1


@pytest.mark.parametrize(("option", "value"), [
    ("n", "0"), ("n", "many"), ("n", "100001"), ("jobs", "0"), ("jobs", "-1"), ("seed", "-1"), ("seed", "1.5"),
])  # fmt: skip
def test_numbers_that_are_none_are_refused_with_what_is_allowed(option, value, capsys):
    with pytest.raises(SystemExit):
        main([f"--{option}={value}"])
    assert f"argument --{option}: '{value}' is not allowed; allowed is a whole number from" in capsys.readouterr().err
