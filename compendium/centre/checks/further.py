"""Further courses and further samples of a patient: which one counts is a rule with a name, and the others are named.

The paper has one course of each patient and one sample on therapy of each analyte. Rows that differ in the month they
began or were taken in are several courses or samples; rows of the same month are one that was entered twice, an error.
"""

import pandas as pd

from analysis.problems import problems, together
from analysis.schema import KEYS

COURSE, SAMPLE = ("first", "last"), ("last", "first")
"""Which course of a patient counts, and which sample on therapy; the first of each is the default."""


def one_of_each(
    tables: dict[str, pd.DataFrame], names: dict[str, str], course: str = COURSE[0], sample: str = SAMPLE[0]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame, list[str]]:
    """Keep the course and the samples that count, warn of the rows of others, and count them in lines.

    An unknown rule is a ValueError.
    """
    found, doubts, lines = dict(tables), [], []
    for table, column, rule, choices, what in (
        ("courses", "start_month", course, COURSE, "course"),
        ("laboratory", "months_on_therapy", sample, SAMPLE, "sample on therapy"),
    ):
        if rule not in choices:
            raise ValueError(f"{what.split()[0]}: {rule!r} is unknown; allowed are {', '.join(choices)}")
        if table not in tables:
            continue
        frame, key = tables[table], KEYS[table]
        rows = frame[frame.duplicated(key, keep=False)].dropna(subset=[*key, column])
        rows = rows[~rows.duplicated([*key, column], keep=False)].sort_values(column, kind="stable")
        aside = rows.index[rows.duplicated(key, keep=rule)].sort_values()
        text = f"one {what} of a patient; of several the {rule} counts, and this row does not"
        if len(aside):
            doubts.append(
                problems(names[table], text, aside + 2, column, rows.loc[aside, column].astype(str).to_numpy())
            )
            found[table] = frame.drop(index=aside)
            whom = rows.loc[aside, "patient_id"].nunique()
            lines.append(
                f"{what.split()[0].upper()}={rule}: the {rule} {what} counts where there are several; further rows, "
                f"which are left out: {len(aside):,}, of patients: {whom:,}."
            )
    return found, together(doubts), lines
