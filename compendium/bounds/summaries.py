"""How many sets of whole numbers have a printed mean, deviation and size? Counted, not listed, as exactly.

CLOSURE (Larigaldie and Jung; R package unsum) lists all sets of n answers on a scale of whole numbers
with a printed mean and standard deviation. Here they are counted: values go by their distance d from a value in the
middle, and what matters of some of the n answers is how many they are, the sum of d and the sum of its squares. Answers
outside of the three middle values are added one value after the other, and sets alike in these three numbers are one
state with a multiplicity. The answers of the three middle values (d = -1, 0, 1) then follow: as many squares as are
missing have to be at -1 and 1, and the sum says how many at each.
"""

from dataclasses import dataclass
from math import comb
from typing import NamedTuple

import numpy as np

from compendium.bounds.statements import spanned, squares, whole_numbers
from compendium.verification.audit.arithmetic import Rules
from compendium.verification.audit.rounding import count, printed_number

MOST_STATES = 20_000_000
"""No more states are kept at once."""


@dataclass(frozen=True)
class DataSets:
    """How many sets of answers there are, and for each value the smallest and largest number of answers with it.

    The ranges are empty where there is no set.
    """

    number: int
    ranges: dict[int, tuple[int, int]]


class _States(NamedTuple):
    """Numbers of answers, their sums and sums of squares, and in how many ways each comes about."""

    n: np.ndarray
    sums: np.ndarray
    squares: np.ndarray
    ways: np.ndarray


class _Target(NamedTuple):
    """A sum of all answers and the sums of squares, from first to last, that are allowed beside it."""

    total: int
    first: int
    last: int


def data_sets(mean: str, sd: str, n: int, lowest: int, highest: int, rules: Rules = "half_up") -> DataSets:
    """Count the sets of n whole numbers, lowest to highest, with this printed mean and standard deviation.

    Parameters
    ----------
    mean, sd : str
        As printed; the deviation has the divisor n - 1.
    n : int
        How many answers, from 2.
    lowest, highest : int
        The ends of the scale; answers need not reach them.
    rules : str or tuple of str
        How mean and deviation may have been rounded.

    Returns
    -------
    DataSets
        Two sets are one if as many answers have each value.

    Raises
    ------
    ValueError
        If a number is not allowed, or there would be more than `MOST_STATES` states.
    """
    count(n, "n", 2)
    if highest < lowest:
        raise ValueError(f"scale {lowest} to {highest} is not allowed; the second is at least the first")
    middle = min(max(round(printed_number(mean)[0]), lowest + 1), max(highest - 1, lowest + 1))
    targets = _targets(mean, sd, n, middle, rules)
    distances = [value - middle for value in range(lowest, highest + 1)]
    inner = [d for d in distances if abs(d) <= 1]
    outer = sorted((d for d in distances if abs(d) > 1), key=lambda d: (-abs(d), d))
    room = max((target.last for target in targets), default=-1)
    exact = comb(n + len(distances) - 1, n) < 2**62
    allowed = [d in inner for d in (-1, 0, 1)]

    def reached(states: _States, values: list[int]) -> _States:
        for d in values:
            states = _added(states, d, n, room)
        return states

    nobody = _States(*(np.zeros(1, dtype=np.int64) for _ in range(3)), np.ones(1, dtype="int64" if exact else "O"))
    states = reached(nobody, outer)
    number = sum(int((states.ways * _fitting(states, target, n, allowed)).sum()) for target in targets)
    ranges: dict[int, tuple[int, int]] = {}

    def divide(states: _States, left: list[int]) -> None:
        """Bound the answers at each value left, given the states of all others."""
        if len(left) == 1:
            ranges[left[0]] = _outer_range(states, left[0], targets, n, allowed)
        else:
            half = len(left) // 2
            divide(reached(states, left[half:]), left[:half])
            divide(reached(states, left[:half]), left[half:])

    if number:
        ranges |= _inner_ranges(states, targets, n, allowed, inner)
        if outer:
            divide(nobody, outer)
    return DataSets(number, {middle + d: ranges[d] for d in sorted(ranges)})


def _targets(mean: str, sd: str, n: int, middle: int, rules: Rules) -> list[_Target]:
    found = []
    for total in whole_numbers(spanned(mean, rules), n):
        possible = squares(sd, n, total, rules)
        shifted, change = total - n * middle, n * middle**2 - 2 * middle * total
        first, last = possible.start + change, possible.stop - 1 + change
        if max(first, 0) <= last:
            found.append(_Target(shifted, first, last))
    return found


def _added(states: _States, d: int, n: int, room: int) -> _States:
    """Add any number of answers at a distance; sets that leave the room of the squares are dropped."""
    layers, layer = [states], states
    while (stays := (layer.n < n) & (layer.squares + d * d <= room)).any():
        layer = _States(layer.n[stays] + 1, layer.sums[stays] + d, layer.squares[stays] + d * d, layer.ways[stays])
        layers.append(layer)
        if sum(len(one.n) for one in layers) > MOST_STATES:
            raise ValueError(f"n = {n} on this scale has more than {MOST_STATES} states; allowed is a narrower one")
    together = _States(*(np.concatenate(parts) for parts in zip(*layers, strict=True)))
    width = int(np.abs(together.sums).max()) + 1
    key = (together.n * (room + 1) + together.squares) * (2 * width) + together.sums + width
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(np.diff(key[order], prepend=-1))
    ways = np.add.reduceat(together.ways[order], first)
    return _States(*(column[order][first] for column in together[:3]), ways)


def _limits(states: _States, target: _Target, n: int, allowed: list[bool]) -> tuple[np.ndarray, np.ndarray]:
    """Give the sums of squares, from first to last in steps of two, that the middle values can make of each state."""
    missing, left = target.total - states.sums, n - states.n
    first = np.maximum(target.first - states.squares, abs(missing))
    last = np.minimum(target.last - states.squares, left)
    below, at, above = allowed
    # Without -1 (or 1) all squares are at the other; without 0 all answers are at these two.
    if not below or not above:
        only = missing if above else -missing
        first, last = np.maximum(first, only), np.minimum(last, only if above or below else 0)
    if not at:
        first = np.maximum(first, left)
    # Whole numbers and their squares are both even or both odd, and so are the sums.
    first = first + (first - missing) % 2
    return first, last - (last - missing) % 2


def _fitting(states: _States, target: _Target, n: int, allowed: list[bool]) -> np.ndarray:
    first, last = _limits(states, target, n, allowed)
    return np.maximum((last - first) // 2 + 1, 0)


def _inner_ranges(
    states: _States, targets: list[_Target], n: int, allowed: list[bool], inner: list[int]
) -> dict[int, tuple[int, int]]:
    """Bound the answers at the middle values: with most squares there are most at -1 and 1, and fewest at 0."""
    ends: dict[int, list[int]] = {d: [] for d in inner}
    for target in targets:
        first, last = _limits(states, target, n, allowed)
        fits = first <= last
        missing, left = (target.total - states.sums)[fits], (n - states.n)[fits]
        for squared in (first[fits], last[fits]):
            for d in inner:
                answers = (squared + d * missing) // 2 if d else left - squared
                ends[d] += [int(answers.min()), int(answers.max())] if len(answers) else []
    return {d: (min(found), max(found)) for d, found in ends.items()}


def _outer_range(states: _States, d: int, targets: list[_Target], n: int, allowed: list[bool]) -> tuple[int, int]:
    """Bound the answers at another value: the fewest, and the most, with which the rest can be made up."""

    def possible(answers: int) -> bool:
        more = _States(states.n + answers, states.sums + answers * d, states.squares + answers * d * d, states.ways)
        return any(_fitting(more, target, n, allowed).any() for target in targets)

    fewest = next(answers for answers in range(n + 1) if possible(answers))
    return fewest, next(answers for answers in range(n, -1, -1) if possible(answers))
