"""The tables of the results, read from the pages that the notebooks write, and made blocks of a document."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from math import fsum
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]+")
_COUNT = re.compile(r"[\u2007\d.,–−+<>=()%\s\u00a0-]*(?:months?|years?|to|\d)?[\u2007\d.,–−+<>=()%\s\u00a0-]*")
_INDENT = "\u2003"  # before the name of a row below another


@dataclass
class Cell:
    """A cell of a table: its text, lines apart, and how many columns and rows it spans."""

    text: str = ""
    columns: int = 1
    rows: int = 1
    head: bool = False


@dataclass
class Table:
    """A table: rows of heads, rows of the body (one with a single wide cell begins a section), and notes below it."""

    heads: list[list[Cell]] = field(default_factory=list)
    body: list[list[Cell]] = field(default_factory=list)
    notes: list[Cell] = field(default_factory=list)  # those that must not be overlooked are heads

    @property
    def width(self) -> int:
        """How many columns there are."""
        return max(sum(cell.columns for cell in row) for row in [*self.heads, *self.body])

    def only(self, columns: Sequence[str], most: int | None = None) -> "Table":
        """Keep some columns by their heads, and so many rows at most; a ValueError names the heads there are."""
        if columns and len(self.heads) != 1:
            raise ValueError("columns cannot be chosen of a table with two rows of heads")
        names = [cell.text for cell in self.heads[-1]]
        for name in columns:
            if name not in names:
                raise ValueError(f"there is no column {name!r}; allowed are {', '.join(filter(None, names))}")
        kept = [names.index(name) for name in columns]
        body = self.body[:most]
        if not columns:
            return replace(self, body=body)
        # The heading of a section is one cell, as wide as the table.
        sections = {id(row): [replace(row[0], columns=len(kept))] for row in body if len(row) == 1}
        body = [sections.get(id(row)) or [row[k] for k in kept] for row in body]
        return replace(self, heads=[[self.heads[0][k] for k in kept]], body=body)


class _Reader(HTMLParser):
    """Read the one table of a page that `reporting.outputs.save_table` writes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.table, self.row, self.cell, self.part, self.kind = Table(), [], None, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a part of the table, a row or a cell, or note what is in one."""
        given = {name: value or "" for name, value in attrs}
        if tag in ("thead", "tbody", "tfoot"):
            self.part = tag
        elif tag == "tr":
            self.row, self.kind = [], given.get("class", "")
        elif tag in ("td", "th"):
            self.cell = Cell("", int(given.get("colspan", 1)), int(given.get("rowspan", 1)), tag == "th")
            indent = re.search(r"gt_indent_(\d)", given.get("class", ""))
            self.cell.text = _INDENT * int(indent[1]) if indent else ""
        elif tag == "br" and self.cell:
            self.cell.text += "\u2028"
        elif tag == "b" and self.cell:
            self.cell.head = True

    def handle_endtag(self, tag: str) -> None:
        """Put a cell that ends into its row, and a row into its part of the table."""
        if tag in ("td", "th") and self.cell:
            text = _SPACE.sub(" ", self.cell.text).strip(" ").replace("\u2028", "\n")
            self.cell.text = re.sub(r"\b([Nn]) = (?=\d)", "\\1\u00a0=\u00a0", text)
            self.row.append(self.cell)
            self.cell = None
        elif tag == "tr":
            if self.part == "thead" and "gt_heading" not in self.kind:
                self.table.heads.append(self.row)
            elif self.part == "tbody":
                self.table.body.append(self.row)
            elif self.part == "tfoot":
                self.table.notes.append(self.row[0])

    def handle_data(self, data: str) -> None:
        """Add to the text of the cell."""
        if self.cell:
            self.cell.text += data


def read(page: str) -> Table:
    """Read a table from the page that the notebooks write of it."""
    reader = _Reader()
    reader.feed(page[page.index("<table") :])
    return reader.table


def of_rows(heads: Iterable[str], rows: Iterable[Iterable[str]], notes: Iterable[str] = ()) -> Table:
    """Make a table of texts; the first cell of each row names it."""
    body = [[Cell(text, head=not n) for n, text in enumerate(row)] for row in rows]
    return Table([[Cell(head, head=True) for head in heads]], body, [Cell(note) for note in notes])


def inlines(text: str) -> list[dict[str, Any]]:
    """Make a text the words of a document, as pandoc has them."""
    found: list[dict[str, Any]] = []
    for n, line in enumerate(text.split("\n")):
        found += [{"t": "LineBreak"}] * bool(n)
        for m, word in enumerate(line.split(" ")):
            found += [{"t": "Space"}] * bool(m) + ([{"t": "Str", "c": word}] if word else [])
    return found


def _cell(cell: Cell, strong: bool = False) -> list[Any]:
    words = [{"t": "Strong", "c": inlines(cell.text)}] if strong else inlines(cell.text)
    return [["", [], []], {"t": "AlignDefault"}, cell.rows, cell.columns, [{"t": "Plain", "c": words}]]


def _row(cells: Iterable[list[Any]]) -> list[Any]:
    return [["", [], []], list(cells)]


_SIGNS = 100  # of a line of a table on a page


def widths(table: Table, longest: int = 42, least: int = 5) -> list[float]:
    """Share the width of a page among the columns by what stands in them: no word is broken, long texts wrap."""
    texts: list[list[str]] = [[] for _ in range(table.width)]
    for row in [*table.heads[-1:], *table.body]:
        if len(row) == table.width:
            for column, cell in zip(texts, row, strict=True):
                column.extend(cell.text.split("\n"))
    sizes, words = [], []
    for column in texts:
        lengths = sorted(map(len, column)) or [0]
        word = max((len(word) for text in column for word in text.split()), default=0)
        # Of long texts the usual length counts, not that of the longest.
        sizes.append(max(min(lengths[-1], longest), word, least, min(lengths[len(lengths) // 2], 90)) + 4)
        words.append((1.25 * word + 2) / _SIGNS)
    # The sum of Python 3.12 is another one than that of 3.11; pandoc adds the shares up and looks whether they are 1.
    shares = [size / fsum(sizes) for size in sizes]
    # What is too narrow for its longest word gets what that takes, from the others.
    tight = [share < word for share, word in zip(shares, words, strict=True)]
    given = fsum(word for word, one in zip(words, tight, strict=True) if one)
    rest = fsum(share for share, one in zip(shares, tight, strict=True) if not one)
    if given + 0.2 > 1 or not rest:
        return shares
    pairs = zip(shares, words, tight, strict=True)
    return [word if one else share * (1 - given) / rest for share, word, one in pairs]


def blocks(table: Table, identifier: str, caption: list[dict[str, Any]], numbered: bool = True) -> list[dict[str, Any]]:
    """Make a table the blocks of a document, as pandoc has them: the table with its caption, and its notes."""
    numeric = [False] * table.width
    for n in range(1, table.width):
        cells = [row[n].text for row in table.body if len(row) == table.width]
        numeric[n] = numbered and bool(cells) and all(_COUNT.fullmatch(text) for text in cells)
    share = widths(table)
    columns = [
        [{"t": "AlignCenter" if right else "AlignLeft"}, {"t": "ColWidth", "c": one}]
        for right, one in zip(numeric, share, strict=True)
    ]
    bodies: list[list[Any]] = []
    for row in table.body:
        section = len(row) == 1 < table.width
        if section or not bodies:
            heading = [_row(_cell(cell, strong=True) for cell in row)] if section else []
            bodies.append([["", [], []], 1, heading, []])
        if not section:
            bodies[-1][3].append(_row(map(_cell, row)))
    made = {
        "t": "Table",
        "c": [
            [identifier, [], []],
            [None, [{"t": "Plain", "c": caption}]],
            columns,
            [["", [], []], [_row(_cell(cell) for cell in row) for row in table.heads]],
            bodies,
            [["", [], []], []],
        ],
    }
    notes: list[dict[str, Any]] = []
    for note in table.notes:
        notes += [{"t": "Space"}] * bool(notes)
        notes += [{"t": "Strong", "c": inlines(note.text)}] if note.head else inlines(note.text)
    below = [{"t": "Div", "c": [["", ["notes"], [["custom-style", "Table Notes"]]], [{"t": "Para", "c": notes}]]}]
    return [made, *(below if notes else [])]
