"""Answers as tables: to a file of questions, to all pairs of attributes, and to what nobody asked, as `facts`.

The file has the columns ``attribute``, and if wanted ``by`` and ``population``, all in the words of `conditions`: how
many of a population are in both. A name alone asks for each value of it, or of yes and no for yes.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from compendium.bounds.answers import Answer, Bounds, counted_in, frechet
from compendium.bounds.conditions import NO, OTHER, YES, parse, understood
from compendium.bounds.people import EVERYONE, Cell, People, UnknownNameError, as_cell, both, words
from compendium.verification.audit.claims import ClaimsError, read_strings

COLUMNS = ("attribute", "by", "population")
ANSWERS = (*COLUMNS, "low", "high", "answer", "exact", "by_margins", "rests_on", "layers", "note")
FACTS = ("fact", "low", "high", "alone_low", "alone_high", "surprise", "rests_on", "layers")


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


def facts(
    bounds: Bounds, cohorts: Sequence[pd.DataFrame], pairs: Iterable[tuple[str, str]], smallest: bool = False
) -> pd.DataFrame:
    """List counts of two attributes that are narrower than what is stated of these two alone, most surprising first.

    There the paper as a whole says more than a reader sees; with margins alone stated of the two, they leave what
    Fréchet's formula says. What the cohorts, some populations that fit, show to be possible is not asked for: no fact
    is missed for want of them, with more of them it is found sooner. ``fact`` is a sentence, ``alone_low`` and
    ``alone_high`` are what the two alone say, ``surprise`` is the share of these numbers that is impossible.
    """
    rows = []
    people, values = bounds.people, bounds.people.values
    for one, other in pairs:
        mine = {one, other}
        if all(stated.attributes <= mine for stated in bounds.connected(mine)):
            continue  # nothing else bears on the two
        attributes = tuple(one for one in people.attributes if one.name in mine)
        stated = tuple(one for one in people.statements if one.attributes <= mine)
        narrow = Bounds(replace(people, attributes=attributes, statements=stated), bounds.limit)
        for cell in (as_cell({one: a, other: b}) for a in values[one] for b in values[other]):
            alone = narrow.of(cell)
            seen = [counted_in(cohort, cell) for cohort in cohorts]
            if seen and min(seen) <= alone.low and max(seen) >= alone.high:
                continue
            proved = bounds.of(cell)
            if proved.low > alone.low or proved.high < alone.high:
                used = bounds.of(cell, smallest)
                surprise = 1 - (proved.high - proved.low + 1) / (alone.high - alone.low + 1)
                ends = (proved.low, proved.high, alone.low, alone.high)
                rows.append(
                    (_fact(words(cell), *ends), *ends, surprise, ", ".join(used.rests_on), ", ".join(used.layers))
                )
    found = pd.DataFrame(rows, columns=FACTS)
    return found.sort_values("surprise", ascending=False, kind="stable", ignore_index=True)


def _fact(cell: str, low: int, high: int, least: int, most: int) -> str:
    if low == high:
        return f"exactly {low} with {cell}"
    ends = [f"at least {low}"] * (low > least) + [f"at most {high}"] * (high < most)
    return f"{' and '.join(ends)} with {cell}"
