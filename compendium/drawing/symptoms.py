"""Figures 1, E1 and E2: what became of each symptom under therapy; and its significance under all rules left open."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.criteria import PAPER, Criteria
from analysis.symptoms import CHANGES, TOO_FEW
from analysis.vocabulary import GRADE_LABELS, GRADES, SYMPTOM_GROUP_LABELS
from compendium.drawing import page
from compendium.reporting.formatting import number
from compendium.reporting.methods import VISIT_LABELS, mark_text, profile_notes

# The column of a symptom profile that counts the patients with each grade.
GRADE_COLUMNS: dict[float, str] = dict(zip(GRADES, CHANGES, strict=True))
# Heights in centimetres of a symptom, of a group's name, of the gap above that, and of a bar: on a page, in a column.
_HEIGHTS = {False: (0.445, 0.45, 0.22, 0.35), True: (0.36, 0.36, 0.12, 0.27)}
_ABOVE, _BELOW = 2.25, 1.05  # title, key and column heads above the rows; scale below them
# Heads and centres of the columns, from the right end of the bars, and the width of all; a further column is the fifth.
_HEADS = ("Patients", "Mean\nscore", {"signed_rank": "Wilcoxon\ntest", "sign": "Sign\ntest"})
_PLACES, _COLUMNS_WIDTH, _MORE = (0.85, 2.15, 3.4, 5.0), 4.1, 1.75
_IN_A_COLUMN = ((0.2, 0.72, 1.5, 2.35), 2.05, 0.75)

MARK_COLOURS: dict[str, str] = dict(zip(("***", "**", "*", "ns"), page.RESPONSE_COLOURS.values(), strict=True))
MARK_COLOURS |= {TOO_FEW: "#f4f3f0"}  # the more significant, the darker
_MARKS_ABOVE, _MARKS_BELOW = 2.0, 1.0
_MARKS_COLUMNS = {  # on a page, in a column: the centres of the columns, from the right end of the bars; width of both
    False: ({"These\nrules": 0.9, "Significant\nunder": 2.4}, 3.4),
    True: ({"These\nrules": 0.55, "Significant\nunder": 1.75}, 2.45),
}
_MARK_LABELS = {
    "***": "***  at 0.001", "**": "**  at 0.01", "*": "*  at the level of the rules", "ns": "ns  not significant",
    TOO_FEW: "too few changed to be",
}  # fmt: skip
_MARKS_NOTE = (
    "Bars: marks of the test, Wilcoxon signed-rank or sign test, of the patients with the symptom, under {:,} "
    "combinations of its rules: when symptoms were graded, missing grades, unchanged symptoms, exact or normal "
    "distribution, one or two tails, adjustment, level of significance and what a p value equal to it is. All "
    "combinations weigh alike, though some are no reading of the paper: a share is no probability. These rules: those "
    "of the other figures and tables."
)


def bar_segments(profile: pd.DataFrame) -> pd.DataFrame:
    """Place the segments of each bar: ``row`` (position of the symptom), ``grade``, ``left`` and ``patients``.

    What did not improve lies left of zero, unchanged next to it; right of it the weakest improvement comes first.
    """
    counts = profile[list(GRADE_COLUMNS.values())].set_axis(list(GRADE_COLUMNS), axis=1).reset_index(drop=True)
    left = counts.copy()
    left[1.0] = -counts[1.0]
    left[1.5] = left[1.0] - counts[1.5]
    improved = [0.75, 0.5, 0.25, 0.0]
    left[improved] = counts[improved].cumsum(axis=1) - counts[improved]
    long = pd.DataFrame({"left": left.stack(), "patients": counts.stack()})
    return long[long["patients"] > 0].rename_axis(["row", "grade"]).reset_index()


def arrange(profile: pd.DataFrame, order: str = "score") -> tuple[pd.DataFrame, pd.Series, float]:
    """Give the rows with ``y``, where those of each group begin, by its label, and the height of all, in centimetres.

    Within a group the most improved come first (order "score") or the symptoms as in the profile ("list").
    """
    if order not in ("score", "list"):
        raise ValueError(f"order {order!r} is unknown; allowed are score, list")
    group = pd.Categorical(profile["group"].astype(str), list(SYMPTOM_GROUP_LABELS), ordered=True)
    row, head, gap, _ = _HEIGHTS[page.NARROW]
    rows = profile.assign(group=group).reset_index(drop=True)
    rows = rows.sort_values(["group", "mean_score"] if order == "score" else ["group"], kind="stable")
    rows["y"], begin = page.place_rows(rows["group"], row, head, gap)
    return rows, begin.rename(SYMPTOM_GROUP_LABELS), rows["y"].max() + row / 2 + 0.1


def _label_width_cm(rows: pd.DataFrame) -> float:
    """Measure the room that the names of the symptoms take in centimetres."""
    return max(rows["label"].map(page.text_width_cm).max() + 0.25, 2.0 if page.NARROW else 3.0) + 0.2


def _draw_bars(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the segments, with the number of patients where they are wide enough for it."""
    segments, y, height = bar_segments(rows), rows["y"].to_numpy(), _HEIGHTS[page.NARROW][3]
    for grade in GRADE_COLUMNS:
        look = {"facecolor": page.GRADE_COLOURS[grade], "edgecolor": "white", "linewidth": 0.4}
        look["label"] = GRADE_COLUMNS[grade]
        for part in segments[segments["grade"] == grade].itertuples():
            # The limits are set below: what `barh` and `add_patch` do for them takes longer than all the rest.
            axes.add_artist(Rectangle((part.left, y[part.row] - height / 2), part.patients, height, **look))
    axes.axvline(0, color=page.INK, linewidth=0.8)
    _set_scale(axes, segments)
    per_patient = page.box_cm(axes).width / np.ptp(axes.get_xlim())
    texts = segments["patients"].map("{:,}".format)
    fits = segments["patients"] * per_patient > texts.map(lambda text: page.text_width_cm(text, page.SMALL) + 0.1)
    for part in segments.assign(text=texts)[fits].itertuples():
        look = {"size": page.SMALL, "color": page.text_on(page.GRADE_COLOURS[part.grade])}
        place = {"ha": "center", "va": "center_baseline"}
        axes.text(part.left + part.patients / 2, y[part.row], part.text, **look, **place)


def _set_scale(axes: Axes, segments: pd.DataFrame) -> None:
    """Count patients to both sides of zero, with a little room at the ends."""
    left, patients = segments["left"].to_numpy(), segments["patients"].to_numpy()
    low, high = left.min(initial=0), (left + patients).max(initial=1)
    # If hardly anybody improved, there must still be room for the head of that side.
    head = (page.text_width_cm("Improved", page.HEAD_SIZE, "bold") * 1.05 + 0.3) / page.box_cm(axes).width
    high = max(high, -low * head / (1 - head))
    room = 0.03 * (high - low)
    axes.set_xlim(low - room, high + room)
    axes.xaxis.set_major_locator(MaxNLocator(4 if page.NARROW else 8, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):,.0f}"))


def _draw_heads(figure: Figure, axes: Axes) -> None:
    """Draw the key, and above the bars what each side of zero is."""
    box = page.box_cm(axes)
    patches = {label: Patch(color=page.GRADE_COLOURS[grade]) for grade, label in GRADE_LABELS.items()}
    page.add_key(figure, patches, box.y1 + _ABOVE - 0.85 + page.extra_key_cm(patches))
    zero = box.x0 + box.width * -axes.get_xlim()[0] / np.ptp(axes.get_xlim())
    for text, x, side in (("Not improved", zero - 0.15, "right"), ("Improved", zero + 0.15, "left")):
        page.write(figure, x, box.y1 + 0.1, text, ha=side, size=page.HEAD_SIZE, **page.HEAD)


@page.journal_style(column=True)
def draw_symptoms(
    profile: pd.DataFrame,
    population: str,
    patients: int,
    *,
    order: str = "score",
    criteria: Criteria = PAPER,
    beside: pd.DataFrame | None = None,
    caveats: Sequence[str] = (),
) -> Figure:
    """Draw what became of each symptom under therapy, symptom group by symptom group (Figures 1, E1 and E2).

    Parameters
    ----------
    profile : DataFrame
        One row per symptom, at least one, as `analysis.symptoms.symptom_profile` gives it.
    population, patients, caveats
        As `compendium.drawing` says.
    order : {"score", "list"}
        Order within a group: by rising mean score (most improved first), or as in the profile.
    criteria : Criteria, default the paper's
        The rules the profile was made by, for the notes: when the symptoms were graded and how they were tested.
    beside : DataFrame, optional
        A further column of texts, by symptom, or none.
    """
    if profile.empty:
        raise ValueError("the symptom profile has no rows; at least one symptom at baseline is needed")
    heads = [] if beside is None else list(beside)
    rows, begin, depth = arrange(profile.join(beside[heads]) if heads else profile, order)
    marks = rows["significance"].map(mark_text)
    cells = [rows["n"].map("{:,}".format), rows["mean_score"].map(lambda one: number(one, 2)), marks]
    cells = zip(*cells, *(rows[head] for head in heads), strict=True)
    names = [_HEADS[0], _HEADS[1], _HEADS[2][criteria.test], *heads]
    names = ["n", "Mean\nscore", "Test", *(head.removesuffix(" others") for head in heads)] if page.NARROW else names
    places, columns_width, more = _IN_A_COLUMN if page.NARROW else (_PLACES, _COLUMNS_WIDTH, _MORE)
    columns = {name.replace(" in ", " in\n"): place for name, place in zip(names, places, strict=False)}
    bars = (
        f"Bars: patients with the symptom before treatment, by its grade {VISIT_LABELS[criteria.symptoms_at]}. Score: "
        "1.5 worse, 1 no change, 0.75 slight, 0.5 substantial, 0.25 dramatic improvement, 0 disappeared; 1 before."
    )
    notes = [" ".join([bars, *profile_notes(profile, criteria)])]
    bottom, left = page.foot_height_cm(notes, caveats) + _BELOW, page.MARGIN_CM + _label_width_cm(rows)
    title = page.heading(population, patients, "symptoms under omalizumab")
    above = _ABOVE + page.extra_title_cm(title) + page.extra_key_cm(GRADE_LABELS.values())
    figure = page.new_figure(bottom + depth + above)
    width = page.PAGE_WIDTH_CM - page.MARGIN_CM - columns_width - more * len(heads) - left
    axes = page.add_lanes(figure, left, bottom, width, depth, "Number of patients")
    _draw_bars(axes, rows)
    _draw_heads(figure, axes)
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # keeps the zero line off a long name of a group
    page.add_sections(axes, begin, _HEIGHTS[page.NARROW][1], bbox=ground)
    page.add_cells(axes, rows, columns, cells)
    return page.add_title_and_foot(figure, title, notes, caveats)


@page.journal_style(column=True)
def draw_marks(
    shares: pd.DataFrame, population: str, combinations: int, *, patients: int, caveats: Sequence[str] = ()
) -> Figure:
    """Draw under what share of so many combinations of rules each symptom is significant.

    Parameters
    ----------
    shares : DataFrame
        One row per symptom, at least one: ``label`` and ``group`` as a symptom profile has them, and what
        `analysis.sensitivity.mark_shares` gives: ``these``, ``***``, ``**``, ``*``, ``ns``, ``too_few``
        and ``significant``.
    population, patients, caveats
        As `compendium.drawing` says.
    """
    if shares.empty:
        raise ValueError("the shares have no rows; at least one symptom at baseline is needed")
    # The most significant first, as the most improved are in Figure 1.
    most = -shares["significant"] - shares["***"] / 1000
    rows, begin, depth = arrange(shares.assign(mean_score=most))
    percents = rows["significant"].map(lambda share: f"{number(100 * share)} %")
    cells = zip(rows["these"].map(mark_text), percents, strict=True)
    notes = [_MARKS_NOTE.format(combinations)]
    bottom, left = page.foot_height_cm(notes, caveats) + _MARKS_BELOW, page.MARGIN_CM + _label_width_cm(rows)
    always, never = (np.isclose(share, 1).sum() for share in (shares["significant"], shares["ns"] + shares[TOO_FEW]))
    holds = f"symptoms significant under all rules: {always} of {len(shares)}; under none: {never}"
    title = page.heading(population, patients, holds)
    if page.extra_title_cm(title):
        title = title.replace("under none: ", "under\xa0none:\xa0")  # so that no number stands alone in a line
    patches = {_MARK_LABELS[mark]: Patch(color=colour) for mark, colour in MARK_COLOURS.items()}
    above = _MARKS_ABOVE + page.extra_key_cm(patches)
    columns, columns_width = _MARKS_COLUMNS[page.NARROW]
    figure = page.new_figure(bottom + depth + above + page.extra_title_cm(title))
    width = page.PAGE_WIDTH_CM - page.MARGIN_CM - columns_width - left
    label = "Combinations, %" if page.NARROW else "Combinations of the rules of the test, %"
    axes = page.add_lanes(figure, left, bottom, width, depth, label)
    start = np.zeros(len(rows))
    for mark, colour in MARK_COLOURS.items():
        look = {"color": colour, "edgecolor": "white", "linewidth": 0.4, "label": mark}
        axes.barh(rows["y"], 100 * rows[mark].to_numpy(), 0.26 if page.NARROW else 0.34, left=start, **look)
        start += 100 * rows[mark].to_numpy()
    axes.set_xlim(0, 100)
    page.add_sections(axes, begin, _HEIGHTS[page.NARROW][1])
    page.add_cells(axes, rows, columns, cells)
    page.add_key(figure, patches, bottom + depth + above - 0.85)
    return page.add_title_and_foot(figure, title, notes, caveats)
