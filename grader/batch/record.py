"""Recording the scores of graded notebooks in nbgrader's gradebook, from one process only.

The gradebook may be any database that nbgrader supports. A notebook's scores are written in one
transaction. Marks that a person has given are never changed.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    MissingEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import OperationalError, SAWarning

SECONDS_FOR_A_LOCK = 60  # that another program may keep the database locked

T = TypeVar("T")


class Record:
    """The part of the gradebook that concerns one assignment. Use it as a context manager.

    Args:
        course: the course directory.
        assignment: the name of the assignment.

    Raises:
        LookupError: if the assignment was never generated. The message says how to do that.
    """

    def __init__(self, course: CourseDirectory, assignment: str):
        self.course, self.assignment = course, assignment
        # nbgrader adds the rows of a submission in an order about which SQLAlchemy warns.
        warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")
        self._gradebook: Gradebook = self._retry_while_locked(
            lambda: Gradebook(course.db_url, course.course_id)
        )
        # The checksum of each released cell, by notebook and cell.
        self.released: dict[str, dict[str, str]] = self._retry_while_locked(self._find_released)
        self._enrolled: set[str] = set()

    def __enter__(self) -> "Record":
        return self

    def __exit__(self, *_: Any) -> None:
        self._gradebook.close()

    def _find_released(self) -> dict[str, dict[str, str]]:
        try:
            notebooks = self._gradebook.find_assignment(self.assignment).notebooks
        except MissingEntry:
            known = ", ".join(a.name for a in self._gradebook.assignments) or "none"
            self._gradebook.close()
            raise LookupError(
                f"expected an assignment that the gradebook knows ({known}), got "
                f"{self.assignment!r}. Run `make exercises` first, so that nbgrader learns its "
                "cells and points"
            ) from None
        released = {
            n.name: {cell.name: cell.checksum for cell in n.source_cells}
            for n in sorted(notebooks, key=lambda n: n.name)
        }
        self._gradebook.db.rollback()  # ends the transaction, so that others can write
        return released

    def scores(self) -> dict[tuple[str, str], dict[str, tuple[float | None, float]]]:
        """The scores of all cells, by student and notebook, and then by cell.

        A cell has its automatic score, None if it was not graded, and the score that counts, which
        may be a person's.
        """
        rows = (
            self._gradebook.db.query(
                SubmittedAssignment.student_id,
                Notebook.name,
                BaseCell.name,
                Grade.auto_score,
                Grade.score,
            )
            .select_from(Grade)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == self.assignment)
        )

        def read() -> dict[tuple[str, str], dict[str, tuple[float | None, float]]]:
            found: dict[tuple[str, str], dict[str, tuple[float | None, float]]] = {}
            for student, notebook, cell, automatic, score in rows:
                found.setdefault((student, notebook), {})[cell] = (automatic, score)
            self._gradebook.db.rollback()
            return found

        return self._retry_while_locked(read)

    def enroll(self, student: str, absent: Iterable[str]) -> None:
        """Make sure that the gradebook knows a student's submission.

        Args:
            student: the student's id.
            absent: the notebooks that were not handed in; they get 0 points, as nbgrader does it.
        """
        if student in self._enrolled:
            return
        folder = self.course.format_path(self.course.submitted_directory, student, self.assignment)
        timestamp = self.course.get_existing_timestamp(folder)

        def work() -> None:
            self._gradebook.update_or_create_student(student)
            about = {"timestamp": timestamp} if timestamp else {}
            self._gradebook.update_or_create_submission(self.assignment, student, **about)
            for name in absent:
                for grade, _ in self._rows(Grade, name, student):
                    grade.auto_score, grade.needs_manual_grade = 0, False
            self._gradebook.db.commit()

        self._retry_while_locked(work)
        self._enrolled.add(student)

    def save(self, student: str, name: str, graded: NotebookNode) -> None:
        """Save the scores of a graded notebook.

        Args:
            student: the student's id.
            name: the notebook's name.
            graded: the notebook with its outcomes.
        """
        cells = {
            cell.metadata.nbgrader.grade_id: cell
            for cell in graded.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id")
        }

        def work() -> None:
            for grade, cell in self._rows(Grade, name, student):
                if cell in cells and utils.is_grade(cells[cell]):
                    grade.auto_score, _ = utils.determine_grade(cells[cell])
                    by_hand = grade.manual_score is not None or grade.auto_score is None
                    grade.needs_manual_grade = by_hand
            for comment, cell in self._rows(Comment, name, student):
                if cell in cells and utils.is_solution(cells[cell]):
                    comment.auto_comment = "No response." if _is_released(cells[cell]) else None
            self._gradebook.db.commit()

        self._retry_while_locked(work)
        self._penalise_lateness(student, name, graded)

    def mark_ungraded(self, student: str, name: str) -> None:
        """Mark a notebook as not graded, which the formgrader shows as in need of a person."""

        def work() -> None:
            for grade, _ in self._rows(Grade, name, student):
                grade.auto_score, grade.needs_manual_grade = None, True
            self._gradebook.db.commit()

        self._retry_while_locked(work)

    def _rows(
        self, kind: type[Grade] | type[Comment], notebook: str, student: str
    ) -> list[tuple[Any, str]]:
        """The grades or comments of a notebook, each with the name of its cell."""
        return (
            self._gradebook.db.query(kind, BaseCell.name)
            .join(BaseCell, BaseCell.id == kind.cell_id)
            .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(
                Notebook.name == notebook,
                Assignment.name == self.assignment,
                SubmittedAssignment.student_id == student,
            )
            .all()
        )

    def _penalise_lateness(self, student: str, name: str, graded: NotebookNode) -> None:
        submission = self._gradebook.find_submission(self.assignment, student)
        late = submission.total_seconds_late > 0
        self._gradebook.db.rollback()
        if late:
            about = {
                "notebook": name,
                "assignment": self.assignment,
                "student": student,
                "db_url": self.course.db_url,
            }
            penalties = AssignLatePenalties(config=self.course.config)
            self._retry_while_locked(lambda: penalties.preprocess(graded, {"nbgrader": about}))

    def _retry_while_locked(self, work: Callable[[], T]) -> T:
        """Call `work`; as long as another program has locked the database, wait and try again.

        Raises:
            OperationalError: if the database is locked for too long, or is gone. Then nothing is
                written.
        """
        until = time.monotonic() + SECONDS_FOR_A_LOCK
        while True:
            try:
                return work()
            except (OperationalError, InvalidEntry) as error:
                self._roll_back()
                # nbgrader turns every error of the database into InvalidEntry.
                cause = error.__context__ if isinstance(error, InvalidEntry) else error
                if not isinstance(cause, OperationalError):
                    raise
                if "locked" not in str(cause) or time.monotonic() > until:
                    raise cause from None
                time.sleep(0.5)
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if hasattr(self, "_gradebook"):
            self._gradebook.db.rollback()


def _is_released(cell: NotebookNode) -> bool:
    """Whether an answer cell is as it was released."""
    return cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)


def set_checksums(notebook: NotebookNode, released: Mapping[str, str]) -> None:
    """Write into each cell's metadata the checksum of the released cell, as nbgrader does."""
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade_id") in released:
            about["checksum"] = released[about["grade_id"]]


def timestamp_of(folder: Path) -> Path | None:
    """The file in which nbgrader keeps the time of handing in, or None if there is none."""
    path = folder / "timestamp.txt"
    return path if path.is_file() and not path.is_symlink() else None
