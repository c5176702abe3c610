"""Which printed numbers of patients cannot hold together, and the smallest proof of it.

Every quantity is a whole number; `compendium.verification.identities` relates them by definition. A claim binds its
quantities to what is printed, if it is assumed to hold. The solver says whether a set of claims can hold together; one
that cannot is shrunk until dropping any one claim makes it possible.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import lcm

import pandas as pd
from ortools.sat.python import cp_model

from compendium.verification.identities import canonical, denominator_of, relations, size_of
from compendium.verification.published import printed_number

LARGEST = 1000
"""No number of patients is larger than this."""


class Consistency:
    """The claims of a paper as a model of whole numbers.

    Parameters
    ----------
    claims : DataFrame
        Indexed by claim, with ``kind``, ``numerator``, ``denominator``, ``denominator_printed``, ``value`` as printed,
        ``answer`` (the name of the quantity) and ``statistic`` (``n``, ``denominator``, ``percent`` or ``ratio``).
        Claims of any other statistic bind nothing.

    Attributes
    ----------
    claims : list of str
        The claims that bind a quantity.
    """

    def __init__(self, claims: pd.DataFrame) -> None:
        counted = claims[(claims["answer"] != "") & claims["statistic"].isin(["n", "denominator", "percent", "ratio"])]
        self._model = cp_model.CpModel()
        self._quantities: dict[str, cp_model.IntVar] = {}
        self._literals = {claim: self._model.new_bool_var(claim) for claim in counted.index}
        self.claims = list(self._literals)
        for left, relation, right in relations():
            whole, parts = self._quantity(left), sum(self._quantity(name) for name in right)
            self._model.add(whole == parts if relation == "=" else whole <= parts)
        for claim, row in counted.iterrows():
            self._bind(self._literals[claim], row)

    def _quantity(self, name: str) -> cp_model.IntVar:
        if name not in self._quantities:
            self._quantities[name] = self._model.new_int_var(0, LARGEST, name)
            if name.endswith("/denominator"):
                self._model.add(self._quantities[name] <= self._quantity(size_of("all")))
        return self._quantities[name]

    def _denominator(self, name: str) -> cp_model.IntVar:
        return self._quantity(denominator_of(name) or f"{name}/denominator")

    def _bind(self, holds: cp_model.IntVar, row: pd.Series) -> None:
        """Let a claim, if it holds, fix its quantities as printed."""
        name = canonical(row["answer"])
        part, whole = self._quantity(name), self._denominator(name)
        if row["statistic"] == "ratio":
            self._model.add(part + whole == self._quantity(size_of("all"))).only_enforce_if(holds)
            self._bind_share(holds, part, whole, row["value"], 1)
            return
        if row["statistic"] == "denominator":
            self._model.add(whole == int(row["value"])).only_enforce_if(holds)
            return
        printed = row["numerator"] or ("" if row["statistic"] == "percent" else row["value"])
        if printed:
            self._model.add(part == int(printed)).only_enforce_if(holds)
        if row["denominator"] and row["denominator_printed"] == "yes":
            self._model.add(whole == int(row["denominator"])).only_enforce_if(holds)
        if row["statistic"] == "percent":
            self._bind_share(holds, part, whole, row["value"], 100)

    def _bind_share(
        self, holds: cp_model.IntVar, part: cp_model.IntVar, whole: cp_model.IntVar, printed: str, unit: int
    ) -> None:
        """Let a share print as it stands, rounded half up or cut: together these are one interval of numbers."""
        value, decimals = printed_number(printed)
        low, high = value - Fraction(1, 2 * 10**decimals), value + Fraction(1, 10**decimals)
        scale = lcm(low.denominator, high.denominator)
        self._model.add(unit * scale * part >= int(low * scale) * whole).only_enforce_if(holds)
        self._model.add(unit * scale * part <= int(high * scale) * whole - 1).only_enforce_if(holds)

    def possible(self, claims: Iterable[str]) -> bool:
        """Tell whether some claims can hold together.

        Parameters
        ----------
        claims : iterable of str
            Names out of `Consistency.claims`.

        Returns
        -------
        bool
            Whether whole numbers exist that satisfy all of them.
        """
        return self._core(claims) is None

    def _core(self, claims: Iterable[str]) -> list[str] | None:
        """Name claims among the given ones that cannot hold together; None if all can."""
        self._model.clear_assumptions()
        chosen = [self._literals[claim] for claim in claims]
        self._model.add_assumptions(chosen)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        if solver.solve(self._model) in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        names = {literal.index: literal.name for literal in chosen}
        return [names[index] for index in solver.sufficient_assumptions_for_infeasibility()]

    def minimal_set(self, claim: str, others: Iterable[str]) -> list[str] | None:
        """Find a smallest proof that a claim contradicts others.

        Parameters
        ----------
        claim : str
            The claim in question.
        others : iterable of str
            Claims that can hold together.

        Returns
        -------
        list of str or None
            Claims that cannot hold together although any of them may be dropped to make them possible; the claim in
            question comes first. None if the claim can hold together with all others.
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
        """Find as many claims as can hold together.

        Returns
        -------
        list of str
            Names in the order of the claims.
        """
        self._model.clear_assumptions()
        self._model.maximize(sum(self._literals.values()))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.solve(self._model)
        self._model.clear_objective()
        return [claim for claim, literal in self._literals.items() if solver.value(literal)]
