"""The 55 patients as kinds that are counted: what `kinds.txt` says of them, with the numbers that the claims print.

The same statements for whoever asks: no random number, and every statement says by its layer whether it is printed
(or defined), a reading, or clinical knowledge. `compendium.bounds` finds what they determine.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from analysis.cohort import Cohort
from analysis.dosing import dose_changes
from analysis.followup import sustained
from analysis.response import best_response, last_status
from analysis.vocabulary import POPULATION_DIAGNOSES, Population
from compendium.bounds import statements
from compendium.bounds.conditions import parse, understood
from compendium.bounds.people import Attribute, Cell, People, Statement, Value
from compendium.determined.stored import KINDS
from compendium.reconstruction.statements import read_left_out
from compendium.verification.audit.rounding import printed_number
from compendium.verification.identities import canonical, denominator_of
from compendium.verification.published import CLAIMS, read_answers, read_claims

_MOST_COUNTED = 2  # a counter tells none, one, and two or more


def _diagnoses() -> dict[str, dict[str, str]]:
    """Give what {p} and {d} in `kinds.txt` stand for: each population, and those with a mutation of their own."""
    every = {p.value.lower(): f"diagnosis = {' or '.join(POPULATION_DIAGNOSES[p])}" for p in Population} | {"all": ""}
    tested = {"ism": every["ism"], "cm": every["cm"], "mcas": "diagnosis = MMAS or idiopathic_MCAS"}
    return {"p": every, "d": tested}


def _chain(name: str, parts: list[str]) -> tuple[list[Attribute], list[Statement]]:
    """Count how many of some attributes are "yes", one after the other, so that few stand together."""
    made, defined = [], []
    values = tuple(str(n) for n in range(_MOST_COUNTED + 1))
    for place, part in enumerate(parts):
        now = name if place == len(parts) - 1 else f"{name} after {part}"
        made.append(Attribute(now, values))
        for before in values if place else values[:1]:
            for answer, more in (("yes", 1), ("no", 0)):
                after = values[min(int(before) + more, _MOST_COUNTED)]
                counted = {part: answer} | ({made[place - 1].name: before} if place else {})
                defined.append(statements.implies(f"number of {name}", counted, {now: after}))
    return made, defined


def _lines() -> Iterator[str]:
    text = re.sub(r"^#.*\n", "", KINDS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    # A sentence goes on with lines that are indented and have no sign of a definition.
    text = re.sub(r"\n  (?!never |\S+ = )(?=\S)", " ", text)
    yield from filter(None, text.splitlines())


@cache
def _read() -> tuple[tuple[Attribute, ...], dict[str, Cell], tuple[Statement, ...], dict[str, str]]:
    """Read attributes, who is counted in which quantity, definitions, and the sentence of each."""
    attributes: list[Attribute] = []
    counts: dict[str, Cell] = {}
    defined: list[Statement] = []
    sentences: dict[str, str] = {}
    values: dict[str, tuple[Value, ...]] = {}
    layer = name = ""

    def read(text: str) -> Cell:
        return understood(parse(text.strip().removesuffix(",")), values)

    for line in _lines():
        first, _, rest = line.strip().partition(" ")
        if first == "attribute":
            known, _, allowed = rest.partition(" = ")
            values[known] = tuple(allowed.split())
            attributes.append(Attribute(known, values[known]))
        elif first == "counter":
            counter, _, parts = rest.partition(" of ")
            more, rules = _chain(counter, parts.split())
            attributes += more
            values |= {one.name: one.values for one in more}
            defined += rules
        elif first == "count":
            quantity, _, where = rest.partition(" : ")
            filled = next((key for key in ("p", "d") if f"{{{key}}}" in quantity), None)
            for value, condition in _diagnoses()[filled].items() if filled else (("", ""),):
                at = {filled: value} if filled else {}
                counts[quantity.format(**at)] = read(where.format(**dict.fromkeys(at, condition)))
        elif line.startswith("["):
            heading, _, sentence = line[1:].partition("] ")
            layer, name = heading.split(" ", 1)
            sentences[name] = sentence
        elif first == "never":
            defined.append(statements.never(name, read(rest), layer))
        else:
            when, _, then = line.partition(" => ")
            defined.append(statements.implies(name, read(when), read(then), layer))
    return tuple(attributes), counts, tuple(defined), sentences


def sentences() -> dict[str, str]:
    """Give the sentence of each definition, reading and piece of clinical knowledge by its name."""
    return dict(_read()[3])


def _counted(claims: pd.DataFrame, counts: dict[str, Cell]) -> Iterator[Statement]:
    """Turn each claim that can hold into the counts that it prints: of a part, and of what it is taken of."""
    left_out = read_left_out()["part"]
    seen: set[tuple[Cell, Any]] = set()
    size = int(claims.at["methods.retained", "value"])
    for name, claim in claims.iterrows():
        ratio = claim["statistic"] == "ratio"
        if claim["answer"] == "" or claim["unit"] == "events" or (left_out.get(name) == "whole" and not ratio):
            continue
        quantity = canonical(claim["answer"])
        pairs: list[tuple[Cell, Any]] = []
        whole = counts.get(denominator_of(quantity), ())
        if quantity in counts and ratio:
            pairs.append((counts[quantity], _of_ratio(claim["value"], size)))
        elif quantity in counts:
            if left_out.get(name) == "count" or (claim["kind"] == "percent" and not claim["numerator"]):
                pairs.append((counts[quantity], (claim["value"], whole)))
            elif claim["statistic"] in ("n", "percent"):
                pairs.append((counts[quantity], int(claim["numerator"] or claim["value"])))
        if claim["statistic"] == "denominator":
            pairs.append((whole, int(claim["value"])))
        elif claim["denominator_printed"] == "yes" and not ratio:
            pairs.append((whole, int(claim["denominator"])))
        for cell, number in pairs:
            if (cell, number) in seen or not cell:
                continue
            seen.add((cell, number))
            if isinstance(number, int):
                # That the digits of the ratio are cut is read into the paper, since no split of 55 rounds to it.
                yield statements.counted(name, cell, number, layer="R" if ratio else "P")
            else:
                yield statements.share(name, cell, number[0], of=number[1])


def _of_ratio(printed: str, size: int) -> int:
    """Give the only part of so many patients whose ratio to the others has these digits, rounded or cut."""
    value, decimals = printed_number(printed)
    cut = [n for n in range(size) if n * 10**decimals // (size - n) == value * 10**decimals]
    if len(cut) != 1:
        raise ValueError(f"a ratio printed as {printed} has {len(cut)} splits of {size} patients; allowed is one")
    return cut[0]


def people(claims: pd.DataFrame | None = None) -> People:
    """Make the patients of the paper, their attributes, and all statements on how many of them are of which kind.

    The claims are by default those of the paper; the layers P, R and L can be left out by `People.without`.
    """
    printed = read_claims() if claims is None else claims
    answers = read_answers(CLAIMS.with_name("answers.csv"), printed)
    attributes, counts, defined, _ = _read()
    size = int(printed.at["methods.retained", "value"])
    return People(size, attributes, (*_counted(printed.join(answers), counts), *defined))


def who(text: str) -> Cell:
    """Read whom a question is of: "best = CR or MR, sex = F", or "all"."""
    return understood(parse(text), {one.name: one.values for one in _read()[0]})


def kinds_of(cohort: Cohort) -> pd.DataFrame:
    """Say of each patient of a cohort what `people` knows: one column per attribute that is no step of a counter."""
    patients = cohort.patients.astype(object)
    best = best_response(cohort).astype(object)
    reason = cohort.courses["stop_reason"].astype(object)
    status = last_status(cohort).astype(object).where(cohort.courses["ongoing"] == "yes", reason)
    found = patients.assign(best=best, status=status, sustained=sustained(cohort).map({True: "yes", False: "no"}))
    found[["escalation", "weekly"]] = "no"
    for column in ("escalation", "weekly"):
        changes = dose_changes(cohort, column)
        effect = pd.Series("not_improved", changes.index).mask(changes["improved"], "other_improved")
        for name in ("improved_pr", "reached_pr", "reached_mr")[column == "weekly" :]:
            effect = effect.mask(changes[name], name)
        found.loc[changes.index, column] = effect
    for column in ("histology", "cytology", "phenotype", "kit_d816v"):
        name = f"bone_marrow_{column}"
        found[name] = found[name].where(found[name] == "positive", "other")
    events = cohort.adverse_events
    terms = {re.sub(r"\W+", "_", term): term for term in events["term"].unique()}
    terms |= {"flare": "symptom flare", "severe_event": "laryngeal oedema and dyspnoea"}
    attributes = _read()[0]
    names = [one.name for one in attributes if " after " not in one.name]
    for name in names:
        if name not in found and name in {*terms, "side_effects"}:
            mine = events if name == "side_effects" else events[events["term"] == terms[name]]
            found[name] = np.where(found.index.isin(mine["patient_id"]), "yes", "no")
    drugs = ["cladribine", "masitinib", "imatinib", "rapamycin", "interferon"]
    found["cytoreductive"] = (found[drugs] == "yes").sum(axis=1).clip(upper=_MOST_COUNTED).astype(str)
    mentions = events.groupby("patient_id", observed=True).size().reindex(found.index, fill_value=0)
    found["named_side_effects"] = mentions.clip(upper=_MOST_COUNTED).astype(str)
    return found.reindex(columns=names).astype(object).fillna("no")
