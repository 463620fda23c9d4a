"""Feedback for a class: a page for each notebook, and for each student one over all notebooks.

The pages on notebooks are those of `nbgrader generate_feedback`. They are made in several processes
at once, and only where something has changed: an answer, a mark, a comment, a penalty.
"""

import hashlib
import re
import shutil
from collections.abc import Collection, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from grader.batch.overview import NotebookResult, overview_of
from grader.batch.page import page_of, title_of
from grader.batch.pool import start_pool
from grader.batch.results import NotebookMarks, results_of
from grader.files import replace_file
from grader.submissions.reading import UnreadableError, read_cells
from grader.submissions.student_ids import problems_with_ids

STUDENTS_PER_CHUNK = 2
OVERVIEW = "index.html"
PAGE = re.compile(r'href="([^"#]+\.html)"')
DIGEST = re.compile(r'<meta name="made-of" content="(\w+)">')


@dataclass(frozen=True)
class PagesJob:
    """The pages of a student, with everything that another process needs to write them.

    Attributes:
        student: the student's id.
        assignment: the name of the assignment.
        submitted: the folder with what was handed in.
        graded: the folder of the graded notebooks.
        pages: the folder of the pages.
        points: the points of the graded cells of each released notebook, by notebook and cell.
        marks: the student's marks, by notebook.
        digest: a digest of all that the pages are made of.
    """

    student: str
    assignment: str
    submitted: Path
    graded: Path
    pages: Path
    points: dict[str, dict[str, float]]
    marks: dict[str, NotebookMarks]
    digest: str = ""


def generate_feedback(
    root: Path, assignment: str, students: Collection[str] | None, count: int
) -> list[str]:
    """Write the feedback pages that are not there or not as they should be.

    Args:
        root: where the course is.
        assignment: the name of the assignment.
        students: the ids of the students to look at; None for all.
        count: how many processes to use; 0 for none but this one.

    Returns:
        A line for each problem.
    """
    jobs = [job for job in _jobs(root, assignment, students) if _is_outdated(job)]
    problems: list[str] = []
    with tqdm(total=len(jobs), desc="Feedback", unit="student", disable=not jobs) as bar:
        for written, found in _write_all(jobs, count):
            problems += found
            bar.update(written)
    return problems


def _write_all(jobs: list[PagesJob], count: int) -> Iterator[tuple[int, list[str]]]:
    """Write the pages of some students after others; yield how many, and the problems."""
    step = STUDENTS_PER_CHUNK
    chunks = [jobs[i : i + step] for i in range(0, len(jobs), step)]
    if count == 0 or not chunks:
        yield from ((len(chunk), write_pages(chunk)) for chunk in chunks)
        return
    with start_pool(min(count, len(chunks))) as executor:
        for chunk, future in [(chunk, executor.submit(write_pages, chunk)) for chunk in chunks]:
            try:
                yield len(chunk), future.result()
            except BrokenProcessPool:
                names = ", ".join(job.student for job in chunk)
                yield len(chunk), [f"{names}: the process that writes feedback died. {AGAIN}"]


AGAIN = "Put that right and run the same command again."


def _jobs(root: Path, assignment: str, students: Collection[str] | None) -> Iterator[PagesJob]:
    """The pages of all students who have handed in something, or have marks."""
    # Importing these takes most of a second, and the processes that write pages do without.
    from grader.batch.marks import read_marks, read_points
    from grader.course import open_course

    course = open_course(root)

    def folder(kind: str, student: str) -> Path:
        return Path(course.format_path(kind, student, assignment))

    points = read_points(course.db_url, assignment)
    marks: dict[str, dict[str, NotebookMarks]] = {}
    for (student, name), found in read_marks(course.db_url, assignment, students).items():
        marks.setdefault(student, {})[name] = found
    submitted = Path(course.root, course.submitted_directory)
    handed_in = {path.parent.name for path in submitted.glob(f"*/{assignment}")}
    handed_in -= set(problems_with_ids(handed_in))  # of which nothing is graded
    for student in sorted(handed_in | set(marks)):
        if students is None or student in students:
            job = PagesJob(
                student,
                assignment,
                folder(course.submitted_directory, student),
                folder(course.autograded_directory, student),
                folder(course.feedback_directory, student),
                points,
                marks.get(student, {}),
            )
            yield replace(job, digest=_digest(job))


def _digest(job: PagesJob) -> str:
    """A digest of all that a student's pages are made of: files by their time and size."""
    files = [
        (path.name, about.st_mtime_ns, about.st_size)
        for folder in (job.submitted, job.graded)
        for path in sorted(folder.glob("*.ipynb"))
        for about in [path.lstat()]
    ]
    marks = [
        (name, sorted(found.marks.items()), sorted(found.comments.items()), found.penalty)
        for name, found in sorted(job.marks.items())
    ]
    return hashlib.sha256(repr((files, marks, sorted(job.points.items()))).encode()).hexdigest()


def _is_outdated(job: PagesJob) -> bool:
    """Whether a page of a student is missing, or what it is made of has changed."""
    try:
        overview = (job.pages / OVERVIEW).read_text(encoding="utf-8")
    except OSError:
        return True
    found = DIGEST.search(overview)
    if found is None or found[1] != job.digest:
        return True
    return any(not (job.pages / unquote(link)).exists() for link in PAGE.findall(overview))


def write_pages(jobs: list[PagesJob]) -> list[str]:
    """Write the pages of some students in this process; return a line for each problem."""
    return [problem for job in jobs for problem in _write_pages_of(job)]


def _write_pages_of(job: PagesJob) -> list[str]:
    results, problems = [], []
    for name, points in job.points.items():
        marks = job.marks.get(name, NotebookMarks())
        result = NotebookResult(
            name, name, "", (), marks.score, sum(points.values()), marks.penalty
        )
        try:
            notebook = _graded_notebook(job, name)
            if isinstance(notebook, str):
                (job.pages / f"{name}.html").unlink(missing_ok=True)
                results.append(replace(result, missing=notebook))
                continue
            write_page(job, name, notebook)
            title = title_of(notebook) or name
            results.append(replace(result, title=title, tasks=results_of(notebook, marks)))
        except (OSError, ValueError) as error:
            problems.append(f"{job.student}: the feedback on {name} failed ({error}). {AGAIN}")
    if problems:
        return problems  # without an overview, so that the next run writes the pages again
    try:
        timestamp = job.graded / "timestamp.txt"  # by which nbgrader sees whether pages are old
        if timestamp.is_file():
            shutil.copy(timestamp, job.pages)
        overview = overview_of(job.student, job.assignment, results, job.digest)
        replace_file(job.pages / OVERVIEW, overview)
    except OSError as error:
        return [f"{job.student}: the feedback on all notebooks failed ({error}). {AGAIN}"]
    return []


def _graded_notebook(job: PagesJob, name: str) -> NotebookNode | str:
    """A student's graded notebook, or why there is none to show."""
    graded, submitted = job.graded / f"{name}.ipynb", job.submitted / f"{name}.ipynb"
    if name in job.marks and job.marks[name].is_graded and graded.is_file():
        notebook = nbformat.reads(graded.read_text(encoding="utf-8"), as_version=4)
        handed_in = notebook.metadata.get("grader", {}).get("path", submitted.name)
        if (job.submitted / Path(handed_in).name).is_file():
            return notebook
    if not submitted.is_file():
        return "not handed in"
    try:
        read_cells(submitted)
    except UnreadableError as error:
        return f"could not be read: {error}"
    return "not graded yet"


def write_page(job: PagesJob, name: str, notebook: NotebookNode) -> None:
    """Write the page on one notebook of a student."""
    page = page_of(notebook, job.student, name, job.marks[name])
    replace_file(job.pages / f"{name}.html", page)
