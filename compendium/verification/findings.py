"""What the paper says around its numbers: statements that hold only by a definition, and words that numbers limit.

Findings are written by hand, except for their numbers: each is a claim, or computed from claims in exact arithmetic.
"""

import ast
import difflib
import operator
import os
import re
from fractions import Fraction
from pathlib import Path

import pandas as pd

from compendium.verification.audit.claims import ClaimsError, read_strings
from compendium.verification.audit.rounding import printed_number, round_like

COLUMNS = ("finding", "kind", "place", "words", "numbers", "reading", "certainty")
TERMS = {"kind": ("definition", "wording"), "certainty": ("proved by arithmetic", "a matter of wording")}
TEMPLATES = ("words", "numbers", "reading")

_CLAIM = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+(?:/(?:n|of)\b)?")
_PARTS = {"": "value", "n": "numerator", "of": "denominator"}
_BRACES = re.compile(r"\{([^{}]*)\}")
_TYPED = re.compile(r"\d[\d.,]*|[{}]")
_NAMES = re.compile(r"\b[A-Z]+\d+[A-Z]?\b|\b(?:Table|Figure) \d\b")  # L262, H1 and Table 2 are no results
_ALLOWED = "claims and whole numbers with + - * / min(, ) max(, ) and parentheses"
_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


class FindingsError(ClaimsError):
    """A findings file that cannot be used; its problems are told as those of a claims file."""


def _printed(name: str, claims: pd.DataFrame) -> str:
    claim, _, part = name.partition("/")
    if claim not in claims.index:
        near = difflib.get_close_matches(claim, claims.index, 1)
        raise ValueError("the name of a claim" + (f"; did you mean {near[0]}?" if near else ""))
    if not (text := claims[_PARTS[part]].get(claim) if part in _PARTS else ""):
        raise ValueError("a claim, or its numerator with /n or denominator with /of if it has one")
    return text


def _value(node: ast.AST) -> Fraction:
    """Compute what is allowed, and nothing else."""
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return Fraction(number)
        case ast.UnaryOp(op=ast.USub(), operand=one):
            return -_value(one)
        case ast.BinOp(left=one, op=sign, right=other) if type(sign) in _OPERATIONS:
            return _OPERATIONS[type(sign)](_value(one), _value(other))
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=[_, _, *_] as some, keywords=[]):
            return {"min": min, "max": max}[name](map(_value, some))
    raise ValueError(_ALLOWED)


def _number(braces: str, claims: pd.DataFrame) -> str:
    """Give the text for what stands in braces; a ValueError says what is allowed instead."""
    if not braces.startswith("="):
        return _printed(braces, claims)

    def exact(name: re.Match[str]) -> str:
        number = printed_number(_printed(name[0], claims))[0]
        return f"({number.numerator}/{number.denominator})"

    try:
        number = _value(ast.parse(_CLAIM.sub(exact, braces[1:]).strip(), mode="eval").body)
    except ZeroDivisionError:
        raise ValueError("an expression that does not divide by zero") from None
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError(_ALLOWED) from None
    decimals = next((places for places in range(16) if (number * 10**places).denominator == 1), None)
    if decimals is None:
        raise ValueError("an expression whose decimals have an end")
    return round_like(number, f"0.{'0' * decimals}" if decimals else "0")


def _problem(column: str, text: str, claims: pd.DataFrame) -> tuple[str, str] | None:
    if not text.strip():
        return text, "a text"
    if text not in TERMS.get(column, (text,)):
        return text, f"one of {', '.join(TERMS[column])}"
    if column not in TEMPLATES:
        return None
    for braces in _BRACES.findall(text):
        try:
            _number(braces, claims)
        except ValueError as error:
            return f"{{{braces}}}", str(error)
    typed = _TYPED.search(_NAMES.sub("", _BRACES.sub("", text)))
    return (typed[0], "a number from a claim, as {claim} or {= expression}") if typed else None


def read_findings(path: str | os.PathLike[str], claims: pd.DataFrame) -> pd.DataFrame:
    """Read the findings and fill in their numbers; the claims are as `published.read_claims` gives them.

    The file is CSV in UTF-8 with `COLUMNS`. In those of `TEMPLATES`, ``{claim}`` stands for what the claim prints,
    ``{claim/n}`` and ``{claim/of}`` for its numerator and denominator, and ``{= expression}`` for what is computed from
    such with ``+ - * / min max ( )`` and whole numbers. No other number is allowed there, but L262 or Table 2. Given is
    one row per finding, in the order of the file: `COLUMNS`, filled in, and ``claims``, the names of the claims that a
    row uses, separated by blanks. A FindingsError names all problems at once: a file that cannot be read, a cell that
    is empty or not allowed, a name that is there twice.
    """
    file = os.fspath(path)
    try:
        rows = read_strings(Path(path))
    except (OSError, ValueError) as error:  # as pandas calls what is no table, and Python what is no UTF-8
        raise FindingsError(f"{file}: the file cannot be read as a CSV table: {str(error).strip()}") from error
    if tuple(rows.columns) != COLUMNS:
        raise FindingsError(f"{file}, row 1: {','.join(rows.columns)!r} is not allowed; {', '.join(COLUMNS)}")
    cells = [(row, column, text) for row, line in rows.iterrows() for column, text in line.items()]
    problems = [(row, column, *wrong) for row, column, text in cells if (wrong := _problem(column, text, claims))]
    names = rows["finding"]
    twice = names[names.duplicated() & names.ne("")]
    if problems := sorted([*problems, *((row, "finding", name, "a name of its own") for row, name in twice.items())]):
        raise FindingsError(pd.DataFrame(problems, columns=["row", "column", "value", "allowed"]).assign(file=file))
    texts = rows[list(TEMPLATES)]
    used = [_CLAIM.findall(" ".join(_BRACES.findall(" ".join(line)))) for line in texts.to_numpy()]
    used = [" ".join(dict.fromkeys(name.partition("/")[0] for name in names)) for names in used]
    filled = texts.map(lambda text: _BRACES.sub(lambda braces: _number(braces[1], claims), text))
    return rows.assign(**filled, claims=used).reset_index(drop=True)
