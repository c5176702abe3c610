"""The block of the model on how many patients there were, screened, left out and with each diagnosis."""

from compendium.reconstruction.draws import Draw
from compendium.reconstruction.statements import Statements

_WHOLE_COHORT = (
    "abstract.patients",
    "introduction.patients",
    "methods.retained",
    "methods.informed",
    "methods.data_collected",
    "results.patients.included",
    "results.best.patients",
    "discussion.patients",
    "table1.header.n",
    "legends.figure?.n",
)


def add_sizes(statements: Statements, draw: Draw) -> None:
    """Check the drawn numbers of patients against every place that prints them.

    Parameters
    ----------
    statements : Statements
        The model to extend.
    draw : Draw
        The drawn cohort, whose diagnoses are given.
    """
    size = len(draw.diagnosis)
    for claim in _WHOLE_COHORT:
        statements.count(claim, [1] * size)
    for population in ("all", "primary", "ism", "cm", "mmas", "idiopathic"):
        statements.count(f"table2.header.n.{population}", [1 for _ in draw.members(population)])
    for claim in ("table1.header.primary.n", "table2.header.n.primary_group"):
        statements.count(claim, [1 for _ in draw.members("primary")])
    statements.count("table1.header.idiopathic.n", [1 for _ in draw.members("idiopathic")])
    for diagnosis in ("ism", "cm", "mcas", "mmas", "idiopathic", "mastocytosis"):
        statements.count(f"*.diagnosis.{diagnosis}", [1 for _ in draw.members(diagnosis)])
    without_data, other_diagnosis = (
        statements.printed_count(f"methods.excluded.{reason}") for reason in ("no_treatment_or_data", "sm_ahn")
    )
    statements.count("methods.excluded.no_treatment_or_data", [1] * without_data)
    statements.count("methods.excluded.sm_ahn", [1] * other_diagnosis)
    for claim in ("methods.recommended.patients", "methods.screening.patients"):
        statements.count(claim, [1] * (size + without_data + other_diagnosis))
