"""Answers to questions on numbers of patients: those of `questions.csv`, and all pairs of `characteristics.csv`."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from compendium.bounds.answers import Bounds, frechet
from compendium.bounds.needed import needed
from compendium.bounds.people import Cell, both, count_of
from compendium.determined.kinds import people, who
from compendium.determined.results import Determined
from compendium.determined.stored import CHARACTERISTICS, QUESTIONS
from compendium.verification.published import place, read_claims

LAYERS: dict[tuple[str, ...], tuple[str, str]] = {
    ("P",): ("In every cohort", "by the print alone"),
    ("P", "R"): ("As the paper is read here,", "without clinical knowledge"),
    ("P", "R", "L"): ("By readings and clinical knowledge", ""),
}
"""What an answer may rest on, how its sentence begins, and what it is called where more is known."""
ALL = tuple(LAYERS)[-1]


def read_questions(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    """Read a file of questions as text; a ValueError names a missing column, or row and column of what is not known."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in columns:
        if name not in frame:
            raise ValueError(f"{path}: column {name} is missing; needed are {', '.join(columns)}")
    for name in ("people", "within"):
        for row, text in frame.get(name, pd.Series(dtype=str)).items():
            try:
                who(text)
            except ValueError as error:
                place = f"{path}, row {row + 2}, column {name}"
                raise ValueError(f"{place}: {text!r} is not allowed; it is {error}") from error
    return frame


def _begun(text: str) -> str:
    """Begin a text with a small letter, but not an abbreviation."""
    return text[0].lower() + text[1:] if text[1:2].islower() else text


class Paper:
    """What the claims of the paper determine of the kinds of its patients, under each of `LAYERS`."""

    def __init__(self, claims: pd.DataFrame | None = None) -> None:
        self.claims = read_claims() if claims is None else claims
        self.people = people(self.claims)
        self._bounds = {one: Bounds(self.people.without(layers=set(ALL) - set(one))) for one in LAYERS}

    def size(self, cell: Cell) -> tuple[int, int]:
        """Bound the number of patients in a cell."""
        found = self._bounds[ALL].count(cell)
        return found.low, found.high

    def determined(self, quantity: str, label: str, asked: str, within: str, proved: bool = True) -> Determined:
        """Answer how many patients of one kind are of another; `proved` looks for the statements that it rests on."""
        one, inside = who(asked), who(within)
        last = self._bounds[ALL].count(one, inside)
        ends = {ALL: (last.low, last.high)}
        for layers in LAYERS:  # with more layers a range is narrower or the same
            found = self._bounds[layers].count(one, inside)
            ends[layers] = (found.low, found.high)
            if ends[layers] == ends[ALL]:
                break
        rests_on: list[str] = []
        proof = self._margins(one, inside, ends[ALL])
        if proved and not proof:
            known, total = self.people.without(layers=set(ALL) - set(layers)), count_of(both(one, inside))
            sides = [needed(known, total, end, lower) for end, lower in zip(ends[ALL], (True, False), strict=True)]
            rests_on = list(dict.fromkeys(chain(*sides)))
            proof = " ".join(filter(None, map(self._because, ends[ALL], ("At least", "At most"), sides)))
        wider = [(*ends[less], text) for less, (_, text) in LAYERS.items() if ends.get(less, ends[ALL]) != ends[ALL]]
        if wider:
            proof += f" {'; '.join(f'{low} to {high} {text}' for low, high, text in wider)}."
        reached = (last.low_reached, last.high_reached)
        return Determined(
            *(quantity, label, "patients", *ends[ALL], *reached, layers, tuple(rests_on), proof.strip(), last.most)
        )

    def _margins(self, one: Cell, inside: Cell, ends: tuple[int, int]) -> str:
        """Prove by the two numbers alone what they suffice for; empty if they do not."""
        sizes = [self.size(cell) for cell in (one, inside)]
        if not inside or any(low != high for low, high in sizes):
            return ""
        (a, _), (b, _), size = *sizes, self.people.size
        if frechet(a, b, size) != ends:
            return ""
        least = f"{a} + {b} − {size} = {ends[0]}" if ends[0] else "0"
        return f"Of {size} patients {a} are the one and {b} the other: both are at least {least}, at most {ends[1]}."

    def _because(self, end: int, side: str, names: list[str]) -> str:
        return f"{side} {end}: {'; '.join(map(self._described, names))}." if names else ""

    def _described(self, name: str) -> str:
        """Say what a statement is: a printed number with its place, or a definition or reading by its name."""
        if name not in self.claims.index:
            return name if name.startswith("number of") else f"“{name}”"
        claim = self.claims.loc[name]
        counted = claim["numerator"] and claim["denominator"]
        number = f"{claim['numerator']} of {claim['denominator']}" if counted else claim["value"]
        return f"{_begun(claim['statement'].rstrip('.'))} {number} ({place(claim)})"


class Question(NamedTuple):
    """How many of some patients are of a kind."""

    topic: str
    quantity: str
    label: str
    people: str
    within: str


def questions() -> list[Question]:
    """List the questions of `questions.csv`."""
    rows = read_questions(QUESTIONS, ("topic", "label", "people", "within")).itertuples()
    return [Question(row.topic, f"{row.people} | {row.within}", row.label, row.people, row.within) for row in rows]


class Pair(NamedTuple):
    """Two characteristics, each with its label and the patients who have it."""

    quantity: str
    labels: tuple[str, str]
    people: tuple[str, str]

    @property
    def label(self) -> str:
        """What a reader calls both together."""
        return " / ".join(self.labels)


def pairs() -> list[Pair]:
    """List each two of the characteristics of `characteristics.csv`."""
    rows = read_questions(CHARACTERISTICS, ("characteristic", "label", "people")).itertuples()
    return [
        Pair(f"{one.characteristic} and {other.characteristic}", (one.label, other.label), (one.people, other.people))
        for one, other in combinations(rows, 2)
    ]


def paired(paper: Paper, pair: Pair) -> tuple[Determined, tuple[int, int]]:
    """Answer how many patients have both, and what the two numbers alone would leave."""
    found = paper.determined(pair.quantity, pair.label, *pair.people, proved=False)
    fewest, most = zip(*(paper.size(who(text)) for text in pair.people), strict=True)
    return found, (frechet(*fewest, paper.people.size)[0], frechet(*most, paper.people.size)[1])


def fact(paper: Paper, pair: Pair, alone: tuple[int, int]) -> Determined | None:
    """Prove what the paper says of two characteristics together beyond the number of each, in a sentence.

    None where it is printed itself, or follows from what the two are, without a printed number.
    """
    together = count_of(both(*map(who, pair.people)))
    printed = any(one.sums == (together,) for one in paper.people.statements if one.name in paper.claims.index)
    found = None if printed else paper.determined(pair.quantity, pair.label, *pair.people)
    if found is None or not set(found.rests_on) & set(paper.claims.index):
        return None
    parts = [f"at least {found.low}"] if found.low > alone[0] else []
    parts += [f"at most {found.high}"] if found.high < alone[1] else []
    number = f"exactly {found.low}" if found.low == found.high else " and ".join(parts)
    one, other = map(_begun, pair.labels)
    sentence = f"{LAYERS[found.layers][0]} {number} of the patients are both: {one}; {other}"
    sentence += f" ({alone[0]} to {alone[1]} by the two numbers alone)"
    return replace(found, label=sentence)
