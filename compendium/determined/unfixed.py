"""What nothing printed fixes: who has which symptom but anaphylaxis, its mark, and why each of nine was left out.

The score of a patient does not hang on what a symptom is called. So each other symptom can be one that everybody has
and that improves most, or one that nobody has: whole cohorts are made in which it is so.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from analysis import patients
from analysis.cohort import Cohort
from analysis.patients import EXCLUSION_LABELS
from analysis.schema import symptom_list
from analysis.symptoms import symptom_profile
from analysis.vocabulary import ExclusionReason
from compendium.determined.anaphylaxis import STARS, SYMPTOM
from compendium.determined.courses import count_of
from compendium.determined.grades import NoGradesError, same_classes
from compendium.determined.results import Determined, listed
from compendium.determined.witnesses import WitnessError, plain_tables, witness
from compendium.verification.published import read_claims

_AT_ONCE = 3  # symptoms that everybody has, or nobody, in one cohort
_LEFT_OUT = "methods.excluded.no_treatment_or_data"


def relabelled(given: Sequence[str], everybody: bool) -> Cohort:
    """Make a cohort that fits in which everybody has some symptoms, those that improved most, or nobody has them."""
    tables = plain_tables()
    rows = tables["symptoms"].sort_values(["patient_id", "onset", "grade_best"], kind="stable")
    for _, own in rows[rows["symptom"] != SYMPTOM].groupby("patient_id"):
        has = [name for name in own["symptom"] if name not in given]
        free = [name for name in symptom_list().index if name not in {*has, *given, SYMPTOM}]
        names = [*(given if everybody else ()), *has, *free][: len(own)]
        tables["symptoms"].loc[own.index, "symptom"] = names
    return witness(same_classes(tables))


def _profile(given: Sequence[str], everybody: bool) -> pd.DataFrame:
    """Describe some symptoms that everybody has, or nobody: in one cohort, or, where that cannot be, in one each."""
    try:
        return symptom_profile(relabelled(given, everybody)).reindex(given)
    except (NoGradesError, WitnessError):
        if len(given) == 1:
            raise
        return pd.concat([_profile([one], everybody) for one in given])


def _symptoms() -> dict[str, tuple[float, float]]:
    """Give the smallest number of patients and of stars that each other symptom has, and the largest."""
    others = [name for name in symptom_list().index if name != SYMPTOM]
    ends: dict[str, list[list[float]]] = {"patients": [[], []], "stars": [[], []]}
    for start in range(0, len(others), _AT_ONCE):
        given = others[start : start + _AT_ONCE]
        for end, everybody in enumerate((False, True)):
            found = _profile(given, everybody)
            ends["patients"][end] += found["n"].fillna(0).tolist()
            ends["stars"][end] += [STARS.index(mark) if mark in STARS else 0 for mark in found["significance"]]
    return {name: (max(low), min(high)) for name, (low, high) in ends.items()}


def _excluded() -> dict[str, tuple[float, float]]:
    """Count who was left out for each reason that the nine may have, in cohorts in which all have the same one."""
    reasons, counts = [one for one in ExclusionReason if one != ExclusionReason.SM_AHN], []
    for reason in reasons:
        tables = plain_tables()
        asked = tables["screening"]["exclusion_reason"].isin(reasons)
        tables["screening"].loc[asked, "exclusion_reason"] = reason.value
        found = patients.summarise(witness(tables))
        counts.append([float(found[f"patients.excluded.{one.value.lower()}.screened"]["n"]) for one in reasons])
    return {one: (min(seen), max(seen)) for one, *seen in zip(reasons, *counts, strict=True)}


@listed
def answers() -> Iterator[Determined]:
    """Answer for the other symptoms and their marks, and for the reasons of exclusion."""
    claims = read_claims()
    size, others = count_of(claims, "abstract.patients"), len(symptom_list()) - 1
    proof = (
        "No number of the text is about a single symptom but anaphylaxis, and no score hangs on what a symptom is "
        f"called: whole cohorts have each of the {others} in everybody and with three stars, or in nobody."
    )
    named = {"patients": ("Patients with any one other symptom", size), "stars": ("Its stars in Figure 1", 3)}
    for unit, reached in _symptoms().items():
        label, most = named[unit]
        yield Determined(f"symptoms.others/{unit}", label, unit, 0, most, *reached, ("P",), (), proof, most)
    nine = count_of(claims, _LEFT_OUT)
    for reason, reached in _excluded().items():
        yield Determined(
            f"patients.excluded.{reason.value}", f"Excluded: {EXCLUSION_LABELS[reason].lower()}", "patients", 0, nine,
            *reached, ("P",), (_LEFT_OUT,), f"{nine} were left out for one of three reasons (L167-L168).", nine,
        )  # fmt: skip
