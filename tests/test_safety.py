from dataclasses import replace

import pytest

from analysis import safety
from tests.cohorts import random_cohort
from tests.small_cohort import check_counts, small_cohort


def test_values_of_six_patients():
    values = safety.summarise(small_cohort())
    check_counts(
        values,
        "safety",
        """patients_with_event.all 4/6 stopped.all 2/6 stopped.with_event 2/4 stopped_for_event.all 2/6 severe.all 1/6
        flare.all 1/6 severe_flare.all 1/6 flare_stopped.all 1/6 after_first_injection.severe_events 1/1
        severity.mild.events 3/5 severity.moderate.events 1/5 severity.severe.events 1/5 event.fatigue.all 2/6
        event.flare_of_symptoms.all 1/6 event.bleeding.all 2/6 detail.epistaxis.all 2/6""",
    )
    assert values["safety.events.all"] == {"n": 5}
    assert values["safety.severe_onset_months.all"]["maximum"] == 0
    assert len(values) == 16 + 2
    table = safety.event_table(small_cohort())
    assert " ".join(table) == "term n denominator percent mild moderate severe flare led_to_stop"
    rows = [[term, *numbers] for term, *numbers in table.drop(columns="percent").to_numpy().tolist()]
    assert rows == [
        ["bleeding", 2, 6, 2, 0, 0, 0, 0],
        ["fatigue", 2, 6, 1, 1, 0, 0, 1],
        ["flare of symptoms", 1, 6, 0, 0, 1, 1, 1],
    ]
    assert table["percent"].tolist() == pytest.approx([33.333333, 33.333333, 16.666667])
    cohort = random_cohort(2, 16)
    cohort = replace(cohort, adverse_events=cohort.adverse_events[:0])
    values, table = safety.summarise(cohort), safety.event_table(cohort)
    assert table.empty and table.columns.tolist() == safety.event_table(small_cohort()).columns.tolist()
    assert values["safety.patients_with_event.all"] == {"n": 0, "denominator": 2, "percent": 0}
    assert values["safety.severity.mild.events"]["percent"] is None


def _with_event(cohort, row, **changes):
    events = cohort.adverse_events.copy()
    for column, value in changes.items():
        events.loc[row, column] = value
    return safety.summarise(replace(cohort, adverse_events=events))


def test_other_events_of_six_patients():
    values = _with_event(small_cohort(), [0, 2], severity=["moderate", "severe"])
    assert values["safety.severe.all"]["n"] == values["safety.flare.all"]["n"] == 1
    assert values["safety.severe_flare.all"]["n"] == 0
    values = _with_event(small_cohort(), 0, led_to_stop="no")
    assert values["safety.flare_stopped.all"]["n"] == 0
    assert values["safety.stopped_for_event.all"]["n"] == 1
    assert values["safety.stopped.all"]["n"] == 2
    cohort = small_cohort()
    events = cohort.adverse_events.copy()
    events.loc[[0, 1], "term"] = ["local rash", "local-rash"]
    values = safety.summarise(replace(cohort, adverse_events=events))
    assert values["safety.event.local_rash.all"]["n"] == 1


# Two weeks are 0.46 months; patient C is injected every four weeks, 0.92 months.
@pytest.mark.parametrize(
    ("patient", "months", "first"), [("D", 0.45, 1), ("D", 0.47, 0), ("C", 0.9, 1), ("C", 0.93, 0)]
)
def test_severe_event_before_the_second_injection(patient, months, first):
    values = _with_event(small_cohort(), 0, patient_id=patient, onset_months=months)
    check_counts(values, "safety", f"after_first_injection.severe_events {first}/1")
