"""English prose for a language model: what the installed packages say of their own functions.

Nothing is downloaded and nothing imported: the source files of the packages are parsed, and their
docstrings become documents of sentences. The standard library adds Python's language reference, as
`help()` shows it. What is found depends on the packages' versions.
"""

import ast
import inspect
import re
import sysconfig
import textwrap
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from pydoc_data.topics import topics
from typing import NamedTuple

STANDARD_LIBRARY = "the standard library"
PACKAGES = ("torch", "numpy", "scipy", "sklearn", "matplotlib", STANDARD_LIBRARY)
# Functions by which packages give a docstring to what is written in C.
DOCUMENTING_CALLS = {"add_docstr", "add_newdoc", "_add_docstr"}
LEFT_OUT = {"test", "tests", "testing", "idlelib", "lib2to3", "site-packages", "__pycache__"}
SHORTEST, LONGEST = 20, 400  # characters of a sentence


class Document(NamedTuple):
    """The prose of one docstring.

    Args:
        package: one of `PACKAGES`.
        module: the module's name, such as "numpy.linalg".
        sentences: in their order, at least two.
    """

    package: str
    module: str
    sentences: list[str]


def read_documents(packages: Sequence[str] = PACKAGES) -> list[Document]:
    """The docstrings of packages, without code, tables, lists of parameters and repetitions.

    A docstring that begins as an earlier one does is left out, and so is a sentence that has
    come twice.

    Args:
        packages: names of installed packages, or `STANDARD_LIBRARY`.

    Returns:
        The documents, in the order of the packages and of their files' names.

    Raises:
        ValueError: if a package is not installed.
    """
    documents, beginnings, seen = [], set(), Counter[str]()
    for package in packages:
        for module, text in _docstrings(package):
            if text[:300] in beginnings:
                continue
            beginnings.add(text[:300])
            sentences = []
            for sentence in split_sentences(text):
                seen[sentence] += 1
                if seen[sentence] <= 2:
                    sentences.append(sentence)
            if len(sentences) >= 2:
                documents.append(Document(package, module, sentences))
    return documents


def split_documents(
    documents: Iterable[Document], *, one_in: int = 10
) -> tuple[list[Document], list[Document]]:
    """Set documents aside by module, so that what resembles each other stays on one side.

    Args:
        documents: all documents.
        one_in: of so many modules one is set aside. Which, its name decides.

    Returns:
        The documents to train on, and those set aside, without the sentences that also stand in the
        former.
    """
    kept: list[Document] = []
    aside: list[Document] = []
    for document in documents:
        (kept if zlib.crc32(document.module.encode()) % one_in else aside).append(document)
    known = {sentence for document in kept for sentence in document.sentences}
    fresh = []
    for document in aside:
        sentences = [sentence for sentence in document.sentences if sentence not in known]
        if len(sentences) >= 2:
            fresh.append(document._replace(sentences=sentences))
    return kept, fresh


def split_sentences(docstring: str) -> list[str]:
    """The sentences of a docstring's paragraphs of prose.

    Args:
        docstring: in reStructuredText, as most packages write it.

    Returns:
        Sentences of 20 to 400 characters, without markup.
    """
    sentences = []
    for paragraph in _paragraphs(inspect.cleandoc(docstring)):
        text = _prose(paragraph)
        parts = re.split(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)(?<!vs\.)\s+(?=[A-Z])", text)
        sentences += [part for part in parts if SHORTEST <= len(part) <= LONGEST]
    return sentences


def _paragraphs(text: str) -> Iterator[list[str]]:
    """The lines of each paragraph; a description of a parameter is one without its first line.

    A parameter is described as NumPy's style guide says: "name : type", then lines further in.
    """
    for paragraph in re.split(r"\n\s*\n", text):
        part: list[str] = []
        for line in paragraph.splitlines():
            if re.match(r"\s*[*\w]+(, [*\w]+)* : \S", line):
                yield part
                part = []
            else:
                part.append(line)
        yield part


def _prose(lines: list[str]) -> str:
    """A paragraph in one line without markup, or nothing if it is no prose."""
    paragraph = textwrap.dedent("\n".join(lines))
    lines = paragraph.splitlines()
    if (
        ">>>" in paragraph
        or any(line.startswith(("..", "|", "+--", " ")) for line in lines)
        or any(re.fullmatch(r"\s*([-=~^*#+])\1{2,}\s*", line) for line in lines)
    ):
        return ""
    text = " ".join(line.strip() for line in lines)
    text = re.sub(r":[\w:]+:`~?([^`<]*?)\s*(<[^`]*>)?`", r"\1", text)
    text = re.sub(r"``([^`]*)``|`([^`]*)`_?", lambda m: m[1] or m[2] or "", text)
    text = re.sub(r"\*{1,2}(\S[^*]*?)\*{1,2}", r"\1", text)
    letters = sum(character.isalpha() or character == " " for character in text)
    is_prose = text.endswith((".", "!", "?", ":")) and letters >= 0.8 * len(text)
    return re.sub(r"\s+", " ", text).strip() if is_prose else ""


def _docstrings(package: str) -> Iterator[tuple[str, str]]:
    """Module and text of every docstring of a package."""
    root, name = _folder(package)
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if LEFT_OUT.intersection(parts):
            continue
        module = ".".join([*name, *(part for part in parts if part != "__init__")])
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):  # a file of another version of Python, or a template
            continue
        for text in _texts(tree):
            yield module, text
    if package == STANDARD_LIBRARY:
        for text in topics.values():
            yield "pydoc_data.topics", text


def _folder(package: str) -> tuple[Path, list[str]]:
    if package == STANDARD_LIBRARY:
        return Path(sysconfig.get_paths()["stdlib"]), []
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"expected an installed package, got {package!r}")
    return Path(spec.submodule_search_locations[0]), [package]


def _texts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if text := ast.get_docstring(node, clean=False):
                yield text
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            called = called.id if isinstance(called, ast.Name) else called
            if called in DOCUMENTING_CALLS:
                for argument in node.args:
                    for part in ast.walk(argument):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str):
                            yield part.value
