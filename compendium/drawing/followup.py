"""Figures 2, E3 and E4: how each patient's response went over the months of therapy, and where it led."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from analysis.vocabulary import FOLLOW_UP_STATUS_LABELS, RESPONSE_LABELS, FollowUpStatus, Response, StopReason
from compendium.drawing import courses, page
from compendium.reporting.formatting import count_percent

STATUS_ORDER: tuple[FollowUpStatus, ...] = (  # from above, so that few ribbons cross
    *(FollowUpStatus.CR, FollowUpStatus.MR, FollowUpStatus.PR, FollowUpStatus.LOSS_OF_RESPONSE),
    *(FollowUpStatus.INTOLERANCE, FollowUpStatus.LOST_TO_FOLLOW_UP, FollowUpStatus.NR),
)

STATUS_COLOURS: dict[str, str] = dict(page.RESPONSE_COLOURS) | {  # the colour of each status at last follow-up
    FollowUpStatus.LOSS_OF_RESPONSE: page.ENDED_COLOUR,
    FollowUpStatus.INTOLERANCE: "#e9ad78",
    FollowUpStatus.LOST_TO_FOLLOW_UP: "#9a9790",
}

# Lower rows cannot be read: a band for each best response takes their place, from about 160 patients on; in a column,
# where symbols would be too small sooner and there is less room, from 25 patients on.
LEAST_ROW_CM = {False: 0.11, True: 0.3}
# All in centimetres.
HEADING, GAP, _LARGEST_PITCH = 0.36, 0.08, 0.36
_ABOVE, _BELOW = 2.75, 1.05  # title, key and column heads; scale
_DIAGNOSIS, _RIBBON, _LABEL = 1.75, 2.3, 4.3
_BANDS, _SCALE = 11.0, 0.9  # height of all bands together; room for their scale
_COLUMN = {"bands": 7.5, "diagnosis": 1.35, "ribbons": 4.6, "names": 2.1, "label": 3.55}  # the ribbons stand below
_SLOT, _SLOT_GAP, _BLOCK = 0.34, 0.07, 0.3  # least height of a status's label, least gap, width of the blocks

_ROW_NOTE = (
    "Each bar is one patient; the symbol after its end tells whether therapy went on or why it was stopped. Numbers "
    "are patients (%)."
)


def _ribbon_note(reasons: Collection[str]) -> str:
    """Say what counts as lost to follow-up: beside pregnancy intent what the paper does not have, but for remission."""
    further = [courses.STOP_LABELS[one].lower() for one in sorted(set(reasons) - set(StopReason) - {"remission"})]
    named = ", ".join(["pregnancy intent", *further[:-1]]) + (f" and {further[-1]} count" if further else " counts")
    return f"Ribbons lead from best response to the status at last follow-up, where {named} as lost to follow-up."


def arrange(frame: pd.DataFrame) -> pd.DataFrame:
    """Put the patients into drawing order: by best response, status at last follow-up and falling duration."""
    place = pd.Categorical(frame["last_status"].astype(object), list(STATUS_ORDER), ordered=True)
    order = {"best_response": True, "place": True, "duration_months": False}
    return frame.assign(place=place).sort_values(list(order), ascending=list(order.values()), kind="stable")[[*frame]]


def node_places(counts: pd.Series, pitch: float, depth: float = 0, least: float = 0) -> pd.DataFrame:
    """Place the blocks of the statuses at last follow-up below each other, none with less room than its label.

    A patient is `pitch` high, no block lower than `least`, and more `depth` than they need is filled. By status:
    ``top`` and ``bottom`` of the block and ``slot_bottom``, the end of its room, in centimetres from above.
    """
    heights = np.maximum(counts * pitch, least)
    slots = np.maximum(heights, _SLOT)
    spare = depth - slots.sum()
    gap = max(_SLOT_GAP, spare / (len(counts) - 1)) if len(counts) > 1 else 0
    slot_bottom = (slots + gap).cumsum() - gap
    top = slot_bottom - slots + (slots - heights) / 2
    return pd.DataFrame({"top": top, "bottom": top + heights, "slot_bottom": slot_bottom})


def _pitch(frame: pd.DataFrame, room: float) -> float:
    """Choose the height of a row so that the patients and the labels on the right fit into the room."""
    groups, statuses = frame["best_response"].nunique(), frame["last_status"].astype(object).value_counts()
    pitch = min(_LARGEST_PITCH, (room - groups * (HEADING + GAP)) / len(frame))
    for _ in range(4):  # lower rows do not make the labels lower, so that one step is not always enough
        excess = HEADING + node_places(statuses, pitch)["slot_bottom"].iloc[-1] - room
        pitch -= max(excess, 0) / len(frame)
    return pitch


def transitions(frame: pd.DataFrame) -> pd.DataFrame:
    """Count the patients (``n``) who went from each ``best`` response to each ``last`` status, for pairs that occur."""
    # As objects, since a categorical would list the pairs that do not occur, too.
    pairs = frame[["best_response", "last_status"]].astype(object).value_counts().rename("n").reset_index()
    pairs = pairs.set_axis(["best", "last", "n"], axis=1)
    places = {"best": list(Response).index, "last": STATUS_ORDER.index}
    return pairs.sort_values(["best", "last"], key=lambda names: names.map(places[names.name]), ignore_index=True)


def _ribbon(x: tuple[float, float], left: tuple[float, float], right: tuple[float, float]) -> Path:
    """Trace a ribbon that leaves and arrives horizontally; `left` and `right` are its top and bottom there."""
    middle = (x[0] + x[1]) / 2
    points = [(x[0], left[0]), (middle, left[0]), (middle, right[0]), (x[1], right[0])]
    points += [(x[1], right[1]), (middle, right[1]), (middle, left[1]), (x[0], left[1]), (x[0], left[0])]
    curve = [Path.CURVE4] * 3
    return Path(points, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _block(axes: Axes, x: float, top: float, bottom: float, colour: str) -> None:
    axes.add_artist(Rectangle((x, top), _BLOCK, bottom - top, facecolor=colour, edgecolor="white", linewidth=0.5))


def _draw_ribbons(
    axes: Axes, size: tuple[float, float], frame: pd.DataFrame, tops: pd.Series, pitches: pd.Series, least: float
) -> None:
    """Draw, in axes of a size in centimetres, a ribbon from each group of patients to their status at last follow-up.

    The patients of each best response begin at `tops`, each as high as `pitches` says; on the right a patient is as
    high as in the lowest group. With a least height of blocks ribbons have an edge, so that all can be seen.
    """
    axes.set_axis_off()
    axes.set(xlim=(0, size[0]), ylim=(size[1], 0))
    width = size[0] - (_COLUMN["label"] if page.NARROW else _LABEL) - 0.3  # where the right blocks begin
    flows = transitions(frame)
    counts = flows.groupby("last")["n"].sum().reindex([s for s in STATUS_ORDER if (flows["last"] == s).any()])
    first = tops.min()
    nodes = first + node_places(counts, pitches.min(), size[1] - first - 0.1, least)
    on_left = flows["best"].map(pitches)
    on_right = flows["last"].map((nodes["bottom"] - nodes["top"]) / counts) if least else pitches.min()
    flows["left"] = flows["best"].map(tops) + on_left * (flows.groupby("best")["n"].cumsum() - flows["n"])
    flows["right"] = flows["last"].map(nodes["top"]) + on_right * (flows.groupby("last")["n"].cumsum() - flows["n"])
    for flow in flows.assign(height=on_left * flows["n"], arriving=on_right * flows["n"]).itertuples():
        colour, end = STATUS_COLOURS[flow.last], flow.left + flow.height
        path = _ribbon((_BLOCK, width), (flow.left, end), (flow.right, flow.right + flow.arriving))
        edge = {"edgecolor": colour, "linewidth": 0.4} if least else {"linewidth": 0}
        axes.add_artist(PathPatch(path, facecolor=colour, alpha=0.4, **edge))
        _block(axes, 0, flow.left, end, page.RESPONSE_COLOURS[flow.best])
        if flow.height >= _SLOT * 0.8:
            y, look = flow.left + flow.height / 2, {"size": page.SMALL, "va": "center_baseline"}
            axes.text(_BLOCK + 0.1, y, f"{flow.n:,}", **look)
    for status, node in nodes.iterrows():
        _block(axes, width, node["top"], node["bottom"], STATUS_COLOURS[status])
        label = f"{FOLLOW_UP_STATUS_LABELS[status]}  {count_percent(counts[status], len(frame))}"
        axes.text(width + _BLOCK + 0.12, (node["top"] + node["bottom"]) / 2, label, va="center_baseline")


def _below(figure: Figure, frame: pd.DataFrame, place: tuple[float, float], least: float) -> None:
    """Draw the ribbons in axes of their own, with the left end and the bottom given, and name what they begin at."""
    counts, depth = frame["best_response"].astype(object).value_counts(sort=False), _COLUMN["ribbons"]
    statuses, left, pitch = frame["last_status"].astype(object).value_counts(), place[0] + _COLUMN["names"], 0.07
    for _ in range(4):  # as in `_pitch`
        excess = max(node_places(one, pitch, 0, least)["slot_bottom"].iloc[-1] for one in (counts, statuses)) - depth
        pitch -= max(excess + 0.3, 0) / len(frame)
    nodes = node_places(counts, pitch, depth - 0.1, least)
    width = page.PAGE_WIDTH_CM - page.MARGIN_CM - left
    axes, heights = page.add_axes(figure, left, place[1], width, depth), nodes["bottom"] - nodes["top"]
    _draw_ribbons(axes, (width, depth), frame, nodes["top"], heights / counts, least)
    for response, y in ((nodes["top"] + nodes["bottom"]) / 2).items():
        text = RESPONSE_LABELS[response].replace("No response", "None").removesuffix(" response")
        page.write_beside(axes, left - 0.15, y, f"{text}  {counts[response]:,}", ha="right")


def _draw_headings(axes: Axes, frame: pd.DataFrame, tops: pd.Series, top: float, last: tuple[float, float]) -> None:
    """Name the groups, and write above each part, of which the last has a place of its own, how many responded."""
    counts = frame["best_response"].astype(object).value_counts()
    for response, below in tops.items():
        text = f"{RESPONSE_LABELS[response]}  {count_percent(counts[response], len(frame))}"
        page.write_beside(axes, page.MARGIN_CM, below - HEADING / 2, text, weight="bold", zorder=4)
    responded = int((frame["best_response"] != Response.NR).sum())
    persistent = int(frame["last_status"].astype(object).isin(list(Response)[:3]).sum())
    text = f"Best response: {count_percent(responded, len(frame))} responded"
    page.write(axes.figure, page.MARGIN_CM, top, text, **page.HEAD)
    text = f"Last follow-up: {count_percent(persistent, len(frame))} still respond"
    page.write(axes.figure, *last, text, **page.HEAD)


@page.journal_style(column=True)
def draw_followup(frame: pd.DataFrame, population: str, *, caveats: Sequence[str] = ()) -> Figure:
    """Draw how the response of each patient went over the months of therapy (Figures 2, E3 and E4), at most 24 cm high.

    Parameters
    ----------
    frame : DataFrame
        One row per patient, at least one, as `analysis.followup.course_frame` gives it.
    population, caveats
        As `compendium.drawing` says.
    """
    if frame.empty:
        raise ValueError("there are no patients to draw; at least one is needed")
    frame = arrange(frame)
    statuses, longest = frame["last_status"].astype(object).value_counts(), frame["duration_months"].max()
    reasons = set(frame["stop_reason"].dropna())
    unknown, ribbons = bool(courses.phases(frame)["unknown"].any()), _ribbon_note(reasons)
    title, notes = page.heading(population, len(frame), "follow-up of responses"), [f"{_ROW_NOTE} {ribbons}"]
    keys = courses.keys(unknown, reasons)
    lower, bands, diagnosis = 0.0, _BANDS, _DIAGNOSIS
    if page.NARROW:  # the ribbons stand below the courses
        lower, bands, diagnosis = _COLUMN["ribbons"] + 0.75, _COLUMN["bands"], _COLUMN["diagnosis"]
    above = _ABOVE + page.extra_title_cm(title)
    room = page.PAGE_HEIGHT_CM - above - courses.extra_cm(keys) - _BELOW - page.foot_height_cm(notes, caveats) - 0.1
    pitch = _pitch(frame, room - lower)
    banded = pitch < LEAST_ROW_CM[page.NARROW]
    if banded:
        notes = [*courses.band_notes(frame), ribbons]
        counts = frame["best_response"].astype(object).value_counts(sort=False)
        heights = courses.band_heights(counts, bands)
        tops = heights.cumsum() - heights + HEADING + (HEADING + GAP) * np.arange(len(heights))
        pitches, end, least, scale = heights / counts, tops.iloc[-1] + heights.iloc[-1], courses.LEAST_CM, _SCALE
        keys = courses.band_keys(unknown)
        longest = np.ceil(longest)  # bands have whole months
    else:
        y, tops = page.place_rows(frame["best_response"], pitch, HEADING, GAP)
        pitches, end, least, scale = pd.Series(pitch, tops.index), y[-1] + pitch / 2, 0, diagnosis
    above += courses.extra_cm(keys)
    depth = end + 0.1
    if not page.NARROW:
        depth = max(end, HEADING + node_places(statuses, pitches.min(), 0, least)["slot_bottom"].iloc[-1]) + 0.1
    foot = page.foot_height_cm(notes, caveats) + lower
    height, bottom = above + depth + foot + _BELOW, foot + _BELOW
    figure = page.new_figure(height)
    left, beside = page.MARGIN_CM + scale, 0.0 if page.NARROW else _RIBBON + _LABEL + 0.2
    width = page.PAGE_WIDTH_CM - left - beside - page.MARGIN_CM
    right = left + width + 0.2
    axes = page.add_lanes(figure, left, bottom, width, depth, "Months since the first injection")
    axes.set_xlim(0, max(longest, 1) * 1.06)  # with room for a symbol after the longest course
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True, steps=[1, 2, 3, 6, 10]))
    (courses.draw_bands(axes, frame, tops, heights) if banded else courses.draw_lanes(axes, frame, y, pitch))
    courses.draw_keys(figure, height - page.extra_title_cm(title) - 0.85, keys)
    last = (right, height - above + 0.12)
    if page.NARROW:
        last = (page.MARGIN_CM, foot - 0.4)
        _below(figure, frame, (page.MARGIN_CM, foot - lower + 0.15), least)
    else:
        flow = page.add_axes(figure, right, bottom, _RIBBON + _LABEL, depth)
        _draw_ribbons(flow, (_RIBBON + _LABEL, depth), frame, tops, pitches, least)
    _draw_headings(axes, frame, tops, height - above + 0.12, last)
    return page.add_title_and_foot(figure, title, notes, caveats)
