"""Write figures, tables and values so that equal results are equal bytes, and whole files or none.

Nothing that changes between runs goes into a file: no date, no version of a program, no random identifier, no line end
or decimal mark of the machine.
"""

import io
import json
import math
import os
import re
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path

import matplotlib
import pandas as pd
from great_tables import GT
from matplotlib.figure import Figure

from compendium.files import csv_text, write_atomically
from compendium.reporting.pages import page

OVERRIDE = "COMPENDIUM_OUTPUT"
"""Environment variable that, when set, names the folder to write to in place of the one asked for.

Tests that run the notebooks as they are set it, so that they leave the results alone.
"""

PNG_DPI = 300
"""Resolution of the PNG files, in dots per inch at printed size."""

_FORMATS = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
# A settings file of the user must not change what is saved; the salt makes the identifiers in SVG files repeatable.
_SAVING = {
    "savefig.bbox": None,
    "savefig.facecolor": "auto",
    "savefig.transparent": False,
    "svg.fonttype": "path",
    "svg.image_inline": True,
    "pdf.fonttype": 42,
    "pdf.compression": 6,
}


def _output_path(folder: str | os.PathLike[str], name: str) -> Path:
    """Give the folder, made if it is missing, with the file name still to be given its suffix."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise ValueError(f"output name {name!r} is not allowed; use letters, digits, full stops, hyphens, underscores")
    folder = Path(os.environ.get(OVERRIDE) or folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"the output folder {folder} cannot be made: {error.strerror}") from error
    return folder / name


def _write(base: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write one file per suffix; all contents are complete before the first is written."""
    paths = [base.with_name(f"{base.name}.{suffix}") for suffix in contents]
    try:
        for path, content in zip(paths, contents.values(), strict=True):
            write_atomically(path, content)
    except OSError as error:
        raise OSError(f"the output folder {base.parent} cannot be written: {error.strerror}") from error
    return paths


def save_figure(figure: Figure, name: str, folder: str | os.PathLike[str]) -> list[Path]:
    """Save a figure as SVG, PDF and PNG at its own size.

    Parameters
    ----------
    figure : Figure
        The figure; its size in inches is the printed size.
    name : str
        File name without suffix, such as "figure-1".
    folder : str or path
        Where to write; made if it is missing.

    Returns
    -------
    list of Path
        The three files.

    Raises
    ------
    ValueError
        If the name is not a plain file name.
    OSError
        If the folder cannot be made or written.
    """
    base = _output_path(folder, name)
    contents = {}
    with matplotlib.rc_context(_SAVING | {"svg.hashsalt": name}):
        for suffix, metadata in _FORMATS.items():
            buffer = io.BytesIO()
            figure.savefig(buffer, format=suffix, dpi=PNG_DPI, metadata=metadata)
            contents[suffix] = buffer.getvalue()
    return _write(base, contents)


def save_table(numbers: pd.DataFrame, html: str | GT, name: str, folder: str | os.PathLike[str]) -> list[Path]:
    """Save a table as CSV with its numbers, unrounded, and as HTML to be read.

    Parameters
    ----------
    numbers : DataFrame
        The tidy numbers; the index is left out, a missing number is an empty cell, and a float is written with as many
        digits as give it back exactly.
    html : str or GT
        The rendered table: a whole HTML page, or a table of `rendering`, which is made one.
    name : str
        File name without suffix, such as "table-2".
    folder : str or path
        Where to write; made if it is missing.

    Returns
    -------
    list of Path
        The two files.

    Raises
    ------
    ValueError
        If the name is not a plain file name.
    OSError
        If the folder cannot be made or written.
    """
    base = _output_path(folder, name)
    if isinstance(html, GT):
        html = page(html, name)
    return _write(base, {"csv": csv_text(numbers).encode(), "html": html.encode()})


def save_data(numbers: pd.DataFrame, name: str, folder: str | os.PathLike[str]) -> list[Path]:
    """Save the numbers behind a figure as CSV, unrounded.

    Parameters
    ----------
    numbers : DataFrame
        One row per thing drawn; the index is left out, see `save_table`.
    name : str
        File name without suffix, that of the figure.
    folder : str or path
        Where to write; made if it is missing.

    Returns
    -------
    list of Path
        The file.

    Raises
    ------
    ValueError
        If the name is not a plain file name.
    OSError
        If the folder cannot be made or written.
    """
    return _write(_output_path(folder, name), {"csv": csv_text(numbers).encode()})


def _plain(value: object, name: str) -> object:
    """Turn a value, and all in it, into what JSON holds."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, f"{name}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, name) for inner in value]
    if value is None or isinstance(value, str | bool):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real) and math.isfinite(value):
        return float(value)
    raise ValueError(f"the value {name} is {value!r}; allowed are text, finite numbers and None")


def save_values(values: Mapping[str, Mapping[str, object]], name: str, folder: str | os.PathLike[str]) -> list[Path]:
    """Save the values of the text as JSON, unrounded and sorted by name.

    Parameters
    ----------
    values : mapping of str to mapping
        By dotted name: n, denominator, percent, median and so on, as the `summarise` functions give them.
    name : str
        File name without suffix, such as "response".
    folder : str or path
        Where to write; made if it is missing.

    Returns
    -------
    list of Path
        The file.

    Raises
    ------
    ValueError
        If the name is not a plain file name, or a value is not a finite number, text or None.
    OSError
        If the folder cannot be made or written.
    """
    base = _output_path(folder, name)
    plain = {key: _plain(entry, key) for key, entry in values.items()}
    text = json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    return _write(base, {"json": text.encode()})
