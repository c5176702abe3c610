"""The door to the results: one page that leads from the document to every table, figure and file, with a preview."""

import csv
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from compendium.document.page import order
from compendium.origin import ABOUT, ORIGIN
from compendium.reporting.pages import render

_ROWS, _COLUMNS, _SIGNS = 3, 6, 28  # of a preview
_CHECKED = {  # what was checked, beside the document
    "verdicts.html": "A verdict on every printed number, with the proofs of what contradicts itself",
    "determined.html": "What the paper determines, and what it leaves open",
    "determined-others.html": "The same of times, ages, tests and other rules",
    "facts.html": "What follows from the paper and stands nowhere in it",
    "sensitivity.html": "What moves when one rule is changed",
    "checklist.html": "STROBE and SAMPL, item by item",
}


def preview(path: Path) -> list[list[str]]:
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


def _forms(folder: Path, stem: str, made: Iterable[str], order: Sequence[str]) -> list[tuple[str, str]]:
    """List the forms in which a result is there: suffix and file name."""
    names = [f"{stem}.{suffix}" for suffix in order]
    return [(Path(name).suffix[1:], name) for name in names if (folder / name).is_file() or name in made]


def door(
    title: str,
    notes: Sequence[str],
    results: Path,
    captions: Mapping[str, tuple[str, str]],
    made: Sequence[str],
    data: Mapping[str, Path],
) -> str:
    """Write the page.

    `captions` are name and caption of each table and figure of the document, by its file in the folder of the results,
    `made` the files of the document, which need not be there yet, `data` other files by the address that leads there.
    """
    figures, tables = [], []
    for file, (label, caption) in sorted(captions.items(), key=lambda one: order(one[1][0])):
        stem = file.removesuffix(".svg").removesuffix(".html")
        one: dict[str, Any] = {"label": label, "caption": caption, "file": file}
        if file.endswith(".svg"):
            figures.append(one | {"forms": _forms(results, stem, made, ("svg", "pdf", "png", "csv"))})
        else:
            word = _forms(results, label.lower().replace(" ", "-"), made, ("docx",))
            forms = _forms(results, stem, made, ("html", "csv")) + word
            first = results / f"{stem}.csv"
            tables.append(one | {"forms": forms, "preview": preview(first) if first.is_file() else []})
    named = {Path(file).stem for file in captions} | {"verdicts", "contradictions"}
    files = sorted([*results.glob("*.csv"), *results.glob("values-*.json")])
    rest = {path.name: path for path in files if path.stem not in named}
    checked = {name: text for name, text in _CHECKED.items() if (results / name).is_file()}
    listed = {name: preview(path) for name, path in [*rest.items(), *data.items()]}
    return render("door.html", title=title, notes=notes, figures=figures, tables=tables, checked=checked, files=listed)
