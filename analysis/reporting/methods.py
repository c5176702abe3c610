"""Sentences that name a test, its method and its level, the same below every table and figure."""

from collections.abc import Iterable

from analysis.criteria import Criteria

__all__ = ["signed_rank_note", "significance_note"]

METHOD_LABELS: dict[str, str] = {
    "exact": "exact conditional distribution, ties included",
    "saddlepoint": "saddlepoint approximation beyond 1,000 changed pairs",
    "normal": "normal approximation corrected for ties",
}
"""How each method of a rank test is called."""

ADJUSTMENT_LABELS: dict[str, str] = {
    "none": "not adjusted for the number of symptoms",
    "holm": "adjusted for the number of symptoms by Holm's method",
    "benjamini_hochberg": "adjusted for the number of symptoms by Benjamini and Hochberg's method",
}
"""How each adjustment is called."""

_TAILS = {"two-sided": "Two-tailed", "greater": "One-tailed (improvement)"}
_ZEROS = {"drop": "unchanged symptoms left out", "pratt": "unchanged symptoms ranked by Pratt's rule"}


def signed_rank_note(criteria: Criteria, methods: Iterable[str]) -> str:
    """Name the signed-rank test of the symptoms.

    Parameters
    ----------
    criteria : Criteria
        ``alternative`` and ``zeros`` are used.
    methods : iterable of str
        The ``method`` of each test.

    Returns
    -------
    str
        A sentence.
    """
    found = set(methods)
    named = "; ".join(label for method, label in METHOD_LABELS.items() if method in found)
    how = ", ".join(filter(None, [named, _ZEROS[criteria.zeros]]))
    tails = _TAILS[criteria.alternative]
    return f"{tails} Wilcoxon signed-rank test of the score under omalizumab against that before: {how}."


def significance_note(criteria: Criteria, tests: int) -> str:
    """Say what the marks of significance mean.

    Parameters
    ----------
    criteria : Criteria
        ``adjustment``, ``alpha`` and ``p_at_alpha`` are used.
    tests : int
        Number of symptoms tested together.

    Returns
    -------
    str
        A sentence that says of which p values the marks are, and the levels.
    """
    below, above = ("<", "≥") if criteria.p_at_alpha == "ns" else ("≤", ">")
    alpha = criteria.alpha
    levels = f"ns: p {above} {alpha:g}; *: p {below} {alpha:g}"
    levels += "".join(f"; {mark}: p {below} {min(alpha, level):g}" for mark, level in (("**", 0.01), ("***", 0.001)))
    return f"Marks: p values {ADJUSTMENT_LABELS[criteria.adjustment]} ({tests} tests); {levels}."
