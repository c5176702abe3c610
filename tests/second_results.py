"""The results of the paper from what became of each patient, by loops and whole fractions.

The companion of `second_derivation`: the counts of the tables and of the text, under the names that `analysis` gives
them, and nothing of `analysis` itself.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from second_derivation import POPULATIONS, Row, grade, middle, number, share, sign_test, signed_rank, spread, tally

Values = dict[str, dict[str, Any]]

GROUPS = ("general_vasomotor", "superficial_vasomotor", "gastrointestinal", "urinary", "pain", "neuropsychiatric")
GRADES = {
    "worse": Fraction(3, 2), "unchanged": Fraction(1), "slight": Fraction(3, 4), "substantial": Fraction(1, 2),
    "dramatic": Fraction(1, 4), "disappeared": Fraction(0),
}  # fmt: skip
REASONS = ("lack_of_efficacy", "loss_of_response", "intolerance", "lost_to_follow_up", "pregnancy_intent")
WEEKS = Fraction(36525, 100) / 12 / 7
NOT_PERSISTENT = ("NR", "loss_of_response", "intolerance", "lost_to_follow_up")


def _responds(patient: Row) -> bool:
    return patient["best"]["response"] != "NR"


def _ongoing(patient: Row) -> bool:
    return patient["course"]["ongoing"] == "yes"


def responses(patients: list[Row]) -> Values:
    """Count the rows of Table 2 in each of its columns."""
    rows = {"best.orr": ("CR", "MR", "PR"), "last.persistent_orr": ("CR", "MR", "PR")}
    rows |= {f"best.{one.lower()}": (one,) for one in ("CR", "MR", "PR", "NR")}
    rows |= {f"last.{one.lower()}": (one,) for one in ("CR", "MR", "PR", *NOT_PERSISTENT)}
    rows["last.no_persistent_response"] = NOT_PERSISTENT
    values = {}
    for column, diagnoses in POPULATIONS.items():
        within = [one for one in patients if one["diagnosis"] in diagnoses]
        for row, names in rows.items():
            found = [one["best"]["response"] if row.startswith("best") else one["status"] for one in within]
            n = len([one for one in found if one in names])
            values[f"response.{row}.{column.lower()}"] = share(n, len(within))
    return values


def improvement_times(patients: list[Row], groups: dict[str, str]) -> Values:
    """Describe the months to the first improvement by symptom group, and of all but general vasomotor (L249-L252)."""
    found: dict[str, list[Fraction]] = {symptom: [] for symptom in groups}
    for patient in patients:
        for row in patient["symptoms"]:
            if row["onset"] == "baseline" and row["months_to_first_improvement"]:
                found[row["symptom"]].append(Fraction(row["months_to_first_improvement"]))
    by_group = {group: [one for name in found if groups[name] == group for one in found[name]] for group in GROUPS}
    values = {group: spread(times) for group, times in by_group.items()}
    others = [name for name in groups if groups[name] != GROUPS[0]]
    values["all"] = spread([one for times in by_group.values() for one in times])
    values["other"] = spread([one for name in others for one in found[name]])
    values["symptom_medians.other"] = spread([middle(found[name]) for name in others])
    values["group_medians.other"] = spread([middle(by_group[group]) for group in GROUPS[1:]])
    return {f"followup.first_improvement.{name}": value for name, value in values.items()}


def durations(patients: list[Row]) -> Values:
    """Describe the months of therapy of the cohort and of each class of patients (L253-L260)."""
    classes: dict[str, Callable[[Row], bool]] = {
        "all": lambda one: True,
        "responders": _responds,
        "non_responders": lambda one: not _responds(one),
        "ongoing": _ongoing,
        "loss_of_response": lambda one: one["status"] == "loss_of_response",
    }
    for name in ("PR", "MR", "CR"):
        classes[name.lower()] = lambda one, name=name: one["best"]["response"] == name
    values = {}
    for name, belongs in classes.items():
        values[f"followup.duration.{name}"] = spread([one["months"] for one in patients if belongs(one)])
    return values


def follow_up(patients: list[Row], groups: dict[str, str]) -> Values:
    """Describe times to response, durations and stops (L249-L264)."""
    responders = [one for one in patients if _responds(one)]
    parts = {"all": patients, "responders": responders}
    values = improvement_times(patients, groups) | durations(patients)
    for part, within in parts.items():
        for name in ("first_response", "best_response"):
            times = [number(one["course"][f"months_to_{name}"]) for one in within]
            values[f"followup.{name}.{part}"] = spread(times)
        values[f"followup.loss_of_response.{part}"] = tally(within, lambda one: one["status"] == "loss_of_response")
    lasting = [
        (one["months"], number(one["course"]["months_to_first_response"])) for one in responders if _ongoing(one)
    ]
    values["followup.response_duration.ongoing"] = spread([end - first for end, first in lasting if first is not None])
    values["followup.sustained.responders"] = tally(responders, lambda one: one["sustained"])
    parts["non_responders"] = [one for one in patients if not _responds(one)]
    for part, within in parts.items():
        values[f"followup.ongoing.{part}"] = tally(within, _ongoing)
        values[f"followup.stopped.{part}"] = tally(within, lambda one: not _ongoing(one))
        for reason in REASONS if part != "all" else ():
            stops = tally(within, lambda one, reason=reason: one["course"]["stop_reason"] == reason)
            values[f"followup.stop.{part}.{reason}"] = stops
    return values


def outcomes(patients: list[Row], kind: str, name: str) -> Values:
    """Count what escalations or weekly schedules brought (L271-L282)."""
    found = [one[kind] for one in patients if one[kind]]
    values = {f"dosing.{name}.all": share(len(found), len(patients))}
    for outcome in ("improved", "reached_mr", "reached_pr", "improved_pr", "stopped"):
        values[f"dosing.{outcome}.{name}"] = tally(found, lambda one, outcome=outcome: one[outcome])
    values[f"dosing.not_improved.{name}"] = tally(found, lambda one: not one["improved"])
    both = tally(found, lambda one: not one["improved"] and one["stopped"])
    return values | {f"dosing.not_improved_and_stopped.{name}": both}


def doses(patients: list[Row]) -> Values:
    """Describe the doses at the start (L182) and after (L271-L282)."""
    courses = [one["course"] for one in patients]
    start = sorted(one["start_month"] for one in courses)
    values = {"dosing.start_month.all": {"n": len(start), "minimum": start[0], "maximum": start[-1]}}
    regimens = [(Fraction(one["start_dose_mg"]), Fraction(one["start_interval_weeks"])) for one in courses]
    values["dosing.start_dose_mg.all"] = spread([dose for dose, _ in regimens])
    values["dosing.start_interval_weeks.all"] = spread([interval for _, interval in regimens])
    values["dosing.start_recommended.all"] = share(regimens.count((Fraction(150), Fraction(2))), len(regimens))
    values |= outcomes(patients, "escalation", "escalated") | outcomes(patients, "weekly", "weekly")
    weekly = [Fraction(one["course"]["start_interval_weeks"]) for one in patients if one["weekly"]]
    values["dosing.start_interval_weeks.weekly"] = spread(weekly)
    escalated = [one for one in patients if one["escalation"]]
    higher = [Fraction(one["course"]["escalated_dose_mg"]) for one in escalated]
    values["dosing.escalated_dose_mg.escalated"] = spread(higher)
    values["dosing.escalated_300.escalated"] = share(higher.count(Fraction(300)), len(higher))
    values["dosing.escalated_600.escalated"] = share(higher.count(Fraction(600)), len(higher))
    values["dosing.escalated_over_300.escalated"] = share(len([one for one in higher if one > 300]), len(higher))
    values["dosing.orr.escalated"] = tally(escalated, _responds)
    values["dosing.orr.not_escalated"] = tally([one for one in patients if not one["escalation"]], _responds)
    return values


def safety(patients: list[Row]) -> Values:
    """Count adverse events: the patients with each, and the events by severity (L293-L302)."""

    def having(**wanted: str) -> Row:
        return tally(patients, lambda one: any(wanted.items() <= event.items() for event in one["events"]))

    affected = [one for one in patients if one["events"]]
    events = [event for one in affected for event in one["events"]]
    second = {one["patient_id"]: Fraction(one["course"]["start_interval_weeks"]) for one in affected}
    severe = [event for event in events if event["severity"] == "severe"]

    def early(event: Row) -> bool:
        """Tell whether an event came after the first injection and before the second (L352-L353)."""
        return Fraction(event["onset_months"]) * WEEKS < second[event["patient_id"]]

    values = {
        "events.all": {"n": len(events)},
        "patients_with_event.all": having(),
        "stopped_for_event.all": having(led_to_stop="yes"),
        "stopped.all": tally(patients, lambda one: one["course"]["stop_reason"] == "intolerance"),
        "stopped.with_event": tally(affected, lambda one: one["course"]["stop_reason"] == "intolerance"),
        "severe.all": having(severity="severe"),
        "flare.all": having(flare="yes"),
        "severe_flare.all": having(flare="yes", severity="severe"),
        "flare_stopped.all": having(flare="yes", led_to_stop="yes"),
        "severe_onset_months.all": spread([number(event["onset_months"]) for event in severe]),
        "after_first_injection.severe_events": tally(severe, early),
    }
    for severity in ("mild", "moderate", "severe"):
        n = len([event for event in events if event["severity"] == severity])
        values[f"severity.{severity}.events"] = share(n, len(events))
    for column, name in (("term", "event"), ("detail", "detail")):
        for found in {event[column] for event in events if event[column]}:
            values[f"{name}.{found.replace(' ', '_')}.all"] = having(**{column: found})
    return {f"safety.{name}": value for name, value in values.items()}


def stars(p_value: Fraction) -> str:
    """Mark a p value as the legend of Figure 1 does."""
    for limit, mark in ((Fraction(1, 1000), "***"), (Fraction(1, 100), "**"), (Fraction(1, 20), "*")):
        if p_value < limit:
            return mark
    return "ns"


def profile(patients: list[Row], visit: str) -> Values:
    """Count the grades of each pre-existing symptom and test the change from 1 (Figure 1, L223-L226)."""
    grades: dict[str, list[Fraction]] = {}
    for patient in patients:
        for row in patient["symptoms"]:
            if row["onset"] == "baseline":
                grades.setdefault(row["symptom"], []).append(grade(row, visit))
    values = {}
    for symptom, found in grades.items():
        test = signed_rank([1 - one for one in found])
        test |= sign_test(len([one for one in found if one < 1]), len([one for one in found if one > 1]))
        value = {"mean_score": sum(found, Fraction(0)) / len(found), "n_nonzero": test["n"]}
        value |= {name: found.count(one) for name, one in GRADES.items()}
        # If all who changed had improved, one of all ways to put signs would be as far out, and its mirror.
        smallest = min(Fraction(1), Fraction(2, 2 ** test["n"]))
        mark = stars(test["p_value"]) if stars(smallest) != "ns" else "too_few"
        value |= test | {"n": len(found), "smallest_p": smallest, "significance": mark}
        values[f"{visit}.{symptom}"] = value
    # The p values adjusted by Holm and by Benjamini and Hochberg, each from its definition, where one can be small.
    raw = [one["p_value"] for one in values.values() if one["significance"] != "too_few"]
    for one in values.values():
        if one["significance"] == "too_few":
            one |= {"p_holm": None, "p_benjamini_hochberg": None}
            continue
        # Holm: a test stands for its own p value and all smaller ones, each times the number of those not yet passed.
        steps = [p * sum(other >= p for other in raw) for p in raw if p <= one["p_value"]]
        one["p_holm"] = min(Fraction(1), max(steps))
        # Benjamini and Hochberg: the best share of false positives at any limit that would let this p value pass.
        shares = [p * len(raw) / sum(other <= p for other in raw) for p in raw if p >= one["p_value"]]
        one["p_benjamini_hochberg"] = min(Fraction(1), *shares)
    return values


def symptom_values(patients: list[Row], groups: dict[str, str]) -> Values:
    """Count who had each symptom, who improved and who became worse, and the symptoms per patient (L283-L288)."""
    found = profile(patients, "best")
    shown = ("n", "effect", "better_percent", "better_low", "better_high", "p_value", "p_sign", "p_holm")
    shown += ("p_benjamini_hochberg", "significance")
    absent = dict.fromkeys(shown) | {"n": 0, "worse": 0, "unchanged": 0, "mean_score": None}
    values = {"per_patient.all": spread([Fraction(one["best"]["symptoms"]) for one in patients])}
    for symptom in groups:
        one = found.get(f"best.{symptom}", absent)
        n = one["n"]
        values[f"patients.{symptom}"] = share(n, len(patients))
        values[f"improved.{symptom}"] = share(n - one["worse"] - one["unchanged"], n)
        values[f"worse.{symptom}"] = share(one["worse"], n)
        values[f"score.{symptom}"] = {name: one[name] for name in shown} | {"mean": one["mean_score"]}
    return {f"symptoms.{name}": value for name, value in values.items()}
