"""Answers beside a cohort, and printed."""

from pathlib import Path

import numpy as np
import pandas as pd

from compendium.bounds.answers import counted_in
from compendium.bounds.people import both
from compendium.determined.kinds import people, sentences, who
from compendium.determined.stored import KEPT, read
from compendium.reporting.formatting import number, p_value, value_range

_FACTS = 3  # so many stand on the page of verdicts, and so many that rest on the print alone
_LAYERS = {"P": "print", "PR": "print and readings", "PRL": "print, readings, clinical knowledge"}


def count(kinds: pd.DataFrame, quantity: str) -> int:
    """Count the patients, as `kinds.kinds_of` describes them, of whom a quantity is, such as "sex = M | best = CR"."""
    asked, _, within = quantity.partition(" | ")
    return counted_in(kinds, both(who(asked), who(within)))


def counts_with_cohort(answers: pd.DataFrame, kinds: pd.DataFrame, reach: pd.DataFrame) -> pd.DataFrame:
    """Keep the answers on numbers of kinds of patients, with ``value``, that of a cohort, and what others have."""
    found = answers[(answers["unit"] == "patients") & answers.index.str.contains(" = ")]
    found = found.join(reach[["smallest", "largest"]])
    return found.assign(value=[count(kinds, quantity) for quantity in found.index])


def outside(answers: pd.DataFrame) -> list[str]:
    """Name the quantities whose value in the cohort lies outside what the paper allows: there must be none."""
    return answers.index[(answers["value"] < answers["low"]) | (answers["value"] > answers["high"])].tolist()


def _attained(answers: pd.DataFrame, lowest: pd.Series, highest: pd.Series) -> list[str]:
    """Say which ends of its range whole cohorts attain, of which these are the lowest and the highest."""
    names = {(True, True): "both ends", (True, False): "the lower end", (False, True): "the upper end"}
    ends = zip(lowest <= answers["low"], highest >= answers["high"], strict=True)
    return [names.get(one, "neither end") for one in ends]


def _reasons(answers: pd.DataFrame) -> dict[str, pd.Series]:
    return {"Rests on": answers["layers"].map(_LAYERS), "Why": answers["proof"]}


def answer_rows(answers: pd.DataFrame) -> pd.DataFrame:
    """Print each answer: its range, the cohort's value, the verdict, what it rests on and why.

    And which ends whole cohorts attain: this one, and those of an ensemble.
    """
    lowest, highest = answers[["value", "smallest"]].min(axis=1), answers[["value", "largest"]].max(axis=1)
    ends = zip(answers["low"], answers["high"], strict=True)
    return pd.DataFrame(
        {
            "Quantity": answers["label"],
            "From–to": [number(a, 4, trim=True) if a == b else value_range(a, b, 4) for a, b in ends],
            "This cohort": [number(value, 4, trim=True) for value in answers["value"]],
            "Verdict": answers["verdict"],
            "Whole cohorts attain": _attained(answers, lowest, highest),
            **_reasons(answers),
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
    named["Whole cohorts attain"] = _attained(rest, rest["low_reached"], rest["high_reached"])
    return pd.DataFrame({**named, "Verdict": rest["verdict"], **_reasons(rest)})


def fact_rows(facts: pd.DataFrame) -> pd.DataFrame:
    """Print the facts that stand nowhere in the paper, each with its reason."""
    return pd.DataFrame({"Fact": facts["label"], **_reasons(facts)}).reset_index(drop=True)


def basis_rows() -> pd.DataFrame:
    """Print what is said of the patients beside the printed numbers: by name, with its layer and sentence."""
    said, layers = sentences(), {one.name: one.layer for one in people().statements}
    kinds = [{"P": "definition", "R": "reading", "L": "clinical knowledge"}[layers[name]] for name in said]
    return pd.DataFrame({"Name": list(said), "What it is": kinds, "What it says": list(said.values())})


WHOLE_NOTE = (
    "Patients with all the printed counts attain every end. Whole cohorts, which have ages, months and grades as well: "
    "this one and those of the ensemble, which were made for no single question."
)


def _verdicts(answers: pd.DataFrame) -> str:
    n = answers["verdict"].value_counts()
    return ", ".join(f"{n.get(verdict, 0)} {verdict}" for verdict in ("fixed", "bounded", "open"))


def pair_note(pairs: pd.DataFrame, reach: pd.DataFrame) -> str:
    """Sum up the table of all pairs of characteristics."""
    whole, free = reach.reindex(pairs.index)["both_ends"].fillna(False), pairs["verdict"] != "fixed"
    return (
        f"Of {len(pairs)} pairs of characteristics: {_verdicts(pairs)}; both ends attained in {pairs['exact'].sum()}, "
        f"and of the {free.sum()} that are not fixed by whole cohorts of the ensemble in {(whole & free).sum()}."
    )


def headlines(folder: str | Path = KEPT) -> dict[str, list[str]]:
    """Sum up what the paper determines for the page of verdicts: how many ``numbers`` are fixed, and some ``facts``."""
    answers, pairs, facts = (read(folder, table) for table in ("answers", "pairs", "facts"))
    texts = [f"Of {len(answers)} quantities asked for: {_verdicts(answers)}."]
    texts += [f"Of {len(pairs)} pairs of characteristics: {_verdicts(pairs)}."]
    shown = pd.concat([facts.head(_FACTS), facts[facts["layers"] == "P"].head(_FACTS)])
    return {"numbers": texts, "facts": shown["label"].drop_duplicates().tolist()}
