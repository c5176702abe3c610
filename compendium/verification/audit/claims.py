"""Read a file of printed numbers, one statement a row, and check it before anything is concluded from it."""

import difflib
import json
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.verification.audit.rounding import NUMBER

REQUIRED = ("claim", "kind", "value")
OPTIONAL = ("numerator", "denominator", "population", "unit", "n", "step", "group", "part_of")
TEXT_KINDS, SHARES = ("date", "identifier", "rule"), ("count", "percent")
SAMPLES = ("median", "mean", "sd", "minimum", "maximum", "ratio")
# Kinds of statistic of a file without a vocabulary of its own.
KINDS = (*SHARES, *SAMPLES, "p_threshold", "dose", "interval", *TEXT_KINDS, "definition", "score")
WHOLE = r"[0-9]{1,15}"
SHOWN = 200  # problems in a message
Checks = Iterator[tuple[pd.Series, str, str | pd.Series]]  # the wrong rows, their column, and what is allowed there


class ClaimsError(ValueError):
    """A claims file, or a name of a claim, that cannot be used: a sentence, or one row per problem.

    A problem has ``file``, ``row`` (as a spreadsheet counts; 0 for the whole file), ``column``, ``value``, ``allowed``.
    """

    def __init__(self, problems: str | pd.DataFrame) -> None:
        self.problems = pd.DataFrame() if isinstance(problems, str) else problems
        sentences = [problems] if isinstance(problems, str) else []
        for p in self.problems.head(SHOWN).itertuples():
            where = f", row {p.row}, column {p.column}: {p.value!r} is not allowed; " if p.row else ": "
            sentences.append(f"{p.file}{where}{p.allowed}")
        more = len(self.problems) - SHOWN
        super().__init__("\n".join(sentences + [f"... and {more} more problems"] * (more > 0)))


def _whole_file(file: str, *texts: str) -> pd.DataFrame:
    return pd.DataFrame({"file": file, "row": 0, "column": "", "value": "", "allowed": list(texts)})


def _problems(claims: pd.DataFrame, bad: pd.Series, column: str, allowed: str | pd.Series) -> pd.DataFrame:
    """Turn the marked rows into problems; the index of the claims is the row in the file."""
    text = allowed[bad] if isinstance(allowed, pd.Series) else allowed
    rows = claims.index[bad]
    return pd.DataFrame({"row": rows, "column": column, "value": claims.loc[bad, column], "allowed": text}, index=rows)


def read_strings(path: Path) -> pd.DataFrame:
    """Read a file as strings, indexed by the row in the file; empty rows are left out."""
    options: dict[str, Any] = {"dtype": "str", "keep_default_na": False, "encoding": "utf-8-sig"}
    frame = pd.read_csv(path, header=None, skip_blank_lines=False, **options).fillna("")
    claims = frame.iloc[1:].set_axis(frame.iloc[0].tolist(), axis="columns").set_axis(range(2, len(frame) + 1))
    return claims[claims.ne("").any(axis="columns")]


def _fields(path: Path) -> dict[str, dict[str, Any]]:
    """Read the constraints of each column from the Data Package beside a claims file, if there is one."""
    package = path.with_name("datapackage.json")
    if not package.exists():
        return {}
    try:
        resources = json.loads(package.read_text(encoding="utf-8"))["resources"]
        mine = [resource for resource in resources if resource.get("path") == path.name]
        return {field["name"]: field.get("constraints", {}) for one in mine for field in one["schema"]["fields"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        text = f"the file does not describe {path.name} as a Data Package does: {error!r}"
        raise ClaimsError(_whole_file(os.fspath(package), text)) from error


def _header_problems(columns: list[str], fields: dict[str, dict[str, Any]]) -> list[str]:
    if len(columns) == 1 and ";" in columns[0]:
        return ["columns are separated by semicolons; allowed are commas"]
    known = [*fields, *REQUIRED, *OPTIONAL]
    parts = [f"column {name} is missing" for name in REQUIRED if name not in columns]
    parts += [f"column {name} is there twice" for name in sorted({name for name in columns if columns.count(name) > 1})]
    for name in (name for name in columns if name not in known):
        # A misspelt column would be left out of the audit without a word; any other one is the file's own affair.
        near = difflib.get_close_matches(name.strip().lower(), known, 1, 0.8)
        parts += [f"column {name!r} is unknown; did you mean {near[0]}?"] if near else []
    return parts


def _nearest(value: str, allowed: list[str]) -> str:
    folded = {name.lower(): name for name in allowed}
    near = [folded[name] for name in difflib.get_close_matches(value.strip().lower(), list(folded), 1, 0.5)]
    return f"one of {', '.join(allowed)}" + (f"; did you mean {near[0]}?" if near else "")


def _vocabulary(claims: pd.DataFrame, fields: dict[str, dict[str, Any]]) -> Checks:
    rules = fields | {"kind": {"enum": list(KINDS)} | fields.get("kind", {})}
    for column, rule in ((name, rule) for name, rule in rules.items() if name in claims):
        values, allowed = claims[column], rule.get("enum")
        if rule.get("required") and column not in REQUIRED:
            yield values.eq(""), column, "a value"
        if allowed:
            bad = values.ne("") & ~values.isin(allowed)
            yield bad, column, values.map({value: _nearest(value, allowed) for value in values[bad].unique()})


def _names(claims: pd.DataFrame) -> Checks:
    for name in REQUIRED:
        yield claims[name].eq(""), name, "a value"
    names, whole = claims["claim"], claims["part_of"]
    first = names.map(names.drop_duplicates().reset_index().set_index("claim").iloc[:, 0].to_dict())
    own = "a name of its own; it stands in row " + first.astype(str)
    yield names.ne("") & names.duplicated(), "claim", own
    yield whole.ne("") & (~whole.isin(names) | whole.eq(names)), "part_of", "the name of another claim"


def _whole(texts: pd.Series, smallest: int = 0) -> pd.Series:
    """Read whole numbers; what is empty, none or too small is missing."""
    # 15 digits are exact as float, and what is missing is neither above nor below anything.
    number = pd.to_numeric(texts.where(texts.str.fullmatch(WHOLE))).astype(float)
    return number.mask(number.lt(smallest))


def _numbers(claims: pd.DataFrame) -> Checks:
    values, kinds, step = claims["value"], claims["kind"], claims["step"]
    counted, number = kinds.eq("count"), values.str.fullmatch(NUMBER)
    # A kind that is unknown here says nothing of its values.
    wanted = values.ne("") & kinds.isin(KINDS) & ~kinds.isin([*TEXT_KINDS, "count"])
    yield wanted & ~number, "value", "a number as printed, such as 54.5 or 54,5, without a unit"
    yield values.ne("") & counted & ~values.str.fullmatch(WHOLE), "value", "a whole number in digits"
    least = {"numerator": 0, "denominator": 1, "n": 1}
    numbers = {column: _whole(claims[column], smallest) for column, smallest in least.items()}
    for column, smallest in least.items():
        yield claims[column].ne("") & numbers[column].isna(), column, f"a whole number from {smallest}"
    positive = step.str.fullmatch(NUMBER) & step.str.contains("[1-9]") & ~step.str.contains("^[-−]")
    yield step.ne("") & ~positive, "step", "a number above 0"
    numerator, denominator, printed = numbers["numerator"], numbers["denominator"], _whole(values.where(counted, ""))
    # Events may be more than the patients who had them, and a ratio may exceed 1.
    limited = kinds.eq("percent") | (counted & claims["unit"].isin(["", "patients", "percent"]))
    most = "at most the denominator, " + claims["denominator"]
    yield limited & (numerator > denominator), "numerator", most
    yield limited & (printed > denominator) & numerator.isna(), "value", most
    yield (printed - numerator).abs() > 0, "numerator", "the value of a count, or empty"


def _places(claims: pd.DataFrame) -> Checks:
    """Find numbers in columns that do not belong to the kind, where nothing would read them."""
    known, shares = claims["kind"].isin(KINDS), (*SHARES, "ratio")
    for column, kinds, allowed in (
        ("numerator", shares, "empty, except for a count, a percent or a ratio"),
        ("denominator", shares, "empty, except for a count, a percent or a ratio; other sizes go in n"),
        ("n", SAMPLES, f"empty, except for one of {', '.join(SAMPLES)}; of how many goes in denominator"),
    ):
        yield claims[column].ne("") & known & ~claims["kind"].isin(kinds), column, allowed


def read_claims(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a claims file and check all of it.

    Parameters
    ----------
    path : str or path
        A CSV file in UTF-8. It must have the columns ``claim`` (a name of its own), ``kind`` (one of `KINDS`) and
        ``value`` (as printed). It may have ``numerator`` and ``denominator`` of a count, percent or ratio, ``n`` (how
        many values, or both groups of a ratio together) and ``step`` (smallest difference of two values) of a mean,
        ``population`` and ``unit``, ``group`` (common name of the claims that summarise the same values), ``part_of``
        (the claim of which this one is a part; all parts together make it up and do not overlap) and any others. A
        ``datapackage.json`` beside it that describes the file adds its own vocabularies.

    Returns
    -------
    DataFrame
        Indexed by ``claim``, all cells strings exactly as in the file; an empty cell is an empty string.

    Raises
    ------
    ClaimsError
        If the file cannot be read, or anything in it is not allowed: all problems at once, in the order of the file.
    """
    path = Path(path)
    file = os.fspath(path)
    try:
        claims = read_strings(path)
    except FileNotFoundError:
        raise ClaimsError(_whole_file(file, "there is no such file")) from None
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ClaimsError(_whole_file(file, f"the file cannot be read as a CSV table: {str(error).strip()}")) from error
    fields = _fields(path)
    if parts := _header_problems(list(claims.columns), fields):
        raise ClaimsError(_whole_file(file, *parts))
    if claims.empty:
        raise ClaimsError(_whole_file(file, "there are no claims under the header"))
    full = claims.assign(**{name: "" for name in OPTIONAL if name not in claims})
    checks = chain(_names(full), _vocabulary(claims, fields), _numbers(full), _places(full))
    if found := [_problems(full, *check) for check in checks if check[0].any()]:
        problems = pd.concat(found)
        place = problems["column"].map(list(claims.columns).index)
        problems = problems.assign(file=file, place=place).drop_duplicates(["row", "column"])
        raise ClaimsError(problems.sort_values(["row", "place"], ignore_index=True).drop(columns="place"))
    return claims.set_index("claim")
