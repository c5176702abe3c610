"""Clinical findings that rarely go together: diagnosis and criteria, organs, therapies and levels of the blood.

Among them is the rise of tryptase in a symptomatic period by which MCAS is diagnosed (L171-L173), which is looked at
only if a reading of that rule is given: few databases hold samples taken in an episode.
"""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from analysis.characteristics import CYTOREDUCTIVE, SYMPTOMATIC
from analysis.vocabulary import Analyte, Diagnosis, TimePoint
from compendium.centre.checks.linking import Broken, Linked, Rows
from compendium.centre.checks.rules import BONE_MARROW, SKIN

_HIGHEST_LEVEL = {Analyte.TRYPTASE: 1000, Analyte.TOTAL_IGE: 50_000}  # in its unit; more raises a doubt
_TRYPTASE_FROM_MONTHS = 3  # tryptase on therapy is that after at least three months (L307)
_SLIP = 10  # two levels of tryptase this many times apart may differ by a decimal point
_MAJOR_CRITERION = "who_multifocal_infiltrates"
_MINOR_CRITERIA = ("who_atypical_mast_cells", "who_cd2_cd25", "who_tryptase_over_20")
"""WHO criteria of systemic mastocytosis, met by the major and one minor or by three minor ones; KIT is the fourth."""
READINGS = ("sum", "both")  # how "at least 20 % above baseline plus 2 ng/mL" may be read, as `required_tryptase` says


def _diagnosis(cohort: Linked) -> Iterator[Broken]:
    rows = cohort.patients
    ism, cm, mmas, idiopathic = (rows.equals("diagnosis", one) for one in Diagnosis)
    # The minor criterion is a mutation outside the skin, which kit_d816v alone does not say.
    minor = rows.count((*_MINOR_CRITERIA, "bone_marrow_kit_d816v"), "positive")
    met = (minor >= 3) | (rows.equals(_MAJOR_CRITERION, "positive") & (minor >= 1))
    allowed = "most likely ISM, since the WHO criteria of systemic mastocytosis are met"
    yield rows, "diagnosis", (cm | mmas | idiopathic) & met, allowed
    possible = 4 - rows.count((*_MINOR_CRITERIA, "kit_d816v"), "negative")
    unmet = (possible < 1) | (rows.equals(_MAJOR_CRITERION, "negative") & (possible < 3))
    allowed = "most likely another, since the findings rule the WHO criteria of systemic mastocytosis out"
    yield rows, "diagnosis", ism & unmet, allowed
    for column, patients, allowed in (
        ("kit_d816v", idiopathic, "most likely negative, since idiopathic MCAS is not clonal"),
        ("who_cd2_cd25", idiopathic, "most likely negative, since idiopathic MCAS is not clonal"),
        ("bone_marrow_involved", cm | idiopathic, "most likely negative in CM and in idiopathic MCAS"),
        ("skin_maculopapular", mmas | idiopathic, "most likely negative in MCAS, else the diagnosis is CM or ISM"),
    ):
        yield rows, column, patients & rows.equals(column, "positive"), allowed
    without = cm & rows.equals("skin_involved", "negative", "not_evaluated")
    yield rows, "skin_involved", without, "most likely positive in CM"


def _findings(cohort: Linked) -> Iterator[Broken]:
    rows = cohort.patients
    for organ, findings in (("skin_involved", SKIN), ("bone_marrow_involved", BONE_MARROW)):
        negative = rows.count(findings, "negative")
        none = rows.count(findings, "negative", "not_evaluated") == len(findings)
        if organ == "bone_marrow_involved":
            none &= negative < len(findings)  # with all four negative it is an error
        some = f"one of {', '.join(findings)}"
        yield rows, organ, rows.equals(organ, "positive") & none, f"most likely {some} is positive too"
        unknown = rows.equals(organ, "not_evaluated") & (negative > 0)
        yield rows, organ, unknown, f"most likely evaluated, since {some} was"
    unknown = rows.equals("kit_d816v", "not_evaluated")
    unknown &= rows.count(("skin_kit_d816v", "bone_marrow_kit_d816v"), "negative") > 0
    allowed = "most likely evaluated, since the mutation was looked for in the skin or the bone marrow"
    yield rows, "kit_d816v", unknown, allowed


def _therapies(cohort: Linked) -> Iterator[Broken]:
    rows, courses = cohort.patients, cohort.courses
    none = rows.count(sorted(SYMPTOMATIC), "no") == len(SYMPTOMATIC)
    continued = rows.equals("continued_classical_therapy", "yes")
    allowed = f"most likely no, since {', '.join(sorted(SYMPTOMATIC))} all are"
    yield rows, "continued_classical_therapy", none & continued, allowed
    allowed = "most likely yes for one classical therapy, since symptoms were refractory to them"
    yield rows, min(SYMPTOMATIC), none & ~continued, allowed
    mcas = rows.equals("diagnosis", Diagnosis.MMAS, Diagnosis.IDIOPATHIC)
    allowed = "most likely no, since cytoreductive therapy is for mastocytosis"
    for column in CYTOREDUCTIVE:
        yield rows, column, mcas & rows.equals(column, "yes"), allowed
    old = rows.of_patients(rows.values("age_at_treatment_years"))[courses.patient] > 55
    old &= courses.equals("stop_reason", "pregnancy_intent")
    yield courses, "stop_reason", old, "most likely another reason in a woman over 55"


def _tryptase(samples: Rows, point: TimePoint) -> np.ndarray:
    """Give each patient the level of tryptase at a time point, in ng/mL."""
    return samples.of_patients(samples.values("value"), _is_tryptase(samples, point))


def _is_tryptase(samples: Rows, point: TimePoint) -> np.ndarray:
    return samples.equals("analyte", Analyte.TRYPTASE) & samples.equals("time_point", point)


def _levels(cohort: Linked) -> Iterator[Broken]:
    samples, patients = cohort.laboratory, cohort.patients
    level = samples.values("value")
    for analyte, highest in _HIGHEST_LEVEL.items():
        high = samples.equals("analyte", analyte) & (level > highest)
        yield samples, "value", high, f"most likely at most {highest:g}"
    later = _is_tryptase(samples, TimePoint.ON_THERAPY)
    early = later & (samples.values("months_on_therapy") < _TRYPTASE_FROM_MONTHS)
    yield samples, "months_on_therapy", early, f"most likely at least {_TRYPTASE_FROM_MONTHS} months on therapy"
    before = _tryptase(samples, TimePoint.BEFORE)[samples.patient]
    apart = ((level >= _SLIP * before) | (_SLIP * level <= before)) & (level != before)
    allowed = f"most likely less than {_SLIP} times apart from the tryptase before omalizumab"
    yield samples, "value", later & apart, allowed
    diagnosis = _tryptase(samples, TimePoint.DIAGNOSIS)[patients.patient]
    for right, other, seen, word in (
        ("positive", "negative", diagnosis > 20, "over"),
        ("negative", "positive", diagnosis <= 20, "not over"),
    ):
        said = patients.equals("who_tryptase_over_20", other, "not_evaluated")
        allowed = f"most likely {right}, since tryptase at diagnosis was {word} 20 ng/mL"
        yield patients, "who_tryptase_over_20", said & seen, allowed


CLINICAL_CHECKS = (_diagnosis, _findings, _therapies, _levels)


def _exact(value: float) -> Fraction:
    """Take a number as the decimal it was written as, so that 1.2 times 10.0 is 12 and no more."""
    exact = Fraction(str(float(value))) if np.isfinite(value) else Fraction(-1)
    if exact < 0:
        raise ValueError(f"tryptase: {value!r} is not allowed; allowed is a finite number of at least 0, in ng/mL")
    return exact


def required_tryptase(baseline: float, reading: str) -> Fraction:
    """Give the lowest tryptase in a symptomatic period that confirms mast cell activation (L172-L173), in ng/mL.

    The baseline is serum total tryptase outside symptomatic periods, in ng/mL. Read as sum, 1.2 times it plus 2 ng/mL
    are required: the formula of the consensus of 2012 (Int Arch Allergy Immunol 2012;157:215-225) and of its defence in
    2019 (doi:10.1159/000501079). Read as both, a rise of at least 20 % that is also at least 2 ng/mL.
    """
    if reading not in READINGS:
        raise ValueError(f"tryptase: reading {reading!r} is unknown; allowed are {', '.join(READINGS)}")
    level = _exact(baseline)
    return level + (level / 5 + 2 if reading == "sum" else max(level / 5, Fraction(2)))


def meets_tryptase_rule(baseline: float, episode: float, reading: str) -> bool:
    """Tell whether a level during a symptomatic period, or within 4 hours after it, reaches `required_tryptase`."""
    return _exact(episode) >= required_tryptase(baseline, reading)


def unconfirmed_mcas(cohort: Linked, reading: str) -> Iterator[Broken]:
    """List samples of an episode that do not confirm MCAS, and patients with MCAS but without one or a baseline."""
    required_tryptase(0, reading)
    patients, samples = cohort.patients, cohort.laboratory
    if samples.absent:
        return
    mcas = patients.equals("diagnosis", Diagnosis.MMAS, Diagnosis.IDIOPATHIC) & (patients.patient >= 0)
    # The baseline is the sample before omalizumab, or for want of it the one at diagnosis.
    before, diagnosis = (_tryptase(samples, point) for point in (TimePoint.BEFORE, TimePoint.DIAGNOSIS))
    baseline = np.where(np.isnan(before), diagnosis, before)
    without = np.isnan(_tryptase(samples, TimePoint.EPISODE))[patients.patient]
    text = "a tryptase {} in the table laboratory; without it the rise that MCAS requires cannot be checked"
    yield patients, "diagnosis", mcas & without, text.format("in an episode")
    without = ~without & np.isnan(baseline)[patients.patient]
    yield patients, "diagnosis", mcas & without, text.format("before omalizumab or at diagnosis")
    values, baseline = samples.values("value"), baseline[samples.patient]
    rows = _is_tryptase(samples, TimePoint.EPISODE) & patients.any_row(mcas)[samples.patient]
    rows &= ~np.isnan(values) & ~np.isnan(baseline)
    texts = []
    for row in np.flatnonzero(rows):
        if meets_tryptase_rule(baseline[row], values[row], reading):
            rows[row] = False
        else:
            required = float(required_tryptase(baseline[row], reading))
            texts.append(f"at least {required:.10g}, which MCAS requires with a baseline of {baseline[row]:.10g}")
    yield samples, "value", rows, texts
