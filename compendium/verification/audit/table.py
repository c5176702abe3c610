"""Audit the arithmetic of a claims file: for each printed number, whether it is possible, and if not, why."""

import pandas as pd

from compendium.verification.audit.arithmetic import LARGEST
from compendium.verification.audit.claims import OPTIONAL
from compendium.verification.audit.shares import NOT_CHECKABLE, VERDICTS, YES, audit_shares
from compendium.verification.audit.summaries import audit_summaries

COLUMNS = (
    *("claim", "kind", "printed", "numerator", "denominator", "possible", "numerators", "numerators_cut"),
    *("denominators", "denominators_cut", "nearest", "finding"),
)


def audit(claims: pd.DataFrame, largest: int = LARGEST) -> pd.DataFrame:
    """Check each printed number, as `claims.read_claims` gives them, and with those that summarise the same values.

    Gives one row per claim, in order, of strings: ``claim``, ``kind``, ``printed``, ``numerator``, ``denominator``;
    ``possible``: yes (rounded half up), by half-even only, by truncation (the digits are cut), no, or not checkable;
    ``numerators`` and ``numerators_cut``: whole numbers of the denominator that print the value rounded or cut;
    ``denominators`` and ``denominators_cut``: denominators up to the largest for which it is possible; and where it is
    not a yes ``nearest``, the possibilities on both sides with what they print, and ``finding``, a sentence to check by
    hand. ValueError if the largest denominator is not a whole number from 1.

    Numbers are held together only where the file says that they belong together: the minimum, maximum, mean, median and
    standard deviation (sd) of one ``group`` (without that column: names that differ in the last part only, which is the
    kind), population and unit; and the parts of one total (``part_of``). Rounded parts may miss their sum by what
    rounding hides.
    """
    if not isinstance(largest, int) or largest < 1:
        raise ValueError(f"largest denominator {largest!r} is not allowed; it is a whole number from 1")
    claims = claims.assign(**{name: "" for name in OPTIONAL if name not in claims})
    table = claims[["kind", "numerator", "denominator"]].assign(printed=claims["value"], possible=NOT_CHECKABLE)
    table = table.assign(**{name: "" for name in COLUMNS[6:]})
    table.loc[claims["kind"].eq("count") & claims["denominator"].ne(""), "possible"] = YES
    shares = claims[claims["kind"].eq("percent")]
    if len(shares):
        table.update(audit_shares(shares, largest))
    found = audit_summaries(claims)
    # What is not checkable weighs less than any answer, and a no the most.
    weight, before = (column.map((NOT_CHECKABLE, *VERDICTS).index) for column in (found["possible"], table["possible"]))
    table.update(found[weight > before[found.index]])
    return table.rename_axis("claim").reset_index()[list(COLUMNS)]


def summary(table: pd.DataFrame) -> str:
    """Sum up an audit in a line, such as ``368 claims: 204 yes, 6 by truncation, 6 no, 152 not checkable``."""
    counts = table["possible"].value_counts()
    return f"{len(table)} claims: " + ", ".join(f"{counts[name]} {name}" for name in VERDICTS if name in counts)
