"""Audit the arithmetic of a claims file: for each printed number, whether it is possible, and if not, why.

``python -m compendium.verification.audit CLAIMS`` prints the table as CSV; ``--out FILE`` writes it.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from compendium.files import write_atomically
from compendium.verification.arithmetic import LARGEST
from compendium.verification.claims import ClaimsError, read_claims
from compendium.verification.findings import share_findings
from compendium.verification.sample_audit import audit_parts, audit_ranges, audit_ratios, audit_samples
from compendium.verification.share_audit import NOT_CHECKABLE, VERDICTS, YES, audit_shares

COLUMNS = (
    *("claim", "kind", "printed", "numerator", "denominator", "possible", "numerators", "numerators_cut"),
    *("denominators", "denominators_cut", "nearest", "finding"),
)
# The one that weighs most stands last.
WEIGHTS = (NOT_CHECKABLE, *(verdict for verdict in VERDICTS if verdict != NOT_CHECKABLE))
READ = ("numerator", "denominator", "population", "unit", "n", "step", "group", "part_of")

Check = Callable[[pd.DataFrame], pd.DataFrame]


def _merge(table: pd.DataFrame, found: pd.DataFrame) -> None:
    """Enter what a check found where it weighs more than what is there."""
    if found.empty:
        return
    rank = {verdict: place for place, verdict in enumerate(WEIGHTS)}
    new = found[found["possible"].map(rank) > table.loc[found.index, "possible"].map(rank)]
    table.loc[new.index, list(new.columns)] = new


def audit(claims: pd.DataFrame, largest: int = LARGEST) -> pd.DataFrame:
    """Check each printed number by itself and with those that summarise the same values.

    Parameters
    ----------
    claims : DataFrame
        As `compendium.verification.claims.read_claims` gives them.
    largest : int, default 65
        The largest denominator to look at.

    Returns
    -------
    DataFrame
        One row per claim, in order, all cells strings: ``claim``, ``kind``, ``printed``, ``numerator``,
        ``denominator``; ``possible``: yes (rounded half up), by half-even only, by truncation (the digits are cut), no,
        or not checkable; ``numerators`` and ``numerators_cut``: whole numbers of the denominator that print the value
        rounded or cut; ``denominators`` and ``denominators_cut``: denominators up to the largest for which it is
        possible; ``nearest``: the possibilities on both sides with what they print, where it is not a yes; ``finding``:
        a sentence to check by hand, where it is not a yes.

    Raises
    ------
    ValueError
        If the largest denominator is not a whole number from 1.

    Notes
    -----
    Numbers are held together only where the file says that they belong together: the minimum, maximum, mean, median and
    standard deviation (sd) of one ``group`` (without that column: names that differ in the last part only, which is the
    kind), population and unit; and the parts of one total (``part_of``). Rounded parts may miss their sum by what
    rounding hides.
    """
    if not isinstance(largest, int) or largest < 1:
        raise ValueError(f"largest denominator {largest!r} is not allowed; it is a whole number from 1")
    claims = claims.assign(**{name: "" for name in READ if name not in claims})
    table = claims[["kind", "numerator", "denominator"]].assign(printed=claims["value"], possible=NOT_CHECKABLE)
    table = table.assign(**{name: "" for name in COLUMNS[6:]})
    table.loc[claims["kind"].eq("count") & claims["denominator"].ne(""), "possible"] = YES
    shares = claims[claims["kind"].eq("percent")]
    if len(shares):
        found = audit_shares(shares, largest)
        table.loc[shares.index, list(found.columns)] = found
        _merge_texts(table, share_findings(table.loc[shares.index]))
    for check in (audit_samples, audit_ratios, audit_ranges, audit_parts):
        _merge(table, check(claims))
    return table.rename_axis("claim").reset_index()[list(COLUMNS)]


def _merge_texts(table: pd.DataFrame, texts: pd.DataFrame) -> None:
    if len(texts):
        table.loc[texts.index, list(texts.columns)] = texts


def summary(table: pd.DataFrame) -> str:
    """Say in a line what an audit found.

    Parameters
    ----------
    table : DataFrame
        As `audit` gives it.

    Returns
    -------
    str
        The number of claims and of each answer that occurs.
    """
    counts = table["possible"].value_counts()
    return f"{len(table)} claims: " + ", ".join(f"{counts[name]} {name}" for name in VERDICTS if name in counts)


def _largest(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 10000")
    return int(text)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        The arguments; by default those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m compendium.verification.audit", description="Audit the numbers a paper prints."
    )
    parser.add_argument("claims", metavar="CLAIMS", type=Path, help="CSV file with the columns claim, kind and value")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the table there instead of printing it")
    parser.add_argument("--largest", type=_largest, default=LARGEST, help="largest denominator (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        table = audit(read_claims(options.claims), options.largest)
        text = table.to_csv(index=False, lineterminator="\n")
        if options.out:
            write_atomically(options.out, text.encode())
            print(f"{summary(table)}; wrote {options.out}")
            return
    except (ClaimsError, OSError) as error:
        sys.exit(str(error))
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; Python must not complain when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
