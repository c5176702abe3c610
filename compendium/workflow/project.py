"""Where the parts of the project and of one build are, and what a notebook is given."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from compendium.workflow.jobs import JOBS, Job

ROOT = Path(__file__).resolve().parents[2]


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
