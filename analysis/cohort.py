"""Read a cohort, check it against the data contract, and restrict it to a population."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pandera.errors

from analysis import rules, schema
from analysis.vocabulary import POPULATION_DIAGNOSES, Population


class CohortError(ValueError):
    """A cohort that does not keep the contract.

    Parameters
    ----------
    problems : DataFrame
        One row per problem: ``file``, ``row`` (as a spreadsheet counts, the header being row 1; 0 for the whole file),
        ``column``, ``value`` and ``allowed``.
    """

    def __init__(self, problems: pd.DataFrame) -> None:
        self.problems = problems
        shown = [
            f"{p.file}, row {p.row}, column {p.column}: {p.value!r} is not allowed; {p.allowed}"
            if p.row
            else f"{p.file}: {p.allowed}"
            for p in problems.head(20).itertuples()
        ]
        more = len(problems) - len(shown)
        super().__init__("\n".join(shown + ([f"... and {more} more problems"] if more else [])))


@dataclass(frozen=True)
class Cohort:
    """The six tables of a cohort.

    Attributes
    ----------
    screening : DataFrame
        One row per screened patient.
    patients, courses : DataFrame
        One row per included patient, both indexed by ``patient_id`` in the same order.
    symptoms, laboratory, adverse_events : DataFrame
        Any number of rows per patient; ``patient_id`` is a categorical whose categories are the index of ``patients``.
    reconstructed : bool
        Whether the rows were reconstructed from published results instead of observed.
    population : Population
        The part of the cohort that the tables hold.
    """

    screening: pd.DataFrame
    patients: pd.DataFrame
    symptoms: pd.DataFrame
    courses: pd.DataFrame
    laboratory: pd.DataFrame
    adverse_events: pd.DataFrame
    reconstructed: bool = False
    population: Population = Population.ALL


def _problem(file: str, text: str) -> pd.DataFrame:
    return pd.DataFrame({"file": [file], "row": [0], "column": [""], "value": [""], "allowed": [text]})


def _read_strings(path: Path) -> pd.DataFrame:
    """Read a file as strings; row k of the frame is row k + 2 of the file, and rows without any value are left out.

    The header is read as a row, so that a row longer than it is an error and equal column names are seen.
    """
    options = {"dtype": "str", "keep_default_na": False, "na_values": [""], "encoding": "utf-8-sig"}
    frame = pd.read_csv(path, header=None, skip_blank_lines=False, **options)
    rows = frame.iloc[1:].set_axis(frame.iloc[0].fillna("").tolist(), axis="columns").reset_index(drop=True)
    return rows[rows.notna().any(axis="columns")]


def _first_bad_line(path: Path) -> int:
    """Find the first line of a file that is not UTF-8."""
    lines = path.read_bytes().splitlines()
    # A byte that does not belong to UTF-8 becomes a lone surrogate, which no UTF-8 text holds.
    texts = (line.decode("utf-8", errors="surrogateescape") for line in lines)
    return next(number for number, text in enumerate(texts, 1) if any("\ud800" <= one <= "\udfff" for one in text))


def _read_table(folder: Path, table: str) -> tuple[pd.DataFrame | None, pd.DataFrame]:
    """Read one file as strings and list what the contract does not allow in it."""
    path = folder / f"{table}.csv"
    try:
        frame = _read_strings(path)
    except FileNotFoundError:
        return None, _problem(path.name, f"the file is missing from {os.fspath(folder)}")
    except UnicodeDecodeError:
        return None, _problem(path.name, f"line {_first_bad_line(path)} is not UTF-8; allowed is a CSV table in UTF-8")
    except (OSError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        return None, _problem(path.name, f"the file cannot be read as a CSV table: {str(error).strip()}")
    expected, found = set(schema.columns_of(table).index), list(frame.columns)
    parts = [f"column {name} is missing" for name in sorted(expected.difference(found))]
    parts += [f"column {name!r} is unknown" for name in sorted(set(found) - expected)]
    parts += [f"column {name} is there twice" for name in sorted({name for name in found if found.count(name) > 1})]
    if len(found) == 1 and ";" in found[0]:
        parts = ["columns are separated by semicolons; allowed are commas"]
    if parts:
        return None, _problem(path.name, "; ".join(parts))
    return frame, _schema_problems(frame, table)


def _schema_problems(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    try:
        schema.table_schema(table).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases.sort_values(["index", "column"], kind="stable")
        contract = schema.columns_of(table)
        allowed = {name: schema.describe_allowed(column) for name, column in contract.iterrows()}
        return pd.DataFrame(
            {
                "file": f"{table}.csv",
                "row": cases["index"].astype(int) + 2,
                "column": cases["column"],
                "value": cases["failure_case"].where(cases["failure_case"].notna(), ""),
                "allowed": cases["column"].map(allowed),
            }
        )
    return pd.DataFrame()


def from_tables(tables: dict[str, pd.DataFrame], reconstructed: bool = False) -> Cohort:
    """Make a cohort of tables that keep the contract.

    Parameters
    ----------
    tables : dict of str to DataFrame
        The six tables with their types, as `analysis.schema.with_types` gives them.
    reconstructed : bool, default False
        Whether the rows were reconstructed from published results instead of observed.

    Returns
    -------
    Cohort
        The tables, all of them speaking of the same patients in the same order.
    """
    patients = tables["patients"].set_index("patient_id")
    tables = tables | {"patients": patients}
    tables["courses"] = tables["courses"].set_index("patient_id").reindex(patients.index)
    for table in ("symptoms", "laboratory", "adverse_events"):
        ids = pd.Categorical(tables[table]["patient_id"], categories=patients.index)
        tables[table] = tables[table].assign(patient_id=ids)
    return Cohort(**tables, reconstructed=reconstructed)


def _is_reconstructed(folder: Path) -> bool:
    """Read from the cohort's Data Package whether its rows were reconstructed; a cohort need not have one."""
    path = folder / "datapackage.json"
    if not path.exists():
        return False
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")).get("reconstructed", False))
    except (OSError, ValueError, AttributeError) as error:
        raise CohortError(_problem(path.name, f"the file cannot be read as a JSON object: {error}")) from error


def read_cohort(folder: str | os.PathLike[str], population: str = Population.ALL) -> Cohort:
    """Read a cohort and check it against the data contract.

    Parameters
    ----------
    folder : str or path
        The folder that holds the six CSV files.
    population : str, default "all"
        The part of the cohort to keep, a value of `Population`.

    Returns
    -------
    Cohort
        The checked tables.

    Raises
    ------
    CohortError
        If a file is missing or anything in it is against the contract; all problems are listed, each with file, row,
        column, value and what is allowed.
    ValueError
        If the population is unknown or has no patients.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CohortError(_problem(os.fspath(folder), "there is no such folder of cohort files"))
    frames, problems = {}, []
    for table in schema.TABLES:
        frames[table], found = _read_table(folder, table)
        problems.append(found)
    if any(len(found) for found in problems):
        raise CohortError(pd.concat(problems, ignore_index=True))
    tables = {table: schema.with_types(table, frame) for table, frame in frames.items()}
    found = rules.broken_rules(tables)
    if len(found):
        raise CohortError(found)
    return restrict(from_tables(tables, _is_reconstructed(folder)), population)


def restrict(cohort: Cohort, population: str) -> Cohort:
    """Keep the patients of one population.

    Parameters
    ----------
    cohort : Cohort
        The cohort.
    population : str
        A value of `Population`: all, primary (ISM, CM and MMAS), ISM, CM, MMAS or idiopathic (L266-L267).

    Returns
    -------
    Cohort
        The same tables for these patients only; ``screening`` is left whole.

    Raises
    ------
    ValueError
        If the population is unknown or has no patients.
    """
    if population not in list(Population):
        raise ValueError(f"population {population!r} is unknown; allowed are {', '.join(Population)}")
    kept = cohort.patients[cohort.patients["diagnosis"].isin(POPULATION_DIAGNOSES[Population(population)])]
    if kept.empty:
        raise ValueError(f"population {str(population)!r} has no patients in this cohort")
    parts = {"patients": kept, "courses": cohort.courses.loc[kept.index]}
    for table in ("symptoms", "laboratory", "adverse_events"):
        frame = getattr(cohort, table)
        ids = frame["patient_id"].cat.set_categories(kept.index)
        parts[table] = frame.assign(patient_id=ids)[ids.notna()]
    return replace(cohort, **parts, population=Population(population))
