"""Answers to questions on numbers of patients: those of `questions.csv`, and all pairs of `characteristics.csv`."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

import pandas as pd

from compendium.bounds.answers import Answer, Bounds, frechet
from compendium.bounds.people import Cell, People, UnknownNameError, both, words
from compendium.determined.kinds import people, who
from compendium.determined.results import Determined

QUESTIONS = Path(__file__).with_name("questions.csv")
CHARACTERISTICS = Path(__file__).with_name("characteristics.csv")
LAYERS: tuple[tuple[str, ...], ...] = (("P",), ("P", "R"), ("P", "R", "L"))
"""The print alone, with readings, and with clinical knowledge."""


def _read(path: Path, known: People, columns: Iterable[str]) -> pd.DataFrame:
    """Read a file of questions; a column ``people`` or ``within`` that cannot be read is refused with file and row."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [name for name in columns if name not in frame]
    if missing:
        raise ValueError(f"{path}: column {missing[0]} is missing")
    for name in ("people", "within"):
        for row, text in frame.get(name, pd.Series(dtype=str)).items():
            try:
                known.check(who(text))
            except UnknownNameError as error:
                raise ValueError(f"{path}, row {row + 2}, column {name}: {text!r} is not allowed; {error}") from error
    return frame


class Paper:
    """What the claims of the paper determine of the kinds of its patients, under each of `LAYERS`."""

    def __init__(self, claims: pd.DataFrame | None = None, limit: float = 10.0) -> None:
        self.people = people(claims)
        every = {"P", "R", "L"}
        self._bounds = {one: Bounds(self.people.without(layers=every - set(one)), limit) for one in LAYERS}
        self._sizes: dict[Cell, tuple[int, int]] = {}

    def size(self, cell: Cell) -> tuple[int, int]:
        """Bound the number of patients in a cell."""
        if cell not in self._sizes:
            found = self._bounds[LAYERS[-1]].count(cell)
            self._sizes[cell] = found.low, found.high
        return self._sizes[cell]

    def answer(
        self, asked: Cell, within: Cell
    ) -> tuple[Answer, tuple[str, ...], dict[tuple[str, ...], tuple[int, int]]]:
        """Bound a count by all layers, tell the fewest layers that give the same ends, and the ends under each."""
        found = {one: bounds.count(asked, within) for one, bounds in self._bounds.items()}
        last = found[LAYERS[-1]]
        ends = {one: (answer.low, answer.high) for one, answer in found.items()}
        return last, next(one for one in LAYERS if ends[one] == ends[LAYERS[-1]]), ends

    def margins(self, asked: Cell, within: Cell) -> tuple[int, int] | None:
        """Bound a count from the two numbers alone, if both are fixed."""
        sizes = [self.size(cell) for cell in (asked, within)]
        fixed = all(low == high for low, high in sizes)
        return frechet(sizes[0][0], sizes[1][0], self.people.size) if fixed and within else None


def _proof(paper: Paper, asked: Cell, within: Cell, low: int, high: int) -> str:
    """Say in a sentence why nothing outside is possible."""
    size = paper.people.size
    if paper.margins(asked, within) == (low, high):
        one, other = (paper.size(cell)[0] for cell in (asked, within))
        least = f"{one} + {other} - {size} = {low}" if low else "0"
        return f"{one} and {other} of {size}: in both are at least {least}, at most the smaller number, {high}."
    if low == high:
        return "The printed numbers leave one value: whole-number programmes by two solvers."
    return "No fewer and no more: whole-number programmes over all kinds of patients, by two solvers."


def determined(paper: Paper, quantity: str, label: str, people: str, within: str) -> Determined:
    """Answer one question."""
    asked, inside = who(people), who(within)
    found, layers, ends = paper.answer(asked, inside)
    proof = _proof(paper, asked, inside, found.low, found.high)
    wider = [f"{low} to {high} {_WITHOUT[one]}" for one, (low, high) in ends.items() if one != LAYERS[-1]]
    wider = [text for text, one in zip(wider, LAYERS, strict=False) if ends[one] != ends[LAYERS[-1]]]
    note = f" Without more than is printed or defined: {'; '.join(wider)}." if wider else ""
    return Determined(
        *(quantity, label, "patients", found.low, found.high, found.low_reached, found.high_reached, layers),
        rests_on=tuple(sorted(_near(paper.people, both(asked, inside)))),
        proof=proof + note,
        most=found.most,
    )


_WITHOUT = {LAYERS[0]: "by the print alone", LAYERS[1]: "without clinical knowledge"}


def _near(known: People, cell: Cell) -> set[str]:
    """Name the statements that speak of nothing but attributes of a cell."""
    names = {name for name, _ in cell}
    return {one.name for one in known.statements if one.attributes and one.attributes <= names}


def questions(paper: Paper) -> Iterator[tuple[str, Determined]]:
    """Answer the questions of `questions.csv`, each with its topic."""
    for row in _read(QUESTIONS, paper.people, ("topic", "label", "people", "within")).itertuples():
        name = f"{row.people} | {row.within}" if who(row.within) else row.people
        yield row.topic, determined(paper, name, row.label, row.people, row.within)


def pairs(paper: Paper) -> Iterator[Determined]:
    """Answer how many patients have both of each two characteristics."""
    rows = _read(CHARACTERISTICS, paper.people, ("characteristic", "label", "people"))
    for one, other in combinations(rows.itertuples(), 2):
        name, label = f"{one.characteristic} and {other.characteristic}", f"{one.label} / {other.label}"
        yield determined(paper, name, label, one.people, other.people)


__all__ = ["CHARACTERISTICS", "LAYERS", "QUESTIONS", "Paper", "determined", "pairs", "questions", "words"]
