"""Fixtures of the book's tests: the book that `make book` has built, and tiny books."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.book.tiny_book import ROOT, TinyBook
from tests.selection import ALL, PARTS

BUILT = ROOT / "_build" / "html"


def documents() -> list[str]:
    """Return the names of the book's pages, in reading order, as _toc.yml lists them."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *chapters]


def documents_to_look_at() -> list[str]:
    """Return the names of the pages to look at: all, or those of the chosen parts."""
    if PARTS == ALL:
        return documents()
    return [name for name in documents() if name.startswith(tuple(f"book/{p}/" for p in PARTS))]


@pytest.fixture(scope="session")
def book() -> Path:
    """Return the folder of the built book."""
    missing = [name for name in documents() if not (BUILT / f"{name}.html").is_file()]
    if missing:
        pytest.fail(f"Not built: {', '.join(missing)}. Run `make book` first.", pytrace=False)
    return BUILT


@pytest.fixture
def tiny_book(tmp_path: Path) -> Callable[..., TinyBook]:
    """Return a function that makes a book of the given files, with this book's configuration."""
    return lambda files: TinyBook(tmp_path, files)
