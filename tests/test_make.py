"""What is typed after `make` is text that arrives as it is, and only what a command uses is taken."""

import os
import re
import shutil
import string
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Every printable sign, and what a shell or make would run.
TEXT = f"a{string.punctuation} $(shell touch x) `touch x` ${{HOME}} $$ \\\\ 'b\" end"
CENTRE = ("COHORT", "MAPPING", "COURSE", "SAMPLE", "VISIT", "OUT", "TRYPTASE", "IDENTIFIERS")
HANDLING = {name: f"--{name.lower()}=" for name in CENTRE}
BUILD = {**HANDLING, "CRITERIA": "--criteria=", "HIDE_BELOW": "--hide-below="}
COMMANDS = {
    "verify": BUILD,
    "paper": {**BUILD, "ONLY": "--only="},
    "figures": {
        **{name: option for name, option in BUILD.items() if name != "HIDE_BELOW"},
        **{"ONLY": "--only=", "WIDTH": "--width=", "FORMAT": "--formats="},
    },
    "run": {**BUILD, "NOTEBOOK": "", "PARAMETERS": "--parameters="},
    "check": HANDLING,
    "template": {"OUT": "--out="},
    "redcap": {"EXPORT": "", "OUT": "", "LEAVE_OUT": "--leave-out=", "MAPPING": "--mapping="},
    "cohort": {"SEED": "--seed=", "OUT": "--out="},
    "determined": {"OUT": "--out="},
    "ensemble": {
        "N": "--n=",
        "SEED": "--seed=",
        "JOBS": "--jobs=",
        "SCHEDULER": "--scheduler=",
        "OUT": "--out=",
        "KEEP": "--keep=",
    },
    "audit": {"CLAIMS": "", "OUT": "--out="},
    "bounds": {
        **{name: f"--{name.lower()}=" for name in ("OUT", "WITNESSES", "WITHOUT", "FACTS", "ROUNDING", "QUICK")},
        **{"CLAIMS": "", "QUESTIONS": ""},
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a stand-in for Python, which notes the words that it is given."""
    folder = tmp_path_factory.mktemp('it\'s a "$HOME" `folder`')
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("compendium/workflow", "analysis", "tests", "benchmarks", "notebooks"):
        (folder / name).mkdir(parents=True)
    shutil.copy(ROOT / "compendium/workflow/variables.py", folder / "compendium/workflow")
    (folder / "requirements.lock").touch()
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\" >> words\n")
    python.chmod(0o755)
    (folder / ".venv/.ready").touch()
    return folder


@pytest.fixture
def make(folder):
    """Run make there; its exit code, the words that reached Python, and what it said."""

    def run(*arguments, **environment):
        (folder / "words").unlink(missing_ok=True)
        surroundings = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            ["make", *arguments], cwd=folder, env={**surroundings, **environment}, capture_output=True, text=True
        )
        assert not (folder / "x").exists(), "a variable was run as a command"
        words = (folder / "words").read_text().split("\0") if (folder / "words").exists() else []
        return done.returncode, words, done.stdout + done.stderr

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_typed_arrives_as_it_was_typed(make, command):
    given = {name: f"{name}{TEXT}" for name in COMMANDS[command]}
    expected = {option + given[name] for name, option in COMMANDS[command].items()}
    typed = [f"{name}={text}" for name, text in given.items()]
    for code, words, _ in (make(command, *typed), make(command, **given)):
        assert code == 0
        assert expected <= set(words)
        assert not [word for word in words if word not in {*expected, *given.values()} and "touch" in word]


@pytest.mark.parametrize(("arguments", "words"), [
    (["paper"], ["--out=figures"]),
    (["paper", "COHORT=a.xlsx"], ["--cohort=a.xlsx", "--out=build/paper"]),
    (["paper", "CRITERIA=x"], ["--out=build/paper", "--criteria=x"]),
    (["paper", "OUT=o", "COHORT="], ["--out=o"]),
    (["cohort"], ["--out=data/cohort"]),
    (["cohort", "SEED=7"], ["--seed=7", "--out=build/cohort-7"]),
    (["ensemble", "SEED=7"], ["--seed=7", "--out=build/ensemble-7", "--", "build/ensemble-7"]),
    (["audit"], ["--", "data/published/claims.csv"]),
    (["bounds"], ["--", "docs/bounds-claims.csv", "docs/bounds-questions.csv"]),
    (["bounds", "CLAIMS=c.csv"], ["--", "c.csv"]),
])  # fmt: skip
def test_what_is_not_typed_has_its_default(make, arguments, words):
    code, found, _ = make(*arguments)
    assert code == 0
    known = {"-m", "paper", ""}
    assert [word for word in found if word not in known and not word.startswith("compendium.")] == words


@pytest.mark.parametrize(("arguments", "message"), [
    (["paper", "CRITERA=worsening=any"], "CRITERA: make paper uses no such variable; did you mean CRITERIA? allowed: "),
    (["paper", "cohort=a.xlsx"], "cohort: make paper uses no such variable; did you mean COHORT? allowed: "),
    (["check", "COHORT=a", "CRITERIA=x"], "CRITERIA: make check uses no such variable; allowed: PYTHON, COHORT,"),
    (["check", "COHORT=a", "COHROT=b", "VENV=/"], "COHROT: make check uses no such variable; did you mean COHORT?"),
    (["COHORT=a"], "COHORT: make uses no such variable; allowed: PYTHON\n"),
    (["clean", "OUT=a"], "OUT: make clean uses no such variable; allowed: PYTHON\n"),
    (["template", "PY=x"], "PY: make template uses no such variable; "),
    (["redcap", "OUT=a"], "Name both: make redcap"), (["check"], "Name a cohort: "), (["run"], "Name a notebook: "),
])  # fmt: skip
def test_what_a_command_does_not_use_is_refused(make, arguments, message):
    code, words, said = make(*arguments)
    assert (code, words) == (2, [])
    assert message in said


def test_a_python_that_is_not_there_is_named_as_typed(folder, make):
    (folder / ".venv/.ready").rename(folder / "ready")
    try:
        code, _, said = make("environment", f"PYTHON={TEXT}")
        assert code == 2
        assert f"No {TEXT} here" in said
    finally:
        (folder / "ready").rename(folder / ".venv/.ready")


def test_the_variables_of_each_command_are_these():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    handling = re.search(r"^HANDLING := (.*)", makefile, flags=re.M)[1]
    uses = re.findall(r"^USES_(\w+) := (.*)", makefile, flags=re.M)
    found = {command: set(text.replace("$(HANDLING)", handling).split()) for command, text in uses}
    assert found == {command: set(names) for command, names in COMMANDS.items()}


def test_clean_removes_the_folder_of_builds_and_nothing_else(folder, make):
    shutil.copy(ROOT / "compendium/folders.py", folder / "compendium")
    cache, build = folder / "compendium/__pycache__", folder / "build"
    cache.mkdir()
    (cache / "x.pyc").touch()
    assert make("environment")[0] == 0  # makes build/
    (build / "deep").mkdir()
    (build / "deep/file").touch()
    away = folder / "elsewhere"
    build.rename(away)
    build.symlink_to(away)
    assert make("clean")[0] == 2 and (away / "deep/file").is_file()
    build.unlink()
    (folder / "build").mkdir()
    (folder / "build/mine").touch()
    code, _, said = make("clean")
    assert (code, (build / "mine").is_file()) == (2, True) and "not made by this project" in said
    (build / "mine").unlink()
    build.rmdir()
    away.rename(build)
    assert make("clean")[::2] == (0, "")
    assert not build.exists() and not cache.exists() and (folder / "compendium").is_dir()
    assert make("clean")[::2] == (0, "")
