"""Time of auditing a claims file of 100,000 rows, and the one of this compendium, as the command line does it.

Run by hand: ``python benchmarks/audit.py``; another size with ``--rows``.
"""

import argparse
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd

from compendium.verification.audit.claims import read_claims
from compendium.verification.audit.table import audit, summary
from compendium.verification.published import CLAIMS


def make_claims(rows: int, seed: int = 1) -> pd.DataFrame:
    """Draw claims of all kinds that can be checked, a third of them impossible.

    Parameters
    ----------
    rows : int
        How many; six tenths are percentages, four tenths summaries of 400 values.
    seed : int, default 1
        The same seed gives the same claims.

    Returns
    -------
    DataFrame
        In the shape of a claims file.
    """
    rng = np.random.default_rng(seed)
    shares, groups = rows * 6 // 10, rows // 10
    size = rng.integers(1, 1000, shares)
    part = rng.integers(0, size + 1)
    shown = 100 * part / size + rng.choice([0, 0, 5], shares)
    decimals = rng.integers(0, 4, shares)
    percent = pd.DataFrame(
        {
            "claim": [f"share.{number}" for number in range(shares)],
            "kind": "percent",
            "value": [f"{value:.{places}f}" for value, places in zip(shown, decimals, strict=True)],
            "numerator": np.where(rng.random(shares) < 0.8, part.astype(str), ""),
            "denominator": size.astype(str),
        }
    )
    kinds = ("minimum", "maximum", "mean", "median")
    values = {"minimum": rng.integers(0, 20, groups), "maximum": rng.integers(70, 90, groups)}
    values |= {"mean": rng.integers(10, 80, groups), "median": rng.integers(10, 80, groups)}
    summaries = [
        pd.DataFrame({"claim": [f"age.{number}.{kind}" for number in range(groups)], "kind": kind, "n": "40"}).assign(
            value=values[kind].astype(str) if kind != "mean" else [f"{value}.37" for value in values[kind]],
            step="1" if kind == "mean" else "",
        )
        for kind in kinds
    ]
    return pd.concat([percent, *summaries]).fillna("")


def measure(path: Path) -> str:
    """Audit a file from reading to the printed table.

    Parameters
    ----------
    path : Path
        The claims file.

    Returns
    -------
    str
        Seconds and what was found.
    """
    start = time.perf_counter()
    table = audit(read_claims(path))
    table.to_csv(index=False)
    return f"{time.perf_counter() - start:.2f} s; {summary(table)}"


def main() -> None:
    """Print time and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    print(f"{CLAIMS.name}: {measure(CLAIMS)}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "claims.csv"
        make_claims(rows).to_csv(path, index=False)
        print(f"{rows} rows: {measure(path)}")
        tracemalloc.start()
        audit(read_claims(path))
        print(f"peak memory {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
