"""Findings: their numbers by hand from the manuscript, where they come from, and files that are wrong."""

import json
import re

import pandas as pd
import pytest

from compendium.verification.findings import COLUMNS, TERMS, FindingsError, read_findings
from compendium.verification.published import CLAIMS
from tests.case_files import data_lines, data_text

FINDINGS = CLAIMS.with_name("findings.csv")
NAMES = r"\bL\d+|\b(?:Table|Figure) \d\b|\b[A-Z]+\d+[A-Z]?\b"
WRONG = r"""
{results.last.patient} -> '{results.last.patient}' is not allowed; the name of a claim; did you mean results.last.pat
{= 2 * qqqq.zzzz} -> '{= 2 * qqqq.zzzz}' is not allowed; the name of a claim
{table1.sex_ratio/n} -> numerator with /n or denominator with /of if it has one
{table1.sex_ratio/m} -> numerator with /n or denominator with /of if it has one
{= abstract.period.start} -> 'January 2015' is not a printed number
{= 1 / (2 - 2)} -> '{= 1 / (2 - 2)}' is not allowed; an expression that does not divide by zero
{= 1 / 3} -> an expression whose decimals have an end
43 of {table1.header.n} -> column numbers: '43' is not allowed; a number from a claim
{{table1.header.n}} -> column numbers: '{' is not allowed; a number from a claim
 -> row 2, column numbers: '' is not allowed; a text
N",R,proved\n" -> row 2, column certainty: 'proved' is not allowed; one of proved by arithmetic, a matter
N",R,a matter of wording\nb,words,L1,W," -> row 3, column kind: 'words' is not allowed; one of definition, wording
N",R,a matter of wording\n\na,wording,L1,W,"N -> row 4, column finding: 'a' is not allowed; a name of its own
N",R,a matter of wording,more\n," -> findings.csv: the file cannot be read as a CSV table
"""
NO_EXPRESSIONS = """2 ** 9 | 2 // 1 | 0.5 | True | 'a' | abs(-1) | min(1) | min(*[1, 2]) | max(1, 2, key=3) | x | 2 <
| +1 | 1, 2 | min | (1).real | __import__('os') | [1][0] | 1 if 1 else 2 | """


def pairs(block):
    return [line.replace(r"\n", "\n").split(" -> ") for line in block.strip("\n").splitlines()]


@pytest.fixture(scope="module")
def findings(claims):
    return read_findings(FINDINGS, claims).set_index("finding")


@pytest.fixture
def read(tmp_path, claims):
    def read(numbers):
        row = f'a,wording,L1,W,"{numbers}",R,a matter of wording'
        (tmp_path / "findings.csv").write_text(f"{','.join(COLUMNS)}\n{row}\n", encoding="utf-8")
        return read_findings(tmp_path / "findings.csv", claims)

    return read


def test_numbers_are_those_worked_out_by_hand(findings):
    """All numbers and all readings of a row in their order, without line numbers and names.

    For example 32 + 4 + 3 + 2 + 4 = 45; 12 + 4 + 6 + 4 = 26; 33 - (43 - 32) = 22; 50 + 49 + 39 - 2 * 55 = 28.
    """
    texts = findings[["numbers", "reading"]].replace(NAMES, "", regex=True)
    texts = texts.map(lambda text: " ".join(re.findall(r"\d+(?:\.\d+)?", text))).reset_index()
    assert texts.agg(" | ".join, axis="columns").tolist() == data_lines("findings_by_hand.txt")


def test_no_number_is_typed_and_each_stands_where_the_row_says(findings, claims):
    typed = pd.read_csv(FINDINGS, dtype=str)[["words", "numbers", "reading"]]
    typed = typed.replace([r"\{[^{}]*\}", NAMES], "", regex=True).agg("".join, axis="columns")
    assert not typed.str.contains(r"[\d{}]").any()
    for row in findings.itertuples():
        lines = [(int(low), int(high or low)) for low, high in re.findall(r"L(\d+)(?:-L(\d+))?", row.place)]
        assert lines == sorted(lines)
        for claim in claims.loc[row.claims.split()].itertuples():
            table = "Figure 1" if claim.section == "legends" else claim.section.replace("table_", "Table ")
            assert table in row.place or any(low <= int(claim.line) <= high for low, high in lines), claim.Index


def test_rows_are_as_the_package_describes_them(findings):
    package = json.loads(FINDINGS.with_name("datapackage.json").read_text(encoding="utf-8"))
    fields = {field["name"]: field["constraints"] for field in package["resources"][2]["schema"]["fields"]}
    assert tuple(fields) == COLUMNS
    assert {name: tuple(one["enum"]) for name, one in fields.items() if "enum" in one} == TERMS
    assert findings.index.str.fullmatch(fields["finding"]["pattern"]).all()
    assert findings["place"].str.fullmatch(fields["place"]["pattern"]).all()
    assert findings["words"].str.len().max() <= fields["words"]["maxLength"]
    assert findings["kind"].tolist() == ["definition"] * 5 + ["wording"] * 12
    assert f"{len(findings)} rows" in FINDINGS.with_name("README.md").read_text(encoding="utf-8")


def test_a_changed_claim_changes_the_text(findings, claims):
    changed = claims.copy()
    changed.loc["table2.last.lost.all", "numerator"] = "5"
    again = read_findings(FINDINGS, changed).set_index("finding")["reading"]
    assert "they would be 46, not 43" in again["lost_from_follow_up_in_table_2"]
    assert (again != findings["reading"]).tolist() == [True, True, *[False] * 15]


@pytest.mark.parametrize(("text", "filled"), pairs(data_text("findings_filled.txt")))
def test_templates_are_filled_exactly(read, text, filled):
    assert read(text)[["numbers", "claims"]].to_numpy().tolist() == [[filled, "results.best.mr.all"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [*pairs(WRONG), *((f"{{= {text.strip()}}}", "claims and whole numbers") for text in NO_EXPRESSIONS.split("|"))],
)
def test_what_is_wrong_is_named(read, text, message):
    with pytest.raises(FindingsError, match=r"findings\.csv") as error:
        read(text)
    assert message in str(error.value)


def test_all_problems_are_told_and_files_without_the_columns_refused(tmp_path, claims):
    file = tmp_path / "findings.csv"
    file.write_text(f"{','.join(COLUMNS)}\n,wordin,L1,,{{a.b}},1,\n", encoding="utf-8")
    with pytest.raises(FindingsError) as error:
        read_findings(file, claims)
    assert error.value.problems["column"].tolist() == ["certainty", "finding", "kind", "numbers", "reading", "words"]
    with pytest.raises(FindingsError, match="row 1: 'claim,answer,statistic,reason' is not allowed; finding, kind"):
        read_findings(CLAIMS.with_name("answers.csv"), claims)
    with pytest.raises(FindingsError, match=r"none\.csv: the file cannot be read"):
        read_findings(tmp_path / "none.csv", claims)
