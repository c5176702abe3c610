"""The response criteria: every rule that the paper leaves open, as a named option.

The defaults are the reading under which the paper's own numbers come out. Where the paper says nothing, another value
is a reading that another careful reader could have made; where it does say something (10 % and 50 %, two-tailed tests,
0.05, three months), another value shows how much hangs on it. Intervals are 95 % intervals whatever ``alpha`` is. A
change of ``partial_from_percent`` changes who responds, not the recorded month of the first response.
"""

from dataclasses import Field, dataclass, fields
from typing import Any, Literal, get_args


@dataclass(frozen=True)
class Criteria:
    """One reading of the paper's rules; a value that is not allowed is a ValueError.

    Attributes
    ----------
    major_above_percent : int, default 50
        A decrease of the symptom score of more than this is a major response (L211-L212); 50 % exactly is not.
    partial_from_percent : int, default 10
        A decrease of at least this is a partial response (L213); 10 % exactly is one.
    worsening : {"total", "any"}
        Whether a response is ruled out by a higher total score only, or by any single symptom that worsened (L214).
    new_symptoms : {"rule_out", "count", "ignore"}
        A symptom that appeared under therapy rules out a response (L215), counts 1 in the score under therapy, or is
        ignored.
    missing_last : {"carry_forward", "drop", "no_response"}
        A symptom without a grade at last follow-up keeps its grade at best response, leaves the score, or counts as
        unchanged.
    sustained_months : float, default 3
        A response that lasted at least so many months is sustained (L256).
    sustained_from : {"first", "best"}
        Whether a response lasts from the first or from the best response; it lasts to the end of the course.
    first_response : {"total", "any_symptom"}
        Whether the first response is that of the total score or the first improvement of any symptom (L247-L248).
    intolerance : {"responders", "all"}
        Whether Table 2 counts under intolerance responders only, or also patients without response who stopped for it.
    ige_stable_percent : float, default 20
        A change of total IgE of at most this is stable (L310-L311).
    symptoms_at : {"best", "last"}
        Whether the symptoms of Figure 1 are those at the time of best response or at last follow-up; L222-L223 and the
        legend only say "under omalizumab therapy".
    test : {"signed_rank", "sign"}
        How the change of a symptom is tested: by Wilcoxon's signed-rank test, as in the paper (L223-L224), or by the
        sign test, which looks at the direction of the changes only. Changes for the worse have one size on this scale
        and improvements four, so that the null hypothesis of the former, either sign for each size, cannot hold.
    zeros : {"drop", "pratt"}
        What becomes of unchanged symptoms in the signed-rank test: left out (Wilcoxon) or ranked first (Pratt).
    distribution : {"exact", "asymptotic"}
        The null distribution of the signed-rank test: the exact one of the tied ranks, or a normal approximation.
    alternative : {"two-sided", "greater"}
        Whether the test of the symptoms is two-tailed (L224) or looks for improvement only.
    adjustment : {"none", "holm", "benjamini_hochberg"}
        What the p values of all symptoms are adjusted by before they are called significant: nothing, as in the paper;
        Holm (probability of any false positive); Benjamini and Hochberg (expected share of false positives).
    alpha : float, default 0.05
        A p value below this is significant (L225-L226).
    p_at_alpha : {"ns", "significant"}
        What a p value of exactly ``alpha`` is, and likewise one of exactly 0.01 or 0.001: significance is "below 0.05"
        in L226, but "ns" is "> 0.05" in the legend of Figure 1.
    lost_to_follow_up : {"event", "censored"}
        Whether therapy that ended with loss to follow-up has stopped then, as L261-L262 counts it, or was last known to
        go on, when times are estimated.
    """

    major_above_percent: int = 50
    partial_from_percent: int = 10
    worsening: Literal["total", "any"] = "total"
    new_symptoms: Literal["rule_out", "count", "ignore"] = "rule_out"
    missing_last: Literal["carry_forward", "drop", "no_response"] = "carry_forward"
    sustained_months: float = 3
    sustained_from: Literal["first", "best"] = "first"
    first_response: Literal["total", "any_symptom"] = "total"
    intolerance: Literal["responders", "all"] = "responders"
    ige_stable_percent: float = 20
    lost_to_follow_up: Literal["event", "censored"] = "event"
    symptoms_at: Literal["best", "last"] = "best"
    test: Literal["signed_rank", "sign"] = "signed_rank"
    zeros: Literal["drop", "pratt"] = "drop"
    distribution: Literal["exact", "asymptotic"] = "exact"
    alternative: Literal["two-sided", "greater"] = "two-sided"
    adjustment: Literal["none", "holm", "benjamini_hochberg"] = "none"
    alpha: float = 0.05
    p_at_alpha: Literal["ns", "significant"] = "ns"

    def __post_init__(self) -> None:
        for option in fields(self):
            _check(option, getattr(self, option.name))
        if self.partial_from_percent > self.major_above_percent:
            raise ValueError(
                f"criteria: partial_from_percent {self.partial_from_percent} is above major_above_percent "
                f"{self.major_above_percent}; allowed is at most the latter"
            )


_OPTIONS: dict[str, Field] = {option.name: option for option in fields(Criteria)}

# The allowed values of the options that are chosen by name; the first is the default.
CHOICES: dict[str, tuple[str, ...]] = {name: get_args(one.type) for name, one in _OPTIONS.items() if get_args(one.type)}
LIMITS: dict[str, tuple[float, float]] = {  # the smallest and largest allowed value of those that are numbers
    "major_above_percent": (0, 100), "partial_from_percent": (0, 100), "sustained_months": (0, 1200),
    "ige_stable_percent": (0, 1000), "alpha": (0, 1),
}  # fmt: skip


def _check(option: Field, value: Any) -> None:
    """Refuse a value that the option does not allow; a truth value is not a number here."""
    if option.name in CHOICES:
        correct = isinstance(value, str) and value in CHOICES[option.name]
        allowed = "one of " + ", ".join(CHOICES[option.name])
    else:
        low, high = LIMITS[option.name]
        correct = isinstance(value, int | option.type) and not isinstance(value, bool) and low <= value <= high
        allowed = f"a {'whole number' if option.type is int else 'number'} from {low:g} to {high:g}"
    if not correct:
        raise ValueError(f"criteria: {value!r} is not allowed for {option.name}; allowed is {allowed}")


PAPER = Criteria()  # the paper's reading


def departures(criteria: Criteria) -> str:
    """Name the options that differ from the paper's reading, such as "worsening=any, alpha=0.01"; empty if none does.

    `read_criteria` reads the text back.
    """
    return ", ".join(f"{name}={value}" for name, value in vars(criteria).items() if value != getattr(PAPER, name))


def _number(text: str) -> float | str:
    """Read a number; another text stays as it is, and `Criteria` refuses it."""
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text


def read_criteria(text: str) -> Criteria:
    """Read criteria from the text of a notebook parameter.

    Parameters
    ----------
    text : str
        ``paper``, or the options that differ from it: ``worsening=any,sustained_from=best``. Blanks do not matter.

    Returns
    -------
    Criteria
        The paper's reading with these options changed.

    Raises
    ------
    ValueError
        If an option is unknown, given twice or has a value that is not allowed; the message names what is allowed.
    """
    if text.strip() == "paper":
        return PAPER
    options: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ValueError(f"criteria: {part.strip()!r} is not allowed; allowed is paper, or option=value, ...")
        if name not in _OPTIONS:
            raise ValueError(f"criteria: option {name!r} is unknown; allowed are {', '.join(_OPTIONS)}")
        if name in options:
            raise ValueError(f"criteria: option {name} is given twice; allowed is once")
        options[name] = value if name in CHOICES else _number(value)
    return Criteria(**options)
