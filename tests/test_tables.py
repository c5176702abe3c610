import pandas as pd
import pytest

from analysis.characteristics import characteristics
from analysis.cohort import restrict
from analysis.criteria import Criteria
from analysis.response import best_response, last_status
from analysis.statistics.proportions import interval
from analysis.tables import table_1, table_2
from analysis.vocabulary import Population
from tests.cohorts import random_cohort

NUMBERS = ["n", "denominator", "percent", "median", "mean", "sd", "minimum", "maximum", "ratio"]
COLUMNS = ["row", "label", "level", "column", "statistic", *NUMBERS]
INTERVALS = ["wilson_low", "wilson_high", "clopper_pearson_low", "clopper_pearson_high"]
# Keys and levels typed from the printed Table 2.
ROWS = {"best.orr": 0, "best.cr": 1, "best.mr": 1, "best.pr": 1, "best.nr": 0}
ROWS |= {"last.persistent_orr": 0, "last.cr": 1, "last.mr": 1, "last.pr": 1, "last.no_persistent_response": 0}
ROWS |= {"last.nr": 1, "last.loss_of_response": 1, "last.intolerance": 1, "last.lost_to_follow_up": 1}
GROUPS = {"orr": ["CR", "MR", "PR"], "persistent_orr": ["CR", "MR", "PR"]}
GROUPS["no_persistent_response"] = ["NR", "loss_of_response", "intolerance", "lost_to_follow_up"]


def test_table_2_has_the_printed_rows_and_columns():
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


@pytest.mark.parametrize("criteria", [Criteria(), Criteria(worsening="any", intolerance="all")])
def test_cells_are_those_of_the_population_alone(criteria):
    cohort = random_cohort(150, seed=2)
    cells = table_2(cohort, criteria).set_index(["row", "column"])
    for population in Population:
        part = restrict(cohort, population)
        visits = {"best": best_response(part, criteria).tolist(), "last": last_status(part, criteria).tolist()}
        for row in ROWS:
            visit, _, name = row.partition(".")
            members = GROUPS.get(name, [name.upper() if len(name) == 2 else name])
            n = sum(status in members for status in visits[visit])
            cell = cells.loc[(row, population.value)]
            size = len(visits[visit])
            assert (cell["n"], cell["denominator"], cell["percent"]) == (n, size, 100 * n / size)
