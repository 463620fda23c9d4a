"""Link the exercise notebooks that pages name, and put a copy of each into the built book."""

import posixpath
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from grader.addresses import NOTEBOOK, book_address
from tools.bundle import linked


def link_exercises(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make a link of each name of a released notebook, such as `exercises/bert/01-gelu.ipynb`."""
    for literal in list(doctree.findall(nodes.literal)):
        name = literal.astext()
        is_there = NOTEBOOK.fullmatch(name) and Path(app.srcdir, name).is_file()
        if is_there and not isinstance(literal.parent, nodes.reference):
            address = posixpath.relpath(name, posixpath.dirname(docname))
            link = nodes.reference("", "", refuri=address)
            literal.replace_self(link)
            link += literal


def copy_exercises(app: Sphinx, exception: Exception | None) -> None:
    """Copy the released notebooks, with links to their pages."""
    if exception is not None or app.builder.name != "html":
        return
    book = book_address(app.config.html_theme_options.get("repository_url", "")) or "../../"
    for path in Path(app.srcdir, "exercises").glob("*/*.ipynb"):
        copy = Path(app.outdir, path.relative_to(app.srcdir))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(linked(path, book))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("doctree-resolved", link_exercises)
    app.connect("build-finished", copy_exercises)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
