"""The tables of a document that no notebook writes: the rules in use, and counts of what was found."""

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from analysis.criteria import CHOICES, LIMITS, PAPER, Criteria
from compendium.document.names import Named, rows
from compendium.document.tables import Table, of_rows
from compendium.reporting.formatting import count_percent, number, p_value
from compendium.verification.published import Verdict

_MEANINGS: dict[Verdict, str] = {
    Verdict.REPRODUCED: "The rows give it, with its counts, unit and group.",
    Verdict.TRUNCATED: "The rows give it if its further digits are cut, not rounded.",
    Verdict.WITHIN: "The rows keep to the printed period without reaching its end.",
    Verdict.CONTRADICTS: "No cohort can give it together with other printed statements.",
    Verdict.NOT_COMPUTABLE: "A rule, a date, a schedule or another study's number, which no patient's row can answer.",
    Verdict.DIFFERS: "The rows give another number and nothing printed explains it: a defect of this compendium.",
}


def _decides() -> dict[str, str]:
    """Read from the documentation of `Criteria` what each rule decides."""
    # From Python 3.13 on a docstring comes without its indentation.
    part = inspect.cleandoc(Criteria.__doc__ or "").partition("----------\n")[2]
    found = re.findall(r"^(\w+) : [^\n]*\n((?:    [^\n]*\n?)+)", part, re.MULTILINE)
    return {name: " ".join(text.replace("``", "").split()) for name, text in found}


def _rules(results: Path, criteria: Criteria, names: Named) -> Table:
    decides, found = _decides(), []
    for one in fields(Criteria):
        value, usual = getattr(criteria, one.name), getattr(PAPER, one.name)
        low, high = LIMITS.get(one.name, (0, 0))
        others = [name for name in CHOICES[one.name] if name != value] if one.name in CHOICES else []
        text = ", ".join(others).replace("_", " ") or f"any number from {low:g} to {high:g}"
        shown = value.replace("_", " ") if isinstance(value, str) else number(value, 4, trim=True)
        shown += " (not the paper's)" * (value != usual)
        found.append((one.name.replace("_", " "), shown, text, decides[one.name]))
    notes = ["The name of a rule with underscores is its name as an option; (L245) is a line of the manuscript."]
    return of_rows(("Rule", "In use", "Other readings", "What it decides"), found, notes)


def _verdicts(results: Path, criteria: Criteria, names: Named) -> Table:
    found = []
    for verdict in Verdict:
        entry = names[f"verdicts.{verdict.name.lower()}"]
        if entry["n"] or verdict is Verdict.DIFFERS:
            found.append((verdict.capitalize(), count_percent(entry["n"], entry["denominator"]), _MEANINGS[verdict]))
    notes = ["Every statement with its verdict is in verdicts.html and verdicts.csv, beside this document."]
    return of_rows(("Verdict", "Statements (%)", "What it means"), found, notes)


def _contradictions(results: Path, criteria: Criteria, names: Named) -> Table:
    parts = ("place", "statement", "printed", "cannot hold with", "proof")
    found = rows(results / "contradictions.csv")
    shown = [(row["place"][:1].upper() + row["place"][1:], *(row[part] for part in parts[1:])) for row in found]
    notes = ["L with a number is a line of the accepted text, N the number of patients in the head of a column."]
    return of_rows(("Place", "Statement", "Printed", "Cannot hold with", "Because"), shown, notes)


def _side_effects(results: Path, criteria: Criteria, names: Named) -> Table:
    prefix, suffix = "safety.event.", ".all"
    events = {name: one for name, one in names.items() if name.startswith(prefix) and one["n"]}
    shown = []
    for name, one in sorted(events.items(), key=lambda pair: (-pair[1]["n"], pair[0])):
        label = name.removeprefix(prefix).removesuffix(suffix).replace("_", " ").capitalize()
        shown.append((label, count_percent(one["n"], one["denominator"])))
    return of_rows(("Side effect", "Patients (%)"), shown, ["A patient may have had several."])


def _symptoms(results: Path, criteria: Criteria, names: Named) -> Table:
    found = []
    for row in rows(results / "figure-1.csv"):
        score, p, holm = (float(row[name]) if row[name] else None for name in ("mean_score", "p_value", "p_holm"))
        better = sum(int(row[name]) for name in ("slight", "substantial", "dramatic", "disappeared"))
        counts = (row["n"], str(better), row["disappeared"], row["worse"])
        found.append((row["label"], *counts, number(score, 2), p_value(p), p_value(holm)))
    heads = ("Symptom", "Patients", "Better", "Gone", "Worse", "Mean score", "p", "p (Holm)")
    return of_rows(heads, found, ["Score under therapy: 1 before it. p: signed-rank test, before and under therapy."])


def _reading(results: Path, criteria: Criteria, names: Named) -> Table:
    parts = (line.partition(": ") for line in names[READING]["lines"])
    return of_rows(("What", "How it was read"), [(what, how) for what, _, how in parts])


READING = "reading"  # the table of how the files of another centre's cohort were read
MADE: dict[str, Callable[[Path, Criteria, Named], Table]] = {
    "rules": _rules,
    "verdicts": _verdicts,
    "contradictions": _contradictions,
    "side-effects": _side_effects,
    "symptoms": _symptoms,
    READING: _reading,
}
"""The tables that are made here, by the name a text puts them in with."""
