"""What `make paper` builds again, what it leaves alone, and what it does when something is wrong.

Most tests put a quick stand-in in the place of the kernels: it writes one file that holds all that the notebook could
see. The tests at the end start real kernels.
"""

import errno
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

import compendium.workflow.notebooks
from benchmarks import notebook
from compendium.workflow import driver
from compendium.workflow.__main__ import main
from compendium.workflow.jobs import BuildError, Job
from compendium.workflow.manifest import MANIFEST

PARAMETERS = """\
cohort: str = "../data/cohort"
output: str = "../figures"
population: str = "all"
criteria: str = "paper"
"""
NAMES = ("first", "middle", "last")


def write_notebook(path, *sources, parameters=PARAMETERS):
    made = notebook(parameters, *map(textwrap.dedent, sources))
    made["cells"][0]["metadata"]["tags"] = ["parameters"]
    path.write_text(json.dumps(made), encoding="utf-8")


class Sandbox:
    """A project of three notebooks in a folder whose name has a space."""

    def __init__(self, root):
        self.root, self.out, self.ran, self.fail = root, root / "figures", [], {}
        self.suffix = "txt"
        self.jobs = tuple(Job(name, f"{name}.ipynb", {"population": "ISM"}) for name in NAMES)
        for folder in ("notebooks", "analysis/data", "data/cohort"):
            (root / folder).mkdir(parents=True)
        for name, text in {
            "analysis/__init__.py": "",
            "analysis/low.py": "X = 1\n",
            "analysis/high.py": "from .low import X\n",
            "analysis/other.py": "FILE = 'known.csv'\n",
            "analysis/data/names.csv": "a\n",
            "analysis/data/known.csv": "a\n",
            "data/cohort/patients.csv": "patient,sex\n1,F\n",
            "requirements.lock": "pandas==1\n",
            "pyproject.toml": '[project]\nversion = "1.2"\n',
        }.items():
            (root / name).write_text(text, encoding="utf-8")
        write_notebook(root / "notebooks/first.ipynb", "%matplotlib inline\nfrom analysis import high")
        write_notebook(root / "notebooks/middle.ipynb", "import analysis.other as o")
        write_notebook(root / "notebooks/last.ipynb", "import json")

    def pretend(self, notebook, executed, parameters, sockets, observed):
        """Stand-in for a run: the output holds what was seen."""
        name = Path(parameters["output"]).name
        self.ran.append(name)
        output = Path(parameters["output"]) / f"{name}.{self.suffix}"
        output.write_text(self.seen(notebook, parameters), encoding="utf-8")
        if name in self.fail:
            raise BuildError(self.fail[name], f"{notebook}: cell 2")

    def seen(self, notebook, parameters):
        files = [notebook, *sorted(Path(parameters["cohort"]).glob("*"))]
        return "\n".join([*(f.read_text(encoding="utf-8") for f in files), parameters["criteria"]])

    def build(self, *arguments):
        """Exit code of a build, and the names of the jobs that ran."""
        self.ran.clear()
        folders = ["--cohort", str(self.root / "data/cohort"), "--out", str(self.out)]
        code = main(["paper", *folders, *arguments], root=self.root, jobs=self.jobs)
        return code, sorted(self.ran)

    def append(self, name, text):
        with (self.root / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def results(self):
        return {
            p.relative_to(self.out).as_posix(): p.read_bytes()
            for p in self.out.rglob("*")
            if p.is_file() and p.name != MANIFEST
        }

    def tidy(self):
        """Whether nothing half-done is left."""
        staging = self.root / "build/staging"
        return not list(self.out.rglob(".*")) and not [p for p in staging.rglob("*") if p.is_file()]


@pytest.fixture
def sandbox(tmp_path):
    return Sandbox(tmp_path / "a project")


@pytest.fixture
def quick(sandbox, monkeypatch):
    monkeypatch.setattr(compendium.workflow.notebooks, "execute", sandbox.pretend)
    monkeypatch.setattr(compendium.workflow.notebooks, "load_papermill", lambda: None)
    monkeypatch.setenv("COMPENDIUM_COLD", "1")
    return sandbox


def test_figures_for_a_journal_are_made_apart_from_the_results(quick, capsys):
    def figures(**asked):
        folders = ["--cohort", str(quick.root / "data/cohort"), "--out", str(quick.root / "sent")]
        options = [f"--{name}={text}" for name, text in asked.items()]
        return main(["figures", *folders, *options], quick.root, quick.jobs)

    write_notebook(quick.root / "notebooks/last.ipynb", "save_figure(1)")
    quick.suffix = "85mm.tiff"
    quick.seen = lambda notebook, parameters: f"{os.environ['COMPENDIUM_WIDTH']} {os.environ['COMPENDIUM_FORMATS']}"
    assert figures(width="85", formats="TIFF,pdf") == 0
    assert {path.name: path.read_text() for path in (quick.root / "sent").iterdir()} == {
        "last.85mm.tiff": "85 tiff pdf"
    }
    assert "COMPENDIUM_WIDTH" not in os.environ and not quick.out.exists()
    capsys.readouterr()
    for asked, said in (
        ({"width": "90"}, "WIDTH=90: no such width; allowed, in millimetres: 85, 180"),
        ({"formats": "gif"}, "FORMAT=gif: no such format; allowed: svg, pdf, png, tiff"),
        ({"only": "first"}, "ONLY=first: no figure of this name is drawn; allowed: last"),
    ):
        assert figures(**asked) == 1
        assert said in capsys.readouterr().err


def test_all_are_built_once_and_then_nothing(quick, capsys):
    assert quick.build() == (0, sorted(NAMES))
    assert sorted(quick.results()) == ["first.txt", "last.txt", "middle.txt"]
    assert quick.tidy()
    capsys.readouterr()
    assert quick.build() == (0, [])
    assert capsys.readouterr().out.startswith("Nothing to do: 3 files in ")


@pytest.mark.parametrize(("change", "again"), [
    ("analysis/high.py", ["first"]), ("analysis/low.py", ["first"]), ("analysis/other.py", ["middle"]),
    ("analysis/__init__.py", ["first", "middle"]), ("analysis/data/known.csv", ["middle"]),
    ("analysis/data/names.csv", sorted(NAMES)),  # read by nobody knows whom
    ("data/cohort/patients.csv", sorted(NAMES)), ("requirements.lock", sorted(NAMES)),
])  # fmt: skip
def test_a_change_rebuilds_what_depends_on_it(quick, change, again):
    quick.build()
    quick.append(change, "# changed\n")
    assert quick.build() == (0, again)
    assert quick.build() == (0, [])


def test_a_new_module_or_cohort_file_counts(quick):
    quick.build()
    (quick.root / "data/cohort/events.csv").write_text("x\n", encoding="utf-8")
    assert quick.build() == (0, sorted(NAMES))
    quick.append("analysis/other.py", "import analysis.extra\n")
    (quick.root / "analysis/extra.py").write_text("", encoding="utf-8")
    assert quick.build() == (0, ["middle"])
    quick.append("analysis/extra.py", "Y = 1\n")
    assert quick.build() == (0, ["middle"])


def test_a_changed_notebook_is_built_again_but_not_for_its_outputs(quick):
    quick.build()
    path = quick.root / "notebooks/last.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"][1] |= {"execution_count": 2, "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}]}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert quick.build() == (0, [])
    content["cells"][1]["source"] = "import os"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert quick.build() == (0, ["last"])


def test_other_criteria_or_parameters_are_another_build(quick):
    quick.build()
    assert quick.build("--criteria", "strict") == (0, sorted(NAMES))
    assert quick.results()["first.txt"].endswith(b"strict")
    quick.jobs = (*quick.jobs[:2], Job("last", "last.ipynb", {"population": "CM"}))
    assert quick.build("--criteria", "strict") == (0, ["last"])


def test_a_tampered_or_missing_output_is_made_again(quick):
    quick.build()
    before = quick.results()
    (quick.out / "middle.txt").write_text("tampered", encoding="utf-8")
    assert quick.build() == (0, ["middle"])
    (quick.out / "last.txt").unlink()
    assert quick.build() == (0, ["last"])
    assert quick.results() == before


def test_neither_dates_nor_other_results_nor_the_place_count(quick, tmp_path):
    quick.build()
    for path in quick.root.rglob("*"):
        os.utime(path, (1, 1))
    assert quick.build() == (0, [])
    quick.out = quick.root / "other results"
    assert quick.build() == (0, sorted(NAMES))
    quick.out = quick.root / "figures"
    assert quick.build() == (0, [])
    moved = tmp_path / "moved"
    shutil.copytree(quick.root, moved)
    quick.root, quick.out = moved, moved / "figures"
    assert quick.build() == (0, [])


@pytest.mark.parametrize("failing", NAMES)
def test_a_failure_leaves_what_was_there_and_fails(quick, failing, capsys):
    quick.build()
    before = quick.results()
    quick.append("data/cohort/patients.csv", "2,M\n")
    quick.fail = {failing: "ValueError: no"}
    code, ran = quick.build()
    assert code == 1
    assert failing in ran
    assert quick.results()[f"{failing}.txt"] == before[f"{failing}.txt"]
    assert quick.tidy()
    assert f"error: {quick.root}/notebooks/{failing}.ipynb: cell 2: ValueError: no\n" in capsys.readouterr().err
    quick.fail = {}
    code, rest = quick.build()
    assert code == 0
    assert failing in rest
    assert all(b"2,M" in content for content in quick.results().values())


def test_the_same_reason_is_told_once(quick, capsys):
    quick.fail = dict.fromkeys(NAMES, "CohortError: patients.csv row 3")
    assert quick.build()[0] == 1
    assert capsys.readouterr().err.count("CohortError") == 1


def with_parameters(text):
    return lambda sandbox: write_notebook(sandbox.root / "notebooks/last.ipynb", parameters=text)


def with_content(text):
    return lambda sandbox: (sandbox.root / "notebooks/last.ipynb").write_text(text, encoding="utf-8")


def with_job(parameters):
    def change(sandbox):
        sandbox.jobs = (*sandbox.jobs[:2], Job("last", "last.ipynb", parameters))

    return change


def as_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(("damage", "message"), [
    (with_job({"treshold": "50"}), "unknown parameter treshold; allowed: cohort (str), criteria (str), output (str)"),
    (with_job({"population": 5}), "parameter population is 5, of type int; allowed: a value of type str"),
    (with_parameters("x: list = []"), "type list"), (with_parameters("x = f()"), "must assign plain constants"),
    (with_parameters("x = ("), "must assign plain constants"),
    *((with_content(text), "last.ipynb: not a notebook") for text in ("", "{}", "[]", '{"cells": [1]}')),
    (lambda sandbox: (sandbox.root / "data").rename(sandbox.root / "away"), "data/cohort: no such folder"),
    (lambda sandbox: as_folder(sandbox.root / "notebooks/last.ipynb"), "last.ipynb: cannot be read: Is a directory"),
])  # fmt: skip
def test_what_is_wrong_is_named_before_anything_runs(quick, damage, message, capsys):
    damage(quick)
    assert quick.build() == (1, [])
    assert not quick.out.exists()
    error = capsys.readouterr().err
    assert message in error and ("last.ipynb" in error or "cohort" in message)


def test_an_unwritable_folder_is_named_before_anything_runs(quick, capsys):
    quick.out = quick.root / "requirements.lock" / "figures"
    assert quick.build() == (1, [])
    assert f"{quick.out}: results cannot be written here: Not a directory" in capsys.readouterr().err


def test_the_list_of_results_says_what_each_file_is_and_was_made_from(quick):
    quick.build()
    package = json.loads((quick.out / MANIFEST).read_text(encoding="utf-8"))
    lock = hashlib.sha256(b"pandas==1\n").hexdigest()
    made_from = package["made_from"]
    assert (package["cohort"], made_from["version"], made_from["lock"]) == ("reconstructed", "1.2", lock)
    listed = {one["path"]: (one["bytes"], one["hash"]) for one in package["resources"]}
    digests = {name: f"sha256:{hashlib.sha256(text).hexdigest()}" for name, text in quick.results().items()}
    assert listed == {name: (len(text), digests[name]) for name, text in quick.results().items()}
    cohort = package["made_from"]["cohort"]
    quick.append("data/cohort/patients.csv", "2,M\n")
    quick.build()
    assert json.loads((quick.out / MANIFEST).read_text(encoding="utf-8"))["made_from"]["cohort"] != cohort


def test_results_are_verified_by_building_them_again(quick, capsys):
    def verify(*arguments):
        folders = ["--cohort", str(quick.root / "data/cohort"), "--out", str(quick.out)]
        code = main(["verify", *folders, *arguments], root=quick.root, jobs=quick.jobs)
        return code, capsys.readouterr()

    assert verify()[0] == 1 and "no such file" in verify()[1].err
    quick.build()
    for _ in range(2):  # the second time nothing is up to date either
        code, said = verify()
        assert code == 0 and "3 of 3 files" in said.out and "3 of 3 notebooks to run" in said.out
    (quick.out / "last.txt").write_text("7", encoding="utf-8")
    (quick.out / "first.txt").unlink()
    code, said = verify()
    assert code == 1 and "1 of 3 files" in said.out
    assert "first.txt: is new\n" in said.out and "last.txt: bytes differ; it was changed after the build\n" in said.out
    assert (quick.out / "last.txt").read_text(encoding="utf-8") == "7"
    quick.build()
    quick.append("data/cohort/patients.csv", "2,M\n")
    code, said = verify()
    assert code == 1 and "0 of 3 files" in said.out and "changed after" not in said.out
    (quick.out / MANIFEST).write_text("[]", encoding="utf-8")
    assert verify()[0] == 1 and "not a list of results" in verify()[1].err
    quick.out = quick.root / "build" / "verify"
    quick.build()
    assert verify()[0] == 1 and len(quick.results()) == 3


def test_a_full_disk_is_named_with_the_file_and_spoils_nothing(quick, monkeypatch, capsys):
    quick.build()
    before, write = quick.results(), Path.write_bytes

    def write_half(path, content):
        """Write as a disk does that fills up: some bytes, then an error that names no file."""
        if path.parent != quick.out:
            return write(path, content)
        write(path, content[:3])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    quick.append("analysis/low.py", "# changed\n")
    with (quick.root / "data/cohort/patients.csv").open("a") as file:
        file.write("2,M\n")
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", write_half)
        assert quick.build()[0] == 1
    assert quick.results() == before
    said = capsys.readouterr().err
    assert f"{quick.out}/first.txt: cannot be written: No space left on device\n" in said
    assert "is full. Files there are whole" in said
    assert quick.build() == (0, sorted(NAMES))


def test_a_part_is_built_with_what_it_reads(quick, capsys):
    first, middle, _ = quick.jobs
    write_notebook(quick.root / "notebooks/last.ipynb", "1", parameters=PARAMETERS + 'built: str = ""\n')
    quick.jobs = (first, middle, Job("last", "last.ipynb", {}, after=("first",)))
    assert quick.build("--only", "middle") == (0, ["middle"])
    assert quick.build("--only", "last, middle") == (0, ["first", "last"])
    assert quick.build() == (0, [])
    quick.append("analysis/other.py", "# changed\n")
    assert quick.build("--only", "first") == (0, [])
    assert sorted(quick.results()) == ["first.txt", "last.txt", "middle.txt"]
    assert quick.build("--only", "lst") == (1, [])
    assert "ONLY=lst: nothing of this name is built; the nearest is last; allowed: first, middle, last" in (
        capsys.readouterr().err
    )


def test_two_jobs_must_not_write_one_file(quick, monkeypatch, capsys):
    def same(notebook, executed, parameters, sockets, observed):
        (Path(parameters["output"]) / "same.txt").write_text("", encoding="utf-8")

    monkeypatch.setattr(compendium.workflow.notebooks, "execute", same)
    assert quick.build()[0] == 1
    assert "same.txt is written by two jobs" in capsys.readouterr().err


def test_what_a_job_no_longer_writes_is_removed(quick):
    quick.build()
    quick.suffix = "csv"
    quick.append("analysis/other.py", "# changed\n")
    assert quick.build() == (0, ["middle"])
    assert sorted(quick.results()) == ["first.txt", "last.txt", "middle.csv"]
    quick.suffix = "txt"
    quick.jobs = (*quick.jobs[:2], Job("renamed", "last.ipynb", {"population": "ISM"}))
    assert quick.build() == (0, ["renamed"])
    assert sorted(quick.results()) == ["first.txt", "middle.csv", "renamed.txt"]
    (quick.out / "foreign.txt").write_text("kept", encoding="utf-8")
    quick.jobs = quick.jobs[:2]
    assert quick.build() == (0, [])
    assert sorted(quick.results()) == ["first.txt", "foreign.txt", "middle.csv"]


def test_a_job_runs_after_those_it_reads(quick):
    write_notebook(quick.root / "notebooks/page.ipynb", parameters=PARAMETERS + 'built: str = ""')
    quick.jobs = (*quick.jobs, Job("page", "page.ipynb", after=("first", "middle")))
    quick.build()
    assert quick.ran[-1] == "page" or quick.ran.index("page") > max(quick.ran.index(n) for n in ("first", "middle"))
    quick.append("analysis/low.py", "# same result\n")
    assert quick.build() == (0, ["first"])
    write_notebook(quick.root / "notebooks/first.ipynb", "x = 2")
    assert quick.build() == (0, ["first", "page"])
    assert quick.build() == (0, [])


@pytest.mark.parametrize("jobs", [(Job("a", "first.ipynb", after=("b",)),), (Job("a", "first.ipynb"),) * 2])
def test_a_table_of_jobs_that_cannot_be_ordered_is_refused(quick, jobs, capsys):
    quick.jobs = jobs
    assert quick.build() == (1, [])
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("what", ["a notebook", "the cohort"])
def test_what_takes_long_is_named_while_it_lasts(monkeypatch, what):
    said, words = threading.Event(), []
    monkeypatch.setattr(driver, "PATIENCE", 0.01)
    monkeypatch.setattr(driver, "print", lambda text, **_: (words.append(text), said.set()), raising=False)
    if what == "the cohort":
        with driver.still("checking the cohort"):
            assert said.wait(60)
    else:
        assert not driver.run_all(["first", "last"], list, lambda _: said.wait(60) or 1 / 0, lambda *_: "2 files", 2)
    assert words[0] == {"a notebook": "  at work on first, last ...", "the cohort": "  checking the cohort ..."}[what]


def test_two_builds_at_once_wait_for_each_other(quick, capsys):
    quick.build()
    with (quick.root / "build/record/figures/lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        threading.Timer(0.2, lambda: fcntl.flock(held, fcntl.LOCK_UN)).start()
        assert quick.build() == (0, [])
    assert "Waiting for another build to finish" in capsys.readouterr().out


def run_one(sandbox, name, *pairs):
    return main(["run", f"--parameters={shlex.join(pairs)}", "--", name], root=sandbox.root, jobs=sandbox.jobs)


def test_one_notebook_with_other_parameters(quick, monkeypatch, capsys):
    monkeypatch.chdir(quick.root / "data")
    assert run_one(quick, "last", "cohort=cohort", "output=mine", "criteria='7'") == 0
    assert (quick.root / "data/mine/last.txt").read_text(encoding="utf-8").endswith("\n7")
    assert "last.txt" in capsys.readouterr().out
    assert quick.tidy()


def test_wrong_arguments_for_one_notebook(quick, monkeypatch, capsys):
    monkeypatch.chdir(quick.root)
    for arguments, message in (
        (["last", "treshold=50"], "unknown parameter treshold; allowed: "),
        (["last", "population=5"], "parameter population is 5, of type int"),
        (["last", "population"], "'population' is not a parameter; allowed: name=value"),
        (["lost"], "lost: no such notebook; allowed: first, last, middle"),
    ):
        assert run_one(quick, *arguments) == 1
        assert message in capsys.readouterr().err
    assert not quick.ran


def script(sandbox, *arguments):
    """Command line of a build in a process of its own, which sees the project's package and not the sandbox's."""
    code = f"""
        import sys
        from pathlib import Path
        from compendium.workflow.__main__ import main
        from compendium.workflow.jobs import Job
        jobs = tuple(Job(name, name + ".ipynb") for name in {NAMES!r})
        code = main({arguments!r}, root=Path({str(sandbox.root)!r}), jobs=jobs)
        print(*sorted(sys.modules))
        sys.exit(code)
    """
    return [sys.executable, "-P", "-c", textwrap.dedent(code)]


LOOK = """\
    import os, sys, json
    from IPython import get_ipython
    from analysis.low import X
    names = ("SOURCE_DATE_EPOCH", "LC_ALL", "TZ", "PYTHONHASHSEED")
    seen = {name: os.environ[name] for name in names}
    seen |= {"x": X, "cwd": os.getcwd(), "cohort": cohort, "history": get_ipython().history_manager.enabled}
    open(output + "/first.json", "w").write(json.dumps(seen))
"""


def test_real_kernels_see_the_same_surroundings_everywhere(sandbox, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    write_notebook(sandbox.root / "notebooks/first.ipynb", LOOK)
    own = {name: str(home / name) for name in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR")}
    other = {"LC_ALL": "POSIX", "TZ": "Asia/Tokyo", "COMPENDIUM_OUTPUT": "/no", "PYTHONHASHSEED": "5"}
    environment = {**os.environ, "HOME": str(home), **own, **other}
    for stdout in ("[3/3]", "Nothing to do"):
        done = subprocess.run(
            script(sandbox, "paper"), cwd=sandbox.root, env=environment, capture_output=True, text=True, check=True
        )
        assert stdout in done.stdout
        assert not done.stderr
    modules = set(done.stdout.splitlines()[-1].split())
    assert modules.isdisjoint({"pandas", "numpy", "papermill", "nbformat", "psutil", "asyncio"}), "slow imports"
    assert json.loads((sandbox.out / "first.json").read_text(encoding="utf-8")) == {
        "SOURCE_DATE_EPOCH": "1735689600",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "x": 1,
        "cwd": str(sandbox.root / "notebooks"),
        "cohort": str(sandbox.root / "data/cohort"),
        "history": False,
    }
    assert sorted(p.name for p in (sandbox.root / "build/executed/figures").iterdir()) == sorted(
        f"{name}.ipynb" for name in NAMES
    )
    assert not list(home.rglob("*"))
    assert sandbox.tidy()


def test_a_real_failing_cell_is_named_and_leaves_nothing(sandbox, capsys):
    before = set(psutil.Process().children(recursive=True))
    failing = "import sys\nopen(output + '/half', 'w').write('x')\nprint('before', file=sys.stderr)"
    write_notebook(sandbox.root / "notebooks/middle.ipynb", failing, "raise ValueError('sex: X is not allowed')")
    assert sandbox.build()[0] == 1
    error = capsys.readouterr().err
    assert "notebooks/middle.ipynb: cell 3: ValueError: sex: X is not allowed\n" in error
    assert "it wrote to stderr:\n  before\n" in error
    assert not sandbox.results()
    assert sandbox.tidy()
    assert set(psutil.Process().children(recursive=True)) <= before
    assert "ValueError" in (sandbox.root / "build/executed/figures/middle.ipynb").read_text(encoding="utf-8")


def test_a_dead_kernel_is_a_failure(sandbox, capsys):
    write_notebook(sandbox.root / "notebooks/middle.ipynb", "import os\nos._exit(1)")
    assert sandbox.build()[0] == 1
    assert "notebooks/middle.ipynb: DeadKernelError: Kernel died" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_nothing(sandbox, number):
    for name in NAMES:
        # A process of the notebook's own would outlive its kernel.
        source = (
            "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\nopen(output + '/half', 'w')\nchild.wait()"
        )
        write_notebook(sandbox.root / f"notebooks/{name}.ipynb", source)
    process = subprocess.Popen(script(sandbox, "paper"), cwd=sandbox.root, stderr=subprocess.PIPE, text=True)
    staging = sandbox.root / "build/staging/figures"
    limit = time.monotonic() + 60
    while not list(staging.glob("*/half")) and time.monotonic() < limit:
        time.sleep(0.05)
    kernels = psutil.Process(process.pid).children(recursive=True)
    assert "sleep" in [kernel.name() for kernel in kernels]
    process.send_signal(number)
    assert "nothing half-written" in process.communicate(timeout=60)[1]
    assert process.returncode == 128 + number
    assert not psutil.wait_procs(kernels, timeout=60)[1]
    assert not sandbox.results()
    assert sandbox.tidy()


def test_killed_kernels_go_with_the_driver(sandbox):
    write_notebook(sandbox.root / "notebooks/first.ipynb", "open(output + '/half', 'w')\nimport time; time.sleep(60)")
    process = subprocess.Popen(script(sandbox, "paper"), cwd=sandbox.root, stdout=subprocess.DEVNULL)
    half = sandbox.root / "build/staging/figures/first/half"
    limit = time.monotonic() + 60
    while not half.exists() and time.monotonic() < limit:
        time.sleep(0.05)
    kernels = psutil.Process(process.pid).children(recursive=True)
    assert kernels
    process.kill()
    process.wait()
    assert not psutil.wait_procs(kernels, timeout=60)[1]
    write_notebook(sandbox.root / "notebooks/first.ipynb", "open(output + '/whole', 'w').close()")
    assert sandbox.build()[0] == 0
    assert sorted(sandbox.results()) == ["whole"]
    assert sandbox.tidy()


def test_references_are_the_same_each_time(sandbox, monkeypatch, capsys):
    monkeypatch.chdir(sandbox.root)
    first, middle, last = (sandbox.root / f"notebooks/{name}.ipynb" for name in NAMES)
    write_notebook(first, "import ipywidgets\nipywidgets.IntSlider(3)", "print(population)")
    write_notebook(middle, "import os\nos.environ['COMPENDIUM_OUTPUT']")
    assert main(["references"], root=sandbox.root) == 0
    once = [path.read_bytes() for path in (first, middle, last)]
    content = json.loads(once[0])
    assert [cell["execution_count"] for cell in content["cells"]] == [1, 2, 3]
    assert content["cells"][1]["outputs"][0]["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert not {"papermill", "execution"} & {key for cell in content["cells"] for key in cell["metadata"]}
    assert b"../build/scratch" in once[1]
    write_notebook(middle, "1 / 0")
    broken = middle.read_bytes()
    assert main(["references"], root=sandbox.root) == 1
    assert [first.read_bytes(), middle.read_bytes(), last.read_bytes()] == [once[0], broken, once[2]]
    assert "middle.ipynb: cell 2: ZeroDivisionError" in capsys.readouterr().err
    assert str(sandbox.root) not in "".join(path.read_text(encoding="utf-8") for path in (first, last))


def verdicts_of(sandbox, *verdicts):
    """Let the last notebook write verdicts of what the first has made."""
    sandbox.jobs = (sandbox.jobs[0], Job("verdicts", "last.ipynb", after=("first",)))
    write_notebook(sandbox.root / "notebooks/last.ipynb", parameters=PARAMETERS + 'built: str = "../figures"\n')
    sandbox.suffix = "csv"
    sandbox.seen = lambda *_: "\n".join(["claim,verdict", *(f"c{n},{text}" for n, text in enumerate(verdicts)), ""])


def test_verdicts_that_differ_are_written_and_fail_the_build_each_time(quick, capsys):
    verdicts_of(quick, "reproduced", "differs")
    for ran in (["first", "verdicts"], []):
        assert quick.build() == (1, ran)
        said = capsys.readouterr()
        assert "Printed numbers: 1 reproduced, 1 differs." in said.out and said.err.rstrip().endswith(": c1")
        assert b"c1,differs" in quick.results()["verdicts.csv"]
    # Under other rules than the paper's other numbers are no defect.
    assert quick.build("--criteria", "worsening=any")[0] == 0


def test_verdicts_of_earlier_results_do_not_stay_beside_new_ones(quick, capsys):
    verdicts_of(quick, "reproduced")
    assert quick.build()[0] == 0
    quick.append("analysis/low.py", "Y = 2\n")
    verdicts_of(quick, "reproduced", "reproduced")
    quick.fail = {"verdicts": "boom"}
    assert quick.build()[0] == 1
    assert sorted(quick.results()) == ["first.csv"]
    assert "verdicts: what was made of earlier results is removed" in capsys.readouterr().out
    quick.fail = {}
    assert quick.build() == (0, ["verdicts"]) and "verdicts.csv" in quick.results()
