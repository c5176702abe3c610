"""Safety: who had adverse events, which ones, how severe, and who stopped for them."""

import re

import pandas as pd

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.statistics.decimals import in_units
from analysis.summaries import Values, proportion, share, spread
from analysis.vocabulary import Severity, StopReason

_MONTHS, _WEEKS = 336, 1461  # so many months are so many weeks, of 365.25 days in twelve months


def with_any(cohort: Cohort, events: pd.Series | None = None) -> pd.Series:
    """Tell which patients had at least one of some adverse events, rows of the table; of any, by default."""
    rows = cohort.adverse_events if events is None else cohort.adverse_events[events]
    return pd.Series(cohort.patients.index.isin(rows["patient_id"]), index=cohort.patients.index)


def event_table(cohort: Cohort) -> pd.DataFrame:
    """Count the patients with each adverse event.

    Returns
    -------
    DataFrame
        One row per term, the most frequent first, then alphabetically: ``term``, ``n`` patients, ``denominator``,
        ``percent``, patients by severity (``mild``, ``moderate``, ``severe``), ``flare`` and ``led_to_stop``. A term
        stands at most once per patient, so that rows are patients (L293-L302).
    """
    events = cohort.adverse_events
    marks = {severity.value: events["severity"] == severity for severity in Severity}
    marks |= {name: events[name] == "yes" for name in ("flare", "led_to_stop")}
    flags = pd.DataFrame({"term": events["term"], "n": 1} | {name: mask.astype(int) for name, mask in marks.items()})
    counts = flags.groupby("term", as_index=False).sum().astype({"term": object})
    counts = counts.sort_values(["n", "term"], ascending=[False, True], ignore_index=True)
    counts = counts.assign(denominator=len(cohort.patients), percent=100 * counts["n"] / len(cohort.patients))
    return counts[["term", "n", "denominator", "percent", *marks]]


def _by_text(cohort: Cohort, kind: str, column: str) -> Values:
    """Count the patients with each text of a column; texts that make the same part of a name count together."""
    rows = cohort.adverse_events.dropna(subset=column)
    keys = {text: re.sub(r"\W+", "_", text.lower()).strip("_") or "unnamed" for text in rows[column].unique()}
    pairs = pd.DataFrame({"key": rows[column].map(keys), "patient": rows["patient_id"].cat.codes}).drop_duplicates()
    counts = pairs["key"].value_counts().sort_index()
    return {f"safety.{kind}.{key}.all": proportion(count, len(cohort.patients)) for key, count in counts.items()}


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> Values:
    """Give the values of the text on safety; ``events`` at the end of a name are the reported events.

    Patients with any event, with a severe one, with a flare, with both (L344-L345), with each event that occurred and
    its details, and those who stopped for intolerance (L293-L302); the events by severity, and how many of the severe
    ones came before the second injection (L352-L353). None of them depends on the criteria.
    """
    events = cohort.adverse_events
    affected = with_any(cohort)
    severe, flare, led = events["severity"] == Severity.SEVERE, events["flare"] == "yes", events["led_to_stop"] == "yes"
    kinds = {"severe": severe, "flare": flare, "severe_flare": flare & severe}
    kinds |= {"stopped_for_event": led, "flare_stopped": flare & led}
    stopped = cohort.courses["stop_reason"] == StopReason.INTOLERANCE
    interval = cohort.courses["start_interval_weeks"].take(events["patient_id"].cat.codes).to_numpy()
    (onset, second), _ = in_units(events["onset_months"], interval)
    at_first = pd.Series((_WEEKS * onset < _MONTHS * second).astype(bool), events.index)
    return {
        "safety.patients_with_event.all": share(affected),
        "safety.stopped.all": share(stopped),
        "safety.stopped.with_event": share(stopped[affected]),
        "safety.severe_onset_months.all": spread(events.loc[severe, "onset_months"]),
        **{f"safety.{kind}.all": share(with_any(cohort, mask)) for kind, mask in kinds.items()},
        "safety.events.all": {"n": len(events)},
        "safety.after_first_injection.severe_events": share(at_first[severe]),
        **{f"safety.severity.{level.value}.events": share(events["severity"] == level) for level in Severity},
        **_by_text(cohort, "event", "term"),
        **_by_text(cohort, "detail", "detail"),
    }
