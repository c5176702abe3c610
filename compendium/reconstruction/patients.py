"""The part on who the patients are: numbers, sex, ages, mutation, WHO criteria, organs, therapies."""

from ortools.sat.python import cp_model

from compendium.reconstruction.leaning import YOUNGEST, Leaning
from compendium.reconstruction.statements import Statements, found
from compendium.verification.identities import POPULATIONS

EXAMINATIONS = {  # findings that not every patient was examined for, and the claims that count them
    "kit_d816v": "*.who.kit", "who_multifocal_infiltrates": "*.who.infiltrates",
    "who_atypical_mast_cells": "*.who.atypical", "who_cd2_cd25": "*.who.phenotype",
    "who_tryptase_over_20": "*.who.tryptase", "skin_kit_d816v": "*.skin.kit", "bone_marrow_involved": "table1.marrow",
}  # fmt: skip

MARROW = {  # marrow findings, the claims that count them, and the WHO criterion that each of them fulfils
    "bone_marrow_histology": ("table1.marrow.histology", "who_multifocal_infiltrates"),
    "bone_marrow_cytology": ("table1.marrow.cytology", "who_atypical_mast_cells"),
    "bone_marrow_phenotype": ("table1.marrow.phenotype", "who_cd2_cd25"),
    "bone_marrow_kit_d816v": ("table1.marrow.kit", "kit_d816v"),
}

KNOWN = {  # findings known of every patient
    "skin_involved": "table1.skin", "skin_maculopapular": "table1.skin.maculopapular",
    "skin_histology": "table1.skin.histology", "decreased_bone_density": "table1.bone_density",
}  # fmt: skip

SYMPTOMATIC = {
    "h1_antihistamine": "*.symptomatic.h1", "h2_antihistamine": "*.symptomatic.h2",
    "montelukast": "*.symptomatic.montelukast", "sodium_cromoglycate": "*.symptomatic.cromoglycate",
}  # fmt: skip
CYTOREDUCTIVE = {
    name: f"*.cytoreductive.{name}" for name in ("cladribine", "masitinib", "imatinib", "rapamycin", "interferon")
}

_WHOLE_COHORT = (
    *("abstract.patients", "introduction.patients", "methods.retained", "methods.informed", "methods.data_collected"),
    *("results.patients.included", "results.best.patients", "discussion.patients", "table1.header.n"),
    "legends.figure?.n",
)

_MONTHS_A_LINE = 6  # months that each line of cytoreductive or targeted therapy takes before omalizumab

_FINDINGS = [*EXAMINATIONS, *MARROW, *KNOWN, *SYMPTOMATIC, *CYTOREDUCTIVE]

Literals = list[cp_model.IntVar]
Settled = dict[str, list[int]]
Patients = dict[str, Literals]
"""The variables of each column, one per patient: numbers, literals for a positive finding, and literals
``<finding>_evaluated``."""


def _sizes(statements: Statements, leaning: Leaning) -> None:
    """Check the numbers of patients against every place that prints them: screened, left out, by diagnosis."""

    def ones(population: str) -> list[int]:
        return [1] * len(leaning.members(population))

    diagnoses = ("ism", "cm", "mcas", "mmas", "idiopathic", "mastocytosis")
    statements.counts(dict.fromkeys(_WHOLE_COHORT, ones("all")))
    statements.counts({f"table2.header.n.{population}": ones(population) for population in POPULATIONS})
    statements.counts(dict.fromkeys(("table1.header.primary.n", "table2.header.n.primary_group"), ones("primary")))
    statements.count("table1.header.idiopathic.n", ones("idiopathic"))
    statements.counts({f"*.diagnosis.{diagnosis}": ones(diagnosis) for diagnosis in diagnoses})
    screened = ones("all")
    for reason in ("no_treatment_or_data", "sm_ahn"):
        left_out = [1] * statements.printed_count(f"methods.excluded.{reason}")
        statements.count(f"methods.excluded.{reason}", left_out)
        screened += left_out
    statements.counts(dict.fromkeys(("methods.recommended.patients", "methods.screening.patients"), screened))


def find_ages(statements: Statements, leaning: Leaning) -> Settled:
    """Find the ages and the time between them."""
    statements.begin()
    _sizes(statements, leaning)
    model, n = statements.model, len(leaning.diagnosis)
    # Mastocytosis that begins in childhood is cutaneous.
    diagnosis = [model.new_int_var(0 if kind == "CM" else YOUNGEST, 120, "") for kind in leaning.diagnosis]
    treatment = [model.new_int_var(0, 120, "") for _ in range(n)]
    delay = [model.new_int_var(0, 1440, "") for _ in range(n)]
    for i in range(n):
        model.add_linear_constraint(delay[i] - 12 * (treatment[i] - diagnosis[i]), -11, 11)
        statements.near(treatment[i], int(leaning.age[i]), weight=3)
        statements.near(delay[i], int(leaning.delay[i]))
    for values, name in ((diagnosis, "age_diagnosis"), (treatment, "age_treatment")):
        statements.median(f"*.{name}.median", values)
        statements.ends(f"*.{name}", values)
    # The least delay is printed in months, the others in years.
    statements.median("*.time_to_treatment.median", delay, scale=12)
    statements.minimum("*.time_to_treatment.minimum", delay)
    statements.maximum("*.time_to_treatment.maximum", delay, scale=12)
    names = ("age_at_diagnosis_years", "age_at_treatment_years", "diagnosis_to_treatment_months")
    return found(leaning.solve(statements), dict(zip(names, (diagnosis, treatment, delay), strict=True)))


def find_findings(statements: Statements, leaning: Leaning, ages: Settled) -> Settled:
    """Find sex, examinations, findings and therapies, 0 or 1."""
    statements.begin()
    delay = statements.constants(ages)["diagnosis_to_treatment_months"]
    variables = _literals(statements, leaning)
    _kit(statements, leaning, variables)
    _diagnoses(statements, leaning, variables)
    _organs(statements, variables)
    _therapies(statements, leaning, variables, delay)
    for pair, many in leaning.pairs(["male", *_FINDINGS, "continued_classical_therapy"]):
        for one, other in zip(*(variables[name] for name in pair), strict=True):
            both = statements.model.new_bool_var("")
            if many:
                statements.model.add_implication(both, one)
                statements.model.add_implication(both, other)
            else:
                statements.model.add_bool_or([~one, ~other, both])
            statements.prefer(both, leaning.strength if many else -leaning.strength)
    findings = found(leaning.solve(statements, longer=2, level=2), variables)
    leaning.note(findings)
    return findings


def _literals(statements: Statements, leaning: Leaning) -> Patients:
    """Make a literal per patient and finding, each with a preference, and count them as printed."""
    model, n = statements.model, len(leaning.diagnosis)
    evaluated = sorted(f"{name}_evaluated" for name in EXAMINATIONS)
    names = ["male", "continued_classical_therapy", *evaluated, *_FINDINGS]
    variables = {name: [model.new_bool_var("") for _ in range(n)] for name in names}
    for name in names:
        for literal, score in zip(variables[name], leaning.preference(name), strict=True):
            statements.prefer(literal, score)
    for name, claim in EXAMINATIONS.items():
        for positive, examined in zip(variables[name], variables[f"{name}_evaluated"], strict=True):
            model.add_implication(positive, examined)
        statements.count(f"{claim}.evaluated", variables[f"{name}_evaluated"])
    counted = EXAMINATIONS | KNOWN | SYMPTOMATIC | CYTOREDUCTIVE | {name: claim for name, (claim, _) in MARROW.items()}
    statements.counts({claim: variables[name] for name, claim in counted.items()})
    examined = statements.printed_count("table1.who.atypical.evaluated")
    statements.percent("table1.who.atypical", variables["who_atypical_mast_cells"], examined)
    statements.count("*.conventional.continued", variables["continued_classical_therapy"])
    statements.truncated_ratio("table1.sex_ratio", sum(variables["male"]), n - sum(variables["male"]))
    return variables


def _kit(statements: Statements, leaning: Leaning, variables: Patients) -> None:
    """Count the KIT mutation by diagnosis (L234-L236, Table 1)."""
    for name in ("ism", "cm", "mcas"):
        members, table_1 = leaning.members(name), f"table1.diagnosis.{name}"
        positive = [variables["kit_d816v"][i] for i in members]
        examined = [variables["kit_d816v_evaluated"][i] for i in members]
        negative = [e - p for e, p in zip(examined, positive, strict=True)]
        statements.counts({f"*.kit.positive.{name}": positive, f"{table_1}.kit_positive": positive})
        statements.count(f"{table_1}.kit_negative", negative)
        statements.count(f"{table_1}.kit_not_evaluated", [1 - e for e in examined])
    statements.count("results.patients.kit.evaluated", variables["kit_d816v_evaluated"])
    statements.count("results.patients.kit.positive.all", variables["kit_d816v"])


def _diagnoses(statements: Statements, leaning: Leaning, variables: Patients) -> None:
    """Let each patient fulfil the WHO criteria of his or her diagnosis (Table 1, and L124-L126)."""
    model = statements.model
    minor_names = ("who_atypical_mast_cells", "kit_d816v", "who_cd2_cd25", "who_tryptase_over_20")
    for i, diagnosis in enumerate(leaning.diagnosis):
        major = variables["who_multifocal_infiltrates"][i]
        minors = sum(variables[name][i] for name in minor_names)
        if diagnosis == "ISM":
            model.add(minors >= 1).only_enforce_if(major)
            model.add(minors >= 3).only_enforce_if(~major)
            continue
        model.add(major == 0)
        model.add(minors <= 2)
        if diagnosis == "MMAS":
            model.add(variables["bone_marrow_kit_d816v"][i] == 1)
        if diagnosis == "idiopathic_MCAS":
            for name in ("kit_d816v", "who_cd2_cd25", "who_atypical_mast_cells", "bone_marrow_involved"):
                model.add(variables[name][i] == 0)
        model.add(variables["skin_involved"][i] == int(diagnosis == "CM"))
        if diagnosis == "CM":
            model.add(variables["bone_marrow_involved"][i] == 0)


def _organs(statements: Statements, variables: Patients) -> None:
    """Let skin and marrow be involved exactly if a finding is positive there, and belong to what else was found."""
    model = statements.model
    for i, skin in enumerate(variables["skin_involved"]):
        rash, histology = variables["skin_maculopapular"][i], variables["skin_histology"][i]
        model.add_max_equality(skin, [rash, histology])
        model.add_implication(variables["skin_kit_d816v_evaluated"][i], skin)
        model.add_implication(variables["skin_kit_d816v_evaluated"][i], variables["kit_d816v_evaluated"][i])
        model.add_implication(variables["skin_kit_d816v"][i], variables["kit_d816v"][i])
        # A mutation was found somewhere: in the marrow or in the skin.
        somewhere = [variables["bone_marrow_kit_d816v"][i], variables["skin_kit_d816v"][i]]
        model.add_bool_or([*somewhere, ~variables["kit_d816v"][i]])
    for i, involved in enumerate(variables["bone_marrow_involved"]):
        model.add_max_equality(involved, [variables[name][i] for name in MARROW])
        for name, (_, criterion) in MARROW.items():
            model.add_implication(variables[name][i], variables[criterion][i])
        examined = variables["bone_marrow_involved_evaluated"][i]
        for criterion in ("who_multifocal_infiltrates", "who_atypical_mast_cells", "who_cd2_cd25"):
            model.add_implication(variables[f"{criterion}_evaluated"][i], examined)


def _therapies(statements: Statements, leaning: Leaning, variables: Patients, delay: Literals) -> None:
    model = statements.model
    cytoreductive = [model.new_bool_var("") for _ in leaning.diagnosis]
    for i, any_of in enumerate(cytoreductive):
        model.add_max_equality(any_of, [variables[name][i] for name in CYTOREDUCTIVE])
        model.add_bool_or(variables[name][i] for name in SYMPTOMATIC)
        lines = sum(variables[name][i] for name in CYTOREDUCTIVE)
        model.add(lines <= 3)
        model.add(_MONTHS_A_LINE * lines <= delay[i])
        if leaning.diagnosis[i] not in ("ISM", "CM"):
            model.add(any_of == 0)
    statements.count("table1.therapy.cytoreductive", cytoreductive)
    statements.count("table1.therapy.symptomatic", [1 for _ in leaning.diagnosis])
