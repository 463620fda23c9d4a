"""What the gradebook says about the notebooks of a class: marks, comments and penalties."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from grader.batch.results import Mark, NotebookMarks

Marks = dict[tuple[str, str], NotebookMarks]  # by student and notebook


def read_marks(db_url: str, assignment: str, students: Iterable[str] | None = None) -> Marks:
    """Read the marks of an assignment.

    Args:
        db_url: the address of the gradebook.
        assignment: the name of the assignment.
        students: the ids of the students; None for all.
    """
    found: Marks = {}
    with _session(db_url) as session:

        def rows(kind: type[Grade] | type[Comment], *columns: object) -> Iterator:
            query = (
                session.query(SubmittedAssignment.student_id, Notebook.name, *columns)
                .select_from(kind)
                .join(BaseCell, BaseCell.id == kind.cell_id)
                .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
                .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
                .join(
                    SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id
                )
                .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
                .filter(Assignment.name == assignment)
            )
            if students is not None:
                query = query.filter(SubmittedAssignment.student_id.in_(list(students)))
            return iter(query)

        grades = rows(
            Grade,
            SubmittedNotebook.late_submission_penalty,
            BaseCell.name,
            Grade.auto_score,
            Grade.manual_score,
            Grade.score,
            Grade.needs_manual_grade,
        )
        for student, notebook, penalty, cell, *mark in grades:
            of_notebook = found.setdefault((student, notebook), NotebookMarks())
            of_notebook.penalty = penalty or 0.0
            of_notebook.marks[cell] = Mark(*mark)
        for student, notebook, cell, by_hand, automatic in rows(
            Comment, BaseCell.name, Comment.manual_comment, Comment.auto_comment
        ):
            comment = by_hand or automatic
            if comment:
                found.setdefault((student, notebook), NotebookMarks()).comments[cell] = comment
    return found


def read_points(db_url: str, assignment: str) -> dict[str, dict[str, float]]:
    """The points of the graded cells of an assignment, by notebook and cell."""
    points: dict[str, dict[str, float]] = {}
    with _session(db_url) as session:
        names = (
            session.query(Notebook.name)
            .join(Assignment, Assignment.id == Notebook.assignment_id)
            .filter(Assignment.name == assignment)
        )
        for (name,) in sorted(names):
            points[name] = {}
        for kind in (GradeCell, TaskCell):
            cells = (
                session.query(Notebook.name, kind.name, kind.max_score)
                .join(Notebook, Notebook.id == kind.notebook_id)
                .join(Assignment, Assignment.id == Notebook.assignment_id)
                .filter(Assignment.name == assignment)
            )
            for notebook, cell, most in cells:
                points[notebook][cell] = most
    return points


def read_times(db_url: str, assignment: str) -> dict[str, datetime]:
    """When each student handed in, as far as the gradebook knows."""
    with _session(db_url) as session:
        rows = (
            session.query(SubmittedAssignment.student_id, SubmittedAssignment.timestamp)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == assignment)
        )
        return {student: time for student, time in rows if time is not None}


@contextmanager
def _session(db_url: str) -> Iterator[Session]:
    """A session that only reads, and leaves no connection open for a forked process to inherit."""
    engine = create_engine(db_url)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()
