"""What may be removed as a whole, and what never is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compendium.folders import MARK, abandoned, in_use, make_folder, make_private_folder, remove_folder


def test_a_folder_made_here_is_removed_with_all_in_it(tmp_path):
    folder = make_folder(tmp_path / "a b" / "é")
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_text("x", encoding="utf-8")
    remove_folder(folder)
    assert not folder.exists() and folder.parent.is_dir()
    remove_folder(folder)  # again: nothing to do
    private = make_private_folder("x-", tmp_path)
    assert private.stat().st_mode & 0o077 == 0
    remove_folder(make_folder(private))
    assert not private.exists()


def others(tmp_path):
    """Folders that must stay, by what they are."""
    somebody, linked = tmp_path / "somebody's", tmp_path / "link"
    somebody.mkdir()
    (somebody / "file").write_text("x", encoding="utf-8")
    marked = make_folder(tmp_path / "marked")
    linked.symlink_to(marked)
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    home, work = (make_folder(tmp_path / name) for name in ("home", "work"))
    (home / "user").mkdir()
    (work / "here").mkdir()
    return {"somebody's": somebody, "link": linked, "broken": tmp_path / "broken", "home": home, "work": work}


@pytest.mark.parametrize("which", ["somebody's", "link", "broken", "home", "work", "root", "project"])
def test_other_folders_stay(which, tmp_path, monkeypatch):
    known = others(tmp_path) | {"root": Path("/"), "project": Path(__file__).resolve().parents[1]}
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "user"))
    monkeypatch.chdir(tmp_path / "work" / "here")
    removed = []
    monkeypatch.setattr("shutil.rmtree", lambda *given, **_: removed.append(given))
    with pytest.raises(PermissionError, match="not made by this project"):
        remove_folder(known[which])
    assert not removed
    assert not (Path("/") / MARK).exists()


def test_somebody_elses_folder_is_not_taken_over(tmp_path):
    (tmp_path / "theirs").mkdir()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "theirs")
    assert not list((tmp_path / "theirs").iterdir())


def test_folders_of_processes_that_are_no_more(tmp_path):
    gone, living, unmarked, odd = (make_private_folder("k-", tmp_path) for _ in range(4))
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    (gone / MARK).write_text(f"{child}\n", encoding="utf-8")
    (unmarked / MARK).unlink()
    (odd / MARK).write_text("no number", encoding="utf-8")
    (tmp_path / "k-link").symlink_to(gone)
    assert abandoned(tmp_path, "k-") == [gone]
    assert living.is_dir()


def test_a_folder_is_not_abandoned_while_a_process_was_started_with_a_path_in_it(tmp_path):
    folder = make_private_folder("x-", tmp_path)
    (folder / MARK).write_text(f"{2**22 + 1}\n")  # no process has this number
    wait = "import sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", wait, str(folder / "kernel.json")], stdin=subprocess.PIPE):
        assert in_use(folder) and abandoned(tmp_path, "x-") == []
    assert not in_use(folder) and abandoned(tmp_path, "x-") == [folder]
