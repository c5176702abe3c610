"""The transcription of the manuscript, held against a second one typed from the print, in `tests/data`."""

import json
import re

import pandas as pd
import pytest

from tests.case_files import data_lines, data_text
from tests.places import PUBLISHED

TEXT_SECTIONS = ("highlights", "abstract", "introduction", "methods", "results", "discussion")
COLUMNS = [
    *("claim", "section", "line", "table_row", "table_column", "statement", "population", "kind"),
    *("numerator", "denominator", "denominator_printed", "value", "unit", "note"),
]

# Values in reading order on each numbered line, dates apart.
LINE_VALUES = data_text("transcription_values.txt")
# Count / denominator printed with it; a denominator in brackets is the size of the population.
LINE_FRACTIONS = data_text("transcription_fractions.txt")
DATES = {93: ["January 2015", "December 2017"], 152: ["January 2015"], 156: ["January 2015", "December 2017"]}
DATES |= {164: ["October 29, 2010"], 165: ["January 2018"]}
TABLE_1 = data_text("transcription_table_1.txt")
TABLE_1_DENOMINATORS = {55: 19, 29: 3, 11: 3, 15: 3, 23: 1, 39: 1, 49: 6, 34: 1, 22: 1}
TABLE_2_COLUMNS = {"All patients": ("all", 55), "Primary MCAS: all": ("primary", 41), "Primary MCAS: ISM": ("ISM", 29)}
TABLE_2_COLUMNS |= {"Primary MCAS: CM": ("CM", 11), "Primary MCAS: MMAS": ("MMAS", 1)}
TABLE_2_COLUMNS |= {"Idiopathic MCAS": ("idiopathic", 14)}
TABLE_2 = dict(line.split(" | ", 1) for line in data_lines("transcription_table_2.txt"))

README = (PUBLISHED / "README.md").read_text(encoding="utf-8")
PACKAGE = json.loads((PUBLISHED / "datapackage.json").read_text(encoding="utf-8"))
FIELDS = {field["name"]: field.get("constraints", {}) for field in PACKAGE["resources"][0]["schema"]["fields"]}


@pytest.fixture(scope="module")
def claims():
    return pd.read_csv(PUBLISHED / "claims.csv", dtype=str, keep_default_na=False, encoding="utf-8")


def by_line(block):
    """Read the tokens of each line in a block of `line: token token | line: ...`."""
    entries = [entry.split(":") for entry in re.split(r"[|\n]", block) if entry.strip()]
    return {int(line): tokens.split() for line, tokens in entries}


def cell(row):
    """Write a count or percentage the way a table prints it."""
    return f"{row['numerator']} ({row['value']})" if row["kind"] == "percent" else row["value"]


def grouped(rows, tokens):
    """Collect the tokens of the rows by manuscript line."""
    return tokens.groupby(rows["line"].astype(int)).apply(list).to_dict()


def test_columns_rows_and_cells(claims):
    assert list(claims.columns) == COLUMNS == list(FIELDS)
    assert b"\r" not in (PUBLISHED / "claims.csv").read_bytes()
    assert claims["claim"].is_unique
    assert claims["claim"].str.fullmatch(FIELDS["claim"]["pattern"]).all()
    assert (claims["claim"].str.split(".").str[0] == claims["section"].replace(r"_(\d)", r"\1", regex=True)).all()
    stated = {name: int(n) for name, n in re.findall(r"^\| (\w+) \| (\d+) \|", README, flags=re.MULTILINE)}
    assert claims["section"].value_counts().to_dict() == stated
    assert 350 <= len(claims) <= 400
    assert f"{len(claims)} rows" in README
    required = [name for name, constraints in FIELDS.items() if constraints.get("required")]
    assert (claims[required] != "").all(axis=None)
    assert not claims.apply(lambda column: column.str.contains(r"^\s|\s$|  |\u00a0")).any(axis=None)
    assert claims["statement"].str.len().between(8, 120).all()


@pytest.mark.parametrize("column", ["section", "population", "kind", "unit", "denominator_printed"])
def test_vocabularies_are_closed_and_every_term_is_used_and_explained(claims, column):
    terms = FIELDS[column]["enum"]
    assert set(claims[column]) - {""} == set(terms)
    if column != "denominator_printed":
        assert [term for term in terms if f"`{term}`" not in README and f"| {term} |" not in README] == []


def test_values_counts_and_lines_are_of_their_kind(claims):
    assert claims["value"].str.fullmatch(FIELDS["value"]["pattern"]).all()
    assert claims.loc[claims["kind"] != "date", "value"].str.fullmatch(r"\d+([.,]\d+)?").all()
    without_unit = claims["kind"].isin(["ratio", "p_threshold", "date", "identifier"])
    assert ((claims["unit"] == "") == without_unit).all()
    assert (claims.loc[claims["kind"] == "percent", "unit"] == "percent").all()
    last = claims["claim"].str.extract(r"\.(median|mean|minimum|maximum)$")[0]
    assert (last == claims["kind"])[last.notna()].all()
    counted = claims["kind"].isin(["count", "percent"])
    assert (claims.loc[~counted, ["numerator", "denominator"]] == "").all(axis=None)
    counts = claims[claims["kind"] == "count"]
    assert (counts["numerator"] == counts["value"]).all()
    assert counts.loc[counts["unit"] != "patients", "unit"].tolist() == ["events", "centres", "series"]
    assert claims["denominator"].ne("")[(claims["denominator_printed"] == "yes") | (claims["kind"] == "percent")].all()
    both = claims[(claims["numerator"] != "") & (claims["denominator"] != "")]
    assert (both["numerator"].astype(int) <= both["denominator"].astype(int)).all()
    text = claims["section"].isin(TEXT_SECTIONS)
    lines = claims.loc[text, "line"].astype(int)
    assert (lines.between(47, 385) & (lines.diff().fillna(0) >= 0)).all()
    assert (claims.loc[~text, "line"] == "").all()
    tables = claims["section"].str.startswith("table_")
    assert ((claims[["table_row", "table_column"]] != "").all(axis=1) == tables).all()


@pytest.mark.parametrize(("part", "kinds", "unit", "number"), [
    (r"\.age_", "median minimum maximum", "years", 12), (r"tryptase", "mean minimum maximum", "ng/mL", 5),
    (r"\.ige\.", "mean minimum maximum", "UI/mL", 9),
    (r"response|improvement|duration|stops", "median minimum maximum", "months", 30),
    (r"time_to_treatment", "median minimum maximum", "years months", 3), (r"score", "score", "points", 7),
    (r"dose|escalation", "dose", "mg", 6), (r"safety", "interval", "minutes weeks", 3),
])  # fmt: skip
def test_units_of_what_was_measured(claims, part, kinds, unit, number):
    rows = claims[claims["claim"].str.contains(part) & claims["kind"].isin(kinds.split())]
    assert len(rows) == number
    assert set(rows["unit"]) == set(unit.split())


def test_text_is_that_of_the_second_transcription(claims):
    text = claims[claims["section"].isin(TEXT_SECTIONS)]
    dates, numbers = text[text["kind"] == "date"], text[text["kind"] != "date"]
    assert grouped(numbers, numbers["value"]) == by_line(LINE_VALUES)
    assert grouped(dates, dates["value"]) == DATES
    rows = text[text["denominator"] != ""]
    size = rows["denominator"].where(rows["denominator_printed"] == "yes", "(" + rows["denominator"] + ")")
    tokens = (rows["numerator"] + "/" + size).str.removeprefix("/")
    assert grouped(rows, tokens) == by_line(LINE_FRACTIONS)


def test_table_1_is_complete_cell_by_cell(claims):
    rows = claims[claims["section"] == "table_1"]
    printed = " ".join(TABLE_1.replace("\n", " ").replace("|", " ").split())
    expected = re.findall(r"\d+(?:[.,]\d+)?(?: \([\d.,]+\))?", printed)
    assert rows.apply(cell, axis=1).tolist() == expected
    assert (rows["table_row"] != rows["table_row"].shift()).sum() == rows["table_row"].nunique() == 48
    ranges = rows[rows["kind"].isin(["minimum", "maximum"])]
    assert ranges["value"].tolist() == ["2", "87", "17", "93", "2", "37", "2.5", "145", "2", "1616"]
    assert ranges["unit"].tolist() == ["years"] * 4 + ["months", "years"] + ["ng/mL"] * 2 + ["UI/mL"] * 2
    assert (rows["denominator_printed"] == "yes").sum() == 7
    denominators = rows.loc[rows["denominator"] != "", "denominator"].astype(int).value_counts().to_dict()
    assert denominators == TABLE_1_DENOMINATORS


def test_table_2_is_complete_cell_by_cell(claims):
    rows = claims[(claims["section"] == "table_2") & (claims["table_row"] != "header")]
    printed = {row: list(group) for row, group in rows.apply(cell, axis=1).groupby(rows["table_row"])}
    assert printed == {row: cells.split(" | ") for row, cells in TABLE_2.items()}
    for column, (population, size) in TABLE_2_COLUMNS.items():
        cells = rows[rows["table_column"] == column]
        assert cells["table_row"].tolist() == list(TABLE_2)
        described = cells["population"] + " " + cells["denominator"] + " " + cells["denominator_printed"]
        assert set(described) == {f"{population} {size} no"}
    header = claims[(claims["section"] == "table_2") & (claims["table_row"] == "header")]
    sizes = {column: str(size) for column, (_, size) in TABLE_2_COLUMNS.items()} | {"Primary MCAS": "41"}
    assert header.set_index("table_column")["value"].to_dict() == sizes
    legends = claims.loc[claims["section"] == "legends", "value"].tolist()
    assert legends == ["55", "0.05", "0.05", "0.01", "0.001", "55"]
