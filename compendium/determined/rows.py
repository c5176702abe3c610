"""Answers beside a cohort, and printed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from compendium.bounds.people import Cell
from compendium.determined.kinds import people, sentences, who
from compendium.reporting.formatting import number, p_value, value_range

_LAYERS = {"P": "print", "PR": "print and readings", "PRL": "print, readings, clinical knowledge"}


def _is(kinds: pd.DataFrame, cell: Cell) -> pd.Series:
    """Tell which patients are in a cell."""
    found = pd.Series(True, kinds.index)
    for name, values in cell:
        found &= kinds[name].isin(values)
    return found


def count(kinds: pd.DataFrame, quantity: str) -> int:
    """Count the patients, as `kinds.kinds_of` describes them, of whom a quantity is, such as "sex = M | best = CR"."""
    asked, _, within = quantity.partition(" | ")
    return int((_is(kinds, who(asked)) & _is(kinds, who(within))).sum())


def counts_with_cohort(answers: pd.DataFrame, kinds: pd.DataFrame) -> pd.DataFrame:
    """Keep the answers on numbers of kinds of patients, with ``value``, how many are in a cohort."""
    found = answers[(answers["unit"] == "patients") & answers.index.str.contains(" = ")]
    return found.assign(value=[count(kinds, quantity) for quantity in found.index])


def outside(answers: pd.DataFrame) -> list[str]:
    """Name the quantities whose value in the cohort lies outside what the paper allows: there must be none."""
    return answers.index[(answers["value"] < answers["low"]) | (answers["value"] > answers["high"])].tolist()


def answer_rows(answers: pd.DataFrame) -> pd.DataFrame:
    """Print each answer: its range, the cohort's value, the verdict, what it rests on and why."""
    ends = zip(answers["low"], answers["high"], strict=True)
    return pd.DataFrame(
        {
            "Quantity": answers["label"],
            "From–to": [number(a, 4, trim=True) if a == b else value_range(a, b, 4) for a, b in ends],
            "This cohort": [number(value, 4, trim=True) for value in answers["value"]],
            "Verdict": answers["verdict"],
            "Rests on": answers["layers"].map(_LAYERS),
            "Why": answers["proof"],
        }
    ).reset_index(drop=True)


def _end(value: float, unit: str) -> str:
    if np.isinf(value):
        return "not reached"
    return p_value(value) if unit == "p" else number(value, 2, trim=True)


def other_rows(answers: pd.DataFrame) -> pd.DataFrame:
    """Print the answers on other quantities: times, ages, tests, and numbers of responders under other rules."""
    rest = answers[~answers.index.str.contains(" = ")].reset_index(drop=True)
    ends = zip(rest["low"], rest["high"], rest["unit"], strict=True)
    texts = [_end(low, unit) if low == high else f"{_end(low, unit)} to {_end(high, unit)}" for low, high, unit in ends]
    named = {"About": rest["topic"], "Quantity": rest["label"], "From–to": texts, "Unit": rest["unit"]}
    rests = {"Verdict": rest["verdict"], "Rests on": rest["layers"].map(_LAYERS), "Why": rest["proof"]}
    return pd.DataFrame(named | rests)


def fact_rows(facts: pd.DataFrame) -> pd.DataFrame:
    """Print the facts that stand nowhere in the paper, each with its reason."""
    named = {"Fact": facts["label"], "Rests on": facts["layers"].map(_LAYERS), "Why": facts["proof"]}
    return pd.DataFrame(named).reset_index(drop=True)


def basis_rows() -> pd.DataFrame:
    """Print what is said of the patients beside the printed numbers: by name, with its layer and sentence."""
    layers = {one.name: one.layer for one in people().statements}
    said = sentences()
    kinds = [{"P": "definition", "R": "reading", "L": "clinical knowledge"}[layers[name]] for name in said]
    return pd.DataFrame({"Name": list(said), "What it is": kinds, "What it says": list(said.values())})


def pair_note(pairs: pd.DataFrame) -> str:
    """Sum up the table of all pairs of characteristics."""
    n: Mapping[str, int] = pairs["verdict"].value_counts().to_dict()
    parts = ", ".join(f"{n.get(verdict, 0)} {verdict}" for verdict in ("fixed", "bounded", "open"))
    return f"Of {len(pairs)} pairs of characteristics: {parts}; both ends attained in {int(pairs['exact'].sum())}."
