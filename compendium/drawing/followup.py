"""Figures 2, E3 and E4: how each patient's response went over the months of therapy."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from analysis.vocabulary import (
    POPULATION_LABELS,
    RESPONSE_LABELS,
    Diagnosis,
    Population,
    Response,
    StopReason,
)
from compendium.drawing import bands, page, style
from compendium.drawing.phases import phases
from compendium.drawing.ribbons import STATUS_ORDER, draw_ribbons, node_places
from compendium.drawing.symbols import LINE_CM, PHASES, draw_key, symbols
from compendium.reporting.formatting import count_percent

_DIAGNOSES = {Diagnosis.IDIOPATHIC: "Idiopathic"}
_HEADING, _GAP, _LARGEST_PITCH, _READABLE_PITCH = 0.36, 0.08, 0.36, 0.27
_ABOVE, _BELOW = 2.75, 1.05  # title, key and column heads; scale
_DIAGNOSIS_CM, _RIBBON_CM, _LABEL_CM = 1.75, 2.3, 4.3
_BANDS, _SCALE_CM = 11.0, 0.9  # height of all bands together; room for their scale

LEAST_ROW_CM = 0.11
"""Rows lower than about a millimetre cannot be read: bands take their place, from about 160 patients on."""


def arrange(frame: pd.DataFrame) -> pd.DataFrame:
    """Put the patients into drawing order.

    Parameters
    ----------
    frame : DataFrame
        One row per patient with ``best_response``, ``last_status`` and ``duration_months``.

    Returns
    -------
    DataFrame
        The same rows by best response, status at last follow-up and falling duration.
    """
    place = frame["last_status"].astype(object).map({status: number for number, status in enumerate(STATUS_ORDER)})
    order = frame.assign(place=place.astype(int)).sort_values(
        ["best_response", "place", "duration_months"], ascending=[True, True, False], kind="stable"
    )
    return order.drop(columns="place")


def row_places(best: pd.Series, pitch: float) -> tuple[np.ndarray, pd.Series]:
    """Place the rows of the patients under the headings of their groups.

    Parameters
    ----------
    best : ordered categorical Series
        Best response of each patient, in drawing order.
    pitch : float
        Height of a row in centimetres.

    Returns
    -------
    y : array of float
        Centre of each row in centimetres from above.
    tops : Series of float
        Where the rows of each group begin, indexed by response.
    """
    group = best.cat.remove_unused_categories().cat.codes.to_numpy()
    y = _HEADING + group * (_HEADING + _GAP) + pitch * (np.arange(len(best)) + 0.5)
    return y, (pd.Series(y, best.to_numpy().astype(object)).groupby(level=0, sort=False).min() - pitch / 2)


def _pitch(frame: pd.DataFrame, room: float) -> float:
    """Choose the height of a row so that the patients and the labels on the right fit into the room."""
    groups, statuses = frame["best_response"].nunique(), frame["last_status"].astype(object).value_counts()
    pitch = min(_LARGEST_PITCH, (room - groups * (_HEADING + _GAP)) / len(frame))
    for _ in range(4):  # lower rows do not make the labels lower, so that one step is not always enough
        excess = _HEADING + node_places(statuses, pitch)["slot_bottom"].iloc[-1] - room
        pitch -= max(excess, 0) / len(frame)
    return pitch


def _draw_bars(axes: Axes, frame: pd.DataFrame, y: np.ndarray, pitch: float) -> None:
    """Draw each phase of all patients as one broken line, as thick as a bar is high."""
    months = phases(frame)
    ends = months.cumsum(axis=1)
    height = pitch * (0.7 if pitch >= _READABLE_PITCH else 1) / 2.54 * 72
    look = {"linewidth": height, "solid_capstyle": "butt"}
    for phase, (_, colour) in PHASES.items():
        drawn = (months[phase] > 0).to_numpy()
        end = ends[phase].to_numpy()[drawn]
        across = page.joined(end - months[phase].to_numpy()[drawn], end)
        axes.plot(across, page.joined(y[drawn], y[drawn]), color=colour, label=phase, **look)


def _event_months(frame: pd.DataFrame, size_months: float) -> pd.DataFrame:
    """Tell where each symbol stands, in months; symbols that would cover each other are moved apart."""
    events = frame[["months_to_best_response", "escalation_month", "weekly_month"]].astype(float)
    events["months_to_best_response"] = events["months_to_best_response"].where(frame["best_response"] != Response.NR)
    distance = events["weekly_month"] - events["escalation_month"]
    shift = (0.7 * size_months - distance.abs()).clip(lower=0).fillna(0) / 2 * np.where(distance < 0, -1, 1)
    events["escalation_month"] -= shift
    events["weekly_month"] += shift
    duration = frame["duration_months"].astype(float)
    last = events[["escalation_month", "weekly_month"]].max(axis=1).fillna(-np.inf)
    end = np.maximum(duration + 0.6 * size_months, last + 0.9 * size_months)
    events["ongoing"] = end.where(frame["ongoing"])
    reasons = frame["stop_reason"].astype(object)
    return events.assign(**{reason: end.where(reasons == reason) for reason in StopReason})


def _draw_events(axes: Axes, frame: pd.DataFrame, y: np.ndarray, size: float) -> None:
    """Mark best response and changes of the regimen, and how each course ended or went on."""
    events = _event_months(frame, size / 72 * 2.54 / page.width_cm(axes) * axes.get_xlim()[1])
    for name, layers in symbols(size).items():
        there = events[name].notna().to_numpy()
        for look in layers if there.any() else []:
            axes.plot(events[name][there], y[there], **look, zorder=3, clip_on=False, label=name)


def _draw_groups(axes: Axes, frame: pd.DataFrame, tops: pd.Series) -> None:
    """Write the headings of the groups."""
    beside = blended_transform_factory(page.centimetres(axes.figure), axes.transData)
    counts = frame["best_response"].astype(object).value_counts()
    for response, top in tops.items():
        text = f"{RESPONSE_LABELS[response]}  {count_percent(counts[response], len(frame))}"
        axes.text(
            page.MARGIN_CM, top - _HEADING / 2, text, weight="bold", va="center_baseline", transform=beside, zorder=4
        )


def _draw_diagnoses(axes: Axes, frame: pd.DataFrame, y: np.ndarray, pitch: float) -> None:
    """Write each patient's diagnosis, if the rows are high enough."""
    beside = blended_transform_factory(page.centimetres(axes.figure), axes.transData)
    look = {"size": style.SMALL, "color": style.MUTED, "va": "center_baseline", "transform": beside}
    for place, diagnosis in zip(y, frame["diagnosis"], strict=True) if pitch >= _READABLE_PITCH else ():
        axes.text(page.MARGIN_CM + 0.2, place, _DIAGNOSES.get(diagnosis, diagnosis), **look)


def _set_scale(axes: Axes, longest: float) -> None:
    """Count months from the first injection, with room for a symbol after the longest course."""
    axes.set_xlim(0, max(longest, 1) * 1.06)
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True, steps=[1, 2, 3, 6, 10]))
    axes.grid(axis="x")
    axes.set_xlabel("Months since the first injection")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _draw_heads(figure: Figure, frame: pd.DataFrame, right: float, above: float) -> None:
    """Write above each part how many responded."""
    top = figure.get_size_inches()[1] * 2.54 - above + 0.12
    responded = int((frame["best_response"] != Response.NR).sum())
    persistent = int(frame["last_status"].astype(object).isin(list(Response)[:3]).sum())
    place = {"weight": "bold", "color": style.MUTED, "transform": page.centimetres(figure)}
    figure.text(page.MARGIN_CM, top, f"Best response: {count_percent(responded, len(frame))} responded", **place)
    figure.text(right, top, f"Last follow-up: {count_percent(persistent, len(frame))} still respond", **place)


_RIBBON_NOTE = (
    "Ribbons lead from best response to the status at last follow-up, where pregnancy intent counts as lost to "
    "follow-up."
)
_ROW_NOTE = (
    "Each bar is one patient; the symbol after its end tells whether therapy went on or why it was stopped. Numbers "
    f"are patients (%). {_RIBBON_NOTE}"
)


@style.journal_style()
def draw_followup(
    frame: pd.DataFrame, population: str, *, least_row_cm: float = LEAST_ROW_CM, caveats: Sequence[str] = ()
) -> Figure:
    """Draw how the response of each patient went over the months of therapy (Figures 2, E3 and E4).

    Parameters
    ----------
    frame : DataFrame
        One row per patient as `analysis.followup.course_frame` gives it: ``diagnosis``, ``best_response``,
        ``last_status``, ``duration_months``, ``ongoing``, ``stop_reason``, ``months_to_first_response``,
        ``months_to_best_response``, ``escalation_month`` and ``weekly_month``.
    population : str
        A value of `Population`, for the title.
    least_row_cm : float, default `LEAST_ROW_CM`
        If the rows of the patients would be lower than this, a band for each best response takes their place.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.

    Returns
    -------
    Figure
        18 cm wide and at most 24 cm high: the rows become lower the more patients there are.

    Raises
    ------
    ValueError
        If there is no patient or the population is unknown.
    """
    if frame.empty:
        raise ValueError("there are no patients to draw; at least one is needed")
    frame = arrange(frame)
    foot = page.foot_height_cm(page.PAGE_WIDTH_CM, [_ROW_NOTE], caveats)
    pitch = _pitch(frame, page.PAGE_HEIGHT_CM - _ABOVE - _BELOW - foot - 0.1)
    if pitch < least_row_cm:
        return _draw(frame, population, None, [*bands.band_notes(frame), _RIBBON_NOTE], caveats)
    return _draw(frame, population, pitch, [_ROW_NOTE], caveats)


def _draw(
    frame: pd.DataFrame, population: str, pitch: float | None, notes: list[str], caveats: Sequence[str]
) -> Figure:
    """Draw a row of the given height for each patient, or a band for each best response if there is none."""
    foot = page.foot_height_cm(page.PAGE_WIDTH_CM, notes, caveats)
    statuses = frame["last_status"].astype(object).value_counts()
    unknown = bool(phases(frame)["unknown"].any())
    if pitch is None:
        counts = frame["best_response"].astype(object).value_counts(sort=False)
        heights = bands.band_heights(counts, _BANDS)
        tops = heights.cumsum() - heights + _HEADING + (_HEADING + _GAP) * np.arange(len(heights))
        pitches, end, least, scale = heights / counts, tops.iloc[-1] + heights.iloc[-1], bands.LEAST_CM, _SCALE_CM
        above = _ABOVE + LINE_CM * (len(bands.band_key_lines(unknown)) - 3)
    else:
        y, tops = row_places(frame["best_response"], pitch)
        pitches, end, least, scale = pd.Series(pitch, tops.index), y[-1] + pitch / 2, 0, _DIAGNOSIS_CM
        above = _ABOVE
    depth = max(end, _HEADING + node_places(statuses, pitches.min(), 0, least)["slot_bottom"].iloc[-1]) + 0.1
    figure = page.new_figure(page.PAGE_WIDTH_CM, above + depth + foot + _BELOW)
    left, beside = page.MARGIN_CM + scale, _RIBBON_CM + _LABEL_CM
    width = page.PAGE_WIDTH_CM - left - beside - page.MARGIN_CM - 0.2
    axes = page.add_axes(figure, left, foot + _BELOW, width, depth)
    axes.set_ylim(depth, 0)
    longest = frame["duration_months"].max()
    _set_scale(axes, np.ceil(longest) if pitch is None else longest)  # bands have whole months
    top = above + depth + foot + _BELOW - 0.85
    if pitch is None:
        bands.draw_bands(axes, frame, tops, heights)
        bands.draw_band_key(figure, top, unknown)
    else:
        _draw_bars(axes, frame, y, pitch)
        _draw_events(axes, frame, y, min(pitch / 2.54 * 72, 9))
        _draw_diagnoses(axes, frame, y, pitch)
        draw_key(figure, top, unknown=unknown)
    _draw_groups(axes, frame, tops)
    flow = page.add_axes(figure, left + width + 0.2, foot + _BELOW, beside, depth)
    flow.set_axis_off()
    flow.set(xlim=(0, beside), ylim=(depth, 0))
    draw_ribbons(flow, frame, tops, pitches, _RIBBON_CM - 0.3, least)
    _draw_heads(figure, frame, left + width + 0.2, above)
    page.add_title(figure, f"{POPULATION_LABELS[Population(population)]} (N = {len(frame):,}): follow-up of responses")
    page.add_foot(figure, notes, caveats)
    return figure
