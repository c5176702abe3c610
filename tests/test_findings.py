"""Findings: their numbers by hand from the manuscript, where they come from, and files that are wrong."""

import json
import re

import pandas as pd
import pytest

from compendium.verification.findings import COLUMNS, TERMS, FindingsError, read_findings
from compendium.verification.published import CLAIMS, read_claims

FINDINGS = CLAIMS.with_name("findings.csv")
# All numbers and all readings of a row in their order, worked out by hand; without line numbers and names. For example
# 32 + 4 + 3 + 2 + 4 = 45; 12 + 4 + 6 + 4 = 26; 33 - (43 - 32) = 22; 50 + 49 + 39 - 2 * 55 = 28; 15 * 235.1 = 3526.5.
BY_HAND = """
lost_from_follow_up_in_table_2 | 2 2 4 32 4 3 43 | 4 43 45 43 2 2
intolerance_in_table_2 | 3 6 3 3 | 6 26 23 9 12
percentages_at_last_follow_up | 32 1 1.8 23 41.8 8 14.5 58.2 | 55 32 3.125 71.875 25 100
sustained_and_persistent | 3 33 43 32 | 3 33 32 1 11 22 33
lost_and_excluded | 9 1 65 2 4 | 2 53 41 55 43 9
all_classical_therapies | 55 50 49 39 27 | 0 27 54 55 28 49
who_criteria_for_all | 55 40 1 14 | 15 40 55
most_severe_events | 1 1 3 1 | 1 30 1 3
same_scheme | 150 2 300 2 150 15 55 14 300 1 600 3 | 40 55 37 54 600 300
figure_1_groups | 55 29 15 11 | 44 11 41 14
severe_event_and_flares | 1 30 3 3 3 1 30 | 3 4 16 3
ige_and_tryptase_at_diagnosis | 15 151.2 2 1616 15 235.1 3.5 1616 15 30.1 15 30.3 | 2268 3526.5 451.5 454.5 1616
tryptase_at_diagnosis | 15 20 21 55 | 40 6 20
kit_in_marrow_or_another_organ | 27 49 27 49 3 22 49 14 22 | 5 27 3 24 5 9 22
marrow_of_those_evaluated | 13 49 26 13 23 56 49 39 34 | 49 26 10 15
two_weeks_and_15_days | 300 2 15 15 | 14 15 2
systemic_and_cutaneous | 55 11 | 44
"""
NAMES = r"\bL\d+|\b(?:Table|Figure) \d\b|\b[A-Z]+\d+[A-Z]?\b"
FILLED = """
{results.best.mr.all} % -> 54,5 %
{results.best.mr.all/n} of {results.best.mr.all/of} -> 30 of 55
{= -results.best.mr.all * 2} -> -109
{=results.best.mr.all/n/2/(3+5) - 1} -> 0.875
{= min(results.best.mr.all/of, results.best.mr.all, 60) / max(1, 2)} and L12 -> 27.25 and L12
"""
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
def claims():
    return read_claims()


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
    texts = findings[["numbers", "reading"]].replace(NAMES, "", regex=True)
    texts = texts.map(lambda text: " ".join(re.findall(r"\d+(?:\.\d+)?", text))).reset_index()
    assert texts.agg(" | ".join, axis="columns").tolist() == BY_HAND.strip().splitlines()


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


@pytest.mark.parametrize(("text", "filled"), pairs(FILLED))
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
