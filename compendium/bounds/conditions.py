"""Conditions as a clinician writes them: ``sex = female, response = complete or partial, age >= 18, stopped``.

Parts are divided by commas; a name alone is a yes (``stopped`` is ``stopped = yes``, ``not stopped`` a no); of whole
numbers ``18 to 40``, ``>= 18`` and the like may be asked. Empty, or ``all``, is everyone.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from compendium.bounds.people import Cell, UnknownNameError, Value, nearest

FORM = "conditions such as 'sex = female, response = complete or partial', 'age >= 18', a name alone for yes, or all"
YES, NO, OTHER = "yes", "no", "other"
_PART = re.compile(r"(?P<name>[^=<>≤≥]+?)\s*(?P<sign>=|<=|>=|≤|≥|<|>)\s*(?P<values>[^=<>≤≥]+)")
_SIGNS = {"≤": "<=", "≥": ">="}


class Part(NamedTuple):
    """What is asked of one attribute: a sign and values as written; no sign where the name stands alone."""

    name: str
    sign: str
    values: tuple[str, ...]

    @property
    def numeric(self) -> bool:
        """Whether it can only be asked of whole numbers."""
        return self.sign in ("<", "<=", ">", ">=") or any(re.fullmatch(r"\d+ to \d+", one) for one in self.values)


def parse(text: str) -> list[Part]:
    """Take conditions apart; ValueError if they are not of the form."""
    found = []
    if text.strip().lower() in ("", "all"):
        return []
    for piece in (one.strip() for one in text.split(",")):
        match = _PART.fullmatch(piece)
        if match:
            sign = _SIGNS.get(match["sign"], match["sign"])
            values = tuple(one.strip() for one in re.split(r"\s+or\s+", match["values"].strip()))
            found.append(Part(match["name"].strip(), sign, values))
        elif piece and not re.search(r"[=<>≤≥]", piece):
            negated = piece.startswith("not ")
            found.append(Part(piece.removeprefix("not ").strip(), "", (NO if negated else YES,)))
        else:
            raise ValueError(FORM)
    if len({one.name for one in found}) < len(found):
        raise ValueError("each attribute once; several values of it stand in one condition, divided by 'or'")
    return found


def understood(parts: list[Part], values: Mapping[str, tuple[Value, ...]]) -> Cell:
    """Turn conditions into a cell; UnknownNameError if an attribute or value is not known."""
    found = []
    for part in parts:
        if part.name not in values:
            raise UnknownNameError(f"an attribute that the claims name; {nearest(part.name, values)}")
        found.append((part.name, _chosen(part, values[part.name])))
    return tuple(sorted(found))


def _chosen(part: Part, known: tuple[Value, ...]) -> tuple[Value, ...]:
    if isinstance(known[0], str):
        folded = {str(value).lower(): value for value in known}
        for value in part.values:
            if part.numeric or value.lower() not in folded:
                raise UnknownNameError(f"a value of {part.name}; {nearest(value, known)}")
        return tuple(folded[value.lower()] for value in part.values)
    chosen: set[Value] = set()
    least, most = known[0], known[-1]
    for text in part.values:
        mine = []
        if re.fullmatch(r"\d+( to \d+)?", text):
            low, high = (int(text.split(" to ")[end]) for end in (0, -1))
            first = {">": high + 1, ">=": low, "=": low}.get(part.sign, least)
            last = {"<": low - 1, "<=": high, "=": high}.get(part.sign, most)
            mine = [value for value in known if first <= value <= last]
        if not mine:
            raise UnknownNameError(f"a whole number of {part.name}, {least} to {most}")
        chosen |= set(mine)
    return tuple(sorted(chosen))
