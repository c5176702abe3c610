"""The page of all results: what stands on it, and that it runs and loads nothing."""

import base64
import json
import re

import pytest

from compendium.workflow.jobs import OBSERVED_JOBS
from compendium.workflow.report_page import READING_ORDER, report_page
from tests.browser import started

PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f6"
        "45400000000049454e44ae426082"
    )
).decode()

browser = pytest.fixture(started, scope="module")


def code(output):
    return {"cell_type": "code", "metadata": {}, "source": "secret = 1", "outputs": [output]}


def shown(**data):
    data = {key.replace("_", "/"): value for key, value in data.items()}
    return code({"output_type": "execute_result", "data": data})


def write(folder, name, *cells):
    """Write an executed notebook; a text is a cell of prose."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": cell} if isinstance(cell, str) else cell for cell in cells
    ]
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


@pytest.fixture
def notebooks(tmp_path):
    links = "Bars & months, see [response](response.ipynb) and [explore](explore.ipynb)."
    figure = (
        f"# Figure 2: follow-up\n\n{links}",
        code({"output_type": "stream", "name": "stdout", "text": "<script>printed</script>"}),
        shown(image_png=PIXEL, text_plain="<Image>"),
        "The numbers are in [response](response.ipynb).",
    )
    response = ("# Response\n\n## Part\n\nHow <b>many</b>.", shown(text_html="<table></table>"))
    return [write(tmp_path, "figure-e3", *figure), write(tmp_path, "response", *response)]


def test_a_long_table_folds_away_with_the_number_of_its_rows(tmp_path):
    rows = ['<tr class="gt_group_heading_row"><th>Group</th></tr>', *(f"<tr><td>{n}</td></tr>" for n in range(81))]
    for kept, folded in ((rows, 1), (rows[:-1], 0)):
        table = f"<table><thead><tr></tr></thead><tbody>{''.join(kept)}</tbody><tfoot><tr></tr></tfoot></table>"
        page = report_page("x", [], [write(tmp_path, "response", "# Response", shown(text_html=table))])
        assert page.count("<summary>Table of 81 rows</summary>") == page.count("<details>") == folded


def test_all_that_is_shown_is_on_the_page_in_reading_order_and_no_code(notebooks):
    page = report_page("14 patients & more", ["First <note>."], notebooks, ["Mapped: 1 to <M>."])
    assert "<li>Mapped: 1 to &lt;M&gt;.</li>" in page
    sections = [("response", "Response"), ("figure-e3", "Figure E3: follow-up")]
    assert re.findall(r'<section id="(.*?)"><h2>(.*?)</h2>', page) == sections
    assert re.findall(r'<li><a href="#(.*?)">(.*?)</a></li>', page) == sections
    assert page.count("<h1>14 patients &amp; more</h1>") == 1 and "<p>First &lt;note&gt;.</p>" in page
    assert "secret" not in page and "<Image>" not in page
    assert "<h3>Part</h3>" in page and "How &lt;b&gt;many&lt;/b&gt;." in page
    assert f"data:image/png;base64,{PIXEL}" in page and '<div class="wide"><table></table></div>' in page
    assert "<pre>&lt;script&gt;printed&lt;/script&gt;</pre>" in page
    # Links lead to sections of the page, or are plain text; what only leads on is left out.
    assert 'see <a href="#response">response</a> and explore.' in page
    assert "The numbers are in" not in page


def test_what_has_a_place_is_built():
    assert len(READING_ORDER) == len(set(READING_ORDER)) == 23
    assert set(READING_ORDER) <= {job.name for job in OBSERVED_JOBS}


def test_a_damaged_picture_is_named(tmp_path):
    path = write(tmp_path, "times", "# Times", shown(image_png='"><script>'))
    with pytest.raises(ValueError, match="times: a picture of the executed notebook is damaged"):
        report_page("x", [], [path])


def test_a_browser_runs_nothing_and_loads_nothing(browser, notebooks, tmp_path):
    image = "http://127.0.0.1:9/x.png"
    evil = f'<p>x</p><script>document.title="run"</script><img src="{image}">'
    notebooks.append(write(tmp_path, "safety", "# Safety", shown(text_html=evil)))
    page, plain = tmp_path / "index.html", tmp_path / "plain.html"
    page.write_text(report_page("A page", [], notebooks), encoding="utf-8")
    plain.write_text(evil, encoding="utf-8")
    browser.open(page)
    assert browser.evaluate("document.title") == "A page"
    assert browser.evaluate("document.querySelectorAll('section').length") == 3
    assert browser.evaluate("document.querySelector('figure img').naturalWidth") == 1
    forbidden = [text for text in browser.errors if image in text and "Content Security Policy" in text]
    assert len(forbidden) == 1, browser.errors
    browser.open(plain)  # where nothing forbids it, the same text does both
    assert browser.evaluate("document.title") == "run"
    assert image in browser.requests and "Content Security Policy" not in "".join(browser.errors)
