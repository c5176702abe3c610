"""Which printed numbers cannot hold together, and the smallest proof of it.

Every quantity is a whole number; relations hold of them by definition. A claim binds its quantities to what is printed,
if it is assumed to hold. The solver says whether a set of claims can hold together; one that cannot is shrunk until
dropping any one claim makes it possible.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import lcm

import pandas as pd
from ortools.sat.python import cp_model

from compendium.verification.audit.rounding import printed_number

LARGEST = 1000
"""No number of patients is larger than this."""

Relation = tuple[str, str, list[str]]
"""A quantity, ``=`` or ``<=``, and the quantities whose sum it equals or does not exceed."""


class Consistency:
    """The claims of a paper as a model of whole numbers.

    Claims are indexed by name, with ``numerator``, ``denominator``, ``denominator_printed`` and ``value`` as printed,
    ``part`` and ``whole`` (the names of the two quantities that each speaks of) and ``statistic``: ``n`` or
    ``denominator`` prints one of them, ``percent`` or ``ratio`` the one divided by the other. Claims of any other bind
    nothing, and do not stand in the attribute `claims`. The relations are true of the quantities by definition.
    """

    def __init__(self, claims: pd.DataFrame, relations: Iterable[Relation]) -> None:
        counted = claims[(claims["part"] != "") & claims["statistic"].isin(["n", "denominator", "percent", "ratio"])]
        self._model = cp_model.CpModel()
        self._quantities: dict[str, cp_model.IntVar] = {}
        self._literals = {claim: self._model.new_bool_var(claim) for claim in counted.index}
        self.claims = list(self._literals)
        for left, relation, right in relations:
            whole, parts = self._quantity(left), sum(self._quantity(name) for name in right)
            self._model.add(whole == parts if relation == "=" else whole <= parts)
        for claim, row in counted.iterrows():
            self._bind(self._literals[claim], row)

    def _quantity(self, name: str) -> cp_model.IntVar:
        if name not in self._quantities:
            self._quantities[name] = self._model.new_int_var(0, LARGEST, name)
        return self._quantities[name]

    def _bind(self, holds: cp_model.IntVar, row: pd.Series) -> None:
        """Let a claim, if it holds, fix its quantities as printed."""
        part, whole, statistic = self._quantity(row["part"]), self._quantity(row["whole"]), row["statistic"]
        if statistic == "denominator":
            counts = [(whole, row["value"])]
        else:
            counts = [(part, row["numerator"] or (row["value"] if statistic == "n" else ""))]
            counts += [(whole, row["denominator"])] if row["denominator_printed"] == "yes" else []
        for quantity, printed in counts:
            if printed:
                self._model.add(quantity == int(printed)).only_enforce_if(holds)
        if statistic in ("percent", "ratio"):
            # Rounded half up or cut: together these are one interval of numbers.
            value, decimals = printed_number(row["value"])
            low, high = value - Fraction(1, 2 * 10**decimals), value + Fraction(1, 10**decimals)
            scale, unit = lcm(low.denominator, high.denominator), 100 if statistic == "percent" else 1
            self._model.add(unit * scale * part >= int(low * scale) * whole).only_enforce_if(holds)
            self._model.add(unit * scale * part <= int(high * scale) * whole - 1).only_enforce_if(holds)

    def possible(self, claims: Iterable[str]) -> bool:
        """Tell whether whole numbers exist that satisfy all of some claims."""
        return self._core(claims) is None

    def _core(self, claims: Iterable[str]) -> list[str] | None:
        """Name claims among the given ones that cannot hold together; None if all can."""
        self._model.clear_assumptions()
        chosen = [self._literals[claim] for claim in claims]
        self._model.add_assumptions(chosen)
        solver, status = self._solved()
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        names = {literal.index: literal.name for literal in chosen}
        return [names[index] for index in solver.sufficient_assumptions_for_infeasibility()]

    def _solved(self) -> tuple[cp_model.CpSolver, cp_model.CpSolverStatus]:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        return solver, solver.solve(self._model)

    def minimal_set(self, claim: str, others: Iterable[str]) -> list[str] | None:
        """Find a smallest proof that a claim contradicts others, which can hold together; None if it does not.

        The proof is claims that cannot hold together although any of them may be dropped to make them possible; the
        claim in question comes first.
        """
        core = self._core([claim, *others])
        if core is None:
            return None
        needed = [claim]
        rest = [name for name in core if name != claim]
        while rest:
            dropped = rest.pop()
            smaller = self._core([*needed, *rest])
            if smaller is None:
                needed.append(dropped)
            else:
                rest = [name for name in rest if name in smaller]
        return [claim, *sorted(needed[1:], key=self.claims.index)]

    def largest_possible(self) -> list[str]:
        """Find as many claims as can hold together, in the order of the claims."""
        self._model.clear_assumptions()
        self._model.maximize(sum(self._literals.values()))
        solver, _ = self._solved()
        self._model.clear_objective()
        return [claim for claim, literal in self._literals.items() if solver.value(literal)]
