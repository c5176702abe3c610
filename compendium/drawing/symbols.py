"""The colours and symbols of Figure 2, and their key."""

from typing import Any

from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from analysis.vocabulary import STOP_REASON_LABELS, StopReason
from compendium.drawing import page, style

PHASES: dict[str, tuple[str, str]] = {
    "waiting": ("Without response", "#dedbd5"),
    "deepening": ("First to best response", "#a3c4e0"),
    "after": ("After best response", "#3a76b0"),
    "unknown": ("Response at unrecorded time", "#f2dfb8"),
}
"""The phases of a course, each with its label and colour."""

STOP_BADGES: dict[StopReason, tuple[str, str]] = {
    StopReason.LACK_OF_EFFICACY: ("E", style.ENDED_COLOUR),
    StopReason.LOSS_OF_RESPONSE: ("L", style.ENDED_COLOUR),
    StopReason.INTOLERANCE: ("I", style.ENDED_COLOUR),
    StopReason.LOST_TO_FOLLOW_UP: ("F", "#c9c6bf"),
    StopReason.PREGNANCY_INTENT: ("P", "#c9c6bf"),
}
"""The letter and ground of each reason for stopping."""

EVENT_LABELS: dict[str, str] = {
    "months_to_best_response": "Best response",
    "escalation_month": "Dose escalation",
    "weekly_month": "Weekly schedule",
    "ongoing": "Still on therapy",
}
"""What is marked on a bar, and at the end of one that goes on; the keys are columns of a course frame."""

LINE_CM = 0.42
"""Distance of two lines of the key."""


def _symbol(shape: str, size: float, **look: Any) -> dict[str, Any]:
    return {"marker": shape, "linestyle": "none", "markersize": size} | look


def symbols(size: float) -> dict[str, list[dict[str, Any]]]:
    """Describe the symbols of events and of ends of therapy.

    Parameters
    ----------
    size : float
        Height of a row in points.

    Returns
    -------
    dict of str to list of dict
        By the key of `EVENT_LABELS` or the `StopReason`: the keywords of `Line2D` for each layer, lowest first.
    """
    open_symbol = {"markerfacecolor": "white", "markeredgecolor": style.INK, "markeredgewidth": min(0.8, size * 0.1)}
    symbols = {
        "months_to_best_response": [_symbol("|", size * 0.95, color=style.INK, markeredgewidth=min(1.6, size * 0.2))],
        "escalation_month": [_symbol("^", size * 0.7, **open_symbol)],
        "weekly_month": [_symbol("D", size * 0.52, **open_symbol)],
        "ongoing": [_symbol(">", size * 0.55, color=style.INK, markeredgewidth=0)],
    }
    for reason, (letter, ground) in STOP_BADGES.items():
        glyph = _symbol(rf"$\mathbf{{{letter}}}$", size * 0.58, color=style.INK, markeredgewidth=0)
        symbols[reason] = [_symbol("o", size * 0.98, color=ground, markeredgewidth=0), glyph]
    return symbols


def draw_key(figure: Figure, top: float, unknown: bool = False) -> None:
    """Explain colours and symbols in three lines.

    Parameters
    ----------
    figure : Figure
        The figure.
    top : float
        Height of the first line in centimetres from below.
    unknown : bool, default False
        Whether to explain the phase "unknown" too.
    """
    shown = [name for name in PHASES if name != "unknown" or unknown]
    patches = [Patch(color=PHASES[name][1]) for name in shown]
    handles = {name: tuple(Line2D([], [], **look) for look in layers) for name, layers in symbols(8).items()}
    stopped = "Stopped for:"
    lines = [
        (patches, [PHASES[name][0] for name in shown]),
        ([handles[name] for name in EVENT_LABELS], list(EVENT_LABELS.values())),
        ([handles[reason] for reason in StopReason], list(STOP_REASON_LABELS.values())),
    ]
    begins = (page.MARGIN_CM, page.MARGIN_CM, page.MARGIN_CM + page.text_width_cm(stopped, style.SMALL) + 0.3)
    for number, (items, labels) in enumerate(lines):
        figure.legend(
            items,
            labels,
            bbox_to_anchor=(begins[number], top - LINE_CM * number),
            bbox_transform=page.centimetres(figure),
            ncols=len(labels),
            handler_map={tuple: HandlerTuple(ndivide=1)},
            **style.KEY,
        )
    place = {"size": style.SMALL, "va": "center_baseline", "transform": page.centimetres(figure)}
    figure.text(page.MARGIN_CM, top - 2 * LINE_CM - 0.11, stopped, **place)
