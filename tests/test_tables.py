import pandas as pd
import pytest

from analysis.characteristics import SECTIONS, characteristics
from analysis.statistics.proportions import interval
from analysis.tables import table_1, table_2
from analysis.vocabulary import Population
from tests.cohorts import random_cohort
from tests.small_cohort import small_cohort

NUMBERS = ["n", "denominator", "percent", "median", "mean", "sd", "minimum", "maximum", "ratio"]
COLUMNS = ["row", "label", "level", "column", "statistic", *NUMBERS]
INTERVALS = ["wilson_low", "wilson_high", "clopper_pearson_low", "clopper_pearson_high"]
# Keys and levels typed from the printed Table 2.
ROWS = {"best.orr": 0, "best.cr": 1, "best.mr": 1, "best.pr": 1, "best.nr": 0}
ROWS |= {"last.persistent_orr": 0, "last.cr": 1, "last.mr": 1, "last.pr": 1, "last.no_persistent_response": 0}
ROWS |= {"last.nr": 1, "last.loss_of_response": 1, "last.intolerance": 1, "last.lost_to_follow_up": 1}


def test_rows_of_table_1():
    """Their numbers are held against the second derivation in `test_double_derivation`."""
    frame = characteristics(small_cohort())
    assert list(frame.columns) == COLUMNS
    sections = frame["row"].str.split(".").str[0]
    # 4 general rows; 2 for the bracket, 3 diseases and 3 x 3 KIT rows; 5 criteria; 4 skin, 5 marrow, bone density;
    # tryptase and IgE; 1 + 4 symptomatic and 1 + 5 cytoreductive therapies.
    assert sections.value_counts(sort=False).to_dict() == dict(zip(SECTIONS, (4, 14, 5, 10, 2, 11), strict=True))
    assert frame["row"].is_unique
    kinds = {"median_range": 2, "duration_range": 1, "ratio": 1, "count": 9, "count_percent": 31, "mean_range": 2}
    assert frame["statistic"].value_counts().to_dict() == kinds
    assert characteristics(random_cohort(1, 6)).dtypes.equals(characteristics(small_cohort()).dtypes)
    assert isinstance(characteristics(small_cohort())["n"].dtype, pd.Int64Dtype)


def test_rows_of_table_2_and_their_intervals():
    table = table_2(random_cohort(50, seed=1))
    assert list(table.columns) == COLUMNS + INTERVALS
    pairs = [(row, column.value) for row in ROWS for column in Population]
    assert list(zip(table["row"], table["column"], strict=True)) == pairs
    assert table.set_index("row")["level"].to_dict() == ROWS
    assert table[NUMBERS[3:]].isna().all(axis=None)
    assert (table["statistic"] == "count_percent").all()
    assert table.index.equals(pd.RangeIndex(14 * 6))
    table = table_2(random_cohort(3, seed=1, population="CM")).set_index("column")
    assert (table.loc["idiopathic", "denominator"] == 0).all()
    assert table.loc["idiopathic", ["percent", *INTERVALS]].isna().all(axis=None)
    assert table.loc["CM", INTERVALS].notna().all(axis=None)
    one = table_2(random_cohort(1, seed=1, population="CM")).set_index(["row", "column"])
    assert sorted(one.loc[[("best.orr", "CM"), ("best.nr", "CM")], "percent"]) == [0, 100]
    assert table.loc["CM", "n"].tolist() == table.loc["all", "n"].tolist()
    cohort = random_cohort(40, seed=3)
    table = table_1(cohort)
    assert list(table.columns) == COLUMNS
    pd.testing.assert_frame_equal(table, characteristics(cohort))
    assert (table.dtypes == table_2(cohort)[COLUMNS].dtypes).all()
    table = table_2(random_cohort(60, seed=4))
    for method in ("wilson", "clopper_pearson"):
        for row in table.to_dict("records"):
            limits = interval(row["n"], row["denominator"], method)
            assert [row[f"{method}_low"] / 100, row[f"{method}_high"] / 100] == pytest.approx(limits)
            assert row[f"{method}_low"] <= row["percent"] <= row[f"{method}_high"]


@pytest.mark.parametrize("population", Population)
def test_every_population_and_a_single_patient(population):
    frame = characteristics(random_cohort(1, 6, population))
    assert set(frame["column"]) == {population}
    empty = frame[frame["denominator"].eq(0) & frame["statistic"].isin(["count", "count_percent"])]
    assert empty["percent"].isna().all()
    assert len(empty) > 0
    full = frame[frame["denominator"].gt(0) & (frame["statistic"] != "ratio")]
    assert full["percent"].notna().all()
