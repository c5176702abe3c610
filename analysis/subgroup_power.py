"""What the groups with idiopathic and with primary MCAS could have shown, given their sizes (L291-L292)."""

from typing import Any

import numpy as np

from analysis.criteria import PAPER, Criteria
from analysis.statistics.power import (
    OUTCOMES_LIMIT,
    SIMULATED_WORK,
    detectable_rate,
    fisher_power,
    rank_sum_power,
)
from analysis.vocabulary import GRADES

__all__ = ["DIFFERENCES", "ODDS_RATIOS", "POWER", "is_enumerated", "is_exact", "rate_power", "symptom_power"]

DIFFERENCES: tuple[int, ...] = (-40, -30, -20, -10, 10, 20, 30)
"""Differences of the overall response rate, in percentage points, of which the power is given."""

ODDS_RATIOS: tuple[float, ...] = (2.0, 3.0, 5.0)
"""Odds ratios of a better grade of a symptom of which the power is given."""

POWER = 0.8
"""The power at which a difference is called detectable."""

_PARTS = ("primary_percent", "idiopathic_percent", "difference", "odds_ratio", "power", "error")


def _entry(label: str, sizes: tuple[int, int], **known: float | None) -> dict[str, Any]:
    return {"label": label, "idiopathic_n": sizes[0], "primary_n": sizes[1], **{key: known.get(key) for key in _PARTS}}


def rate_power(
    label: str, sizes: tuple[int, int], rate: float | None, criteria: Criteria = PAPER
) -> dict[str, dict[str, Any]]:
    """Give the power of Fisher's exact test for differences from the response rate of primary MCAS.

    Parameters
    ----------
    label : str
        What the rate is of.
    sizes : tuple of two int
        Patients with idiopathic and with primary MCAS.
    rate : float or None
        The rate of primary MCAS, from 0 to 1; None if a group is empty.
    criteria : Criteria, default the paper's
        ``alpha`` and ``p_at_alpha`` are used.

    Returns
    -------
    dict of str to dict
        ``power.below_40`` to ``power.above_30``: the power if the rate of idiopathic MCAS lies so many percentage
        points (`DIFFERENCES`) below or above; ``detectable.below`` and ``detectable.above``: the nearest rate with a
        power of `POWER`. Each with ``label``, ``idiopathic_n``, ``primary_n``, ``primary_percent``,
        ``idiopathic_percent``, ``difference`` in percentage points and ``power``; None for an empty group, a rate
        outside 0 to 100 %, or if no rate has that power.
    """
    level = {"alpha": criteria.alpha, "p_at_alpha": criteria.p_at_alpha}
    base = {} if rate is None else {"primary_percent": 100 * rate}
    entries = {}
    for points in DIFFERENCES:
        known = base | {"difference": float(points)}
        other = None if rate is None else rate + points / 100
        if other is not None and 0 <= other <= 1:
            known |= {"idiopathic_percent": 100 * other, "power": fisher_power(*sizes, other, rate, **level)}
        entries[f"power.{'below' if points < 0 else 'above'}_{abs(points)}"] = _entry(label, sizes, **known)
    for side, higher in (("below", False), ("above", True)):
        found = None if rate is None else detectable_rate(*sizes, rate, higher, POWER, **level)
        known = base
        if found is not None:
            known = base | {"idiopathic_percent": 100 * found, "difference": 100 * (found - rate), "power": POWER}
        entries[f"detectable.{side}"] = _entry(label, sizes, **known)
    return entries


def symptom_power(
    label: str, sizes: tuple[int, int], grades: np.ndarray | None, criteria: Criteria = PAPER
) -> dict[str, dict[str, Any]]:
    """Simulate the power of the rank-sum test for a symptom.

    Parameters
    ----------
    label : str
        The symptom.
    sizes : tuple of two int
        Patients with it, with idiopathic and with primary MCAS.
    grades : ndarray of int, shape (6,), or None
        How many patients with primary MCAS have each grade, from worse to disappeared; None if a group is empty.
    criteria : Criteria, default the paper's
        ``alpha`` and ``p_at_alpha`` are used.

    Returns
    -------
    dict of str to dict
        By odds ratio (`ODDS_RATIOS`): the power if the odds of a better grade are so many times those of primary MCAS,
        and its simulation ``error``, with the other parts of `rate_power`; None if a group is empty.
    """
    entries = {}
    for ratio in ODDS_RATIOS:
        known = {"odds_ratio": ratio}
        if grades is not None:
            level = {"alpha": criteria.alpha, "p_at_alpha": criteria.p_at_alpha}
            known["power"], known["error"] = rank_sum_power(grades, *sizes, ratio, **level)
        entries[f"{ratio:g}"] = _entry(label, sizes, **known)
    return entries


def is_enumerated(sizes: tuple[int, int]) -> bool:
    """Tell whether the power for a rate is summed over all outcomes.

    Parameters
    ----------
    sizes : tuple of two int
        Patients of each group.

    Returns
    -------
    bool
        False beyond `OUTCOMES_LIMIT` outcomes, where it is the power of the z test of two proportions.
    """
    return (sizes[0] + 1) * (sizes[1] + 1) <= OUTCOMES_LIMIT


def is_exact(sizes: tuple[int, int]) -> bool:
    """Tell whether the p values of the simulated power for a symptom are all sure to be exact.

    Parameters
    ----------
    sizes : tuple of two int
        Patients of each group with the symptom.

    Returns
    -------
    bool
        False where the p value of a sample may need more than `SIMULATED_WORK` additions and then is that of the normal
        approximation.
    """
    n, size = min(sizes), sum(sizes)
    # As `rank_sum` counts them: at most n patients of each grade, n + 1 numbers of patients, and sums of n ranks.
    return min(len(GRADES) * n, size) * (n + 1) * (2 * n * size + 1) <= SIMULATED_WORK
