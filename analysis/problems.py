"""What is wrong with a cohort: one row per problem, with file, row, column, value and what is allowed."""

import difflib
from collections.abc import Collection, Sequence

import pandas as pd

from analysis import schema

PROBLEM_COLUMNS = ("file", "row", "column", "value", "allowed", "nearest")
IDENTIFIERS = ("patient_id", "centre_id")
FREE_TEXTS = ("term", "detail")  # the columns in which somebody may write anything
HIDDEN = "(hidden)"
_SHOWN = 20
_TYPES = dict.fromkeys(PROBLEM_COLUMNS, "str") | {"row": "int64"}
_NONE = pd.DataFrame(dict.fromkeys(PROBLEM_COLUMNS, ())).astype(_TYPES)
Texts = str | Sequence[str]  # one for all problems, or one each


def problems(
    file: str, allowed: Texts, row: int | Sequence[int] = 0, column: Texts = "", value: Texts = "", nearest: Texts = ""
) -> pd.DataFrame:
    """Make a table of problems with one file, one row per problem, with the columns `PROBLEM_COLUMNS`.

    The file is as the user sees it; row 0 is the whole file. What is allowed, where the problem is, what stands there,
    and the nearest allowed value are one for all problems, or one each.
    """
    given = {"file": file, "row": row, "column": column, "value": value, "allowed": allowed, "nearest": nearest}
    number = next((len(one) for one in given.values() if not isinstance(one, str | int)), 1)
    if not number:
        return _NONE
    cells = {name: [one] * number if isinstance(one, str | int) else list(one) for name, one in given.items()}
    return pd.DataFrame({name: pd.array(some, _TYPES[name]) for name, some in cells.items()})


def together(parts: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
    """Put tables of problems one below the other; without any, it is a table without problems."""
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else _NONE


def shortened(value: str) -> str:
    """Cut a text that is too long to be shown."""
    return value if len(value) <= 100 else value[:97] + "..."


def nearest_name(name: str, expected: Sequence[str]) -> str:
    """Guess which of the expected column names was meant; empty if none is near."""
    folded = name.strip().casefold().replace(" ", "_")
    return "".join(difflib.get_close_matches(folded[:100], expected, n=1, cutoff=0.7))


def header_problems(names: Sequence[str], table: str, file: str) -> pd.DataFrame:
    """List the columns that are missing, unknown or there twice in the header of a table.

    The nearest name is one that is missing, if one is near, else any of the contract.
    """
    expected, found = list(schema.columns_of(table).index), list(names)
    missing = [name for name in expected if name not in found and (table, name) not in schema.OPTIONAL]
    parts = [problems(file, f"column {name} is missing", 1) for name in missing]
    for place, name in enumerate(found, 1):
        if name == "":
            parts.append(problems(file, f"column {place} has no name; allowed is a column name of the contract", 1))
        elif name not in expected:
            nearest = nearest_name(name, missing) or nearest_name(name, expected)
            parts.append(problems(file, "a column name of the contract", 1, value=shortened(name), nearest=nearest))
        elif name in found[: place - 1]:
            parts.append(problems(file, "each column name once", 1, value=name))
    return together(parts)


def hide_identifiers(found: pd.DataFrame, identifiers: Collection[str] = ()) -> pd.DataFrame:
    """Hide the identifiers of patients and centres, and free texts, in a table of problems.

    ``(hidden)`` stands for each value, and each guess, in a column of identifiers or of free text, and for each that is
    one of the identifiers given, in whatever column; those that are plain numbers are not looked for.
    """
    cells = found["column"].isin([*IDENTIFIERS, *FREE_TEXTS])
    telling = {name for name in identifiers if not name.replace(".", "").isdigit()}
    cells |= found["value"].str.strip().isin(telling) | found["nearest"].isin(telling)
    hidden = {name: found[name].mask(cells & (found[name] != ""), HIDDEN) for name in ("value", "nearest")}
    return found.assign(**hidden)


class CohortError(ValueError):
    """A cohort that does not keep the contract.

    ``problems`` has the columns `PROBLEM_COLUMNS`, one row per problem. The message ends after 20 and leaves
    identifiers out: what stands in their columns, and, in whatever column, the ``identifiers`` given.
    """

    def __init__(self, problems: pd.DataFrame, identifiers: Collection[str] = ()) -> None:
        self.problems = problems
        shown = [_line(problem) for problem in hide_identifiers(problems.head(_SHOWN), identifiers).itertuples()]
        more = len(problems) - len(shown)
        super().__init__("\n".join(shown + ([f"... and {more} more problems"] if more else [])))


def _line(problem: tuple) -> str:
    row = f", row {problem.row}" if problem.row else ""
    column = f", column {problem.column}" if problem.column else ""
    value = f"{problem.value!r} is not allowed; " if problem.value or (problem.row and problem.column) else ""
    nearest = f" (nearest: {problem.nearest})" if problem.nearest else ""
    return f"{problem.file}{row}{column}: {value}{problem.allowed}{nearest}"
