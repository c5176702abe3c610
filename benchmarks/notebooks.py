"""How fast the notebooks are built: `python -m benchmarks.notebooks [--repeat 2] [--synthetic 10]`.

Compared are the build of this project, the same notebooks one after another through the papermill command line, and
their code as bare scripts under `make -j`, one for each core: what is left of the time when there are no kernels. The
build should take at most 0.4 of the first and 1.4 of the second on two cores. Nothing is written outside a temporary
folder.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks import notebook, options, timed
from compendium.workflow.driver import cores
from compendium.workflow.freshness import cells
from compendium.workflow.jobs import JOBS, ROOT, Job
from compendium.workflow.kernels import environment, modules_needed, private_folder

PARAMETERS = "\n".join(f'{name}: str = ""' for name in ("cohort", "output", "population", "criteria", "name"))
FIGURE = """\
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from scipy import stats
draw = np.random.default_rng(1)
data = pd.DataFrame({"x": draw.normal(size=200), "y": draw.normal(size=200)})
figure, axes = plt.subplots()
sns.scatterplot(data, x="x", y="y", ax=axes)
figure.savefig(f"{output}/{name}.png")
stats.ttest_rel(data.x, data.y).pvalue
"""


def synthetic(root: Path, number: int) -> tuple[Job, ...]:
    """Make a project of notebooks that each import the usual packages and draw one figure."""
    made = notebook(PARAMETERS, FIGURE)
    made["cells"][0]["metadata"]["tags"] = ["parameters"]
    for folder in ("notebooks", "data/cohort"):
        (root / folder).mkdir(parents=True)
    (root / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for n in range(number):
        (root / f"notebooks/n{n}.ipynb").write_text(json.dumps(made), encoding="utf-8")
    return tuple(Job(f"n{n}", f"n{n}.ipynb", {"name": f"figure-{n}"}) for n in range(number))


def given(job: Job, root: Path, out: Path) -> dict[str, object]:
    """Parameters of a job that writes to `out`."""
    return {"cohort": str(root / "data/cohort"), "output": str(out), "criteria": "paper", **job.parameters}


def by_build(root: Path, jobs: tuple[Job, ...], out: Path, cold: str = "") -> None:
    """Build all with the driver of this project, kernels being forked, or started one by one."""
    imports = "import sys; from pathlib import Path; from compendium.workflow.__main__ import main, Job"
    command = ["paper", "--cohort", str(root / "data/cohort"), "--out", str(out / "results")]
    code = f"{imports}; sys.exit(main({command!r}, Path({str(root)!r}), {jobs!r}))"
    surroundings = os.environ | {"COMPENDIUM_COLD": cold}
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, env=surroundings)


def by_papermill(root: Path, jobs: tuple[Job, ...], out: Path) -> None:
    """Run one after another through the papermill command line."""
    folder = root / "notebooks"
    for job in jobs:
        command = [sys.executable, "-m", "papermill", "--no-progress-bar", "--cwd", str(folder)]
        command += [str(folder / job.notebook), str(out / f"{job.name}.ipynb")]
        command += [word for name, value in given(job, root, out).items() for word in ("-r", name, str(value))]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def write_scripts(root: Path, jobs: tuple[Job, ...], out: Path) -> None:
    """Write the code of each notebook as a script that works without a kernel."""
    for job in jobs:
        sources = ["display = lambda *things, **more: [repr(thing) for thing in things]"]
        for cell in cells(root / "notebooks" / job.notebook):
            if cell["type"] == "code":
                sources += [line for line in cell["source"].splitlines() if not line.lstrip().startswith(("%", "!"))]
            if "parameters" in cell["tags"]:
                sources += [f"{name} = {value!r}" for name, value in given(job, root, out).items()]
        (out / f"{job.name}.py").write_text("\n".join(sources), encoding="utf-8")


def _run(root: Path, command: list[str], **more: object) -> None:
    with private_folder() as folder:
        surroundings = {**os.environ, **environment(root, folder), "MPLBACKEND": "agg"}
        subprocess.run(command, cwd=root / "notebooks", env=surroundings, check=True, **more)


def by_scripts(root: Path, jobs: tuple[Job, ...], out: Path) -> None:
    """Run the code as scripts under make, as many at a time as there are cores."""
    write_scripts(root, jobs, out)
    names = " ".join(job.name for job in jobs)
    rules = f'{names}:\n\t@"{sys.executable}" "{out}/$@.py" > "{out}/$@.log"\n'
    (out / "Makefile").write_text(f".PHONY: all {names}\nall: {names}\n{rules}", encoding="utf-8")
    _run(root, ["make", f"-j{cores()}", "-f", str(out / "Makefile")])


FORKS = """
import json, os, runpy, sys
from compendium.workflow.warm_server import _keep_cohort, _preload
modules, scripts, at_once, cohort = json.load(sys.stdin)
_preload(modules)
if cohort:
    _keep_cohort(cohort)
running = 0
for script in scripts:
    if running == at_once:
        assert not os.wait()[1]
        running -= 1
    if not os.fork():
        sys.stdout = open(os.devnull, "w")
        runpy.run_path(script, run_name="__main__")
        os._exit(0)
    running += 1
for _ in range(running):
    assert not os.wait()[1]
"""


def by_forks(root: Path, jobs: tuple[Job, ...], out: Path) -> None:
    """Import once and fork for each script: what no kernel can be quicker than."""
    write_scripts(root, jobs, out)
    modules = list(modules_needed(root, [root / "notebooks" / job.notebook for job in jobs]))
    cohort = str(root / "data/cohort") if root == ROOT else ""  # that of a made-up project has no rows
    orders = json.dumps([modules, [str(out / f"{job.name}.py") for job in jobs], cores(), cohort])
    _run(root, [sys.executable, "-c", FORKS], input=orders, text=True)


if __name__ == "__main__":
    made = (0, "number of made-up notebooks instead of the real ones")
    asked = options(__doc__, repeat=(2, "times each way is measured"), synthetic=made)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) if asked.synthetic else ROOT
        jobs = synthetic(root, asked.synthetic) if asked.synthetic else JOBS
        ways = {
            "make paper (environment ready)": by_build,
            "the same with cold kernels": partial(by_build, cold="1"),
            f"bare scripts under make -j{cores()}": by_scripts,
            "one import, a fork for each script (limit)": by_forks,
            "papermill command line, one after another": by_papermill,
        }
        times = dict.fromkeys(ways, math.inf)
        for _ in range(asked.repeat):
            for label, way in ways.items():
                with tempfile.TemporaryDirectory(prefix="benchmark") as out:
                    times[label] = min(times[label], timed(partial(way, root, jobs, Path(out)))[0])
    print(f"{len(jobs)} notebooks, {cores()} cores, shortest of {asked.repeat}")
    print(f"{'way':<42}{'seconds':>8}{'build takes':>14}")
    for label, seconds in times.items():
        print(f"{label:<42}{seconds:>8.1f}{next(iter(times.values())) / seconds:>14.2f}")
