"""The courses of Figure 2, and their keys.

A lane for each patient: the phases of a course as a bar, its events as symbols. Where there are too many patients for
that, a band for each best response, divided by month.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.transforms import blended_transform_factory

from analysis.schema import further_values
from analysis.vocabulary import STOP_REASON_LABELS, Diagnosis, Response, StopReason
from compendium.drawing import page
from compendium.reporting.formatting import count_percent

PHASES: dict[str, tuple[str, str]] = {  # the phases of a course, each with its label and colour
    "waiting": ("Without response", "#dedbd5"), "deepening": ("First to best response", "#a3c4e0"),
    "after": ("After best response", "#3a76b0"), "unknown": ("Response at unrecorded time", "#f2dfb8"),
}  # fmt: skip

STOP_LABELS: dict[str, str] = STOP_REASON_LABELS | further_values("StopReason")
STOP_BADGES: dict[str, tuple[str, str]] = {  # the letter and ground of each reason for stopping
    StopReason.LACK_OF_EFFICACY: ("E", page.ENDED_COLOUR), StopReason.LOSS_OF_RESPONSE: ("L", page.ENDED_COLOUR),
    StopReason.INTOLERANCE: ("I", page.ENDED_COLOUR), StopReason.LOST_TO_FOLLOW_UP: ("F", "#c9c6bf"),
    StopReason.PREGNANCY_INTENT: ("P", "#c9c6bf"), "remission": ("R", "#c9c6bf"), "death": ("D", "#c9c6bf"),
    "own_wish": ("W", "#c9c6bf"), "cost": ("C", "#c9c6bf"), "other": ("O", "#c9c6bf"),
}  # fmt: skip

EVENT_LABELS: dict[str, str] = {  # on a bar, and at the end of one that goes on; keys are columns of a course frame
    "months_to_best_response": "Best response", "escalation_month": "Dose escalation",
    "weekly_month": "Weekly schedule", "ongoing": "Still on therapy",
}  # fmt: skip

Key = tuple[str, dict[str, Any], dict[str, Any]]  # what stands before it, its signs by label, and its look
KEY_LINE_CM = 0.42  # distance of two lines of the key
_READABLE_PITCH = 0.27  # height of a lane in centimetres from which its diagnosis can be written
_DIAGNOSES = {Diagnosis.IDIOPATHIC: "Idiopathic"}


def phases(frame: pd.DataFrame) -> pd.DataFrame:
    """Divide courses into the months of `PHASES`: all waiting without response, all unknown without recorded months."""
    duration, responds = frame["duration_months"], frame["best_response"] != Response.NR
    best = frame["months_to_best_response"].where(responds)
    first = frame["months_to_first_response"].where(responds).clip(upper=best)
    known = first.notna() & best.notna()
    months = {"waiting": first.where(known, 0).where(responds, duration), "deepening": (best - first).where(known, 0)}
    months |= {"after": (duration - best).where(known, 0), "unknown": duration.where(responds & ~known, 0)}
    return pd.DataFrame(months).astype(float)


def symbols(size: float) -> dict[str, list[dict[str, Any]]]:
    """Give the keywords of `Line2D` for each layer of a symbol, lowest first, in lanes of a height in points."""

    def symbol(shape: str, share: float, **look: Any) -> dict[str, Any]:
        return {"marker": shape, "linestyle": "none", "markersize": size * share} | look

    open_symbol = {"markerfacecolor": "white", "markeredgecolor": page.INK, "markeredgewidth": min(0.8, size * 0.1)}
    letters = 0.66 if page.NARROW else 0.58
    found = {
        "months_to_best_response": [symbol("|", 0.95, color=page.INK, markeredgewidth=min(1.6, size * 0.2))],
        "escalation_month": [symbol("^", 0.7, **open_symbol)],
        "weekly_month": [symbol("D", 0.52, **open_symbol)],
        "ongoing": [symbol(">", 0.55, color=page.INK, markeredgewidth=0)],
    }
    for reason, (letter, ground) in STOP_BADGES.items():
        glyph = symbol(rf"$\mathbf{{{letter}}}$", letters, color=page.INK, markeredgewidth=0)
        found[reason] = [symbol("o", 0.98, color=ground, markeredgewidth=0), glyph]
    return found


def keys(unknown: bool, stopped_for: Collection[str] = ()) -> list[Key]:
    """Explain colours, symbols and the paper's reasons for stopping, or those given if others are among them."""
    phases = {label: Patch(color=colour) for name, (label, colour) in PHASES.items() if name != "unknown" or unknown}
    handles = {name: tuple(Line2D([], [], **look) for look in layers) for name, layers in symbols(8).items()}
    layers = {"handler_map": {tuple: HandlerTuple(ndivide=1)}}
    shown = STOP_REASON_LABELS if set(stopped_for) <= set(STOP_REASON_LABELS) else stopped_for
    reasons = {label: handles[reason] for reason, label in STOP_LABELS.items() if reason in shown}
    events = {label: handles[name] for name, label in EVENT_LABELS.items()}
    first, further = (dict(list(reasons.items())[part]) for part in (slice(5), slice(5, None)))  # five fill a line
    found = [("", phases, {}), ("", events, layers), ("Stopped for:", first, layers)]
    return [*found, ("", further, layers)] if further else found


def _begin(title: str) -> float:
    return page.MARGIN_CM + (page.text_width_cm(title, page.SMALL) + 0.3 if title else 0)


def extra_cm(keys: Sequence[Key]) -> float:
    """Tell how much room (in centimetres) keys take beyond three lines."""
    return KEY_LINE_CM * (len(keys) - 3) + sum(page.extra_key_cm(signs, _begin(title)) for title, signs, _ in keys)


def draw_keys(figure: Figure, top: float, keys: Sequence[Key]) -> None:
    """Set keys below each other from a height in centimetres."""
    for title, signs, look in keys:
        page.add_key(figure, signs, top, _begin(title), **look)
        if title:
            page.write(figure, page.MARGIN_CM, top - 0.11, title, size=page.SMALL, va="center_baseline")
        top -= KEY_LINE_CM + page.extra_key_cm(signs, _begin(title))


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
    events.loc[frame["best_response"] == Response.NR, "months_to_best_response"] = np.nan
    distance = events["weekly_month"] - events["escalation_month"]
    shift = (0.7 * size_months - distance.abs()).clip(lower=0).fillna(0) / 2 * np.where(distance < 0, -1, 1)
    events["escalation_month"] -= shift
    events["weekly_month"] += shift
    last = events[["escalation_month", "weekly_month"]].max(axis=1).fillna(-np.inf)
    end = np.maximum(frame["duration_months"].astype(float) + 0.6 * size_months, last + 0.9 * size_months)
    events["ongoing"] = end.where(frame["ongoing"])
    return events.assign(**{reason: end.where(frame["stop_reason"].astype(object) == reason) for reason in STOP_BADGES})


def draw_lanes(axes: Axes, frame: pd.DataFrame, y: np.ndarray, pitch: float) -> None:
    """Draw the lane, `pitch` centimetres high, of each patient at its place, with diagnosis where there is room."""
    _draw_bars(axes, frame, y, pitch)
    size = min(pitch / 2.54 * 72, 9)
    events = _event_months(frame, size / 72 * 2.54 / page.box_cm(axes).width * axes.get_xlim()[1])
    for name, layers in symbols(size).items():
        there = events[name].notna().to_numpy()
        for look in layers if there.any() else []:
            axes.plot(events[name][there], y[there], **look, zorder=3, clip_on=False, label=name)
    for place, diagnosis in zip(y, frame["diagnosis"], strict=True) if pitch >= _READABLE_PITCH else ():
        text, look = _DIAGNOSES.get(diagnosis, diagnosis), {"size": page.SMALL, "color": page.MUTED}
        page.write_beside(axes, page.MARGIN_CM + 0.2, place, text, **look)


LEAST_CM = 0.16  # least height of a band, so that a group of a few patients among thousands can be seen
# Where a patient may be in a month: observation ended on therapy, one of the phases, or therapy stopped.
STATES = ("ongoing", "after", "deepening", "unknown", "waiting", "stopped")
_HATCHED = {"facecolor": "#f4f7fa", "edgecolor": "#b3c9de", "hatch": "////"}
_LOOKS: Mapping[str, tuple[str, dict[str, Any]]] = {  # in the order of the key
    **{name: (label, {"facecolor": colour, "edgecolor": "none"}) for name, (label, colour) in PHASES.items()},
    "stopped": ("Therapy stopped", {"facecolor": "white", "edgecolor": "none"}),
    "ongoing": ("Observation ended, still on therapy", _HATCHED),
}
_SCALED_CM = 1.2  # a lower band has no scale of its own


def occupancy(frame: pd.DataFrame) -> pd.DataFrame:
    """Count the patients in each of `STATES` at the beginning of every month, until every course has ended."""
    parts = phases(frame)
    months = np.arange(np.ceil(frame["duration_months"].max()) + 1)

    def later(ends: pd.Series) -> np.ndarray:
        return len(ends) - np.searchsorted(np.sort(ends.to_numpy(float)), months, side="right")

    # The phases of a course follow each other, so that whoever has not reached the end of one, but that of the one
    # before it, is in it.
    left = pd.DataFrame({name: later(ends) for name, ends in parts.cumsum(axis=1).items()}, months)
    counts = left.diff(axis=1).fillna({parts.columns[0]: left[parts.columns[0]]})
    durations, ongoing = frame["duration_months"], frame["ongoing"].astype(bool)
    for name, which in (("ongoing", ongoing), ("stopped", ~ongoing)):
        counts[name] = which.sum() - later(durations[which])
    return counts[list(STATES)].astype(int).rename_axis("month")


def band_heights(counts: pd.Series, room: float) -> pd.Series:
    """Divide a height in centimetres among groups, in proportion to their patients but never below `LEAST_CM`."""
    low = pd.Series(False, counts.index)
    while True:
        pitch = max(room - LEAST_CM * low.sum(), 0) / max(counts[~low].sum(), 1)
        lower = counts * pitch < LEAST_CM
        if (lower == low).all() or lower.all():
            return (counts * pitch).clip(lower=LEAST_CM)
        low = lower


def draw_bands(axes: Axes, frame: pd.DataFrame, tops: pd.Series, heights: pd.Series) -> None:
    """Divide the band of each best response, `tops` and `heights` in centimetres, by the states of its patients."""
    end = axes.get_xlim()[1]
    best = frame["best_response"].astype(object)
    for response, top in tops.items():
        counts = occupancy(frame[best == response])
        months = np.append(counts.index, end)
        shares = counts.cumsum(axis=1).div(counts.sum(axis=1), axis=0)
        above = np.full(len(months), top)
        for state in STATES:
            below = top + heights[response] * np.append(shares[state], shares[state].iloc[-1])
            if counts[state].any():
                look = {"linewidth": 0, "label": f"{response} {state}"}
                axes.fill_between(months, above, below, step="post", **look, **_LOOKS[state][1])
            above = below
        frameline = {"facecolor": "none", "edgecolor": page.RULE, "linewidth": 0.6}
        axes.add_patch(Rectangle((0, top), end, heights[response], clip_on=False, **frameline))
    beside = blended_transform_factory(axes.transAxes, axes.transData)
    for response in heights.index[heights >= _SCALED_CM]:  # per cent of the group, from the lower edge of its band
        for share, place in {0: "bottom", 50: "center_baseline", 100: "top"}.items():
            y = tops[response] + heights[response] * (1 - share / 100)
            axes.plot([-0.012, 0], [y, y], color=page.RULE, linewidth=0.6, clip_on=False, transform=beside)
            look = {"ha": "right", "va": place, "size": page.SMALL, "color": page.MUTED}
            axes.text(-0.02, y, f"{share}%", transform=beside, **look)


def band_keys(unknown: bool) -> list[Key]:
    """Explain the states, with the phase "unknown", if that is explained too, in two keys."""
    framed = {"stopped": {"edgecolor": page.RULE}}  # else white could not be seen on white
    ends = ["stopped", "ongoing"]
    lines = [list(PHASES), ends] if unknown else [[name for name in PHASES if name != "unknown"] + ends]
    looks = {name: look | {"linewidth": 0.6} | framed.get(name, {}) for name, (_, look) in _LOOKS.items()}
    return [("", {_LOOKS[name][0]: Patch(**looks[name]) for name in names}, {"columnspacing": 1.0}) for names in lines]


def band_notes(frame: pd.DataFrame) -> list[str]:
    """Say in two paragraphs how the bands are to be read, and print what cannot be marked in them."""

    def listed(counts: Mapping[str, int]) -> str:
        return ", ".join(f"{label} {count_percent(n, len(frame))}" for label, n in counts.items() if n) or "none"

    changes = {"dose escalation": "escalation_month", "weekly schedule": "weekly_month"}
    reasons = frame["stop_reason"].astype(object).value_counts()
    stops = {label.lower(): int(reasons.get(one, 0)) for one, label in STOP_LABELS.items()}
    return [
        "A band is all patients with one best response, as high as they are many, but never too thin to be seen. It is "
        "divided by what they were in as each month began: stops are white and grow from below, courses that "
        "go on are hatched from their last follow-up on.",
        f"Not marked in the bands: {listed({label: int(frame[one].notna().sum()) for label, one in changes.items()})}; "
        f"reasons for stopping: {listed(stops)}. Numbers are patients (%).",
    ]
