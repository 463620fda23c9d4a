"""Where the book is published, and the links between its pages and the exercises.

An exercise names its page by the page's path, `book/PART/PAGE`, and a page its exercise as
`exercises/PART/NOTEBOOK.ipynb`, both in backticks. What shows them to a reader makes links of them,
since where a link leads depends on where it is shown.
"""

import functools
import re
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
NOTEBOOK = re.compile(r"exercises/[\w-]+/[\w-]+\.ipynb")
PAGE = re.compile(r"`(book/[\w-]+/[\w-]+)`")
# The address of the repository in _config.yml, which is read without a package for YAML.
REPOSITORY = re.compile(r"^repository:.*\n(?:[ \t#].*\n)*?[ \t]+url:[ \t]*[\"']?([^\s\"'#]*)", re.M)


def book_address(repository: str) -> str:
    """Where GitHub Pages serves the book of a repository, with a slash at its end.

    For a repository elsewhere there is no such address; then it is "".
    """
    parts = urlsplit(repository)
    owner, _, name = parts.path.strip("/").removesuffix(".git").partition("/")
    if parts.hostname != "github.com" or not name:
        return ""
    return f"https://{owner.lower()}.github.io/{name}/"


@functools.cache
def published_book(root: Path = ROOT) -> str:
    """The address of the course's book, or "" while `_config.yml` names no repository."""
    config = root / "_config.yml"
    found = REPOSITORY.search(config.read_text(encoding="utf-8")) if config.is_file() else None
    return book_address(found[1]) if found else ""


def with_page_links(markdown: str, book: str) -> str:
    """Turn the names of pages in a text into links.

    Args:
        markdown: the text.
        book: what stands before a page's path: "../../", the book's address, or "" for no links.
    """
    if not book:
        return markdown
    return PAGE.sub(lambda found: f"[`{found[1]}`]({book}{found[1]}.html)", markdown)
