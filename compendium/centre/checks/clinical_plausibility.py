"""Clinical findings that rarely go together: diagnosis and criteria, organs, therapies and levels of the blood."""

from collections.abc import Callable, Iterator

import numpy as np

from analysis.characteristics import CYTOREDUCTIVE, SYMPTOMATIC
from analysis.vocabulary import Diagnosis
from compendium.centre.checks.linking import Broken, Linked
from compendium.centre.checks.rules import BONE_MARROW, SKIN

HIGHEST_LEVEL: dict[str, float] = {"tryptase": 1000, "total_ige": 50_000}
"""The highest level of each analyte, in its unit, that raises no doubt."""
TRYPTASE_FROM_MONTHS = 3
"""Tryptase on therapy is that after at least three months (L307)."""
SLIP = 10
"""Two levels of tryptase this many times apart may differ by a decimal point."""
MAJOR_CRITERION = "who_multifocal_infiltrates"
MINOR_CRITERIA = ("who_atypical_mast_cells", "who_cd2_cd25", "who_tryptase_over_20")
"""WHO criteria of systemic mastocytosis, met by the major and one minor or by three minor ones; KIT is the fourth."""


def _count(linked: Linked, columns: tuple[str, ...], *terms: str) -> np.ndarray:
    """Count for each patient how many of some findings are one of these terms."""
    return np.sum([linked.equals("patients", column, *terms) for column in columns], axis=0)


def _diagnosis(linked: Linked) -> Iterator[Broken]:
    if "patients" not in linked:
        return
    ism, cm, mmas, idiopathic = (linked.equals("patients", "diagnosis", one) for one in Diagnosis)
    # The minor criterion is a mutation outside the skin, which kit_d816v alone does not say.
    minor = _count(linked, (*MINOR_CRITERIA, "bone_marrow_kit_d816v"), "positive")
    met = (minor >= 3) | (linked.equals("patients", MAJOR_CRITERION, "positive") & (minor >= 1))
    allowed = "most likely ISM, since the WHO criteria of systemic mastocytosis are met"
    yield Broken("patients", "diagnosis", ~ism & met, allowed)
    possible = 4 - _count(linked, (*MINOR_CRITERIA, "kit_d816v"), "negative")
    unmet = (possible < 1) | (linked.equals("patients", MAJOR_CRITERION, "negative") & (possible < 3))
    allowed = "most likely another, since the findings rule the WHO criteria of systemic mastocytosis out"
    yield Broken("patients", "diagnosis", ism & unmet, allowed)
    for column, patients, allowed in (
        ("kit_d816v", idiopathic, "most likely negative, since idiopathic MCAS is not clonal"),
        ("who_cd2_cd25", idiopathic, "most likely negative, since idiopathic MCAS is not clonal"),
        ("bone_marrow_involved", cm | idiopathic, "most likely negative in CM and in idiopathic MCAS"),
        ("skin_maculopapular", mmas | idiopathic, "most likely negative in MCAS, else the diagnosis is CM or ISM"),
    ):
        yield Broken("patients", column, patients & linked.equals("patients", column, "positive"), allowed)
    without = cm & linked.equals("patients", "skin_involved", "negative", "not_evaluated")
    yield Broken("patients", "skin_involved", without, "most likely positive in CM")


def _findings(linked: Linked) -> Iterator[Broken]:
    if "patients" not in linked:
        return
    for organ, findings in (("skin_involved", SKIN), ("bone_marrow_involved", BONE_MARROW)):
        negative = _count(linked, findings, "negative")
        none = _count(linked, findings, "negative", "not_evaluated") == len(findings)
        if organ == "bone_marrow_involved":
            # With all four negative it is an error.
            none &= negative < len(findings)
        involved, unknown = (linked.equals("patients", organ, term) for term in ("positive", "not_evaluated"))
        allowed = f"most likely one of {', '.join(findings)} is positive too"
        yield Broken("patients", organ, involved & none, allowed)
        allowed = f"most likely evaluated, since one of {', '.join(findings)} was"
        yield Broken("patients", organ, unknown & (negative > 0), allowed)
    tissues = _count(linked, ("skin_kit_d816v", "bone_marrow_kit_d816v"), "negative") > 0
    allowed = "most likely evaluated, since the mutation was looked for in the skin or the bone marrow"
    yield Broken("patients", "kit_d816v", linked.equals("patients", "kit_d816v", "not_evaluated") & tissues, allowed)


def _therapies(linked: Linked) -> Iterator[Broken]:
    if "patients" not in linked:
        return
    none = np.logical_and.reduce([linked.equals("patients", column, "no") for column in sorted(SYMPTOMATIC)])
    continued = linked.equals("patients", "continued_classical_therapy", "yes")
    allowed = f"most likely no, since {', '.join(sorted(SYMPTOMATIC))} all are"
    yield Broken("patients", "continued_classical_therapy", none & continued, allowed)
    allowed = "most likely yes for one classical therapy, since symptoms were refractory to them"
    yield Broken("patients", min(SYMPTOMATIC), none & ~continued, allowed)
    mcas = linked.equals("patients", "diagnosis", "MMAS", "idiopathic_MCAS")
    for column in CYTOREDUCTIVE:
        given = mcas & linked.equals("patients", column, "yes")
        yield Broken("patients", column, given, "most likely no, since cytoreductive therapy is for mastocytosis")
    if "courses" in linked:
        ages = linked.of_patient("patients", linked.values("patients", "age_at_treatment_years"))
        old = linked.equals("courses", "stop_reason", "pregnancy_intent") & (ages[linked.patient["courses"]] > 55)
        yield Broken("courses", "stop_reason", old, "most likely another reason in a woman over 55")


def _laboratory(linked: Linked) -> Iterator[Broken]:
    if "laboratory" not in linked:
        return
    level, months = (linked.values("laboratory", column) for column in ("value", "months_on_therapy"))
    patient = linked.patient["laboratory"]
    for analyte, highest in HIGHEST_LEVEL.items():
        high = linked.equals("laboratory", "analyte", analyte) & (level > highest)
        yield Broken("laboratory", "value", high, f"most likely at most {highest:g}")
    tryptase = linked.equals("laboratory", "analyte", "tryptase")
    at = {
        point: tryptase & linked.equals("laboratory", "time_point", point)
        for point in ("diagnosis", "before", "on_therapy")
    }
    early = at["on_therapy"] & (months < TRYPTASE_FROM_MONTHS)
    allowed = f"most likely at least {TRYPTASE_FROM_MONTHS} months on therapy"
    yield Broken("laboratory", "months_on_therapy", early, allowed)
    before, diagnosis = (linked.of_patient("laboratory", level, at[point]) for point in ("before", "diagnosis"))
    before = before[patient]
    apart = ((level >= SLIP * before) | (SLIP * level <= before)) & (level != before)
    allowed = f"most likely less than {SLIP} times apart from the tryptase before omalizumab"
    yield Broken("laboratory", "value", at["on_therapy"] & apart, allowed)
    if "patients" in linked:
        sample = diagnosis[linked.patient["patients"]]
        for right, others, seen, word in (
            ("positive", ("negative", "not_evaluated"), sample > 20, "over"),
            ("negative", ("positive", "not_evaluated"), sample <= 20, "not over"),
        ):
            said = linked.equals("patients", "who_tryptase_over_20", *others)
            allowed = f"most likely {right}, since tryptase at diagnosis was {word} 20 ng/mL"
            yield Broken("patients", "who_tryptase_over_20", said & seen, allowed)


CLINICAL_CHECKS: tuple[Callable[[Linked], Iterator[Broken]], ...] = (_diagnosis, _findings, _therapies, _laboratory)
"""The checks of this module, each of which yields the cells it doubts."""
