"""A page as its reader gets it: texts in order, tables row by row, and what would be loaded."""

import re
from html.parser import HTMLParser

_EMPTY = ("meta", "link", "br", "img", "col", "input", "hr")


class Reader(HTMLParser):
    """The `words` shown, the `rows` of all tables, the `levels` of their labels, `ids`, `tags` and what is `loaded`.

    The elements that are `open` at the end were not closed, or not in order.
    """

    def __init__(self, text):
        super().__init__()
        self.words, self.rows, self.ids, self.loaded, self.tags, self.levels = [], [], [], [], [], {}
        self.open = []
        self._cell = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.open += [] if tag in _EMPTY else [tag]
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.loaded += [attributes[key] for key in ("src", "href") if key in attributes]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._cell = attributes.get("class", "")
        if tag == "br":
            self.rows[-1][-1] += " "

    def handle_endtag(self, tag):
        if self.open[-1:] == [tag]:
            self.open.pop()
        if tag in ("td", "th"):
            level = re.search(r"gt_indent_(\d)", self._cell)
            self.levels[self.rows[-1][-1].strip()] = int(level[1]) if level else 0
            self._cell = None

    def handle_data(self, data):
        if data.strip() and self.tags[-1:] != ["style"]:
            self.words.append(data.strip())
        if self._cell is not None:
            self.rows[-1][-1] += data.strip("\n")

    def row(self, label):
        """Give the cells of the only row with a label."""
        (found,) = [[cell.strip("\u2007 ") for cell in row] for row in self.rows if row and row[0].strip() == label]
        return found[1:]

    def text(self):
        return "\n".join(" ".join(row) for row in self.rows)
