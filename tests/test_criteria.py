import pytest

from analysis.criteria import CHOICES, LIMITS, PAPER, Criteria, departures, read_criteria
from tests.case_files import data_lines


def test_options_are_read_and_departures_from_the_paper_named():
    assert read_criteria("paper") == read_criteria(" paper ") == Criteria() == PAPER
    # Typed from the manuscript: L212-L213, L225, L257.
    assert (PAPER.major_above_percent, PAPER.partial_from_percent, PAPER.alpha) == (50, 10, 0.05)
    assert PAPER.sustained_months == 3
    assert CHOICES["new_symptoms"] == ("rule_out", "count", "ignore")
    assert [LIMITS[name] for name in ("alpha", "sustained_months")] == [(0, 1), (0, 1200)]
    assert all(getattr(PAPER, name) == allowed[0] for name, allowed in CHOICES.items())
    expected = Criteria(worsening="any", sustained_from="best", ige_stable_percent=12.5, major_above_percent=30)
    text = " worsening = any,sustained_from=best , ige_stable_percent=12.5,major_above_percent=30"
    assert read_criteria(text) == expected
    assert departures(PAPER) == ""
    changed = Criteria(worsening="any", alpha=0.01, sustained_months=6)
    assert departures(changed) == "worsening=any, sustained_months=6, alpha=0.01"
    assert read_criteria(departures(changed)) == changed
    # They cannot be changed afterwards.
    with pytest.raises(AttributeError):
        PAPER.alpha = 0.1


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_is_accepted_and_no_other(name):
    for value in CHOICES[name]:
        assert getattr(read_criteria(f"{name}={value}"), name) == value
    with pytest.raises(ValueError, match=f"'never' is not allowed for {name}; allowed is one of {CHOICES[name][0]}, "):
        read_criteria(f"{name}=never")


@pytest.mark.parametrize("name", LIMITS)
def test_numbers_have_limits(name):
    low, high = LIMITS[name]
    # Both thresholds at a limit, since the partial one may not be above the major one.
    for limit in (low, high):
        both = f"major_above_percent={limit},partial_from_percent={limit}"
        assert getattr(read_criteria(both if "percent" in name and high == 100 else f"{name}={limit}"), name) == limit
    for text in (f"{low - 1:g}", f"{high + 1:g}", "nan", "many", ""):
        with pytest.raises(ValueError, match=rf"is not allowed for {name}; allowed is a .*from {low:g} to {high:g}"):
            read_criteria(f"{name}={text}")


@pytest.mark.parametrize("line", data_lines("wrong_criteria.txt"))
def test_what_is_wrong_is_named(line):
    text, message = line.split(" -> ")
    with pytest.raises(ValueError, match=message):
        read_criteria(text)


@pytest.mark.parametrize("options", [{"alpha": True}, {"worsening": 1}, {"zeros": ["drop"]}, {"alpha": "0.05"}])
def test_values_of_another_type_are_refused(options):
    with pytest.raises(ValueError, match="is not allowed for"):
        Criteria(**options)
