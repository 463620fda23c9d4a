"""The bibliography has every work that a page or a docstring of the library cites."""

import re

import pytest
from pybtex.database import parse_file

from tests.book.tiny_book import ROOT

WORKS = parse_file(str(ROOT / "book/references.bib")).entries
PAGES = sorted((ROOT / "book").rglob("*.md"))
MODULES = sorted((ROOT / "lib").rglob("*.py"))
CITED_BY_A_PAGE = re.compile(r"\{cite(?::t|:p)?\}`([^`]+)`")
CITED_BY_A_MODULE = re.compile(r"([A-Z]\w+) (?:et al\.|and [A-Z]\w+),? (\d{4})")


def first_authors_and_years():
    return {
        (work.persons["author"][0].last_names[-1], work.fields["year"]) for work in WORKS.values()
    }


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_what_a_page_cites_is_listed(path):
    cited = CITED_BY_A_PAGE.findall(path.read_text(encoding="utf-8"))
    keys = {key.strip() for group in cited for key in group.split(",")}
    assert keys <= set(WORKS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_a_module_cites_is_listed(path):
    cited = set(CITED_BY_A_MODULE.findall(path.read_text(encoding="utf-8")))
    assert cited <= first_authors_and_years()


def test_a_work_says_who_what_when_and_where():
    for key, work in WORKS.items():
        assert work.persons.get("author") and {"title", "year"} <= set(work.fields), key
        assert {"url", "doi", "eprint", "journal", "institution"} & set(work.fields), key
