"""Which counts are hidden, and that a second attacker, by enumeration or by another solver, learns none of them."""

from itertools import chain, combinations, product
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.cohort import read_cohort
from analysis.criteria import PAPER, read_criteria
from compendium.centre.disclosure.attacker import Attacker
from compendium.centre.disclosure.cells import Cells, at_most, check_threshold, sums_to
from compendium.centre.disclosure.study_cells import joined_cells, shared_numbers
from compendium.centre.disclosure.suppression import suppress
from tests.cohorts import random_cohort

COHORT = Path(__file__).resolve().parents[1] / "data" / "cohort"
SIZES = ((3, 1), (8, 2), (14, 3), (40, 4), (55, 5), (300, 6))


def square(a, b, c, d, **more):
    """A table of two rows and two columns with its sums, and a count that is at most the first cell."""
    values = {"a": a, "b": b, "c": c, "d": d, "ab": a + b, "cd": c + d, "ac": a + c, "bd": b + d, "all": a + b + c + d}
    sums = {"ab": "ab", "cd": "cd", "ac": "ac", "bd": "bd"}
    relations = [sums_to(whole, list(parts)) for whole, parts in sums.items()]
    relations += [sums_to("all", ["ab", "cd"]), sums_to("all", ["ac", "bd"])]
    relations += [at_most("part", "a")] if "part" in more else []
    return Cells(values | more, tuple(relations))


def enumerated(cells, hidden, largest):
    """Every table of numbers up to a largest one that agrees with what is shown, by trying all of them."""
    shown = {cell: value for cell, value in cells.values.items() if cell not in hidden}
    tables = []
    for a, b, c, d in product(range(largest + 1), repeat=4):
        for part in range(a + 1) if "part" in cells.values else (None,):
            more = {} if part is None else {"part": part}
            table = {"a": a, "b": b, "c": c, "d": d, "ab": a + b, "cd": c + d, "ac": a + c, "bd": b + d}
            table |= {"all": a + b + c + d} | more
            if all(table[cell] == value for cell, value in shown.items()):
                tables.append(table)
    return tables


def safe(cells, hidden, threshold, largest):
    """Whether every value below the threshold is possible for every count below it, by trying all tables."""
    tables = enumerated(cells, hidden, largest)
    small = [cell for cell, value in cells.values.items() if value < threshold]
    return all(set(range(max(threshold, 2))) <= {table[cell] for table in tables} for cell in small)


class SecondAttacker:
    """The same reader with another solver, which knows only numbers and a matrix."""

    def __init__(self, cells, hidden):
        names = list(cells.values)
        self.place = {cell: number for number, cell in enumerate(names)}
        rows, low = [], []
        for relation in cells.relations:
            row = np.zeros(len(names))
            for side, sign in ((relation.left, -1), (relation.right, 1)):
                for cell in side:
                    row[self.place[cell]] += sign
            rows.append(row)
            low.append(0)
        high = [0 if relation.equal else np.inf for relation in cells.relations]
        self.constraints = LinearConstraint(np.array(rows), low, high)
        self.low = np.array([float(cells.least.get(cell, 0)) for cell in names])
        self.high = np.full(len(names), 1e5)
        for cell, value in cells.values.items():
            if cell not in hidden:
                self.low[self.place[cell]] = self.high[self.place[cell]] = value

    def possible(self, cell, value):
        low, high = self.low.copy(), self.high.copy()
        low[self.place[cell]], high[self.place[cell]] = max(value, low[self.place[cell]]), value
        if low[self.place[cell]] > value:
            return False
        whole = np.ones(len(low))
        found = milp(0 * whole, integrality=whole, bounds=Bounds(low, high), constraints=self.constraints)
        assert found.status in (0, 2)
        return found.status == 0


@pytest.mark.parametrize("seed", range(12))
def test_the_reader_infers_what_trying_all_tables_leaves(seed):
    rng = np.random.default_rng(seed)
    a, b, c, d = rng.integers(0, 4, 4).tolist()
    more = {"part": int(rng.integers(0, a + 1))} if seed % 2 else {}
    cells = square(a, b, c, d, **more)
    # The sum of all is shown, so that no cell is larger than it and all tables can be tried.
    hidden = [cell for cell in cells.values if cell != "all" and rng.random() < 0.7]
    tables = enumerated(cells, hidden, cells.values["all"])
    values = range(cells.values["all"] + 2)
    excluded = set(Attacker(cells).excluded(hidden, cells.values, values))
    left = {(cell, value) for cell in cells.values for value in values if all(t[cell] != value for t in tables)}
    assert excluded == left


def test_half_a_patient_is_not_possible():
    # a + b = b + c makes a = c, so that t = a + c is even; in numbers that are not whole it may be odd.
    cells = Cells(
        {"a": 1, "b": 2, "c": 1, "s": 3, "t": 2},
        (sums_to("s", ["a", "b"]), sums_to("s", ["b", "c"]), sums_to("t", ["a", "c"])),
    )
    hidden = {"a", "b", "c", "t"}
    assert list(Attacker(cells).excluded(hidden, ["t"], range(8))) == [("t", 1), ("t", 3), ("t", 5), ("t", 7)]
    assert Attacker(cells).reason(hidden, "t", 1) == []


@pytest.mark.parametrize(("hidden", "cell", "value"), [("a c", "a", 3), ("a b c bd", "a", 9), ("a b ab bd", "b", 8)])
def test_every_cell_of_a_reason_is_needed(hidden, cell, value):
    cells = square(1, 7, 8, 9)
    reason = Attacker(cells).reason(hidden.split(), cell, value)
    assert reason and not set(reason) & set(hidden.split())
    for dropped in (None, *reason):
        shown = set(reason) - {dropped}
        possible = SecondAttacker(cells, set(cells.values) - shown).possible(cell, value)
        assert possible == (dropped is not None)


@pytest.mark.parametrize("seed", range(6))
def test_as_few_cells_are_hidden_as_protect_a_tiny_table(seed):
    rng = np.random.default_rng(100 + seed)
    cells = square(*rng.integers(0, 5, 4).tolist())
    threshold = 2
    small = {cell for cell, value in cells.values.items() if value < threshold}
    others = [cell for cell in cells.values if cell not in small]
    sets = chain.from_iterable(combinations(others, size) for size in range(len(others) + 1))
    fewest = next(set(more) for more in sets if safe(cells, small | set(more), threshold, 8))
    found = suppress(cells, threshold)
    assert small <= found
    assert safe(cells, found, threshold, 8)
    assert len(found - small) == len(fewest)


def test_a_dear_cell_stays_if_a_cheap_one_does():
    values = {"n": 20, "a": 2, "b": 8, "c": 10}
    for dear, other in (("b", "c"), ("c", "b")):
        cells = Cells(values, (sums_to("n", ["a", "b", "c"]),), costs={"n": 5, dear: 2})
        assert suppress(cells, 5) == {"a", other}


def test_one_and_none_below_the_threshold():
    cells = square(0, 1, 7, 9)
    assert suppress(cells, 0) == frozenset()
    one = suppress(cells, 1)
    # With a threshold of 1 only zeros are hidden, and a reader must not be sure that they are.
    assert one > {"a"}
    assert list(Attacker(cells).excluded(one, ["a"], [0, 1])) == []
    assert suppress(cells, 2) >= {"a", "b", "ab"}


@pytest.mark.parametrize("threshold", [-1, 21, 2.5, 5.0, True, None, "5", float("nan")])
def test_a_threshold_that_is_none_is_refused(threshold):
    with pytest.raises(ValueError, match="allowed is a whole number from 0"):
        check_threshold(threshold)
    with pytest.raises(ValueError, match="allowed is a whole number from 0"):
        shared_numbers(random_cohort(3, seed=0), PAPER, threshold)


def test_cells_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="does not hold"):
        Cells({"n": 4, "a": 2, "b": 1}, (sums_to("n", ["a", "b"]),))
    with pytest.raises(ValueError, match="not among the cells"):
        Cells({"n": 4}, (at_most("a", "n"),))
    with pytest.raises(ValueError, match="allowed is 5 or more"):
        Cells({"n": 4}, least={"n": 5})
    with pytest.raises(ValueError, match="allowed is 1 or more"):
        Cells({"n": 4}, costs={"n": 0})


@pytest.mark.parametrize(("n", "seed"), SIZES)
def test_no_small_count_of_a_random_cohort_can_be_inferred(n, seed):
    _, cells = joined_cells(random_cohort(n, seed), PAPER, 5)
    found = suppress(cells, 5)
    small = {cell for cell, value in cells.values.items() if value < 5}
    assert small <= found
    second, nothing_shown = SecondAttacker(cells, found), SecondAttacker(cells, cells.values)
    for cell in sorted(small):
        for value in (0, 4):
            assert second.possible(cell, value) or not nothing_shown.possible(cell, value), (cell, value)


@pytest.mark.parametrize(("n", "seed", "work"), [(14, 7, 0.05), (55, 8, 0.05), (14, 7, 0)])
def test_to_show_any_one_more_cell_would_give_a_small_count_away(n, seed, work, monkeypatch):
    # Without any work spent on the choice everything is hidden at first.
    monkeypatch.setattr("compendium.centre.disclosure.suppression._WORK", work)
    _, cells = joined_cells(random_cohort(n, seed), PAPER, 5)
    found = suppress(cells, 5)
    primary = {cell for cell, value in cells.values.items() if value < 5}
    assert found > primary
    for cell in found - primary:
        second = SecondAttacker(cells, found - {cell})
        beside = {name for r in cells.relations if cell in (*r.left, *r.right) for name in (*r.left, *r.right)}
        # Those beside it are most at risk, and their least and greatest values; the others come last.
        small = sorted(primary, key=lambda name: (name not in beside, name))
        assert not all(second.possible(name, value) for value in (0, 4, 1, 2, 3) for name in small), cell


def test_the_same_cohort_gives_the_same_choice():
    _, cells = joined_cells(random_cohort(300, seed=20), PAPER, 5)
    assert suppress(cells, 5) == suppress(cells, 5)


@pytest.mark.parametrize("population", ["all", "primary", "ISM", "CM", "MMAS", "idiopathic"])
@pytest.mark.parametrize("criteria", ["paper", "intolerance=all,missing_last=no_response"])
def test_what_a_reader_is_said_to_know_is_true_of_any_cohort(population, criteria):
    for seed in range(3):
        # A relation that does not hold is an error of its own.
        _, cells = joined_cells(random_cohort(30, seed, population), read_criteria(criteria), 3)
        assert len(cells.relations) > 80


def test_the_one_patient_with_mmas():
    cohort = read_cohort(COHORT)
    _, cells = joined_cells(cohort, PAPER, 5)
    small = {cell for cell, value in cells.values.items() if value < 5}
    attacker = Attacker(cells)
    # Were only the small counts hidden, 41 - 29 - 11 would tell that one patient has MMAS, and 43 - 30 - 12 that one
    # had a complete response.
    for cell in ("patients/MMAS", "best.cr/all"):
        assert [value for _, value in attacker.excluded(small, [cell], range(56))] == [0, *range(2, 56)]
    found = suppress(cells, 5)
    # MMAS is a part of primary beside ISM and CM, and of MCAS beside idiopathic.
    assert found & {"patients/ISM", "patients/CM", "patients/primary"}
    assert found & {"classification.mcas", "patients/idiopathic"}
    everyone = ["patients/all", "best.orr/all", "last.persistent_orr/all", "men", "women", "presentation.skin"]
    assert not found & set(everyone)
    assert list(attacker.excluded(found, sorted(small), (0, 4))) == []
