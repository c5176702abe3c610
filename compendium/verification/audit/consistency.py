"""Which printed numbers cannot hold together, and a minimal proof of it.

Counts are whole numbers; medians, means and the ends of ranges are numbers in thousandths; months of the calendar are
counted from year 0. Relations hold of them by definition, or by a reading of the paper that has a name. A claim binds
its quantities to what is printed, if it is assumed to hold. The solver says whether a set of claims and readings can
hold together; one that cannot is shrunk until dropping any one member makes it possible.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import combinations
from math import ceil, lcm
from typing import NamedTuple

import pandas as pd
from ortools.sat.python import cp_model

from compendium.verification.audit.rounding import printed_number

LARGEST = 1000  # no number of patients is larger than this
THOUSANDTHS = 1000
_LONGEST = 100_000 * THOUSANDTHS  # no median, mean, end of a range or month of the calendar is larger
SHARES = ("percent", "ratio")
SUMMARIES = ("minimum", "median", "mean", "maximum")
DATES = {"not_before": "first", "not_after": "last"}  # ends of a period, and the quantity each binds


class Relation(NamedTuple):
    """What holds of quantities."""

    left: str
    sign: str  # = <= >= to the sum of `right`; between its smallest and largest; or whole, `left` being a whole number
    right: tuple[str, ...]
    reading: str = ""  # the reading of the paper under which alone it holds


class Consistency:
    """The claims of a paper as a model of whole numbers.

    Claims are indexed by name, with ``numerator``, ``denominator``, ``denominator_printed`` and ``value`` as printed,
    ``part`` and ``whole`` (the names of the two quantities that each speaks of), ``statistic`` and, if the print has
    another unit than the quantity, ``factor``. The statistics ``n`` and ``denominator`` print one of the two
    quantities, ``percent`` and ``ratio`` the one divided by the other, those of `SUMMARIES` and `DATES` a quantity
    named like ``part/median``. Claims of any other bind nothing, and do not stand in the attribute `claims`; `readings`
    names what is read into the paper. The other relations are true of the quantities by definition.
    """

    def __init__(
        self, claims: pd.DataFrame, relations: Iterable[Relation], without: Iterable[str] = (), one_rounding: str = ""
    ) -> None:
        known = ("n", "denominator", *SHARES, *SUMMARIES, *DATES)
        binding = claims[(claims["part"] != "") & claims["statistic"].isin(known)]
        self._model = cp_model.CpModel()
        self._quantities: dict[str, cp_model.IntVar] = {}
        self._literals = {claim: self._model.new_bool_var(claim) for claim in binding.index}
        self.claims = list(self._literals)
        taken_away = set(without)
        relations = [one for one in relations if one.reading not in taken_away]
        self.readings = list(dict.fromkeys(one.reading for one in relations if one.reading))
        self.readings += [one_rounding] if one_rounding and one_rounding not in taken_away else []
        self._literals |= {name: self._model.new_bool_var(name) for name in self.readings}
        self._printed: dict[str, cp_model.IntVar] = {}
        self._scales: dict[str, int] = {}
        for claim, row in binding.to_dict("index").items():
            self._bind(claim, row)
        for relation in relations:
            self._relate(relation)
        self._put_in_order()
        if one_rounding in self.readings:
            self._round_alike(binding, self._literals[one_rounding])

    def _quantity(self, name: str) -> cp_model.IntVar:
        if name not in self._quantities:
            fine = name.rpartition("/")[2] in (*SUMMARIES, *DATES.values())
            self._quantities[name] = self._model.new_int_var(0, _LONGEST if fine else LARGEST, name)
        return self._quantities[name]

    def _relate(self, relation: Relation) -> None:
        left, right = self._quantity(relation.left), [self._quantity(name) for name in relation.right]
        if relation.sign == "whole":
            whole = self._model.new_int_var(0, _LONGEST // THOUSANDTHS, f"{relation.left}/whole")
            added = [self._model.add(left == THOUSANDTHS * whole)]
        elif relation.sign == "between":
            ends = [self._model.new_int_var(0, _LONGEST, f"{relation.left}/{end}") for end in ("low", "high")]
            self._model.add_min_equality(ends[0], right)
            self._model.add_max_equality(ends[1], right)
            added = [self._model.add(left >= ends[0]), self._model.add(left <= ends[1])]
        else:
            total = sum(right)
            sides = {"=": left == total, "<=": left <= total, ">=": left >= total}
            added = [self._model.add(sides[relation.sign])]
        if relation.reading:
            for one in added:
                one.only_enforce_if(self._literals[relation.reading])

    def _put_in_order(self) -> None:
        """Let median and mean lie between the ends of the range of the same values."""
        for stem in dict.fromkeys(name.rpartition("/")[0] for name in self._quantities if name.endswith(SUMMARIES)):
            low, *inner, high = (self._quantities.get(f"{stem}/{statistic}") for statistic in SUMMARIES)
            for smaller, larger in [(low, high), *((low, one) for one in inner), *((one, high) for one in inner)]:
                if smaller is not None and larger is not None:
                    self._model.add(smaller <= larger)

    def _round_alike(self, claims: pd.DataFrame, reading: cp_model.IntVar) -> None:
        """Let two claims with the same decimals of one quantity hold together only if they print the same."""
        values = claims.loc[claims["statistic"].isin(SUMMARIES), ["part", "statistic", "value"]]
        decimals = values["value"].map(lambda text: printed_number(text)[1])
        for _, alike in values.groupby(["part", "statistic", decimals], sort=False):
            for one, other in combinations(alike.index, 2):
                if printed_number(alike.at[one, "value"]) != printed_number(alike.at[other, "value"]):
                    self._model.add_bool_or(~self._literals[one], ~self._literals[other], ~reading)

    def _bind(self, claim: str, row: Mapping[str, str]) -> None:
        """Let a claim, if it holds, fix its quantities as printed."""
        statistic, holds = row["statistic"], self._literals[claim]
        fine = statistic in DATES or statistic in SUMMARIES
        named = f"{row['part']}/{DATES.get(statistic, statistic)}" if fine else row["part"]
        self._printed[claim] = self._quantity(row["whole"] if statistic == "denominator" else named)
        self._scales[claim] = THOUSANDTHS * int(row.get("factor") or 1) if fine else 1
        if statistic in DATES:
            month = pd.Period(row["value"], freq="M")
            printed = THOUSANDTHS * (12 * month.year + month.month - 1)
            self._model.add(self._printed[claim] == printed).only_enforce_if(holds)
        elif statistic in SUMMARIES:
            low, high = (ceil(self._scales[claim] * end) for end in _rounded_or_cut(row["value"]))
            self._model.add_linear_constraint(self._printed[claim], low, high - 1).only_enforce_if(holds)
        else:
            self._bind_counts(holds, row)

    def _bind_counts(self, holds: cp_model.IntVar, row: Mapping[str, str]) -> None:
        part, whole, statistic = self._quantity(row["part"]), self._quantity(row["whole"]), row["statistic"]
        if statistic == "denominator":
            counts = [(whole, row["value"])]
        else:
            counts = [(part, row["numerator"] or (row["value"] if statistic == "n" else ""))]
            counts += [(whole, row["denominator"])] if row["denominator_printed"] == "yes" else []
        for quantity, printed in counts:
            if printed:
                self._model.add(quantity == int(printed)).only_enforce_if(holds)
        if statistic in SHARES:
            low, high = _rounded_or_cut(row["value"])
            scale, unit = lcm(low.denominator, high.denominator), 100 if statistic == "percent" else 1
            self._model.add(unit * scale * part >= int(low * scale) * whole).only_enforce_if(holds)
            self._model.add(unit * scale * part <= int(high * scale) * whole - 1).only_enforce_if(holds)

    def possible(self, claims: Iterable[str]) -> bool:
        """Tell whether numbers exist that satisfy all of some claims, under all readings."""
        return self._clash([*claims, *self.readings]) is None

    def _clash(self, names: Iterable[str]) -> set[str] | None:
        """Name some of these claims and readings that cannot hold together, the others left aside; None if all can."""
        self._assume(names)
        solver, status = self._solved()
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        enough = set(solver.sufficient_assumptions_for_infeasibility())
        return {name for name, literal in self._literals.items() if literal.index in enough}

    def _assume(self, names: Iterable[str]) -> None:
        self._model.clear_assumptions()
        self._model.add_assumptions([self._literals[name] for name in names])

    def _solved(self) -> tuple[cp_model.CpSolver, cp_model.CpSolverStatus]:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        # The model is small and asked often: what would be found by preparing it is found sooner by solving.
        solver.parameters.cp_model_presolve = False
        solver.parameters.cp_model_probing_level = solver.parameters.symmetry_level = 0
        return solver, solver.solve(self._model)

    def minimal_set(self, claim: str, others: Iterable[str]) -> list[str] | None:
        """Find a minimal proof that a claim contradicts others; None if it does not, or if they do so by themselves.

        The proof is claims, and last the readings needed, that cannot hold together although any of them may be dropped
        to make them possible; the claim in question comes first. The first of the others are taken where several would
        do, and a reading only where claims alone prove nothing.
        """
        rest = [*(name for name in others if name != claim), *self.readings]
        clash = self._clash([claim, *rest])
        if clash is None or self._clash(rest) is not None:
            return None
        needed: list[str] = []
        while places := [place for place, name in enumerate(rest) if name in clash]:
            # What stands behind the last of some that contradict is not needed, nor is that one if the others do.
            rest, last = rest[: places[-1]], rest[places[-1]]
            fewer = self._clash([claim, *needed, *rest])
            needed += [last] if fewer is None else []
            clash = clash if fewer is None else fewer
        return [claim, *sorted(needed, key=list(self._literals).index)]

    def limits(self, claim: str, others: Iterable[str]) -> tuple[Fraction, Fraction]:
        """Give the smallest and largest value that others leave to the quantity that a claim prints."""
        ends = []
        for objective in (self._model.minimize, self._model.maximize):
            self._assume(name for name in others if name != claim)
            objective(self._printed[claim])
            ends.append(Fraction(round(self._solved()[0].objective_value), self._scales[claim]))
            self._model.clear_objective()
        return ends[0], ends[1]


def _rounded_or_cut(printed: str) -> tuple[Fraction, Fraction]:
    """Give the numbers, from the first to below the second, that are printed like this rounded half up or cut."""
    value, decimals = printed_number(printed)
    return value - Fraction(1, 2 * 10**decimals), value + Fraction(1, 10**decimals)
