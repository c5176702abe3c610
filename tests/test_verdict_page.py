"""The page of verdicts, read as text and used in a real browser."""

import hashlib
import html
import re
from base64 import b64decode

import pandas as pd
import pytest
from browser import Browser, find_browser

from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.verification.verdict_list import COLUMNS, PageError
from compendium.verification.verdict_page import verdict_page

MARKUP = '<script>document.title = "broken"</script><b onclick="x">&amp;'
CUT = {"verdict": "reproduced by truncation", "explanation": "4 of 11 is 36.36…, rounded 36.4, cut 36.3."}
WRONG = {"verdict": "contradicts itself"}
ABSENT = {"verdict": "not computable from patient rows", "notebook": "", "computed": ""}
RESPONSE = {"section": "results", "statement": "Response rate.", "notebook": "response.ipynb"}
CLAIMS = {
    "highlights.n": {"line": "70", "value": "56", "computed": "55", "contradicts": "highlights.n abstract.n"}
    | WRONG
    | {"explanation": "Printed is 56; the others leave only 55.", "hypothesis": "One more was counted earlier."},
    "abstract.n": {"section": "abstract", "line": "92", "value": "55", "computed": "55"},
    "results.all": {"line": "240", "value": "78.2", "computed": "78.2", "n": "43", "computed_denominator": "55"}
    | RESPONSE
    | {"unit": "percent"},
    "results.ism": {"line": "244", "value": "82.8", "computed": "82.8", "population": "ISM", "unit": "percent"}
    | RESPONSE,
    "results.idiopathic": {"line": "246", "value": "68.7", "computed": "71.4", "unit": "percent"}
    | RESPONSE
    | WRONG
    | {"population": "idiopathic", "contradicts": "results.idiopathic", "explanation": "No whole number of 14 fits."},
    "methods.dose": {"section": "methods", "line": "190", "statement": "Dose of omalizumab.", "value": "150"}
    | ABSENT
    | {"unit": "mg", "reason": "rule"},
    "table2.mr.cm": {"section": "table_2", "table_row": "Major response", "table_column": "CM", "value": "36.3"}
    | CUT
    | {"computed": "36.4", "population": "CM", "unit": "percent"},
    "table2.mr.ism": {"section": "table_2", "table_row": MARKUP, "table_column": "ISM", "value": "1"}
    | {"population": "ISM"},
    "table2.pr.ism": {"section": "table_2", "statement": MARKUP, "value": "4", "computed": "5", "population": "ISM"}
    | {"verdict": "differs", "table_row": "Partial response", "table_column": "ISM"},
}
ALIKE = dict.fromkeys(COLUMNS, "") | {
    "section": "highlights",
    "statement": "Patients.",
    "population": "all",
    "unit": "patients",
    "verdict": "reproduced",
    "notebook": "patients.ipynb",
}
UNUSED = ["response.cr.cm", "biology.<tryptase>"]


@pytest.fixture(scope="module")
def table():
    """Nine claims: 4 reproduced, 1 cut, 2 contradictory, 1 not computable, 1 differing."""
    return pd.DataFrame([ALIKE | claim for claim in CLAIMS.values()], index=pd.Index(CLAIMS, name="claim"))


@pytest.fixture(scope="module")
def page(table):
    return verdict_page(table, UNUSED, [RECONSTRUCTED_NOTE])


def test_equal_tables_are_equal_text(table, page):
    assert verdict_page(table.copy(), reversed(UNUSED), [RECONSTRUCTED_NOTE]) == page


def test_a_reconstructed_cohort_is_named_as_such(table, page):
    assert RECONSTRUCTED_NOTE in html.unescape(page)
    assert RECONSTRUCTED_NOTE not in html.unescape(verdict_page(table, UNUSED))


def test_only_the_script_and_style_of_the_page_are_allowed(page):
    for tag in ("script", "style"):
        source = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.S).group(1)
        digest = re.search(rf"{tag}-src 'sha256-(.*?)'", page).group(1)
        assert b64decode(digest) == hashlib.sha256(source.encode()).digest()
    assert not re.search(r"""\b(src|style|on\w+)=["']""", page)
    assert not re.search(r"https?:|//[a-z]", re.sub(r"^\s*//.*$", "", page, flags=re.M))


def test_links_lead_to_the_row_of_the_claims_file_and_to_the_notebook(table):
    page = verdict_page(table, [], [RECONSTRUCTED_NOTE], root="../..")
    # The heading is line 1 of the file, so the ninth claim stands in line 10; it is shown first.
    assert re.findall(r'href="(\S+#L\d+)"', page)[:2] == [
        "../../data/published/claims.csv#L10",
        "../../data/published/claims.csv#L2",
    ]
    assert '<a href="../../notebooks/response.ipynb">response</a>' in page


def test_a_wide_table_has_all_columns_of_the_claims_as_well(table, page):
    assert (
        verdict_page(table.assign(numerator=table["n"], denominator="2", note="x"), UNUSED, [RECONSTRUCTED_NOTE])
        == page
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="reason"), "lacks the column 'reason'"),
        (lambda t: t.assign(verdict="right"), "highlights.n, column verdict: 'right' is none of reproduced, .*differs"),
        (
            lambda t: t.assign(contradicts="abstract.m"),
            "highlights.n, column contradicts: there is no claim 'abstract.m'",
        ),
        (lambda t: pd.concat([t, t]), "highlights.n: this claim stands twice"),
    ],
)
def test_a_table_that_cannot_be_shown_is_refused(table, change, message):
    with pytest.raises(PageError, match=message):
        verdict_page(change(table), [], [RECONSTRUCTED_NOTE])


def test_a_paper_without_contradiction_says_so(table):
    page = verdict_page(table.loc[["abstract.n"]], [], [RECONSTRUCTED_NOTE])
    assert "None: all statements can hold together." in page
    assert "Contradictions (0)" in page


@pytest.fixture(scope="module")
def file(page, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "figures"
    folder.mkdir()
    (folder / "verdicts.html").write_text(page, encoding="utf-8")
    return folder / "verdicts.html"


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    if not find_browser():
        pytest.skip("neither Chromium nor Chrome is installed: the page was not tried in a browser")
    browser = Browser(find_browser(), tmp_path_factory.mktemp("browser") / "profile")
    yield browser
    browser.close()


@pytest.fixture
def shown(window, file):
    """Open the page afresh; at the end it must have raised no error and asked for no other file."""
    window.open(file)
    yield window
    assert window.errors == []
    assert set(window.requests) <= {file.as_uri()}


def claims(browser):
    """Name the claims that are seen."""
    seen = "[...document.querySelectorAll('tr.claim')].filter((row) => row.checkVisibility()).map((row) => row.id)"
    return browser.evaluate(seen)


def proofs(browser):
    """Name the claims whose proofs are seen."""
    names = browser.evaluate(
        "[...document.querySelectorAll('.proof p')].filter((p) => p.checkVisibility()).map((p) => p.closest('tr').id)"
    )
    return sorted({name.removesuffix("--proof") for name in names})


def text(browser, selector):
    return browser.evaluate(f"document.querySelector({selector!r}).innerText")


def choose(browser, name, value):
    browser.evaluate(
        f"(() => {{ const one = document.getElementById('{name}'); one.value = '{value}';"
        "one.dispatchEvent(new Event('input')); })()"
    )


def test_counts_stand_on_top_and_differing_claims_come_first(shown):
    counts = shown.evaluate("[...document.querySelectorAll('#counts button')].map((b) => b.innerText)")
    assert [re.sub(r"\s+", " ", count) for count in counts] == [
        "4 reproduced",
        "1 reproduced by truncation",
        "2 contradicts itself",
        "1 not computable from patient rows",
        "1 differs",
    ]
    assert claims(shown) == ["table2.pr.ism", *list(CLAIMS)[:-1]]
    assert text(shown, "#shown") == "9 of 9 statements"
    assert proofs(shown) == []


def test_a_row_shows_printed_beside_computed(shown):
    cells = shown.evaluate("[...document.getElementById('results.all').cells].map((cell) => cell.innerText)")
    assert [re.sub(r"\s+", " ", cell) for cell in cells] == [
        "Results, L240",
        "Response rate.",
        "78.2%",
        "78.2% 43 of 55",
        "reproduced",
        "response",
    ]


def test_one_patient_is_no_plural(shown):
    assert re.sub(r"\s", " ", text(shown, "#table2\\.mr\\.ism td:nth-child(3)")) == "1 patient"


def test_filters_by_verdict_section_population_alone_and_together(shown):
    shown.click("#counts .contradicts")
    assert claims(shown) == ["highlights.n", "results.idiopathic"]
    shown.click("#counts .truncated")
    assert claims(shown) == ["highlights.n", "results.idiopathic", "table2.mr.cm"]
    choose(shown, "section", "results")
    assert claims(shown) == ["results.idiopathic"]
    choose(shown, "population", "ISM")
    assert claims(shown) == []
    assert text(shown, "#shown") == "0 of 9 statements"
    assert "No statement" in text(shown, "#none")
    shown.click("#counts .contradicts")
    shown.click("#counts .truncated")
    assert claims(shown) == ["results.ism"]
    shown.click("#clear")
    assert len(claims(shown)) == 9
    assert shown.evaluate("location.hash") == ""
    assert shown.evaluate("document.activeElement.id") == "search"
    assert not shown.evaluate("document.querySelector('#clear').checkVisibility()")


def test_search_finds_all_words_anywhere_in_a_row_and_its_proof(shown):
    shown.click("#search")
    shown.type("RESPONSE rate")
    assert claims(shown) == ["results.all", "results.ism", "results.idiopathic"]
    shown.type(" 14")
    assert claims(shown) == ["results.idiopathic"]
    assert text(shown, "#shown") == "1 of 9 statements"
    shown.press("Escape")
    assert len(claims(shown)) == 9


def test_a_proof_unfolds_by_mouse_with_its_set_and_the_hypothesis_apart(shown):
    shown.click("#highlights\\.n .unfold")
    assert proofs(shown) == ["highlights.n"]
    proof = text(shown, "#highlights\\.n--proof")
    assert "Printed is 56; the others leave only 55." in proof
    assert "These 2 statements cannot hold together" in proof
    assert re.search(r"Abstract, L92: Patients. 55\spatients", proof)
    assert text(shown, "#highlights\\.n--proof .hypothesis").startswith("Hypothesis, no part of the proof.")
    shown.click("#highlights\\.n td:nth-child(2)")
    assert proofs(shown) == []
    shown.click("#results\\.all td:nth-child(2)")
    assert proofs(shown) == []


def test_text_of_a_row_can_be_selected_without_unfolding_it(shown):
    cell = "document.getElementById('highlights.n').cells[1]"
    shown.evaluate(f"getSelection().selectAllChildren({cell}), {cell}.click()")
    assert proofs(shown) == []


def test_a_filter_hides_the_proof_with_its_row(shown):
    shown.click("#highlights\\.n .unfold")
    shown.click("#counts .reproduced")
    assert proofs(shown) == []
    shown.click("#counts .reproduced")
    assert proofs(shown) == ["highlights.n"]


def test_everything_can_be_done_with_the_keyboard(shown):
    focus = (
        "(document.activeElement.value || document.activeElement.closest('[id]')?.id || document.activeElement.href)"
    )
    shown.press("Tab", 3)  # the links at the top
    shown.press("Tab", 3)
    assert shown.evaluate(focus) == "contradicts"
    assert shown.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    shown.press(" ")
    assert claims(shown) == ["highlights.n", "results.idiopathic"]
    shown.press("Tab", 3)  # the two other verdicts, what they mean
    shown.press("Tab")
    assert shown.evaluate("document.activeElement.id") == "section"
    shown.press("ArrowDown")
    assert claims(shown) == ["highlights.n"]
    shown.press("Tab", 2)
    shown.type("earlier")
    assert claims(shown) == ["highlights.n"]
    shown.press("Tab", 3)  # clear, place, verdict
    assert shown.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    for key in ("Enter", " ", "Enter"):
        shown.press(key)
    assert proofs(shown) == ["highlights.n"]
    assert shown.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    shown.press("Tab", 3)  # notebook, the two members
    shown.press("Enter")
    assert shown.evaluate(focus) == "abstract.n"
    assert len(claims(shown)) == 9


def test_no_place_holds_the_focus(shown):
    """Forwards from the top every stop is another one, until the page is left; backwards the same."""
    number = "[...document.querySelectorAll('a, button, input, select, summary')].indexOf(document.activeElement)"
    stops = (
        "[...document.querySelectorAll('a, button, input, select, summary')].filter((e) => e.checkVisibility()).length"
    )
    expected = shown.evaluate(stops)
    order = []
    for _ in range(expected):
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
    address = shown.evaluate("location.hash")
    shown.open(file, address)
    assert claims(shown) == ["results.ism"]
    assert shown.evaluate("['section', 'population', 'search'].map((id) => document.getElementById(id).value)") == [
        "results",
        "ISM",
        "rate 82",
    ]
    assert shown.evaluate("document.querySelector('#counts [aria-pressed=true]').value") == "reproduced"


@pytest.mark.parametrize("address", ["#section=nowhere&verdict=wrong&population=%", "#nowhere", "#%E0%A4%A", "#="])
def test_an_address_that_means_nothing_does_no_harm(window, file, address):
    window.open(file, address)
    shown = len(claims(window))
    assert shown == 9 and window.errors == []
    assert window.evaluate("['section', 'population'].map((id) => document.getElementById(id).selectedIndex)") == [0, 0]


def test_links_between_statements_open_them_and_back_returns(shown):
    shown.click("#counts .contradicts")
    shown.click("#contradictions a[href='#highlights.n']")
    assert proofs(shown) == ["highlights.n"]
    assert claims(shown) == ["highlights.n", "results.idiopathic"]
    shown.click("#highlights\\.n--proof a[href='#abstract.n']")
    assert len(claims(shown)) == 9
    assert shown.evaluate("document.querySelector('.here').id") == "abstract.n"
    shown.evaluate("new Promise((done) => { addEventListener('hashchange', done, {once: true}); history.back(); })")
    assert claims(shown) == ["highlights.n", "results.idiopathic"]


def test_an_address_of_a_statement_opens_it(window, file):
    for address in ("#results.idiopathic", "#statement=results.idiopathic&section=results"):
        window.open(file, address)
        assert proofs(window) == ["results.idiopathic"]
        assert window.evaluate("document.activeElement.closest('tr').id") == "results.idiopathic"
        assert window.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"


def test_parts_of_the_page_are_reached_without_losing_the_filters(shown):
    shown.click("#counts .contradicts")
    shown.click("nav a[href='#unused']")
    assert len(claims(shown)) == 2
    assert shown.evaluate("document.activeElement.id") == "unused"
    shown.press("Tab")
    shown.press("Enter")
    assert text(shown, "#unused .values").split("\n") == ["biology.<tryptase>", "response.cr.cm"]


def test_contradictions_are_listed_for_a_report(shown):
    rows = shown.evaluate("[...document.querySelectorAll('.report tbody tr')].map((row) => row.innerText)")
    assert [re.sub(r"\s+", " ", row) for row in rows] == [
        "Highlights, L70 Patients. 56 patients Abstract, L92 (55 patients) Printed is 56; the others leave only 55.",
        "Results, L246 Response rate. 68.7% itself No whole number of 14 fits.",
    ]


def test_markup_stays_text(shown):
    assert shown.evaluate("document.title").startswith("Verdicts")
    assert MARKUP in text(shown, "#table2\\.pr\\.ism")
    assert MARKUP in text(shown, "#table2\\.mr\\.ism")
    assert shown.evaluate("document.querySelectorAll('b[onclick]').length") == 0


@pytest.mark.parametrize("width", [360, 900, 901, 1200])
def test_nothing_is_cut_off_at_any_width(window, file, width):
    window.open(file, "", width=width, height=740)
    for button in ("highlights.n", "results.idiopathic", "table2.mr.cm"):
        window.click(f"#{button.replace('.', chr(92) + '.')} .unfold")
    window.click(".meanings summary")
    assert window.evaluate("document.documentElement.scrollWidth") == width
    beyond = (
        "[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth).length"
    )
    assert window.evaluate(beyond) == 0
    sizes = "[...document.querySelectorAll('main *')].map((e) => parseFloat(getComputedStyle(e).fontSize))"
    assert min(window.evaluate(sizes)) >= 12
    heights = "[...document.querySelectorAll('#verdicts th')].map((e) => e.offsetHeight)"
    assert width <= 900 or max(window.evaluate(heights)) < 45  # no heading is broken into two lines


def test_on_a_telephone_rows_are_cards_that_can_be_filtered(window, file):
    window.open(file, "#verdict=contradicts", width=360, height=740)
    assert claims(window) == ["highlights.n", "results.idiopathic"]
    cell = "getComputedStyle(document.querySelector('#highlights\\\\.n td'), '::before').content"
    assert window.evaluate(cell) == '"Place"'
    lefts = "[...document.getElementById('highlights.n').cells].map((one) => one.getBoundingClientRect().left)"
    assert len(set(window.evaluate(lefts))) == 1


def test_without_a_script_all_is_there_to_read(window, file):
    window.open(file, scripts=False)
    assert len(claims(window)) == 9
    assert not window.evaluate("document.querySelector('#filters').checkVisibility()")
    assert window.evaluate("document.querySelectorAll('button:enabled').length") == 1  # that of the hidden filters
    assert proofs(window) == []
    window.click("#highlights\\.n--proof summary")
    assert proofs(window) == ["highlights.n"]


def test_in_print_every_proof_is_unfolded(shown):
    shown.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert proofs(shown) == ["highlights.n", "results.idiopathic", "table2.mr.cm"]
        assert not shown.evaluate("document.querySelector('#filters').checkVisibility()")
        # A sheet of paper is narrower than many screens, and shows the table all the same.
        shown.call("Emulation.setDeviceMetricsOverride", width=700, height=900, deviceScaleFactor=1, mobile=False)
        assert shown.evaluate("getComputedStyle(document.querySelector('td')).display") == "table-cell"
        assert shown.evaluate("document.documentElement.scrollWidth") == 700
    finally:
        shown.call("Emulation.setEmulatedMedia", media="")
