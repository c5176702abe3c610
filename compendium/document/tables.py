"""The tables of a document: read from the pages that the notebooks write, or made of texts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from math import fsum

_SPACE = re.compile(r"[ \t\n\r]+")
_INDENT = "\u2003"  # before the name of a row below another
_SIGNS = 100  # of a line of a table on a page


@dataclass
class Cell:
    """A cell of a table: its text, lines apart, and how many columns and rows it spans."""

    text: str
    columns: int = 1
    rows: int = 1
    head: bool = False


@dataclass
class Table:
    """A table: rows of heads, rows of the body (one with a single wide cell begins a section), and notes below it."""

    heads: list[list[Cell]]
    body: list[list[Cell]]
    notes: list[Cell]  # those that must not be overlooked are heads

    @property
    def width(self) -> int:
        """How many columns there are."""
        return max(sum(cell.columns for cell in row) for row in [*self.heads, *self.body])

    def only(self, columns: Sequence[str], most: int | None = None) -> "Table":
        """Keep some columns by their heads, and so many rows at most; a ValueError names the heads there are."""
        body = self.body[:most]
        if not columns:
            return replace(self, body=body)
        if len(self.heads) != 1:
            raise ValueError("columns cannot be chosen of a table with two rows of heads")
        names = [cell.text for cell in self.heads[0]]
        for name in columns:
            if name not in names:
                raise ValueError(f"there is no column {name!r}; allowed are {', '.join(filter(None, names))}")
        kept = [names.index(name) for name in columns]
        # The heading of a section is one cell, as wide as the table.
        body = [[row[k] for k in kept] if len(row) > 1 else [replace(row[0], columns=len(kept))] for row in body]
        return replace(self, heads=[[self.heads[0][k] for k in kept]], body=body)

    def widths(self) -> list[float]:
        """Share the width of a page among the columns by what stands in them: no word is broken, long texts wrap."""
        rows = [row for row in [*self.heads[-1:], *self.body] if len(row) == self.width]
        sizes, words = [], []
        for column in range(self.width):
            lines = [line for row in rows for line in row[column].text.split("\n")]
            lengths = sorted(map(len, lines)) or [0]
            word = max((len(word) for line in lines for word in line.split()), default=0)
            # Of long texts the usual length counts, not that of the longest.
            sizes.append(max(min(lengths[-1], 42), word, 5, min(lengths[len(lengths) // 2], 90)) + 4)
            words.append((1.25 * word + 2) / _SIGNS)
        # The sum of Python 3.12 is another one than that of 3.11; pandoc adds the shares up and looks whether they
        # are 1.
        shares = [size / fsum(sizes) for size in sizes]
        # What is too narrow for its longest word gets what that takes, from the others.
        pairs = list(zip(shares, words, strict=True))
        given = fsum(word for share, word in pairs if share < word)
        rest = fsum(share for share, word in pairs if share >= word)
        if given + 0.2 > 1 or not rest:
            return shares
        return [word if share < word else share * (1 - given) / rest for share, word in pairs]


class _Reader(HTMLParser):
    """Read the rows of the one table of a page that `reporting.outputs.save_table` writes."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = {"thead": [], "tbody": [], "tfoot": []}
        self.rows, self.row, self.cell = [], [], None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a part of the table, a row or a cell, or note what is in one."""
        given = {name: value or "" for name, value in attrs}
        kind = given.get("class", "")
        if tag in self.parts:
            self.rows = self.parts[tag]
        elif tag == "tr":
            self.row = []
            self.rows += [self.row] if "gt_heading" not in kind else []  # the caption says it
        elif tag in ("td", "th"):
            indent = re.search(r"gt_indent_(\d)", kind)
            text = _INDENT * int(indent[1]) if indent else ""
            self.cell = Cell(text, int(given.get("colspan", 1)), int(given.get("rowspan", 1)), tag == "th")
            self.row.append(self.cell)
        elif tag == "br" and self.cell:
            self.cell.text += "\u2028"
        elif tag == "b" and self.cell:
            self.cell.head = True

    def handle_endtag(self, tag: str) -> None:
        """Settle the text of a cell that ends."""
        if tag in ("td", "th") and self.cell:
            text = _SPACE.sub(" ", self.cell.text).strip(" ").replace("\u2028", "\n")
            self.cell.text = re.sub(r"\b([Nn]) = (?=\d)", "\\1\u00a0=\u00a0", text)
            self.cell = None

    def handle_data(self, data: str) -> None:
        """Add to the text of the cell."""
        if self.cell:
            self.cell.text += data


def read(page: str) -> Table:
    """Read a table from the page that the notebooks write of it."""
    reader = _Reader()
    reader.feed(page[page.index("<table") :])
    heads, body, foot = reader.parts.values()
    return Table(heads, body, [row[0] for row in foot])


def of_rows(heads: Iterable[str], rows: Iterable[Iterable[str]], notes: Iterable[str] = ()) -> Table:
    """Make a table of texts; the first cell of each row names it."""
    body = [[Cell(text, head=not n) for n, text in enumerate(row)] for row in rows]
    return Table([[Cell(head, head=True) for head in heads]], body, [Cell(note) for note in notes])
