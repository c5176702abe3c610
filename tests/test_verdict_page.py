"""The page of verdicts, read as text and used in a real browser."""

import hashlib
import html
import re
from base64 import b64decode

import pandas as pd
import pytest

from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.verification.verdict_page import COLUMNS, PageError, verdict_page
from tests.browser import started
from tests.case_files import DATA

MARKUP = '<script>document.title = "broken"</script><b onclick="x">&amp;'
UNUSED = ["response.cr.cm", "biology.<tryptase>"]

window = pytest.fixture(started, scope="module")


@pytest.fixture(scope="module")
def table():
    """Nine claims: 4 reproduced, 1 cut, 2 contradictory, 1 not computable, 1 differing."""
    table = pd.read_csv(DATA / "verdict_page.csv", dtype=str, keep_default_na=False, index_col="claim")
    return table.reindex(columns=list(COLUMNS), fill_value="").replace("MARKUP", MARKUP)


@pytest.fixture(scope="module")
def page(table):
    return verdict_page(table, UNUSED, [RECONSTRUCTED_NOTE])


def test_equal_tables_are_equal_text(table, page):
    assert verdict_page(table.copy(), reversed(UNUSED), [RECONSTRUCTED_NOTE]) == page
    # A reconstructed cohort is named as such, and so is a paper without contradiction.
    assert RECONSTRUCTED_NOTE in html.unescape(page)
    assert RECONSTRUCTED_NOTE not in html.unescape(verdict_page(table, UNUSED))
    page = verdict_page(table.loc[["abstract.n"]], [], [RECONSTRUCTED_NOTE])
    assert "None: all statements can hold together." in page
    assert "Contradictions (0)" in page


def test_only_the_script_and_style_of_the_page_are_allowed(page):
    for tag in ("script", "style"):
        source = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.S).group(1)
        digest = re.search(rf"{tag}-src 'sha256-(.*?)'", page).group(1)
        assert b64decode(digest) == hashlib.sha256(source.encode()).digest()
    assert not re.search(r"""\b(src|style|on\w+)=["']""", page)
    assert not re.search(r"https?:|//[a-z]", re.sub(r"^\s*//.*$", "", page, flags=re.M))


def test_links_lead_to_the_statement_and_to_the_notebook_and_notes_are_shown(table):
    page = verdict_page(table.assign(note="sign missing"), [], [RECONSTRUCTED_NOTE], root="../..")
    assert page.count('href="#results.all"') == 1 and ".csv" not in page
    assert '<a href="../../notebooks/response.ipynb">response</a>' in page
    assert page.count("In the print: sign missing") == len(table)


WORDS = {"all": "All patients", "primary": "Primary MCAS", "MMAS": "MMAS (monoclonal MCAS)", "weekly": "On a weekly s"}
WORDS |= {"MCAS": "MCAS (mast cell activation syndrome)", "CM": "CM (cutaneous mastocytosis)"}
WORDS |= {"MR": "MR (major response)"}
WORDS |= {"CR": "CR (complete response)", "PR": "PR (partial response)", "escalated": "With an increased dose"}


def test_populations_are_told_in_words(table):
    for name, words in WORDS.items():
        assert words in verdict_page(table.assign(population=name), [])


def test_definitions_and_words_stand_before_the_statements_and_markup_stays_text(table, page):
    row = dict.fromkeys(["finding", "kind", "place", "words", "numbers", "reading", "certainty", "claims"], MARKUP)
    findings = pd.DataFrame([row | {"finding": kind, "kind": kind} for kind in ("definition", "wording")])
    found = verdict_page(table, UNUSED, [RECONSTRUCTED_NOTE], findings)
    places = [found.index(f'<section id="{name}"') for name in SECTIONS]
    assert places == sorted(places)
    assert found.count("&lt;b onclick=") - page.count("&lt;b onclick=") == 10
    assert MARKUP not in found and '<section id="wording"' not in page


SECTIONS = ("contradictions", "definitions", "wording", "statements", "readings", "unused")


@pytest.mark.parametrize(("change", "message"), [
    (lambda t: t.drop(columns="reason"), "lacks the column 'reason'"),
    (lambda t: t.assign(verdict="right"), "highlights.n, column verdict: 'right' is none of reproduced, .*differs"),
    (lambda t: t.assign(contradicts="a.m"), "highlights.n, column contradicts: there is no claim 'a.m'"),
    (lambda t: pd.concat([t, t]), "highlights.n: this claim stands twice"),
])  # fmt: skip
def test_a_table_that_cannot_be_shown_is_refused(table, change, message):
    with pytest.raises(PageError, match=message):
        verdict_page(change(table), [], [RECONSTRUCTED_NOTE])


@pytest.fixture(scope="module")
def file(page, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "verdicts.html"
    file.write_text(page, encoding="utf-8")
    return file


@pytest.fixture
def shown(window, file):
    """Open the page afresh; at the end it must have raised no error and asked for no other file."""
    window.open(file)
    yield window
    assert window.errors == []
    assert set(window.requests) <= {file.as_uri()}


def seen(browser, selector, value):
    """Give a value of every element that is seen."""
    elements = f"[...document.querySelectorAll({selector!r})].filter((one) => one.checkVisibility())"
    return browser.evaluate(f"{elements}.map((one) => one.{value})")


def claims(browser):
    return seen(browser, "tr.claim", "id")


def proofs(browser):
    """Name the claims whose proofs are seen."""
    return sorted({name.removesuffix("--proof") for name in seen(browser, ".proof p", "closest('tr').id")})


def texts(browser, selector):
    """Give the texts that are seen, with single blanks."""
    return [re.sub(r"\s+", " ", text).strip() for text in seen(browser, selector, "innerText")]


def focus(browser, value):
    return browser.evaluate(f"document.activeElement.{value}")


def choose(browser, name, value):
    set_value = f"const one = document.getElementById('{name}'); one.value = '{value}'"
    browser.evaluate(f"(() => {{ {set_value}; one.dispatchEvent(new Event('input')); }})()")


def test_counts_stand_on_top_differing_claims_first_and_printed_beside_computed(shown, table):
    others = ["0 rows lie within", "2 contradicts itself", "1 not computable from patient rows", "1 differs"]
    assert texts(shown, "#counts button") == ["4 reproduced", "1 reproduced by truncation", *others]
    assert claims(shown) == ["table2.pr.ism", *table.index[:-1]]
    assert texts(shown, "#shown") == ["9 of 9 statements"]
    assert proofs(shown) == []
    row = ["Results, L240", "Response rate.", "78.2%", "78.2% 43 of 55", "reproduced", "response"]
    assert texts(shown, "#results\\.all td") == row
    assert texts(shown, "#methods\\.dose td:nth-child(4)") == ["a rule of the study"]
    assert texts(shown, "#results\\.ism td:nth-child(2)") == ["Response rate. ISM (indolent systemic mastocytosis)"]
    assert texts(shown, "#table2\\.mr\\.ism td:nth-child(3)") == ["1 patient"]  # one is no plural


def test_filters_by_verdict_section_population_alone_and_together(shown):
    shown.click("#counts .contradicts")
    assert claims(shown) == ["highlights.n", "results.idiopathic"]
    shown.click("#counts .truncated")
    assert claims(shown) == ["highlights.n", "results.idiopathic", "table2.mr.cm"]
    choose(shown, "section", "results")
    assert claims(shown) == ["results.idiopathic"]
    choose(shown, "population", "ISM")
    assert claims(shown) == []
    assert texts(shown, "#shown") == ["0 of 9 statements"]
    assert texts(shown, "#none") == ["No statement passes all of these filters."]
    shown.click("#counts .contradicts")
    shown.click("#counts .truncated")
    assert claims(shown) == ["results.ism"]
    shown.click("#clear")
    assert len(claims(shown)) == 9
    assert shown.evaluate("location.hash") == ""
    assert focus(shown, "id") == "search"
    assert seen(shown, "#clear", "id") == []


def test_search_finds_all_words_anywhere_in_a_row_and_its_proof(shown):
    shown.click("#search")
    shown.type("RESPONSE rate")
    assert claims(shown) == ["results.all", "results.ism", "results.idiopathic"]
    shown.type(" 14")
    assert claims(shown) == ["results.idiopathic"]
    assert texts(shown, "#shown") == ["1 of 9 statements"]
    shown.press("Escape")
    assert len(claims(shown)) == 9


def test_a_proof_unfolds_by_mouse_with_its_set_and_the_hypothesis_apart(shown):
    shown.click("#highlights\\.n .unfold")
    assert proofs(shown) == ["highlights.n"]
    (proof,) = texts(shown, "#highlights\\.n--proof")
    assert "Printed is 56; the others leave only 55." in proof
    assert "These 2 statements cannot hold together; either can without the other:" in proof
    assert "Abstract, L92: Patients. 55 patients" in proof
    assert texts(shown, "#highlights\\.n--proof .hypothesis")[0].startswith("Hypothesis, no part of the proof.")
    shown.click("#highlights\\.n td:nth-child(2)")
    assert proofs(shown) == []
    shown.click("#results\\.all td:nth-child(2)")
    assert proofs(shown) == []


def test_selecting_text_unfolds_no_proof_and_a_filter_hides_it_with_its_row(shown):
    cell = "document.getElementById('highlights.n').cells[1]"
    shown.evaluate(f"getSelection().selectAllChildren({cell}), {cell}.click()")
    assert proofs(shown) == []
    shown.evaluate("getSelection().empty()")
    shown.click("#highlights\\.n .unfold")
    for found in ([], ["highlights.n"]):
        shown.click("#counts .reproduced")
        assert proofs(shown) == found


def test_everything_can_be_done_with_the_keyboard(shown):
    shown.press("Tab", 11)  # the links at the top and of the contradictions, three verdicts
    assert focus(shown, "value") == "contradicts"
    assert shown.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    shown.press(" ")
    assert claims(shown) == ["highlights.n", "results.idiopathic"]
    shown.press("Tab", 4)  # the two other verdicts, what they mean
    assert focus(shown, "id") == "section"
    shown.press("ArrowDown")
    assert claims(shown) == ["highlights.n"]
    shown.press("Tab", 2)
    shown.type("earlier")
    assert claims(shown) == ["highlights.n"]
    shown.press("Tab", 3)  # clear, place, verdict
    assert focus(shown, "getAttribute('aria-expanded')") == "false"
    for key in ("Enter", " ", "Enter"):
        shown.press(key)
    assert proofs(shown) == ["highlights.n"]
    assert focus(shown, "getAttribute('aria-expanded')") == "true"
    shown.press("Tab", 3)  # notebook, the two members
    shown.press("Enter")
    assert focus(shown, "closest('[id]').id") == "abstract.n"
    assert len(claims(shown)) == 9


def test_no_place_holds_the_focus(shown):
    """Forwards from the top every stop is another one, until the page is left; backwards the same."""
    stops = "a, button, input, select, summary"
    number = f"[...document.querySelectorAll('{stops}')].indexOf(document.activeElement)"
    order = []
    for _ in seen(shown, stops, "id"):
        shown.press("Tab")
        order.append(shown.evaluate(number))
    assert order == sorted(set(order)) and order[0] == 0 and -1 not in order
    for place in reversed(order[:-1]):
        shown.press("Tab", shift=True)
        assert shown.evaluate(number) == place


def test_the_address_keeps_the_filters(shown, file):
    shown.click("#counts .reproduced")
    choose(shown, "section", "results")
    choose(shown, "population", "ISM")
    shown.click("#search")
    shown.type("rate 82")
    shown.open(file, shown.evaluate("location.hash"))
    assert claims(shown) == ["results.ism"]
    assert seen(shown, "#section, #population, #search", "value") == ["results", "ISM", "rate 82"]
    assert seen(shown, "#counts [aria-pressed=true]", "value") == ["reproduced"]


@pytest.mark.parametrize("address", ["#section=nowhere&verdict=wrong&population=%", "#nowhere", "#%E0%A4%A", "#="])
def test_an_address_that_means_nothing_does_no_harm(window, file, address):
    window.open(file, address)
    assert len(claims(window)) == 9 and window.errors == []
    assert seen(window, "#section, #population", "selectedIndex") == [0, 0]


def test_links_between_statements_open_them_and_back_returns(shown):
    shown.click("#counts .contradicts")
    shown.click("#contradictions a[href='#highlights.n']")
    assert proofs(shown) == ["highlights.n"]
    assert claims(shown) == ["highlights.n", "results.idiopathic"]
    shown.click("#highlights\\.n--proof a[href='#abstract.n']")
    assert len(claims(shown)) == 9
    assert seen(shown, ".here", "id") == ["abstract.n"]
    shown.evaluate("new Promise((done) => { addEventListener('hashchange', done, {once: true}); history.back(); })")
    assert claims(shown) == ["highlights.n", "results.idiopathic"]


@pytest.mark.parametrize("address", ["#results.idiopathic", "#statement=results.idiopathic&section=results"])
def test_an_address_of_a_statement_opens_it(window, file, address):
    window.open(file, address)
    assert proofs(window) == ["results.idiopathic"]
    assert focus(window, "closest('tr').id") == "results.idiopathic"
    assert focus(window, "getAttribute('aria-expanded')") == "true"


def test_parts_of_the_page_are_reached_without_losing_the_filters(shown):
    shown.click("#counts .contradicts")
    shown.click("nav a[href='#unused']")
    assert len(claims(shown)) == 2
    assert focus(shown, "id") == "unused"
    shown.press("Tab")
    shown.press("Enter")
    assert texts(shown, "#unused .values li") == ["biology.<tryptase>", "response.cr.cm"]


def test_contradictions_are_listed_for_a_report_and_markup_stays_text(shown):
    assert texts(shown, ".report tbody tr") == [
        "Highlights, L70 Patients. 56 patients Abstract, L92 (55 patients) Printed is 56; the others leave only 55.",
        "Results, L246 Response rate. 68.7% itself No whole number of 14 fits.",
    ]
    # Markup stays text.
    assert shown.evaluate("document.title").startswith("Verdicts")
    for name in ("pr", "mr"):
        assert MARKUP in texts(shown, f"#table2\\.{name}\\.ism")[0]
    assert seen(shown, "b[onclick]", "id") == []


@pytest.mark.parametrize("width", [360, 900, 901, 1200])
def test_nothing_is_cut_off_at_any_width(window, file, width):
    window.open(file, "", width=width, height=740)
    for button in ("highlights\\.n", "results\\.idiopathic", "table2\\.mr\\.cm"):
        window.click(f"#{button} .unfold")
    window.click(".meanings summary")
    assert window.evaluate("document.documentElement.scrollWidth") == width
    every = "[...document.querySelectorAll('main *')]"
    assert window.evaluate(f"{every}.filter((e) => e.getBoundingClientRect().right > innerWidth).length") == 0
    assert min(window.evaluate(f"{every}.map((e) => parseFloat(getComputedStyle(e).fontSize))")) >= 12
    # No heading is broken into two lines.
    assert width <= 900 or max(seen(window, "#verdicts th", "offsetHeight")) < 45


def test_on_a_telephone_rows_are_cards_that_can_be_filtered(window, file):
    window.open(file, "#verdict=contradicts", width=360, height=740)
    assert claims(window) == ["highlights.n", "results.idiopathic"]
    cell = "getComputedStyle(document.querySelector('#highlights\\\\.n td'), '::before').content"
    assert window.evaluate(cell) == '"Place"'
    assert len(set(seen(window, "#highlights\\.n td", "getBoundingClientRect().left"))) == 1


def test_without_a_script_all_is_there_to_read(window, file):
    window.open(file, scripts=False)
    assert len(claims(window)) == 9
    assert seen(window, "#filters", "id") == []
    assert window.evaluate("document.querySelectorAll('button:enabled').length") == 1  # that of the hidden filters
    assert proofs(window) == []
    window.click("#highlights\\.n--proof summary")
    assert proofs(window) == ["highlights.n"]


def test_in_print_every_proof_is_unfolded(shown):
    shown.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert proofs(shown) == ["highlights.n", "results.idiopathic", "table2.mr.cm"]
        assert seen(shown, "#filters", "id") == []
        # A sheet of paper is narrower than many screens, and shows the table all the same.
        shown.call("Emulation.setDeviceMetricsOverride", width=700, height=900, deviceScaleFactor=1, mobile=False)
        assert shown.evaluate("getComputedStyle(document.querySelector('td')).display") == "table-cell"
        assert shown.evaluate("document.documentElement.scrollWidth") == 700
    finally:
        shown.call("Emulation.setEmulatedMedia", media="")
