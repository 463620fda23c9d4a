"""A course with a part that a teacher has written: plain asserts, NumPy, and a data file."""

import contextlib
import io
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.batch import command as grading
from grader.release import command as releasing
from tests.exercises.running import ROOT

PART, NOTEBOOK = "statistics", "01-columns"
DATA = "length,width\n1,10\n2,20\n6,60\n"

SET_UP = """
import numpy as np
from checking import forbid

forbid("numpy.average")
""".strip()
MEANS = '''
def column_means(rows):
    """The mean of each column of an array (row, column)."""
    ### BEGIN SOLUTION
    return np.asarray(rows).mean(axis=0)
    ### END SOLUTION
'''
READ = '''
def read_rows(path):
    """The numbers of a CSV file below its first line, as an array (row, column)."""
    ### BEGIN SOLUTION
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()[1:]
    return np.array([[float(x) for x in line.split(",")] for line in lines])
    ### END SOLUTION
'''
LONGEST = '''
def longest(path):
    """The row with the greatest length in a file such as data.csv."""
    ### BEGIN SOLUTION
    rows = read_rows(path)
    return rows[rows[:, 0].argmax()]
    ### END SOLUTION
'''


def cell(source: str, name: str, points: float | None = None, **about: bool) -> NotebookNode:
    """A code cell with nbgrader's metadata: a test if it has points, else as `about` says."""
    roles = {"grade": points is not None, "solution": False, "locked": points is not None} | about
    metadata = {"grade_id": name, "schema_version": 3, "task": False} | roles
    if points is not None:
        metadata["points"] = points
    return new_code_cell(source.strip("\n"), id=name, metadata={"nbgrader": metadata})


def answer(source: str, name: str) -> NotebookNode:
    """An answer cell."""
    return cell(source, name, solution=True)


def hidden(source: str) -> str:
    """A source as hidden tests."""
    return f"### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS"


def own_notebook() -> NotebookNode:
    """A notebook with three tasks of eight points together."""
    return new_notebook(
        cells=[
            new_markdown_cell(
                "# Columns\n\nThe file `data.csv` lies beside this notebook.", id="a"
            ),
            new_code_cell(SET_UP, id="set-up"),  # as it is, without metadata
            new_markdown_cell("## Means\n\nWrite `column_means(rows)`.", id="b"),
            answer(MEANS, "column_means"),
            cell(
                "assert np.allclose(column_means(np.array([[1.0, 2.0], [3.0, 4.0]])), [2, 3])",
                "column_means_tests",
                1,
            ),
            cell(
                hidden(
                    "assert column_means(np.ones((4, 2))).tolist() == [1, 1], 'a column of ones'"
                ),
                "column_means_hidden_tests",
                2,
            ),
            new_markdown_cell("## Reading\n\nWrite `read_rows(path)`.", id="c"),
            answer(READ, "read_rows"),
            cell("assert read_rows('data.csv').shape == (3, 2)", "read_rows_tests", 1),
            cell(
                hidden(
                    "with open('data.csv', encoding='utf-8') as _file:\n"
                    "    _last = _file.read().split()[-1]\n"
                    "assert ','.join(f'{x:g}' for x in read_rows('data.csv')[-1]) == _last"
                ),
                "read_rows_hidden_tests",
                2,
            ),
            new_markdown_cell("## The longest\n\nWrite `longest(path)`.", id="d"),
            answer(LONGEST, "longest"),
            cell(
                "assert len(longest('data.csv')) == 2\n"
                + hidden("assert (longest('data.csv') == np.array([6, 60])).all()"),
                "longest_tests",
                2,
            ),
        ]
    )


class OwnCourse:
    """A course with that part in a folder.

    Args:
        root: the folder; in an empty one the part is written, and not released.
    """

    def __init__(self, root: Path):
        self.root = root
        self.solutions, self.exercises = root / "solutions" / PART, root / "exercises" / PART
        if self.solutions.exists():
            return
        self.solutions.mkdir(parents=True)
        text = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
        (root / "nbgrader_config.py").write_text(text, encoding="utf-8")
        (self.solutions / "data.csv").write_text(DATA, encoding="utf-8")
        self.write(own_notebook())

    def write(self, notebook: NotebookNode, name: str = NOTEBOOK) -> None:
        """Write an instructor's notebook."""
        nbformat.write(notebook, self.solutions / f"{name}.ipynb")

    def release(self) -> SimpleNamespace:
        """Release the part, in this process."""
        return self._run(releasing.main, PART)

    def grade(self, *options: str) -> SimpleNamespace:
        """Grade what was handed in, in this process."""
        return self._run(grading.main, PART, "--sandbox=if-possible", "--workers=0", *options)

    def hand_in(self, student: str, answers: dict[str, str]) -> None:
        """Hand in the released notebook with answers in it, as a student would."""
        notebook = nbformat.read(self.exercises / f"{NOTEBOOK}.ipynb", as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source)
        folder = self.root / "submitted" / student / PART
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / f"{NOTEBOOK}.ipynb")

    def _run(self, main, *line: str) -> SimpleNamespace:
        output, errors = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.root),
            mock.patch.object(sys, "argv", ["command", *line]),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            code = main()
        return SimpleNamespace(returncode=code, stdout=output.getvalue(), stderr=errors.getvalue())
