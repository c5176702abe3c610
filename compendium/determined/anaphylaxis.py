"""What the text fixes of anaphylaxis: 13 of 14 improved and 1 became worse (L326-L328); it gives no grades.

Every way to divide those who improved among the four grades of improvement is gone through; the ends are attained by
whole cohorts, and found there by the functions that make Figure 1.
"""

from collections.abc import Iterator
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from analysis.cohort import Cohort
from analysis.statistics.signed_rank import signed_rank
from analysis.statistics.significance import significance
from analysis.statistics.signs import sign_test
from analysis.symptoms import symptom_profile
from compendium.determined.courses import count_of
from compendium.determined.grades import UNCHANGED, WORSE, same_classes
from compendium.determined.results import Determined, listed, outwards
from compendium.determined.witnesses import plain_tables, witness
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
def answers() -> Iterator[Determined]:
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
