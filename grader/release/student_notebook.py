"""What a released notebook says beyond the instructor's: points, and what a test that passes means.

Grading takes the tests from the instructor's notebook, so what is added here is never graded.
"""

import ast
import re
from dataclasses import dataclass, field

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor

HEADING = re.compile(r"#{1,6} \S.*")
LATER = "follow when your teacher grades"


@dataclass
class Task:
    """The cells that belong to one heading: answers and their tests.

    Attributes:
        heading: the Markdown cell with the heading, and the number of its line; None without one.
        tests: the test cells.
        points: the points of all its graded cells.
        has_hidden: whether some of its tests are hidden.
    """

    heading: tuple[NotebookNode, int] | None = None
    tests: list[NotebookNode] = field(default_factory=list)
    points: float = 0
    has_hidden: bool = False


class StudentNotebook(NbGraderPreprocessor):
    """Puts points into headings, folds the test cells, and lets a test that passes say so.

    It runs after the gradebook has got the cells, and before hidden tests are removed.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Change a notebook that is being released, in place."""
        if nb.metadata.get("kernelspec", {}).get("language", "python") != "python":
            return nb, resources
        hidden = ClearHiddenTests(parent=self)
        for task in _tasks(nb, hidden.begin_test_delimeter):
            if task.heading and task.points:
                cell, number = task.heading
                lines = cell.source.split("\n")
                lines[number] = f"{lines[number].rstrip()} · {_points(task.points)}"
                cell.source = "\n".join(lines)
            for cell in task.tests:
                cell.metadata["jupyter"] = {"source_hidden": True}  # folded in JupyterLab
                visible = cell.copy()
                hidden._remove_hidden_test_region(visible)
                line = _last_line(task, cell, visible.source)
                if line:
                    cell.source = f'{cell.source.rstrip()}\nprint("{line}")'
        return nb, resources


def _tasks(notebook: NotebookNode, hidden: str) -> list[Task]:
    tasks: list[Task] = [Task()]
    heading: tuple[NotebookNode, int] | None = None
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            number = _heading_line(cell.source)
            heading = heading if number is None else (cell, number)
        if utils.is_solution(cell) and heading != tasks[-1].heading:
            tasks.append(Task(heading))
        if utils.is_grade(cell) or utils.is_task(cell):
            tasks[-1].points += float(cell.metadata.nbgrader["points"])
        if utils.is_grade(cell) and not utils.is_solution(cell) and cell.cell_type == "code":
            tasks[-1].tests.append(cell)
            tasks[-1].has_hidden |= hidden in cell.source
    return tasks


def _heading_line(source: str) -> int | None:
    """The number of the line of the last heading in a Markdown text, or None."""
    found, in_code = None, False
    for number, line in enumerate(source.split("\n")):
        if line.lstrip().startswith(("```", "~~~")):
            in_code = not in_code
        elif not in_code and HEADING.fullmatch(line):
            found = number
    return found


def _last_line(task: Task, cell: NotebookNode, visible: str) -> str:
    """What a test cell prints when it has passed where the student runs it; "" for nothing.

    Args:
        task: the task that it belongs to.
        cell: the whole test cell.
        visible: its source without hidden tests.
    """
    points = float(cell.metadata.nbgrader["points"])
    share = f"{points:g} of {_points(task.points)}"
    try:
        tree = ast.parse(visible)
    except SyntaxError:  # IPython's magics, which are left alone
        return ""
    if not tree.body:
        return f"Nothing is tested here: hidden tests for {share} {LATER}."
    if _may_be_points(tree.body[-1]):
        return ""
    if visible != cell.source:
        return f"Passed as far as it shows here: hidden tests for the same {share} {LATER}."
    rest = f"; hidden tests {LATER}" if task.has_hidden else ""
    return f"Passed: {share}{rest}."


def _may_be_points(statement: ast.stmt) -> bool:
    """Whether the last line of a test may be a number, which nbgrader takes for its points."""
    if not isinstance(statement, ast.Expr):
        return False
    call = statement.value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
        return not call.func.id.startswith("check")  # as those of the package checking
    return True


def _points(points: float) -> str:
    return f"{points:g} point" + ("s" if points != 1 else "")
