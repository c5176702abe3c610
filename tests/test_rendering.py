import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from analysis.characteristics import COLUMNS
from analysis.tables import table_1, table_2
from compendium.reporting import rendering
from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.reporting.pages import page
from tests.cohorts import random_cohort


class Reader(HTMLParser):
    """Collect the text of a table row by row, the column spans, the ids and what would be loaded from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.ids, self.loaded, self.tags, self.levels = [], [], [], set(), {}
        self._cell = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.add(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.loaded += [attributes[key] for key in ("src", "href") if key in attributes]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._cell = attributes.get("class", "")
        if tag == "br":
            self.rows[-1][-1] += " "

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            level = re.search(r"gt_indent_(\d)", self._cell)
            self.levels[self.rows[-1][-1].strip()] = int(level[1]) if level else 0
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self.rows[-1][-1] += data.strip("\n")

    def row(self, label):
        (found,) = [[cell.strip("\u2007 ") for cell in row] for row in self.rows if row and row[0].strip() == label]
        return found[1:]

    def text(self):
        return "\n".join(" ".join(row) for row in self.rows)


def numbers(rows):
    """Make tidy numbers from row, label, level, column, statistic and a mapping of numbers."""
    records = [dict(zip(COLUMNS, row[:5], strict=False)) | row[5] for row in rows]
    return pd.DataFrame(records, columns=COLUMNS).astype({"n": "Int64", "denominator": "Int64"})


CHARACTERISTICS = numbers(
    [
        ("general.age", "Age, years", 0, "all", "median_range", {"n": 55, "median": 41.5, "minimum": 2, "maximum": 87}),
        ("general.time", "Time", 0, "all", "duration_range", {"n": 55, "median": 36, "minimum": 2, "maximum": 444}),
        ("general.sex", "Sex ratio", 0, "all", "ratio", {"n": 17, "denominator": 38, "ratio": 17 / 38}),
        ("classification.ism", "ISM", 0, "all", "count_percent", {"n": 29, "denominator": 55}),
        ("classification.ism.kit", "KIT & <b>", 1, "all", "count", {"n": 5, "denominator": 29}),
        ("who.kit", "KIT mutation", 0, "all", "count_percent", {"n": 27, "denominator": 49}),
        ("who.none", "Not done", 2, "all", "count_percent", {"n": 0, "denominator": 0}),
        (
            "laboratory.ige",
            "Total IgE",
            0,
            "all",
            "mean_range",
            {"n": 15, "mean": 151.25, "minimum": 2, "maximum": 1616},
        ),
        ("laboratory.no", "Tryptase", 0, "all", "mean_range", {"n": 0}),
    ]
)


def test_table_1_prints_each_statistic():
    read = Reader(rendering.render_table_1(CHARACTERISTICS).as_raw_html())
    assert read.row("Age, years, median (range)") == ["41.5 (2–87)"]
    assert read.row("Time, median (range)") == ["3 years (2 months – 37 years)"]
    assert read.row("Sex ratio") == ["0.45"]
    assert read.row("ISM") == ["29 (52.7)"]
    assert read.row("KIT & <b>") == ["5"]
    assert read.row("KIT mutation (n\u00a0=\u00a049)") == ["27 (55.1)"]
    assert read.row("Not done (n\u00a0=\u00a00)") == ["–"]
    assert read.row("Total IgE, mean (range) (n\u00a0=\u00a015)") == ["151.3 (2–1616)"]
    assert read.row("Tryptase, mean (range) (n\u00a0=\u00a00)") == ["–"]


def test_table_1_headings_levels_and_notes():
    read = Reader(rendering.render_table_1(CHARACTERISTICS).as_raw_html())
    assert ["", "All patients (N = 55)"] in read.rows
    assert ["WHO 2016 criteria"] in read.rows
    assert (read.levels["ISM"], read.levels["KIT & <b>"], read.levels["Not done (n\u00a0=\u00a00)"]) == (0, 1, 2)
    notes = read.text()
    assert rendering.EVALUATED_NOTE in notes
    assert "IgE: immunoglobulin E; ISM: indolent systemic mastocytosis; WHO: World Health Organization." in notes
    assert "ORR" not in notes and RECONSTRUCTED_NOTE not in notes
    everyone = CHARACTERISTICS[CHARACTERISTICS["row"].isin(["general.age", "classification.ism"])]
    assert rendering.EVALUATED_NOTE not in Reader(rendering.render_table_1(everyone).as_raw_html()).text()


def test_counts_stand_under_one_another():
    cells = [row[1] for row in Reader(rendering.render_table_1(CHARACTERISTICS).as_raw_html()).rows if len(row) == 2]
    assert "29 (52.7)" in cells and "\u20075" in cells and "0.45" in cells


def test_table_2_has_the_columns_of_the_paper():
    cohort = random_cohort(60, seed=5)
    read = Reader(rendering.render_table_2(table_2(cohort), caveats=[RECONSTRUCTED_NOTE]).as_raw_html())
    sizes = {
        name: int((cohort.patients["diagnosis"] == name).sum()) for name in ("ISM", "CM", "MMAS", "idiopathic_MCAS")
    }
    primary = sum(sizes.values()) - sizes["idiopathic_MCAS"]
    header = next(row for row in read.rows if row[0].startswith("All (N"))
    assert header == [
        f"All (N = {primary})",
        f"ISM (N = {sizes['ISM']})",
        f"CM (N = {sizes['CM']})",
        f"MMAS (N = {sizes['MMAS']})",
    ]
    spanner = next(row for row in read.rows if "All patients (N = 60)" in row)
    assert [cell.strip() for cell in spanner] == [
        "",
        "All patients (N = 60)",
        "Primary MCAS",
        f"Idiopathic MCAS (N = {sizes['idiopathic_MCAS']})",
    ]
    assert RECONSTRUCTED_NOTE in read.text()
    assert sum(len(row) == 7 for row in read.rows) == 14


def test_a_population_alone_and_empty_columns():
    # In a cohort of CM alone, ISM, MMAS and idiopathic MCAS have nobody: no column, and a line that says so.
    read = Reader(rendering.render_table_2(table_2(random_cohort(8, seed=1, population="CM"))).as_raw_html())
    assert "(N = 0)" not in read.text()
    assert "Left out, having no patient: ISM, MMAS, Idiopathic MCAS." in read.text()
    everybody, primary, cm = read.row("Overall response rate (ORR)")
    assert everybody == primary == cm != "–"
    only = table_2(random_cohort(30, seed=2))
    only = only[only["column"] == "primary"]
    read = Reader(rendering.render_table_2(only).as_raw_html())
    assert any(row[-1].startswith("Primary MCAS (N = ") for row in read.rows)


@pytest.mark.parametrize("population", ["all", "ISM", "idiopathic"])
def test_tables_of_any_population_are_safe_pages(population):
    cohort = random_cohort(12, seed=3, population=population)
    for render, frame in ((rendering.render_table_1, table_1(cohort)), (rendering.render_table_2, table_2(cohort))):
        before = frame.copy(deep=True)
        text = page(render(frame, [RECONSTRUCTED_NOTE]), "A & B")
        pd.testing.assert_frame_equal(frame, before)
        assert text == page(render(frame, [RECONSTRUCTED_NOTE]), "A & B")
        read = Reader(text)
        assert len(read.ids) == len(set(read.ids))
        assert read.loaded == [] and not read.tags & {"script", "link", "iframe", "img"} and "url(" not in text
        assert "<title>A &amp; B</title>" in text and text.startswith("<!DOCTYPE html>")


def test_unknown_statistic_section_or_shape_is_named():
    with pytest.raises(ValueError, match="statistic 'mode' is unknown; allowed are count_percent"):
        rendering.render_table_1(CHARACTERISTICS.replace({"statistic": {"ratio": "mode"}}))
    with pytest.raises(ValueError, match="section 'classification' is unknown; allowed are best, last"):
        rendering.render_table_2(CHARACTERISTICS)
    with pytest.raises(ValueError, match="Table 1 has one column"):
        rendering.render_table_1(pd.concat([CHARACTERISTICS, CHARACTERISTICS.assign(column="CM")]))
