"""Every printed number, count, unit, group and date changed to a neighbour, one at a time: its verdict must change."""

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd
import pytest

from analysis import biology, dosing, followup, patients, response, safety, symptoms
from compendium.verification.audit.consistency import Consistency, Relation
from compendium.verification.explanations import common_size, rounding_habit
from compendium.verification.identities import READINGS, canonical, consistency, relations
from compendium.verification.published import built_values, read_answers, read_claims
from compendium.verification.verdicts import Verdict, judged, verdict_table
from tests.cohorts import random_cohort

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


def changed(claim, vocabularies):
    """Give every changed column and text of a claim: numbers beside, and the next two terms of each vocabulary."""
    beside = months_beside if claim["kind"] == "date" else numbers_beside
    yield from (("value", text) for text in beside(claim["value"]))
    for column in ("numerator", "denominator"):
        yield from ((column, text) for text in (numbers_beside(claim[column]) if claim[column] else ()))
    for column, terms in vocabularies.items():
        at = terms.index(claim[column])
        yield from ((column, terms[(at + step) % len(terms)]) for step in (1, 2))


# The abstract counts severe events and the Results the patients: one number, if nobody had two.
NO_CHANGE = {("safety.severe.all", "unit", "patients"), ("safety.severe.all", "unit", "events")}


def test_every_change_of_a_statement_changes_its_verdict(claims, values):
    vocabularies = {column: sorted(set(claims[column])) for column in ("unit", "population", "kind")}
    tried, hidden = 0, []
    for name, claim in claims[claims["answer"] != ""].iterrows():
        before = judged(claim, values)["verdict"]
        for column, text in changed(claim, vocabularies):
            if (claim["answer"], column, text) in NO_CHANGE:
                continue
            tried += 1
            after = judged(claim.where(claim.index != column, text), values)["verdict"]
            # What is wrong already may only become right by a change.
            right = before != Verdict.DIFFERS or after == Verdict.REPRODUCED
            if after == before and (right or before == Verdict.WITHIN):
                hidden.append((name, column, text))
    assert tried > 2500
    # An end that no row reaches: see the next test.
    assert {name for name, _, _ in hidden} == {"abstract.period.end", "methods.period.end"}
    assert {text for _, _, text in hidden} == {"November 2017", "January 2018"}


def with_changes(folder, changes):
    """Write the claims with some cells, given by claim and column, changed; the answers as they are."""
    (folder / "answers.csv").write_bytes((PUBLISHED / "answers.csv").read_bytes())
    text = pd.read_csv(PUBLISHED / "claims.csv", dtype=str, keep_default_na=False, index_col="claim")
    for (claim, column), value in changes.items():
        assert claim in text.index
        text.loc[claim, column] = value
    text.to_csv(folder / "claims.csv")
    return folder


ENDS = ("abstract.period.end", "methods.period.end")


@pytest.mark.parametrize(
    ("months", "wrong"),
    [
        ({"abstract.period.end": "November 2017"}, ENDS),
        ({"introduction.period.start": "December 2014"}, ["introduction.period.start"]),
        # The same everywhere, but after the screening; and a screening before its patients.
        (dict.fromkeys(ENDS, "December 2020"), ENDS),
        ({"methods.screening.date": "January 2016"}, ["methods.screening.date"]),
    ],
)
def test_no_wrong_date_passes(tmp_path, values, months, wrong):
    found = verdict_table(with_changes(tmp_path, {(claim, "value"): month for claim, month in months.items()}), values)
    for claim in wrong:
        first, *others = found.at[claim, "contradicts"].split()
        assert found.at[claim, "verdict"] == Verdict.CONTRADICTS and first == claim and others


@pytest.mark.parametrize(
    ("claim", "columns", "value"),
    [
        ("discussion.safety.severe_flare", ["value", "numerator"], "4"),
        ("results.safety.fatigue", ["value", "numerator"], "17"),
        ("results.escalation.reached_mr", ["numerator"], "7"),
        ("table1.therapy.cytoreductive.cladribine", ["numerator"], "18"),
        ("discussion.anaphylaxis.improved", ["value", "numerator"], "14"),
        ("results.patients.age_diagnosis.median", ["value"], "42"),
        ("results.duration.responders.maximum", ["value"], "48"),
        ("methods.period.end", ["value"], "December 2030"),
        ("methods.period.start", ["value"], "January 1990"),
        ("abstract.period.start", ["value"], "February 2015"),
    ],
)
def test_what_cannot_be_is_proved_and_not_called_a_defect(claims, table, claim, columns, value):
    wrong = table.index[table["verdict"] == Verdict.CONTRADICTS]
    model = consistency(claims.assign(**{one: claims[one].mask(claims.index == claim, value) for one in columns}))
    others = [name for name in model.claims if name != claim and name not in wrong]
    minimal = model.minimal_set(claim, others)
    assert minimal is not None and minimal[0] == claim
    assert consistency(claims).minimal_set(claim, others) is None


@pytest.mark.parametrize("n", [1, 2, 3, 7, 12, 20, 33, 40])
def test_definitions_hold_in_any_cohort(n):
    cohort = random_cohort(n, seed=1314 + n)
    values = {}
    for module in (patients, response, dosing, safety, biology, followup, symptoms):
        values |= module.summarise(cohort)
    known = {}
    for name, entry in values.items():
        known[canonical(name)] = entry.get("n")
        known |= {f"{canonical(name)}/{one}": entry.get(one) for one in ("minimum", "median", "mean", "maximum")}
    checked = 0
    for left, sign, right, reading in relations():
        number, *others = [known.get(name) for name in (left, *right)]
        if not reading and not {type(one) for one in (number, *others)} & {type(None), str}:
            checked += 1
            near = 1e-9
            assert {
                "=": number == sum(others),
                "<=": number <= sum(others),
                ">=": number >= sum(others),
                "between": min(others) - near <= number <= max(others) + near,
            }[sign], left
    assert checked > 60


def test_a_response_cannot_last_as_long_as_the_longest_therapy(table):
    """By hand: 36 months of therapy (L255) less the first month of response (L335) leave 35; L337 prints 36."""
    found = table.loc["discussion.response_duration.maximum"]
    assert found["verdict"] == Verdict.CONTRADICTS and found["computed"] == "34"
    assert sorted(table.loc[found["contradicts"].split(), "line"]) == ["255", "335", "337"]
    readings = ["a response begins with an improvement", "a response lasts from its start", "whole months and years"]
    assert sorted(found["readings"].split("; ")) == readings
    assert "at most 35 months; printed is 36" in found["proof"]


def test_without_a_reading_its_proof_is_none(values, table):
    for reading, rests in (
        ("a response lasts from its start", ["discussion.response_duration.maximum"]),
        ("one group of patients", ["highlights.patients", "highlights.best.orr.all"]),
    ):
        found = verdict_table(PUBLISHED, values, [reading])
        changes = found.index[found["verdict"] != table["verdict"]]
        assert changes.tolist() == rests
        assert (found.loc[changes, "verdict"] == Verdict.DIFFERS).all()
    with pytest.raises(ValueError, match="reading 'no such' is unknown; allowed are one group of patients, "):
        verdict_table(PUBLISHED, values, ["no such"])
    assert all(text.endswith(".") for text, _ in READINGS.values())


def test_one_number_of_patients_explains_nine_statements(table):
    """By hand: 43, 16, 6, 8, 5 and 3 (twice) of 56, 17 men to 39 women, and 56 itself; 65 less 9 (L157, L167)."""
    found = common_size(table)
    assert (found.size, found.instead_of) == (56, 55)
    printed = table.loc[list(found.repaired), "value"]
    assert sorted(printed) == sorted(["56", "76.8", "28.6", "10.7", "0.44", "14.3", "8.9", "5.4", "5.4"])
    assert found.origin.startswith("65 − 9 = 56 (Methods, L157; Methods, L167)") and "L168" in found.origin
    # By enumeration: 54 other percentages are right of 55, of which 42 are not of 56.
    right = table[(table["kind"] == "percent") & (table["verdict"] == Verdict.REPRODUCED)]
    right = right[right["computed_denominator"] == "55"]
    spoiled = [f"{100 * Decimal(n) / 56:f}" for n in right["n"]]
    unlike = sum(
        Decimal(text).quantize(Decimal(value.replace(",", ".")), ROUND_HALF_UP) != Decimal(value.replace(",", "."))
        for text, value in zip(spoiled, right["value"], strict=True)
    )
    assert (found.spoiled, found.percentages) == (unlike, len(right)) == (42, 54)
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
