"""The pages: the document as one that needs no other file, and the door that leads to it and to every result."""

import csv
import html as markup
import json
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compendium.document import blocks as parts
from compendium.document.blocks import Block, element
from compendium.document.graphics import Drawing
from compendium.document.names import Named
from compendium.origin import ABOUT, ORIGIN
from compendium.reporting.pages import LONG, render

_ROWS, _COLUMNS, _SIGNS = 3, 6, 28  # of a preview
_CHECKED = {  # what was checked, beside the document
    "verdicts.html": "A verdict on every printed number, with the proofs of what contradicts itself",
    "determined.html": "What the paper determines, and what it leaves open",
    "determined-others.html": "The same of times, ages, tests and other rules",
    "facts.html": "What follows from the paper and stands nowhere in it",
    "sensitivity.html": "What moves when one rule is changed",
    "checklist.html": "STROBE and SAMPL, item by item",
}


@dataclass
class Page:
    """What a page needs beside its blocks; `used` are the values the text prints, name and text of each."""

    title: str
    root: str  # the project as seen from the folder of the page
    results: Path
    names: Named
    said: Mapping[str, list[dict[str, str]]]
    used: Sequence[tuple[str, str]]
    labels: Sequence[str]
    notes: Sequence[str]  # what must be said first
    letters: dict[str, str] = field(default_factory=dict)

    def figure(self, file: str, label: str, alt: str) -> Block:
        """Put a drawing into the page, with its name and what is seen in it for those who cannot see it."""
        name = parts.identifier(label)
        drawing = Drawing((self.results / file).read_text(encoding="utf-8"), name)
        self.letters |= drawing.letters
        wide, tall = f"{drawing.width:g}", f"{drawing.height:g}"
        size = f'width="{wide}" height="{tall}" viewBox="0 0 {wide} {tall}"'
        words = f'<title id="{name}-title">{label}</title><desc id="{name}-seen">{markup.escape(alt)}</desc>'
        svg = f'<svg role="img" aria-labelledby="{name}-title {name}-seen" {size}>{words}{"".join(drawing.lines)}</svg>'
        filtered = self.results / f"{file.removesuffix('.svg')}-filtered.json"
        if filtered.is_file():
            shown = json.loads(filtered.read_text(encoding="utf-8"))
            self.letters |= shown.pop("letters")
            text = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
            svg += f'<script type="application/json">{text}</script>'
        box = f'<span class="drawing" id="drawing-{name}" role="group" aria-label="{label}" tabindex="0">'
        return element("RawInline", "html", f"{box}{svg}</span>")


def _is_of(numbers: str, text: str) -> bool:
    """Tell whether a statement is of a number that is shown: of a mean, for example, and not of how many there were."""
    shown = [float(one.replace("−", "-")) for one in re.findall(r"−?\d+(?:\.\d+)?", text.replace(",", ""))]
    computed = [one for one in numbers.split() if re.fullmatch(r"-?[\d.]+", one)]
    # Both are rounded, the shown one to a tenth.
    near = (
        abs(one - float(other)) <= 0.5 / 10 ** len(other.partition(".")[2]) + 0.05
        for one in shown
        for other in computed
    )
    return not computed or any(near)


def _linked(page: Page, blocks: Sequence[Block]) -> tuple[list[Block], list[dict[str, Any]]]:
    """Make each value lead to what stands behind it, and put each table where it can be moved sideways.

    Returns the blocks, and what stands behind the values, each shown one once.
    """
    distinct = list(dict.fromkeys(page.used))
    leads = [distinct.index(used) for used in page.used]

    def change(block: Block) -> Block:
        if block["t"] == "Span" and "value" in block["c"][0][1]:
            number = leads[int(dict(block["c"][0][2])["n"])]
            return element("Link", ["", ["value"], []], block["c"][1], [f"#v{number}", ""])
        if block["t"] != "Table" or not block["c"][0][0]:
            return block
        name = block["c"][0][0].replace("-", " ").capitalize()
        around = [["role", "region"], ["tabindex", "0"], ["aria-label", name]]
        shown = element("Div", ["", ["wide"], around], [block])
        count = sum(len(body[3]) for body in block["c"][4])
        if count <= LONG:
            return shown
        begin, end = f"<details><summary>{name}: {count} rows</summary>", "</details>"
        begin, end = (element("RawBlock", "html", text) for text in (begin, end))
        return element("Div", parts.UNNAMED, [begin, shown, end])

    entries = []
    for name, text in distinct:
        said = [claim for claim in page.said.get(name, []) if _is_of(claim.get("numbers", ""), text)]
        entries.append({"name": name, "text": text, "notebook": page.names[name].get("notebook", ""), "said": said})
    return parts.changed(list(blocks), change), entries


def _order(label: str) -> tuple[bool, str, int]:
    """Put tables before figures, and those with a letter after those without."""
    kind, number = label.split()
    letter = number.rstrip("0123456789")
    return kind != "Table", letter, int(number[len(letter) :])


def html(page: Page, blocks: Sequence[Block], foot: Sequence[Block]) -> str:
    """Write the page."""
    linked, entries = _linked(page, blocks)
    body = parts.written(linked, "html5", "--wrap=none", "--section-divs", "--shift-heading-level-by=1").decode()
    contents: list[dict[str, Any]] = []
    for block in blocks:
        if block["t"] == "Header":
            level, (name, *_), words = block["c"]
            one = {"name": name, "text": parts.plain(words), "below": []}
            if level == 1:
                contents.append(one)
            elif level == 2 and contents:
                contents[-1]["below"].append(one)
    return render(
        "paper.html",
        title=page.title,
        root=page.root,
        notes=page.notes,
        contents=contents,
        body=body,
        letters="".join(page.letters[name] for name in sorted(page.letters)),
        values=entries,
        labels=[(parts.identifier(label), label) for label in sorted(page.labels, key=_order)],
        foot=parts.written(foot, "html5", "--wrap=none").decode(),
    )


def _preview(path: Path) -> list[list[str]]:
    """Show the beginning of a CSV or JSON file as rows of short texts, without where its rows come from."""
    if path.suffix == ".json":
        entries = json.loads(path.read_text(encoding="utf-8")).items()
        values = [one for one in entries if one[0] != ABOUT][:_ROWS]
        texts = [(name, ", ".join(f"{key} {part}" for key, part in entry.items())) for name, entry in values]
        return [[name, textwrap.shorten(text, 2 * _SIGNS, placeholder="…")] for name, text in texts]
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row, _ in zip(csv.reader(file), range(_ROWS + 1), strict=False)]
    if rows and rows[0][0] == ORIGIN:  # the same in all rows, and said above on the page
        rows = [row[1:] for row in rows]
    return [[textwrap.shorten(cell, _SIGNS, placeholder="…") for cell in row[:_COLUMNS]] for row in rows]


def door(
    title: str,
    notes: Sequence[str],
    results: Path,
    pictures: Sequence[parts.Picture],
    made: Collection[str],
    data: Mapping[str, Path],
) -> str:
    """Write the page that leads to the document and to every table, figure and file, with a preview.

    `pictures` are the tables and figures of the document, files in the folder of the results; `made` its own files,
    which need not be there yet; `data` other files by the address that leads there.
    """
    figures, tables = [], []
    for picture in sorted(pictures, key=lambda one: _order(one.label)):
        stem, drawn = Path(picture.file).stem, picture.file.endswith(".svg")
        names = [f"{stem}.{suffix}" for suffix in (("svg", "pdf", "png") if drawn else ("html",))] + [f"{stem}.csv"]
        names += [] if drawn else [f"{parts.identifier(picture.label)}.docx"]
        forms = [(Path(name).suffix[1:], name) for name in names if (results / name).is_file() or name in made]
        first, caption = results / f"{stem}.csv", parts.plain(picture.words).strip()
        one = {"label": picture.label, "caption": caption, "file": picture.file, "forms": forms}
        (figures if drawn else tables).append(one | {"preview": _preview(first) if first.is_file() else []})
    named = {Path(picture.file).stem for picture in pictures} | {"verdicts", "contradictions"}
    files = sorted([*results.glob("*.csv"), *results.glob("values-*.json")])
    rest = {path.name: path for path in files if path.stem not in named}
    checked = {name: text for name, text in _CHECKED.items() if (results / name).is_file()}
    listed = {name: _preview(path) for name, path in [*rest.items(), *data.items()]}
    return render("door.html", title=title, notes=notes, figures=figures, tables=tables, checked=checked, files=listed)
