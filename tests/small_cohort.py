"""Six patients whose every count can be checked by eye."""

from dataclasses import replace
from functools import cache

from analysis import schema
from analysis.cohort import Cohort, from_tables, restrict
from compendium.centre.checks.rules import broken_rules
from tests.case_files import findings_of, folder_texts, texts, typed

# Best response: A CR (0 of 2), B MR (0.5 of 2), C PR (1 of 2, exactly 50 %), D NR (2 of 2), E MR (0.75 of 2), F PR
# (1.5 of 2).
TEXTS = folder_texts("six_patients")
# One word per patient; every other finding is negative and every other therapy no.
FINDINGS = findings_of("six_patients")


@cache
def _six_patients() -> Cohort:
    tables = typed(texts(TEXTS, FINDINGS))
    problems = broken_rules(tables)
    if len(problems):
        raise ValueError(problems.to_string())
    return from_tables(tables)


def small_cohort(population: str = "all") -> Cohort:
    """Give the six patients, or one population of them, in tables of its own."""
    cohort = _six_patients()
    return restrict(replace(cohort, **{table: getattr(cohort, table).copy() for table in schema.TABLES}), population)


def check_counts(values: dict, prefix: str, text: str) -> None:
    """Compare proportions with a text such as ``stopped.all 2/6 severe.all 1/6``."""
    words = text.split()
    expected = dict(zip(words[::2], words[1::2], strict=True))
    assert {name: "{n}/{denominator}".format(**values[f"{prefix}.{name}"]) for name in expected} == expected


def check_spreads(values: dict, prefix: str, text: str) -> None:
    """Compare quantities with a text of names, each with n, median, minimum and maximum: ``all 5:2:1:8``."""
    words = text.split()
    parts = ("n", "median", "minimum", "maximum")
    found = {name: [values[f"{prefix}.{name}"][part] for part in parts] for name in words[::2]}
    expected = [[None if one == "-" else float(one) for one in word.split(":")] for word in words[1::2]]
    assert found == dict(zip(words[::2], expected, strict=True))
