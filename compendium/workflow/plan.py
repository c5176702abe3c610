"""Which jobs are stale, in which order they can run, and what happens when one is done."""

import difflib
from collections.abc import Iterable, Sequence

from compendium.workflow.freshness import Digests
from compendium.workflow.jobs import BuildError, Job
from compendium.workflow.project import Project
from compendium.workflow.publish import Outputs, read_record, write_record

__all__ = ["Plan"]


def _chosen(jobs: Iterable[Job], only: Sequence[str]) -> dict[str, Job]:
    """Give the jobs named, or all, with those whose results they read."""
    known = {job.name: job for job in jobs}
    for name in only:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; the nearest is {near[0]}" if near else ""
            raise BuildError(f"ONLY={name}: nothing of this name is built{hint}; allowed: {', '.join(known)}")
    wanted, more = set(), set(only) or set(known)
    while more:
        wanted |= more
        more = {above for name in more for above in known[name].after} - wanted
    return {name: job for name, job in known.items() if name in wanted}


def _check(jobs: Iterable[Job]) -> None:
    above: set[str] = set()
    for job in jobs:
        if job.name in above:
            raise BuildError(f"two jobs are named {job.name}")
        if not above.issuperset(job.after):
            raise BuildError(f"job {job.name} comes after {', '.join(job.after)}; these must stand above it")
        above.add(job.name)


class Plan:
    """The state of one build.

    Parameters
    ----------
    project : Project
        What to build, from which cohort, to which folder.
    only : sequence of str
        Names of the jobs that are wanted; all if there is none.

    Raises
    ------
    BuildError
        Two jobs have one name, one comes after a job that is not above it, or none has a name that is wanted.
    """

    def __init__(self, project: Project, only: Sequence[str] = ()) -> None:
        _check(project.jobs)
        self.project = project
        self.digests = Digests(project.root)
        self.record_file = project.under_build("record", "record.json")
        self.outputs = Outputs(project.out, read_record(self.record_file), (job.name for job in project.jobs))
        self.inputs: dict[str, str] = {}
        self.done: set[str] = set()
        self.waiting = _chosen(project.jobs, only)
        self.changed = 0

    def fresh(self, job: Job) -> bool:
        """Whether nothing changed since the job ran; notes the digest of its inputs."""
        project, record = self.project, self.outputs.record
        parameters = {"criteria": project.criteria, **job.parameters}
        parameters["after"] = [record.get(name, {}).get("outputs") for name in job.after]
        also = [project.cohort, *(project.root / name for name in job.reads)]
        self.inputs[job.name] = self.digests.inputs(project.notebook(job), parameters, also)
        entry = record.get(job.name)
        if not entry or entry["inputs"] != self.inputs[job.name]:
            return False
        if project.observed and not project.executed(job).is_file():  # the page is made of the executed notebooks
            return False
        return all(Digests(project.root).file(project.out / name) == d for name, d in entry["outputs"].items())

    def ready(self) -> list[str]:
        """Jobs that can begin; those found fresh are done at once, and may free others."""
        begin: list[str] = []
        free = [job for job in self.waiting.values() if self.done.issuperset(job.after)]
        while free:
            for job in free:
                del self.waiting[job.name]
                if self.fresh(job):
                    self.outputs.keep(job.name)
                    self.done.add(job.name)
                else:
                    begin.append(job.name)
            free = [job for job in self.waiting.values() if self.done.issuperset(job.after)]
        return begin

    def finish(self, name: str, seconds: float) -> str:
        """Publish what a job made."""
        staging = self.project.under_build("staging", name)
        changed = self.outputs.publish(name, staging, self.inputs[name], seconds)
        write_record(self.record_file, self.outputs.record)
        self.done.add(name)
        self.changed += len(changed)
        return f"{len(self.outputs.record[name]['outputs'])} files"

    def withdraw(self) -> list[str]:
        """Remove what unfinished jobs once made of results that have changed since; returns those jobs."""
        if not self.changed:
            return []
        gone = [job.name for job in self.project.jobs if job.after and job.name not in self.done]
        gone = [name for name in gone if self.outputs.withdraw(name)]
        write_record(self.record_file, self.outputs.record)
        return gone

    def prune(self) -> None:
        """Forget jobs that are no more, with their files."""
        if self.outputs.prune():
            write_record(self.record_file, self.outputs.record)
