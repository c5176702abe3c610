"""The state of each patient of a cohort, and the scores that have one class under some rules and one under others."""

from collections.abc import Mapping
from types import MappingProxyType

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.response import best_response, last_status
from analysis.scoring import symptom_scores
from compendium.determined.courses import ON_THERAPY, State
from compendium.determined.grades import Pair, Tables, regraded
from compendium.determined.rules import class_of, scores
from compendium.determined.witnesses import shipped

_REASONS = {
    "lack_of_efficacy": "inefficacy", "loss_of_response": "loss", "intolerance": "intolerance",
    "lost_to_follow_up": "lost", "pregnancy_intent": "lost",
}  # fmt: skip


def states_of(cohort: Cohort) -> dict[str, State]:
    """Give the state of each patient of a cohort, under the paper's rules."""
    best, last = best_response(cohort).astype(str), last_status(cohort).astype(str)
    reasons = cohort.courses["stop_reason"].astype(object).map(_REASONS)
    status = last.where(cohort.courses["ongoing"] == "yes", reasons)
    return {patient: State(best[patient], status[patient]) for patient in best.index}


def pairs(n: int, new: int, under: Mapping[Criteria, str]) -> list[Pair]:
    """List quarters and worse symptoms of n that give a class under each of some rules."""
    found = scores()
    kept = (found["symptoms"] == n).to_numpy() & (found["new"] == new).to_numpy()
    for criteria, response in under.items():
        kept &= class_of(criteria) == response
    chosen = found.loc[kept, ["quarters", "worsened"]].to_numpy()
    return list(map(tuple, chosen.tolist()))


def same_classes(tables: Tables, earliest: Mapping[str, int] = MappingProxyType({})) -> Tables:
    """Give every patient grades of the class that he or she has, and months to improvement that fit the courses.

    The tables are those of the shipped cohort but for grades of anaphylaxis, which are kept, and courses.
    """
    scored, best, last = symptom_scores(shipped(), "best"), {}, {}
    for patient, state in states_of(shipped()).items():
        n, new = (int(scored.at[patient, name]) for name in ("symptoms", "new"))
        best[patient] = pairs(n, new, {PAPER: state.best})
        if state.status in ON_THERAPY:
            last[patient] = pairs(n, new, {PAPER: state.status})
    return regraded(tables, best, last, earliest=earliest)
