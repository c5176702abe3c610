"""Pages and the markup inside tables, made from the templates in the folder `pages`.

There every page has a template of its own, laid out by `base.html` with the rules of `style.css`; `parts.html` holds
what stands inside tables, `table.css` how every table looks. What is filled in is text, and markup in it is shown and
not obeyed, unless the template calls it safe, as it does tables. A page is one file, which loads nothing.
"""

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from great_tables import GT
from great_tables import html as raw_html
from jinja2 import Environment, FileSystemLoader, StrictUndefined

LONG = 80  # rows of a table that a page folds away

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_suffix("")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.filters |= {
    "thousands": lambda number: f"{number:,}",
    # Between tags a quotation mark is no markup and stays as it is, which HTML of tables in notebooks rests on.
    "escaped": lambda text: html.escape(text, quote=False),
    "base64": lambda data: base64.b64encode(data).decode(),
    # The digest by which a page allows its own script and style, and no other.
    "sha256": lambda source: hashlib.sha256(source.encode()).digest(),
}


def render(template: str, **values: Any) -> str:
    """Fill in a template of the folder `pages` with all the values that it names, escaped unless it calls them safe."""
    return _TEMPLATES.get_template(template).render(values)


def parts(template: str = "parts.html") -> Any:
    """Give the macros of a template, each of which makes HTML from values."""
    return _TEMPLATES.get_template(template).module


def finish(
    table: GT, identifier: str, notes: Iterable[str] = (), caveats: Sequence[str] = (), wrap: bool = False
) -> GT:
    """Give a table made with ``id=identifier`` its rules and spacing, notes that are not empty, and bold caveats."""
    for line in (*map(parts().note, filter(None, notes)), *map(parts().caveat, caveats)):
        table = table.tab_source_note(raw_html(line))
    return table.opt_css(render("table.css", id=identifier, wrap=wrap))
