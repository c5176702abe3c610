"""The sentences below tables and figures say what the criteria say."""

from dataclasses import replace
from itertools import product

import pytest

from analysis.criteria import CHOICES, PAPER, Criteria
from analysis.symptoms import symptom_profile
from compendium.reporting.caveats import DRAWN, RECONSTRUCTED_NOTE, caveats
from compendium.reporting.methods import biology_note, outcome_note, profile_notes, signed_rank_note, significance_note
from tests.cohorts import random_cohort
from tests.small_cohort import small_cohort


def test_the_paper_is_said_in_full():
    assert signed_rank_note(PAPER, ["exact", "exact"]) == (
        "Two-tailed Wilcoxon signed-rank test of the score under omalizumab against that before: exact conditional "
        "distribution, ties included, unchanged pairs left out."
    )
    assert significance_note(PAPER, 30) == (
        "Marks: p values not adjusted for the number of symptoms (30 tests); ns: p ≥ 0.05; *: p < 0.05; **: p < 0.01; "
        "***: p < 0.001."
    )


def test_every_choice_gives_another_sentence():
    names = ("zeros", "distribution", "alternative", "adjustment", "p_at_alpha")
    cohort, found = random_cohort(12, 2), set()
    for values in product(*(CHOICES[name] for name in names)):
        rules = Criteria(**dict(zip(names, values, strict=True)))
        found.add(" ".join(profile_notes(symptom_profile(cohort, rules), rules)))
    assert len(found) == 2 * 2 * 2 * 3 * 2


def test_a_level_below_that_of_a_star_lowers_it():
    note = significance_note(Criteria(alpha=0.005, p_at_alpha="significant", adjustment="holm"), 4)
    assert "Holm's method (4 tests); ns: p > 0.005; *: p ≤ 0.005; **: p ≤ 0.005; ***: p ≤ 0.001." in note


def test_methods_that_were_used_are_named():
    assert "saddlepoint" in signed_rank_note(PAPER, ["exact", "saddlepoint"])
    assert "normal approximation" in biology_note(Criteria(distribution="asymptotic"), ["normal"])
    assert "UI/mL" in biology_note(PAPER, [])
    assert outcome_note(["normal", None]).endswith("normal approximation corrected for ties.")
    assert outcome_note([None]).endswith("not possible here.")


def test_what_was_drawn_is_said_of_a_reconstructed_cohort_only():
    observed = small_cohort()
    made = replace(observed, reconstructed=True)
    for key, sentence in DRAWN.items():
        assert caveats(observed, PAPER, key) == ()
        assert caveats(made, PAPER, key) == (RECONSTRUCTED_NOTE, sentence)
    assert caveats(made, Criteria(zeros="pratt"), "times")[-1] == "Rules other than the paper's: zeros=pratt."
    with pytest.raises(ValueError, match="drawn 'grades' is unknown; allowed are symptoms, times, levels, rules"):
        caveats(made, PAPER, "grades")
