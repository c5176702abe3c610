"""Bind the variables of a constraint model to the statements of the paper, each by its name."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
from ortools.sat.python import cp_model

from compendium.verification.audit.rounding import printed_number, span
from compendium.verification.published import matching

LEFT_OUT = Path(__file__).parent / "left_out.csv"

Linear = cp_model.LinearExprT


def read_left_out() -> pd.DataFrame:
    """Read which statements no cohort can satisfy together with the others, indexed by ``claim``.

    ``part`` is ``percent`` (its count still holds), ``count`` (its percentage still holds) or ``whole`` (neither).
    """
    return pd.read_csv(LEFT_OUT, index_col="claim", dtype=str)


class Statements:
    """A constraint model that grows by statements of the paper, each named by a claim or a pattern of claims."""

    def __init__(self, claims: pd.DataFrame) -> None:
        self.claims = claims
        self.held: list[str] = []  # the claims bound so far
        self._left_out = read_left_out()["part"]
        self.begin()

    def bound(self, pattern: str, without: tuple[str, ...] = ("whole",)) -> list[str]:
        """Name the claims of a pattern that are to hold, and note that they do."""
        names = [name for name in matching(self.claims, pattern) if self._left_out.get(name) not in without]
        self.held += names
        return names

    def printed(self, claim: str) -> Fraction:
        """Give the exact number that a claim prints."""
        return printed_number(self.claims.loc[claim, "value"])[0]

    def printed_count(self, claim: str) -> int:
        """Give the number of patients a claim prints: its numerator, or its value if it prints a count alone."""
        row = self.claims.loc[claim]
        return int(row["numerator"] or row["value"])

    def count(self, pattern: str, literals: Sequence[Linear]) -> None:
        """Let as many of the literals be true as the claims of this pattern print."""
        for name in self.bound(pattern, without=("whole", "count")):
            self.model.add(sum(literals) == self.printed_count(name))

    def counts(self, literals: Mapping[str, Sequence[Linear]]) -> None:
        """Let as many of the literals be true as the claims of each pattern print."""
        for pattern, counted in literals.items():
            self.count(pattern, counted)

    def percent(self, pattern: str, literals: Sequence[Linear], denominator: int) -> None:
        """Let the share of true literals round half up to the printed percentage."""
        for name in self.bound(pattern):
            self._within(literals, *_whole_between(self.claims.loc[name, "value"], Fraction(denominator, 100)))

    def median(self, pattern: str, values: Sequence[Linear], scale: int = 1) -> None:
        """Let the median be the printed number times ``scale``; of an even number of values both middle ones."""
        for name in self.bound(pattern):
            self.median_within(values, self._whole(name, scale), self._whole(name, scale))

    def median_within(self, values: Sequence[Linear], low: int, high: int) -> None:
        """Let both middle values lie between two bounds, inclusive."""
        needed = len(values) // 2 + 1
        self.model.add(sum(self.at_least(value, low) for value in values) >= needed)
        self.model.add(sum(self.at_most(value, high) for value in values) >= needed)

    def minimum(self, pattern: str, values: Sequence[Linear], scale: int = 1) -> None:
        """Let the least value be the printed number times ``scale``."""
        for name in self.bound(pattern):
            self.model.add_min_equality(self._whole(name, scale), values)

    def maximum(self, pattern: str, values: Sequence[Linear], scale: int = 1) -> None:
        """Let the greatest value be the printed number times ``scale``."""
        for name in self.bound(pattern):
            self.model.add_max_equality(self._whole(name, scale), values)

    def ends(self, pattern: str, values: Sequence[Linear], scale: int = 1) -> None:
        """Let the least and the greatest value be the printed ``minimum`` and ``maximum`` of a pattern."""
        self.minimum(f"{pattern}.minimum", values, scale)
        self.maximum(f"{pattern}.maximum", values, scale)

    def mean(self, pattern: str, values: Sequence[Linear], scale: int = 1) -> None:
        """Let the mean of ``values / scale`` round half up to the printed number.

        A mean printed without decimals is held to its first decimal, so that nobody reads 31.5 for a printed 32.
        """
        for name in self.bound(pattern):
            self._within(values, *self.mean_limits(name, len(values) * scale))

    def mean_limits(self, claim: str, n: int) -> tuple[int, int]:
        """Give the least and greatest whole sum of n values, inclusive, whose mean is printed as a claim does."""
        text = self.claims.loc[claim, "value"]
        return _whole_between(text if printed_number(text)[1] else f"{text}.0", n)

    def truncated_ratio(self, claim: str, numerator: Linear, denominator: Linear) -> None:
        """Let the digits of a ratio, cut instead of rounded, be the printed ones."""
        value, decimals = printed_number(self.claims.loc[claim, "value"])
        scale = 10**decimals
        self.model.add(scale * numerator >= int(value * scale) * denominator)
        self.model.add(scale * numerator <= (int(value * scale) + 1) * denominator - 1)

    def at_least(self, value: Linear, bound: int) -> cp_model.IntVar:
        """Make a literal that is true exactly if ``value >= bound``."""
        literal = self.model.new_bool_var("")
        self.model.add(value >= bound).only_enforce_if(literal)
        self.model.add(value < bound).only_enforce_if(~literal)
        return literal

    def at_most(self, value: Linear, bound: int) -> cp_model.IntVar:
        """Make a literal that is true exactly if ``value <= bound``."""
        return ~self.at_least(value, bound + 1)

    def near(self, value: cp_model.IntVar, drawn: Linear, weight: int = 1) -> None:
        """Prefer a value close to the drawn one."""
        distance = self.model.new_int_var(0, 100_000, "")
        self.model.add(distance >= value - drawn)
        self.model.add(distance >= drawn - value)
        if isinstance(drawn, int):
            self.model.add_hint(value, drawn)
        self._costs.append(weight * distance)

    def prefer(self, literal: cp_model.IntVar, score: float) -> None:
        """Prefer a literal to be true by a positive score, false by a negative one."""
        self._costs.append(-round(10 * score) * literal)

    def begin(self) -> None:
        """Begin a new model, which knows nothing of the former; the claims that were held stay noted."""
        self.model = cp_model.CpModel()
        self._costs: list[Linear] = []

    def constants(self, values: Mapping[str, Sequence[int]]) -> dict[str, list[cp_model.IntVar]]:
        """Make numbers that are settled constants of the present model."""
        return {name: [self.model.new_constant(value) for value in own] for name, own in values.items()}

    def minimise(self) -> cp_model.CpModel:
        """Give the model, to be solved by its preferences."""
        self.model.minimize(sum(self._costs))
        return self.model

    def _whole(self, claim: str, scale: int) -> int:
        value = self.printed(claim)
        if (value * scale).denominator != 1:
            raise ValueError(f"claim {claim} prints {value}, which is no whole number of units of 1/{scale}")
        return int(value * scale)

    def _within(self, values: Sequence[Linear], low: int, high: int) -> None:
        self.model.add(sum(values) >= low)
        self.model.add(sum(values) <= high)


def found(solver: cp_model.CpSolver, variables: Any) -> Any:
    """Give the numbers that were found for variables, laid out in lists and dicts as these are."""
    if isinstance(variables, dict):
        return {name: found(solver, own) for name, own in variables.items()}
    return [found(solver, own) for own in variables] if isinstance(variables, list) else solver.value(variables)


def _whole_between(printed: str, factor: int | Fraction) -> tuple[int, int]:
    """Give the least and greatest whole number that, divided by a factor, rounds half up to the printed number."""
    low, high = (end * factor for end in span(printed)[:2])
    return math.ceil(low), math.ceil(high) - 1
