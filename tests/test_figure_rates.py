from pathlib import Path

import pandas as pd
import pytest

from analysis.cohort import read_cohort
from analysis.tables import table_2
from analysis.vocabulary import POPULATION_LABELS
from compendium.drawing.rates import OUTCOMES, PANELS, draw_rates, rate_rows
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from tests.cohorts import random_cohort
from tests.figure_checks import CAVEATS, drawing, faults, texts_of
from tests.small_cohort import small_cohort

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "cohort"
PARTS = {
    "all": ["all", "primary", "ISM", "CM", "MMAS", "idiopathic"],
    "primary": ["primary", "ISM", "CM", "MMAS"],
    "ISM": ["ISM"],
    "idiopathic": ["idiopathic"],
}

RATES_CAVEATS = (CAVEATS[0], CAVEATS[-1])  # the counts of Table 2 are printed, so nothing is said to be drawn


def lines(axes, label):
    """The lines of a kind as (from, to, height), from above."""
    found = [line.get_xydata() for line in axes.lines if line.get_label() == label]
    return sorted([(ends[0][0], ends[-1][0], ends[0][1]) for ends in found], key=lambda line: line[2])


@pytest.mark.parametrize("population", PARTS)
def test_the_population_and_its_parts_are_drawn(population):
    rows = rate_rows(table_2(random_cohort(200, 1, population)), population)
    expected = [(visit, outcome, part) for visit in PANELS for outcome in OUTCOMES for part in PARTS[population]]
    assert list(rows[["visit", "outcome", "population"]].itertuples(index=False, name=None)) == expected


def test_rates_are_those_of_table_2():
    numbers = table_2(small_cohort())
    rows = rate_rows(numbers, "all").set_index(["visit", "outcome", "population"])
    cells = numbers.set_index(["row", "column"])
    assert rows.at[("last", "orr", "primary"), "n"] == cells.at[("last.persistent_orr", "primary"), "n"]
    assert rows.at[("best", "mr", "ISM"), "percent"] == cells.at[("best.mr", "ISM"), "percent"] == 50
    # A, B, C, E and F of six respond: A completely, B and E majorly.
    assert rows.loc[("best", "orr", "all"), ["n", "denominator"]].tolist() == [5, 6]


def test_every_rate_and_interval_stands_where_its_numbers_are():
    numbers = table_2(read_cohort(SHIPPED))
    figure, rows = draw_rates(numbers, "all"), rate_rows(numbers, "all")
    for axes, visit in zip(figure.axes, PANELS, strict=True):
        part = rows[rows["visit"] == visit]
        for kind in ("wilson", "clopper_pearson"):
            drawn = lines(axes, kind)
            assert [line[0] for line in drawn] == part[f"{kind}_low"].tolist()
            assert [line[1] for line in drawn] == part[f"{kind}_high"].tolist()
        assert [line[0] for line in lines(axes, "rate")] == part["percent"].tolist()
        assert [line[2] for line in lines(axes, "rate")] == [line[2] for line in lines(axes, "wilson")]
        whole = part.loc[part["population"] == "all", "percent"].tolist()
        assert [line[0] for line in lines(axes, "whole")] == whole
        texts = [text.get_text() for text in axes.texts]
        assert texts.count("43/55") == (1 if visit == "best" else 0)
    texts = texts_of(figure)
    assert {"78.2", "65.6–87.1", "9/14", "38.8–83.7", "20.7–100.0", "0.0–21.5"} <= {*texts}
    assert {"A  Best response", "B  Response at last follow-up", *OUTCOMES.values()} <= {*texts}
    assert texts.count("Idiopathic MCAS") == len(OUTCOMES)


def test_empty_populations_are_left_out_and_named():
    texts = texts_of(draw_rates(table_2(random_cohort(12, 1, "CM")), "all"))
    assert POPULATION_LABELS["ISM"] not in texts
    assert "Left out, without patients: ISM, MMAS, Idiopathic MCAS." in " ".join(texts)
    assert "Left out" not in " ".join(texts_of(draw_rates(table_2(read_cohort(SHIPPED)), "all")))


def test_one_population_needs_no_reference():
    figure = draw_rates(table_2(random_cohort(20, 1, "ISM")), "ISM")
    texts = " ".join(texts_of(figure))
    assert "overlap" not in texts and "Rate of" not in texts
    assert not lines(figure.axes[0], "whole")
    assert "ISM (N = 20): response rates and their uncertainty" in texts


@pytest.mark.parametrize(
    "cohort",
    [
        read_cohort(SHIPPED),
        small_cohort(),
        random_cohort(1, 2),
        random_cohort(300, 2),
        random_cohort(5000, 2),
        random_cohort(100_000, 2),
    ],
    ids=["shipped", "six", "one", "300", "5000", "100000"],
)
def test_nothing_overlaps_or_is_cut_off(cohort):
    figure = draw_rates(table_2(cohort), "all", caveats=RATES_CAVEATS)
    assert faults(figure) == []
    assert RECONSTRUCTED_NOTE in " ".join(texts_of(figure))
    assert figure.get_size_inches()[0] * 2.54 == pytest.approx(18)
    assert figure.get_size_inches()[1] * 2.54 <= 18.5


@pytest.mark.parametrize("population", PARTS)
def test_every_population_fits(population):
    assert faults(draw_rates(table_2(random_cohort(40, 3, population)), population)) == []


def test_large_numbers_are_written_with_commas():
    numbers = table_2(random_cohort(5000, 2))
    assert any(text.endswith("/5,000") and "," in text.split("/")[0] for text in texts_of(draw_rates(numbers, "all")))


def test_input_is_left_alone_and_the_drawing_repeats_itself():
    numbers = table_2(small_cohort())
    before = numbers.copy(deep=True)
    assert drawing(draw_rates(numbers, "all")) == drawing(draw_rates(numbers, "all"))
    pd.testing.assert_frame_equal(numbers, before)


def test_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="'SSM' is not a valid Population"):
        draw_rates(table_2(small_cohort()), "SSM")
    with pytest.raises(ValueError, match="population 'idiopathic' has no patients to draw"):
        draw_rates(table_2(random_cohort(5, 1, "CM")), "idiopathic")


@pytest.mark.parametrize(("n", "hidden"), [(300, False), (5_000, True)])
def test_intervals_hidden_by_their_sign_are_admitted(n, hidden):
    figure = draw_rates(table_2(random_cohort(n, 2)), "all")
    assert ("A sign may cover an interval" in " ".join(texts_of(figure))) == hidden
    assert {0, 50, 100} <= set(figure.axes[0].get_xticks())
