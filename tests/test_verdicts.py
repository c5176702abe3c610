"""Verdicts: printed against computed numbers, and the proofs of what cannot be right.

Which printed numbers cannot hold together is found by the solver from the claims alone.
"""

import shutil
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.verification.identities import canonical, consistency, denominator_of, relations
from compendium.verification.published import CLAIMS, AnswerError, built_values, read_answers, read_claims
from compendium.verification.verdict_page import verdict_page
from compendium.verification.verdicts import (
    Verdict,
    compare,
    contradictions,
    counts,
    defects,
    unused_values,
    verdict_table,
)

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "data" / "published"


@pytest.fixture(scope="module")
def values():
    return built_values(ROOT / "figures")


@pytest.fixture(scope="module")
def table(values):
    return verdict_table(PUBLISHED, values)


def claim(value, kind="percent", unit="percent"):
    return pd.Series({"value": value, "kind": kind, "unit": unit})


def test_every_claim_has_one_verdict_and_none_differs(table):
    assert len(table) == 368
    assert defects(table) == []
    assert dict(counts(table).to_numpy().tolist()) == {
        "reproduced": 292,
        "reproduced by truncation": 7,
        "rows lie within": 2,
        "contradicts itself": 9,
        "not computable from patient rows": 58,
        "differs": 0,
    }
    assert counts(table)["verdict"].tolist() == list(Verdict)


def test_what_contradicts_itself_is_what_the_manuscript_says_by_hand(table):
    """Read by hand: 56 patients instead of 55, 9 of 14 as 68.7 %, 36 months of response, and 39 for 17 patients."""
    found = table[table["verdict"] == Verdict.CONTRADICTS]
    assert found["value"].tolist() == ["56", "76.8", "28.6", "10.7", "68.7", "36", "44", "14.3", "8.9"]
    of_56 = found["hypothesis"].str.startswith("The percentage is one of 56 patients")
    assert found.loc[of_56, "value"].tolist() == ["76.8", "28.6", "10.7", "14.3", "8.9"]
    assert found.loc[~of_56, "hypothesis"].iloc[:2].tolist() == ["", ""]
    assert "17 of 39" in found.loc["table1.who.atypical", "hypothesis"]
    proof = found.loc["results.best.orr.idiopathic", "explanation"]
    assert "9 of 14 is 64.3 %" in proof and "10 of 14 is 71.4 %" in proof and "16, 32, 48, 64" in proof
    assert found.loc["table1.therapy.cytoreductive.imatinib", "explanation"] == (
        "5 of 55 is 9.091 %, which is not 8.9 %, rounded or cut. Near it lie 4 of 55 is 7.3 % and 5 of 55 is 9.1 %. "
        "Sizes up to 65 of which 8.9 % is 5 patients, rounded or cut: 56."
    )
    short = contradictions(table)
    assert len(short) == 9 and (short[["proof", "arithmetic"]] != "").all(axis=None)
    assert found.loc["abstract.safety.side_effects", "proof"] == "28.6 % is 16 of 56; 16 of 55 is 29.1 %."
    assert short["place"].tolist()[:2] == ["highlights, L70", "highlights, L71"]
    assert short.loc[0, "cannot hold with"] == "abstract, L92"
    # The nearest place that proves it: Table 1 has its own size.
    assert found.loc["table1.therapy.cytoreductive.imatinib", "contradicts"].endswith(" table1.header.n")
    found = table[table["verdict"] == Verdict.TRUNCATED]
    assert sorted(found["value"]) == ["0.44", "26", "36.3", "36.3", "5.4", "5.4", "56"]
    assert found["explanation"].str.contains("rounded half up").all()
    # 44 % is right of 17 patients, but stands beside 39: the row must show why it cannot be right.
    page = verdict_page(table, [], [RECONSTRUCTED_NOTE])
    assert page.count("numerator 39, computed 17") == 1
    # What was cut may also be rounded, of one patient more.
    assert page.count("A rival explanation: 3 of 56, rounded, is 5.4%") == 2
    assert "43 percentages of the paper show that they were rounded, 6 that digits were cut" in page


@given(n=st.integers(0, 65), size=st.integers(1, 65), decimals=st.integers(0, 2), shift=st.integers(-2, 2))
def test_a_percentage_is_judged_as_decimal_rounds_it(n, size, decimals, shift):
    n = min(n, size)
    unit = Decimal(1).scaleb(-decimals)
    exact = Decimal(100 * n) / Decimal(size)
    rounded, cut = exact.quantize(unit, ROUND_HALF_UP), exact.quantize(unit, ROUND_DOWN)
    printed = rounded + shift * unit
    if printed < 0:
        return
    verdict, computed = compare(claim(f"{printed:f}"), "percent", {"n": n, "denominator": size})
    expected = Verdict.REPRODUCED if printed == rounded else Verdict.TRUNCATED if printed == cut else Verdict.DIFFERS
    assert verdict == expected
    assert computed == f"{rounded:f}"


MONTHS = {"minimum": "2015-01", "maximum": "2017-10"}


@pytest.mark.parametrize(("printed", "statistic", "entry", "verdict"), [
    (claim("54,5"), "percent", {"n": 30, "denominator": 55}, Verdict.REPRODUCED),
    (claim("61"), "percent", {"n": 25, "denominator": 41}, Verdict.REPRODUCED),
    (claim("45.45"), "percent", {"n": 5, "denominator": 11}, Verdict.REPRODUCED),
    (claim("64.3"), "percent", {"n": 0, "denominator": 0}, Verdict.DIFFERS),
    (claim("0.44", "ratio"), "ratio", {"n": 17, "denominator": 38}, Verdict.TRUNCATED),
    (claim("32", "mean"), "mean", {"mean": 31.95}, Verdict.REPRODUCED),
    (claim("32", "mean"), "mean", {"mean": 31.4}, Verdict.DIFFERS),
    (claim("1.25", "mean"), "mean", {"mean": 1.25}, Verdict.REPRODUCED),
    (claim("1.3", "mean"), "mean", {"mean": 1.25}, Verdict.REPRODUCED),
    (claim("1.2", "mean"), "mean", {"mean": 1.25}, Verdict.TRUNCATED),
    (claim("3", "median"), "median", {"median": None}, Verdict.DIFFERS),
    # Months are printed in years; an end of a period is reproduced if the rows reach it.
    (claim("3", "median", "years"), "median", {"median": 36.0, "statistic": "duration_range"}, Verdict.REPRODUCED),
    (claim("January 2015", "date", ""), "not_before", MONTHS, Verdict.REPRODUCED),
    (claim("February 2015", "date", ""), "not_before", MONTHS, Verdict.DIFFERS),
    (claim("December 2014", "date", ""), "not_before", MONTHS, Verdict.WITHIN),
    (claim("November 2017", "date", ""), "not_after", MONTHS, Verdict.WITHIN),
    (claim("September 2017", "date", ""), "not_after", MONTHS, Verdict.DIFFERS),
    (claim("October 2017", "date", ""), "not_after", MONTHS, Verdict.REPRODUCED),
])  # fmt: skip
def test_judged_at_the_printed_precision(printed, statistic, entry, verdict):
    assert compare(printed, statistic, entry)[0] == verdict


def test_a_defect_and_a_claim_without_an_answer_are_named_with_their_place(tmp_path, values):
    """A computed value that nothing printed contradicts, but that is not the printed one, is our defect."""
    other = {name: dict(entry) for name, entry in values.items()}
    other["followup.duration.all"]["median"] = 10.0
    other["table_2:best.mr:CM"] |= {"n": 6}
    shutil.copy(PUBLISHED / "claims.csv", tmp_path)
    answers = pd.read_csv(PUBLISHED / "answers.csv", dtype=str, index_col="claim")
    answers.drop("results.weekly.reached_pr").to_csv(tmp_path / "answers.csv")
    found = verdict_table(tmp_path, other)
    wrong = ["results.duration.all.median", "results.weekly.reached_pr", "table2.best.mr.cm"]
    assert found.index[found["verdict"] == Verdict.DIFFERS].tolist() == wrong
    told = defects(found)
    assert told[0].startswith("results.duration.all.median (results, L254): printed 9, computed 10 from ")
    assert told[1].endswith("no answer is named") and told[2].endswith("(numerator 5, computed 6)")
    assert "dosing.reached_pr.weekly" in unused_values(found, values)


@pytest.mark.parametrize(("row", "message"), [
    ("no.such.claim,a.value,n,", r"row 2, column claim: there is no claim 'no.such.claim'"),
    ("one,another.value,n,", r"row 2, column answer: there is no computed value 'another.value'"),
    ("one,a.value,n,rule", r"row 2, column reason: either an answer or a reason"),
    ("one,,,", r"row 2, column reason: either an answer or a reason"),
    ("one,a.value,n,\none,a.value,n,", r"row 3, column claim: 'one' again"),
])  # fmt: skip
def test_bad_answers_name_row_and_column(tmp_path, row, message):
    (tmp_path / "answers.csv").write_text(f"claim,answer,statistic,reason\n{row}\n", encoding="utf-8")
    claims = pd.DataFrame(index=pd.Index(["one"], name="claim"))
    with pytest.raises(AnswerError, match=message):
        read_answers(tmp_path / "answers.csv", claims, {"a.value": {"n": 1}})


# By hand: numbers of 56 patients, one of none, a count that repeats its denominator, and a response as long as therapy.
WRONG = {
    "discussion.response_duration.maximum",
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


def answered_claims():
    return read_claims().join(read_answers(CLAIMS.with_name("answers.csv"), read_claims()))


@pytest.fixture(scope="module")
def solved():
    model = consistency(answered_claims())
    return model, [claim for claim in model.claims if claim not in WRONG]


def largest_possible(model):
    """As many claims as can hold together under all readings."""
    model._assume(model.readings)
    model._model.maximize(sum(model._literals.values()))
    solver, _ = model._solved()
    model._model.clear_objective()
    return {claim for claim in model.claims if solver.value(model._literals[claim])}


def test_the_contradictions_are_found_from_the_claims_alone(solved):
    model, right = solved
    left_out = set(model.claims) - largest_possible(model)
    # Of the longest therapy, the first response and the longest response any one may be the wrong one.
    lasting = {"results.duration.responders.maximum", "discussion.response_time.minimum"}
    lasting.add("discussion.response_duration.maximum")
    assert left_out - lasting == WRONG - lasting and len(left_out & lasting) == 1
    assert set(RIGHT) <= set(right) and model.possible(right)
    assert len(model.claims) > 300


@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_every_minimal_set_is_minimal(solved, wrong):
    model, largest = solved
    minimal = model.minimal_set(wrong, largest)
    claims = [name for name in minimal if name in model.claims]
    assert minimal[0] == wrong and len(claims) <= 4
    assert not model.possible(claims)
    for dropped in claims:
        assert model.possible([claim for claim in claims if claim != dropped]), dropped
    for reading in minimal[len(claims) :]:
        assert consistency(answered_claims(), [reading]).possible(claims), reading


def test_a_sum_that_does_not_add_up_is_proved_by_its_parts():
    """One partial response more in CM: 10 responders there are then 5 + 6."""
    claims = answered_claims()
    claims.loc["table2.best.pr.cm", "numerator"] = "6"
    model = consistency(claims)
    others = [name for name in model.claims if name not in WRONG and name != "table2.best.pr.cm"]
    minimal = model.minimal_set("table2.best.pr.cm", others)
    assert minimal is not None and model.possible(minimal[1:])
    assert all(name.startswith("table2.") or name.split(".")[-1] in ("cm", "all", "patients") for name in minimal)
    # Every pair of a count and a percentage of ten patients, against trying all whole numbers.
    empty = dict.fromkeys(["numerator", "denominator", "denominator_printed", "unit", "section"], "")
    size = empty | {"value": "", "answer": "patients.included.screened", "statistic": "n"}
    rate = empty | {"value": "", "answer": "response.best.orr.all", "statistic": "percent"}
    frame = pd.DataFrame({"size": size, "rate": rate}).T
    for size, percent in product((3, 7, 10), range(0, 101, 9)):
        frame["value"] = [str(size), str(percent)]
        tenths = [1000 * n // size for n in range(size + 1)]
        possible = any(10 * percent <= t < 10 * percent + 10 or (t + 5) // 10 == percent for t in tenths)
        assert consistency(frame).possible(["size", "rate"]) == possible, (size, percent)


def test_relations_and_denominators_are_true_of_the_shipped_rows(values):
    """The definitions are true of the shipped rows, so that no contradiction comes from them."""
    sizes, checked = {canonical(name): entry.get("n") for name, entry in values.items()}, 0
    summaries = {
        f"{canonical(name)}/{statistic}": entry[statistic]
        for name, entry in values.items()
        for statistic in ("minimum", "median", "mean", "maximum")
        if isinstance(entry.get(statistic), int | float)
    }
    for left, relation, right, _ in relations():
        number, *others = [(sizes | summaries).get(name) for name in (left, *right)]
        if None not in (number, *others):
            checked += 1
            assert {
                "=": number == sum(others),
                "<=": number <= sum(others),
                ">=": number >= sum(others),
                "between": min(others) <= number <= max(others),
                "whole": number == int(number),
            }[relation], left
    assert checked > 110
    kinds = ("response.", "table_2:", "patients.kit_positive", "dosing.", "followup.s")
    checked = 0
    for name, entry in values.items():
        size = sizes.get(denominator_of(canonical(name)))
        if name.startswith(kinds) and "ratio" not in entry and None not in (size, entry.get("denominator")):
            checked += 1
            assert entry["denominator"] == size, name
    assert checked > 150
