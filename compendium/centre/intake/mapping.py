"""A centre's own names and codes, and what they are in the contract: written once, used at every check.

A mapping is a CSV file with the columns ``own`` and ``ours``, and ``table`` and ``column`` where a line does not speak
of all tables or speaks of a code: ``patients,sex,1,M``. Without a column it gives a column of the contract for a name
of the centre. A line whose ``ours`` is empty is not decided yet; other columns of the file are not looked at.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis import schema
from analysis.problems import nearest_name, problems, together
from compendium.centre.intake.csv_tables import csv_texts
from compendium.centre.intake.files import read_bytes
from compendium.centre.intake.raw_tables import Names, Unreadable, cell_problems

LEAVE_OUT, EMPTY = "(leave out)", "(empty)"
"""What a column becomes that is not to be read, and a code that stands for no value."""
_ONCE = "each name or code once"
COLUMNS = ("table", "column", "own", "ours")


@dataclass
class Mapping:
    """The lines of a mapping, what is wrong with them, and how often each was used."""

    file: str = ""
    lines: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS, dtype="str"))
    errors: pd.DataFrame = field(default_factory=together)
    used: Counter[int] = field(default_factory=Counter)  # by the index of the line

    def _for(self, table: str | None, column: str) -> dict[str, tuple[int, str]]:
        lines = self.lines[self.lines["column"] == column]
        lines = lines if table is None else lines[lines["table"].isin(["", table])]
        return {line.own: (line.Index, line.ours) for line in lines.itertuples()}

    def names(self, table: str | None) -> Names:
        """Give what turns the names of a table's columns, or of all tables, into those of the contract."""
        known = self._for(table, "")

        def of_contract(found: Sequence[str]) -> list[str]:
            self.used.update({known[name][0] for name in found if name in known})
            return [known[name][1] if name in known else name for name in found]

        return of_contract

    def values(self, table: str | None, frame: pd.DataFrame) -> pd.DataFrame:
        """Turn the codes of a table into values of the contract."""
        changed = {}
        for name in set(self.lines["column"]) & set(frame.columns):
            known = self._for(table, name)
            found = frame[name].isin(list(known))
            if found.any():
                counts = frame.loc[found, name].value_counts()
                self.used.update({known[own][0]: int(count) for own, count in counts.items()})
                ours = {own: None if value == EMPTY else value for own, (_, value) in known.items()}
                changed[name] = frame[name].where(~found, frame[name].map(ours))
        return frame.assign(**changed)

    @property
    def accounts(self) -> pd.DataFrame:
        """List the lines with ``cells``: in how many cells, or tables, each was used."""
        return self.lines.assign(cells=[self.used[index] for index in self.lines.index])

    @property
    def unused(self) -> pd.DataFrame:
        """Warn of the lines that no cell needed, which may be misspelled."""
        idle = self.lines["own"][[not self.used[index] for index in self.lines.index]]
        allowed = "a name or a code that is in the cohort; this line of the mapping was not used"
        return cell_problems(idle, self.file, allowed)


def read_mapping(path: Path, contract: bool = True) -> Mapping:
    """Read a mapping and what is wrong with it; with ``contract`` also what is no name or value of the contract.

    Lines that are not decided are left out.
    """
    try:
        raw, _ = csv_texts(read_bytes(path), path.name, lambda names: [name.strip().casefold() for name in names])
    except Unreadable as reason:
        return Mapping(path.name, errors=problems(path.name, str(reason)))
    missing = [name for name in ("own", "ours") if name not in raw.frame]
    if missing or raw.frame.columns.has_duplicates:
        text = "a mapping with the columns own and ours, and table and column for codes, each once"
        return Mapping(path.name, errors=problems(path.name, text, 1))
    lines = raw.frame.reindex(columns=COLUMNS).astype("str").fillna("").apply(lambda texts: texts.str.strip())
    lines = lines[(lines["ours"] != "") & (lines["own"] != "")]
    wrong = []
    for index, line in lines.iterrows() if contract else ():
        if found := _wrong(line):
            column, allowed = found
            wrong.append(problems(path.name, allowed, index + 2, column, line[column]))
    twice = lines.loc[lines.duplicated(["table", "column", "own"]), "own"]
    return Mapping(path.name, lines, together([raw.errors, *wrong, cell_problems(twice, path.name, _ONCE)]))


def _wrong(line: pd.Series) -> tuple[str, str] | None:
    """Say in which column of a line something is not of the contract, and what is allowed there."""
    table, column, ours = line["table"], line["column"], line["ours"]
    contract = schema.contract()
    tables = contract["table"].unique()
    if table not in ("", *tables):
        return "table", f"empty or one of {', '.join(tables)}"
    known = contract[contract["table"] == table] if table else contract
    names = list(known["column"].unique())
    if not column:
        return None if ours in (LEAVE_OUT, *names) else ("ours", f"a column of the contract, or {LEAVE_OUT}")
    if column not in names:
        near = nearest_name(column, names)
        return "column", "empty or a column of the contract" + (f", perhaps {near}" if near else "")
    columns = [row for _, row in known[known["column"] == column].iterrows()]
    right = ours == EMPTY or any(not schema.refused(pd.Series([ours]), row)[0] for row in columns)
    return None if right else ("ours", f"{schema.describe_allowed(columns[0])}, or {EMPTY}")
