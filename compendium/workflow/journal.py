"""Figures for a journal: the same notebooks, drawn at the width and in the formats asked for, into a folder apart."""

from compendium.files import FIGURE_FORMATS, FORMATS, WIDTH
from compendium.workflow.build import drawn
from compendium.workflow.centre import Handling
from compendium.workflow.jobs import BuildError
from compendium.workflow.project import Project

WIDTHS = ("85", "180")  # millimetres: one column of a journal, and its whole page


def figures(project: Project, handling: Handling, width: str, formats: str, only: str) -> int:
    """Draw all figures, or those of some jobs, and say which are wider than asked for; returns the exit code."""
    names, asked = only.replace(",", " ").split(), formats.replace(",", " ").lower().split()
    if width not in WIDTHS:
        raise BuildError(f"WIDTH={width}: no such width; allowed, in millimetres: {', '.join(WIDTHS)}")
    unknown = [one for one in asked if one not in FIGURE_FORMATS]
    if unknown or not asked:
        raise BuildError(f"FORMAT={formats}: no such format; allowed: {', '.join(FIGURE_FORMATS)}")
    code, files = drawn(project, handling, names, {WIDTH: width, FORMATS: " ".join(asked)})
    print(f"In {project.shown}:", *(f"  {name}" for name in files), sep="\n")
    wide = sorted({name.partition("-180mm")[0] for name in files if width == "85" and "-180mm." in name})
    if wide:
        print(f"180 mm wide, since their columns could not be read at {width}: {', '.join(wide)}")
    return code
