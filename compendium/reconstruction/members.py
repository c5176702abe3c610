"""Members of an ensemble: corners of what is possible, as any process of this machine or of a cluster can make them.

In a corner findings go together as much, or as little, as the statements allow. So members are unlike one another, and
none is near the shipped cohort. They are no sample: how often something is seen among them is no probability.
"""

import hashlib
import json
import tempfile
from functools import cache
from importlib.metadata import version
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.cohort import read_cohort
from compendium.files import json_text
from compendium.reconstruction.chain import reconstruct, write_cohort
from compendium.reconstruction.leaning import PREVALENCE, TIMES, Grades, Leaning
from compendium.reconstruction.results import notebook_values, symptom_marks

ROOT = Path(__file__).resolve().parents[2]
_CLAIMS = "data/published/claims.csv"
_SOURCES = ("analysis", "compendium/reconstruction", "compendium/verification/published.py", _CLAIMS)

PAIRS = 8  # so many pairs of findings are made to go together, or apart, as far as can be
# How often a symptom improves on average in each class, before the grades are made to add up.
_IMPROVES = {"CR": 1.0, "MR": 0.95, "PR": 0.6, "NR": 0.1}


class Corner(Leaning):
    """One corner: an order of the patients, drawn anew, that all the rest more or less follows."""

    strength = 8.0
    effort = 0.1
    level = 1
    fewest = 3
    alike = 0.7
    apart = 0.5

    def draw_times(self) -> None:
        """Draw an order of the patients, and age and times that more or less follow it."""
        rng, best = self.generator, self.best
        self.known = {name: (self.diagnosis == name).astype(int) for name in np.unique(self.diagnosis)}
        self.known |= {name: (best == name).astype(int) for name in np.unique(best)}
        self.known["responds"] = (best != "NR").astype(int)
        self.known["mastocytosis"] = np.isin(self.diagnosis, ["ISM", "CM"]).astype(int)
        order = rng.normal(size=len(best))
        if rng.random() < 0.5:  # an order by diagnosis and response
            order = order * 0.3 + sum(rng.normal() * values for values in self.known.values())
        self.order = order = (order - order.mean()) / order.std()
        age = 48 + rng.uniform(8, 22) * (rng.choice([-1, 1]) * order + rng.normal(size=len(best)))
        self.age = np.clip(age, 17, 93).round().astype(int)
        long, short = (self._times(*ends, rng.uniform(0.3, 1.2)) for ends in ((3, 36), (1, 6)))
        self.duration = np.where(best != "NR", long, short)
        self.first = self._times(1, 6, rng.uniform(0.2, 1.0))
        self.best_month = self._times(3, 12, rng.uniform(0.3, 1.2))
        self.delay = self._times(4, 400, rng.uniform(0.5, 1.5))

    def _times(self, low: float, high: float, spread: float) -> np.ndarray:
        rng, n = self.generator, len(self.best)
        score = rng.choice([-1, 0, 1]) * self.order + rng.normal(0, rng.choice([0.2, 1.0]), n)
        return np.clip(np.exp(np.log((low * high) ** 0.5) + spread * score), low, high).round().astype(int)

    def preference(self, column: str) -> np.ndarray:
        """Draw who is preferred for something: the first or last of the order, or who has or lacks another thing."""
        rng = self.generator
        sign, kind = rng.choice([-1, 1]), rng.integers(4)
        score = rng.normal(0, 0.3, len(self.best))
        if kind in (0, 1):
            score = score + 2 * sign * self.order
        if kind in (1, 2):
            names = [name for name in self.known if name != column]
            score = score + 4 * rng.choice([-1, 1]) * self.known[names[rng.integers(len(names))]]
        return score

    def pairs(self, names: list[str]) -> list[tuple[tuple[str, str], bool]]:
        """Draw some pairs of findings."""
        pairs, rng = list(combinations(names, 2)), self.generator
        return [(pairs[k], rng.random() < 0.5) for k in rng.choice(len(pairs), PAIRS, replace=False)]

    def between(self, low: int, high: int) -> int:
        """Draw any whole number between two."""
        return int(self.generator.integers(low, high + 1))

    def presence(self) -> np.ndarray:
        """Draw how common each symptom is, and how unlike the patients are, widely: nothing printed says so."""
        rng, n, kinds = self.generator, len(self.best), len(self.names)
        common = np.array([PREVALENCE[name] for name in self.names]) * rng.uniform(0, 1)
        common = common + rng.normal(0, rng.uniform(0.3, 2.5), kinds)
        return common + rng.normal(0, rng.uniform(0.1, 1.2), (n, 1)) + rng.logistic(size=(n, kinds))

    def grades(self) -> Grades:
        """Draw how far and how often each symptom improves in this cohort, and where sums lie within their limits."""
        rng, kinds = self.generator, len(self.names)
        lean, deep = rng.normal(0, rng.uniform(0.2, 2.0), kinds), rng.beta(1, 1, kinds)
        worsens, towards = rng.uniform(0, 0.08), rng.beta(0.7, 0.7)

        def of_patient(names: list[str], response: str, low: int, high: int) -> tuple[list[int], int]:
            target, values = low + int(rng.binomial(high - low, towards)), []
            for kind in self.names.get_indexer(names):
                odds = _IMPROVES[response] / (1.0001 - _IMPROVES[response]) * np.exp(lean[kind])
                if rng.random() < odds / (1 + odds):
                    values.append(int(rng.binomial(3, 1 - deep[kind])))
                else:
                    values.append(6 if rng.random() < worsens and response != "CR" else 4)
            return values, target

        return of_patient

    def months(self, rows: pd.DataFrame) -> np.ndarray:
        """Draw months by a pace of each symptom."""
        rng, names = self.generator, rows["symptom"].astype(str)
        symptoms = sorted(names.unique())
        slow = dict(zip(symptoms, rng.uniform(0.2, 1.0, len(symptoms)), strict=True))
        waited = 1 + rng.exponential(2.5 * names.map(slow).to_numpy(float))
        general = (rows["group"] == "general_vasomotor").to_numpy()
        return np.where(general, np.clip(waited, 1, 3), np.clip(waited + 0.7, 1, 10)).astype(int)

    def levels(self, criteria: list[int]) -> dict[tuple[str, str], np.ndarray]:
        """Draw levels that change a good deal, without regard to the printed means."""
        rng, found = self.generator, []
        for fulfilled in criteria:
            drawn = 21 + rng.lognormal(1.5, 1.0) if fulfilled else rng.uniform(3, 19)
            tryptase = np.cumprod([drawn, *rng.lognormal(0, 0.25, 3)])[:3]
            ige = np.cumprod([rng.lognormal(3.5, 1.0), *rng.lognormal([0.2, 0.8, 0.8], 0.4)])[:3]
            found.append([*tryptase, *ige])
        return dict(zip(product(("tryptase", "total_ige"), TIMES), np.transpose(found), strict=True))


@cache
def sources() -> str:
    """Digest of all that a member is made from: the sources, the claims and the versions of the solver and of NumPy."""
    found = hashlib.sha256("".join(version(name) for name in ("ortools", "numpy", "scipy", "pandas")).encode())
    for name in _SOURCES:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix in (".py", ".csv"):
                found.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def member(seed: int, number: int, made_from: str) -> tuple[int, dict[str, bytes]]:
    """Make one cohort, check it, and compute what the notebooks do: its number, and the files of its folder by name.

    They are the tables, ``datapackage.json`` and ``values.json``. A ValueError says that the sources here are not those
    that are asked for, as on a machine with another version of the project.
    """
    if sources() != made_from:
        raise ValueError(
            f"{ROOT} holds other sources than the project that asks; allowed is the same version everywhere"
        )
    with tempfile.TemporaryDirectory(prefix="compendium-member-") as folder:
        write_cohort(reconstruct(Corner, seed, number), Path(folder), seed, number)
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
        return number, files | {"values.json": values_of(folder).encode()}


def values_of(folder: str | Path) -> str:
    """Compute the values of all notebooks and the marks of the symptoms of a cohort, as JSON."""
    cohort = read_cohort(folder)
    return json_text({"values": notebook_values(cohort), "marks": symptom_marks(cohort)})


def read_values(path: Path) -> dict[str, dict]:
    """Read ``values`` and ``marks`` of a member."""
    return json.loads(path.read_text(encoding="utf-8"))
