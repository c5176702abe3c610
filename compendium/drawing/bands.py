"""Figure 2 where there are too many patients for a row of each: a band for each best response, divided by month."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.transforms import blended_transform_factory

from analysis.vocabulary import STOP_REASON_LABELS, StopReason
from compendium.drawing import page, style
from compendium.drawing.phases import STATES, occupancy
from compendium.drawing.symbols import LINE_CM, PHASES
from compendium.reporting.formatting import count_percent

__all__ = ["LEAST_CM", "band_heights", "band_key_lines", "band_notes", "draw_band_key", "draw_bands"]

LEAST_CM = 0.16
"""Least height of a band, so that a group of a few patients among thousands can be seen."""

_LOOKS: Mapping[str, tuple[str, dict[str, Any]]] = {
    **{name: (label, {"facecolor": colour, "edgecolor": "none"}) for name, (label, colour) in PHASES.items()},
    "stopped": ("Therapy stopped", {"facecolor": "white", "edgecolor": "none"}),
    "ongoing": (
        "Observation ended, still on therapy",
        {"facecolor": "#f4f7fa", "edgecolor": "#b3c9de", "hatch": "////"},
    ),
}
"""Label and look of each state, in the order of the key."""

_SCALED_CM = 1.2  # a lower band has no scale of its own


def band_heights(counts: pd.Series, room: float) -> pd.Series:
    """Divide a height among groups of patients.

    Parameters
    ----------
    counts : Series of int
        Patients of each group, at least 1.
    room : float
        Height of all bands together in centimetres.

    Returns
    -------
    Series of float
        Heights in centimetres, proportional to the patients but never below `LEAST_CM`.
    """
    low = pd.Series(False, counts.index)
    while True:
        pitch = max(room - LEAST_CM * low.sum(), 0) / max(counts[~low].sum(), 1)
        lower = counts * pitch < LEAST_CM
        if (lower == low).all() or lower.all():
            return (counts * pitch).clip(lower=LEAST_CM)
        low = lower


def draw_bands(axes: Axes, frame: pd.DataFrame, tops: pd.Series, heights: pd.Series) -> None:
    """Divide the band of each best response by the states of its patients, month by month.

    Parameters
    ----------
    axes : Axes
        x counts months, y centimetres from above.
    frame : DataFrame
        One row per patient, as `analysis.followup.course_frame` gives it.
    tops, heights : Series of float
        Where each band begins and how high it is, indexed by response, in centimetres.
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
        frameline = {"facecolor": "none", "edgecolor": style.RULE, "linewidth": 0.6}
        axes.add_patch(Rectangle((0, top), end, heights[response], clip_on=False, **frameline))
    _draw_scale(axes, tops, heights)


def _draw_scale(axes: Axes, tops: pd.Series, heights: pd.Series) -> None:
    """Count per cent of the group from the lower edge of each band that is high enough for it."""
    beside = blended_transform_factory(axes.transAxes, axes.transData)
    for top, height in zip(tops, heights, strict=True):
        ticks = {0: "bottom", 50: "center_baseline", 100: "top"} if height >= _SCALED_CM else {}
        for share, place in ticks.items():
            y = top + height * (1 - share / 100)
            axes.plot([-0.012, 0], [y, y], color=style.RULE, linewidth=0.6, clip_on=False, transform=beside)
            look = {"ha": "right", "va": place, "size": style.SMALL, "color": style.MUTED}
            axes.text(-0.02, y, f"{share}%", transform=beside, **look)


def band_key_lines(unknown: bool) -> list[list[str]]:
    """Divide the states among the lines of the key.

    Parameters
    ----------
    unknown : bool
        Whether the phase "unknown" is to be explained; the key then needs a second line.

    Returns
    -------
    list of list of str
        The states of each line.
    """
    ends = ["stopped", "ongoing"]
    return [list(PHASES), ends] if unknown else [[name for name in PHASES if name != "unknown"] + ends]


def draw_band_key(figure: Figure, top: float, unknown: bool) -> None:
    """Explain the states.

    Parameters
    ----------
    figure : Figure
        The figure.
    top : float
        Height of the first line in centimetres from below.
    unknown : bool
        Whether to explain the phase "unknown" too.
    """
    for line, names in enumerate(band_key_lines(unknown)):
        looks = [_LOOKS[name][1] | {"linewidth": 0.6} for name in names]
        framed = {"edgecolor": style.RULE}  # else white could not be seen on white
        figure.legend(
            [Patch(**(look | framed if name == "stopped" else look)) for name, look in zip(names, looks, strict=True)],
            [_LOOKS[name][0] for name in names],
            bbox_to_anchor=(page.MARGIN_CM, top - LINE_CM * line),
            bbox_transform=page.centimetres(figure),
            ncols=len(names),
            **(style.KEY | {"columnspacing": 1.0}),
        )


def band_notes(frame: pd.DataFrame) -> list[str]:
    """Say how the bands are to be read, and print what cannot be marked in them.

    Parameters
    ----------
    frame : DataFrame
        One row per patient: ``escalation_month``, ``weekly_month`` and ``stop_reason`` are used.

    Returns
    -------
    list of str
        Two paragraphs.
    """

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
