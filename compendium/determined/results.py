"""One answer to what the paper determines of a quantity, and the table of many."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pandas as pd

FIXED, BOUNDED, OPEN = "fixed", "bounded", "open"


@dataclass(frozen=True)
class Determined:
    """How small and how large a quantity can be in any cohort that fits the paper.

    Attributes
    ----------
    quantity : str
        Its name, unique in a table of answers, such as ``sex=M|response=yes`` or ``best.orr|worsening=any``.
    label : str
        What a reader calls it, such as "Men among the responders".
    unit : str
        "patients", "months", "years", "p" or another unit of the numbers.
    low, high : float
        Nothing outside is possible; p values are rounded outwards.
    low_reached, high_reached : float or None
        What whole cohorts attain, by the code of `analysis`; None without one.
    layers : tuple of str
        What the answer rests on: "P" the print, "R" a reading of it, "L" clinical knowledge.
    rests_on : tuple of str
        The claims, readings and definitions used.
    proof : str
        A sentence that a clinician follows.
    most : float or None
        The largest that it could be if the paper said nothing of it; with `low` 0 and `high` so large it is open.
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

    @property
    def exact(self) -> bool:
        """Whether whole cohorts attain both ends."""
        return self.low == self.low_reached and self.high == self.high_reached

    @property
    def verdict(self) -> str:
        """One of fixed, bounded and open."""
        if self.low == self.high:
            return FIXED
        return OPEN if self.low == 0 and self.high == self.most else BOUNDED


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
