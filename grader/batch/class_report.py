"""A report on a class, for its teacher: `python -m grader.batch.class_report transformer`.

Reads the gradebook and the graded notebooks, and writes report/ASSIGNMENT/: a page, index.html, and
its tables as CSV files. It shows which tasks and tests fail, the commonest known mistakes, failures
that no known mistake explains, marks that wait for a person, and answers that are the same.
"""

import argparse
import csv
import io
import re
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.coursedir import CourseDirectory

from checking.calling import UNWRITTEN
from grader.bank import load_notebook
from grader.batch import plots
from grader.batch.alike import Form, form_of
from grader.batch.marks import read_marks, read_points, read_times
from grader.batch.page import templates
from grader.batch.results import NotebookMarks, TaskResult, results_of
from grader.course import instructors_path, open_course
from grader.files import replace_file
from grader.judging.job import Failure, Outcome
from grader.judging.naming import symptom
from grader.judging.report import added_to, answer_in, printable
from grader.notebooks import answer_cells, code_cells, defined_names, metadata_of, name_of

MOST_SHOWN = 2_000  # characters of an answer
MOST_ROWS = 25  # of a table on the page; the CSV files hold all
MOST_NAMES = 20  # of students in a line
LEAST_SIZE = 60  # nodes of the syntax tree of an answer that is not equal to another by chance
LIKE_A_HEADER = re.compile(r"^#\s*%", re.M)
MARKER = re.compile(r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n?", re.M)


@dataclass(frozen=True)
class Answer:
    """A student's answer to a task, and its result.

    Attributes:
        student: the student's id.
        notebook: the notebook's name.
        source: the whole answer, with the cells that the student has added for it.
        result: the result.
    """

    student: str
    notebook: str
    source: str
    result: TaskResult

    @property
    def is_unwritten(self) -> bool:
        """Whether the tests show that there is no answer."""
        failures = [cell.outcome.get("failure") for cell in self.result.cells]
        return any(f is not None and f["must_hold"] == UNWRITTEN for f in failures)

    @property
    def symptoms(self) -> tuple[str, ...]:
        """What each test shows, equal for equal results."""
        return tuple(_symptom(cell.outcome) for cell in self.result.cells)


@dataclass(frozen=True)
class Group:
    """Answers to a task that have something in common.

    Attributes:
        notebook: the notebook's name.
        task: the task's name.
        title: the task's heading.
        students: the ids of the students.
        reasons: why the tests failed, a line for each.
        source: the answer of one of them.
        number: how many different answers there are.
    """

    notebook: str
    task: str
    title: str
    students: tuple[str, ...]
    reasons: tuple[str, ...]
    source: str
    number: int = 1

    @property
    def names(self) -> str:
        """The students, or the first of many."""
        more = len(self.students) - MOST_NAMES
        return ", ".join(self.students[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")

    @property
    def shown(self) -> str:
        """The beginning of the answer."""
        return self.source[:MOST_SHOWN] + ("\n# …" if len(self.source) > MOST_SHOWN else "")


def _symptom(result: Mapping[str, Any]) -> str:
    """The symptom of a test, from the metadata that `write_outcomes` leaves."""
    if not result:
        return ""
    known = {field.name for field in fields(Outcome)}
    about = {name: value for name, value in result.items() if name in known}
    failure = about.get("failure")
    return symptom(Outcome(**about | {"failure": failure and Failure(**failure)}))


# --- reading ------------------------------------------------------------------------------


def read_answers(
    course: CourseDirectory, assignment: str, marks: Mapping[tuple[str, str], NotebookMarks]
) -> list[Answer]:
    """The answers in all graded notebooks of an assignment, by student and notebook."""
    answers = []
    for (student, name), found in sorted(marks.items()):
        folder = course.format_path(course.autograded_directory, student, assignment)
        path = Path(folder, f"{name}.ipynb")
        if not found.is_graded or not path.is_file():
            continue
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        results = results_of(notebook, found)
        # Students add cells above an answer and above its tests.
        task_of = {cell.cell: result.task for result in results for cell in result.cells}
        sources: dict[str, list[str]] = defaultdict(list)
        for cell in notebook.cells:
            place = name_of(cell) if metadata_of(cell).get("solution") else added_to(cell)
            if place:
                sources[task_of.get(place, place)].append(answer_in(cell))
        answers += [
            Answer(student, name, MARKER.sub("", "\n\n".join(sources[result.task])), result)
            for result in results
        ]
    return answers


# --- finding ------------------------------------------------------------------------------


def count_tests(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """For each test: how many answers failed it, and at what most of them; most failures first.

    Answers that were not written are counted apart.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    reasons: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for answer in answers:
        for cell in answer.result.cells:
            if not cell.outcome:
                continue
            key = answer.notebook, cell.cell
            about = {"notebook": answer.notebook, "task": answer.result.task, "test": cell.cell}
            counts = {"students": 0, "failed": 0, "not written": 0}
            row = rows.setdefault(key, about | {"kind": cell.kind} | counts)
            row["students"] += 1
            if answer.is_unwritten:
                row["not written"] += 1
            elif cell.failed:
                row["failed"] += 1
                reasons[key][cell.reason] += 1
    for key, row in rows.items():
        (row["most often"], row["how often"]), *_ = [*reasons[key].most_common(1), ("", 0)]
    return sorted(rows.values(), key=lambda row: -row["failed"])


def count_mistakes(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """The known mistakes in the answers, the commonest first."""
    counter = Counter(
        (answer.notebook, answer.result.task, ", or: ".join(answer.result.mistakes))
        for answer in answers
        if answer.result.mistakes
    )
    return [
        {"notebook": notebook, "task": task, "known mistake": sentence, "students": count}
        for (notebook, task, sentence), count in counter.most_common()
    ]


def find_unexplained(answers: Iterable[Answer]) -> list[Group]:
    """Failures that no known mistake explains, by equal symptoms, the commonest first."""
    groups: dict[tuple, list[Answer]] = defaultdict(list)
    for answer in answers:
        result = answer.result
        failed = any(cell.failed for cell in result.cells)
        if failed and not result.mistakes and not answer.is_unwritten:
            groups[answer.notebook, result.task, answer.symptoms].append(answer)
    found = []
    for (notebook, task, _), members in groups.items():
        reasons = tuple(
            f"{cell.kind}: {cell.reason}" for cell in members[0].result.cells if cell.failed
        )
        shortest = min(members, key=lambda answer: (len(answer.source), answer.student))
        number = len({form_of(answer.source) or answer.source for answer in members})
        students = tuple(answer.student for answer in members)
        title = members[0].result.title
        found.append(Group(notebook, task, title, students, reasons, shortest.source, number))
    return sorted(found, key=lambda group: -len(group.students))


def bank_cell(group: Group) -> str:
    """The answer of a group as a cell for the bank of known mistakes, without its sentence."""
    source = LIKE_A_HEADER.sub("# -", group.source.strip())  # else it would start another cell
    return f"# %% mistake: SAY WHAT IS WRONG\n{source}\n"


def find_alike(
    answers: Iterable[Answer], known: Mapping[tuple[str, str], set[str]], kept: Mapping[str, set]
) -> tuple[list[Group], int]:
    """Groups of students whose answers have the same form.

    Args:
        answers: the answers of the class.
        known: the digests of the forms of known correct answers, by notebook and task.
        kept: the names that a notebook prescribes.

    Returns:
        The groups, and the number of answers that are equal to another student's but are short, or
        equal to a known correct answer, and so in no group.
    """
    forms: dict[tuple[str, str, Form], list[Answer]] = defaultdict(list)
    for answer in answers:
        form = form_of(answer.source, frozenset(kept.get(answer.notebook, ())))
        if form is not None and not answer.is_unwritten:
            forms[answer.notebook, answer.result.task, form].append(answer)
    groups, natural = [], 0
    for (notebook, task, form), members in forms.items():
        students = tuple(dict.fromkeys(answer.student for answer in members))
        if len(students) < 2:
            continue
        if form.size < LEAST_SIZE or form.digest in known.get((notebook, task), ()):
            natural += len(students)
            continue
        first = members[0]
        groups.append(Group(notebook, task, first.result.title, students, (), first.source))
    return sorted(groups, key=lambda group: -len(group.students)), natural


def known_forms(
    course: CourseDirectory, assignment: str, names: Iterable[str]
) -> tuple[dict[tuple[str, str], set[str]], dict[str, set[str]]]:
    """The forms of the reference and of known correct answers, and the names of each notebook."""
    forms: dict[tuple[str, str], set[str]] = defaultdict(set)
    kept: dict[str, set[str]] = {}
    for name in names:
        about = {"assignment": assignment, "notebook": name}
        text, bank = load_notebook(instructors_path(course.config, about))
        notebook = nbformat.reads(text, as_version=4)
        tasks = set(answer_cells(notebook))
        sources = [
            (name_of(cell), MARKER.sub("", cell.source))
            for cell in code_cells(notebook)
            if name_of(cell) in tasks
        ]
        kept[name] = {defined for _, source in sources for defined in defined_names(source)}
        sources += [(answer.task, answer.source) for answer in bank if answer.is_correct]
        for task, source in sources:
            if form := form_of(source, frozenset(kept[name])):
                forms[name, task].add(form.digest)
    return forms, kept


def find_waiting(
    marks: Mapping[tuple[str, str], NotebookMarks],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Marks that wait for a person, and marks by hand below the automatic ones."""
    waiting, below = [], []
    for (student, notebook), found in sorted(marks.items()):
        for cell, mark in sorted(found.marks.items()):
            row = {"student": student, "notebook": notebook, "cell": cell}
            if mark.by_hand is None and mark.automatic is None and mark.needs_person:
                waiting.append(row)
            elif mark.by_hand is not None and mark.by_hand < (mark.automatic or 0):
                below.append(row | {"by hand": mark.by_hand, "automatic": mark.automatic})
    return waiting, below


# --- writing ------------------------------------------------------------------------------


def score_rows(
    marks: Mapping[tuple[str, str], NotebookMarks],
    points: Mapping[str, Mapping[str, float]],
    times: Mapping[str, datetime],
) -> list[dict[str, Any]]:
    """The scores of each student, by notebook."""
    rows = []
    for student in sorted({student for student, _ in marks}):
        own = {name: marks[student, name] for name in points if (student, name) in marks}
        row: dict[str, Any] = {"student": student}
        row |= {name: own[name].score if name in own else "" for name in points}
        row["penalty"] = sum(found.penalty for found in own.values())
        row["total"] = sum(found.score for found in own.values())
        row["handed in"] = times[student].isoformat() if student in times else ""
        rows.append(row)
    return rows


def task_rows(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """The points of each student in each task."""
    return [
        {
            "student": answer.student,
            "notebook": answer.notebook,
            "task": answer.result.task,
            "score": answer.result.score,
            "points": answer.result.points,
            "result": "not written" if answer.is_unwritten else answer.result.state,
        }
        for answer in answers
    ]


def statistics_of(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """For each task: how many students passed, partly passed, did not pass or wrote nothing."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for answer in answers:
        result = answer.result
        row = rows.setdefault(
            (answer.notebook, result.task),
            {"notebook": answer.notebook, "task": result.task, "title": result.title}
            | dict.fromkeys(plots.OUTCOMES, 0)
            | {"points": result.points, "mean score": 0.0},
        )
        row["not written" if answer.is_unwritten else result.state] += 1
        row["mean score"] += result.score
    for row in rows.values():
        row["mean score"] = round(row["mean score"] / sum(row[name] for name in plots.OUTCOMES), 2)
    return [*rows.values()]


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV, with the names of the columns in the first line."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {name: printable(v) if isinstance(v, str) else v for name, v in row.items()}
            for row in rows
        )
    return text.getvalue()


def candidates_of(unexplained: Iterable[Group]) -> Iterator[tuple[str, str]]:
    """The files with candidates for the bank, each with its path below candidates/."""
    cells: dict[str, list[str]] = defaultdict(list)
    for group in unexplained:
        cells[f"{group.notebook}/{group.task}.py"].append(bank_cell(group))
    return ((path, "\n\n".join(found)) for path, found in cells.items())


def write_report(root: Path, assignment: str) -> Path:
    """Write the report on an assignment; return the path of its page.

    Args:
        root: where the course is.
        assignment: the name of the assignment.

    Raises:
        LookupError: if nothing of the assignment was graded.
    """
    course = open_course(root)
    marks = read_marks(course.db_url, assignment)
    points = read_points(course.db_url, assignment)
    if not marks:
        raise LookupError(
            f"expected grades of {assignment} in {course.db_url}, found none. Grade first, with "
            "`make grade`"
        )
    answers = read_answers(course, assignment, marks)
    scores = score_rows(marks, points, read_times(course.db_url, assignment))
    unexplained = find_unexplained(answers)
    alike, natural = find_alike(answers, *known_forms(course, assignment, points))
    waiting, below = find_waiting(marks)
    tables = {
        "scores": scores,
        "scores-by-task": task_rows(answers),
        "tasks": statistics_of(answers),
        "tests": count_tests(answers),
        "known-mistakes": count_mistakes(answers),
        "same-answers": [
            {"notebook": g.notebook, "task": g.task, "students": " ".join(g.students)}
            for g in alike
        ],
        "waiting": waiting,
        "marked-down": below,
    }
    folder = Path(course.root, "report", assignment)
    for name, rows in tables.items():
        replace_file(folder / f"{name}.csv", csv_text(rows))
    for path, text in candidates_of(unexplained):
        replace_file(folder / "candidates" / path, text)
    most = sum(sum(cells.values()) for cells in points.values())
    totals = [row["total"] for row in scores]
    times = sorted(row["handed in"] for row in scores if row["handed in"])
    page = (
        templates()
        .get_template("report.html")
        .render(
            assignment=assignment,
            tables=tables,
            failing=[row for row in tables["tests"] if row["failed"]],
            totals=plots.totals(totals, most),
            tasks=plots.tasks(tables["tasks"]),
            mean=statistics.mean(totals),
            median=statistics.median(totals),
            most=most,
            times=times,
            unexplained=unexplained,
            bank_cell=bank_cell,
            alike=alike,
            natural=natural,
            rows=MOST_ROWS,
            least_size=LEAST_SIZE,
        )
    )
    replace_file(folder / "index.html", page)
    return folder / "index.html"


def main() -> int:
    """Write the reports on the assignments named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m grader.batch.class_report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("assignments", nargs="+", metavar="ASSIGNMENT", help="such as transformer")
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="where the gradebook and autograded/ are"
    )
    arguments = parser.parse_args()
    code = 0
    for assignment in arguments.assignments:
        try:
            print(f"Report: {write_report(arguments.root, assignment)}")
        except LookupError as error:
            print(error, file=sys.stderr)
            code = 2
    return code


if __name__ == "__main__":
    sys.exit(main())
