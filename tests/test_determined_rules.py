"""How far other rules can move the numbers of responders: against brute force, and with cohorts that lie inside."""

import ast
import itertools
from pathlib import Path

import pytest

from analysis.criteria import PAPER, Criteria
from analysis.sensitivity import response_outcomes
from analysis.symptoms import symptom_profile
from compendium.determined import courses, rule_ranges, rules, stored, symptoms
from compendium.determined.courses import State
from compendium.determined.results import lost_claims, plain_tables, shipped, witness
from compendium.determined.rule_ranges import cohort_at, poles
from tests.places import ROOT

GRADES = (0, 1, 2, 3, 4, 6)  # in quarters


def by_hand(grades, new, partial=10, major=50, worsening="total", appeared="rule_out"):
    """The class of a patient with these grades, by the sentences of L210-L216."""
    before, score = 4 * len(grades), sum(grades)
    if appeared == "count":
        score += 4 * new
    if (appeared == "rule_out" and new) or (worsening == "any" and 6 in grades):
        return "NR"
    if score == 0:
        return "CR"
    fall = 100 * (before - score)
    return "MR" if fall > major * before else "PR" if fall >= partial * before else "NR"


RULES = {
    Criteria(worsening="any"): {"worsening": "any"},
    Criteria(partial_from_percent=20): {"partial": 20},
    Criteria(partial_from_percent=30): {"partial": 30},
    Criteria(major_above_percent=40): {"major": 40},
    Criteria(major_above_percent=60): {"major": 60},
    Criteria(new_symptoms="count"): {"appeared": "count"},
    Criteria(new_symptoms="ignore"): {"appeared": "ignore"},
}


@pytest.mark.parametrize("criteria", RULES, ids=lambda one: str(rule_ranges.changed_option(one)))
def test_classes_under_another_rule_are_those_of_all_patients_with_few_symptoms(criteria):
    found = {}
    for size in range(1, 8):
        for grades in itertools.combinations_with_replacement(GRADES, size):
            for new in range(3):
                here, there = by_hand(grades, new), by_hand(grades, new, **RULES[criteria])
                found.setdefault(here, set()).add(there)
    assert rules.classes_under(criteria) == found


@pytest.mark.parametrize("missing", ["drop", "no_response"])
def test_classes_with_missing_grades_are_those_of_all_patients_with_few_symptoms(missing):
    found = {}
    for size in range(1, 5):
        # Of each symptom the grade at best response and that at last follow-up, which may be missing.
        for grades in itertools.combinations_with_replacement(itertools.product(GRADES[:5], (*GRADES[:5], None)), size):
            here = by_hand([best if last is None else last for best, last in grades], 0)
            known = [4 if last is None else last for _, last in grades if last is not None or missing != "drop"]
            found.setdefault(here, set()).add(by_hand(known, 0) if known else "NR")
    # Few symptoms do not give every class that more of them do, but no other one.
    allowed = rules.last_under(Criteria(missing_last=missing))
    assert all(found[one] <= allowed[one] for one in found)
    assert all(found[one] == allowed[one] for one in ("CR", "MR", "PR"))


def test_states_fill_table_2_in_one_way_or_another():
    """Every table of states by diagnosis listed by hand: what ask_states says is the smallest and largest."""
    left = {
        "ISM": (4, {"PR": 4, "loss": 2, "intolerance": 1, "lost": 3}),
        "CM": (1, {"PR": 3, "loss": 1, "intolerance": 2}),
    }
    left["idiopathic"] = (2, {"PR": 1, "loss": 1, "lost": 1})
    lost_in_mr = []
    for size, cells in left.values():
        ways = itertools.product(*(range(most + 1) for most in cells.values()))
        lost_in_mr.append([dict(zip(cells, way, strict=True)).get("loss", 0) for way in ways if sum(way) == size])
    expected = sum(map(min, lost_in_mr)), sum(map(max, lost_in_mr))
    assert courses.ask_states(lambda state: int(state == State("MR", "loss"))) == expected
    assert courses.ask_states(lambda state: 0) == (0, 0)
    assert courses.ask_states(lambda state: 1) == (55, 55)


def test_kept_ranges_are_those_that_are_computed():
    kept = stored.read(table="rules")
    changes = {rule_ranges.changed_option(one): one for one in rules.single_changes()}
    assert set(zip(kept["option"], kept["value"], strict=True)) == set(changes)
    for row in kept[kept["outcome"] != "sustained"].itertuples():
        assert (row.low, row.high) == rules.count_range(row.outcome, changes[row.option, row.value])
    assert (kept["low"] <= kept["low_reached"]).all() and (kept["high_reached"] <= kept["high"]).all()


@pytest.mark.parametrize("which", ["shipped", pytest.param("other", marks=pytest.mark.long)])
def test_cohorts_lie_inside(which, request):
    cohort = shipped() if which == "shipped" else request.getfixturevalue("another_cohort")
    kept = stored.read(table="rules").set_index(["option", "value", "outcome"])
    for criteria in rules.single_changes():
        for outcome, value in response_outcomes(cohort, criteria).items():
            row = kept.loc[(*rule_ranges.changed_option(criteria), outcome)]
            assert row["low"] <= value <= row["high"], (criteria, outcome)


def test_a_witness_is_a_cohort_that_keeps_what_the_shipped_one_keeps():
    criteria = Criteria(worsening="any")
    cohort = cohort_at(criteria, next(poles(criteria)))
    found = response_outcomes(cohort, criteria)
    assert found["best.orr"] == 1 and response_outcomes(cohort, PAPER)["best.orr"] == 43
    assert not lost_claims(cohort)
    tables = plain_tables()
    tables["courses"].loc[tables["courses"]["ongoing"] == "yes", "duration_months"] += 1
    with pytest.raises(ValueError, match=r"results\.duration"):
        witness(tables)


@pytest.mark.long
def test_every_end_is_attained_again():
    assert rule_ranges.ranges().equals(stored.read(table="rules"))
    assert all(one.exact for one in symptoms.anaphylaxis())


def test_answers_say_what_moves():
    found = {one.quantity: one for one in rule_ranges.answers()}
    one = found["best.orr|worsening=any"]
    assert (one.low, one.high, one.exact, one.verdict) == (1, 43, True, "bounded")
    assert found["last.intolerance|intolerance=all"].verdict == "fixed"
    assert "best.orr|major_above_percent=40" not in found
    assert all(one.layers == ("P", "R") and one.proof.endswith(".") for one in found.values())


def test_nothing_here_draws():
    """No module of the rooms that answers rest on imports a generator of random numbers, nor the draws."""
    seen, due = set(), ["compendium.determined.rule_ranges", "compendium.determined.symptoms"]
    while due:
        name = due.pop()
        path = ROOT / Path(*name.split(".")).with_suffix(".py")
        path = path if path.exists() else ROOT / Path(*name.split(".")) / "__init__.py"
        if name in seen or not path.exists():
            continue
        seen.add(name)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            imports = isinstance(node, ast.Import | ast.ImportFrom)
            names = [one.name for one in node.names] if imports else []
            module = getattr(node, "module", None)
            imported = [f"{module}.{one}" if module else one for one in names]
            assert not any("random" in one for one in imported), (name, imported)
            assert "compendium.reconstruction.leaning" not in (module, *imported)
            due += [one for one in (module, *imported) if one and one.split(".")[0] in ("analysis", "compendium")]
            if isinstance(node, ast.Attribute) and not name.startswith("analysis"):  # p values may be simulated
                assert ast.unparse(node) not in ("np.random", "numpy.random"), name
    assert len(seen) > 20


@pytest.fixture
def anaphylaxis(monkeypatch):
    """What is said of anaphylaxis, with ends that its grades attain; that cohorts have such grades is tested below."""
    monkeypatch.setattr(symptoms, "_in_a_cohort", lambda grades: symptoms.tested([*grades, symptoms.WORSE]))
    found = symptoms.anaphylaxis.__wrapped__()
    return {one.quantity.removeprefix("symptoms.score.anaphylaxis."): one for one in found}


def test_grades_of_anaphylaxis_are_those_of_a_whole_cohort():
    found, alone = symptoms._in_a_cohort((3,) * 13), symptoms.tested([3] * 13 + [symptoms.WORSE])
    assert {name: found[name] for name in alone} == alone


def test_anaphylaxis_is_significant_whatever_the_grades(anaphylaxis):
    stars, mean = anaphylaxis["stars"], anaphylaxis["mean_score"]
    assert (stars.low, stars.high, stars.exact) == (1, 3, True)
    # All gone, or all only slightly better: 13 grades and one of 1.5, of 14.
    assert (mean.low, mean.high) == (1.5 / 14, (13 * 0.75 + 1.5) / 14)
    # 13 against 1: the ways to have one or none on one side of 14 coins, on either side.
    assert anaphylaxis["p_sign"].low == anaphylaxis["p_sign"].high == 2 * 15 / 2**14
    # With 13 dramatic or gone the one that is worse has the smallest change of all 14, so of 2 ** 14 signs only that of
    # all alike and that of this one are as far out.
    assert anaphylaxis["p_value|without epinephrine"].low == 4 / 2**14
    assert anaphylaxis["stars|without epinephrine"].verdict == "fixed"
    assert all(one.exact for one in anaphylaxis.values())
    assert len(symptoms.compositions((3, 2, 1, 0), 13, 1)) == 560


def test_the_shipped_and_the_other_cohort_lie_inside_of_what_is_said_of_anaphylaxis(anaphylaxis, another_cohort):
    for cohort in (shipped(), another_cohort):
        found = symptom_profile(cohort).loc["anaphylaxis"]
        for name in ("p_value", "p_sign", "mean_score", "effect"):
            assert anaphylaxis[name].low <= found[name] <= anaphylaxis[name].high
