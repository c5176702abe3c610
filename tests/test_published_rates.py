"""The rates of the paper, each once, beside those of a cohort."""

import csv
import json

import pandas as pd
import pytest

from analysis import biology, comparison, dosing, followup, patients, response, safety, symptoms
from analysis.statistics.exact_difference import exact_difference_interval
from analysis.tables import table_1, table_2
from compendium.reporting import published_rows
from compendium.reporting.small_tables import small_table
from compendium.verification.published import AnswerError, built_values, read_claims
from compendium.verification.published_rates import SECTIONS, compared_rates, compared_values
from tests.case_files import data_lines
from tests.cohorts import random_cohort
from tests.places import FIGURES, PUBLISHED

MODULES = (patients, response, followup, dosing, symptoms, safety, biology, comparison)
CLAIMS_HEAD = "claim,section,line,table_row,table_column,statement,population,kind,numerator,denominator,"
CLAIMS_HEAD += "denominator_printed,value,unit,note\n"
SECTION_NAMES = list(dict.fromkeys(SECTIONS.values()))


def build(cohort, folder):
    """Write what the notebooks write of a cohort, and collect it."""
    values = {name: entry for module in MODULES for name, entry in module.summarise(cohort).items()}
    (folder / "values-all.json").write_text(json.dumps(values, default=float), encoding="utf-8")
    for name, table in (("table-1", table_1), ("table-2", table_2)):
        table(cohort).to_csv(folder / f"{name}.csv", index=False)
    return built_values(folder)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return build(random_cohort(20, 1), tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def of_own(own):
    return compared_rates(PUBLISHED, own)


@pytest.fixture(scope="module")
def of_nobody():
    return compared_rates(PUBLISHED, {})


def small(folder, claims, answers):
    """Write claims (name, section, kind, numerator, denominator, value) and what answers them."""
    rows = [
        f"{name},{section},{line},,,Patients of {name}.,all,{kind},{n},{of},no,{value},,\n"
        for line, (name, section, kind, n, of, value) in enumerate(claims, start=1)
    ]
    (folder / "claims.csv").write_text(CLAIMS_HEAD + "".join(rows), encoding="utf-8")
    lines = [f"{name},{answer},n,\n" for name, answer in answers.items()]
    (folder / "answers.csv").write_text("claim,answer,statistic,reason\n" + "".join(lines), encoding="utf-8")
    return folder


def test_in_the_reconstructed_cohort_every_printed_rate_is_there_and_the_published_one(shipped_rates):
    assert len(shipped_rates) == shipped_rates["quantity"].nunique() > 150
    for part in ("n", "denominator", "percent"):
        assert shipped_rates[f"own_{part}"].tolist() == shipped_rates[f"published_{part}"].tolist()
    assert (shipped_rates["difference"] == 0).all()
    assert ((shipped_rates["low"] < 0) & (shipped_rates["high"] > 0)).all()
    # By the tables: 14 rows of 6 columns of Table 2, and from Table 1 all rows with a percentage.
    claims = read_claims()
    table_1_shares = claims[(claims["section"] == "table_1") & (claims["kind"] == "percent")]
    names = shipped_rates["quantity"]
    assert names.str.startswith("table_2:").sum() == 84
    printed = {(row.numerator, row.denominator) for row in table_1_shares.itertuples()} - {("39", "39")}
    found = set(zip(*(shipped_rates[f"published_{part}"].astype(str) for part in ("n", "denominator")), strict=True))
    assert printed <= found
    assert names.str.startswith("safety.event.").sum() == 11
    assert list(dict.fromkeys(shipped_rates["section"])) == SECTION_NAMES


def test_what_the_paper_gives_as_read_by_hand(shipped_rates):
    """Notes are of statements that contradict the table; 36.3 and 5.4 are cut, which is no contradiction."""
    rates = shipped_rates.set_index("quantity")
    for quantity, n, of, where, note in csv.reader(data_lines("rates_by_hand.csv")[1:]):
        row = rates.loc[quantity]
        assert (row["published_n"], row["published_denominator"]) == (int(n), int(of)), quantity
        assert row["place"].startswith(where), quantity
        assert (note in row["note"]) if note else row["note"] == "", quantity


def test_another_cohort_beside_the_paper(own, of_own, of_nobody):
    """A rate has the counts of every value that one of its statements asks for."""
    quantities = set(of_own["quantity"])
    answers = pd.read_csv(PUBLISHED / "answers.csv", dtype=str, keep_default_na=False).set_index("claim")["answer"]
    pairs = {f"results.patients.diagnosis.{one}": f"table1.diagnosis.{one}" for one in ("ism", "cm", "mcas")}
    pairs |= {
        "methods.diagnosis.idiopathic": "table1.header.idiopathic.n",
        "results.patients.kit.positive.all": "table1.who.kit",
        "results.best.orr.primary": "table2.best.orr.primary",
        "results.last.orr.all": "table2.last.orr.all",
    }
    for text, table in pairs.items():
        one, other = (own[answers[claim]] for claim in (text, table))
        assert (one["n"], one["denominator"]) == (other["n"], other["denominator"])
        assert answers[text] not in quantities and answers[table] in quantities
    rows = of_own.set_index("quantity")
    for quantity in ("table_2:best.mr:all", "followup.stop.responders.intolerance", "table_1:presentation.skin:all"):
        row, value = rows.loc[quantity], own[quantity]
        counts = [int(value["n"]), int(value["denominator"]), row["published_n"], row["published_denominator"]]
        shares = [100 * counts[0] / counts[1], 100 * counts[2] / counts[3]]
        assert row[["own_percent", "difference"]].tolist() == pytest.approx([shares[0], shares[0] - shares[1]])
        expected = [100 * limit for limit in exact_difference_interval(*counts)]
        assert [row["low"], row["high"]] == pytest.approx(expected, abs=1e-4)
        assert row["low"] <= expected[0] and expected[1] <= row["high"]
    compared = of_own.dropna(subset="difference")
    assert compared["difference"].between(compared["low"], compared["high"]).all()
    assert of_own[["published_n", "note"]].equals(of_nobody[["published_n", "note"]])


def test_what_a_cohort_does_not_have(own, of_own, of_nobody):
    # An event in no row was nobody's, and any other absent value is not available.
    assert "safety.event.ecchymosis.all" not in own
    row = of_own.set_index("quantity").loc["safety.event.ecchymosis.all"]
    assert (row["own_n"], row["own_denominator"], row["own_percent"]) == (0, 20, 0)
    assert len(of_nobody) == len(of_own)
    assert of_nobody[["own_n", "own_denominator", "own_percent", "difference", "low", "high"]].isna().all(axis=None)
    # Nobody in a group has no rate.
    rates = compared_rates(PUBLISHED, own | {"table_2:best.orr:ISM": {"n": 0, "denominator": 0}})
    rows = rates.set_index("quantity")
    row = rows.loc["table_2:best.orr:ISM"]
    assert (row["own_n"], row["own_denominator"]) == (0, 0)
    assert row[["own_percent", "difference", "low", "high"]].isna().all()
    cells = published_rows.rate_rows(rates).set_index("Rate")
    cells = cells.loc["Any response at best response, indolent systemic mastocytosis"]
    assert cells["Own cohort, n/N (%)"] == "– (N = 0)"
    assert cells["Difference, points (95% CI)"] == "–"
    assert "– (N = 0): the cohort has nobody in this group." in published_rows.row_notes(rates)


# 22.2 % of 9 is 2; 60 % of 9 is no count, and there is nothing else; 50 % of 201 is 100 or 101. Then the table before
# the text, whichever comes first; the text if the table contradicts itself; 8 of 9 is not 44 %, 4 of 9 is; a count
# alone is of all patients, whose number another statement has.
@pytest.mark.parametrize("line", data_lines("which_count.txt"))
def test_which_count_a_statement_gives(tmp_path, line):
    claims, expected = line.split(" -> ")
    claims = [["" if word == "-" else word for word in claim.split()] for claim in claims.split("; ")]
    asked = {"a": "safety.flare.all", "b": "safety.flare.all", "c": "safety.severe.all", "z": "safety.stopped.all"}
    claims = [*claims, ("z", "results", "count", "1", "9", "1")]
    answers = {claim[0]: asked[claim[0]] for claim in claims}
    values = {name: {"n": 1, "denominator": 4} for name in asked.values()}
    rows = compared_rates(small(tmp_path, claims, answers), values).set_index("quantity")
    assert ("safety.flare.all" in rows.index) == (expected != "none")
    if expected != "none":
        row = rows.loc["safety.flare.all"]
        assert f"{row['published_n']} of {row['published_denominator']} {row['note']}".rstrip() == expected
        assert (row["own_n"], row["own_denominator"]) == (1, 4)


def test_medians_means_and_ranges_side_by_side(own, tmp_path):
    rows = compared_values(PUBLISHED, built_values(FIGURES))
    assert not rows.duplicated(["quantity", "statistic"]).any()
    # Printed are whole numbers, or one decimal; a response of 36 months cannot be (L255, L335, L337).
    far = rows[abs(rows["own"] - rows["published"]) >= 0.5]
    named = far[["quantity", "statistic", "published"]].to_numpy().tolist()
    assert named == [["followup.response_duration.ongoing", "maximum", 36.0]] and (far["own"] <= 35).all()
    by = compared_values(PUBLISHED, own).set_index(["quantity", "statistic"])
    age = by.loc[("table_1:general.age_at_diagnosis:all", "median")]
    assert (age["own"], age["published"]) == (own["patients.age_at_diagnosis.all"]["median"], 41)
    wait = by.loc[("table_1:general.time_to_treatment:all", "median")]
    assert (wait["own"] * 12, wait["unit"]) == (own["table_1:general.time_to_treatment:all"]["median"], "years")
    assert by.loc[("biology.tryptase.before", "mean"), "published"] == 30.3
    nothing = compared_values(PUBLISHED, {})
    assert nothing["own"].isna().all()
    assert set(published_rows.value_rows(nothing)["Own cohort"]) == {"–"}
    assert "–: the cohort has no values." in published_rows.value_notes(nothing)
    claims = [("a", "results", "percent", "2", "9", "22.2")]
    with pytest.raises(AnswerError, match="there is no claim 'b'"):
        compared_rates(small(tmp_path, claims, {"b": "safety.flare.all"}), {})


def test_rows_as_printed(of_own, of_nobody):
    row = of_own.iloc[[0]].assign(own_n=3900, own_denominator=5000, difference=-0.18, low=-9.649, high=12.935)
    printed = published_rows.rate_rows(row).iloc[0].tolist()
    assert printed == [
        *("Best response", "Any response at best response", "3,900/5,000 (78.0)", "43/55 (78.2)"),
        *("−0.2 (−9.6 to 12.9)", "Table 2, Best response: ORR", "76.8% of 56 (highlights, L71)"),
    ]
    event = of_own[of_own["quantity"] == "safety.event.ecchymosis.all"]
    assert published_rows.rate_rows(event)["Own cohort, n/N (%)"].tolist() == ["0/20"]
    assert set(published_rows.rate_rows(of_nobody)["Own cohort, n/N (%)"]) == {"not available"}
    assert "not available: the cohort gives no such number." in published_rows.row_notes(of_nobody)
    assert "of all 0 intervals in the table 0 leave out 0" in published_rows.rate_notes(of_nobody)[1]
    rows = of_own.iloc[:4].assign(low=[-1.0, 0.5, -9.0, 0.0], high=[1.0, 2.0, -3.0, 4.0], difference=0.0)
    assert "of all 4 intervals in the table 2 leave out 0" in published_rows.rate_notes(rows)[1]
    rows = published_rows.rate_rows(of_own)
    page = small_table(rows, "Rates", "rates", ["A note."], ["A caveat."], group="section").as_raw_html()
    places = [page.index(f">{section}<") for section in SECTION_NAMES]
    assert places == sorted(places) and {"Best response", "Safety"} < {*SECTION_NAMES}
    assert '<b class="note">A caveat.</b>' in page and "A note." in page
