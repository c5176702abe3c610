"""Where things are, and the shipped cohort."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace

from analysis.cohort import Cohort, read_cohort

ROOT = Path(__file__).resolve().parents[1]
COHORT, FIGURES, PUBLISHED = ROOT / "data" / "cohort", ROOT / "figures", ROOT / "data" / "published"
MADE = SimpleNamespace(reconstructed=True)  # as much of a cohort as what saves results looks at


@cache
def shipped_cohort(population: str = "all") -> Cohort:
    """Give the cohort that is shipped, or one population of it, read once."""
    return read_cohort(COHORT, population)
