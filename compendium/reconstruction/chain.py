"""A cohort from the statements of the paper: small models solved one after another.

Ages; findings; courses; events; symptoms; blood tests: each part is a model of its own that knows the former parts as
numbers. Conditions are what the paper prints and how it is read, and what is clinically possible; among all that these
allow, what the cohort is leant to decides. A typical cohort is the plausible one that is shipped; corners, many unlike
ones, show what else fits.

A cohort depends on what it is leant to, its seed and its number alone. If the parts found first leave no room for a
later one, which is seldom, it is begun again with other draws.
"""

import numpy as np
import pandas as pd

from compendium.reconstruction.courses import find_courses
from compendium.reconstruction.leaning import Leaning, NoRoomError
from compendium.reconstruction.observations import OF_THE_DISEASE, choose_tested, find_events, find_levels
from compendium.reconstruction.patients import find_ages, find_findings
from compendium.reconstruction.rows import Parts, make_tables
from compendium.reconstruction.statements import Statements
from compendium.reconstruction.symptoms import find_symptoms, present_symptoms
from compendium.verification.published import read_claims

ATTEMPTS = 20  # how often to begin a cohort with other draws
_ROWS = 40  # how often to draw what neither the paper nor a model fixes


class NoCohortError(ValueError):
    """The statements contradict one another, or no draw led to a cohort."""


def reconstruct(leant_to: type[Leaning], *numbers: int, claims: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """Make the six tables of a cohort.

    Parameters
    ----------
    leant_to : type of Leaning
        `typical.Typical` or `corners.Corner`.
    *numbers : int
        The seed, and of many cohorts the number: the same give the same cohort on every x86-64 machine.
    claims : DataFrame, optional
        As `compendium.verification.published.read_claims` gives them, which is the default.

    Raises
    ------
    NoCohortError
        If the statements contradict one another, or no draw led to a cohort.
    """
    claims = read_claims() if claims is None else claims
    for attempt in range(ATTEMPTS):
        sequence = np.random.SeedSequence([*numbers, attempt])
        statements = Statements(claims)
        try:
            parts = find_parts(statements, leant_to(statements, np.random.default_rng(sequence)))
        except NoRoomError:
            continue
        for state in sequence.generate_state(_ROWS):
            tables = make_tables(statements, parts, int(state))
            if _as_printed(tables, statements):
                return tables
    raise NoCohortError(f"no cohort {' '.join(map(str, numbers))} found in {ATTEMPTS} attempts: take another seed")


def _as_printed(tables: dict[str, pd.DataFrame], statements: Statements) -> bool:
    """Whether what is drawn with the rows is as printed: the earliest sample on therapy, and the period of the study.

    Recommendations do not reach the end of the period, a date of the study and no result.
    """
    end = str(pd.Period(statements.claims.at["methods.period.end", "value"], freq="M"))
    earliest = int(statements.printed("results.biology.tryptase.on.threshold"))
    sampled = tables["laboratory"]["months_on_therapy"].min()
    return sampled == earliest and tables["screening"]["recommendation_month"].max() < end


def find_parts(statements: Statements, leaning: Leaning) -> Parts:
    """Solve the parts in turn."""
    ages = find_ages(statements, leaning)
    patients = ages | find_findings(statements, leaning, ages)
    courses = find_courses(statements, leaning, patients)
    events = find_events(statements, leaning, courses, patients)
    had = [(i, term.replace(" ", "_")) for term in OF_THE_DISEASE for i in np.flatnonzero(events[term])]
    rows = present_symptoms(statements, leaning, had)
    symptoms = find_symptoms(statements, leaning, courses, rows)
    tested = choose_tested(statements, leaning, courses, patients)
    laboratory = find_levels(statements, leaning, tested, patients)
    return Parts(leaning.diagnosis, leaning.best, patients, courses, events, symptoms, tested, laboratory)
