"""What the notebooks show: pictures at printed size, headings, rows, and the controls for exploring."""

import struct

import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.biology import compare_groups
from analysis.cohort import restrict
from analysis.comparison import compare, improvement_by_group
from analysis.criteria import PAPER, Criteria
from analysis.safety import event_table
from analysis.symptoms import symptom_profile
from compendium.drawing import explore
from compendium.reporting import display, result_rows
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.reporting.outputs import save_data
from compendium.reporting.small_tables import value_text
from tests.reader import Reader
from tests.small_cohort import small_cohort

COHORT = small_cohort()


def test_a_picture_is_the_whole_figure_at_its_printed_size():
    image = display.picture(Figure(figsize=(18 / 2.54, 9 / 2.54)))
    width, height = struct.unpack(">II", image.data[16:24])  # of the PNG header
    assert (width, height) == (1062, 531)  # 18 cm and 9 cm at 150 dots per inch
    assert image.width == 680  # 18 cm on a screen of 96


def test_a_table_is_headed_by_its_population_and_carries_the_note():
    cohort, frame = small_cohort("ISM"), pd.DataFrame({"Result": ["x"], "Value": ["1"]})
    shown = display.result_table(cohort, PAPER, frame, "best response, by group")
    assert Reader(shown.data).words[:3] == ["ISM (N = 2): best response, by group", "Result", "Value"]
    assert 'id="best-response-by-group"' in shown.data
    assert (RECONSTRUCTED_NOTE in shown.data) == cohort.reconstructed
    assert "Rules other" not in shown.data and "object at 0x" not in repr(shown.data)
    other = display.result_table(cohort, Criteria(zeros="pratt", alpha=0.01), frame, "x").data
    assert "Rules other than the paper's: zeros=pratt, alpha=0.01." in Reader(other).words


def test_events_are_printed_with_percentages_of_all_patients():
    rows, events = result_rows.event_rows(event_table(COHORT)), COHORT.adverse_events
    assert list(rows) == ["Event", "Patients (%)", "Mild", "Moderate", "Severe", "Flare", "Led to stop"]
    assert rows[["Mild", "Moderate", "Severe"]].to_numpy().sum() == len(events)
    for head, column in (("Led to stop", "led_to_stop"), ("Flare", "flare")):
        assert rows[head].sum() == (events[column] == "yes").sum()
    counts = events["term"].str.capitalize().value_counts()
    for event, cell in zip(rows["Event"], rows["Patients (%)"], strict=True):
        assert cell.startswith(f"{counts[event]} (")


def test_the_comparison_prints_both_cohorts():
    first = result_rows.comparison_rows(compare(COHORT)).iloc[0]
    assert first["Earlier cohort"] == "11/14 (78.6%)"
    n, of = first["This cohort"].split(" ")[0].split("/")
    estimate, interval = first["Difference, points (95% CI)"].replace("−", "-").split(" ", 1)
    difference = 100 * int(n) / int(of) - 1100 / 14
    assert float(estimate) == pytest.approx(difference, abs=0.05)
    low, high = interval.strip("()").split(" to ")
    assert float(low) < difference < float(high)


def test_groups_are_ranked_by_their_share():
    cells = result_rows.group_rows(improvement_by_group(COHORT))["Improved (%)"]
    shares = [float(cell.split("(")[1].rstrip(")")) if "(" in cell else 0 for cell in cells if cell != "–"]
    assert shares == sorted(shares, reverse=True) and len(cells) == 6


def test_the_profile_adds_up():
    profile = symptom_profile(COHORT)
    rows = result_rows.profile_rows(profile)
    assert (rows["Worse"] + rows["Unchanged"] + rows["Improved"] == rows["Patients"]).all()
    assert (rows["Of these gone"] <= rows["Improved"]).all()
    assert rows["Of these gone"].tolist() == profile["disappeared"].tolist()
    assert rows.loc["anaphylaxis", "Mean score"] == "0.13"  # (0 + 0.25) / 2, a half up


def test_a_comparison_of_two_groups_tells_both_sizes():
    values = pd.Series([1.0, 2, 3, 4, 5])
    assert value_text(compare_groups(values, values > 3)).endswith("n = 2 and 3")


def test_the_numbers_behind_a_figure_are_saved_with_six_significant_digits(tmp_path):
    (path,) = save_data(pd.DataFrame({"a": [1 / 3], "b": [None]}), "figure-1", tmp_path)
    assert path.name == "figure-1.csv"
    assert path.read_bytes() == b"a,b\n0.333333,\n"


def test_redrawing_follows_every_choice():
    choices = ({}, {"population": "ISM"}, {"criteria": "partial_from_percent=40"}, {"group": "general_vasomotor"})
    shown = {explore.redraw(COHORT, **choice) for choice in choices}
    assert len(shown) == 4
    assert all("data:image/png;base64," in html for html in shown)
    with pytest.raises(ValueError, match="symptom group 'head' is unknown"):
        explore.redraw(COHORT, group="head")


def test_a_choice_without_patients_or_symptoms_says_so():
    assert "no patient of this population" in explore.redraw(restrict(COHORT, "ISM"), "CM")
    assert "symptom of this group" in explore.redraw(COHORT, "CM", group="urinary")


def test_every_choice_of_the_controls_is_allowed():
    for reading in explore.READINGS:
        assert explore.redraw(COHORT, criteria=reading, group="general_vasomotor")
    panel = explore.panel(COHORT)
    *controls, result = panel.children
    assert [control.description for control in controls] == ["population", "criteria", "group"]
    before = result.value
    controls[0].value = "ISM"
    assert result.value != before
    assert result.value == explore.redraw(COHORT, "ISM")
    assert len(repr(panel)) < 200  # where widgets are not shown, this is what a reader sees


@pytest.mark.parametrize(("limit", "text"), [(10, "5/6 (83.3%)"), (50, "4/6 (66.7%)")])
def test_rates_are_those_of_the_criteria(limit, text):
    assert text in Reader(explore.rates(COHORT, Criteria(partial_from_percent=limit)).data).words
