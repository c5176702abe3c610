"""Sentences that name a test, its method and its level, the same below every table and figure.

They follow the criteria that the numbers were computed by, and the ``method`` that each test says it was done by,
which is None where there was no test.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from analysis.criteria import Criteria
from analysis.statistics.signs import DRAWS
from analysis.symptoms import TOO_FEW
from analysis.vocabulary import ANALYTE_LABELS, ANALYTE_UNITS
from compendium.reporting.formatting import MISSING, count_of, number, p_value

METHOD_LABELS: dict[str, str] = {  # how each method of a rank test is called
    "exact": "exact conditional distribution, ties included",
    "saddlepoint": "saddlepoint approximation for some of more than 1,000 pairs",
    "normal": "normal approximation corrected for ties",
    "t": "Student's t approximation",
}

ADJUSTMENT_LABELS: dict[str, str] = {  # how each adjustment is called
    "none": "not adjusted for the number of symptoms",
    "holm": "adjusted for the number of symptoms by Holm's method",
    "benjamini_hochberg": "adjusted for the number of symptoms by Benjamini and Hochberg's method",
}

INTERVAL_LABELS: dict[str, str] = {  # how each interval of the difference of two proportions is called
    "exact": "exact unconditional interval (Buehler's method)",
    "newcombe": "Newcombe's hybrid score interval, an approximation",
}
# The few patients of the earlier cohort always leave the interval exact.
COMPARISON_NOTE = (
    f"Difference: this cohort minus the earlier one, with the {INTERVAL_LABELS['exact']}. p: Fisher's exact test, "
    "two-sided, of the numbers of patients shown, not adjusted for the number of tests."
)
VISIT_LABELS: dict[str, str] = {"best": "at best response", "last": "at last follow-up"}  # when grades were given
_TAILS = {"two-sided": "Two-tailed", "greater": "One-tailed (improvement)"}
_ZEROS = {"drop": "unchanged pairs left out", "pratt": "unchanged pairs ranked by Pratt's rule"}


def methods_used(methods: Iterable[str | None], labels: Mapping[str, str] = METHOD_LABELS) -> str:
    """Name the methods that occur; nothing if no test was possible."""
    found = set(methods)
    return "; ".join(label for method, label in labels.items() if method in found)


def _signed_rank_methods(criteria: Criteria, methods: Iterable[str]) -> str:
    """Say how the p values of signed-rank tests were computed, and what became of pairs without change."""
    return ", ".join(filter(None, [methods_used(methods), _ZEROS[criteria.zeros]]))


def symptom_test_note(profile: pd.DataFrame, criteria: Criteria) -> str:
    """Name the test of the symptoms; of the signed-rank test also what its null hypothesis is worth on this scale."""
    test, compared = _TAILS[criteria.alternative], "of the score under omalizumab against that before"
    if criteria.test == "sign":
        return f"{test} exact sign test {compared}: unchanged symptoms left out."
    methods = _signed_rank_methods(criteria, profile.loc[profile["n"] > 0, "method"])
    ranks, signs = (int((profile[name] < criteria.alpha).sum()) for name in ("p_value", "p_sign"))
    return (
        f"{test} Wilcoxon signed-rank test {compared}: {methods}. Its null cannot hold: worse has one size of change, "
        f"better four. Unadjusted p < {criteria.alpha:g}: {ranks}, by the exact sign test {signs}."
    )


def mark_text(mark: str | None) -> str:
    """Print a mark of significance, `MISSING` where there was no test."""
    return MISSING if pd.isna(mark) else str(mark).replace("_", " ")


def significance_note(criteria: Criteria, marks: pd.Series) -> str:
    """Say of which p values, so many tested together, the marks of significance are, and at which levels."""
    below, above = ("<", "≥") if criteria.p_at_alpha == "ns" else ("≤", ">")
    alpha, few = criteria.alpha, int((marks == TOO_FEW).sum())
    levels = f"ns: p {above} {alpha:g}; *: p {below} {alpha:g}"
    levels += "".join(f"; {mark}: p {below} {min(alpha, level):g}" for mark, level in (("**", 0.01), ("***", 0.001)))
    levels += f"; too few: p {below} {alpha:g} impossible, no test" if few else ""
    tests = count_of(int(marks.notna().sum()) - few, "test")
    return f"Marks: p values {ADJUSTMENT_LABELS[criteria.adjustment]} ({tests}); {levels}."


def profile_notes(profile: pd.DataFrame, criteria: Criteria) -> list[str]:
    """Name the test of the symptoms of `analysis.symptoms.symptom_profile`, and say what its marks mean."""
    return [symptom_test_note(profile, criteria), significance_note(criteria, profile["significance"])]


def together_note(together: Mapping[str, Any]) -> str:
    """Name the test of all symptoms at once, ``symptoms.together`` of `analysis.symptoms.summarise`."""
    if together["p_value"] is None:
        return "Nobody's symptoms changed, so that they could not be tested together."
    ways = {"exact": "all ways", "drawn": f"{DRAWS:,} ways, drawn", "normal": f"{DRAWS:,} draws, normal approximation"}
    error = "" if together["error"] is None else f", standard error {number(together['error'], 5, trim=True)}"
    result = f"{p_value(together['p_value'], named=True)} ({count_of(together['n'], 'patient')} with a change{error})"
    return (
        "p, patients: sign test that exchanges better and worse in all symptoms of a patient at once, so that whatever "
        f"ties them together stays; largest statistic of {count_of(together['symptoms'], 'symptom')}, which adjusts "
        f"each for all; {ways[together['method']]}. That nothing changed in any symptom: {result}."
    )


def outcome_note(with_score: Iterable[str | None], with_events: Iterable[str | None]) -> str:
    """Name the tests of total IgE against efficacy and tolerance, done by these methods."""
    correlated, compared = (methods_used(methods) or "not possible here" for methods in (with_score, with_events))
    return (
        "Two-tailed, not adjusted for the number of tests. With a score: Spearman's rank correlation, interval by "
        f"Bonett and Wright, p value: {correlated}. With and without side effects: Wilcoxon-Mann-Whitney test, "
        f"{compared}."
    )


def biology_note(criteria: Criteria, methods: Iterable[str]) -> str:
    """Name the tests of levels before and on therapy, and the units of the levels."""
    units = ", ".join(f"{ANALYTE_LABELS[analyte]} in {unit}" for analyte, unit in ANALYTE_UNITS.items())
    return (
        f"{units}. All tests are two-tailed and not adjusted for their number. Paired t test: mean difference, on "
        "therapy minus before; of the logarithms: ratio of geometric means, on therapy to before. Wilcoxon signed-rank "
        f"test: {_signed_rank_methods(criteria, methods)}."
    )
