"""The README tells the truth about names: links, make targets, parameters, numbers of rows."""

import re
from pathlib import Path

import pandas as pd
import pytest

from analysis.sensitivity import RESPONSE_OPTIONS, SYMPTOM_OPTIONS, combinations
from tests.places import PUBLISHED, ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES += sorted((ROOT / "data").rglob("README.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_every_target_and_option_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.M))
    lists = " ".join(re.findall(r"^(?:USES_|HANDLING|VARIABLES).*", makefile, flags=re.M))
    for page in PAGES:
        named = re.findall(r"(?:`|^)make ([a-z][a-z-]*)", page.read_text(encoding="utf-8"), flags=re.M)
        assert set(named) <= targets
        options = set(re.findall(r"\b([A-Z]{3,})=", page.read_text(encoding="utf-8")))
        assert options <= set(re.findall(r"\b[A-Z]{3,}\b", lists))


def test_functions_named_beside_their_files_are_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"\[`(\w+)\.(\w+)`\]\(([^)]+\.py)\)", text)
    assert len(named) > 8
    for module, function, file in named:
        assert Path(file).stem == module
        assert re.search(rf"^def {function}\(", (ROOT / file).read_text(encoding="utf-8"), flags=re.M), function


def test_the_number_of_statements_is_counted():
    claims = pd.read_csv(PUBLISHED / "claims.csv")
    assert f"{len(claims)} statements" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_number_of_combinations_is_counted():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    responses, tests = (len(combinations(options)) for options in (RESPONSE_OPTIONS, SYMPTOM_OPTIONS))
    assert f"{responses:,} combinations of the rules of response and {tests:,} of those of the test" in text
    assert f"all {responses + tests:,} combinations of the open rules" in text
