"""A filled text as pandoc reads it, and what each of the three outputs makes of its values, figures and tables."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from compendium.document.source import SourceError
from compendium.document.tables import Cell, Table

Block = dict[str, Any]  # an element of a document: its kind, and what it holds
Drawn = Callable[[str, str, str], Block]  # makes a picture of file, label and words for those who cannot see it

# Nothing but Markdown: what is written between brackets or after a backslash is text and no program.
_MARKDOWN = "markdown-raw_html-raw_tex-raw_attribute-tex_math_dollars-native_divs-native_spans-smart+smart"
_FIXED = {"SOURCE_DATE_EPOCH": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
_COUNT = re.compile(r"[\u2007\d.,–−+<>=()%\s\u00a0-]*(?:months?|years?|to|\d)?[\u2007\d.,–−+<>=()%\s\u00a0-]*")
UNNAMED = ["", [], []]  # neither identifier nor classes nor other attributes


def pandoc(given: str | bytes, *options: str) -> bytes:
    """Run pandoc on what it is given; a SourceError if it has anything to complain of."""
    from pypandoc import get_pandoc_path

    data = given.encode() if isinstance(given, str) else given
    done = subprocess.run([get_pandoc_path(), *options], input=data, capture_output=True, env=os.environ | _FIXED)
    if done.returncode or done.stderr.strip():
        raise SourceError(done.stderr.decode(errors="replace").strip() or f"pandoc ended with {done.returncode}")
    return done.stdout


def parsed(text: str, bibliography: Path, style: Path) -> dict[str, Any]:
    """Read a filled text, references put in; the heading of the first level is the title."""
    options = ("--citeproc", f"--bibliography={bibliography}", f"--csl={style}", "-M", "link-citations=true")
    return json.loads(pandoc(text, "-f", _MARKDOWN, "-t", "json", "--shift-heading-level-by=-1", *options))


def written(blocks: Sequence[Block], form: str, *options: str, title: str = "") -> bytes:
    """Write blocks in a format of pandoc."""
    meta = {"title": element("MetaInlines", inlines(title))} if title else {}
    document = {"pandoc-api-version": [1, 23, 1], "meta": meta, "blocks": list(blocks)}
    return pandoc(json.dumps(document), "-f", "json", "-t", form, *options)


def element(kind: str, *content: Any) -> Block:
    """Make an element of a kind that pandoc has, of what it holds."""
    held = content[0] if len(content) == 1 else list(content)
    return {"t": kind, "c": held} if content else {"t": kind}


def elements(node: Any) -> Iterator[Block]:
    """Go through a part of a document, each element before those in it."""
    if isinstance(node, list):
        for item in node:
            yield from elements(item)
    elif isinstance(node, dict) and "t" in node:
        yield node
        yield from elements(node.get("c"))


def changed(node: Any, change: Callable[[Block], Any]) -> Any:
    """Rebuild a document, each element replaced by what `change` makes of it: itself, another, or several."""
    if isinstance(node, list):
        found = []
        for item in node:
            made = changed(item, change)
            several = isinstance(made, list) and isinstance(item, dict) and "t" in item
            found += made if several else [made]
        return found
    if isinstance(node, dict):
        inner = {key: changed(value, change) for key, value in node.items()}
        return change(inner) if "t" in inner else inner
    return node


def plain(node: Any) -> str:
    """Give the text of a part of a document."""
    return "".join(map(_text, elements(node)))


def _text(one: Block) -> str:
    match one["t"]:
        case "Str":
            return one["c"]
        case "Code":
            return one["c"][1]
        case "Space" | "SoftBreak" | "LineBreak":
            return " "
    return ""


def inlines(text: str) -> list[Block]:
    """Make a text the words of a document, lines apart."""
    found: list[Block] = []
    for n, line in enumerate(text.split("\n")):
        found += [element("LineBreak")] * bool(n)
        for m, word in enumerate(line.split(" ")):
            found += [element("Space")] * bool(m) + [element("Str", word)] * bool(word)
    return found


def strong(text: str) -> Block:
    """Make a text that must not be overlooked."""
    return element("Strong", inlines(text))


def notes(words: list[Block], *classes: str) -> Block:
    """Make words the notes below a table, or what looks like them."""
    return element("Div", ["", ["notes", *classes], [["custom-style", "Table Notes"]]], [element("Para", words)])


def are_notes(block: Block | None) -> bool:
    """Tell whether a block is notes."""
    return bool(block) and block["t"] == "Div" and "notes" in block["c"][0][1]


def identifier(label: str) -> str:
    """Make the name of a table or figure that of its place: "Figure E1" is ``figure-e1``."""
    return label.lower().replace(" ", "-")


def _cell(cell: Cell, heading: bool = False) -> list[Any]:
    words = [strong(cell.text)] if heading else inlines(cell.text)
    return [UNNAMED, element("AlignDefault"), cell.rows, cell.columns, [element("Plain", words)]]


def of_table(table: Table, name: str, caption: list[Block]) -> list[Block]:
    """Make a table blocks: the table with its caption, and its notes."""
    whole = [row for row in table.body if len(row) == table.width]
    columns = []
    for n, share in enumerate(table.widths()):
        numeric = bool(n and whole) and all(_COUNT.fullmatch(row[n].text) for row in whole)
        columns.append([element("AlignCenter" if numeric else "AlignLeft"), element("ColWidth", share)])
    bodies: list[list[Any]] = []
    for row in table.body:
        section = len(row) == 1 < table.width
        if section or not bodies:
            heading = [[UNNAMED, [_cell(cell, heading=True) for cell in row]]] if section else []
            bodies.append([UNNAMED, 1, heading, []])
        if not section:
            bodies[-1][3].append([UNNAMED, [_cell(cell) for cell in row]])
    heads = [UNNAMED, [[UNNAMED, [_cell(cell) for cell in row]] for row in table.heads]]
    words: list[Block] = []
    for note in table.notes:
        words += [element("Space")] * bool(words)
        words += [strong(note.text)] if note.head else inlines(note.text)
    around = [[name, [], []], [None, [element("Plain", caption)]], columns, heads, bodies, [UNNAMED, []]]
    return [element("Table", *around), *([notes(words)] if words else [])]


class Picture(NamedTuple):
    """A figure or table that a text puts in."""

    file: str
    alt: str  # what is seen in it
    asked: dict[str, str]  # of a table: its columns and rows
    label: str  # the name that its caption begins with, as "Table 1"
    words: list[Block]  # of the caption, after the name

    @property
    def caption(self) -> list[Block]:
        """The caption, its name set apart."""
        return [element("Strong", [element("Str", self.label.replace(" ", "\u00a0") + ".")]), *self.words]


def picture(block: Block) -> Picture | None:
    """Read a block that puts a figure or table in; None if it is another."""
    if block["t"] != "Figure":
        return None
    _, (_, caption), (content, *_) = block["c"]
    (_, _, asked), alt, (file, _) = content["c"][0]["c"]
    kind, _, number, *words = caption[0]["c"]
    return Picture(file, plain(alt), dict(asked), f"{kind['c']} {number['c'].rstrip('.')}", words)


def with_parts(blocks: Sequence[Block], table: Callable[[str, Mapping[str, str]], Table], figure: Drawn) -> list[Block]:
    """Put tables, each read by its file and what is asked of it, and figures in."""

    def put(block: Block) -> Any:
        found = picture(block)
        if not found:
            return block
        name = identifier(found.label)
        if not found.file.endswith(".svg"):
            return of_table(table(found.file, found.asked), name, found.caption)
        content = [element("Plain", [figure(found.file, found.label, found.alt)])]
        return element("Figure", [name, [], []], [None, [element("Plain", found.caption)]], content)

    return changed(blocks, put)


def cross_references(blocks: Iterable[Block], labels: Collection[str]) -> list[Block]:
    """Make every mention of a table or figure lead there."""

    def linked(words: list[Block]) -> list[Block]:
        made: list[Block] = []
        while words:
            three = [one["t"] for one in words[:3]]
            text = plain(words[:3]) if three in (["Str", "Space", "Str"], ["Str", "SoftBreak", "Str"]) else ""
            found = re.fullmatch(r"(\W*)(\S*) ([A-Z]?\d+)(.*)", text)
            if found and (label := f"{found[2]} {found[3]}") in labels:
                shown = [element("Str", label.replace(" ", "\u00a0"))]
                made += [element("Str", found[1])] * bool(found[1])
                made += [element("Link", UNNAMED, shown, [f"#{identifier(label)}", ""])]
                made += [element("Str", found[4])] * bool(found[4])
                words = words[3:]
            else:
                made.append(words[0])
                words = words[1:]
        return made

    def change(block: Block) -> Block:
        return block | {"c": linked(block["c"])} if block["t"] in ("Para", "Plain", "Emph", "Strong") else block

    return changed(list(blocks), change)
