"""The ranges of `rules` with what cohorts attain, as answers, and as the table that the sensitivity analysis reads.

The cohorts give the same patients other grades or months, all that is printed kept.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.schema import symptom_list
from analysis.scoring import symptom_scores
from analysis.sensitivity import RESPONSE_OUTCOMES, response_outcomes
from compendium.determined import stored
from compendium.determined.courses import ON_THERAPY, READINGS, STATES, Months, State
from compendium.determined.grades import NoGradesError, Pair, Tables, pairs, regraded, states_of
from compendium.determined.results import Determined, WitnessError, plain_tables, shipped, witness
from compendium.determined.rules import COUNTED, LOSS, Fate, Range, count_range, fates, lasted, single_changes
from compendium.determined.timelines import retimed
from compendium.reporting.options import OPTION_LABELS, value_label
from compendium.verification.published import read_claims

COLUMNS = ("option", "value", "outcome", "low", "high", "low_reached", "high_reached")
_SCORE = ("table2.best.*", "table2.last.*", "methods.score.*", "methods.response.*")
_TIME = ("results.duration.*", "results.sustained.*", "results.first_response.median", "results.best_response.median")
_STATE_READINGS = READINGS[:5]

_PROOFS = {
    "major_above_percent": "Nothing printed says how far the score fell in a patient with a {class_}: every fall that "
    "makes one was tried, and the class that it has under this rule was noted.",
    "partial_from_percent": "A partial response is any fall of 10 to 50 %: each of the 12 may be below this threshold "
    "or above it. Major and complete responses are above it.",
    "worsening": "A patient with a major or partial response may have a symptom that became worse, or none; the one "
    "with a complete response has none.",
    "new_symptoms": "Each of the 12 without response may have none because a symptom appeared, however far the score "
    "fell, or because it did not fall.",
    "missing_last": "Nothing printed says how many grades are missing at last follow-up. Where all of a patient are, "
    "only the grades at best response show the response that Table 2 counts.",
    "intolerance": "The text counts 3 responders and 3 others who stopped for intolerance (L262, L264).",
    "sustained_months": "The medians and ranges of months limit how many of the 43 responded for so long.",
    "sustained_from": "The medians and ranges of months limit how many of the 43 went on so long after their best.",
    "first_response": "The first improvement of a symptom comes with the first response or before it; the medians and "
    "ranges of months limit how many more responses then last three months.",
}


def changed_option(criteria: Criteria) -> tuple[str, str]:
    """Name the one option of rules that differs from the paper's, and its value."""
    ((name, value),) = set(vars(criteria).items()) - set(vars(PAPER).items())
    return name, str(value)


def ranges() -> pd.DataFrame:
    """Bound every number of responders under every single change of a rule: one row each, with `COLUMNS`."""
    rows = [
        (*changed_option(criteria), outcome, *count_range(outcome, criteria), *attained)
        for criteria in single_changes()
        for outcome, attained in reached(criteria).items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def answers(kept: pd.DataFrame | None = None) -> Iterator[Determined]:
    """Answer for every number of responders that another rule can move, from the kept ranges by default."""
    rows = stored.read(table="rules") if kept is None else kept
    unmoved = {outcome: count_range(outcome, PAPER)[0] for outcome in RESPONSE_OUTCOMES if outcome != "sustained"}
    for row in rows.itertuples():
        if row.low == row.high == unmoved.get(row.outcome, row.low):
            continue
        timed, rule = row.outcome == "sustained", OPTION_LABELS[row.option]
        rule += f"{'' if ':' in rule else ':'} {value_label(row.option, row.value)}"
        proof = _PROOFS[row.option].format(class_="major response" if row.value == "60" else "partial response")
        yield Determined(
            f"{row.outcome}|{row.option}={row.value}", f"{RESPONSE_OUTCOMES[row.outcome]} under “{rule}”", "patients",
            row.low, row.high, row.low_reached, row.high_reached, ("P", "R"),
            (*_SCORE, *(_TIME + READINGS if timed else _STATE_READINGS)), proof, 55,
        )  # fmt: skip


_FIRST = 10_000  # a weight above all months of all patients


def poles(criteria: Criteria) -> Iterator[dict[State, Fate]]:
    """Choose, for each state, what its patients are counted as, so that some number is as small or large as it can be.

    They are counted as under the paper's rules where that does not matter.
    """
    seen = []
    for outcome, counted in COUNTED.items():
        low, high = count_range(outcome, criteria)
        for sign in (1, -1) if low < high else ():
            chosen = {
                state: min(
                    fates(state, criteria),
                    key=lambda fate, state=state, counted=counted, sign=sign: (
                        sign * counted(fate), _better_later(fate), fate[0] != state.best, fate[1] != state.status, fate
                    ),
                )
                for state in set(states_of(shipped()).values())
            }  # fmt: skip
            if chosen not in seen:
                seen.append(chosen)
                yield chosen


def _better_later(fate: Fate) -> bool:
    return fate[1] in ON_THERAPY and ON_THERAPY.index(fate[1]) < ON_THERAPY.index(fate[0])


def cohort_at(criteria: Criteria, chosen: Mapping[State, Fate], start: Tables | None = None) -> Cohort:
    """Make a cohort that fits in which patients of each state are counted as chosen under other rules.

    It starts from the shipped cohort, or from its tables with other months.
    """
    tables, scored = start or plain_tables(), symptom_scores(shipped(), "best")
    best, last, unknown = {}, {}, set()
    for patient, state in states_of(shipped()).items():
        fate, n, new = chosen[state], int(scored.at[patient, "symptoms"]), int(scored.at[patient, "new"])
        if state.best == "NR" and fate[0] != "NR" and not new:
            _add_new_symptom(tables, patient)
            new = 1
        best[patient] = pairs(n, new, {PAPER: state.best, criteria: fate[0]})
        if state.status in ON_THERAPY:
            other = {} if fate[0] == "NR" else {criteria: "NR" if fate[1] == LOSS else fate[1]}
            if criteria.missing_last != PAPER.missing_last and fate[1] == LOSS:
                unknown.add(patient)
                other = {}
            last[patient] = pairs(n, new, {PAPER: state.status} | other)
            if fate[0] != (fate[1] if fate[1] in ON_THERAPY else "NR"):
                _part_assessments(tables, patient)
    _let_anaphylaxis_fit(tables, best)
    return witness(regraded(tables, best, last, unknown))


def _add_new_symptom(tables: Tables, patient: str) -> None:
    """Let a symptom appear under therapy: the first of the list that the patient has not."""
    rows = tables["symptoms"]
    own = rows[rows["patient_id"] == patient]
    symptom = next(name for name in symptom_list().index if name not in set(own["symptom"]))
    added = pd.DataFrame([{"patient_id": patient, "symptom": symptom, "onset": "on_therapy"}], columns=rows.columns)
    tables["symptoms"] = pd.concat([rows, added.astype(rows.dtypes)], ignore_index=True)


def _part_assessments(tables: Tables, patient: str) -> None:
    """Part best response and last follow-up where the two were one: a month earlier, or else therapy a month longer."""
    courses = tables["courses"]
    place = courses.index[courses["patient_id"] == patient][0]
    first, best, duration = (
        courses.at[place, name] for name in ("months_to_first_response", "months_to_best_response", "duration_months")
    )
    if best != duration:
        return
    median = float(read_claims().at["results.best_response.median", "value"])
    if first < best and best != median:
        courses.loc[place, "months_to_best_response"] = best - 1
    else:
        courses.loc[place, "duration_months"] = duration + 1
        courses.loc[place, "start_month"] = str(pd.Period(courses.at[place, "start_month"], "M") - 1)


def _let_anaphylaxis_fit(tables: Tables, best: Mapping[str, list[Pair]]) -> None:
    """Let another patient be the one whose anaphylaxis became worse, if this one is to have nothing that is worse."""
    rows = tables["symptoms"]
    anaphylaxis = rows[(rows["symptom"] == "anaphylaxis") & (rows["onset"] == "baseline")]
    (worse,) = anaphylaxis.index[anaphylaxis["grade_best"] > 1]
    if any(pair[1] for pair in best[rows.at[worse, "patient_id"]]):
        return
    for other, patient in anaphylaxis["patient_id"].items():
        if other != worse and any(pair[1] for pair in best[patient]):
            for column in ("grade_best", "grade_last"):
                rows.loc[[worse, other], column] = [0.0, 1.5]
            return


def sustained_cohorts(criteria: Criteria) -> Iterator[Cohort]:
    """Make cohorts with few and with many responses that are sustained under other rules, if these say so."""
    low, high = count_range("sustained", criteria)
    fewest = next(poles(criteria), None)
    responds = {state: all(COUNTED["best.orr"](fate) for fate in fates(state, criteria)) for state in STATES}
    for largest in (False, True) if low < high else ():
        keys = (lambda one, largest=largest: lasted(one, criteria)[largest],)

        def weight(state: State, kind: tuple[int, ...], largest: bool = largest) -> int:
            # Among cohorts with as few, one in which those that were not sustained were short and could not be.
            short = kind[0] if kind[1] and not kind[3] and not largest else 0
            return _FIRST * kind[-1] * (largest or responds[state]) + short

        def earliest(one: Months, largest: bool = largest) -> int | None:
            """Let the first improvement make a response last long enough where it can."""
            return 1 if largest and one.first and lasted(one, criteria) == (0, 1) else None

        tables = retimed(keys, weight, largest, earliest)
        yield witness(tables) if largest or fewest is None else cohort_at(criteria, fewest, tables)


def reached(criteria: Criteria) -> dict[str, Range]:
    """Give the smallest and largest number of patients that cohorts attain, for each of `RESPONSE_OUTCOMES`."""
    found = [response_outcomes(shipped(), criteria)]
    makers = [lambda chosen=chosen: [cohort_at(criteria, chosen)] for chosen in poles(criteria)]
    for make in (*makers, lambda: sustained_cohorts(criteria)):
        try:
            found += [response_outcomes(cohort, criteria) for cohort in make()]
        except (NoGradesError, WitnessError):
            continue  # what no cohort was found for is said to be not reached
    return {name: (min(one[name] for one in found), max(one[name] for one in found)) for name in RESPONSE_OUTCOMES}
