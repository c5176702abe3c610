import pytest

from analysis import patients
from tests.cohorts import random_cohort
from tests.small_cohort import check_counts, check_spreads, small_cohort


def test_values_of_six_patients():
    values = patients.summarise(small_cohort())
    expected = {
        "patients.screened.all": {"n": 9},
        "patients.centres.screened": {"n": 4},
        "patients.recommendation_month.screened": {"n": 9, "minimum": "2015-01", "maximum": "2017-12"},
        "patients.analysed.all": {"n": 6},
    }
    assert {name: values[name] for name in expected} == expected
    check_counts(
        values,
        "patients",
        """included.screened 6/9 excluded.screened 3/9 excluded.follow_up_or_data.screened 2/9
        excluded.not_treated.screened 2/9 excluded.insufficient_data.screened 0/9 excluded.sm_ahn.screened 1/9
        diagnosis.primary.all 4/6 diagnosis.ism.all 2/6 diagnosis.mmas.all 1/6 diagnosis.mcas.all 3/6
        diagnosis.mastocytosis.all 3/6 kit_evaluated.all 4/6 kit_positive.all 2/4 kit_evaluated.mcas 2/3
        kit_positive.mcas 1/2 kit_positive.ism 1/2 kit_positive.cm 0/0
        continued_therapy.all 3/6 symptomatic_therapy.all 4/6 cytoreductive_therapy.all 2/6""",
    )
    assert values["patients.kit_positive.cm"]["percent"] is None
    assert values["patients.kit_positive.all"]["percent"] == 50
    spreads = "age_at_diagnosis.all 6:35:10:60 age_at_treatment.all 6:45:20:65 months_from_diagnosis.all 6:30:2:444"
    check_spreads(values, "patients", spreads)
    assert values["patients.sex_ratio.all"] == {"n": 2, "denominator": 4, "ratio": 0.5}
    men = patients.summarise(small_cohort("MMAS"))
    assert men["patients.sex_ratio.all"] == {"n": 1, "denominator": 0, "ratio": None}


def test_flow_of_six_patients():
    flow = patients.inclusion(small_cohort())
    counted = [":".join(filter(None, map(str, (row.step, row.category, row.n)))) for row in flow.itertuples()]
    expected = """screened:9 excluded:3 excluded:not_treated:2 excluded:lost_to_follow_up:0 excluded:insufficient_data:0
        excluded:SM_AHN:1 included:6 analysed:6 diagnosis:ISM:2 diagnosis:CM:1 diagnosis:MMAS:1
        diagnosis:idiopathic_MCAS:2 follow_up:ongoing:3 follow_up:stopped:3"""
    assert counted == expected.split()
    assert flow["label"].is_unique
    flow = patients.inclusion(small_cohort("primary")).set_index(["step", "category"])["n"]
    assert flow["screened", ""] == 9
    assert flow["included", ""] == 6
    assert flow["analysed", ""] == 4
    assert flow["diagnosis", "idiopathic_MCAS"] == 0
    assert flow["follow_up", "ongoing"] == 2
    assert patients.inclusion(random_cohort(1, 3)).set_index("step").loc["analysed", "n"] == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_steps_add_up(seed):
    flow = patients.inclusion(random_cohort(120, seed))
    totals = flow[flow["category"] == ""].set_index("step")["n"]
    parts = flow[flow["category"] != ""].groupby("step")["n"].sum()
    assert totals["screened"] == totals["excluded"] + totals["included"]
    assert parts["excluded"] == totals["excluded"]
    assert parts["diagnosis"] == parts["follow_up"] == totals["analysed"]
