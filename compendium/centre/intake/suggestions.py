"""Guess what somebody meant who entered a value that is not allowed. A guess is shown and never used."""

import datetime
import re
import unicodedata
from collections.abc import Collection
from functools import cache

import pandas as pd

from analysis import schema
from analysis.vocabulary import ANALYTE_UNITS, GRADE_LABELS, GRADES

GRADE_VALUES = tuple(f"{grade:g}" for grade in GRADES)
MOST = 1000  # the most values of a column that are guessed about
_LONGEST = 100

_MONTH_NAMES = (
    *(("janvier", "january"), ("fevrier", "february"), ("mars", "march"), ("avril", "april"), ("mai", "may")),
    *(("juin", "june"), ("juillet", "july"), ("aout", "august"), ("septembre", "september")),
    *(("octobre", "october"), ("novembre", "november"), ("decembre", "december")),
)
# 2015.1 is what a spreadsheet makes of 2015.10.
_YEAR_MONTH = re.compile(
    r"((?:19|20)\d\d)(?!\.\d$)[-/. ]?(0?[1-9]|1[0-2])(?:[-/.](?:0?[1-9]|[12]\d|3[01]))?(?:[ t].*)?"
)
_MONTH_YEAR = re.compile(r"(0?[1-9]|1[0-2])[-/. ]((?:19|20)\d\d)")
_DAY_MONTH_YEAR = re.compile(r"(\d\d?)[-/. ](\d\d?)[-/. ]((?:19|20)\d\d)")
_NAMED_MONTH = re.compile(r"(?:\d\d?[-/. ]+)?([a-z]{3,9})\.?[-/. ]*((?:19|20)?\d\d)")
_SHORTEST, _LONG = 5, 10
"""The fewest letters of a word that may be misspelled by one letter, and by two if it begins with the same four."""
_NOTHING = "na n/a #n/a nan null none nil . - -- – / ? nd unknown inconnu missing manquant aucun"
"""What is entered where there is no value."""
_UNITS = {  # how the unit of a column may be written after a number
    "years": "years?|yrs?|y|ans?",
    "months": "months?|mois",
    "weeks": "weeks?|wks?|semaines?|sem",
    "mg": "mg",
}


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    """Read what entries, as `fold` writes them, stand for: French and other usual names, by entry."""
    table = pd.read_csv(schema.CONTRACT / "synonyms.csv", dtype=str, keep_default_na=False)
    return table.assign(entry=table["entry"].map(fold)).groupby("entry")["value"].agg(tuple).to_dict()


def fold(text: str) -> str:
    """Write a text without accents, capitals, hyphens and points at its ends, and with blanks between its words."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("œ", "oe").replace("æ", "ae").replace("’", "'")
    seen = (sign for sign in plain if sign.isspace() or unicodedata.category(sign)[0] != "C")
    plain = "".join(sign for sign in seen if not unicodedata.combining(sign))
    words = re.sub(r"[_-](?=\w)|(?<=\w)[_-]", " ", plain).split()
    return " ".join(words).rstrip(".") or plain.strip()


@cache
def _level_units() -> str:
    """Give a pattern of the units of a level and what stands for them."""
    units = tuple(ANALYTE_UNITS.values())
    return "|".join([*map(re.escape, units), *(re.escape(one) for one, of in _synonyms().items() if of[0] in units)])


def _month(text: str) -> str:
    folded = fold(text)
    if found := _YEAR_MONTH.fullmatch(folded):
        year, months = found[1], {int(found[2])}
    elif found := _MONTH_YEAR.fullmatch(folded):
        year, months = found[2], {int(found[1])}
    elif found := _DAY_MONTH_YEAR.fullmatch(folded):
        first, second, year = int(found[1]), int(found[2]), found[3]
        # 03/04/2017 is in March in some places and in April in others.
        months = {one for one, other in ((first, second), (second, first)) if 1 <= one <= 12 and 1 <= other <= 31}
    elif found := _NAMED_MONTH.fullmatch(folded):
        months = {month for month, names in enumerate(_MONTH_NAMES, 1) for name in names if name.startswith(found[1])}
        year = found[2] if len(found[2]) == 4 else f"20{found[2]}"
    else:
        return ""
    return f"{year}-{months.pop():02d}" if len(months) == 1 else ""


def _with_point(text: str) -> str:
    """Write a number with a decimal point and without separators of thousands; empty if that can be read two ways."""
    if any(unicodedata.category(sign) == "No" for sign in text):
        return ""  # a raised 2 is no digit of the number
    digits = re.sub(r"[\s'’]", "", unicodedata.normalize("NFKC", text)).replace("−", "-")
    if not re.fullmatch(r"-?[0-9][0-9.,]*", digits):
        return ""
    last = max(digits.rfind(","), digits.rfind("."))
    if last < 0:
        return digits
    whole, decimals = digits[:last], digits[last + 1 :]
    others = {sign for sign in whole if sign in ",."}
    if digits[last] in others:
        # The same sign twice separates thousands.
        return digits.replace(digits[last], "") if len(others) == 1 else ""
    if not others and len(decimals) == 3 and re.fullmatch(r"-?[1-9]\d{0,2}", whole):
        return ""  # a thousand and more, or decimals
    return f"{re.sub('[.,]', '', whole)}.{decimals}" if decimals else ""


def _serial(text: str) -> str:
    """Give the number that a spreadsheet shows as a date or a time because of the format of its cell.

    Dates after 1910 are those that somebody entered, or that a spreadsheet made of an entry as 3-4.
    """
    try:
        if re.fullmatch(r"\d\d:\d\d:\d\d", text):
            text = f"1899-12-31T{text}"
        when = datetime.datetime.fromisoformat(text)
    except ValueError:
        return ""
    # Spreadsheets count 1 for the first day of 1900, and a day that was none at the end of its February.
    days = (when - datetime.datetime(1899, 12, 31)) / datetime.timedelta(days=1)
    days += days >= 60
    return f"{days:.6g}" if 0 <= days < 4000 else ""


def _nearest_number(text: str, column: pd.Series) -> str:
    kind = column["type"]
    unit = _UNITS.get(column["unit"], _level_units() if column["table"] == "laboratory" else "")
    bare = re.sub(rf"(?<=\d)\s*(?:{unit})\.?$", "", text.strip(), flags=re.IGNORECASE) if unit else text
    written = _with_point(f"0{bare}" if re.fullmatch(r"[.,]\d+", bare) else bare) or _serial(text)
    if kind == "grade":
        if not written:
            return _term(text, {fold(label): f"{grade:g}" for grade, label in GRADE_LABELS.items()}, GRADE_VALUES)
        number = float(written)
        nearest = sorted(GRADES, key=lambda grade: abs(grade - number))
        tied = abs(nearest[0] - number) == abs(nearest[1] - number)
        # What lies outside of the scale is a grade of another one.
        return f"{nearest[0]:g}" if min(GRADES) <= number <= max(GRADES) and not tied else ""
    if kind == "score" and written:
        return f"{max(round(4 * float(written)) / 4, 0):g}"
    return written


def _slip(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter, or by two if long; a short word is another with any other letter."""
    length = min(len(one), len(other))
    if one == other or length < _SHORTEST:
        return one == other
    return _within(one, other, 2 if length >= _LONG and one[:4] == other[:4] else 1)


def _within(one: str, other: str, most: int) -> bool:
    """Tell whether so many letters changed, added, left out or exchanged with their neighbour make one of the other."""
    if not (most and one and other):
        return one == other or len(one) + len(other) <= most
    if one[0] == other[0]:
        return _within(one[1:], other[1:], most)
    ways = [(one[1:], other), (one, other[1:]), (one[1:], other[1:])]
    if one[:2] == other[1::-1]:
        ways.append((one[2:], other[2:]))
    return any(_within(*rest, most - 1) for rest in ways)


def _term(text: str, written: dict[str, str], allowed: Collection[str], slips: bool = True) -> str:
    """Find the one value that a text names, by its own name, a synonym, or one of them with a slip."""
    folded = fold(text)
    if folded in written:
        return written[folded]
    meant = {value for value in _synonyms().get(folded, ()) if value in allowed}
    if meant or not slips:
        return meant.pop() if len(meant) == 1 else ""
    words = folded.split()
    names = [*_names(tuple(allowed)), *((entry.split(), {value}) for entry, value in written.items())]
    near = {value for others, values in names if _near(words, others) for value in values}
    return near.pop() if len(near) == 1 else ""


@cache
def _names(allowed: tuple[str, ...]) -> list[tuple[list[str], set[str]]]:
    """List the synonyms of some values, as words, each with the values that it may stand for."""
    known = ((entry.split(), set(values).intersection(allowed)) for entry, values in _synonyms().items())
    return [(words, values) for words, values in known if values]


def _near(words: list[str], others: list[str]) -> bool:
    """Tell whether words are the same but for blanks or for slips: a word more may turn the meaning round."""
    return "".join(words) == "".join(others) or (len(words) == len(others) and all(map(_slip, words, others)))


def nearest_allowed(text: str, column: pd.Series) -> str:
    """Guess what was meant by a text that a column, one row of `analysis.schema.contract`, does not allow.

    For a closed vocabulary it is the term of that meaning, by the table of synonyms or but for a slip; for a month,
    YYYY-MM; for a number, the same with a decimal point and without its unit, or the nearest grade or score; else the
    text without blanks at its ends. It is empty if nothing is meant for certain: a negation, another unit or another
    disease is near to nothing.
    """
    if not text or len(text) > _LONGEST:
        return ""
    allowed = schema.allowed_values(column)
    if allowed is not None:
        written = {fold(value): value for value in allowed}
        if column["allowed"] == "symptoms.csv":
            labels = schema.symptom_list()["label"]
            written |= {fold(label): symptom for symptom, label in labels.items()}
        return _term(text, written, allowed, slips=column["type"] != "text")
    if column["type"] == "month":
        return _month(text)
    if column["type"] in ("identifier", "text"):
        return text.strip()
    return _nearest_number(text, column)


def advice(text: str, column: pd.Series) -> str:
    """Say what to enter instead of a text that is a usual mistake in a column; empty if nothing can be said."""
    if column["missing"] == "yes" and fold(text) in _NOTHING.split():
        return "leave the cell empty where there is no value"
    if column["type"] not in ("integer", "number", "score", "grade"):
        return ""
    if re.match(r"[<>≤≥~≈±]", text.strip()):
        return "enter a number alone, the nearest that is known, without a sign before it"
    if re.fullmatch(r"\s*\d[\d.,]*\s*(?:-|–|to|à)\s*\d[\d.,]*\s*", text):
        return "enter one number, not a range"
    if re.search(r"\d", text) and re.search(r"[^\W\d]|%", text):
        return f"enter the number alone{', in ' + column['unit'] if column['unit'] else ''}"
    return ""
