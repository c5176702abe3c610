"""What is said of results that are not the expected ones."""

import io
import subprocess

import numpy as np
import pytest
from matplotlib.image import imsave

from compendium.workflow.differences import against_committed, differences, in_one_line


def picture(*, dots=0, by=0, size=4):
    image = np.full((size, size, 4), 200, dtype=np.uint8)
    image[0, :dots, 0] -= by
    buffer = io.BytesIO()
    imsave(buffer, image)
    return buffer.getvalue()


@pytest.mark.parametrize(("name", "expected", "found", "what", "relative"), [
    ("a.json", b'{"p": 0.25, "n": 4}', b'{"p": 0.2500001, "n": 4}', "1 numbers differ", 1e-7 / 0.2500001),
    ("a.csv", b"x,y\n1,-2e-3\n", b"x,y\n2,-1e-3\n", "2 numbers differ", 0.5),
    ("a.svg", b"M 0 1 L 5.5 1", b"M 0 1 L 5.5 0", "1 numbers differ", 1.0),
    ("a.csv", b"x,y\n1,a\n", b"x,y\n1,b\n", "text differs from line 2 on", None),
    ("a.csv", b"x1\n", b"x2\n", "text differs from line 1 on", None),  # a digit of a name is no number
    ("a.csv", b"x\n1\n", b"x\n1\n2\n", "one ends before the other", None),
    ("a.pdf", b"%PDF 1", b"%PDF 2", "bytes differ", None),
    ("a.png", picture(), picture(dots=3, by=7), "3 dots differ, by at most 7 of 255", None),
    ("a.png", picture(), picture(size=5), "the picture has (5, 5) dots, not (4, 4)", None),
])  # fmt: skip
def test_what_differs_and_by_how_much(name, expected, found, what, relative):
    (apart,) = differences({name: expected, "b": b"same"}, {name: found, "b": b"same"})
    assert apart.name == name
    assert apart.what.startswith(what)
    assert apart.relative == (relative and pytest.approx(relative))


def test_files_that_are_missing_or_new_and_all_in_one_line():
    apart = differences({"a": b"", "b": b"", "c": b""}, {"b": b"", "d": b""})
    assert [(one.name, one.what) for one in apart] == [("a", "is missing"), ("c", "is missing"), ("d", "is new")]
    assert in_one_line(differences({"a": b"1"}, {"a": b"1"})) == ""
    values = ({"a.csv": b"4", "b.csv": b"8", "c.pdf": b"1"}, {"a.csv": b"5", "b.csv": b"9", "c.pdf": b"2"})
    said = in_one_line(differences(*values))
    assert said == "3 files differ (numbers by at most 2.0e-01 of their size): a.csv, b.csv, c.pdf (bytes differ)"


def test_the_committed_results_are_those_of_the_last_commit(tmp_path):
    folder = tmp_path / "a project" / "figures"
    folder.mkdir(parents=True)
    (folder / "values.json").write_text('{"x": 0.5}', encoding="utf-8")
    assert against_committed(folder.parent, folder) == [], "without a repository nothing is committed"
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=b@c", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=folder.parent, check=True)
    assert against_committed(folder.parent, folder) == []
    (folder / "values.json").write_text('{"x": 0.4}', encoding="utf-8")
    (folder / "new.json").write_text("{}", encoding="utf-8")
    (apart,) = against_committed(folder.parent, folder)
    assert (apart.name, apart.relative) == ("values.json", pytest.approx(0.2))
    (folder / "values.json").unlink()
    assert [one.what for one in against_committed(folder.parent, folder)] == ["is missing"]
