"""What the paper prints as rates, medians and means, each once, beside what a cohort gives."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.statistics.exact_difference import difference_in_points
from analysis.summaries import Values
from compendium.verification.audit.arithmetic import possible_numerators
from compendium.verification.audit.rounding import RULES, printed_number
from compendium.verification.published import place, read_answers, read_claims
from compendium.verification.verdicts import computed_number

SECTIONS: dict[str, str] = {  # what a quantity is about, by how the name of its value begins; in this order
    "table_2:best": "Best response",
    "table_2:last": "Last follow-up",
    "followup": "Duration and stops",
    "dosing": "Dose",
    "symptoms": "Symptoms",
    "safety": "Safety",
    "biology": "Biology",
    "patients": "Characteristics",
    "table_1": "Characteristics",
}

# Values of the text that are a cell of a table as well, with the same denominator, beside the responses. (For counts,
# `identities.canonical` does this; counts that are equal of different denominators are different rates.)
_SAME = {
    **{f"patients.age_at_{when}.all": f"table_1:general.age_at_{when}:all" for when in ("diagnosis", "treatment")},
    **{f"patients.diagnosis.{one}.all": f"table_1:classification.{one}:all" for one in ("ism", "cm", "mcas")},
    "patients.diagnosis.idiopathic.all": "table_1:classification.idiopathic:all",
    "patients.kit_positive.all": "table_1:who.kit_d816v:all",
    "followup.loss_of_response.all": "table_2:last.loss_of_response:all",
}

# What is computed, where the statement takes for granted how it came out in the paper.
_LABELS = {
    "results.stops.non_responders.all": "Patients without response who stopped therapy",
    "results.escalation.usual.patients": "Escalated patients at 300 mg",
    "results.escalation.highest.patients": "Escalated patients at 600 mg",
    "results.weekly.patients": "Patients who changed to a weekly schedule",
    "results.safety.flare": "Patients with a flare of symptoms",
    "results.duration.cr.median": "Median duration of therapy in complete response",
}

# The paper counts those whose anaphylaxis became worse without repeating of how many.
_OF_THE_SAME = {"discussion.anaphylaxis.worse": "discussion.anaphylaxis.improved"}

_TOTALS = (
    *("patients.analysed.all", "patients.screened.all", "patients.centres.screened"),
    *("table_1:laboratory.tryptase:all", "table_1:laboratory.total_ige:all"),
)  # counts of all there are, which are shares of nothing

_PLACES = ("table_1", "table_2", "results", "methods", "discussion", "abstract", "highlights")
_EVENT = "safety.event."
_ANY_EVENT = "safety.patients_with_event.all"


def _quantity(answer: str) -> str:
    """Give values that are the same by definition one name."""
    in_table = re.sub(r"^response\.(best|last)\.(\w+)\.(\w+)$", r"table_2:\1.\2:\3", answer)
    return _SAME.get(in_table, in_table)


def _label(claim: dict[str, Any]) -> str:
    return _LABELS.get(claim["claim"]) or claim["statement"].removesuffix(".").removesuffix(", the whole cohort")


def _statements(published: str | os.PathLike[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List all claims; and those that a computed value answers, tables first, with the ``quantity`` of several."""
    folder = Path(published)
    claims = read_claims(folder / "claims.csv")
    # An event that nobody had, or a dose that nobody got, is no value of this cohort, and no fault of the file.
    answers = read_answers(folder / "answers.csv", claims)
    found = claims.join(answers[["answer", "statistic"]])
    found = found[found["answer"] != ""]
    rank = found["section"].map({section: number for number, section in enumerate(_PLACES)}).fillna(len(_PLACES))
    return claims, found.assign(quantity=found["answer"].map(_quantity)).iloc[rank.argsort(kind="stable")]


def _fits(claim: dict[str, Any], n: int, of: int) -> bool:
    """Say whether a statement agrees with a count of so many, rounded or cut."""
    if claim["numerator"] not in ("", str(n)) or claim["denominator"] not in ("", str(of)):
        return False
    return claim["kind"] != "percent" or n in possible_numerators(claim["value"], of, RULES)


def _share(claim: dict[str, Any], of: int) -> int | None:
    """Give the count that a statement prints, or its percentage stands for; None if no single count does."""
    fitting = possible_numerators(claim["value"], of, RULES) if claim["kind"] == "percent" else range(0)
    only = fitting[0] if len(fitting) == 1 else None
    if claim["numerator"] == "":
        return only
    # A count that cannot have its percentage gives way to the one that has it.
    printed = int(claim["numerator"])
    return printed if printed in fitting or only is None else only


def _printed(claim: dict[str, Any]) -> str:
    """Quote a statement: "39/39 (44%)", "76.8% of 56", "4"."""
    if claim["kind"] != "percent":
        return "/".join(filter(None, (claim["value"], claim["denominator"])))
    of = claim["denominator"]
    return f"{claim['numerator']}/{of} ({claim['value']}%)" if claim["numerator"] else f"{claim['value']}% of {of}"


def _published_rate(statements: Sequence[dict[str, Any]], sizes: dict[str, int]) -> dict[str, Any] | None:
    """Choose the statement that gives a quantity: the first that does not contradict itself, else the first."""
    shares = []
    for claim in statements:
        whole = "all" if ".header." in claim["claim"] else claim["population"]
        of = int(claim["denominator"] or sizes[whole])
        n = _share(claim, of)
        if n is not None and n <= of:
            shares.append((not _fits(claim, n, of), claim, n, of))
    if not shares:
        return None
    _, chosen, n, of = min(shares, key=lambda share: share[0])
    quoted = "; ".join(f"{_printed(claim)} ({place(claim)})" for claim in statements if not _fits(claim, n, of))
    rate = {"label": _label(chosen), "place": place(chosen), "note": f"as printed: {quoted}" if quoted else ""}
    return rate | {"published_n": n, "published_denominator": of}


def _section(quantity: str) -> str:
    return next(name for start, name in SECTIONS.items() if re.match(rf"{start}[.:]", quantity))


def _in_order(rows: list[dict[str, Any]]) -> pd.DataFrame:
    order = list(dict.fromkeys(SECTIONS.values()))
    return pd.DataFrame(sorted(rows, key=lambda row: order.index(row["section"])))


def _own_share(answers: Sequence[str], values: Values) -> tuple[int, int] | None:
    """Give how many of how many in the cohort; an event that stands in no row was nobody's."""
    for answer in answers:
        value = values.get(answer, {})
        if value.get("n") is not None and value.get("denominator") is not None:
            return int(value["n"]), int(value["denominator"])
        if answer.startswith(_EVENT) and _ANY_EVENT in values:
            return 0, int(values[_ANY_EVENT]["denominator"])
    return None


def compared_rates(published: str | os.PathLike[str], values: Values) -> pd.DataFrame:
    """Set every rate of the paper beside that of a cohort.

    Parameters
    ----------
    published : str or path
        The folder with ``claims.csv`` and ``answers.csv``.
    values : dict of str to dict
        The computed values of the cohort, as `compendium.verification.published.built_values` collects them.

    Returns
    -------
    DataFrame
        One row per quantity of which the paper gives a count or percentage, by section: ``quantity``, ``section`` (of
        `SECTIONS`), ``label``, ``place`` in the paper, ``own_n``, ``own_denominator``, ``own_percent``,
        ``published_n``, ``published_denominator``, ``published_percent``, ``difference`` (own minus published),
        ``low`` and ``high``, the limits of its exact 95 % interval, all three in percentage points, and ``note``, which
        quotes statements of the paper that give something else. Where the cohort has no such value, its numbers are
        missing; of an adverse event that stands in no row it has 0. Where nobody is in a group, its percentage is.

    Raises
    ------
    ClaimsError, AnswerError
        If one of the two files cannot be used.
    """
    claims, found = _statements(published)
    # The size of each population is the denominator that the paper has for it most often.
    known = claims[claims["denominator"] != ""].groupby("population")["denominator"]
    sizes = known.agg(lambda texts: int(texts.mode().iloc[0])).to_dict()
    for name, other in _OF_THE_SAME.items():
        if name in found.index and other in found.index and not found.at[name, "denominator"]:
            found.loc[name, "denominator"] = found.at[other, "denominator"]
    counted = found["kind"].isin(["count", "percent"]) & found["statistic"].isin(["n", "percent"])
    shares = counted & ~found["quantity"].isin(_TOTALS)
    rows, statements = [], {}
    for claim in found[shares].reset_index().to_dict("records"):
        statements.setdefault(claim["quantity"], []).append(claim)
    for quantity, part in statements.items():
        if rate := _published_rate(part, sizes):
            own = _own_share([claim["answer"] for claim in part], values)
            rows.append({"quantity": quantity, "section": _section(quantity)} | rate | _difference(rate, own))
    columns = ["quantity", "section", "label", "place"]
    columns += [f"{side}_{part}" for side in ("own", "published") for part in ("n", "denominator", "percent")]
    frame = _in_order(rows)[[*columns, "difference", "low", "high", "note"]]
    return frame.astype({f"own_{part}": "Int64" for part in ("n", "denominator")})


def _difference(rate: dict[str, Any], own: tuple[int, int] | None) -> dict[str, Any]:
    n, of = own or (None, None)
    other, size = rate["published_n"], rate["published_denominator"]
    found = {"own_n": n, "own_denominator": of, "published_percent": 100 * other / size}
    if not of:
        return found | dict.fromkeys(["own_percent", "difference", "low", "high"], float("nan"))
    return found | {"own_percent": 100 * n / of} | difference_in_points(n, of, other, size)


def compared_values(published: str | os.PathLike[str], values: Values) -> pd.DataFrame:
    """Set every median, mean and end of a range of the paper beside that of a cohort, given as to `compared_rates`.

    One row per quantity and statistic, by section: ``quantity``, ``statistic``, ``section``, ``label``, ``place``,
    ``unit``, ``own`` (missing where the cohort has none) and ``published``. ClaimsError and AnswerError as there.
    """
    found = _statements(published)[1].reset_index()
    found = found[found["kind"].isin(["median", "mean", "minimum", "maximum"])]
    rows = []
    for claim in found.drop_duplicates(["quantity", "statistic"]).to_dict("records"):
        own = computed_number(claim, claim["statistic"], values.get(claim["answer"], {}))
        rows.append(
            {name: claim[name] for name in ("quantity", "statistic")}
            | {"section": _section(claim["quantity"]), "label": _label(claim), "place": place(claim)}
            | {"unit": claim["unit"], "own": float("nan") if own is None else float(own)}
            | {"published": float(printed_number(claim["value"])[0])}
        )
    return _in_order(rows)
