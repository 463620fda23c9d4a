"""The text of all pages in a file, in which the page `search` looks for words (`search.js`).

Sphinx looks words up in an index. It finds no part of a Japanese term, as Japanese has no spaces
between words, and shows no excerpts of a book that is opened from a folder.
"""

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

FILE = "searchtext.js"


def write_text(app: Sphinx, exception: Exception | None) -> None:
    """Write the text of each section: a script, since a page in a folder may load no data."""
    if exception is not None or app.builder.name != "html":
        return
    pages = {}
    for docname in sorted(app.env.found_docs):
        sections = list(sections_of(app.env.get_doctree(docname)))
        if sections:
            pages[f"{docname}.html"] = sections
    text = json.dumps(pages, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, FILE).write_text(f"searchText({text})", encoding="utf-8")


def sections_of(document: nodes.document) -> Iterator[tuple[str, str, str]]:
    """Give each section's id, heading and own text."""
    for section in document.findall(nodes.section):
        heading = next(iter(section.findall(nodes.title)), None)
        words = " ".join(_texts(section))
        # "ＢＥＲＴ" and "BERT" are one word to who searches.
        yield (
            section["ids"][0],
            unicodedata.normalize("NFKC", heading.astext() if heading else ""),
            unicodedata.normalize("NFKC", " ".join(words.split())),
        )


def _texts(node: nodes.Element) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, nodes.Text | nodes.TextElement):
            if not isinstance(child, nodes.title | nodes.raw | nodes.comment):
                yield child.astext()
        elif not isinstance(child, nodes.section) and "cell_output" not in child["classes"]:
            yield from _texts(child)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("build-finished", write_text)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
