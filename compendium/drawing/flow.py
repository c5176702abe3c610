"""Flow diagram of the inclusion: from screening to the last follow-up of each diagnosis (STROBE)."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from analysis.vocabulary import POPULATION_LABELS, Population
from compendium.drawing import page
from compendium.drawing.courses import STOP_LABELS
from compendium.reporting.formatting import count_percent

Box = list[tuple[str, str]]  # lines of text, each with its kind: "head" or "part" (both bold), "text" or "item"
_WIDTH = 16.0  # of the diagram in centimetres, if large numbers do not need more
_LINE = {False: 0.37, True: 0.31}  # height of a line of text on a page, and in a column
_PAD, _DOWN, _BETWEEN, _LEAST_BETWEEN = 0.2, 0.75, 0.35, 0.15  # padding, room for an arrow, room between boxes
_EXCLUDED = 4.3  # width of the reasons for exclusion in a column
_KINDS = {"head": ("bold", 0.0), "part": ("bold", 0.0), "text": ("normal", 0.0), "item": ("normal", 0.25)}
_CENTRE = 0.36  # where the trunk stands, as a part of the width
_TOP = 1.1
_NOTE = (
    "ISM: indolent systemic mastocytosis; CM: cutaneous mastocytosis; MMAS: monoclonal mast cell activation syndrome; "
    "MCAS: mast cell activation syndrome; SM: systemic mastocytosis. Numbers are patients (%)."
)


def flow_boxes(steps: pd.DataFrame, courses: pd.DataFrame) -> dict[str, list[Box]]:
    """Write the boxes: ``trunk`` from above, ``excluded``, ``diagnosis`` and ``follow_up`` of each that occurs."""
    totals = steps[steps["category"] == ""].set_index("step")
    reasons = steps[(steps["step"] == "excluded") & (steps["category"] != "")]
    reasons = reasons if reasons["n"].any() else reasons.iloc[:0]  # nobody excluded needs no reasons
    diagnoses = steps[(steps["step"] == "diagnosis") & (steps["n"] > 0)]
    trunk = ["screened", "included"]
    if totals.loc["analysed", "n"] != totals.loc["included", "n"] and len(diagnoses) > 1:
        trunk.append("analysed")
    labels = totals["label"].replace(POPULATION_LABELS[Population.ALL], "With one of these diagnoses")
    return {
        "trunk": [_titled(labels[step], totals.loc[step, "n"]) for step in trunk],
        "excluded": [
            [(f"{totals.loc['excluded', 'label']}, n = {totals.loc['excluded', 'n']:,}", "head")]
            + [(f"{row.label}: {row.n:,}", "item") for row in reasons.itertuples()]
        ],
        "diagnosis": [_titled(row.label, row.n) for row in diagnoses.itertuples()],
        "follow_up": [_follow_up(courses[courses["diagnosis"] == category]) for category in diagnoses["category"]],
    }


def _titled(label: str, n: int) -> Box:
    return [(label, "head"), (f"n = {n:,}", "text")]


def _follow_up(courses: pd.DataFrame) -> Box:
    total, ongoing = len(courses), int(courses["ongoing"].sum())
    reasons = courses.loc[~courses["ongoing"].astype(bool), "stop_reason"].astype(object).value_counts()
    stops = [(f"{label}: {reasons[name]:,}", "item") for name, label in STOP_LABELS.items() if name in reasons]
    return [
        ("At last follow-up", "text"),
        (f"On therapy: {count_percent(ongoing, total)}", "part"),
        (f"Stopped: {count_percent(total - ongoing, total)}", "part"),
        *stops,
    ]


def _look(kind: str) -> tuple[float, str, float]:
    """Give size, weight and indent of a line."""
    return (page.NORMAL if kind == "head" else page.SMALL, *_KINDS[kind])


def _height(box: Box) -> float:
    return len(box) * _LINE[page.NARROW] + 2 * _PAD


def _width(box: Box) -> float:
    looks = [(text, *_look(kind)) for text, kind in box]
    return max(1.05 * page.text_width_cm(text, *look) + indent for text, *look, indent in looks) + 2 * _PAD


def _draw_box(axes: Axes, box: Box, place: tuple[float, float], width: float, height: float, align: str) -> None:
    """Draw a box by its upper left corner, text centred or from the left."""
    (left, top), line = place, _LINE[page.NARROW]
    ground = {"facecolor": "white", "edgecolor": page.MUTED, "linewidth": 0.8}
    axes.add_patch(Rectangle((left, top - height), width, height, **ground))
    first = top - (height - len(box) * line) / 2 if align == "center" else top - _PAD
    for number, (text, kind) in enumerate(box):
        size, weight, indent = _look(kind)
        x, y = left + width / 2 if align == "center" else left + _PAD + indent, first - (number + 0.5) * line
        axes.text(x, y, text, ha=align, va="center_baseline", weight=weight, size=size)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    look = {"arrowstyle": "-|>", "mutation_scale": 7, "linewidth": 0.8, "color": page.MUTED}
    axes.add_patch(FancyArrowPatch(start, end, shrinkA=0, shrinkB=0, **look))


def _columns(boxes: dict[str, list[Box]]) -> tuple[float, float, float]:
    """Give the width of a column, the room between two, less where large numbers need it, and the width of all."""
    count = len(boxes["diagnosis"])
    share = (_WIDTH - 2 * page.MARGIN_CM + _BETWEEN) / count - _BETWEEN
    width = max(min(share, 4.4), *map(_width, boxes["diagnosis"] + boxes["follow_up"]))
    for between in (_BETWEEN, _LEAST_BETWEEN):
        whole = count * (width + between) - between
        if whole + 2 * page.MARGIN_CM <= page.PAGE_WIDTH_CM:
            break
    return width, between, whole


def _draw_trunk(axes: Axes, boxes: dict[str, list[Box]], top: float) -> float:
    """Draw the boxes from screening to analysis, and beside the first arrow the excluded; return the lower end."""
    across, excluded = axes.get_xlim()[1], boxes["excluded"][0]
    least, centre = 4.4, across * _CENTRE
    if page.NARROW:  # all as wide as the widest, above the line that feeds the rows
        least = max(map(_width, boxes["trunk"]))
        centre = page.MARGIN_CM + least / 2
    for number, box in enumerate(boxes["trunk"]):
        width, height = max(_width(box), least), _height(box)
        _draw_box(axes, box, (centre - width / 2, top), width, height, "center")
        bottom = top - height
        if number + 1 == len(boxes["trunk"]):
            break
        top = bottom - (_height(excluded) + 0.5 if number == 0 else _DOWN)
        _arrow(axes, (centre, bottom), (centre, top))
        if number == 0:
            left, middle = centre + (0.5 if page.NARROW else 1.4), (bottom + top) / 2
            corner = (left, middle + _height(excluded) / 2)
            _draw_box(axes, excluded, corner, _width(excluded), _height(excluded), "left")
            _arrow(axes, (centre, middle), (left, middle))
    return bottom


def _draw_branches(axes: Axes, boxes: dict[str, list[Box]], top: float) -> None:
    """Draw a column for each diagnosis, fed from a common line."""
    across, (width, between, whole) = axes.get_xlim()[1], _columns(boxes)
    trunk = across * _CENTRE
    left = max(page.MARGIN_CM, min(trunk - whole / 2, across - page.MARGIN_CM - whole))
    centres = [left + width / 2 + number * (width + between) for number in range(len(boxes["diagnosis"]))]
    bus, height = top - _DOWN / 2, max(map(_height, boxes["follow_up"]))
    axes.plot([trunk, trunk], [top, bus], color=page.MUTED, linewidth=0.8)
    axes.plot([min(*centres, trunk), max(*centres, trunk)], [bus, bus], color=page.MUTED, linewidth=0.8)
    for centre, diagnosis, follow_up in zip(centres, boxes["diagnosis"], boxes["follow_up"], strict=True):
        _arrow(axes, (centre, bus), (centre, top - _DOWN))
        _draw_box(axes, diagnosis, (centre - width / 2, top - _DOWN), width, _height(diagnosis), "center")
        bottom = top - _DOWN - _height(diagnosis)
        _arrow(axes, (centre, bottom), (centre, bottom - _DOWN))
        _draw_box(axes, follow_up, (centre - width / 2, bottom - _DOWN), width, height, "left")


def _draw_rows(axes: Axes, boxes: dict[str, list[Box]], top: float) -> None:
    """Draw a row for each diagnosis, fed from a line at the left, since no columns fit."""
    bus, width, rest = page.MARGIN_CM + 0.3, *(max(map(_width, boxes[name])) for name in ("diagnosis", "follow_up"))
    left, right = bus + 0.6, axes.get_xlim()[1] - page.MARGIN_CM - rest
    below = top - _DOWN / 2
    for diagnosis, follow_up in zip(boxes["diagnosis"], boxes["follow_up"], strict=True):
        height = _height(follow_up)
        middle = below - height / 2
        _draw_box(axes, diagnosis, (left, middle + _height(diagnosis) / 2), width, _height(diagnosis), "center")
        _draw_box(axes, follow_up, (right, below), rest, height, "left")
        _arrow(axes, (bus, middle), (left, middle))
        _arrow(axes, (left + width, middle), (right, middle))
        below -= height + _BETWEEN
    axes.plot([bus, bus], [top, middle], color=page.MUTED, linewidth=0.8)


@page.journal_style(column=True)
def draw_flow(steps: pd.DataFrame, courses: pd.DataFrame, *, caveats: Sequence[str] = ()) -> Figure:
    """Draw the way of the patients from screening to last follow-up (L164-L171, L252-L264).

    The figure is 16 cm wide, and more only where large numbers need it.

    Parameters
    ----------
    steps : DataFrame
        As `analysis.patients.inclusion` gives it: ``step``, ``category``, ``label``, ``n``.
    courses : DataFrame
        As `analysis.followup.course_frame` gives it: ``diagnosis``, ``ongoing`` and ``stop_reason`` are used.
    caveats
        As `compendium.drawing` says.
    """
    boxes = flow_boxes(steps, courses)
    heights = list(map(_height, boxes["follow_up"]))
    if page.NARROW:
        [excluded] = boxes["excluded"]
        boxes["excluded"] = [[(line, kind) for text, kind in excluded for line in page.wrap(text, _EXCLUDED)]]
        width, branches = page.PAGE_WIDTH_CM, sum(height + _BETWEEN for height in heights) + _DOWN / 2
    else:
        width = max(_WIDTH, _columns(boxes)[2] + 2 * page.MARGIN_CM)
        branches = _height(boxes["diagnosis"][0]) + max(heights) + 2 * _DOWN
    gaps = _height(boxes["excluded"][0]) + 0.5 + _DOWN * (len(boxes["trunk"]) - 2)
    trunk = sum(map(_height, boxes["trunk"])) + gaps
    height = _TOP + trunk + branches + page.foot_height_cm([_NOTE], caveats, width) + 0.3
    figure = page.new_figure(height, width)
    axes = page.add_axes(figure, 0, 0, width, height)
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    (_draw_rows if page.NARROW else _draw_branches)(axes, boxes, _draw_trunk(axes, boxes, height - _TOP))
    return page.add_title_and_foot(figure, "Inclusion and follow-up of the patients", [_NOTE], caveats)
