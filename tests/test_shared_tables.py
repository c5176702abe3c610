"""The shared tables as a reader gets them: no small count stands in them, and none can be worked out from them."""

import re
from dataclasses import replace
from functools import cache
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from analysis import schema
from analysis.cohort import from_tables, restrict
from analysis.criteria import PAPER
from analysis.tables import table_1, table_2
from compendium.centre.disclosure.cells import Cells, sums_to
from compendium.centre.disclosure.study_cells import safety_cells, shared_numbers
from compendium.reporting.outputs import save_table
from compendium.reporting.rendering import HIDDEN, shared_csv, shared_safety, shared_table_1, shared_table_2
from tests.cohorts import random_cohort, random_tables
from tests.places import MADE, shipped_cohort
from tests.reader import Reader
from tests.test_disclosure import SecondAttacker

RENDER = {"table_1": shared_table_1, "table_2": shared_table_2, "safety": shared_safety}
COHORTS = [(3, 1), (14, 3), "shipped"]
COHORTS += [pytest.param(one, marks=pytest.mark.long) for one in ((8, 2), (40, 4), (55, 5), (300, 6))]
GONE = ("last.nr", "last.loss_of_response", "last.intolerance", "last.lost_to_follow_up")
SUMS = (  # whole and parts among the rows of Table 2; N is the number of patients
    ("best.orr", ("best.cr", "best.mr", "best.pr")),
    ("N", ("best.orr", "best.nr")),
    ("last.persistent_orr", ("last.cr", "last.mr", "last.pr")),
    ("last.no_persistent_response", GONE),
    ("N", ("last.persistent_orr", "last.no_persistent_response")),
    ("best.nr", ("last.nr",)),
)


def body(page):
    return [[cell.strip("\u2007 ") for cell in row] for row in page.rows if len(row) > 1]


def said(page):
    return " ".join(" ".join(page.words).split())


def files(shared, folder):
    """Write the shared files, and read them again as their reader does."""
    csv, html = {}, {}
    for name, render in RENDER.items():
        numbers = getattr(shared, name)
        for path in save_table(shared_csv(numbers), render(shared), name.replace("_", "-"), folder, MADE):
            if path.suffix == ".csv":
                csv[name] = pd.read_csv(path, keep_default_na=False, na_values={"n": [""], "denominator": [""]})
            else:
                html[name] = Reader(path.read_text(encoding="utf-8"))
    return csv, html


SHIPPED = shipped_cohort()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Cohort, CSV and HTML of the shipped cohort, or of a random one by size and seed."""

    @cache
    def make(which):
        cohort = SHIPPED if which == "shipped" else random_cohort(*which)
        shared = shared_numbers(cohort)
        return cohort, *files(shared, tmp_path_factory.mktemp("shared")), shared

    return make


@pytest.fixture(params=COHORTS, ids=str)
def made(request, written):
    return written(request.param)[:3]


def test_no_small_count_stands_in_the_csv_or_the_page(made):
    for table in made[1].values():
        assert not (table[["n", "denominator"]] < 5).any(axis=None)
        missing = table["hidden"].str.split().map(lambda found: "n" in found)
        assert (missing == table["n"].isna()).all()
        # What is computed from a hidden number is hidden as well.
        numbers = [name for name in table if name == "percent" or name.endswith(("_low", "_high"))]
        either = table["n"].isna() | (table["denominator"].isna() & (table["statistic"] != "count"))
        spreads = ["median", "mean", "sd", "minimum", "maximum"]
        for rows, names in (
            ((table["statistic"] == "count_percent") & either, numbers),
            ((table["statistic"] == "ratio") & either, ["ratio"]),
            (table["n"].isna(), spreads),
        ):
            assert (table.loc[rows, names] == "").all(axis=None)
    for name, page in made[2].items():
        assert len(body(page)) > 5
        for label, *cells in body(page):
            assert all(int(size) >= 5 for size in re.findall(r"[nN]\s=\s(\d+)", " ".join([label, *cells])))
            described = re.search("Age at|Time from|Sex ratio|ng/mL, mean|UI/mL", label)
            heads = ("", HIDDEN, "Mild", "Moderate", "Severe", "Flare", "Patients (%)", "Led to stop")
            for cell in () if described else cells:
                counts = re.fullmatch(r"(\d+)(?: \((?:100|\d+\.\d)\))?", cell)
                assert cell in heads or "N" in cell or (counts and int(counts[1]) >= 5), (name, label, cell)
        assert not re.search(r"<\s*5", said(page)), "two marks would tell small counts from others"


def test_page_and_csv_hide_the_same_cells_and_all_tables_the_same_numbers(made):
    _, csv, html = made
    for name, page in html.items():
        table = csv[name]
        cells = [cell for _, *cells in body(page) for cell in cells if cell == HIDDEN]
        ratio = (table["statistic"] == "ratio") & (table["hidden"] != "")
        assert len(cells) == (table["n"].isna() | ratio).sum()
    second = csv["table_2"].groupby("column")["denominator"].max()
    count = csv["table_2"]["n"].isna().sum() + second.isna().sum()
    assert f"are hidden under one mark ({count} numbers of this table)" in said(html["table_2"])
    first = csv["table_1"].set_index("row")
    for row, column in (("primary", "primary"), ("idiopathic", "idiopathic"), ("ism", "ISM"), ("cm", "CM")):
        assert pd.isna(first.at[f"classification.{row}", "n"]) == pd.isna(second[column])
    everyone = pd.isna(second["all"])
    assert pd.isna(first.at["classification.primary", "denominator"]) == everyone
    for page in html.values():
        assert ("N hidden" in said(page).split("Idiopathic")[0].split("Primary MCAS")[0]) == everyone


def test_the_csv_of_table_2_gives_no_small_count_away(made):
    """A reader who has only that file, and adds and subtracts."""
    cohort, csv, _ = made
    columns = list(dict.fromkeys(csv["table_2"]["column"]))

    def numbers(table):
        sizes = table.groupby("column")["denominator"].max()
        rows = table.set_index(table["row"] + "/" + table["column"])["n"]
        return pd.concat([sizes.set_axis("N/" + sizes.index.astype(str)), rows])

    values, shown = numbers(table_2(cohort)), numbers(csv["table_2"])
    sums = [sums_to(f"{whole}/{one}", [f"{part}/{one}" for part in parts]) for one in columns for whole, parts in SUMS]
    for row in ("N", *csv["table_2"]["row"].unique()):
        sums.append(sums_to(f"{row}/all", [f"{row}/primary", f"{row}/idiopathic"]))
        sums.append(sums_to(f"{row}/primary", [f"{row}/ISM", f"{row}/CM", f"{row}/MMAS"]))
    hidden, small = set(shown.index[shown.isna()]), set(values.index[values < 5])
    second = SecondAttacker(Cells(values.to_dict(), tuple(sums)), hidden)
    assert small and small <= hidden
    assert all(second.possible(cell, value) for cell in small for value in (0, 4))


@pytest.mark.parametrize("kind", ["n", "denominator"])
def test_a_ratio_is_hidden_with_either_of_its_numbers(written, kind):
    shipped = written("shipped")[3]
    numbers = shipped.table_1.copy()
    numbers.loc[numbers["row"] == "general.sex_ratio", [kind, "ratio", "hidden"]] = [pd.NA, np.nan, kind]
    page = shared_table_1(replace(shipped, table_1=numbers)).as_raw_html()
    assert ["Sex ratio (M/F)", HIDDEN] in body(Reader(page))


def test_nothing_is_hidden_below_0_and_zeros_alone_below_1(tmp_path):
    cohort = random_cohort(30, seed=3)
    csv, html = files(shared_numbers(cohort, PAPER, 0), tmp_path)
    for name, numbers in (("table_1", table_1(cohort)), ("table_2", table_2(cohort))):
        text = pd.read_csv(StringIO(numbers.to_csv(index=False)))
        again = pd.read_csv(StringIO(csv[name].drop(columns=["cohort", "hidden"]).to_csv(index=False)))
        pd.testing.assert_frame_equal(again, text, check_dtype=False)
    assert not any(HIDDEN in said(page) for page in html.values())
    named = set(cohort.adverse_events["term"])
    assert {row.split(".")[1] for row in csv["safety"]["row"] if row.startswith("event.")} == named
    kept = shared_numbers(cohort, PAPER, 1).table_2.merge(table_2(cohort), on=["row", "column"])
    assert (kept.loc[kept["n_y"] == 0, "n_x"].isna()).all() and (kept["n_y"] == 0).any()
    assert ((kept["n_x"] < 5) & (kept["n_x"] > 0)).any()


def test_events_of_few_patients_are_not_named(tmp_path):
    tables = random_tables(60, seed=4)
    terms = ["zzz <b>common</b>"] * 7 + ["aaa common"] * 5 + ["odd case"] * 4 + ["single case"]
    events = pd.DataFrame({"patient_id": tables["patients"]["patient_id"].iloc[: len(terms)], "term": terms})
    events = events.assign(severity="mild", flare="no", onset_months=0.0, led_to_stop="no", detail=None)
    tables["adverse_events"] = schema.with_types("adverse_events", events)
    cohort = from_tables(tables)
    csv, html = files(shared_numbers(cohort), tmp_path)
    text = said(html["safety"])
    assert "Odd case" not in text and "Single case" not in text and "odd case" not in "".join(csv["safety"]["row"])
    # In the order of the alphabet: that of frequency would tell between which counts a hidden one lies.
    assert text.index("Aaa common") < text.index("Zzz <b>common</b>")
    true = safety_cells(cohort, 5).set_index(["row", "column"])["n"]
    assert true["event.zzz <b>common</b>", "n"] == 7 and true["event:other", "n"] == 5 and true["event:all", "n"] == 17
    assert true["event:other", "mild"] == 5 and true["event:all", "severe"] == 0
    # Of 7 mild events, to hide that none was moderate takes to hide the mild ones rather than the sum.
    row = csv["safety"].set_index(["row", "column"])["n"]
    assert row["event.zzz <b>common</b>", "n"] == 7 and pd.isna(row["event.zzz <b>common</b>", "moderate"])


def test_how_many_were_evaluated_is_said_even_if_it_equals_a_hidden_number(written):
    labels = [row[0] for row in body(written((3, 1))[2]["table_1"])]
    assert "KIT mutation at codon 816 (n hidden)" in labels and "Tryptase, ng/mL, mean (n hidden)" in labels
    # 8 patients, none of them idiopathic: who knew that 8 were evaluated of all, and all, would know that.
    _, csv, html, _ = written((8, 2))
    table = csv["table_1"].set_index("row")
    assert pd.isna(table.at["presentation.skin", "denominator"])
    assert table.at["presentation.bone_marrow", "denominator"] == 8
    assert any(row[0].startswith("Involved bone marrow (n\u00a0=\u00a08)") for row in body(html["table_1"]))


@pytest.mark.parametrize("population", ["primary", "ISM", "MMAS", "idiopathic"])
def test_a_population_has_no_columns_that_are_empty_by_definition(population, tmp_path):
    csv, _ = files(shared_numbers(restrict(random_cohort(40, seed=9), population)), tmp_path)
    expected = {"primary": ["primary", "ISM", "CM", "MMAS"]}.get(population, [population])
    assert list(dict.fromkeys(csv["table_2"]["column"])) == expected
    assert set(csv["table_1"]["column"]) == {population}
    assert ("classification.cm" in set(csv["table_1"]["row"])) == (population == "primary")
    assert not any((table[["n", "denominator"]] < 5).any(axis=None) for table in csv.values())


def test_the_shipped_cohort(written):
    _, csv, html, _ = written("shipped")
    rows = {row[0]: row[1:] for row in body(html["table_1"])}
    assert rows["Primary MCAS"] == ["41 (74.5)"] and rows["Sex ratio (M/F)"] == ["0.45"]
    assert rows["Rapamycin"] == rows["Interferon"] == [HIDDEN] and rows["Imatinib"] == ["5 (9.1)"]
    assert rows["Multifocal dense mast cell infiltrates (n\u00a0=\u00a023)"] == ["13 (56.5)"]
    head = said(html["table_2"])
    assert "MMAS (N hidden)" in head and "All patients (N = 55)" in head
    table = csv["table_2"].set_index(["row", "column"])
    assert table.xs("MMAS", level="column")["n"].isna().all()
    assert table.at[("best.orr", "all"), "n"] == 43 and table.at[("best.cr", "all"), "hidden"] == "n"


@pytest.mark.parametrize(("n", "seed"), [(68, 596642), (36, 336150)])
def test_that_everybody_had_one_event_gives_no_reason_for_stopping_away(n, seed):
    # If 21 events are those of 21 patients, 8 who stopped for an event and 8 who stopped for fatigue are the same.
    shown = shared_numbers(random_cohort(n, seed=seed), hide_below=3).safety.set_index(["row", "column"])["n"]
    stops = shown.xs("led_to_stop", level="column").drop("event:all")
    everybody_once = shown["event:all", "n"] == shown["patients.patients_with_event", "n"]
    for_event = shown["patients.stopped_for_event", "n"]
    assert stops.isna().any()
    assert not (everybody_once and pd.notna(for_event) and stops.sum() == for_event)
