"""Write figures, tables and values so that equal results are equal bytes, and whole files or none.

Nothing that changes between runs goes into a file: no date, no version of a program, no random identifier, no line end
or decimal mark of the machine. What can be carried off alone says what cohort it was made of: a CSV file in its first
column, a JSON file in its first entry, a figure in its metadata; an HTML page says it in its notes.
"""

import io
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import matplotlib
import numpy as np
import pandas as pd
from fontTools import subset
from great_tables import GT
from matplotlib.backends import backend_pdf
from matplotlib.figure import Figure

from analysis.cohort import Cohort
from compendium.files import FIGURE_FORMATS, FORMATS, WIDTH, csv_text, json_text, write_atomically
from compendium.origin import ABOUT, ORIGIN, about
from compendium.reporting.pages import render

OVERRIDE = "COMPENDIUM_OUTPUT"  # names a folder to write to instead, for tests that run the notebooks as they are
TIFF_DPI = 600
PNG_DPI = 300  # resolution of the PNG files, in dots per inch at printed size

# What matplotlib would add by itself, and the word of each format for what a figure is about.
_FORMATS = {
    "svg": ({"Date": None, "Creator": None}, "Description"),
    "pdf": ({"CreationDate": None, "Creator": None, "Producer": None}, "Subject"),
    "png": ({"Software": None}, "Description"),
    "tiff": ({}, "Description"),
}
# A settings file of the user must not change what is saved; the salt makes the identifiers in SVG files repeatable.
_SAVING = {"savefig.bbox": None, "savefig.facecolor": "auto", "savefig.transparent": False, "svg.fonttype": "path"}
_SAVING |= {"svg.image_inline": True, "pdf.fonttype": 42, "pdf.compression": 6}

_DECIMALS = 3  # of a coordinate in points: a thousandth of a point is not seen
_PLACES = 6  # of other numbers in a PDF, the factors of a scale among them
_COORDINATE = re.compile(r"scale\([^)]*\)|-?\d+\.\d{4,}|-0(?![\d.])")
_IDENTIFIER = re.compile(r"\b[hmp][0-9a-f]{10}\b")


def _short(text: str, digits: int) -> str:
    """Round a decimal number half up; what differed in its last digit between machines does so no more."""
    rounded = Decimal(text).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{rounded.normalize():f}" if rounded else "0"  # without the sign of a zero


def settled_svg(svg: str) -> str:
    """Shorten the coordinates, and number the identifiers, which matplotlib makes of all digits of what they name."""
    numbers = {name: f"{name[0]}{number}" for number, name in enumerate(dict.fromkeys(_IDENTIFIER.findall(svg)), 1)}
    svg = _IDENTIFIER.sub(lambda match: numbers[match[0]], svg)
    return _COORDINATE.sub(lambda match: match[0] if match[0][0] == "s" else _short(match[0], _DECIMALS), svg)


@contextmanager
def _settled_pdf() -> Iterator[None]:
    """Shorten the numbers that matplotlib writes into a PDF, while this lasts: afterwards they are compressed.

    Fonts are embedded without the tables by which letters are set, since in a PDF each letter has its place already.
    """
    usual, load = backend_pdf.pdfRepr, subset.load_font

    def shortened(thing: object) -> bytes:
        written = usual(thing)
        if isinstance(thing, float | np.floating):
            return _short(written.decode(), _PLACES).encode()
        if isinstance(thing, backend_pdf.Verbatim):
            text = _COORDINATE.sub(lambda match: _short(match[0], _DECIMALS), written.decode("latin-1"))
            return text.encode("latin-1")
        return written

    def without_layout(*given: Any) -> Any:
        font = load(*given)
        for table in {"GDEF", "GPOS", "GSUB", "MATH", "kern"} & {*font.keys()}:  # before they are unpacked
            del font[table]
        return font

    with patch.object(backend_pdf, "pdfRepr", shortened), patch.object(subset, "load_font", without_layout):
        yield


def _write(folder: str | os.PathLike[str], name: str, contents: Mapping[str, bytes]) -> list[Path]:
    """Write one file per suffix into a folder, made if it is missing; all contents are complete before the first is."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise ValueError(f"output name {name!r} is not allowed; use letters, digits, full stops, hyphens, underscores")
    folder = Path(os.environ.get(OVERRIDE) or folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"the output folder {folder} cannot be made: {error.strerror}") from error
    paths = [folder / f"{name}.{suffix}" for suffix in contents]
    try:
        for path, content in zip(paths, contents.values(), strict=True):
            write_atomically(path, content)
    except OSError as error:
        raise OSError(f"the output folder {folder} cannot be written: {error.strerror}") from error
    return paths


def _csv(numbers: pd.DataFrame, cohort: Cohort) -> dict[str, bytes]:
    """Write a table with the origin of its rows before the columns."""
    numbers = numbers.copy()
    numbers.insert(0, ORIGIN, about(reconstructed=cohort.reconstructed)[ORIGIN])
    return {"csv": csv_text(numbers).encode()}


def _save_tiff(figure: Figure, buffer: io.BytesIO, metadata: Mapping[str, str]) -> None:
    """Set a figure in dots without transparency, compressed by LZW, with its resolution, name and origin."""
    from PIL import Image, TiffImagePlugin

    dots = io.BytesIO()
    figure.savefig(dots, format="png", dpi=TIFF_DPI, pil_kwargs={"compress_level": 1})
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[269], tags[270] = metadata["Title"], metadata["Description"]  # DocumentName, ImageDescription
    tags[317] = 2  # each dot as its difference from the one before, which is a third shorter
    with Image.open(dots) as image:
        image.convert("RGB").save(buffer, "tiff", compression="tiff_lzw", dpi=(TIFF_DPI, TIFF_DPI), tiffinfo=tags)


def save_figure(figure: Figure, name: str, folder: str | os.PathLike[str], cohort: Cohort) -> list[Path]:
    """Save a figure as SVG, PDF and PNG at its own size, and give the three files.

    For a journal (`make figures`) COMPENDIUM_FORMATS names other formats and, by COMPENDIUM_WIDTH, the name of a file
    says how wide it is: figure-1-85mm.tiff.

    Parameters
    ----------
    figure : Figure
        The figure; its size in inches is the printed size.
    name : str
        File name without suffix, such as "figure-1"; a ValueError if it is not plain.
    folder : str or path
        Where to write; made if it is missing, an OSError if it cannot be made or written.
    cohort : Cohort
        What it was made of; the metadata of the files say whether its rows were observed.
    """
    wide = f"-{figure.get_size_inches()[0] * 25.4:.0f}mm" if os.environ.get(WIDTH) else ""
    contents = {}
    with matplotlib.rc_context(_SAVING | {"svg.hashsalt": name}), _settled_pdf():
        for suffix in os.environ.get(FORMATS, "").split() or FIGURE_FORMATS[:3]:
            buffer = io.BytesIO()
            nothing, subject = _FORMATS[suffix]
            metadata = nothing | {"Title": name, subject: about(reconstructed=cohort.reconstructed)["note"]}
            if suffix == "tiff":
                _save_tiff(figure, buffer, metadata)
            else:
                figure.savefig(buffer, format=suffix, dpi=PNG_DPI, metadata=metadata)
            contents[suffix] = buffer.getvalue()
    if "svg" in contents:
        contents["svg"] = settled_svg(contents["svg"].decode()).encode()
    return _write(folder, name + wide, contents)


def save_table(
    numbers: pd.DataFrame, html: str | GT, name: str, folder: str | os.PathLike[str], cohort: Cohort
) -> list[Path]:
    """Save a table as CSV with its numbers and as HTML to be read, and give the two files.

    Parameters
    ----------
    numbers : DataFrame
        The tidy numbers; the index is left out, a missing number is an empty cell, and a float has the digits that
        `compendium.files.settled` leaves it.
    html : str or GT
        The rendered table: a whole HTML page, or a table of `rendering`, which is made one.
    name, folder, cohort
        As `save_figure` takes them; it names the errors, too.
    """
    if isinstance(html, GT):
        html = render("table.html", title=name, table=html.as_raw_html())
    return _write(folder, name, _csv(numbers, cohort) | {"html": html.encode()})


def save_data(numbers: pd.DataFrame, name: str, folder: str | os.PathLike[str], cohort: Cohort) -> list[Path]:
    """Save the numbers behind a figure, a row per thing drawn, as CSV; otherwise as `save_table` does."""
    return _write(folder, name, _csv(numbers, cohort))


def save_values(
    values: Mapping[str, Mapping[str, object]], name: str, folder: str | os.PathLike[str], cohort: Cohort
) -> list[Path]:
    """Save the values of the text as JSON, sorted by name, and give the file.

    Parameters
    ----------
    values : mapping of str to mapping
        By dotted name: n, denominator, percent, median and so on, as the `summarise` functions give them; what is not a
        finite number, text or None is refused with a ValueError.
    name, folder, cohort
        As `save_figure` takes them; it names the other errors.
    """
    known = {ABOUT: about(reconstructed=cohort.reconstructed), **values}
    return _write(folder, name, {"json": json_text(known).encode()})
