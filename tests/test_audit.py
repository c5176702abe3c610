"""The audit of whole claims files: by enumeration, by hand, and on the published claims."""

import io
import shlex
import subprocess
import sys
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compendium.verification.audit import arithmetic
from compendium.verification.audit.__main__ import main
from compendium.verification.audit.claims import read_claims
from compendium.verification.audit.table import COLUMNS, audit, summary
from compendium.verification.published import CLAIMS

MODES = {"yes": ROUND_HALF_UP, "by half-even only": ROUND_HALF_EVEN, "by truncation": ROUND_DOWN}


@pytest.fixture(scope="module")
def published():
    return audit(read_claims(CLAIMS)).set_index("claim")


def claims_of(*rows, columns="kind,value"):
    text = "claim," + columns + "\n" + "".join(f"{row}\n" for row in rows)
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False).set_index("claim")


def audited(*rows, columns="kind,value"):
    return audit(claims_of(*rows, columns=columns)).set_index("claim")


def share(value, numerator, denominator):
    return audited(f"a,percent,{value},{numerator},{denominator}", columns="kind,value,numerator,denominator").loc["a"]


def quantized(number, size, decimals, mode):
    with localcontext(Context(prec=60)):
        return f"{(100 * Decimal(number) / size).quantize(Decimal(1).scaleb(-decimals), rounding=mode):f}"


def answer(fits):
    return next((name for name, mode in MODES.items() if fits(mode)), "no")


def listed(text):
    """Read what a cell of whole numbers says: nothing, one, or from one to another."""
    ends = [int(end) for end in text.split(" to ")] if text else []
    return list(range(ends[0], ends[-1] + 1)) if ends else []


@pytest.mark.parametrize("decimals", [0, 1])
def test_every_share_up_to_65_under_every_rule(decimals):
    shares = [(number, size, mode) for size in range(1, 66) for number in range(size + 1) for mode in MODES.values()]
    texts = [quantized(number, size, decimals, mode) for number, size, mode in shares]
    frame = pd.DataFrame(
        {
            "kind": "percent",
            "value": texts,
            "numerator": [str(number) for number, _, _ in shares],
            "denominator": [str(size) for _, size, _ in shares],
        },
        index=pd.Index([f"c{place}" for place in range(len(shares))], name="claim"),
    )
    found = audit(frame, 1)
    expected = [
        answer(lambda mode, n=number, d=size, text=text: quantized(n, d, decimals, mode) == text)
        for (number, size, _), text in zip(shares, texts, strict=True)
    ]
    assert found["possible"].tolist() == expected
    assert set(expected) == set(MODES)
    assert found["finding"].ne("").tolist() == [one != "yes" for one in expected]


HALF = "1 of 8 is 12.5 %, which is 13 rounded and 12 with the half rounded to the even digit, or cut."
SHARES = st.tuples(
    st.from_regex("[0-9]{1,2}([.,][0-9]{1,2})?|100", fullmatch=True), st.integers(1, 65), st.integers(-1, 65)
)


@settings(max_examples=40, deadline=None)
@given(st.lists(SHARES, min_size=1, max_size=12))
def test_any_share_against_the_enumeration(shares):
    shares = [(text.strip("\n"), size, min(number, size)) for text, size, number in shares]
    found = audited(
        *(f'c{i},percent,"{v}",{"" if k < 0 else k},{d}' for i, (v, d, k) in enumerate(shares)),
        columns="kind,value,numerator,denominator",
    )
    for row, (text, size, number) in zip(found.itertuples(), shares, strict=True):
        plain = text.replace(",", ".")
        plain = plain.lstrip("0") if plain[0] == "0" and plain.strip("0")[:1].isdigit() else plain
        plain = f"{Decimal(plain):f}"
        decimals = len(plain.partition(".")[2])

        def printing(size, mode, plain=plain, decimals=decimals):
            return [k for k in range(size + 1) if quantized(k, size, decimals, mode) == plain]

        wanted = [number] if number >= 0 else None
        assert row.possible == answer(
            lambda mode, size=size, wanted=wanted: any(wanted is None or k in wanted for k in printing(size, mode))
        )
        assert listed(row.numerators) == printing(size, ROUND_HALF_UP)
        assert listed(row.numerators_cut) == printing(size, ROUND_DOWN)
        count = None if number < 0 else number
        for cell, rule in ((row.denominators, "half_up"), (row.denominators_cut, "truncate")):
            assert cell == ", ".join(map(str, arithmetic.possible_denominators(text, 65, count, rule)))


def test_the_published_claims(published):
    odd = published[~published["possible"].isin(["yes", "not checkable"])]
    assert odd["possible"].to_dict() == {
        "abstract.safety.side_effects": "no",
        "abstract.safety.interrupted": "no",
        "results.best.orr.idiopathic": "no",
        "table1.who.infiltrates": "by truncation",
        "table1.who.atypical": "no",
        "table1.marrow.histology": "by truncation",
        "table1.therapy.cytoreductive.masitinib": "no",
        "table1.therapy.cytoreductive.imatinib": "no",
        "table1.therapy.cytoreductive.rapamycin": "by truncation",
        "table2.last.mr.cm": "by truncation",
        "table2.last.not_persistent.cm": "by truncation",
        "table2.last.intolerance.all": "by truncation",
    }
    assert published["finding"].ne("").sum() == len(odd)
    assert (odd["finding"].str.len() < 120).all()
    assert len(published) == 368
    assert (published.loc[published["kind"] == "percent", "possible"] != "not checkable").all()


def test_the_findings_by_hand(published):
    findings = published["finding"]
    assert findings["results.best.orr.idiopathic"] == (
        "No whole number of 14 is 68.7 %: 9 of 14 is 64.3 % and 10 of 14 is 71.4 %."
    )
    row = published.loc["results.best.orr.idiopathic"]
    assert (row["denominators"], row["denominators_cut"]) == ("", "16, 32, 48, 64")
    assert row["nearest"] == "9 of 14: 64.3; 10 of 14: 71.4"
    assert findings["abstract.safety.side_effects"] == "16 of 55 is 29.0909… %, not 28.6 %; 16 of 56 would be."
    assert findings["table1.who.atypical"] == "39 of 39 is 100 %, not 44 %; 17 of 39 would be."
    assert findings["table2.last.mr.cm"] == "4 of 11 is 36.3636… %, which is 36.4 rounded and 36.3 cut."


def test_no_false_alarms(published):
    # 78.2 is printed above 54.5, 21.8 and 1.8; marrow criteria exceed the marrow; two ways to count persistence.
    for name in ("orr.all", "cr.all", "mr.all", "pr.all"):
        assert published.loc[f"table2.best.{name}", "possible"] == "yes"
    for name in ("results.sustained.responders", "results.last.on_therapy", "table1.marrow", "table1.marrow.kit"):
        assert published.loc[name, "possible"] == "yes"
    kinds = published["kind"].isin(["mean", "median", "minimum", "maximum", "count", "ratio", "date"])
    assert set(published.loc[kinds, "possible"]) == {"yes", "not checkable"}
    assert published.loc[["table1.age_diagnosis.median", "table1.biology.ige.mean"], "possible"].tolist() == ["yes"] * 2


def test_events_and_nested_counts_are_no_findings():
    found = audited(
        *("events,count,23,23,16,events", "parent,count,28,28,49,patients", "child,count,40,40,49,patients"),
        columns="kind,value,numerator,denominator,unit",
    )
    assert (found["finding"] == "").all()


def test_a_percentage_of_an_unknown_number():
    row = share("14.3", "8", "")
    assert (row["possible"], row["denominators"], row["numerators"], row["finding"]) == ("not checkable", "56", "", "")
    row = share("93.75", "", "")
    assert (row["denominators"], row["denominators_cut"]) == ("16, 32, 48, 64", "16, 32, 48, 64")


@pytest.mark.parametrize(
    ("value", "numerator", "denominator", "possible", "finding"),
    [
        ("12", "1", "8", "by half-even only", HALF),
        ("13", "1", "8", "yes", ""),
        ("12", "", "8", "by half-even only", HALF),
        ("120", "", "8", "no", "No whole number of 8 is 120 %: 8 of 8 is 100 %."),
        ("-5", "", "8", "no", "No whole number of 8 is -5 %: 0 of 8 is 0 %."),
        ("36,3", "4", "11", "by truncation", "4 of 11 is 36,3636… %, which is 36,4 rounded and 36,3 cut."),
        ("5.4", "3", "70", "no", "3 of 70 is 4.2857… %, not 5.4 %; 3 of 56 would be."),
        ("5.4", "3", "54", "no", "3 of 54 is 5.5555… %, not 5.4 %; 3 of 56 would be."),
        ("2", "1", "70", "no", "1 of 70 is 1.428… %, not 2 %; 1 of 64 or 65 would be."),
        ("10.7", "3", "54", "no", "3 of 54 is 5.5555… %, not 10.7 %; 3 of 28 would be."),
        ("68.7", "11", "14", "no", "11 of 14 is 78.5714… %, not 68.7 %; 11 of 16 would be, cut."),
        ("50", "500000000000", "1000000000000", "yes", ""),
    ],
)  # fmt: skip
def test_one_share(value, numerator, denominator, possible, finding):
    row = share(f'"{value}"', numerator, denominator)
    assert (row["possible"], row["finding"]) == (possible, finding)


def test_a_large_denominator_and_many_decimals():
    row = share("50", "", "1000")
    assert (row["numerators"], row["numerators_cut"]) == ("495 to 504", "500 to 509")
    row = share("33.333333333333333", "1", "3")
    assert (row["possible"], row["denominators"]) == ("yes", "3")
    row = share("98.461538461538462", "", "65")
    assert (row["possible"], row["numerators"], row["denominators"]) == ("yes", "64", "65")


def test_the_largest_denominator():
    claims = claims_of("a,percent,68.7,,", columns="kind,value,numerator,denominator")
    assert audit(claims, 67)["denominators"][0] == "67"
    assert audit(claims, 66)["denominators"][0] == ""
    for wrong in (0, -1, 2.5, "65"):
        with pytest.raises(ValueError, match="it is a whole number from 1"):
            audit(claims, wrong)


def test_means():
    found = audited(
        *("a.mean,mean,5.19,28,1", "b.mean,mean,5.18,28,1", "c.mean,mean,5.19,28,", "d.mean,mean,36.36,11,0.5"),
        *("e.mean,mean,2.60,50,0.25", "f.mean,mean,5.17,28,1", "g.mean,mean,2,2,1"),
        columns="kind,value,n,step",
    )
    # 145/28 = 5.1786, 400/11 = 36.3636, 2.60 * 50 / 0.25 = 520; 5/2 is 2 to the even digit
    assert found["possible"].tolist() == ["no", "yes", "not checkable", "yes", "yes", "by truncation", "yes"]
    assert found.loc["a.mean", "finding"] == (
        "No 28 values in steps of 1 have the mean 5.19: the sum 145 gives 5.18 and the sum 146 gives 5.21."
    )
    assert found.loc["a.mean", "nearest"] == "sum 145: 5.18; sum 146: 5.21"
    assert found.loc["f.mean", "finding"] == (
        "No 28 values in steps of 1 have the mean 5.17: the sum 144 gives 5.14 and the sum 145 gives 5.18, "
        "unless it was not rounded half up."
    )
    assert audited("a.mean,mean,0.1,4,0.5", columns="kind,value,n,step").loc["a.mean", "nearest"] == ""


def test_ratios():
    found = audited(
        *("a,ratio,0.44,,,55", "b,ratio,0.45,,,55", "c,ratio,0.43,,,55", "d,ratio,0.44,,,", "e,ratio,0.44,17,38,"),
        *("f,ratio,0.40,17,38,", "g,ratio,2.24,38,17,"),
        columns="kind,value,numerator,denominator,n",
    )
    assert found["possible"].tolist() == [
        *("by truncation", "yes", "no", "not checkable", "by truncation", "no", "yes"),
    ]
    assert found["finding"].tolist() == [
        "17 to 38 is 0.44736…, which is 0.45 rounded and 0.44 cut.",
        "",
        "No two groups of 55 together have the ratio 0.43: 16 to 39 is 0.41 and 17 to 38 is 0.45.",
        "",
        "17 to 38 is 0.44736…, which is 0.45 rounded and 0.44 cut.",
        "17 to 38 is 0.45, not 0.40.",
        "",
    ]
    assert found.loc["c", "nearest"] == "16 to 39: 0.41; 17 to 38: 0.45"


def test_ranges():
    rows = {
        "fine": ("17", "93", "48", "45.2"),
        "turned": ("93", "17", "48", "45.2"),
        "outside": ("17", "93", "94", "45.2"),
        "mean": ("17", "93", "48", "16.2"),
        "both": ("0", "20", "10", "4.2"),
    }
    kinds = ("minimum", "maximum", "median", "mean")
    found = audited(
        *(f"{name}.{kind},{kind},{v}" for name, vs in rows.items() for kind, v in zip(kinds, vs, strict=True))
    )
    bad = found[found["possible"] != "yes"]
    assert bad["finding"].to_dict() == {
        "turned.minimum": "The minimum 93 and the maximum 17 do not fit each other.",
        "turned.maximum": "The minimum 93 and the maximum 17 do not fit each other.",
        "turned.median": "",
        "turned.mean": "",
        "outside.median": "The median 94 does not fit the range from 17 to 93.",
        "mean.mean": "The mean 16.2 does not fit the range from 17 to 93.",
        "both.mean": "The mean 4.2 does not fit the median 10 and the range from 0 to 20.",
    }
    assert set(bad.loc[["turned.median", "turned.mean"], "possible"]) == {"not checkable"}


def test_the_number_of_values_bounds_the_mean():
    rows = "a.minimum,minimum,2.0,15", "a.maximum,maximum,1616.0,15", "a.mean,mean,109.5,15"
    found = audited(*rows, columns="kind,value,n")
    assert found.loc["a.mean", "finding"] == "The mean 109.5 does not fit the range from 2.0 to 1616.0 of 15 values."
    assert (audited(*rows[:2], "a.mean,mean,109.6,15", columns="kind,value,n")["possible"] == "yes").all()
    # Where the claims disagree on the number it is not used.
    assert (audited(*rows[:2], "a.mean,mean,109.5,14", columns="kind,value,n")["possible"] == "yes").all()


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ("kind,value,unit", ("a.minimum,minimum,8,months", "a.maximum,maximum,37,years", "a.median,median,3,years")),
        ("kind,value,population", ("a.minimum,minimum,8,CM", "a.maximum,maximum,9,CM", "a.median,median,3,ISM")),
        ("kind,value", ("a.low,minimum,8", "a.high,maximum,9", "a.middle,median,3")),
        ("kind,value", ("a.x.minimum,minimum,8", "a.x.maximum,maximum,9", "a.y.median,median,3")),
        ("kind,value", ("minimum,minimum,8", "maximum,maximum,9", "median,median,3")),
    ],
)
def test_only_what_belongs_together_is_held_together(columns, rows):
    assert (audited(*rows, columns=columns)["finding"] == "").all()


def test_groups_named_by_the_file():
    rows = "c1,minimum,8,age", "c2,maximum,9,age", "c3,median,3,age"
    assert audited(*rows, columns="kind,value,group").loc["c3", "possible"] == "no"
    # Two medians of one group: unsaid which belongs to the range.
    assert (audited(*rows, "c4,median,8,age", columns="kind,value,group")["finding"] == "").all()


def test_standard_deviations():
    columns = "kind,value,n,step"
    rows = "a.mean,mean,2.50,4,1", "a.sd,sd,0.82,4,"
    found = audited(*rows, columns=columns)
    assert found["possible"].tolist() == ["yes", "no"]
    text = "No 4 values in steps of 1 have the mean 2.50 and the standard deviation 0.82."
    assert found.loc["a.sd", "finding"] == text
    assert audited(rows[0], "a.sd,sd,0.58,4,", columns=columns)["possible"].tolist() == ["yes", "yes"]
    ends = "a.minimum,minimum,0,20,", "a.maximum,maximum,5,20,", "a.mean,mean,2.50,20,1", "a.sd,sd,2.61,20,"
    # Twenty values from 0 to 5 with the sum 50 have squares of 250 at most, which is 2.565; 254 would give 2.606.
    assert audited(*ends, columns=columns)["possible"].tolist() == ["yes", "yes", "yes", "no"]
    assert audited(*ends[2:], columns=columns)["possible"].tolist() == ["yes", "yes"]
    # Even values from 0 to 4 reach 1.93, but the printed maximum of 5 is no even value, so it is no bound.
    rows = *ends[:2], "a.mean,mean,2.50,20,2", "a.sd,sd,2.04,20,"
    assert audited(*rows, columns=columns).loc["a.sd", "possible"] == "yes"
    assert (
        audited("a.mean,mean,2.50,4,", "a.sd,sd,0.82,4,", columns=columns)["possible"].tolist() == ["not checkable"] * 2
    )


def test_parts():
    columns = "kind,value,numerator,denominator,part_of"
    parts = "cr,percent,1.8,1,55,orr", "mr,percent,54.5,30,55,orr", "pr,percent,21.8,12,55,orr"
    assert (audited(*parts, "orr,percent,78.2,43,55,", columns=columns)["finding"] == "").all()
    found = audited(*parts, "orr,percent,80.0,44,55,", columns=columns)
    assert found.loc["orr", "finding"] == "The parts 1, 30, 12 make 43, not 44."
    assert (found.loc["orr", "possible"], found.loc["orr", "nearest"]) == ("no", "sum of the parts: 43")
    bare = [row.replace(",1,55", ",,").replace(",30,55", ",,").replace(",12,55", ",,") for row in parts]
    assert (audited(*bare, "orr,percent,78.2,,,", columns=columns)["finding"] == "").all()
    found = audited(*bare, "orr,percent,78.4,,,", columns=columns)
    assert found.loc["orr", "finding"] == "The parts 1.8, 54.5, 21.8 make 78.1, not 78.4."
    # A count among percentages, and percentages of different denominators, cannot be added.
    assert (audited(*bare, "orr,count,43,,,", columns=columns)["possible"] == "not checkable").all()
    found = audited("a,percent,50,,4,c", "b,percent,20,,5,c", "c,percent,20,,5,", columns=columns)
    assert (found["finding"] == "").all()


def test_what_weighs_more_stays():
    # The share is impossible, whatever its parts make.
    columns = "kind,value,numerator,denominator,part_of"
    found = audited("a,percent,40,2,5,b", "b,percent,30,1,5,", columns=columns)
    assert (found.loc["b", "possible"], found.loc["b", "finding"][:9]) == ("no", "1 of 5 is")


def test_columns_order_and_summary(published):
    table = audit(read_claims(CLAIMS))
    assert tuple(table.columns) == COLUMNS
    assert table["claim"].tolist() == read_claims(CLAIMS).index.tolist()
    assert summary(table) == "368 claims: 204 yes, 6 by truncation, 6 no, 152 not checkable"
    assert not table.isna().any().any()


def test_kinds_that_are_not_checked():
    found = audited(*(f"c{i},{kind},1" for i, kind in enumerate(("dose", "interval", "score", "definition", "hazard"))))
    assert (found["possible"] == "not checkable").all()


def test_command_line(tmp_path, capsys):
    main([str(CLAIMS)])
    printed = capsys.readouterr().out
    main([str(CLAIMS), "--out", str(tmp_path / "audit.csv")])
    assert (tmp_path / "audit.csv").read_text(encoding="utf-8") == printed
    assert capsys.readouterr().out == (
        f"368 claims: 204 yes, 6 by truncation, 6 no, 152 not checkable; wrote {tmp_path / 'audit.csv'}\n"
    )
    table = pd.read_csv(io.StringIO(printed), dtype=str, keep_default_na=False)
    assert table.equals(audit(read_claims(CLAIMS)))
    main([str(CLAIMS), "--largest", "3"])
    assert capsys.readouterr().out != printed


def test_bad_input_writes_nothing(tmp_path, capsys):
    path = tmp_path / "claims.csv"
    path.write_text("claim,kind,value\na,percnt,5\nb,percent,x\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        main([str(path), "--out", str(tmp_path / "audit.csv")])
    assert str(stop.value).count("\n") == 1
    assert "row 2, column kind: 'percnt'" in str(stop.value)
    assert "row 3, column value: 'x'" in str(stop.value)
    assert [one.name for one in tmp_path.iterdir()] == ["claims.csv"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("largest", ["0", "x", "-3", "10001"])
def test_a_wrong_largest_denominator(largest, capsys):
    with pytest.raises(SystemExit):
        main([str(CLAIMS), "--largest", largest])
    assert "is not a whole number from 1 to 10000" in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(SystemExit) as stop:
        main([str(CLAIMS), "--out", str(tmp_path / "no" / "audit.csv")])
    assert "No such file or directory" in str(stop.value)


def test_exit_codes_of_the_process(tmp_path):
    command = [sys.executable, "-m", "compendium.verification.audit"]
    run = subprocess.run([*command, str(tmp_path / "none.csv")], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"{tmp_path / 'none.csv'}: there is no such file\n"
    head = shlex.join([*command, str(CLAIMS)]) + " --largest 1000 | head -1"
    run = subprocess.run(["sh", "-c", head], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == (",".join(COLUMNS) + "\n", "")
