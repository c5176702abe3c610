"""The two tables of the paper as tidy numbers, one row per printed row and column."""

import pandas as pd

from analysis.characteristics import COLUMNS, characteristics
from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.response import response_counts
from analysis.statistics.proportions import METHODS, intervals
from analysis.vocabulary import FOLLOW_UP_STATUS_LABELS, RESPONSE_LABELS, FollowUpStatus, Response

ROWS_2: dict[str, tuple[str, int]] = {  # the rows of Table 2 in order: key, label and level of indentation
    "best.orr": ("Overall response rate (ORR)", 0),
    **{f"best.{one.lower()}": (label, int(one != Response.NR)) for one, label in RESPONSE_LABELS.items()},
    "last.persistent_orr": ("Persistent ORR", 0),
    **{f"last.{one.lower()}": (FOLLOW_UP_STATUS_LABELS[one], 1) for one in list(FollowUpStatus)[:3]},
    "last.no_persistent_response": ("No persistent response", 0),
    **{f"last.{one.lower()}": (FOLLOW_UP_STATUS_LABELS[one], 1) for one in list(FollowUpStatus)[3:]},
}

# The columns of Table 2 with the limits of the 95 % intervals of its percentages.
INTERVALS: tuple[str, ...] = tuple(f"{method}_{limit}" for method in METHODS for limit in ("low", "high"))


def table_1(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Give the numbers of Table 1, as `analysis.characteristics.characteristics`; none depends on the criteria."""
    return characteristics(cohort)


def table_2(cohort: Cohort, criteria: Criteria = PAPER) -> pd.DataFrame:
    """Give the numbers of Table 2, the response rates at best response and at last follow-up.

    Returns
    -------
    DataFrame
        One row per row of Table 2 (`ROWS_2`) and column (`Population`), with the columns of `table_1`; ``statistic`` is
        ``count_percent``, and ``percent`` is of the population. After them stand the 95 % intervals of the percentage,
        ``wilson_low``, ``wilson_high``, ``clopper_pearson_low`` and ``clopper_pearson_high``; like it they are missing
        if the population has no patients.
    """
    counts = response_counts(cohort, criteria)
    cells = counts.loc[list(ROWS_2)].rename_axis(index="row", columns="column").stack().rename("n").reset_index()
    labels = pd.DataFrame.from_dict(ROWS_2, orient="index", columns=["label", "level"])
    denominator = cells["column"].map(counts.loc["patients"])
    table = cells.join(labels, on="row").assign(
        statistic="count_percent",
        denominator=denominator,
        percent=100 * cells["n"] / denominator.where(denominator > 0),
    )
    limits = [limit for method in METHODS for limit in intervals(table["n"], denominator, method)]
    table = table.reindex(columns=list(COLUMNS)).astype({"n": "Int64", "denominator": "Int64"})
    return table.assign(**{name: 100 * limit for name, limit in zip(INTERVALS, limits, strict=True)})
