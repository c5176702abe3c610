"""Which counts are hidden, and that a second attacker, by enumeration or by another solver, learns none of them."""

import os
import subprocess
import sys
from functools import partial
from itertools import chain, combinations

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.criteria import PAPER, read_criteria
from analysis.vocabulary import Population
from compendium.centre.disclosure.cells import Cells, at_most, check_threshold, sums_to
from compendium.centre.disclosure.study_cells import joined_cells, shared_numbers
from compendium.centre.disclosure.suppression import Attacker, suppress
from tests.cohorts import random_cohort
from tests.places import ROOT, shipped_cohort


def grid(counts, **part):
    """A square table with its sums ("0+" is that of the first row), and a part of its first cell if one is given."""
    inner = np.array(counts)
    table = np.block([[inner, inner.sum(axis=1, keepdims=True)], [inner.sum(axis=0), inner.sum()]])
    names = np.array([[f"{row}{column}" for column in (*range(len(inner)), "+")] for row in (*range(len(inner)), "+")])
    values = dict(zip(names.ravel().tolist(), table.ravel().tolist(), strict=True)) | part
    sums = [sums_to(line[-1], line[:-1]) for line in (*names.tolist(), *names.T.tolist())]
    return Cells(values, (*sums, *(at_most(cell, "00") for cell in part)))


def random_grid(seed, largest=15, size=4):
    return grid(np.random.default_rng(seed).integers(0, largest + 1, (size, size)))


def cohort_cells(seed, n):
    return joined_cells(random_cohort(n, seed), PAPER, 5)[1]


def small_of(cells, threshold=5):
    return {cell for cell, value in cells.values.items() if value < threshold}


def enumerated(cells, hidden, largest):
    """The values of each cell of a 2 by 2 grid in all tables up to a largest number that agree with what is shown."""
    parts = largest if "part" in cells.values else 0
    a, b, c, d, part = np.indices((largest + 1, largest + 1, largest + 1, largest + 1, parts + 1)).reshape(5, -1)
    tables = [a, b, a + b, c, d, c + d, a + c, b + d, a + b + c + d, part]
    agree = part <= a
    for table, (cell, value) in zip(tables, cells.values.items(), strict=False):
        agree &= (table == value) | (cell in hidden)
    return {cell: set(table[agree].tolist()) for cell, table in zip(cells.values, tables, strict=False)}


def safe(cells, hidden, threshold, largest):
    """Whether every value below the threshold is possible for every count below it, by trying all tables."""
    values = enumerated(cells, hidden, largest)
    return all(set(range(max(threshold, 2))) <= values[cell] for cell in small_of(cells, threshold))


class SecondAttacker:
    """The same reader with another solver, which knows only numbers and a matrix."""

    def __init__(self, cells, hidden):
        self.place = {cell: number for number, cell in enumerate(cells.values)}
        rows = np.zeros((len(cells.relations), len(self.place)))
        for row, relation in zip(rows, cells.relations, strict=True):
            for side, sign in ((relation.left, -1), (relation.right, 1)):
                row[[self.place[cell] for cell in side]] = sign
        self.constraints = LinearConstraint(rows, 0, [0 if one.equal else np.inf for one in cells.relations])
        shown = {cell: float(value) for cell, value in cells.values.items() if cell not in hidden}
        self.low = np.array([shown.get(cell, cells.least.get(cell, 0)) for cell in cells.values])
        self.high = np.array([shown.get(cell, 1e5) for cell in cells.values])
        self.seen = set()  # the values of all cells in the tables found

    def possible(self, cell, value):
        low, high, place = self.low.copy(), self.high.copy(), self.place[cell]
        if (cell, value) in self.seen or not low[place] <= value <= high[place]:
            return (cell, value) in self.seen
        low[place] = high[place] = value
        whole = np.ones(len(low))
        found = milp(0 * whole, integrality=whole, bounds=Bounds(low, high), constraints=self.constraints)
        assert found.status in (0, 2)
        self.seen.update(zip(self.place, np.rint(found.x).tolist(), strict=True) if found.status == 0 else ())
        return found.status == 0


@pytest.mark.parametrize("seed", range(8))
def test_the_reader_infers_what_trying_all_tables_leaves(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 4, (2, 2))
    cells = grid(counts, part=int(rng.integers(0, counts[0, 0] + 1))) if seed % 2 else grid(counts)
    # The sum of all is shown, so that no cell is larger than it and all tables can be tried.
    hidden = [cell for cell in cells.values if cell != "++" and rng.random() < 0.7]
    possible, values = enumerated(cells, hidden, cells.values["++"]), range(cells.values["++"] + 2)
    excluded = set(Attacker(cells).excluded(hidden, cells.values, values))
    assert excluded == {(cell, value) for cell in cells.values for value in values if value not in possible[cell]}


def test_half_a_patient_is_not_possible():
    # a + b = b + c makes a = c, so that t = a + c is even; in numbers that are not whole it may be odd.
    sums = (sums_to("s", ["a", "b"]), sums_to("s", ["b", "c"]), sums_to("t", ["a", "c"]))
    attacker, hidden = Attacker(Cells({"a": 1, "b": 2, "c": 1, "s": 3, "t": 2}, sums)), {"a", "b", "c", "t"}
    assert list(attacker.excluded(hidden, ["t"], range(8))) == [("t", 1), ("t", 3), ("t", 5), ("t", 7)]
    assert attacker.reason(hidden, "t", 1) == []


@pytest.mark.parametrize(
    ("hidden", "cell", "value"), [("00 10", "00", 3), ("00 01 10 +1", "00", 9), ("00 01 0+ +1", "01", 8)]
)
def test_every_cell_of_a_reason_is_needed(hidden, cell, value):
    cells = grid([[1, 7], [8, 9]])
    reason = Attacker(cells).reason(hidden.split(), cell, value)
    assert reason and not set(reason) & set(hidden.split())
    for dropped in (None, *reason):
        shown = set(reason) - {dropped}
        possible = SecondAttacker(cells, set(cells.values) - shown).possible(cell, value)
        assert possible == (dropped is not None)


@pytest.mark.parametrize("seed", range(6))
def test_as_few_cells_are_hidden_as_protect_a_tiny_table(seed):
    cells = random_grid(100 + seed, 4, 2)
    small = small_of(cells, 2)
    others = [cell for cell in cells.values if cell not in small]
    sets = chain.from_iterable(combinations(others, size) for size in range(len(others) + 1))
    fewest = next(more for more in sets if safe(cells, small.union(more), 2, 8))
    found = suppress(cells, 2)
    assert small <= found and safe(cells, found, 2, 8)
    assert len(found - small) == len(fewest)


def test_a_dear_cell_stays_if_a_cheap_one_does_and_thresholds_of_two_and_less():
    for dear, other in (("b", "c"), ("c", "b")):
        cells = Cells({"n": 20, "a": 2, "b": 8, "c": 10}, (sums_to("n", ["a", "b", "c"]),), costs={"n": 5, dear: 2})
        assert suppress(cells, 5) == {"a", other}
    cells = grid([[0, 1], [7, 9]])
    assert suppress(cells, 0) == frozenset() and suppress(cells, 2) >= {"00", "01", "0+"}
    # With a threshold of 1 only zeros are hidden, and a reader must not be sure that they are.
    one = suppress(cells, 1)
    assert one > {"00"} and list(Attacker(cells).excluded(one, ["00"], [0, 1])) == []


def test_a_threshold_that_is_none_is_refused():
    cohort = random_cohort(3, seed=0)
    for threshold in (-1, 21, 2.5, 5.0, True, None, "5", float("nan")):
        for refuse in (check_threshold, partial(shared_numbers, cohort, PAPER)):
            with pytest.raises(ValueError, match="allowed is a whole number from 0"):
                refuse(threshold)


@pytest.mark.parametrize(("given", "said"), [
    ({"values": {"n": 4, "a": 2}, "relations": [sums_to("n", ["a"])]}, "n = a does not hold"),
    ({"values": {"n": 4, "a": 5}, "relations": [at_most("a", "n")]}, "a <= n does not hold"),
    ({"values": {"n": 4}, "relations": [at_most("a", "n")]}, "cell 'a', which is not among the cells"),
    ({"values": {"n": 4}, "least": {"n": 5}}, "cell 'n' is 4; allowed is 5 or more"),
    ({"values": {"n": 4}, "costs": {"n": 0}}, "cell 'n' costs 0; allowed is 1 or more"),
])  # fmt: skip
def test_cells_that_contradict_each_other_are_refused(given, said):
    with pytest.raises(ValueError, match=said):
        Cells(**given)


def long(*cases):
    return [pytest.param(*case, marks=pytest.mark.long) for case in cases]


@pytest.mark.parametrize(("n", "seed"), [(14, 3), (300, 6), *long((3, 1), (8, 2), (40, 4), (55, 5))])
def test_no_small_count_of_a_random_cohort_can_be_inferred(n, seed):
    cells = cohort_cells(seed, n)
    found = suppress(cells, 5)
    assert small_of(cells) <= found
    second, nothing_shown = SecondAttacker(cells, found), SecondAttacker(cells, cells.values)
    for cell in sorted(small_of(cells)):
        for value in (0, 4):
            assert second.possible(cell, value) or not nothing_shown.possible(cell, value), (cell, value)


@pytest.mark.parametrize(("make", "work"), [
    *((partial(random_grid, seed), work) for seed in (1, 2) for work in (0.05, 0)),
    *long((partial(cohort_cells, 7, 14), 0), (partial(cohort_cells, 8, 55), 0.05)),
])  # fmt: skip
def test_to_show_any_one_more_cell_would_give_a_small_count_away(make, work, monkeypatch):
    # Without any work spent on the choice everything is hidden at first.
    monkeypatch.setattr("compendium.centre.disclosure.suppression._WORK", work)
    cells = make()
    found, small = suppress(cells, 5), small_of(cells)
    assert found > small
    for cell in found - small:
        second = SecondAttacker(cells, found - {cell})
        beside = {name for r in cells.relations if cell in (*r.left, *r.right) for name in (*r.left, *r.right)}
        # Those beside it are most at risk, and their least and greatest values; the others come last.
        order = sorted(small, key=lambda name: (name not in beside, name))
        assert not all(second.possible(name, value) for value in (0, 4, 1, 2, 3) for name in order), cell


def test_the_same_cells_give_the_same_choice_in_every_process():
    # Two choices for one cohort, both passed on, would give away more than one.
    code = (
        "from compendium.centre.disclosure.cells import Cells, Relation\n"
        "from compendium.centre.disclosure.suppression import suppress\n"
        f"print(sorted(suppress({random_grid(0)!r}, 5)))"
    )
    surroundings = [os.environ | {"PYTHONHASHSEED": seed} for seed in ("0", "1")]
    first, second = (subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=one) for one in surroundings)
    assert first == second


@pytest.mark.parametrize("population", Population)
def test_what_a_reader_is_said_to_know_is_true_of_any_cohort(population):
    for seed in range(2):
        cohort = random_cohort(30, seed, population)
        for criteria in (PAPER, read_criteria("intolerance=all,missing_last=no_response")):
            # A relation that does not hold is an error of its own.
            assert len(joined_cells(cohort, criteria, 3)[1].relations) > 80


def test_the_one_patient_with_mmas():
    _, cells = joined_cells(shipped_cohort(), PAPER, 5)
    small, attacker, found = small_of(cells), Attacker(cells), suppress(cells, 5)
    # Were only the small counts hidden, 41 - 29 - 11 would tell that one patient has MMAS, and 43 - 30 - 12 that one
    # had a complete response.
    for cell in ("patients/MMAS", "best.cr/all"):
        assert [value for _, value in attacker.excluded(small, [cell], range(56))] == [0, *range(2, 56)]
    # MMAS is a part of primary beside ISM and CM, and of MCAS beside idiopathic.
    assert found & {"patients/ISM", "patients/CM", "patients/primary"}
    assert found & {"classification.mcas", "patients/idiopathic"}
    everyone = ["patients/all", "best.orr/all", "last.persistent_orr/all", "men", "women", "presentation.skin"]
    assert not found & set(everyone)
    assert list(attacker.excluded(found, sorted(small), (0, 4))) == []
