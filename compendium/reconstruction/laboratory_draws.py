"""Draw tryptase and total IgE of the tested patients, before the model is solved."""

import numpy as np
import pandas as pd

from compendium.reconstruction.statements import Statements
from compendium.verification.audit.rounding import printed_number

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

_FEW = 3
"""How many patients' total IgE rises between diagnosis and therapy."""


def draw_laboratory(
    statements: Statements, diagnosis: np.ndarray, generator: np.random.Generator
) -> tuple[dict[bool, pd.DataFrame], pd.DataFrame]:
    """Draw skewed values that follow each patient over time, close to the printed means.

    Parameters
    ----------
    statements : Statements
        What the paper prints: means and ranges.
    diagnosis : ndarray of str, shape (tested,)
        The diagnosis of each tested patient.
    generator : Generator
        The source of random choices.

    Returns
    -------
    tryptase : dict of bool to DataFrame
        The values should a patient fulfil the tryptase criterion or not, one column per time point.
    total_ige : DataFrame
        The values, one column per time point; they rise on therapy in most patients.
    """
    n = len(diagnosis)
    drift = pd.DataFrame({"diagnosis": np.ones(n), "before": generator.lognormal(0, 0.08, n)})
    drift["on_therapy"] = drift["before"] * generator.lognormal(0, 0.2, n)
    least, greatest = (_printed(statements, "tryptase", "diagnosis", end) for end in ("minimum", "maximum"))
    low, high = generator.uniform(4, 17, n), 21 + generator.lognormal(1.5, 0.9, n)
    low[generator.permutation(np.flatnonzero(diagnosis != "ISM"))[:1]] = least
    # About half of the tested patients fulfil the criterion; their values make up what the mean leaves.
    above = (n + 1) // 2
    left = _printed(statements, "tryptase", "diagnosis", "mean") * n - low.mean() * (n - above) - greatest
    high = _with_mean(high, left / (above - 1), least=21)
    high[generator.permutation(np.flatnonzero(diagnosis == "ISM"))[:1]] = greatest
    tryptase = {False: drift.mul(low, axis=0), True: drift.mul(high, axis=0)}
    order = generator.permutation(n)
    return tryptase, _draw_ige(statements, n, generator).iloc[order].reset_index(drop=True)


def _draw_ige(statements: Statements, n: int, generator: np.random.Generator) -> pd.DataFrame:
    """Draw one patient with the least values, one with the greatest, and skewed values between them."""
    middle = {
        time: _printed(statements, "total_ige", time, "mean") * n - sum(_ends(statements, time))
        for time in CLAIMS["total_ige"]
    }
    first = _with_mean(generator.lognormal(0, 0.8, n - 2), middle["diagnosis"] / (n - 2))
    # What the mean rises by before therapy is the rise of a few patients.
    before = first * generator.lognormal(0, 0.15, n - 2)
    before[:_FEW] += (middle["before"] - before.sum()) * generator.dirichlet(np.full(_FEW, 5))
    stable = generator.permutation(np.repeat([True, False], [(n - 2) // 3, n - 2 - (n - 2) // 3]))
    on = before * np.where(stable, generator.lognormal(0, 0.06, n - 2), generator.lognormal(0.6, 0.3, n - 2))
    on[~stable] = _with_mean(on[~stable], (middle["on_therapy"] - on[stable].sum()) / (~stable).sum())
    values = {"diagnosis": first, "before": before, "on_therapy": on}
    return pd.DataFrame({time: np.append(drawn, _ends(statements, time)) for time, drawn in values.items()})


def _ends(statements: Statements, time: str) -> list[float]:
    return [_printed(statements, "total_ige", time, end) for end in ("minimum", "maximum")]


def _printed(statements: Statements, analyte: str, time: str, what: str) -> float:
    return float(printed_number(statements.claims.loc[f"{CLAIMS[analyte][time]}.{what}", "value"])[0])


def _with_mean(values: np.ndarray, mean: float, least: float = 0.0) -> np.ndarray:
    """Stretch values above a bound so that their mean is the wanted one."""
    above = values - least
    return least + above * (mean - least) / above.mean()
