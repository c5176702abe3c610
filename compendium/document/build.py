"""The whole document, from the results in a folder: checked, put together, written in all its forms or not at all."""

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from analysis.cohort import Cohort
from analysis.criteria import Criteria, read_criteria
from analysis.reading import DATA_PACKAGE
from compendium.document import blocks as parts
from compendium.document import printed, tables
from compendium.document.blocks import Block
from compendium.document.made import MADE, READING
from compendium.document.names import Named, named, said_of
from compendium.document.page import Page, door, html
from compendium.document.source import Source, SourceError, filled, without_absent
from compendium.files import write_atomically
from compendium.reporting.caveats import caveats
from compendium.reporting.outputs import OVERRIDE
from compendium.workflow.jobs import ROOT, Project
from compendium.workflow.manifest import sources


def _keys(bibliography: Path) -> list[str]:
    """List the keys of a bibliography."""
    return re.findall(r"^@\w+\{([^,\s]+)", bibliography.read_text(encoding="utf-8"), re.MULTILINE)


def _foot(names: Named, observed: bool) -> list[Block]:
    """Say at the foot of every output what it was made of, and how to make exactly this again."""
    version, cohort, lock = (names[f"build.{name}"]["value"] for name in ("version", "cohort", "lock"))
    again = "run `make paper` on the same cohort" if observed else "run `make verify`, which compares every file"
    text = (
        f"Version {version}. SHA-256 of the cohort: `{cohort}`; of the locked packages: `{lock}`. Both stand in "
        f"`datapackage.json` with the digest of every file. To make exactly this again, take this version and {again}."
    )
    words: list[Block] = []
    for number, piece in enumerate(text.split("`")):
        words += [parts.element("Code", parts.UNNAMED, piece)] if number % 2 else parts.inlines(piece)
    return [parts.notes(words, "foot")]


def _check_links(text: Source, document: Sequence[Block], labels: Collection[str]) -> None:
    """Refuse a link to a part of the text that is not there."""
    there, wanted = {parts.identifier(label) for label in labels}, []
    for block in parts.elements(document):
        if block["t"] in ("Header", "Div"):
            there.add(block["c"][block["t"] == "Header"][0])
        elif block["t"] == "Link" and block["c"][2][0].startswith("#"):
            wanted.append(block["c"][2][0][1:])
    for name in wanted:
        if name not in there:
            what = f"there is no part #{name} to lead to; allowed are {', '.join(sorted(filter(None, there)))}"
            raise text.refused(f"(#{name})", what)


def _table(results: Path, names: Named, criteria: Criteria, file: str, given: Mapping[str, str]) -> tables.Table:
    """Read a table by the name that a text puts it in with, with the columns and rows it asks for."""
    made = MADE.get(file)
    found = made(results, criteria, names) if made else tables.read((results / file).read_text(encoding="utf-8"))
    columns = [name.strip() for name in given.get("columns", "").split(";") if name.strip()]
    if not given.get("rows", "1").isdecimal():
        raise ValueError(f"rows {given['rows']!r} is not allowed; it is a whole number")
    return found.only(columns, int(given["rows"]) if "rows" in given else None)


def _files(results: Path) -> set[str]:
    """List what a text may put in: the drawings of the results, their tables, and the tables made here."""
    pages = (path for path in results.glob("*.html") if 'class="gt_table"' in path.read_text(encoding="utf-8"))
    return {path.name for path in (*results.glob("*.svg"), *pages)} | set(MADE)


def _read(cohort: Path) -> list[str]:
    """Give the lines on how the files of a cohort were read, which stand in the Data Package of its checked copy."""
    package = cohort / DATA_PACKAGE
    return json.loads(package.read_text(encoding="utf-8")).get("read", []) if package.is_file() else []


@dataclass(frozen=True)
class Given:
    """What a document is made of: the text, the folders of results and cohort, the rules, and what must be said first.

    Beside the text stand ``references.bib`` and ``numeric.csl``. Of the cohort only the hash is taken. `observed` is
    another centre's cohort: what has no patients is left out of its document, which is the page to be read itself.
    """

    source: Path
    results: Path
    cohort: Path
    criteria: str
    notes: Sequence[str] = ()
    observed: bool = False

    @classmethod
    def of(cls, study: Cohort, paths: Sequence[str], criteria: str, notes: str) -> "Given":
        """Take the folders as a notebook names them (text, results, cohort), and what is said in lines of text."""
        said = [*caveats(study, read_criteria(criteria)), *notes.splitlines()]
        return cls(*(Path(path).resolve() for path in paths), criteria, said, not study.reconstructed)


def documents(given: Given) -> dict[str, bytes]:
    """Make all files of the document, by name; a SourceError names all that is wrong with its text."""
    source, results, rules, files = given.source, given.results, read_criteria(given.criteria), _files(given.results)
    made_of = {f"build.{name}": {"value": text} for name, text in sources(Project(given.cohort, results)).items()}
    names = named(results, rules) | made_of | {READING: {"lines": _read(given.cohort)}}
    if not names[READING]["lines"]:
        files.remove(READING)
    shown = str(source.relative_to(ROOT)) if source.is_relative_to(ROOT) else source.name
    text = Source(source, names, shown)
    if given.observed:
        text.text = without_absent(text.text, files)
    bibliography, style = source.with_name("references.bib"), source.with_name("numeric.csl")
    document = parts.parsed(filled(text, files, _keys(bibliography)), bibliography, style)
    title = parts.plain(document["meta"]["title"])
    pictures = [picture for picture in map(parts.picture, document["blocks"]) if picture]
    labels = [picture.label for picture in pictures]
    _check_links(text, document["blocks"], labels)
    found: dict[str, tables.Table] = {}

    def table(file: str, asked: Mapping[str, str]) -> tables.Table:
        key = f"{file} {sorted(asked.items())}"
        if key not in found:
            try:
                found[key] = _table(results, names, rules, file, asked)
            except ValueError as error:
                raise text.refused(f"({file})", f"{file}: {error}") from error
        return found[key]

    def assembled(figure: parts.Drawn) -> list[Block]:
        return parts.cross_references(parts.with_parts(document["blocks"], table, figure), labels)

    # The same wherever it is built; what is made of an own cohort tells nothing of where the project stands.
    root = "" if given.observed else ".."
    page = Page(title, root, results, names, said_of(results), text.used, labels, given.notes)
    foot = _foot(names, given.observed)
    warning = [parts.element("Para", [parts.strong(note)]) for note in given.notes]
    for_word = assembled(printed.docx_picture)
    texts = {"TITLE": title, "SHORT": title, "RECONSTRUCTED": "" if given.observed else "Reconstructed cohort"}
    texts |= {"CAVEAT": " ".join(given.notes), "VERSION": f"Version {names['build.version']['value']}"}
    jobs = {
        "index.html" if given.observed else "paper.html": lambda: html(page, assembled(page.figure), foot).encode(),
        "paper.pdf": lambda: _pdf(text, [*assembled(printed.typst_picture), *foot], results, texts),
        "paper.docx": lambda: printed.docx([*warning, *for_word, *foot], results, title),
    }
    for name, one in _single_tables(for_word):
        if not any(part["t"] == "Strong" for part in parts.elements(one[1:])):
            one += warning  # a file by itself says it, too
        jobs[f"{name}.docx"] = lambda one=one: printed.docx(one, results)
    with ThreadPoolExecutor(2) as pool:
        running = {name: pool.submit(job) for name, job in jobs.items()}
        made = {name: future.result() for name, future in running.items()}
    if given.observed:
        return made
    data = {f"../{path.relative_to(ROOT).as_posix()}": path for path in sorted(ROOT.glob("data/*/*.csv"))}
    return {"index.html": door(title, given.notes, results, pictures, list(made), data).encode()} | made


def _pdf(text: Source, blocks: list[Block], results: Path, texts: Mapping[str, str]) -> bytes:
    try:
        return printed.pdf(blocks, results, texts)
    except SourceError as error:
        if sign := re.search(r'the text `"(.+?)"` could not be displayed', str(error)):
            raise text.refused(sign[1], f"the sign {sign[1]!r} is in no font of the PDF; allowed is another") from error
        raise


def _single_tables(blocks: list[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Take each table with its notes by itself, with the name of its place."""
    for block, after in zip_longest(blocks, blocks[1:]):
        if block["t"] == "Table" and block["c"][0][0]:
            yield block["c"][0][0], [block, after] if parts.are_notes(after) else [block]


def write_document(given: Given, output: str) -> list[str]:
    """Make the document and put its files in a folder, none before all are made; gives their names."""
    made = documents(given)
    folder = Path(os.environ.get(OVERRIDE) or output)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        write_atomically(folder / name, content)
    return list(made)
