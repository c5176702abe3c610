"""The text as it was written: filled in with values, and all that is wrong with it, each with its line.

A text is Markdown. ``{{ name | format }}`` prints a value; ``[10 %]{.given}`` marks a number that is no result;
``![Table 1. What it shows.](table-1.html)`` puts in a table, and ``![Figure 1. What it shows.](figure-1.svg){alt="What
is seen."}`` a figure, which needs words for those who cannot see it. Nothing else makes a number: what is a computed
result must not be typed.
"""

import difflib
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from compendium.document.formats import allowed, printed
from compendium.document.names import Named


class SourceError(ValueError):
    """A text that cannot be made a document; a line for each thing that is wrong, with its place."""


_VALUE = re.compile(r"\{\{([^{}]*)\}\}")
_PICTURE = re.compile(
    r"!\[(?P<caption>[^\]]*(?:\[[^\]]*\][^\]]*)*)\]\((?P<file>[^)\s]*)\)"
    r"(?P<attributes>\{(?:[^{}]|\{\{[^{}]*\}\})*\})?"
)
_ALT = re.compile(r'alt="([^"]*)"')
_LABEL = re.compile(r"(Table|Figure) ([A-Z]?\d+)\. ")
_CITED = re.compile(r"(?<![\w\\])@([\w:.-]*\w)")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_MARKUP = re.compile(
    r"<[A-Za-z/!?][^>\n]*>?|^ {0,3}(?:`{3,}|~{3,}|:{3,}).*$|[\x00-\x08\x0b-\x1f]|\{=\w+\}|\$[^$\s]|\\[A-Za-z]+",
    re.MULTILINE,
)
_GIVEN = re.compile(r"\[[^\[\]]*\]\{\.given\}")
# What has digits and is no number: links, attributes, citations, names of tables and figures, lines, numbered lists.
_NO_NUMBER = re.compile(
    r"""\]\([^)\s]*\)|\{[#.][^{}]*\}|\b(?:rows|columns)="[^"]*"|"""
    r"""(?:Tables?|Figures?) [A-Z]?\d+(?:(?:, | and |[–-])[A-Z]?\d+)*|^ *\d+\. """,
    re.MULTILINE,
)
_NUMBER = re.compile(r"(?<![\w.,])[-−]?\d+(?:[.,]\d+)*(?: ?%)?(?![A-Za-z])")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+.!|~^$@\"'=:/%&-])")


class Source:
    """A text, the values that may be named in it, what is found wrong, and the values it prints, in order.

    `shown` is the path as it is printed.
    """

    def __init__(self, path: Path, names: Named, shown: str) -> None:
        self.names, self.shown = names, shown
        self.problems: list[tuple[int, str]] = []
        self.used: list[tuple[str, str]] = []  # name and what was printed
        self.attributes: list[tuple[int, int]] = []  # where those of the pictures begin and end
        try:
            self.text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
        except OSError as error:
            raise SourceError(f"{self.shown}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise SourceError(f"{self.shown}, line {line}: not UTF-8; allowed is text saved as UTF-8") from error

    def wrong(self, at: int, what: str) -> None:
        """Note what is wrong at a place in the text."""
        self.problems.append((self.text.count("\n", 0, at) + 1, what))

    def refused(self, piece: str, what: str) -> SourceError:
        """Make the error of what was found wrong later, in a piece of the text."""
        line = self.text.count("\n", 0, max(self.text.find(piece), 0)) + 1
        return SourceError(f"{self.shown}, line {line}: {what}")


def _value(source: Source, match: re.Match[str]) -> str:
    """Print one value, as a span that remembers its name."""
    name, bar, form = (part.strip() for part in match[1].rpartition("|"))
    name = " ".join(name.split())
    what = ""
    if not bar:
        what = f"{match[0]} has no format; allowed is {{{{ name | format }}}}"
    elif name not in source.names:
        near = difflib.get_close_matches(name, source.names, n=3)
        hint = f"similar names: {', '.join(near)}" if near else "no name is similar; allowed are those of figures/"
        what = f"there is no value {name!r}; {hint}"
    else:
        try:
            text = printed(source.names[name], form)
        except ValueError as error:
            what = f"{name}: {error}"
    if what:
        source.wrong(match.start(), what)
        return ""
    if any(start < match.start() < end for start, end in source.attributes):
        return text.replace('"', "”")  # words for those who cannot see a figure are plain text
    source.used.append((name, text))
    escaped = _SPECIAL.sub(r"\\\1", text)
    return f'[{escaped}]{{.value n="{len(source.used) - 1}"}}'


def _blanked(text: str, *patterns: re.Pattern[str]) -> str:
    """Blank what patterns find, all places kept."""
    for pattern in patterns:
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text


def _results(names: Named) -> dict[str, list[str]]:
    """Give the values that a typed number may be meant to be, by the number as it is usually printed."""
    found: dict[str, list[str]] = {}
    for name, entry in names.items():
        if name.startswith(("printed.", "criteria.", "rule.", "determined.")):
            continue
        for form in [one for one in allowed(entry) if one in ("n", "%", "median", "mean")]:
            found.setdefault(printed(entry, form).removesuffix("%"), []).append(f"{name} | {form}")
    return found


def _check_numbers(source: Source, prose: str) -> None:
    results: dict[str, list[str]] = {}
    for match in _NUMBER.finditer(_blanked(prose, _GIVEN, _NO_NUMBER)):
        results = results or _results(source.names)
        typed = match[0].replace(",", ".").rstrip("% ")
        meant = results.get(typed, [])
        hint = f" ({{{{ {' }} or {{ '.join(meant[:3])} }}}})" if meant else ""
        what = f"the number {match[0]} is typed; allowed is a computed value{hint}, or, if it is no result, "
        source.wrong(match.start(), what + f"[{match[0]}]{{.given}}")


def _check_pictures(source: Source, files: Collection[str]) -> None:
    labels: dict[str, int] = {}
    for match in _PICTURE.finditer(source.text):
        caption, file, attributes = match["caption"], match["file"], match["attributes"] or ""
        source.attributes.append(match.span("attributes"))
        before, after = source.text[: match.start()], source.text[match.end() :]
        if before.rstrip(" ")[-2:] not in ("", "\n", "\n\n") or after.lstrip(" ")[:2] not in ("", "\n", "\n\n"):
            source.wrong(match.start(), f"{file} must stand in a paragraph of its own, between empty lines")
        if file not in files:
            near = difflib.get_close_matches(file, sorted(files), n=3) or sorted(files)
            source.wrong(match.start(), f"there is no {file!r} in the results; allowed are {', '.join(near)}")
            continue
        label = _LABEL.match(caption)
        kind = "Figure" if file.endswith(".svg") else "Table"
        if not label or label[1] != kind:
            source.wrong(match.start(), f"the caption of {file} must begin with its name, such as '{kind} 1. '")
        elif label[0] in labels:
            source.wrong(match.start(), f"{label[0].strip(' .')} stands here twice, first in line {labels[label[0]]}")
        else:
            labels[label[0]] = source.text.count("\n", 0, match.start()) + 1
        alt = _ALT.search(attributes)
        if kind == "Figure" and not (alt and alt[1].strip()):
            what = f'{file} has no alternative text; allowed is ![...]({file}){{alt="What is seen in it."}}'
            source.wrong(match.start(), what)
    named = {" ".join(label.split()).strip(".") for label in labels}
    for match in re.finditer(r"(Table|Figure) ([A-Z]?\d+)\b", _blanked(source.text, _CODE, _GIVEN)):
        if match[0] not in named:
            source.wrong(match.start(), f"there is no {match[0]} here; allowed are {', '.join(sorted(named))}")


def without_absent(text: str, files: Collection[str]) -> str:
    """Leave out the figures and tables that are not there, as of a group without patients."""
    return _PICTURE.sub(lambda match: match[0] if match["file"] in files else "", text)


def filled(source: Source, files: Collection[str], keys: Iterable[str]) -> str:
    """Fill a text in and check it whole: Markdown in which every value is a span of class ``value`` with its number.

    `files` are the figures and tables that may be put in, `keys` those of the bibliography. A SourceError names every
    fault with its line and what is allowed.
    """
    prose = _blanked(source.text, _CODE, _VALUE)
    for match in _MARKUP.finditer(prose):
        what = match[0].strip()
        source.wrong(match.start(), f"{what!r} is markup that would break the page; allowed is Markdown without HTML")
    titles = [match.start() for match in re.finditer(r"^# ", prose, re.MULTILINE)]
    if titles != [0]:
        what = "the text must begin with its title, after one #, and parts of it have two"
        source.wrong(titles[-1] if len(titles) > 1 else 0, what)
    if stray := re.search(r"\{\{|\}\}", prose):
        source.wrong(stray.start(), f"{stray[0]!r} without its other half; allowed is {{{{ name | format }}}}")
    _check_numbers(source, prose)
    _check_pictures(source, files)
    keys = sorted(keys)
    for match in _CITED.finditer(prose):
        if match[1] not in keys:
            source.wrong(match.start(), f"there is no reference @{match[1]}; allowed are {', '.join(keys)}")
    text = _VALUE.sub(lambda match: _value(source, match), source.text)
    if source.problems:
        lines = dict.fromkeys(f"{source.shown}, line {line}: {what}" for line, what in sorted(source.problems))
        raise SourceError("\n".join(lines))
    return text
