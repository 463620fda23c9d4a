"""Give feedback and scores back to a learning platform, in the formats that it accepts.

    python -m grader.submissions.returning transformer moodle
    python -m grader.submissions.returning transformer moodle --sheet worksheet.csv

Packs the feedback pages into feedback-transformer.zip, under the names that the platform expects.
With the platform's own sheet of grades (Moodle's grading worksheet, Canvas's exported gradebook) it
also writes grades-transformer.csv: a copy of the sheet with the scores filled in.
"""

import argparse
import csv
import io
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory

from grader.course import open_course
from grader.judging.report import printable
from grader.submissions.collecting import RECORD, read_record
from grader.submissions.platforms import PLATFORMS

UNTOUCHED = ("EX", "N/A")  # Canvas: excused, or not assigned to this student


@dataclass
class Filled:
    """A sheet of grades that was filled in.

    Attributes:
        content: the file's content.
        count: the number of scores in it.
        remarks: sentences for the teacher.
    """

    content: bytes
    count: int
    remarks: list[str] = field(default_factory=list)


def pack_feedback(
    course: CourseDirectory, assignment: str, platform: str, target: Path
) -> tuple[int, list[str]]:
    """Write a zip file of feedback pages that a learning platform accepts.

    Args:
        course: the course, with downloaded/ and feedback/ in its root.
        assignment: the name of the assignment.
        platform: a key of `PLATFORMS`.
        target: the zip file.

    Returns:
        The number of pages, and the collected files without a page.

    Raises:
        LookupError: if there is no page to pack.
    """
    record = read_record(Path(course.root, "downloaded", assignment, RECORD))
    pages, without = {}, []
    for file in record["files"] if record["platform"] == platform else ():
        folder = course.format_path(course.feedback_directory, file["student"], assignment)
        page = Path(folder, f"{file['notebook']}.html")
        if page.is_file() and file["place"]:
            pages[PLATFORMS[platform].feedback.format(**file)] = page
        elif not page.is_file():
            without.append(file["file"])
    if not pages:
        raise LookupError(
            f"expected feedback on what was collected from {platform}, found none. Collect and "
            f"grade first, and check that the download is from {platform}"
        )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page in pages.items():
            archive.write(page, name)
    return len(pages), without


def scores_of(course: CourseDirectory, assignment: str) -> tuple[dict[str, float], float]:
    """Each student's score, late penalty included, and the assignment's maximum.

    Raises:
        LookupError: if the gradebook does not know the assignment.
    """
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            maximum = gradebook.find_assignment(assignment).max_score
        except MissingEntry:
            raise LookupError(
                f"expected the name of an assignment, got {assignment!r}. Run `make exercises`"
            ) from None
        return {
            s.student_id: max(0.0, s.score - s.late_submission_penalty)
            for s in gradebook.assignment_submissions(assignment)
        }, maximum


def fill_sheet(
    content: bytes,
    platform: str,
    assignment: str,
    scores: dict[str, float],
    maximum: float,
    column: str = "",
) -> Filled:
    """Fill scores into a platform's own sheet of grades.

    Args:
        content: the sheet, a CSV file.
        platform: a key of `PLATFORMS`.
        assignment: the name of the assignment.
        scores: each student's score.
        maximum: the assignment's maximum.
        column: the header of the column for the scores, or "" to find it.

    Raises:
        LookupError: if this is no sheet of the platform. The message says what is expected.
    """
    kind = PLATFORMS[platform]
    try:
        text = content.decode("utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        if not rows:
            raise LookupError("it is empty")
        columns = kind.find_columns(rows, assignment, column)
    except UnicodeDecodeError:
        raise LookupError(
            f"expected {kind.sheet} as a CSV file in UTF-8, got something else, perhaps a file "
            "that a spreadsheet program has saved. Download it again"
        ) from None
    except (csv.Error, LookupError) as error:
        raise LookupError(
            f"expected {kind.sheet}, as {platform.title()} gives it: {error}"
        ) from None
    remarks = []
    count = 0
    for student, number in columns.students.items():
        row = rows[number] + [""] * (columns.grade + 1 - len(rows[number]))
        if student not in scores:
            continue
        if row[columns.grade].strip() in UNTOUCHED:
            remarks.append(f"{student} has {row[columns.grade]} there, which stays.")
            continue
        row[columns.grade] = f"{round(scores[student], 2):.10g}"
        rows[number] = row
        count += 1
    strangers = sorted(set(scores) - set(columns.students))
    if strangers:
        remarks.append(f"Graded, but not in the sheet: {', '.join(strangers)}.")
    if _number(columns.maximum) not in (None, maximum):
        remarks.append(
            f"The maximum is {columns.maximum} on {platform.title()} and {maximum:g} here: set it "
            f"to {maximum:g} there, or the scores mean something else."
        )
    filled = io.StringIO(newline="")
    ending = "\r\n" if "\r\n" in text else "\n"
    csv.writer(filled, delimiter=delimiter, lineterminator=ending).writerows(rows)
    encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    return Filled(filled.getvalue().encode(encoding), count, remarks)


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def main() -> int:
    """Pack the feedback, fill in the sheet, print what was done, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m grader.submissions.returning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("assignment", help="the name of the assignment, for example transformer")
    parser.add_argument("platform", choices=sorted(PLATFORMS))
    parser.add_argument("--sheet", type=Path, help="the platform's sheet of grades, a CSV file")
    parser.add_argument(
        "--column", default="", help="the header of the column for the scores, if it is not clear"
    )
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="where downloaded/ and feedback/ are"
    )
    arguments = parser.parse_args()
    course = open_course(arguments.root)
    assignment, platform = arguments.assignment, arguments.platform
    pages = arguments.root / f"feedback-{assignment}.zip"
    grades = arguments.root / f"grades-{assignment}.csv"
    try:
        count, without = pack_feedback(course, assignment, platform, pages)
        for name in without:
            print(f"{name!r} has no feedback, since it was not graded.")
        print(f"{count} pages: {pages}")
        if arguments.sheet:
            filled = fill_sheet(
                arguments.sheet.read_bytes(),
                platform,
                assignment,
                *scores_of(course, assignment),
                arguments.column,
            )
            grades.write_bytes(filled.content)
            for remark in filled.remarks:
                print(printable(remark))
            print(f"{filled.count} scores: {grades}")
    except (LookupError, OSError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
