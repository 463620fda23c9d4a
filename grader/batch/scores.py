"""Scores: grades.csv, and the table that grading prints at its end."""

import logging
from pathlib import Path

from nbgrader.api import Gradebook, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin

from grader.judging.report import printable


def export(course: CourseDirectory) -> None:
    """Write grades.csv as `nbgrader export` does."""
    plugin = CsvExportPlugin(config=course.config)
    plugin.to = str(Path(course.root, "grades.csv"))
    plugin.log.setLevel(logging.WARNING)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        plugin.export(gradebook)


def score_table(course: CourseDirectory, assignment: str) -> str:
    """A table of the scores of an assignment, one line a student; penalties are taken off.

    "-" stands for no submission, "?" for a notebook that is not graded.
    """

    def by_name(items):
        return sorted(items, key=lambda item: item.name)

    with Gradebook(course.db_url, course.course_id) as gradebook:
        released = gradebook.find_assignment(assignment)
        notebooks = by_name(released.notebooks)
        table = [
            ["student", *(n.name[:2] for n in notebooks), "sum"],
            ["points", *(f"{n.max_score:g}" for n in notebooks), f"{released.max_score:g}"],
        ]
        graded = {s.student.id: s for s in gradebook.assignment_submissions(assignment)}
        folders = Path(course.root, course.submitted_directory).glob("*")
        for student in sorted({f.name for f in folders if f.is_dir()} | set(graded)):
            scores = ["-"] * (len(notebooks) + 1)
            if student in graded:
                submission = graded[student]
                found = {notebook.name: _score(notebook) for notebook in submission.notebooks}
                scores = [found.get(notebook.name, "?") for notebook in notebooks]
                # As in grades.csv.
                total = max(0.0, submission.score - submission.late_submission_penalty)
                scores.append(f"{total:g}")
            table.append([printable(student), *scores])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table
    )


def _score(notebook: SubmittedNotebook) -> str:
    """The score of a notebook, its penalty taken off; "?" if there is none."""
    if all(g.auto_score is None and g.manual_score is None for g in notebook.grades):
        return "?" if notebook.grades else "0"
    return f"{notebook.score - (notebook.late_submission_penalty or 0):g}"
