"""Which printed numbers cannot hold together: found by the solver from the claims alone."""

from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from compendium.verification.identities import canonical, consistency, denominator_of, relations
from compendium.verification.published import CLAIMS, built_values, read_answers, read_claims

# By hand, from the manuscript: numbers of 56 patients, one of none, and a count that repeats its denominator.
WRONG = {
    *("highlights.patients", "highlights.best.orr.all", "abstract.safety.side_effects", "abstract.safety.interrupted"),
    *("results.best.orr.idiopathic", "table1.who.atypical", "table1.therapy.cytoreductive.masitinib"),
    "table1.therapy.cytoreductive.imatinib",
}
RIGHT = [
    "table2.best.mr.cm",  # 45.45 twice in a column whose parts then miss 90.9 by 0.1
    "table1.marrow.kit",  # nested rows whose sum exceeds their parent
    "results.safety.fatigue",  # 23 events in 16 patients
    "results.sustained.responders",  # 33 of 43 and 32 still responding are two definitions
    "results.last.orr.all",
    "table2.last.lost.all",  # 4 in the table, 2 and 2 in the text
]


@pytest.fixture(scope="module")
def claims():
    return read_claims().join(read_answers(CLAIMS.with_name("answers.csv"), read_claims()))


@pytest.fixture(scope="module")
def model(claims):
    return consistency(claims)


@pytest.fixture(scope="module")
def largest(model):
    return model.largest_possible()


@pytest.fixture(scope="module")
def values():
    return built_values(Path(__file__).resolve().parents[1] / "figures")


@pytest.fixture(scope="module")
def sizes(values):
    return {canonical(name): entry.get("n") for name, entry in values.items()}


def test_the_contradictions_are_found_from_the_claims_alone(model, largest):
    assert set(model.claims) - set(largest) == WRONG
    assert set(RIGHT) <= set(largest)
    assert len(model.claims) > 230
    for claim in largest[::20]:
        assert model.minimal_set(claim, [other for other in largest if other != claim]) is None


@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_every_minimal_set_is_minimal(model, largest, wrong):
    minimal = model.minimal_set(wrong, largest)
    assert minimal[0] == wrong and len(minimal) <= 3
    assert not model.possible(minimal)
    for dropped in minimal:
        assert model.possible([claim for claim in minimal if claim != dropped]), dropped


def test_a_sum_that_does_not_add_up_is_proved_by_its_parts(claims):
    """One partial response more in CM: 10 responders there are then 5 + 6."""
    claims = claims.copy()
    claims.loc["table2.best.pr.cm", "numerator"] = "6"
    model = consistency(claims)
    others = [name for name in model.claims if name not in WRONG and name != "table2.best.pr.cm"]
    minimal = model.minimal_set("table2.best.pr.cm", others)
    assert minimal is not None and model.possible(minimal[1:])
    assert all(name.startswith("table2.") or name.split(".")[-1] in ("cm", "all", "patients") for name in minimal)


def test_relations_and_denominators_are_true_of_the_shipped_rows(sizes, values):
    """The definitions are true of the shipped rows, so that no contradiction comes from them."""
    checked = 0
    for left, relation, right in relations():
        numbers = [sizes.get(name) for name in (left, *right)]
        if None not in numbers:
            checked += 1
            assert numbers[0] == sum(numbers[1:]) if relation == "=" else numbers[0] <= sum(numbers[1:]), left
    assert checked > 80
    kinds = ("response.", "table_2:", "patients.kit_positive", "dosing.", "followup.s")
    checked = 0
    for name, entry in values.items():
        size = sizes.get(denominator_of(canonical(name)))
        if name.startswith(kinds) and "ratio" not in entry and None not in (size, entry.get("denominator")):
            checked += 1
            assert entry["denominator"] == size, name
    assert checked > 150


def test_small_sets_are_judged_as_by_enumeration():
    """Every pair of a count and a percentage of ten patients, against trying all whole numbers."""
    empty = dict.fromkeys(["numerator", "denominator", "denominator_printed"], "")
    size = empty | {"value": "", "answer": "patients.included.screened", "statistic": "n"}
    rate = empty | {"value": "", "answer": "response.best.orr.all", "statistic": "percent"}
    frame = pd.DataFrame({"size": size, "rate": rate}).T
    for size, percent in product((3, 7, 10), range(0, 101, 9)):
        frame["value"] = [str(size), str(percent)]
        tenths = [1000 * n // size for n in range(size + 1)]
        possible = any(10 * percent <= t < 10 * percent + 10 or (t + 5) // 10 == percent for t in tenths)
        assert consistency(frame).possible(["size", "rate"]) == possible, (size, percent)
