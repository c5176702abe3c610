"""The safety table as it is shared, its cells, and what any reader knows to hold between them."""

import pandas as pd

from analysis.characteristics import COLUMNS
from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.safety import event_table, summarise
from analysis.vocabulary import Severity
from compendium.centre.disclosure.cells import Relation, at_most, sums_to
from compendium.centre.disclosure.table_cells import size_of

__all__ = ["EVENT_COLUMNS", "safety_cells", "safety_relations"]

EVENT_COLUMNS: dict[str, str] = {
    "n": "Patients (%)",
    **{severity.value: severity.value.capitalize() for severity in Severity},
    "flare": "Flare",
    "led_to_stop": "Led to stop",
}
"""The columns of the safety table: the patients with an event, and those in whom it was of a kind."""

_PATIENTS: dict[str, str] = {
    "patients_with_event.all": "Any adverse event",
    "severe.all": "Severe adverse event",
    "flare.all": "Flare of symptoms",
    "severe_flare.all": "Severe flare",
    "stopped.all": "Stopped for side effects",
    "stopped.with_event": "Stopped, of those with an adverse event",
    "stopped_for_event.all": "Stopped because of an adverse event",
    "flare_stopped.all": "Stopped because of a flare",
}


def _patient_rows(cohort: Cohort, criteria: Criteria) -> pd.DataFrame:
    values = summarise(cohort, criteria)
    rows = pd.DataFrame([values[f"safety.{key}"] for key in _PATIENTS])
    rows.insert(0, "row", [f"patients.{key.removesuffix('.all')}" for key in _PATIENTS])
    of_them = rows["row"] == "patients.stopped.with_event"
    of = of_them.map({True: "patients.patients_with_event", False: size_of(cohort.population)})
    rows = rows.assign(label=list(_PATIENTS.values()), column="n", n_cell=rows["row"], denominator_cell=of)
    return rows.assign(level=of_them.astype(int), statistic="count_percent")


def _event_rows(cohort: Cohort, threshold: int) -> pd.DataFrame:
    events, counts = event_table(cohort), list(EVENT_COLUMNS)
    # By name: the order by frequency would tell between which counts a hidden one lies.
    named = events[events["n"] >= threshold].sort_values("term")
    sums = {"event:all": ("All adverse events, number of events", events[counts].sum())}
    if len(named) and threshold > 1:
        rest = events.loc[events["n"] < threshold, counts].sum()
        sums = {"event:other": ("Rarer adverse events, number of events", rest)} | sums
    totals = pd.DataFrame([total for _, total in sums.values()], columns=counts)
    rows = pd.concat(
        [
            named[counts].assign(row="event." + named["term"], label=named["term"].str.capitalize()),
            totals.assign(row=list(sums), label=[label for label, _ in sums.values()]),
        ]
    )
    cells = rows.set_index(["row", "label"]).rename_axis(columns="column").stack().rename("n").reset_index()
    cells["n_cell"] = cells["row"] + "/" + cells["column"]
    of = (cells["column"] == "n") & cells["row"].str.startswith("event.")
    cells["denominator"] = pd.Series(len(cohort.patients), cells.index).where(of)
    cells["percent"] = 100 * cells["n"].astype(float) / cells["denominator"]
    cells["denominator_cell"] = pd.Series(size_of(cohort.population), cells.index).where(of)
    return cells.assign(level=0, statistic=of.map({True: "count_percent", False: "count"}))


def safety_cells(cohort: Cohort, criteria: Criteria = PAPER, threshold: int = 0) -> pd.DataFrame:
    """Give the numbers of the safety table with the names of their cells.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or one population of it.
    criteria : Criteria, default the paper's
        Not used: safety depends on no response.
    threshold : int, default 0
        Events that fewer patients had are not named: that one of them occurred at all is rare. They are counted
        together in one row, as events.

    Returns
    -------
    DataFrame
        With the columns of `analysis.tables.table_1`, and ``n_cell`` and ``denominator_cell``: first the rows of
        patients, then those of events, in whose rows ``column`` is one of `EVENT_COLUMNS`.
    """
    rows = pd.concat([_patient_rows(cohort, criteria), _event_rows(cohort, threshold)], ignore_index=True)
    rows = rows.reindex(columns=[*COLUMNS, "n_cell", "denominator_cell"])
    whole = dict.fromkeys(("n", "denominator"), "Int64")
    floats = dict.fromkeys(("percent", "median", "mean", "sd", "minimum", "maximum", "ratio"), "float64")
    return rows.astype(whole | floats)


def safety_relations(cohort: Cohort, numbers: pd.DataFrame, criteria: Criteria = PAPER) -> list[Relation]:
    """Say what holds between the cells of the safety table, and between them and Table 2.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or one population of it.
    numbers : DataFrame
        As `safety_cells` gives it.
    criteria : Criteria, default the paper's
        The rules.

    Returns
    -------
    list of Relation
        What follows from the definitions; an event stands at most once per patient.
    """
    size, everything = size_of(cohort.population), "event:all"
    rows = list(dict.fromkeys(numbers.loc[numbers["row"].str.startswith("event"), "row"]))
    named = [row for row in rows if row.startswith("event.")]
    parts = [row for row in rows if row != everything]
    affected, severe, flare, both, stopped, of_them, for_event, for_flare = (
        f"patients.{key.removesuffix('.all')}" for key in _PATIENTS
    )
    relations = [sums_to(f"{row}/n", [f"{row}/{severity}" for severity in Severity]) for row in rows]
    relations += [at_most(f"{row}/{kind}", f"{row}/n") for row in rows for kind in ("flare", "led_to_stop")]
    if parts:
        relations += [sums_to(f"{everything}/{kind}", [f"{row}/{kind}" for row in parts]) for kind in EVENT_COLUMNS]
    for kind, cell in (("n", affected), ("severe", severe), ("flare", flare), ("led_to_stop", for_event)):
        relations += [at_most(cell, f"{everything}/{kind}"), *(at_most(f"{row}/{kind}", cell) for row in named)]
    # What a patient has of one kind beyond the first is at most what he or she has beyond the first at all.
    for kind, cell in (("severe", severe), ("flare", flare), ("led_to_stop", for_event)):
        relations.append(Relation((f"{everything}/{kind}", affected), (f"{everything}/n", cell), equal=False))
    relations += [
        at_most(of_them, affected),
        at_most(affected, size),
        at_most(stopped, size),
        at_most(of_them, stopped),
        at_most(for_event, of_them),
    ]
    relations += [at_most(both, severe), at_most(both, flare), at_most(for_flare, flare), at_most(for_flare, for_event)]
    # Whoever has either is counted twice only if both.
    relations += [
        Relation((severe, flare), (affected, both), equal=False),
        Relation((stopped, affected), (size, of_them), equal=False),
    ]
    counted, never = f"last.intolerance/{cohort.population}", f"best.nr/{cohort.population}"
    by_reason = [] if criteria.intolerance == "all" else [never]
    return [*relations, at_most(counted, stopped), at_most(stopped, counted, *by_reason)]
