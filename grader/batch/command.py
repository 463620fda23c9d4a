"""Grade all submissions of an assignment, or of several.

    python -m grader transformer

Reads submitted/STUDENT/ASSIGNMENT/*.ipynb, examines the notebooks in parallel, records scores from
this process alone, and writes autograded/, grades.csv and feedback/, as nbgrader's `autograde`,
`export` and `generate_feedback` do. What has been graded is not graded again; a run that was
stopped goes on where it was. For each submission that cannot be graded it says what is wrong and
what to do; none of them stops the others.

Each run ends with the students whose total changed, and why, and adds a block to grading.log.

Where tests were changed after grading, it shows whose score would change, and records that only
with --regrade.
"""

import argparse
import contextlib
import fcntl
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError

from grader.batch.feedback import generate_feedback
from grader.batch.grading import Grading, Summary
from grader.batch.log import log_run
from grader.batch.policy import POLICY, Policy, read_policy
from grader.batch.preprocessors import Judge
from grader.batch.record import Record
from grader.batch.scores import export, score_table
from grader.batch.totals import Totals
from grader.batch.workers import Workers
from grader.course import open_course
from grader.judging.job import Setting
from grader.judging.report import printable
from grader.sandbox.bubblewrap import sandbox_lacks
from grader.sandbox.sandbox import SandboxError

if TYPE_CHECKING:
    from grader.batch.cluster import Cluster

MOST_LINES = 20  # about a student
MOST_NAMES = 10  # in a line


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


def parse_arguments(line: Sequence[str] | None = None) -> argparse.Namespace:
    """Read a command line; that of this process, if none is given."""
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
    parser.add_argument(
        "--student", action="append", default=[], help="grade only this student; may be repeated"
    )
    parser.add_argument(
        "--notebook", action="append", default=[], help="grade only this notebook; may be repeated"
    )
    parser.add_argument("--all", action="store_true", help="examine again what is graded already")
    parser.add_argument(
        "--regrade",
        action="store_true",
        help="record what changed tests, or another version of the course, change",
    )
    parser.add_argument("--dry-run", action="store_true", help="record nothing; show what changes")
    return parser.parse_args(line)


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
            policy = read_policy(course)
            setting = judge.setting()
            summaries, code = {}, 0
            for assignment in handed_in(course, arguments.assignments):
                if len(arguments.assignments) > 1:
                    print(f"\n{assignment}:")
                workers = workers_of(arguments, setting)
                try:
                    summaries[assignment] = grade_class(
                        course, assignment, arguments, workers, setting, policy
                    )
                except LookupError as error:  # the other parts are graded
                    print(error, file=sys.stderr)
                    code = 2
            # All grades are recorded before the first page is made.
            failed = []
            if summaries and not arguments.dry_run:
                failed = [line for name in summaries for line in write_feedback(arguments, name)]
                print(f"Feedback: {Path(course.root, course.feedback_directory)}")
            print_all(failed)
            if failed or any(summary.faults for summary in summaries.values()):
                code = max(code, 1)
            return code
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
    course: CourseDirectory,
    assignment: str,
    arguments: argparse.Namespace,
    workers: "Workers | Cluster",
    setting: Setting,
    policy: Policy | None,
) -> Summary:
    """Grade an assignment, write grades.csv, and print the results.

    Args:
        course: the course directory.
        assignment: the name of the assignment.
        arguments: the command line.
        workers: the processes that examine.
        setting: how they examine.
        policy: due dates, extensions and penalties; None for those of the gradebook.

    Raises:
        LookupError: if there is nothing to grade, or the gradebook does not know the notebooks.
        SandboxError: if the sandbox is required and cannot be built.
        SQLAlchemyError, OSError: if the database or the disk fails.
    """
    with Record(course, assignment) as record:
        totals = Totals(course, record)
        grading = Grading(
            course,
            record,
            setting,
            students=arguments.student,
            notebooks=arguments.notebook,
            everything=arguments.all,
            regrade=arguments.regrade,
            dry_run=arguments.dry_run,
        )
        if policy is not None and not arguments.dry_run:
            record.bring_in(policy)
        summary = grading.run(workers)
        totals.look(summary.states, grading.is_chosen)
        for student, name in [] if arguments.dry_run else totals.changed_notebooks():
            grading.page_path(student, name).unlink(missing_ok=True)  # it is written anew
        for_a_person = totals.for_a_person()
        table = score_table(record)
    for student, extensions in policy.extensions.items() if policy else ():
        if assignment in extensions and student not in totals.after:
            summary.say(student, f"has an extension in {POLICY}, and has handed in nothing.")
    print_all(problems_of(summary))
    print_all(pending(summary))
    counts = f"Graded {summary.graded} notebooks; {summary.unchanged} had been graded before."
    lines = []
    if not arguments.dry_run:
        export(course)
        print(table)
        print(counts)
        print(f"Grades: {Path(course.root, 'grades.csv')}")
        lines = changes(totals)
        print_all([*for_a_person, *lines])
        totals.keep()
    log_run(Path(course.root), assignment, [counts, *lines])
    return summary


def print_all(lines: Iterable[str]) -> None:
    """Print lines, with control characters made visible."""
    for line in lines:
        print(printable(line))


def problems_of(summary: Summary) -> Iterator[str]:
    """Lines about what could not be graded, then about what was not handed in."""
    for student, problems in sorted(summary.problems.items()):
        yield from (f"{student}: {problem}" for problem in problems[:MOST_LINES])
        if len(problems) > MOST_LINES:
            yield f"{student}: and {len(problems) - MOST_LINES} more lines."
    for name, students in sorted(summary.differing.items()):
        yield (
            f"{name} had other scores in the gradebook than in autograded/, so it was examined "
            f"again, for {names_of(students)}."
        )
    for name, students in sorted(summary.absent.items()):
        yield f"{name} was not handed in, so 0 points, by {names_of(students)}."
    if summary.without:
        yield f"Nothing was handed in by {names_of(summary.without)}."


def names_of(students: Sequence[str]) -> str:
    """How many students there are, and the names of the first."""
    names = ", ".join(students[:MOST_NAMES])
    more = f" and {len(students) - MOST_NAMES} others" if len(students) > MOST_NAMES else ""
    return f"{len(students)}: {names}{more}"


def pending(summary: Summary) -> Iterator[str]:
    """Lines about scores that would change, and are not recorded."""
    if summary.again or any(summary.changes.values()):
        count = sum(map(len, summary.changes.values()))
        yield f"Examined and not recorded: {count} scores change."
        for student, lines in sorted(summary.changes.items()):
            yield from (f"  {line}" for line in lines[:MOST_LINES])
            if len(lines) > MOST_LINES:
                yield f"  {student}: and {len(lines) - MOST_LINES} more scores."
    if summary.again:
        yield f"{summary.again} notebooks were not recorded. To record them: --regrade"
    if summary.outdated:
        yield (
            f"{summary.outdated} notebooks were graded with another version of the course, of its "
            "known mistakes or of torch; their scores stand. To see what would change: --all; to "
            "record it: --regrade"
        )


def changes(totals: Totals) -> list[str]:
    """Lines about the students whose total changed."""
    lines = []
    new = totals.new_students()
    if new:
        lines.append(f"Graded for the first time: {names_of(new)}.")
    changed = totals.changes()
    lines.append(f"Totals that changed since the last run: {len(changed) or 'none'}.")
    return lines + [f"  {line}" for line in changed]


def write_feedback(arguments: argparse.Namespace, assignment: str) -> Iterator[str]:
    """Write the feedback pages that are missing or out of date; yield a line for each problem."""
    try:
        yield from generate_feedback(
            arguments.root, assignment, arguments.student or None, arguments.workers
        )
    except Exception as error:  # whatever it is, the grades are written
        yield (
            f"The feedback on {assignment} failed ({type(error).__name__}: {error}). The grades "
            "are recorded. Put that right and run the same command again."
        )
