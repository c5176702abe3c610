"""The sign test against R, and the flipping of whole patients against all ways, gone through one by one."""

import itertools
import math

import numpy as np
import pytest

from analysis.statistics import signs
from analysis.statistics.signed_rank import signed_rank
from analysis.statistics.signs import sign_flips, sign_test
from analysis.symptoms import together
from tests.cohorts import cohort_with


def test_sign_test_is_that_of_r():
    # binom.test(13, 14) and binom.test(7, 9, alternative = "greater") in R 4.2: p values and 95 % limits.
    found = sign_test(13, 1)
    assert (found.n, found.p_value) == (14, pytest.approx(0.001831055, rel=1e-6))
    assert (found.percent, found.low, found.high) == pytest.approx((92.85714, 66.13155, 99.81932), rel=1e-6)
    assert sign_test(7, 2, "greater").p_value == pytest.approx(0.08984375)
    assert sign_test(2, 7, "less").p_value == pytest.approx(0.08984375)
    assert (sign_test(3, 3).p_value, sign_test(0, 0).p_value, sign_test(0, 0).percent) == (1, 1, None)
    assert (sign_test(5, 0).high, sign_test(0, 5).low, sign_test(5000, 0).p_value > 0) == (100, 0, True)
    assert (sign_test(1, 0).n, sign_test(1, 0).low) == (1, pytest.approx(2.5))  # where one of one is seen in 2.5 %
    for wrong in ((-1, 2), (1.5, 2), (1, None)):
        with pytest.raises(ValueError, match="number of changes"):
            sign_test(*wrong)


def by_hand(rows, side):
    """Give how often the largest statistic over all flips is as far out as each test's own, and as the largest."""
    tests = [j for j in range(len(rows[0])) if any(row[j] for row in rows)]

    def statistics(flips):
        sums = [sum(flip * row[j] for flip, row in zip(flips, rows, strict=True)) for j in tests]
        return [side(s / math.sqrt(sum(row[j] != 0 for row in rows))) for j, s in zip(tests, sums, strict=True)]

    ways = [max(statistics(flips)) for flips in itertools.product((1, -1), repeat=len(rows))]
    own = statistics([1] * len(rows))
    adjusted = dict(zip(tests, (np.mean([way >= one - 1e-12 for way in ways]) for one in own), strict=True))
    return [adjusted.get(j, math.nan) for j in range(len(rows[0]))]


@pytest.mark.parametrize(("alternative", "side"), [("two-sided", abs), ("greater", float), ("less", lambda x: -x)])
def test_whole_patients_are_flipped(alternative, side):
    rng = np.random.default_rng(4)
    for n, tests in ((1, 1), (2, 3), (5, 4), (8, 3)):
        rows = rng.choice([-1, 0, 1, 1], (n, tests))
        rows[0, 0] = 1
        rows[:, -1] *= int(tests != 3)  # in one test nobody changed
        found = sign_flips(np.vstack([rows, np.zeros((2, tests), int)]), alternative)  # unchanged patients do not enter
        expected = by_hand(rows.tolist(), side)
        assert found.p_values == pytest.approx(expected, nan_ok=True)
        assert (found.p_value, found.method, found.error) == (pytest.approx(np.nanmin(expected)), "exact", None)
        assert found.n == (rows != 0).any(axis=1).sum()


@pytest.mark.parametrize("n", range(11))
def test_flips_of_none_to_ten_patients(n):
    # In order (all better, all worse), constant (no change), missing and mixed.
    for rows in ([[1, 0]] * n, [[-1, 1]] * n, [[0, 0]] * n, [[(-1) ** k, 1] for k in range(n)]):
        found = sign_flips(np.array(rows, dtype=int).reshape(n, 2))
        if found.n:
            assert found.p_values == pytest.approx(by_hand(rows, abs), nan_ok=True)
            assert 0 < found.p_value <= 1
        else:
            assert found.p_value is None and np.isnan(found.p_values).all()


def test_drawn_and_normal_p_values_come_near_the_exact_ones(monkeypatch):
    rows = np.random.default_rng(7).choice([-1, 0, 1, 1], (12, 5))
    exact = sign_flips(rows)
    monkeypatch.setattr(signs, "FLIPS_LIMIT", 1)
    drawn = sign_flips(rows)
    assert (exact.method, drawn.method) == ("exact", "drawn") and drawn.error < 0.004
    assert drawn.p_values == pytest.approx(exact.p_values, abs=5 * 0.5 / math.sqrt(signs.DRAWS))
    # Many patients: the same rows many times over, by draws of flips and of the normal distribution.
    many = np.vstack([np.tile(rows * np.where(np.arange(12) % 2, 1, -1)[:, None], (40, 1)), rows[:3]])
    drawn = sign_flips(many)
    monkeypatch.setattr(signs, "NORMAL_FROM", len(many))
    normal = sign_flips(many)
    assert (drawn.method, normal.method) == ("drawn", "normal")
    assert normal.p_values == pytest.approx(drawn.p_values, abs=0.03)
    # However far out, no p value is 0.
    assert sign_flips(np.ones((60, 2), int)).p_value == 1 / (signs.DRAWS + 1)


def test_nobody_changed_and_what_is_no_direction():
    found = sign_flips(np.zeros((3, 2), int))
    assert (found.n, found.p_value, found.method, np.isnan(found.p_values).all()) == (0, None, None, True)
    for wrong, text in (([[2]], "holds 2 at"), ([[0, 0.5]], "holds 0.5 at position 1"), ([1, 0], "1 dimensions")):
        with pytest.raises(ValueError, match=text):
            sign_flips(wrong)
    for test in (lambda: sign_test(1, 2, "more"), lambda: sign_flips([[1]], "more")):
        with pytest.raises(ValueError, match="alternative 'more' is unknown; allowed are two-sided, less, greater"):
            test()
    assert [sign_flips(np.ones((n, 1), int)).method for n in (14, 15)] == ["exact", "drawn"]


def test_symptoms_of_a_patient_stay_together():
    # Four patients in whom both symptoms improve, one in whom the second is worse.
    rows = [[("baseline", 0.5, 0.5), ("baseline", grade, grade)] for grade in (0.5, 0.0, 0.25, 0.75, 1.5)]
    found, adjusted = together(cohort_with(rows))
    assert adjusted.dropna().tolist() == pytest.approx(by_hand([[1, 1]] * 4 + [[1, -1]], abs))
    assert (found.n, adjusted.notna().sum()) == (5, 2)


def test_how_often_a_null_rejects_that_cannot_hold_on_this_scale():
    # Changes go either way with one half; worse is always half a point, better always a whole one (docs/statistics.md).
    def rejected(n, p_value):
        return sum(math.comb(n, k) * (p_value(k, n - k) < 0.05) for k in range(n + 1)) / 2**n

    ranks = {n: rejected(n, lambda k, m: signed_rank([1.0] * k + [-0.5] * m).p_value) for n in (14, 30)}
    sign = {n: rejected(n, lambda k, m: sign_test(k, m).p_value) for n in (14, 30)}
    assert ranks == pytest.approx({14: 0.213, 30: 0.708}, abs=0.001)
    assert sign == pytest.approx({14: 0.013, 30: 0.043}, abs=0.001)
