"""Which files of ours running a piece of Python depends on, found by reading imports.

Imports are read from the source, not by running it: one made at run time from a computed name
(`importlib.import_module(name)`) is not seen. A data file counts when a string names it in full,
and an experiment's result and checkpoint when a string is the experiment's name. Its script and its
card do not count: no page reads them.
"""

import ast
import functools
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGES = ("lib", "checking", "experiments")  # what pages and exercises import
NO_DATA = (".py", ".pyc", ".md")  # Markdown is for people, such as an experiment's card


def dependencies(
    source: str, root: Path, package: str = "", packages: tuple[str, ...] = PACKAGES
) -> set[Path]:
    """The files under `root` that running `source` depends on, directly or not.

    Args:
        source: Python source.
        root: the project's folder.
        package: the package that the source belongs to, for its relative imports.
        packages: the packages that are followed.
    """
    data = _data_files(root, packages)
    found: set[Path] = set()
    unread = [_mentioned(source, package)]
    while unread:
        names, texts = unread.pop()
        used = {
            file
            for name in names
            if name.split(".")[0] in packages
            for file in source_files(name, root)
        }
        used |= {file for text in texts & data.keys() for file in data[text]}
        for file in used - found:
            found.add(file)
            if file.suffix == ".py":
                package = ".".join(file.parent.relative_to(root).parts)
                unread.append(_mentioned_in(file, package, file.stat().st_mtime_ns))
    return found


def _mentioned(source: str, package: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a source imports, and the last part of each path that it has as a string."""
    tree = parse(source)
    texts = (
        node.value.rpartition("/")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return frozenset(imported_names(tree, package)), frozenset(texts)


@functools.lru_cache(maxsize=1000)  # many sources depend on the same files
def _mentioned_in(path: Path, package: str, _changed: int) -> tuple[frozenset[str], frozenset[str]]:
    return _mentioned(path.read_text(encoding="utf-8"), package)


def code_of(path: Path) -> str:
    """The Python in a module, in a notebook's code cells, or in those of a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = [c for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
        return "\n".join("".join(cell["source"]) for cell in cells)
    if path.suffix == ".md":
        cells = [cell.partition("\n")[2] for cell in text.split("```{code-cell}")[1:]]
        code = [cell.partition("\n```")[0] for cell in cells]
        return "\n".join(_without_header(cell) for cell in code)
    return text


def _without_header(cell: str) -> str:
    """A page's cell without the YAML between --- that may stand at its head."""
    return cell.partition("\n---\n")[2] if cell.startswith("---\n") else cell


def parse(source: str) -> ast.Module:
    """Parse Python source; source that does not parse imports nothing (running it will fail)."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def bare(node: Any) -> Any:
    """A syntax tree as nested lists, without docstrings and without what is not there.

    `ast.dump` would do, but versions of Python differ in which empty fields they show.
    """
    if isinstance(node, list):
        return [bare(child) for child in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    if isinstance(node, documented) and ast.get_docstring(node) is not None:
        fields["body"] = fields["body"][1:]
    shown = [[name, bare(value)] for name, value in fields.items() if value not in (None, [])]
    return [type(node).__name__, *shown]


def imported_names(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield the dotted names that a module of `package` imports, relative ones made absolute.

    `from lib import attention` may name a module or a function, so `lib.attention` comes out
    and `source_files` sees which it is.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            base = importlib.util.resolve_name(relative, package)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def source_files(name: str, root: Path) -> Iterator[Path]:
    """Yield the files under `root` that run when `name` is imported, packages on the way too."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        stem = root.joinpath(*parts[:length])
        for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            if file.is_file():
                yield file


def _data_files(root: Path, packages: tuple[str, ...]) -> dict[str, set[Path]]:
    """Files that are no source by their own name, those of an experiment by the experiment's."""
    named: dict[str, set[Path]] = {}
    for package in packages:
        for file in (root / package).rglob("*"):
            if file.is_file() and file.suffix not in NO_DATA:
                name = file.parent.name if package == "experiments" else file.name
                named.setdefault(name, set()).add(file)
    return named
