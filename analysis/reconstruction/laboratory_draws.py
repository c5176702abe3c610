"""Draw tryptase and total IgE of the tested patients, before the model is solved."""

import numpy as np
import pandas as pd

from analysis.published import printed_number
from analysis.reconstruction.statements import Statements

CLAIMS = {
    "tryptase": {
        "diagnosis": "table1.biology.tryptase",
        "before": "results.biology.tryptase.before",
        "on_therapy": "results.biology.tryptase.on",
    },
    "total_ige": {
        "diagnosis": "table1.biology.ige",
        "before": "results.biology.ige.before",
        "on_therapy": "results.biology.ige.on",
    },
}
"""The claims that print mean and range of each analyte and time point (L307-L310, Table 1)."""


def draw_laboratory(
    statements: Statements, n: int, generator: np.random.Generator
) -> tuple[dict[bool, pd.DataFrame], pd.DataFrame]:
    """Draw skewed values that follow each patient over time, close to the printed means.

    Parameters
    ----------
    statements : Statements
        What the paper prints: means and ranges.
    n : int
        Number of tested patients.
    generator : Generator
        The source of random choices.

    Returns
    -------
    tryptase : dict of bool to DataFrame
        The values should a patient fulfil the tryptase criterion or not, one column per time point.
    total_ige : DataFrame
        The values, one column per time point; they rise on therapy in most patients.
    """
    drift = pd.DataFrame({"diagnosis": np.ones(n), "before": generator.lognormal(0, 0.08, n)})
    drift["on_therapy"] = drift["before"] * generator.lognormal(0, 0.2, n)
    low = np.append(generator.uniform(4, 17, n - 1), _printed(statements, "tryptase", "diagnosis", "minimum"))
    highest = _printed(statements, "tryptase", "diagnosis", "maximum")
    # About half of the tested patients fulfil the criterion; their values make up what the mean leaves.
    share = _printed(statements, "tryptase", "diagnosis", "mean") * n - low.mean() * n / 2 - highest
    high = np.append(highest, _with_mean(21 + generator.lognormal(1.5, 0.9, n - 1), share / (n / 2 - 1), least=21))
    tryptase = {False: drift.mul(low, axis=0), True: drift.mul(high, axis=0)}
    return tryptase, _draw_ige(statements, n, generator)


def _draw_ige(statements: Statements, n: int, generator: np.random.Generator) -> pd.DataFrame:
    """Draw one patient with the least values, one with the greatest, and skewed values between them."""
    values = pd.DataFrame(index=range(n))
    skewed = generator.lognormal(0, 0.8, n - 2)
    rises = generator.permutation(np.repeat([1.0, 4.0], [(n - 2) // 3, n - 2 - (n - 2) // 3]))
    factors = {"before": generator.lognormal(0, 0.3, n - 2), "on_therapy": rises * generator.lognormal(0, 0.3, n - 2)}
    for time in CLAIMS["total_ige"]:
        skewed = skewed * factors.get(time, 1.0)
        ends = [_printed(statements, "total_ige", time, bound) for bound in ("minimum", "maximum")]
        mean = (_printed(statements, "total_ige", time, "mean") * n - sum(ends)) / (n - 2)
        values[time] = np.append(_with_mean(skewed, mean), ends)
    return values


def _printed(statements: Statements, analyte: str, time: str, what: str) -> float:
    return float(printed_number(statements.claims.loc[f"{CLAIMS[analyte][time]}.{what}", "value"])[0])


def _with_mean(values: np.ndarray, mean: float, least: float = 0.0) -> np.ndarray:
    """Stretch values above a bound so that their mean is the wanted one."""
    above = values - least
    return least + above * (mean - least) / above.mean()
