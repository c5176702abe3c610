"""Every way a claims file can be wrong gets its message, and all of them at once."""

import json

import pytest

from compendium.verification import published
from compendium.verification.audit.claims import ClaimsError, read_claims
from tests.case_files import DATA, data_lines, escaped_lines

GOOD = 'claim,kind,value,numerator,denominator\nage.mean,mean,41.5,,\nsex,percent,"54,5",30,55\nall,count,55,,\n'


@pytest.fixture
def write(tmp_path):
    def write(text, package=None):
        path = tmp_path / "claims.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        if package is not None:
            (tmp_path / "datapackage.json").write_text(package if isinstance(package, str) else json.dumps(package))
        return path

    return write


def problems(path):
    with pytest.raises(ClaimsError) as error:
        read_claims(path)
    return error.value.problems


def package(**constraints):
    fields = [{"name": name, "constraints": values} for name, values in constraints.items()]
    return {"resources": [{"path": "other.csv"}, {"path": "claims.csv", "schema": {"fields": fields}}]}


def test_cells_stay_as_printed_and_names_are_found_by_pattern(write):
    claims = read_claims(write(GOOD))
    assert list(claims.index) == ["age.mean", "sex", "all"]
    assert claims.loc["sex"].tolist() == ["percent", "54,5", "30", "55"]
    assert claims.loc["age.mean", "numerator"] == ""
    assert read_claims(published.CLAIMS).equals(published.read_claims())
    assert len(published.read_claims()) == 368
    claims = published.read_claims()
    names = [f"{place}.best.cr.all" for place in ("abstract", "results", "table2")]
    assert published.matching(claims, "*.best.cr.all") == names
    with pytest.raises(ClaimsError, match="no claim is called 'nothing'"):
        published.matching(claims, "nothing")


@pytest.mark.parametrize("text", [
    "kind,claim,value\npercent,a,7.00\ndate,b,May 2016\n",  # three columns are enough
    "\ufeffclaim,kind,value,page,my notes\na,percent,7.00,12,none\n",  # others and a byte order mark are welcome
    "claim,kind,value\na,percent,-5\nb,mean,−1.50\nc,identifier,NCT1\nd,ratio,1.3\ne,sd,2\nf,rule,2\ng,p_threshold,0.05\n",
    # More events than patients are no error, and all patients are not too many.
    "claim,kind,value,numerator,denominator,unit\na,count,23,23,16,events\nb,ratio,2,4,2,\n",
    "claim,kind,value,numerator,denominator\na,count,4,,4\nb,percent,100,4,4\nc,count,4,4,4\n",
])  # fmt: skip
def test_files_that_are_fine(write, text):
    claims = read_claims(write(text))
    assert len(claims) == text.count("\n") - 1
    assert "page" not in claims or claims.loc["a", "my notes"] == "none"


def test_all_problems_at_once_in_order(write):
    expected = [line.replace(" - ", "  ").split(" | ") for line in data_lines("many_wrong_claims.txt")]
    found = problems(DATA / "many_wrong_claims.csv")  # of which a blank line counts
    assert found[["row", "column", "value"]].astype(str).to_numpy().tolist() == [one[:3] for one in expected]
    assert all(text.endswith(one[3]) for text, one in zip(found["allowed"], expected, strict=True))
    path = write("claim,kind,value\n" + "".join(f"c{number},percent,5 %\n" for number in range(250)))
    with pytest.raises(ClaimsError, match=r"\.\.\. and 50 more problems$") as error:
        read_claims(path)
    assert len(error.value.problems) == 250
    text = "row 2, column value: '5 %' is not allowed; a number as printed"
    assert str(error.value).startswith(f"{path}, {text}")


@pytest.mark.parametrize("line", escaped_lines("unusable_claims.txt"))
def test_a_file_that_cannot_be_used(write, line):
    text, message = line.split(" -> ")
    found = problems(write(text.encode("latin-1")))  # of which one is no UTF-8
    assert message in " ".join(found["allowed"])
    assert found["row"].tolist() == [0]


def test_no_file_and_a_folder(tmp_path):
    assert problems(tmp_path / "claims.csv")["allowed"].tolist() == ["there is no such file"]
    assert "cannot be read" in problems(tmp_path)["allowed"][0]


@pytest.mark.parametrize("line", data_lines("wrong_claims.txt"))
def test_wrong_cells(write, line):
    columns, row, column, allowed = line.split(" | ")
    found = problems(write(f"claim,kind,value,{columns}\na,{row}\n"))
    assert found["column"].tolist() == [column]
    assert allowed in found["allowed"][0]


def test_the_vocabulary_of_the_file_itself(write):
    text = "claim,kind,value,population,unit\na,percent,5,MMAS,percent\nb,hazard,none,all,\n"
    assert problems(write(text))["column"].tolist() == ["kind"]
    kinds, units = {"enum": ["percent", "hazard"]}, {"enum": ["percent"]}
    own = package(population={"enum": ["all", "MMAS"]}, unit=units, kind=kinds)
    assert len(read_claims(write(text, own))) == 2
    found = problems(write(text.replace("MMAS", "MMAs"), own))
    assert found["allowed"].tolist() == ["one of all, MMAS; did you mean MMAS?"]
    found = problems(write(text, package(unit={"enum": ["patients"]}, kind={"enum": ["hazard"]})))
    assert found["column"].tolist() == ["kind", "unit"]
    found = problems(write(text.replace("MMAS", ""), package(population={"required": True}, kind=kinds)))
    assert (found["column"].tolist(), found["allowed"].tolist()) == (["population"], ["a value"])
    # What describes other files says nothing of this one.
    assert len(read_claims(write(GOOD, {"resources": [{"path": "patients.csv"}]}))) == 3


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"resources": [{"path": "claims.csv"}]}'])
def test_a_data_package_that_describes_nothing(write, text):
    with pytest.raises(ClaimsError, match=r"does not describe claims\.csv as a Data Package does") as error:
        read_claims(write(GOOD, text))
    assert "datapackage.json: " in str(error.value)
