"""The page of verdicts: every printed number beside the computed one, each contradiction with its proof.

Places and groups stand there in words, numbers with their units. Its markup is `verdicts.html` in the pages of
`reporting`, its look `verdicts.css`, its filters `verdicts.js`.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import NamedTuple

import pandas as pd

from compendium.reporting.pages import render
from compendium.verification.audit.rounding import rounds_to
from compendium.verification.identities import READINGS
from compendium.verification.published import Verdict, place, words
from compendium.verification.verdicts import LARGEST

STUDY = "Omalizumab in patients with a mast cell disorder"

COLUMNS = (  # what a table of verdicts must have
    *("section", "line", "table_row", "table_column", "statement", "population", "kind", "value", "unit", "verdict"),
    *("numerator", "denominator", "denominator_printed", "note", "computed", "n", "computed_denominator", "notebook"),
    *("apart", "reason", "contradicts", "readings", "proof", "explanation", "hypothesis"),
)

_GROUPS: dict[str, str] = {  # populations whose name in the claims file does not explain itself
    **{"all": "All patients", "primary": "Primary MCAS", "idiopathic": "Idiopathic MCAS"},
    **{"MMAS": "MMAS (monoclonal MCAS)", "MCAS": "MCAS (mast cell activation syndrome)"},
    **{"ISM": "ISM (indolent systemic mastocytosis)", "CM": "CM (cutaneous mastocytosis)"},
    **{"CR": "CR (complete response)", "MR": "MR (major response)", "PR": "PR (partial response)"},
    **{"weekly": "On a weekly schedule", "escalated": "With an increased dose"},
}

_REASONS: dict[str, str] = {  # why no patient row can answer, in words; another reason is shown as it is
    **{"rule": "a rule of the study", "schedule": "a schedule of the study", "date": "a date"},
    **{"identifier": "an identifier", "not_recorded": "not recorded for the patients"},
    **{"other_study": "of another study", "other_disease": "of another disease"},
}

_MEANINGS: dict[Verdict, str] = {
    Verdict.REPRODUCED: "the rows give the printed number, rounded half up, with its counts, unit and group",
    Verdict.TRUNCATED: "the rows give the printed digits if the others are cut and not rounded",
    Verdict.WITHIN: "every row lies within the period that is printed, which does not prove where it ends",
    Verdict.CONTRADICTS: "no cohort gives the printed number together with the other statements named in the proof",
    Verdict.NOT_COMPUTABLE: "a rule, a date, a schedule or a number of another study, which no patient row can answer",
    Verdict.DIFFERS: "the rows give another number, and nothing printed explains it; under the paper's rules a defect",
}


class CommonSize(NamedTuple):
    """A number of patients that repairs several statements."""

    size: int
    instead_of: int  # the number that it replaces
    repaired: tuple[str, ...]  # the statements that are then as printed, rounded
    shares: tuple[str, ...]  # how each of them is
    spoiled: int  # reproduced percentages of the other number that would then be wrong
    percentages: int  # all reproduced percentages of the other number
    origin: str  # how the size may be made from other printed counts, if it may


class PageError(ValueError):
    """A table of verdicts that cannot be shown."""


def verdict_page(
    table: pd.DataFrame,
    unused: Iterable[str],
    caveats: Sequence[str] = (),
    findings: pd.DataFrame | None = None,
    root: str = "..",
    determined: dict[str, list[str]] | None = None,
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
    findings : DataFrame, optional
        What holds by a definition only and what words say that numbers limit, as `findings.read_findings` gives it.
    root : str, default ".."
        The project as seen from the folder of the page, for the links to notebooks.
    determined : dict of str to list of str, optional
        Sentences on what the numbers determine: how many ``numbers`` are fixed, and ``facts`` that follow.

    Returns
    -------
    str
        A whole HTML page that needs no other file; equal tables are equal text.

    Raises
    ------
    PageError
        If a column is missing, a verdict is unknown, or a proof names a claim that the table does not have.
    """
    shown = _shown(table, root)
    shown["key"] = shown["verdict"].map(_key)
    shown["proven"] = (shown[["explanation", "contradicts", "hypothesis"]] != "").any(axis="columns")
    claims = shown.to_dict("index")
    for claim in claims.values():
        claim["members"] = [claims[name] for name in claim["members"]]
    found = shown["verdict"].value_counts()
    common = common_size(table)
    repaired = dict(zip(common.repaired, common.shares, strict=True)) if common else {}
    for name, claim in claims.items():
        claim["repaired_as"] = repaired.get(name, "")
    needed = sorted({reading for claim in claims.values() for reading in claim["rests_on"]})
    listed = [] if findings is None else findings.to_dict("records")
    return render(
        "verdicts.html",
        study=STUDY,
        caveats=caveats,
        verdicts=[{"name": v, "key": _key(v), "meaning": _MEANINGS[v], "count": found.get(v, 0)} for v in Verdict],
        sections=_counted(shown["section"], shown["section_name"]),
        populations=_counted(shown["population"], shown["group"]),
        # Defects stand before everything else, and the claims otherwise in their order.
        claims=sorted(claims.values(), key=lambda claim: claim["verdict"] != Verdict.DIFFERS),
        contradictions=[claim for claim in claims.values() if claim["verdict"] == Verdict.CONTRADICTS],
        cut=[claim for claim in claims.values() if claim["verdict"] == Verdict.TRUNCATED],
        common=common,
        repaired=[claims[name] for name in repaired],
        repaired_cut=sum(claims[name]["verdict"] == Verdict.TRUNCATED for name in repaired),
        totals=_totals(found),
        habit=dict(zip(("rounded", "cut"), rounding_habit(table), strict=True)),
        definitions=[one for one in listed if one["kind"] == "definition"],
        wording=[one for one in listed if one["kind"] == "wording"],
        readings=[{"name": name, "text": text, "needed": name in needed} for name, (text, _) in READINGS.items()],
        unused=sorted(unused),
        determined=determined,
    )


def _totals(found: pd.Series) -> dict[str, int]:
    reproduced, cut, within, wrong, rest, differs = (int(found.get(verdict, 0)) for verdict in Verdict)
    agree = reproduced + cut + within
    return {"answered": agree + wrong + differs, "agree": agree, "wrong": wrong, "differs": differs, "rest": rest}


def _key(verdict: str) -> str:
    return Verdict(verdict).name.lower().replace("_", "-")


def _counted(values: pd.Series, names: pd.Series) -> list[tuple[str, str, int]]:
    """Count the claims by the values of a filter, in the order of the first ones."""
    counts = values.value_counts()
    return [(value, name, counts[value]) for value, name in dict(zip(values, names, strict=True)).items()]


def _shown(table: pd.DataFrame, root: str) -> pd.DataFrame:
    """Add to a table of verdicts what is shown of it: names, places and numbers in words, and what a proof rests on."""
    _check(table)
    shown = table.assign(claim=table.index, section_name=table["section"].map(words))
    shown["place"] = [words(place(claim)) for claim in table.to_dict("records")]
    cells = table[["table_row", "table_column"]].to_numpy()
    shown["cell"] = [" · ".join(filter(None, cell)) for cell in cells]
    shown["group"] = shown["population"].map(lambda name: _GROUPS.get(name, words(name)))
    shown["why_not"] = shown["reason"].map(lambda reason: _REASONS.get(reason, reason.replace("_", " ")))
    for text, number in (("printed", "value"), ("computed_text", "computed")):
        shown[text] = [_with_unit(*pair) for pair in shown[[number, "unit"]].to_numpy()]
    shown["printed_counts"] = [_printed_counts(claim) for claim in table.to_dict("records")]
    shown["computed_counts"] = [
        f"{n} of {size}" if n and size and unit in ("percent", "") else ""
        for n, size, unit in table[["n", "computed_denominator", "unit"]].to_numpy()
    ]
    shown["rests_on"] = [[text for text in texts.split("; ") if text] for texts in shown["readings"]]
    shown["computed_by"] = f"{root}/notebooks/" + shown["notebook"]
    shown["members"] = [names.split() or [claim] for claim, names in shown["contradicts"].items()]
    return shown


def _printed_counts(claim: pd.Series) -> str:
    """Write the counts that are printed beside a percentage, and those of a count with its denominator."""
    part = claim["numerator"] if claim["unit"] == "percent" else ""
    whole = claim["denominator"] if claim["denominator_printed"] == "yes" else ""
    if part and not whole:
        return _with_unit(part, "patients")
    return f"{part} of {whole}".strip() if whole else ""


def _check(table: pd.DataFrame) -> None:
    if missing := [column for column in COLUMNS if column not in table]:
        raise PageError(f"the table of verdicts lacks the column {missing[0]!r}")
    wrong = table.index[~table["verdict"].isin(list(Verdict))]
    if len(wrong):
        verdict = table.at[wrong[0], "verdict"]
        raise PageError(f"{wrong[0]}, column verdict: {verdict!r} is none of {', '.join(Verdict)}")
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


def common_size(table: pd.DataFrame) -> CommonSize | None:
    """Search a table of verdicts for one number of patients that repairs the most statements at once.

    Of the statements that contradict themselves or are cut, and are of the same number of patients, those that another
    number up to 65 repairs; the number that repairs the most, the nearest of equals. None if no number repairs two that
    contradict themselves. It is a hypothesis.
    """
    wrong = table[table["verdict"].isin([Verdict.CONTRADICTS, Verdict.TRUNCATED])].to_dict("index")
    sizes = {name: _size(row) for name, row in wrong.items()}
    found = []
    for instead_of, size in product(sorted({size for size in sizes.values() if size}), range(1, LARGEST + 1)):
        if size == instead_of:
            continue
        given = {name: _share(row, size) for name, row in wrong.items() if sizes[name] == instead_of}
        repaired = {name: one[1] for name, one in given.items() if one and rounds_to(one[0], wrong[name]["value"])}
        if sum(wrong[name]["verdict"] == Verdict.CONTRADICTS for name in repaired) > 1:
            found.append((size, instead_of, repaired))
    if not found:
        return None
    size, instead_of, repaired = max(found, key=lambda one: (len(one[2]), -abs(one[0] - one[1])))
    cost, origin = _cost(table, size, instead_of), _origin(table, size, instead_of)
    return CommonSize(size, instead_of, tuple(repaired), tuple(repaired.values()), *cost, origin)


def _share(row: Mapping[str, str], size: int) -> tuple[Fraction, str] | None:
    """Give a statement's number if it were one of another size, and in words; None if it depends on no size."""
    n = int(row["n"] or 0)
    if row["kind"] == "count" and row["computed"].isdigit() and row["n"] == row["computed"]:
        return Fraction(size), f"{size} patients"
    if row["kind"] == "percent" and row["computed_denominator"] and n <= size:
        return Fraction(100 * n, size), f"{n} of {size}"
    if row["kind"] == "ratio" and row["computed_denominator"] and n < size:
        return Fraction(n, size - n), f"{n} to {size - n}"
    return None


def _size(row: Mapping[str, str]) -> int | None:
    if row["kind"] == "count":
        return int(row["n"]) if row["n"] else None
    size = int(row["computed_denominator"]) if row["computed_denominator"] else None
    return size + int(row["n"]) if size and row["kind"] == "ratio" else size


def _cost(table: pd.DataFrame, size: int, instead_of: int) -> tuple[int, int]:
    """Count the reproduced percentages of one size that are wrong of another, and all of them."""
    right = table[(table["kind"] == "percent") & (table["verdict"] == Verdict.REPRODUCED)]
    right = right[right["computed_denominator"] == str(instead_of)]
    wrong = [not rounds_to(Fraction(100 * int(row.n), size), row.value) for row in right.itertuples()]
    return sum(wrong), len(right)


def _origin(table: pd.DataFrame, size: int, instead_of: int) -> str:
    """Say of which two printed counts a size is the difference, and whether the rest to the other size is printed."""
    counts = table[(table["kind"] == "count") & (table["population"] == "screened") & (table["unit"] == "patients")]
    printed = [(words(place(row)), int(row["value"])) for _, row in counts.iterrows()]
    for (whole, larger), (part, smaller) in product(printed, repeat=2):
        if larger - smaller == size:
            text, more = f"{larger} − {smaller} = {size} ({whole}; {part})", size - instead_of
            rest = [where for where, value in printed if value == more and where != part]
            return text + (f", the {more} of {rest[0]} still counted" if rest else "")
    return ""


def rounding_habit(table: pd.DataFrame) -> tuple[int, int]:
    """Count the percentages that show that they were rounded half up, and those that show that digits were cut."""
    percents = table[(table["kind"] == "percent") & (table["computed_denominator"] != "")]
    rounded = percents[(percents["verdict"] == Verdict.REPRODUCED) & (percents["computed_denominator"] != "0")]
    shares = [Fraction(100 * int(row.n), int(row.computed_denominator)) for row in rounded.itertuples()]
    told = [not rounds_to(*one, "truncate") for one in zip(shares, rounded["value"], strict=True)]
    return sum(told), int((percents["verdict"] == Verdict.TRUNCATED).sum())
