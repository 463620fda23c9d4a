"""Feedback pages for a class: nbgrader's `generate_feedback`, in several processes at once."""

import logging
from pathlib import Path
from typing import Any

from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from tqdm import tqdm

from grader.batch.pool import start_pool
from grader.course import open_course

STUDENTS_PER_CHUNK = 2  # for so few, starting another process takes longer than it saves


class _Feedback(GenerateFeedback):
    """nbgrader's converter, for some students of an assignment."""

    students: tuple[str, ...] = ()

    def __init__(self, **named: Any):
        super().__init__(**named)
        self.problems: list[str] = []

    def convert_single_notebook(self, notebook_filename: str) -> None:
        try:
            super().convert_single_notebook(notebook_filename)
        except Exception as error:
            path = Path(notebook_filename)
            self.problems.append(
                f"{path.parents[1].name}: the feedback on {path.stem} failed ({error}). Put that "
                "right and run the same command again."
            )
            raise

    def init_notebooks(self) -> None:
        folders = [
            self.coursedir.format_path(self._input_directory, s, self.coursedir.assignment_id)
            for s in self.students
        ]
        found = {
            folder: [str(p) for p in sorted(Path(folder).glob("*.ipynb"))] for folder in folders
        }
        self.assignments = {folder: paths for folder, paths in found.items() if paths}


def generate_feedback(root: Path, assignment: str, students: list[str], count: int) -> list[str]:
    """Write the feedback pages of students.

    Args:
        root: where the course is.
        assignment: the name of the assignment.
        students: their ids.
        count: how many processes to use.

    Returns:
        A line for each problem.
    """
    if not students:
        return []
    step = STUDENTS_PER_CHUNK
    chunks = [students[i : i + step] for i in range(0, len(students), step)]
    with tqdm(total=len(students), desc="Feedback", unit="student") as bar:
        if len(chunks) < 2 or count < 2:
            return [
                p
                for chunk in chunks
                for p in _advance(bar, chunk, _write_pages(root, assignment, chunk))
            ]
        with start_pool(min(count, len(chunks))) as executor:
            futures = [executor.submit(_write_pages, root, assignment, chunk) for chunk in chunks]
            return [
                problem
                for chunk, future in zip(chunks, futures, strict=True)
                for problem in _advance(bar, chunk, future.result())
            ]


def _advance(bar: tqdm, chunk: list[str], problems: list[str]) -> list[str]:
    """Move the progress bar on by the students of a chunk, and return its problems."""
    bar.update(len(chunk))
    return problems


def _write_pages(root: Path, assignment: str, students: list[str]) -> list[str]:
    """Write the feedback pages of some students in this process; return a line for each problem."""
    course = open_course(root)
    course.assignment_id = assignment
    course.student_id = "*"
    converter = _Feedback(coursedir=course, config=course.config, force=True)
    converter.log = logging.getLogger("feedback")
    converter.log.setLevel(logging.CRITICAL)
    converter.students = tuple(students)
    try:
        converter.start()
    except NbGraderException as error:
        return converter.problems or [f"feedback for one of {', '.join(students)} failed: {error}"]
    return []
