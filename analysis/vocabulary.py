"""The closed vocabularies of the study, each in its reporting order.

Every term a cohort file may hold in a categorical column is a member of one of these enumerations; the order of the
members is the order of rows, columns and colours in every table and figure.
"""

from enum import StrEnum
from typing import Self

GRADE_LABELS: dict[float, str] = {  # the six grades of a symptom under therapy and their meaning (L201-L207)
    1.5: "Worse", 1.0: "No change", 0.75: "Slight improvement", 0.5: "Substantial improvement",
    0.25: "Dramatic improvement", 0.0: "Disappeared",
}  # fmt: skip
GRADES: tuple[float, ...] = tuple(GRADE_LABELS)  # exact quarters, from worsening to disappearance


class Labelled(StrEnum):
    """A vocabulary whose terms stand beside their labels, which are what tables and figures call them."""

    label: str

    def __new__(cls, term: str, label: str) -> Self:
        """Make a member that is the term, with its label."""
        member = str.__new__(cls, term)
        member._value_, member.label = term, label
        return member


class Sex(StrEnum):
    """Sex, with the CDISC codes."""

    FEMALE = "F"
    MALE = "M"


class YesNo(StrEnum):
    """A fact known of every patient."""

    YES = "yes"
    NO = "no"


Therapy = YesNo  # before omalizumab, which other centres may not know


class Finding(StrEnum):
    """The result of an examination that not every patient had."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NOT_EVALUATED = "not_evaluated"


class Diagnosis(StrEnum):
    """The mast cell disorder (L168-L171, Table 1)."""

    ISM = "ISM"
    CM = "CM"
    MMAS = "MMAS"
    IDIOPATHIC = "idiopathic_MCAS"


class Population(Labelled):
    """A part of the cohort for which the paper reports results (Table 2)."""

    ALL = "all", "All patients"
    PRIMARY = "primary", "Primary MCAS"
    ISM = "ISM", "ISM"
    CM = "CM", "CM"
    MMAS = "MMAS", "MMAS"
    IDIOPATHIC = "idiopathic", "Idiopathic MCAS"


POPULATION_LABELS: dict[Population, str] = {one: one.label for one in Population}
POPULATION_DIAGNOSES: dict[Population, tuple[Diagnosis, ...]] = {  # what makes up each (L266, Table 1)
    Population.ALL: tuple(Diagnosis), Population.PRIMARY: (Diagnosis.ISM, Diagnosis.CM, Diagnosis.MMAS),
    Population.ISM: (Diagnosis.ISM,), Population.CM: (Diagnosis.CM,), Population.MMAS: (Diagnosis.MMAS,),
    Population.IDIOPATHIC: (Diagnosis.IDIOPATHIC,),
}  # fmt: skip


class Response(Labelled):
    """Depth of response (L210-L216), best first."""

    CR = "CR", "Complete response"
    MR = "MR", "Major response"
    PR = "PR", "Partial response"
    NR = "NR", "No response"


RESPONSE_LABELS: dict[Response, str] = {one: one.label for one in Response}


class FollowUpStatus(Labelled):
    """What became of a patient at last follow-up, in the order of Table 2."""

    CR = "CR", "Complete response"
    MR = "MR", "Major response"
    PR = "PR", "Partial response"
    NR = "NR", "No response"
    LOSS_OF_RESPONSE = "loss_of_response", "Loss of response"
    INTOLERANCE = "intolerance", "Intolerance"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up", "Lost to follow-up"


FOLLOW_UP_STATUS_LABELS: dict[FollowUpStatus, str] = {one: one.label for one in FollowUpStatus}


class StopReason(Labelled):
    """Why a course of omalizumab ended (L261-L264)."""

    LACK_OF_EFFICACY = "lack_of_efficacy", "Lack of efficacy"
    LOSS_OF_RESPONSE = "loss_of_response", "Loss of response"
    INTOLERANCE = "intolerance", "Intolerance"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up", "Lost to follow-up"
    PREGNANCY_INTENT = "pregnancy_intent", "Pregnancy intent"


STOP_REASON_LABELS: dict[StopReason, str] = {one: one.label for one in StopReason}


class Screening(StrEnum):
    """What became of a patient for whom treatment was recommended (L164-L171)."""

    INCLUDED = "included"
    EXCLUDED = "excluded"


class ExclusionReason(Labelled):
    """Why a screened patient was left out (L167-L169)."""

    NOT_TREATED = "not_treated", "Omalizumab not given"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up", "Lost to follow-up"
    INSUFFICIENT_DATA = "insufficient_data", "Insufficient data"
    SM_AHN = "SM_AHN", "SM with associated haematologic neoplasm"


class Onset(StrEnum):
    """Whether a symptom was there before treatment or appeared under it (L198, L215)."""

    BASELINE = "baseline"
    ON_THERAPY = "on_therapy"


class Analyte(Labelled):
    """What a blood sample was tested for (L218)."""

    TRYPTASE = "tryptase", "Serum tryptase"
    TOTAL_IGE = "total_ige", "Total IgE"


ANALYTE_LABELS: dict[Analyte, str] = {one: one.label for one in Analyte}
ANALYTE_UNITS: dict[Analyte, str] = {Analyte.TRYPTASE: "ng/mL", Analyte.TOTAL_IGE: "UI/mL"}  # (L307-L311)


class TimePoint(StrEnum):
    """When a blood sample was taken (L218-L219); an episode is a symptomatic period or the 4 hours after it (L173)."""

    DIAGNOSIS = "diagnosis"
    BEFORE = "before"
    ON_THERAPY = "on_therapy"
    EPISODE = "episode"


class Severity(StrEnum):
    """Severity of an adverse event, with the CDISC terms."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class SymptomGroup(Labelled):
    """The symptom groups that the paper reports together (L250, L285-L288)."""

    GENERAL_VASOMOTOR = "general_vasomotor", "General vasomotor"
    SUPERFICIAL_VASOMOTOR = "superficial_vasomotor", "Superficial vasomotor"
    GASTROINTESTINAL = "gastrointestinal", "Gastrointestinal"
    URINARY = "urinary", "Urinary"
    PAIN = "pain", "Musculoskeletal pain and headache"
    NEUROPSYCHIATRIC = "neuropsychiatric", "Neuropsychiatric"


SYMPTOM_GROUP_LABELS: dict[SymptomGroup, str] = {one: one.label for one in SymptomGroup}
