"""What is written: files whole or not at all, and numbers that are the same on every machine.

The last digits of a floating-point number depend on the processor, on the versions of NumPy, SciPy and BLAS and on the
C library, so that seventeen digits of a result are not reproducible, and mean nothing. `settled` says how many are
kept; every number of a CSV or JSON file passes it.
"""

import json
import math
import os
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

WIDTH, FORMATS = "COMPENDIUM_WIDTH", "COMPENDIUM_FORMATS"  # of figures for a journal: millimetres, and suffixes of
FIGURE_FORMATS = ("svg", "pdf", "png", "tiff")  # which the first three are usual

SIGNIFICANT = 6  # digits of a written number: more than a table shows, and far fewer than noise reaches
DECIMALS = 3  # decimals that are kept even if those are more digits: what a laboratory reports to the thousandth
_AGREED = Context(prec=12, rounding=ROUND_HALF_UP)  # digits in which all machines agree


def settled_digits(x: float) -> Decimal:
    """Give a finite computed number without the digits in which machines differ: to twelve significant ones."""
    return _AGREED.create_decimal(repr(float(x))).normalize(_AGREED)


def settled(x: float) -> float:
    """Round a number to the digits that are written: six significant ones, or three decimals where that is more.

    Rounding is half up, in two steps: first to twelve digits, which removes the noise of the arithmetic, then to those
    that are kept. A number that by its nature lies on the edge of its last digit, as one half does, is met exactly
    after the first step and goes the same way everywhere. The edges that remain lie beside those, some 1e-12 of the
    number away, where no simple fraction lies; a number that lies there by chance, within its noise (one in ten million
    at most), would still be written in two ways. Nan and infinities are given back.
    """
    if not math.isfinite(x) or x == 0:
        return x + 0.0  # without the sign of a zero
    agreed = settled_digits(x)
    places = max(SIGNIFICANT - 1 - agreed.adjusted(), DECIMALS)
    if -agreed.as_tuple().exponent <= places:
        return float(agreed)
    return float(agreed.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=40)))


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole, or leave the old one as it was with an OSError that names it; its folder must exist."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:  # a full disk names no file, and the part is nothing to a reader
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        part.unlink(missing_ok=True)


def write_if_other(path: Path, content: bytes) -> bool:
    """Write a file as `write_atomically` does unless it holds this already; tells whether it was written."""
    if path.is_file() and path.read_bytes() == content:
        return False
    write_atomically(path, content)
    return True


# Where a cell begins: some programs also begin one after a semicolon or a line end. Full-width signs count as well.
_FORMULA = re.compile(r"(^|[;\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|\t|\r)")


def _inert(cell: object) -> object:
    """Keep a spreadsheet program from taking a text for a formula: after an apostrophe it does not."""
    return _FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell


def csv_text(numbers: "pd.DataFrame") -> str:
    """Write a table as CSV, the index left out, in lines that end in a line feed.

    A missing number becomes an empty cell; a float is written as `settled` leaves it. A text or a column name that a
    spreadsheet program would take for a formula (it begins with =, +, -, @, a tab or a carriage return) gets an
    apostrophe before it.
    """
    inert = numbers.copy()
    for name in numbers.select_dtypes(exclude=["number", "bool"]).columns:
        cells = numbers[name].astype(object)
        inert[name] = cells.map({cell: _inert(cell) for cell in cells.unique()})  # distinct texts are few
    for name in numbers.select_dtypes("floating").columns:
        distinct = {x: settled(x) for x in numbers[name].dropna().unique()}
        inert[name] = numbers[name].map(distinct).astype(numbers[name].dtype)
    return inert.rename(columns=_inert).to_csv(index=False, lineterminator="\n")


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
        return settled(float(value))
    raise ValueError(f"the value {name} is {value!r}; allowed are text, finite numbers and None")


def json_text(values: Mapping[str, Mapping[str, object]]) -> str:
    """Write named values as JSON, sorted by name, floats as `settled` leaves them; what is no value is a ValueError."""
    plain = {key: _plain(entry, key) for key, entry in values.items()}
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
