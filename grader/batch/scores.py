"""Scores: grades.csv, and the table that grading prints at its end."""

import logging
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin


def export(course: CourseDirectory) -> None:
    """Write grades.csv as `nbgrader export` does."""
    plugin = CsvExportPlugin(config=course.config)
    plugin.to = str(Path(course.root, "grades.csv"))
    plugin.log.setLevel(logging.WARNING)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        plugin.export(gradebook)


def score_table(course: CourseDirectory, assignment: str) -> str:
    """A table of the scores of an assignment, one line a student; "-" if nothing was graded."""

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
                scores = [f"{n.score:g}" for n in by_name(submission.notebooks)]
                scores.append(f"{submission.score:g}")
            table.append([student, *scores])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table
    )
