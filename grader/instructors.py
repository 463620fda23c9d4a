"""What the instructor has written: the notebooks, with the known answers to their tasks."""

import ast
from pathlib import Path

from nbformat import NotebookNode

from grader.bank import KnownAnswer, read_bank


def load_notebook(path: Path) -> tuple[str, tuple[KnownAnswer, ...]]:
    """An instructor's notebook as text, and its bank, which is empty if it has none.

    Args:
        path: such as solutions/transformer/02-masks.ipynb.
    """
    return path.read_text(encoding="utf-8"), tuple(read_bank(path))


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that nbgrader knows."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade_id")
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
