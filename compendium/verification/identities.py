"""What the quantities of the paper have to do with one another, by definition or by a reading that has a name.

The quantities are numbers of patients, named as the computed values are, and medians, means and ends of ranges, named
like ``followup.duration.all/median``. The definitions are true of every cohort, so that nothing printed is taken for
granted. What holds only as this compendium reads the paper stands in `READINGS`: it can be taken away, and a proof that
needs it says so.
"""

import re
from collections.abc import Iterable, Iterator

import pandas as pd

from compendium.verification.audit.consistency import Consistency, Relation

POPULATIONS = ("all", "primary", "ism", "cm", "mmas", "idiopathic")

_SUMS = (
    # screening and diagnoses (L155-L171, Table 1)
    "patients.screened.all = patients.included.screened + patients.excluded.screened",
    "patients.excluded.screened = patients.excluded.follow_up_or_data.screened + patients.excluded.sm_ahn.screened",
    "patients.included.screened = patients.diagnosis.primary.all + patients.diagnosis.idiopathic.all",
    "patients.diagnosis.primary.all = patients.diagnosis.ism.all + patients.diagnosis.cm.all"
    " + patients.diagnosis.mmas.all",
    "patients.diagnosis.mcas.all = patients.diagnosis.mmas.all + patients.diagnosis.idiopathic.all",
    "patients.diagnosis.mastocytosis.all = patients.diagnosis.ism.all + patients.diagnosis.cm.all",
    # KIT mutation (L233-L236, Table 1)
    "patients.kit_evaluated.all = patients.kit_evaluated.ism + patients.kit_evaluated.cm + patients.kit_evaluated.mcas",
    "patients.kit_positive.all = patients.kit_positive.ism + patients.kit_positive.cm + patients.kit_positive.mcas",
    "patients.kit_evaluated.{d} = patients.kit_positive.{d} + patients.kit_negative.{d}",
    "patients.diagnosis.{d}.all = patients.kit_evaluated.{d} + patients.kit_not_evaluated.{d}",
    # men and women
    "patients.included.screened = table_1:general.sex_ratio + table_1:general.sex_ratio/denominator",
    # response (L210-L216, Table 2)
    "response.best.orr.{p} = response.best.cr.{p} + response.best.mr.{p} + response.best.pr.{p}",
    "{size} = response.best.orr.{p} + response.best.nr.{p}",
    "response.last.persistent_orr.{p} = response.last.cr.{p} + response.last.mr.{p} + response.last.pr.{p}",
    "{size} = response.last.persistent_orr.{p} + response.last.no_persistent_response.{p}",
    "response.last.no_persistent_response.{p} = response.last.nr.{p} + response.last.loss_of_response.{p}"
    " + response.last.intolerance.{p} + response.last.lost_to_follow_up.{p}",
    "response.{r}.all = response.{r}.primary + response.{r}.idiopathic",
    "response.{r}.primary = response.{r}.ism + response.{r}.cm + response.{r}.mmas",
    # changes of dose (L271-L284)
    "dosing.escalated.all = dosing.improved.escalated + dosing.not_improved.escalated",
    "dosing.weekly.all = dosing.improved.weekly + dosing.not_improved.weekly",
)
_PARTS = (
    # a part of the patients is at most the whole
    "table_1:presentation.skin.maculopapular <= table_1:presentation.skin",
    "table_1:presentation.skin.histology <= table_1:presentation.skin",
    "safety.stopped.all <= safety.patients_with_event.all",
    "safety.severe.all <= safety.patients_with_event.all",
    "safety.flare.all <= safety.patients_with_event.all",
    "followup.sustained.responders <= response.best.orr.all",
    # every patient's diagnosis comes before the treatment, and an improved symptom before or with the response
    "patients.age_at_diagnosis.all/minimum <= patients.age_at_treatment.all/minimum",
    "patients.age_at_diagnosis.all/median <= patients.age_at_treatment.all/median",
    "patients.age_at_diagnosis.all/maximum <= patients.age_at_treatment.all/maximum",
    "followup.first_response.all/minimum >= followup.first_improvement.all/minimum",
    "followup.best_response.all/median >= followup.first_response.all/median",
    # nobody is treated before it was recommended
    "dosing.start_month.all/first >= patients.recommendation_month.screened/first",
)
_DIVIDED = {
    "followup.duration.all": ("followup.duration.responders", "followup.duration.non_responders"),
    "followup.duration.responders": ("followup.duration.cr", "followup.duration.mr", "followup.duration.pr"),
    "followup.first_improvement.all": (
        "followup.first_improvement.general_vasomotor",
        "followup.first_improvement.other",
    ),
}
"""Times of patients, or of symptoms, and of the groups that these are divided into."""

_WITHIN = {
    "followup.duration.loss_of_response": "followup.duration.responders",
    "followup.duration.ongoing": "followup.duration.all",
}
"""Times of some, and of those that they are some of."""

_WHOLE = (
    *("patients.age_at_diagnosis.all", "patients.age_at_treatment.all", "followup.first_response.all"),
    *(f"followup.duration.{name}" for name in ("all", "responders", "non_responders", "loss_of_response")),
    *(f"followup.first_improvement.{name}" for name in ("all", "general_vasomotor", "other")),
    "followup.response_duration.ongoing",
)
READINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "non-responders stopped": (
        "All patients without any response stopped treatment, so that whoever is still treated responded (L263).",
        (
            "response.best.nr.all = followup.stopped.non_responders",
            "response.best.orr.all = followup.ongoing.all + followup.stopped.responders",
        ),
    ),
    "persistent means treated": (
        "A response persists at last follow-up in those who are still treated (L268-L270, Table 2).",
        ("response.last.persistent_orr.all = followup.ongoing.all",),
    ),
    "never a response": (
        "No response at last follow-up in Table 2 means that there never was one.",
        ("response.last.nr.{p} = response.best.nr.{p}",),
    ),
    "one reason each": (
        "Every patient who stopped did so for one of the reasons named, and for one only (L261-L264).",
        (
            "followup.stopped.responders = followup.stop.responders.loss_of_response"
            " + followup.stop.responders.intolerance + followup.stop.responders.lost_to_follow_up"
            " + followup.stop.responders.pregnancy_intent",
            "followup.stopped.non_responders = followup.stop.non_responders.lack_of_efficacy"
            " + followup.stop.non_responders.intolerance",
        ),
    ),
    "lost responses stopped": (
        "Who lost the response stopped for that reason (L259-L262), and is who lost it in Table 2.",
        (
            "response.last.loss_of_response.all = followup.stop.responders.loss_of_response",
            "followup.loss_of_response.responders = followup.stop.responders.loss_of_response",
        ),
    ),
    "lost with pregnancy": (
        "Lost from follow-up in Table 2 are those lost and those who wish to conceive (L262).",
        (
            "response.last.lost_to_follow_up.all = followup.stop.responders.lost_to_follow_up"
            " + followup.stop.responders.pregnancy_intent",
        ),
    ),
    "intolerance of responders": (
        "Intolerance in Table 2 counts responders only (L262, not L264).",
        ("response.last.intolerance.all = followup.stop.responders.intolerance",),
    ),
    "side effects are intolerance": (
        "To stop for side effects (L294, L348) and for intolerance (L262, L264) are the same.",
        (
            "safety.stopped.with_event = safety.stopped.all",
            "safety.stopped.all = followup.stop.responders.intolerance + followup.stop.non_responders.intolerance",
        ),
    ),
    "two doses": (
        "Every escalated dose is one of the two that are named (L272-L273).",
        ("dosing.escalated.all = dosing.escalated_300.escalated + dosing.escalated_600.escalated",),
    ),
    "who was not improved stopped": (
        "The patients whom weekly injections did not improve are those who also stopped (L281-L282).",
        ("dosing.not_improved.weekly = dosing.not_improved_and_stopped.weekly",),
    ),
    "IgE rose or was stable": (
        "Of the patients tested twice the IgE of each rose or was stable; it fell in none (L310-L312).",
        ("biology.total_ige.paired.all = biology.total_ige.increased + biology.total_ige.stable",),
    ),
    "levels of those tested twice": (
        "The N of the blood tests in Table 1 are the patients tested before and on therapy (L303).",
        ("table_1:laboratory.tryptase = biology.tryptase.paired.all",),
    ),
    "KIT of the criterion": (
        "The criterion KIT in Table 1 counts the patients with the mutation of L234.",
        (
            "table_1:who.kit_d816v = patients.kit_positive.all",
            "table_1:who.kit_d816v/denominator = patients.kit_evaluated.all",
        ),
    ),
    "findings of the marrow": (
        "The rows under the bone marrow in Table 1 count patients with an involved marrow.",
        tuple(
            f"table_1:presentation.bone_marrow.{finding} <= table_1:presentation.bone_marrow"
            for finding in ("histology", "cytology", "phenotype", "kit")
        ),
    ),
    "a response lasts from its start": (
        "The duration of a response (L337) runs from the first month with a response to the end of the therapy.",
        (
            "followup.duration.responders/maximum >= followup.response_duration.ongoing/maximum"
            " + followup.first_response.all/minimum",
        ),
    ),
    "whole months and years": (
        "Times are counted in whole months and ages in whole years, so that the ends of a range are what is printed.",
        tuple(f"{name}/{end} whole {name}/{end}" for name in _WHOLE for end in ("minimum", "maximum")),
    ),
    "one period": (
        "The period of the treatments (L93, L152) is the one in which they were recommended (L156).",
        (
            "dosing.start_month.all/first = patients.recommendation_month.screened/first",
            "dosing.start_month.all/last = patients.recommendation_month.screened/last",
        ),
    ),
}
"""By name: what is read into the paper, in a sentence, and the relations that follow."""

_RESPONSE_ROWS = (
    *(f"best.{row}" for row in ("orr", "cr", "mr", "pr", "nr")),
    *(f"last.{row}" for row in ("persistent_orr", "cr", "mr", "pr", "no_persistent_response", "nr")),
    *(f"last.{row}" for row in ("loss_of_response", "intolerance", "lost_to_follow_up")),
)


def _size_of(population: str) -> str:
    """Name the quantity that counts the patients of a population, such as ``patients.diagnosis.ism.all``."""
    return "patients.included.screened" if population == "all" else f"patients.diagnosis.{population}.all"


def relations() -> Iterator[Relation]:
    """List what holds of the quantities: first in every cohort, then under a reading of the paper."""
    for reading, texts in (("", _SUMS + _PARTS), *((name, given) for name, (_, given) in READINGS.items())):
        for text in texts:
            for filled in dict.fromkeys(  # most relations name no population: they are said once
                text.format(p=p, size=_size_of(p), r=r, d=d)
                for p in POPULATIONS
                for r in _RESPONSE_ROWS
                for d in ("ism", "cm", "mcas")
            ):
                left, sign, right = filled.split(" ", 2)
                yield Relation(left, sign, tuple(right.split(" + ")), reading)
    some = [*_WITHIN.items(), *((part, whole) for whole, parts in _DIVIDED.items() for part in parts)]
    for part, whole in some:
        yield Relation(f"{part}/minimum", ">=", (f"{whole}/minimum",))
        yield Relation(f"{part}/maximum", "<=", (f"{whole}/maximum",))
    for whole, parts in _DIVIDED.items():
        for statistic in ("minimum", "median", "mean", "maximum"):
            yield Relation(f"{whole}/{statistic}", "between", tuple(f"{part}/{statistic}" for part in parts))


_SAME = {"patients.analysed.all": "patients.included.screened"}
"""Values that are one quantity under another name."""


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
    return _SAME.get(value, value)


_EVALUATED = ("table_1:who.", "table_1:presentation.skin.kit", "table_1:presentation.bone_marrow", "table_1:general.")
"""Quantities taken of those evaluated, whose number is a quantity of its own."""

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
    """Name the quantity that a share is taken of.

    Where that stands in no other quantity, as the number evaluated for a criterion, it is a quantity of its own, whose
    name ends with ``/denominator``.
    """
    own = f"{quantity}/denominator"
    last = quantity.rpartition(".")[2]
    if quantity.startswith("patients.kit_positive"):
        return quantity.replace("kit_positive", "kit_evaluated")
    if quantity.startswith("table_1:presentation.bone_marrow."):
        return "table_1:presentation.bone_marrow/denominator"
    if quantity.startswith(_EVALUATED):
        return own
    if quantity.startswith("table_1:"):
        return _size_of("all")
    if quantity.startswith("followup.stop."):
        return _DENOMINATORS[quantity.split(".")[2]]
    return _DENOMINATORS.get(last) or (_size_of(last) if last in (*POPULATIONS, "mcas") else own)


_NAMED = {"ism": "ISM", "cm": "CM", "mmas": "MMAS", "mcas": "MCAS", "cr": "CR", "mr": "MR", "pr": "PR"}
_LIKE_CLAIMS = ("all", "primary", "idiopathic", "screened", "responders", "non_responders", "escalated", "weekly")
_OF_OTHERS = {
    # The beginning of a value's name, where its end does not name the population.
    "patients.screened.": "screened",
    "followup.stop.responders.": "responders",
    "followup.stop.non_responders.": "non_responders",
    "followup.duration.loss_of_response": "lost_response",
    "followup.response_duration.": "responders",
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
    for start, population in _OF_OTHERS.items():
        if value.startswith(start):
            return population
    last = value.rpartition(".")[2]
    return _NAMED.get(last, last if last in _LIKE_CLAIMS else "all")


_UNITS = (
    # The beginning of a quantity's name, and what its medians, means and ends of ranges are measured in.
    ("patients.age_at_", "years"),
    ("table_1:general.time_to_treatment", "months"),
    ("dosing.start_dose_mg", "mg"),
    ("dosing.escalated_dose_mg", "mg"),
    ("dosing.start_interval_weeks", "weeks"),
    ("biology.tryptase.months_on_therapy", "months"),
    ("biology.tryptase", "ng/mL"),
    ("biology.total_ige", "UI/mL"),
    ("table_1:laboratory.tryptase", "ng/mL"),
    ("table_1:laboratory.total_ige", "UI/mL"),
    ("symptoms.per_patient", "symptoms"),
    ("followup.", "months"),
)


def units_of(quantity: str, statistic: str) -> tuple[str, ...]:
    """Name the units in which a statistic of a quantity may be printed."""
    if statistic in ("n", "denominator"):
        # A patient has one severe event at most, so that events and patients are one number.
        return {"patients.centres.screened": ("centres",), "safety.severe.all": ("patients", "events")}.get(
            quantity, ("patients",)
        )
    if statistic == "percent":
        return ("percent",)
    found = next((unit for start, unit in _UNITS if quantity.startswith(start)), "")
    if statistic in ("ratio", "not_before", "not_after"):
        return ("",)
    return (found, "years") if quantity == "table_1:general.time_to_treatment" else (found,)


def consistency(claims: pd.DataFrame, without: Iterable[str] = ()) -> Consistency:
    """Make a model of the claims of this paper, given with the ``answer`` and ``statistic`` of each.

    Readings named in `without` are taken away.
    """
    part = claims["answer"].map(canonical)
    whole = part.map(denominator_of)
    # Nobody is evaluated twice.
    evaluated = [
        Relation(name, "<=", (_size_of("all"),)) for name in whole[part != ""].unique() if name.endswith("/denominator")
    ]
    # Times are kept in months; a few places of the paper print them in years.
    years = (claims["unit"] == "years") & part.str.startswith("table_1:general.time")
    factor = pd.Series("1", claims.index).mask(years, "12")
    model = claims.assign(part=part, whole=whole, factor=factor)
    return Consistency(model, [*relations(), *evaluated], without)
