"""Figure 2 where there are too many patients for a lane of each: a band for each best response, divided by month."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.transforms import blended_transform_factory

from analysis.vocabulary import STOP_REASON_LABELS, StopReason
from compendium.drawing import page
from compendium.drawing.followup_lanes import KEY_LINE_CM, PHASES, phases
from compendium.reporting.formatting import count_percent

LEAST_CM = 0.16  # least height of a band, so that a group of a few patients among thousands can be seen

STATES = ("ongoing", "after", "deepening", "unknown", "waiting", "stopped")
"""Where a patient may be in a month: observation ended on therapy, one of the phases, or therapy stopped."""

_LOOKS: Mapping[str, tuple[str, dict[str, Any]]] = {  # in the order of the key
    **{name: (label, {"facecolor": colour, "edgecolor": "none"}) for name, (label, colour) in PHASES.items()},
    "stopped": ("Therapy stopped", {"facecolor": "white", "edgecolor": "none"}),
    "ongoing": (
        "Observation ended, still on therapy",
        {"facecolor": "#f4f7fa", "edgecolor": "#b3c9de", "hatch": "////"},
    ),
}
_SCALED_CM = 1.2  # a lower band has no scale of its own


def occupancy(frame: pd.DataFrame) -> pd.DataFrame:
    """Count the patients of a course frame in each of `STATES` at the beginning of every month.

    The months go from 0 to the first full one in which every course has ended; each is all patients. A phase or course
    that ends in the middle of a month ends there.
    """
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
    """Divide the band of each best response by the states of its patients, month by month.

    x counts months, y centimetres from above; `tops` and `heights` are indexed by response.
    """
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
    for response in heights.index[heights >= _SCALED_CM]:
        _draw_scale(axes, tops[response], heights[response])


def _draw_scale(axes: Axes, top: float, height: float) -> None:
    """Count per cent of the group from the lower edge of its band."""
    beside = blended_transform_factory(axes.transAxes, axes.transData)
    for share, place in {0: "bottom", 50: "center_baseline", 100: "top"}.items():
        y = top + height * (1 - share / 100)
        axes.plot([-0.012, 0], [y, y], color=page.RULE, linewidth=0.6, clip_on=False, transform=beside)
        look = {"ha": "right", "va": place, "size": page.SMALL, "color": page.MUTED}
        axes.text(-0.02, y, f"{share}%", transform=beside, **look)


def band_key_lines(unknown: bool) -> list[list[str]]:
    """Divide the states among the lines of the key; the phase "unknown", if explained too, needs a second one."""
    ends = ["stopped", "ongoing"]
    return [list(PHASES), ends] if unknown else [[name for name in PHASES if name != "unknown"] + ends]


def draw_band_key(figure: Figure, top: float, unknown: bool) -> None:
    """Explain the states from a height in centimetres."""
    framed = {"stopped": {"edgecolor": page.RULE}}  # else white could not be seen on white
    for line, names in enumerate(band_key_lines(unknown)):
        looks = {_LOOKS[name][0]: _LOOKS[name][1] | {"linewidth": 0.6} | framed.get(name, {}) for name in names}
        patches = {label: Patch(**look) for label, look in looks.items()}
        page.add_key(figure, patches, top - KEY_LINE_CM * line, columnspacing=1.0)


def band_notes(frame: pd.DataFrame) -> list[str]:
    """Say in two paragraphs how the bands are to be read, and print what cannot be marked in them."""

    def listed(counts: Mapping[str, int]) -> str:
        return ", ".join(f"{label} {count_percent(n, len(frame))}" for label, n in counts.items() if n) or "none"

    changes = {"dose escalation": "escalation_month", "weekly schedule": "weekly_month"}
    reasons = frame["stop_reason"].astype(object).value_counts()
    stops = {STOP_REASON_LABELS[one].lower(): int(reasons.get(one, 0)) for one in StopReason}
    return [
        "A band is all patients with one best response, as high as they are many, but never too thin to be seen. It is "
        "divided by what they were in as each month began: stops are white and grow from below, courses that "
        "go on are hatched from their last follow-up on.",
        f"Not marked in the bands: {listed({label: int(frame[one].notna().sum()) for label, one in changes.items()})}; "
        f"reasons for stopping: {listed(stops)}. Numbers are patients (%).",
    ]
