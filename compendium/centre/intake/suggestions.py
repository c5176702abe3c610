"""Guess what somebody meant who entered a value that is not allowed. A guess is shown and never used."""

import difflib
import re
import unicodedata
from functools import cache
from pathlib import Path

import pandas as pd

from analysis import schema
from analysis.vocabulary import GRADE_LABELS, GRADES

MOST = 1000  # the most values of a column that are guessed about
_LONGEST = 100

_MONTH_NAMES = (
    *(("janvier", "january"), ("fevrier", "february"), ("mars", "march"), ("avril", "april"), ("mai", "may")),
    *(("juin", "june"), ("juillet", "july"), ("aout", "august"), ("septembre", "september")),
    *(("octobre", "october"), ("novembre", "november"), ("decembre", "december")),
)
_YEAR_MONTH = re.compile(r"((?:19|20)\d\d)[-/. ]?(0?[1-9]|1[0-2])(?:[-/.](?:0?[1-9]|[12]\d|3[01]))?(?:[ t].*)?")
_MONTH_YEAR = re.compile(r"(0?[1-9]|1[0-2])[-/. ]((?:19|20)\d\d)")
_DAY_MONTH_YEAR = re.compile(r"(\d\d?)[-/. ](\d\d?)[-/. ]((?:19|20)\d\d)")
_NAMED_MONTH = re.compile(r"(?:\d\d?[-/. ]+)?([a-z]{3,9})\.?[-/. ]*((?:19|20)?\d\d)")


@cache
def _synonyms() -> pd.DataFrame:
    """Read the French and other usual entries, as `_fold` writes them, with all that they may stand for."""
    return pd.read_csv(Path(__file__).with_name("synonyms.csv"), dtype=str, keep_default_na=False)


def _fold(text: str) -> str:
    """Write a text without accents, capitals and blanks at its ends, and with blanks between its words."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("_", " ")
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())


def _month(text: str) -> str:
    folded = _fold(text)
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
    if not others and digits[last] == "," and len(decimals) == 3 and not re.fullmatch(r"-?0", whole):
        return ""
    return f"{re.sub('[.,]', '', whole)}.{decimals}" if decimals else ""


def _nearest_number(text: str, kind: str) -> str:
    written = _with_point(text)
    if kind == "grade" and not written:
        labels = {_fold(label): f"{grade:g}" for grade, label in GRADE_LABELS.items()}
        return "".join(labels[label] for label in difflib.get_close_matches(_fold(text), labels, n=1))
    if not written or kind in ("number", "integer"):
        return written
    number = float(written)
    if kind == "score":
        return f"{max(round(4 * number) / 4, 0):g}"
    nearest = sorted(GRADES, key=lambda grade: abs(grade - number))
    tied = abs(nearest[0] - number) == abs(nearest[1] - number)
    return "" if tied else f"{nearest[0]:g}"


def _term(text: str, allowed: list[str], symptoms: bool) -> str:
    folded = _fold(text)
    written = {_fold(value): value for value in allowed}
    if symptoms:
        written |= {_fold(label): symptom for symptom, label in schema.symptom_list()["label"].items()}
    synonyms = _synonyms()
    meant = list(synonyms.loc[(synonyms["entry"] == folded) & synonyms["value"].isin(allowed), "value"])
    near = [written[one] for one in difflib.get_close_matches(folded, written, n=1)]
    return (([written[folded]] if folded in written else []) + meant + near + [""])[0]


def nearest_allowed(text: str, column: pd.Series) -> str:
    """Guess what was meant by a text that a column, one row of `analysis.schema.contract`, does not allow.

    For a closed vocabulary it is the term that is spelled nearest, or whose French name the text is; for a month,
    YYYY-MM; for a number, the same with a decimal point, or the nearest grade or score; else the text without blanks at
    its ends. It is empty if nothing is near or two things are equally so.
    """
    if not text or len(text) > _LONGEST:
        return ""
    allowed = schema.allowed_values(column)
    if allowed is not None:
        return _term(text, allowed, column["allowed"] == "symptoms.csv")
    if column["type"] == "month":
        return _month(text)
    if column["type"] in ("identifier", "text"):
        return text.strip()
    return _nearest_number(text, column["type"])
