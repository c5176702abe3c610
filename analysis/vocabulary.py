"""The closed vocabularies of the study, each in its reporting order.

Every term a cohort file may hold in a categorical column is a member of one of these enumerations; the order of the
members is the order of rows, columns and colours in every table and figure.
"""

from enum import StrEnum

GRADES: tuple[float, ...] = (1.5, 1.0, 0.75, 0.5, 0.25, 0.0)
"""The six grades of a symptom under therapy, from worsening to disappearance (L201-L207); exact quarters."""

GRADE_LABELS: dict[float, str] = {  # what each grade means (L202-L207)
    1.5: "Worse", 1.0: "No change", 0.75: "Slight improvement", 0.5: "Substantial improvement",
    0.25: "Dramatic improvement", 0.0: "Disappeared",
}  # fmt: skip


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


class Population(StrEnum):
    """A part of the cohort for which the paper reports results (Table 2)."""

    ALL = "all"
    PRIMARY = "primary"
    ISM = "ISM"
    CM = "CM"
    MMAS = "MMAS"
    IDIOPATHIC = "idiopathic"


POPULATION_DIAGNOSES: dict[Population, tuple[Diagnosis, ...]] = {  # what makes up each (L266, Table 1)
    Population.ALL: tuple(Diagnosis), Population.PRIMARY: (Diagnosis.ISM, Diagnosis.CM, Diagnosis.MMAS),
    Population.ISM: (Diagnosis.ISM,), Population.CM: (Diagnosis.CM,), Population.MMAS: (Diagnosis.MMAS,),
    Population.IDIOPATHIC: (Diagnosis.IDIOPATHIC,),
}  # fmt: skip

POPULATION_LABELS: dict[Population, str] = {  # how each population is called in tables and figures
    Population.ALL: "All patients", Population.PRIMARY: "Primary MCAS", Population.ISM: "ISM", Population.CM: "CM",
    Population.MMAS: "MMAS", Population.IDIOPATHIC: "Idiopathic MCAS",
}  # fmt: skip


class Response(StrEnum):
    """Depth of response (L210-L216), best first."""

    CR = "CR"
    MR = "MR"
    PR = "PR"
    NR = "NR"


RESPONSE_LABELS: dict[Response, str] = {
    Response.CR: "Complete response", Response.MR: "Major response", Response.PR: "Partial response",
    Response.NR: "No response",
}  # fmt: skip


class FollowUpStatus(StrEnum):
    """What became of a patient at last follow-up, in the order of Table 2."""

    CR = "CR"
    MR = "MR"
    PR = "PR"
    NR = "NR"
    LOSS_OF_RESPONSE = "loss_of_response"
    INTOLERANCE = "intolerance"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up"


FOLLOW_UP_STATUS_LABELS: dict[FollowUpStatus, str] = {
    **{FollowUpStatus(response.value): label for response, label in RESPONSE_LABELS.items()},
    FollowUpStatus.LOSS_OF_RESPONSE: "Loss of response", FollowUpStatus.INTOLERANCE: "Intolerance",
    FollowUpStatus.LOST_TO_FOLLOW_UP: "Lost to follow-up",
}  # fmt: skip


class StopReason(StrEnum):
    """Why a course of omalizumab ended (L261-L264)."""

    LACK_OF_EFFICACY = "lack_of_efficacy"
    LOSS_OF_RESPONSE = "loss_of_response"
    INTOLERANCE = "intolerance"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up"
    PREGNANCY_INTENT = "pregnancy_intent"


STOP_REASON_LABELS: dict[StopReason, str] = {
    StopReason.LACK_OF_EFFICACY: "Lack of efficacy", StopReason.LOSS_OF_RESPONSE: "Loss of response",
    StopReason.INTOLERANCE: "Intolerance", StopReason.LOST_TO_FOLLOW_UP: "Lost to follow-up",
    StopReason.PREGNANCY_INTENT: "Pregnancy intent",
}  # fmt: skip


class Screening(StrEnum):
    """What became of a patient for whom treatment was recommended (L164-L171)."""

    INCLUDED = "included"
    EXCLUDED = "excluded"


class ExclusionReason(StrEnum):
    """Why a screened patient was left out (L167-L169)."""

    NOT_TREATED = "not_treated"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up"
    INSUFFICIENT_DATA = "insufficient_data"
    SM_AHN = "SM_AHN"


class Onset(StrEnum):
    """Whether a symptom was there before treatment or appeared under it (L198, L215)."""

    BASELINE = "baseline"
    ON_THERAPY = "on_therapy"


class Analyte(StrEnum):
    """What a blood sample was tested for (L218)."""

    TRYPTASE = "tryptase"
    TOTAL_IGE = "total_ige"


ANALYTE_UNITS: dict[Analyte, str] = {Analyte.TRYPTASE: "ng/mL", Analyte.TOTAL_IGE: "UI/mL"}
"""The one unit of each analyte (L307-L311)."""

ANALYTE_LABELS: dict[Analyte, str] = {Analyte.TRYPTASE: "Serum tryptase", Analyte.TOTAL_IGE: "Total IgE"}


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


class SymptomGroup(StrEnum):
    """The symptom groups that the paper reports together (L250, L285-L288)."""

    GENERAL_VASOMOTOR = "general_vasomotor"
    SUPERFICIAL_VASOMOTOR = "superficial_vasomotor"
    GASTROINTESTINAL = "gastrointestinal"
    URINARY = "urinary"
    PAIN = "pain"
    NEUROPSYCHIATRIC = "neuropsychiatric"


SYMPTOM_GROUP_LABELS: dict[SymptomGroup, str] = {
    SymptomGroup.GENERAL_VASOMOTOR: "General vasomotor", SymptomGroup.SUPERFICIAL_VASOMOTOR: "Superficial vasomotor",
    SymptomGroup.GASTROINTESTINAL: "Gastrointestinal", SymptomGroup.URINARY: "Urinary",
    SymptomGroup.PAIN: "Musculoskeletal pain and headache", SymptomGroup.NEUROPSYCHIATRIC: "Neuropsychiatric",
}  # fmt: skip
