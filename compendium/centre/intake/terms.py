"""One name for each adverse event, however it was entered: `analysis/contract/terms.csv` holds the terms.

The ``label`` there is the preferred term of MedDRA, the ``term`` what the paper calls it, and ``entry`` what else it is
called in English and French. Events that are not listed keep the name they have; writings that differ only in capitals,
accents, hyphens, blanks or the plural are one.
"""

import re
from functools import cache

import pandas as pd

from analysis import schema
from compendium.centre.intake.suggestions import fold

_PLURAL = re.compile(r"(?<=sh|ss)es\b|(?<=\w\w\w[^siu])s\b")  # in English and French; ecchymosis is none


@cache
def term_list() -> pd.DataFrame:
    """Read the list: ``term``, ``label`` and ``entry``, one row per other name."""
    return pd.read_csv(schema.CONTRACT / "terms.csv", dtype=str)


def _key(text: str) -> str:
    return re.sub(r"ie\b", "y", _PLURAL.sub("", re.sub(r"\W+", " ", fold(text)))).replace(" ", "")


@cache
def _known() -> dict[str, str]:
    listed = term_list()
    names = pd.concat([listed["entry"], listed["label"], listed["term"]]), pd.concat([listed["term"]] * 3)
    return {_key(name): term for name, term in zip(*names, strict=True)}


def one_term(texts: pd.Series, listed: bool = True) -> pd.Series:
    """Give the one term of each text: that of the list, else the usual writing of those that are the same."""
    counts = texts.value_counts()  # the most frequent first, then as they stand
    keys = {text: _key(text) for text in counts.index}
    usual: dict[str, str] = {}
    for text, key in keys.items():
        usual.setdefault(key, text)
    known = _known() if listed else {}
    names = {text: known.get(key, usual[key]) if key else text for text, key in keys.items()}
    return texts.map(names).astype("str") if any(name != text for text, name in names.items()) else texts
