"""The reporting checklist: what STROBE and SAMPL ask, and where the paper and this compendium answer it."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
from great_tables import GT
from great_tables import html as raw_html

from compendium.reporting.pages import finish, parts, render

CHECKLIST = Path(__file__).with_name("checklist.csv")  # one row per item, with the columns of `COLUMNS`

STATUSES: dict[str, str] = {"met": "✓", "partly": "~", "not met": "✗", "not applicable": "–"}  # with their marks

GUIDELINES: tuple[str, ...] = ("STROBE", "SAMPL")  # the guidelines in the order they are shown
JUDGED: tuple[str, ...] = ("paper", "compendium")  # they hold a status, their neighbours in ``_where`` the place
_PLACE = r"(?:L\d+(?:-L\d+)?|Table [12]|Figure (?:[12]|E[1-5]))"
_POINTER = r"\w[\w.-]*(?:/\w[\w.-]*)*(?:#[^\s#]+)?"
_TEXT = (r"\S(?:.*\S)?", "allowed is a text in one line, without blanks at its ends")
_STATUS = ("|".join(STATUSES), f"allowed are {', '.join(STATUSES)}")

COLUMNS: dict[str, tuple[str, str]] = {  # in order, all text: the pattern of a cell, and what is allowed in words
    "guideline": ("|".join(GUIDELINES), f"allowed are {', '.join(GUIDELINES)}"),
    "item": (r"\d{1,2}[a-e]?|[A-Z]\d{1,2}", "allowed are items such as 12a or P3"),
    **dict.fromkeys(("section", "topic", "asks"), _TEXT),
    "paper": _STATUS,
    "paper_where": (f"(?:{_PLACE}(?:, {_PLACE})*)?", "allowed are places such as L155-L180, L243, Table 1, Figure E5"),
    "compendium": _STATUS,
    "compendium_where": (
        f"(?:{_POINTER}(?: {_POINTER})*)?",
        "allowed are paths from the root of the project, with or without #text, and one blank between two",
    ),
    "remark": (f"(?:{_TEXT[0]})?", _TEXT[1]),
}

_NOTES = (
    "Paper: the accepted manuscript without title page and drawings; L155 is its printed line 155. Compendium: whether "
    "what is computed and written here gives what the item asks; links lead to files, (in brackets) to a word in one.",
    "Not applicable: the item asks for something that was not done, or that no computation can add. The judgements are "
    "those of the makers of this compendium; correct them in compendium/reporting/checklist.csv.",
    "STROBE for cohort studies: von Elm et al., PLoS Medicine 2007;4:e296. SAMPL: Lang and Altman, Science Editors' "
    "Handbook, EASE 2013; it numbers nothing, so the letters are ours; what it asks under several headings stands "
    "once, and a heading without use here is one row. All items are in our words.",
)


def read_checklist(path: str | os.PathLike[str] = CHECKLIST) -> pd.DataFrame:
    """Read and check a checklist, a CSV file in UTF-8 with the columns of `COLUMNS`, one row per item, all texts.

    A ValueError lists all that is not allowed, each with file, row, column, value and what is allowed. An item that is
    met, if only partly, needs a place, every other a remark.
    """
    name = Path(path).name
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{name}: the file cannot be read; allowed is a CSV table in UTF-8: {error}") from error
    if list(table.columns) != list(COLUMNS):
        raise ValueError(f"{name}: the columns are {', '.join(table.columns)}; allowed are {', '.join(COLUMNS)}")
    if not isinstance(table.index, pd.RangeIndex):  # what pandas makes of rows that are all longer than the header
        raise ValueError(f"{name}: the rows have more cells than the {len(COLUMNS)} columns; allowed are as many")
    if table.empty:
        raise ValueError(f"{name}: there are 0 rows; allowed is one row or more, one for each item")
    found = [f"{name}, row {row}, column {column}: {value!r}; {rule}" for row, column, value, rule in _problems(table)]
    if found:
        raise ValueError("\n".join(found))
    return table


def _problems(table: pd.DataFrame) -> Iterator[tuple[int, str, str, str]]:
    """Find what is not allowed: row as a spreadsheet counts, column, value, and what is allowed."""
    for column, (pattern, allowed) in COLUMNS.items():
        for number, value in table.loc[~table[column].str.fullmatch(pattern), column].items():
            yield number + 2, column, value, allowed
    for number, item in table.loc[table.duplicated(["guideline", "item"]), "item"].items():
        yield number + 2, "item", item, "allowed is one row for each item of a guideline"
    for column in JUDGED:
        where, remark = (
            (f"{column}_where", "place", ["met", "partly"]),
            ("remark", "reason", ["not met", "not applicable"]),
        )
        for needed, what, statuses in (where, remark):
            for number in table.index[table[column].isin(statuses) & (table[needed] == "")]:
                yield number + 2, needed, "", f"allowed is a {what}, since {column} is {table.at[number, column]}"


def counts(checklist: pd.DataFrame) -> pd.DataFrame:
    """Count the items of each guideline, ``judged`` in paper and compendium, by `STATUSES`, and their sum ``items``."""
    rows = []
    for guideline, part in checklist.groupby("guideline", sort=False):
        for column in JUDGED:
            found = {status: int((part[column] == status).sum()) for status in STATUSES}
            rows.append({"guideline": guideline, "judged": column} | found | {"items": len(part)})
    return pd.DataFrame(rows)


def render_checklist(checklist: pd.DataFrame, caveats: Sequence[str] = (), root: str = "..") -> GT:
    """Lay out a checklist to be read, with links to where each item is met.

    Markup in its texts is shown and not obeyed. The caveats are printed last and in bold; ``root`` is the project as
    seen from the folder of the page, for the links.
    """
    cells = parts("checklist.html")
    links = [
        [cells.link(root, *pointer.partition("#")[::2]) for pointer in cell.split()]
        for cell in checklist["compendium_where"]
    ]
    # Ranges of lines, and percentages, are not broken.
    text = checklist.replace({r"(?<=\d)-(?=L\d)": "–\u2060", " %": "\u00a0%"}, regex=True)
    places = text["paper_where"].map(lambda cell: [cell] if cell else [])
    rows = pd.DataFrame(
        {
            "Section": checklist["guideline"] + ". " + checklist["section"],
            "Item": list(map(cells.item, text.to_dict("records"))),
            "Paper": list(map(cells.judgement, text["paper"].map(STATUSES), text["paper"], places)),
            "Compendium": list(map(cells.judgement, text["compendium"].map(STATUSES), text["compendium"], links)),
            "Remark": text["remark"].map(cells.remark),
        }
    )
    bars = raw_html(cells.bars(STATUSES, counts(checklist).to_dict("records")))
    table = GT(rows, rowname_col="Item", groupname_col="Section", id="checklist")
    table = table.tab_header("Reporting checklist: STROBE and SAMPL", bars).tab_stubhead("Item")
    # Text without a format is escaped by the library; in these cells the templates have escaped it already.
    table = table.fmt(lambda cell: cell, columns=["Item", "Paper", "Compendium", "Remark"])
    table = table.cols_width({"Item": "31%", "Paper": "15%", "Compendium": "30%", "Remark": "24%"})
    return finish(table, "checklist", _NOTES, caveats, wrap=True).opt_css(render("checklist.css"))
