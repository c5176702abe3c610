"""The rates of Table 2 with their intervals, and those of an own cohort beside the published ones."""

import pandas as pd
import pytest

from analysis.tables import table_2
from analysis.vocabulary import POPULATION_LABELS
from compendium.drawing.comparison import SMALLEST, draw_comparison, drawn_rates
from compendium.drawing.page import PAGE_HEIGHT_CM
from compendium.drawing.rates import OUTCOMES, PANELS, draw_rates, rate_rows
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.reporting.published_rows import rate_notes
from tests.cohorts import random_cohort
from tests.figure_checks import CAVEATS, drawing, faults, lines, texts_of
from tests.places import shipped_cohort
from tests.small_cohort import small_cohort

PARTS = {"all": ["all", "primary", "ISM", "CM", "MMAS", "idiopathic"], "primary": ["primary", "ISM", "CM", "MMAS"]}
PARTS |= {"ISM": ["ISM"], "idiopathic": ["idiopathic"]}


@pytest.fixture(scope="module")
def numbers():
    return table_2(shipped_cohort())


def test_the_rates_of_the_population_and_its_parts_are_those_of_table_2():
    for population, parts in PARTS.items():
        rows = rate_rows(table_2(random_cohort(200, 1, population)), population)
        expected = [(visit, outcome, part) for visit in PANELS for outcome in OUTCOMES for part in parts]
        assert list(rows[["visit", "outcome", "population"]].itertuples(index=False, name=None)) == expected
    numbers = table_2(small_cohort())
    rows = rate_rows(numbers, "all").set_index(["visit", "outcome", "population"])
    cells = numbers.set_index(["row", "column"])
    assert rows.at[("last", "orr", "primary"), "n"] == cells.at[("last.persistent_orr", "primary"), "n"]
    assert rows.at[("best", "mr", "ISM"), "percent"] == cells.at[("best.mr", "ISM"), "percent"] == 50
    # A, B, C, E and F of six respond: A completely, B and E majorly.
    assert rows.loc[("best", "orr", "all"), ["n", "denominator"]].tolist() == [5, 6]


def test_every_rate_and_interval_of_table_2_stands_where_its_numbers_are(numbers):
    figure, rows = draw_rates(numbers, "all"), rate_rows(numbers, "all")
    for axes, visit in zip(figure.axes, PANELS, strict=True):
        part = rows[rows["visit"] == visit]
        for kind in ("wilson", "clopper_pearson"):
            ends = part[[f"{kind}_low", f"{kind}_high"]].itertuples(index=False, name=None)
            assert [line[:2] for line in lines(axes, kind)] == list(ends)
        assert [line[0] for line in lines(axes, "rate")] == part["percent"].tolist()
        assert [line[2] for line in lines(axes, "rate")] == [line[2] for line in lines(axes, "wilson")]
        whole = part.loc[part["population"] == "all", "percent"].tolist()
        assert [line[0] for line in lines(axes, "whole")] == whole
        assert [text.get_text() for text in axes.texts].count("43/55") == (1 if visit == "best" else 0)
    texts = texts_of(figure)
    assert {"78.2", "65.6–87.1", "9/14", "38.8–83.7", "20.7–100.0", "0.0–21.5"} <= {*texts}
    assert {"A  Best response", "B  Response at last follow-up", *OUTCOMES.values()} <= {*texts}
    assert texts.count("Idiopathic MCAS") == len(OUTCOMES)
    assert "Left out" not in " ".join(texts)


def test_empty_populations_are_left_out_and_named_and_one_needs_no_reference():
    texts = texts_of(draw_rates(table_2(random_cohort(12, 1, "CM")), "all"))
    assert POPULATION_LABELS["ISM"] not in texts
    assert "Left out, without patients: ISM, MMAS, Idiopathic MCAS." in " ".join(texts)
    figure = draw_rates(table_2(random_cohort(20, 1, "ISM")), "ISM")
    texts = " ".join(texts_of(figure))
    assert "overlap" not in texts and "Rate of" not in texts
    assert not lines(figure.axes[0], "whole")
    assert "ISM (N = 20): response rates and their uncertainty" in texts
    assert faults(figure) == []


@pytest.mark.parametrize(("n", "hidden"), [(300, False), (5_000, True)])
def test_intervals_hidden_by_their_sign_are_admitted(n, hidden):
    figure = draw_rates(table_2(random_cohort(n, 2)), "all")
    assert faults(figure) == []
    texts = texts_of(figure)
    assert ("A sign may cover an interval" in " ".join(texts)) == hidden
    assert {0, 50, 100} <= set(figure.axes[0].get_xticks())
    # Large numbers are written with commas.
    assert any(text.endswith("/5,000") and "," in text.split("/")[0] for text in texts) == hidden


def moved(rates, own=0.25, size=5000):
    """The same rows with other numbers of the own cohort."""
    n = pd.array([round(own * size)] * len(rates), dtype="Int64")
    numbers = {"own_n": n, "own_denominator": pd.array([size] * len(rates), dtype="Int64"), "own_percent": 100 * own}
    difference = 100 * own - rates["published_percent"]
    low, high = (difference - 21.5).clip(lower=-100), (difference + 17.5).clip(upper=100)
    return rates.assign(**numbers, difference=difference, low=low, high=high)


def without_own(rates):
    empty = dict.fromkeys(["own_percent", "difference", "low", "high"], float("nan"))
    return rates.assign(own_n=pd.NA, own_denominator=pd.NA, **empty)


def test_outcomes_of_all_patients_are_compared(shipped_rates):
    found = drawn_rates(shipped_rates)
    assert 30 < len(found) < 45
    names = set(found["quantity"])
    assert {"table_2:best.orr:all", "followup.ongoing.all", "dosing.escalated.all", "safety.severe.all"} <= names
    left_out = {"table_2:best.orr:ISM", "safety.event.fatigue.all", "biology.total_ige.stable", "table_2:last.nr:all"}
    assert not names & (left_out | {"table_1:presentation.skin:all", "dosing.improved.weekly"})
    assert left_out < set(shipped_rates["quantity"])
    assert found["published_denominator"].min() >= SMALLEST


def test_every_compared_rate_and_interval_stands_where_its_numbers_are(shipped_rates):
    compared = moved(shipped_rates)
    rows, figure = drawn_rates(compared), draw_comparison(compared)
    shares, differences = figure.axes
    places = {"own": (shares, "own_percent"), "published": (shares, "published_percent")}
    places |= {"interval": (differences, "low"), "difference": (differences, "difference")}
    for label, (axes, column) in places.items():
        assert [line[0] for line in lines(axes, label)] == rows[column].tolist()
    assert [line[1] for line in lines(differences, "interval")] == rows["high"].tolist()
    assert [line[2] for line in lines(differences, "difference")] == [line[2] for line in lines(shares, "own")]
    # 25 % against 43 of 55.
    name, numbers = "Any response at best response", "−53.2 (−74.7 to −35.7)"
    assert {name, numbers, "Best response", "Safety"} <= {*texts_of(figure)}
    heights = {text.get_text(): text.get_position()[1] for text in shares.texts}
    assert heights[numbers] == heights[name]


def test_a_rate_that_the_cohort_does_not_have_shows_that_of_the_paper_alone(shipped_rates):
    figure = draw_comparison(without_own(shipped_rates))
    shares, differences = figure.axes
    size = len(drawn_rates(shipped_rates))
    assert len(lines(shares, "published")) == size
    assert not lines(shares, "own") + lines(differences, "interval") + lines(differences, "difference")
    assert texts_of(figure).count("–") == size


@pytest.mark.parametrize("change", [moved, without_own, lambda rates: rates], ids=["5000", "none", "shipped"])
def test_nothing_compared_overlaps_or_is_cut_off(shipped_rates, change):
    compared = change(shipped_rates)
    figure = draw_comparison(compared, rate_notes(compared), caveats=(CAVEATS[0], CAVEATS[-1]))
    assert faults(figure) == []
    assert RECONSTRUCTED_NOTE in " ".join(texts_of(figure))
    width, height = figure.get_size_inches() * 2.54
    assert width == pytest.approx(18)
    assert height <= PAGE_HEIGHT_CM


def test_compared_rates_are_left_alone_and_the_drawing_repeats_itself_if_there_is_one(shipped_rates):
    before = shipped_rates.copy(deep=True)
    assert drawing(draw_comparison(shipped_rates)) == drawing(draw_comparison(shipped_rates))
    pd.testing.assert_frame_equal(shipped_rates, before)
    with pytest.raises(ValueError, match="population 'idiopathic' has no patients to draw"):
        draw_rates(table_2(random_cohort(5, 1, "CM")), "idiopathic")
    with pytest.raises(ValueError, match="there is no rate to draw; at least one outcome of all patients is needed"):
        draw_comparison(shipped_rates[shipped_rates["section"] == "Characteristics"])
