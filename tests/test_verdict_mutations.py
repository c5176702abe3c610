"""Every printed number, count, unit, group and date changed to a neighbour, one at a time: its verdict must change."""

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from compendium.verification.audit.consistency import Consistency, Relation
from compendium.verification.explanations import common_size, rounding_habit
from compendium.verification.identities import READINGS
from compendium.verification.published import built_values, read_answers, read_claims
from compendium.verification.verdicts import Verdict, judged, verdict_table

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "data" / "published"


@pytest.fixture(scope="module")
def values():
    return built_values(ROOT / "figures")


@pytest.fixture(scope="module")
def claims(values):
    claims = read_claims(PUBLISHED / "claims.csv")
    return claims.join(read_answers(PUBLISHED / "answers.csv", claims, values))


@pytest.fixture(scope="module")
def table(values):
    return verdict_table(PUBLISHED, values)


def numbers_beside(text):
    """The printed numbers next to one, with as many decimals."""
    unit = Decimal(1).scaleb(-len(text.replace(",", ".").partition(".")[2]))
    found = [Decimal(text.replace(",", ".")) + sign * unit for sign in (-1, 1)]
    return [f"{number:f}" for number in found if number >= 0]


def months_beside(text):
    return [(pd.Period(text, "M") + step).strftime("%B %Y") for step in (-1, 1)]


def changed(claim, units, populations):
    """Give every changed column and text of a claim."""
    yield from (
        ("value", text) for text in (months_beside if claim["kind"] == "date" else numbers_beside)(claim["value"])
    )
    for column in ("numerator", "denominator"):
        if claim[column]:
            yield from ((column, text) for text in numbers_beside(claim[column]))
    yield from (("unit", unit) for unit in units - {claim["unit"]})
    yield from (("population", population) for population in populations - {claim["population"]})


# Two texts of one thing: a severe event is one patient's, and three years are as many as 36 months would be in words.
NO_CHANGE = {("safety.severe.all", "unit", "patients"), ("safety.severe.all", "unit", "events")}


def test_every_change_of_a_statement_changes_its_verdict(claims, values):
    units, populations = set(claims["unit"]), set(claims["population"])
    tried, hidden = 0, []
    for name, claim in claims[claims["answer"] != ""].iterrows():
        before = judged(claim, values)["verdict"]
        for column, text in changed(claim, units, populations):
            if (claim["answer"], column, text) in NO_CHANGE:
                continue
            tried += 1
            after = judged(claim.where(claim.index != column, text), values)["verdict"]
            # What is wrong already may only become right by a change.
            right = before != Verdict.DIFFERS or after == Verdict.REPRODUCED
            if after == before and (right or before == Verdict.WITHIN):
                hidden.append((name, column, text))
    assert tried > 5000
    # An end that no row reaches: see the next test.
    assert {name for name, _, _ in hidden} == {"abstract.period.end", "methods.period.end"}
    assert {text for _, _, text in hidden} == {"November 2017", "January 2018"}


@pytest.mark.parametrize(
    ("claim", "month"),
    [
        ("abstract.period.end", "November 2017"),
        ("methods.period.end", "December 2030"),
        ("methods.period.start", "January 1990"),
        ("introduction.period.start", "December 2014"),
        ("abstract.period.start", "February 2015"),
    ],
)
def test_no_wrong_date_passes(tmp_path, claims, values, claim, month):
    for name in ("claims.csv", "answers.csv"):
        (tmp_path / name).write_bytes((PUBLISHED / name).read_bytes())
    text = pd.read_csv(tmp_path / "claims.csv", dtype=str, keep_default_na=False, index_col="claim")
    text.loc[claim, "value"] = month
    text.to_csv(tmp_path / "claims.csv")
    found = verdict_table(tmp_path, values).loc[claim]
    first, *others = found["contradicts"].split()
    assert found["verdict"] == Verdict.CONTRADICTS and first == claim
    assert others and all(name.endswith(claim.partition(".")[2]) for name in others)


def test_a_response_cannot_last_as_long_as_the_longest_therapy(table):
    """By hand: 36 months of therapy (L255) less the first month of response (L335) leave 35; L337 prints 36."""
    found = table.loc["discussion.response_duration.maximum"]
    assert found["verdict"] == Verdict.CONTRADICTS and found["computed"] == "34"
    assert sorted(table.loc[found["contradicts"].split(), "line"]) == ["255", "335", "337"]
    assert found["readings"] == "a response lasts from its start; whole months and years"
    assert "at most 35 months; printed is 36" in found["proof"]


def test_without_a_reading_its_proof_is_none(values, table):
    found = verdict_table(PUBLISHED, values, ["a response lasts from its start"])
    changes = found.index[found["verdict"] != table["verdict"]]
    assert changes.tolist() == ["discussion.response_duration.maximum"]
    assert (found.loc[changes, "verdict"] == Verdict.DIFFERS).all()
    with pytest.raises(ValueError, match="reading 'no such' is unknown; allowed are non-responders stopped, "):
        verdict_table(PUBLISHED, values, ["no such"])
    assert all(text.endswith(".") for text, _ in READINGS.values())


def test_one_number_of_patients_explains_nine_statements(table):
    """By hand: 43, 16, 6, 8, 5 and 3 (twice) of 56, 17 men to 39 women, and 56 itself; 65 less 9 (L157, L167)."""
    found = common_size(table)
    assert (found.size, found.instead_of) == (56, 55)
    printed = table.loc[list(found.repaired), "value"]
    assert sorted(printed) == sorted(["56", "76.8", "28.6", "10.7", "0.44", "14.3", "8.9", "5.4", "5.4"])
    assert found.origin.startswith("65 − 9 = 56 (methods, L157; methods, L167)") and "L168" in found.origin
    assert common_size(table[table["verdict"] == Verdict.REPRODUCED]) is None
    assert rounding_habit(table) == (43, 6)


CASES = [
    # Of two groups and of all. Each print may be rounded or cut: 12 is from 11.5 to below 13.
    ({"all/median": "9", "a/median": "11", "b/median": "2"}, True),
    ({"all/median": "12", "a/median": "11", "b/median": "2"}, True),
    ({"all/median": "13", "a/median": "11", "b/median": "2"}, False),
    ({"all/mean": "1,5", "a/mean": "2.0", "b/mean": "3.0"}, False),
    ({"all/maximum": "36", "a/maximum": "36", "b/maximum": "6"}, True),
    ({"all/maximum": "37", "a/maximum": "35", "b/maximum": "6"}, False),
    ({"a/minimum": "4", "a/median": "2"}, False),
    ({"a/minimum": "2", "a/median": "2", "a/mean": "2.4", "a/maximum": "3"}, True),
    ({"a/mean": "5", "a/maximum": "3"}, False),
]


@pytest.mark.parametrize(("printed", "possible"), CASES)
def test_times_means_and_ranges_that_fit_or_do_not(printed, possible):
    empty = dict.fromkeys(["numerator", "denominator", "denominator_printed", "whole"], "")
    rows = {
        name: empty | dict(zip(("part", "statistic"), name.split("/"), strict=True)) | {"value": value}
        for name, value in printed.items()
    }
    statistics = {name.split("/")[1] for name in printed}
    relations = [Relation(f"all/{one}", "between", (f"a/{one}", f"b/{one}")) for one in sorted(statistics)]
    model = Consistency(pd.DataFrame(rows).T, relations)
    assert model.possible(model.claims) == possible
