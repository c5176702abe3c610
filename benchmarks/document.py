"""Processor time of the document beyond the notebooks: its outputs, and Figures 1 and 2 for each population and rule.

Measured beside what cannot be avoided: pandoc at its work, and matplotlib writing the same figures to files. Children
count, waiting does not, so that a busy machine changes little. Run by hand: ``python -m benchmarks.document``.
"""

import io
import os
import resource
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from matplotlib.figure import Figure

from analysis.cohort import read_cohort
from analysis.criteria import PAPER
from benchmarks import options
from compendium.document import filtered
from compendium.document.build import ROOT, Given, documents

RESULTS, COHORT = ROOT / "figures", ROOT / "data" / "cohort"


def _spent(call: Callable[[], Any]) -> tuple[float, Any]:
    """Give the processor seconds of a call, its children included, and what it gives."""

    def so_far() -> float:
        return sum(os.times()[:4])

    start = so_far()
    found = call()
    return so_far() - start, found


def main() -> None:
    """Print seconds and ratios."""
    options(__doc__)
    cohorts = [read_cohort(COHORT, population) for population in filtered.POPULATIONS]
    filtered.variants("figure-1", cohorts[:1], PAPER)  # once before, so that no import is counted
    figures: list[Figure] = []
    usual = filtered._svg

    def kept(figure: Figure) -> str:
        figures.append(figure)
        return usual(figure)

    with patch.object(filtered, "_svg", kept):
        drawn, _ = _spent(lambda: [filtered.variants(name, cohorts, PAPER) for name in filtered.FIGURES])
    saved, _ = _spent(lambda: [figure.savefig(io.BytesIO(), format="svg") for figure in figures])
    print(f"{len(figures)} drawings: {drawn:.1f} s, {drawn / saved:.1f} times what writing the same figures takes")
    text = Given.of(cohorts[0], [str(ROOT / "paper" / "report.md"), str(RESULTS), str(COHORT)], "paper", "")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    made, outputs = _spent(lambda: documents(text))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    pandoc = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = sum(map(len, outputs.values())) / 1e6
    print(f"{len(outputs)} outputs of {size:.1f} MB: {made:.1f} s, {made / pandoc:.1f} times what pandoc takes of it")
    print(f"together {drawn + made:.1f} s of processor time; on two cores no less than half of it passes")


if __name__ == "__main__":
    main()
