"""What a reader of any figure or table must not overlook: where its rows come from and by which rules it was made."""

from analysis.cohort import Cohort
from analysis.criteria import Criteria, departures
from compendium.origin import RECONSTRUCTED_NOTE

Drawn = str | tuple[str, ...]
DRAWN: dict[str, str] = {  # what a result says whose numbers the paper does not print: in a reconstructed cohort drawn
    "symptoms": "Symptoms and grades were drawn: the text at hand fixes 13 with less, 1 with more anaphylaxis, in all.",
    "courses": "Single courses were drawn: the paper fixes who stopped by reason, and medians and ranges of months.",
    "flow": "Some splits were drawn: reasons of exclusion, and of stopping by diagnosis, beyond those printed.",
    "times": "When each patient responded or stopped was drawn: the paper fixes plain medians and ranges, no curve.",
    "levels": "Levels and tests were drawn: the paper fixes how many rose, the means, and the ranges of total IgE.",
    "rules": "How far another rule moves a result was drawn; how far it can in any cohort is in the table of rules.",
}


def caveats(cohort: Cohort, criteria: Criteria, drawn: Drawn = "") -> tuple[str, ...]:
    """List what every figure and table made of a cohort under given criteria must say.

    Parameters
    ----------
    cohort : Cohort
        The cohort.
    criteria : Criteria
        The rules.
    drawn : str or tuple of str, optional
        What the result is about, a key of `DRAWN`, if it rests on more than is printed; or what to say of that instead.

    Returns
    -------
    tuple of str
        A sentence each: that the rows were reconstructed, what of the result was drawn, and which rules are not the
        paper's; empty for an observed cohort under the paper's rules.
    """
    if isinstance(drawn, str) and drawn not in ("", *DRAWN):
        raise ValueError(f"drawn {drawn!r} is unknown; allowed are {', '.join(DRAWN)}")
    said = filter(None, [DRAWN.get(drawn)]) if isinstance(drawn, str) else drawn
    found = [RECONSTRUCTED_NOTE, *said] if cohort.reconstructed else []
    changed = departures(criteria)
    return tuple([*found, f"Rules other than the paper's: {changed}."] if changed else found)
