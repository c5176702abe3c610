"""What the paper fixes of single symptoms: of anaphylaxis its tests within bounds, of all others nothing.

13 of 14 improved in anaphylaxis and 1 became worse (L326-L328); the text gives no grades. Every way to divide those who
improved among the four grades of improvement is gone through; the ends are attained by whole cohorts, and found there
by the functions that make Figure 1.

Nothing printed fixes who has which other symptom, its mark, and why each of nine was left out. The score of a patient
does not hang on what a symptom is called. So each other symptom can be one that everybody has and that improves most,
or one that nobody has: whole cohorts are made in which it is so.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from analysis import patients
from analysis.cohort import Cohort
from analysis.patients import EXCLUSION_LABELS
from analysis.schema import symptom_list
from analysis.statistics.signed_rank import signed_rank
from analysis.statistics.significance import significance
from analysis.statistics.signs import sign_test
from analysis.symptoms import symptom_profile
from analysis.vocabulary import ExclusionReason
from compendium.determined.courses import count_of
from compendium.determined.grades import UNCHANGED, WORSE, NoGradesError, same_classes
from compendium.determined.results import Determined, WitnessError, listed, outwards, plain_tables, witness
from compendium.verification.published import read_claims

SYMPTOM = "anaphylaxis"
STARS = ("ns", "*", "**", "***")
RULES = {"": (3, 2, 1, 0), "without epinephrine": (1, 0)}
"""By reading the grades, in quarters, of those who improved: any, or, since all reached "independence of epinephrine"
(L327), that it became dramatically better or was gone."""
_CLAIMS = ("discussion.anaphylaxis.improved", "discussion.anaphylaxis.worse")
_SYMBOLS = {
    "p_value": "p of anaphylaxis, signed-rank test",
    "p_sign": "p of anaphylaxis, sign test",
    "mean_score": "Mean score of anaphylaxis on therapy",
    "effect": "Effect on anaphylaxis (rank-biserial correlation)",
    "stars": "Stars of anaphylaxis in Figure 1",
}


def tested(quarters: list[int]) -> dict[str, float]:
    """Test grades in quarters as Figure 1 does, and count the stars."""
    ranks = signed_rank([(UNCHANGED - one) / 4 for one in quarters])
    better, worse = sum(one < UNCHANGED for one in quarters), sum(one > UNCHANGED for one in quarters)
    found = {"p_value": ranks.p_value, "effect": ranks.effect, "p_sign": sign_test(better, worse).p_value}
    found |= {"mean_score": sum(quarters) / (4 * len(quarters)), "stars": STARS.index(significance(ranks.p_value))}
    return found


@cache
def compositions(grades: tuple[int, ...], improved: int, worse: int) -> pd.DataFrame:
    """List every way to divide those who improved among some grades, with what the tests then give."""
    ways = combinations_with_replacement(grades, improved)
    return pd.DataFrame([{"grades": chosen, **tested([*chosen, *[WORSE] * worse])} for chosen in ways])


def cohort_with(grades: tuple[int, ...]) -> Cohort:
    """Make a cohort that fits in which those whose anaphylaxis improved have these grades."""
    tables = plain_tables()
    rows = tables["symptoms"]
    improved = rows.index[(rows["symptom"] == SYMPTOM) & (rows["grade_best"] < 1)]
    rows.loc[improved, "grade_best"] = np.array(grades) / 4
    grades_of = rows.loc[improved, ["grade_best", "grade_last"]]
    rows.loc[improved, "grade_last"] = grades_of.max(axis="columns", skipna=False)
    return witness(same_classes(tables))


@cache
def _in_a_cohort(grades: tuple[int, ...]) -> dict[str, float]:
    found = symptom_profile(cohort_with(grades)).loc[SYMPTOM]
    return found.to_dict() | {"stars": STARS.index(found["significance"])}


@listed
def anaphylaxis() -> Iterator[Determined]:
    """Answer for the tests, the mean score, the effect and the mark of anaphylaxis, by each of `RULES`."""
    claims = read_claims()
    improved, worse = (count_of(claims, claim) for claim in _CLAIMS)
    for reading, grades in RULES.items():
        ways = compositions(grades, improved, worse)
        for name, label in _SYMBOLS.items():
            ends = ways.loc[[ways[name].idxmin(), ways[name].idxmax()]]
            found = (ends[name], (_in_a_cohort(grades)[name] for grades in ends["grades"]))
            (low, high), reached = (outwards(*one) if name.startswith("p_") else one for one in found)
            unit = "p" if name.startswith("p_") else {"stars": "stars", "effect": ""}.get(name, "points")
            layers, rests_on = (("P", "R"), (*_CLAIMS, reading)) if reading else (("P",), _CLAIMS)
            yield Determined(
                f"symptoms.score.{SYMPTOM}.{name}" + (f"|{reading}" if reading else ""),
                label + (", those improved being without epinephrine" if reading else ""), unit,
                *map(float, (low, high, *reached)), layers, rests_on, _proof(name, len(ways), improved, worse),
            )  # fmt: skip


def _proof(name: str, ways: int, improved: int, worse: int) -> str:
    if name == "p_sign":
        return f"The sign test only asks how many improved and how many became worse: {improved} and {worse}."
    return f"All {ways} ways to divide the {improved} who improved among the grades were tried, with the {worse} worse."


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
def not_fixed() -> Iterator[Determined]:
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
