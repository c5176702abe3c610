"""What means and ranges fix of the tests of levels: against small cases that can be listed, and with cohorts inside."""

import itertools

import numpy as np
import pytest
from scipy import stats

from analysis.biology import summarise
from compendium.determined import levels
from compendium.determined.level_search import Levels, ranked_levels
from compendium.determined.results import lost_claims, shipped

SMALL = [
    Levels(3, range(9, 11), range(20, 23), (2, 6), (3, 12), 2),
    Levels(3, range(12, 14), range(24, 26), (2, 7), (4, 14), 2),
    Levels(4, range(13, 14), range(26, 27), (2, 5), (3, 11), 3),
]


def everything(small):
    """All levels that fit, of the patients who rose and then of those who were stable, each group in order."""
    spans = [range(small.of_before[0], small.of_before[1] + 1), range(small.of_on[0], small.of_on[1] + 1)]
    pairs = list(itertools.product(*spans))
    rises = [(b, o) for b, o in pairs if o > 1.2 * b]
    stable = [(b, o) for b, o in pairs if abs(o - b) <= 0.2 * b]
    groups = (
        itertools.combinations_with_replacement(one, size)
        for one, size in ((rises, small.rising), (stable, small.n - small.rising))
    )
    for one, other in itertools.product(*map(list, groups)):
        before, on = zip(*one, *other, strict=True)
        ends = (min(before), max(before), min(on), max(on))
        if sum(before) in small.before and sum(on) in small.on and ends == (*small.of_before, *small.of_on):
            yield np.array(on) - np.array(before)


@pytest.mark.parametrize("small", SMALL)
def test_no_squares_and_no_ranks_lie_outside(small):
    found = list(everything(small))
    assert found
    squares = [int((one**2).sum()) for one in found]
    assert levels.least_squares(small)[0] <= min(squares) + 1e-6
    assert levels.most_squares(small) >= max(squares) - 1e-6
    # The bounds are no mere trifles: they are nearer to the ends than the ends are to each other.
    assert levels.least_squares(small)[0] > 0.5 * min(squares)
    assert levels.most_squares(small) < 2 * max(squares)
    highest = max(levels.patterns(small))[0]
    for one in found:
        changed = one[one != 0]
        ranks = stats.rankdata(np.abs(changed))
        observed = abs(ranks @ np.sign(changed))
        signs = itertools.product((-1, 1), repeat=len(changed))
        p = np.mean([abs(ranks @ np.array(way)) >= observed - 1e-9 for way in signs])
        assert 2.0 ** (1 - small.n) <= p + 1e-12 and p <= highest + 1e-12


def test_the_smallest_and_largest_p_of_two_means_alone():
    """Three pairs with given sums and nothing else: all are listed."""
    small = Levels(3, range(6, 8), range(9, 11), (0, 8), (0, 11), None)
    found = []
    for before in itertools.product(range(8), repeat=3):
        for on in itertools.combinations_with_replacement(range(11), 3):
            if sum(before) in small.before and sum(on) in small.on:
                change = np.array(on) - np.array(before)
                if len(set(change)) > 1:
                    found.append(stats.ttest_1samp(change, 0).pvalue)
    low = min(levels.p_of_t(3, one, levels._closest_squares(3, one)) for one in levels._uneven(small))
    high = max(levels.p_of_t(3, o - b, b**2 + o**2) for b in small.before for o in small.on)
    assert (low, high) == pytest.approx((min(found), max(found)))


@pytest.mark.long
def test_what_is_said_of_tryptase_and_ige():
    found = {one.quantity: one for one in levels.answers()}
    ige = found["biology.total_ige.paired_t.p_value"]
    assert ige.low < 0.05 < ige.high and ige.low_reached < 0.05 < ige.high_reached
    assert ige.low <= ige.low_reached < ige.low + 0.001 and ige.high - 0.001 <= ige.high_reached <= ige.high
    assert found["biology.total_ige.signed_rank.p_value"].exact
    assert all(one.exact for name, one in found.items() if "tryptase" in name)
    assert found["biology.tryptase.signed_rank.p_value"].low <= 2 / 2**15


@pytest.mark.long
@pytest.mark.parametrize("which", ["shipped", "other"])
def test_cohorts_lie_inside(which, request):
    cohort = shipped() if which == "shipped" else request.getfixturevalue("another_cohort")
    values = summarise(cohort)
    for one in levels.answers():
        assert one.low <= values[one.quantity.removesuffix(".p_value")]["p_value"] <= one.high, one.quantity


@pytest.mark.long
def test_a_witness_keeps_what_is_printed():
    pairs = ranked_levels(levels.printed("total_ige"), None, ())
    assert all(on > before for before, on in pairs)
    cohort = levels.cohort_with("total_ige", tuple(pairs))
    assert not lost_claims(cohort)
    assert summarise(cohort)["biology.total_ige.signed_rank"]["p_value"] == 2 / 2**15
