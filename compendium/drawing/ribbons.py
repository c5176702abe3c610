"""The part of Figure 2 that leads from best response to the status at last follow-up."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from analysis.vocabulary import FOLLOW_UP_STATUS_LABELS, FollowUpStatus, Response
from compendium.drawing import style
from compendium.reporting.formatting import count_percent

STATUS_ORDER: tuple[FollowUpStatus, ...] = (
    FollowUpStatus.CR,
    FollowUpStatus.MR,
    FollowUpStatus.PR,
    FollowUpStatus.LOSS_OF_RESPONSE,
    FollowUpStatus.INTOLERANCE,
    FollowUpStatus.LOST_TO_FOLLOW_UP,
    FollowUpStatus.NR,
)
"""From top to bottom, so that few ribbons cross: patients without response, last on the left, are last on the right."""

STATUS_COLOURS: dict[str, str] = dict(style.RESPONSE_COLOURS) | {
    FollowUpStatus.LOSS_OF_RESPONSE: style.ENDED_COLOUR,
    FollowUpStatus.INTOLERANCE: "#e9ad78",
    FollowUpStatus.LOST_TO_FOLLOW_UP: "#9a9790",
}
"""The colour of each status at last follow-up."""

_SLOT, _GAP, _BLOCK = 0.34, 0.07, 0.3  # least height of a label, least gap, width of the blocks, in centimetres


def node_places(counts: pd.Series, pitch: float, depth: float = 0, least: float = 0) -> pd.DataFrame:
    """Place the blocks of the statuses at last follow-up below each other.

    Parameters
    ----------
    counts : Series of int
        Patients by status, in drawing order.
    pitch : float
        Height of one patient in centimetres.
    depth : float, default 0
        Height to be filled, if it is more than the blocks need.
    least : float, default 0
        Least height of a block, so that a few patients among thousands can be seen.

    Returns
    -------
    DataFrame
        Indexed by status: ``top`` and ``bottom`` of the block and ``slot_bottom``, the end of its room, in centimetres
        from above. A block never has less room than its label.
    """
    heights = np.maximum(counts * pitch, least)
    slots = np.maximum(heights, _SLOT)
    spare = depth - slots.sum()
    gap = max(_GAP, spare / (len(counts) - 1)) if len(counts) > 1 else 0
    slot_bottom = (slots + gap).cumsum() - gap
    top = slot_bottom - slots + (slots - heights) / 2
    return pd.DataFrame({"top": top, "bottom": top + heights, "slot_bottom": slot_bottom})


def transitions(frame: pd.DataFrame) -> pd.DataFrame:
    """Count the patients who went from each best response to each status at last follow-up.

    Parameters
    ----------
    frame : DataFrame
        One row per patient with ``best_response`` and ``last_status``.

    Returns
    -------
    DataFrame
        ``best``, ``last`` and ``n`` for each pair that occurs, ordered by response and by `STATUS_ORDER`.
    """
    place = {status: number for number, status in enumerate(STATUS_ORDER)}
    # As objects, since a categorical would list the pairs that do not occur, too.
    pairs = frame[["best_response", "last_status"]].astype(object).value_counts().rename("n").reset_index()
    order = pd.DataFrame({0: pairs["best_response"].map(list(Response).index), 1: pairs["last_status"].map(place)})
    ordered = pairs.loc[order.sort_values([0, 1]).index].reset_index(drop=True)
    return ordered.set_axis(["best", "last", "n"], axis=1)


def _ribbon(x: tuple[float, float], left: tuple[float, float], right: tuple[float, float]) -> Path:
    """Trace a ribbon that leaves and arrives horizontally; `left` and `right` are its top and bottom there."""
    middle = (x[0] + x[1]) / 2
    points = [(x[0], left[0]), (middle, left[0]), (middle, right[0]), (x[1], right[0])]
    points += [(x[1], right[1]), (middle, right[1]), (middle, left[1]), (x[0], left[1]), (x[0], left[0])]
    curve = [Path.CURVE4] * 3
    return Path(points, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _block(axes: Axes, x: float, top: float, bottom: float, colour: str) -> None:
    axes.add_patch(Rectangle((x, top), _BLOCK, bottom - top, facecolor=colour, edgecolor="white", linewidth=0.5))


def draw_ribbons(
    axes: Axes, frame: pd.DataFrame, tops: pd.Series, pitch: pd.Series, width: float, least: float = 0
) -> None:
    """Draw a ribbon from each group of patients to their status at last follow-up.

    Parameters
    ----------
    axes : Axes
        Empty axes; x counts centimetres from the left, y centimetres from above, as for the patients beside it.
    frame : DataFrame
        One row per patient with ``best_response`` and ``last_status``.
    tops, pitch : Series of float
        Where the patients of each best response begin, and how high one of them is, indexed by response, in
        centimetres. On the right a patient is as high as in the group where he is lowest.
    width : float
        Where the blocks on the right begin, in centimetres.
    least : float, default 0
        Least height of a block on the right. If it is not 0, ribbons have an edge, so that none is too thin to be seen.
    """
    flows = transitions(frame)
    counts = flows.groupby("last")["n"].sum().reindex([s for s in STATUS_ORDER if (flows["last"] == s).any()])
    first = tops.min()
    nodes = first + node_places(counts, pitch.min(), axes.get_ylim()[0] - first - 0.1, least)
    on_left = flows["best"].map(pitch)
    on_right = flows["last"].map((nodes["bottom"] - nodes["top"]) / counts) if least else pitch.min()
    begin = flows["best"].map(tops) + on_left * (flows.groupby("best")["n"].cumsum() - flows["n"])
    end = flows["last"].map(nodes["top"]) + on_right * (flows.groupby("last")["n"].cumsum() - flows["n"])
    there = on_right * flows["n"]
    for flow, left, right, height, arriving in zip(
        flows.itertuples(), begin, end, on_left * flows["n"], there, strict=True
    ):
        colour = STATUS_COLOURS[flow.last]
        path = _ribbon((_BLOCK, width), (left, left + height), (right, right + arriving))
        edge = {"edgecolor": colour, "linewidth": 0.4} if least else {"linewidth": 0}
        axes.add_patch(PathPatch(path, facecolor=colour, alpha=0.4, **edge))
        _block(axes, 0, left, left + height, style.RESPONSE_COLOURS[flow.best])
        if height >= _SLOT * 0.8:
            axes.text(_BLOCK + 0.1, left + height / 2, f"{flow.n:,}", size=style.SMALL, va="center_baseline")
    for status, node in nodes.iterrows():
        _block(axes, width, node["top"], node["bottom"], STATUS_COLOURS[status])
        label = f"{FOLLOW_UP_STATUS_LABELS[status]}  {count_percent(counts[status], len(frame))}"
        axes.text(width + _BLOCK + 0.12, (node["top"] + node["bottom"]) / 2, label, va="center_baseline")
