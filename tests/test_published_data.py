"""The transcription of the manuscript, held against a second one typed here from the print."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).parents[1] / "data" / "published"
TEXT_SECTIONS = ("highlights", "abstract", "introduction", "methods", "results", "discussion")
COLUMNS = [
    *("claim", "section", "line", "table_row", "table_column", "statement", "population", "kind"),
    *("numerator", "denominator", "denominator_printed", "value", "unit", "note"),
]

# Values in reading order on each numbered line, dates apart.
LINE_VALUES = """
65: 14 | 70: 56 | 71: 76.8 | 92: 55 | 96: 1.8 | 97: 54.5 21.8 | 98: 78.2 3 76.7 | 99: 58.2 | 100: 2 6 | 103: 1
104: 28.6 | 105: 10.7 | 147: 14 | 151: 55 | 157: 65 | 158: 11 | 164: 1445939 | 165: 65 | 166: 1 | 167: 9 | 168: 1
169: 55 | 170: 40 | 171: 1 14 | 172: 20 | 173: 2 4 | 176: 55 | 179: 55 | 182: 150 2 | 186: 4 6 3 3 | 187: 6 300
188: 2 1 | 189: 150 | 197: 1 | 202: 1.5 | 203: 1 | 204: 0.75 | 205: 0.5 | 206: 0.25 | 207: 0 | 212: 50 | 213: 10
214: 50 | 215: 10 | 222: 7.00 | 224: 2 | 226: 0.05 | 229: 55 | 231: 41 2 87 48 17 93 | 232: 52.7 | 233: 27.3 20 49
235: 55.1 82.1 33.3 8.3 | 239: 82 1 | 243: 55 1.8 | 244: 54,5 21.8 | 245: 78,2 | 246: 82.9 68.7 | 249: 2 6
250: 1 1 3 | 252: 2 3 1 10 | 253: 58.2 | 254: 9 11 | 255: 2 36 2 | 256: 10 11 17 | 258: 3 | 259: 76.7 4 2 13
261: 11 4 | 262: 3 2 2 | 263: 12 1 6 | 264: 75 25 | 268: 32 | 269: 1.8 41.8 14.5 | 270: 58.2 | 271: 27.3
273: 300 15 14 600 15 1 | 275: 93 40 | 276: 53.3 | 277: 5.5 | 278: 2 | 279: 1 | 280: 2 | 281: 1 1 1 | 284: 11
293: 29 | 294: 6 1.8 | 295: 30 | 297: 3 | 298: 5.5 | 299: 3 3 | 300: 2 2 2 2 | 301: 1 1 1 | 302: 1 1 | 303: 15
304: 15 | 307: 30.3 32 3 | 309: 235.1 3.5 1616 | 310: 772.8 6.6 4356 | 311: 73,3 26,7 | 318: 55 | 319: 29
320: 10 | 321: 78.2 | 322: 78.6 | 326: 13 | 328: 1 | 333: 2 | 334: 6 | 335: 1 10 | 337: 36 | 338: 4 2 13 | 344: 3
345: 1 | 346: 30 | 348: 10.9 | 349: 3 | 350: 14.3 | 357: 11 | 362: 95 | 384: 300 15
"""
# Count / denominator printed with it; a denominator in brackets is the size of the population.
LINE_FRACTIONS = """
71: (56) | 96: 1/(55) | 97: 30/(55) 12/(55) | 98: 43/55 33/43 | 99: 32/55 | 104: 16/(55) | 105: 6/(55) | 169: 55/65
232: 29/(55) | 233: 15/(55) 11/(55) 49/55 | 235: 27/49 23/28 3/9 1/12 | 239: 45/55 | 243: 1/55 | 244: 30/55 12/55
245: 43/55 | 246: 41 14 | 253: 32/(55) | 259: 33/43 | 261: 11/43 | 264: 9/12 3/12 | 269: 1/(55) 23/(55) 8/(55)
270: (55) | 271: 15/55 | 275: 14/15 6/15 | 276: 8/15 | 277: 3/(55) | 280: 2/3 | 281: 1/3 | 293: 16/(55)
294: 6/16 1/(55) | 298: 3/(55) | 311: 11/15 4/15 | 321: (55) | 322: 14 | 326: 13/14 | 344: 3/55 | 348: 6/(55)
350: 2/14 | 357: 11/15
"""
DATES = {93: ["January 2015", "December 2017"], 152: ["January 2015"], 156: ["January 2015", "December 2017"]}
DATES |= {164: ["October 29, 2010"], 165: ["January 2018"]}
TABLE_1 = """
55 | 41 (2 – 87) | 48 (17 – 93) | 3 years (2 months – 37 years) | 0.44 | 41 | 14
29 (52.7) | 23 | 5 | 1 | 11 (20) | 3 | 6 | 2 | 15 (27.3) | 1 | 11 | 3
2016 | 15 | n=23 | 13 (56) | 25 | n=39 | 39 (44) | 816 | n=49 | 27 (55.1) | n=34 | 18 (53) | 20 | n=55 | 21 (38)
35 (63.6) | 31 (56.4) | 28 (50.9) | n=22 | 14 (63.6)
n=49 | 28 (57,1) | 13 (26) | 16 (32.7) | 17 (34.7) | 22 (44.9) | 17 (30.9)
n=15 | 30.1 (2.5 – 145) | 151.2 (2 – 1616)
55 (100) | 50 (90.9) | 49 (89) | 39 (70.9) | 27 (49) | 17 (30.9) | 11 (20) | 8 (14.3) | 5 (8.9) | 3 (5.4) | 2 (3.6)
"""
TABLE_1_DENOMINATORS = {55: 19, 29: 3, 11: 3, 15: 3, 23: 1, 39: 1, 49: 6, 34: 1, 22: 1}
TABLE_2_COLUMNS = {"All patients": ("all", 55), "Primary MCAS: all": ("primary", 41), "Primary MCAS: ISM": ("ISM", 29)}
TABLE_2_COLUMNS |= {"Primary MCAS: CM": ("CM", 11), "Primary MCAS: MMAS": ("MMAS", 1)}
TABLE_2_COLUMNS |= {"Idiopathic MCAS": ("idiopathic", 14)}
TABLE_2 = {
    "Best response: ORR": "43 (78.2) | 34 (82.9) | 23 (79.3) | 10 (90.9) | 1 (100) | 9 (64.3)",
    "Best response: CR": "1 (1.8) | 1 (2.4) | 1 (3.4) | 0 | 0 | 0",
    "Best response: MR": "30 (54.5) | 22 (53.7) | 16 (55.2) | 5 (45.45) | 1 | 8 (57.1)",
    "Best response: PR": "12 (21.8) | 11 (26.8) | 6 (20.7) | 5 (45.45) | 0 | 1 (7.1)",
    "Best response: no response": "12 (21.8) | 7 (17.1) | 6 (20.7) | 1 (9.1) | 0 | 5 (35.7)",
    "Last follow-up: persistent ORR": "32 (58.2) | 25 (61) | 17 (58.6) | 7 (63.6) | 1 (100) | 7 (50)",
    "Last follow-up: CR": "1 (1.8) | 1 (2.4) | 1 (3.4) | 0 | 0 | 0",
    "Last follow-up: MR": "23 (41.8) | 17 (41.5) | 12 (41.4) | 4 (36.3) | 1 | 6 (42.9)",
    "Last follow-up: PR": "8 (14.5) | 7 (17.1) | 4 (13.8) | 3 (27.3) | 0 | 1 (7.1)",
    "Last follow-up: no persistent response": "23 (41.8) | 16 (39) | 12 (41.4) | 4 (36.3) | 0 | 7 (50)",
    "Last follow-up: no response": "12 (21.8) | 7 (17.1) | 6 (20.7) | 1 (9.1) | 0 | 5 (35.7)",
    "Last follow-up: loss of response": "4 (7.3) | 3 (7.3) | 2 (6.9) | 1 (9.1) | 0 | 1 (7.1)",
    "Last follow-up: intolerance": "3 (5.4) | 3 (7.3) | 1 (3.4) | 2 (18.2) | 0 | 0",
    "Last follow-up: lost from follow-up": "4 (7.3) | 3 (7.3) | 3 (10.3) | 0 | 0 | 1 (7.1)",
}


README = (FOLDER / "README.md").read_text(encoding="utf-8")
PACKAGE = json.loads((FOLDER / "datapackage.json").read_text(encoding="utf-8"))
FIELDS = {field["name"]: field.get("constraints", {}) for field in PACKAGE["resources"][0]["schema"]["fields"]}


@pytest.fixture(scope="module")
def claims():
    return pd.read_csv(FOLDER / "claims.csv", dtype=str, keep_default_na=False, encoding="utf-8")


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
    assert b"\r" not in (FOLDER / "claims.csv").read_bytes()
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
