"""Table 1 and the laboratory values, by loops and whole fractions.

The companion of `second_derivation` and `second_results`; it imports nothing of `analysis` either.
"""

from fractions import Fraction

from second_derivation import POPULATIONS, Row, number, share, signed_rank, spread, tally
from second_results import Values

DRUGS = {
    "symptomatic": ("h2_antihistamine", "h1_antihistamine", "montelukast", "sodium_cromoglycate"),
    "cytoreductive": ("cladribine", "masitinib", "imatinib", "rapamycin", "interferon"),
}


def _kit(patients: list[Row]) -> Values:
    """Count the disease classes, and in three of them the findings of the KIT mutation (Table 1)."""
    classes = {"primary": POPULATIONS["primary"], "idiopathic": POPULATIONS["idiopathic"]}
    classes |= {"ism": ("ISM",), "cm": ("CM",), "mcas": ("MMAS", "idiopathic_MCAS")}
    values = {}
    for name, diagnoses in classes.items():
        within = [one for one in patients if one["diagnosis"] in diagnoses]
        values[f"classification.{name}"] = share(len(within), len(patients))
        for finding in ("positive", "negative", "not_evaluated") if name in ("ism", "cm", "mcas") else ():
            counted = tally(within, lambda one, finding=finding: one["kit_d816v"] == finding)
            values[f"classification.{name}.kit_{finding}"] = counted
    return values


def _findings(patients: list[Row]) -> Values:
    """Count findings; the table names a denominator other than all patients where some were not evaluated."""

    def positive(column: str, evaluated_in: str = "") -> Row:
        within = [one for one in patients if not evaluated_in or one[evaluated_in] != "not_evaluated"]
        return tally(within, lambda one: one[column] == "positive")

    values = {"who.kit_d816v": positive("kit_d816v", "kit_d816v")}
    for name in ("multifocal_infiltrates", "atypical_mast_cells", "cd2_cd25", "tryptase_over_20"):
        values[f"who.{name}"] = positive(f"who_{name}", f"who_{name}")
    values["presentation.skin"] = positive("skin_involved")
    values["presentation.skin.maculopapular"] = positive("skin_maculopapular")
    values["presentation.skin.histology"] = positive("skin_histology")
    values["presentation.skin.kit"] = positive("skin_kit_d816v", "skin_kit_d816v")
    marrow = {"": "involved", ".histology": "histology", ".cytology": "cytology", ".phenotype": "phenotype"}
    for name, column in (marrow | {".kit": "kit_d816v"}).items():
        values[f"presentation.bone_marrow{name}"] = positive(f"bone_marrow_{column}", "bone_marrow_involved")
    return values | {"presentation.bone_density": positive("decreased_bone_density")}


def characteristics(patients: list[Row], laboratory: list[Row]) -> Values:
    """Give Table 1, row by row."""
    men, women = (len([one for one in patients if one["sex"] == sex]) for sex in "MF")
    values = {
        "general.age_at_diagnosis": spread([number(one["age_at_diagnosis_years"]) for one in patients]),
        "general.age_at_treatment": spread([number(one["age_at_treatment_years"]) for one in patients]),
        "general.time_to_treatment": spread([number(one["diagnosis_to_treatment_months"]) for one in patients]),
        "general.sex_ratio": {"n": men, "denominator": women, "ratio": Fraction(men, women) if women else None},
    }
    values |= _kit(patients) | _findings(patients)
    for analyte in ("tryptase", "total_ige"):
        found = levels(patients, laboratory, analyte, "diagnosis")
        values[f"laboratory.{analyte}"] = spread([level for level, _ in found.values()])
    for line, drugs in DRUGS.items():
        values[f"therapies.{line}"] = tally(patients, lambda one, drugs=drugs: "yes" in [one[drug] for drug in drugs])
        for drug in drugs:
            values[f"therapies.{drug}"] = tally(patients, lambda one, drug=drug: one[drug] == "yes")
    return values


def levels(patients: list[Row], laboratory: list[Row], analyte: str, point: str) -> dict[str, tuple]:
    """Find the level, and its month on therapy, of each patient tested for an analyte at a time point."""
    names = {one["patient_id"] for one in patients}
    found = {}
    for row in laboratory:
        if row["patient_id"] in names and (row["analyte"], row["time_point"]) == (analyte, point):
            found[row["patient_id"]] = (Fraction(row["value"]), number(row["months_on_therapy"]))
    return found


def biology(patients: list[Row], laboratory: list[Row], margin: Fraction = Fraction(1, 5)) -> Values:
    """Describe the levels of patients tested before and on therapy, and count those that rose (L303-L313).

    The paper does not say from which change on a level is no longer stable; `margin` is that part of the level before.
    """
    values = {}
    for analyte in ("tryptase", "total_ige"):
        at = {point: levels(patients, laboratory, analyte, point) for point in ("diagnosis", "before", "on_therapy")}
        both = [name for name in at["before"] if name in at["on_therapy"]]
        pairs = [{"before": at["before"][name][0], "after": at["on_therapy"][name][0]} for name in both]
        values[f"{analyte}.diagnosis"] = spread([level for level, _ in at["diagnosis"].values()])
        values[f"{analyte}.before"] = before = spread([one["before"] for one in pairs])
        values[f"{analyte}.on_therapy"] = after = spread([one["after"] for one in pairs])
        values[f"{analyte}.months_on_therapy"] = spread([at["on_therapy"][name][1] for name in both])
        difference = after["mean"] - before["mean"] if both else None
        means = {"mean_before": before["mean"], "mean_after": after["mean"], "mean_difference": difference}
        values[f"{analyte}.paired_t"] = {"n": len(both)} | means
        values[f"{analyte}.signed_rank"] = signed_rank([one["after"] - one["before"] for one in pairs])
        values[f"{analyte}.paired.all"] = share(len(both), len(patients))
        rise = [{"by": one["after"] - one["before"], "limit": margin * one["before"]} for one in pairs]
        values[f"{analyte}.increased"] = tally(rise, lambda one: one["by"] > one["limit"])
        values[f"{analyte}.decreased"] = tally(rise, lambda one: -one["by"] > one["limit"])
        values[f"{analyte}.stable"] = tally(rise, lambda one: abs(one["by"]) <= one["limit"])
    return {f"biology.{name}": value for name, value in values.items()}
