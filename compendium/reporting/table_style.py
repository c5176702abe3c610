"""How tables look: thin rules, no stripes, notes below, and the page that holds a table."""

import html
from collections.abc import Iterable, Sequence

from great_tables import GT
from great_tables import html as raw_html

__all__ = ["finish", "page"]

# ID stands for the identifier of the table. On a narrow screen the numbers scroll while row labels and notes stay.
_CSS = """
#ID .gt_table {border: none; min-width: min(100%, 34em); font-size: 14px; line-height: 1.35;
  font-variant-numeric: tabular-nums;}
#ID .gt_table :is(th, td) {color: #000;}
#ID .gt_table tr {background: none;}
#ID .gt_title {border: none; border-bottom: 1.5px solid #000; padding: 0 0 8px; font-size: 15px; font-weight: bold;
  text-align: left;}
#ID .gt_col_headings, #ID .gt_group_heading, #ID .gt_row {border: none;}
#ID .gt_col_heading {border: none; padding: 6px 0 6px 16px; font-weight: bold; text-align: left; vertical-align: bottom;
  white-space: nowrap;}
#ID thead tr:last-child .gt_col_heading, #ID .gt_col_heading[rowspan="2"] {border-bottom: 0.75px solid #000;}
#ID .gt_column_spanner_outer {border: none; padding: 6px 0 0 16px; font-weight: bold; text-align: left;}
#ID .gt_column_spanner {display: block; border-bottom: 0.75px solid #000; padding-bottom: 4px;}
#ID .gt_table_body {border-top: none; border-bottom: 1.5px solid #000;}
#ID .gt_row {padding: 2px 0 2px 16px; text-align: left; vertical-align: top; white-space: nowrap;}
#ID .gt_heading + tr > th:first-child, #ID th.gt_stub {position: sticky; left: 0; background-color: #fff;
  padding-left: 0;}
#ID th.gt_stub {border: none; min-width: 9em; font-weight: normal; white-space: normal; text-indent: 0;}
#ID th.gt_indent_1 {padding-left: 1.4em;}
#ID th.gt_indent_2 {padding-left: 2.8em;}
#ID .gt_group_heading {padding: 10px 0 2px; font-weight: bold; text-align: left;}
#ID tbody tr:last-child .gt_row {padding-bottom: 6px;}
#ID .gt_sourcenote {max-width: 0; padding: 3px 0 0; font-size: 12px;}
#ID .note {position: sticky; left: 0; display: block; max-width: calc(100vw - 48px);}
#ID tfoot tr:first-child .gt_sourcenote {padding-top: 8px;}
"""
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{margin: 16px;}}</style>
</head>
<body>
{table}
</body>
</html>
"""


def finish(
    table: GT, identifier: str, notes: Iterable[str] = (), caveats: Sequence[str] = (), wrap: bool = False
) -> GT:
    """Give a table its rules, spacing and notes.

    Parameters
    ----------
    table : GT
        The table, made with ``id=identifier``.
    identifier : str
        Identifier of the table on a page.
    notes : iterable of str
        Plain text, printed below the table, one line each; empty ones are left out.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.
    wrap : bool, default False
        Whether a cell may be broken into lines.

    Returns
    -------
    GT
        A new table.
    """
    for note in filter(None, notes):
        table = table.tab_source_note(raw_html(f'<span class="note">{html.escape(note, quote=False)}</span>'))
    for caveat in caveats:
        table = table.tab_source_note(raw_html(f'<b class="note">{html.escape(caveat, quote=False)}</b>'))
    rules = _CSS + "#ID td.gt_row {white-space: normal;}\n" * wrap
    return table.opt_css(rules.replace("ID", identifier))


def page(table: GT, title: str) -> str:
    """Put a table on a page of its own.

    Parameters
    ----------
    table : GT
        The table.
    title : str
        Title of the page.

    Returns
    -------
    str
        A whole HTML page that needs no other file and no script.
    """
    return _PAGE.format(title=html.escape(title), table=table.as_raw_html())
