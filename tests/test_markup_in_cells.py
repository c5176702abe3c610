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
from tests.browser import started
from tests.cohorts import random_tables, write_cohort

MARKUP = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script><b>term</b>"

browser = pytest.fixture(started, scope="module")


@pytest.fixture
def seen(browser, tmp_path):
    """Show a page: its title, its text, and the number of elements that only the markup could have made."""

    def show(content):
        (tmp_path / "page.html").write_text(content, encoding="utf-8")
        browser.open(tmp_path / "page.html")
        made = "document.querySelectorAll('img, script, b:not(.note)').length"
        return [browser.evaluate(one) for one in ("document.title", "document.body.innerText", made)]

    return show


@pytest.fixture(scope="module")
def tables():
    tables = random_tables(14, seed=5)
    events = tables["adverse_events"].drop_duplicates("patient_id")
    return tables | {"adverse_events": events.assign(term=MARKUP)}


def test_in_the_table_of_adverse_events_and_in_the_one_to_share(seen, tables):
    cohort = from_tables({name: schema.with_types(name, pd.DataFrame(frame)) for name, frame in tables.items()})
    for made in (
        table(cohort, PAPER, event_rows(event_table(cohort)), "adverse events"),
        shared_safety(shared_numbers(cohort, PAPER, 1)),
    ):
        title, text, elements = seen(page(made, "A page"))
        assert title == "A page" and elements == 0
        assert MARKUP.lower() in text.lower()


def test_in_the_report_of_a_check(seen, tmp_path, tables):
    folder = write_cohort(tables | {"patients": tables["patients"].assign(sex=MARKUP)}, tmp_path / "cohort")
    title, text, elements = seen(check_files(check_cohort(folder))["check.html"].decode())
    assert title == "Check of a cohort" and elements == 0
    assert MARKUP in text


def test_the_browser_would_obey_it(seen):
    title, _, elements = seen(f"<title>A page</title>{MARKUP}")
    assert title == "run" and elements == 3
