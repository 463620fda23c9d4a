"""The parts that have exercises, and the cells of the instructor's notebooks."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

from nbformat import NotebookNode

from grader.files import COURSE

# A line that defines a function, a class or a variable, neither indented nor a statement `else:`.
DEFINING_LINE = re.compile(
    r"^(?:(?:(?:async +)?def|class) +(\w+)|(?!(?:else|try|finally)\b)(\w+) *(?::|=(?!=)))", re.M
)


def parts(course: Path = COURSE) -> list[str]:
    """The names of the parts that have exercises: the folders of solutions/."""
    return sorted(path.name for path in (course / "solutions").iterdir() if path.is_dir())


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells of an instructor's notebook that count in grading, in order.

    These are the cells with an nbgrader id, and as set-up cells those without one that stand above
    a graded cell.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    graded = [i for i, cell in enumerate(cells) if metadata_of(cell).get("grade")]
    end = graded[-1] if graded else len(cells)
    return [cell for i, cell in enumerate(cells) if metadata_of(cell).get("grade_id") or i < end]


def metadata_of(cell: NotebookNode) -> dict:
    """What nbgrader's metadata say about a cell; empty for a cell without them."""
    return cell.metadata.get("nbgrader", {})


def name_of(cell: NotebookNode) -> str:
    """A cell's nbgrader id; of a cell without one its cell id."""
    return metadata_of(cell).get("grade_id") or cell.get("id", "cell")


def answer_cells(notebook: NotebookNode) -> list[str]:
    """The ids of the code cells that students fill in, which are the names of the tasks."""
    return [name_of(cell) for cell in code_cells(notebook) if metadata_of(cell).get("solution")]


def names_by_line(source: str) -> list[str]:
    """The names that the lines of a cell seem to define, told without parsing it."""
    return [function or name for function, name in DEFINING_LINE.findall(source)]


def defined_names(source: str) -> set[str]:
    """The names that a cell defines at its top level by def, class or an assignment."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(t.id for t in targets if isinstance(t, ast.Name))
    return names


def mentions(source: str, names: Iterable[str]) -> bool:
    """Whether a cell mentions one of the names, so that it can fail because of what they are."""
    return any(re.search(rf"\b{re.escape(name)}\b", source) for name in names)


def imported_modules(notebook: NotebookNode) -> tuple[str, ...]:
    """The names of the modules that the code cells of a notebook import, without repeats.

    For `from lib import name` these are `lib` and `lib.name`, though `name` might be a function.
    """
    names: dict[str, None] = {}
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                names |= {alias.name: None for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names[node.module] = None
                names |= {f"{node.module}.{alias.name}": None for alias in node.names}
    return tuple(names)
