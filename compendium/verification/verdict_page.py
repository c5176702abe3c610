"""The page of verdicts: every printed number beside the computed one, each contradiction with its proof."""

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

from compendium.verification.verdict_list import shown_claims
from compendium.verification.verdicts import Verdict

__all__ = ["verdict_page"]

STUDY = "Omalizumab in patients with a mast cell disorder"

MEANINGS: dict[Verdict, str] = {
    Verdict.REPRODUCED: "the rows give the printed number at the printed precision, rounded half up",
    Verdict.TRUNCATED: "the rows give the printed digits if the others are cut and not rounded",
    Verdict.CONTRADICTS: "no cohort gives the printed number together with the other statements named in the proof",
    Verdict.NOT_COMPUTABLE: "a rule, a date, a schedule or a number of another study, which no patient row can answer",
    Verdict.DIFFERS: "the rows give another number although the printed one is possible: a defect of the computation",
}
"""What each verdict means, for the key of the page."""

_MARKS: dict[Verdict, str] = {
    Verdict.REPRODUCED: '<path d="M2 8.5 6 12.5 14 3.5"/>',
    Verdict.TRUNCATED: '<path d="M2 7 5.5 10.5 12 3.5M2 14h12"/>',
    Verdict.CONTRADICTS: '<path d="M3 3 13 13M13 3 3 13"/>',
    Verdict.NOT_COMPUTABLE: '<circle cx="8" cy="8" r="5"/>',
    Verdict.DIFFERS: '<path d="M8 2 15 14H1ZM8 6v4M8 11.5v1"/>',
}
"""Drawn, because fonts lack such signs or draw them alike."""

_HEADINGS = ("Place", "Statement", "Printed", "Computed", "Verdict", "Notebook")


def verdict_page(
    table: pd.DataFrame, unused: Iterable[str], caveats: Sequence[str] = (), study: str = STUDY, root: str = ".."
) -> str:
    """Make the page of verdicts.

    Parameters
    ----------
    table : DataFrame of str
        As `compendium.verification.verdicts.verdict_table` gives it, in the order of the claims file.
    unused : iterable of str
        Names of the computed values that no claim uses.
    caveats : sequence of str
        What must not be overlooked, a paragraph each, as `compendium.reporting.caveats.caveats` gives it.
    study : str
        Title of the study.
    root : str, default ".."
        The project as seen from the folder of the page, for the links to notebooks and to the claims.

    Returns
    -------
    str
        A whole HTML page that needs no other file; equal tables are equal text.

    Raises
    ------
    PageError
        If a column is missing, a verdict is unknown, or a proof names a claim that the table does not have.
    """
    shown = shown_claims(table, root)
    unused = sorted(unused)
    here = Path(__file__)
    style, script = (here.with_suffix(kind).read_text(encoding="utf-8") for kind in (".css", ".js"))
    return Template(here.with_suffix(".html").read_text(encoding="utf-8")).substitute(
        style=style,
        script=script,
        style_digest=_digest(style),
        script_digest=_digest(script),
        study=html.escape(study),
        note="".join(f'<p class="note">{html.escape(caveat)}</p>' for caveat in caveats),
        marks="".join(
            f'<symbol id="mark-{_key(v)}" viewBox="0 0 16 16">{shape}</symbol>' for v, shape in _MARKS.items()
        ),
        counts=_counts(shown["verdict"]),
        meanings="".join(f"<dt>{_mark(v)}{v}</dt><dd>{text}</dd>" for v, text in MEANINGS.items()),
        sections=_options(shown["section"], shown["section_name"]),
        populations=_options(shown["population"], shown["group"]),
        total=f"{len(shown):,}",
        headings=_heads(_HEADINGS),
        rows="\n".join(_row(claim, shown) for claim in _differing_first(shown).to_dict("records")),
        contradicted=(shown["verdict"] == Verdict.CONTRADICTS).sum(),
        contradictions=_report(shown),
        unused_count=f"{len(unused):,}",
        unused="".join(f"<li>{html.escape(name)}</li>" for name in unused),
    )


def _differing_first(shown: pd.DataFrame) -> pd.DataFrame:
    """Put defects before everything else, and keep the order of the claims otherwise."""
    return shown.sort_values("verdict", key=lambda verdict: verdict != Verdict.DIFFERS, kind="stable")


def _digest(source: str) -> str:
    """Give the digest by which the page allows its own script and style, and no other."""
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _key(verdict: str) -> str:
    return Verdict(verdict).name.lower().replace("_", "-")


def _mark(verdict: str) -> str:
    return f'<svg class="mark {_key(verdict)}" aria-hidden="true"><use href="#mark-{_key(verdict)}"/></svg>'


def _counts(verdicts: pd.Series) -> str:
    """Make one button for each verdict, with its count; without a script they are only counts."""
    buttons = []
    for verdict in Verdict:
        count = (verdicts == verdict).sum()
        kind = _key(verdict) if count else f"{_key(verdict)} zero"
        buttons.append(
            f'<button type="button" disabled aria-pressed="false" value="{_key(verdict)}" class="{kind}">'
            f"<b>{count:,}</b> <span>{_mark(verdict)}{verdict}</span></button>"
        )
    return "".join(buttons)


def _options(values: pd.Series, names: pd.Series) -> str:
    """Make the options of a filter, in the order of the first claims, with their counts."""
    known = dict(zip(values, names, strict=True))
    counts = values.value_counts()
    return "".join(
        f'<option value="{html.escape(value)}">{html.escape(name)} ({counts[value]:,})</option>'
        for value, name in known.items()
    )


def _row(claim: dict[str, Any], shown: pd.DataFrame) -> str:
    """Make the row of a claim and, below it, that of its proof."""
    text = {key: html.escape(value) for key, value in claim.items() if isinstance(value, str)}
    proof = _proof(claim, shown) if claim["explanation"] or claim["contradicts"] or claim["hypothesis"] else ""
    missing = "No computed value" if claim["verdict"] == Verdict.DIFFERS and not claim["computed"] else ""
    # A percentage may be right of another count than the one printed beside it.
    printed_count = text.get("numerator", "") if claim["unit"] == "percent" else ""
    other_count = f"as {printed_count} patients" if printed_count and printed_count != text["n"] else ""
    counted = f"{text['n']} of {text['computed_denominator']}" if claim["unit"] == "percent" and claim["n"] else ""
    place = f"{text['section_name']}, L{text['line']}" if claim["line"] else text["section_name"]
    cells = (
        f'<a href="{text["source"]}">{place}</a>{_small(text["cell"])}',
        f"{text['statement']}{_small('' if claim['population'] == 'all' else text['group'])}",
        f"<b>{text['printed']}</b>{_small(other_count)}",
        f"{text['computed_text']}{_small(counted)}{_small(text['why_not'] or missing)}",
        _verdict_cell(text, bool(proof)),
        f'<a href="{text["computed_by"]}">{text["notebook"].removesuffix(".ipynb")}</a>' if claim["notebook"] else "",
    )
    key = _key(claim["verdict"])
    return (
        f'<tr role="row" id="{text["claim"]}" class="claim {key}" data-section="{text["section"]}" '
        f'data-verdict="{key}" data-population="{text["population"]}">{_cells(_HEADINGS, cells)}</tr>{proof}'
    )


def _small(text: str) -> str:
    return f"<small>{text}</small>" if text else ""


def _verdict_cell(text: dict[str, str], unfolds: bool) -> str:
    """Print the verdict, as a button if there is a proof."""
    word = f"{_mark(text['verdict'])}<span>{text['verdict']}</span>"
    if not unfolds:
        return f'<span class="word {_key(text["verdict"])}">{word}</span>'
    return (
        f'<button type="button" disabled class="word unfold {_key(text["verdict"])}" aria-expanded="false" '
        f'aria-controls="{text["claim"]}--proof">{word}</button>'
    )


def _proof(claim: dict[str, Any], shown: pd.DataFrame) -> str:
    """Make the row that unfolds: the arithmetic, the minimal set, and apart from them the hypothesis."""
    parts = [f'<p class="arithmetic">{html.escape(claim["explanation"])}</p>'] if claim["explanation"] else []
    if claim["verdict"] == Verdict.CONTRADICTS:
        parts.append(_minimal_set(shown.loc[claim["members"]]))
    if claim["hypothesis"]:
        parts.append(
            f'<p class="hypothesis"><b>Hypothesis, no part of the proof.</b> {html.escape(claim["hypothesis"])}</p>'
        )
    return (
        f'\n<tr role="row" class="proof" id="{html.escape(claim["claim"])}--proof"><td role="cell" '
        f'colspan="{len(_HEADINGS)}"><details><summary>Proof</summary>{"".join(parts)}</details></td></tr>'
    )


def _minimal_set(members: pd.DataFrame) -> str:
    """List the statements that cannot hold together."""
    if len(members) == 1:
        return "<p>The statement cannot hold by itself: no other is needed for the proof.</p>"
    items = "".join(
        f"<li>{_link(row)}: {html.escape(row['statement'])} <b>{html.escape(row['printed'])}</b></li>"
        for row in members.to_dict("records")
    )
    rest = "either can without the other" if len(members) == 2 else "without any one of them the others can"
    return f'<p>These {len(members)} statements cannot hold together; {rest}:</p><ol class="members">{items}</ol>'


def _link(row: dict[str, Any]) -> str:
    return f'<a href="#{html.escape(row["claim"])}">{html.escape(row["place"])}</a>'


def _report(shown: pd.DataFrame) -> str:
    """Make the table of contradictions, with links to the rows above."""
    found = shown[shown["verdict"] == Verdict.CONTRADICTS]
    if found.empty:
        return "<p>None: all statements can hold together.</p>"
    headings = ("Place", "Statement", "Printed", "Conflicts with", "Why")
    rows = []
    for claim in found.to_dict("records"):
        others = shown.loc[claim["members"][1:]].to_dict("records")
        with_them = "; ".join(f"{_link(other)} ({html.escape(other['printed'])})" for other in others) or "itself"
        texts = (html.escape(claim["statement"]), f"<b>{html.escape(claim['printed'])}</b>", with_them)
        rows.append(_cells(headings, (_link(claim), *texts, html.escape(claim["explanation"]))))
    body = "".join(f'<tr role="row">{row}</tr>' for row in rows)
    return (
        f'<table class="report" role="table"><thead role="rowgroup"><tr role="row">{_heads(headings)}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table>'
    )


def _heads(headings: Iterable[str]) -> str:
    return "".join(f'<th scope="col" role="columnheader">{heading}</th>' for heading in headings)


def _cells(headings: Iterable[str], cells: Iterable[str]) -> str:
    """Make the cells of a row; a narrow screen shows the headings beside them."""
    pairs = zip(headings, cells, strict=True)
    return " ".join(f'<td role="cell" data-label="{heading}">{cell}</td>' for heading, cell in pairs)
