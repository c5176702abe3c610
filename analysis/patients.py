"""Who the patients are: the inclusion into the study, and the values of the text on patients."""

import pandas as pd

from analysis.characteristics import CYTOREDUCTIVE, DISEASES, SYMPTOMATIC, found, of_disease, received, sex_ratio
from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.schema import further_values
from analysis.summaries import Values, share, spread
from analysis.vocabulary import POPULATION_DIAGNOSES, POPULATION_LABELS, Diagnosis, ExclusionReason, Population

# The reasons for exclusion in full (L167-L169), and those that the paper lacks.
EXCLUSION_LABELS: dict[str, str] = {one: one.label for one in ExclusionReason} | further_values("ExclusionReason")


def inclusion(cohort: Cohort) -> pd.DataFrame:
    """Count the patients at each step from screening to last follow-up, for a STROBE flow diagram (L165-L171, L253).

    Returns
    -------
    DataFrame
        ``step`` (screened, excluded, included, analysed, diagnosis or follow_up), ``category`` (empty for the total of
        the step; else an `ExclusionReason`, a `Diagnosis`, or ongoing or stopped), ``label`` and ``n``. The screening
        is always that of the whole study; diagnosis and follow_up divide the analysed patients, who are fewer than the
        included ones if the cohort is restricted to a population.
    """
    screening, patients = cohort.screening, cohort.patients
    reasons = screening["exclusion_reason"].value_counts()
    shown = [str(reason) for reason in EXCLUSION_LABELS if reason in list(ExclusionReason) or reasons[reason]]
    diagnoses, ongoing = patients["diagnosis"].value_counts(), int((cohort.courses["ongoing"] == "yes").sum())
    rows = [
        ("screened", "", "Omalizumab recommended", len(screening)),
        ("excluded", "", "Excluded", int((screening["screening"] == "excluded").sum())),
        *(("excluded", reason, EXCLUSION_LABELS[reason], int(reasons[reason])) for reason in shown),
        ("included", "", "Included", int((screening["screening"] == "included").sum())),
        ("analysed", "", POPULATION_LABELS[cohort.population], len(patients)),
        *(
            ("diagnosis", name.value, POPULATION_LABELS[population], int(diagnoses[name]))
            for name, population in zip(Diagnosis, list(Population)[2:], strict=True)
        ),
        ("follow_up", "ongoing", "On omalizumab at last follow-up", ongoing),
        ("follow_up", "stopped", "Omalizumab stopped", len(patients) - ongoing),
    ]
    return pd.DataFrame(rows, columns=["step", "category", "label", "n"])


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> Values:
    """Give the values of the text on the patients; ``screened`` at the end of a name is everyone screened.

    Inclusion (L157-L171), ages, sex, diagnoses (L230-L233), KIT (L233-L236) and continued therapies (L238-L239). None
    of them depends on the criteria.
    """
    patients, screening = cohort.patients, cohort.screening
    groups = {population.lower(): POPULATION_DIAGNOSES[population] for population in list(Population)[1:]}
    groups |= {"mcas": DISEASES["mcas"], "mastocytosis": (Diagnosis.ISM, Diagnosis.CM)}
    reason, months = screening["exclusion_reason"], screening["recommendation_month"]
    excluded = screening["screening"] == "excluded"
    reasons = [*ExclusionReason, *reason[reason.isin(further_values("ExclusionReason"))].unique()]
    values = {
        "patients.screened.all": {"n": len(screening)},
        "patients.centres.screened": {"n": int(screening["centre_id"].nunique())},
        "patients.recommendation_month.screened": {"n": len(months), "minimum": months.min(), "maximum": months.max()},
        "patients.included.screened": share(screening["screening"] == "included"),
        "patients.excluded.screened": share(excluded),
        "patients.excluded.follow_up_or_data.screened": share(excluded & (reason != ExclusionReason.SM_AHN)),
        **{f"patients.excluded.{name.lower()}.screened": share(reason == name) for name in reasons},
        "patients.age_at_diagnosis.all": spread(patients["age_at_diagnosis_years"]),
        "patients.age_at_treatment.all": spread(patients["age_at_treatment_years"]),
        "patients.months_from_diagnosis.all": spread(patients["diagnosis_to_treatment_months"]),
        "patients.sex_ratio.all": sex_ratio(patients),
        "patients.analysed.all": {"n": len(patients)},
        "patients.continued_therapy.all": share(patients["continued_classical_therapy"] == "yes"),
        "patients.symptomatic_therapy.all": share(received(patients, SYMPTOMATIC)),
        "patients.cytoreductive_therapy.all": share(received(patients, CYTOREDUCTIVE)),
        "patients.kit_evaluated.all": share(patients["kit_d816v"] != "not_evaluated"),
        "patients.kit_positive.all": found(patients["kit_d816v"]),
    }
    for name, diagnoses in groups.items():
        mask = of_disease(patients, diagnoses)
        kit = patients.loc[mask, "kit_d816v"]
        values[f"patients.diagnosis.{name}.all"] = share(mask)
        values[f"patients.kit_evaluated.{name}"] = share(kit != "not_evaluated")
        values[f"patients.kit_positive.{name}"] = found(kit)
    return values
