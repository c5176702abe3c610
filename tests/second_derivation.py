"""A second derivation of what became of each patient, deliberately plain: rows of strings, loops and whole fractions.

It is written from the text of the paper alone, shares no code with `analysis` and imports nothing of it, so that an
error has to be made twice, in two ways, to stay unseen. "L210" is the line of the manuscript a rule comes from.
"""

import csv
import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Rows = dict[str, list[Row]]

TABLES = ("screening", "patients", "symptoms", "courses", "laboratory", "adverse_events")
POPULATIONS = {
    "all": ("ISM", "CM", "MMAS", "idiopathic_MCAS"), "primary": ("ISM", "CM", "MMAS"), "ISM": ("ISM",), "CM": ("CM",),
    "MMAS": ("MMAS",), "idiopathic": ("idiopathic_MCAS",),
}  # fmt: skip
RANKS = {"CR": 0, "MR": 1, "PR": 2, "NR": 3}


def table_rows(lines: Iterable[str]) -> list[Row]:
    """Read the lines of a CSV table as rows of strings."""
    return list(csv.DictReader(lines))


def read_rows(folder: Path) -> Rows:
    """Read the six files of a cohort as rows of strings."""
    texts = {table: (folder / f"{table}.csv").read_text(encoding="utf-8") for table in TABLES}
    return {table: table_rows(text.splitlines()) for table, text in texts.items()}


def number(text: str) -> Fraction | None:
    """Read a number exactly; an empty field is no number."""
    return Fraction(text) if text else None


def share(n: int, denominator: int) -> Row:
    """Give a count with what it is a part of, and the percentage, which nothing has of none."""
    return {"n": n, "denominator": denominator, "percent": Fraction(100 * n, denominator) if denominator else None}


def tally(rows: list[Row], test: Callable[[Row], bool]) -> Row:
    """Give the share of the rows that pass a test."""
    return share(len([row for row in rows if test(row)]), len(rows))


def middle(values: list[Fraction]) -> Fraction | None:
    """Find the median: the value in the middle, or half the sum of the two in the middle."""
    values = sorted(values)
    n = len(values)
    return (values[(n - 1) // 2] + values[n // 2]) / 2 if n else None


def spread(values: list[Fraction | None]) -> Row:
    """Describe the values that there are."""
    there = sorted(value for value in values if value is not None)
    if not there:
        return {"n": 0, "mean": None, "sd": None, "median": None, "minimum": None, "maximum": None}
    mean = sum(there, Fraction(0)) / len(there)
    squares = sum((value - mean) ** 2 for value in there)
    sd = Fraction(math.sqrt(squares / (len(there) - 1))) if len(there) > 1 else None
    ends = {"minimum": there[0], "maximum": there[-1]}
    return {"n": len(there), "mean": mean, "sd": sd, "median": middle(there)} | ends


def decrease(size: int, score: Fraction) -> Fraction:
    """Give the decrease in percent of the score of `size` symptoms, each of which counted 1 before (L197-L198)."""
    return 100 * (size - score) / size


def depth(size: int, score: Fraction) -> str:
    """Name the depth of a response (L210-L216)."""
    if score == 0:
        return "CR"
    if decrease(size, score) > 50:
        return "MR"
    return "PR" if decrease(size, score) >= 10 else "NR"


def grade(row: Row, visit: str) -> Fraction:
    """Read a grade; one missing at last follow-up, of which the paper says nothing, stayed what it was at best."""
    return Fraction(row[f"grade_{visit}"] or row["grade_best"])


def scored(symptoms: list[Row], visit: str) -> Row:
    """Sum the grades of the pre-existing symptoms (L200-L207) and name the response; a new symptom is none (L216)."""
    existing = [row for row in symptoms if row["onset"] == "baseline"]
    grades = [grade(row, visit) for row in existing]
    new = len(symptoms) - len(existing)
    score = sum(grades, Fraction(0))
    return {
        "symptoms": len(existing),
        "quarters": 4 * score,
        "worsened": len([one for one in grades if one > 1]),
        "new": new,
        "missing": len([row for row in existing if row[f"grade_{visit}"] == ""]),
        "decrease": decrease(len(existing), score),
        "response": "NR" if new else depth(len(existing), score),
    }


def status(best: str, last: str, course: Row) -> str:
    """Say what became of a patient (Table 2); who stopped to become pregnant is lost to follow-up there (L261-L262)."""
    if best == "NR":
        return "NR"
    if course["ongoing"] == "yes":
        return "loss_of_response" if last == "NR" else last
    if course["stop_reason"] in ("lost_to_follow_up", "pregnancy_intent"):
        return "lost_to_follow_up"
    return "intolerance" if course["stop_reason"] == "intolerance" else "loss_of_response"


def sustained(best: str, course: Row) -> bool:
    """Tell whether a response held for three months or longer, from its beginning to the end of therapy (L258)."""
    first = number(course["months_to_first_response"])
    return best != "NR" and first is not None and Fraction(course["duration_months"]) - first >= 3


def change(course: Row, size: int, kind: str) -> Row | None:
    """Describe what an escalation or a weekly schedule brought a patient with `size` symptoms (L271-L282).

    A major response is reached by who passes over its limit from below, were it to a complete response.
    """
    if not course[f"{kind}_month"]:
        return None
    before, after = Fraction(course[f"score_before_{kind}"]), Fraction(course[f"score_after_{kind}"])
    was, became = depth(size, before), depth(size, after)
    dose = {"dose_mg": Fraction(course["escalated_dose_mg"])} if kind == "escalation" else {}
    return dose | {
        "month": Fraction(course[f"{kind}_month"]),
        "score_before": before,
        "score_after": after,
        "response_before": was,
        "response_after": became,
        "improved": after < before,
        "reached_mr": RANKS[became] <= RANKS["MR"] < RANKS[was],
        "reached_pr": was == "NR" and became == "PR",
        "improved_pr": was == "PR" and became == "PR" and after < before,
        "stopped": course["ongoing"] == "no",
    }


def of_patient(rows: list[Row]) -> dict[str, list[Row]]:
    """Sort rows by patient."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["patient_id"], []).append(row)
    return found


def described(rows: Rows, population: str = "all") -> list[Row]:
    """Put together what is known of each patient of a population."""
    courses, symptoms, events = (of_patient(rows[table]) for table in ("courses", "symptoms", "adverse_events"))
    patients = []
    for row in rows["patients"]:
        if row["diagnosis"] not in POPULATIONS[population]:
            continue
        name = row["patient_id"]
        course, known = courses[name][0], dict(row)
        known |= {"course": course, "symptoms": symptoms[name], "events": events.get(name, [])}
        known |= {visit: scored(symptoms[name], visit) for visit in ("best", "last")}
        best = known["best"]["response"]
        known["status"] = status(best, known["last"]["response"], course)
        known["sustained"] = sustained(best, course)
        known["months"] = Fraction(course["duration_months"])
        for kind in ("escalation", "weekly"):
            known[kind] = change(course, known["best"]["symptoms"], kind)
        patients.append(known)
    return patients


def sign_test(better: int, worse: int) -> Row:
    """Sum up binomial probabilities of the changed, and find the exact interval of those for the better by halving."""
    n = better + worse
    ways = [math.comb(n, k) for k in range(n + 1)]
    p_value = min(Fraction(1), Fraction(2 * sum(ways[max(better, worse) :]), 2**n))
    limits: list[float | None] = [None, None]
    for side, tail in enumerate((range(better, n + 1), range(better + 1))):
        low, high = 0.0, 1.0
        while n and high - low > 1e-16 and (low + high) / 2 not in (low, high):
            rate = (low + high) / 2
            chance = math.fsum(ways[k] * rate**k * (1 - rate) ** (n - k) for k in tail)
            # The lower limit is where the upper tail has 2.5 %, the upper one where the lower tail has.
            low, high = (rate, high) if (chance < 0.025) == (side == 0) else (low, rate)
        limits[side] = 100 * high if n else None
    if n and better == n:
        limits[1] = 100.0
    if n and better == 0:
        limits[0] = 0.0
    percent = Fraction(100 * better, n) if n else None
    return {"p_sign": p_value, "better_percent": percent, "better_low": limits[0], "better_high": limits[1]}


def signed_rank(differences: list[Fraction]) -> Row:
    """Test differences over all signs: pairs that changed, did not or are tied, positive ranks, effect and p value.

    Pairs without change are dropped and equal differences share their mean rank (Wilcoxon, Biometrics Bulletin 1945).
    """
    changed = [one for one in differences if one != 0]
    sizes = [abs(one) for one in changed]
    # Twice the mean rank: the ranks of equal differences run from 1 + (number smaller) to (number not larger).
    ranks = [1 + len([x for x in sizes if x < one]) + len([x for x in sizes if x <= one]) for one in sizes]
    ways = {0: 1}
    for rank in ranks:
        grown = dict(ways)
        for total, count in ways.items():
            grown[total + rank] = grown.get(total + rank, 0) + count
        ways = grown
    positive = sum(rank for rank, one in zip(ranks, changed, strict=True) if one > 0)
    far = abs(2 * positive - sum(ranks))
    extreme = sum(count for total, count in ways.items() if abs(2 * total - sum(ranks)) >= far)
    return {
        "n": len(changed),
        "n_zero": len(differences) - len(changed),
        "n_tied": sum(sizes.count(one) > 1 for one in sizes),
        "statistic": Fraction(positive, 2),
        "effect": Fraction(2 * positive - sum(ranks), sum(ranks)) if ranks else None,
        "p_value": Fraction(extreme, 2 ** len(changed)) if differences else None,
        "method": "exact" if differences else None,
    }
