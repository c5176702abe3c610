"""CSV tables as different programs and hands write them; expected cells are written down by hand."""

import csv
import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.problems import header_problems
from compendium.centre.intake.csv_tables import read_csv_table
from compendium.centre.intake.raw_tables import Unreadable
from tests.case_files import data_lines

HEADER = "patient_id,term,severity,flare,onset_months,led_to_stop,detail"
FIRST = "A,fatigue,mild,no,2,no,"
SECOND = "B,rash,severe,no,0.5,yes,skin"
CELLS = [["A", "fatigue", "mild", "no", "2", "no", None], ["B", "rash", "severe", "no", "0.5", "yes", "skin"]]


def read(text):
    content = text if isinstance(text, bytes) else text.encode()
    return read_csv_table(content, "adverse_events", "adverse_events.csv")


def cells(raw):
    return raw.frame.astype(object).where(raw.frame.notna(), None).to_numpy().tolist()


def told(problems):
    return problems[["row", "column", "value", "allowed", "nearest"]].to_numpy().tolist()


def refused(text):
    with pytest.raises(Unreadable) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("quoted", [True, False])
def test_line_ends_separators_quotation_and_byte_order_marks(end, separator, mark, last, quoted):
    lines = [HEADER, FIRST, SECOND]
    if quoted:
        lines = [",".join(f'"{cell}"' for cell in line.split(",")) for line in lines]
    text = end.join(lines) + (end if last else "")
    raw = read(mark + text.replace(",", separator))
    assert list(raw.frame.columns) == HEADER.split(",")
    assert cells(raw) == CELLS and raw.frame.index.tolist() == [0, 1]
    assert (raw.empty_rows, raw.decimal_commas, len(raw.errors)) == (0, 0, 0)


def test_rows_that_are_empty_of_several_lines_or_of_another_length_keep_the_numbers_of_the_others():
    raw = read(f"{HEADER}\n\n{FIRST}\n,,,,,,\n,,\n\n{SECOND}\n\n")
    assert raw.frame.index.tolist() == [1, 5]  # rows 3 and 7 of the spreadsheet
    assert cells(raw) == CELLS and raw.empty_rows == 5
    assert raw.errors.empty and raw.unread == ()
    # Row 3 of the spreadsheet begins in line 5 of the file.
    raw = read(f'{HEADER}\nA,fatigue,mild,no,2,no,"on\nthree\r\nlines, ""so"" to say"\nB,rash\n{SECOND}')
    assert raw.frame.at[0, "detail"] == 'on\nthree\r\nlines, "so" to say' and raw.frame.index.tolist() == [0, 2]
    assert told(raw.errors) == [
        [3, "", "", "the row has 2 cells and the header 7; allowed is a separator for every cell, empty too", ""]
    ]
    raw = read(f"{HEADER}\n{FIRST},x\n{SECOND}\nC,rash\n{FIRST}")
    assert [row[0] for row in told(raw.errors)] == [2, 4] and raw.unread == (0, 2)
    assert "8 cells" in raw.errors["allowed"][0] and "2 cells" in raw.errors["allowed"][1]
    assert cells(raw) == CELLS[::-1]


@pytest.mark.parametrize(("text", "row"), [
    (f'{HEADER}\n{FIRST}\nB,"rash,severe,no,0.5,yes,skin\n{FIRST}', 3),
    (f'{HEADER}\n{FIRST}\nB,"rash,severe,no,0.5,yes,skin\nC,"rash",mild,no,1,no,\n', 3),
    (f'{HEADER}\n"A",fatigue,mild,no,2,no,\n{FIRST}\nB,ra"sh",severe,no,0.5,yes,skin', 4),
    (f'{HEADER}\nB,"rash" bad,severe,no,0.5,yes,skin', 2), (f'{HEADER}\nB,5" needle,severe,no,0.5,yes,skin', 2),
    (f'{HEADER}\r\n\r\n{FIRST}"two\r\nlines"\r\nB, "rash",severe,no,0.5,yes,skin', 4), (f'{HEADER}\r{FIRST}\rB,"', 3),
    (f'{HEADER}\r\r"a\n"\n"\ra', 4),
])  # fmt: skip
def test_a_quotation_mark_without_its_pair_is_refused_where_its_cell_is(text, row):
    assert refused(text).startswith(f"row {row}: a quotation mark has no pair, or does not enclose a whole cell")


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.text(st.sampled_from('ab,;"\n\r é'), max_size=6), min_size=7, max_size=7), max_size=6),
    st.sampled_from([",", ";"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
@example([[" ", *"     ", "\n"], ["", *"      "], ["a", *"      "]], ";", csv.QUOTE_ALL)
def test_whatever_is_written_by_the_csv_module_is_read(rows, separator, quoting):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, quoting=quoting).writerows([HEADER.split(","), *rows])
    raw = read(file.getvalue())
    expected = {number: [cell or None for cell in row] for number, row in enumerate(rows) if "".join(row).strip()}
    assert raw.frame.index.tolist() == list(expected)
    assert cells(raw) == list(expected.values())
    assert raw.empty_rows == len(rows) - len(expected)


@settings(max_examples=150)
@given(st.text(st.sampled_from('ab,"\n'), max_size=20))
def test_quotation_marks_are_refused_exactly_if_they_are_against_the_grammar(text):
    cell = '(?:"(?:[^"]|"")*"|[^",\n]*)'  # as in RFC 4180
    if re.fullmatch(f"{cell}(?:[,\n]{cell})*", text):
        read(f"{HEADER}\n{text}")
    else:
        assert "a quotation mark has no pair" in refused(f"{HEADER}\n{text}")


def test_decimal_commas_are_read_between_semicolons_and_counted():
    head = HEADER.replace(",", ";")
    raw = read(f"{head}\nA;fatigue;mild;no;2;no;\nB;0,5;severe;no;0,50;yes;1,5\nC;x;mild;no;-3,25;no;\n")
    assert raw.frame["onset_months"].tolist() == ["2", "0.50", "-3.25"]
    # Texts keep their commas.
    assert raw.frame["term"].tolist() == ["fatigue", "0,5", "x"] and raw.frame["detail"].tolist()[1] == "1,5"
    assert raw.decimal_commas == 2 and raw.warnings.empty


# The separator, months in rows, and those refused where they stand; the others are read as decimals.
@pytest.mark.parametrize("line", data_lines("decimal_signs.txt"))
def test_a_sign_that_can_separate_thousands_is_refused_where_it_stands(line):
    separator, written, refused = re.fullmatch(r"(.) (.*?) -> ?(.*)", line).groups()
    rows = "".join(
        f'\nA,x{place},mild,no,"{months}",no,'.replace(",", separator) for place, months in enumerate(written.split())
    )
    rows = re.sub('"([^"]*)"', lambda cell: f'"{cell[1].replace(";", ",")}"', rows) if separator == ";" else rows
    raw = read(HEADER.replace(",", separator) + rows)
    assert [row[2] for row in told(raw.errors)] == refused.split()
    assert all(column == "onset_months" for column in raw.errors["column"])


@pytest.mark.parametrize("cell", ["1 000,5", "1.000,5", ",5", "5,", "1,5,5", "+1,5", "1,5 ", "1,5e3", '"0,5"'])
def test_what_is_no_number_with_a_decimal_comma_stays(cell):
    separator = "," if '"' in cell else ";"
    raw = read(f"{HEADER}\nA,fatigue,mild,no,CELL,no,".replace(",", separator).replace("CELL", cell))
    assert raw.frame["onset_months"].tolist() == [cell.strip('"')]
    assert raw.decimal_commas == 0


@pytest.mark.parametrize(("content", "text"), [
    (b"", "the file is empty"), (b"\xef\xbb\xbf\r\n\n", "the file is empty"),
    (f"\n{HEADER}".encode(), "row 1 is empty"),
    (HEADER.replace(",", "\t").encode(), "cells are separated by tabs; allowed are commas or semicolons"),
    (HEADER.replace(",", ";", 1).encode(), "row 1 holds commas and semicolons; allowed is one of them"),
    (HEADER.replace(",", "|").encode(), "cells are separated by bars; allowed are commas or semicolons"),
    (HEADER.replace(",", " ").encode(), "row 1 holds no column name; allowed is a header: patient_id, term"),
    (f"{FIRST}\n{SECOND}".encode(), "row 1 holds no column name"),
    (b"x," * 300, "row 1 has 301 cells; a header has at most 256"), (HEADER.encode("utf-16"), "the file is in UTF-16"),
    (HEADER.encode("utf-16-le"), "line 1 holds a zero byte, as in UTF-16"),
    (f"{HEADER}\n{FIRST}\0".encode(), "line 2 holds a zero byte"),
    (f"{HEADER}\r\n{FIRST}\r\nB,érythème".encode("cp1252"), "line 3 is not UTF-8"),
    (f"{HEADER}\r{FIRST}\rB,érythème".encode("latin-1"), "line 3 is not UTF-8"),
])  # fmt: skip
def test_a_file_of_another_form(content, text):
    message = refused(content)
    assert message.startswith(text) and "fatigue" not in message
    if "UTF" in text and "zero" not in text:
        assert 'save it as "CSV UTF-8"' in message


def test_names_that_are_not_the_contract_have_the_nearest():
    def header_told(header):
        return [row[:1] + row[2:] for row in told(header_problems(header, "adverse_events", "x"))]

    names, unknown = HEADER.split(","), "a column name of the contract"
    assert header_told(names[::-1]) == []
    assert header_told([" term", *names[:1], *names[2:]]) == [
        [1, "", "column term is missing", ""],
        [1, " term", unknown, "term"],
    ]
    assert header_told(["Patient ID", *names[1:]])[1] == [1, "Patient ID", unknown, "patient_id"]
    assert header_told([*names, "flares"]) == [[1, "flares", unknown, "flare"]]
    assert header_told([*names, "age"]) == [[1, "age", unknown, ""]]
    assert header_told([*names, "months"]) == [[1, "months", unknown, ""]]  # half of onset_months is not near
    assert header_told([*names, "term"]) == [[1, "term", "each column name once", ""]]
    assert header_told([*names, ""]) == [[1, "", "column 8 has no name; allowed is a column name of the contract", ""]]
    # Rows are read under a wrong header too.
    assert cells(read(f"{HEADER.replace('detail', 'term')}\n{SECOND}")) == [CELLS[1]]


def test_a_large_table_is_read_as_pandas_reads_it():
    numbers = np.random.default_rng(1).integers(0, 1000, (20_000, 7)).astype(str)
    frame = pd.DataFrame(numbers, columns=HEADER.split(","))
    text = frame.to_csv(index=False, quoting=csv.QUOTE_ALL)
    pd.testing.assert_frame_equal(read(text).frame, pd.read_csv(io.StringIO(text), dtype="str"))
