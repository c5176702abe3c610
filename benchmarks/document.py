"""Processor time of the document beyond the notebooks, with Figures 1 and 2 for each population and rule.

Measured beside what cannot be avoided: pandoc at its work, and matplotlib writing the same figures to files. Run by
hand: ``python -m benchmarks.document``.
"""

import io
import os
from itertools import pairwise
from unittest.mock import patch

from analysis.cohort import read_cohort
from analysis.criteria import PAPER
from benchmarks import options
from compendium.document import filtered
from compendium.document.build import ROOT, Given, documents

SOURCES = [str(ROOT / name) for name in ("paper/report.md", "figures", "data/cohort")]


if __name__ == "__main__":
    options(__doc__)
    cohorts = [read_cohort(SOURCES[-1], population) for population in filtered.POPULATIONS]
    filtered.variants("figure-1", cohorts[:1], PAPER)  # once before, so that no import is counted
    figures = []
    write = filtered._svg
    times = [os.times()]
    with patch.object(filtered, "_svg", lambda figure: (figures.append(figure), write(figure))[1]):
        for name in filtered.FIGURES:
            filtered.variants(name, cohorts, PAPER)
    times.append(os.times())
    for figure in figures:
        figure.savefig(io.BytesIO(), format="svg")
    times.append(os.times())
    made = documents(Given.of(cohorts[0], SOURCES, "paper", ""))
    times.append(os.times())
    drawn, saved, written = (sum(after[:4]) - sum(before[:4]) for before, after in pairwise(times))
    pandoc = sum(times[3][2:4]) - sum(times[2][2:4])
    print(f"{len(figures)} drawings: {drawn:.1f} s, {drawn / saved:.1f} times what writing the same figures takes")
    print(f"{len(made)} outputs: {written:.1f} s, {written / pandoc:.1f} times what pandoc takes of it")
    print(f"together {drawn + written:.1f} s of processor time")
