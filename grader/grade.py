"""Grade all submissions of an assignment with nbgrader, one student after another.

    python -m grader.grade transformer

Runs `nbgrader autograde`, `generate_feedback` and `export`, and says for each submission that
cannot be graded what is wrong with it and what to do. A broken notebook costs nobody else.
"""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from tqdm import tqdm


@dataclass(frozen=True)
class Submission:
    """One student's folder, looked at before grading.

    Attributes:
        student: the student's id.
        notebooks: the notebooks that can be graded, without ".ipynb".
        problems: what a teacher has to know, a sentence each with what to do about it.
    """

    student: str
    notebooks: list[str]
    problems: list[str]


def open_course(root: Path) -> CourseDirectory:
    """The course as nbgrader_config.py describes it, with submissions and grades under root."""
    app = NbGrader()
    app.load_config_file()
    app.config.CourseDirectory.root = str(root.resolve())
    return CourseDirectory(config=app.config)


def released_cells(course: CourseDirectory, assignment: str) -> dict[str, set[str]]:
    """The ids of the cells of each notebook of an assignment, as the gradebook knows them.

    Raises:
        LookupError: if the assignment was never generated, with the command that does it.
    """
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            notebooks = gradebook.find_assignment(assignment).notebooks
        except MissingEntry:
            known = ", ".join(a.name for a in gradebook.assignments) or "none"
            raise LookupError(
                f"expected an assignment that the gradebook knows ({known}), got {assignment!r}. "
                "Run `make exercises` first, so that nbgrader learns its cells and points"
            ) from None
        return {
            n.name: {cell.name for cell in n.source_cells}
            for n in sorted(notebooks, key=lambda n: n.name)
        }


def inspect_submission(folder: Path, released: dict[str, set[str]]) -> Submission:
    """Find out which notebooks of a student's folder can be graded, and what is wrong with it.

    Args:
        folder: submitted/STUDENT/ASSIGNMENT.
        released: the ids of the cells of each notebook of the assignment.
    """
    if re.search(r'[,"\n]', folder.parent.name):
        problem = "the name holds a comma, a quotation mark or a line break, which would break "
        problem += "grades.csv. Rename the folder and grade again; nothing is graded."
        return Submission(folder.parent.name, [], [problem])
    if not folder.is_dir():
        others = ", ".join(sorted(path.name for path in folder.parent.glob("*"))) or "nothing"
        problem = f"expected the notebooks in {folder}, found {others} in its place. If that is "
        problem += "the submission, rename it and grade again; nothing is graded."
        return Submission(folder.parent.name, [], [problem])
    found = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    reasons = {name: unreadable(path) for name, path in found.items()}
    missing = [f"{name}.ipynb" for name in released if name not in found]
    problems = [f"not handed in, so 0 points: {', '.join(missing)}."] if missing else []
    for name in released:
        if name in found and reasons[name]:
            problems.append(
                f"{found[name]} cannot be read ({reasons[name]}) and is not graded. "
                "Ask the student for the file again."
            )
    for name in sorted(set(found) - set(released)):
        problem = f"{found[name]} is no notebook of this assignment and is not graded"
        original = None if reasons[name] else closest_notebook(found[name], released)
        if original and original not in found:
            problem += f"; its cells are those of {original}.ipynb. Rename it and grade again"
        problems.append(f"{problem}.")
    readable = [name for name in released if name in found and not reasons[name]]
    return Submission(folder.parent.name, readable, problems)


def unreadable(path: Path) -> str | None:
    """Why a file is no notebook, or None if it is one."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return str(error.strerror)
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    except json.JSONDecodeError as error:
        return f"no valid JSON at line {error.lineno}, as if it were cut off"
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        return "it has no list of cells"
    return None


def closest_notebook(path: Path, released: dict[str, set[str]]) -> str | None:
    """The notebook of the assignment that shares most cell ids with a file, if any does."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    ids = {cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") for cell in cells}
    best = max(released, key=lambda name: len(ids & released[name]))
    return best if ids & released[best] else None


def grade(course: CourseDirectory, assignment: str) -> list[Submission]:
    """Grade every student's submission and write feedback and grades.csv.

    Args:
        course: the course directory.
        assignment: the name of a released assignment.

    Returns:
        The submissions with their problems, those met while grading included.

    Raises:
        LookupError: if the assignment is not released or nobody has handed in anything.
    """
    released = released_cells(course, assignment)
    submitted = Path(course.root, course.submitted_directory)
    students = sorted(p for p in submitted.glob("*") if p.is_dir())
    strays = sorted(p for p in submitted.glob("*.ipynb") if not p.is_dir())
    if not students:
        raise LookupError(
            f"expected submissions as {submitted}/STUDENT/{assignment}/NOTEBOOK.ipynb, found "
            "none. Put them there, or unpack a download with `nbgrader zip_collect`"
        )
    misplaced = f"lies outside of a folder STUDENT/{assignment} and is not graded. Move it there."
    submissions = [Submission(stray.name, [], [misplaced]) for stray in strays]
    for student in tqdm(students, desc="Grading", unit="student"):
        submission = inspect_submission(student / assignment, released)
        whole = len(submission.notebooks) == len(released)
        for notebook in ["*"] if whole else submission.notebooks:
            for command in ("autograde", "generate_feedback"):
                options = [f"--student={student.name}", f"--notebook={notebook}", "--force"]
                log = run_nbgrader(course, command, assignment, *options)
                if log is not None:
                    submission.problems.append(f"nbgrader {command} failed: {log}")
                    break
        submissions.append(submission)
    run_nbgrader(course, "export", "--to", str(Path(course.root, "grades.csv")))
    return submissions


def run_nbgrader(course: CourseDirectory, command: str, *arguments: str) -> str | None:
    """Run one of nbgrader's commands; None, or the file with its output if it failed."""
    line = [sys.executable, "-m", "nbgrader", command, *arguments]
    line.append(f"--CourseDirectory.root={course.root}")
    result = subprocess.run(line, capture_output=True, text=True, encoding="utf-8", check=False)
    log = Path(course.root, "grading.log")
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(line)}\n{result.stdout}{result.stderr}")
    return None if result.returncode == 0 else f"the end of {log} says why"


def score_table(course: CourseDirectory, assignment: str) -> str:
    """The scores of an assignment, one line a student; "-" where nothing could be graded."""

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


def main() -> int:
    """Grade an assignment and print problems and scores."""
    parser = argparse.ArgumentParser(prog="python -m grader.grade", description=__doc__)
    parser.add_argument("assignment", help="the name of the assignment, for example transformer")
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="where submitted/ and gradebook.db are"
    )
    arguments = parser.parse_args()
    course = open_course(arguments.root)
    try:
        submissions = grade(course, arguments.assignment)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    for submission in submissions:
        for problem in submission.problems:
            print(f"{submission.student}: {problem}")
    print(score_table(course, arguments.assignment))
    print(f"Grades: {Path(course.root, 'grades.csv')}")
    print(f"Feedback: {Path(course.root, course.feedback_directory)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
