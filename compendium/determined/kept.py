"""The ranges of `rules` as they were last made, for whoever only wants to read them."""

from pathlib import Path

import pandas as pd

from analysis.cohort import Cohort
from analysis.criteria import PAPER, Criteria
from analysis.vocabulary import Population

KEPT = Path(__file__).parents[2] / "data" / "determined" / "rules.csv"
COLUMNS = ("option", "value", "outcome", "low", "high", "low_reached", "high_reached")


def kept_ranges() -> pd.DataFrame:
    """Read how far each single change of a rule can move each number of responders: one row each, with `COLUMNS`.

    ``value`` is a text as in `analysis.sensitivity.one_at_a_time`; ``low`` and ``high`` are proved, the last two are
    what whole cohorts attain.
    """
    return pd.read_csv(KEPT, dtype={"value": str})


def ranges_for(cohort: Cohort, criteria: Criteria) -> pd.DataFrame | None:
    """Give `kept_ranges` for the whole cohort of the paper under its own rules, None for any other."""
    of_the_paper = cohort.reconstructed and cohort.population == Population.ALL and criteria == PAPER
    return kept_ranges() if of_the_paper else None
