"""Table 1: the patients' characteristics."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.cohort import Cohort
from analysis.summaries import proportion, share, spread
from analysis.vocabulary import POPULATION_DIAGNOSES, Analyte, Diagnosis, Finding, Population

NUMBERS = ("n", "denominator", "percent", "median", "mean", "sd", "minimum", "maximum", "ratio")
COLUMNS = ("row", "label", "level", "column", "statistic", *NUMBERS)  # a number that a row does not have is missing

SECTIONS: dict[str, str] = {  # the sections of Table 1: the part of a row's key before the dot, and its heading
    "general": "General characteristics", "classification": "Disease classification", "who": "WHO 2016 criteria",
    "presentation": "Disease presentation", "laboratory": "Tryptase and total IgE at diagnosis",
    "therapies": "Previous lines of therapy",
}  # fmt: skip

DISEASES: dict[str, tuple[Diagnosis, ...]] = {  # MCAS is clonal (MMAS) or idiopathic (L232-L233, Table 1)
    "ism": (Diagnosis.ISM,), "cm": (Diagnosis.CM,), "mcas": (Diagnosis.MMAS, Diagnosis.IDIOPATHIC),
}  # fmt: skip

_DISEASE_LABELS = {
    "ism": "Indolent systemic mastocytosis (ISM)", "cm": "Cutaneous mastocytosis (CM)",
    "mcas": "Mast cell activation syndrome (MCAS)",
}  # fmt: skip

SYMPTOMATIC: dict[str, str] = {  # the symptomatic therapies before omalizumab, as Table 1 orders them
    "h2_antihistamine": "H2 antihistamine", "h1_antihistamine": "H1 antihistamine", "montelukast": "Montelukast",
    "sodium_cromoglycate": "Sodium cromoglycate",
}  # fmt: skip

CYTOREDUCTIVE: dict[str, str] = {  # the cytoreductive and targeted therapies before omalizumab, as Table 1 orders them
    "cladribine": "Cladribine", "masitinib": "Masitinib", "imatinib": "Imatinib", "rapamycin": "Rapamycin",
    "interferon": "Interferon",
}  # fmt: skip

_GENERAL = (
    ("age_at_diagnosis", "Age at diagnosis, years", "median_range", "age_at_diagnosis_years"),
    ("age_at_treatment", "Age at omalizumab treatment, years", "median_range", "age_at_treatment_years"),
    ("time_to_treatment", "Time from diagnosis to omalizumab treatment", "duration_range",
     "diagnosis_to_treatment_months"),
)  # fmt: skip
_WHO = {
    "who_multifocal_infiltrates": "Multifocal dense mast cell infiltrates",
    "who_atypical_mast_cells": "Over 25% atypical or spindle-shaped mast cells",
    "kit_d816v": "KIT mutation at codon 816", "who_cd2_cd25": "Mast cells with CD2 and/or CD25",
    "who_tryptase_over_20": "Baseline serum tryptase >20 ng/mL",
}  # fmt: skip
_BONE_MARROW = (
    ("", "Involved bone marrow", "involved"), (".histology", "Histological criteria", "histology"),
    (".cytology", "Cytological criteria", "cytology"), (".phenotype", "Phenotypical criteria", "phenotype"),
    (".kit", "KIT D816V mutation", "kit_d816v"),
)  # fmt: skip
_Row = tuple[str, str, int, str, dict[str, Any]]


def of_disease(patients: pd.DataFrame, diagnoses: tuple[Diagnosis, ...]) -> pd.Series:
    """Tell which patients have one of some diagnoses."""
    return patients["diagnosis"].isin([diagnosis.value for diagnosis in diagnoses])


def found(finding: pd.Series) -> dict[str, Any]:
    """Count a `Finding`: ``n`` positive, ``denominator`` evaluated, ``percent`` (L233-L236)."""
    return proportion(int((finding == "positive").sum()), int((finding != "not_evaluated").sum()))


def received(patients: pd.DataFrame, therapies: dict[str, str]) -> pd.Series:
    """Tell which patients received at least one of some therapies, columns of `patients`, before omalizumab."""
    return (patients[list(therapies)] == "yes").any(axis=1)


def sex_ratio(patients: pd.DataFrame) -> dict[str, Any]:
    """Divide the ``n`` men by the ``denominator`` women; the ``ratio`` is None without women (Table 1)."""
    men, women = int((patients["sex"] == "M").sum()), int((patients["sex"] == "F").sum())
    return {"n": men, "denominator": women, "ratio": men / women if women else None}


def _rows(cohort: Cohort) -> Iterator[_Row]:
    """Go through the rows of Table 1 as it prints them: key, label, indent, statistic and numbers."""
    patients = cohort.patients

    def of_all(column: str, value: str = "positive") -> dict[str, Any]:
        return share(patients[column] == value)

    for key, label, statistic, column in _GENERAL:
        yield f"general.{key}", label, 0, statistic, spread(patients[column])
    yield "general.sex_ratio", "Sex ratio (M/F)", 0, "ratio", sex_ratio(patients)
    for population in (Population.PRIMARY, Population.IDIOPATHIC):
        group = share(of_disease(patients, POPULATION_DIAGNOSES[population]))
        yield f"classification.{population}", population.label, 0, "count_percent", group
    for disease, diagnoses in DISEASES.items():
        mask = of_disease(patients, diagnoses)
        yield f"classification.{disease}", _DISEASE_LABELS[disease], 0, "count_percent", share(mask)
        for finding in Finding:
            clonal = " (MMAS)" if (disease, finding) == ("mcas", "positive") else ""
            text, kit = f"KIT D816V {finding.replace('_', ' ')}{clonal}", patients.loc[mask, "kit_d816v"]
            yield f"classification.{disease}.kit_{finding}", text, 1, "count", share(kit == finding)
    for column, label in _WHO.items():
        yield f"who.{column.removeprefix('who_')}", label, 0, "count_percent", found(patients[column])
    yield "presentation.skin", "Involved skin", 0, "count_percent", of_all("skin_involved")
    yield "presentation.skin.maculopapular", "Maculopapular", 1, "count_percent", of_all("skin_maculopapular")
    yield "presentation.skin.histology", "Histological criteria", 1, "count_percent", of_all("skin_histology")
    yield "presentation.skin.kit", "KIT D816V mutation", 1, "count_percent", found(patients["skin_kit_d816v"])
    # Table 1 counts every marrow finding over the patients whose marrow was examined at all.
    examined = patients[patients["bone_marrow_involved"] != "not_evaluated"]
    for key, label, column in _BONE_MARROW:
        marrow = share(examined[f"bone_marrow_{column}"] == "positive")
        yield f"presentation.bone_marrow{key}", label, int(key != ""), "count_percent", marrow
    density = of_all("decreased_bone_density")
    yield "presentation.bone_density", "Decreased bone density", 0, "count_percent", density
    samples = cohort.laboratory[cohort.laboratory["time_point"] == "diagnosis"]
    for analyte, label in ((Analyte.TRYPTASE, "Tryptase, ng/mL"), (Analyte.TOTAL_IGE, "Total IgE, UI/mL")):
        level = spread(samples.loc[samples["analyte"] == analyte, "value"])
        yield f"laboratory.{analyte}", label, 0, "mean_range", level
    kinds = {"symptomatic": "Symptomatic therapies", "cytoreductive": "Cytoreductive or targeted therapies"}
    for (key, label), therapies in zip(kinds.items(), (SYMPTOMATIC, CYTOREDUCTIVE), strict=True):
        yield f"therapies.{key}", label, 0, "count_percent", share(received(patients, therapies))
        for column, name in therapies.items():
            yield f"therapies.{column}", name, 1, "count_percent", of_all(column, "yes")


def characteristics(cohort: Cohort) -> pd.DataFrame:
    """Compute Table 1, the patients' characteristics.

    Returns
    -------
    DataFrame
        One row per printed row, in the printed order, with the columns `COLUMNS`: ``row`` (section of `SECTIONS`, a
        dot, and the row's key), ``label``, ``level`` (indent), ``column`` (the population), ``statistic``
        (median_range, duration_range in months, mean_range, ratio, count_percent, or count where Table 1 prints no
        percentage) and the numbers, not rounded: ``n`` and ``denominator`` are whole, the others floats. The bracket of
        Table 1 is the first two rows of the classification. A finding is counted among the patients evaluated for it;
        skin (but for its mutation) and bone density among all, the bone marrow among those with an evaluated marrow.
    """
    named = ("row", "label", "level", "statistic")
    rows = [dict(zip(named, words, strict=True)) | numbers for *words, numbers in _rows(cohort)]
    frame = pd.DataFrame(rows, columns=COLUMNS).assign(column=cohort.population.value)
    whole = dict.fromkeys(("n", "denominator"), "Int64")
    return frame.astype(whole | dict.fromkeys(NUMBERS[2:], "float64"))
