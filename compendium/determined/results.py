"""An answer to what the paper determines of a quantity, and the whole cohorts that attain its ends: witnesses.

A witness is checked like another centre's cohort, and holds what the shipped cohort holds of the paper.
"""

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache, wraps
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import biology, dosing, followup, patients, response, safety, symptoms, tables
from analysis.cohort import Cohort, from_tables, read_cohort
from analysis.schema import TABLES
from compendium.bounds.answers import Ends
from compendium.centre.intake.checking import checked_tables
from compendium.determined.stored import SHIPPED
from compendium.verification.published import CLAIMS, Values, Verdict, read_answers, read_claims
from compendium.verification.verdicts import judged


@dataclass(frozen=True)
class Determined(Ends):
    """How small and how large a quantity can be in any cohort that fits the paper.

    `stored.COLUMNS` says what its columns are. The ``quantity`` is unique in a table of answers, as ``sex=M|all`` or
    ``best.orr|worsening=any``, its ``unit`` "patients", "months", "years", "p" or another; nothing outside of ``low``
    and ``high`` is possible, p values being rounded outwards, and ``low_reached`` and ``high_reached`` are what is
    attained, by the code of `analysis`, or None. It is open if it is anything from 0 to ``most``.
    """

    quantity: str
    label: str
    unit: str
    low: float
    high: float
    low_reached: float | None
    high_reached: float | None
    layers: tuple[str, ...]
    rests_on: tuple[str, ...]
    proof: str
    most: float | None = None


def listed(make: Callable[[], Iterable[Determined]]) -> Callable[[], list[Determined]]:
    """Let answers be found once, and listed each time."""
    kept = cache(lambda: tuple(make()))
    return wraps(make)(lambda: list(kept()))


def as_frame(answers: Iterable[Determined]) -> pd.DataFrame:
    """Lay answers out, one a row, by ``quantity``; names joined by semicolons."""
    rows = [
        vars(one)
        | {"verdict": one.verdict, "exact": one.exact}
        | {"layers": "".join(one.layers), "rests_on": "; ".join(one.rests_on)}
        for one in answers
    ]
    found = pd.DataFrame(rows).set_index("quantity")
    assert found.index.is_unique, "two answers to one question"
    return found


def outwards(low: float, high: float, digits: int = 3) -> tuple[float, float]:
    """Round a lower end down and an upper end up to a number of digits, as p values are; what is fixed stays exact."""
    if low == high:
        return low, high
    return _rounded(low, digits, ROUND_FLOOR), _rounded(high, digits, ROUND_CEILING)


def _rounded(value: float, digits: int, way: str) -> float:
    exact = Decimal(repr(float(value)))
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() + 1 - digits), rounding=way)) if exact else 0.0


Tables = dict[str, pd.DataFrame]

_THEMES = (patients, response, followup, dosing, safety, symptoms, biology)
_KEPT = (Verdict.REPRODUCED, Verdict.TRUNCATED, Verdict.WITHIN)


class WitnessError(ValueError):
    """A cohort that was to be a witness breaks a statement that the shipped cohort keeps."""


@cache
def shipped() -> Cohort:
    """Read the shipped cohort, once."""
    return read_cohort(SHIPPED)


def values_of(cohort: Cohort) -> Values:
    """Compute all values that claims ask for, by the functions that compute the paper."""
    values: dict[str, dict[str, Any]] = {}
    for module in _THEMES:
        values |= module.summarise(cohort)
    for name, make in (("table_1", tables.table_1), ("table_2", tables.table_2)):
        for cell in make(cohort).to_dict("records"):
            known = {key: value for key, value in cell.items() if not pd.isna(value)}
            values[f"{name}:{cell['row']}:{cell['column']}"] = known
    return {name: value | {"notebook": ""} for name, value in values.items()}


def verdicts(cohort: Cohort) -> pd.Series:
    """Judge every claim by a cohort, without proofs of contradictions: the verdict, by the name of the claim."""
    claims, values = read_claims(), values_of(cohort)
    answered = claims.join(read_answers(CLAIMS.with_name("answers.csv"), claims)).to_dict("index")
    return pd.Series({name: str(judged(claim, values)["verdict"]) for name, claim in answered.items()})


@cache
def _to_keep() -> pd.Series:
    found = verdicts(shipped())
    return found[found.isin(_KEPT)]


def lost_claims(cohort: Cohort) -> list[str]:
    """Name the claims that the shipped cohort keeps and this one does not, or less well."""
    found, wanted = verdicts(cohort), _to_keep()
    order = {verdict: place for place, verdict in enumerate(_KEPT)}
    return [name for name, verdict in wanted.items() if order.get(found[name], 9) > order[verdict]]


def witness(tables: Mapping[str, pd.DataFrame]) -> Cohort:
    """Make a cohort of six tables, if it is one that fits.

    They are written and read again with all checks of another centre's cohort. A `WitnessError` names the claims that
    are not kept, a `CohortError` the cells that break the contract.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in tables.items():
            frame.to_csv(Path(folder) / f"{name}.csv", index=False, lineterminator="\n", float_format="%g")
        cohort = from_tables(checked_tables(folder), reconstructed=True)
    if lost := lost_claims(cohort):
        raise WitnessError(f"no witness, since it does not keep {', '.join(lost)}")
    return cohort


def plain_tables() -> Tables:
    """Give the six tables of the shipped cohort as they are written, to be changed."""
    return {name: pd.read_csv(SHIPPED / f"{name}.csv") for name in TABLES}
