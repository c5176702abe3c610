"""Bounds and facts of a hundred made-up papers, against the list of all people who fit them."""

import ast
import hashlib
import os
import subprocess
import sys
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import combinations, product

import numpy as np
import pytest

from compendium.bounds import ensembles, statements
from compendium.bounds.answers import Bounds, counted_in, frechet
from compendium.bounds.needed import ContradictionError, contradiction
from compendium.bounds.people import Attribute, People, Statement, UnknownNameError, as_cell, both, words
from compendium.bounds.programme import build, components
from compendium.bounds.questions import facts
from compendium.bounds.solvers import Found, Solvers
from tests.places import ROOT
from tests.small_papers import make_paper

PAPERS = range(100)


def fits(paper, cohort):
    """Find a table of people in the list, by counting its rows; whether it fits all that is stated."""
    rows = list(cohort[[one.name for one in paper.attributes]].itertuples(index=False, name=None))
    counts = np.array([rows.count(tuple(cell.values())) for cell in paper.cells])
    (place,) = np.flatnonzero((paper.listed == counts).all(axis=1))
    return paper.fits[place]


def questions(paper):
    """Each single value, each pair of first values, and one of three attributes where there are three."""
    names = [one.name for one in paper.attributes]
    values = {one.name: one.values for one in paper.attributes}
    asked = [{name: (values[name][-1],)} for name in names[:1]]
    asked += [{a: (values[a][0],), b: (values[b][0],)} for a, b in combinations(names, 2)]
    return asked + ([{name: values[name][:-1] for name in names}] if len(names) > 2 else [])


@pytest.mark.parametrize("seed", [pytest.param(one, marks=[pytest.mark.long] * (one >= 40)) for one in PAPERS])
def test_bounds_and_contradictions_are_those_of_the_list(seed):
    paper = make_paper(seed)
    if not paper.fits.any():
        with pytest.raises(ContradictionError) as error:
            Bounds(paper.people)
        named = [fitting for statement, fitting in paper.stated if statement.name in error.value.names]
        assert len(named) == len(error.value.names) and not np.logical_and.reduce(named).any()
        others = [fitting for _, fitting in paper.stated]
        smaller = combinations(others, len(named) - 1)
        assert all(np.logical_and.reduce([paper.listed[:, 0] >= 0, *some]).any() for some in smaller)
        return
    bounds = Bounds(paper.people)
    for cell in questions(paper):
        answer = bounds.count(cell)
        assert (answer.low, answer.high) == paper.ends(cell)
        assert answer.exact and answer.checked and not answer.note
        counts = [
            np.all([one[name].isin(cell[name]) for name in cell], axis=0).sum()
            for one in (answer.low_witness, answer.high_witness)
        ]
        assert counts == [answer.low, answer.high]
        assert fits(paper, answer.low_witness) and fits(paper, answer.high_witness)


def _facts_of_the_list(paper):
    """Counts of two attributes that all statements make narrower than those of these two alone."""
    found = set()
    for one, other in combinations(paper.attributes, 2):
        mine = [fitting for statement, fitting in paper.stated if statement.attributes <= {one.name, other.name}]
        alone = np.logical_and.reduce([paper.listed[:, 0] >= 0, *mine])
        for a, b in product(one.values, other.values):
            counts = paper.counts({one.name: (a,), other.name: (b,)})
            all_of_it, of_two = counts[paper.fits], counts[alone]
            ends = (int(all_of_it.min()), int(all_of_it.max()), int(of_two.min()), int(of_two.max()))
            if ends[:2] != ends[2:]:
                found.add((words(as_cell({one.name: a, other.name: b})), *ends))
    return found


@pytest.mark.parametrize("tens", [0, 1, 2, *(pytest.param(tens, marks=pytest.mark.long) for tens in range(3, 10))])
def test_facts_are_those_of_the_list(tens):
    for paper in map(make_paper, range(tens * 10, tens * 10 + 10)):
        if paper.fits.any():
            cohorts = ensembles.sample(paper.people, 1, seed=tens)
            assert all(fits(paper, cohort) for cohort in cohorts)
            found = facts(Bounds(paper.people), cohorts, combinations(paper.people.values, 2))
            shown = zip(
                found["fact"], found["low"], found["high"], found["alone_low"], found["alone_high"], strict=True
            )
            assert {(fact.split(" with ")[1], *ends) for fact, *ends in shown} == _facts_of_the_list(paper)
            assert found["surprise"].is_monotonic_decreasing and found["surprise"].between(0, 1).all()


def test_layers_can_be_left_out():
    checked = 0
    for paper in map(make_paper, PAPERS):
        printed = [(statement, fitting) for statement, fitting in paper.stated if statement.layer == "P"]
        if len(printed) < len(paper.stated) and paper.fits.any() and checked < 12:
            everything, checked = paper.stated, checked + 1
            cell = questions(paper)[-1]
            paper.stated = everything
            people = paper.people.without(layers="RL")
            paper.stated = printed
            answer = Bounds(people).count(cell)
            assert (answer.low, answer.high) == paper.ends(cell)
            assert set(answer.layers) <= {"P"}
    assert checked == 12


def test_an_answer_rests_on_a_smallest_set_of_statements():
    checked = 0
    for paper in map(make_paper, range(40)):
        cell = questions(paper)[1]
        if not paper.fits.any() or len(paper.stated) < 4:
            continue
        answer, everything = Bounds(paper.people).count(cell, smallest=True), paper.stated
        paper.stated = [one for one in everything if one[0].name in answer.rests_on]
        assert paper.ends(cell) == (answer.low, answer.high)
        needed = paper.stated
        for one in needed:
            paper.stated = [other for other in needed if other is not one]
            assert paper.ends(cell) != (answer.low, answer.high)
        checked += bool(needed)
    assert checked >= 10


SEX, RESPONSE = Attribute("sex", ("male", "female")), Attribute("response", ("complete", "partial", "none"))
NONE = {"response": "none"}


@pytest.mark.parametrize(("men", "responders", "size"), [(16, 43, 55), (30, 40, 55), (5, 7, 60), (0, 9, 9), (9, 9, 9)])
def test_two_margins_give_what_frechet_says(men, responders, size):
    stated = (
        statements.counted("men", {"sex": "male"}, men),
        statements.counted("responders", {"response": ("complete", "partial")}, responders),
    )
    people = People(size, (SEX, RESPONSE), stated)
    answer = Bounds(people).count({"sex": "male"}, within={"response": ("complete", "partial")})
    assert (answer.low, answer.high) == frechet(men, responders, size)
    assert (answer.low, answer.high) == (max(0, men + responders - size), min(men, responders))


def test_fixed_bounded_and_open():
    people = People(10, (SEX, RESPONSE), (statements.counted("men", {"sex": "male"}, 4),))
    bounds = Bounds(people)
    asked = [
        ({"sex": "female"}, {}),
        ({"sex": "male", "response": "none"}, {}),
        ({"response": "none"}, {"sex": "male"}),
    ]
    answers = [bounds.count(cell, within) for cell, within in asked]
    assert [(one.verdict, one.low, one.high) for one in answers] == [("fixed", 6, 6), ("bounded", 0, 4), ("open", 0, 4)]
    assert bounds.count({}).verdict == "fixed" and bounds.count({}).low == 10
    others = bounds.of(((1, ()), (-1, as_cell({"sex": "male"} | NONE))))
    assert (others.low, others.high, others.low_reached, others.high_reached) == (6, 10, 6, 10)
    assert [one.high for one in bounds.table("sex", "response")] == [4, 4, 4, 6, 6, 6]


def test_sums_of_values_and_people_in_several_cells():
    therapies = tuple(Attribute(f"t{number}", ("yes", "no")) for number in range(4))
    uses = (statements.linear("uses", [(1, {one.name: "yes"}) for one in therapies], 9, 9),)
    people = People(6, (*therapies, Attribute("score", (0, 1, 2))), uses)
    bounds = Bounds(people)
    for number in range(1, 5):
        # Nine uses of six people: listed by hand as the numbers of therapies of each.
        vectors = [v for v in product(range(5), repeat=6) if sum(v) == 9]
        counts = [sum(one >= number for one in vector) for vector in vectors]
        answer = bounds.of(statements.several(number, [{one.name: "yes"} for one in therapies]))
        assert (answer.low, answer.high) == (min(counts), max(counts))
    total = bounds.of(statements.total(people.attributes[-1]))
    assert (total.low, total.high) == (0, 12) and total.high_witness["score"].sum() == 12


@pytest.mark.parametrize("rule", ["half_up", "half_even", "truncate"])
@pytest.mark.parametrize("printed", ["0", "12", "13", "50", "62", "88", "100"])
def test_percentages_of_a_group_of_any_size(printed, rule):
    # Of eight people eighths are on the edge of a rounded percentage; nobody is no percentage of nobody.
    rounding = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "truncate": ROUND_DOWN}[rule]
    pairs = [(k, d) for d in range(1, 9) for k in range(d + 1)]
    shown = [(k, d) for k, d in pairs if (Decimal(100 * k) / d).quantize(Decimal(1), rounding) == int(printed)]
    people = People(8, (SEX, RESPONSE), (statements.share("men", {"sex": "male"}, printed, NONE, rule),))
    if not shown:
        assert contradiction(people) == ["men"]
        return
    bounds = Bounds(people)
    men, group = bounds.count({"sex": "male"}, NONE), bounds.count(NONE)
    assert (men.low, men.high) == (min(k for k, _ in shown), max(k for k, _ in shown))
    assert (group.low, group.high) == (min(d for _, d in shown), max(d for _, d in shown))


def test_sums_of_both_signs():
    fewer = statements.linear("fewer men", [(1, {"sex": "male"}), (-1, {"sex": "female"})], None, 0)
    more = statements.linear("more men than without response", [(1, {"sex": "male"}), (-1, NONE)], 1, None)
    answer = Bounds(People(11, (SEX, RESPONSE), (fewer, more))).count({"sex": "male"})
    assert (answer.low, answer.high) == (1, 5)
    answer = Bounds(People(11, (SEX, RESPONSE), (fewer, more))).count(NONE)
    assert (answer.low, answer.high) == (0, 4)


def test_characteristics_that_are_tied_in_a_ring():
    # a and b go together, b and c, c and d, and so a and d have to; each pair alone would allow anything.
    ring = ("ab", "bc", "cd", "de")
    attributes = tuple(Attribute(name, ("yes", "no")) for name in "abcde")
    stated = [statements.counted(f"{one.name}", {one.name: "yes"}, 5) for one in attributes]
    stated += [statements.counted(one, {one[0]: "yes", one[1]: "yes"}, 5) for one in ring]
    people = People(10, attributes, tuple(stated))
    answer = Bounds(people).count({"a": "yes"}, within={"e": "yes"})
    assert (answer.low, answer.high) == (5, 5)
    with pytest.raises(ContradictionError) as error:
        Bounds(People(10, attributes, (*stated, statements.counted("ea", {"e": "yes", "a": "yes"}, 4))))
    assert set(ring) <= set(error.value.names) and "ea" in error.value.names
    found = build(people, "abcde", [("a", "e")])
    assert max(len(clique.names) for clique in found.tree) == 3 and len(found.tree) == 3


def test_what_does_not_exist_is_named_with_the_nearest():
    bounds = Bounds(People(5, (SEX, RESPONSE)))
    with pytest.raises(UnknownNameError, match=r"no attribute 'Sexe'; known are sex, response; did you mean sex\?"):
        bounds.count({"Sexe": "male"})
    with pytest.raises(UnknownNameError, match=r"'response' has no value 'partiel'; known .* did you mean partial\?"):
        bounds.count({"sex": "male"}, within={"response": ("complete", "partiel")})
    with pytest.raises(UnknownNameError, match="statement 'men': there is no attribute 'gender'"):
        People(5, (SEX,), (statements.counted("men", {"gender": "male"}, 3),))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: People(0, (SEX,)),
        lambda: People(5, (SEX, SEX)),
        lambda: Attribute("sex", ()),
        lambda: Attribute("sex", ("male", "male")),
        lambda: statements.counted("men", {"sex": "male"}, 3, layer="D"),
        lambda: statements.mean("age", SEX, "3"),
        lambda: statements.deviation("age", Attribute("age", (1, 2)), "0.5", "1.5", 1),
        lambda: statements.share("men", {"sex": "male"}, "half"),
        lambda: Statement("men", (((1, ()),),), (((1, 1), (2, 2)),)),
    ],
)
def test_wrong_statements_are_refused(wrong):
    with pytest.raises(ValueError, match=r"allowed|needs|no whole|no printed"):
        wrong()


def test_the_fewest_statements_that_contradict_are_named():
    stated = (
        statements.counted("men", {"sex": "male"}, 6),
        statements.counted("women", {"sex": "female"}, 3),
        statements.counted("complete", {"response": "complete"}, 2),
        statements.share("percent", {"response": "complete"}, "25.0"),
        statements.counted("none", {"response": "none"}, 11),
    )
    # 6 + 3 are not 10, and 25.0 % of 10 is no number of people, nor are 11 of 10: one is enough.
    assert contradiction(People(10, (SEX, RESPONSE), stated)) in (["percent"], ["none"], ["men", "women"])
    assert contradiction(People(10, (SEX, RESPONSE), stated[:3])) == ["men", "women"]
    # Three classes of 4 are not 10 either; but that is proved by more statements, though they come first.
    classes = [statements.counted(value, {"response": value}, 4) for value in RESPONSE.values]
    again = statements.counted("complete again", {"response": "complete"}, 5)
    assert contradiction(People(10, (SEX, RESPONSE), (*classes, again))) == ["complete", "complete again"]
    assert contradiction(People(10, (RESPONSE, SEX), (*classes, *stated[:2]))) == ["men", "women"]
    with pytest.raises(ContradictionError, match=r"cannot hold together, though .* any one of them: men, women$"):
        Bounds(People(10, (SEX, RESPONSE), stated[:3]))


@pytest.mark.parametrize("silent", ["cp_sat", "highs", "both"])
def test_a_limit_that_is_reached_is_said(monkeypatch, silent):
    people = People(10, (SEX, RESPONSE), (statements.counted("men", {"sex": "male"}, 4),))
    bounds = Bounds(people)
    for name in ("cp_sat", "highs") if silent == "both" else (silent,):
        monkeypatch.setattr(Solvers, name, lambda *_: Found(None))
    answer = bounds.count({"sex": "male", "response": "none"})
    if silent == "both":
        assert (answer.low, answer.high, answer.exact) == (0, 10, False)
        assert "limit was reached: nothing outside 0 to 10 is possible, ? to ? is reached" in answer.note
        assert answer.low_witness is None
    else:
        assert (answer.low, answer.high, answer.exact, answer.checked) == (0, 4, True, False)
        assert "one solver" in answer.note


def test_solvers_that_disagree_are_not_believed(monkeypatch):
    bounds = Bounds(People(10, (SEX, RESPONSE), (statements.counted("men", {"sex": "male"}, 4),)))
    monkeypatch.setattr(Solvers, "highs", lambda *_: Found(True, 3))
    with pytest.raises(RuntimeError, match="disagree"):
        bounds.count({"sex": "male", "response": "none"})


def digest():
    """All numbers of some models."""
    found = hashlib.sha256()
    for paper in map(make_paper, range(4, 12)):
        for names in components(paper.people, [("a", "b")]):
            programme = build(paper.people, names, [("a", "b")])
            found.update(repr((programme.tree, programme.starts)).encode())
            for numbers in (*programme.cells, programme.upper, *(part for row in programme.rows for part in row[:2])):
                found.update(np.ascontiguousarray(numbers, dtype=np.int64).tobytes())
            found.update(repr([row[2:] for row in programme.rows]).encode())
    return found.hexdigest()


def test_two_runs_build_the_same_model():
    environment = os.environ | {"PYTHONHASHSEED": "77"}
    command = [sys.executable, "-c", "import tests.test_bounds as tests; print(tests.digest())"]
    other = subprocess.check_output(command, cwd=ROOT, text=True, env=environment)
    assert other.strip() == digest()


def drawing(text):
    """Lines of a module that import or use a generator of random numbers."""
    found = []
    for node in ast.walk(ast.parse(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [node.attr] if isinstance(node, ast.Attribute) else []
        found += [name for name in names if {"random", "secrets", "default_rng", "ensembles"} & set(name.split("."))]
    return found


def test_nothing_that_makes_a_model_draws():
    modules = {path.stem: drawing(path.read_text("utf-8")) for path in (ROOT / "compendium/bounds").glob("*.py")}
    assert {name for name, found in modules.items() if found} == {"ensembles", "__main__"}
    assert all(map(drawing, ("import random", "from numpy.random import rand", "import numpy as n\nn.random.rand()")))


def test_other_people_who_fit_are_the_same_for_the_same_seed():
    people = make_paper(3).people
    first = ensembles.sample(people, 3, seed=5)
    again = [ensembles.one_of(people, 5, number) for number in (2, 1, 0)]
    assert all(a.equals(b) for a, b in zip(first, again[::-1], strict=True))
    assert not all(a.equals(b) for a, b in zip(first, ensembles.sample(people, 3, seed=6), strict=True))
    with pytest.raises(ContradictionError):
        ensembles.sample(People(5, (SEX,), (statements.counted("men", {"sex": "male"}, 6),)), 1, 1)


def test_other_people_reach_the_ends():
    attributes = tuple(Attribute(name, ("yes", "no")) for name in "abcdefgh")
    stated = [statements.counted(f"{one.name}", {one.name: "yes"}, 6 + number) for number, one in enumerate(attributes)]
    stated += [statements.counted(f"{a}{b}", {a: "yes", b: "yes"}, 5) for a, b in ("ab", "bc", "cd", "ef")]
    people = People(20, attributes, tuple(stated))
    bounds, cohorts = Bounds(people), ensembles.sample(people, 40, seed=1)
    cells = [as_cell({a.name: "yes", b.name: "yes"}) for a, b in combinations(attributes, 2)]
    found = [(bounds.count(cell), [counted_in(cohort, cell) for cohort in cohorts]) for cell in cells]
    assert all(one.low <= min(seen) and max(seen) <= one.high for one, seen in found)
    wide = [{one.low, one.high} <= set(seen) for one, seen in found if one.low < one.high]
    assert sum(wide) >= 0.8 * len(wide)


def test_cells_are_written_as_they_are_read():
    assert (
        words(both({"sex": "male"}, {"age": range(18, 41), "sex": ("male", "female")})) == "age = 18 to 40, sex = male"
    )
    assert words(both({"sex": "male"}, {"sex": "female"})) == "sex = nothing" and words(()) == "all"
