"""What means, ranges and numbers of rises fix of the tests of tryptase and total IgE before and on therapy (L302-L312).

Levels are whole tenths of their unit. The paired t test needs their sums, which the printed means give to within a
rounding, and the sum of squared changes, which is bounded by programmes over the levels that one patient can have:
squares from below by tangents, from above by chords between the corners of what is possible. The signed-rank test needs
the order of the changes; each pattern of ties was tried.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from math import inf, nextafter, sqrt

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from analysis.biology import summarise
from analysis.cohort import Cohort
from analysis.statistics.signed_rank import exact_upper
from compendium.bounds.statements import whole_numbers
from compendium.determined import level_search
from compendium.determined.courses import count_of
from compendium.determined.level_search import Levels, Pairs, alike
from compendium.determined.results import Determined, listed, outwards, plain_tables, shipped, witness
from compendium.verification.audit.rounding import printed_number, span
from compendium.verification.published import read_claims

SCALE = 10  # tenths of ng/mL or UI/mL
_TANGENTS = 240
_NAMES = {
    "tryptase": "tryptase", "total_ige": "total IgE", "paired_t": "paired t test", "signed_rank": "signed-rank test",
}  # fmt: skip
_CLAIMED = {"tryptase": "results.biology.tryptase", "total_ige": "results.biology.ige"}
_RESTS_ON = {name: (f"{claims}.*",) for name, claims in _CLAIMED.items()}
_RESTS_ON["total_ige"] += ("criteria ige_stable_percent=20", "IgE rose or was stable")


@cache
def printed(analyte: str) -> Levels:
    """Give what is printed of the levels of an analyte, in tenths."""
    claims, name, times = read_claims(), _CLAIMED[analyte], ("before", "on")
    n = count_of(claims, f"{name}.patients")
    sums = [whole_numbers(span(claims.at[f"{name}.{time}.mean", "value"]), n * SCALE) for time in times]
    if analyte == "tryptase":
        return Levels(n, *sums, *((0, one.stop) for one in sums), None)
    ends = ("minimum", "maximum")
    ranges = [tuple(_tenths(claims.at[f"{name}.{time}.{end}", "value"]) for end in ends) for time in times]
    return Levels(n, *sums, *ranges, count_of(claims, f"{name}.increased"))


def _tenths(text: str) -> int:
    return int(SCALE * printed_number(text)[0])


def p_of_t(n: int, change: float, squares: float) -> float:
    """Give the two-sided p value of the paired t test from the sum of the changes and that of their squares."""
    spread = n * squares - change**2
    if spread <= 0:
        return 0.0
    return float(2 * stats.t.sf(abs(change) * sqrt((n - 1) / spread), n - 1))


@cache
def t_range(analyte: str) -> tuple[float, float]:
    """Bound the p value of the paired t test."""
    levels = printed(analyte)
    least, most = levels.on.start - (levels.before.stop - 1), levels.on.stop - 1 - levels.before.start
    if levels.rising is None:
        # All changes may be as alike as whole tenths can be, or all that there is may be in two patients.
        pairs = product(levels.before, levels.on)
        low = min(p_of_t(levels.n, change, _closest_squares(levels.n, change)) for change in _uneven(levels))
        return low, max(p_of_t(levels.n, on - before, before**2 + on**2) for before, on in pairs)
    fewest, highest = least_squares(levels)[0], most_squares(levels)
    return p_of_t(levels.n, most, fewest), p_of_t(levels.n, least, highest)


def _uneven(levels: Levels) -> list[int]:
    """List the sums that are no multiple of the number of patients: changes that are all alike give no test."""
    least, most = levels.on.start - (levels.before.stop - 1), levels.on.stop - 1 - levels.before.start
    return [change for change in range(least, most + 1) if change % levels.n]


def _closest_squares(n: int, change: int) -> int:
    """Add up the squares of n whole numbers as alike as can be."""
    return sum(one**2 for one in alike(change, n))


@cache
def least_squares(levels: Levels) -> tuple[float, Pairs | None]:
    """Bound the sum of squared changes from below, by two solvers, and give levels near that.

    Each square is above its tangents. HiGHS lets levels be no whole tenths; the lower of both bounds is taken.
    """
    (b_low, b_high), (o_low, o_high) = levels.of_before, levels.of_on
    n, width = levels.n, max(1, (b_high // 5 + o_high) // _TANGENTS)
    tangents = np.arange(-b_high // 5 // width * width, o_high + width, width)
    # Of each patient: before, on, square, and whether he or she has the least or greatest level before or on therapy.
    rows: list[tuple[dict[int, float], float, float]] = [  # factors by column, and between what their sum lies
        ({7 * i: 1 for i in range(n)}, levels.before.start, levels.before.stop - 1),
        ({7 * i + 1: 1 for i in range(n)}, levels.on.start, levels.on.stop - 1),
        *(({7 * i + role: 1 for i in range(n)}, 1, n) for role in range(3, 7)),
    ]
    for i in range(n):
        at = 7 * i
        # square >= 2 * slope * change - slope ** 2
        rows += [({at + 2: 1, at + 1: -2 * slope, at: 2 * slope}, -(float(slope) ** 2), inf) for slope in tangents]
        if i < levels.rising:
            rows.append(({at + 1: 5, at: -6}, 0, inf))
        else:
            rows += [({at + 1: 5, at: -6}, -inf, 0), ({at + 1: 5, at: -4}, 0, inf)]
        for place, (low, high) in ((0, levels.of_before), (1, levels.of_on)):
            rows.append(({at + place: 1, at + 3 + 2 * place: high - low}, -inf, high))  # who has the least has no more
            rows.append(({at + place: 1, at + 4 + 2 * place: low - high}, low, inf))
    table = np.zeros((len(rows), 7 * n))
    for line, (factors, _, _) in zip(table, rows, strict=True):
        line[list(factors)] = list(factors.values())
    cost = np.zeros(7 * n)
    cost[2::7] = 1
    kinds = np.tile([0, 0, 0, 1, 1, 1, 1], n)
    least = np.tile([b_low, o_low, 0, 0, 0, 0, 0], n)
    most = np.tile([b_high, o_high, float(o_high) ** 2, 1, 1, 1, 1], n)
    least[6] = 1  # nobody whose level is stable can have the greatest on therapy: let it be the first
    _, lows, highs = zip(*rows, strict=True)
    limits = {"bounds": Bounds(least, most), "constraints": LinearConstraint(table, lows, highs)}
    found = milp(cost, integrality=kinds, **limits, options={"node_limit": 2000})
    bound, pairs = level_search.closest_levels(levels, tangents.tolist())
    return min(float(found.mip_dual_bound), bound) * (1 - 1e-9), pairs


def most_squares(levels: Levels) -> float:
    """Bound the sum of squared changes from above: between corners of what is possible a square is below the chord.

    What a solver finds is only taken as prices of the limits. With any prices that pay for the square of each corner
    the limits cost no less than the squares can add up to; this is reckoned in fractions, so that no solver is trusted.
    """
    (b_low, b_high), (o_low, o_high), fifth = levels.of_before, levels.of_on, Fraction(1, 5)
    least, most = (1 - fifth), (1 + fifth)
    rises = [(b_low, o_low), (b_low, o_high), (b_high, most * b_high), (b_high, o_high), (o_low / most, o_low)]
    stable = [(o_low / most, o_low), (o_low / least, o_low), (b_high, least * b_high), (b_high, most * b_high)]
    corners = [(int(rose), before, on) for rose, some in ((1, rises), (0, stable)) for before, on in some]
    squares = [(on - before) ** 2 for _, before, on in corners]
    kinds = [[rose for rose, _, _ in corners], [1 - rose for rose, _, _ in corners]]
    sizes = [levels.rising, levels.n - levels.rising]
    limits = list(zip(kinds, sizes, strict=True))  # a factor of each corner, and what their sum is at most
    limits += [([-one for one in kind], -size) for kind, size in limits]
    for place, total, ends in ((1, levels.before, levels.of_before), (2, levels.on, levels.of_on)):
        values = [corner[place] for corner in corners]
        limits += [(values, total.stop - 1), ([-one for one in values], -total.start)]
        limits += [([-int(one == end) for one in values], -1) for end in ends]
    table = np.array([row for row, _ in limits], dtype=float)
    found = linprog([-float(one) for one in squares], A_ub=table, b_ub=[float(limit) for _, limit in limits])
    prices = [max(Fraction(0), Fraction(-price)) for price in found.ineqlin.marginals.tolist()]
    unpaid = [
        square - sum(price * row[j] for price, (row, _) in zip(prices, limits, strict=True))
        for j, square in enumerate(squares)
    ]
    for number, kind in enumerate(kinds):  # what is missing at a corner is added to the price of a patient of its kind
        prices[number] += max(0, *(one for one, inside in zip(unpaid, kind, strict=True) if inside))
    cost = sum(price * limit for price, (_, limit) in zip(prices, limits, strict=True))
    return nextafter(float(cost), inf)


@cache
def rank_range(analyte: str) -> tuple[float, float]:
    """Bound the p value of the signed-rank test."""
    levels = printed(analyte)
    low = 2.0 ** (1 - levels.n)  # all changes of one sign
    if levels.rising is None:
        return low, 1.0
    return low, max(patterns(levels))[0]


@cache
def patterns(levels: Levels) -> list[tuple[float, int, int, tuple[int, ...]]]:
    """List the p value, how many levels fall, how many change, and the ties, of each order that there can be."""
    found = []
    for falling in range(levels.n - levels.rising + 1):
        above = surely_above(levels, falling)
        for changed in range(levels.rising + falling, levels.n + 1):
            # What is surely larger is no tie.
            for one in product(product((0, 1), repeat=changed - above - 1), (0,), product((0, 1), repeat=above - 1)):
                ties = (*one[0], one[1], *one[2])
                found.append((_p_at_most(changed, falling, above, ties), falling, changed, ties))
    return found


def surely_above(levels: Levels, falling: int) -> int:
    """Count the rises that are surely larger than any change of a stable level, which is at most a fifth of it.

    If fewer were, the rises, and the changes of those stable who do not fall, could not add up to the printed change.
    """
    fifth, others = levels.of_before[1] // 5, levels.n - levels.rising - falling
    rest = min(others * fifth, levels.before.stop // 5)
    change = levels.on.start - (levels.before.stop - 1) - rest
    largest = levels.of_on[1] - levels.of_before[0]
    return next(k for k in range(levels.rising + 1) if k * largest + (levels.rising - k) * fifth >= change)


def _p_at_most(changed: int, falling: int, above: int, ties: tuple[int, ...]) -> float:
    """Give the p value if the changes that fall are the largest below some rises; 1 in ties is as large as the next."""
    doubled, start = np.zeros(changed, dtype=np.int64), 0
    for place in range(changed):
        if place == changed - 1 or not ties[place]:
            doubled[start : place + 1] = start + place + 2
            start = place + 1
    lower = int(doubled[changed - above - falling : changed - above].sum())
    return min(1.0, 2 * exact_upper(doubled, max(lower, int(doubled.sum()) - lower)))


def _levels_at(analyte: str, test: str, largest: bool) -> Pairs | None:
    """Find levels for one end of the p value of a test."""
    levels = printed(analyte)
    if test == "signed_rank":
        if not largest:
            return level_search.ranked_levels(levels, None, ())
        if levels.rising is None:
            return level_search.balanced_levels(levels)
        _, falling, changed, ties = max(patterns(levels))
        if falling < levels.n - levels.rising or changed < levels.n:
            return None  # it is looked for only where all who are stable fall
        return level_search.ranked_levels(levels, surely_above(levels, falling), ties)
    if levels.rising is not None:
        # The more the squares add up to, the further is the mean change from being significant.
        return level_search.extreme_levels(levels) if largest else least_squares(levels)[1]
    if largest:
        rest = [(0, 0)] * (levels.n - 2)
        return [(levels.before.stop - 1, 0), (0, levels.on.start), *rest]
    return _alike(levels)


def _alike(levels: Levels) -> Pairs:
    """Give everyone nearly the same level before therapy, and changes of which the test makes most."""
    n = levels.n
    change = min(_uneven(levels), key=lambda one: p_of_t(n, one, _closest_squares(n, one)))
    total = next(one for one in levels.before if one + change in levels.on)
    return [(one, one + more) for one, more in zip(alike(total, n), alike(change, n), strict=True)]


@cache
def cohort_with(analyte: str, pairs: tuple[tuple[int, int], ...]) -> Cohort:
    """Make a cohort that fits in which the tested patients have these levels before and on therapy."""
    tables = plain_tables()
    samples = tables["laboratory"]
    mine = samples["analyte"] == analyte
    patients = list(dict.fromkeys(samples.loc[mine, "patient_id"]))
    for time, values in zip(("before", "on_therapy"), zip(*pairs, strict=True), strict=True):
        rows = mine & (samples["time_point"] == time)
        levels = pd.Series(values, patients) / SCALE
        samples.loc[rows, "value"] = samples.loc[rows, "patient_id"].map(levels)
    return witness(tables)


@listed
def answers() -> Iterator[Determined]:
    """Answer for the p values of both tests of tryptase and of total IgE, before against on therapy."""
    for analyte, test in product(_CLAIMED, ("paired_t", "signed_rank")):
        low, high = outwards(*{"paired_t": t_range, "signed_rank": rank_range}[test](analyte))
        name = f"biology.{analyte}.{test}"
        found = [summarise(shipped())[name]["p_value"]]
        for largest in (False, True):
            pairs = _levels_at(analyte, test, largest)
            if pairs is not None:
                found.append(summarise(cohort_with(analyte, tuple(pairs)))[name]["p_value"])
        reached = outwards(min(found), max(found))
        yield Determined(
            f"{name}.p_value", f"p of {_NAMES[analyte]}, {_NAMES[test]}", "p", low, min(high, 1.0), reached[0],
            min(reached[1], 1.0), ("P", "R"), _RESTS_ON[analyte], _PROOFS[f"{analyte} {test}"], 1.0,
        )  # fmt: skip


_PROOFS = {
    "tryptase paired_t": "Only two means are printed: all 15 may have changed nearly alike, or one fallen and another "
    "risen by all there is.",
    "tryptase signed_rank": "All 15 may have risen; or falls and rises may have ranks that add up to the same.",
    "total_ige paired_t": "Means, ranges and 11 rises give the mean change; how much the changes differ, which the "
    "test divides it by, is held between two bounds only.",
    "total_ige signed_rank": "All 15 may have risen, 4 by less than a fifth. Or these 4 fell, by a fifth at most; "
    "then at least two rises are larger than that, or the printed means would not come out.",
}
