"""The symptoms of a cohort's own list, beside those of the contract: a name, a label and the group of each."""

import re

import pandas as pd

from analysis import schema
from analysis.problems import problems, shortened, together
from analysis.vocabulary import SymptomGroup

NAME = "own_symptoms"  # of the file (.csv) or the sheet
COLUMNS = ("symptom", "label", "group")


def take_up(frame: pd.DataFrame | None, file: str) -> pd.DataFrame:
    """Let a cohort's own symptoms be allowed, or none; those that cannot be are given as problems and left out."""
    schema.use_symptoms(None)
    if frame is None:
        return together()
    missing = [name for name in COLUMNS if list(frame).count(name) != 1]
    if missing:
        return problems(file, [f"the column {name} once; allowed are {', '.join(COLUMNS)}" for name in missing], 1)
    known, found, kept = set(schema.symptom_list().index), [], []
    for row, line in frame[list(COLUMNS)].fillna("").iterrows():
        for column, right, allowed in (
            (
                "symptom",
                re.fullmatch(r"[a-z][a-z0-9_]{1,40}", line["symptom"]),
                "small letters, digits and underscores",
            ),
            ("symptom", line["symptom"] not in known, "a symptom that is on no list yet"),
            ("label", line["label"].strip() and line["label"].isprintable(), "the words for figures and tables"),
            ("group", line["group"] in list(SymptomGroup), f"one of {', '.join(SymptomGroup)}"),
        ):
            if not right:
                found.append(problems(file, allowed, row + 2, column, shortened(line[column])))
                break
        else:
            known.add(line["symptom"])
            kept.append(line)
    if kept:
        schema.use_symptoms(pd.DataFrame(kept).assign(source="own list").set_index("symptom"))
    return together(found)
