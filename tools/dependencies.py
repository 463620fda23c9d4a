"""Finds the files of this project on which a piece of Python depends.

Imports are found in the source, without running it, so an import of a computed name
(`importlib.import_module(name)`) is not found. Code depends on a data file if one of its strings is
the file's name or a path that ends with it, and on an experiment's result and checkpoint if one of
its strings is the experiment's name. It does not depend on the experiment's script and card, which
no page reads.
"""

import ast
import functools
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGES = ("lib", "checking", "experiments")  # what pages and exercises import
NO_DATA = (".py", ".pyc", ".md")  # Markdown files, such as an experiment's card, are for people


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
    """The names that a source imports, and the last part of each string, read as a path."""
    tree = parse(source)
    texts = (
        node.value.rpartition("/")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return frozenset(imported_names(tree, package)), frozenset(texts)


# Cached, since many sources depend on the same file; by modification time, since it may change.
@functools.lru_cache(maxsize=1000)
def _mentioned_in(path: Path, package: str, _mtime: int) -> tuple[frozenset[str], frozenset[str]]:
    return _mentioned(path.read_text(encoding="utf-8"), package)


def code_of(path: Path) -> str:
    """The Python code of a module, or of the code cells of a notebook or a page of the book."""
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
    """A page's cell without its header, the YAML between lines of ---, if it has one."""
    return cell.partition("\n---\n")[2] if cell.startswith("---\n") else cell


def parse(source: str) -> ast.Module:
    """Parse Python source; source with a syntax error counts as empty, since it cannot run."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def bare(node: Any) -> Any:
    """A syntax tree as nested lists, without docstrings and empty fields.

    `ast.dump` is not used, since versions of Python differ in the empty fields that it shows.
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

    For `from lib import attention` it yields `lib.attention`, be that a module or a function;
    `source_files` finds out.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            base = importlib.util.resolve_name(relative, package)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def source_files(name: str, root: Path) -> Iterator[Path]:
    """Yield the files under `root` that run when `name` is imported, its packages' included."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        stem = root.joinpath(*parts[:length])
        for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            if file.is_file():
                yield file


def _data_files(root: Path, packages: tuple[str, ...]) -> dict[str, set[Path]]:
    """The data files by the string that names them: the file's name, or the experiment's name."""
    named: dict[str, set[Path]] = {}
    for package in packages:
        for file in (root / package).rglob("*"):
            if file.is_file() and file.suffix not in NO_DATA:
                name = file.parent.name if package == "experiments" else file.name
                named.setdefault(name, set()).add(file)
    return named
