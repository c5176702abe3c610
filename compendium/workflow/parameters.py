"""Parameters of a notebook: which it takes, whether given values are right.

papermill logs one line about a parameter it does not know and goes on with the default; here that is an error, found
before anything runs.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

from compendium.workflow.freshness import cells
from compendium.workflow.jobs import BuildError

__all__ = ["check_parameters", "parameter_value", "parameters_of"]

_TYPES = {"str": str, "int": int, "float": float, "bool": bool}


def _kinds(source: str) -> dict[str, str]:
    """Type by name, of each plain assignment of a constant."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = ast.unparse(node.annotation)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = type(ast.literal_eval(node.value)).__name__
    return found


def parameters_of(notebook: Path) -> dict[str, str]:
    """Type by name of the parameters a notebook takes, read from its cell tagged `parameters`."""
    tagged = [c["source"] for c in cells(notebook) if c["type"] == "code" and "parameters" in c["tags"]]
    if len(tagged) != 1:
        raise BuildError(f'{notebook}: {len(tagged)} cells are tagged "parameters"; exactly one is needed')
    try:
        kinds = _kinds(tagged[0])
    except (SyntaxError, ValueError) as error:
        raise BuildError(f"{notebook}: the parameters cell must assign plain constants: {error}") from error
    for name, kind in kinds.items():
        if kind not in _TYPES:
            raise BuildError(f"{notebook}: parameter {name} has type {kind}; allowed: {', '.join(_TYPES)}")
    return kinds


def parameter_value(text: str) -> object:
    """Value of a parameter typed on the command line: a Python literal where it reads as one, else text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def check_parameters(notebook: Path, given: Mapping[str, object]) -> dict[str, object]:
    """Refuse parameters that a notebook does not have, or whose type is not the declared one."""
    kinds = parameters_of(notebook)
    checked: dict[str, object] = {}
    for name, value in given.items():
        if name not in kinds:
            allowed = ", ".join(f"{n} ({k})" for n, k in sorted(kinds.items()))
            raise BuildError(f"{notebook}: unknown parameter {name}; allowed: {allowed}")
        if kinds[name] == "float" and type(value) is int:
            value = float(value)
        if type(value) is not _TYPES[kinds[name]]:
            given_as = f"parameter {name} is {value!r}, of type {type(value).__name__}"
            raise BuildError(f"{notebook}: {given_as}; allowed: a value of type {kinds[name]}")
        checked[name] = value
    return checked
