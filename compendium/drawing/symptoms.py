"""Figures 1, E1 and E2: what became of each symptom under therapy."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import blended_transform_factory

from analysis.criteria import PAPER, Criteria
from analysis.symptoms import CHANGES
from analysis.vocabulary import GRADE_LABELS, GRADES, POPULATION_LABELS, SYMPTOM_GROUP_LABELS, Population
from compendium.drawing import page, style
from compendium.reporting.formatting import MISSING, number
from compendium.reporting.methods import VISIT_LABELS, profile_notes

GRADE_COLUMNS: dict[float, str] = dict(zip(GRADES, CHANGES, strict=True))
"""The column of a symptom profile that counts the patients with each grade."""

ROW_CM, HEADING_CM = 0.445, 0.45
"""Height of a row of a symptom and of the heading of a group, in centimetres."""

_GAP, _BAR = 0.22, 0.35  # heights in centimetres
_ABOVE, _BELOW = 2.25, 1.05  # title, key and column heads above the rows; scale below them
_COLUMNS = {"Patients": 0.85, "Mean\nscore": 2.15, "Wilcoxon\ntest": 3.4}  # centres, from the right end of the bars
_COLUMNS_WIDTH = 4.1


def bar_segments(profile: pd.DataFrame) -> pd.DataFrame:
    """Place the segments of each symptom's bar about zero.

    Parameters
    ----------
    profile : DataFrame
        A symptom profile; the columns of `GRADE_COLUMNS` are used.

    Returns
    -------
    DataFrame
        One row per symptom and grade that a patient had: ``row`` (position of the symptom in the profile), ``grade``,
        ``left`` and ``patients``. What did not improve lies left of zero, unchanged next to it; what improved lies
        right of it, the weakest improvement next to it.
    """
    counts = profile[list(GRADE_COLUMNS.values())].set_axis(list(GRADE_COLUMNS), axis=1).reset_index(drop=True)
    left = counts.copy()
    left[1.0] = -counts[1.0]
    left[1.5] = left[1.0] - counts[1.5]
    improved = [0.75, 0.5, 0.25, 0.0]
    left[improved] = counts[improved].cumsum(axis=1) - counts[improved]
    long = pd.DataFrame({"left": left.stack(), "patients": counts.stack()})
    return long[long["patients"] > 0].rename_axis(["row", "grade"]).reset_index()


def arrange(profile: pd.DataFrame, order: str = "score") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each symptom and each group heading its place on the page.

    Parameters
    ----------
    profile : DataFrame
        A symptom profile.
    order : {"score", "list"}
        Within a group, by rising mean score (most improved first) or as in the profile.

    Returns
    -------
    rows : DataFrame
        The profile in drawing order with ``y``, the centre of each row in centimetres below the first heading's top.
    headings : DataFrame
        ``label`` and ``y`` of each group that has a symptom.

    Raises
    ------
    ValueError
        If the order is unknown.
    """
    if order not in ("score", "list"):
        raise ValueError(f"order {order!r} is unknown; allowed are score, list")
    group = pd.Categorical(profile["group"].astype(str), list(SYMPTOM_GROUP_LABELS), ordered=True)
    rows = profile.assign(group=group).reset_index(drop=True)
    rows = rows.sort_values(["group", "mean_score"] if order == "score" else ["group"], kind="stable")
    before = rows["group"].cat.remove_unused_categories().cat.codes
    rows["y"] = HEADING_CM + before * (HEADING_CM + _GAP) + ROW_CM * (np.arange(len(rows)) + 0.5)
    first = rows.groupby("group", observed=True)["y"].min() - (ROW_CM + HEADING_CM) / 2
    labels = [SYMPTOM_GROUP_LABELS[name] for name in first.index]
    return rows, pd.DataFrame({"label": labels, "y": first.to_numpy()})


def _notes(profile: pd.DataFrame, criteria: Criteria) -> list[str]:
    visit = VISIT_LABELS[criteria.symptoms_at]
    return [
        f"Bars: patients with the symptom before treatment, by its grade {visit}; no number where the segment "
        "is too narrow. Score: 1.5 worse, 1 no change, 0.75 slight, 0.5 substantial, 0.25 dramatic improvement, "
        "0 disappeared; the score before treatment is 1.",
        " ".join(profile_notes(profile, criteria)),
    ]


def _draw_bars(axes: Axes, rows: pd.DataFrame) -> None:
    segments, y = bar_segments(rows), rows["y"].to_numpy()
    for grade in GRADE_COLUMNS:
        part = segments[segments["grade"] == grade]
        look = {"color": style.GRADE_COLOURS[grade], "edgecolor": "white", "linewidth": 0.4}
        place = {"left": part["left"], "label": GRADE_COLUMNS[grade]}
        axes.barh(y[part["row"]], part["patients"], _BAR, **place, **look)
    axes.axvline(0, color=style.INK, linewidth=0.8)
    _set_scale(axes, segments)
    _number_segments(axes, y, segments)


def _set_scale(axes: Axes, segments: pd.DataFrame) -> None:
    """Count patients to both sides of zero, with a little room at the ends."""
    left, patients = segments["left"].to_numpy(), segments["patients"].to_numpy()
    low, high = left.min(initial=0), (left + patients).max(initial=1)
    # If hardly anybody improved, there must still be room for the head of that side.
    head = (page.text_width_cm("Improved", style.NORMAL, "bold") * 1.05 + 0.3) / page.width_cm(axes)
    high = max(high, -low * head / (1 - head))
    room = 0.03 * (high - low)
    axes.set_xlim(low - room, high + room)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))
    axes.grid(axis="x")
    axes.set_xlabel("Number of patients")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _number_segments(axes: Axes, y: np.ndarray, segments: pd.DataFrame) -> None:
    """Write the number of patients into the segments wide enough for it."""
    per_patient = page.width_cm(axes) / np.ptp(axes.get_xlim())
    texts = segments["patients"].map("{:,}".format)
    fits = segments["patients"] * per_patient > texts.map(lambda text: page.text_width_cm(text, style.SMALL) + 0.1)
    for part in segments.assign(text=texts)[fits].itertuples():
        axes.text(
            part.left + part.patients / 2,
            y[part.row],
            part.text,
            size=style.SMALL,
            color=style.text_on(style.GRADE_COLOURS[part.grade]),
            ha="center",
            va="center_baseline",
        )


def _draw_rows(axes: Axes, rows: pd.DataFrame, headings: pd.DataFrame, label_width: float) -> None:
    """Write what stands beside the bars, and a faint line above each group."""
    beside = blended_transform_factory(page.centimetres(axes.figure), axes.transData)
    right = page.MARGIN_CM + label_width + page.width_cm(axes)
    for heading in headings.itertuples():
        text = axes.text(
            page.MARGIN_CM, heading.y, heading.label, weight="bold", va="center_baseline", transform=beside
        )
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # keeps the zero line off a long heading
        ends, top = [page.MARGIN_CM, right + _COLUMNS_WIDTH], [heading.y - HEADING_CM / 2] * 2
        axes.plot(
            ends, top, color=style.RULE, linewidth=0.6, transform=beside, clip_on=False, scalex=False, scaley=False
        )
    for row in rows.itertuples():
        axes.text(page.MARGIN_CM + 0.25, row.y, row.label, va="center_baseline", transform=beside)
        cells = (f"{row.n:,}", number(row.mean_score, 2), MISSING if pd.isna(row.significance) else row.significance)
        for text, centre in zip(cells, _COLUMNS.values(), strict=True):
            axes.text(right + centre, row.y, text, ha="center", va="center_baseline", transform=beside)


def _draw_head(figure: Figure, axes: Axes, label_width: float) -> None:
    """Draw the key and the heads of the columns."""
    height, left = figure.get_size_inches()[1] * 2.54, page.MARGIN_CM + label_width
    top, cm = height - _ABOVE + 0.1, page.centimetres(figure)
    figure.legend(
        [Patch(color=style.GRADE_COLOURS[grade]) for grade in GRADE_LABELS],
        list(GRADE_LABELS.values()),
        bbox_to_anchor=(page.MARGIN_CM, height - 0.85),
        bbox_transform=cm,
        ncols=len(GRADE_LABELS),
        **style.KEY,
    )
    zero = left + page.width_cm(axes) * -axes.get_xlim()[0] / np.ptp(axes.get_xlim())
    figure.text(zero - 0.15, top, "Not improved", ha="right", weight="bold", color=style.MUTED, transform=cm)
    figure.text(zero + 0.15, top, "Improved", ha="left", weight="bold", color=style.MUTED, transform=cm)
    for text, centre in _COLUMNS.items():
        figure.text(
            left + page.width_cm(axes) + centre,
            top,
            text,
            ha="center",
            weight="bold",
            color=style.MUTED,
            linespacing=1.05,
            transform=cm,
        )


@style.journal_style()
def draw_symptoms(
    profile: pd.DataFrame,
    population: str,
    patients: int,
    *,
    order: str = "score",
    criteria: Criteria = PAPER,
    caveats: Sequence[str] = (),
) -> Figure:
    """Draw what became of each symptom under therapy, symptom group by symptom group (Figures 1, E1 and E2).

    Parameters
    ----------
    profile : DataFrame
        One row per symptom as `analysis.symptoms.symptom_profile` gives it: ``label``, ``group``, ``n``, the counts
        ``worse``, ``unchanged``, ``slight``, ``substantial``, ``dramatic`` and ``disappeared``, ``mean_score``,
        ``method`` and ``significance``.
    population : str
        A value of `Population`, for the title.
    patients : int
        Number of patients in the population, for the title.
    order : {"score", "list"}
        Order within a group: by rising mean score (most improved first), or as in the profile.
    criteria : Criteria, default the paper's
        The rules the profile was made by, for the notes: when the symptoms were graded and how they were tested.
    caveats : sequence of str
        What must not be overlooked, printed last and in bold, as `caveats.caveats` gives it.

    Returns
    -------
    Figure
        18 cm wide, as high as the number of symptoms asks for (at most 24 cm with the symptoms of the list).

    Raises
    ------
    ValueError
        If the profile has no symptom, or population or order is unknown.
    """
    if profile.empty:
        raise ValueError("the symptom profile has no rows; at least one symptom at baseline is needed")
    rows, headings = arrange(profile, order)
    label_width = max(rows["label"].map(page.text_width_cm).max() + 0.25, 3.0) + 0.2
    depth, notes = rows["y"].max() + ROW_CM / 2 + 0.1, _notes(profile, criteria)
    bottom = page.foot_height_cm(page.PAGE_WIDTH_CM, notes, caveats) + _BELOW
    figure = page.new_figure(page.PAGE_WIDTH_CM, bottom + depth + _ABOVE)
    width = page.PAGE_WIDTH_CM - 2 * page.MARGIN_CM - label_width - _COLUMNS_WIDTH
    axes = page.add_axes(figure, page.MARGIN_CM + label_width, bottom, width, depth)
    axes.set_ylim(depth, 0)
    _draw_bars(axes, rows)
    _draw_rows(axes, rows, headings, label_width)
    _draw_head(figure, axes, label_width)
    page.add_title(figure, f"{POPULATION_LABELS[Population(population)]} (N = {patients:,}): symptoms under omalizumab")
    page.add_foot(figure, notes, caveats)
    return figure
