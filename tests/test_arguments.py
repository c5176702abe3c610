"""What the functions of the package take for numbers and what they refuse, also as seen from the public functions."""

from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd
import pytest

from analysis.statistics import arguments
from analysis.statistics.arguments import (
    WHOLE_LIMIT,
    as_real,
    check_choice,
    check_each,
    check_probability,
    floats,
    whole_numbers,
)
from analysis.statistics.contingency import fisher_freeman_halton
from analysis.statistics.exact_difference import SMALLER_LIMIT, exact_difference_interval
from analysis.statistics.paired import paired_ratio, paired_t
from analysis.statistics.power import detectable_rate, fisher_power, rank_sum_power, shifted
from analysis.statistics.proportions import difference_interval, interval, intervals, superiority_interval
from analysis.statistics.rank_sum import rank_sum, rank_sum_counts
from analysis.statistics.signed_rank import signed_rank
from analysis.statistics.survival import cumulative_incidence, estimate_at, kaplan_meier

NONE = float("nan")
ROW = "allowed is a row of real numbers"
DATES = pd.to_datetime(["2016-05-01"])
HUGE = 10**400  # no float is as large


@pytest.mark.parametrize(("values", "expected"), [
    ([0.25, -1, 3], [0.25, -1, 3]), ((1, 2), [1, 2]), (range(3), [0, 1, 2]), ((x for x in (1, 2)), [1, 2]), ([], []),
    ([1, None, pd.NA, NONE, Decimal("NaN")], [1, NONE, NONE, NONE, NONE]), ([None, None], [NONE, NONE]),
    ([Fraction(1, 4), Decimal("0.75"), np.float32(0.5), np.int8(3)], [0.25, 0.75, 0.5, 3]),
    (np.array([1, 2], dtype=np.uint8), [1, 2]), (np.array([0.5], dtype=np.float16), [0.5]),
    (pd.Series([0.5, None], index=[7, 9]), [0.5, NONE]), (pd.Series([1, None], dtype="Int64"), [1, NONE]),
    (pd.array([1.5, None], dtype="Float64"), [1.5, NONE]), (pd.Categorical([2, 1, 2]), [2, 1, 2]),
    (pd.Index([3, 4]), [3, 4]), ([2**70], [2.0**70]),
])  # fmt: skip
def test_real_numbers_of_any_kind_are_taken(values, expected):
    found = floats(values, "grades")
    assert found.dtype == float
    np.testing.assert_array_equal(found, np.array(expected, dtype=float))


@pytest.mark.parametrize(("values", "message"), [
    (["1", "2"], "grades holds '1' at position 0; allowed are real numbers"),
    ([1, "2"], "grades holds '2' at position 1; allowed are real numbers"),
    (pd.Series([None, "2"]), "grades holds '2' at position 1"),
    (pd.Categorical(["1"]), "grades holds '1' at position 0"), (np.array(["1"]), "grades holds '1' at position 0"),
    ([True, False], "grades holds True at position 0; allowed are real numbers"),
    (np.array([False]), "grades holds False at position 0"),
    (pd.Series([None, True], dtype="boolean"), "grades holds True at position 1"),
    ([2.0, np.bool_(True)], "grades holds True at position 1"), ([1j], "grades holds 1j at position 0"),
    (DATES, "grades holds 2016-05-01 00:00:00 at position 0"),
    ([[1, 2], [3, 4]], r"grades holds \[1, 2\] at position 0"),
    (np.eye(2), "grades has 2 dimensions; allowed is one, a row of real numbers"),
    (pd.DataFrame({"a": [1]}), "grades has 2 dimensions"), (np.array(3), "grades has 0 dimensions"),
    (3, f"grades is 3; {ROW}"), (True, f"grades is True; {ROW}"), ("12", f"grades is '12'; {ROW}"),
    (None, f"grades is None; {ROW}"), ({1, 2}, f"grades is {{1, 2}}; {ROW}"),
    ([1, -np.inf], "grades holds -inf at position 1; allowed are finite numbers"),
    (pd.Series([np.inf, None], dtype="Float64"), "grades holds inf at position 0; allowed are finite numbers"),
    ([None, -HUGE], "grades holds -inf at position 1; allowed are finite numbers"),
    ([Fraction(HUGE)], "grades holds inf at position 0"), ([Decimal("1e400")], "grades holds inf at position 0"),
])  # fmt: skip
def test_all_else_is_refused_by_name(values, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        floats(values, "grades")


def test_numbers_are_not_gone_through_one_by_one(monkeypatch):
    def refused(value):
        raise AssertionError(f"{value} is looked at alone")

    monkeypatch.setattr(arguments, "_is_real", refused)
    values = np.random.default_rng(1).random(55)
    for many in (values, pd.Series(values), values.astype(np.float32)):
        assert floats(many, "grades").tolist() == many.tolist()
    with pytest.raises(AssertionError, match="looked at alone"):
        floats([Decimal("0.5")], "grades")


@pytest.mark.parametrize(("values", "expected"), [
    (5, 5), (np.int16(5), 5), (Fraction(6, 2), 3), (Decimal(3), 3), ([1, 2.0], [1, 2]),
    ([[1, 2], [0, WHOLE_LIMIT]], [[1, 2], [0, WHOLE_LIMIT]]), (pd.Series([1, 2], dtype="Int64"), [1, 2]),
    (pd.DataFrame({"a": [1], "b": [2]}), [[1, 2]]), ([[], []], [[], []]),
])  # fmt: skip
def test_whole_numbers_of_any_kind_and_shape_are_taken(values, expected):
    found = whole_numbers(values, "counts")
    assert found.dtype == np.int64 and found.tolist() == expected


@pytest.mark.parametrize(("values", "shown"), [
    (-1, "-1"), (2.5, "2.5"), (WHOLE_LIMIT + 1, "1000000000"), (10**20, "1" + 20 * "0"),
    (np.uint64(2**63), "9223372036854775808"), (np.inf, "inf"), ([HUGE], "1000000"), ("1", "'1'"), (["1", 2], "'1'"),
    (np.array(["1"]), "'1'"), ([True, 2], "True"), (np.array([True]), "True"), (None, "nan"), (Decimal("NaN"), "nan"),
    (pd.Series([1, None], dtype="Int64"), "nan"), ([[1, 2], [3]], r"\[1, 2\]"), (1j, "1j"),
    (DATES, "2016-05-01 00:00:00"),
])  # fmt: skip
def test_counts_that_are_none_or_do_not_fit_are_refused_by_name(values, shown):
    with pytest.raises(ValueError, match=f"^counts {shown}.* is not allowed; allowed are whole numbers from 0 to 999,"):
        whole_numbers(values, "counts")


@pytest.mark.parametrize("value", [0.5, Fraction(1, 2), Decimal("0.5"), np.float32(0.5)])
def test_a_probability_of_any_kind_is_given_back_as_a_float(value):
    assert type(check_probability("alpha", value)) is float
    assert check_probability("alpha", value, inner=True) == 0.5


@pytest.mark.parametrize("value", ["0.05", True, np.bool_(True), None, pd.NA, NONE, np.array(0.5), 1j, HUGE, -0.1, 1.1])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(ValueError, match=r"^alpha .* is not allowed; allowed are real numbers from 0 to 1$"):
        check_probability("alpha", value)


def test_single_values_and_choices():
    assert [as_real(value) for value in (3, Decimal("0.5"), HUGE, -HUGE)] == [3, 0.5, np.inf, -np.inf]
    assert all(np.isnan(as_real(value)) for value in ("3", True, None, [3], np.array([3])))
    check_choice("zeros", "drop", ("drop", "pratt"))
    with pytest.raises(ValueError, match="zeros 'keep' is unknown; allowed are drop, pratt"):
        check_choice("zeros", "keep", ("drop", "pratt"))
    check_each("times", np.array([NONE]), np.array([True]), "any")
    with pytest.raises(ValueError, match="times holds a missing value at position 1; allowed are some"):
        check_each("times", np.array([1, NONE, 2]), np.array([True, False, False]), "some")
    assert check_probability("p", 0) == 0 and check_probability("p", 1) == 1
    for end in (0, 1):
        with pytest.raises(ValueError, match=f"p {end} is not allowed; allowed are real numbers above 0 and below 1"):
            check_probability("p", end, inner=True)
    for truths in ([True, False], np.array([True, False]), pd.Series([True, False], dtype="boolean")):
        assert floats(truths, "codes", truths=True).tolist() == [1, 0]
    with pytest.raises(ValueError, match="codes holds True at position 1; allowed are real numbers"):
        floats([3, True], "codes", truths=True)


CURVE = kaplan_meier([1, 2], [1, 0])
SHARE = {"n": 1, "denominator": 2}
SHARES = SHARE | {"other_n": 1, "other_denominator": 3, "confidence": 0.9}
SIZES = {"n_first": 4, "n_second": 5}
LEVEL = {"alpha": 0.05, "p_at_alpha": "ns"}
COURSES = {"times": [1.0], "codes": [1.0], "confidence": 0.9}
GIVEN = (  # what each function takes: counts, numbers from 0 to 1, rows and choices
    (interval, SHARE | {"method": "wilson", "confidence": 0.9}),
    (difference_interval, SHARES),
    (exact_difference_interval, SHARES),
    (superiority_interval, {"effect": 0.5} | SIZES | {"confidence": 0.9}),
    (fisher_power, SIZES | {"rate_first": 0.1, "rate_second": 0.2} | LEVEL),
    (partial(detectable_rate, higher=True), SIZES | {"rate_second": 0.1, "power": 0.8} | LEVEL),
    (partial(rank_sum_power, odds_ratio=2.0), {"shares": [1.0, 1.0]} | SIZES | {"simulations": 2} | LEVEL),
    (partial(shifted, odds_ratio=2.0), {"shares": [1.0, 1.0]}),
    (rank_sum, {"first": [1.0], "second": [2.0], "alternative": "less", "confidence": 0.9}),
    (signed_rank, {"differences": [1.0], "zeros": "drop", "alternative": "less", "distribution": "exact"}),
    (paired_t, {"before": [1.0], "after": [2.0], "confidence": 0.9}),
    (paired_ratio, {"before": [1.0], "after": [2.0], "confidence": 0.9}),
    (kaplan_meier, COURSES),
    (cumulative_incidence, COURSES),
)
NOT_ALLOWED = {
    int: ["1", True, 2.5, -1, NONE, 10**20],
    float: ["0.5", True, -0.1, 95],
    list: [True, ["1"], [np.inf]],
    str: ["other"],
}


@pytest.mark.parametrize(("function", "given"), GIVEN)
def test_every_argument_is_refused_by_name(function, given):
    function(**given)
    for name, value in given.items():
        for wrong in NOT_ALLOWED[type(value)]:
            with pytest.raises(ValueError, match=rf"^{name} (holds|is|\S+ is (not allowed|unknown))"):
                function(**(given | {name: wrong}))


@pytest.mark.parametrize(("function", "arguments", "message"), [
    (rank_sum, ([1.0], [True]), "second holds True at position 0"),
    (rank_sum_counts, ([2**40, 1], [1, 2**40]), "first 1099511627776 is not allowed; allowed are whole numbers"),
    (rank_sum_counts, ([WHOLE_LIMIT, 1], [1, 1]), "first and second count 1,000,000,002; allowed are 999,999,999"),
    (rank_sum_counts, (3, 4), "first and second have 0 and 0 dimensions; allowed is one each"),
    (rank_sum_counts, ([1, 2], [1]), "first counts 2 sizes and second 1"),
    (rank_sum_counts, ([1, 2.5], [1, 1]), "first 2.5 is not allowed"),
    (interval, (900_000_001, 900_000_000), "n 900000001 is not allowed with denominator 900000000"),
    (intervals, ([1, 5], [2, 4]), "n 5 is not allowed with denominator 4; allowed is 0 to it"),
    (interval, (1, 2, "wilson", 1.0), "confidence 1.0 is not allowed"),
    (difference_interval, (1, 2, 4, 3), "other_n 4 is not allowed with other_denominator 3"),
    (difference_interval, (1, 2, 1, 3, 0), "confidence 0 is not allowed"),
    (superiority_interval, (1.5, 2, 3), "effect 1.5 is not allowed"),
    (superiority_interval, (0.5, 0, 3), "groups of 0 and 3 are not allowed"),
    (kaplan_meier, ([1], [10**20]), r"codes holds 1e\+20 at position 0; allowed are whole numbers from 0, if cens"),
    (cumulative_incidence, ([1], [1], 1, 0), "confidence 0 is not allowed"),
    *((cumulative_incidence, ([1], [1], one), f"cause {one!r} is not") for one in ("1", True, NONE, np.inf, 0, 1.5)),
    *((estimate_at, (CURVE, time), f"time {time!r} is not allowed; it is 0 or more") for time in ("1", -1, NONE)),
    (fisher_power, (0, 5, 0.1, 0.2), "n_first 0 is not allowed; allowed is 1 or more"),
    (detectable_rate, (5, 5, 0.1, True, 1.0), "power 1.0 is not allowed; allowed are real numbers above 0 and below 1"),
    (partial(rank_sum_power, simulations=0), ([1, 1], 2, 3, 2.0), "simulations 0 is not allowed"),
    *((shifted, ([1, 1], odds), "odds_ratio .* is not allowed; it is a positive number") for odds in ("2", True, 0.0)),
    (shifted, ([1, 1], float("inf")), "odds_ratio inf is not allowed"),
    (shifted, ([1, -1], 2.0), "are not allowed; allowed are numbers from 0"),
    (shifted, ([0, 0], 2.0), "not all of them 0"),
    (exact_difference_interval, (5, 4, 1, 3), "n 5 is not allowed with denominator 4; allowed is 0 to it"),
    (exact_difference_interval, (1, 2, 4, 3), "other_n 4 is not allowed with other_denominator 3"),
    (
        exact_difference_interval,
        (1, 2000, 1, 3000),
        f"denominators 2,000 and 3,000 are not allowed; one of them is at most {SMALLER_LIMIT:,}",
    ),
    (fisher_freeman_halton, ([1, 2],), "table has 1 dimensions; allowed are 2"),
    *(
        (fisher_freeman_halton, ([[1, count], [3, 4]],), f"count in table {count!r} is not allowed")
        for count in ("2", -2, 2.5, NONE, np.inf, 10**12)
    ),
    (fisher_freeman_halton, ([[500_000_000] * 2] * 2,), "table holds 2,000,000,000 in all; allowed are 999,999,999"),
])  # fmt: skip
def test_what_does_not_fit_is_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)


def test_other_kinds_of_numbers_have_the_same_results():
    for kind in (Decimal, Fraction):
        level, half = kind("0.9"), kind("0.5")
        assert interval(kind(3), kind(9), "wilson", level) == interval(3, 9, "wilson", 0.9)
        assert difference_interval(3, 9, 1, 4, level) == difference_interval(3, 9, 1, 4, 0.9)
        assert superiority_interval(half, 3, 4, level) == superiority_interval(0.5, 3, 4, 0.9)
        assert rank_sum([kind(1), kind(3)], [2, 2], confidence=level) == rank_sum([1, 3], [2, 2], confidence=0.9)
        assert fisher_power(5, 6, half, level, half) == fisher_power(5, 6, 0.5, 0.9, 0.5)
        assert detectable_rate(20, 30, half, True, level) == detectable_rate(20, 30, 0.5, True, 0.9)
        assert shifted([1, 2], half).tolist() == shifted([1, 2], 0.5).tolist()
        curve = cumulative_incidence([kind(1), kind(2)], [kind(1), 2], kind(1), level)
        pd.testing.assert_frame_equal(curve, cumulative_incidence([1, 2], [1, 2], 1, 0.9))
        assert estimate_at(curve, kind("1.5")) == estimate_at(curve, 1.5)
