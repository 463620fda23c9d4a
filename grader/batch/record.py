"""Recording the scores of graded notebooks in nbgrader's gradebook, from one process only.

The gradebook may be any database that nbgrader supports. A notebook's scores are written in one
transaction. Marks that a person has given are never changed.
"""

import time
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

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
from sqlalchemy.orm import selectinload

from grader.batch.policy import Policy

SECONDS_FOR_A_LOCK = 60  # that another program may keep the database locked

T = TypeVar("T")


class Marks(NamedTuple):
    """What the gradebook says of a graded cell of a student.

    Attributes:
        automatic: the score that the tests gave, or None.
        by_hand: the mark that a person gave in its place, or None.
        extra: extra credit that a person gave, or None.
        counts: the score that counts.
        waits: whether a person should look at it.
    """

    automatic: float | None
    by_hand: float | None
    extra: float | None
    counts: float
    waits: bool


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
        # By notebook and cell: the checksum of each released cell, the points of each graded one.
        self.released: dict[str, dict[str, str]] = {}
        self.points: dict[str, dict[str, float]] = {}
        self._retry_while_locked(self._find_released)
        self._policy: Policy | None = None

    def __enter__(self) -> "Record":
        return self

    def __exit__(self, *_: Any) -> None:
        self._gradebook.close()

    def _find_released(self) -> None:
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
        for notebook in sorted(notebooks, key=lambda n: n.name):
            self.released[notebook.name] = {c.name: c.checksum for c in notebook.source_cells}
            graded = [*notebook.grade_cells, *notebook.task_cells]
            self.points[notebook.name] = {c.name: c.max_score for c in graded}
        self._gradebook.db.rollback()  # ends the transaction, so that others can write

    # --- reading --------------------------------------------------------------------------

    def scores(self) -> dict[tuple[str, str], dict[str, Marks]]:
        """What the gradebook says of all graded cells, by student and notebook, then by cell."""
        rows = (
            self._gradebook.db.query(
                SubmittedAssignment.student_id,
                Notebook.name,
                BaseCell.name,
                Grade.auto_score,
                Grade.manual_score,
                Grade.extra_credit,
                Grade.score,
                Grade.needs_manual_grade,
            )
            .select_from(Grade)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == self.assignment)
        )

        def read() -> dict[tuple[str, str], dict[str, Marks]]:
            found: dict[tuple[str, str], dict[str, Marks]] = {}
            for student, notebook, cell, *marks in rows:
                found.setdefault((student, notebook), {})[cell] = Marks(*marks)
            self._gradebook.db.rollback()
            return found

        return self._retry_while_locked(read)

    def penalties(self) -> dict[tuple[str, str], float]:
        """The penalties for lateness, by student and notebook; those that are 0 are left out."""
        rows = (
            self._gradebook.db.query(
                SubmittedAssignment.student_id,
                Notebook.name,
                SubmittedNotebook.late_submission_penalty,
            )
            .select_from(SubmittedNotebook)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == self.assignment)
        )

        def read() -> dict[tuple[str, str], float]:
            found = {(student, name): penalty for student, name, penalty in rows if penalty}
            self._gradebook.db.rollback()
            return found

        return self._retry_while_locked(read)

    def times(self) -> dict[str, tuple[datetime | None, timedelta | None]]:
        """For each student with a submission: when it was handed in, and the extension granted."""
        rows = (
            self._gradebook.db.query(
                SubmittedAssignment.student_id,
                SubmittedAssignment.timestamp,
                SubmittedAssignment.extension,
            )
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == self.assignment)
        )

        def read() -> dict[str, tuple[datetime | None, timedelta | None]]:
            found = {student: (timestamp, extension) for student, timestamp, extension in rows}
            self._gradebook.db.rollback()
            return found

        return self._retry_while_locked(read)

    # --- writing --------------------------------------------------------------------------

    def bring_in(self, policy: Policy) -> None:
        """Bring the due time and the extensions of a policy into the gradebook."""
        self._policy = policy

        def work() -> None:
            self._gradebook.find_assignment(self.assignment).duedate = policy.due.get(
                self.assignment
            )
            for submission in self._submissions():
                submission.extension = self._extension(submission.student_id)
            self._gradebook.db.commit()

        self._retry_while_locked(work)

    def _extension(self, student: str) -> timedelta | None:
        """The extension that the policy grants a student."""
        assert self._policy is not None
        until = self._policy.extensions.get(student, {}).get(self.assignment)
        return until - self._policy.due[self.assignment] if until else None

    def enroll(self, student: str, handed_in: datetime | None) -> None:
        """Make sure that the gradebook knows a student's submission, with a row for each cell.

        Args:
            student: the student's id.
            handed_in: when it was handed in, in UTC; None if that is not known.
        """

        def work() -> None:
            self._gradebook.update_or_create_student(student)
            about: dict[str, Any] = {"timestamp": handed_in}
            if self._policy is not None:
                about["extension"] = self._extension(student)
            submission = self._gradebook.update_or_create_submission(
                self.assignment, student, **about
            )
            self._complete(submission)
            self._gradebook.db.commit()

        self._retry_while_locked(work)

    def _complete(self, submission: SubmittedAssignment) -> None:
        """Add the rows of cells that were released after the submission came."""
        db = self._gradebook.db
        submitted = {notebook.notebook_id: notebook for notebook in submission.notebooks}
        for notebook in submission.assignment.notebooks:
            found = submitted.get(notebook.id)
            if found is None:
                found = SubmittedNotebook(notebook=notebook, assignment=submission)
                db.add(found)
            graded = {grade.cell_id for grade in found.grades}
            for cell in [*notebook.grade_cells, *notebook.task_cells]:
                if cell.id not in graded:
                    db.add(Grade(cell_id=cell.id, notebook=found))
            commented = {comment.cell_id for comment in found.comments}
            for cell in [*notebook.solution_cells, *notebook.task_cells]:
                if cell.id not in commented:
                    db.add(Comment(cell_id=cell.id, notebook=found))

    def mark_absent(self, student: str, name: str) -> None:
        """Give 0 points for a notebook that was not handed in, as nbgrader does it."""
        self._give(student, name, 0, needs_manual_grade=False)

    def mark_ungraded(self, student: str, name: str) -> None:
        """Mark a notebook as not graded, which the formgrader shows as in need of a person."""
        self._give(student, name, None, needs_manual_grade=True)

    def _give(
        self, student: str, name: str, score: float | None, *, needs_manual_grade: bool
    ) -> None:
        def work() -> None:
            for grade, _ in self._rows(Grade, name, student):
                grade.auto_score, grade.needs_manual_grade = score, needs_manual_grade
            self._gradebook.db.commit()

        self._retry_while_locked(work)

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
                    grade.auto_score = automatic_score(cells[cell])
                    by_hand = grade.manual_score is not None or grade.auto_score is None
                    grade.needs_manual_grade = by_hand
            for comment, cell in self._rows(Comment, name, student):
                if cell in cells and utils.is_solution(cells[cell]):
                    comment.auto_comment = "No response." if _is_released(cells[cell]) else None
            self._gradebook.db.commit()

        self._retry_while_locked(work)

    def penalise(self, is_chosen: Callable[[str, str], bool]) -> None:
        """Compute the penalties for lateness anew: as nbgrader does it, and for all notebooks.

        Args:
            is_chosen: whether it concerns a student's notebook, given both names.
        """
        penalties = AssignLatePenalties(config=self.course.config)
        penalties.init_plugin()
        plugin = penalties.plugin_inst
        known = self.penalties()

        def work() -> None:
            if not known and self._gradebook.find_assignment(self.assignment).duedate is None:
                self._gradebook.db.rollback()
                return
            for submission in self._submissions():
                is_due = submission.assignment.duedate is not None
                late = submission.total_seconds_late if is_due else 0
                for notebook in submission.notebooks:
                    if is_chosen(submission.student_id, notebook.name):
                        points = None
                        if late > 0:
                            points = plugin.late_submission_penalty(
                                submission.student_id, notebook.score, late
                            )
                        notebook.late_submission_penalty = (
                            min(max(points, 0), max(notebook.score, 0)) if points else None
                        )
            self._gradebook.db.commit()

        self._retry_while_locked(work)

    def _submissions(self) -> list[SubmittedAssignment]:
        """The submissions of the assignment, with what `penalise` needs of them."""
        return (
            self._gradebook.db.query(SubmittedAssignment)
            .options(
                selectinload(SubmittedAssignment.notebooks).undefer(SubmittedNotebook.score),
                selectinload(SubmittedAssignment.assignment).selectinload(Assignment.notebooks),
            )
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == self.assignment)
            .execution_options(populate_existing=True)
            .all()
        )

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


def automatic_score(cell: NotebookNode) -> float | None:
    """The score of a graded cell by its outputs; None if a person must give it.

    A test that gives more points than its cell has gives all of them.
    """
    try:
        score, _ = utils.determine_grade(cell)
    except ValueError:
        return float(cell.metadata.nbgrader.points)
    return score
