"""The reporting checklist: all items, each with a place or a reason, and a page whose links lead to the files."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

from compendium.reporting.caveats import RECONSTRUCTED_NOTE
from compendium.reporting.checklist import (
    COLUMNS,
    JUDGED,
    STATUSES,
    counts,
    read_checklist,
    render_checklist,
)
from compendium.reporting.outputs import OVERRIDE, save_table
from tests.browser import started
from tests.case_files import data_lines, escaped_lines
from tests.places import MADE, ROOT
from tests.reader import Reader

# Typed from their published forms: the items of the STROBE checklist for cohort studies (version 4, 2007), and the
# headings of SAMPL (Lang and Altman 2013) with how many of its demands each has here.
STROBE, *SAMPL = data_lines("guideline_items.txt")
WHERE = {"paper_where": "L222-L226, Table 1", "compendium_where": "analysis/criteria.py#alpha README.md"}
GOOD = dict.fromkeys(COLUMNS, "") | {"guideline": "STROBE", "item": "12a", "paper": "partly", "compendium": "met"}
GOOD |= {"section": "Methods", "topic": "Statistics", "asks": "All methods."} | WHERE
MARKUP = "<script>alert('x')</script> & <b>bold</b>"
HEADER = ",".join(COLUMNS)
UNREADABLE = "list.csv: the file cannot be read; allowed is a CSV table in UTF-8"

browser = pytest.fixture(started, scope="module")


@pytest.fixture(autouse=True)
def own_folder(monkeypatch):
    """Write where a test says, also when all notebooks are run in the same process."""
    monkeypatch.delenv(OVERRIDE, raising=False)


@pytest.fixture(scope="module")
def checklist():
    return read_checklist()


def rows(*changes):
    """Make a checklist of rows that differ from a good one."""
    return pd.DataFrame([GOOD | change for change in changes], columns=list(COLUMNS))


def written(folder, *changes):
    path = folder / "list.csv"
    rows(*changes).to_csv(path, index=False)
    return path


def test_every_item_stands_once_and_in_order(checklist):
    guideline = checklist["guideline"]
    assert checklist.loc[guideline == "STROBE", "item"].tolist() == STROBE.split()
    demands = checklist[guideline == "SAMPL"].groupby("section", sort=False).size()
    assert [f"{section} | {number}" for section, number in demands.items()] == SAMPL


def test_what_is_met_has_a_place_of_the_paper_and_what_is_not_has_a_reason(checklist):
    """The text of the manuscript has the lines 47 to 385, of which the main text begins at 86."""
    assert len(checklist) == 90
    for name in JUDGED:
        answered = checklist[name].isin(["met", "partly"])
        assert (checklist[f"{name}_where"] != "").equals(answered), name
        assert (checklist.loc[~answered, "remark"] != "").all()
    partly = checklist[list(JUDGED)].eq("partly").any(axis="columns")
    assert (checklist.loc[partly, "remark"] != "").all()
    for cell in [*checklist["paper_where"], *checklist["remark"]]:
        for first, last in re.findall(r"L(\d+)(?:-L(\d+))?", cell):
            assert 47 <= int(first) <= 385
            assert not last or int(first) < int(last) <= 385, cell


def missing_pointers(checklist, root):
    """The pointers, each once, whose file is not below the root or lacks the text after "#" as a whole word."""

    def leads_somewhere(pointer):
        name, _, text = pointer.partition("#")
        word = rf"(?<!\w){re.escape(text)}(?!\w)"
        return (root / name).is_file() and (not text or re.search(word, (root / name).read_text("utf-8", "replace")))

    pointers = dict.fromkeys(pointer for cell in checklist["compendium_where"] for pointer in cell.split())
    return [pointer for pointer in pointers if not leads_somewhere(pointer)]


def test_every_pointer_leads_somewhere(checklist):
    """A result that is not built yet is written under its name by a notebook."""
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "notebooks").glob("*.ipynb")]
    sources = "".join("".join(cell["source"]) for notebook in notebooks for cell in notebook["cells"])
    for pointer in missing_pointers(checklist, ROOT):
        assert re.fullmatch(r"figures/[\w.-]+", pointer) and f'"{Path(pointer).stem}"' in sources, pointer


@pytest.mark.parametrize("line", escaped_lines("wrong_checklist.txt"))
def test_a_damaged_row_is_refused(tmp_path, line):
    column, value, allowed = re.fullmatch("(\\w+): (.*) -> (.*)", line, re.DOTALL).groups()
    place = "remark: ''" if "reason" in allowed else f"{column}: {value!r}"
    with pytest.raises(ValueError, match=re.escape(f"list.csv, row 3, column {place}; allowed {allowed}")) as caught:
        read_checklist(written(tmp_path, {}, {"item": "12b", column: value}))
    assert len(str(caught.value).splitlines()) == 1


def test_all_problems_are_told_at_once(tmp_path):
    with pytest.raises(ValueError, match="row 2, column paper: 'x'") as caught:
        read_checklist(written(tmp_path, {"paper": "x", "topic": ""}, {"item": "?"}))
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(("content", "message"), [
    (None, UNREADABLE), (b"", UNREADABLE), (b"\xff\xfe\n1\n", UNREADABLE),
    (f"{HEADER}\n{'x,' * 12}\n{'x,' * 15}".encode(), UNREADABLE),
    (b"guideline,item\nSTROBE,1a\n", "list.csv: the columns are guideline, item; allowed are guideline, item, sec"),
    (HEADER.encode(), "list.csv: there are 0 rows; allowed is one row or more"),
    (f"{HEADER}\n{'x,' * 10}".encode(), "list.csv: the rows have more cells than the 10 columns"),
    (f"{HEADER}\n\n".encode(), "list.csv, row 2, column guideline: ''; allowed are STROBE, SAMPL"),
    (f"\ufeff{HEADER}\nSTROBE".encode(), "list.csv, row 2, column item: ''; allowed are items"),
])  # fmt: skip
def test_a_file_that_is_missing_or_of_another_kind_is_refused(tmp_path, content, message):
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(message)):
        read_checklist(path)


def test_a_good_list_is_read_as_it_is(tmp_path):
    remarks = ["NA", "None", "1.50", ""]  # texts that readers of CSV take for something else
    good = rows(*({"item": f"P{n}", "remark": text} for n, text in enumerate(remarks)), {"guideline": "SAMPL"})
    good.to_csv(tmp_path / "list.csv", index=False)
    pd.testing.assert_frame_equal(read_checklist(tmp_path / "list.csv"), good)
    assert len(read_checklist(written(tmp_path, {}, {"guideline": "SAMPL"}))) == 2  # both have an item of this name
    assert read_checklist(written(tmp_path, {"item": "2"}))["item"].tolist() == ["2"]


def test_counts(checklist):
    table = counts(rows({}, {"paper": "met"}, {"guideline": "SAMPL", "paper": "not met", "compendium": "partly"}))
    assert list(table.columns) == ["guideline", "judged", *STATUSES, "items"]
    assert table.to_numpy().tolist() == [
        ["STROBE", "paper", 1, 1, 0, 0, 2],
        ["STROBE", "compendium", 2, 0, 0, 0, 2],
        ["SAMPL", "paper", 0, 0, 1, 0, 1],
        ["SAMPL", "compendium", 0, 1, 0, 0, 1],
    ]
    assert (counts(checklist)[list(STATUSES)].sum(axis="columns") == counts(checklist)["items"]).all()
    assert counts(checklist)["items"].tolist() == [34, 34, 56, 56]


def test_bars_tell_the_numbers_and_rows_have_mark_word_and_place():
    bars = re.findall(
        r'<div class="bar">.*?</div>', render_checklist(rows({}, {"compendium": "not met"})).as_raw_html()
    )
    assert [re.findall(r">([^<>]+)<", bar) for bar in bars] == [
        ["Guideline (items)", "✓ met", "~ partly", "✗ not met", "– not applicable"],
        ["STROBE (2): paper", "~ 2"],
        ["STROBE (2): compendium", "✓ 1", "✗ 1"],
    ]
    table = render_checklist(rows({}), root="../..").as_raw_html()
    paper, compendium = re.findall(r'gt_left">(.*?)</td>', table)
    assert "STROBE. Methods</th>" in table
    assert paper.endswith("~ partly</b><small>L222–\u2060L226, Table 1</small>")
    assert "✓ met</b><small><a " in compendium
    assert re.findall('href="([^"]+)"', compendium) == ["../../analysis/criteria.py", "../../README.md"]
    assert "criteria.py (alpha)</a>" in compendium


def test_every_item_is_on_the_page_with_both_judgements_and_links_to_the_files(checklist, table):
    text = table.as_raw_html()
    read = Reader(text)
    assert "<small></small>" not in text
    items = [row for row in read.rows if len(row) == 4][1:]
    for row, item in zip(items, checklist.itertuples(), strict=True):
        assert row[0] == item.item + item.topic + item.asks
        assert row[1].startswith(f"{STATUSES[item.paper]} {item.paper}")
        assert row[2].startswith(f"{STATUSES[item.compendium]} {item.compendium}")
    assert read.rows[-1] == [RECONSTRUCTED_NOTE]
    assert len(set(read.ids)) == len(read.ids)
    assert len(read.loaded) > 100
    assert all(link.startswith("../") and not link.startswith("../..") for link in read.loaded)
    pointers = " ".join(checklist["compendium_where"]).split()
    assert {unquote(link).removeprefix("../") for link in read.loaded} == {one.split("#")[0] for one in pointers}


@pytest.mark.parametrize("column", ["section", "topic", "asks", "remark", "paper_where"])
def test_markup_in_a_text_stays_text(column):
    read = Reader(render_checklist(rows({column: MARKUP}, {"item": "12b", column: MARKUP}), [MARKUP]).as_raw_html())
    assert "script" not in read.tags
    assert MARKUP in read.text()
    assert read.rows[-1] == [MARKUP]


@pytest.fixture(scope="module")
def table(checklist):
    return render_checklist(checklist, [RECONSTRUCTED_NOTE])


def test_the_same_list_is_the_same_bytes(tmp_path, checklist, table):
    again = render_checklist(checklist, [RECONSTRUCTED_NOTE])
    saved = [
        save_table(checklist, one, "checklist", tmp_path / name, MADE) for name, one in (("a", table), ("b", again))
    ]
    assert len({tuple(path.read_bytes() for path in paths) for paths in saved}) == 1
    assert pd.read_csv(saved[0][0], dtype=str, keep_default_na=False).drop(columns="cohort").equals(checklist)


def test_nothing_is_cut_off_at_any_width(browser, tmp_path, checklist, table):
    page = save_table(checklist, table, "checklist", tmp_path, MADE)[1]
    wide = "[...document.querySelectorAll('#checklist, #checklist *')].filter((e) => e.scrollWidth > e.clientWidth + 1"
    shown = " && getComputedStyle(e).display !== 'inline').map((e) => e.className + ' ' + e.textContent.slice(0, 40))"
    for width in (400, 900, 901, 1200):
        browser.open(page, width=width)
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        assert browser.evaluate(wide + shown) == [], width
        assert browser.errors == []
        assert set(browser.requests) == {page.as_uri()}
