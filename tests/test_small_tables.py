import pandas as pd
import pytest

from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.reporting.small_tables import small_table, value_rows, value_text
from tests.reader import Reader

SPREAD = {"n": 55, "mean": 10.45, "sd": 8.05, "median": 9.0, "minimum": 1, "maximum": 36}
PAIRED = {"n": 15, "mean_difference": 537.7, "ci": [-3.55, 1079.0], "statistic": 2.1, "p_value": 0.0496}

RATIO = "ratio of geometric means 3.59 (95% CI 2.16–5.98), p < 0.001, n = 15"
RHO = "rho −0.13 (95% CI −0.6 to 0.4), p = 0.662, n = 15"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"n": 43, "denominator": 55, "percent": 78.18}, "43/55 (78.2%)"),
        ({"n": 0, "denominator": 0, "percent": None}, "0/0 (–)"),
        (SPREAD, "median 9 (1–36), mean 10.5 (SD 8.1), n = 55"),
        (dict.fromkeys(SPREAD) | {"n": 0}, "median –, mean –, n = 0"),
        ({"n": 17, "denominator": 38, "ratio": 17 / 38}, "0.45"),
        (PAIRED, "mean difference 537.7 (95% CI −3.6 to 1079), p = 0.0496, n = 15"),
        ({"n": 15, "ratio": 3.594, "ci": (2.157, 5.98), "p_value": 0.0001}, RATIO),
        (
            {"n": 14, "n_zero": 1, "effect": 0.0625, "p_value": 0.866},
            "rank-biserial correlation 0.06, p = 0.866, n = 15, of whom 14 changed",
        ),
        ({"n": 15, "rho": -0.125, "ci": (-0.6, 0.4), "p_value": 0.662}, RHO),
        ({"n": 15, "rho": -0.125, "p_value": 0.00002}, "rho −0.13, p < 0.001, n = 15"),
        ({"n": 1, "rho": None, "p_value": None}, "p –, n = 1"),
        ({"n": 4}, "4"),
    ],
)
def test_value_text(entry, text):
    assert value_text(entry) == text


def test_an_entry_of_another_shape_is_named():
    with pytest.raises(ValueError, match="a value with colour cannot be printed"):
        value_text({"colour": "red"})


def test_value_rows_chooses_and_orders():
    values = {"a.all": {"n": 4}, "b.all": {"n": 5}, "c.all": {"n": 6}}
    rows = value_rows(values, {"c.all": "Third", "a.all": "First"})
    assert rows.to_dict("list") == {"Result": ["Third", "First"], "Value": ["6", "4"]}
    with pytest.raises(ValueError, match=r"there is no value 'b\.al'; similar names: .*b\.all"):
        value_rows(values, {"b.al": "x"})


def test_small_table_prints_every_kind_of_cell():
    frame = pd.DataFrame({"Name": ["<i>x</i>", "y"], "n": [3, None], "Mean": [0.125, 2.0], "Text": ["1.50", "ü"]})
    read = Reader(small_table(frame, "A title", "demo", ["A <b>B</b>", ""], caveats=[RECONSTRUCTED_NOTE]).as_raw_html())
    assert ["A title"] in read.rows and ["Name", "n", "Mean", "Text"] in read.rows
    assert read.row("<i>x</i>") == ["3", "0.13", "1.50"]
    assert read.row("y") == ["–", "2", "ü"]
    assert [row for row in read.rows[-2:]] == [["A <b>B</b>"], [RECONSTRUCTED_NOTE]]
    assert read.loaded == []


@pytest.mark.parametrize("identifier", ["", "A b", "1", "x y", 'x"'])
def test_identifiers_are_plain(identifier):
    with pytest.raises(ValueError, match="identifier"):
        small_table(pd.DataFrame({"a": ["b"]}), "t", identifier)
