"""A hundred made-up papers so small that all people who fit them can be listed, and the list, by counting alone.

Each paper prints some numbers of a few people who were drawn. A statement stands here twice: as the package takes it,
and as a function that says of each population of the list whether its numbers would be printed so.
"""

import itertools
import random
from dataclasses import dataclass, field

import numpy as np

from compendium.bounds import statements
from compendium.bounds.people import Attribute, People, Statement

SHAPES = [((2, 2), 12), ((2, 3), 12), ((2, 2, 2), 8), ((3, 3), 8), ((2, 2, 3), 6), ((2, 2, 2, 2), 5), ((3, 2, 3), 4)]


def compositions(total, parts):
    """All ways to put so many people in so many cells, one a row."""
    bars = np.array(list(itertools.combinations(range(total + parts - 1), parts - 1)), dtype=np.int64)
    bars = bars.reshape(-1, parts - 1)
    ends = np.full((len(bars), 1), total + parts - 1)
    return np.diff(np.hstack([np.full((len(bars), 1), -1), bars, ends])) - 1


def printed(parts, wholes, decimals=0):
    """Quotients as printed with some decimals, half up; as a whole number of the last digit, -1 of nobody."""
    return np.where(wholes > 0, (2 * 10**decimals * parts + wholes) // np.maximum(2 * wholes, 1), -1)


def shown(units, decimals):
    text = f"{units:0{decimals + 1}d}"
    return f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text


@dataclass
class Paper:
    """A made-up paper: its people, and all that fit it."""

    size: int
    attributes: tuple[Attribute, ...]
    cells: list[dict]
    listed: np.ndarray
    truth: np.ndarray
    stated: list[tuple[Statement, np.ndarray]] = field(default_factory=list)

    @property
    def people(self):
        return People(self.size, self.attributes, tuple(statement for statement, _ in self.stated))

    @property
    def fits(self):
        """Which of the list fit all statements."""
        return np.logical_and.reduce([np.ones(len(self.listed), dtype=bool), *(fits for _, fits in self.stated)])

    def inside(self, cell):
        """Which of the combinations of values lie in a cell."""
        return np.array([all(one[name] in values for name, values in cell.items()) for one in self.cells])

    def counts(self, cell):
        """How many people of each population of the list are in a cell."""
        return self.listed @ self.inside(cell)

    def true(self, cell):
        return int(self.truth @ self.inside(cell))

    def ends(self, cell):
        """The smallest and the largest number of people in a cell."""
        fitting = self.counts(cell)[self.fits]
        return int(fitting.min()), int(fitting.max())


def _some(rng, paper, number):
    """A cell of some attributes."""
    chosen = rng.sample(paper.attributes, number)
    return {one.name: tuple(rng.sample(one.values, rng.randint(1, len(one.values) - 1))) for one in chosen}


def _count(rng, paper, name):
    cell = _some(rng, paper, rng.choice([1, 1, 2]))
    number = paper.true(cell)
    return statements.counted(name, cell, number), paper.counts(cell) == number


def _percent(rng, paper, name):
    part, whole = _some(rng, paper, 1), _some(rng, paper, rng.choice([0, 1]))
    both = dict(whole)
    for key, values in part.items():
        both[key] = tuple(value for value in values if value in whole.get(key, values))
    if not paper.true(whole):
        return _count(rng, paper, name)
    decimals = rng.choice([0, 0, 1])
    units = int(printed(np.array(100 * paper.true(both)), np.array(paper.true(whole)), decimals))
    of = whole if whole else rng.choice([{}, paper.size])
    fits = printed(100 * paper.counts(both), paper.counts(whole), decimals) == units
    return statements.share(name, part, shown(units, decimals), of=of), fits


def _rule(rng, paper, name):
    one, other = rng.sample(paper.attributes, 2)
    when, then = {one.name: (rng.choice(one.values),)}, {other.name: (rng.choice(other.values),)}
    against = paper.counts(when) - paper.counts(when | then)
    if paper.true(when) - paper.true(when | then):
        if paper.true(when | then):
            return _count(rng, paper, name)
        return statements.never(name, when | then), paper.counts(when | then) == 0
    return statements.implies(name, when, then), against == 0


def _values(paper, attribute, within):
    """The values of a score of each population, sorted, as counts up to each value."""
    return {value: paper.counts(within | {attribute.name: (value,)}) for value in attribute.values}


def _summary(rng, paper, name):
    scores = [one for one in paper.attributes if isinstance(one.values[0], int)]
    others = [one for one in paper.attributes if one not in scores]
    if not scores:
        return _count(rng, paper, name)
    score = scores[0]
    within = {others[0].name: (others[0].values[0],)} if others and rng.random() < 0.5 else {}
    n = paper.true(within)
    if n < 2:
        return _count(rng, paper, name)
    there, sizes = _values(paper, score, within), paper.counts(within)
    total = sum(value * number for value, number in there.items())
    square = sum(value**2 * number for value, number in there.items())
    mine = int(np.flatnonzero((paper.listed == paper.truth).all(axis=1))[0])
    kind = rng.choice(["mean", "sd", "median", "minimum", "maximum", "mean of any number"])
    means = printed(total, sizes, 1)
    if kind == "mean of any number":
        return statements.mean(name, score, shown(means[mine], 1), None, within), means == means[mine]
    if kind == "mean":
        return statements.mean(name, score, shown(means[mine], 1), n, within), (means == means[mine]) & (sizes == n)
    if kind == "sd":
        # The printed deviation in tenths: the largest whole number whose half step below is not above the deviation.
        spread = np.maximum((sizes * square - total**2) * 400, 0)
        sd = np.zeros(len(total), dtype=np.int64)
        for tenths in range(1, 60):
            sd = np.where((2 * tenths - 1) ** 2 * sizes * (sizes - 1) <= spread, tenths, sd)
        made = statements.deviation(name, score, shown(sd[mine], 1), shown(means[mine], 1), n, within)
        return made, (sd == sd[mine]) & (means == means[mine]) & (sizes == n)
    if kind == "median":
        upto = np.cumsum([there[value] for value in score.values], axis=0)
        middle = [
            np.array(score.values)[np.minimum((upto < place).sum(axis=0), len(score.values) - 1)]
            for place in ((n + 1) // 2, n // 2 + 1)
        ]
        twice = middle[0] + middle[1]
        made = statements.median(name, score, shown(5 * twice[mine], 1), n, within)
        return made, (twice == twice[mine]) & (sizes == n)
    end = max if kind == "maximum" else min
    value = end(value for value in score.values if there[value][mine])
    outside = [other for other in score.values if (other > value if end is max else other < value)]
    make = statements.largest if end is max else statements.smallest
    return make(name, score, value, within), (sum(there[o] for o in outside) == 0) & (there[value] > 0)


def make_paper(seed):
    """Draw a paper: its people, and what it prints of them; one paper in five misprints a number."""
    rng = random.Random(seed)
    shape, most = SHAPES[seed % len(SHAPES)]
    size = rng.randint(2, most)
    words = [tuple(f"{'abcd'[place]}{value}" for value in range(width)) for place, width in enumerate(shape)]
    if rng.random() < 0.6:
        place = len(shape) - 1
        first = rng.choice([0, 1])
        words[place] = tuple(range(first, first + shape[place]))
    attributes = tuple(Attribute("abcd"[place], values) for place, values in enumerate(words))
    cells = [dict(zip("abcd", values, strict=False)) for values in itertools.product(*words)]
    listed = compositions(size, len(cells))
    paper = Paper(size, attributes, cells, listed, listed[rng.randrange(len(listed))])
    kinds = [_count, _percent, _rule, _summary]
    for number in range(rng.randint(1, 6)):
        statement, fits = rng.choice(kinds)(rng, paper, f"s{number}")
        paper.stated.append((Statement(statement.name, statement.sums, statement.ways, rng.choice("PPPRL")), fits))
    if rng.random() < 0.2:
        cell = _some(rng, paper, 1)
        wrong = max(paper.true(cell) + rng.choice([-1, 1]), 0)
        paper.stated.append((statements.counted("misprint", cell, wrong), paper.counts(cell) == wrong))
    return paper
