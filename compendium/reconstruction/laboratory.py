"""The block of the model on tryptase and total IgE, in tenths of the printed unit."""

from math import ceil, sqrt

from ortools.sat.python import cp_model
from scipy import stats

from compendium.reconstruction.disease import Disease
from compendium.reconstruction.draws import Draw
from compendium.reconstruction.laboratory_draws import CLAIMS
from compendium.reconstruction.statements import Statements

SCALE = 10
TIME_POINTS = ("diagnosis", "before", "on_therapy")
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
    _total_ige(statements, draw, values)
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
    low, high = draw.tryptase[False], draw.tryptase[True]
    criteria = [disease["who_tryptase_over_20"][patient] for patient in draw.tested]
    model.add(sum(criteria) == (len(criteria) + 1) // 2)
    for time in TIME_POINTS:
        for i in range(len(criteria)):
            below, above = int(SCALE * low[time][i]), int(SCALE * high[time][i])
            statements.near(values["tryptase", time][i], below + (above - below) * criteria[i])
            statements.near(values["total_ige", time][i], int(SCALE * draw.total_ige[time][i]))
    # Each patient's values keep their magnitude, some more and some less; the greatest and least belong together.
    for i in range(len(criteria)):
        limits = draw.generator.integers(8, 40), draw.generator.integers(15, 45)
        for (then, now), percent in zip((("diagnosis", "before"), ("before", "on_therapy")), limits, strict=True):
            earlier, later = values["tryptase", then][i], values["tryptase", now][i]
            model.add(100 * later <= (100 + int(percent)) * earlier)
            model.add(100 * later >= (100 - int(percent)) * earlier)
        drawn = draw.total_ige.loc[i]
        slack = 1.2 + draw.generator.random()
        for then, now in (("diagnosis", "before"), ("before", "on_therapy")):
            rise, fall = slack * max(drawn[now] / drawn[then], 1.0), slack * max(drawn[then] / drawn[now], 1.0)
            earlier, later = values["total_ige", then][i], values["total_ige", now][i]
            model.add(100 * later <= int(100 * rise) * earlier)
            model.add(100 * earlier <= int(100 * fall) * later)


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
        changes.append(change)
    # |t| < t* if the sum of squared changes exceeds S^2/n (1 + (n-1)/t*^2), S being their sum; by Cauchy and Schwarz
    # that follows from a large enough sum of absolute changes. The printed means bound S by 2 ng/mL a patient.
    bound = 2 * SCALE * n * sqrt(1 + (n - 1) / stats.t.ppf(0.975, n - 1) ** 2)
    model.add(sum(changes) >= ceil(bound))


def _total_ige(statements: Statements, draw: Draw, values: Laboratory) -> None:
    """Let IgE rise in as many patients as printed and stay stable in the others (L311-L312)."""
    model = statements.model
    rises, stays = [], []
    for before, on in zip(values["total_ige", "before"], values["total_ige", "on_therapy"], strict=True):
        rise = model.new_bool_var("")
        # A stable value stays within a limit of its own, which is always below the rule's.
        limit, least = int(draw.generator.integers(5, _STABLE_PERCENT)), int(draw.generator.integers(30, 80))
        model.add(100 * on >= (100 + least) * before).only_enforce_if(rise)
        model.add(100 * on <= (100 + limit) * before).only_enforce_if(~rise)
        model.add(100 * on >= (100 - limit) * before).only_enforce_if(~rise)
        rises.append(rise)
        stays.append(~rise)
    statements.count("*.biology.ige.increased", rises)
    statements.count("results.biology.ige.stable", stays)
