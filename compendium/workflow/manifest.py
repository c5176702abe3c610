"""What a folder of results holds and what it was made from: a Data Package with the digest of every file."""

import hashlib
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path

from compendium.files import write_if_other
from compendium.origin import about
from compendium.workflow.freshness import Digests
from compendium.workflow.jobs import BuildError, Project

MANIFEST = "datapackage.json"
_TYPES = {  # the table of a machine is not that of another
    **{".csv": "text/csv", ".html": "text/html", ".json": "application/json", ".md": "text/markdown"},
    **{".svg": "image/svg+xml", ".png": "image/png", ".pdf": "application/pdf"},
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def _resource(path: Path, folder: Path) -> dict[str, object]:
    content, name = path.read_bytes(), path.relative_to(folder).as_posix()
    return {
        "name": name.lower(),
        "path": name,
        "mediatype": _TYPES.get(path.suffix, "application/octet-stream"),
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }


def sources(project: Project) -> dict[str, str]:
    """Name what a build is made from: version of the project, and SHA-256 of its cohort's tables and of its lock."""
    digests = Digests(project.root)
    tables = json.dumps(digests.tree(project.cohort), sort_keys=True).encode()
    text = (project.root / "pyproject.toml").read_text(encoding="utf-8")
    return {
        "version": tomllib.loads(text)["project"]["version"],
        "cohort": hashlib.sha256(tables).hexdigest(),
        "lock": digests.file(project.root / "requirements.lock"),
    }


def write_manifest(project: Project, names: Iterable[str]) -> None:
    """Write the Data Package of the files that a build made, named from its folder of results, if it is another."""
    package = {
        "profile": "data-package",
        "name": "results",
        **about(reconstructed=not project.observed),
        "criteria": project.criteria,
        "made_from": sources(project),
        "made_by": "make verify builds the results again and compares them with these digests",
        "resources": [_resource(project.out / name, project.out) for name in sorted(names)],
    }
    write_if_other(project.out / MANIFEST, (json.dumps(package, indent=1) + "\n").encode())


def read_manifest(folder: Path) -> dict[str, str]:
    """Read the digest of each file that a folder of results should hold; BuildError if there is no such list."""
    path = folder / MANIFEST
    try:
        resources = json.loads(path.read_text(encoding="utf-8"))["resources"]
        return {resource["path"]: resource["hash"].removeprefix("sha256:") for resource in resources}
    except FileNotFoundError:
        raise BuildError(f"{path}: no such file; a folder that make paper has filled is needed") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildError(f"{path}: not a list of results: {error!r}; build them again with make paper") from error
