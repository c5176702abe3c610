"""Results put in their place: whole files only, a record of who made what, nothing left of former runs."""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from compendium.files import write_atomically
from compendium.workflow.jobs import BuildError

__all__ = ["Outputs", "read_record", "write_record"]

_VERSION = 1


def read_record(path: Path) -> dict[str, dict]:
    """Read what earlier builds made: by job the digests of inputs and outputs, and seconds; nothing if unreadable."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return record["jobs"] if record["version"] == _VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_record(path: Path, jobs: Mapping[str, dict]) -> None:
    """Write what was made, for `read_record`."""
    text = json.dumps({"version": _VERSION, "jobs": dict(jobs)}, indent=1, sort_keys=True)
    write_atomically(path, text.encode())


class Outputs:
    """The folder of the results, made when it is missing, and who made which file in it.

    `record` is what earlier builds made, see `read_record`, and `jobs` names the jobs there are now; files of other
    jobs in the record are removed by `prune`.
    """

    def __init__(self, folder: Path, record: Mapping[str, dict], jobs: Iterable[str]) -> None:
        self.folder = folder
        self.record = dict(record)
        self._jobs = set(jobs)
        self._owners: dict[str, str] = {}

    def check_writable(self) -> None:
        """Make the folder and try to write in it, before anything runs; BuildError if that fails."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".writable-"):
                pass
        except OSError as error:
            raise BuildError(f"{self.folder}: results cannot be written here: {error.strerror}") from error

    def keep(self, job: str) -> None:
        """Note that a job is up to date and owns its files."""
        self._claim(job, self.record[job]["outputs"])

    def _claim(self, job: str, names: Iterable[str]) -> None:
        for name in names:
            owner = self._owners.get(name, job)
            if owner != job:
                raise BuildError(f"{name} is written by two jobs, {owner} and {job}; give one another file name")
        self._owners.update(dict.fromkeys(names, job))

    def publish(self, job: str, staging: Path, inputs: str, seconds: float) -> list[str]:
        """Move the files of a finished job into the folder and record them.

        A file that did not change is left alone. A file that the job made formerly and no longer makes is removed.
        """
        paths = [path for path in sorted(staging.rglob("*")) if path.is_file()]
        contents = {path.relative_to(staging).as_posix(): path.read_bytes() for path in paths}
        self._claim(job, contents)
        try:
            changed = [name for name, content in contents.items() if self._put(name, content)]
            self._remove(set(self.record.get(job, {}).get("outputs", ())) - self._owners.keys())
        except OSError as error:
            raise BuildError(f"{error.filename}: cannot be written: {error.strerror}") from error
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        self.record[job] = {"inputs": inputs, "outputs": digests, "seconds": round(seconds, 2)}
        return changed

    def _put(self, name: str, content: bytes) -> bool:
        path = self.folder / name
        if path.is_file() and path.read_bytes() == content:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
        return True

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def withdraw(self, job: str) -> bool:
        """Remove the files of a job and forget it; tells whether there was anything."""
        entry = self.record.pop(job, None)
        self._remove(set(entry["outputs"]) - self._owners.keys() if entry else ())
        return entry is not None

    def prune(self) -> list[str]:
        """Remove the files of jobs that are no more; returns those jobs."""
        gone = sorted(set(self.record) - self._jobs)
        for job in gone:
            self._remove(set(self.record.pop(job)["outputs"]) - self._owners.keys())
        return gone
