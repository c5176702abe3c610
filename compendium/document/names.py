"""What a text may name: every computed value, the rules it was computed by, the verdicts, and what is determined."""

import csv
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

from analysis.criteria import Criteria
from compendium.origin import ORIGIN
from compendium.reporting.formatting import number
from compendium.verification.published import Verdict, built_values, place

Named = dict[str, dict[str, Any]]


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table of the results, cells as they are written, without the origin; none if there is no such table."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: cell for name, cell in row.items() if name != ORIGIN} for row in csv.DictReader(file)]


def _numbers(row: dict[str, str]) -> dict[str, Any]:
    """Turn the cells that are numbers into such, whole ones whole; an empty cell is left out."""
    found: dict[str, Any] = {}
    for name, cell in row.items():
        try:
            found[name] = int(cell) if cell.lstrip("-").isdecimal() else float(cell)
        except ValueError:
            if cell:
                found[name] = cell
    return found


def _verdicts(claims: list[dict[str, str]]) -> Named:
    counts = Counter(claim["verdict"] for claim in claims)
    found: Named = {f"verdicts.{one.name.lower()}": {"n": counts[one], "denominator": len(claims)} for one in Verdict}
    answered = len(claims) - counts[Verdict.NOT_COMPUTABLE]
    wrong = counts[Verdict.CONTRADICTS] + counts[Verdict.DIFFERS]
    found["verdicts.answered"] = {"n": answered, "denominator": len(claims)}
    found["verdicts.agree"] = {"n": answered - wrong, "denominator": answered}
    found |= {f"printed.{claim['claim']}": {"value": claim["value"].replace(",", ".")} for claim in claims}
    return found if claims else {}


def _determined(answers: list[dict[str, str]], facts: list[dict[str, str]]) -> Named:
    found: Named = {f"determined.{answer['label']}": _numbers(answer) for answer in answers}
    counts = Counter(answer["verdict"] for answer in answers)
    found |= {f"determined.{name}": {"n": n, "denominator": len(answers)} for name, n in counts.items()}
    print_alone = sum(fact["layers"] == "P" for fact in facts)
    return found | {"facts": {"n": len(facts)}, "facts.print_alone": {"n": print_alone, "denominator": len(facts)}}


def _rules(changes: list[dict[str, str]], criteria: Criteria) -> Named:
    """Name each result under each rule: ``rule.worsening=any.best.orr``, whether that rule is in use or not."""
    found: Named = {}
    for change in changes:
        option, value, *names = list(change)[:-2]
        rules = [f"{change[option]}={change[value]}"]
        if not change[option]:  # nothing is changed: the rules in use
            rules = [f"{one.name}={getattr(criteria, one.name)}" for one in fields(Criteria)]
        cells = {name: {"n": int(float(change[name]))} for name in names if change[name]}
        found |= {f"rule.{rule}.{name}": cell for rule in rules for name, cell in cells.items()}
    return found


def named(results: Path, criteria: Criteria) -> Named:
    """Collect what may be named, each with its parts, and ``notebook`` if one computed it.

    From the folder of the results: the values of the text and the cells of Tables 1 and 2 as the published claims name
    them (``response.best.orr.all``, ``table_1:general.sex_ratio:all``), the symptoms as ``figure-1.anaphylaxis``,
    the verdicts, ``printed`` numbers by claim, ``determined`` ranges by their label, and results by ``rule``. The
    rules in use are ``criteria.<option>``.
    """
    found: Named = dict(built_values(results))
    found |= {f"criteria.{one.name}": {"value": getattr(criteria, one.name)} for one in fields(Criteria)}
    for row in rows(results / "figure-1.csv"):
        entry = _numbers(row) | {"notebook": "figure-1.ipynb"}
        found[f"figure-1.{row['symptom']}"] = entry | {"mean": entry.get("mean_score")}
    found |= _verdicts(rows(results / "verdicts.csv"))
    if (results / "determined.csv").is_file():
        found |= _determined(rows(results / "determined-others.csv"), rows(results / "facts.csv"))
    found |= _rules(rows(results / "sensitivity.csv"), criteria)
    return found


def said_of(results: Path) -> dict[str, list[dict[str, str]]]:
    """Give for each computed value what the paper prints of it: place, print, verdict, and what was computed."""
    found: dict[str, list[dict[str, str]]] = {}
    for claim in rows(results / "verdicts.csv"):
        if claim["answer"]:
            unit = {"percent": "%", "": ""}.get(claim["unit"], f" {claim['unit']}")
            said = {"place": place(claim), "printed": claim["value"] + unit, "verdict": claim["verdict"]}
            said["numbers"] = f"{claim['computed']} {claim['n']}"
            found.setdefault(claim["answer"], []).append(said)
    for rate in rows(results / "published-comparison.csv"):  # of another cohort: its rate beside the paper's
        if rate["published_n"]:
            share, difference = f"{rate['published_n']}/{rate['published_denominator']}", "no difference"
            if rate["low"]:
                apart, low, high = (number(float(rate[name]), 1) for name in ("difference", "low", "high"))
                difference = f"difference {apart} points ({low} to {high})"
            said = {"place": rate["place"], "printed": share, "verdict": difference}
            found.setdefault(rate["quantity"], []).append(said)
    return found
