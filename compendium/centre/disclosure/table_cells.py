"""The cells of Table 1, Table 2 and the safety table, and what any reader knows to hold between them.

The numbers of each table come as the study gives them, with the names of their cells in ``n_cell`` and
``denominator_cell``; a number that stands in several tables has one name. Of the relations, some follow from the
definitions, and others a reader expects although rows may contradict them (Tables 1 and 2 give both, in this order).
"""

from collections.abc import Iterator

import pandas as pd

from analysis.characteristics import COLUMNS, CYTOREDUCTIVE, DISEASES, SYMPTOMATIC
from analysis.cohort import Cohort
from analysis.criteria import Criteria
from analysis.safety import event_table, summarise
from analysis.tables import table_1, table_2
from analysis.vocabulary import POPULATION_DIAGNOSES, Diagnosis, Population, Severity
from compendium.centre.disclosure.cells import Relation, at_most, sums_to

_Relations = tuple[list[Relation], list[Relation]]

_FINDINGS = ("positive", "negative", "not_evaluated")
_BEST, _LAST = ("cr", "mr", "pr"), ("nr", "loss_of_response", "intolerance", "lost_to_follow_up")
_MARROW = ("histology", "cytology", "phenotype", "kit")
_KIT = "who.kit_d816v"

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
    columns = _columns(cohort)
    parts_of = {Population.ALL: (Population.PRIMARY, Population.IDIOPATHIC)}
    parts_of[Population.PRIMARY] = (Population.ISM, Population.CM, Population.MMAS)
    for whole, parts in parts_of.items():
        if whole in columns:
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
    for column in _columns(cohort):

        def at(*rows: str, column: Population = column) -> list[str]:
            return [f"{row}/{column}" for row in rows]

        best, lasting = at(*(f"best.{row}" for row in _BEST)), at(*(f"last.{row}" for row in _BEST))
        gone = at(*(f"last.{row}" for row in _LAST))
        orr, nr, persistent, none = at("best.orr", "best.nr", "last.persistent_orr", "last.no_persistent_response")
        certain += [sums_to(orr, best), sums_to(persistent, lasting), sums_to(none, gone)]
        certain += [sums_to(size_of(column), [orr, nr]), sums_to(size_of(column), [persistent, none])]
        certain += [at_most(persistent, orr), at_most(gone[0], nr)]
        # Whoever never responded stays under no response, but for intolerance under another rule.
        by_reason = [gone[2]] if criteria.intolerance == "all" else []
        certain += [at_most(nr, gone[0], *by_reason)]
        expected += [at_most(lasting[0], best[0]), Relation(tuple(lasting[:2]), tuple(best[:2]), equal=False)]
    rows = [*(f"best.{row}" for row in ("orr", *_BEST, "nr")), "last.persistent_orr", "last.no_persistent_response"]
    for row in [*rows, *(f"last.{row}" for row in (*_BEST, *_LAST))]:
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
    cells = {finding: f"classification.{disease}.kit_{finding}" for finding in _FINDINGS}
    whole = _of(cohort, DISEASES[disease])
    if whole is None:
        return {}
    # MMAS is the clonal syndrome: every patient with it has the mutation.
    return {"positive": whole} if whole == size_of(Population.MMAS) else cells


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
    size = size_of(cohort.population)
    diseases = {disease: whole for disease in DISEASES if (whole := _of(cohort, DISEASES[disease]))}
    kit = {disease: _kit_cells(cohort, disease) for disease in diseases}
    certain = [*_sums_of_columns(cohort, "patients"), sums_to(size, ["men", "women"])]
    expected = []
    if len(diseases) > 1:
        certain.append(sums_to(size, list(diseases.values())))
    if "classification.mcas" in diseases.values():
        mmas = size_of(Population.MMAS)
        certain.append(at_most(mmas, kit["mcas"]["positive"]))
        expected.append(at_most(kit["mcas"]["positive"], mmas))
    certain += [sums_to(whole, list(kit[one].values())) for one, whole in diseases.items() if len(kit[one]) > 1]
    missing = [cells["not_evaluated"] for cells in kit.values() if len(cells) > 1]
    certain.append(sums_to(_KIT, [cells["positive"] for cells in kit.values()]))
    certain.append(sums_to(size, [f"{_KIT}:evaluated", *missing]))
    skin, marrow = "presentation.skin", "presentation.bone_marrow"
    for row in ("multifocal_infiltrates", "atypical_mast_cells", "kit_d816v", "cd2_cd25", "tryptase_over_20"):
        certain += [at_most(f"who.{row}", f"who.{row}:evaluated"), at_most(f"who.{row}:evaluated", size)]
    certain += [at_most(f"{skin}{part}", size) for part in ("", ".maculopapular", ".histology", ".kit:evaluated")]
    certain += [at_most(f"{skin}.kit", f"{skin}.kit:evaluated"), at_most(f"{marrow}:evaluated", size)]
    certain += [at_most(f"{marrow}{part}", f"{marrow}:evaluated") for part in ("", *(f".{one}" for one in _MARROW))]
    rows = ("presentation.bone_density", "laboratory.tryptase", "laboratory.total_ige")
    certain += [at_most(row, size) for row in rows]
    for whole, parts in (("symptomatic", SYMPTOMATIC), ("cytoreductive", CYTOREDUCTIVE)):
        rows = [f"therapies.{part}" for part in parts]
        certain += [at_most(f"therapies.{whole}", size), at_most(f"therapies.{whole}", *rows)]
        certain += [at_most(row, f"therapies.{whole}") for row in rows]
    expected += [at_most(f"{skin}.{part}", skin) for part in ("maculopapular", "histology", "kit")]
    expected += [at_most(f"{marrow}.{part}", marrow) for part in _MARROW]
    expected += [at_most(marrow, *(f"{marrow}.{part}" for part in _MARROW))]
    expected += [at_most(f"{skin}.kit", _KIT), at_most(f"{marrow}.kit", _KIT)]
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
    """Give the numbers of the safety table: rows of patients, then of events, with a column for each `EVENT_COLUMNS`.

    Events that fewer patients had than the threshold are counted in one row: that one occurred at all is rare.
    """
    rows = pd.concat([_patient_rows(cohort), _event_rows(cohort, threshold)], ignore_index=True)
    rows = rows.reindex(columns=[*COLUMNS, "n_cell", "denominator_cell"])
    whole = dict.fromkeys(("n", "denominator"), "Int64")
    floats = dict.fromkeys(("percent", "median", "mean", "sd", "minimum", "maximum", "ratio"), "float64")
    return rows.astype(whole | floats)


def safety_relations(cohort: Cohort, numbers: pd.DataFrame, criteria: Criteria) -> list[Relation]:
    """Say what holds, by definition, between the cells of the safety table and Table 2; an event is one per patient."""
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
    pairs = ((of_them, affected), (affected, size), (stopped, size), (of_them, stopped), (for_event, of_them))
    relations += [at_most(part, whole) for part, whole in pairs]
    relations += [at_most(both, severe), at_most(both, flare), at_most(for_flare, flare), at_most(for_flare, for_event)]
    # Whoever has either is counted twice only if both.
    for either, both_and_all in (((severe, flare), (affected, both)), ((stopped, affected), (size, of_them))):
        relations.append(Relation(either, both_and_all, equal=False))
    counted, never = f"last.intolerance/{cohort.population}", f"best.nr/{cohort.population}"
    by_reason = [] if criteria.intolerance == "all" else [never]
    return [*relations, at_most(counted, stopped), at_most(stopped, counted, *by_reason)]
