"""Tables 1 and 2 as pages, and what the pages are made of."""

import shutil

import jinja2
import pandas as pd
import pytest

from analysis.characteristics import COLUMNS
from analysis.tables import table_1, table_2
from compendium.reporting import pages, rendering
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.workflow.freshness import Digests
from tests.case_files import DATA
from tests.cohorts import random_cohort
from tests.places import ROOT
from tests.reader import Reader

CHARACTERISTICS = pd.read_csv(DATA / "characteristics.csv", dtype={"n": "Int64", "denominator": "Int64"})
CHARACTERISTICS = CHARACTERISTICS.reindex(columns=COLUMNS).assign(column="all")


def read_1(frame):
    return Reader(rendering.render_table_1(frame).as_raw_html())


def read_2(frame, *caveats):
    return Reader(rendering.render_table_2(frame, caveats).as_raw_html())


def test_table_1_prints_each_statistic_with_headings_levels_and_notes():
    read = read_1(CHARACTERISTICS)
    for label, cell in {
        "Age, years, median (range)": "41.5 (2–87)",
        "Time, median (range)": "3 years (2 months – 37 years)",
        "Sex ratio": "0.45",
        "ISM": "29 (52.7)",
        "KIT & <b>": "5",
        "KIT mutation (n\u00a0=\u00a049)": "27 (55.1)",
        "Not done (n\u00a0=\u00a00)": "–",
        "Total IgE, mean (range) (n\u00a0=\u00a015)": "151.3 (2–1616)",
        "Tryptase, mean (range) (n\u00a0=\u00a00)": "–",
    }.items():
        assert read.row(label) == [cell]
    # Counts stand under one another.
    cells = [row[1] for row in read.rows if len(row) == 2]
    assert "29 (52.7)" in cells and "\u20075" in cells and "0.45" in cells
    assert ["", "All patients (N = 55)"] in read.rows and ["WHO 2016 criteria"] in read.rows
    assert (read.levels["ISM"], read.levels["KIT & <b>"], read.levels["Not done (n\u00a0=\u00a00)"]) == (0, 1, 2)
    notes = read.text()
    assert "table-1" in read.ids
    assert rendering.EVALUATED_NOTE in notes
    assert "IgE: immunoglobulin E; ISM: indolent systemic mastocytosis; WHO: World Health Organization." in notes
    assert "ORR" not in notes and RECONSTRUCTED_NOTE not in notes
    everyone = CHARACTERISTICS[CHARACTERISTICS["row"].isin(["general.age", "classification.ism"])]
    assert rendering.EVALUATED_NOTE not in read_1(everyone).text()


def test_table_2_has_the_columns_of_the_paper():
    cohort = random_cohort(60, seed=5)
    read = read_2(table_2(cohort), RECONSTRUCTED_NOTE)
    sizes = cohort.patients["diagnosis"].value_counts()
    primary = [f"{name} (N = {sizes[name]})" for name in ("ISM", "CM", "MMAS")]
    assert [f"All (N = {60 - sizes['idiopathic_MCAS']})", *primary] in read.rows
    spanner = next(row for row in read.rows if "All patients (N = 60)" in row)
    idiopathic = f"Idiopathic MCAS (N = {sizes['idiopathic_MCAS']})"
    assert [cell.strip() for cell in spanner] == ["", "All patients (N = 60)", "Primary MCAS", idiopathic]
    assert RECONSTRUCTED_NOTE in read.text()
    assert sum(len(row) == 7 for row in read.rows) == 14


def test_a_population_alone_and_empty_columns():
    # In a cohort of CM alone, ISM, MMAS and idiopathic MCAS have nobody: no column, and a line that says so.
    read = read_2(table_2(random_cohort(8, seed=1, population="CM")))
    assert "(N = 0)" not in read.text() and ["All (N = 8)", "CM (N = 8)"] in read.rows
    assert "Left out, having no patient: ISM, MMAS, Idiopathic MCAS." in read.text()
    everybody, primary, cm = read.row("Overall response rate (ORR)")
    assert everybody == primary == cm != "–"
    only = table_2(random_cohort(30, seed=2)).query("column == 'primary'")
    assert any(row[-1].startswith("Primary MCAS (N = ") for row in read_2(only).rows)


@pytest.mark.parametrize("population", ["all", "ISM", "idiopathic"])
def test_tables_of_any_population_are_safe_pages(population):
    cohort = random_cohort(12, seed=3, population=population)
    for render, frame in ((rendering.render_table_1, table_1(cohort)), (rendering.render_table_2, table_2(cohort))):
        before = frame.copy(deep=True)
        tables = (render(frame, [RECONSTRUCTED_NOTE]).as_raw_html() for _ in range(2))
        text, again = (pages.render("table.html", title="A & B", table=table) for table in tables)
        pd.testing.assert_frame_equal(frame, before)
        assert text == again
        read = Reader(text)
        assert len(read.ids) == len(set(read.ids))
        assert read.loaded == [] and not {"script", "link", "iframe", "img"} & set(read.tags) and "url(" not in text
        assert "<title>A &amp; B</title>" in text and text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("render", "frame", "message"), [
    ("1", CHARACTERISTICS.replace({"statistic": {"ratio": "mode"}}), "statistic 'mode' is unknown; allowed are co"),
    ("2", CHARACTERISTICS, "section 'classification' is unknown; allowed are best, last"),
    ("1", pd.concat([CHARACTERISTICS, CHARACTERISTICS.assign(column="CM")]), "Table 1 has one column"),
])  # fmt: skip
def test_unknown_statistic_section_or_shape_is_named(render, frame, message):
    with pytest.raises(ValueError, match=message):
        getattr(rendering, f"render_table_{render}")(frame)


def test_a_template_escapes_texts_and_misses_none():
    assert str(pages.parts().head("<b>", "N = 1")) == "&lt;b&gt;<br>(N = 1)"
    assert str(pages.parts().note("<b> & 'x'")) == "<span class=\"note\">&lt;b&gt; &amp; 'x'</span>"
    with pytest.raises(jinja2.UndefinedError, match="'verdict' is undefined"):
        pages.render("check.html", tables=[])


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The sources and notebooks in a place where they can be changed."""
    root = tmp_path_factory.mktemp("project")
    for name in ("analysis", "compendium", "notebooks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.parametrize(("notebook", "files"), [
    ("table-1", "base.html table.html table.css parts.html"),
    ("checklist", "base.html table.html table.css parts.html checklist.html checklist.css"),
    ("verdicts", "base.html verdicts.html verdicts.css verdicts.js"), ("explore", "explore.html"),
])  # fmt: skip
def test_a_changed_template_or_style_makes_its_notebook_stale(copy, notebook, files):
    seen = {Digests(copy).inputs(copy / f"notebooks/{notebook}.ipynb", {})}
    for number, name in enumerate(files.split(), 2):
        with (copy / "compendium/reporting/pages" / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        seen.add(Digests(copy).inputs(copy / f"notebooks/{notebook}.ipynb", {}))
        assert len(seen) == number, name
