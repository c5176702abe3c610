"""The page of verdicts: every printed number beside the computed one, each contradiction with its proof.

Its markup is `verdicts.html` in the pages of `reporting`, its look `verdicts.css`, its filters `verdicts.js`.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from compendium.reporting.pages import render
from compendium.verification.explanations import common_size, rounding_habit
from compendium.verification.identities import READINGS
from compendium.verification.verdict_list import shown_claims
from compendium.verification.verdicts import Verdict

__all__ = ["verdict_page"]

STUDY = "Omalizumab in patients with a mast cell disorder"

_MEANINGS: dict[Verdict, str] = {
    Verdict.REPRODUCED: "the rows give the printed number, rounded half up, with its counts, unit and group",
    Verdict.TRUNCATED: "the rows give the printed digits if the others are cut and not rounded",
    Verdict.WITHIN: "every row lies within the period that is printed, which does not prove where it ends",
    Verdict.CONTRADICTS: "no cohort gives the printed number together with the other statements named in the proof",
    Verdict.NOT_COMPUTABLE: "a rule, a date, a schedule or a number of another study, which no patient row can answer",
    Verdict.DIFFERS: "the rows give another number although the printed one is possible: a defect of the computation",
}


def verdict_page(
    table: pd.DataFrame,
    unused: Iterable[str],
    caveats: Sequence[str] = (),
    findings: pd.DataFrame | None = None,
    study: str = STUDY,
    root: str = "..",
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
    study : str
        Title of the study.
    root : str, default ".."
        The project as seen from the folder of the page, for the links to notebooks.

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
        study=study,
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
        habit=rounding_habit(table),
        definitions=[one for one in listed if one["kind"] == "definition"],
        wording=[one for one in listed if one["kind"] == "wording"],
        readings=[{"name": name, "text": text, "needed": name in needed} for name, (text, _) in READINGS.items()],
        unused=sorted(unused),
    )


def _key(verdict: str) -> str:
    return Verdict(verdict).name.lower().replace("_", "-")


def _counted(values: pd.Series, names: pd.Series) -> list[tuple[str, str, int]]:
    """Count the claims by the values of a filter, in the order of the first ones."""
    counts = values.value_counts()
    return [(value, name, counts[value]) for value, name in dict(zip(values, names, strict=True)).items()]
