import pandas as pd
import pytest

from analysis.characteristics import characteristics
from analysis.cohort import restrict
from analysis.criteria import Criteria
from analysis.response import last_status
from analysis.statistics.proportions import interval
from analysis.tables import table_1, table_2
from analysis.vocabulary import Population
from tests.cohorts import random_cohort

NUMBERS = ["n", "denominator", "percent", "median", "mean", "sd", "minimum", "maximum", "ratio"]
COLUMNS = ["row", "label", "level", "column", "statistic", *NUMBERS]
INTERVALS = ["wilson_low", "wilson_high", "clopper_pearson_low", "clopper_pearson_high"]
# Keys and levels typed from the printed Table 2.
ROWS = [f"best.{key}" for key in ("orr", "cr", "mr", "pr", "nr")]
ROWS += [f"last.{key}" for key in ("persistent_orr", "cr", "mr", "pr", "no_persistent_response", "nr")]
ROWS += [f"last.{key}" for key in ("loss_of_response", "intolerance", "lost_to_follow_up")]
TOP = {"best.orr", "best.nr", "last.persistent_orr", "last.no_persistent_response"}


def test_table_2_has_the_printed_rows_and_columns():
    table = table_2(random_cohort(50, seed=1))
    assert list(table.columns) == COLUMNS + INTERVALS
    pairs = [(row, column.value) for row in ROWS for column in Population]
    assert list(zip(table["row"], table["column"], strict=True)) == pairs
    assert table.drop_duplicates("row")["level"].tolist() == [int(row not in TOP) for row in ROWS]
    assert table[NUMBERS[3:]].isna().all(axis=None)
    assert (table["statistic"] == "count_percent").all()
    assert table.index.equals(pd.RangeIndex(14 * 6))


def test_the_criteria_decide_the_cells():
    cohort, criteria = random_cohort(150, seed=2), Criteria(worsening="any", intolerance="all")
    cells = table_2(cohort, criteria).set_index(["column", "row"])["n"]
    assert (cells != table_2(cohort).set_index(["column", "row"])["n"]).any()
    last = last_status(restrict(cohort, "primary"), criteria)
    for status in ("CR", "NR", "intolerance", "lost_to_follow_up"):
        assert cells["primary", f"last.{status.lower()}"] == (last == status).sum()


def test_an_empty_population_has_no_percentage():
    table = table_2(random_cohort(3, seed=1, population="CM")).set_index("column")
    assert (table.loc["idiopathic", "denominator"] == 0).all()
    assert table.loc["idiopathic", ["percent", *INTERVALS]].isna().all(axis=None)
    assert table.loc["CM", INTERVALS].notna().all(axis=None)
    one = table_2(random_cohort(1, seed=1, population="CM")).set_index(["row", "column"])
    assert sorted(one.loc[[("best.orr", "CM"), ("best.nr", "CM")], "percent"]) == [0, 100]
    assert table.loc["CM", "n"].tolist() == table.loc["all", "n"].tolist()


def test_table_1_is_the_characteristics():
    cohort = random_cohort(40, seed=3)
    table = table_1(cohort)
    assert list(table.columns) == COLUMNS
    pd.testing.assert_frame_equal(table, characteristics(cohort))


def test_both_tables_can_stand_below_each_other():
    cohort = random_cohort(40, seed=3)
    tables = table_1(cohort), table_2(cohort)
    assert (tables[0].dtypes == tables[1][COLUMNS].dtypes).all()


def test_every_percentage_has_its_intervals():
    table = table_2(random_cohort(60, seed=4))
    for method in ("wilson", "clopper_pearson"):
        for row in table.to_dict("records"):
            limits = interval(row["n"], row["denominator"], method)
            assert [row[f"{method}_low"] / 100, row[f"{method}_high"] / 100] == pytest.approx(limits)
            assert row[f"{method}_low"] <= row["percent"] <= row[f"{method}_high"]
