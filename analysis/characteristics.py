"""Table 1: the patients' characteristics."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.cohort import Cohort
from analysis.summaries import proportion, share, spread
from analysis.vocabulary import POPULATION_DIAGNOSES, POPULATION_LABELS, Analyte, Diagnosis, Population

NUMBERS = ("n", "denominator", "percent", "median", "mean", "sd", "minimum", "maximum", "ratio")
COLUMNS = ("row", "label", "level", "column", "statistic", *NUMBERS)  # a number that a row does not have is missing

SECTIONS: dict[str, str] = {  # the sections of Table 1: the part of a row's key before the dot, and its heading
    "general": "General characteristics", "classification": "Disease classification", "who": "WHO 2016 criteria",
    "presentation": "Disease presentation", "laboratory": "Tryptase and total IgE at diagnosis",
    "therapies": "Previous lines of therapy",
}  # fmt: skip

DISEASES: dict[str, tuple[Diagnosis, ...]] = {  # MCAS is clonal (MMAS) or idiopathic (L232-L233, Table 1)
    "ism": (Diagnosis.ISM,),
    "cm": (Diagnosis.CM,),
    "mcas": (Diagnosis.MMAS, Diagnosis.IDIOPATHIC),
}

DISEASE_LABELS: dict[str, str] = {  # the three diseases in full
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

_WHO = {
    "who_multifocal_infiltrates": "Multifocal dense mast cell infiltrates",
    "who_atypical_mast_cells": "Over 25% atypical or spindle-shaped mast cells",
    "kit_d816v": "KIT mutation at codon 816", "who_cd2_cd25": "Mast cells with CD2 and/or CD25",
    "who_tryptase_over_20": "Baseline serum tryptase >20 ng/mL",
}  # fmt: skip
_FINDINGS = {"positive": "positive", "negative": "negative", "not_evaluated": "not evaluated"}
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


def _general(cohort: Cohort) -> Iterator[_Row]:
    patients = cohort.patients
    yield "age_at_diagnosis", "Age at diagnosis, years", 0, "median_range", spread(patients["age_at_diagnosis_years"])
    age = spread(patients["age_at_treatment_years"])
    yield "age_at_treatment", "Age at omalizumab treatment, years", 0, "median_range", age
    delay = spread(patients["diagnosis_to_treatment_months"])
    yield "time_to_treatment", "Time from diagnosis to omalizumab treatment", 0, "duration_range", delay
    yield "sex_ratio", "Sex ratio (M/F)", 0, "ratio", sex_ratio(patients)


def _classification(cohort: Cohort) -> Iterator[_Row]:
    patients = cohort.patients
    for population in (Population.PRIMARY, Population.IDIOPATHIC):
        group = share(of_disease(patients, POPULATION_DIAGNOSES[population]))
        yield population.value, POPULATION_LABELS[population], 0, "count_percent", group
    for disease, diagnoses in DISEASES.items():
        mask = of_disease(patients, diagnoses)
        yield disease, DISEASE_LABELS[disease], 0, "count_percent", share(mask)
        kit = patients.loc[mask, "kit_d816v"]
        for finding, text in _FINDINGS.items():
            clonal = " (MMAS)" if (disease, finding) == ("mcas", "positive") else ""
            yield f"{disease}.kit_{finding}", f"KIT D816V {text}{clonal}", 1, "count", share(kit == finding)


def _presentation(cohort: Cohort) -> Iterator[_Row]:
    patients = cohort.patients

    def everyone(column: str) -> dict[str, Any]:
        return share(patients[column] == "positive")

    yield "skin", "Involved skin", 0, "count_percent", everyone("skin_involved")
    yield "skin.maculopapular", "Maculopapular", 1, "count_percent", everyone("skin_maculopapular")
    yield "skin.histology", "Histological criteria", 1, "count_percent", everyone("skin_histology")
    yield "skin.kit", "KIT D816V mutation", 1, "count_percent", found(patients["skin_kit_d816v"])
    # Table 1 counts every marrow finding over the patients whose marrow was examined at all.
    examined = patients[patients["bone_marrow_involved"] != "not_evaluated"]
    for key, label, column in (
        ("", "Involved bone marrow", "bone_marrow_involved"),
        (".histology", "Histological criteria", "bone_marrow_histology"),
        (".cytology", "Cytological criteria", "bone_marrow_cytology"),
        (".phenotype", "Phenotypical criteria", "bone_marrow_phenotype"),
        (".kit", "KIT D816V mutation", "bone_marrow_kit_d816v"),
    ):
        yield f"bone_marrow{key}", label, int(key != ""), "count_percent", share(examined[column] == "positive")
    yield "bone_density", "Decreased bone density", 0, "count_percent", everyone("decreased_bone_density")


def _therapies(cohort: Cohort) -> Iterator[_Row]:
    patients = cohort.patients
    for key, label, therapies in (
        ("symptomatic", "Symptomatic therapies", SYMPTOMATIC),
        ("cytoreductive", "Cytoreductive or targeted therapies", CYTOREDUCTIVE),
    ):
        yield key, label, 0, "count_percent", share(received(patients, therapies))
        for column, name in therapies.items():
            yield column, name, 1, "count_percent", share(patients[column] == "yes")


def _rows(cohort: Cohort) -> Iterator[tuple[str, _Row]]:
    yield from (("general", row) for row in _general(cohort))
    yield from (("classification", row) for row in _classification(cohort))
    for column, label in _WHO.items():
        yield "who", (column.removeprefix("who_"), label, 0, "count_percent", found(cohort.patients[column]))
    yield from (("presentation", row) for row in _presentation(cohort))
    samples = cohort.laboratory[cohort.laboratory["time_point"] == "diagnosis"]
    for analyte, label in ((Analyte.TRYPTASE, "Tryptase, ng/mL"), (Analyte.TOTAL_IGE, "Total IgE, UI/mL")):
        level = spread(samples.loc[samples["analyte"] == analyte, "value"])
        yield "laboratory", (analyte.value, label, 0, "mean_range", level)
    yield from (("therapies", row) for row in _therapies(cohort))


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
    rows = [
        {"row": f"{section}.{key}", "label": label, "level": level, "statistic": statistic} | numbers
        for section, (key, label, level, statistic, numbers) in _rows(cohort)
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS).assign(column=cohort.population.value)
    whole = dict.fromkeys(("n", "denominator"), "Int64")
    return frame.astype(whole | dict.fromkeys(NUMBERS[2:], "float64"))
