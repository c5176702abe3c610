"""What the notebooks show of a result: a picture of a figure, a small table with its heading and notes."""

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from great_tables import GT
from IPython.display import HTML, Image
from matplotlib.figure import Figure

from analysis.cohort import Cohort
from analysis.criteria import Criteria
from analysis.symptoms import IMPROVED
from analysis.vocabulary import POPULATION_LABELS, SYMPTOM_GROUP_LABELS, Severity, SymptomGroup
from compendium.reporting import formatting
from compendium.reporting.caveats import caveats
from compendium.reporting.small_tables import small_table, value_rows

SCREEN_DPI = 150
"""Resolution of a figure in a notebook: sharp on a dense screen, and small enough to be kept with the notebook."""

_POINTS_PER_CM = 96 / 2.54


def picture(figure: Figure, dpi: int = SCREEN_DPI) -> Image:
    """Show a figure in a notebook, whole and at its printed size.

    Parameters
    ----------
    figure : Figure
        The figure.
    dpi : int, default 150
        Resolution in dots per inch.

    Returns
    -------
    Image
        A PNG picture.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, bbox_inches=None, metadata={"Software": None})
    return Image(buffer.getvalue(), format="png", width=round(figure.get_size_inches()[0] * 2.54 * _POINTS_PER_CM))


def shown(table: GT) -> HTML:
    """Show a rendered table in a notebook.

    Parameters
    ----------
    table : GT
        A table of `rendering` or `small_tables`.

    Returns
    -------
    HTML
        Without the textual form of a table, which would tell where its parts lie in memory.
    """
    return HTML(table.as_raw_html())


def table(
    cohort: Cohort, criteria: Criteria, frame: pd.DataFrame, title: str, notes: Iterable[str] = (), drawn: str = ""
) -> GT:
    """Lay out a few results with the population in the heading and the caveats below.

    Parameters
    ----------
    cohort : Cohort
        What the results were computed from.
    criteria : Criteria
        The rules they were computed by.
    frame : DataFrame
        As `small_tables.small_table` takes it.
    title : str
        What is shown, such as "best response"; it begins with a letter.
    notes : iterable of str
        Printed below the table, one line each.
    drawn : str, optional
        What the table is about, a key of `caveats.DRAWN`, if it rests on more than the paper prints.

    Returns
    -------
    GT
        For `shown`, and to be saved.
    """
    identifier = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    heading = f"{POPULATION_LABELS[cohort.population]} (N = {len(cohort.patients):,}): {title}"
    return small_table(frame, heading, identifier, notes, caveats(cohort, criteria, drawn))


def result_table(
    cohort: Cohort, criteria: Criteria, frame: pd.DataFrame, title: str, notes: Iterable[str] = (), drawn: str = ""
) -> HTML:
    """Lay out a few results as `table` does, to be shown.

    Parameters
    ----------
    cohort, criteria, frame, title, notes, drawn
        As `table` takes them.

    Returns
    -------
    HTML
        The table.
    """
    return shown(table(cohort, criteria, frame, title, notes, drawn))


def value_table(
    cohort: Cohort,
    criteria: Criteria,
    values: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, str],
    title: str,
    notes: Iterable[str] = (),
    drawn: str = "",
) -> HTML:
    """Lay out values of the text.

    Parameters
    ----------
    cohort : Cohort
        What the values were computed from.
    criteria : Criteria
        The rules they were computed by.
    values : mapping of str to mapping
        By dotted name, as the `summarise` functions give them.
    labels : mapping of str to str
        What to call each of the shown ones, in order.
    title, notes, drawn
        As `result_table` takes them.

    Returns
    -------
    HTML
        One row per label.

    Raises
    ------
    ValueError
        If there is no value of a name.
    """
    return result_table(cohort, criteria, value_rows(values, labels), title, notes, drawn)


def event_rows(events: pd.DataFrame) -> pd.DataFrame:
    """Print the table of adverse events.

    Parameters
    ----------
    events : DataFrame
        As `safety.event_table` gives it.

    Returns
    -------
    DataFrame
        One row per event: patients (%), by severity, flares and stops.
    """
    cells = [formatting.count_percent(n, of) for n, of in zip(events["n"], events["denominator"], strict=True)]
    named = {severity.value.capitalize(): events[severity.value] for severity in Severity}
    rows = pd.DataFrame({"Event": events["term"].str.capitalize(), "Patients (%)": cells} | named)
    return rows.assign(**{"Flare": events["flare"], "Led to stop": events["led_to_stop"]})


def comparison_rows(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Print the comparison with the earlier cohort.

    Parameters
    ----------
    outcomes : DataFrame
        As `comparison.compare` gives it.

    Returns
    -------
    DataFrame of str
        One row per outcome: both shares, their difference in percentage points with its interval, and the p value.
    """
    shares = {
        head: [
            f"{n}/{of} ({formatting.percent(n, of)}%)"
            for n, of in zip(outcomes[f"{prefix}n"], outcomes[f"{prefix}denominator"], strict=True)
        ]
        for head, prefix in (("This cohort", ""), ("Earlier cohort", "earlier_"))
    }
    return pd.DataFrame(
        {"Outcome": outcomes["label"]}
        | shares
        | {
            "Difference, points (95% CI)": [
                f"{formatting.number(row.difference, 1)} ({formatting.value_range(row.low, row.high, 1)})"
                for row in outcomes.itertuples()
            ],
            "p": outcomes["p_value"].map(formatting.p_value),
        }
    )


def group_rows(groups: pd.DataFrame) -> pd.DataFrame:
    """Print a share of each symptom group, the largest share first.

    Parameters
    ----------
    groups : DataFrame
        ``n``, ``denominator`` and ``percent``, indexed by `SymptomGroup`, as `comparison.improvement_by_group` gives
        it.

    Returns
    -------
    DataFrame of str
        One row per group.
    """
    ranked = groups.sort_values("percent", ascending=False, kind="stable")
    cells = [formatting.count_percent(n, of) for n, of in zip(ranked["n"], ranked["denominator"], strict=True)]
    return pd.DataFrame(
        {
            "Symptom group": [SYMPTOM_GROUP_LABELS[SymptomGroup(group)] for group in ranked.index],
            "Symptoms of patients": [formatting.number(of) for of in ranked["denominator"]],
            "Improved (%)": cells,
        }
    )


def profile_rows(profile: pd.DataFrame) -> pd.DataFrame:
    """Print what became of each symptom.

    Parameters
    ----------
    profile : DataFrame
        As `symptoms.symptom_profile` gives it.

    Returns
    -------
    DataFrame
        One row per symptom: patients with it, in how many it was worse, unchanged and improved (and of these gone), the
        mean score, the rank-biserial correlation, the p value as it is and adjusted in two ways, and the mark.
    """
    return pd.DataFrame(
        {
            "Symptom": profile["label"],
            "Patients": profile["n"],
            "Worse": profile["worse"],
            "Unchanged": profile["unchanged"],
            "Improved": profile[list(IMPROVED)].sum(axis=1),
            "Of these gone": profile["disappeared"],
            "Mean score": profile["mean_score"].map(lambda x: formatting.number(x, 2)),
            "Effect": profile["effect"].map(lambda x: formatting.number(x, 2)),
            "p": profile["p_value"].map(formatting.p_value),
            "p, Holm": profile["p_holm"].map(formatting.p_value),
            "p, BH": profile["p_benjamini_hochberg"].map(formatting.p_value),
            "Mark": profile["significance"].fillna(formatting.MISSING),
        }
    )
