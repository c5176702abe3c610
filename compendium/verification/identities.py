"""What the quantities of the paper have to do with one another by definition, whatever their values.

The quantities are numbers of patients, named as the computed values are; they are the numerators of the printed claims.
These relations are true of every cohort, so that nothing printed is taken for granted here.
"""

import re
from collections.abc import Iterator

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
    "response.last.nr.{p} = response.best.nr.{p}",
    "response.{r}.all = response.{r}.primary + response.{r}.idiopathic",
    "response.{r}.primary = response.{r}.ism + response.{r}.cm + response.{r}.mmas",
    # stops (L258-L264)
    "response.best.orr.all = followup.ongoing.all + followup.stopped.responders",
    "followup.stopped.responders = followup.stop.responders.loss_of_response + followup.stop.responders.intolerance"
    " + followup.stop.responders.lost_to_follow_up + followup.stop.responders.pregnancy_intent",
    "response.last.persistent_orr.all = followup.ongoing.all",
    "response.last.loss_of_response.all = followup.stop.responders.loss_of_response",
    "response.last.intolerance.all = followup.stop.responders.intolerance",
    "response.last.lost_to_follow_up.all = followup.stop.responders.lost_to_follow_up"
    " + followup.stop.responders.pregnancy_intent",
    "response.best.nr.all = followup.stopped.non_responders",
    "followup.stopped.non_responders = followup.stop.non_responders.lack_of_efficacy"
    " + followup.stop.non_responders.intolerance",
    "safety.stopped.with_event = safety.stopped.all",
    "safety.stopped.all = followup.stop.responders.intolerance + followup.stop.non_responders.intolerance",
    # changes of dose (L271-L284)
    "dosing.escalated.all = dosing.improved.escalated + dosing.not_improved.escalated",
    "dosing.escalated.all = dosing.escalated_300.escalated + dosing.escalated_600.escalated",
    "dosing.weekly.all = dosing.improved.weekly + dosing.not_improved.weekly",
    # blood tests (L311-L312)
    "biology.total_ige.paired.all = biology.total_ige.increased + biology.total_ige.stable",
)
_PARTS = (
    # a part of the patients is at most the whole
    "table_1:presentation.skin.maculopapular <= table_1:presentation.skin",
    "table_1:presentation.skin.histology <= table_1:presentation.skin",
    "table_1:presentation.bone_marrow.histology <= table_1:presentation.bone_marrow",
    "table_1:presentation.bone_marrow.cytology <= table_1:presentation.bone_marrow",
    "table_1:presentation.bone_marrow.phenotype <= table_1:presentation.bone_marrow",
    "table_1:presentation.bone_marrow.kit <= table_1:presentation.bone_marrow",
    "safety.stopped.all <= safety.patients_with_event.all",
    "safety.severe.all <= safety.patients_with_event.all",
    "safety.flare.all <= safety.patients_with_event.all",
    "followup.sustained.responders <= response.best.orr.all",
)
_RESPONSE_ROWS = (
    *(f"best.{row}" for row in ("orr", "cr", "mr", "pr", "nr")),
    *(f"last.{row}" for row in ("persistent_orr", "cr", "mr", "pr", "no_persistent_response", "nr")),
    *(f"last.{row}" for row in ("loss_of_response", "intolerance", "lost_to_follow_up")),
)


def _size_of(population: str) -> str:
    """Name the quantity that counts the patients of a population, such as ``patients.diagnosis.ism.all``."""
    return "patients.included.screened" if population == "all" else f"patients.diagnosis.{population}.all"


def relations() -> Iterator[Relation]:
    """List what holds of the quantities in every cohort."""
    for text in (*_SUMS, *_PARTS):
        for filled in dict.fromkeys(  # most relations name no population: they are said once
            text.format(p=p, size=_size_of(p), r=r, d=d)
            for p in POPULATIONS
            for r in _RESPONSE_ROWS
            for d in ("ism", "cm", "mcas")
        ):
            left, relation, right = filled.split(" ", 2)
            yield left, relation, right.split(" + ")


_SAME = {
    "patients.analysed.all": "patients.included.screened",
    "followup.loss_of_response.all": "followup.stop.responders.loss_of_response",
    "dosing.not_improved_and_stopped.weekly": "dosing.not_improved.weekly",
    "table_1:who.kit_d816v": "patients.kit_positive.all",
    "table_1:laboratory.tryptase": "biology.tryptase.paired.all",
}
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
    return _DENOMINATORS.get(last) or (_size_of(last) if last in (*POPULATIONS, "mcas") else own)


def consistency(claims: pd.DataFrame) -> Consistency:
    """Make a model of the claims of this paper, given with the ``answer`` and ``statistic`` of each."""
    part = claims["answer"].map(canonical)
    whole = part.map(denominator_of)
    # Nobody is evaluated twice.
    evaluated = [
        (name, "<=", [_size_of("all")]) for name in whole[part != ""].unique() if name.endswith("/denominator")
    ]
    return Consistency(claims.assign(part=part, whole=whole), [*relations(), *evaluated])
