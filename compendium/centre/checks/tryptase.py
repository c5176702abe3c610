"""The rise of tryptase in a symptomatic period by which MCAS is diagnosed (L171-L173)."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from analysis.vocabulary import Analyte, Diagnosis, TimePoint
from compendium.centre.checks.linking import Broken, Linked

READINGS = ("sum", "both")
"""How "at least 20 % above baseline plus 2 ng/mL" may be read, as `required_tryptase` says."""


def _exact(value: float) -> Fraction:
    """Take a number as the decimal it was written as, so that 1.2 times 10.0 is 12 and no more."""
    exact = Fraction(str(float(value))) if np.isfinite(value) else Fraction(-1)
    if exact < 0:
        raise ValueError(f"tryptase: {value!r} is not allowed; allowed is a finite number of at least 0, in ng/mL")
    return exact


def required_tryptase(baseline: float, reading: str) -> Fraction:
    """Give the lowest tryptase in a symptomatic period that confirms mast cell activation.

    Parameters
    ----------
    baseline : float
        Serum total tryptase outside symptomatic periods, in ng/mL, at least 0.
    reading : {"sum", "both"}
        sum: 1.2 times the baseline, plus 2 ng/mL; both: a rise of at least 20 % that is also at least 2 ng/mL.

    Returns
    -------
    Fraction
        In ng/mL, exact for the decimal that the baseline was written as.

    Raises
    ------
    ValueError
        If the reading is unknown, or the baseline negative or not finite.

    Notes
    -----
    Source: L172-L173. The sum is the formula of the consensus of 2012 (Int Arch Allergy Immunol 2012;157:215-225) and
    of its defence in 2019 (doi:10.1159/000501079).
    """
    if reading not in READINGS:
        raise ValueError(f"tryptase: reading {reading!r} is unknown; allowed are {', '.join(READINGS)}")
    level = _exact(baseline)
    return level + (level / 5 + 2 if reading == "sum" else max(level / 5, Fraction(2)))


def meets_tryptase_rule(baseline: float, episode: float, reading: str) -> bool:
    """Tell whether tryptase rose enough in a symptomatic period to confirm mast cell activation.

    Parameters
    ----------
    baseline, episode : float
        Serum total tryptase outside symptomatic periods, and during or within 4 hours after one; in ng/mL, at least 0.
    reading : {"sum", "both"}
        As for `required_tryptase`, which names the source.

    Returns
    -------
    bool
        Whether the rise is enough; the required level exactly is.

    Raises
    ------
    ValueError
        If the reading is unknown, or a level negative or not finite.
    """
    return _exact(episode) >= required_tryptase(baseline, reading)


def _levels(linked: Linked, point: str) -> np.ndarray:
    """Give each patient the tryptase at a time point."""
    rows = linked.equals("laboratory", "analyte", Analyte.TRYPTASE) & linked.equals("laboratory", "time_point", point)
    return linked.of_patient("laboratory", linked.values("laboratory", "value"), rows)


def unconfirmed_mcas(linked: Linked, reading: str) -> Iterator[Broken]:
    """List the patients with MCAS whose tryptase does not confirm it, or cannot.

    The baseline is the sample before omalizumab, or for want of it the one at diagnosis.

    Parameters
    ----------
    linked : Linked
        The tables.
    reading : {"sum", "both"}
        As for `required_tryptase`.

    Yields
    ------
    Broken
        Samples of an episode that do not reach the required level, and patients without such a sample or baseline.

    Raises
    ------
    ValueError
        If the reading is unknown.
    """
    required_tryptase(0, reading)
    if "patients" not in linked or "laboratory" not in linked:
        return
    patient = linked.patient["patients"]
    mcas = linked.equals("patients", "diagnosis", Diagnosis.MMAS, Diagnosis.IDIOPATHIC) & (patient >= 0)
    episode, before = _levels(linked, TimePoint.EPISODE), _levels(linked, TimePoint.BEFORE)
    baseline = np.where(np.isnan(before), _levels(linked, TimePoint.DIAGNOSIS), before)
    unknown = np.isnan(episode)[patient]
    text = "a tryptase {} in the table laboratory; without it the rise that MCAS requires cannot be checked"
    yield Broken("patients", "diagnosis", mcas & unknown, text.format("in an episode"))
    unknown = ~unknown & np.isnan(baseline)[patient]
    yield Broken("patients", "diagnosis", mcas & unknown, text.format("before omalizumab or at diagnosis"))
    samples = linked.patient["laboratory"]
    rows = linked.equals("laboratory", "analyte", Analyte.TRYPTASE) & linked.known("laboratory", "value")
    rows &= linked.equals("laboratory", "time_point", TimePoint.EPISODE)
    rows &= linked.any_row("patients", mcas)[samples] & ~np.isnan(baseline[samples])
    values = linked.values("laboratory", "value")
    texts = []
    for row in np.flatnonzero(rows):
        level = baseline[samples[row]]
        if meets_tryptase_rule(level, values[row], reading):
            rows[row] = False
        else:
            required = float(required_tryptase(level, reading))
            texts.append(f"at least {required:.10g}, which MCAS requires with a baseline of {level:.10g}")
    yield Broken("laboratory", "value", rows, texts)
