"""Blood tests: tryptase and total IgE before and on omalizumab, and how a change of IgE goes with the outcome."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.safety import with_any
from analysis.scoring import symptom_scores
from analysis.statistics.decimals import decimals, in_units, ratio
from analysis.statistics.paired import decimal_differences, paired_ratio, paired_t, rank_correlation
from analysis.statistics.rank_sum import rank_sum
from analysis.statistics.signed_rank import signed_rank
from analysis.summaries import Values, proportion, share, spread
from analysis.vocabulary import Analyte, TimePoint

DIRECTIONS = ("increased", "stable", "decreased")  # what a level may have done on therapy, as `direction` orders it


def _samples(cohort: Cohort, analyte: str, time_point: str) -> pd.DataFrame:
    rows = cohort.laboratory
    rows = rows[(rows["analyte"] == analyte) & (rows["time_point"] == time_point)]
    return rows.set_index(cohort.patients.index.take(rows["patient_id"].cat.codes))


def paired_frame(cohort: Cohort, analyte: str) -> pd.DataFrame:
    """Set the level of an `Analyte` before omalizumab beside the one on therapy (Figure E5, L303-L314).

    Returns
    -------
    DataFrame
        One row per patient with both samples, indexed by ``patient_id`` in the order of the patients: ``before`` and
        ``on_therapy``, in the unit of the analyte, and ``months_on_therapy`` at the second sample.
    """
    if analyte not in list(Analyte):
        raise ValueError(f"analyte {analyte!r} is unknown; allowed are {', '.join(Analyte)}")
    before, later = (_samples(cohort, analyte, point) for point in (TimePoint.BEFORE, TimePoint.ON_THERAPY))
    columns = {"before": before["value"], "on_therapy": later["value"], "months_on_therapy": later["months_on_therapy"]}
    frame = pd.DataFrame({name: values.reindex(cohort.patients.index) for name, values in columns.items()})
    return frame[frame["before"].notna() & frame["on_therapy"].notna()]


def direction(pairs: pd.DataFrame, criteria: Criteria = PAPER) -> pd.Series:
    """Tell whether each level increased, stayed stable or decreased on therapy (L311-L312).

    ``pairs`` is what `paired_frame` gives; a change of up to ``ige_stable_percent`` of the level before is stable. The
    result is an ordered categorical of `DIRECTIONS`.
    """
    (later, before), _ = in_units(pairs["on_therapy"], pairs["before"])
    ([percent, hundred],), _ = in_units([criteria.ige_stable_percent, 100])
    # Whole numbers, so that a change that equals the margin stays stable.
    stable = hundred * np.abs(later - before) <= percent * before
    codes = np.where(stable, 1, np.where(later > before, 0, 2))
    return pd.Series(pd.Categorical.from_codes(codes, DIRECTIONS, ordered=True), index=pairs.index)


def relative_change(pairs: pd.DataFrame) -> pd.Series:
    """Divide the level on therapy by the one before, as decimals, of the pairs that `paired_frame` gives.

    Infinite for a rise from 0, and 1 if both levels are 0.
    """
    change = pd.Series(ratio(pairs["on_therapy"], pairs["before"].replace(0, np.nan)), pairs.index)
    return change.fillna(np.inf).mask(pairs["on_therapy"] == pairs["before"], 1.0)


def _ranks(values: pd.Series) -> pd.Series:
    """Rank numbers as decimals, so that infinite ones have a place too; missing ones have none."""
    return pd.Series(decimals(values), values.index).rank()


def compare_groups(values: pd.Series, group: pd.Series) -> dict[str, Any]:
    """Compare a quantity between two groups of patients by the rank-sum test; infinite values are ranked last.

    A missing value is left out: ``n`` in the first group, ``denominator`` in both, ``statistic`` U of the first group,
    the two-sided ``p_value`` and its ``method``; the last three are None if a group is empty or nothing varies.
    """
    ranks = _ranks(values)
    test = rank_sum(ranks[group], ranks[~group])
    found = {name: getattr(test, name) if ranks.nunique() > 1 else None for name in ("statistic", "p_value", "method")}
    return {"n": test.n_first, "denominator": test.n_first + test.n_second, **found}


def _outcome(cohort: Cohort, pairs: pd.DataFrame, criteria: Criteria) -> Values:
    """Compare total IgE with efficacy (the score left of each symptom on average) and with tolerance.

    A patient none of whose symptoms enters the score has none left and is no pair.
    """
    scores = symptom_scores(cohort, "best", criteria).loc[pairs.index]
    remaining = scores["quarters"] / (4 * scores["symptoms"])
    affected = with_any(cohort).loc[pairs.index]
    values = {"change": relative_change(pairs), "level": pairs["on_therapy"]}
    return {
        f"biology.total_ige.{name}_{outcome}": result
        for name, quantity in values.items()
        for outcome, result in (
            ("with_score", asdict(rank_correlation(_ranks(quantity), remaining))),
            ("with_events", compare_groups(quantity, affected)),
        )
    }


def summarise(cohort: Cohort, criteria: Criteria = PAPER) -> Values:
    """Give the values of the text on tryptase and total IgE.

    For each analyte: the level at diagnosis (all tested then; Table 1), before and on therapy (patients tested twice)
    with the paired t test (L303-L311), that test of the logarithms (``paired_ratio``: ratio of the geometric means) and
    the signed-rank test, for levels as skewed as those of IgE; and how many increased, were stable or decreased
    (L311-L312). For total IgE, its relative change and its level on therapy against the relative symptom score at best
    response, and between patients with and without adverse events (L312-L313, L360).
    """
    values: Values = {}
    for analyte in Analyte:
        name, pairs = f"biology.{analyte}", paired_frame(cohort, analyte)
        before, later, directions = pairs["before"], pairs["on_therapy"], direction(pairs, criteria)
        # Levels are skewed, hence ranks too; two-tailed as all tests of the paper, in either direction.
        ranks = signed_rank(decimal_differences(before, later), criteria.zeros, distribution=criteria.distribution)
        values |= {
            f"{name}.diagnosis": spread(_samples(cohort, analyte, TimePoint.DIAGNOSIS)["value"]),
            f"{name}.before": spread(before),
            f"{name}.on_therapy": spread(later),
            f"{name}.months_on_therapy": spread(pairs["months_on_therapy"]),
            f"{name}.paired.all": proportion(len(pairs), len(cohort.patients)),
            f"{name}.paired_t": asdict(paired_t(before, later)),
            f"{name}.paired_ratio": asdict(paired_ratio(before, later)),
            f"{name}.signed_rank": asdict(ranks),
            **{f"{name}.{way}": share(directions == way) for way in DIRECTIONS},
        }
    return values | _outcome(cohort, paired_frame(cohort, Analyte.TOTAL_IGE), criteria)
