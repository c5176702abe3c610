"""Time of auditing a claims file of 100,000 rows, and the one of this compendium, as the command line does it.

Run by hand: ``python -m benchmarks.audit``; another size with ``--rows``.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import options, peak_mb, timed
from compendium.verification.audit.claims import read_claims
from compendium.verification.audit.table import audit, summary
from compendium.verification.published import CLAIMS


def make_claims(rows: int, seed: int = 1) -> pd.DataFrame:
    """Draw claims of all kinds that can be checked, a third of them impossible, in the shape of a claims file."""
    rng = np.random.default_rng(seed)
    shares, groups = rows * 6 // 10, rows // 10
    size = rng.integers(1, 1000, shares)
    part = rng.integers(0, size + 1)
    shown = 100 * part / size + rng.choice([0, 0, 5], shares)
    decimals = rng.integers(0, 4, shares)
    percent = pd.DataFrame({"claim": [f"share.{number}" for number in range(shares)], "kind": "percent"}).assign(
        value=[f"{value:.{places}f}" for value, places in zip(shown, decimals, strict=True)],
        numerator=np.where(rng.random(shares) < 0.8, part.astype(str), ""),
        denominator=size.astype(str),
    )
    ends = {"minimum": (0, 20), "maximum": (70, 90), "mean": (10, 80), "median": (10, 80)}
    values = {kind: rng.integers(*between, groups) for kind, between in ends.items()}
    summaries = [
        pd.DataFrame({"claim": [f"age.{number}.{kind}" for number in range(groups)], "kind": kind, "n": "40"}).assign(
            value=[f"{value}.37" if kind == "mean" else str(value) for value in drawn],
            step="1" if kind == "mean" else "",
        )
        for kind, drawn in values.items()
    ]
    return pd.concat([percent, *summaries]).fillna("")


if __name__ == "__main__":
    rows = options(__doc__, rows=(100_000, "rows of the file")).rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "claims.csv"
        make_claims(rows).to_csv(path, index=False)
        for name, file in {CLAIMS.name: CLAIMS, f"{rows} rows": path}.items():
            seconds, table = timed(lambda file=file: audit(read_claims(file)))
            seconds += timed(lambda table=table: table.to_csv(index=False))[0]
            print(f"{name}: {seconds:.2f} s; {summary(table)}")
        print(f"peak memory {peak_mb(lambda: audit(read_claims(path))):.0f} MB")
