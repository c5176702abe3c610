"""Figures 1 and 2 for other populations and rules, drawn beforehand: the page shows one of them at a time.

Each is the drawing that the same functions make, without change. The drawings of one figure have most of their pieces
in common, so that these are written once and each drawing is a list of their numbers. With each go its ``spots``: where
a symptom or a patient lies, and what its numbers are, in words and without any identifier.
"""

import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.cohort import Cohort, read_cohort
from analysis.criteria import CHOICES, Criteria, read_criteria
from analysis.followup import course_frame
from analysis.symptoms import CHANGES, symptom_profile
from analysis.vocabulary import FOLLOW_UP_STATUS_LABELS as STATUS_LABELS
from analysis.vocabulary import POPULATION_LABELS, RESPONSE_LABELS, STOP_REASON_LABELS, FollowUpStatus, Population
from compendium.document.graphics import Drawing
from compendium.drawing import followup, symptoms
from compendium.drawing.page import MARGIN_CM
from compendium.files import write_atomically
from compendium.origin import ABOUT, about
from compendium.reporting.caveats import caveats
from compendium.reporting.formatting import count_of, number, p_value
from compendium.reporting.methods import mark_text
from compendium.reporting.outputs import OVERRIDE, settled_svg

POPULATIONS = tuple(one for one in Population if one is not Population.MMAS)  # of MMAS there is one patient

RULES: dict[str, dict[str, str]] = {  # what each figure can be shown under, beside the rules in use
    "figure-1": {"symptoms_at=last": "Symptoms at last follow-up"},
    "figure-2": {
        "worsening=any": "One worse symptom rules out a response",
        "partial_from_percent=20": "Partial response from 20%",
    },
}

Spot = tuple[float, float, float, float, str]


def under(criteria: Criteria, rule: str) -> Criteria:
    """Change one rule, given as ``option=value``; nothing if it is empty."""
    if not rule:
        return criteria
    option, _, value = rule.partition("=")
    return replace(criteria, **{option: value if option in CHOICES else int(value)})


def symptom_words(row: Any) -> str:
    """Say the numbers of one symptom."""
    counts = ", ".join(f"{name} {getattr(row, name)}" for name in CHANGES if getattr(row, name)) or "nobody"
    test = f"test: {p_value(row.p_value, named=True)}, mark {mark_text(row.significance)}"
    return f"{row.label}: {count_of(row.n, 'patient')}\n{counts}\nmean score {number(row.mean_score, 2)}; {test}"


def course_words(row: Any) -> str:
    """Say how the course of one patient went, without naming the patient."""
    best, last = RESPONSE_LABELS[row.best_response], STATUS_LABELS[FollowUpStatus(row.last_status)]
    group = Population("idiopathic" if row.diagnosis == "idiopathic_MCAS" else row.diagnosis)
    lines = [f"{POPULATION_LABELS[group]}: {best.lower()} at best"]
    if not pd.isna(row.months_to_first_response) and row.best_response != "NR":
        first, most = (number(m, 1, trim=True) for m in (row.months_to_first_response, row.months_to_best_response))
        lines.append(f"first response in month {first}, best in month {most}")
    end = "still on therapy" if row.ongoing else f"stopped: {STOP_REASON_LABELS[row.stop_reason].lower()}"
    lines.append(f"{number(row.duration_months, 1, trim=True)} months, {end}; at last {last.lower()}")
    return "\n".join(lines)


def _lanes(figure: Figure, y: np.ndarray, half: float, words: list[str], right: float) -> list[Spot]:
    """Place a spot over each row of the first axes, from the left margin to a place in points."""
    axes, scale = figure.axes[0], 72 / figure.dpi
    height, left = figure.get_size_inches()[1] * 72, MARGIN_CM / 2.54 * 72
    ends = axes.transData.transform(np.column_stack([np.zeros(2 * len(y)), np.concatenate([y - half, y + half])]))[:, 1]
    one, other = height - ends[: len(y)] * scale, height - ends[len(y) :] * scale
    spots = zip(np.minimum(one, other), np.abs(other - one), words, strict=True)
    return [(round(left, 1), round(top, 1), round(right - left, 1), round(tall, 1), text) for top, tall, text in spots]


def _figure_1(cohort: Cohort, rules: Criteria) -> tuple[Figure, list[Spot]]:
    profile = symptom_profile(cohort, rules)
    notes = caveats(cohort, rules, "symptoms")
    figure = symptoms.draw_symptoms(profile, cohort.population, len(cohort.patients), criteria=rules, caveats=notes)
    rows, _, _ = symptoms.arrange(profile)
    words = [symptom_words(row) for row in rows.itertuples()]
    right = (figure.get_size_inches()[0] - MARGIN_CM / 2.54) * 72
    return figure, _lanes(figure, rows["y"].to_numpy(), 0.22, words, right)


def _figure_2(cohort: Cohort, rules: Criteria) -> tuple[Figure, list[Spot]]:
    frame = course_frame(cohort, rules)
    figure = followup.draw_followup(frame, cohort.population, caveats=caveats(cohort, rules, "courses"))
    drawn = [line.get_ydata() for line in figure.axes[0].lines if line.get_label() in ("waiting", "deepening", "after")]
    y = np.unique(np.round(np.concatenate([part[~np.isnan(part.astype(float))] for part in drawn]).astype(float), 6))
    words = [course_words(row) for row in followup.arrange(frame).itertuples()]
    if len(y) != len(words):  # bands instead of lanes: there are no single patients to be shown
        return figure, []
    half = np.diff(y).min() / 2 if len(y) > 1 else 0.15
    right = figure.axes[0].get_position().x1 * figure.get_size_inches()[0] * 72
    return figure, _lanes(figure, y, half, words, right)


FIGURES = {"figure-1": _figure_1, "figure-2": _figure_2}


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "filtered", "savefig.bbox": None}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return settled_svg(buffer.getvalue())


def variants(name: str, cohorts: list[Cohort], criteria: Criteria) -> dict[str, Any]:
    """Draw a figure for some populations of a cohort under each of its `RULES`."""
    rules = {"": "Rules in use"}
    rules |= {rule: label for rule, label in RULES[name].items() if under(criteria, rule) != criteria}
    pool, letters, found = {}, {}, {}
    for cohort in cohorts:
        for rule in rules:
            figure, spots = FIGURES[name](cohort, under(criteria, rule))
            drawing = Drawing(_svg(figure), name)
            letters |= drawing.letters
            found[f"{cohort.population}|{rule}"] = {
                "size": [drawing.width, drawing.height],
                "lines": [pool.setdefault(line, len(pool)) for line in drawing.lines],
                "spots": spots,
            }
    named = {one.population: f"{POPULATION_LABELS[one.population]} (N = {len(one.patients)})" for one in cohorts}
    shown = {"populations": named, "rules": rules, "variants": found, "pool": list(pool), "letters": letters}
    return json.loads(json.dumps(shown))


def write_variants(name: str, cohort: str, output: str, criteria: str) -> str:
    """Draw a figure for all `POPULATIONS` with patients, write it, and say what it holds."""
    cohorts = [one for population in POPULATIONS if len((one := read_cohort(cohort, population)).patients)]
    shown = variants(name, cohorts, read_criteria(criteria))
    folder = Path(os.environ.get(OVERRIDE) or output)
    folder.mkdir(parents=True, exist_ok=True)
    shown = {ABOUT: about(reconstructed=cohorts[0].reconstructed), **shown}
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    write_atomically(folder / f"{name}-filtered.json", text.encode())
    return f"{name}: {len(shown['populations'])} populations, {len(shown['rules'])} rules"
