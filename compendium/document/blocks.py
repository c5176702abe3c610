"""A filled text as pandoc reads it, and what each of the three outputs makes of its values, figures and tables."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from compendium.document import tables
from compendium.document.source import SourceError

Block = dict[str, Any]

# Nothing but Markdown: what is written between brackets or after a backslash is text and no program.
_MARKDOWN = "markdown-raw_html-raw_tex-raw_attribute-tex_math_dollars-native_divs-native_spans-smart+smart"
_FIXED = {"SOURCE_DATE_EPOCH": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


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
    made = pandoc(text, "-f", _MARKDOWN, "-t", "json", "--shift-heading-level-by=-1", *options)
    return json.loads(made)


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
    if isinstance(node, list):
        return "".join(plain(item) for item in node)
    if isinstance(node, dict):
        kind = node.get("t")
        if kind == "Str":
            return node["c"]
        if kind in ("Space", "SoftBreak", "LineBreak"):
            return " "
        if kind == "Code":
            return node["c"][1]
        return plain(node["c"]) if "c" in node else ""
    return ""


def identifier(label: str) -> str:
    """Make the name of a table or figure that of its place: "Figure E1" is ``figure-e1``."""
    return label.lower().replace(" ", "-")


def picture_of(block: Block) -> tuple[str, str] | None:
    """Give file and alternative text of a block that is a figure or table to be put in."""
    if block.get("t") != "Figure":
        return None
    image = block["c"][2][0]["c"][0]
    return image["c"][2][0], plain(image["c"][1])


def labelled(caption: list[Block]) -> tuple[str, list[Block]]:
    """Give the name that a caption begins with, as "Table 1", and the caption with that set apart."""
    kind, number = caption[0]["c"], caption[2]["c"].rstrip(".")
    name = {"t": "Strong", "c": [{"t": "Str", "c": f"{kind}\u00a0{number}."}]}
    return f"{kind} {number}", [name, *caption[3:]]


def with_parts(
    document: dict[str, Any],
    table: Callable[[str, Mapping[str, str]], tables.Table],
    figure: Callable[[str, str, str], list[Block]],
) -> list[Block]:
    """Put tables and figures in: `table` reads one by its name, `figure` makes a picture of file, label and words."""

    def put(block: Block) -> Any:
        found = picture_of(block)
        if not found:
            return block
        file, alt = found
        image = block["c"][2][0]["c"][0]["c"]
        label, caption = labelled(block["c"][1][1][0]["c"])
        if file.endswith(".svg"):
            picture = figure(file, label, alt)
            caption = [None, [{"t": "Plain", "c": caption}]]
            return {"t": "Figure", "c": [[identifier(label), [], []], caption, [{"t": "Plain", "c": picture}]]}
        return tables.blocks(table(file, dict(image[0][2])), identifier(label), caption)

    return changed(document["blocks"], put)


def cross_references(blocks: Iterable[Block], labels: Sequence[str]) -> list[Block]:
    """Make every mention of a table or figure lead there."""
    found = {tuple(label.split()) for label in labels}

    def joined(words: list[Block]) -> list[Block]:
        made: list[Block] = []
        n = 0
        while n < len(words):
            one, other = words[n], words[n + 2] if n + 2 < len(words) else {}
            number = re.match(r"[A-Z]?\d+", other["c"]) if other.get("t") == "Str" else None
            mentioned = one.get("t") == "Str" and number and words[n + 1]["t"] in ("Space", "SoftBreak")
            before, kind = re.match(r"(\W*)(.*)", one["c"]).groups() if mentioned else ("", "")
            if mentioned and (kind, number[0]) in found:
                label = [{"t": "Str", "c": f"{kind}\u00a0{number[0]}"}]
                target = [f"#{identifier(f'{kind} {number[0]}')}", ""]
                rest = other["c"][number.end() :]
                made += [{"t": "Str", "c": before}] * bool(before)
                made += [{"t": "Link", "c": [["", [], []], label, target]}] + [{"t": "Str", "c": rest}] * bool(rest)
                n += 3
            else:
                made.append(one)
                n += 1
        return made

    def change(block: Block) -> Block:
        return block | {"c": joined(block["c"])} if block["t"] in ("Para", "Plain", "Emph", "Strong") else block

    return changed(list(blocks), change)


def written(blocks: Sequence[Block], form: str, *options: str, title: str = "") -> bytes:
    """Write blocks in a format of pandoc."""
    meta = {"title": {"t": "MetaInlines", "c": tables.inlines(title)}} if title else {}
    document = {"pandoc-api-version": [1, 23, 1], "meta": meta, "blocks": list(blocks)}
    return pandoc(json.dumps(document), "-f", "json", "-t", form, *options)
