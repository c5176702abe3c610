"""The ranges of `rules` with what cohorts attain, as answers, and as the table that the sensitivity analysis reads."""

from collections.abc import Iterator
from dataclasses import fields

import pandas as pd

from analysis.criteria import PAPER, Criteria
from analysis.sensitivity import RESPONSE_OUTCOMES
from compendium.determined import stored
from compendium.determined.courses import READINGS
from compendium.determined.results import Determined
from compendium.determined.rule_witnesses import reached
from compendium.determined.rules import count_range, single_changes
from compendium.reporting.options import OPTION_LABELS, value_label

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
    ((name, value),) = [
        (field.name, getattr(criteria, field.name))
        for field in fields(Criteria)
        if getattr(criteria, field.name) != getattr(PAPER, field.name)
    ]
    return name, str(value)


def ranges() -> pd.DataFrame:
    """Bound every number of responders under every single change of a rule: one row each, with `COLUMNS`."""
    rows = []
    for criteria in single_changes():
        attained = reached(criteria)
        for outcome in RESPONSE_OUTCOMES:
            row = (*changed_option(criteria), outcome, *count_range(outcome, criteria), *attained[outcome])
            rows.append(row)
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
