"""The cells of Tables 1 and 2, and what any reader knows to hold between them."""

from collections.abc import Iterator

import pandas as pd

from analysis.characteristics import CYTOREDUCTIVE, DISEASES, SYMPTOMATIC
from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.tables import table_1, table_2
from analysis.vocabulary import POPULATION_DIAGNOSES, Diagnosis, Population
from compendium.centre.disclosure.cells import Relation, at_most, sums_to

__all__ = ["characteristics_cells", "population_relations", "response_cells", "response_relations", "size_of"]

_FINDINGS = ("positive", "negative", "not_evaluated")
_BEST, _LAST = ("cr", "mr", "pr"), ("nr", "loss_of_response", "intolerance", "lost_to_follow_up")
_MARROW = ("histology", "cytology", "phenotype", "kit")
_KIT = "who.kit_d816v"


def size_of(population: str) -> str:
    """Name the cell that holds the number of patients of a population.

    Parameters
    ----------
    population : str
        A value of `Population`.

    Returns
    -------
    str
        Its name, the same in all tables.
    """
    return f"patients/{population}"


def _columns(cohort: Cohort) -> list[Population]:
    """List the populations that are parts of the cohort's own; of any other it has no patients by definition."""
    whole = set(POPULATION_DIAGNOSES[cohort.population])
    return [column for column, parts in POPULATION_DIAGNOSES.items() if whole.issuperset(parts)]


def population_relations(cohort: Cohort) -> Iterator[Relation]:
    """Say how the numbers of patients add up.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or one population of it.

    Yields
    ------
    Relation
        Primary and idiopathic make up all; ISM, CM and MMAS are primary (L266, Table 1).
    """
    yield from _sums_of_columns(cohort, "patients")


def _sums_of_columns(cohort: Cohort, row: str) -> Iterator[Relation]:
    columns = _columns(cohort)
    for whole, parts in (
        (Population.ALL, (Population.PRIMARY, Population.IDIOPATHIC)),
        (Population.PRIMARY, (Population.ISM, Population.CM, Population.MMAS)),
    ):
        if whole in columns:
            yield sums_to(f"{row}/{whole}", [f"{row}/{part}" for part in parts])


def response_cells(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Give the numbers of Table 2 with the names of their cells.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or one population of it.
    criteria : Criteria, default the paper's
        The rules.

    Returns
    -------
    DataFrame
        As `analysis.tables.table_2`, for the populations that are part of the cohort's own, with ``n_cell`` and
        ``denominator_cell``.
    """
    numbers = table_2(cohort, criteria)
    numbers = numbers[numbers["column"].isin(_columns(cohort))].reset_index(drop=True)
    return numbers.assign(
        n_cell=numbers["row"] + "/" + numbers["column"], denominator_cell=numbers["column"].map(size_of)
    )


def response_relations(cohort: Cohort, criteria: Criteria = PAPER) -> tuple[list[Relation], list[Relation]]:
    """Say what holds between the cells of Table 2.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or one population of it.
    criteria : Criteria, default the paper's
        The rules.

    Returns
    -------
    certain, expected : list of Relation
        What follows from the definitions, and what a reader expects although rows may contradict it.
    """
    certain: list[Relation] = []
    expected: list[Relation] = []
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


def characteristics_cells(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Give the numbers of Table 1 with the names of their cells.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or one population of it.
    criteria : Criteria, default the paper's
        The rules.

    Returns
    -------
    DataFrame
        As `analysis.tables.table_1`, without the rows of diagnoses that the population has not by definition, with
        ``n_cell`` and ``denominator_cell``.
    """
    numbers = table_1(cohort, criteria)
    names = pd.DataFrame(
        [_named(cohort, row) for row in numbers["row"]], numbers.index, columns=["n_cell", "denominator_cell"]
    )
    numbers = numbers.join(names)
    return numbers[numbers["n_cell"].notna()].reset_index(drop=True)


def characteristics_relations(cohort: Cohort) -> tuple[list[Relation], list[Relation]]:
    """Say what holds between the cells of Table 1.

    Parameters
    ----------
    cohort : Cohort
        The cohort, or one population of it.

    Returns
    -------
    certain, expected : list of Relation
        What follows from the definitions, and what a reader expects although rows may contradict it.
    """
    size = size_of(cohort.population)
    diseases = {disease: whole for disease in DISEASES if (whole := _of(cohort, DISEASES[disease]))}
    kit = {disease: _kit_cells(cohort, disease) for disease in diseases}
    certain = [sums_to(size, ["men", "women"])]
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
    certain += [
        at_most(row, size) for row in ("presentation.bone_density", "laboratory.tryptase", "laboratory.total_ige")
    ]
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
