"""Curves of times against exact redistribution, plain shares and R.

Values from R: R 4.2.2 with survival 3.5-3 and cmprsk 2.2-11; the call stands beside each. There
``f <- function(k, ci = 0.95) survfit(Surv(t, k) ~ 1, conf.type = "log-log", conf.int = ci)`` and t, e are the times and
codes: of FEW ``c(...)`` as below, of MANY ``i <- 0:59; t <- (i*7) %% 23 + 1; e <- (i*i + i%/%4) %% 3``.
"""

import math
import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.statistics.survival import (
    Estimate,
    cumulative_incidence,
    estimate_at,
    half_time,
    kaplan_meier,
    median_time,
)
from tests.case_files import DATA

FEW = ([1, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9], [1, 1, 0, 1, 2, 0, 1, 2, 1, 0, 2, 1])
MANY = ([i * 7 % 23 + 1 for i in range(60)], [(i * i + i // 4) % 3 for i in range(60)])
COLUMNS = ["time", "at_risk", "events", "competing", "censored", "estimate", "low", "high"]
NONE = float("nan")
COURSES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), min_size=1, max_size=25)
sampled = settings(max_examples=40)


def events(codes, *kinds):
    return [code in kinds for code in codes]


def redistributed(times, codes):
    """Share of each kind of event by each time: a censored patient's weight goes in equal parts to those who remain."""
    order = sorted(range(len(times)), key=lambda i: (times[i], codes[i] == 0))
    weights = [Fraction(1, len(times))] * len(times)
    found = {1: {}, 2: {}}
    for place, patient in enumerate(order):
        left = len(order) - place - 1
        if codes[patient]:
            kind, time = found[codes[patient]], times[patient]
            kind[time] = kind.get(time, 0) + weights[place]
        elif left:
            weights[place + 1 :] = [w + weights[place] / left for w in weights[place + 1 :]]
    return {kind: lambda t, k=kind: sum(w for time, w in found[k].items() if time <= t) for kind in found}


@sampled
@given(courses=COURSES)
def test_estimates_equal_redistribution_to_the_right(courses):
    times, codes = zip(*courses, strict=True)
    shares = redistributed(times, codes)
    for cause in (1, 2):
        curve = cumulative_incidence(times, codes, cause)
        assert curve["estimate"].tolist() == pytest.approx([float(shares[cause](t)) for t in curve["time"]], abs=1e-11)
    any_event = kaplan_meier(times, codes)
    left = [float(1 - shares[1](t) - shares[2](t)) for t in any_event["time"]]
    assert any_event["estimate"].tolist() == pytest.approx(left, abs=1e-11)
    alone = redistributed(times, [int(code == 2) for code in codes])
    curve = kaplan_meier(times, events(codes, 2))
    assert curve["estimate"].tolist() == pytest.approx([float(1 - alone[1](t)) for t in curve["time"]], abs=1e-11)
    # The counts are those of the patients.
    curve = cumulative_incidence(times, codes, 1)
    assert list(curve) == COLUMNS
    assert curve["time"].tolist() == sorted({0, *times})
    for row in curve.itertuples():
        there = [code for time, code in courses if time == row.time]
        assert row.at_risk == sum(time >= row.time for time in times)
        assert (row.events, row.competing, row.censored) == (there.count(1), there.count(2), there.count(0))


def test_cumulative_incidence_and_kaplan_meier_equal_r():
    # summary(f(e == 1), censored = TRUE)
    curves = {"survival": kaplan_meier(FEW[0], events(FEW[1], 1))}
    # m <- survfit(Surv(t, factor(e)) ~ 1, conf.type = "log-log"); m$pstate, m$lower, m$upper.
    curves |= {f"cause {cause}": cumulative_incidence(*FEW, cause) for cause in (1, 2)}
    expected = pd.read_csv(DATA / "survival_in_r.csv")
    for name, rows in expected.groupby("curve"):
        found, rows = curves[name].iloc[1:], rows.drop(columns="curve")
        np.testing.assert_allclose(found[list(rows)], rows, rtol=1e-9)


# s <- summary(survfit(Surv(t, factor(e)) ~ 1, conf.type = "log-log", conf.int = 0.95 or 0.9), times = month)
# s$pstate, s$lower, s$upper; cmprsk's timepoints(cuminc(t, e), c(3, 8, 20))$est gives the same estimates. Without cause
# s <- summary(f(e > 0, 0.95 or 0.9), times = month); s$surv, s$lower, s$upper
@pytest.mark.parametrize("row", list(pd.read_csv(DATA / "survival_at_a_time_in_r.csv").itertuples()))
def test_estimate_at_a_time_equals_r(row):
    without = math.isnan(row.cause)
    curve = kaplan_meier(*MANY, row.confidence) if without else cumulative_incidence(*MANY, row.cause, row.confidence)
    found = estimate_at(curve, row.month)
    assert (found.value, found.low, found.high) == pytest.approx((row.value, row.low, row.high), rel=1e-9)


@pytest.mark.parametrize(("times", "codes", "confidence", "expected"), [
    # q <- quantile(f(k, ci), 0.5); q$quantile, q$lower, q$upper
    (MANY[0], events(MANY[1], 1), 0.95, (22, 19, None)), (MANY[0], events(MANY[1], 1), 0.9, (22, 20, None)),
    (*MANY, 0.95, (18, 12, 20)), (*MANY, 0.9, (18, 13, 19)), (FEW[0], events(FEW[1], 1), 0.95, (6, 2, None)),
    (FEW[0], events(FEW[1], 2), 0.95, (8, 3, None)),
    ([1, 2, 5, 7], [1, 1, 1, 1], 0.95, (3.5, 1, None)),  # one half from 2 to 5
    ([1, 2, 10, 12], [1, 1, 0, 0], 0.95, (7, 1, None)),  # one half from 2 to the end of observation
    ([1, 2, 5, 7, 9], [1, 1, 0, 1, 1], 0.95, (7, 1, None)),
    (range(1, 11), [1] * 10, 0.95, (5.5, 1, 8)),  # the product of the shares is not exactly one half
    ([0, 0, 1, 5], [1, 1, 1, 0], 0.95, (0.5, 0, None)), ([3], [1], 0.95, (3, None, None)),
    ([3, 4], [0, 0], 0.95, (None, None, None)), ([1, 2, 3], [0, 0, 1], 0.95, (3, None, None)),
])  # fmt: skip
def test_median_equals_r(times, codes, confidence, expected):
    assert median_time(kaplan_meier(times, codes, confidence)) == Estimate(*expected)


@pytest.mark.parametrize(("times", "codes", "expected", "later"), [
    # summary(f(e, 0.99))$table; quantile(f(e, 0.99), 0.5)$lower. f(e, 0.99)$lower is 0.249993 and 0.250488 at 0, 1.
    ([4, 5, 4, 3, 2, 0, 5, 1, 4, 6], [0] + [1] * 9, (4, 0, None), 1),
    ([1, 5, 3, 5, 5, 4, 5, 4, 2, 0, 0, 6, 5, 0, 5], [1] * 9 + [0, 0, 1, 0, 0, 1], (5, 1, 5), 2),
])  # fmt: skip
def test_a_lower_limit_that_rises_counts_from_where_it_first_is_below(times, codes, expected, later):
    curve = kaplan_meier(times, codes, 0.99)
    assert median_time(curve) == Estimate(*expected)
    low = curve.set_index("time")["low"]
    assert low[expected[1]] < low[later] < 0.5


def test_half_time_inverts_the_limits():
    # m$upper of cause 1 passes one half at 3, m$pstate at 9, m$lower never; of cause 2 the upper limit at 8 alone.
    assert half_time(cumulative_incidence(*FEW)) == Estimate(9, 3, None)
    assert half_time(cumulative_incidence(*FEW, 2)) == Estimate(None, 8, None)
    assert half_time(cumulative_incidence(*FEW, 3)) == Estimate(None, None, None)
    # Exactly one half is reached, and no middle is taken of the time that it lasts.
    assert half_time(cumulative_incidence([1, 2, 3, 9], [1, 1, 2, 1])).value == 2
    assert half_time(cumulative_incidence(range(1, 11), [1] * 5 + [2] * 5)).value == 5
    shares = [cumulative_incidence(*MANY, cause)["estimate"] for cause in (1, 2)]
    np.testing.assert_allclose(kaplan_meier(*MANY)["estimate"] + sum(shares), 1, atol=1e-11)
    # Nobody has no curve.
    for curve in (kaplan_meier([], []), cumulative_incidence([], [])):
        assert list(curve) == COLUMNS and curve.empty
        assert median_time(curve) == half_time(curve) == estimate_at(curve, 3) == Estimate(None, None, None)
    open_ended, closed = kaplan_meier([1, 4, 6], [1, 1, 0]), kaplan_meier([1, 4, 6], [1, 0, 1])
    assert estimate_at(open_ended, 0).value == 1
    assert estimate_at(open_ended, 3.9).value == pytest.approx(2 / 3)
    assert estimate_at(open_ended, 6).value == pytest.approx(1 / 3)
    assert estimate_at(open_ended, 6.1) == Estimate(None, None, None)
    assert estimate_at(closed, 100) == Estimate(0, None, None)
    times, codes = FEW
    frame = cumulative_incidence(times, codes)
    series = pd.Series(times, index=range(50, 62)).astype("Int64"), pd.Categorical.from_codes(codes, list("abc")).codes
    pd.testing.assert_frame_equal(cumulative_incidence(*series), frame)
    pd.testing.assert_frame_equal(kaplan_meier(times, np.array(codes) > 0), kaplan_meier(times, codes))


@pytest.mark.parametrize("n", [3, 7, 11, 50])
def test_rounding_below_no_variance_is_no_warning(n):
    with warnings.catch_warnings(action="error"):
        curve = cumulative_incidence(range(n), [1] * n)
        assert curve["estimate"].iloc[-1] == 1
        cumulative_incidence(range(n), [2] * (n - 1) + [1])
        kaplan_meier([*range(n), n - 1], [1] * n + [0])


@pytest.mark.parametrize(("times", "codes", "message"), [
    ([1, None], [1, 0], "times holds a missing value at position 1; allowed are numbers of 0 or more"),
    ([1, -2], [1, 0], "times holds -2 at position 1; allowed are numbers of 0 or more"),
    ([math.inf, 2], [1, 0], "times holds inf at position 0; allowed are finite numbers"),
    ([1, 2], [1, NONE], "codes holds a missing value at position 1; allowed are whole numbers from 0, if censored"),
    ([1, 2], [0.5, 1], "codes holds 0.5 at position 0; allowed are whole numbers from 0, if censored, to 999,999"),
    ([1, 2], [1, 10**9], r"codes holds 1e\+09 at position 1; allowed are whole numbers from 0"),
    ([1, 2], [-1, 1], "codes holds -1 at position 0; allowed are whole numbers"),
    ([1, 2], [1], "times has 2 values and codes 1; allowed is one of each per patient"),
])  # fmt: skip
@pytest.mark.parametrize("function", [kaplan_meier, cumulative_incidence])
def test_unusable_input_is_refused_by_name(function, times, codes, message):
    with pytest.raises(ValueError, match=message):
        function(times, codes)


def test_a_hundred_thousand_different_times():
    rng = np.random.default_rng(1)
    times, codes = rng.random(100_000), rng.integers(0, 3, 100_000)
    curve = cumulative_incidence(times, codes)
    assert len(curve) == 100_001
    # Two of three hazards are events and equal, so that the true incidence at t is half of 1 - (1 - t) ** (2 / 3).
    assert estimate_at(curve, 0.5).value == pytest.approx((1 - 0.5 ** (2 / 3)) / 2, abs=0.005)
    assert median_time(kaplan_meier(times, codes)).value == pytest.approx(1 - 0.5**1.5, abs=0.01)
