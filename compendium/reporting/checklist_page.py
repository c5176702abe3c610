"""The reporting checklist as a table to be read, with links to where each item is met."""

import html
import re
from collections.abc import Sequence
from urllib.parse import quote

import pandas as pd
from great_tables import GT
from great_tables import html as raw_html

from compendium.reporting.checklist import STATUSES, counts
from compendium.reporting.table_style import finish

__all__ = ["checklist_rows", "render_checklist"]

TITLE = "Reporting checklist: STROBE and SAMPL"

NOTES: tuple[str, ...] = (
    "Paper: the accepted manuscript without title page and drawings; L155 is its printed line 155. Compendium: whether "
    "what is computed and written here gives what the item asks; links lead to files, (in brackets) to a word in one.",
    "Not applicable: the item asks for something that was not done, or that no computation can add. The judgements are "
    "those of the makers of this compendium; correct them in compendium/reporting/checklist.csv.",
    "STROBE for cohort studies: von Elm et al., PLoS Medicine 2007;4:e296. SAMPL: Lang and Altman, Science Editors' "
    "Handbook, EASE 2013; it numbers nothing, so the letters are ours; what it asks under several headings stands "
    "once, and a heading without use here is one row. All items are in our words.",
)
"""Printed below the checklist."""

# The mark and the word say what the colour says. On a narrow screen each row becomes a block.
_CSS = """
#checklist {--met: #123d6b; --partly: #2f6496; --not-met: #8f4208; --not-applicable: #5a5a5a;}
#checklist .gt_table {max-width: 1160px; margin: 0 auto;}
#checklist .gt_subtitle {border: none; padding: 12px 0 4px; font-size: 13px; text-align: left; color: #000;}
#checklist .bar {display: flex; align-items: center; margin-bottom: 3px;}
#checklist .bar > span {flex: none; width: 13em;}
#checklist .bar > i {min-width: 2.1em; padding: 3px 6px; border-right: 2px solid #fff; overflow: hidden; color: #fff;
  font-style: normal; white-space: nowrap;}
#checklist .bar > i.key {flex: none;}
#checklist .gt_group_heading {padding: 18px 0 4px; font-size: 15px; border-bottom: 0.75px solid #000;}
#checklist .gt_row {padding: 6px 0 7px 16px; border-bottom: 0.75px solid #d9d9d9; overflow-wrap: anywhere;}
#checklist th.gt_stub {position: static; padding-left: 0; border-bottom: 0.75px solid #d9d9d9;}
#checklist .item {display: flex; gap: 8px;}
#checklist .item > b {flex: none; width: 2em;}
#checklist small {display: block; font-size: 12px;}
#checklist td b {white-space: nowrap;}
#checklist a {color: #1c4f86; text-decoration-thickness: 1px; text-underline-offset: 2px;}
@media (max-width: 900px) {
  #checklist :is(.gt_table, thead, tbody, tfoot, tr, th, td) {display: block; width: auto !important; max-width: none;}
  #checklist .gt_col_headings {display: none;}
  #checklist .gt_row {border: none; margin: 0; padding: 2px 0 2px 2.6em;}
  #checklist th.gt_stub {margin-top: 8px; padding: 8px 0 2px; border: none; border-top: 0.75px solid #d9d9d9;}
  #checklist .gt_group_heading_row + tr th.gt_stub {border: none;}
  #checklist td.gt_row:empty {display: none;}
  #checklist td.gt_row:nth-of-type(1)::before {content: "Paper: ";}
  #checklist td.gt_row:nth-of-type(2)::before {content: "Compendium: ";}
  #checklist .bar {flex-wrap: wrap;}
  #checklist .bar > span {width: 100%;}
}
"""


def _colour(status: str) -> str:
    return f"var(--{status.replace(' ', '-')})"


def _typeset(text: str) -> str:
    """Escape a text, with ranges of lines and percentages that are not broken."""
    return re.sub(r"(?<=\d)-(?=L\d)", "–\u2060", html.escape(text, quote=False)).replace(" %", "\u00a0%")


def _link(pointer: str, root: str) -> str:
    name, _, text = pointer.partition("#")
    shown = html.escape(name).replace("/", "/<wbr>") + (f" ({html.escape(text)})" if text else "")
    return f'<a href="{quote(f"{root}/{name}")}">{shown}</a>'


def _judgement(status: str, where: Sequence[str]) -> str:
    mark = f'<b style="color: {_colour(status)}">{STATUSES[status]} {status}</b>'
    return mark + "".join(f"<small>{place}</small>" for place in where)


def checklist_rows(checklist: pd.DataFrame, root: str = "..") -> pd.DataFrame:
    """Print a checklist as cells of an HTML table.

    Parameters
    ----------
    checklist : DataFrame
        As `read_checklist` gives it.
    root : str, default ".."
        The root of the project as seen from the folder of the page, for the links.

    Returns
    -------
    DataFrame of str
        One row per item: ``Section`` (plain text, with the guideline), ``Item``, ``Paper``, ``Compendium`` and
        ``Remark``; in these the texts of the checklist are escaped, so that markup in them is shown and not obeyed.
    """
    text = checklist.map(_typeset)
    items = '<span class="item"><b>' + text["item"] + "</b><span>" + text["topic"] + "<small>" + text["asks"]
    links = checklist["compendium_where"].map(lambda cell: [_link(pointer, root) for pointer in cell.split()])
    places = text["paper_where"].map(lambda cell: [cell] if cell else [])
    return pd.DataFrame(
        {
            "Section": checklist["guideline"] + ". " + checklist["section"],
            "Item": items + "</small></span></span>",
            "Paper": list(map(_judgement, checklist["paper"], places)),
            "Compendium": list(map(_judgement, checklist["compendium"], links)),
            "Remark": text["remark"],
        }
    )


def _bars(checklist: pd.DataFrame) -> str:
    """Draw how many items stand how: a key, and a bar for each row of `counts`."""
    key = "".join(
        f'<i class="key" style="background: {_colour(status)}">{mark} {status}</i>' for status, mark in STATUSES.items()
    )
    bars = [f'<div class="bar"><span>Guideline (items)</span>{key}</div>']
    for row in counts(checklist).to_dict("records"):
        parts = [
            f'<i style="flex: {row[status]}; background: {_colour(status)}">{mark} {row[status]}</i>'
            for status, mark in STATUSES.items()
            if row[status]
        ]
        label = f"{row['guideline']} ({row['items']}): {row['judged']}"
        bars.append(f'<div class="bar"><span>{label}</span>{"".join(parts)}</div>')
    return "".join(bars)


def render_checklist(checklist: pd.DataFrame, caveats: Sequence[str] = (), root: str = "..") -> GT:
    """Lay out a checklist to be read, with links to where each item is met.

    Parameters
    ----------
    checklist : DataFrame
        As `read_checklist` gives it.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold.
    root : str, default ".."
        The root of the project as seen from the folder of the page, for the links.

    Returns
    -------
    GT
        A notebook shows it; `outputs.save_table` saves it.
    """
    rows = checklist_rows(checklist, root)
    table = GT(rows, rowname_col="Item", groupname_col="Section", id="checklist").tab_header(
        TITLE, raw_html(_bars(checklist))
    )
    # Text without a format is escaped by the library; these cells are markup whose texts are escaped already.
    table = table.fmt(lambda cell: cell, columns=["Item", "Paper", "Compendium", "Remark"]).tab_stubhead("Item")
    table = table.cols_width({"Item": "31%", "Paper": "15%", "Compendium": "30%", "Remark": "24%"})
    return finish(table, "checklist", NOTES, caveats, wrap=True).opt_css(_CSS)
