"""Answers to questions on numbers of patients: those of `questions.csv`, and all pairs of `characteristics.csv`."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

import pandas as pd

from compendium.bounds.answers import Bounds, frechet
from compendium.bounds.needed import needed
from compendium.bounds.people import Cell, People, UnknownNameError, both, count_of
from compendium.determined.kinds import people, who
from compendium.determined.results import Determined
from compendium.verification.published import place, read_claims

QUESTIONS = Path(__file__).with_name("questions.csv")
CHARACTERISTICS = Path(__file__).with_name("characteristics.csv")
LAYERS: dict[tuple[str, ...], str] = {
    ("P",): "by the print alone",
    ("P", "R"): "without clinical knowledge",
    ("P", "R", "L"): "",
}
"""What an answer may rest on, and what it is called where more is known: the print, with readings, with knowledge."""
ALL = tuple(LAYERS)[-1]


def read_questions(path: Path, columns: Iterable[str], known: People) -> pd.DataFrame:
    """Read a file of questions, all cells text.

    A missing column, or a cell of ``people`` or ``within`` that names what is not known, is a ValueError with file, row
    and column.
    """
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in columns:
        if name not in frame:
            raise ValueError(f"{path}: column {name} is missing; needed are {', '.join(columns)}")
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
        self.claims = read_claims() if claims is None else claims
        self.people = people(self.claims)
        self._bounds = {one: Bounds(self.people.without(layers=set(ALL) - set(one)), limit) for one in LAYERS}
        self._sizes: dict[Cell, tuple[int, int]] = {}

    def size(self, cell: Cell) -> tuple[int, int]:
        """Bound the number of patients in a cell."""
        if cell not in self._sizes:
            found = self._bounds[ALL].count(cell)
            self._sizes[cell] = found.low, found.high
        return self._sizes[cell]

    def determined(self, quantity: str, label: str, asked: str, within: str, proved: bool = True) -> Determined:
        """Answer how many patients of one kind are of another; `proved` looks for the statements that it rests on."""
        one, inside = who(asked), who(within)
        found = {layers: bounds.count(one, inside) for layers, bounds in self._bounds.items()}
        last = found[ALL]
        ends = {layers: (answer.low, answer.high) for layers, answer in found.items()}
        layers = next(layers for layers in LAYERS if ends[layers] == ends[ALL])
        rests_on: list[str] = []
        proof = self._margins(one, inside, ends[ALL])
        if proved and not proof:
            known, total = self.people.without(layers=set(ALL) - set(layers)), count_of(both(one, inside))
            sides = [needed(known, total, end, lower) for end, lower in zip(ends[ALL], (True, False), strict=True)]
            rests_on = list(dict.fromkeys(name for side in sides for name in side))
            proof = " ".join(filter(None, map(self._because, ends[ALL], ("At least", "At most"), sides)))
        wider = {text: ends[less] for less, text in LAYERS.items() if text and ends[less] != ends[ALL]}
        if wider:
            proof += (
                " " + "; ".join(f"{low} to {high} {text}" for text, (low, high) in wider.items()).capitalize() + "."
            )
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
        texts = [self._described(name) for name in names]
        return f"{side} {end}: {'; '.join(texts)}." if texts else ""

    def _described(self, name: str) -> str:
        """Say what a statement is: a printed number with its place, or a definition or reading by its name."""
        if name not in self.claims.index:
            return name if name.startswith("number of") else f"“{name}”"
        claim = self.claims.loc[name]
        number = f"{claim['numerator']} of {claim['denominator']}" if claim["numerator"] else claim["value"]
        return f"{claim['statement'].rstrip('.').lower()} {number} ({place(claim)})"


def questions(paper: Paper) -> Iterator[tuple[str, Determined]]:
    """Answer the questions of `questions.csv`, each with its topic."""
    for row in read_questions(QUESTIONS, ("topic", "label", "people", "within"), paper.people).itertuples():
        name = f"{row.people} | {row.within}" if who(row.within) else row.people
        yield row.topic, paper.determined(name, row.label, row.people, row.within)


def pair_names(paper: Paper) -> list[tuple[str, str, str, str]]:
    """List, for each two of the characteristics, name and label of the pair and both kinds."""
    rows = read_questions(CHARACTERISTICS, ("characteristic", "label", "people"), paper.people).itertuples()
    return [
        (f"{one.characteristic} and {other.characteristic}", f"{one.label} / {other.label}", one.people, other.people)
        for one, other in combinations(rows, 2)
    ]
