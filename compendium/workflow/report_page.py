"""One page to read: every figure, table and result of a cohort, put together from the executed notebooks.

Its markup is `results.html` in the pages of `reporting`.
"""

import base64
import binascii
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import mistune

from compendium.reporting.pages import LONG, render

READING_ORDER: tuple[str, ...] = (  # the jobs in the order in which their results are read; others follow
    *("patients", "table-1", "figure-1", "figure-e1", "figure-e2", "symptoms", "table-2", "response"),
    *("response-rates", "figure-2", "figure-e3", "figure-e4", "times", "duration", "dose", "safety"),
    *("biology", "figure-e5", "subgroups", "comparison", "published-comparison", "sensitivity", "sharing"),
)


class _Prose(mistune.HTMLRenderer):
    """Prose whose links lead to the sections of the page, or nowhere; headings stand below those of the sections."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(escape=True)
        self.names = names

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Lead to a section of the page; a link to anything else is only its text."""
        name = url.removesuffix(".ipynb")
        return super().link(text, f"#{name}") if name in self.names else text

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """Set a heading below those of the sections."""
        return super().heading(text, max(level, 3), **attributes)


def _picture(data: str, name: str) -> str:
    try:
        return base64.b64encode(base64.b64decode(data)).decode()  # on one line, and nothing but a picture
    except binascii.Error as error:
        raise ValueError(f"{name}: a picture of the executed notebook is damaged") from error


def _shown(cell: dict, name: str) -> Iterator[tuple[str, str]]:
    """Give what a cell shows: pictures, tables (which are HTML already, their texts escaped), or printed text."""
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "image/png" in data:
            yield "picture", _picture("".join(data["image/png"]), name)
        elif "text/html" in data:
            table = "".join(data["text/html"])
            body = table.partition("<tbody")[2].partition("</tbody")[0]
            rows = body.count("<tr") - body.count('"gt_group_heading_row"')
            yield (f"table of {rows} rows" if rows > LONG else "table"), table
        elif output.get("name") == "stdout":  # on stderr libraries talk to programmers
            yield "printed", "".join(output["text"])


def _section(notebook: Path, prose: mistune.Markdown) -> dict[str, Any]:
    """Give name, title and contents of one executed notebook, without its code."""
    name = notebook.stem
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    title, _, rest = "".join(cells[0]["source"]).removeprefix("# ").partition("\n")
    if name.startswith("figure-"):  # one notebook makes several figures, each with the number of its job
        title = re.sub(r"^Figure \w+", f"Figure {name.removeprefix('figure-').upper()}", title)
    cells[0] = cells[0] | {"source": rest}
    last = max((n for n, cell in enumerate(cells) if cell["cell_type"] == "code"), default=0)
    parts: list[tuple[str, str]] = []
    for cell in cells[: last + 1]:  # what stands after the last code only leads to other notebooks
        if cell["cell_type"] == "markdown":
            parts.append(("prose", str(prose("".join(cell["source"])))))
        else:
            parts += _shown(cell, name)
    return {"name": name, "title": title, "parts": parts}


def report_page(title: str, notes: Iterable[str], notebooks: Iterable[Path], read: Sequence[str] = ()) -> str:
    """Put executed notebooks on one page, a file without scripts, in `READING_ORDER` below what is to be read first.

    Folded away are long tables, and ``read``, lines on how the files were read.
    """
    place = {name: number for number, name in enumerate(READING_ORDER)}
    ordered = sorted(notebooks, key=lambda path: (place.get(path.stem, len(place)), path.stem))
    prose = mistune.create_markdown(renderer=_Prose([path.stem for path in ordered]))
    sections = [_section(path, prose) for path in ordered]
    return render("results.html", title=title, notes=list(notes), read=read, sections=sections)
