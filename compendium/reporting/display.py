"""What the notebooks show of a result: a picture of a figure, a small table with its heading and notes."""

import io
import re
from collections.abc import Iterable, Mapping

import pandas as pd
from great_tables import GT
from IPython.display import HTML, Image
from matplotlib.figure import Figure

from analysis.cohort import Cohort
from analysis.criteria import Criteria
from analysis.summaries import Values
from analysis.vocabulary import POPULATION_LABELS
from compendium.reporting.caveats import Drawn, caveats
from compendium.reporting.small_tables import is_of_nobody, small_table, value_rows

SCREEN_DPI = 150  # of a figure in a notebook: sharp on a dense screen, and small enough to be kept with the notebook


def picture(figure: Figure) -> Image:
    """Show a figure in a notebook, whole and at its printed size, as a PNG picture of `SCREEN_DPI`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=SCREEN_DPI, bbox_inches=None, metadata={"Software": None})
    return Image(buffer.getvalue(), format="png", width=round(figure.get_size_inches()[0] * 96))


def shown(table: GT) -> HTML:
    """Show a table in a notebook, without its textual form, which would tell where its parts lie in memory."""
    return HTML(table.as_raw_html())


def table(
    cohort: Cohort, criteria: Criteria, frame: pd.DataFrame, title: str, notes: Iterable[str] = (), drawn: Drawn = ""
) -> GT:
    """Lay out a few results with the population in the heading and the caveats below, for `shown` and to be saved.

    Parameters
    ----------
    cohort, criteria
        What the results were computed from, and the rules they were computed by.
    frame : DataFrame
        As `small_tables.small_table` takes it.
    title : str
        What is shown, such as "best response"; it begins with a letter.
    notes : iterable of str
        Printed below the table, one line each.
    drawn : str or tuple of str, optional
        As `caveats.caveats` takes it.
    """
    identifier = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    heading = f"{POPULATION_LABELS[cohort.population]} (N = {len(cohort.patients):,}): {title}"
    return small_table(frame, heading, identifier, notes, caveats(cohort, criteria, drawn))


def result_table(
    cohort: Cohort, criteria: Criteria, frame: pd.DataFrame, title: str, notes: Iterable[str] = (), drawn: Drawn = ""
) -> HTML:
    """Lay out a few results as `table` does, to be shown; of an observed cohort a table without rows is a line."""
    if frame.empty and not cohort.reconstructed:
        return HTML(f"<p>{title[:1].upper()}{title[1:]}: left out, having no patient.</p>")
    return shown(table(cohort, criteria, frame, title, notes, drawn))


def value_table(
    cohort: Cohort,
    criteria: Criteria,
    values: Values,
    labels: Mapping[str, str],
    title: str,
    notes: Iterable[str] = (),
    drawn: Drawn = "",
) -> HTML:
    """Lay out values of the text, one row per label, to be shown.

    ``values`` are by dotted name, as the `summarise` functions give them; ``labels`` say what to call each of the shown
    ones, in order: a name without a value is an error that names similar ones. The rest is as `table` takes it.
    """
    if not cohort.reconstructed:
        empty = {name: label for name, label in labels.items() if name in values and is_of_nobody(values[name])}
        labels = {name: label for name, label in labels.items() if name not in empty}
        notes = [*notes, *([f"Left out, having no patient: {'; '.join(empty.values())}."] if empty else [])]
    return result_table(cohort, criteria, value_rows(values, labels), title, notes, drawn)
