"""The block of the model on tryptase and total IgE, in tenths of the printed unit."""

from math import ceil, sqrt

from ortools.sat.python import cp_model

from analysis.reconstruction.disease import Disease
from analysis.reconstruction.draws import Draw
from analysis.reconstruction.laboratory_draws import CLAIMS
from analysis.reconstruction.statements import Statements

SCALE = 10
TIME_POINTS = ("diagnosis", "before", "on_therapy")
_T_QUANTILE = 2.144786687916927
"""The 97.5 % quantile of Student's t with 14 degrees of freedom: the printed tests have 15 pairs."""

_STABLE_PERCENT = 20

Laboratory = dict[tuple[str, str], list[cp_model.IntVar]]


def add_laboratory(statements: Statements, draw: Draw, disease: Disease) -> Laboratory:
    """Add the variables and statements of this block.

    Parameters
    ----------
    statements : Statements
        The model to extend.
    draw : Draw
        The drawn cohort: who was tested.
    disease : dict of str to list
        The variables of the patients: who fulfils the tryptase criterion.

    Returns
    -------
    dict of (str, str) to list
        For each analyte and time point, the value of each tested patient in tenths.
    """
    n = len(draw.tested)
    for claim in ("table1.biology.n", "results.biology.tryptase.patients", "results.biology.ige.patients"):
        statements.count(claim, [1] * n)
    new = statements.model.new_int_var
    values = {
        **{("tryptase", time): [new(10, 2500, "") for _ in range(n)] for time in TIME_POINTS},
        **{("total_ige", time): [new(20, 60_000, "") for _ in range(n)] for time in TIME_POINTS},
    }
    _print(statements, values)
    _draw_values(statements, draw, values, disease)
    _tryptase(statements, draw, values, disease)
    _total_ige(statements, values)
    return values


def _print(statements: Statements, values: Laboratory) -> None:
    """Bind means and ranges to every claim that prints them (L307-L310, Table 1)."""
    for analyte, times in CLAIMS.items():
        for time, claim in times.items():
            statements.mean(f"{claim}.mean", values[analyte, time], scale=SCALE)
            if f"{claim}.minimum" in statements.claims.index:
                statements.minimum(f"{claim}.minimum", values[analyte, time], scale=SCALE)
                statements.maximum(f"{claim}.maximum", values[analyte, time], scale=SCALE)


def _draw_values(statements: Statements, draw: Draw, values: Laboratory, disease: Disease) -> None:
    """Prefer the drawn values, and keep each patient's values of one magnitude."""
    model = statements.model
    largest = {("tryptase", "before"): 2, ("total_ige", "before"): 8, ("total_ige", "on_therapy"): 12}
    low, high = draw.tryptase[False], draw.tryptase[True]
    criteria = [disease["who_tryptase_over_20"][patient] for patient in draw.tested]
    model.add(sum(criteria) == (len(criteria) + 1) // 2)
    for time in TIME_POINTS:
        for i in range(len(criteria)):
            below, above = int(SCALE * low[time][i]), int(SCALE * high[time][i])
            statements.near(values["tryptase", time][i], below + (above - below) * criteria[i])
            statements.near(values["total_ige", time][i], int(SCALE * draw.total_ige[time][i]))
    for (analyte, time), factor in largest.items():
        earlier = values[analyte, "before" if time == "on_therapy" else "diagnosis"]
        for then, now in zip(earlier, values[analyte, time], strict=True):
            model.add(now <= factor * then)
            model.add(then <= factor * now)


def _tryptase(statements: Statements, draw: Draw, values: Laboratory, disease: Disease) -> None:
    """Agree with the criterion of 20 ng/mL, and let the mean change be far from significant (L306-L308)."""
    model, n = statements.model, len(draw.tested)
    changes = []
    for i, patient in enumerate(draw.tested):
        for time in ("diagnosis", "before"):
            above = statements.at_least(values["tryptase", time][i], 20 * SCALE + 1)
            model.add(above == disease["who_tryptase_over_20"][patient])
        before, on = values["tryptase", "before"][i], values["tryptase", "on_therapy"][i]
        change = model.new_int_var(0, 2500, "")
        model.add_abs_equality(change, on - before)
        model.add(5 * change <= 2 * before)
        changes.append(change)
    # |t| < t* if the sum of squared changes exceeds S^2/n (1 + (n-1)/t*^2), S being their sum; by Cauchy and Schwarz
    # that follows from a large enough sum of absolute changes. The printed means bound S by 2 ng/mL a patient.
    bound = 2 * SCALE * n * sqrt(1 + (n - 1) / _T_QUANTILE**2)
    model.add(sum(changes) >= ceil(bound))


def _total_ige(statements: Statements, values: Laboratory) -> None:
    """Let IgE rise in as many patients as printed and stay stable in the others (L311-L312)."""
    model = statements.model
    rises, stays = [], []
    for before, on in zip(values["total_ige", "before"], values["total_ige", "on_therapy"], strict=True):
        rise = model.new_bool_var("")
        model.add(100 * on >= (100 + 2 * _STABLE_PERCENT) * before).only_enforce_if(rise)
        model.add(100 * on <= (100 + _STABLE_PERCENT) * before).only_enforce_if(~rise)
        model.add(100 * on >= (100 - _STABLE_PERCENT) * before).only_enforce_if(~rise)
        rises.append(rise)
        stays.append(~rise)
    statements.count("*.biology.ige.increased", rises)
    statements.count("results.biology.ige.stable", stays)
