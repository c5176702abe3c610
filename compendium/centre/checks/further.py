"""Further courses, samples and visits of a patient: which one counts is a rule with a name, and the others are named.

The paper has one course of each patient and one sample on therapy of each analyte. Rows that differ in the month they
began or were taken in are several courses or samples; rows of the same month are one that was entered twice, an error.

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
from analysis.schema import KEYS
from analysis.vocabulary import Response
from compendium.centre.checks.linking import Tables, calendar
from compendium.centre.checks.rules import of_patients
from compendium.centre.intake.raw_tables import cell_problems

COURSE, SAMPLE = ("first", "last"), ("last", "first")
"""Which course of a patient counts, and which sample on therapy; the first of each is the default."""
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
_WHOLE = "the grades of all {} symptoms at one visit at least, or their grade_best; no visit has more than this: {}"


def one_of_each(
    tables: Tables, names: dict[str, str], course: str = COURSE[0], sample: str = SAMPLE[0]
) -> tuple[Tables, pd.DataFrame, list[str]]:
    """Keep the course and the samples that count, warn of the rows of others, and count them in lines.

    An unknown rule is a ValueError.
    """
    found, doubts, lines = dict(tables), [], []
    for table, column, rule, choices, what in (
        ("courses", "start_month", course, COURSE, "course"),
        ("laboratory", "months_on_therapy", sample, SAMPLE, "sample on therapy"),
    ):
        name = what.split()[0]
        _require_known(name, rule, choices)
        if table not in tables:
            continue
        frame, key = tables[table], KEYS[table]
        rows = frame[frame.duplicated(key, keep=False)].dropna(subset=[*key, column])
        rows = rows[~rows.duplicated([*key, column], keep=False)].sort_values(column, kind="stable")
        aside = rows[rows.duplicated(key, keep=rule)].sort_index()
        if len(aside):
            text = f"one {what} of a patient; of several the {rule} counts, and this row does not"
            doubts.append(problems(names[table], text, aside.index + 2, column, aside[column].astype(str).to_numpy()))
            found[table] = frame.drop(index=aside.index)
            lines.append(
                f"{name.upper()}={rule}: the {rule} {what} counts where there are several; further rows, which are "
                f"left out: {len(aside):,}, of patients: {aside['patient_id'].nunique():,}."
            )
    return found, together(doubts), lines


def _require_known(name: str, rule: str, choices: Sequence[str]) -> None:
    if rule not in choices:
        raise ValueError(f"{name}: {rule!r} is unknown; allowed are {', '.join(choices)}")


@dataclass
class Visits:
    """What was made of the visits: tables without them, what is wrong or doubtful, and what was counted."""

    tables: Tables
    names: dict[str, str]  # of the tables, as the user sees them
    errors: pd.DataFrame = field(default_factory=together)
    warnings: pd.DataFrame = field(default_factory=together)
    gaps: list[pd.DataFrame] = field(default_factory=list)  # cells that are empty only because visits are wrong
    line: str = ""  # what was chosen, left out and filled in

    def leave(self, rows: pd.Index) -> None:
        """Note that the best grades of some symptoms cannot be told."""
        self.gaps.append(problems(self.names["symptoms"], "", rows + 2, "grade_best"))


def from_visits(
    tables: Tables, names: dict[str, str], today: datetime.date, rule: str, gaps: pd.DataFrame, unread: bool
) -> Visits:
    """Fill in what the visits give, by today, by a rule of `VISIT`, any other being a ValueError.

    ``gaps`` are cells that were refused and taken out, and the table may be ``unread``, being wrong as a whole; what
    only that breaks is no error.
    """
    _require_known("visit", rule, VISIT)
    found = Visits({table: frame for table, frame in tables.items() if table != VISITS}, names)
    rows, symptoms = tables.get(VISITS), tables.get("symptoms")
    if unread and symptoms is not None:
        found.leave(symptoms.index)
    if rows is None or rows.empty:
        return found
    unclear = set(rows["patient_id"])
    if {"patients", "symptoms", "courses"} <= set(tables):
        refused = rows.index.isin(gaps.loc[gaps["file"] == names[VISITS], "row"] - 2)
        unclear = _chosen(*_read(rows, found, refused, today), found, rule)
    if symptoms is not None:
        found.leave(symptoms.index[symptoms["patient_id"].isin(unclear) & symptoms["grade_best"].isna()])
    return found


def _read(
    rows: pd.DataFrame, found: Visits, refused: np.ndarray, today: datetime.date
) -> tuple[pd.DataFrame, set[str]]:
    """Give the grades under the course that counts, in order of ``months``, and patients of whom not all is clear."""
    file, now = found.names[VISITS], 12 * today.year + today.month - 1
    symptoms, courses = found.tables["symptoms"], found.tables["courses"].drop_duplicates("patient_id")
    course = courses.set_index("patient_id")[["start_month", "duration_months"]].reindex(rows["patient_id"])
    duration = course["duration_months"].to_numpy(dtype=float)
    dated, given = rows["visit_month"].notna().to_numpy(), rows["months_on_therapy"].notna().to_numpy()
    month = calendar(rows["visit_month"])
    after = month - calendar(course["start_month"])
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
    twice, same = rows.index.isin(first.index), (first + 2).map(_SAME.format)
    for bad, column, allowed in (
        (stranger, "patient_id", of_patients(rows.loc[usable & stranger, "patient_id"], known)),
        (kind == 0, "symptom", "a symptom that the table symptoms has of this patient"),
        ((kind == 2) & graded, "grade", _NEW),
        (dated == given, "months_on_therapy", _ONE_OF),
        (month > now, "visit_month", f"at most {today:%Y-%m}, the present month"),
        ((months == 0) & graded & (rows["grade"].to_numpy() != 1), "grade", _FIRST),
        (twice & dated, "visit_month", same),
        (twice & given, "months_on_therapy", same),
    ):
        cells = rows.loc[usable & bad, column]
        allowed = same[cells.index].to_numpy() if allowed is same else allowed
        wrong.append(cell_problems(cells, file, allowed))
        usable = usable & ~bad
    found.errors = together(wrong)
    unclear = set(rows.loc[~usable | np.isnan(months), "patient_id"].dropna())
    if not (named & ~stranger).all():  # somebody's grades are missing
        empty = symptoms[symptoms["grade_best"].isna()]
        found.leave(empty.index)
        unclear |= set(empty["patient_id"])
    outside = usable & ((months < 0) | (months > duration))
    told = (("visit_month", dated), ("months_on_therapy", given))
    found.warnings = together([cell_problems(rows.loc[outside & by, column], file, _OUTSIDE) for column, by in told])
    found.line = f"{int(outside.sum()):,}"
    kept = rows[usable & ~outside & (months > 0) & (kind == 1) & graded]
    return kept.sort_values("months", kind="stable"), unclear


def _chosen(rows: pd.DataFrame, unclear: set[str], found: Visits, rule: str) -> set[str]:
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
    unclear = unclear | _none_whole(visits, set(best["patient_id"]) | unclear, found)
    doubtful = incomplete.loc[~incomplete["patient_id"].isin(unclear), "grade"]
    found.warnings = together([found.warnings, cell_problems(doubtful, found.names[VISITS], _INCOMPLETE)])
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
        number = _fill(found, table, column, given, (early, late), unclear)
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


def _none_whole(visits: pd.DataFrame, settled: set[str], found: Visits) -> set[str]:
    """Refuse, and give, patients without a visit at which all symptoms were graded, if they have no other grades."""
    symptoms = found.tables["symptoms"]
    empty = symptoms.loc[(symptoms["onset"] == "baseline") & symptoms["grade_best"].isna(), "patient_id"]
    due = visits[visits["patient_id"].isin(set(empty) - settled)]
    fullest = due.sort_values("graded", ascending=False, kind="stable").drop_duplicates("patient_id").sort_values("row")
    texts = [_WHOLE.format(*pair) for pair in zip(fullest["symptoms"], fullest["graded"], strict=True)]
    wrong = problems(found.names[VISITS], texts, fullest["row"].to_numpy() + 2, "grade")
    found.errors = together([found.errors, wrong])
    return set(fullest["patient_id"])


def _fill(
    found: Visits, table: str, column: str, given: pd.Series, apart: tuple[float, float], unclear: set[str]
) -> int:
    """Fill in the empty cells of a column and count them; refuse those whose value is too far from what visits give."""
    frame = found.tables[table]
    ours = given.reindex(_pairs(frame, found) if table == "symptoms" else frame["patient_id"]).to_numpy(dtype=float)
    ours = np.where(frame["patient_id"].isin(unclear), np.nan, ours)
    theirs = frame[column].to_numpy(dtype=float, na_value=np.nan)
    wrong = (theirs < ours - apart[0]) | (theirs > ours + apart[1])
    allowed = [f"empty, or {one:g} as the table visits gives it" for one in ours[wrong]]
    wrong_cells = cell_problems(frame.loc[wrong, column], found.names[table], allowed)
    found.errors = together([found.errors, wrong_cells])
    empty = np.isnan(theirs) & ~np.isnan(ours)
    found.tables[table] = frame.assign(**{column: np.where(empty, ours, theirs)})
    return int(empty.sum())


def _pairs(rows: pd.DataFrame, found: Visits) -> np.ndarray:
    """Give each symptom of a patient its number, a negative one if the patient is unknown."""
    patients = pd.Index(found.tables["patients"]["patient_id"].drop_duplicates())
    return patients.get_indexer(rows["patient_id"]) * 1000 + rows["symptom"].cat.codes.to_numpy()
