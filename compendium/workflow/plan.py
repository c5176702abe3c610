"""Which jobs are stale, in which order they can run, and what happens when one is done.

Results are put in their place as whole files, with a record of who made what, and nothing is left of former runs.
"""

import difflib
import hashlib
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from compendium.files import write_atomically, write_if_other
from compendium.workflow.freshness import Digests, digest
from compendium.workflow.jobs import BuildError, Job, Project

_VERSION = 1


def _read_record(path: Path) -> dict[str, dict]:
    """Read what earlier builds made: by job the digests of inputs and outputs; nothing if unreadable."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return record["jobs"] if record["version"] == _VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


class Outputs:
    """The folder of the results, and who made which file in it; `record` is what earlier builds made."""

    def __init__(self, folder: Path, record: dict[str, dict]) -> None:
        self.folder, self.record = folder, record
        self._owners: dict[str, str] = {}

    def check_writable(self) -> None:
        """Make the folder and try to write in it, before anything runs; BuildError if that fails."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".writable-"):
                pass
        except OSError as error:
            raise BuildError(f"{self.folder}: results cannot be written here: {error.strerror}") from error

    def claim(self, job: str, names: Iterable[str]) -> None:
        """Note that a job owns some files; BuildError if one is another's."""
        for name in names:
            owner = self._owners.get(name, job)
            if owner != job:
                raise BuildError(f"{name} is written by two jobs, {owner} and {job}; give one another file name")
        self._owners.update(dict.fromkeys(names, job))

    def publish(self, job: str, staging: Path, inputs: str = "") -> list[str]:
        """Move the files of a finished job into the folder, remove those that it no longer makes, and record them."""
        paths = [path for path in sorted(staging.rglob("*")) if path.is_file()]
        contents = {path.relative_to(staging).as_posix(): path.read_bytes() for path in paths}
        self.claim(job, contents)
        try:
            for name in contents:
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            changed = [name for name, content in contents.items() if write_if_other(self.folder / name, content)]
            self._remove(job)
        except OSError as error:
            raise BuildError(f"{error.filename}: cannot be written: {error.strerror}") from error
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        self.record[job] = {"inputs": inputs, "outputs": digests}
        return changed

    def _remove(self, job: str) -> None:
        """Remove the files that a job once made and that no job makes now."""
        for name in set(self.record.get(job, {}).get("outputs", ())) - self._owners.keys():
            (self.folder / name).unlink(missing_ok=True)

    def withdraw(self, jobs: Iterable[str]) -> list[str]:
        """Remove the files of jobs and forget them; returns those of which there was anything."""
        known = [job for job in jobs if job in self.record]
        for job in known:
            self._remove(job)
            del self.record[job]
        return known


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
    """The state of one build: the jobs wanted, all if none is named; a BuildError if they do not fit together."""

    def __init__(self, project: Project, only: Sequence[str] = ()) -> None:
        _check(project.jobs)
        self.project = project
        self.digests = Digests(project.root)
        self.record_file = project.under_build("record", "record.json")
        self.outputs = Outputs(project.out, _read_record(self.record_file))
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
        return all(digest(project.out / name) == recorded for name, recorded in entry["outputs"].items())

    def ready(self) -> list[str]:
        """Jobs that can begin; those found fresh are done at once, and may free others."""
        begin: list[str] = []
        while free := [job for job in self.waiting.values() if self.done.issuperset(job.after)]:
            for job in free:
                del self.waiting[job.name]
                if self.fresh(job):
                    self.outputs.claim(job.name, self.outputs.record[job.name]["outputs"])
                    self.done.add(job.name)
                else:
                    begin.append(job.name)
        return begin

    def finish(self, name: str) -> str:
        """Publish what a job made."""
        self.changed += len(self.outputs.publish(name, self.project.under_build("staging", name), self.inputs[name]))
        self._keep_record()
        self.done.add(name)
        return f"{len(self.outputs.record[name]['outputs'])} files"

    def _keep_record(self) -> None:
        record = {"version": _VERSION, "jobs": self.outputs.record}
        write_atomically(self.record_file, json.dumps(record, indent=1, sort_keys=True).encode())

    def withdraw(self) -> list[str]:
        """Remove what unfinished jobs once made of results that have changed since; returns those jobs."""
        if not self.changed:
            return []
        gone = [job.name for job in self.project.jobs if job.after and job.name not in self.done]
        gone = self.outputs.withdraw(gone)
        self._keep_record()
        return gone

    def prune(self) -> None:
        """Forget jobs that are no more, with their files."""
        if self.outputs.withdraw(set(self.outputs.record) - {job.name for job in self.project.jobs}):
            self._keep_record()
