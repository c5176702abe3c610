import contextlib
import json
import locale
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from compendium.files import write_atomically
from compendium.reporting import outputs
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.reporting.small_tables import small_table
from tests.places import ROOT

MADE, SEEN = (SimpleNamespace(reconstructed=made) for made in (True, False))  # as much of a cohort as is looked at
NUMBERS = pd.DataFrame(
    {
        "row": ["a, b", "ü"],
        "n": pd.array([43, None], dtype="Int64"),
        "percent": [100 * 43 / 55, np.nan],
        "mean": [0.1 + 0.2, 1e-17],
    }
)


@pytest.fixture(autouse=True)
def no_override(monkeypatch):
    monkeypatch.delenv(outputs.OVERRIDE, raising=False)


def drawing():
    figure = Figure(figsize=(2, 1.5))
    axes = figure.subplots()
    axes.plot([1, 2, 3], [2, 1, 3], marker="o", clip_on=True)
    axes.fill_between([1, 2, 3], [1, 1, 1], hatch="//")
    axes.set_title("Größe – 1.5 µg")
    return figure


def save_all(folder):
    """Write one output of each kind."""
    table = small_table(NUMBERS, "Title", "small", ["Note"], caveats=[RECONSTRUCTED_NOTE])
    outputs.save_figure(drawing(), "figure", folder, MADE)
    outputs.save_table(NUMBERS, table, "table", folder, MADE)
    outputs.save_values({"b.all": {"percent": 100 * 43 / 55}, "a.all": {"n": 1}}, "values", folder, MADE)


def save_all_in_locale(folder):
    """Do so under the locale of the environment, where the machine knows it."""
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, "")
    save_all(folder)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def test_equal_bytes_in_other_surroundings(tmp_path):
    here, there = (tmp_path / name for name in ("here", "there"))
    there.mkdir()
    (there / "matplotlibrc").write_text("savefig.bbox: tight\nsvg.fonttype: none\npdf.fonttype: 42\n")
    others = {"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "2", "SOURCE_DATE_EPOCH": "1000000000"}
    program = "import sys; sys.path.insert(0, sys.argv[1]); from tests.test_outputs import *; save_all_in_locale('.')"
    subprocess.run([sys.executable, "-c", program, ROOT], cwd=there, env=os.environ | others, check=True)
    save_all(here)
    first, second = contents(here), contents(there)
    assert second.pop("matplotlibrc")
    assert first.keys() == {"figure.svg", "figure.pdf", "figure.png", "table.csv", "table.html", "values.json"}
    assert [name for name in first if first[name] != second[name]] == []


def test_figures_hold_no_date_and_no_program_version(tmp_path):
    paths = outputs.save_figure(drawing(), "figure-1", tmp_path / "new" / "folder", MADE)
    assert [path.name for path in paths] == ["figure-1.svg", "figure-1.pdf", "figure-1.png"]
    svg, pdf, png = (path.read_bytes() for path in paths)
    assert b"CreationDate" not in pdf and b"Producer" not in pdf
    assert b"dc:date" not in svg and b"Matplotlib v" not in svg
    assert b"Matplotlib" not in pdf and b"Matplotlib" not in png
    # The size in pixels and the resolution, as the PNG format stores them: 2 x 1.5 inches at 300 dpi.
    assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == (600, 450)
    assert png[png.index(b"pHYs") + 4 :][:4] == round(300 / 0.0254).to_bytes(4, "big")


def test_csv_holds_the_numbers_in_their_written_digits(tmp_path):
    csv, html = outputs.save_table(NUMBERS, "<p>é</p>", "table-2", tmp_path, MADE)
    assert csv.read_bytes() == (
        b'cohort,row,n,percent,mean\nreconstructed,"a, b",43,78.1818,0.3\nreconstructed,\xc3\xbc,,,1e-17\n'
    )
    assert html.read_bytes() == "<p>é</p>".encode()
    (data,) = outputs.save_data(pd.DataFrame({"a": [1 / 3], "b": [None]}), "figure-1", tmp_path, MADE)
    assert (data.name, data.read_bytes()) == ("figure-1.csv", b"cohort,a,b\nreconstructed,0.333333,\n")


def test_values_are_sorted_plain_json(tmp_path):
    values = {"b": {"n": np.int64(3), "ratio": np.float64(0.5), "none": None}, "a": {"ci": (1, 2.5), "text": "é"}}
    (path,) = outputs.save_values(values, "values", tmp_path, MADE)
    assert path.read_text(encoding="utf-8").index('"a"') < path.read_text(encoding="utf-8").index('"b"')
    about = {"cohort": "reconstructed", "note": RECONSTRUCTED_NOTE}
    kept = {"about": about, "a": {"ci": [1, 2.5], "text": "é"}, "b": {"n": 3, "ratio": 0.5, "none": None}}
    assert json.loads(path.read_bytes()) == kept
    assert path.read_bytes().endswith(b"}\n") and b"\\u" not in path.read_bytes() and b"\r" not in path.read_bytes()


@pytest.mark.parametrize(("cohort", "word"), [(MADE, "Reconstructed cohort: "), (SEEN, "Observed cohort: ")])
def test_what_is_carried_off_alone_says_where_its_rows_come_from(tmp_path, cohort, word):
    svg, pdf, png = outputs.save_figure(drawing(), "figure", tmp_path, cohort)
    for path in (svg, pdf, png):
        assert word.encode() in path.read_bytes()
    (values,) = outputs.save_values({"response.all": {"n": 43}}, "values", tmp_path, cohort)
    assert json.loads(values.read_bytes())["about"]["note"].startswith(word)
    table = pd.read_csv(outputs.save_data(NUMBERS, "data", tmp_path, cohort)[0])
    assert next(iter(table)) == "cohort" and set(table["cohort"]) == {word.split()[0].lower()}
    assert next(iter(NUMBERS)) == "row"  # what was given is as it was


def test_a_picture_for_a_journal_has_its_dots_and_says_where_its_rows_come_from(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPENDIUM_WIDTH", "85")
    monkeypatch.setenv("COMPENDIUM_FORMATS", "tiff")
    paths = [outputs.save_figure(drawing(), "figure", tmp_path / one, MADE) for one in "ab"]
    assert [[path.name for path in made] for made in paths] == [["figure-51mm.tiff"]] * 2
    assert paths[0][0].read_bytes() == paths[1][0].read_bytes()
    with Image.open(paths[0][0]) as image:
        assert (image.size, image.mode, image.info["compression"]) == ((1200, 900), "RGB", "tiff_lzw")
        assert [float(dots) for dots in image.info["dpi"]] == [600, 600]
        assert (image.tag_v2[269], image.tag_v2[270]) == ("figure", RECONSTRUCTED_NOTE)
        assert image.getpixel((0, 0)) == (255, 255, 255) and 306 not in image.tag_v2  # which is the date


def test_what_cannot_be_saved_is_named(tmp_path):
    for bad in (float("nan"), np.inf, pd.NA, {1, 2}):
        with pytest.raises(ValueError, match=r"the value response\.all\.percent is"):
            outputs.save_values({"response.all": {"percent": bad}}, "values", tmp_path, MADE)
    for name in ("", "../figure", "a/b", ".hidden", "a b"):
        with pytest.raises(ValueError, match="output name"):
            outputs.save_values({}, name, tmp_path, MADE)
    assert contents(tmp_path) == {}
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"the output folder .*file/results cannot be made: Not a directory"):
        outputs.save_figure(drawing(), "figure", tmp_path / "file" / "results", MADE)


def test_override_replaces_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(outputs.OVERRIDE, str(tmp_path / "scratch"))
    assert outputs.save_values({}, "values", tmp_path / "results", MADE) == [tmp_path / "scratch" / "values.json"]
    assert not (tmp_path / "results").exists()


def test_what_fails_leaves_the_earlier_files(tmp_path, monkeypatch):
    save_all(tmp_path)
    earlier, figure = contents(tmp_path), drawing()
    figure.axes[0].set_title("$\\undefined$")
    with pytest.raises(ValueError, match="undefined"):
        outputs.save_figure(figure, "figure", tmp_path, MADE)
    assert contents(tmp_path) == earlier

    def full_disk(path, content):
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match=r"cannot be written: No space left on device"):
        outputs.save_values({"other": {"n": 2}}, "values", tmp_path, MADE)
    assert contents(tmp_path) == earlier


def test_atomic_write_keeps_the_usual_permissions(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    write_atomically(tmp_path / "atomic", b"new")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["atomic", "plain"]
