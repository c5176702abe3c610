"""The verdicts as they are read on the page: places and groups in words, numbers with units, links."""

import pandas as pd

from compendium.verification.published import place
from compendium.verification.verdicts import Verdict

__all__ = ["COLUMNS", "PageError", "shown_claims"]

COLUMNS = (
    *("section", "line", "table_row", "table_column", "statement", "population", "kind", "value", "unit", "verdict"),
    *("numerator", "denominator", "denominator_printed", "note", "computed", "n", "computed_denominator", "notebook"),
    *("apart", "reason", "contradicts", "readings", "proof", "explanation", "hypothesis"),
)
"""What a table of verdicts must have."""

GROUPS: dict[str, str] = {
    "all": "All patients",
    "primary": "Primary MCAS",
    "idiopathic": "Idiopathic MCAS",
    "MMAS": "MMAS (monoclonal MCAS)",
    "ISM": "ISM (indolent systemic mastocytosis)",
    "CM": "CM (cutaneous mastocytosis)",
    "MCAS": "MCAS (mast cell activation syndrome)",
    "CR": "CR (complete response)",
    "MR": "MR (major response)",
    "PR": "PR (partial response)",
    "weekly": "On a weekly schedule",
    "escalated": "With an increased dose",
}
"""Populations whose name in the claims file does not explain itself."""

REASONS: dict[str, str] = {
    "rule": "a rule of the study",
    "schedule": "a schedule of the study",
    "date": "a date",
    "identifier": "an identifier",
    "other_study": "of another study",
    "other_disease": "of another disease",
    "not_recorded": "not recorded for the patients",
}
"""Why no patient row can answer, in words; another reason is shown as it is."""


class PageError(ValueError):
    """A table of verdicts that cannot be shown."""


def shown_claims(table: pd.DataFrame, root: str) -> pd.DataFrame:
    """Add to a table of verdicts what is printed of it.

    Parameters
    ----------
    table : DataFrame of str
        As `compendium.verification.verdicts.verdict_table` gives it; only the columns of `COLUMNS` are used.
    root : str
        The project as seen from the folder of the page.

    Returns
    -------
    DataFrame
        With ``claim``, ``section_name``, ``place``, ``cell`` (row and column of a table), ``group`` (name of the
        population), ``why_not`` (the reason in words), ``printed`` and ``computed_text`` (numbers with units),
        ``printed_counts`` and ``computed_counts`` (the counts beside them), ``computed_by`` (a link), and ``members``
        and ``rests_on`` (lists of the claims of the minimal set and of the readings that it needs).

    Raises
    ------
    PageError
        If a column is missing, a verdict is unknown, or a proof names a claim that the table does not have.
    """
    _check(table)
    shown = table.assign(claim=table.index, section_name=table["section"].map(_words))
    shown["place"] = [_words(place(claim)) for _, claim in table.iterrows()]
    cells = zip(table["table_row"], table["table_column"], strict=True)
    shown["cell"] = [" · ".join(filter(None, cell)) for cell in cells]
    shown["group"] = shown["population"].map(lambda name: GROUPS.get(name, _words(name)))
    shown["why_not"] = shown["reason"].map(lambda reason: REASONS.get(reason, reason.replace("_", " ")))
    for text, number in (("printed", "value"), ("computed_text", "computed")):
        shown[text] = [_with_unit(*pair) for pair in zip(shown[number], shown["unit"], strict=True)]
    shown["printed_counts"] = [_printed_counts(claim) for _, claim in table.iterrows()]
    shown["computed_counts"] = [
        f"{n} of {size}" if n and size and unit in ("percent", "") else ""
        for n, size, unit in zip(table["n"], table["computed_denominator"], table["unit"], strict=True)
    ]
    shown["rests_on"] = [[text for text in texts.split("; ") if text] for texts in shown["readings"]]
    shown["computed_by"] = f"{root}/notebooks/" + shown["notebook"]
    members = zip(shown["contradicts"], shown.index, strict=True)
    shown["members"] = [names.split() or [claim] for names, claim in members]
    return shown


def _printed_counts(claim: pd.Series) -> str:
    """Write the counts that are printed beside a percentage, and those of a count with its denominator."""
    part = claim["numerator"]
    whole = claim["denominator"] if claim["denominator_printed"] == "yes" else ""
    if claim["unit"] != "percent":
        return f"of {whole}" if whole else ""
    if part and whole:
        return f"{part} of {whole}"
    return f"of {whole}" if whole else _with_unit(part, "patients") if part else ""


def _words(name: str) -> str:
    """Write a name of the claims file as words: ``table_1`` as "Table 1"."""
    return name[:1].upper() + name[1:].replace("_", " ")


def _check(table: pd.DataFrame) -> None:
    """Refuse a table that has not what the page shows."""
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise PageError(f"the table of verdicts lacks the column {missing[0]!r}")
    wrong = table.index[~table["verdict"].isin(list(Verdict))]
    if len(wrong):
        allowed = ", ".join(Verdict)
        raise PageError(f"{wrong[0]}, column verdict: {table.at[wrong[0], 'verdict']!r} is none of {allowed}")
    if twice := table.index[table.index.duplicated()].tolist():
        raise PageError(f"{twice[0]}: this claim stands twice in the table of verdicts")
    members = table["contradicts"].str.split().explode().dropna()
    unknown = members[~members.isin(table.index)]
    if len(unknown):
        raise PageError(f"{unknown.index[0]}, column contradicts: there is no claim {unknown.iloc[0]!r}")


def _with_unit(number: str, unit: str) -> str:
    """Print a number with its unit, unless it is none."""
    if not unit or not number[-1:].isdigit():
        return number
    if number == "1":
        unit = {"series": "series", "therapies": "therapy"}.get(unit, unit.removesuffix("s"))
    return f"{number}%" if unit == "percent" else f"{number} {unit}"
