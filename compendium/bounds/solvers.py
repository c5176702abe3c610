"""The two solvers of the integer programme: CP-SAT, and HiGHS through `scipy.optimize.milp`.

Both run with one worker and limits that are not of the clock, so that the same programme ends the same way again.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
from ortools.sat.python import cp_model
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from compendium.bounds.programme import Programme

SEED = 1
NODES = 20_000
"""HiGHS looks at no more nodes of its search tree."""

Objective = tuple[np.ndarray, np.ndarray]
"""Variables and their whole factors."""

NOTHING: Objective = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
"""What is minimised where any solution will do."""


@contextmanager
def _silent() -> Iterator[None]:
    """Keep a line that HiGHS prints past all its options (ERGO-Code/HiGHS issue 2783) out of what we print."""
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def cp_sat_solver(limit: float | None = None) -> cp_model.CpSolver:
    """Make a solver that ends the same way each time; the limit is deterministic time, about as many seconds."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    if limit is not None:
        solver.parameters.max_deterministic_time = limit
    return solver


@dataclass(frozen=True)
class Found:
    """What a solver found: a bound that no solution passes, and the best solution that it has.

    Without a bound and a solution there is none (`possible` is False) or the limit was reached (None).
    """

    possible: bool | None
    bound: int | None = None
    solution: np.ndarray | None = None

    def value(self, objective: Objective) -> int | None:
        """Give what the solution makes of the objective."""
        return None if self.solution is None else int(objective[1] @ self.solution[objective[0]])


@dataclass
class Solvers:
    """A programme, ready to be asked for the smallest or largest value of several sums.

    `limit` is that of CP-SAT.
    """

    programme: Programme
    limit: float = 10.0

    @cached_property
    def _model(self) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
        model = cp_model.CpModel()
        variables = [model.new_int_var(0, int(most), "") for most in self.programme.upper]
        for mine, factors, low, high in self.programme.rows:
            ends = [cp_model.INT_MIN if low is None else int(low), cp_model.INT_MAX if high is None else int(high)]
            if len(mine):
                one = cp_model.LinearExpr.weighted_sum([variables[v] for v in mine], [int(f) for f in factors])
                model.add_linear_constraint(one, *ends)
            elif not ends[0] <= 0 <= ends[1]:
                model.add_bool_or([])
        return model, variables

    @cached_property
    def _matrix(self) -> LinearConstraint | tuple[()]:
        rows = self.programme.rows
        if not rows:
            return ()
        places = np.repeat(np.arange(len(rows)), [len(row[0]) for row in rows])
        entries = (np.concatenate([row[1] for row in rows]), (places, np.concatenate([row[0] for row in rows])))
        matrix = coo_array(entries, shape=(len(rows), len(self.programme.upper))).tocsr()
        low = [-np.inf if row[2] is None else row[2] for row in rows]
        high = [np.inf if row[3] is None else row[3] for row in rows]
        return LinearConstraint(matrix.astype(float), low, high)

    def cp_sat(self, objective: Objective) -> Found:
        """Minimise by CP-SAT."""
        model, variables = self._model
        model.clear_objective()
        chosen, factors = objective
        if len(chosen):
            model.minimize(cp_model.LinearExpr.weighted_sum([variables[v] for v in chosen], [int(f) for f in factors]))
        solver = cp_sat_solver(self.limit)
        solver.parameters.linearization_level = 2  # what bounds these programmes is their linear part
        solver.parameters.cp_model_probing_level = solver.parameters.symmetry_level = 0
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return Found(False)
        bound = ceil(solver.best_objective_bound - 1e-6) if len(chosen) else 0
        if status == cp_model.UNKNOWN:
            return Found(None, bound if np.isfinite(solver.best_objective_bound) else None)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            raise RuntimeError(f"CP-SAT refused a programme: {solver.status_name(status)}")
        return Found(True, bound, np.array([solver.value(one) for one in variables], dtype=np.int64))

    def any_solution(self) -> Found:
        """Look for any solution, by HiGHS only if CP-SAT reached its limit."""
        found = self.cp_sat(NOTHING)
        return self.highs(NOTHING) if found.possible is None else found

    def highs(self, objective: Objective) -> Found:
        """Minimise by HiGHS; a solution that is not whole and exact is no solution."""
        upper = self.programme.upper.astype(float)
        cost = np.zeros(len(upper))
        np.add.at(cost, objective[0], objective[1])
        with _silent():
            limits = {"integrality": np.ones(len(upper)), "bounds": Bounds(0, upper), "constraints": self._matrix}
            result = milp(cost, **limits, options={"node_limit": NODES, "mip_rel_gap": 0})
        if result.status == 2:
            return Found(False)
        dual = result.get("mip_dual_bound")
        bound = ceil(dual - 1e-6) if dual is not None and np.isfinite(dual) else None
        if result.x is None:
            return Found(None, bound)
        solution = np.round(result.x).astype(np.int64)
        return Found(True, bound, solution if self.programme.keeps(solution) else None)
