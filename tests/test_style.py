from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from analysis.vocabulary import GRADES
from compendium.drawing import page
from compendium.drawing.biology import DIRECTION_LOOKS
from compendium.drawing.followup import STATUS_COLOURS
from compendium.drawing.followup_lanes import PHASES, STOP_BADGES

# Machado, Oliveira and Fernandes 2009, full deficiency, on linear RGB.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIELAB (D65) of linear RGB."""
    matrix = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    xyz = np.array(matrix) @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def lightness(colour):
    return lab(linear(colour))[0]


@pytest.mark.parametrize(
    "colours",
    [
        [page.GRADE_COLOURS[grade] for grade in GRADES if grade <= 1],
        list(page.RESPONSE_COLOURS.values())[::-1],
        [colour for _, colour in PHASES.values()][:3],
    ],
    ids=["grades", "responses", "phases"],
)
def test_an_order_is_an_order_in_grey(colours):
    steps = -np.diff([lightness(colour) for colour in colours])
    assert (steps > 7).all() and steps.mean() > 12


@pytest.mark.parametrize("deficiency", [DEUTERANOPIA, PROTANOPIA], ids=["deuteranopia", "protanopia"])
@pytest.mark.parametrize(
    "colours",
    [
        list(page.GRADE_COLOURS.values()),
        list(STATUS_COLOURS.values()),
        [colour for colour, _ in DIRECTION_LOOKS.values()],
        sorted({ground for _, ground in STOP_BADGES.values()}),
    ],
    ids=["grades", "statuses", "directions", "badges"],
)
def test_colours_differ_for_readers_with_a_colour_vision_deficiency(colours, deficiency):
    seen = [lab(deficiency @ linear(colour)) for colour in colours]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 10


@pytest.mark.parametrize("colour", list(page.GRADE_COLOURS.values()))
def test_numbers_can_be_read_on_their_ground(colour):
    luminances = sorted(linear(c) @ [0.2126, 0.7152, 0.0722] for c in (colour, page.text_on(colour)))
    assert (luminances[1] + 0.05) / (luminances[0] + 0.05) >= 4.5


def test_style_holds_within_and_is_gone_afterwards():
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True}):
        with page.journal_style():
            assert matplotlib.rcParams["font.size"] == page.NORMAL
            assert not matplotlib.rcParams["axes.grid"]
        assert matplotlib.rcParams["font.size"] == 30
        assert matplotlib.rcParams["axes.grid"]
