"""The parts that have exercises, and the cells of the instructor's notebooks."""

import ast
from pathlib import Path

from nbformat import NotebookNode

from grader.files import COURSE


def parts(course: Path = COURSE) -> list[str]:
    """The names of the parts that have exercises: the folders of solutions/."""
    return sorted(path.name for path in (course / "solutions").iterdir() if path.is_dir())


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that have an nbgrader id."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade_id")
    ]


def answer_cells(notebook: NotebookNode) -> list[str]:
    """The ids of the code cells that students fill in, which are the names of the tasks."""
    return [
        cell.metadata.nbgrader.grade_id
        for cell in code_cells(notebook)
        if cell.metadata.nbgrader.get("solution")
    ]


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
