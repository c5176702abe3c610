"""The comparison of idiopathic with primary MCAS: counts by another route, tests by other libraries, empty groups.

Values from R 4.2.2 with coin 1.4-2; the call stands beside each.
"""

import decimal
import itertools
import json
import math
from functools import partial
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.criteria import PAPER, Criteria
from analysis.response import best_response, last_status
from analysis.statistics.exact_difference import exact_difference_interval
from analysis.statistics.power import SIMULATED_WORK, fisher_power, rank_sum_power
from analysis.statistics.rank_sum import rank_sum, rank_sum_counts
from analysis.statistics.significance import adjusted
from analysis.subgroups import (
    ODDS_RATIOS,
    detectable,
    is_enumerated,
    is_exact,
    rate_power,
    response_by_group,
    summarise,
    symptom_power,
    symptoms_by_group,
)
from analysis.symptoms import symptom_profile
from compendium.reporting.outputs import save_values
from compendium.reporting.result_rows import (
    power_notes,
    power_rows,
    response_notes,
    response_rows,
    symptom_notes,
    symptom_rows,
)
from compendium.reporting.small_tables import value_text
from tests.cohorts import random_cohort
from tests.places import MADE
from tests.small_cohort import small_cohort

CLASSES = {"best": ["CR", "MR", "PR", "NR"], "last": ["CR", "MR", "PR", "none"]}
EMPTY = [("ISM", "idiopathic"), ("primary", "idiopathic"), ("idiopathic", "primary")]


@pytest.fixture(scope="module")
def values(shipped):
    with mock.patch("analysis.subgroups.rank_sum_power", partial(rank_sum_power, simulations=50)):
        return summarise(shipped)


def is_idiopathic(cohort):
    return (cohort.patients["diagnosis"] == "idiopathic_MCAS").to_numpy()


def test_response_of_the_printed_counts(shipped):
    rows = response_by_group(shipped).set_index("row")
    # Table 2: 9 of 14 and 34 of 41; 7 of 14 and 25 of 41. fisher.test(matrix(c(9, 5, 34, 7), 2))$p.value and so on.
    assert rows.loc["best.orr", ["idiopathic_n", "primary_n"]].tolist() == [9, 34]
    assert rows.at["best.orr", "p_value"] == pytest.approx(0.258794500782527)
    assert rows.at["last.persistent_orr", "p_value"] == pytest.approx(0.53931725270405)
    # fisher.test(matrix(c(0, 8, 1, 5, 1, 22, 11, 7), 4))$p.value; fisher.test(matrix(c(0, 6, 1, 7, 1, 17, 7, 16), 4))
    assert rows.at["best.classes", "p_value"] == pytest.approx(0.252514792462589)
    assert rows.at["last.classes", "p_value"] == pytest.approx(0.828349597691346)
    assert rows.at["best.orr", "difference"] == pytest.approx(100 * (9 / 14 - 34 / 41))
    limits = [100 * limit for limit in exact_difference_interval(9, 14, 34, 41)]
    assert rows.loc["best.orr", ["low", "high"]].tolist() == pytest.approx(limits, abs=1e-4)
    assert (rows["interval"].dropna() == "exact").all() and rows["error"].isna().all()
    assert (rows["method"].dropna() == "exact").all() and rows["method"].notna().sum() == 4


@pytest.mark.parametrize("criteria", [PAPER, Criteria(worsening="any")])
def test_responses_are_those_of_the_patients(criteria):
    cohort = random_cohort(120, seed=4)
    rows = response_by_group(cohort, criteria).set_index("row")
    idiopathic = is_idiopathic(cohort)
    last = last_status(cohort, criteria).astype(object)
    statuses = {"best": best_response(cohort, criteria), "last": last.where(last.isin(["CR", "MR", "PR"]), "none")}
    for visit, classes in CLASSES.items():
        table = pd.crosstab(statuses[visit].astype(object), idiopathic).reindex(classes, fill_value=0)
        found = rows[rows.index.str.startswith(f"{visit}.")]
        assert found["idiopathic_n"].iloc[1:5].tolist() == table[True].tolist()
        assert found["primary_n"].iloc[1:5].tolist() == table[False].tolist()
        responding = table.iloc[:3].sum()
        assert found.iloc[0][["idiopathic_n", "primary_n"]].tolist() == [responding[True], responding[False]]
        expected = stats.fisher_exact([responding, table.iloc[3]]).pvalue
        assert found["p_value"].iloc[0] == pytest.approx(expected)
        assert found["p_value"].iloc[1:5].isna().all()


def test_symptoms_are_those_of_the_patients(shipped):
    rows = symptoms_by_group(shipped)
    grades = shipped.symptoms[shipped.symptoms["onset"] == "baseline"]
    of = grades["patient_id"].astype(object).map(shipped.patients["diagnosis"].astype(object)) == "idiopathic_MCAS"
    assert rows.index.tolist() == symptom_profile(shipped).index.tolist()
    enumerated = []
    for symptom, row in rows.iterrows():
        mine = grades["symptom"] == symptom
        first, second = (grades.loc[mine & group, "grade_best"] for group in (of, ~of))
        assert (row["idiopathic_n"], row["primary_n"]) == (len(first), len(second))
        assert (row["idiopathic_mean_score"], row["primary_mean_score"]) == pytest.approx((first.mean(), second.mean()))
        # A lower grade is more improvement.
        assert row["statistic"] == stats.mannwhitneyu(-first, -second, method="asymptotic").statistic
        assert row["effect"] == pytest.approx(row["statistic"] / (len(first) * len(second)))
        assert row["p_value"] == pytest.approx(rank_sum(second, first).p_value)
        assert row["effect_low"] < row["effect"] or row["effect_low"] == row["effect"] == -1
        assert row["effect"] < row["effect_high"] or row["effect"] == row["effect_high"] == 1
        if (ways := math.comb(len(first) + len(second), len(first))) < 2_000:  # by going through all of them
            ranks = stats.rankdata([*first, *second])
            middle = len(first) * ranks.mean()
            far = abs(ranks[: len(first)].sum() - middle) - 1e-9
            sums = (sum(chosen) for chosen in itertools.combinations(ranks, len(first)))
            assert row["p_value"] == pytest.approx(sum(abs(one - middle) >= far for one in sums) / ways)
            enumerated.append(symptom)
    assert len(enumerated) > 2
    for method in ("holm", "benjamini_hochberg"):
        assert rows[f"p_{method}"].to_numpy() == pytest.approx(adjusted(rows["p_value"], method))
    # The visit is that of the criteria.
    last = symptoms_by_group(shipped, Criteria(symptoms_at="last"))
    profile = symptom_profile(shipped, Criteria(symptoms_at="last"))
    sums = last["idiopathic_n"] * last["idiopathic_mean_score"] + last["primary_n"] * last["primary_mean_score"]
    assert (sums / profile["n"]).to_numpy() == pytest.approx(profile["mean_score"].to_numpy())


def test_a_symptom_of_one_group_only_is_not_tested():
    rows = symptoms_by_group(small_cohort())
    expected = {"anaphylaxis": (0, 2), "malaise": (0, 1), "pruritus": (0, 2), "diarrhoea": (1, 1), "bone_pain": (1, 0)}
    expected |= {"headache": (1, 1), "fatigue": (1, 1)}
    assert rows[["idiopathic_n", "primary_n"]].apply(tuple, axis=1).to_dict() == expected
    tested = rows["p_value"].notna()
    assert rows.index[tested].tolist() == ["diarrhoea", "headache", "fatigue"]
    assert rows.loc[tested, "smallest_p"].tolist() == rows.loc[tested, "p_holm"].tolist() == [1, 1, 1]
    # Diarrhoea: 0.5 in the patient with idiopathic MCAS, 0.75 in the other; headache 1 and 0.5.
    assert rows.loc[tested, "effect"].tolist() == [1.0, 0.0, 0.0]
    assert rows.loc[~tested, ["statistic", "smallest_p", "effect", "effect_low", "method"]].isna().all(axis=None)
    reach = detectable(small_cohort())
    assert (reach["subgroups.symptoms.tested"]["n"], reach["subgroups.symptoms.tested"]["denominator"]) == (3, 7)
    assert reach["subgroups.symptoms.out_of_reach"]["n"] == 3
    assert reach["subgroups.power.symptom.3"]["label"] == "Diarrhoea"


def test_power_for_the_groups_of_the_paper(shipped, values):
    below = values["subgroups.power.best.below_40"]
    assert below["power"] == pytest.approx(fisher_power(14, 41, 34 / 41 - 0.4, 34 / 41))
    assert (below["idiopathic_n"], below["primary_n"], below["difference"]) == (14, 41, -40)
    found = values["subgroups.detectable.best.below"]
    assert fisher_power(14, 41, found["idiopathic_percent"] / 100, 34 / 41) == pytest.approx(0.8)
    assert found["difference"] == pytest.approx(-41.74, abs=0.01)
    assert values["subgroups.detectable.best.above"]["power"] is None
    # A rate of 82.9 % cannot be 20 points higher.
    assert values["subgroups.power.best.above_20"]["power"] is None
    rows = symptoms_by_group(shipped)
    symptom = (rows["idiopathic_n"] * rows["primary_n"]).idxmax()
    assert values["subgroups.power.symptom.3"]["label"] == rows.at[symptom, "label"]
    smallest = rows["smallest_p"] >= 0.05
    assert values["subgroups.symptoms.out_of_reach"]["n"] == smallest.sum()
    assert values["subgroups.symptoms.significant"]["n"] == (rows["p_value"] < 0.05).sum()
    level = rate_power("Rate", (14, 41), 34 / 41, Criteria(alpha=0.01))
    assert level["power.below_40"]["power"] == pytest.approx(fisher_power(14, 41, 34 / 41 - 0.4, 34 / 41, 0.01))
    # Impossible rates and empty groups have no power.
    entries = rate_power("Rate", (10, 20), 0.7, PAPER)
    sides = ("below_40", "below_30", "below_20", "below_10", "above_10", "above_20", "above_30")
    assert list(entries) == [*(f"power.{side}" for side in sides), "detectable.below", "detectable.above"]
    assert entries["power.above_30"]["idiopathic_percent"] == 100
    empty = rate_power("Rate", (0, 20), None, PAPER)
    assert list(empty) == list(entries)
    assert all(entry["power"] is entry["primary_percent"] is None for entry in empty.values())
    grades = np.array([1, 4, 2, 2, 3, 3])
    entries = symptom_power("Symptom", (3, 6), grades, PAPER)
    assert list(entries) == [f"{ratio:g}" for ratio in ODDS_RATIOS]
    assert (entries["3"]["power"], entries["3"]["error"]) == rank_sum_power(grades, 3, 6, 3.0)
    assert symptom_power("Symptom", (0, 0), None, PAPER)["3"]["power"] is None


@pytest.mark.parametrize(("population", "missing"), EMPTY)
def test_an_empty_group_is_said_and_nothing_is_compared(population, missing, tmp_path):
    cohort = random_cohort(30, 2, population)
    responses, symptoms, values = response_by_group(cohort), symptoms_by_group(cohort), summarise(cohort)
    assert (responses[f"{missing}_denominator"] == 0).all()
    assert responses[["difference", "low", "high", "p_value", "method"]].isna().all(axis=None)
    assert symptoms[["p_value", "p_holm", "smallest_p", "effect", "method"]].isna().all(axis=None)
    save_values(values, "values", tmp_path, MADE)
    for notes in (response_notes(responses), power_notes(values, PAPER)):
        assert notes[-1].startswith("–: no comparison, since there is no patient with")
    assert set(response_rows(responses, "best")["p"]) == {"–", ""}
    assert set(symptom_rows(symptoms)["p"]) == {"–"}
    assert symptom_notes(symptoms)[-1] == "–: not tested, since a group has no patient with the symptom."
    assert set(power_rows(values)["Power"]) == {"–"}


def test_rows_of_the_paper(shipped, values, tmp_path):
    responses, symptoms = response_by_group(shipped), symptoms_by_group(shipped)
    expected = ["Overall response rate (ORR)", "9 (64.3)", "34 (82.9)", "−18.6 (−48.8 to 7.8)", "0.259"]
    assert response_rows(responses, "best").iloc[0].tolist() == expected
    assert response_rows(responses, "last").iloc[-1].tolist() == ["All classes together", "", "", "", "0.828"]
    for told in ("n = 14 and 41", "exact, from all tables", "interval and p need not agree"):
        assert told in response_notes(responses)[0]
    row, first = symptom_rows(symptoms).iloc[0], symptoms.iloc[0]
    assert row["Patients"] == f"{first['idiopathic_n']} / {first['primary_n']}"
    means = [decimal.Decimal(first[f"{group}_mean_score"]) for group in ("idiopathic", "primary")]
    assert row["Mean score"] == " / ".join(str(one.quantize(decimal.Decimal("0.01"), "ROUND_HALF_UP")) for one in means)
    note = symptom_notes(symptoms)[1]
    assert "adjusted for 30 tests, those of all symptoms tested in this comparison" in note
    assert "the smallest p that any division of these grades" in note and note.endswith("not adjusted.")
    powers = power_rows(values)
    assert powers.iloc[0].tolist()[1:] == ["14 / 41", "42.9% against 82.9%", "76.6%"]
    assert powers["Power"].tolist().count("below 80%") == 1
    outcomes, samples = "Fisher's exact test, from all outcomes", "1,000 samples, p values exact; SE"
    for told in ("p < 0.05, not adjusted", outcomes, samples):
        assert told in power_notes(values, PAPER)[0]
    assert "p ≤ 0.01" in power_notes(values, Criteria(alpha=0.01, p_at_alpha="significant"))[0]
    (path,) = save_values(values, "values", tmp_path, MADE)
    kept = json.loads(path.read_text())
    assert kept["subgroups.best.orr"]["p_value"] == 0.258795
    assert kept["subgroups.best.classes"]["difference"] is None
    assert value_text(values["subgroups.best.orr"]).endswith("p = 0.259, n = 14 and 41")


@pytest.mark.parametrize(("sizes", "sure"), [((14, 41), True), ((18, 40), True), ((30, 60), False), ((15, 200), False)])
def test_samples_whose_p_values_are_exact_are_known_beforehand(sizes, sure):
    assert is_exact(sizes) == is_exact(sizes[::-1]) == sure
    rng = np.random.default_rng(1)
    draws = [[rng.multinomial(n, rng.dirichlet(np.full(6, 3.0))) for n in sizes] for _ in range(200)]
    methods = {rank_sum_counts(*draw, work=SIMULATED_WORK).method for draw in draws}
    assert ("normal" not in methods) == sure


def test_large_cohorts_are_quick_and_approximate():
    cohort = random_cohort(5000, 1)
    rows, responses, values = symptoms_by_group(cohort), response_by_group(cohort), detectable(cohort)
    assert set(rows["method"]) == {"normal"}
    known = responses.set_index("row")
    classes = known.loc["best.classes"]
    assert classes["method"] == "monte_carlo"
    assert classes["error"] == pytest.approx((classes["p_value"] * (1 - classes["p_value"]) / 99_999) ** 0.5)
    assert known.loc["best.orr", ["interval", "method"]].tolist() == ["newcombe", "exact"]
    assert "normal approximation" in symptom_notes(rows)[1]
    assert f"(SE {classes['error']:.4f})" in response_rows(responses, "best")["p"].iloc[-1]
    assert "99,999 tables drawn" in response_notes(responses)[0] and "an approximation" in response_notes(responses)[0]
    assert "z test of two proportions" in power_notes(values, PAPER)[0]
    assert "from all outcomes" not in power_notes(values, PAPER)[0]
    assert is_enumerated((499, 499)) and not is_enumerated((499, 500))
    # With equal rates the z test is significant with the probability alpha; Fisher's test is with a smaller one.
    assert fisher_power(499, 500, 0.5, 0.5) == 0.05
    values = {
        "subgroups.detectable.best.below": rate_power("Rate", (499, 500), 0.7)["detectable.below"],
        "subgroups.power.symptom.2": symptom_power("Symptom", (30, 60), np.array([1, 4, 2, 2, 3, 3]))["2"],
    }
    (note,) = power_notes(values, PAPER)
    assert "z test of two proportions, for large groups a normal approximation to Fisher's exact test" in note
    assert "exact up to 4,000,000 additions each and beyond by the normal approximation" in note
