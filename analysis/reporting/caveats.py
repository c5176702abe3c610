"""What a reader of any figure or table must not overlook: where its rows come from and by which rules it was made."""

from analysis.cohort import Cohort
from analysis.criteria import Criteria, departures

__all__ = ["RECONSTRUCTED_NOTE", "caveats"]

RECONSTRUCTED_NOTE = "Reconstructed cohort: rows satisfy the published results; they are not the patients' data."
"""What every table and figure says when the cohort was reconstructed."""


def caveats(cohort: Cohort, criteria: Criteria) -> tuple[str, ...]:
    """List what every figure and table made of a cohort under given criteria must say.

    Parameters
    ----------
    cohort : Cohort
        The cohort.
    criteria : Criteria
        The rules.

    Returns
    -------
    tuple of str
        A sentence each: that the rows were reconstructed, and which rules are not the paper's; empty for an observed
        cohort under the paper's rules.
    """
    changed = departures(criteria)
    found = [RECONSTRUCTED_NOTE] if cohort.reconstructed else []
    return tuple([*found, f"Rules other than the paper's: {changed}."] if changed else found)
