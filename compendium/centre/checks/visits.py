"""Grades at further visits: a patient's best response and last follow-up are worked out of them by a rule with a name.

The paper grades each symptom at two times: that of the patient's best response, which the symptom score decides (L210),
and last follow-up; that a response lasted for three months (L258) is a result of its own and no part of the best one.
A registry that has a row for each symptom at each visit gives them in the table ``visits``: what stands in it fills the
cells of ``symptoms`` and ``courses`` that are empty, and contradicts those that hold something else.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.problems import problems, together
from analysis.reading import first_alike
from analysis.response import classify
from analysis.vocabulary import Response
from compendium.centre.checks.rules import of_patients
from compendium.centre.intake.raw_tables import cell_text

VISITS = "visits"  # the table, which a cohort may lack
VISIT = ("score", "response")
"""Which of several visits is that of the best response: the first with the lowest symptom score, which is the default,
or the first with the deepest response. Only a visit at which every symptom was graded can be it."""

_ONE_OF = "the visit_month or the months_on_therapy of the visit, and not both"
_NEW = "empty for a symptom that appeared under therapy, since a grade compares with baseline"
_FIRST = "1 at the first injection, with which grades compare; of a later visit in its month give the months_on_therapy"
_SAME = "one row for each patient_id, symptom and visit; row {} is of the same visit"
_OUTSIDE = "a visit during the course that counts; this is before its first injection or after its end, and is not used"
_INCOMPLETE = "the grade of every symptom at a visit; one without them is not taken for that of the best response"
_NONE_WHOLE = (
    "the grades of all {} symptoms at one visit at least, or their grade_best; no visit has more than this: {}"
)
Tables = dict[str, pd.DataFrame]
Gaps = list[tuple[str, str, pd.Index]]


@dataclass
class Visits:
    """What was made of the visits: tables without them, what is wrong or doubtful, and what was counted."""

    tables: Tables
    errors: pd.DataFrame = field(default_factory=together)
    warnings: pd.DataFrame = field(default_factory=together)
    gaps: Gaps = field(default_factory=list)  # cells that are empty only because something of the visits is wrong
    line: str = ""  # what was chosen, left out and filled in


def from_visits(
    tables: Tables,
    names: dict[str, str],
    today: datetime.date,
    rule: str = VISIT[0],
    gaps: Sequence = (),
    unread: bool = False,
) -> Visits:
    """Fill in what the visits give, by today, by a rule of `VISIT`, any other being a ValueError.

    ``gaps`` are cells that were refused and taken out, and the table may be ``unread``, being wrong as a whole; what
    only that breaks is no error.
    """
    if rule not in VISIT:
        raise ValueError(f"visit: {rule!r} is unknown; allowed are {', '.join(VISIT)}")
    found = Visits({table: frame for table, frame in tables.items() if table != VISITS})
    rows = tables.get(VISITS)
    if unread and "symptoms" in tables:
        found.gaps.append((names["symptoms"], "grade_best", tables["symptoms"].index))
    if rows is None or rows.empty:
        return found
    refused = {index for file, _, places in gaps if file == names[VISITS] for index in places}
    if {"patients", "symptoms", "courses"} <= set(tables):
        rows, unclear = _read(rows, found, names, rows.index.isin(list(refused)), today)
        unclear = _chosen(rows, found, names, rule, unclear)
    else:
        unclear = set(rows["patient_id"])
    if unclear and "symptoms" in tables:
        due = tables["symptoms"]["patient_id"].isin(unclear) & tables["symptoms"]["grade_best"].isna()
        found.gaps.append((names["symptoms"], "grade_best", tables["symptoms"].index[due]))
    return found


def _told(rows: pd.DataFrame, column: str, file: str, allowed: str | Sequence[str]) -> pd.DataFrame:
    values = [cell_text(value) or "" for value in rows[column].astype(object)]
    return problems(file, allowed, rows.index + 2, column, values)


def _read(
    rows: pd.DataFrame, found: Visits, names: dict[str, str], refused: np.ndarray, today: datetime.date
) -> tuple[pd.DataFrame, set[str]]:
    """Give the grades under the course that counts with their ``months``, in order, and whose rows are not all clear.

    What is no grade at a visit is an error; what is of another course is set aside with a warning.
    """
    file = names[VISITS]
    symptoms, courses = found.tables["symptoms"], found.tables["courses"].drop_duplicates("patient_id")
    course = courses.set_index("patient_id")[["start_month", "duration_months"]].reindex(rows["patient_id"])
    duration = course["duration_months"].to_numpy(dtype=float)
    dated, given = rows["visit_month"].notna().to_numpy(), rows["months_on_therapy"].notna().to_numpy()
    month = _calendar(rows["visit_month"])
    after = month - _calendar(course["start_month"])
    # A month of the calendar may be one more than the whole months of the course.
    after = np.where((after > duration) & (after <= duration + 1), duration, after)
    months = np.where(given, rows["months_on_therapy"].to_numpy(dtype=float), after)
    rows, graded = rows.assign(months=months), rows["grade"].notna().to_numpy()
    # 0 a symptom that the patient has not, 1 one of unknown onset or baseline, 2 one that appeared under therapy.
    kinds = pd.Series(1 + (symptoms["onset"] == "on_therapy").to_numpy(), _pairs(symptoms, found))
    kind = kinds[~kinds.index.duplicated()].reindex(_pairs(rows, found)).fillna(0).to_numpy()
    known, named = found.tables["patients"]["patient_id"], rows["patient_id"].notna().to_numpy()
    stranger = ~rows["patient_id"].isin(known).to_numpy() & named
    usable, wrong = ~refused & named, []
    first = first_alike(rows.loc[usable & ~np.isnan(months), ["patient_id", "symptom", "months"]])
    for bad, column, allowed in (
        (stranger, "patient_id", of_patients(rows.loc[usable & stranger, "patient_id"], known)),
        (kind == 0, "symptom", "a symptom that the table symptoms has of this patient"),
        ((kind == 2) & graded, "grade", _NEW),
        (dated == given, "months_on_therapy", _ONE_OF),
        (month > 12 * today.year + today.month, "visit_month", f"at most {today:%Y-%m}, the present month"),
        ((months == 0) & graded & (rows["grade"].to_numpy() != 1), "grade", _FIRST),
        (rows.index.isin(first.index) & dated, "visit_month", first),
        (rows.index.isin(first.index) & given, "months_on_therapy", first),
    ):
        told = rows[usable & bad]
        if allowed is first:
            allowed = [_SAME.format(first[index] + 2) for index in told.index]
        wrong.append(_told(told, column, file, allowed))
        usable = usable & ~bad
    found.errors = together(wrong)
    unclear = set(rows.loc[~usable | np.isnan(months), "patient_id"].dropna())
    if not (named & ~stranger).all():  # somebody's grades are missing
        empty = symptoms["grade_best"].isna()
        found.gaps.append((names["symptoms"], "grade_best", symptoms.index[empty]))
        unclear |= set(symptoms.loc[empty, "patient_id"])
    outside = usable & ((months < 0) | (months > duration))
    by_date, by_months = rows[outside & dated], rows[outside & given]
    told = [_told(by_date, "visit_month", file, _OUTSIDE), _told(by_months, "months_on_therapy", file, _OUTSIDE)]
    found.warnings, found.line = together(told), f"{int(outside.sum()):,}"
    kept = rows[usable & ~outside & (months > 0) & (kind == 1) & graded]
    return kept.sort_values("months", kind="stable"), unclear


def _chosen(rows: pd.DataFrame, found: Visits, names: dict[str, str], rule: str, unclear: set[str]) -> set[str]:
    """Choose the visits and fill in what they give, but for patients of whom not all is clear, who are given back."""
    symptoms, outside = found.tables["symptoms"], found.line
    unclear = unclear | set(symptoms.loc[symptoms["onset"].isna(), "patient_id"])
    symptoms = symptoms[~symptoms.duplicated(["patient_id", "symptom"])]
    baseline = symptoms["onset"] == "baseline"
    count, new = (symptoms.loc[some, "patient_id"].value_counts() for some in (baseline, ~baseline))
    groups = rows.assign(row=rows.index).groupby(["patient_id", "months"], sort=True)
    visits = groups.agg(graded=("grade", "size"), score=("grade", "sum"), row=("row", "min")).reset_index()
    scores = pd.DataFrame({"symptoms": visits["patient_id"].map(count), "quarters": 4 * visits["score"]})
    scores = scores.fillna(0).astype(int).assign(worsened=0, new=0)
    appeared = visits["patient_id"].map(new).fillna(0).astype(int)
    responds = (classify(scores.assign(new=appeared)) != Response.NR).to_numpy()
    visits = visits.assign(response=classify(scores).cat.codes, responds=responds, symptoms=scores["symptoms"])
    whole = visits["graded"] == visits["symptoms"]
    incomplete, whole = rows.loc[visits.loc[~whole, "row"]], visits[whole]
    best = whole.sort_values(["patient_id", rule, "months"], kind="stable").drop_duplicates("patient_id")
    unclear = unclear | _none_whole(visits, set(best["patient_id"]) | unclear, found, names)
    doubtful = incomplete[~incomplete["patient_id"].isin(unclear)]
    found.warnings = together([found.warnings, _told(doubtful, "grade", names[VISITS], _INCOMPLETE)])
    best = best.set_index("patient_id")
    last = visits.drop_duplicates("patient_id", keep="last").set_index("patient_id")["months"]
    first = whole[whole["responds"]].drop_duplicates("patient_id").set_index("patient_id")["months"]
    months = rows["months"].to_numpy()
    at_best, at_last = (one.reindex(rows["patient_id"]).to_numpy() == months for one in (best["months"], last))
    better = rows[rows["grade"] < 1]
    better = better[~better.duplicated(["patient_id", "symptom"])]
    filled = []
    for table, column, given, early, late in (
        ("symptoms", "grade_best", (rows[at_best], "grade"), 0, 0),
        ("symptoms", "grade_last", (rows[at_last], "grade"), 0, 0),
        ("symptoms", "months_to_first_improvement", (better, "months"), np.inf, 1),
        ("courses", "months_to_first_response", first, np.inf, 1),
        ("courses", "months_to_best_response", best.loc[best["responds"], "months"], 1, 1),
    ):
        if table == "symptoms":
            given = pd.Series(given[0][given[1]].to_numpy(), _pairs(given[0], found))
        number = _fill(found, table, names[table], column, given, (early, late), unclear)
        filled.append(f"{number:,} {column}")
    what = "lowest symptom score" if rule == "score" else "deepest response"
    patients = visits["patient_id"].nunique()
    found.line = (
        f"VISIT={rule}: the best response is at the first visit with the {what}, last follow-up at the last visit. "
        f"Patients: {patients:,}, visits: {len(visits):,}, of these without the grade of every symptom, which are not "
        f"taken for the best: {len(incomplete):,}. Rows outside of the course that counts, which are left out: "
        f"{outside}. Filled in: {', '.join(filled)}."
    )
    return unclear


def _none_whole(visits: pd.DataFrame, settled: set[str], found: Visits, names: dict[str, str]) -> set[str]:
    """Refuse, and give, patients without a visit at which all symptoms were graded, if they have no other grades."""
    symptoms = found.tables["symptoms"]
    empty = symptoms.loc[(symptoms["onset"] == "baseline") & symptoms["grade_best"].isna(), "patient_id"]
    due = visits[visits["patient_id"].isin(set(empty) - settled)]
    fullest = due.sort_values("graded", ascending=False, kind="stable").drop_duplicates("patient_id").sort_values("row")
    texts = [_NONE_WHOLE.format(*pair) for pair in zip(fullest["symptoms"], fullest["graded"], strict=True)]
    wrong = problems(names[VISITS], texts, fullest["row"].to_numpy() + 2, "grade")
    found.errors = together([found.errors, wrong])
    return set(fullest["patient_id"])


def _fill(
    found: Visits, table: str, file: str, column: str, given: pd.Series, apart: tuple[float, float], unclear: set[str]
) -> int:
    """Fill in the empty cells of a column and count them; refuse those whose value is too far from what visits give."""
    frame = found.tables[table]
    ours = given.reindex(_pairs(frame, found) if table == "symptoms" else frame["patient_id"]).to_numpy(dtype=float)
    ours = np.where(frame["patient_id"].isin(unclear), np.nan, ours)
    theirs = frame[column].to_numpy(dtype=float, na_value=np.nan)
    wrong = (theirs < ours - apart[0]) | (theirs > ours + apart[1])
    allowed = [f"empty, or {one:g} as the table visits gives it" for one in ours[wrong]]
    values = [cell_text(value) or "" for value in theirs[wrong].tolist()]
    found.errors = together([found.errors, problems(file, allowed, frame.index[wrong] + 2, column, values)])
    empty = np.isnan(theirs) & ~np.isnan(ours)
    found.tables[table] = frame.assign(**{column: np.where(empty, ours, theirs)})
    return int(empty.sum())


def _pairs(rows: pd.DataFrame, found: Visits) -> np.ndarray:
    """Give each symptom of a patient its number, a negative one if the patient is unknown."""
    patients = pd.Index(found.tables["patients"]["patient_id"].drop_duplicates())
    return patients.get_indexer(rows["patient_id"]) * 1000 + rows["symptom"].cat.codes.to_numpy()


def _calendar(months: pd.Series) -> np.ndarray:
    """Give calendar months as whole numbers, missing where a cell is."""
    codes, found = pd.factorize(months)
    numbers = pd.PeriodIndex(found, freq="M")
    return np.append(numbers.year * 12.0 + numbers.month, np.nan)[codes]
