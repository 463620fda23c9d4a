"""Grade all submissions of an assignment, or of several.

    python -m grader transformer

Reads submitted/STUDENT/ASSIGNMENT/*.ipynb, examines the notebooks in parallel, records scores from
this process alone, and writes autograded/, feedback/ and grades.csv, as nbgrader's `autograde`,
`generate_feedback` and `export` do. What has been graded is not graded again; a run that was
stopped goes on where it was. For each submission that cannot be graded it says what is wrong and
what to do; none of them stops the others.

Where tests were changed after grading, it shows whose score would change, and records that only
with --regrade.
"""

import argparse
import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError

from grader.batch.feedback import generate_feedback
from grader.batch.grading import Grading, Summary
from grader.batch.preprocessors import Judge
from grader.batch.record import Record
from grader.batch.scores import export, score_table
from grader.batch.workers import Workers
from grader.course import open_course
from grader.judging.job import Setting
from grader.judging.report import printable
from grader.sandbox.bubblewrap import sandbox_lacks
from grader.sandbox.sandbox import SandboxError

if TYPE_CHECKING:
    from grader.batch.cluster import Cluster


@contextlib.contextmanager
def only_grading_of(root: Path) -> Iterator[None]:
    """Make sure that only one process grades a course at a time.

    Raises:
        LookupError: if another process is grading it.
    """
    with Path(root, ".grading.lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LookupError(f"another grading of {root} is running; wait for its end") from None
        yield


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m grader",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "assignments", nargs="+", help="the name of an assignment, for example transformer"
    )
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="where submitted/ and gradebook.db are"
    )
    parser.add_argument(
        "--sandbox",
        choices=["required", "if-possible", "off"],
        help="whether student code must run in the sandbox (default: required)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 1,
        help="processes (default: cores); 0: none but this",
    )
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="examine on the workers of this Dask scheduler"
    )
    parser.add_argument("--all", action="store_true", help="examine again what is graded already")
    parser.add_argument("--regrade", action="store_true", help="record what changed tests change")
    parser.add_argument("--dry-run", action="store_true", help="record nothing; show what changes")
    return parser.parse_args()


def workers_of(arguments: argparse.Namespace, setting: Setting) -> "Workers | Cluster":
    """The processes that the command line asks for, on this machine or on a cluster.

    Raises:
        LookupError, SandboxError: if the cluster cannot be used.
    """
    if not arguments.dask:
        return Workers(arguments.workers)
    from grader.batch.cluster import Cluster  # importing it takes a second, and few need it

    return Cluster(arguments.dask, setting.sandbox)


def main() -> int:
    """Grade the named assignments and print problems and scores; return the exit code."""
    arguments = parse_arguments()
    course = open_course(arguments.root)
    judge = Judge(config=course.config)
    if arguments.sandbox:
        judge.sandbox = arguments.sandbox
    lacking = sandbox_lacks() if judge.sandbox != "off" and not arguments.dask else ""
    if lacking and judge.sandbox == "required":
        print(
            f"Nothing is graded: {lacking}.\nTo grade without the sandbox, so that student code "
            "runs with your rights, add --sandbox=off",
            file=sys.stderr,
        )
        return 2
    if lacking:
        print(f"Grading without the sandbox: {lacking}.", file=sys.stderr)
    try:
        with only_grading_of(arguments.root):
            codes = []
            for assignment in handed_in(course, arguments.assignments):
                if len(arguments.assignments) > 1:
                    print(f"\n{assignment}:")
                codes.append(grade_class(course, assignment, arguments, judge.setting()))
            return max(codes)
    except (LookupError, SandboxError) as error:
        print(error, file=sys.stderr)
        return 2
    except (SQLAlchemyError, OSError) as error:
        print(
            f"Stopped: {error}\nWhat is recorded is whole. Put that right and run the same "
            "command again; it goes on from there.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 130


def handed_in(course: CourseDirectory, assignments: list[str]) -> list[str]:
    """Of several assignments, those that somebody has handed in; print the names of the others."""
    submitted = Path(course.root, course.submitted_directory)
    found = [name for name in assignments if any(submitted.glob(f"*/{name}"))]
    if not found:  # grading the first one then prints what is expected, and where
        return assignments[:1]
    for name in assignments:
        if name not in found:
            print(f"{name}: nobody has handed in anything.")
    return found


def grade_class(
    course: CourseDirectory, assignment: str, arguments: argparse.Namespace, setting: Setting
) -> int:
    """Grade an assignment, write feedback and grades.csv, and print the results; the exit code.

    Raises:
        LookupError: if there is nothing to grade, or the gradebook does not know the notebooks.
        SandboxError: if the sandbox is required and cannot be built.
        SQLAlchemyError, OSError: if the database or the disk fails.
    """
    with Record(course, assignment) as record:
        grading = Grading(
            course,
            record,
            setting,
            everything=arguments.all,
            regrade=arguments.regrade,
            dry_run=arguments.dry_run,
        )
        summary = grading.run(workers_of(arguments, setting))
    failed = []
    if not arguments.dry_run:
        failed = generate_feedback(arguments.root, assignment, None, arguments.workers)
    for student, problems in sorted(summary.problems.items()):
        for problem in problems:
            print(printable(f"{student}: {problem}"))
    for line in failed:
        print(printable(line))
    show_changes(summary, arguments)
    if not arguments.dry_run:
        export(course)
        print(score_table(course, assignment))
        print(f"Graded {summary.graded} notebooks; {summary.unchanged} had been graded before.")
        print(f"Grades: {Path(course.root, 'grades.csv')}")
        print(f"Feedback: {Path(course.root, course.feedback_directory)}")
    return 1 if summary.faults or failed else 0


def show_changes(summary: Summary, arguments: argparse.Namespace) -> None:
    """Print which scores change because tests were changed."""
    if not summary.again and not summary.changes:
        return
    print(f"Graded again with other tests: {len(summary.changes)} scores change.")
    for line in summary.changes:
        print(f"  {line}")
    if summary.again:
        print(f"{summary.again} notebooks were not recorded. To record them: --regrade")
