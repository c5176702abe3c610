"""Wilcoxon's signed-rank test, exact also with ties and with unchanged pairs (L223-L224).

The null distribution is that of the ranks observed: each keeps its size and takes either sign with probability 1/2.
GraphPad Prism 7.00, which the paper used (L222), does the same for fewer than 200 pairs and a normal approximation from
there on, where this module stays exact up to 1,000; pairs without change it leaves out unless Pratt's method is
chosen. Up to version 7.01 Prism compared differences of fractional data as binary numbers, so that equal ones such as
1.2 - 1.1 and 1.5 - 1.4 could miss being tied and the p value be wrong (its knowledge base, article 2020; mended in
7.02). Grades in quarters are safe from that: a quarter is a short binary fraction, and so is every difference of
quarters. For other decimals `analysis.statistics.paired.decimal_differences` gives differences whose ties are ties.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from analysis.statistics.arguments import check_choice, floats
from analysis.statistics.sign_sums import upper_tail

__all__ = ["SignedRank", "signed_rank", "signed_rank_table"]

Zeros = Literal["drop", "pratt"]
Alternative = Literal["two-sided", "less", "greater"]
Distribution = Literal["exact", "asymptotic"]


@dataclass(frozen=True)
class SignedRank:
    """Result of Wilcoxon's signed-rank test.

    Attributes
    ----------
    statistic : float
        W+, the sum of the ranks of the positive differences.
    n : int
        Number of non-zero differences, those that carry the test.
    n_zero, n_tied : int
        Number of differences of zero; number of non-zero ones that share their size with another.
    effect : float or None
        Matched-pairs rank-biserial correlation, (W+ - W-) / (W+ + W-), from -1 to 1; None if n is 0.
    p_value : float
        Probability, if each sign is a fair coin, of a W+ at least as far out as the one observed.
    method : str
        How the p value was computed: "exact", "saddlepoint" (beyond the limits of `sign_sums`) or "normal".
    """

    statistic: float
    n: int
    n_zero: int
    n_tied: int
    effect: float | None
    p_value: float
    method: str


def _doubled_ranks(values: np.ndarray, zeros: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Rank the non-zero values by size; return twice their midranks, which are positive, and how many are tied."""
    changed = values != 0
    ranked = values[changed] if zeros == "drop" else values
    doubled = np.rint(2 * stats.rankdata(np.abs(ranked))).astype(np.int64)[ranked != 0]
    _, sharing = np.unique(doubled, return_counts=True)
    return doubled, values[changed] > 0, int(sharing[sharing > 1].sum())


def _p_value(
    upper: Callable[[np.ndarray, int], float], doubled_ranks: np.ndarray, doubled_sum: int, alternative: str
) -> float:
    """Turn an upper tail into the p value of an alternative; the lower tail mirrors it."""
    mirrored = int(doubled_ranks.sum()) - doubled_sum
    if alternative == "two-sided":
        return min(1.0, 2.0 * upper(doubled_ranks, max(doubled_sum, mirrored)))
    return upper(doubled_ranks, doubled_sum if alternative == "greater" else mirrored)


def signed_rank(
    differences: ArrayLike,
    zeros: Zeros = "drop",
    alternative: Alternative = "two-sided",
    distribution: Distribution = "exact",
) -> SignedRank:
    """Test whether differences are symmetric about zero.

    Parameters
    ----------
    differences : array_like of shape (n_pairs,)
        One per pair, in any unit; missing ones are left out. Ties are equal floats.
    zeros : {"drop", "pratt"}, default "drop"
        "drop" leaves pairs without change out before ranking, Wilcoxon's own rule; "pratt" ranks them with the others
        and then leaves their ranks out.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Which W+ count as far out: both sides, the small or the large ones.
    distribution : {"exact", "asymptotic"}, default "exact"
        The exact conditional distribution, beyond the limits of `analysis.statistics.sign_sums` approximated by a
        saddlepoint; or the normal distribution with variance corrected for ties and without continuity correction.

    Returns
    -------
    SignedRank
        The p value is 1 if no difference is left: every sign pattern then gives the same W+ of 0.

    Raises
    ------
    ValueError
        If an option is unknown or a difference is infinite.

    References
    ----------
    Pratt JW. Remarks on zeros and ties in the Wilcoxon signed rank procedures. Journal of the American Statistical
    Association 1959;54:655-667. Kerby DS. The simple difference formula. Comprehensive Psychology 2014;3:1.
    """
    check_choice("zeros", zeros, ("drop", "pratt"))
    check_choice("alternative", alternative, ("two-sided", "less", "greater"))
    check_choice("distribution", distribution, ("exact", "asymptotic"))
    values = floats(differences, "differences")
    values = values[~np.isnan(values)]
    doubled, positive, n_tied = _doubled_ranks(values, zeros)
    doubled_sum, total, n = int(doubled[positive].sum()), int(doubled.sum()), len(doubled)
    method, upper = upper_tail(doubled, distribution)
    return SignedRank(
        statistic=doubled_sum / 2,
        n=n,
        n_zero=len(values) - n,
        n_tied=n_tied,
        effect=(2 * doubled_sum - total) / total if n else None,
        p_value=_p_value(upper, doubled, doubled_sum, alternative) if n else 1.0,
        method=method,
    )


def signed_rank_table(
    differences: Mapping[str, ArrayLike],
    zeros: Zeros = "drop",
    alternative: Alternative = "two-sided",
    distribution: Distribution = "exact",
) -> pd.DataFrame:
    """Test many sets of differences, such as those of all symptoms of a population.

    Parameters
    ----------
    differences : mapping of str to array_like of shape (n_pairs,)
        One set per name, of any lengths, or a frame with a column per set.
    zeros, alternative, distribution
        As `signed_rank` takes them.

    Returns
    -------
    DataFrame
        One row per name in the order given: ``statistic``, ``n``, ``n_zero``, ``n_tied``, ``effect`` (missing if n is
        0), ``p_value`` and ``method``.

    Raises
    ------
    ValueError
        If an option is unknown or a difference is infinite; the message gives the name.
    """
    columns = [field.name for field in fields(SignedRank)]
    rows = []
    for name, values in differences.items():
        try:
            rows.append(asdict(signed_rank(values, zeros, alternative, distribution)))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return pd.DataFrame(rows, index=list(differences), columns=columns).astype({"effect": float})
