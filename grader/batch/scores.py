"""Scores: grades.csv, and the table that grading prints at its end."""

import logging
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin

from grader.batch.record import Record
from grader.judging.report import printable


def export(course: CourseDirectory) -> None:
    """Write grades.csv as `nbgrader export` does."""
    plugin = CsvExportPlugin(config=course.config)
    plugin.to = str(Path(course.root, "grades.csv"))
    plugin.log.setLevel(logging.WARNING)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        plugin.export(gradebook)


def score_table(record: Record) -> str:
    """A table of the scores of an assignment, one line a student; penalties are taken off.

    "-" stands for no submission, "?" for a notebook that is not graded.
    """
    most = {name: sum(cells.values()) for name, cells in record.points.items()}
    table = [
        ["student", *(name[:2] for name in most), "sum"],
        ["points", *(f"{points:g}" for points in most.values()), f"{sum(most.values()):g}"],
    ]
    scores, penalties = record.scores(), record.penalties()
    graded = set(record.times())
    folders = Path(record.course.root, record.course.submitted_directory).glob("*")
    for student in sorted({folder.name for folder in folders if folder.is_dir()} | graded):
        row, total = [], 0.0
        for name in most:
            cells = scores.get((student, name), {}).values()
            score = sum(marks.counts for marks in cells) - penalties.get((student, name), 0.0)
            total += score
            is_graded = any(m.automatic is not None or m.by_hand is not None for m in cells)
            row.append(f"{score:g}" if is_graded else "?")
        row.append(f"{max(0.0, total):g}")  # as in grades.csv
        table.append([printable(student), *(row if student in graded else ["-"] * len(row))])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table
    )
