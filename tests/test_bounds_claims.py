"""Bounds of any paper: its claims file, the questions, and the command."""

import io
import itertools
import re
import subprocess

import numpy as np
import pandas as pd
import pytest

from compendium.bounds.__main__ import main
from compendium.bounds.answers import Bounds
from compendium.bounds.conditions import parse, understood
from compendium.bounds.of_claims import read_people
from compendium.bounds.people import UnknownNameError
from compendium.verification.audit.claims import ClaimsError
from tests.places import ROOT

CLAIMS = ROOT / "docs" / "bounds-claims.csv"

HEADER = "claim,kind,value,attribute,population,denominator,n,scale,part_of,layer\n"


def rows(claims, questions, capsys):
    main([*map(str, (claims, *([questions] if questions else [])))])
    return pd.read_csv(io.StringIO(capsys.readouterr().out), dtype=str, keep_default_na=False)


def test_the_example_that_make_writes_is_answered_as_by_hand(tmp_path):
    command = ["make", "-s", "bounds", f"OUT={tmp_path / 'bounds.csv'}", "QUICK=yes"]
    shown = subprocess.check_output(command, cwd=ROOT, text=True)
    assert shown.startswith("22 of 22 claims say something of 60 people; 14 counts: 6 fixed, 7 bounded, 1 open; wrote")
    table = pd.read_csv(tmp_path / "bounds.csv", dtype=str, keep_default_na=False)
    assert table.columns[:7].tolist() == ["attribute", "by", "population", "low", "high", "answer", "exact"]
    table = table.set_index(["attribute", "by", "population"])
    answers = table[["low", "high", "answer"]].apply(tuple, axis=1).to_dict()
    both = "response = complete or partial"
    # 25 men and 41 responders among 60.
    assert answers["sex = male", both, "all"] == ("6", "25", "bounded")
    # 2 of 21 with severe asthma are complete; 79.5 % of 39 with mild are 31 responders, so 10 of 41 are severe.
    assert answers["asthma = severe", "response = partial", "all"] == ("8", "8", "fixed")
    assert answers["asthma = mild", "response = none", "all"] == ("8", "8", "fixed")
    # 7 of 12 with side effects stopped, and none of those is complete.
    assert answers["side effects = yes", "response = complete", "all"] == ("0", "5", "bounded")
    # 17 % of 41 are 7; there may be as many women among the responders.
    assert answers["smoker = yes", "sex = female", both] == ("0", "7", "bounded")
    # Nothing is printed of smokers among the 19 without response.
    assert answers["smoker = yes", "", "response = none"] == ("0", "19", "open")
    # 14 scores, of the sum 85 or 86: their squares are listed.
    scores = [s for s in _scores(14, 85, 86) if 1.15 <= np.std(s, ddof=1) < 1.25]
    high = [sum(value >= 8 for value in s) for s in scores]
    assert answers["score at the end = 8 to 10", "", "response = complete"][:2] == (str(min(high)), str(max(high)))
    assert not [by for by in table.index.get_level_values("by") if "other" in by]  # nobody can have another response
    assert table["exact"].eq("yes").all() and table["note"].eq("").all()
    assert table.at[("sex = male", both, "all"), "by_margins"] == "max(0, 25 + 41 - 60) = 6 to min(25, 41) = 25"


def _scores(n, low, high):
    """Multisets of n scores with a sum between two; of those far from 6 a deviation of 1.2 allows five at most."""
    far = [some for k in range(6) for some in itertools.combinations_with_replacement((2, 3, 4, 8, 9, 10), k)]
    for some, five, seven in itertools.product(far, range(n + 1), range(n + 1)):
        six = n - len(some) - five - seven
        scores = [*some, *[5] * five, *[7] * seven, *[6] * six]
        if six >= 0 and low <= sum(scores) <= high:
            yield scores


FEW = """attribute,by,population
sex = male,response = complete or partial,
stopped,sex = female,response = partial
smoker,sex,
"""


@pytest.fixture
def few(tmp_path):
    (tmp_path / "questions.csv").write_text(FEW)
    return tmp_path / "questions.csv"


def test_the_claims_that_an_answer_needs_are_named(few, capsys):
    table = rows(CLAIMS, few, capsys)
    assert table.loc[0, "rests_on"] == "men; responders"
    assert set(table["layers"]) <= {"P", ""}


def test_layers_and_witnesses(few, tmp_path, capsys):
    options = ("--out", tmp_path / "pairs.csv", "--without", "L", "--quick", "--witnesses", tmp_path / "people")
    main([*map(str, (CLAIMS, few, *options))])
    assert "22 of 22 claims say something of 60 people; 4 counts: 4 bounded; " in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "pairs.csv", dtype=str)
    for row, one in enumerate(table.itertuples(), 2):
        for end in ("low", "high"):
            people = pd.read_csv(tmp_path / "people" / f"{row}-{end}.csv", dtype=str)
            inside = pd.Series(True, index=people.index)
            for text in {one.attribute, one.by, one.population} - {"all"}:
                name, values = text.split(" = ")
                inside &= people[name].isin(values.split(" or "))
            assert len(people) == 60 and str(inside.sum()) == getattr(one, end)
            assert (people["sex"].eq("female").sum(), people["response"].eq("partial").sum()) == (35, 27)
            age = people["age"].astype(int)
            assert (age.min(), age.max(), round(age.mean(), 1)) == (18, 71, 44.2)
            assert not (people["stopped"].eq("yes") & people["side effects"].eq("no")).any()


def test_without_questions_all_pairs_of_words_are_asked(tmp_path, capsys):
    text = HEADER + "all,count,20,all\nmen,count,8,sex = male\nstopped,count,5,stopped\nage,mean,50,age,,,,20 to 90\n"
    (tmp_path / "claims.csv").write_text(text)
    table = rows(tmp_path / "claims.csv", None, capsys)
    assert table[["attribute", "by", "low", "high"]].to_numpy().tolist() == [["sex = male", "stopped = yes", "0", "5"]]


PEOPLE = HEADER + "all,count,20,all\nmen,count,8,sex = male\nold,count,5,age >= 60\nage,mean,50,age,,,,20 to 90\n"
BAD_CLAIMS = [
    (
        HEADER + "men,count,8,sex = male\n",
        "no claim says how many people there are; allowed is a count with the attribute",
    ),
    (PEOPLE + "again,count,21,all\n", "row 6, column value: '21' is not allowed; the number of all people, 20"),
    (PEOPLE + "x,count,3,sex = = male\n", "row 6, column attribute: 'sex = = male' is not allowed; conditions such as"),
    (PEOPLE + 'x,count,3,"sex = male, sex = female"\n', "row 6, column attribute: .* each attribute once"),
    (PEOPLE + "x,count,3,stopped,age = young\n", "row 6, column population: .* a whole number of age, 20 to 90"),
    (PEOPLE + "x,count,3,stopped,age > 90\n", "row 6, column population: .* a whole number of age, 20 to 90"),
    (PEOPLE + "x,percent,10,stopped,,19\n", "row 6, column denominator: '19' is not allowed; 20, the number of all"),
    (PEOPLE + "x,sd,3,score,,,,0 to 9\n", "row 6, column attribute: 'score' is not allowed; a mean of the same people"),
    (
        PEOPLE + "x,median,3,score,sex = male,,,0 to 9\n",
        "row 6, column n: '' is not allowed; how many people the median",
    ),
    (PEOPLE + "x,mean,3,score\n", "row 6, column scale: '' is not allowed; the ends of score, such as 0 to 10"),
    (PEOPLE + "x,mean,3,score,,,,9 to 0\n", "row 6, column scale: '9 to 0' is not allowed; two whole numbers"),
    (PEOPLE + "x,minimum,10,age\n", "row 6, column value: '10' is not allowed; a whole number of age, 20 to 90"),
    (PEOPLE + "x,mean,3,age = 40\n", "row 6, column attribute: 'age = 40' is not allowed; the name of one attribute"),
    (PEOPLE + "x,rule,men are old\n", "row 6, column value: 'men are old' is not allowed; a rule such as"),
    (PEOPLE + "x,count,3,stopped,,,,,,D\n", "row 6, column layer: 'D' is not allowed; one of P, R, L, or empty"),
    (PEOPLE + "x,count,many,stopped\n", "row 6, column value: 'many' is not allowed; a whole number in digits"),
    (PEOPLE + "x,count,9,sex = female\ny,count,9,sex = female,age >= 60\n", "cannot hold together, .*: old, y$"),
]
BAD_QUESTIONS = [
    ("attribute,by\nsexe = male,\n", "row 2, column attribute: 'sexe = male' is not allowed; .* did you mean sex?"),
    (
        "attribute,by\nsex,sex = mal\n",
        "row 2, column by: 'sex = mal' is not allowed; a value of sex; .* did you mean male?",
    ),
    ("attribute,population\nsex = male,age = 95\n", "row 2, column population: 'age = 95' .* 20 to 90"),
    ("attribute,with\nsex,age\n", "the columns are attribute, with; allowed are attribute, by and population"),
    ("by\nsex\n", "the columns are by; allowed are attribute, by and population"),
    (None, "there is no such file"),
]


BAD = [(one, "attribute\nsex\n", text) for one, text in BAD_CLAIMS] + [(PEOPLE, *one) for one in BAD_QUESTIONS]


@pytest.mark.parametrize(("claims", "questions", "message"), BAD)
def test_what_cannot_be_used_is_one_message(tmp_path, claims, questions, message):
    files = [tmp_path / name for name in ("claims.csv", "questions.csv")]
    for path, text in zip(files, (claims, questions), strict=True):
        if text is not None:
            path.write_text(text)
    with pytest.raises(SystemExit) as stop:
        main([str(path) for path in files])
    shown = str(stop.value.code)
    assert len(shown.splitlines()) == 1
    assert re.search(message.replace("?", r"\?"), shown), shown


def test_parts_make_up_a_whole_and_do_not_overlap(tmp_path):
    text = HEADER + "all,count,20,all\nany,count,9,harmed\nrash,count,5,rash,,,,,any\nfever,count,4,fever,,,,,any\n"
    (tmp_path / "claims.csv").write_text(text)
    read = read_people(tmp_path / "claims.csv")
    assert (read.used, read.claims) == (4, 4)
    bounds = Bounds(read.people)
    assert bounds.count({"rash": "yes", "fever": "yes"}).high == 0
    assert bounds.count({"rash": "yes"}, within={"harmed": "yes"}).low == 5


def test_percentages_of_people_whose_number_is_not_printed(tmp_path):
    text = HEADER + "all,count,20,all\nmen,percent,33,sex = male,responder\n"
    (tmp_path / "claims.csv").write_text(text)
    bounds = Bounds(read_people(tmp_path / "claims.csv").people)
    pairs = [(k, d) for d in range(1, 21) for k in range(d + 1) if (200 * k + d) // (2 * d) == 33]
    found = bounds.count({"sex": "male", "responder": "yes"})
    assert (found.low, found.high) == (min(k for k, _ in pairs), max(k for k, _ in pairs))
    found = bounds.count({"responder": "yes"})
    assert (found.low, found.high) == (min(d for _, d in pairs), max(d for _, d in pairs))


VALUES = {"sex": ("male", "female"), "stopped": ("yes", "no"), "age": tuple(range(18, 72))}


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("", ()),
        ("All", ()),
        ("stopped", (("stopped", ("yes",)),)),
        ("not stopped, sex = Female", (("sex", ("female",)), ("stopped", ("no",)))),
        ("sex = male or female", (("sex", ("male", "female")),)),
        ("age = 20 to 22 or 30", (("age", (20, 21, 22, 30)),)),
        ("age < 20", (("age", (18, 19)),)),
        ("age ≤ 20", (("age", (18, 19, 20)),)),
        ("age > 70", (("age", (71,)),)),
        ("age >= 70", (("age", (70, 71)),)),
    ],
)
def test_conditions_are_read_as_written(text, cell):
    assert understood(parse(text), VALUES) == cell


@pytest.mark.parametrize("text", ["sex > 3", "sex = 1 to 2", "age = old", "height = 3", "age"])
def test_conditions_of_what_is_not_there_are_refused(text):
    with pytest.raises(UnknownNameError):
        understood(parse(text), VALUES)


def test_a_file_that_is_no_claims_file_is_refused(tmp_path):
    with pytest.raises(ClaimsError, match="no such file"):
        read_people(tmp_path / "none.csv")
    (tmp_path / "claims.csv").write_text("claim,kind,value\nall,count,20\n")
    with pytest.raises(ClaimsError, match="column attribute is missing"):
        read_people(tmp_path / "claims.csv")
