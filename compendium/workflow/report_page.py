"""One page to read: every figure, table and result of a cohort, put together from the executed notebooks."""

import base64
import binascii
import html
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import mistune

__all__ = ["READING_ORDER", "report_page"]

READING_ORDER: tuple[str, ...] = (
    *("patients", "table-1", "figure-1", "figure-e1", "figure-e2", "symptoms", "table-2", "response"),
    *("response-rates", "figure-2", "figure-e3", "figure-e4", "times", "duration", "dose", "safety"),
    *("biology", "figure-e5", "subgroups", "comparison", "published-comparison", "sensitivity", "sharing"),
)
"""The jobs in the order in which their results are read; others follow."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
body {{margin: 0 auto; padding: 24px; max-width: 60em; font: 16px/1.5 system-ui, sans-serif; color: #111;}}
h1 {{font-size: 26px; line-height: 1.25;}}
h2 {{margin: 0 0 8px; padding-top: 20px; border-top: 1.5px solid #111; font-size: 21px;}}
section {{margin-top: 44px;}}
section > p, section > h3 {{max-width: 46em;}}
img {{max-width: 100%; height: auto;}}
figure {{margin: 20px 0;}}
nav ol {{columns: 2 18em; padding-left: 1.4em;}}
.wide {{overflow-x: auto; margin: 20px 0;}}
.wide .gt_table {{margin-left: 0 !important;}}
.box {{padding: 10px 16px; background: #f2efe8;}}
pre {{white-space: pre-wrap;}}
</style>
</head>
<body>
<h1>{title}</h1>
<div class="box">{notes}</div>
<nav aria-label="Contents"><ol>
{contents}
</ol></nav>
{sections}
</body>
</html>
"""
_MARKDOWN = mistune.create_markdown(escape=True)


def _prose(text: str, names: Sequence[str]) -> str:
    """Set prose; its links lead to the sections of the page, or nowhere."""

    def link(match: re.Match[str]) -> str:
        name, shown = match[1], match[2]
        return f'<a href="#{name}">{shown}</a>' if name in names else shown

    text = re.sub(r"^# .*\n", "", text)
    set_text = re.sub(r'<a href="([^"]*?)(?:\.ipynb)?">(.*?)</a>', link, str(_MARKDOWN(text)))
    return re.sub(r"<(/?)h2>", r"<\1h3>", set_text)


def _picture(data: str, name: str) -> str:
    try:
        content = base64.b64encode(base64.b64decode(data)).decode()  # on one line, and nothing but a picture
    except binascii.Error as error:
        raise ValueError(f"{name}: a picture of the executed notebook is damaged") from error
    return f'<figure><img alt="Figure of {html.escape(name)}" src="data:image/png;base64,{content}"></figure>'


def _outputs(cell: dict, name: str) -> list[str]:
    """Give what a cell shows: pictures, tables (which are HTML already, their texts escaped), or printed text."""
    found = []
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "image/png" in data:
            found.append(_picture("".join(data["image/png"]), name))
        elif "text/html" in data:
            found.append(f'<div class="wide">{"".join(data["text/html"])}</div>')
        elif output["output_type"] == "stream":
            found.append(f"<pre>{html.escape(''.join(output['text']))}</pre>")
    return found


def _section(notebook: Path, names: Sequence[str]) -> tuple[str, str]:
    """Give the title and the contents of one executed notebook, without its code."""
    name = notebook.stem
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    last = max((n for n, cell in enumerate(cells) if cell["cell_type"] == "code"), default=0)
    title = re.sub(r"^# ", "", "".join(cells[0]["source"]).splitlines()[0])
    if name.startswith("figure-"):
        title = _figure_title(title, name)
    parts = [f'<section id="{name}"><h2>{html.escape(title)}</h2>']
    for cell in cells[: last + 1]:  # what stands after the last code only leads to other notebooks
        if cell["cell_type"] == "markdown":
            parts.append(_prose("".join(cell["source"]), names))
        else:
            parts += _outputs(cell, name)
    return title, "\n".join([*parts, "</section>"])


def _figure_title(title: str, name: str) -> str:
    """Give a figure the number of its job: one notebook makes several."""
    return re.sub(r"^Figure \w+", f"Figure {name.removeprefix('figure-').upper()}", title)


def report_page(title: str, notes: Iterable[str], notebooks: Iterable[Path]) -> str:
    """Put executed notebooks on one page.

    Parameters
    ----------
    title : str
        Heading of the page.
    notes : iterable of str
        What is to be read first, a paragraph each.
    notebooks : iterable of Path
        The executed notebooks; they are put into `READING_ORDER`.

    Returns
    -------
    str
        An HTML page in one file, which runs no script and loads nothing.

    Raises
    ------
    ValueError
        If a picture in a notebook is damaged.
    """
    place = {name: number for number, name in enumerate(READING_ORDER)}
    ordered = sorted(notebooks, key=lambda path: (place.get(path.stem, len(place)), path.stem))
    names = [path.stem for path in ordered]
    sections = [_section(path, names) for path in ordered]
    contents = [
        f'<li><a href="#{name}">{html.escape(head)}</a></li>' for name, (head, _) in zip(names, sections, strict=True)
    ]
    return _PAGE.format(
        title=html.escape(title),
        notes="\n".join(f"<p>{html.escape(note)}</p>" for note in notes),
        contents="\n".join(contents),
        sections="\n".join(section for _, section in sections),
    )
