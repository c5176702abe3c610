"""What the paper determines of numbers of patients: by hand, by counting in patients who fit, and as it is kept."""

import ast
import io
import json
from dataclasses import replace

import pandas as pd
import pytest

from analysis.criteria import PAPER, Criteria
from compendium.bounds.answers import Bounds
from compendium.bounds.needed import needed
from compendium.bounds.people import both, count_of
from compendium.determined import drawn, rows, stored, symptoms
from compendium.determined import questions as asking
from compendium.determined.kinds import kinds_of, people, sentences, who
from compendium.determined.questions import Paper, fact, paired, pairs, read_questions
from compendium.determined.results import Determined, as_frame
from compendium.drawing.determined import draw_determined
from compendium.verification.published import built_values, read_claims
from tests.figure_checks import CAVEATS, faults, texts_of
from tests.places import FIGURES, ROOT, shipped_cohort

RESPONDERS = "best = CR or MR or PR"


@pytest.fixture(scope="module")
def paper():
    return Paper()


@pytest.fixture(scope="module")
def shipped():
    return kinds_of(shipped_cohort())


def counted(patients, cell):
    """Count patients, each a row, in a cell, one by one."""
    return sum(all(row[name] in values for name, values in cell) for row in patients)


def kept(patients, statement):
    """Tell whether people keep a statement: one of its ways holds."""
    sums = [sum(factor * counted(patients, cell) for factor, cell in one) for one in statement.sums]
    return any(
        all((low is None or low <= n) and (high is None or n <= high) for n, (low, high) in zip(sums, way, strict=True))
        for way in statement.ways
    )


def test_the_shipped_cohort_keeps_every_statement(shipped):
    checked = [one for one in people().statements if not any(" after " in name for name in one.attributes)]
    assert len(checked) > 200
    patients = shipped.to_dict("records")
    assert [one.name for one in checked if not kept(patients, one)] == []
    assert {name for one in checked for name in one.attributes} == set(shipped.columns)


def test_answers_by_hand(paper):
    printed, read = paper._bounds["P",], paper._bounds["P", "R"]

    def ends(asked, within="all", by=printed):
        found = by.count(who(asked), who(within))
        assert found.exact
        return found.low, found.high

    # 17 men only if the digits of the printed ratio are cut.
    assert ends("sex = M", RESPONDERS) == (0, 43)
    assert ends("sex = M", RESPONDERS, read) == (17 + 43 - 55, 17)
    # 14 of the 15 escalated improved their response.
    assert ends(RESPONDERS, "escalation = reached_mr or improved_pr or other_improved or not_improved") == (14, 15)
    # 29 uses of five drugs by 17 patients: 12 second and further uses; k patients have at most k of each drug more, and
    # 14 + (3 + 3 + 3 + 3 + 2) = 28 are too few for three.
    assert ends("cytoreductive = 2") == (4, 12)
    # Of 12 without response one has CM and three stopped for intolerance.
    assert ends("diagnosis = CM", "status = intolerance, best = NR") == (0, 1)
    # 27 with the mutation, of whom, as read, none has idiopathic MCAS; 7 of the 41 others did not respond.
    assert ends(RESPONDERS, "kit_d816v = positive", read) == (27 - 7, 27)
    assert printed.count(who("who_tryptase_over_20 = positive"), who("diagnosis = CM")).verdict == "open"


def test_witnesses_keep_every_statement_and_attain_the_ends(paper):
    known = people().without(layers="L")
    found = paper._bounds["P", "R"].count(who("sex = M"), who(RESPONDERS))
    for witness, end in ((found.low_witness, 5), (found.high_witness, 17)):
        patients = witness.to_dict("records")
        assert len(patients) == 55
        assert counted(patients, both(who("sex = M"), who(RESPONDERS))) == end
        assert [one.name for one in known.statements if not kept(patients, one)] == []


def test_a_proof_needs_all_that_it_names(paper):
    asked = count_of(both(who("diagnosis = CM"), who("status = intolerance, best = NR")))
    found = paper.determined("", "", "diagnosis = CM", "status = intolerance, best = NR")
    names = found.rests_on
    assert {"results.best.orr.primary", "table2.best.orr.ism"} <= set(names)
    for name in names:
        assert Bounds(paper.people.only(set(names) - {name})).of(asked).high > 1
    assert Bounds(paper.people.only(names)).of(asked).high == 1
    assert needed(paper.people, asked, 0, lower=True) == []
    assert "At most 1: " in found.proof and "34 of 41" not in found.proof
    proof = paper.determined("", "", "sex = M", RESPONDERS).proof
    assert proof.startswith("Of 55 patients 17 are the one and 43 the other: both are at least 17 + 43 − 55 = 5")


def test_readings_and_knowledge_are_layers_of_their_own(paper):
    found = paper.determined("", "", RESPONDERS, "kit_d816v = positive", proved=False)
    assert found.layers == ("P", "R") and found.proof.endswith("19 to 27 by the print alone.")
    known = people()
    assert {one.layer for one in known.statements} == {"P", "R", "L"}
    # Every statement that is no claim has a sentence of its own; claims are print.
    claims = read_claims()
    named = {one.name: one.layer for one in known.statements if one.name not in claims.index}
    assert {name for name in named if not name.startswith("number of ")} == set(sentences())
    assert {one.name for one in known.statements if one.name in claims.index and one.layer != "P"} == {
        "table1.sex_ratio"
    }


def test_the_model_hangs_on_no_draw():
    assert people() == people()
    for path in [*(ROOT / "compendium" / "determined").glob("*.py"), *(ROOT / "compendium" / "bounds").glob("*.py")]:
        if path.name != "ensembles.py":
            names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
            assert not names & {"random", "default_rng"}, path


def test_a_changed_claim_changes_the_answers():
    claims = read_claims()
    claims.loc["table1.bone_density", "numerator"] = "40"
    found = Paper(claims).determined("", "", "decreased_bone_density = positive", RESPONDERS, proved=False)
    assert (found.low, found.high) == (40 + 43 - 55, 40)


def test_what_is_kept_is_what_would_be_found_again(paper, shipped):
    folder = ROOT / "data" / "determined"
    answers, both_of, found = (stored.read(folder, table) for table in ("answers", "pairs", "facts"))
    asked = asking.questions()
    assert answers.index.tolist()[: len(asked)] == [one.quantity for one in asked]
    assert set(answers["topic"]) > {"Times", "Ages", "Anaphylaxis", "Blood tests", "Rules"}
    for question in (asked[0], asked[12]):
        again = paper.determined(question.quantity, question.label, question.people, question.within)
        kept_row = answers.loc[question.quantity]
        assert (again.low, again.high, again.proof) == (kept_row["low"], kept_row["high"], kept_row["proof"])
    assert len(both_of) == 435 and both_of["exact"].mean() >= 0.95
    for pair in pairs()[100:101]:
        again, alone = paired(paper, pair)
        kept_row = both_of.loc[pair.quantity]
        assert (again.low, again.high, *alone) == tuple(kept_row[["low", "high", "alone_low", "alone_high"]])
    # The cohort at hand lies within every range.
    reach = stored.read(folder, "ensemble-reach")
    assert rows.outside(rows.counts_with_cohort(answers, shipped, reach)) == []
    people_of = {pair.quantity: pair.people for pair in pairs()}
    inside = [rows.count(shipped, " | ".join(people_of[name])) for name in both_of.index]
    assert ((both_of["low"] <= inside) & (inside <= both_of["high"])).all()
    assert len(found) > 10 and (found["label"].str.startswith("In every cohort ") == (found["layers"] == "P")).all()


def test_the_results_of_the_shipped_cohort_lie_within_what_is_kept():
    answers = stored.read(ROOT / "data" / "determined")
    values = built_values(FIGURES)
    checked = set()
    for quantity, row in answers.iterrows():
        name, _, statistic = quantity.rpartition("/" if "/" in quantity else ".")
        found = values.get(name, {}).get(statistic)
        if found is not None:
            assert row["low"] <= found <= row["high"], quantity
            checked.add(row["topic"])
    assert {"Times", "Ages", "Anaphylaxis", "Blood tests"} <= checked


def test_facts_are_said_in_a_sentence(paper):
    pair = next(one for one in pairs() if one.quantity == "kit and responders")
    assert paired(paper, pair)[1] == (27 + 43 - 55, 27)
    sentence = fact(paper, pair, (15, 27)).label
    assert sentence.startswith(
        "As the paper is read here, at least 20 of the patients are both: KIT D816V found; responders (15 "
    )
    # That a major response is a response is no fact of the paper, and what is printed is none that it hides.
    assert fact(paper, next(one for one in pairs() if one.quantity == "responders and major"), (18, 30)) is None
    assert fact(paper, next(one for one in pairs() if one.quantity == "ism and kit"), (1, 27)) is None


def test_what_was_made_from_other_claims_is_not_read(tmp_path):
    one = Determined("sex = M | all", "Men", "patients", 17, 17, 17, 17, ("P",), ("a", "b"), "Counted.")
    frame = as_frame([one]).reset_index().assign(topic="x")
    stored.write({"answers": frame}, tmp_path / "new")
    again = stored.read(tmp_path / "new")
    assert again.loc["sex = M | all", ["low", "verdict", "layers", "rests_on"]].tolist() == [17, "fixed", "P", "a; b"]
    package = tmp_path / "new" / "datapackage.json"
    changed = json.loads(package.read_text())
    changed["resources"][0]["made_from"]["kinds.txt"] = "0"
    package.write_text(json.dumps(changed))
    with pytest.raises(ValueError, match=r"made from another kinds.txt; make it again: make determined"):
        stored.read(tmp_path / "new")


def test_questions_name_what_they_cannot_ask(tmp_path):
    path = tmp_path / "questions.csv"
    path.write_text("topic,label,people,within\nx,y,sex = M,best = CR\nx,y,sexe = M,all\n")
    with pytest.raises(ValueError, match=r"csv, row 3, column people: 'sexe = M' is not allowed.*did you mean sex"):
        read_questions(path, ("topic", "label", "people", "within"))
    path.write_text("topic,label,people,within\nx,y,sex = M,best = XR\n")
    with pytest.raises(ValueError, match=r"row 2, column within: 'best = XR'.*best.*CR"):
        read_questions(path, ("topic",))
    with pytest.raises(ValueError, match="column population is missing"):
        read_questions(path, ("population",))


def test_the_figure_shows_each_range():
    base = Determined("a", "Men", "patients", 2, 9, 2, 9, ("P", "R"), (), "", 20)
    fixed, free = replace(base, quantity="b", label="Women", low=4, high=4), replace(base, quantity="c", low=0, high=20)
    frame = as_frame([base, fixed, free]).assign(topic=["One", "One", "Other"], value=[5, 4, 0])
    figure = draw_determined(frame.assign(smallest=2, largest=[9, 4, 8]), "all", 55, caveats=CAVEATS)
    assert faults(figure) == []
    texts = texts_of(figure)
    assert {"2–9", "4", "0–20", "bounded+", "fixed+", "open+", "One", "Other cohorts"} <= set(texts)
    assert "3 numbers: 1 fixed, 1 bounded, 1 open" in " ".join(" ".join(texts).split())
    with pytest.raises(ValueError, match="no rows"):
        draw_determined(frame.iloc[:0], "all", 55)


def test_rows_are_printed():
    frame = as_frame([Determined("sex = M", "Men", "patients", 5, 17, 5, 17, ("P", "R"), (), "Why.")]).assign(value=11)
    for seen, whole in (((5, 17), "both ends"), ((6, 17), "the upper end"), ((5, 9), "the lower end")):
        printed = ["Men", "5–17", "11", "bounded", whole, "print and readings", "Why."]
        assert rows.answer_rows(frame.assign(smallest=seen[0], largest=seen[1])).iloc[0].tolist() == printed
    assert rows.answer_rows(frame.assign(smallest=12, largest=13)).iloc[0, 4] == "neither end"
    assert rows.outside(frame.assign(value=4)) == ["sex = M"] and rows.outside(frame) == []
    other = Determined("p", "Test", "p", 0.0049, 0.46, 0.0049, 0.46, ("P",), (), "Tried.")
    months = replace(other, quantity="m", label="Median", unit="months", low=9.0, high=float("inf"))
    printed = rows.other_rows(as_frame([other, months]).assign(topic="Tests"))
    assert printed["From–to"].tolist() == ["0.005 to 0.460", "9 to not reached"]
    assert printed["Whole cohorts attain"].tolist() == ["both ends", "the lower end"]
    both_of = pd.DataFrame({"verdict": ["open", "fixed"], "exact": [True, False]}, ["a", "b"])
    assert rows.pair_note(both_of, pd.DataFrame({"both_ends": [True]}, ["a"])) == (
        "Of 2 pairs of characteristics: 1 fixed, 0 bounded, 1 open; both ends attained in 1, and of the 1 that are not "
        "fixed by whole cohorts of the ensemble in 1."
    )
    assert rows.headlines()["numbers"][1].startswith("Of 435 pairs of characteristics: 52 fixed, 269 bounded")


PAIRED, PLAIN, HALF = "biology.tryptase.paired_t", "times.first_response.naive", "times.first_response.half"
KEPT = {
    "ensemble-marks": "population,symptom,of,shipped,cohorts\nall,flush,9,True,4\nall,flush,9,False,5\n"
    "all,anaphylaxis,9,True,7",
    "ensemble-values": "result,statistic,shipped,smallest,largest,cohorts,known,below\n"
    f"{PAIRED},p_value,.4,.0301,.9,9,8,2\n{HALF},months,3,2,5,9,9,\ntimes.therapy.all.kaplan_meier,months,34,12,34,9,7,\n"
    "followup.duration.all,mean,9.5,9.46,9.54,9,9,\ntimes.best_response.incidence.12,estimate,.7636,.7818,.7818,9,9,",
    "answers": f"quantity,low,high\n{PAIRED}.p_value,.006,.2\ntimes.therapy.all.kaplan_meier,9,inf\n"
    "symptoms.score.anaphylaxis.stars,1,3",
    "rules": "outcome,low,high\nbest.orr,0,9\nbest.orr,1,7\nlast.persistent_orr,1,9\nsustained,2,9",
}


def test_drawn_results_say_what_is_fixed_and_what_others_have(monkeypatch):
    kept = {table: pd.read_csv(io.StringIO(text)) for table, text in KEPT.items()}
    kept["answers"] = kept["answers"].set_index("quantity")
    monkeypatch.setattr(drawn, "_kept", kept.get)
    study = shipped_cohort()
    assert drawn.same_marks(study, PAPER).to_dict() == {"Same in 9 others": {"flush": "4", "anaphylaxis": "7†"}}
    expected = {
        PAIRED: ["p 0.006 to 0.200", "p 0.030 to 0.900, or no test, below 0.05 in 2"],
        f"{PLAIN} {HALF}": ["plain median fixed", "plain the same; half by 2 to 5"],
        "response.best.cr.all": ["fixed", "the same"],
        "times.therapy.all.kaplan_meier": ["9 to not reached", "12 to 34, or not reached"],
        "followup.duration.all": ["median fixed", "the same"],
        "times.best_response.incidence.12": ["", "78"],
    }
    found = drawn.elsewhere(study, PAPER, expected)
    assert found.columns.tolist() == ["Fixed or bounded", "In 9 other cohorts that fit"]
    assert found.T.to_dict("list") == expected
    marks = drawn.marks(study, PAPER, [PLAIN, PAIRED, HALF])
    assert list(marks.values()) == ["; fixed", "; bounded: p 0.006 to 0.200", "; 2 to 5 in 9 others"]
    assert "†: bounded, * to *** in every cohort" in drawn.said(study, PAPER, "symptoms")[0]
    assert "9 others" in drawn.said(study, PAPER, "times")[0]
    assert "overall responses 0 to 9, persistent ones 1 to 9" in drawn.said(study, PAPER, "rules")[0]


@pytest.mark.parametrize(("population", "criteria", "other"), [
    ("all", Criteria(zeros="pratt"), False), ("ISM", PAPER, False), ("all", PAPER, True),
])  # fmt: skip
def test_of_another_cohort_or_rule_nothing_is_said(population, criteria, other):
    study = shipped_cohort(population)
    study = replace(study, patients=study.patients.assign(sex="F")) if other else study
    assert drawn.same_marks(study, criteria).shape[1] == drawn.elsewhere(study, criteria, ["a"]).shape[1] == 0
    assert drawn.marks(study, criteria, ["a"]) == {} and drawn.ranges_for(study, criteria) is None
    assert drawn.said(study, criteria, "symptoms") == "symptoms" and drawn.said(study, criteria, "rules") == "rules"


@pytest.mark.long
@pytest.mark.parametrize(("everybody", "patients"), [(True, 55), (False, 0)])
def test_any_other_symptom_can_be_everybodys_or_nobodys(everybody, patients):
    assert (symptoms.relabelled(["flush"], everybody).symptoms["symptom"] == "flush").sum() == patients
