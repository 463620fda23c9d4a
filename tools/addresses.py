"""Where the book is published, and the links between its pages and the exercises.

An exercise names its page by the page's path, `book/PART/PAGE`, and a page its exercise as
`exercises/PART/NOTEBOOK.ipynb`, each in backticks. What shows them to a reader turns them into
links, since where they lead depends on where they are shown.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

PAGE = re.compile(r"`(book/[\w-]+/[\w-]+)`")
NOTEBOOK = re.compile(r"exercises/[\w-]+/[\w-]+\.ipynb")
REPOSITORY = re.compile(r"^repository:\n(?:[ \t].*\n)*?[ \t]+url:[ \t]*[\"']?([^\s\"'#]*)", re.M)


def repository_address(root: Path) -> str:
    """The address of the repository in `_config.yml`, or "" while there is none."""
    config = root / "_config.yml"
    text = config.read_text(encoding="utf-8") if config.is_file() else ""
    found = REPOSITORY.search(text)
    return found[1] if found else ""


def book_address(repository: str) -> str:
    """Where GitHub Pages serves the book of a repository, with a slash at its end.

    Elsewhere than on GitHub there is no such address; then it is "".
    """
    parts = urlsplit(repository)
    owner, _, name = parts.path.strip("/").removesuffix(".git").partition("/")
    if parts.hostname != "github.com" or not name:
        return ""
    return f"https://{owner}.github.io/{name}/"


def with_page_links(markdown: str, book: str) -> str:
    """Turn the names of pages in a Markdown text into links.

    Args:
        markdown: the text.
        book: what comes before a page's path, such as "../../" or the book's address.
    """
    return PAGE.sub(lambda found: f"[`{found[1]}`]({book}{found[1]}.html)", markdown)
