"""What the notebooks show and say: pictures at printed size, headings, rows, sentences, the controls for exploring."""

import json
import struct
from dataclasses import replace
from itertools import product

import pandas as pd
import pytest
from IPython.display import Image
from matplotlib.figure import Figure

from analysis.biology import compare_groups
from analysis.cohort import restrict
from analysis.comparison import compare, improvement_by_group
from analysis.criteria import CHOICES, PAPER, Criteria
from analysis.safety import event_table
from analysis.symptoms import symptom_profile, together
from compendium.drawing import explore
from compendium.reporting import display, methods, result_rows
from compendium.reporting.caveats import DRAWN, RECONSTRUCTED_NOTE, caveats
from compendium.reporting.small_tables import small_table, value_rows, value_text
from tests.case_files import data_lines
from tests.reader import Reader
from tests.small_cohort import small_cohort

COHORT = small_cohort()


def test_a_picture_is_the_whole_figure_at_its_printed_size():
    image = display.picture(Figure(figsize=(18 / 2.54, 9 / 2.54)))
    width, height = struct.unpack(">II", image.data[16:24])  # of the PNG header
    assert (width, height) == (1062, 531)  # 18 cm and 9 cm at 150 dots per inch
    assert image.width == 680  # 18 cm on a screen of 96


@pytest.mark.parametrize("line", data_lines("value_texts.txt"))
def test_a_value_is_printed_with_what_belongs_to_it(line):
    entry, text = line.split(" -> ")
    assert value_text(json.loads(entry)) == text


def test_values_are_chosen_and_ordered_by_their_labels():
    levels = pd.Series([1.0, 2, 3, 4, 5])
    assert value_text(compare_groups(levels, levels > 3)).endswith("n = 2 and 3")
    values = {"a.all": {"n": 4}, "b.all": {"n": 5}, "c.all": {"n": 6}}
    rows = value_rows(values, {"c.all": "Third", "a.all": "First"})
    assert rows.to_dict("list") == {"Result": ["Third", "First"], "Value": ["6", "4"]}
    with pytest.raises(ValueError, match=r"there is no value 'b\.al'; similar names: .*b\.all"):
        value_rows(values, {"b.al": "x"})
    with pytest.raises(ValueError, match="a value with colour cannot be printed"):
        value_text({"colour": "red"})


def test_small_table_prints_every_kind_of_cell():
    frame = pd.DataFrame({"Name": ["<i>x</i>", "y"], "n": [3, None], "Mean": [0.125, 2.0], "Text": ["1.50", "ü"]})
    read = Reader(small_table(frame, "A title", "demo", ["A <b>B</b>", ""], caveats=[RECONSTRUCTED_NOTE]).as_raw_html())
    assert ["A title"] in read.rows and ["Name", "n", "Mean", "Text"] in read.rows
    assert read.row("<i>x</i>") == ["3", "0.13", "1.50"]
    assert read.row("y") == ["–", "2", "ü"]
    assert read.rows[-2:] == [["A <b>B</b>"], [RECONSTRUCTED_NOTE]]
    assert read.loaded == []
    for identifier in ("", "A b", "1", "x y", 'x"'):
        with pytest.raises(ValueError, match="identifier"):
            small_table(frame, "t", identifier)


def test_a_table_is_headed_by_its_population_and_carries_the_note():
    cohort, frame = small_cohort("ISM"), pd.DataFrame({"Result": ["x"], "Value": ["1"]})
    shown = display.result_table(cohort, PAPER, frame, "best response (by group)")
    assert Reader(shown.data).words[:3] == ["ISM (N = 2): best response (by group)", "Result", "Value"]
    assert 'id="best-response-by-group"' in shown.data
    assert (RECONSTRUCTED_NOTE in shown.data) == cohort.reconstructed
    assert "Rules other" not in shown.data and "object at 0x" not in repr(shown.data)
    other = display.result_table(cohort, Criteria(zeros="pratt", alpha=0.01), frame, "x").data
    assert "Rules other than the paper's: zeros=pratt, alpha=0.01." in Reader(other).words


@pytest.mark.parametrize("reconstructed", [False, True])
def test_what_has_nobody_is_left_out_of_an_observed_cohort_only(reconstructed):
    values = {"none": {"n": 0, "denominator": 0, "percent": None}, "unchanged": {"n": 0, "n_zero": 2, "p_value": 1.0}}
    labels, cohort = {"none": "Nobody", "unchanged": "Two unchanged"}, replace(COHORT, reconstructed=reconstructed)
    words = Reader(display.value_table(cohort, PAPER, values, labels, "x").data).words
    found = [text in words for text in ("Two unchanged", "Nobody", "Left out, having no patient: Nobody.")]
    assert found == [True, reconstructed, not reconstructed]
    for some in ({"none": "Nobody"}, {}):
        alone = display.value_table(cohort, PAPER, values, some, "all").data
        assert (alone == "<p>All: left out, having no patient.</p>") != reconstructed


def test_what_was_drawn_is_said_of_a_reconstructed_cohort_only():
    made = replace(COHORT, reconstructed=True)
    for key, sentence in DRAWN.items():
        assert caveats(COHORT, PAPER, key) == ()
        assert caveats(made, PAPER, key) == (RECONSTRUCTED_NOTE, sentence)
    assert caveats(made, Criteria(zeros="pratt"), "times")[-1] == "Rules other than the paper's: zeros=pratt."
    with pytest.raises(ValueError, match="drawn 'grades' is unknown; allowed are symptoms, courses, flow, times, "):
        caveats(made, PAPER, "grades")


def test_methods_and_levels_are_named_as_the_criteria_have_them():
    profile = pd.DataFrame({"n": [5, 9], "method": "exact", "p_value": [0.03, 0.05], "p_sign": [0.06, 0.07]})
    assert methods.symptom_test_note(profile, PAPER) == (
        "Two-tailed Wilcoxon signed-rank test of the score under omalizumab against that before: exact conditional "
        "distribution, ties included, unchanged pairs left out. Its null cannot hold: worse has one size of change, "
        "better four. Unadjusted p < 0.05: 1, by the exact sign test 0."
    )
    assert methods.significance_note(PAPER, pd.Series(["ns", "***"] * 15)) == (
        "Marks: p values not adjusted for the number of symptoms (30 tests); ns: p ≥ 0.05; *: p < 0.05; **: p < 0.01; "
        "***: p < 0.001."
    )
    # A level below that of a star lowers it.
    rules = Criteria(alpha=0.005, p_at_alpha="significant", adjustment="holm")
    note = methods.significance_note(rules, pd.Series(["ns", "*", None, "too_few", "ns", "ns"]))
    assert "Holm's method (4 tests); ns: p > 0.005; *: p ≤ 0.005; **: p ≤ 0.005; ***: p ≤ 0.001; too few" in note
    assert "saddlepoint" in methods.symptom_test_note(profile.assign(method=["exact", "saddlepoint"]), PAPER)
    assert "normal approximation" in methods.biology_note(Criteria(distribution="asymptotic"), ["normal"])
    assert "UI/mL" in methods.biology_note(PAPER, [])
    assert methods.outcome_note(["t"], ["normal", None]).endswith("normal approximation corrected for ties.")
    assert "p value: exact conditional distribution" in methods.outcome_note(["exact", None], [None])
    assert methods.outcome_note([None], [None]).endswith("not possible here.")


def test_every_choice_gives_another_sentence():
    names, marks = ("test", "zeros", "distribution", "alternative"), ("adjustment", "p_at_alpha")
    found = set()
    for values in product(*(CHOICES[name] for name in names)):
        rules = Criteria(**dict(zip(names, values, strict=True)))
        profile = symptom_profile(COHORT, rules)  # whose tests are the same, however they are marked
        for others in product(*(CHOICES[name] for name in marks)):
            marked = replace(rules, **dict(zip(marks, others, strict=True)))
            found.add(" ".join(methods.profile_notes(profile, marked)))
    assert len(found) == (2 * 2 + 1) * 2 * 3 * 2  # the sign test knows neither zeros nor distributions


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


def test_groups_are_ranked_by_their_share_and_a_profile_adds_up():
    cells = result_rows.group_rows(improvement_by_group(COHORT))["Improved (%)"]
    shares = [float(cell.split("(")[1].rstrip(")")) if "(" in cell else 0 for cell in cells if cell != "–"]
    assert shares == sorted(shares, reverse=True) and len(cells) == 6
    profile = symptom_profile(COHORT)
    rows = result_rows.profile_rows(profile)
    assert (rows["Worse"] + rows["Unchanged"] + rows["Improved"] == rows["Patients"]).all()
    assert (rows["Of these gone"] <= rows["Improved"]).all()
    assert rows["Of these gone"].tolist() == profile["disappeared"].tolist()
    assert rows.loc["anaphylaxis", "Mean score"] == "0.13"  # (0 + 0.25) / 2, a half up
    tests = result_rows.test_rows(profile, together(COHORT)[1])
    assert list(tests) == ["Symptom", "Changed", "p", "p, Holm", "p, BH", "p, sign test", "p, patients", "Mark"]
    assert tests["Changed"].tolist() == (rows["Worse"] + rows["Improved"]).tolist()


def test_redrawing_follows_every_choice(monkeypatch):
    monkeypatch.setattr(display, "SCREEN_DPI", 30)  # coarse dots will do
    choices = ({}, {"population": "ISM"}, {"criteria": "partial_from_percent=40"}, {"group": "general_vasomotor"})
    shown = {explore.redraw(COHORT, **choice) for choice in choices}
    assert len(shown) == 4 and all("data:image/png;base64," in html for html in shown)
    with pytest.raises(ValueError, match="symptom group 'head' is unknown"):
        explore.redraw(COHORT, group="head")
    assert "no patient of this population" in explore.redraw(restrict(COHORT, "ISM"), "CM")
    assert "symptom of this group" in explore.redraw(COHORT, "CM", group="urinary")
    for limit, text in ((10, "5/6 (83.3%)"), (50, "4/6 (66.7%)")):
        assert text in Reader(explore.rates(COHORT, Criteria(partial_from_percent=limit)).data).words


def test_every_choice_of_the_controls_is_allowed(monkeypatch):
    monkeypatch.setattr(explore, "draw_symptoms", lambda *shown, **how: None)
    monkeypatch.setattr(explore, "picture", lambda figure: Image(b"not drawn", format="png"))
    for reading in explore.READINGS:
        assert explore.redraw(COHORT, criteria=reading, group="general_vasomotor")
    panel = explore.panel(COHORT)
    *controls, result = panel.children
    assert [control.description for control in controls] == ["population", "criteria", "group"]
    before, controls[0].value = result.value, "ISM"
    assert before != result.value == explore.redraw(COHORT, "ISM")
    assert len(repr(panel)) < 200  # where widgets are not shown, this is what a reader sees
