"""The signed-rank test against SciPy and R: first how far from the truth, then how long.

Run by hand: ``python -m benchmarks.wilcoxon``. The truth is counted in whole numbers of any size, by halves: all sums
of the first two sizes of difference against all sums of the others. R takes part if ``Rscript`` with the packages coin
and exactRankTests is installed. Samples are changes of grades, with ties and with symptoms that did not change.
"""

import json
import math
import shutil
import subprocess
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.signed_rank import EXACT_LIMIT, normal_upper, saddlepoint_upper, signed_rank
from benchmarks import options, timed

CHANGES = (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0)
R_PROGRAM = """
suppressMessages({library(coin); library(exactRankTests)})
samples <- lapply(strsplit(readLines(file("stdin")), " "), as.numeric)
for (d in samples) {
  zero <- rep(0, length(d))
  coin <- function() wilcoxsign_test(d ~ zero, distribution = "exact", zero.method = "Wilcoxon")
  coin_p <- pvalue(coin())
  rank_p <- wilcox.exact(d, exact = TRUE)$p.value
  times <- max(3, 4000 %/% length(d))
  coin_t <- system.time(for (i in 1:times) pvalue(coin()))[[3]]
  rank_t <- system.time(for (i in 1:times) wilcox.exact(d, exact = TRUE))[[3]]
  cat(sprintf("[%.17g, %.17g, %.6f, %.6f]\\n", coin_p, rank_p, coin_t / times, rank_t / times))
}
"""


def samples(n: int, count: int) -> list[np.ndarray]:
    """Draw samples of changes in n pairs whose p values are neither all large nor all small."""
    rng = np.random.default_rng(n)
    found = []
    for place in range(count):
        worse = 0.5 - (0.2 + place) / (2.5 * count * math.sqrt(n / 14))
        better = np.array([0.3, 0.3, 0.2, 0.2]) * (0.85 - worse)
        found.append(rng.choice(CHANGES, size=n, p=[worse, 0.15, *better]))
    return found


def _sums(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """Count in how many ways some of a number of equal ranks add up to each sum, for two sizes of rank."""
    ways = {0: 1}
    for rank, many in pairs:
        grown: Counter[int] = Counter()
        for taken in range(many + 1):
            for total, count in ways.items():
                grown[total + rank * taken] += count * math.comb(many, taken)
        ways = grown
    return ways


def truth(differences: np.ndarray) -> Fraction:
    """Count the two-sided p value of changes of at most four sizes besides 0, without any rounding."""
    changed = differences[differences != 0]
    ranks = np.rint(2 * stats.rankdata(np.abs(changed))).astype(int)  # twice the mean rank
    groups, positive = list(Counter(ranks.tolist()).items()), int(ranks[changed > 0].sum())
    least = max(positive, int(ranks.sum()) - positive)
    one, other = _sums(groups[:2]), _sums(groups[2:])
    totals = sorted(other)
    from_here = list(accumulate((other[part] for part in reversed(totals)), initial=0))[::-1]
    far = sum(count * from_here[bisect_left(totals, least - part)] for part, count in one.items())
    return min(Fraction(1), Fraction(2 * far, 2 ** len(changed)))


def _repeated(call: Callable[[], float], seconds: float = 0.3) -> tuple[float, float]:
    """Call until some time has passed; return the result and the shortest time of a call."""
    best, start = math.inf, time.perf_counter()
    while time.perf_counter() - start <= seconds:
        taken, result = timed(call)
        best = min(best, taken)
    return float(result), best


def in_python(differences: np.ndarray) -> dict[str, tuple[float, float]]:
    """Test a sample in every way Python has; for each way the p value and the seconds of a call."""
    permutation = stats.PermutationMethod(n_resamples=9_999, rng=np.random.default_rng(1))
    ways: dict[str, Callable[[], float]] = {
        "signed_rank": lambda: signed_rank(differences).p_value,
        "scipy, exact": lambda: stats.wilcoxon(differences, method="exact").pvalue,
        "scipy, auto": lambda: stats.wilcoxon(differences, method="auto").pvalue,
        "scipy, 9,999 permutations": lambda: stats.wilcoxon(differences, method=permutation).pvalue,
    }
    return {name: _repeated(call) for name, call in ways.items()}


def in_r(drawn: list[np.ndarray]) -> list[dict[str, tuple[float, float]]]:
    """Test samples in R; like `in_python` for each, with nothing in it without R or its packages."""
    text = "\n".join(" ".join(map(repr, sample.tolist())) for sample in drawn) + "\n"
    command = ["Rscript", "-e", R_PROGRAM]
    run = shutil.which("Rscript") and subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if not run or run.returncode:
        return [{} for _ in drawn]
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    return [{"R, coin exact": (row[0], row[2]), "R, exactRankTests": (row[1], row[3])} for row in rows]


def compare(sizes: list[int], count: int) -> pd.DataFrame:
    """Compare all ways with the truth, and with one another in time, for `count` samples of each number of pairs.

    One row per size and way: largest difference to the true p value, absolute and relative, milliseconds of a call, and
    that divided by the time of ``signed_rank``.
    """
    rows = []
    for n in sizes:
        drawn = samples(n, count)
        results = [in_python(sample) | more for sample, more in zip(drawn, in_r(drawn), strict=True)]
        true = [truth(sample) for sample in drawn]
        ours = min(result["signed_rank"][1] for result in results)
        for way in results[0]:
            apart = [abs(Fraction(result[way][0]) - p) for result, p in zip(results, true, strict=True)]
            seconds = min(result[way][1] for result in results)
            relative = max(one / p for one, p in zip(apart, true, strict=True))
            row = {"n": n, "way": way, "largest difference": float(max(apart)), "relative": float(relative)}
            rows.append(row | {"ms": 1000 * seconds, "time / ours": seconds / ours})
    return pd.DataFrame(rows)


def approximations(n: int) -> pd.DataFrame:
    """Measure the approximations of an upper tail beyond the exact limit, for n ranks with several patterns of ties.

    For each approximation: largest difference of a tail from one half down, and the largest relative difference of
    tails from one half down to 1e-4 and to 1e-12.
    """
    rows = []
    ranked = {
        "four sizes, 250 each": np.repeat([0.25, 0.5, 0.75, 1.0], [251, 250, 250, 250]),
        "five sizes, 801 of one": np.repeat(np.arange(1.0, 6), [801, 50, 50, 50, 50]),
        "ten sizes, 700 of one": np.repeat(np.arange(1.0, 11), [700, *[33] * 8, 37]),
        "untied": np.arange(1.0, n + 1),
        "untied, 3,000 unchanged": None,
    }
    for name, sizes in ranked.items():
        # Pratt's ranks: those of the changed pairs begin after those of the unchanged ones.
        ranks = 3_000 + np.arange(1.0, n + 1) if sizes is None else stats.rankdata(sizes)
        doubled = np.rint(2 * ranks).astype(np.int64)
        common, chance = int(np.gcd.reduce(doubled)), np.ones(1)
        for rank in np.sort(doubled // common):  # the chance of every sum with a positive sign, rank after rank
            chance = (np.append(chance, np.zeros(rank)) + np.append(np.zeros(rank), chance)) / 2
        tails = np.cumsum(chance[::-1])[::-1]
        places = np.flatnonzero((chance > 0) & (tails <= 0.5) & (tails >= 1e-13))
        places = places[np.unique(np.linspace(0, len(places) - 1, 2_000).astype(int))]
        sums, exact = common * places, tails[places]
        for way, upper in (("saddlepoint", saddlepoint_upper), ("normal", normal_upper)):
            near = np.array([upper(doubled, int(s)) for s in sums])
            relative = np.abs(near / exact - 1)
            row = {"ranks": name, "way": way, "largest difference": np.abs(near - exact).max()}
            rows.append(row | {f"relative to {end}": relative[exact >= float(end)].max() for end in ("1e-4", "1e-12")})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    given = options(__doc__, sizes=([14, 55, 200, 1000], "numbers of pairs"), samples=(5, "samples of each size"))
    table = compare(given.sizes, given.samples)
    print(f"Two-sided p values of {given.samples} samples of each size, against the truth; shortest time of a call")
    print(table.to_string(index=False, float_format=lambda x: f"{x:.3g}"))
    if table["way"].str.startswith("R").sum() == 0:
        print("R, coin or exactRankTests is not installed: left out")
    n = EXACT_LIMIT + 1
    print(f"\nApproximations of one tail for {n:,} ranks, against the exact distribution")
    print(approximations(n).to_string(index=False, float_format=lambda x: f"{x:.2g}"))
