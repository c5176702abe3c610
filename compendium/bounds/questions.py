"""Read a file of questions, answer them, and write the answers as a table.

The file has the columns ``attribute``, and if wanted ``by`` and ``population``, all in the words of `conditions`: how
many of a population are in both. A name alone asks for each value of it, or of yes and no for yes.
"""

import os
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from compendium.bounds.answers import Answer, Bounds, frechet
from compendium.bounds.conditions import NO, OTHER, YES, parse, understood
from compendium.bounds.people import EVERYONE, Cell, People, UnknownNameError, both, words
from compendium.verification.audit.claims import ClaimsError, read_strings

COLUMNS = ("attribute", "by", "population")
ANSWERS = (*COLUMNS, "low", "high", "answer", "exact", "by_margins", "rests_on", "layers", "note")


class Question(NamedTuple):
    """How many people of a population are in one cell and in another."""

    one: Cell
    other: Cell = EVERYONE
    population: Cell = EVERYONE


def read_questions(path: str | os.PathLike[str], people: People) -> list[Question]:
    """Read a file of questions; a ClaimsError has all problems: it cannot be read, or asks what is unknown."""
    path = Path(path)
    try:
        table = read_strings(path)
    except FileNotFoundError:
        raise ClaimsError(f"{path}: there is no such file") from None
    except (OSError, ValueError, pd.errors.EmptyDataError) as error:
        raise ClaimsError(f"{path}: the file cannot be read as a CSV table: {str(error).strip()}") from error
    unknown = [name for name in table if name not in COLUMNS]
    if unknown or "attribute" not in table:
        raise ClaimsError(f"{path}: the columns are {', '.join(table)}; allowed are attribute, by and population")
    found: list[Question] = []
    problems = []
    for row, texts in table.iterrows():
        cells: dict[str, list[Cell]] = {}
        for column in COLUMNS:
            try:
                cells[column] = _asked(texts.get(column, ""), people, every=column != "population")
            except (ValueError, UnknownNameError) as error:
                bad = {"file": os.fspath(path), "row": row, "column": column, "value": texts[column]}
                problems.append(bad | {"allowed": str(error)})
        if len(cells) == len(COLUMNS):
            found += [Question(a, b, cells["population"][0]) for a in cells["attribute"] for b in cells["by"]]
    if problems:
        raise ClaimsError(pd.DataFrame(problems))
    return found


def _asked(text: str, people: People, every: bool) -> list[Cell]:
    """Give the cells that are asked for: of a name alone one for each value."""
    parts = parse(text)
    if every and len(parts) == 1 and not parts[0].sign:
        name = parts[0].name
        values = people.values.get(name, (YES, NO))
        if set(values) != {YES, NO}:
            return [((name, (value,)),) for value in values]
    return [understood(parts, people.values)]


def all_pairs(people: People) -> list[Question]:
    """Ask for each count of two attributes in words; of whole numbers there would be too many."""
    cells = {}
    for name, values in people.values.items():
        if isinstance(values[0], str):
            asked = values[:1] if set(values) == {YES, NO} else [value for value in values if value != OTHER]
            cells[name] = [((name, (value,)),) for value in asked]
    return [Question(a, b) for one, other in combinations(cells, 2) for a in cells[one] for b in cells[other]]


def answered(
    bounds: Bounds, questions: Iterable[Question], smallest: bool = False
) -> Iterator[tuple[Question, Answer]]:
    """Answer questions one after the other; values called other are left out where nobody can have them."""
    for question in questions:
        answer = bounds.count(both(question.one, question.other), question.population, smallest)
        if answer.high or all(values != (OTHER,) for cell in question[:2] for _, values in cell):
            yield question, answer


def by_margins(bounds: Bounds, question: Question) -> str:
    """Write what the two margins alone leave, as a line to redo: Fréchet's formula; empty where nothing is to be added.

    It is given where both margins and the population are fixed; what else is printed may narrow it.
    """
    if not question.other or not question.one:
        return ""
    sizes = [bounds.count(cell, question.population) for cell in (question.one, question.other)]
    whole = bounds.of(question.population)
    if any(one.low != one.high for one in (*sizes, whole)):
        return ""
    a, b, n = sizes[0].low, sizes[1].low, whole.low
    low, high = frechet(a, b, n)
    return f"max(0, {a} + {b} - {n}) = {low} to min({a}, {b}) = {high}"


def answer_table(bounds: Bounds, answers: Iterable[tuple[Question, Answer]]) -> pd.DataFrame:
    """Write answers as a table, one row a count.

    ``attribute``, ``by``, ``population``; ``low`` and ``high``; ``answer``: fixed, bounded or open; ``exact``: yes if
    both ends are reached by people who fit; ``by_margins``: what the two margins alone say; ``rests_on``: the claims
    used; ``layers``; ``note``: if a limit was reached.
    """
    rows = []
    for question, answer in answers:
        asked = [words(cell) if cell else "" for cell in question[:2]] + [words(question.population)]
        found = (answer.low, answer.high, answer.verdict, "yes" if answer.exact else "no")
        used = ("; ".join(answer.rests_on), ", ".join(answer.layers), answer.note)
        rows.append((*asked, *found, by_margins(bounds, question), *used))
    return pd.DataFrame(rows, columns=ANSWERS)
