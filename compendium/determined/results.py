"""One answer to what the paper determines of a quantity, and the table of many."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache, wraps

import pandas as pd

from compendium.bounds.answers import Ends


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
