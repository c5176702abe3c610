"""The lanes of Figure 2, one a patient: the phases of a course as a bar, its events as symbols, and the key of both."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.vocabulary import STOP_REASON_LABELS, Diagnosis, Response, StopReason
from compendium.drawing import page

PHASES: dict[str, tuple[str, str]] = {  # the phases of a course, each with its label and colour
    "waiting": ("Without response", "#dedbd5"),
    "deepening": ("First to best response", "#a3c4e0"),
    "after": ("After best response", "#3a76b0"),
    "unknown": ("Response at unrecorded time", "#f2dfb8"),
}

STOP_BADGES: dict[StopReason, tuple[str, str]] = {  # the letter and ground of each reason for stopping
    StopReason.LACK_OF_EFFICACY: ("E", page.ENDED_COLOUR),
    StopReason.LOSS_OF_RESPONSE: ("L", page.ENDED_COLOUR),
    StopReason.INTOLERANCE: ("I", page.ENDED_COLOUR),
    StopReason.LOST_TO_FOLLOW_UP: ("F", "#c9c6bf"),
    StopReason.PREGNANCY_INTENT: ("P", "#c9c6bf"),
}

EVENT_LABELS: dict[str, str] = {
    "months_to_best_response": "Best response", "escalation_month": "Dose escalation",
    "weekly_month": "Weekly schedule", "ongoing": "Still on therapy",
}  # fmt: skip
"""What is marked on a bar, and at the end of one that goes on; the keys are columns of a course frame."""

KEY_LINE_CM = 0.42  # distance of two lines of the key
_READABLE_PITCH = 0.27  # height of a lane in centimetres from which its diagnosis can be written
_DIAGNOSES = {Diagnosis.IDIOPATHIC: "Idiopathic"}


def phases(frame: pd.DataFrame) -> pd.DataFrame:
    """Divide each course of a course frame into the months of each of `PHASES`.

    The course of a patient without response is all waiting; that of a responder without recorded months is all unknown.
    """
    duration, responds = frame["duration_months"], frame["best_response"] != Response.NR
    best = frame["months_to_best_response"].where(responds)
    first = frame["months_to_first_response"].where(responds).clip(upper=best)
    known = first.notna() & best.notna()
    return pd.DataFrame(
        {
            "waiting": first.where(known, 0).where(responds, duration),
            "deepening": (best - first).where(known, 0),
            "after": (duration - best).where(known, 0),
            "unknown": duration.where(responds & ~known, 0),
        }
    ).astype(float)


def symbols(size: float) -> dict[str, list[dict[str, Any]]]:
    """Describe the symbols of events and of ends of therapy for lanes of a height in points.

    By the key of `EVENT_LABELS` or the `StopReason`: the keywords of `Line2D` for each layer, lowest first.
    """

    def symbol(shape: str, share: float, **look: Any) -> dict[str, Any]:
        return {"marker": shape, "linestyle": "none", "markersize": size * share} | look

    open_symbol = {"markerfacecolor": "white", "markeredgecolor": page.INK, "markeredgewidth": min(0.8, size * 0.1)}
    found = {
        "months_to_best_response": [symbol("|", 0.95, color=page.INK, markeredgewidth=min(1.6, size * 0.2))],
        "escalation_month": [symbol("^", 0.7, **open_symbol)],
        "weekly_month": [symbol("D", 0.52, **open_symbol)],
        "ongoing": [symbol(">", 0.55, color=page.INK, markeredgewidth=0)],
    }
    for reason, (letter, ground) in STOP_BADGES.items():
        glyph = symbol(rf"$\mathbf{{{letter}}}$", 0.58, color=page.INK, markeredgewidth=0)
        found[reason] = [symbol("o", 0.98, color=ground, markeredgewidth=0), glyph]
    return found


def draw_key(figure: Figure, top: float, unknown: bool) -> None:
    """Explain colours and symbols in three lines from a height in centimetres, the phase "unknown" only if asked to."""
    shown = {label: Patch(color=colour) for name, (label, colour) in PHASES.items() if name != "unknown" or unknown}
    handles = {name: tuple(Line2D([], [], **look) for look in layers) for name, layers in symbols(8).items()}
    layers = {"handler_map": {tuple: HandlerTuple(ndivide=1)}}
    page.add_key(figure, shown, top)
    page.add_key(figure, {label: handles[name] for name, label in EVENT_LABELS.items()}, top - KEY_LINE_CM, **layers)
    stopped = "Stopped for:"
    reasons = {label: handles[reason] for reason, label in STOP_REASON_LABELS.items()}
    begin = page.MARGIN_CM + page.text_width_cm(stopped, page.SMALL) + 0.3
    page.add_key(figure, reasons, top - 2 * KEY_LINE_CM, begin, **layers)
    place = {"size": page.SMALL, "va": "center_baseline", "transform": page.centimetres(figure)}
    figure.text(page.MARGIN_CM, top - 2 * KEY_LINE_CM - 0.11, stopped, **place)


def _draw_bars(axes: Axes, frame: pd.DataFrame, y: np.ndarray, pitch: float) -> None:
    """Draw each phase of all patients as one broken line, as thick as a bar is high."""
    months = phases(frame)
    ends = months.cumsum(axis=1)
    height = pitch * (0.7 if pitch >= _READABLE_PITCH else 1) / 2.54 * 72
    for phase, (_, colour) in PHASES.items():
        drawn = (months[phase] > 0).to_numpy()
        end = ends[phase].to_numpy()[drawn]
        across = page.joined(end - months[phase].to_numpy()[drawn], end)
        look = {"color": colour, "label": phase, "linewidth": height, "solid_capstyle": "butt"}
        axes.plot(across, page.joined(y[drawn], y[drawn]), **look)


def _event_months(frame: pd.DataFrame, size_months: float) -> pd.DataFrame:
    """Tell where each symbol stands, in months; symbols that would cover each other are moved apart."""
    events = frame[["months_to_best_response", "escalation_month", "weekly_month"]].astype(float)
    events["months_to_best_response"] = events["months_to_best_response"].where(frame["best_response"] != Response.NR)
    distance = events["weekly_month"] - events["escalation_month"]
    shift = (0.7 * size_months - distance.abs()).clip(lower=0).fillna(0) / 2 * np.where(distance < 0, -1, 1)
    events["escalation_month"] -= shift
    events["weekly_month"] += shift
    last = events[["escalation_month", "weekly_month"]].max(axis=1).fillna(-np.inf)
    end = np.maximum(frame["duration_months"].astype(float) + 0.6 * size_months, last + 0.9 * size_months)
    events["ongoing"] = end.where(frame["ongoing"])
    reasons = frame["stop_reason"].astype(object)
    return events.assign(**{reason: end.where(reasons == reason) for reason in StopReason})


def draw_lanes(axes: Axes, frame: pd.DataFrame, y: np.ndarray, pitch: float) -> None:
    """Draw the lane of each patient at its height `y`: phases, events, how therapy ended or went on, and diagnosis.

    `pitch` is the height of a lane in centimetres; diagnoses are left out of lanes too low for them.
    """
    _draw_bars(axes, frame, y, pitch)
    size = min(pitch / 2.54 * 72, 9)
    events = _event_months(frame, size / 72 * 2.54 / page.box_cm(axes).width * axes.get_xlim()[1])
    for name, layers in symbols(size).items():
        there = events[name].notna().to_numpy()
        for look in layers if there.any() else []:
            axes.plot(events[name][there], y[there], **look, zorder=3, clip_on=False, label=name)
    look = {"size": page.SMALL, "color": page.MUTED, "va": "center_baseline", "transform": page.beside(axes)}
    for place, diagnosis in zip(y, frame["diagnosis"], strict=True) if pitch >= _READABLE_PITCH else ():
        axes.text(page.MARGIN_CM + 0.2, place, _DIAGNOSES.get(diagnosis, diagnosis), **look)
