"""Sets of answers with a printed mean and deviation: CLOSURE's published numbers, and lists of small ones."""

import math
import random
import statistics
from collections import Counter
from fractions import Fraction
from itertools import combinations_with_replacement

import pytest

from compendium.bounds import statements
from compendium.bounds.answers import Bounds
from compendium.bounds.people import Attribute, People
from compendium.bounds.summaries import data_sets


def half_up(square, decimals):
    """The root of a fraction with some decimals, half up, as a whole number of the last digit."""
    return (math.isqrt(math.floor(4 * square * 100**decimals)) + 1) // 2


def listed(mean, sd, n, lowest, highest):
    """All sets of answers, one after the other."""
    found = []
    places = [len(text.partition(".")[2]) for text in (mean, sd)]
    for answers in combinations_with_replacement(range(lowest, highest + 1), n):
        middle = Fraction(sum(answers), n)
        spread = sum((one - middle) ** 2 for one in answers) / (n - 1)
        rounded = math.floor(middle * 10 ** places[0] + Fraction(1, 2)), half_up(spread, places[1])
        if rounded == (Fraction(mean) * 10 ** places[0], Fraction(sd) * 10 ** places[1]):
            found.append(Counter(answers))
    return found


# The numbers of sets are those that the R package unsum prints. Of 100 people 2.65 and 2.75 are means as well, which it
# takes both for 2.7; half up 2.75 is not one.
@pytest.mark.parametrize(("n", "mean", "number"), [(130, ["2.7"], 5359), (100, ["2.7", "2.75"], 2256)])
def test_as_many_sets_are_counted_as_closure_lists(n, mean, number):
    assert sum(data_sets(one, "1.9", n, 1, 5).number for one in mean) == number


def test_millions_of_sets_are_counted_and_not_listed():
    # The largest case of closure-core's own comparison of counting with listing.
    found = data_sets("4.0", "1.5", 100, 1, 7)
    assert found.number == 5_573_519
    assert found.ranges[1] == found.ranges[7] and found.ranges[3] == found.ranges[5]  # a scale mirrored in its middle
    assert data_sets("5.0", "2.78", 30, 1, 7).ranges[1] == (9, 9)


@pytest.mark.parametrize("seed", range(60))
def test_counts_and_ranges_are_those_of_the_list(seed):
    rng = random.Random(seed)
    lowest, n = rng.choice([0, 1, 1, 3]), rng.randint(2, 8)
    highest = lowest + rng.randint(0, 5)
    answers = [rng.randint(lowest, highest) for _ in range(n)]
    decimals = rng.choice([0, 1, 2])
    units = math.floor(Fraction(sum(answers), n) * 10**decimals + Fraction(1, 2))
    root = half_up(Fraction(statistics.variance(map(Fraction, answers))), decimals)
    mean, sd = (f"{one / 10**decimals:.{decimals}f}" for one in (units, root))
    expected = listed(mean, sd, n, lowest, highest)
    found = data_sets(mean, sd, n, lowest, highest)
    assert found.number == len(expected) >= 1
    scale = range(lowest, highest + 1)
    assert found.ranges == {v: (min(c[v] for c in expected), max(c[v] for c in expected)) for v in scale}


def test_impossible_summaries_have_no_set():
    assert data_sets("2.51", "0.50", 10, 1, 4) == data_sets("3.0", "5.0", 10, 1, 5)
    assert data_sets("3.0", "5.0", 10, 1, 5).number == 0


def test_the_bounds_of_a_programme_are_the_same():
    scale = Attribute("answer", (1, 2, 3, 4, 5))
    people = People(30, (scale,), (statements.deviation("answers", scale, "1.2", "2.4", 30),))
    bounds = Bounds(people)
    answers = [bounds.count({"answer": value}) for value in scale.values]
    found = data_sets("2.4", "1.2", 30, 1, 5)
    assert {v: (one.low, one.high) for v, one in zip(scale.values, answers, strict=True)} == found.ranges
    for witness in (one.low_witness["answer"] for one in answers):
        assert (f"{witness.mean():.1f}", f"{witness.std():.1f}") == ("2.4", "1.2")


WRONG = [("x", "1", 10, 1, 5), ("2", "1", 1, 1, 5), ("2", "1", 10, 5, 1), ("50", "29", 99, 0, 100)]


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_summaries_are_refused(wrong, monkeypatch):
    monkeypatch.setattr("compendium.bounds.summaries.MOST_STATES", 10_000)
    with pytest.raises(ValueError, match=r"allowed|number"):
        data_sets(*wrong)
