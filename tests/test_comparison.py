import json
from dataclasses import replace

import pytest
from scipy.stats import fisher_exact

from analysis import comparison
from analysis.comparison import EARLIER, EarlierCohort
from analysis.criteria import Criteria
from analysis.statistics.exact_difference import exact_difference_interval
from analysis.summaries import proportion
from tests.small_cohort import check_counts, small_cohort


def _fisher(n, total, other_n, other_total):
    return fisher_exact([[n, total - n], [other_n, other_total - other_n]]).pvalue


@pytest.mark.parametrize("counts", [(43, 55, 11, 14), (6, 55, 2, 14), (0, 5, 5, 5), (3, 9, 3, 9), (9, 10, 2, 11)])
def test_fisher_as_scipy_has_it(counts):
    n, total, other_n, other_total = counts
    result = comparison.compare_proportions(proportion(n, total), proportion(other_n, other_total))
    assert result["p_value"] == pytest.approx(_fisher(*counts))
    assert result["difference"] == pytest.approx(100 * n / total - 100 * other_n / other_total)


@pytest.mark.parametrize("name", ["responders", "with_side_effects", "stopped_for_side_effects"])
@pytest.mark.parametrize("count", [-1, 15])
def test_impossible_counts_are_refused(name, count):
    with pytest.raises(ValueError, match=f"earlier cohort: {name} {count} is not allowed; allowed is 0 to 14"):
        replace(EARLIER, **{name: count})


def test_values_of_six_patients():
    values = comparison.summarise(small_cohort())
    check_counts(
        values,
        "comparison",
        """orr.here 5/6 orr.earlier 11/14 side_effects.here 4/6 side_effects.earlier 3/14
        stopped_for_side_effects.here 2/6 stopped_for_side_effects.earlier 2/14
        improved.general_vasomotor 3/3 improved.superficial_vasomotor 2/2 improved.gastrointestinal 2/2
        improved.urinary 0/0 improved.pain 1/3 improved.neuropsychiatric 1/2""",
    )
    assert values["comparison.patients.here"] == {"n": 6}
    assert values["comparison.patients.reported_earlier"] == {"n": 29}
    found = values["comparison.orr.difference"]
    assert found["difference"] == pytest.approx(100 * (5 / 6 - 11 / 14))
    assert found["p_value"] == pytest.approx(_fisher(5, 6, 11, 14))
    limits = [100 * limit for limit in exact_difference_interval(5, 6, 11, 14)]
    assert [found["low"], found["high"]] == pytest.approx(limits, abs=1e-4)
    assert found["low"] <= limits[0] < limits[1] <= found["high"] and found["interval"] == "exact"
    frame = comparison.compare(small_cohort(), earlier=EarlierCohort(10, 5, 4, 3))
    assert frame.index.tolist() == ["orr", "side_effects", "stopped_for_side_effects"]
    assert frame["label"].tolist() == ["Overall response", "Side effects", "Stopped for side effects"]
    found = frame[["n", "earlier_n", "earlier_denominator"]].to_numpy().tolist()
    assert found == [[5, 5, 10], [4, 4, 10], [2, 3, 10]]
    assert frame.at["side_effects", "earlier_percent"] == 40
    groups = comparison.improvement_by_group(small_cohort())
    assert groups["n"].tolist() == [3, 2, 2, 0, 1, 1]
    criteria = Criteria(partial_from_percent=50)  # F improved by 25 %
    assert comparison.summarise(small_cohort(), criteria)["comparison.orr.here"]["n"] == 4
    last = Criteria(partial_from_percent=50, symptoms_at="last")  # A, B and E are still better, F's diarrhoea too
    assert comparison.compare(small_cohort(), last).at["orr", "n"] == 4
    assert comparison.improvement_by_group(small_cohort(), last)["n"].tolist() == [3, 1, 2, 0, 0, 0]
    assert comparison.summarise(small_cohort(), last)["comparison.improved.superficial_vasomotor"]["n"] == 1
    # A new symptom is not counted.
    symptoms = small_cohort().symptoms
    onset = symptoms["onset"].where(symptoms.index > 0, "on_therapy")
    groups = comparison.improvement_by_group(replace(small_cohort(), symptoms=symptoms.assign(onset=onset)))
    assert groups.loc["general_vasomotor", ["n", "denominator"]].tolist() == [2, 2]
    # Nothing to compare.
    nothing = dict.fromkeys(("difference", "low", "high", "interval", "p_value"))
    assert comparison.compare_proportions(proportion(0, 0), proportion(1, 2)) == nothing
    assert comparison.compare_proportions(proportion(1, 2), proportion(0, 0)) == nothing
    empty = comparison.summarise(small_cohort(), earlier=EarlierCohort(0, 0, 0, 0))
    assert empty.keys() == comparison.summarise(small_cohort()).keys()
    assert empty["comparison.orr.difference"] == nothing
    json.dumps(empty, allow_nan=False)
    assert (EARLIER.patients, EARLIER.responders, EARLIER.stopped_for_side_effects) == (14, 11, 2)
    assert 100 * EARLIER.responders / EARLIER.patients == pytest.approx(78.6, abs=0.05)
    assert 100 * EARLIER.stopped_for_side_effects / EARLIER.patients == pytest.approx(14.3, abs=0.05)
