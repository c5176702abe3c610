"""What `make paper` runs and where: each result, the notebook that makes it and its parameters, and the folders.

To add a table or a figure, add its notebook to `notebooks/`: each is a job of its own name. Only what needs more, as
parameters or the results of other jobs, or takes long, is named here. Which files a job makes is not declared: every
job writes into an empty folder of its own, and what it leaves there is what it makes.
"""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis.vocabulary import POPULATION_DIAGNOSES, POPULATION_LABELS, Population

ROOT = Path(__file__).resolve().parents[2]


class BuildError(Exception):
    """A build cannot go on; the message names the notebook, file or parameter and what would be right.

    If a cell of a notebook failed, ``place`` is the notebook and the cell as numbered in the committed one, ``reason``
    the error in one or a few lines, and ``printed`` what the notebook wrote to its error stream.
    """

    def __init__(self, reason: str, place: str = "", printed: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place, self.reason, self.printed = place, reason, printed


@dataclass(frozen=True)
class Job:
    """One run of one notebook."""

    name: str  # name of the job, unique; also the name of the executed notebook that is kept
    notebook: str  # file name in the folder of the notebooks
    parameters: Mapping[str, object] = field(default_factory=dict)  # other than `cohort`, `output` and `criteria`
    after: tuple[str, ...] = ()
    """Jobs whose outputs this one reads. It runs after them, again whenever one of their outputs changed, and finds the
    folder of the results in its parameter `built`."""
    reads: tuple[str, ...] = ("data/determined",)  # what the notebook reads besides the cohort, in the project


# The jobs whose values and tables answer the printed numbers, and all that give values: verdicts also name the rest.
_ANSWERING = ("patients", "response", "duration", "dose", "symptoms", "safety", "biology", "comparison")
_ANSWERING += ("table-1", "table-2")
_VALUES = (*_ANSWERING, "subgroups", "times")

# What takes longest comes first, and what others wait for, so that no core waits at the end.
_FIRST = (
    Job("sensitivity", "sensitivity.ipynb"),
    *(Job(name, f"{name}.ipynb") for name in _VALUES),
    *(
        Job(f"figure-{name}", f"figure-{number}.ipynb", {"population": population, "name": f"figure-{name}"})
        for number, names in ((1, (1, "e1", "e2")), (2, (2, "e3", "e4")))
        for name, population in zip(names, ("all", "primary", "idiopathic"), strict=True)
    ),
    *(Job(name, f"{name}.ipynb") for name in ("figure-e5", "response-rates")),
    *(Job(f"{name}-filtered", "filtered.ipynb", {"name": name}) for name in ("figure-1", "figure-2")),
)
_OF_THE_PRINTED = Job("verdicts", "verdicts.ipynb", after=_VALUES, reads=("data/published", "data/determined"))
_DOCUMENT = "document.ipynb"
_DETERMINED = Job("determined", "determined.ipynb", reads=("data/published", "data/determined"))
_OF_AN_OBSERVED_COHORT = (
    Job("sharing", "sharing.ipynb"),
    Job("published-comparison", "published-comparison.ipynb", after=_ANSWERING, reads=("data/published",)),
)


def _others(folder: Path) -> tuple[Job, ...]:
    """Make a job of each other notebook but those that JupyterLab names itself, as Untitled or figure-1-Copy1."""
    named = {job.notebook for job in (*_FIRST, _DETERMINED, _OF_THE_PRINTED, *_OF_AN_OBSERVED_COHORT)} | {_DOCUMENT}
    found = {path.name: path.stem for path in sorted(folder.glob("*.ipynb")) if path.name not in named}
    return tuple(Job(stem, name) for name, stem in found.items() if re.fullmatch(r"[a-z0-9-]+", stem))


_RESULTS = (*_FIRST, *_others(ROOT / "notebooks"), _DETERMINED, _OF_THE_PRINTED)


def _document(text: str, results: Iterable[Job]) -> Job:
    """Make the job of the document, which comes last: it reads what all others made."""
    after = tuple(job.name for job in results if job.name != "explore")
    reads = (f"paper/{text}", "paper/references.bib", "paper/numeric.csl")
    return Job("document", _DOCUMENT, {"source": f"../paper/{text}"}, after, reads)


JOBS: tuple[Job, ...] = (*_RESULTS, _document("report.md", _RESULTS))

# Of an observed cohort nothing is to be explored or held against print: these speak of the paper or of this compendium.
_OF_THE_PAPER = ("explore", "checklist", "determined", "verdicts", "document", "figure-1-filtered", "figure-2-filtered")

OBSERVED_JOBS: tuple[Job, ...] = (*(job for job in JOBS if job.name not in _OF_THE_PAPER), *_OF_AN_OBSERVED_COHORT)
"""What is built of another centre's cohort: the same, and instead of the verdicts a comparison with the paper."""


def jobs_for(diagnoses: Collection[str], hide_below: int) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """Choose what is built of an observed cohort."""
    jobs, left_out = [], []
    for job in OBSERVED_JOBS:
        population = Population(job.parameters.get("population", Population.ALL))
        if not any(diagnosis in diagnoses for diagnosis in POPULATION_DIAGNOSES[population]):
            without = f"no patient of this cohort belongs to {POPULATION_LABELS[population]}"
            left_out.append(f"{job.name.capitalize()} is left out: {without}.")
        elif job.name == "sharing":
            jobs.append(replace(job, parameters={"hide_below": hide_below}))
        else:
            jobs.append(job)
    return (*jobs, _document("own-cohort.md", jobs)), tuple(left_out)


@dataclass(frozen=True)
class Project:
    """Where things are, and what there is to build."""

    cohort: Path  # its folder, absolute
    out: Path  # the folder of the results, absolute
    criteria: str = "paper"  # name of the response criteria, given to every notebook
    root: Path = ROOT  # the folder that holds `notebooks/`, `analysis/` and `build/`
    jobs: tuple[Job, ...] = JOBS
    observed: bool = False  # whether the cohort is another centre's, observed and not reconstructed
    left_out: tuple[str, ...] = ()  # what is not built of this cohort and why, a sentence each
    read: tuple[str, ...] = ()  # how its files were read where not as they stand, a sentence each

    @property
    def shipped(self) -> bool:
        """Whether the cohort is the one of the project."""
        return self.cohort == self.root / "data" / "cohort"

    @property
    def key(self) -> str:
        """Name of the results folder under `build/`, the same wherever the project stands."""
        path = str(self.out.relative_to(self.root) if self.out.is_relative_to(self.root) else self.out)
        if re.fullmatch(r"[A-Za-z0-9_-]+", path):
            return path
        # Two folders must never share a key, whatever signs are left out.
        return f"{re.sub(r'[^A-Za-z0-9_-]+', '-', path).strip('-')}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"

    @property
    def shown(self) -> str:
        """The results folder as it is best read."""
        return os.path.relpath(self.out) if self.out.is_relative_to(Path.cwd()) else str(self.out)

    def notebook(self, job: Job) -> Path:
        """Path of a job's notebook."""
        return self.root / "notebooks" / job.notebook

    def under_build(self, part: str, name: str = "") -> Path:
        """Path of a file or folder of this build: `part` of `build/`, then the key, then `name`."""
        return self.root / "build" / part / self.key / name

    def executed(self, job: Job) -> Path:
        """Path of the executed copy of a job's notebook."""
        return self.under_build("executed", f"{job.name}.ipynb")

    def parameters(self, job: Job) -> dict[str, object]:
        """Parameters of a run; `output` is the job's own folder."""
        given = {"criteria": self.criteria, **job.parameters}
        if job.after:
            given["built"] = str(self.out)
        return {"cohort": str(self.cohort), "output": str(self.under_build("staging", job.name)), **given}
