"""The audit of whole claims files: by enumeration, by hand, and on the published claims."""

import csv
import io
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from compendium.verification import audit as package
from compendium.verification.audit.__main__ import main
from compendium.verification.audit.claims import read_claims
from compendium.verification.audit.table import COLUMNS, audit, summary
from compendium.verification.published import CLAIMS
from tests.case_files import data_lines, data_text

SHARE = "kind,value,numerator,denominator"


@pytest.fixture(scope="module")
def published():
    return audit(read_claims(CLAIMS)).set_index("claim")


def audited(*rows, columns="kind,value", **options):
    text = "claim," + columns + "\n" + "".join(f"{row}\n" for row in rows)
    claims = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False).set_index("claim")
    return audit(claims, **options).set_index("claim")


def share(value, numerator, denominator, **options):
    return audited(f'a,percent,"{value}",{numerator},{denominator}', columns=SHARE, **options).loc["a"]


def test_the_audit_knows_no_name_of_this_study():
    """What it may import is for `test_house`."""
    names = [*read_claims(CLAIMS).index, *pd.read_csv(CLAIMS.with_name("answers.csv"))["answer"].dropna()]
    for path in Path(package.__file__).parent.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert not [name for name in names if name in source], path


def test_the_published_claims(published):
    odd = published[~published["possible"].isin(["yes", "not checkable"])]
    wrong = """abstract.safety.side_effects abstract.safety.interrupted results.best.orr.idiopathic table1.who.atypical
        table1.therapy.cytoreductive.masitinib table1.therapy.cytoreductive.imatinib"""
    cut = """table1.who.infiltrates table1.marrow.histology table1.therapy.cytoreductive.rapamycin table2.last.mr.cm
        table2.last.not_persistent.cm table2.last.intolerance.all"""
    expected = dict.fromkeys(wrong.split(), "no") | dict.fromkeys(cut.split(), "by truncation")
    assert odd["possible"].to_dict() == expected
    assert published["finding"].ne("").sum() == len(odd)
    assert (odd["finding"].str.len() < 120).all()
    assert len(published) == 368
    assert (published.loc[published["kind"] == "percent", "possible"] != "not checkable").all()
    row = published.loc["results.best.orr.idiopathic"]
    assert (row["denominators"], row["denominators_cut"]) == ("", "16, 32, 48, 64")
    assert row["nearest"] == "9 of 14: 64.3; 10 of 14: 71.4"
    by_hand = {
        "results.best.orr.idiopathic": "No whole number of 14 is 68.7 %: 9 of 14 is 64.3 % and 10 of 14 is 71.4 %.",
        "abstract.safety.side_effects": "16 of 55 is 29.0909… %, not 28.6 %; 16 of 56 would be.",
        "table1.who.atypical": "39 of 39 is 100 %, not 44 %; 17 of 39 would be.",
        "table2.last.mr.cm": "4 of 11 is 36.3636… %, which is 36.4 rounded and 36.3 cut.",
    }
    assert published.loc[list(by_hand), "finding"].to_dict() == by_hand
    # 78.2 is printed above 54.5, 21.8 and 1.8; marrow criteria exceed the marrow; two ways to count persistence.
    names = [f"table2.best.{name}" for name in ("orr.all", "cr.all", "mr.all", "pr.all")]
    names += ["results.sustained.responders", "results.last.on_therapy", "table1.marrow", "table1.marrow.kit"]
    names += ["table1.age_diagnosis.median", "table1.biology.ige.mean"]
    assert set(published.loc[names, "possible"]) == {"yes"}
    kinds = published["kind"].isin(["mean", "median", "minimum", "maximum", "count", "ratio", "date"])
    assert set(published.loc[kinds, "possible"]) == {"yes", "not checkable"}
    table = published.reset_index()
    assert tuple(table.columns) == COLUMNS
    assert table["claim"].tolist() == read_claims(CLAIMS).index.tolist()
    assert summary(table) == "368 claims: 204 yes, 6 by truncation, 6 no, 152 not checkable"
    assert not table.isna().any().any()


@pytest.mark.parametrize("row", list(csv.reader(data_lines("audited_shares.csv")[1:])))
def test_one_share(row):
    value, numerator, denominator, possible, finding = row
    row = share(value, numerator, denominator)
    assert (row["possible"], row["finding"]) == (possible, finding)


@pytest.mark.parametrize(("given", "numerators", "numerators_cut", "denominators", "denominators_cut"), [
    (("14.3", "8", ""), "", "", "56", ""), (("93.75", "", ""), "", "", "16, 32, 48, 64", "16, 32, 48, 64"),
    (("33.333333333333333", "1", "3"), "1", "1", "3", "3"), (("98.461538461538462", "", "65"), "64", "", "65", ""),
])  # fmt: skip
def test_what_a_share_can_be(given, numerators, numerators_cut, denominators, denominators_cut):
    row = share(*given)
    assert (row["numerators"], row["numerators_cut"]) == (numerators, numerators_cut)
    assert (row["denominators"], row["denominators_cut"]) == (denominators, denominators_cut)


def test_large_denominators_and_the_largest():
    row = share("50", "", "1000")
    assert (row["numerators"], row["numerators_cut"]) == ("495 to 504", "500 to 509")
    assert [share("68.7", "", "", largest=largest)["denominators"] for largest in (67, 66)] == ["67", ""]
    for wrong in (0, -1, 2.5, "65"):
        with pytest.raises(ValueError, match="it is a whole number from 1"):
            share("68.7", "", "", largest=wrong)


SUMS = SHARE + ",part_of"
ORR = "cr,percent,1.8,1,55,orr mr,percent,54.5,30,55,orr pr,percent,21.8,12,55,orr"


def by_hand():
    """Read the cases: columns | rows | answers, then a finding in each line, and comments."""
    for block in data_text("audited_claims.txt").split("\n\n"):
        head, *found = [line for line in block.replace("\n  ", " ").splitlines() if not line.startswith("#")]
        yield *head.split(" | "), dict(line.split(" -> ") for line in found)


@pytest.mark.parametrize(("columns", "rows", "answers", "findings"), list(by_hand()))
def test_answers_and_findings_by_hand(columns, rows, answers, findings):
    found = audited(*rows.split(), columns=columns)
    words = {"-": "not checkable", "cut": "by truncation"}
    assert found["possible"].tolist() == [words.get(answer, answer) for answer in answers.split()]
    assert found["finding"][found["finding"] != ""].to_dict() == findings


@pytest.mark.parametrize(("columns", "row", "nearest"), [
    ("kind,value,n,step", "a,mean,5.19,28,1", "sum 145: 5.18; sum 146: 5.21"),
    ("kind,value,n,step", "a,mean,0.1,4,0.5", ""),
    ("kind,value,n", "a,ratio,0.43,55", "16 to 39: 0.41; 17 to 38: 0.45"),
    (SHARE, "a,ratio,0.40,17,38", "17 to 38: 0.45"), (SUMS, f"{ORR} orr,percent,80.0,44,55,", "sum of the parts: 43"),
])  # fmt: skip
def test_what_lies_near(columns, row, nearest):
    assert audited(*row.split(), columns=columns)["nearest"].iloc[-1] == nearest


# In the last one two medians are of one group, and it is not said which belongs to the range.
@pytest.mark.parametrize("line", data_lines("held_apart.txt"))
def test_only_what_belongs_together_is_held_together(line):
    columns, rows = line.split(" | ")
    assert (audited(*rows.split(), columns=columns)["finding"] == "").all()


def test_command_line(tmp_path, capsys):
    main([str(CLAIMS)])
    printed = capsys.readouterr().out
    main([str(CLAIMS), "--out", str(tmp_path / "audit.csv")])
    assert (tmp_path / "audit.csv").read_text(encoding="utf-8") == printed
    told = "368 claims: 204 yes, 6 by truncation, 6 no, 152 not checkable"
    assert capsys.readouterr().out == f"{told}; wrote {tmp_path / 'audit.csv'}\n"
    table = pd.read_csv(io.StringIO(printed), dtype=str, keep_default_na=False)
    assert table.equals(audit(read_claims(CLAIMS)))
    main([str(CLAIMS), "--largest", "1"])
    assert capsys.readouterr().out != printed
    for largest in ("0", "x", "-3", "10001"):
        with pytest.raises(SystemExit):
            main([str(CLAIMS), "--largest", largest])
        assert "is not a whole number from 1 to 10000" in capsys.readouterr().err


def test_bad_input_writes_nothing(tmp_path, capsys):
    path = tmp_path / "claims.csv"
    path.write_text("claim,kind,value\na,percnt,5\nb,percent,x\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        main([str(path), "--out", str(tmp_path / "audit.csv")])
    assert str(stop.value).count("\n") == 1
    assert "row 2, column kind: 'percnt'" in str(stop.value)
    assert "row 3, column value: 'x'" in str(stop.value)
    assert [one.name for one in tmp_path.iterdir()] == ["claims.csv"]
    with pytest.raises(SystemExit) as stop:
        main([str(CLAIMS), "--out", str(tmp_path / "no" / "audit.csv")])
    assert "No such file or directory" in str(stop.value)
    assert capsys.readouterr().out == ""
    command = [sys.executable, "-m", "compendium.verification.audit"]
    run = subprocess.run([*command, str(tmp_path / "none.csv")], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"{tmp_path / 'none.csv'}: there is no such file\n"
    head = shlex.join([*command, str(CLAIMS)]) + " --largest 1000 | head -1"
    run = subprocess.run(["sh", "-c", head], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == (",".join(COLUMNS) + "\n", "")
