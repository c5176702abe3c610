"""All tables that are shared together as one set of cells: what one of them hides another must not show.

The numbers of Table 1, Table 2 and the safety table come as the study gives them, with the names of their cells in
``n_cell`` and ``denominator_cell``; a number that stands in several tables has one name. What a reader knows to hold
between them follows from the definitions, or is expected although rows may contradict it.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.characteristics import COLUMNS, CYTOREDUCTIVE, DISEASES, SYMPTOMATIC
from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.safety import event_table, summarise
from analysis.tables import table_1, table_2
from analysis.vocabulary import POPULATION_DIAGNOSES, Diagnosis, Population, Severity
from compendium.centre.disclosure.cells import HIDE_BELOW, Cells, Relation, at_most, check_threshold, stated, sums_to
from compendium.centre.disclosure.suppression import suppress

_Relations = tuple[list[Relation], list[Relation]]

_COSTS = {"patients/": 10, ":evaluated": 3, "best.orr/": 2, "last.persistent_orr/": 2, "/n": 2}
"""By a part of a cell's name: a hidden denominator takes percentages with it, and sums are read before their parts."""

_MARROW = tuple(f"presentation.bone_marrow.{part}" for part in ("histology", "cytology", "phenotype", "kit"))
_RESPONSE = (
    "best.orr = best.cr + best.mr + best.pr",
    "last.persistent_orr = last.cr + last.mr + last.pr",
    "last.no_persistent_response = last.nr + last.loss_of_response + last.intolerance + last.lost_to_follow_up",
    "patients = best.orr + best.nr",
    "patients = last.persistent_orr + last.no_persistent_response",
    "last.persistent_orr <= best.orr",
    "last.nr <= best.nr",
)
_RESPONSE_ROWS = (
    *("best.orr", "best.cr", "best.mr", "best.pr", "best.nr", "last.persistent_orr", "last.no_persistent_response"),
    *("last.cr", "last.mr", "last.pr", "last.nr", "last.loss_of_response", "last.intolerance"),
    "last.lost_to_follow_up",
)

EVENT_COLUMNS: dict[str, str] = {"n": "Patients (%)", **{one.value: one.value.capitalize() for one in Severity}}
EVENT_COLUMNS |= {"flare": "Flare", "led_to_stop": "Led to stop"}
"""The columns of the safety table: the patients with an event, and those in whom it was of a kind."""

_PATIENTS: dict[str, str] = {
    "patients_with_event.all": "Any adverse event", "severe.all": "Severe adverse event",
    "flare.all": "Flare of symptoms", "severe_flare.all": "Severe flare", "stopped.all": "Stopped for side effects",
    "stopped.with_event": "Stopped, of those with an adverse event",
    "stopped_for_event.all": "Stopped because of an adverse event", "flare_stopped.all": "Stopped because of a flare",
}  # fmt: skip


def size_of(population: str) -> str:
    """Name the cell that holds the number of patients of a population, the same in all tables."""
    return f"patients/{population}"


def _columns(cohort: Cohort) -> list[Population]:
    """List the populations that are parts of the cohort's own; of any other it has no patients by definition."""
    whole = set(POPULATION_DIAGNOSES[cohort.population])
    return [column for column, parts in POPULATION_DIAGNOSES.items() if whole.issuperset(parts)]


def _sums_of_columns(cohort: Cohort, row: str) -> Iterator[Relation]:
    """Primary and idiopathic make up all; ISM, CM and MMAS are primary (L266, Table 1)."""
    for whole, parts in (("all", ("primary", "idiopathic")), ("primary", ("ISM", "CM", "MMAS"))):
        if whole in _columns(cohort):
            yield sums_to(f"{row}/{whole}", [f"{row}/{part}" for part in parts])


def response_cells(cohort: Cohort, criteria: Criteria) -> pd.DataFrame:
    """Give the numbers of Table 2 for the populations that are part of the cohort's own."""
    numbers = table_2(cohort, criteria)
    numbers = numbers[numbers["column"].isin(_columns(cohort))].reset_index(drop=True)
    sizes = numbers["column"].map(size_of)
    return numbers.assign(n_cell=numbers["row"] + "/" + numbers["column"], denominator_cell=sizes)


def response_relations(cohort: Cohort, criteria: Criteria) -> _Relations:
    """Say what holds between the cells of Table 2: what is certain, and what is expected."""
    certain, expected = [], []
    # Whoever never responded stays under no response, but for intolerance under another rule.
    never = "last.nr + last.intolerance" if criteria.intolerance == "all" else "last.nr"
    for column in _columns(cohort):
        certain += stated(*_RESPONSE, f"best.nr <= {never}", ending=f"/{column}")
        expected += stated("last.cr <= best.cr", "last.cr + last.mr <= best.cr + best.mr", ending=f"/{column}")
    for row in _RESPONSE_ROWS:
        certain += _sums_of_columns(cohort, row)
    return certain, expected


def _of(cohort: Cohort, diagnoses: tuple[Diagnosis, ...]) -> str | None:
    """Name the cell that counts some diagnoses; None if the population has none of them by definition."""
    present = tuple(one for one in POPULATION_DIAGNOSES[cohort.population] if one in diagnoses)
    for population in (cohort.population, *Population):
        if POPULATION_DIAGNOSES[population] == present:
            return size_of(population)
    return "classification.mcas" if present else None


def _kit_cells(cohort: Cohort, disease: str) -> dict[str, str]:
    """Name the cells of the KIT findings of a disease, but for those that are empty by definition."""
    whole = _of(cohort, DISEASES[disease])
    if whole in (None, size_of(Population.MMAS)):
        # MMAS is the clonal syndrome: every patient with it has the mutation.
        return {"positive": whole} if whole else {}
    return {finding: f"classification.{disease}.kit_{finding}" for finding in ("positive", "negative", "not_evaluated")}


def _named(cohort: Cohort, row: str) -> tuple[str | None, str | None]:
    """Name the cells of the count and the denominator of a row of Table 1."""
    size = size_of(cohort.population)
    section, _, key = row.partition(".")
    if row == "general.sex_ratio":
        return "men", "women"
    if section == "general":
        return size, None
    if section == "laboratory":
        return row, None
    if section == "classification":
        disease, _, finding = key.partition(".kit_")
        whole = _of(cohort, DISEASES.get(disease) or POPULATION_DIAGNOSES[Population(disease)])
        return (_kit_cells(cohort, disease).get(finding), str(whole)) if finding else (whole, size)
    if key.startswith("bone_marrow"):
        return row, "presentation.bone_marrow:evaluated"
    own = section == "who" or key == "skin.kit"
    return row, f"{row}:evaluated" if own else size


def characteristics_cells(cohort: Cohort) -> pd.DataFrame:
    """Give the numbers of Table 1, without the rows of diagnoses that the population has not by definition."""
    numbers = table_1(cohort)
    names = [_named(cohort, row) for row in numbers["row"]]
    numbers = numbers.join(pd.DataFrame(names, numbers.index, columns=["n_cell", "denominator_cell"]))
    return numbers[numbers["n_cell"].notna()].reset_index(drop=True)


def characteristics_relations(cohort: Cohort) -> _Relations:
    """Say what holds between the cells of Table 1, and between the populations: what is certain, what is expected."""
    size, kit_of_all = size_of(cohort.population), "who.kit_d816v"
    diseases = {disease: whole for disease in DISEASES if (whole := _of(cohort, DISEASES[disease]))}
    kit = {disease: _kit_cells(cohort, disease) for disease in diseases}
    certain, expected = [*_sums_of_columns(cohort, "patients"), sums_to(size, ["men", "women"])], []
    if len(diseases) > 1:
        certain.append(sums_to(size, list(diseases.values())))
    if "classification.mcas" in diseases.values():
        mmas = size_of(Population.MMAS)
        certain.append(at_most(mmas, kit["mcas"]["positive"]))
        expected.append(at_most(kit["mcas"]["positive"], mmas))
    certain += [sums_to(whole, list(kit[one].values())) for one, whole in diseases.items() if len(kit[one]) > 1]
    missing = [cells["not_evaluated"] for cells in kit.values() if len(cells) > 1]
    certain.append(sums_to(kit_of_all, [cells["positive"] for cells in kit.values()]))
    certain.append(sums_to(size, [f"{kit_of_all}:evaluated", *missing]))
    skin, marrow = "presentation.skin", "presentation.bone_marrow"
    for row in ("multifocal_infiltrates", "atypical_mast_cells", "kit_d816v", "cd2_cd25", "tryptase_over_20"):
        certain += stated(f"who.{row} <= who.{row}:evaluated <= {size}")
    certain += [at_most(f"{skin}{part}", size) for part in ("", ".maculopapular", ".histology", ".kit:evaluated")]
    certain += stated(f"{skin}.kit <= {skin}.kit:evaluated", f"{marrow}:evaluated <= {size}")
    certain += [at_most(row, f"{marrow}:evaluated") for row in (marrow, *_MARROW)]
    rows = ("presentation.bone_density", "laboratory.tryptase", "laboratory.total_ige")
    certain += [at_most(row, size) for row in rows]
    for whole, parts in (("therapies.symptomatic", SYMPTOMATIC), ("therapies.cytoreductive", CYTOREDUCTIVE)):
        rows = [f"therapies.{part}" for part in parts]
        certain += [at_most(whole, size), at_most(whole, *rows), *(at_most(row, whole) for row in rows)]
    expected += [at_most(f"{skin}.{part}", skin) for part in ("maculopapular", "histology", "kit")]
    expected += [*(at_most(row, marrow) for row in _MARROW), at_most(marrow, *_MARROW)]
    expected += stated(f"{skin}.kit <= {kit_of_all}", f"{marrow}.kit <= {kit_of_all}")
    expected += [at_most(diseases["cm"], skin)] if "cm" in diseases else []
    return certain, expected


def _patient_rows(cohort: Cohort) -> pd.DataFrame:
    values = summarise(cohort)
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
    singles = named[counts].assign(row="event." + named["term"], label=named["term"].str.capitalize())
    rows = pd.concat([singles, totals.assign(row=list(sums), label=[label for label, _ in sums.values()])])
    cells = rows.set_index(["row", "label"]).rename_axis(columns="column").stack().rename("n").reset_index()
    cells["n_cell"] = cells["row"] + "/" + cells["column"]
    of = (cells["column"] == "n") & cells["row"].str.startswith("event.")
    cells["denominator"] = pd.Series(len(cohort.patients), cells.index).where(of)
    cells["percent"] = 100 * cells["n"].astype(float) / cells["denominator"]
    cells["denominator_cell"] = pd.Series(size_of(cohort.population), cells.index).where(of)
    return cells.assign(level=0, statistic=of.map({True: "count_percent", False: "count"}))


def safety_cells(cohort: Cohort, threshold: int) -> pd.DataFrame:
    """Give the numbers of the safety table; events rarer than the threshold, which is telling itself, are one row."""
    rows = pd.concat([_patient_rows(cohort), _event_rows(cohort, threshold)], ignore_index=True)
    rows = rows.reindex(columns=[*COLUMNS, "n_cell", "denominator_cell"])
    floats = dict.fromkeys(("percent", "median", "mean", "sd", "minimum", "maximum", "ratio"), "float64")
    return rows.astype({"n": "Int64", "denominator": "Int64"} | floats)


def safety_relations(cohort: Cohort, numbers: pd.DataFrame, criteria: Criteria) -> list[Relation]:
    """Say what holds, by definition, between the cells of the safety table and Table 2; an event is one per patient."""
    size, everything = size_of(cohort.population), "event:all"
    rows = list(dict.fromkeys(numbers.loc[numbers["row"].str.startswith("event"), "row"]))
    named = [row for row in rows if row.startswith("event.")]
    parts = [row for row in rows if row != everything]
    relations = [sums_to(f"{row}/n", [f"{row}/{severity}" for severity in Severity]) for row in rows]
    relations += [at_most(f"{row}/{kind}", f"{row}/n") for row in rows for kind in ("flare", "led_to_stop")]
    if parts:
        relations += [sums_to(f"{everything}/{kind}", [f"{row}/{kind}" for row in parts]) for kind in EVENT_COLUMNS]
    affected = "patients.patients_with_event"
    kinds = {"severe": "patients.severe", "flare": "patients.flare", "led_to_stop": "patients.stopped_for_event"}
    for kind, cell in {"n": affected, **kinds}.items():
        relations += [at_most(cell, f"{everything}/{kind}"), *(at_most(f"{row}/{kind}", cell) for row in named)]
    for kind, cell in kinds.items():
        # What a patient has of one kind beyond the first is at most what he or she has beyond the first at all.
        relations += stated(f"{everything}/{kind} + {affected} <= {everything}/n + {cell}")
    never = "" if criteria.intolerance == "all" else f" + best.nr/{cohort.population}"
    return relations + stated(
        f"patients.stopped.with_event <= {affected} <= {size}",
        f"patients.stopped <= {size}",
        "patients.stopped.with_event <= patients.stopped",
        "patients.stopped_for_event <= patients.stopped.with_event",
        "patients.severe_flare <= patients.severe",
        "patients.severe_flare <= patients.flare",
        "patients.flare_stopped <= patients.flare",
        "patients.flare_stopped <= patients.stopped_for_event",
        # Whoever has either is counted twice only if both.
        f"patients.severe + patients.flare <= {affected} + patients.severe_flare",
        f"patients.stopped + {affected} <= {size} + patients.stopped.with_event",
        f"last.intolerance/{cohort.population} <= patients.stopped",
        f"patients.stopped <= last.intolerance/{cohort.population}{never}",
    )


@dataclass(frozen=True)
class SharedNumbers:
    """The numbers of the shared tables, with the columns of `analysis.tables.table_1` or ``table_2``.

    What is hidden is missing, and ``hidden`` names it: ``n``, ``denominator``, both with a blank between, or nothing.
    """

    table_1: pd.DataFrame
    table_2: pd.DataFrame
    safety: pd.DataFrame
    threshold: int  # counts below it are hidden


def joined_cells(cohort: Cohort, criteria: Criteria, threshold: int) -> tuple[dict[str, pd.DataFrame], Cells]:
    """Give the numbers of the three tables, and their cells, each once, with all that a reader knows of them."""
    numbers = {"table_1": characteristics_cells(cohort), "table_2": response_cells(cohort, criteria)}
    numbers["safety"] = safety_cells(cohort, threshold)
    values: dict[str, int] = {}
    for frame, kind in itertools.product(numbers.values(), ("denominator", "n")):
        for cell, value in zip(frame[f"{kind}_cell"], frame[kind], strict=True):
            if pd.notna(cell) and pd.notna(value):
                assert values.setdefault(cell, int(value)) == value, f"cell {cell}: {values[cell]} and {value}"
    certain_1, expected_1 = characteristics_relations(cohort)
    certain_2, expected_2 = response_relations(cohort, criteria)
    certain = [*certain_1, *certain_2, *safety_relations(cohort, numbers["safety"], criteria)]
    # What a reader expects makes the protection stronger if it is true, and misleads the reader if it is not.
    expected = [relation for relation in (*expected_1, *expected_2) if relation.holds(values)]
    costs = {cell: cost for cell in values for part, cost in _COSTS.items() if part in cell}
    least = {cell: threshold for cell in values if cell.startswith("event.") and cell.endswith("/n")}
    return numbers, Cells(values, (*certain, *expected), least, costs)


def _without(numbers: pd.DataFrame, hidden: frozenset[str], threshold: int) -> pd.DataFrame:
    """Leave out what is hidden, and what was computed from it."""
    n, denominator = (numbers[f"{kind}_cell"].isin(hidden) for kind in ("n", "denominator"))
    shares = [name for name in numbers if name in ("percent", "ratio") or name.endswith(("_low", "_high"))]
    spreads = ["median", "mean", "sd", "minimum", "maximum"]
    marks = n.map({True: "n ", False: ""}) + denominator.map({True: "denominator", False: ""})
    kept = numbers.assign(hidden=marks.str.strip())
    kept["n"], kept["denominator"] = kept["n"].mask(n), kept["denominator"].mask(denominator)
    kept[shares], kept[spreads] = kept[shares].mask(n | denominator), kept[spreads].mask(n)
    if threshold:
        kept[["minimum", "maximum"]] = np.nan  # each is a single patient's
    return kept


def shared_numbers(cohort: Cohort, criteria: Criteria = PAPER, hide_below: int = HIDE_BELOW) -> SharedNumbers:
    """Compute Table 1, Table 2 and the safety table, to be shared together, without the counts below a threshold.

    Counts below ``hide_below``, and the cells that would give them away, are hidden; it goes from 0, which hides
    nothing, to 20, any other number being a ValueError.
    """
    threshold = check_threshold(hide_below)
    numbers, cells = joined_cells(cohort, criteria, threshold)
    hidden = suppress(cells, threshold)
    shared = {name: _without(frame, hidden, threshold) for name, frame in numbers.items()}
    return SharedNumbers(**shared, threshold=threshold)
