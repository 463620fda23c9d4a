"""Grading a class: choosing the notebooks to examine, and recording the findings.

A notebook that has been graded is not graded again, so a run that was stopped is continued by the
next one. For each submission that cannot be graded there is a sentence that says what is wrong and
what to do; it does not stop the others. Only this process writes to the gradebook.
"""

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import determine_grade, is_grade
from tqdm import tqdm

from grader.bank import KnownAnswer, load_notebook
from grader.batch.record import Record, set_checksums, timestamp_of
from grader.batch.workers import Item, Workers
from grader.files import replace_file
from grader.judging.job import Finding, Job, Setting
from grader.judging.report import write_outcomes
from grader.notebooks import code_cells, imported_modules, metadata_of, name_of
from grader.submissions.reading import (
    Submission,
    UnreadableError,
    own_id,
    read_cells,
    read_submission,
    rebuild,
)

if TYPE_CHECKING:
    from grader.batch.cluster import Cluster


@dataclass(frozen=True)
class Released:
    """A notebook of the assignment, as released.

    Attributes:
        text: the instructor's notebook, as JSON.
        notebook: the same, parsed.
        bank: the known answers to its tasks.
        checksums: the checksums of the released cells, by id.
        modules: the names of the modules that it imports.
        tests: a digest of its setup and test cells with their points; other tests have another one.
    """

    text: str
    notebook: NotebookNode
    bank: tuple[KnownAnswer, ...]
    checksums: dict[str, str]
    modules: tuple[str, ...]
    tests: str


@dataclass
class Summary:
    """The results of a run.

    Attributes:
        graded: the number of notebooks recorded.
        unchanged: the number of notebooks that were graded already.
        problems: sentences for the teacher, by student.
        changes: a line for each score that changes because tests were changed.
        again: the number of notebooks that were examined but not recorded.
        faults: the number of notebooks on which the grader itself failed.
        students: the students whose feedback pages must be written.
    """

    graded: int = 0
    unchanged: int = 0
    problems: dict[str, list[str]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    again: int = 0
    faults: int = 0
    students: set[str] = field(default_factory=set)

    def say(self, student: str, problem: str) -> None:
        self.problems.setdefault(student, []).append(problem)


class Grading:
    """Grades the submissions of an assignment.

    Args:
        course: the course directory.
        record: the gradebook.
        setting: how to examine submissions.
        everything: whether to examine notebooks again that were graded already.
        regrade: whether to record new scores of answers that were graded with other tests.
        dry_run: whether to record nothing.
    """

    def __init__(
        self,
        course: CourseDirectory,
        record: Record,
        setting: Setting,
        *,
        everything: bool = False,
        regrade: bool = False,
        dry_run: bool = False,
    ):
        self.course, self.record, self.setting = course, record, setting
        self.everything, self.regrade, self.dry_run = everything, regrade, dry_run
        self.released = load_released(course, record)
        # The modules of all notebooks together, so that a process imports them only once.
        imported = (name for released in self.released.values() for name in released.modules)
        self.modules = tuple(dict.fromkeys(imported))
        self.summary = Summary()
        self._scores_before = record.scores()

    def run(self, workers: "Workers | Cluster") -> Summary:
        """Grade everything that must be graded.

        Args:
            workers: the processes that examine the submissions.

        Raises:
            LookupError: if nobody has handed in anything.
            SandboxError: if the sandbox is required and cannot be built.
        """
        students = self._student_folders()
        paths = (s / self.record.assignment / f"{n}.ipynb" for s in students for n in self.released)
        total = sum(path.is_file() for path in paths)
        with tqdm(total=total, desc="Grading", unit="notebook", smoothing=0.05) as self._bar:
            items = (item for folder in students for item in self._items_to_examine(folder))
            with contextlib.closing(workers.map(self._job, items)) as results:
                for item, finding in results:
                    self._record_finding(item, finding)
                    self._advance()
        return self.summary

    def _advance(self) -> None:
        self._bar.set_postfix(problems=len(self.summary.problems), faults=self.summary.faults)
        self._bar.update()

    # --- choosing what to examine ---------------------------------------------------------

    def _student_folders(self) -> list[Path]:
        submitted = Path(self.course.root, self.course.submitted_directory)
        students = sorted(p for p in submitted.glob("*") if p.is_dir())
        for stray in sorted(p for p in submitted.glob("*.ipynb") if not p.is_dir()):
            self.summary.say(
                stray.name,
                f"lies outside of a folder STUDENT/{self.record.assignment} and is not graded. "
                "Move it there.",
            )
        if not students:
            raise LookupError(
                f"expected submissions as {submitted}/STUDENT/{self.record.assignment}/"
                "NOTEBOOK.ipynb, found none. Put them there, or unpack a download with "
                "`nbgrader zip_collect`"
            )
        return students

    def _items_to_examine(self, students_folder: Path) -> Iterator[Item]:
        """Yield a student's notebooks that must be examined; deal with the others here."""
        student, folder = students_folder.name, students_folder / self.record.assignment
        problem = misplaced(folder)
        if problem:
            self.summary.say(student, problem)
            return
        found = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
        absent = [name for name in self.released if name not in found]
        if absent:
            names = ", ".join(f"{name}.ipynb" for name in absent)
            self.summary.say(student, f"not handed in, so 0 points: {names}.")
        for name in sorted(set(found) - set(self.released)):
            self.summary.say(student, self._describe_unknown_file(found, name))
        readable: dict[str, Submission] = {}
        for name in [name for name in self.released if name in found]:
            try:
                readable[name] = read_submission(found[name], self.released[name].notebook)
            except UnreadableError as error:
                self.summary.say(
                    student,
                    f"{found[name]} cannot be read ({error}) and is not graded. Ask the student "
                    "for the file again.",
                )
                self._advance()
        if not readable:
            return
        if not self.dry_run:
            self.record.enroll(student, absent)
            for name in set(found) & set(self.released) - set(readable):
                self.record.mark_ungraded(student, name)
        for name, submission in readable.items():
            for repair in submission.repairs:
                self.summary.say(student, f"{name}: {repair}.")
            state = self._state(student, name, submission)
            if state == "graded" and not self.everything:
                self.summary.unchanged += 1
                if self._lacks_feedback(student, name):
                    self.summary.students.add(student)
                self._advance()
            else:
                yield Item(student, name, submission, found[name], state != "new")

    def _describe_unknown_file(self, found: dict[str, Path], name: str) -> str:
        """A sentence about a file whose name is not that of a notebook of the assignment."""
        problem = f"{found[name]} is no notebook of this assignment and is not graded"
        ids = {
            known: {name_of(c) for c in code_cells(released.notebook)}
            for known, released in self.released.items()
        }
        try:
            own = {own_id(cell) for cell in read_cells(found[name])}
        except UnreadableError:
            return f"{problem}."
        original = max(ids, key=lambda known: len(ids[known] & own))
        if ids[original] & own and original not in found:
            problem += f"; its cells are those of {original}.ipynb. Rename it and grade again"
        return f"{problem}."

    def _state(self, student: str, name: str, submission: Submission) -> str:
        """Whether a notebook is "new", "graded", or was graded with other "tests"."""
        scores = self._scores_before.get((student, name), {})
        if not scores:
            return "new"
        path = self._graded_path(student, name)
        try:
            about = json.loads(path.read_text(encoding="utf-8"))["metadata"]["grader"]
            same = about["sha256"] == submission.sha256
        except (OSError, ValueError, KeyError, TypeError):
            return "new"
        if not same or "tests" not in about:  # `nbgrader autograde` leaves no digest of the tests
            return "new"
        return "graded" if about["tests"] == self.released[name].tests else "tests"

    def _job(self, item: Item) -> Job:
        released = self.released[item.name]
        return Job(
            released.text, released.bank, item.submission.sources, self.setting, self.modules
        )

    # --- recording ------------------------------------------------------------------------

    def _record_finding(self, item: Item, finding: Finding) -> None:
        """Record a finding: first in the gradebook, then in a file, which shows that it is done."""
        summary = self.summary
        if finding.fault:
            summary.faults += 1
            summary.say(
                item.student,
                f"{item.name}: the grader failed, not the submission, which is not graded: "
                f"{finding.fault}",
            )
            return
        graded = rebuild(self.released[item.name].notebook, item.submission)
        set_checksums(graded, self.released[item.name].checksums)
        write_outcomes(graded, finding.outcomes, finding.mistakes)
        graded.metadata.grader |= {
            "path": f"{item.student}/{self.record.assignment}/{item.path.name}",
            "tests": self.released[item.name].tests,
        }
        if item.is_again:
            self._note_changes(item, graded)
        if self.dry_run or (item.is_again and not self.regrade):
            summary.again += 1
            return
        path = self._graded_path(item.student, item.name)
        self.record.save(item.student, item.name, graded)
        replace_file(path, json.dumps(graded))  # nbformat.write would indent, which takes 10 ms
        timestamp = timestamp_of(item.path.parent)
        if timestamp:
            shutil.copy(timestamp, path.parent)
        summary.graded += 1
        summary.students.add(item.student)

    def _note_changes(self, item: Item, graded: NotebookNode) -> None:
        before = self._scores_before[item.student, item.name]
        for cell in graded.cells:
            if not is_grade(cell):
                continue
            automatic, present = before.get(cell.metadata.nbgrader.grade_id, (None, None))
            score, _ = determine_grade(cell)
            if score != automatic:
                kept = "" if automatic == present else f" (the mark {present:g} by hand is kept)"
                self.summary.changes.append(
                    f"{item.student}: {item.name}, {cell.metadata.nbgrader.grade_id}: "
                    f"{_points(automatic)} → {_points(score)}{kept}"
                )

    def _lacks_feedback(self, student: str, name: str) -> bool:
        """Whether the feedback page of a recorded notebook is missing or older than it."""
        folder = self.course.format_path(
            self.course.feedback_directory, student, self.record.assignment
        )
        page, graded = Path(folder, f"{name}.html"), self._graded_path(student, name)
        return not page.exists() or page.stat().st_mtime < graded.stat().st_mtime

    def _graded_path(self, student: str, name: str) -> Path:
        folder = self.course.format_path(
            self.course.autograded_directory, student, self.record.assignment
        )
        return Path(folder, f"{name}.ipynb")


def _points(score: float | None) -> str:
    return "not graded" if score is None else f"{score:g}"


def load_released(course: CourseDirectory, record: Record) -> dict[str, Released]:
    """The notebooks of an assignment, from the source directory.

    Raises:
        LookupError: if they are not the notebooks that the gradebook knows, or if the bank is
            malformed.
    """
    folder = Path(course.format_path(course.source_directory, ".", record.assignment))
    released = {}
    for name, checksums in record.released.items():
        try:
            text, bank = load_notebook(folder / f"{name}.ipynb")
        except OSError as error:
            raise LookupError(
                f"expected the notebook {name}, which the gradebook knows, in {folder}: "
                f"{error.strerror}. Run `make exercises`, so that nbgrader learns what is there"
            ) from None
        except ValueError as error:  # the bank is malformed
            raise LookupError(str(error)) from None
        notebook = nbformat.reads(text, as_version=4)
        ids = {c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata}
        if ids != set(checksums):
            differing = ", ".join(sorted(ids ^ set(checksums)))
            raise LookupError(
                f"the gradebook knows other cells of {name} than there are in {folder}: "
                f"{differing}. Run `make exercises`, so that nbgrader learns the new ones"
            )
        cells = [
            (c.source, metadata_of(c).get("points"))
            for c in code_cells(notebook)
            if not metadata_of(c).get("solution")
        ]
        tests = hashlib.sha256(json.dumps(cells).encode()).hexdigest()
        released[name] = Released(
            text, notebook, bank, checksums, imported_modules(notebook), tests
        )
    return released


def misplaced(folder: Path) -> str:
    """A sentence about what is wrong with the place or name of a submission's folder, or ""."""
    if re.search(r'[,"\n]', folder.parent.name):
        return (
            "the name holds a comma, a quotation mark or a line break, which would break "
            "grades.csv. Rename the folder and grade again; nothing is graded."
        )
    if folder.is_symlink() or folder.parent.is_symlink():
        return f"{folder} is a link and is not followed; nothing is graded. Ask for the files."
    if not folder.is_dir():
        others = ", ".join(sorted(path.name for path in folder.parent.glob("*"))) or "nothing"
        return (
            f"expected the notebooks in {folder}, found {others} in its place. If that is "
            "the submission, rename it and grade again; nothing is graded."
        )
    return ""
