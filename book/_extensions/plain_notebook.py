"""Turn a page into a notebook that any notebook program shows: Markdown, code, and nothing else.

The text is written from the page's resolved doctree, so what stands in the notebook is what stands
on the page: references have become words, directives plain Markdown, folded text `<details>`.
The code cells and their outputs are those of the executed notebook. The first cells say where the
notebook comes from, and get the course's library.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import urljoin, urlsplit

from docutils import nodes
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from sphinx import addnodes
from sphinx.util.logging import getLogger

LOGGER = getLogger(__name__)

# The module by whose presence a notebook knows that the library is there.
PROBE = "lib.plots"
NOT_THERE = """\
# This notebook needs the course's library, lib/.
try:
    import {probe}
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "The course's library `lib` is not here. Open this notebook in a copy of the course in "
        "which `make course` has been run, or put it into the unpacked archive of the exercises, "
        "beside the folder `lib`."
    ) from None
"""
GET_IT = """\
# Gets the course's library, unless it is here already. It takes a minute or two.
try:
    import {probe}
except ModuleNotFoundError:
    %pip install --quiet "git+{address}@{branch}"
"""

SKIPPED = (
    addnodes.index,
    addnodes.toctree,
    nodes.comment,
    nodes.meta,
    nodes.substitution_definition,
    nodes.system_message,
    nodes.target,
)
YEAR = re.compile(r"\[(\d{4}[a-z]?|\[\d{4}[a-z]?\]\([^)]*\))\]")
SPECIAL = re.compile(r"([\\*`$<])")


def plain_notebook(
    notebook: NotebookNode,
    doctree: nodes.document,
    *,
    course: str,
    repository: str,
    branch: str,
    page: str,
    numbers: Mapping[str, str],
) -> NotebookNode:
    """Return the page as a plain notebook.

    Args:
        notebook: the executed notebook; it is changed.
        doctree: the page as it is written to HTML, references resolved.
        course: the title of the course.
        repository: the address from which pip gets the library, or "".
        branch: the branch there.
        page: the page's own address on the web, or "".
        numbers: those of the page's equations and figures, by their ids.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    writer = Writer(page, numbers)
    cells = [
        new_markdown_cell(_whence(doctree, course, page)),
        new_code_cell(
            (GET_IT if repository else NOT_THERE)
            .format(probe=PROBE, address=repository, branch=branch)
            .strip()
        ),
    ]
    for part in writer.parts(doctree):
        if isinstance(part, str):
            cells.append(new_markdown_cell(part))
            continue
        cell = code.pop(0)
        tags = set(cell.metadata.get("tags", ()))
        cell.metadata.pop("mystnb", None)
        if tags & {"hide-input", "hide-cell", "remove-input"}:  # folded on the page, so here too
            cell.metadata["jupyter"] = {"source_hidden": True}
        cells.append(cell)
    for number, cell in enumerate(cells):  # the same page gives the same file
        cell["id"] = f"cell-{number}"
    notebook.cells = cells
    for name in set(notebook.metadata) - {"kernelspec", "language_info"}:
        del notebook.metadata[name]
    notebook["nbformat_minor"] = 5
    return notebook


def _whence(doctree: nodes.document, course: str, page: str) -> str:
    title = next((Writer("").inline(node) for node in doctree.findall(nodes.title)), "")
    name = f"[{title}]({page})" if page else f"*{title}*"
    return (
        f"> This notebook is the page {name} of the course *{course}*. It runs wherever Python 3.11"
        " or newer does, without a graphics card: in JupyterLab, VS Code, Colab or Kaggle. Run the"
        " next cell first."
    )


def is_cell(node: nodes.Node) -> bool:
    """Whether a node holds a code cell with its outputs."""
    return isinstance(node, nodes.container) and "cell" in node["classes"]


class Writer:
    """Writes a doctree as Markdown.

    Args:
        page: the address of the page on the web, against which links to other pages are resolved.
            Without one they are written as words.
        numbers: those of the page's equations and figures, by their ids.
    """

    def __init__(self, page: str = "", numbers: Mapping[str, str] | None = None) -> None:
        """Remember the address and the numbers."""
        self.page, self.numbers = page, numbers or {}

    def parts(self, document: nodes.document) -> Iterator[str | nodes.Node]:
        """Give the text between code cells as Markdown, and each code cell's node."""
        blocks: list[str] = []
        for node, level in self._flat(document, 0):
            if not is_cell(node):
                blocks.append(self.block(node, level))
                continue
            if text := _joined(blocks):
                yield text
            blocks = self._captions(node)
            yield node
        if text := _joined(blocks):
            yield text

    def _flat(self, node: nodes.Element, level: int) -> Iterator[tuple[nodes.Node, int]]:
        for child in node.children:
            if isinstance(child, nodes.section):
                yield from self._flat(child, level + 1)
            elif not is_cell(child) and any(map(is_cell, child.findall(nodes.container))):
                yield from self._flat(child, level)
            else:
                yield child, level

    def _captions(self, cell: nodes.Element) -> list[str]:
        """A cell's captions, which its output in a notebook lacks."""
        return [
            f"**{self._number(figure, 'Figure')}.** {self.inline(caption)}"
            for figure in cell.findall(nodes.figure)
            for caption in figure.findall(nodes.caption)
        ]

    def _number(self, node: nodes.Element, otherwise: str = "") -> str:
        found = [self.numbers[name] for name in node["ids"] if name in self.numbers]
        return found[0] if found else otherwise

    def blocks(self, node: nodes.Element, level: int = 6) -> str:
        """The children of a node, as blocks."""
        if node.children and all(map(_is_inline, node.children)):
            return self.inline(node)
        return _joined([self.block(child, level) for child in node.children])

    def block(self, node: nodes.Node, level: int = 6) -> str:
        """A node that stands for itself, as Markdown."""
        if isinstance(node, SKIPPED) or _is_kept_from_readers(node):
            return ""
        for kind in type(node).__mro__:
            method = getattr(self, f"block_{kind.__name__}", None)
            if method is not None:
                return method(node, level)
        if _is_inline(node):
            return self.inline_of(node)
        return self.blocks(node, level)

    def block_title(self, node: nodes.Element, level: int) -> str:
        return f"{'#' * max(level, 1)} {self.inline(node)}"

    def block_rubric(self, node: nodes.Element, level: int) -> str:
        return f"**{self.inline(node)}**"

    def block_paragraph(self, node: nodes.Element, level: int) -> str:
        # "Vaswani et al. [2017]" is half a link in Markdown.
        return YEAR.sub(r"(\1)", self.inline(node))

    def block_literal_block(self, node: nodes.Element, level: int) -> str:
        text = node.astext()
        language = node.get("language", "")
        language = "" if language in ("default", "none") else language.removesuffix("3")
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
        return f"{fence}{language}\n{text.rstrip()}\n{fence}"

    block_doctest_block = block_literal_block

    def block_math_block(self, node: nodes.Element, level: int) -> str:
        number = self._number(node)
        tag = f" \\tag{{{number}}}" if number else ""
        return f"$$\n{node.astext().strip()}{tag}\n$$"

    def block_bullet_list(self, node: nodes.Element, level: int) -> str:
        return "\n".join(_item("- ", self.blocks(item)) for item in node.children)

    def block_enumerated_list(self, node: nodes.Element, level: int) -> str:
        first = node.get("start", 1)
        letters = node.get("enumtype", "arabic").endswith("alpha")
        return "\n".join(
            _item(f"- {chr(64 + n)}. " if letters else f"{n}. ", self.blocks(item))
            for n, item in enumerate(node.children, start=first)
        )

    def block_definition_list(self, node: nodes.Element, level: int) -> str:
        return _joined([self.block(item) for item in node.children])

    def block_definition_list_item(self, node: nodes.Element, level: int) -> str:
        terms = ", ".join(self.inline(term) for term in node.findall(nodes.term))
        return _item(f"- **{terms}**: ", _joined(map(self.blocks, node.findall(nodes.definition))))

    def block_block_quote(self, node: nodes.Element, level: int) -> str:
        return _quoted(self.blocks(node))

    def block_transition(self, node: nodes.Element, level: int) -> str:
        return "---"

    def block_Admonition(self, node: nodes.Element, level: int) -> str:  # noqa: N802
        return self._admonition(node, node.tagname.capitalize())

    def _admonition(self, node: nodes.Element, kind: str) -> str:
        children = list(node.children)
        if children and isinstance(children[0], nodes.title):
            kind = self.inline(children.pop(0))
        return _quoted(_joined([f"**{kind}**", *(self.block(child) for child in children)]))

    def block_container(self, node: nodes.Element, level: int) -> str:
        # sphinx-design's dropdown, before its own transformation
        if node.get("design_component") == "dropdown":
            return self.block_dropdown_main(node, level)
        return self.blocks(node, level)

    def block_dropdown_main(self, node: nodes.Element, level: int) -> str:
        title, *body = node.children
        return _details(_words(title), _joined([self.block(child) for child in body]))

    def block_details(self, node: nodes.Element, level: int) -> str:
        """Any node of this name: its first child is the summary if it is called so."""
        children = list(node.children)
        summary = "Answer"
        if children and type(children[0]).__name__ in ("summary", "title"):
            summary = _words(children.pop(0))
        return _details(summary, _joined([self.block(child) for child in children]))

    def block_raw(self, node: nodes.Element, level: int) -> str:
        return node.astext().strip() if "html" in node.get("format", "") else ""

    def block_figure(self, node: nodes.Element, level: int) -> str:
        image = _joined([self.inline_of(image) for image in node.findall(nodes.image)])
        captions = [
            f"**{self._number(node, 'Figure')}.** {self.inline(caption)}"
            for caption in node.findall(nodes.caption)
        ]
        return _joined([image, *captions])

    def block_table(self, node: nodes.Element, level: int) -> str:
        rows = [
            ["<br>".join(self.blocks(cell).split("\n")).replace("|", "\\|") for cell in row]
            for row in node.findall(nodes.row)
        ]
        head = next(iter(node.findall(nodes.thead)), None)
        if head is None:
            rows.insert(0, [""] * len(rows[0]))
        rows.insert(1, ["---"] * len(rows[0]))
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        titles = [f"*{self.inline(title)}*" for title in node.findall(nodes.title)]
        return _joined([*titles, table])

    def block_footnote(self, node: nodes.Element, level: int) -> str:
        label, *body = node.children
        return f"[{label.astext()}] " + _joined([self.block(child) for child in body])

    block_citation = block_footnote

    def inline(self, node: nodes.Node) -> str:
        """The children of a node, as text in a line."""
        if isinstance(node, nodes.Text):
            return self.inline_of(node)
        return "".join(self.inline_of(child) for child in node.children)

    def inline_of(self, node: nodes.Node) -> str:
        """A node in a line, as Markdown."""
        if isinstance(node, nodes.Text):
            return SPECIAL.sub(r"\\\1", node.astext())
        if isinstance(node, SKIPPED) or _is_kept_from_readers(node):
            return ""
        inside = self.inline(node)
        if isinstance(node, nodes.literal):
            text = node.astext()
            return f"`` {text} ``" if "`" in text else f"`{text}`"
        if isinstance(node, nodes.math):
            return f"${node.astext().strip()}$"
        if isinstance(node, nodes.emphasis):
            return f"*{inside}*"
        if isinstance(node, nodes.strong):
            return f"**{inside}**"
        if isinstance(node, nodes.reference):
            return self._reference(node, inside)
        if isinstance(node, nodes.image):
            alt = " ".join(node.get("alt", "").split())
            return f"*(Picture: {alt})*" if alt else ""
        if isinstance(node, nodes.raw):
            return node.astext() if "html" in node.get("format", "") else ""
        return inside

    def _reference(self, node: nodes.Element, inside: str) -> str:
        address = node.get("refuri", "")
        if urlsplit(address).scheme:
            return f"[{inside}]({address})"
        if self.page and not address.startswith("#") and address:
            return f"[{inside}]({urljoin(self.page, address)})"
        return inside


def _is_inline(node: nodes.Node) -> bool:
    return isinstance(node, (nodes.Text, nodes.Inline, nodes.image))


def _is_kept_from_readers(node: Any) -> bool:
    return isinstance(node, nodes.Element) and "onlyprint" in node.get("classes", ())


def _words(node: nodes.Element) -> str:
    """The text of a node for inside an HTML tag, where Markdown is not read but mathematics is."""
    return "".join(
        f"${text.astext()}$" if isinstance(text.parent, nodes.math) else escape(text.astext())
        for text in node.findall(nodes.Text)
        if not isinstance(text.parent, nodes.raw)  # the sign that a dropdown opens
    )


def _joined(blocks: Any) -> str:
    return "\n\n".join(block for block in blocks if block.strip())


def _item(mark: str, text: str) -> str:
    indent = " " * (len(mark) if not mark.startswith("- ") else 2)
    return mark + text.replace("\n", f"\n{indent}").replace(f"\n{indent}\n", "\n\n")


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _details(summary: str, body: str) -> str:
    # The empty lines let the body be read as Markdown.
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"
