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
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from compendium.bounds import statements as make
from compendium.bounds.conditions import NO, OTHER, YES, Part, parse, understood
from compendium.bounds.people import EVERYONE, LAYERS, Attribute, Cell, People, Statement, UnknownNameError, both
from compendium.verification.audit.arithmetic import Rules
from compendium.verification.audit.claims import OPTIONAL, ClaimsError, read_claims, read_strings

SUMMARIES = ("mean", "sd", "median", "minimum", "maximum")
RULE = re.compile(r"(?:if (?P<when>.+) then (?P<then>.+)|never (?P<never>.+))")
SCALE = re.compile(r"(\d+) to (\d+)")


class Read(NamedTuple):
    """People of a claims file, and how many of its claims state something of them."""

    people: People
    used: int
    claims: int


def read_people(path: str | os.PathLike[str], rules: Rules = "half_up") -> Read:
    """Read a claims file and make people of it; `rules` say how its numbers may have been rounded.

    A ClaimsError has all problems at once: what `read_claims` refuses, and what cannot be understood.
    """
    return _Reader(Path(path), rules).read()


class _Reader:
    """A claims file on its way to statements, and the problems that were met so far."""

    def __init__(self, path: Path, rules: Rules) -> None:
        claims = read_claims(path)
        if "attribute" not in claims:
            raise ClaimsError(f"{path}: column attribute is missing, which says who or what each number is of")
        claims = claims.assign(**{n: "" for n in (*OPTIONAL, "attribute", "scale", "layer") if n not in claims})
        self.path, self.rules = path, rules
        self.rows = {claim: row for row, claim in read_strings(path)["claim"].items()}
        self.claims = claims[claims["attribute"].ne("") | claims["kind"].eq("rule")]
        self.problems: list[dict[str, object]] = []
        self.parsed = {claim: self._parsed(claim, row) for claim, row in self.claims.iterrows()}
        self.size = self._size()
        self._stop()
        self.known = self._attributes()
        self._stop()
        self.values = {name: one.values for name, one in self.known.items()}

    def read(self) -> Read:
        """Make people of the claims."""
        stated = [one for claim, row in self.claims.iterrows() for one in self._statements(claim, row)]
        stated += [] if self.problems else self._added_up()
        self._stop()
        used = {one.name for one in stated} & set(self.rows)
        return Read(People(self.size, tuple(self.known.values()), tuple(stated)), len(used), len(self.rows))

    def _problem(self, claim: str, column: str, value: str, allowed: str) -> None:
        """Note what is wrong with a cell, and what is allowed there."""
        row = {"file": os.fspath(self.path), "row": self.rows.get(claim, 0), "column": column, "value": value}
        self.problems.append(row | {"allowed": allowed})

    def _stop(self) -> None:
        """Refuse the file if anything was noted."""
        if self.problems:
            raise ClaimsError(pd.DataFrame(self.problems).drop_duplicates(["row", "column"]))

    def _parsed(self, claim: str, row: pd.Series) -> dict[str, list[Part]]:
        """Take apart all conditions of a claim."""
        texts = {"population": row["population"]}
        if row["kind"] == "rule":
            match = RULE.fullmatch(row["value"].strip())
            if not match:
                allowed = "a rule such as 'if stopped then side effects' or 'never a, b'"
                self._problem(claim, "value", row["value"], allowed)
            texts |= {name: text for name, text in (match.groupdict() if match else {}).items() if text}
        else:
            texts["attribute"] = row["attribute"]
        if row["layer"] not in ("", *LAYERS):
            self._problem(claim, "layer", row["layer"], f"one of {', '.join(LAYERS)}, or empty")
        found = {}
        for column, text in texts.items():
            try:
                found[column] = parse(text)
            except ValueError as error:
                self._problem(claim, column if column in row else "value", text, str(error))
                found[column] = []
        return found

    def _size(self) -> int:
        of_all = self.claims["kind"].eq("count") & self.claims["attribute"].str.strip().str.lower().eq("all")
        sizes = self.claims.loc[of_all & self._of_everyone(self.claims), "value"]
        if sizes.empty:
            self._problem(
                "", "", "", "no claim says how many people there are; allowed is a count with the attribute all"
            )
            return 1
        for claim, value in sizes[sizes.ne(sizes.iloc[0])].items():
            allowed = f"the number of all people, {sizes.iloc[0]} in the row of {sizes.index[0]}"
            self._problem(claim, "value", value, allowed)
        return int(sizes.iloc[0])

    @staticmethod
    def _of_everyone(claims: pd.DataFrame) -> pd.Series:
        return claims["population"].str.strip().str.lower().isin(["", "all"])

    def _attributes(self) -> dict[str, Attribute]:
        """Collect the attributes, and the values that the file names."""
        words: dict[str, dict[str, str]] = {}
        numeric: dict[str, str] = {}
        for claim, columns in self.parsed.items():
            for column, parts in columns.items():
                for part in parts:
                    mine = words.setdefault(part.name, {})
                    if part.numeric or (column == "attribute" and self.claims.at[claim, "kind"] in SUMMARIES):
                        numeric.setdefault(part.name, claim)
                    else:
                        mine |= {value.lower(): value for value in part.values if value.lower() not in mine}
        found = {}
        for name, values in words.items():
            closed = set(values) <= {YES, NO}
            others = () if closed or OTHER in values else (OTHER,)
            named = (YES, NO) if closed else (*values.values(), *others)
            found[name] = Attribute(name, self._scale(name, numeric[name]) if name in numeric else named)
        return found

    def _scale(self, name: str, claim: str) -> tuple[int, ...]:
        """Give the whole numbers of an attribute; a claim is named if there are none."""
        names = [[part.name for part in self.parsed[one].get("attribute", [])] for one in self.claims.index]
        mine = self.claims[[one == [name] for one in names]]
        for one, text in mine.loc[mine["scale"].ne(""), "scale"].items():
            match = SCALE.fullmatch(text.strip())
            if match and int(match[1]) < int(match[2]):
                return tuple(range(int(match[1]), int(match[2]) + 1))
            self._problem(one, "scale", text, "two whole numbers, such as 0 to 10")
        everyone = mine[self._of_everyone(mine)]
        ends = [everyone.loc[everyone["kind"].eq(kind), "value"] for kind in ("minimum", "maximum")]
        if all(len(end) and end.iloc[0].isdecimal() for end in ends):
            return tuple(range(int(ends[0].iloc[0]), int(ends[1].iloc[0]) + 1)) or (0,)
        allowed = (
            f"the ends of {name}, such as 0 to 10, as its minimum and maximum in everyone are not both whole numbers"
        )
        self._problem(claim, "scale", self.claims.at[claim, "scale"], allowed)
        return (0, 1)

    def _cell(self, claim: str, column: str) -> Cell:
        """Read who is meant in a column; whoever is unknown is noted."""
        try:
            return understood(self.parsed[claim].get(column, []), self.values)
        except UnknownNameError as error:
            shown = column if column in self.claims else "value"
            self._problem(claim, shown, self.claims.at[claim, shown], str(error))
            return EVERYONE

    def _statements(self, claim: str, row: pd.Series) -> list[Statement]:
        """Say what a claim states of the people."""
        kind, layer = row["kind"], row["layer"] or "P"
        within = self._cell(claim, "population")
        if kind == "rule":
            if "never" in self.parsed[claim]:
                return [make.never(claim, both(self._cell(claim, "never"), within), layer)]
            when, then = (self._cell(claim, column) for column in ("when", "then"))
            return [make.implies(claim, both(when, within), then, layer)]
        if kind in ("count", "percent"):
            return self._counted(claim, row, within, layer)
        return self._summary(claim, row, within, layer) if kind in SUMMARIES else []

    def _counted(self, claim: str, row: pd.Series, within: Cell, layer: str) -> list[Statement]:
        inside, found = both(self._cell(claim, "attribute"), within), []
        numerator, denominator = row["numerator"], row["denominator"]
        if denominator and not within and int(denominator) != self.size:
            allowed = f"{self.size}, the number of all people, or name the population"
            self._problem(claim, "denominator", denominator, allowed)
        elif denominator and within:
            found.append(make.counted(claim, within, int(denominator), layer=layer))
        number = row["value"] if row["kind"] == "count" else numerator
        if number:
            found.append(make.counted(claim, inside, int(number), layer=layer))
        if row["kind"] == "percent" and not (number and denominator):
            of = int(denominator) if denominator else within or self.size
            found.append(make.share(claim, inside, row["value"], of, self.rules, layer))
        return found

    def _summary(self, claim: str, row: pd.Series, within: Cell, layer: str) -> list[Statement]:
        parts, kind, value = self.parsed[claim]["attribute"], row["kind"], row["value"]
        if len(parts) != 1 or parts[0].sign:
            self._problem(claim, "attribute", row["attribute"], f"the name of one attribute for a {kind}")
            return []
        attribute = self.known[parts[0].name]
        n = int(row["n"]) if row["n"] else None if within else self.size
        if kind in ("minimum", "maximum"):
            if not value.isdecimal() or int(value) not in attribute.values:
                ends = f"{attribute.values[0]} to {attribute.values[-1]}"
                self._problem(claim, "value", value, f"a whole number of {attribute.name}, {ends}")
                return []
            end = make.smallest if kind == "minimum" else make.largest
            return [end(claim, attribute, int(value), within, layer)]
        if kind == "mean":
            return [make.mean(claim, attribute, value, n, within, self.rules, layer)]
        if n is None:
            self._problem(claim, "n", "", f"how many people the {kind} is of")
            return []
        if kind == "median":
            return [make.median(claim, attribute, value, n, within, self.rules, layer)]
        beside = self.claims["kind"].eq("mean") & self.claims["attribute"].str.strip().eq(attribute.name)
        means = self.claims.loc[beside & self.claims["population"].eq(row["population"]), "value"]
        if means.empty:
            self._problem(claim, "attribute", row["attribute"], "a mean of the same people beside the sd")
            return []
        return [make.deviation(claim, attribute, value, means.iloc[0], n, within, self.rules, layer)]

    def _added_up(self) -> list[Statement]:
        """Let the parts of a whole, of which no two overlap, make it up."""
        counts, found = self.claims[self.claims["kind"].isin(["count", "percent"])], []
        for whole, parts in counts[counts["part_of"].isin(counts.index)].groupby("part_of", sort=False):
            names = (*parts.index, whole)
            *together, of = (both(self._cell(one, "attribute"), self._cell(one, "population")) for one in names)
            layer = next(layer for layer in "LRP" if layer in [*parts["layer"].replace("", "P"), "P"])
            name = f"parts of {whole}"
            found.append(make.added_up(name, together, of, layer))
            found += [make.implies(name, part, of, layer) for part in together]
            # Values of one attribute exclude each other; other parts have to be told.
            overlaps = (both(a, b) for a, b in combinations(together, 2))
            found += [make.never(name, one, layer) for one in overlaps if all(chosen for _, chosen in one)]
        return found
