"""One notebook: the parameters it takes, a run by papermill, and the form in which it is committed.

papermill logs one line about a parameter it does not know and goes on with the default; here that is an error, found
before anything runs, as is a value of another type.
"""

import ast
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compendium.files import write_if_other
from compendium.workflow.freshness import cells
from compendium.workflow.jobs import BuildError
from compendium.workflow.kernels import Kernels, connection, manager_class

if TYPE_CHECKING:
    from nbformat import NotebookNode

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_VIEW = "application/vnd.jupyter.widget-view+json"
_WIDGETS = "application/vnd.jupyter.widget-state+json"
_TYPES = {"str": str, "int": int, "float": float, "bool": bool}


def parameters_of(notebook: Path) -> dict[str, str]:
    """Type by name of the parameters a notebook takes, read from its cell tagged `parameters`."""
    tagged = [c["source"] for c in cells(notebook) if c["type"] == "code" and "parameters" in c["tags"]]
    if len(tagged) != 1:
        raise BuildError(f'{notebook}: {len(tagged)} cells are tagged "parameters"; exactly one is needed')
    kinds = {}
    try:
        for node in ast.parse(tagged[0]).body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                kinds[node.target.id] = ast.unparse(node.annotation)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                kinds[node.targets[0].id] = type(ast.literal_eval(node.value)).__name__
    except (SyntaxError, ValueError) as error:
        raise BuildError(f"{notebook}: the parameters cell must assign plain constants: {error}") from error
    for name, kind in kinds.items():
        if kind not in _TYPES:
            raise BuildError(f"{notebook}: parameter {name} has type {kind}; allowed: {', '.join(_TYPES)}")
    return kinds


def check_parameters(notebook: Path, given: Mapping[str, object]) -> None:
    """Refuse parameters that a notebook does not have, or whose type is not the declared one."""
    kinds = parameters_of(notebook)
    for name, value in given.items():
        if name not in kinds:
            allowed = ", ".join(f"{n} ({k})" for n, k in sorted(kinds.items()))
            raise BuildError(f"{notebook}: unknown parameter {name}; allowed: {allowed}")
        kind, own = kinds[name], type(value)
        if own is not _TYPES[kind] and (kind, own) != ("float", int):
            given_as = f"parameter {name} is {value!r}, of type {own.__name__}"
            raise BuildError(f"{notebook}: {given_as}; allowed: a value of type {kind}")


def load_papermill() -> None:
    """Import papermill, without a grammar of web addresses that nothing here uses (0.85 s of 1.3 s)."""
    # jsonschema imports it for a format check and expects that it may be absent.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import papermill  # noqa: F401


def _run(source: Any, executed: Path | None, parameters: Mapping[str, object], notebook: Path, kernels: Kernels) -> Any:
    """Run a notebook, or a copy of it, in its own folder; BuildError if a cell failed or the kernel died."""
    import papermill
    from traitlets.config import Config

    warm = {}
    if kernels.server:
        from jupyter_client import AsyncKernelManager

        warm["kernel_manager_class"] = manager_class(kernels.server, AsyncKernelManager)
    try:
        return papermill.execute_notebook(
            source,
            executed,
            parameters=dict(parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=120,
            # Not papermill's `cwd`: it changes the folder of the whole process, which is shared by several runs.
            resources={"metadata": {"path": str(notebook.parent)}},
            config=Config({"KernelManager": connection(kernels.private)}),
            shutdown_kernel="immediate",
            record_timing=False,
            request_save_on_cell_execute=False,
            **warm,
        )
    except Exception as error:
        raise _explain(notebook, executed if executed and executed.is_file() else None, error) from error


def _explain(notebook: Path, executed: Path | None, error: Exception) -> BuildError:
    """Say in a line which cell failed and why, with what was printed until then."""
    if not hasattr(error, "ename"):
        return BuildError(f"{type(error).__name__}: {error}", str(notebook))
    copy = json.loads(executed.read_text(encoding="utf-8"))["cells"] if executed else []
    code = [c for c in copy if c["cell_type"] == "code" and "injected-parameters" not in c["metadata"].get("tags", [])]
    number = next((n for n, c in enumerate(code, 1) if c["execution_count"] == error.exec_count), error.exec_count)
    printed = "".join("".join(o["text"]) for c in code for o in c["outputs"] if o.get("name") == "stderr")
    reason = re.sub(r"\x1b\[[0-9;]*m", "", f"{error.ename}: {error.evalue}").strip()
    return BuildError(reason, f"{notebook}: cell {number}", printed.strip())


RECONSTRUCTED = "reconstructed"  # tag of prose on the reconstructed rows, not to be read beside others


def _for_observed(notebook: Path) -> "NotebookNode":
    """Read a notebook without its outputs and without what it says of the reconstructed cohort."""
    import nbformat

    content = nbformat.read(notebook, as_version=4)
    content.cells = [cell for cell in content.cells if RECONSTRUCTED not in cell.metadata.get("tags", [])]
    for cell in content.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return content


def execute(
    notebook: Path, executed: Path, parameters: Mapping[str, object], kernels: Kernels, *, observed: bool = False
) -> None:
    """Run a notebook in its own folder with checked parameters, and keep the executed copy, also after a failure.

    Of an observed cohort, cells tagged `RECONSTRUCTED` are left out. BuildError if a cell failed or the kernel died.
    """
    executed.unlink(missing_ok=True)
    _run(_for_observed(notebook) if observed else notebook, executed, parameters, notebook, kernels)


def _settled(notebook: "NotebookNode") -> bytes:
    """Return the committed form: nothing in it differs between two runs."""
    import nbformat

    metadata = {k: v for k, v in notebook.metadata.items() if k not in ("papermill", "widgets")}
    models: list[str] = []
    if _VIEW in str(notebook.cells):
        metadata["widgets"] = notebook.metadata.get("widgets", {})
        models = list(metadata["widgets"].get(_WIDGETS, {}).get("state", {}))
    notebook.metadata = nbformat.from_dict({**metadata, "kernelspec": _KERNEL, "language_info": {"name": "python"}})
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = cell.get("id") or f"cell-{number}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
    # Widgets have random names: number them in the order in which they were made.
    text = json.dumps(notebook)
    for number, model in enumerate(models, 1):
        text = text.replace(model, f"{number:032x}")
    return (nbformat.writes(nbformat.from_dict(json.loads(text)), version=4) + "\n").encode()


def refresh(notebook: Path, kernels: Kernels) -> bool:
    """Run a committed notebook with its own parameters and write its outputs back; returns whether it changed."""
    import nbformat

    executed = _run(nbformat.read(notebook, as_version=4), None, {}, notebook, kernels)
    return write_if_other(notebook, _settled(executed))
