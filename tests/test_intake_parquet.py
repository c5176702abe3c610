"""Parquet tables with any types their columns may have; expected texts are written down by hand."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from compendium.centre.intake import parquet_tables
from compendium.centre.intake.parquet_tables import read_parquet_table
from compendium.centre.intake.raw_tables import Unreadable

SCREENING = ["patient_id", "centre_id", "recommendation_month", "screening", "exclusion_reason"]
DAY = datetime.date(2017, 2, 1)


def as_bytes(table):
    file = pa.BufferOutputStream()
    parquet.write_table(table, file)
    return file.getvalue().to_pybytes()


def read(columns, **options):
    """Read a table of screening: the columns given, the others being texts."""
    n = len(next(iter(columns.values())))
    given = {name: pa.array(["x"] * n) for name in SCREENING} | columns
    return read_parquet_table(as_bytes(pa.table(given, **options)), "screening", "screening.parquet")


@pytest.mark.parametrize(("values", "expected"), [
    (pa.array(["a", "", None, " b "]), ["a", None, None, " b "]),
    (pa.array(["é" * 50, "x"], pa.large_string()), ["é" * 50, "x"]), (pa.array([12, None, -3]), ["12", None, "-3"]),
    (pa.array([2**63 - 1], pa.uint64()), ["9223372036854775807"]),
    (pa.array([12.0, 0.75, np.nan, None, 1e15]), ["12", "0.75", None, None, "1000000000000000"]),
    (pa.array([1e22, -0.5]), ["1e+22", "-0.5"]), (pa.array([0.1, 0.75, 12], pa.float32()), ["0.1", "0.75", "12"]),
    (pa.array(np.array([0.25, 3], np.float16)), ["0.25", "3"]), (pa.array([np.inf]), ["inf"]),
    (pa.array([Decimal("12.00"), Decimal("0.750"), Decimal("100.00")]), ["12", "0.75", "100"]),
    (pa.array([True, False, None]), ["TRUE", "FALSE", None]),
    (pa.array(["a", "b", "a", None]).dictionary_encode(), ["a", "b", "a", None]),
    (pa.array([2.0, 2.5, 2.0]).dictionary_encode(), ["2", "2.5", "2"]), (pa.array([None, None]), [None, None]),
    (pa.array([DAY]), ["2017-02-01"]),
    (pa.array([datetime.datetime(2017, 2, 1, hour) for hour in (0, 8)]), ["2017-02-01", "2017-02-01T08:00:00"]),
])  # fmt: skip
def test_values_of_all_types_become_texts(values, expected):
    raw = read({"patient_id": values})
    assert raw.errors.empty
    assert [None if pd.isna(text) else text for text in raw.frame["patient_id"]] == expected


FEBRUARY, DECEMBER = datetime.datetime(2017, 2, 1), datetime.datetime(2016, 12, 1)
FIRSTS = [FEBRUARY, None, FEBRUARY, DECEMBER]
# In Paris it is the first of the month already.
LATE = [date and date - datetime.timedelta(hours=1) for date in FIRSTS]


@pytest.mark.parametrize(("values", "dates"), [
    (pa.array(FIRSTS, pa.date32()), 3), (pa.array(FIRSTS, pa.date64()), 3), (pa.array(FIRSTS, pa.timestamp("ns")), 3),
    (pa.array(LATE, pa.timestamp("ms", "UTC")).cast(pa.timestamp("ms", "Europe/Paris")), 3),
    (pa.array(["2017-02", None, "2017-02", "2016-12"]), 0),
])  # fmt: skip
def test_dates_in_a_column_of_months(values, dates):
    raw = read({"recommendation_month": values})
    assert raw.frame["recommendation_month"].fillna("").tolist() == ["2017-02", "", "2017-02", "2016-12"]
    assert raw.dates == dates and raw.warnings.empty


def test_a_day_that_is_not_the_first_is_doubtful():
    raw = read({"recommendation_month": pa.array([DAY, datetime.date(2017, 3, 14)])})
    assert raw.frame["recommendation_month"].tolist() == ["2017-02", "2017-03"]
    assert raw.warnings[["row", "column"]].to_numpy().tolist() == [[3, "recommendation_month"]]
    assert "the day is not used" in raw.warnings["allowed"][0]


def test_empty_rows_are_counted_and_columns_are_named_as_found():
    raw = read({name: pa.array([None, "a", "", "b"]) for name in SCREENING})
    assert raw.frame.index.tolist() == [1, 3] and raw.empty_rows == 2
    raw = read({name: pa.array([], pa.string()) for name in SCREENING})
    assert list(raw.frame.columns) == SCREENING and raw.frame.empty
    names = [*SCREENING, "screening", "nested.name"]
    table = pa.Table.from_arrays([pa.array(["x"])] * 7, names=names)
    assert list(read_parquet_table(as_bytes(table), "screening", "screening.parquet").frame.columns) == names


@pytest.mark.parametrize("values", [
    pa.array([["a"], ["b"]]), pa.array([{"a": 1}, {"a": 2}]), pa.array([b"a", b"b"]),
    pa.array([datetime.time(1), None]), pa.array([datetime.timedelta(1), None]),
    pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"a" * 16, None], pa.binary(16))),
], ids=lambda values: str(values.type))  # fmt: skip
def test_a_column_of_another_type_is_an_error_and_the_others_are_read(values):
    raw = read({"centre_id": values})
    assert raw.frame["patient_id"].tolist() == ["x", "x"]
    assert raw.frame["centre_id"].isna().all()
    assert raw.errors[["row", "column", "value"]].to_numpy().tolist() == [[1, "centre_id", ""]]
    kind = str(values.type).replace("item", "element")  # as the file calls it
    assert f"the column has the type {kind}" in raw.errors["allowed"][0]


NONE = "no Parquet table, or is damaged"


@pytest.mark.parametrize(("content", "text"), [
    *((content, NONE) for content in (b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"patient_id\n", b"PARE" * 9)),
    (as_bytes(pa.table({"x": [1]})), "row 1 holds no column name"),
], ids=["empty", "short", "zeros", "csv", "encrypted", "another table"])  # fmt: skip
def test_what_is_no_parquet_file_of_the_table(content, text):
    with pytest.raises(Unreadable, match=text):
        read_parquet_table(content, "screening", "x")


def test_no_damage_leads_to_another_error():
    whole = as_bytes(pa.table({name: pa.array(["a", "b", None] * 20) for name in SCREENING}))
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        content = np.frombuffer(whole, np.uint8).copy()
        content[rng.integers(4, len(content), 3)] = rng.integers(0, 256, 3)
        try:
            read_parquet_table(content.tobytes()[: rng.integers(len(content) // 2, 2 * len(content))], "screening", "x")
        except Unreadable:
            refused += 1
    assert refused > 100


def test_too_many_rows_or_bytes_are_refused(monkeypatch):
    long = pa.DictionaryArray.from_arrays(np.zeros(200_000, np.int32), ["x" * 10_000])
    content = as_bytes(pa.table({name: long for name in SCREENING}))
    assert len(content) < 1_000_000  # a small file that unpacks to much
    with pytest.raises(Unreadable, match="the texts of column patient_id take more than 1,024 MB"):
        read_parquet_table(content, "screening", "x")
    monkeypatch.setattr(parquet_tables, "MOST_ROWS", 2)
    assert len(read({"screening": pa.array(["a", "b"])}).frame) == 2
    with pytest.raises(Unreadable, match=r"the table has 3 rows .* allowed are 2 rows"):
        read({"screening": pa.array(["a", "b", "c"])})
    monkeypatch.setattr(parquet_tables, "MOST_BYTES", 100)
    with pytest.raises(Unreadable, match="allowed are"):
        read({"screening": pa.array(["a", "b"])})


def test_a_large_column_of_texts_in_several_groups_keeps_its_order(tmp_path):
    numbers = np.random.default_rng(2).permutation(60_000).astype(str)
    columns = {name: pa.array(numbers) for name in SCREENING}
    path = tmp_path / "x"
    # A small limit of the dictionary, so that most pages are written without one.
    parquet.write_table(pa.table(columns), path, row_group_size=15_000, dictionary_pagesize_limit=1000)
    raw = read_parquet_table(path.read_bytes(), "screening", "x")
    assert raw.frame["exclusion_reason"].tolist() == numbers.tolist()
