"""Markup that somebody wrote into a cell, seen by a real browser on every page that prints texts of a cohort."""

import pandas as pd
import pytest

from analysis import schema
from analysis.cohort import from_tables
from analysis.criteria import PAPER
from analysis.safety import event_table
from compendium.centre.disclosure.study_cells import shared_numbers
from compendium.centre.intake.checking import check_cohort
from compendium.reporting.check_report import check_files
from compendium.reporting.display import table
from compendium.reporting.pages import page
from compendium.reporting.result_rows import event_rows
from compendium.reporting.shared_tables import shared_safety
from tests.browser import Browser, find_browser
from tests.cohorts import random_tables, write_cohort

MARKUP = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script><b>term</b>"

pytestmark = pytest.mark.skipif(not find_browser(), reason="needs Chromium or Chrome")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(find_browser(), tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


def seen(browser, path, content):
    """Give the title, the text and the number of elements that only the markup could have made."""
    path.write_text(content, encoding="utf-8")
    browser.open(path)
    made = browser.evaluate("document.querySelectorAll('img, script, b:not(.note)').length")
    return browser.evaluate("document.title"), browser.evaluate("document.body.innerText"), made


@pytest.fixture(scope="module")
def tables():
    tables = random_tables(40, seed=5)
    events = tables["adverse_events"].drop_duplicates("patient_id")
    return tables | {"adverse_events": events.assign(term=MARKUP)}


def test_in_the_table_of_adverse_events_and_in_the_one_to_share(browser, tmp_path, tables):
    typed = {name: schema.with_types(name, pd.DataFrame(frame)) for name, frame in tables.items()}
    cohort = from_tables(typed)
    for made in (
        table(cohort, PAPER, event_rows(event_table(cohort)), "adverse events"),
        shared_safety(shared_numbers(cohort, PAPER, 1)),
    ):
        title, text, elements = seen(browser, tmp_path / "page.html", page(made, "A page"))
        assert title == "A page" and elements == 0
        assert MARKUP.lower() in text.lower()


def test_in_the_report_of_a_check(browser, tmp_path, tables):
    patients = tables["patients"].assign(sex=MARKUP)
    folder = write_cohort(tables | {"patients": patients}, tmp_path / "cohort")
    content = check_files(check_cohort(folder))["check.html"].decode()
    title, text, elements = seen(browser, tmp_path / "check.html", content)
    assert title == "Check of a cohort" and elements == 0
    assert MARKUP in text


def test_the_browser_would_obey_it(browser, tmp_path):
    title, _, elements = seen(browser, tmp_path / "plain.html", f"<title>A page</title>{MARKUP}")
    assert title == "run" and elements == 3
