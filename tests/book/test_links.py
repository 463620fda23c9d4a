"""Links, anchors and downloads inside the built book lead somewhere."""

import functools
import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.book.conftest import documents_to_look_at
from tests.book.tiny_book import ROOT, notebook
from tests.selection import PARTS

PAGES = [*documents_to_look_at(), "genindex", "search"]
EXERCISES = sorted(path for part in PARTS for path in (ROOT / "exercises" / part).glob("*.ipynb"))


def parse(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@functools.cache  # a page is the target of many links
def anchors(path: Path) -> frozenset[str]:
    return frozenset(tag["id"] for tag in parse(path).find_all(id=True))


@pytest.mark.parametrize("name", PAGES)
def test_internal_links_resolve(book, name):
    page = book / f"{name}.html"
    soup = parse(page)
    links = [
        tag[attribute]
        for kind, attribute in (("a", "href"), ("img", "src"), ("script", "src"), ("link", "href"))
        for tag in soup.find_all(kind)
        if tag.get(attribute)
    ]
    assert links
    broken = []
    for link in links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = page if not parts.path else (page.parent / unquote(parts.path)).resolve()
        if not target.exists() or (
            parts.fragment
            and target.suffix == ".html"
            and unquote(parts.fragment) not in anchors(target)
        ):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_an_exercise_in_the_book_names_a_page_that_names_it(book, path):
    copy = book / path.relative_to(ROOT)
    links = re.findall(r"\]\((\.\./\.\./book/[^)]+\.html)\)", copy.read_text("utf-8"))
    assert links
    for link in links:
        page = (copy.parent / link).resolve()
        targets = [tag["href"] for tag in parse(page).select("article a[href$='.ipynb']")]
        assert copy.resolve() in [(page.parent / target).resolve() for target in targets], link


EXECUTED = [
    name
    for name in documents_to_look_at()
    if "{code-cell}" in Path(f"{ROOT / name}.md").read_text("utf-8")
]


@pytest.mark.parametrize("name", EXECUTED)
def test_a_page_can_be_downloaded_as_an_executed_notebook(book, name):
    (button,) = parse(book / f"{name}.html").select(
        "a.btn-download-notebook-button[href$='.ipynb']"
    )
    notebook = nbformat.read((book / f"{name}.html").parent / button["href"], as_version=4)
    nbformat.validate(notebook)
    assert any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.parametrize("name", documents_to_look_at())
def test_without_a_repository_there_are_no_launch_buttons(book, name):
    text = (book / f"{name}.html").read_text(encoding="utf-8")
    assert "mybinder.org" not in text and "colab.research.google.com" not in text


def test_with_a_repository_a_page_can_be_launched(tiny_book):
    book = tiny_book({"book/a.md": notebook("print(1)")})
    config = (book.folder / "_config.yml").read_text(encoding="utf-8")
    address = "https://github.com/someone/course"
    book.write("_config.yml", config.replace('url: ""', f'url: "{address}"'))
    book.build()
    links = [a["href"] for a in parse(book.folder / "_build/html/book/a.html").select("a[href]")]
    (binder,) = [urlsplit(link) for link in links if "mybinder.org" in link]
    assert binder.path == "/v2/gh/someone/course/main"
    assert "nbgitpuller" in (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8")
    start = parse_qs(binder.query)["urlpath"][0]
    assert start.startswith("git-pull?")
    assert {name: value for name, (value,) in parse_qs(urlsplit(start).query).items()} == {
        "repo": address,
        "branch": "gh-pages",
        "urlpath": "lab/tree/course/_sources/book/a.ipynb",  # a notebook, not a text
    }
    colab = "https://colab.research.google.com/github/someone/course/blob"
    assert f"{colab}/gh-pages/_sources/book/a.ipynb" in links
    assert any(link.startswith(address) for link in links)
    # What both open is in the published folder, and links back to the page.
    notebook_text = (book.folder / "_build/html/_sources/book/a.ipynb").read_text("utf-8")
    assert "(https://someone.github.io/course/book/a.html)" in notebook_text
