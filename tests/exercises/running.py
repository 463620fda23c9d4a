"""Running a notebook's cells in a forked process, within a time limit."""

import multiprocessing
import traceback
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.notebooks import answer_cells
from grader.sandbox.warm import warm_up
from tests.selection import ROOT, of_chosen_parts

__all__ = ["ROOT", "SOLUTIONS", "answer_cells", "graded_cells", "is_graded", "read", "run_cells"]

# The forks inherit the imports that take seconds: torch, and what it imports at its first use.
warm_up(("checking", "lib.transformer"), for_tests=True)

SOLUTIONS = of_chosen_parts("solutions/{part}/*.ipynb")
SECONDS = 60


def read(path: Path) -> NotebookNode:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def graded_cells(notebook: NotebookNode, task: str = "") -> list[str]:
    """The ids of the graded cells, of one task or of all."""
    ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if is_graded(cell)]
    return [i for i in ids if i.startswith(task and f"{task}_")]


def is_graded(cell: NotebookNode) -> bool:
    """Whether the cell carries points."""
    return cell.metadata.get("nbgrader", {}).get("grade", False)


def run_cells(
    notebook: NotebookNode, answers: dict[str, str] | None = None, task: str = ""
) -> dict[str, str | None]:
    """Run a notebook in a forked process, with other answers in some cells.

    Args:
        notebook: a source notebook, with its reference answers.
        answers: the text of answer cells by id; the others keep their text.
        task: run the graded cells of this task only; all, if empty.

    Returns:
        For each graded cell that was run, None if it passed, otherwise "Exception: message".
        The key "notebook" stands for an error outside the graded cells.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    wanted = set(graded_cells(notebook, task))
    process = context.Process(target=_run, args=(notebook, answers or {}, wanted, sender))
    process.start()
    outcome = receiver.recv() if receiver.poll(SECONDS) else {"notebook": "ran out of time"}
    process.kill()
    process.join()
    return outcome


def _run(notebook: NotebookNode, answers: dict[str, str], wanted: set[str], sender) -> None:
    namespace = {"__name__": "__main__"}
    outcome: dict[str, str | None] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell_id = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
        if is_graded(cell) and cell_id not in wanted:
            continue
        key = cell_id if is_graded(cell) else "notebook"
        try:
            exec(compile(answers.get(cell_id, cell.source), f"<{cell_id}>", "exec"), namespace)
            if is_graded(cell):
                outcome[key] = None
        except Exception as error:
            outcome[key] = f"{type(error).__name__}: {error}"
            if key == "notebook":
                outcome[key] += "\n" + traceback.format_exc()
    sender.send(outcome)
