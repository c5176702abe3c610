"""What the controls of the notebook for exploring do: response rates and Figure 1 for any choice."""

from IPython import display
from ipywidgets import HTML, Dropdown, VBox

from analysis.cohort import Cohort, restrict
from analysis.criteria import Criteria, read_criteria
from analysis.response import summarise
from analysis.symptoms import symptom_profile
from analysis.vocabulary import POPULATION_DIAGNOSES, SYMPTOM_GROUP_LABELS, Population
from compendium.drawing.symptoms import draw_symptoms
from compendium.reporting.caveats import caveats
from compendium.reporting.display import picture, value_table
from compendium.reporting.pages import render

READINGS: tuple[str, ...] = (  # the paper's reading of its rules, and others that change one of them
    *("paper", "worsening=any", "new_symptoms=ignore", "new_symptoms=count", "partial_from_percent=20"),
    *("missing_last=drop", "missing_last=no_response", "intolerance=all", "symptoms_at=last", "test=sign"),
    *("zeros=pratt", "distribution=asymptotic", "adjustment=holm", "adjustment=benjamini_hochberg", "alpha=0.01"),
)

# The choices of the symptom group.
GROUPS: dict[str, str] = {"all symptoms": "all"} | {label: group.value for group, label in SYMPTOM_GROUP_LABELS.items()}

_ROWS = {
    "best.orr": "Overall response rate, best response", "best.mr": "Major response", "best.pr": "Partial response",
    "last.persistent_orr": "Persistent response at last follow-up", "last.intolerance": "Stopped for intolerance",
}  # fmt: skip


def rates(cohort: Cohort, criteria: Criteria) -> display.HTML:
    """Lay out the main rows of Table 2 for a cohort, or one population of it, under given criteria."""
    labels = {f"response.{row}.{cohort.population.lower()}": label for row, label in _ROWS.items()}
    return value_table(cohort, criteria, summarise(cohort, criteria), labels, "response under the chosen criteria")


def redraw(cohort: Cohort, population: str = "all", criteria: str = "paper", group: str = "all") -> str:
    """Give response rates and Figure 1 of a whole cohort for these choices as HTML, or say why nothing is drawn."""
    if group not in GROUPS.values():
        raise ValueError(f"symptom group {group!r} is unknown; allowed are {', '.join(GROUPS.values())}")
    if not cohort.patients["diagnosis"].isin(POPULATION_DIAGNOSES[Population(population)]).any():
        return render("explore.html", table="", figure=None)
    part, rules = restrict(cohort, population), read_criteria(criteria)
    profile, figure = symptom_profile(part, rules), None
    chosen = profile if group == "all" else profile[profile["group"] == group]
    if len(chosen):
        notes = caveats(cohort, rules, "symptoms")
        figure = picture(draw_symptoms(chosen, population, len(part.patients), criteria=rules, caveats=notes))
    return render("explore.html", table=rates(part, rules).data, figure=figure)


class _Panel(VBox):
    """Controls whose textual form is fit to be read, where no widgets can be shown."""

    def __repr__(self) -> str:
        return "Controls for population, criteria and symptom group: shown in a running notebook (make lab)."


def panel(cohort: Cohort) -> VBox:
    """Make the controls, a choice each of population, criteria and symptom group, and below what `redraw` gives."""
    choices = {
        "population": [population.value for population in Population],
        "criteria": READINGS,
        "group": list(GROUPS.items()),
    }
    controls = {name: Dropdown(options=options, description=name) for name, options in choices.items()}
    # Not an output widget: an answer to it may make the run of a notebook wait for ever.
    result = HTML(redraw(cohort))

    def update(_change: object) -> None:
        result.value = redraw(cohort, **{name: control.value for name, control in controls.items()})

    for control in controls.values():
        control.observe(update, names="value")
    return _Panel([*controls.values(), result])
