"""The document as one page that needs no other file: contents, drawings, and what stands behind each number."""

import html as markup
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compendium.document import blocks as parts
from compendium.document.graphics import Drawing
from compendium.document.names import Named
from compendium.reporting.pages import LONG, render

Block = dict[str, Any]


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

    def figure(self, file: str, label: str, alt: str) -> list[Block]:
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
        return [{"t": "RawInline", "c": ["html", f"{box}{svg}</span>"]}]


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


def _entries(page: Page) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """List the values that are shown, each once, and say which entry each place in the text leads to."""
    entries: list[dict[str, Any]] = []
    place: dict[tuple[str, str], int] = {}
    leads = {}
    for number, (name, text) in enumerate(page.used):
        if (name, text) not in place:
            place[name, text] = len(entries)
            notebook = page.names[name].get("notebook", "")
            said = [claim for claim in page.said.get(name, []) if _is_of(claim.get("numbers", ""), text)]
            entries.append({"name": name, "text": text, "notebook": notebook, "said": said})
        leads[number] = place[name, text]
    return entries, leads


def _folded(block: Block, words: str) -> Block:
    """Fold a block away behind some words, which open it."""
    begin, end = f"<details><summary>{markup.escape(words)}</summary>", "</details>"
    around = [{"t": "RawBlock", "c": ["html", text]} for text in (begin, end)]
    return {"t": "Div", "c": [["", [], []], [around[0], block, around[1]]]}


def _linked(blocks: Sequence[Block], leads: Mapping[int, int]) -> list[Block]:
    """Make each value lead to what stands behind it, and put each table where it can be moved sideways."""

    def change(block: Block) -> Any:
        if block["t"] == "Span" and "value" in block["c"][0][1]:
            number = leads[int(dict(block["c"][0][2])["n"])]
            return {"t": "Link", "c": [["", ["value"], []], block["c"][1], [f"#v{number}", ""]]}
        if block["t"] == "Table" and block["c"][0][0]:
            name = block["c"][0][0]
            label = [["role", "region"], ["tabindex", "0"], ["aria-label", name.replace("-", " ").capitalize()]]
            shown = {"t": "Div", "c": [["", ["wide"], label], [block]]}
            count = sum(len(body[3]) for body in block["c"][4])
            return _folded(shown, f"{name.replace('-', ' ').capitalize()}: {count} rows") if count > LONG else shown
        return block

    return parts.changed(list(blocks), change)


def order(label: str) -> tuple[bool, str, int]:
    """Put tables before figures, and those with a letter after those without."""
    kind, number = label.split()
    letter = number.rstrip("0123456789")
    return kind != "Table", letter, int(number[len(letter) :])


def html(page: Page, blocks: Sequence[Block], foot: Sequence[Block]) -> str:
    """Write the page."""
    entries, leads = _entries(page)
    options = ("--wrap=none", "--section-divs", "--shift-heading-level-by=1")
    body = parts.written(_linked(blocks, leads), "html5", *options).decode()
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
        labels=[(parts.identifier(label), label) for label in sorted(page.labels, key=order)],
        foot=parts.written(foot, "html5", "--wrap=none").decode(),
    )
