"""People of a claims file of any paper: what each printed number counts, in words, becomes a statement.

The file is the one that the audit reads. Three more columns say what its numbers are of; a row without the first is
left out:

* ``attribute``: for a count or percent the people who are counted, as `conditions` describes it; for a mean, sd,
  median, minimum or maximum the name of the attribute. A count of ``all`` in no population is the number of people.
* ``scale``: the ends of an attribute of whole numbers, such as ``0 to 10``; without it the printed minimum and maximum
  of everyone.
* ``layer``: P (printed, also where empty), R (a reading), L (plausible).

``population`` is among whom, in the same words. A row of the kind ``rule`` is a definition: its value is ``if stopped
then side effects`` or ``never pregnant, sex = male``. Values of an attribute are those that the file names; unless they
are yes and no, there may be others, which are called other.
"""

import os
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from compendium.bounds import statements as make
from compendium.bounds.conditions import FORM, NO, OTHER, YES, Part, parse, understood
from compendium.bounds.people import EVERYONE, LAYERS, Attribute, Cell, People, Statement, UnknownNameError, both
from compendium.verification.audit.arithmetic import Rules
from compendium.verification.audit.claims import OPTIONAL, ClaimsError, read_claims, read_strings

SUMMARIES = ("mean", "sd", "median", "minimum", "maximum")
RULE = re.compile(r"(?:if (?P<when>.+) then (?P<then>.+)|never (?P<never>.+))")
SCALE = re.compile(r"(\d+) to (\d+)")


class _Problems:
    """Problems of a file, by the name of the claim and the column."""

    def __init__(self, path: Path, rows: dict[str, int]) -> None:
        self.path, self.rows, self.found = path, rows, []

    def add(self, claim: str, column: str, value: str, allowed: str) -> None:
        """Note what is wrong with a cell, and what is allowed there."""
        row = {"file": os.fspath(self.path), "row": self.rows.get(claim, 0), "column": column, "value": value}
        self.found.append(row | {"allowed": allowed})

    def stop(self) -> None:
        """Refuse the file if anything was noted."""
        if self.found:
            raise ClaimsError(pd.DataFrame(self.found).drop_duplicates(["row", "column"]))


class Read(NamedTuple):
    """People of a claims file, and how many of its claims state something of them."""

    people: People
    used: int
    claims: int


def read_people(path: str | os.PathLike[str], rules: Rules = "half_up") -> Read:
    """Read a claims file and make people of it.

    Parameters
    ----------
    path : str or path
        A claims file with the columns above.
    rules : str or tuple of str
        How its numbers may have been rounded.

    Raises
    ------
    ClaimsError
        With all problems at once: what `read_claims` refuses, and what cannot be understood.
    """
    path = Path(path)
    claims = read_claims(path)
    if "attribute" not in claims:
        raise ClaimsError(f"{path}: column attribute is missing, which says who or what each number is of")
    claims = claims.assign(**{n: "" for n in (*OPTIONAL, "attribute", "scale", "layer") if n not in claims})
    rows = {claim: row for row, claim in read_strings(path)["claim"].items()}
    problems = _Problems(path, rows)
    claims = claims[claims["attribute"].ne("") | claims["kind"].eq("rule")]
    parsed = {claim: _parsed(row, claim, problems) for claim, row in claims.iterrows()}
    size = _size(claims, problems)
    problems.stop()
    attributes = _attributes(claims, parsed, problems)
    problems.stop()
    known = {one.name: one for one in attributes}
    stated: list[Statement] = []
    for claim, row in claims.iterrows():
        stated += _Claim(claim, row, parsed[claim], claims, known, size, rules, problems).statements()
    stated += [] if problems.found else _added_up(claims, parsed, known)
    problems.stop()
    used = {one.name for one in stated} & set(rows)
    return Read(People(size, attributes, tuple(stated)), len(used), len(rows))


def _parsed(row: pd.Series, claim: str, problems: _Problems) -> dict[str, list[Part]]:
    """Take apart all conditions of a claim."""
    texts = {"population": row["population"]}
    if row["kind"] == "rule":
        match = RULE.fullmatch(row["value"].strip())
        if not match:
            problems.add(claim, "value", row["value"], "a rule such as 'if stopped then side effects' or 'never a, b'")
        texts |= {name: text for name, text in (match.groupdict() if match else {}).items() if text}
    else:
        texts["attribute"] = row["attribute"]
    if row["layer"] not in ("", *LAYERS):
        problems.add(claim, "layer", row["layer"], f"one of {', '.join(LAYERS)}, or empty")
    found = {}
    for column, text in texts.items():
        try:
            found[column] = parse(text)
        except ValueError as error:
            problems.add(claim, column if column in row else "value", text, str(error))
            found[column] = []
    return found


def _size(claims: pd.DataFrame, problems: _Problems) -> int:
    of_all = claims["kind"].eq("count") & claims["attribute"].str.strip().str.lower().eq("all")
    sizes = claims.loc[of_all & claims["population"].str.strip().str.lower().isin(["", "all"]), "value"]
    if sizes.empty:
        problems.add("", "", "", "no claim says how many people there are; allowed is a count with the attribute all")
        return 1
    for claim, value in sizes[sizes.ne(sizes.iloc[0])].items():
        problems.add(claim, "value", value, f"the number of all people, {sizes.iloc[0]} in the row of {sizes.index[0]}")
    return int(sizes.iloc[0])


def _attributes(
    claims: pd.DataFrame, parsed: dict[str, dict[str, list[Part]]], problems: _Problems
) -> tuple[Attribute, ...]:
    """Collect the attributes, and the values that the file names."""
    words: dict[str, dict[str, str]] = {}
    numeric: dict[str, str] = {}
    for claim, columns in parsed.items():
        for column, parts in columns.items():
            for part in parts:
                mine = words.setdefault(part.name, {})
                summary = claims.at[claim, "kind"] in SUMMARIES and column == "attribute"
                if summary or part.numeric:
                    numeric.setdefault(part.name, claim)
                elif not (part.sign == "" and claims.at[claim, "kind"] in SUMMARIES and column == "attribute"):
                    mine |= {value.lower(): value for value in part.values if value.lower() not in mine}
    found = []
    for name, values in words.items():
        if name in numeric:
            found.append(_scale(name, claims, parsed, numeric[name], problems))
        else:
            closed = set(values) <= {YES, NO}
            others = () if closed or OTHER in values else (OTHER,)
            found.append(Attribute(name, (YES, NO) if closed else (*values.values(), *others)))
    return tuple(found)


def _scale(
    name: str, claims: pd.DataFrame, parsed: dict[str, dict[str, list[Part]]], claim: str, problems: _Problems
) -> Attribute:
    mine = claims[[[part.name for part in parsed[one].get("attribute", [])] == [name] for one in claims.index]]
    for one, text in mine.loc[mine["scale"].ne(""), "scale"].items():
        match = SCALE.fullmatch(text.strip())
        if match and int(match[1]) < int(match[2]):
            return Attribute(name, tuple(range(int(match[1]), int(match[2]) + 1)))
        problems.add(one, "scale", text, "two whole numbers, such as 0 to 10")
    everyone = mine[mine["population"].str.strip().str.lower().isin(["", "all"])]
    ends = [everyone.loc[everyone["kind"].eq(kind), "value"] for kind in ("minimum", "maximum")]
    if all(len(end) and end.iloc[0].isdecimal() for end in ends):
        return Attribute(name, tuple(range(int(ends[0].iloc[0]), int(ends[1].iloc[0]) + 1)) or (0,))
    allowed = f"the ends of {name}, such as 0 to 10, as its minimum and maximum in everyone are not both whole numbers"
    problems.add(claim, "scale", claims.at[claim, "scale"], allowed)
    return Attribute(name, (0, 1))


class _Claim(NamedTuple):
    """One claim, on the way to a statement."""

    name: str
    row: pd.Series
    parsed: dict[str, list[Part]]
    claims: pd.DataFrame
    known: dict[str, Attribute]
    size: int
    rules: Rules
    problems: _Problems

    def cell(self, column: str) -> Cell:
        """Read who is meant in a column; whoever is unknown is noted."""
        try:
            return understood(self.parsed[column], {name: one.values for name, one in self.known.items()})
        except UnknownNameError as error:
            shown = column if column in self.row else "value"
            self.problems.add(self.name, shown, self.row[shown], str(error))
            return EVERYONE

    def statements(self) -> list[Statement]:
        """Say what the claim states of the people."""
        kind, layer = self.row["kind"], self.row["layer"] or "P"
        within = self.cell("population")
        if kind == "rule":
            if "never" in self.parsed:
                return [make.never(self.name, both(self.cell("never"), within), layer)]
            when, then = (self.cell(column) if column in self.parsed else EVERYONE for column in ("when", "then"))
            return [make.implies(self.name, both(when, within), then, layer)]
        if kind in ("count", "percent"):
            return self._counted(kind, within, layer)
        return self._summary(kind, within, layer) if kind in SUMMARIES else []

    def _counted(self, kind: str, within: Cell, layer: str) -> list[Statement]:
        inside, found = both(self.cell("attribute"), within), []
        numerator, denominator = self.row["numerator"], self.row["denominator"]
        if denominator and not within and int(denominator) != self.size:
            allowed = f"{self.size}, the number of all people, or name the population"
            self.problems.add(self.name, "denominator", denominator, allowed)
        elif denominator and within:
            found.append(make.counted(self.name, within, int(denominator), layer=layer))
        number = self.row["value"] if kind == "count" else numerator
        if number:
            found.append(make.counted(self.name, inside, int(number), layer=layer))
        if kind == "percent" and not (number and denominator):
            of = int(denominator) if denominator else within or self.size
            found.append(make.share(self.name, inside, self.row["value"], of, self.rules, layer))
        return found

    def _summary(self, kind: str, within: Cell, layer: str) -> list[Statement]:
        parts = self.parsed["attribute"]
        if len(parts) != 1 or parts[0].sign:
            self.problems.add(self.name, "attribute", self.row["attribute"], f"the name of one attribute for a {kind}")
            return []
        attribute, value = self.known[parts[0].name], self.row["value"]
        n = int(self.row["n"]) if self.row["n"] else None if within else self.size
        if kind in ("minimum", "maximum"):
            if not value.isdecimal() or int(value) not in attribute.values:
                ends = f"{attribute.values[0]} to {attribute.values[-1]}"
                self.problems.add(self.name, "value", value, f"a whole number of {attribute.name}, {ends}")
                return []
            end: Callable[..., Statement] = make.smallest if kind == "minimum" else make.largest
            return [end(self.name, attribute, int(value), within, layer)]
        if kind == "mean":
            return [make.mean(self.name, attribute, value, n, within, self.rules, layer)]
        if n is None:
            self.problems.add(self.name, "n", "", f"how many people the {kind} is of")
            return []
        if kind == "median":
            return [make.median(self.name, attribute, value, n, within, self.rules, layer)]
        beside = self.claims["kind"].eq("mean") & self.claims["attribute"].str.strip().eq(attribute.name)
        means = self.claims.loc[beside & self.claims["population"].eq(self.row["population"]), "value"]
        if means.empty:
            self.problems.add(self.name, "attribute", self.row["attribute"], "a mean of the same people beside the sd")
            return []
        return [make.deviation(self.name, attribute, value, means.iloc[0], n, within, self.rules, layer)]


def _added_up(
    claims: pd.DataFrame, parsed: dict[str, dict[str, list[Part]]], known: dict[str, Attribute]
) -> list[Statement]:
    """Let the parts of a whole, of which no two overlap, make it up."""
    values, found = {name: one.values for name, one in known.items()}, []
    counts = claims[claims["kind"].isin(["count", "percent"])]
    for whole, parts in counts[counts["part_of"].isin(counts.index)].groupby("part_of", sort=False):
        cells = [
            both(*(understood(parsed[one][c], values) for c in ("attribute", "population")))
            for one in (*parts.index, whole)
        ]
        layer = next(layer for layer in "LRP" if layer in [*parts["layer"].replace("", "P"), "P"])
        name, together = f"parts of {whole}", cells[:-1]
        found.append(make.added_up(name, together, cells[-1], layer))
        found += [make.implies(name, part, cells[-1], layer) for part in together]
        # Values of one attribute exclude each other; other parts have to be told.
        overlaps = (both(a, b) for a, b in combinations(together, 2))
        found += [make.never(name, one, layer) for one in overlaps if all(chosen for _, chosen in one)]
    return found


__all__ = ["FORM", "Read", "read_people"]
