"""What the quantities of the paper have to do with one another, by definition or by a reading that has a name.

The quantities are numbers of patients, named as the computed values are, and medians, means and ends of ranges, named
like ``followup.duration.all/median``. All relations stand in `relations.txt`. The definitions are true of every cohort,
so that nothing printed is taken for granted. What holds only as this compendium reads the paper stands in `READINGS`:
it can be taken away, and a proof that needs it says so.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from compendium.verification.audit.consistency import Consistency, Relation

POPULATIONS = ("all", "primary", "ism", "cm", "mmas", "idiopathic")

_RESPONSE_ROWS = (
    *(f"best.{row}" for row in ("orr", "cr", "mr", "pr", "nr")),
    *(f"last.{row}" for row in ("persistent_orr", "cr", "mr", "pr", "no_persistent_response", "nr")),
    *(f"last.{row}" for row in ("loss_of_response", "intolerance", "lost_to_follow_up")),
)


def _size_of(population: str) -> str:
    """Name the quantity that counts the patients of a population, such as ``patients.diagnosis.ism.all``."""
    return "patients.included.screened" if population == "all" else f"patients.diagnosis.{population}.all"


_FILLED = {  # what stands in a relation for several, which are then said of each
    "p": POPULATIONS,
    "r": _RESPONSE_ROWS,
    "d": ("ism", "cm", "mcas"),
    "end": ("minimum", "maximum"),
    "any": ("minimum", "median", "mean", "maximum"),
}


def _read(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Give sentence and relations by the name of a reading; what is true of every cohort has none, and comes first."""
    text = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    name, found = "", {"": ("", [])}
    for line in filter(None, text.replace("\n  ", " ").splitlines()):
        if line.startswith("["):
            name, _, sentence = line[1:].partition("] ")
            found[name] = sentence, []
        else:
            found[name][1].append(line)
    return found


_RELATIONS = _read(Path(__file__).with_name("relations.txt"))
ONE_ROUNDING = "one rounding"
# By name: what is read into the paper, in a sentence, and the relations that follow.
READINGS = {name: given for name, given in _RELATIONS.items() if name} | {
    ONE_ROUNDING: ("A median, mean or end of a range is rounded or cut alike wherever it stands.", [])
}


def relations() -> Iterator[Relation]:
    """List what holds of the quantities: first in every cohort, then under a reading of the paper."""
    for reading, (_, texts) in _RELATIONS.items():
        for text in texts:
            names = [name for name in _FILLED if f"{{{name}}}" in text]
            for values in itertools.product(*(_FILLED[name] for name in names)):
                given = dict(zip(names, values, strict=True))
                left, sign, right = text.format(size=_size_of(given.get("p", "all")), **given).split(" ", 2)
                yield Relation(left, sign, tuple(right.split(" + ")), reading)


def canonical(value: str) -> str:
    """Give values and table cells (``table:row:column``) that are the same quantity one name."""
    table, row, column = [*value.split(":"), "", ""][:3]
    if table == "table_2":
        return f"response.{row}.{column.lower()}"
    if table == "table_1":
        value = f"table_1:{row}"
        found = re.fullmatch(r"classification\.(\w+)(?:\.(\w+))?", row)
        if found:
            diagnosis, finding = found.groups()
            return f"patients.{finding}.{diagnosis}" if finding else f"patients.diagnosis.{diagnosis}.all"
        if row in ("general.age_at_diagnosis", "general.age_at_treatment"):
            return f"patients.{row.removeprefix('general.')}.all"
    return "patients.included.screened" if value == "patients.analysed.all" else value


# Quantities taken of those evaluated, whose number is a quantity of its own.
_EVALUATED = ("table_1:who.", "table_1:presentation.skin.kit", "table_1:presentation.bone_marrow", "table_1:general.")
_DENOMINATORS = {
    "responders": "response.best.orr.all",
    "non_responders": "response.best.nr.all",
    "escalated": "dosing.escalated.all",
    "weekly": "dosing.weekly.all",
    "with_event": "safety.patients_with_event.all",
    "screened": "patients.screened.all",
    "increased": "biology.total_ige.paired.all",
    "stable": "biology.total_ige.paired.all",
}


def denominator_of(quantity: str) -> str:
    """Name the quantity that a share is taken of; if it is no other, it is one of its own, ``.../denominator``."""
    own, last = f"{quantity}/denominator", quantity.rpartition(".")[2]
    if quantity.startswith("patients.kit_positive"):
        return quantity.replace("kit_positive", "kit_evaluated")
    if quantity.startswith("symptoms.") and last == "anaphylaxis":
        return "symptoms.patients.anaphylaxis"
    if quantity.startswith("table_1:presentation.bone_marrow."):
        return "table_1:presentation.bone_marrow/denominator"
    if quantity.startswith(_EVALUATED):
        return own
    if quantity.startswith("table_1:"):
        return _size_of("all")
    if quantity.startswith("followup.stop."):
        return _DENOMINATORS[quantity.split(".")[2]]
    return _DENOMINATORS.get(last) or (_size_of(last) if last in (*POPULATIONS, "mcas") else own)


def _by_beginning(name: str, beginnings: dict[str, tuple[str, ...]]) -> str:
    """Give the first of what is told by how a name begins; nothing if it begins otherwise."""
    return next((told for told, texts in beginnings.items() if name.startswith(texts)), "")


_LIKE_CLAIMS = (
    *("ISM", "CM", "MMAS", "MCAS", "CR", "MR", "PR", "all", "primary", "idiopathic", "screened"),
    *("responders", "non_responders", "escalated", "weekly"),
)
_NAMED = {name.lower(): name for name in _LIKE_CLAIMS}
_OF_OTHERS = {  # where the end of a value's name does not name the population
    "screened": ("patients.screened.",),
    "responders": ("followup.stop.responders.", "followup.response_duration."),
    "non_responders": ("followup.stop.non_responders.",),
    "lost_response": ("followup.duration.loss_of_response",),
}


def population_of(value: str) -> str:
    """Name the population, as the claims do, that a computed value counts or summarises."""
    if value.startswith("table_1:"):
        _, diagnosis, *finding = value.split(":")[1].split(".") + [""] * 2
        # The size of a heading is that of its own group, a diagnosis under it a share of all patients.
        named = "kit" in "".join(finding) or diagnosis in ("primary", "idiopathic")
        return _NAMED.get(diagnosis, diagnosis) if value.startswith("table_1:classification.") and named else "all"
    if value.startswith("table_2:"):
        return value.rpartition(":")[2]
    return _by_beginning(value, _OF_OTHERS) or _NAMED.get(value.rpartition(".")[2], "all")


_UNITS = {  # of medians, means and ends of ranges
    "years": ("patients.age_at_",),
    "months": ("table_1:general.time_to_treatment", "biology.tryptase.months_on_therapy", "followup."),
    "mg": ("dosing.start_dose_mg", "dosing.escalated_dose_mg"),
    "weeks": ("dosing.start_interval_weeks",),
    "ng/mL": ("biology.tryptase", "table_1:laboratory.tryptase"),
    "UI/mL": ("biology.total_ige", "table_1:laboratory.total_ige"),
    "symptoms": ("symptoms.per_patient",),
}
_KINDS = {  # where it is not that of the statistic
    "dose": ("dosing.start_dose_mg", "dosing.escalated_dose_mg"),
    "interval": ("dosing.start_interval_weeks",),
    "definition": ("biology.tryptase.months_on_therapy",),
    "median": ("followup.first_improvement.symptom_medians",),
}


def units_of(quantity: str, statistic: str) -> tuple[str, ...]:
    """Name the units in which a statistic of a quantity may be printed."""
    if statistic in ("n", "denominator"):
        # The abstract counts severe events, the results the patients who had one.
        others = {"patients.centres.screened": ("centres",), "safety.severe.all": ("patients", "events")}
        return others.get(quantity, ("patients",))
    if statistic in ("percent", "ratio", "not_before", "not_after"):
        return ("percent" if statistic == "percent" else "",)
    unit = _by_beginning(quantity, _UNITS)
    return (unit, "years") if quantity == "table_1:general.time_to_treatment" else (unit,)


def kind_of(quantity: str, statistic: str) -> str:
    """Name the kind, as the claims do, that a statistic of a quantity is printed as."""
    kinds = {"n": "count", "denominator": "count", "not_before": "date", "not_after": "date"}
    return _by_beginning(quantity, _KINDS) or kinds.get(statistic, statistic)


def consistency(claims: pd.DataFrame, without: Iterable[str] = ()) -> Consistency:
    """Make a model of the claims, given with ``answer`` and ``statistic``; readings in `without` are taken away."""
    part = claims["answer"].map(canonical)
    whole = part.map(denominator_of)
    # The highlights speak of patients surveyed; that these are the ones included is a reading.
    surveyed = claims["section"].eq("highlights") & (part != "")
    part, whole = (names.mask(surveyed, "highlights:" + names) for names in (part, whole))
    part = part.mask(claims["unit"].eq("events") & (part != ""), "safety.severe_events.all")
    screening = claims.index == "methods.screening.date"
    part = part.mask(screening, "study.screening.all")
    statistic = claims["statistic"].mask(screening, "not_after")
    # Nobody is evaluated twice.
    own = [name for name in whole[part != ""].unique() if name.endswith("/denominator")]
    evaluated = [Relation(name, "<=", (_size_of("all"),)) for name in own]
    # Times are kept in months; a few places of the paper print them in years.
    years = (claims["unit"] == "years") & part.str.startswith("table_1:general.time")
    factor = pd.Series("1", claims.index).mask(years, "12")
    model = claims.assign(part=part, whole=whole, factor=factor, statistic=statistic)
    return Consistency(model, [*relations(), *evaluated], without, ONE_ROUNDING)
