"""What is fixed or bounded of the drawn results of the shipped cohort, and what they are in other cohorts that fit.

Only of the shipped cohort under the paper's rules, since only that was set beside the others; of any other nothing.
Other cohorts are corners of what is possible, no sample of it: in how many of them something is so is no probability.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from math import inf

import pandas as pd
from IPython.display import HTML

from analysis import schema
from analysis.cohort import Cohort, read_cohort
from analysis.criteria import PAPER, Criteria
from analysis.summaries import Values
from analysis.vocabulary import Population
from compendium.determined import stored
from compendium.reconstruction.results import POPULATIONS
from compendium.reporting.caveats import DRAWN, Drawn
from compendium.reporting.display import result_table
from compendium.reporting.formatting import number, p_value
from compendium.reporting.small_tables import value_rows
from compendium.verification.published import CLAIMS, read_answers, read_claims

_DIGITS = {  # of the numbers that are shown
    "median": 1, "mean": 1, "months": 1, "n": 0, "mean_difference": 1, "ratio": 2, "effect": 2, "rho": 2,
    "estimate": 0, "p_value": None,
}  # fmt: skip
_NAMES = {
    "n": "number", "percent": "number", "mean_difference": "difference", "effect": "correlation", "p_value": "p",
}  # fmt: skip
_KINDS = {"naive": "plain ", "kaplan_meier": "Kaplan-Meier ", "half": "half by "}  # of the times
BOUNDED = "†"  # beside a mark in Figure 1
_OUTCOMES = {"best.orr": "overall responses", "last.persistent_orr": "persistent ones", "sustained": "sustained ones"}
_LEVEL = f"below {PAPER.alpha:g}"
_kept = cache(lambda table: stored.read(table=table))
_shipped = cache(lambda population: read_cohort(stored.SHIPPED, population))


def covered(cohort: Cohort, criteria: Criteria) -> bool:
    """Tell whether a cohort is the shipped one, or a population of it that was counted, under the paper's rules."""
    if not cohort.reconstructed or criteria != PAPER or cohort.population not in POPULATIONS:
        return False
    pairs = ((getattr(cohort, name), getattr(_shipped(cohort.population), name)) for name in schema.TABLES)
    return all(one.equals(other) for one, other in pairs)


def whole(cohort: Cohort, criteria: Criteria) -> bool:
    """Tell whether it is all of the shipped cohort, of which the paper speaks."""
    return cohort.population == Population.ALL and covered(cohort, criteria)


def ranges_for(cohort: Cohort, criteria: Criteria) -> pd.DataFrame | None:
    """Give how far each single change of a rule can move each number of responders; None for what is not `whole`."""
    return _kept("rules") if whole(cohort, criteria) else None


def same_marks(cohort: Cohort, criteria: Criteria) -> pd.DataFrame:
    """Give for each symptom in how many other cohorts it has the mark that it has here, by the head of the column.

    Of a cohort that is not covered there is no column.
    """
    if not covered(cohort, criteria):
        return pd.DataFrame(index=schema.symptom_list().index)
    marks = _kept("ensemble-marks")
    mine = marks[marks["shipped"] & (marks["population"] == cohort.population)].set_index("symptom")
    texts = mine["cohorts"].astype(str)
    if cohort.population == Population.ALL:  # the text counts all patients whose anaphylaxis improved
        texts["anaphylaxis"] += BOUNDED
    return texts.to_frame(f"Same in {mine['of'].max()} others")


def elsewhere(cohort: Cohort, criteria: Criteria, names: Iterable[str]) -> pd.DataFrame:
    """Say for the rows of a table what is fixed, and what others have, by the name of the value, or names with blanks.

    Two columns: what is fixed or bounded in every cohort that fits, by the print or by the proofs of `data/determined`;
    and from where to where a result goes in the other cohorts. None of what is not `whole`.
    """
    names = list(names)
    if not whole(cohort, criteria):
        return pd.DataFrame(index=names)
    texts = [
        ["; ".join(filter(None, (say(one, " " in name) for one in name.split()))) for say in (_proved, _shown)]
        for name in names
    ]
    heads = ["Fixed or bounded", f"In {_kept('ensemble-values')['cohorts'].max()} other cohorts that fit"]
    found = pd.DataFrame(texts, names, heads)
    return found.loc[:, found.ne("").any()]


def value_table(
    cohort: Cohort, criteria: Criteria, values: Values, labels: Mapping[str, str],
    title: str, notes: Iterable[str] = (), drawn: str = "",
) -> HTML:  # fmt: skip
    """Lay out values as `display.value_table` does, and beside them what is fixed, and what other cohorts have."""
    rows = value_rows(values, labels).join(elsewhere(cohort, criteria, labels))
    topic = drawn if drawn in ("", "symptoms") else said(cohort, criteria, drawn)
    return result_table(cohort, criteria, rows, title, notes, topic)


def marks(cohort: Cohort, criteria: Criteria, names: Iterable[str]) -> dict[str, str]:
    """Say in few words what is fixed or bounded of values, or else what others have; nothing of what is not `whole`."""
    return {name: f"; {_mark(name)}" for name in names} if whole(cohort, criteria) else {}


def _mark(name: str) -> str:
    if "median" in _claimed().get(_as_printed(name), ()):
        return "fixed"
    proved = _proved(name)
    return f"bounded: {proved}" if proved else f"{_shown(name)} in {_kept('ensemble-values')['cohorts'].max()} others"


def said(cohort: Cohort, criteria: Criteria, topic: str) -> Drawn:
    """Say below a drawn result what is fixed or bounded of it, for `caveats`; of what is not covered give the topic."""
    if not (covered if topic == "symptoms" else whole)(cohort, criteria):
        return topic
    others, what = f"{_kept('ensemble-marks')['of'].max()} other", f"{re.split('[:;]', DRAWN[topic])[0]}."
    if topic == "symptoms":
        stars = _kept("answers").loc["symptoms.score.anaphylaxis.stars"]
        low, high = ("*" * int(stars[end]) or "ns" for end in ("low", "high"))
        if cohort.population == Population.ALL:
            what += f" {BOUNDED}: bounded, {low} to {high} in every cohort that fits; nothing fixes another mark."
        last = f"how many of {others} cohorts that fit, corners of what is possible, have the same mark"
        return (f"{what} Last column: {last}; no probability.",)
    if topic == "rules":
        ends = _kept("rules").groupby("outcome").agg({"low": "min", "high": "max"}).loc[list(_OUTCOMES)]
        texts = ", ".join(f"{_OUTCOMES[name]} {low} to {high}" for name, low, high in ends.itertuples())
        return (f"{what} Bounded, in every cohort that fits, with one rule changed: {texts}.",)
    return (
        f"{what} Fixed or bounded: in every cohort that fits, by the print or by proof. {others[:-6]} others: "
        "further cohorts that fit, corners of what is possible; no probability.",
    )


def _kind(name: str, several: bool) -> str:
    return _KINDS.get(name.rpartition(".")[2], "") if several else ""


def _as_printed(name: str) -> str:
    """Name a value as claims do, which know plain medians of times by another name."""
    _, *parts, kind = name.split(".")
    if not name.startswith("times.") or kind != "naive":
        return name
    return f"followup.duration.{parts[1]}" if parts[0] == "therapy" else f"followup.{parts[0]}.all"


@cache
def _claimed() -> Mapping[str, list[str]]:
    """Give the statistics of each value that the paper prints and a cohort can keep."""
    claims = read_claims()
    answers = read_answers(CLAIMS.with_name("answers.csv"), claims)
    kept = ~answers.index.isin(pd.read_csv(stored.LEFT_OUT).query("part == 'whole'")["claim"])
    found = answers[kept & answers["answer"].ne("")].groupby("answer")["statistic"].unique()
    return {name: list(statistics) for name, statistics in found.items()}


def _proved(name: str, several: bool = False) -> str:
    """Say what is fixed or bounded of a value in every cohort that fits; nothing if neither."""
    known, kind = _as_printed(name), _kind(name, several)
    fixed = list(dict.fromkeys(_NAMES.get(one, one) for one in _claimed().get(known, ())))
    if {"minimum", "maximum"} <= set(fixed):
        fixed = [one for one in fixed if one not in ("minimum", "maximum")] + ["range"]
    answers = _kept("answers")
    parts = [f"{kind}{', '.join(fixed)} fixed" if fixed != ["number"] else "fixed"] * bool(fixed)
    for quantity, what in ((name, "months"), (f"{known}/mean", "mean"), (f"{known}.p_value", "p_value")):
        if quantity in answers.index and not (several and what == "mean"):
            ends = answers.loc[quantity, ["low", "high"]]
            parts.append(f"{kind}{_span(what, *ends)}" if ends.iloc[0] < ends.iloc[1] else f"{kind}{what} fixed")
    return "; ".join(parts)


def _shown(name: str, several: bool = False) -> str:
    """Say from where to where a value goes in the other cohorts, of the numbers that are printed of it."""
    others, kind = _kept("ensemble-values"), _kind(name, several)
    mine = others[others["result"] == name].set_index("statistic")
    apart, parts = {"n"} if "p_value" in mine.index else {"mean"} if several else set(), []
    for one in (one for one in _DIGITS if one in mine.index and one not in apart):
        row, test = mine.loc[one], one == "p_value"
        text = _span(one, row["smallest"], row["largest"])
        if text != _span(one, *[row["shipped"]] * 2) or row["known"] < row["cohorts"]:
            text += (", or no test" if test else ", or not reached") if row["known"] < row["cohorts"] else ""
            parts.append(kind + text + (f", {_LEVEL} in {row['below']:.0f}" if test else ""))
    return "; ".join(parts) or f"{kind}the same"


def _span(what: str, low: float, high: float) -> str:
    """Print the ends of a range of a statistic, with its name but for months; one number if both are printed alike."""
    digits = _DIGITS[what]
    ends = [100 * end if what == "estimate" else end for end in (low, high)]
    show = p_value if digits is None else lambda end: number(end, digits, trim=True)
    ends = ["not reached" if end == inf else show(end) for end in ends]
    name = "" if what in ("months", "n", "estimate") else f"{_NAMES.get(what, what)} "
    return name + " to ".join(dict.fromkeys(ends))
