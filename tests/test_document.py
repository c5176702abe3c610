"""The readable paper: what its text may say, what becomes of a wrong one, and what its outputs hold."""

import io
import json
import os
import re
import zipfile
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

import pytest

from analysis.criteria import PAPER
from analysis.followup import course_frame
from analysis.symptoms import symptom_profile
from compendium.document import blocks, tables
from compendium.document.build import ROOT, Given, documents, write_document
from compendium.document.filtered import RULES, under
from compendium.document.formats import printed
from compendium.document.graphics import Drawing
from compendium.document.names import named
from compendium.document.page import Page, html
from compendium.document.source import Source, SourceError, filled
from tests.browser import started
from tests.places import COHORT, FIGURES, shipped_cohort

browser = pytest.fixture(started, scope="module")

GOOD = """# A title

## Part

{{ response.best.orr.all | n/N (%) }} of all, [95%]{.given} as given, KIT D816V, see Table 2 and Figure 1 [@holm].

![Figure 1. Bars of {{ patients.analysed.all | n }}.](figure-1.svg){alt="Bars of {{ patients.analysed.all | n }}."}

![Table 2. Rates.](table-2.html)

## References
"""


@pytest.fixture(scope="module")
def names():
    return named(FIGURES, PAPER)


@pytest.fixture
def write(tmp_path):
    def made(text):
        for name in ("references.bib", "numeric.csl"):
            (tmp_path / name).write_bytes((ROOT / "paper" / name).read_bytes())
        (tmp_path / "text.md").write_text(text, encoding="utf-8")
        return tmp_path / "text.md"

    return made


def given(path):
    return Given(path, FIGURES, COHORT, "paper", ["Reconstructed cohort: no evidence."])


SHARE, SPREAD = {"n": 43, "denominator": 55}, {"median": 9.5, "minimum": 1, "maximum": 36, "n": 4}


@pytest.mark.parametrize(
    ("entry", "form", "text"),
    [
        (SHARE, "n", "43"),
        (SHARE, "N", "55"),
        (SHARE, "%", "78.2%"),
        (SHARE, "n/N (%)", "43/55 (78.2%)"),
        (SHARE, "n (%):0", "43 (78%)"),
        ({"n": 0, "denominator": 0}, "n/N (%)", "0/0 (–)"),
        (SPREAD, "median [range]", "9.5 [1–36]"),
        ({"median": None, "minimum": None, "maximum": None}, "median [range]", "– [–]"),
        ({"p_value": 0.0496}, "p", "p = 0.0496"),
        ({"p_value": 0.0001}, "p", "p < 0.001"),
        ({"difference": -18.64, "low": -48.8, "high": 7.84}, "interval", "−48.8 to 7.8"),
        ({"low": 5.0, "high": 17.0}, "low to high", "5 to 17"),
        ({"value": 0.05}, "value", "0.05"),
    ],
)
def test_a_value_is_printed_in_its_format(entry, form, text):
    assert printed(entry, form) == text


WRONG = [
    ("best.orr.all |", "bset.orr.all |", 5, "there is no value 'response.bset.orr.all'; similar names: response.best"),
    ("n/N (%)", "n/N [%]", 5, "the format 'n/N [%]' is not one of this value; allowed are n, n patients, N"),
    ("n/N (%) }}", "median }}", 5, "allowed are n,"),
    (" | n/N (%)", "", 5, "has no format; allowed is {{ name | format }}"),
    ("n/N (%) }}", "n/N (%)", 5, "without its other half"),
    ("[95%]{.given}", "95%", 5, "the number 95% is typed; allowed is a computed value"),
    ("{{ response.best.orr.all | n/N (%) }}", "43/55", 5, "the number 43 is typed; allowed is a computed value ({{ "),
    ("Bars of {{ patients.analysed.all | n }}.](", "Bars of 55.](", 7, "the number 55 is typed"),
    ('alt="Bars of {{ patients.analysed.all | n }}."', 'alt="Bars of 55."', 7, "the number 55 is typed"),
    ('{alt="Bars of {{ patients.analysed.all | n }}."}', "", 7, "figure-1.svg has no alternative text; allowed is"),
    ('alt="Bars of {{ patients.analysed.all | n }}."', 'alt=" "', 7, "figure-1.svg has no alternative text"),
    ("table-2.html", "table-22.html", 9, "there is no 'table-22.html' in the results; allowed are table-2.html"),
    ("![Table 2. ", "![", 9, "the caption of table-2.html must begin with its name, such as 'Table 1. '"),
    ("![Table 2. ", "![Figure 2. ", 9, "the caption of table-2.html must begin with its name"),
    ("see Table 2", "see Table 7", 5, "there is no Table 7 here; allowed are Figure 1, Table 2"),
    ("@holm", "@holmes", 5, "there is no reference @holmes; allowed are exactinterval"),
    ("of all,", "of <b>all</b>,", 5, "'<b>' is markup that would break the page; allowed is Markdown without HTML"),
    ("of all,", "of all,\n<!-- hidden", 6, "is markup that would break the page"),
    ("## Part", "```\n## Part", 3, "is markup that would break the page"),
    ("of all,", "of `all`{=html},", 5, "'{=html}' is markup"),
    ("of all,", "of all, \\input{/etc/passwd}", 5, "is markup"),
    ("## Part", "::: {.x}\n## Part", 3, "is markup"),
    ("# A title\n\n", "", 1, "the text must begin with its title"),
    ("## References", "# References", 11, "the text must begin with its title, after one #, and parts of it have two"),
    ("![Table 2.", "Here ![Table 2.", 9, "table-2.html must stand in a paragraph of its own, between empty lines"),
]


@pytest.mark.parametrize(("old", "new", "line", "said"), WRONG)
def test_what_is_wrong_with_a_text_is_said_with_its_line(write, names, old, new, line, said):
    assert GOOD.count(old) >= 1
    path = write(GOOD.replace(old, new, 1))
    with pytest.raises(SourceError) as error:
        filled(Source(path, names, "text.md"), {"figure-1.svg": "", "table-2.html": ""}, ["holm", "exactinterval"])
    assert any(one.startswith(f"text.md, line {line}: ") and said in one for one in str(error.value).splitlines())


def test_all_faults_are_named_at_once_and_the_old_document_stays(write, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "paper.html").write_text("old")
    path = write(GOOD.replace("best.orr", "bset.orr").replace("@holm", "@nobody").replace("of all", "of 7"))
    with pytest.raises(SourceError) as error:
        write_document(given(path), str(out))
    assert len(str(error.value).splitlines()) == 3
    assert [(file.name, file.read_text()) for file in out.iterdir()] == [("paper.html", "old")]
    for old, new, said in (
        (
            "see Table 2",
            "see [this](#that)",
            "text.md, line 5: there is no part #that to lead to; allowed are figure-1",
        ),
        ("table-2.html)", 'table-2.html){columns="A; B"}', "text.md, line 9: table-2.html: columns cannot be chosen"),
    ):
        path.write_text(GOOD.replace(old, new), encoding="utf-8")
        with pytest.raises(SourceError) as error:
            write_document(given(path), str(out))
        assert str(error.value).startswith(said)
    path.write_bytes(b"# A \xff title")
    with pytest.raises(SourceError, match=r"text.md, line 1: not UTF-8"):
        write_document(given(path), str(out))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    for name in ("references.bib", "numeric.csl"):
        (folder / name).write_bytes((ROOT / "paper" / name).read_bytes())
    (folder / "text.md").write_text(GOOD, encoding="utf-8")
    return folder / "text.md", documents(given(folder / "text.md"))


def test_the_bytes_are_the_same_wherever_and_whenever_they_are_made(made, monkeypatch):
    path, first = made
    elsewhere = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1700000000", "HOME": "/nowhere"}
    for name, text in elsewhere.items():
        monkeypatch.setenv(name, text)
    again = documents(given(path))
    assert again.keys() == first.keys() and [name for name in first if again[name] != first[name]] == []


def test_the_page_has_values_figures_and_tables(made):
    page = made[1]["paper.html"].decode()
    assert '<a href="#v0" class="value">43/55 (78.2%)</a>' in page
    assert '<tr id="v0"><th scope="row">43/55 (78.2%)</th><td><code>response.best.orr.all</code></td>' in page
    assert "abstract, L98: 78.2%, reproduced" in page and "highlights, L71: 76.8%, contradicts itself" in page
    assert '<desc id="figure-1-seen">Bars of 55.</desc>' in page
    assert '<a href="#table-2">Table\u00a02</a>' in page and page.count('id="table-2"') == 1
    assert "A simple sequentially rejective multiple test procedure" in page
    assert "<td>43 (78.2)</td>" in page or ">43 (78.2)</td>" in page


def test_the_pdf_is_tagged_and_for_archives_and_brings_its_fonts(made):
    pdf = made[1]["paper.pdf"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf and b"<pdfaid:conformance>A</pdfaid:conformance>" in pdf
    assert pdf.count(b"/FontDescriptor") and pdf.count(b"/FontFile") >= len(set(re.findall(rb"/FontName ?/(\S+)", pdf)))
    assert b"/Subtype/Image" not in pdf.replace(b" ", b"")  # the figure is no picture of dots


@pytest.mark.parametrize(("rows", "folded"), [(80, 0), (81, 1), (167, 1)])
def test_a_long_table_folds_away(rows, folded):
    table = tables.of_rows(("Rate", "Here"), [(f"rate {row}", str(row)) for row in range(rows)])
    page = Page("Title", "", FIGURES, {}, {}, [], [], [])
    written = html(page, blocks.of_table(table, "table-3", blocks.inlines("Table 3.")), [])
    assert written.count(f"<summary>Table 3: {rows} rows</summary>") == folded
    assert f"rate {rows - 1}" in written and written.count("<details") == written.count("</details>") == 1 + folded


def test_word_files_have_tables_captions_headings_and_words_for_pictures(made):
    with zipfile.ZipFile(io.BytesIO(made[1]["paper.docx"])) as file:
        text = file.read("word/document.xml").decode()
        assert any(name.startswith("word/media/") for name in file.namelist())
        assert {item.date_time[:3] for item in file.infolist()} <= {(1980, 1, 1), (1970, 1, 1)}
    assert text.count("<w:tbl>") >= 1 and 'w:val="TableCaption"' in text and 'w:val="Heading1"' in text
    assert 'descr="Bars of 55."' in text and "<w:tblHeader" in text
    with zipfile.ZipFile(io.BytesIO(made[1]["table-2.docx"])) as file:
        assert "43 (78.2)" in file.read("word/document.xml").decode()
    for path in FIGURES.glob("*.docx"):  # each may be carried off alone
        with zipfile.ZipFile(path) as file:
            text = re.sub("<[^>]+>", "", file.read("word/document.xml").decode())
            assert "Reconstructed cohort: the rows satisfy" in text, path.name


def test_every_count_in_the_committed_page_is_that_of_its_name():
    """The page says of each number its name: counts and shares are computed again here from the files of values."""
    values = {}
    for path in FIGURES.glob("values-*.json"):
        values |= json.loads(path.read_text(encoding="utf-8"))
    page = (FIGURES / "paper.html").read_text(encoding="utf-8")
    rows = re.findall(r'<tr id="v\d+"><th scope="row">(.*?)</th><td><code>(.*?)</code>', page)
    checked = 0
    for text, name in rows:
        share = re.fullmatch(r"(?:(\d+)(?:/(\d+))? )?\(?([\d.]+)%\)?", text)
        if name in values and share and "denominator" in values[name]:
            n, of = values[name]["n"], values[name]["denominator"]
            tenths = int(Fraction(1000 * n, of) + Fraction(1, 2))  # half up
            assert share[3] == f"{tenths // 10}.{tenths % 10}", (name, text)
            assert share[1] in (None, str(n)) and share[2] in (None, str(of)), (name, text)
            checked += 1
    assert checked > 40


def test_no_number_of_the_text_is_a_result_that_was_typed():
    """What is marked as given are rules of the score, the level of intervals, and rules that are tried."""
    for name in ("report.md", "own-cohort.md"):
        text = (ROOT / "paper" / name).read_text(encoding="utf-8")
        marked = set(re.findall(r"\[([^\[\]]*)\]\{\.given\}", text))
        assert marked <= {"0", "0.25", "0.5", "0.75", "1", "1.5", "95%", "20%"}


@pytest.mark.parametrize("name", list(RULES))
def test_every_population_and_rule_that_can_be_chosen_shows_what_python_computes(name):
    page = (FIGURES / "paper.html").read_text(encoding="utf-8")
    data = page.partition(f'id="drawing-{name}"')[2].partition('<script type="application/json">')[2]
    shown = json.loads(data.partition("</script>")[0])
    assert set(shown["variants"]) == {f"{one}|{rule}" for one in shown["populations"] for rule in ["", *RULES[name]]}
    for key, variant in shown["variants"].items():
        population, _, rule = key.partition("|")
        cohort, criteria = shipped_cohort(population), under(PAPER, rule)
        assert shown["populations"][population].endswith(f"(N = {len(cohort.patients)})")
        words = [spot[4] for spot in variant["spots"]]
        if name == "figure-1":
            profile = symptom_profile(cohort, criteria)
            expected = {
                row.label: {"n": row.n, "gone": row.disappeared, "worse": row.worse} for row in profile.itertuples()
            }
            found = {}
            for text in words:
                label, n = re.match(r"(.*): (\d+) patient", text).groups()
                counts = dict(re.findall(r"([a-z]+) (\d+)(?=,|\n)", text.split("\n", 1)[1]))
                gone, worse = (int(counts.get(part, 0)) for part in ("disappeared", "worse"))
                found[label] = {"n": int(n), "gone": gone, "worse": worse}
            assert found == expected
        else:
            frame = course_frame(cohort, criteria)
            best = {"complete": "CR", "major": "MR", "partial": "PR", "no": "NR"}
            found = sorted(best[re.search(r": (\w+) response at best", text)[1]] for text in words)
            assert found == sorted(frame["best_response"].astype(str))
            months = sorted(float(re.search(r"(?:^|\n)([\d.]+) months, ", text)[1]) for text in words)
            assert months == sorted(frame["duration_months"])
        assert all(y >= 0 and y + tall <= variant["size"][1] for _, y, _, tall, _ in variant["spots"])
        assert not [text for text in words for name in cohort.patients.index if re.search(rf"\b{name}\b", text)]


def test_a_drawing_in_a_page_is_the_same_in_fewer_signs():
    svg = (FIGURES / "figure-e5.svg").read_text(encoding="utf-8")
    drawing = Drawing(svg, "figure-e5")
    text = "".join(drawing.lines)
    assert len(text) < 0.6 * len(svg)
    uses = len(re.findall(r"<use ", svg))
    assert text.count("<use ") == uses and set(re.findall(r'href="#(v-[0-9a-f]+)"', text)) <= set(drawing.letters)
    for name in re.findall(r"(?:url\(#|href=\"#)(figure-e5-[^)\"]+)", text):
        assert f'id="{name}"' in text


def test_every_link_of_the_door_and_the_page_leads_somewhere():
    for name in ("index.html", "paper.html"):
        page = (FIGURES / name).read_text(encoding="utf-8")
        identifiers = set(re.findall(r'\bid="([^"]+)"', page))
        for address in re.findall(r'(?:href|src)="([^"]+)"', page):
            file, _, part = address.partition("#")
            if re.match(r"(https?|data):", address):
                continue
            assert (FIGURES / unquote(file)).exists() if file else part in identifiers, (name, address)
        assert len(identifiers) == len(re.findall(r'\bid="([^"]+)"', page))


LOOK = "getComputedStyle(document.{0}).{1}"


def test_a_reader_finds_what_stands_behind_a_number_and_chooses_a_figure(browser):
    browser.call("Emulation.setEmulatedMedia", media="screen", features=[])
    browser.open(FIGURES / "paper.html")
    asked = [address for address in browser.requests if not address.startswith("data:")]
    assert browser.errors == [] and asked == [(FIGURES / "paper.html").as_uri()]
    first = "document.querySelectorAll('#summary a.value')[1]"
    tip = "document.getElementById('tip')"
    browser.evaluate(f"{first}.focus({{preventScroll: true}})")
    assert "response.best.orr.all" in browser.evaluate(f"{tip}.textContent")
    assert browser.evaluate(f"{first}.getAttribute('aria-describedby')") == "tip"
    browser.press("Escape")
    assert browser.evaluate(f"{tip}.hidden")
    box = browser.evaluate(
        f"(() => {{{first}.scrollIntoView({{behavior: 'instant'}}); const b = {first}.getBoundingClientRect();"
        " return [b.x + 5, b.y + 5]})()"
    )
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
    assert browser.evaluate(f"!{tip}.hidden && {tip}.textContent.includes('76.8%')")
    choose = (
        "(() => {{const [p, r] = document.querySelectorAll('#{0} select'); p.value = '{1}'; r.value = '{2}';"
        " r.dispatchEvent(new Event('input')); return document.querySelectorAll('#{0} .spot').length}})()"
    )
    assert browser.evaluate(choose.format("figure-2", "idiopathic", "worsening=any")) == 14
    spots = browser.evaluate(choose.format("figure-1", "idiopathic", "symptoms_at=last"))
    assert spots == len(symptom_profile(shipped_cohort("idiopathic"), PAPER))
    browser.evaluate("document.querySelector('#figure-1 .spot').focus({preventScroll: true})")
    words = browser.evaluate(f"{tip}.textContent")
    browser.press("ArrowDown")
    assert browser.evaluate(f"{tip}.textContent") not in ("", words)


def test_the_page_is_dark_prints_and_stands_without_a_script(browser):
    page = FIGURES / "paper.html"
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.call("Emulation.setEmulatedMedia", media="screen", features=dark)
    browser.open(page, width=400)
    assert browser.evaluate(LOOK.format("body", "backgroundColor")) == "rgb(23, 24, 26)"
    assert browser.evaluate("document.documentElement.scrollWidth") == 400
    browser.call("Emulation.setEmulatedMedia", media="print", features=[])
    assert browser.evaluate(LOOK.format("querySelector('#contents')", "display")) == "none"
    browser.call("Emulation.setEmulatedMedia", media="screen", features=[])
    browser.open(page, scripts=False)
    assert browser.errors == []


AXE = """axe.run({{runOnly: {0}, resultTypes: ["violations"]}}).then((found) =>
  found.violations.map((one) => `${{one.id}}: ${{one.nodes.map((node) => node.html.slice(0, 90))}}`))"""
LEVELS = {"light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "dark": ["color-contrast"]}  # dark differs in colours
# Letters of drawings are paths, in which there is nothing to judge but very many of them; so it is with rows that
# differ in their words only. Identifiers that the page has twice are counted before.
ONE_OF_A_KIND = """(() => {
  document.querySelectorAll('svg > :not(title, desc)').forEach((part) => part.remove())
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id), seen = new Set()
  const kind = (row) => row.outerHTML.replace(/>[^<]*[^<\\s][^<]*</g, '>x<').replace(/(=")[^"]+(?=")/g,
    (all, start, at, text) => / (id|href|title|aria-label)$/.test(text.slice(0, at)) ? start + 'x' : all)
  for (const row of document.querySelectorAll('tr:not(:has(th[id])), li'))
    seen.has(kind(row)) ? row.remove() : seen.add(kind(row))
  return ids.length - new Set(ids).size
})()"""


@pytest.mark.parametrize(("name", "schemes"), [
    ("paper.html", ("light", "dark")), ("index.html", ("light", "dark")), ("verdicts.html", ("light",)),
    ("checklist.html", ("light",)), ("table-1.html", ("light",)),
])  # fmt: skip
def test_axe_finds_nothing_on_a_page_that_a_reader_could_not_use(browser, name, schemes):
    browser.open(FIGURES / name)
    assert browser.evaluate(ONE_OF_A_KIND) == 0
    browser.evaluate((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8"))
    for scheme in schemes:
        browser.call(
            "Emulation.setEmulatedMedia", media="screen", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        look = AXE.format(json.dumps(LEVELS[scheme]))
        assert browser.evaluate(look) == [], scheme
    if name == "table-1.html":  # what is wrong would be found
        browser.evaluate("document.body.innerHTML += '<p style=\"color: #888; background: #777\">pale<img></p>'")
        assert [one.partition(":")[0] for one in browser.evaluate(look)] == ["color-contrast", "image-alt"]


def test_sizes_are_those_of_files_that_are_sent():
    limits = {"paper.html": 3_000_000, "paper.pdf": 2_000_000, "paper.docx": 2_000_000, "index.html": 200_000}
    assert not {name: size for name, most in limits.items() if (size := os.stat(FIGURES / name).st_size) > most}


def test_the_source_stands_beside_its_references():
    assert {path.name for path in Path(ROOT / "paper").iterdir()} == {
        "report.md", "own-cohort.md", "references.bib", "numeric.csl",
    }  # fmt: skip
