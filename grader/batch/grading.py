"""Grading a class: choosing the notebooks to examine, and recording the findings.

The gradebook says what is graded. A graded file in autograded/ holds the scores that were recorded
with it, and what they belong to: digests of the submitted file, of the answers, of the tests and of
the course's code. Where its scores are not those of the gradebook it is not believed, and the
notebook is examined again. So is one with other answers; a run that was stopped is continued by the
next one.

For each submission that cannot be graded there is a sentence that says what is wrong and what to
do; it does not stop the others. Only this process writes to the gradebook.
"""

import contextlib
import hashlib
import json
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import is_grade
from tqdm import tqdm

from grader.bank import KnownAnswer, load_notebook
from grader.batch.record import Marks, Record, automatic_score, set_checksums
from grader.batch.workers import Item, Workers
from grader.course import parts_of
from grader.files import replace_file, version
from grader.judging.job import Finding, Job, Setting
from grader.judging.report import write_outcomes
from grader.notebooks import imported_modules
from grader.submissions.reading import (
    MAX_BYTES,
    Submission,
    UnreadableError,
    read_submission,
    rebuild,
)
from grader.submissions.recognising import Notebooks
from grader.submissions.student_ids import problems_with_ids
from grader.submissions.timestamps import NAME, BadTimestamp, handed_in_at

if TYPE_CHECKING:
    from grader.batch.cluster import Cluster


MOST_REMARKS = 10  # about a student's files with other names


@dataclass(frozen=True)
class Released:
    """A notebook of the assignment, as released.

    Attributes:
        text: the instructor's notebook, as JSON.
        notebook: the same, parsed.
        bank: the known answers to its tasks.
        checksums: the checksums of the released cells, by id.
        modules: the names of the modules that it imports.
        tests: a digest of its code cells that are no answers; other tests have another one.
        points: the points of its graded cells, by id.
        version: a digest of the code that examines it and of its known answers.
    """

    text: str
    notebook: NotebookNode
    bank: tuple[KnownAnswer, ...]
    checksums: dict[str, str]
    modules: tuple[str, ...]
    tests: str
    points: dict[str, float]
    version: str


class State(NamedTuple):
    """What is known of a student's notebook at the end of a run.

    Attributes:
        kind: "graded", "absent" or "unreadable".
        answers: a digest of the answers that were graded.
        tests: a digest of the tests.
        version: a digest of the code.
        points: the points of the graded cells, as text.
    """

    kind: str
    answers: str = ""
    tests: str = ""
    version: str = ""
    points: str = ""


@dataclass
class Summary:
    """The results of a run.

    Attributes:
        graded: the number of notebooks recorded.
        unchanged: the number of notebooks that were graded already.
        problems: sentences for the teacher, by student.
        absent: for each notebook, the students who handed in others, and not this one.
        differing: for each notebook, the students whose graded file had not the gradebook's scores.
        without: the students who handed in nothing of this assignment.
        changes: for each student, a line for each score that would change and is not recorded.
        again: the number of notebooks that were examined but not recorded.
        outdated: the number of notebooks whose scores another version of the course gave.
        faults: the number of notebooks on which the grader itself failed.
        states: what is known of each notebook that the run has looked at, by student and name.
    """

    graded: int = 0
    unchanged: int = 0
    problems: dict[str, list[str]] = field(default_factory=dict)
    absent: dict[str, list[str]] = field(default_factory=dict)
    differing: dict[str, list[str]] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    changes: dict[str, list[str]] = field(default_factory=dict)
    again: int = 0
    outdated: int = 0
    faults: int = 0
    states: dict[tuple[str, str], State] = field(default_factory=dict)

    def say(self, student: str, problem: str) -> None:
        self.problems.setdefault(student, []).append(problem)


class _Look(NamedTuple):
    """What is found when a submitted notebook is compared with what is recorded.

    Attributes:
        state: "new", "graded", or graded with other "tests" or another "version" of the course.
        path: the submitted file.
        file: a digest of it.
        submission: the answers in it; None if the file is the one that was graded.
        recorded: the graded notebook, unless the state is "new".
    """

    state: str
    path: Path
    file: str
    submission: Submission | None
    recorded: dict[str, Any]


class Grading:
    """Grades the submissions of an assignment.

    Args:
        course: the course directory.
        record: the gradebook.
        setting: how to examine submissions.
        students: the students to grade; all if empty.
        notebooks: the notebooks to grade; all if empty.
        everything: whether to examine notebooks again that were graded already.
        regrade: whether to record new scores of answers that were graded before, with other tests
            or another version of the course.
        dry_run: whether to record nothing.

    Raises:
        LookupError: if the gradebook does not know the notebooks as they are, or there is no such
            notebook.
    """

    def __init__(
        self,
        course: CourseDirectory,
        record: Record,
        setting: Setting,
        *,
        students: Collection[str] = (),
        notebooks: Collection[str] = (),
        everything: bool = False,
        regrade: bool = False,
        dry_run: bool = False,
    ):
        self.course, self.record, self.setting = course, record, setting
        self.students, self.notebooks = set(students), set(notebooks)
        self.everything, self.regrade, self.dry_run = everything, regrade, dry_run
        self.released = load_released(course, record)
        for name in sorted(self.notebooks - set(self.released)):
            raise LookupError(
                f"expected a notebook of {record.assignment} ({', '.join(self.released)}), got "
                f"{name!r}"
            )
        self._recogniser = Notebooks({n: set(r.checksums) for n, r in self.released.items()})
        self._names = [n for n in self.released if not self.notebooks or n in self.notebooks]
        # The modules of all notebooks together, so that a process imports them only once.
        imported = (name for released in self.released.values() for name in released.modules)
        self.modules = tuple(dict.fromkeys(imported))
        self.summary = Summary()
        self._submitted = Path(course.root, course.submitted_directory)
        self._parts = parts_of(course)
        self._scores_before = record.scores()
        self._times = record.times()
        self._is_anything_here = True

    def is_chosen(self, student: str, notebook: str) -> bool:
        """Whether the run concerns a student's notebook."""
        return (not self.students or student in self.students) and (
            not self.notebooks or notebook in self.notebooks
        )

    def run(self, workers: "Workers | Cluster") -> Summary:
        """Grade everything that must be graded.

        Args:
            workers: the processes that examine the submissions.

        Raises:
            LookupError: if nobody has handed in anything, or there is no such student.
            SandboxError: if the sandbox is required and cannot be built.
        """
        folders = self._student_folders()
        found = (len(list(f.glob(f"{self.record.assignment}/*.ipynb"))) for f in folders)
        total = sum(min(count, len(self._names)) for count in found)
        with tqdm(total=total, desc="Grading", unit="notebook", smoothing=0.05) as self._bar:
            items = (item for folder in folders for item in self._items_to_examine(folder))
            with contextlib.closing(workers.map(self._job, items)) as results:
                for item, finding in results:
                    self._record_finding(item, finding)
                    self._advance()
        if not self.dry_run:
            self.record.penalise(self.is_chosen)
        return self.summary

    def _advance(self) -> None:
        self._bar.set_postfix(problems=len(self.summary.problems), faults=self.summary.faults)
        self._bar.update()

    # --- choosing what to examine ---------------------------------------------------------

    def _student_folders(self) -> list[Path]:
        """The folders of the students to grade, also of those whose submission has gone."""
        folders = sorted(p for p in self._submitted.glob("*") if p.is_dir())
        for stray in sorted(p for p in self._submitted.glob("*.ipynb") if not p.is_dir()):
            self.summary.say(
                stray.name,
                f"lies outside of a folder STUDENT/{self.record.assignment} and is not graded. "
                "Move it there.",
            )
        if not folders:
            raise LookupError(
                f"expected submissions as {self._submitted}/STUDENT/{self.record.assignment}/"
                "NOTEBOOK.ipynb, found none. Put them there, or unpack a download with "
                "`nbgrader zip_collect`"
            )
        refused = problems_with_ids(folder.name for folder in folders)
        for name, problem in refused.items():
            self.summary.say(
                name, f"{problem} Rename the folder and grade again; nothing is graded."
            )
        # Where nobody's submission is there, they lie elsewhere, and no score may fall.
        self._is_anything_here = any((f / self.record.assignment).exists() for f in folders)
        if not self._is_anything_here and self._times:
            self.summary.say(
                self.record.assignment, "nobody's submission is here, so all scores stay."
            )
        elif self._is_anything_here:
            gone = set(self._times) - {folder.name for folder in folders}
            folders += [self._submitted / student for student in sorted(gone)]
        folders = [folder for folder in folders if folder.name not in refused]
        for student in sorted(self.students - {folder.name for folder in folders}):
            raise LookupError(
                f"expected a student with a folder in {self._submitted}, got {student!r}"
            )
        return [f for f in folders if not self.students or f.name in self.students]

    def _items_to_examine(self, students_folder: Path) -> Iterator[Item]:
        """Yield a student's notebooks that must be examined; deal with the others here."""
        student, folder = students_folder.name, students_folder / self.record.assignment
        files = self._files(student, folder)
        looks: dict[str, _Look] = {}
        unreadable = []
        for name in [name for name in self._names if name in files]:
            try:
                looks[name] = self._look_at(student, name, files[name])
            except UnreadableError as error:
                self._say_unreadable(student, files[name], error)
                unreadable.append(name)
                self._advance()
        if not looks and (student not in self._times or not self._is_anything_here):
            return  # no grade is made up, and none is taken away
        absent = [name for name in self._names if name not in files]
        for name in absent if files else []:
            self.summary.absent.setdefault(name, []).append(student)
        self._enroll(student, folder)
        for name in absent:
            self._take_away(student, name, State("absent"))
        for name in unreadable:
            self._take_away(student, name, State("unreadable"))
        for name, look in looks.items():
            yield from self._item_of(student, name, look)

    def _files(self, student: str, folder: Path) -> dict[str, Path]:
        """A student's files that are notebooks of the assignment, by name."""
        if folder.is_symlink() or folder.parent.is_symlink():
            self.summary.say(
                student,
                f"{folder} is a link and is not followed; nothing is graded. Ask for the files.",
            )
            return {}
        if not folder.is_dir():
            others = {path.name for path in folder.parent.glob("*")} - self._parts
            if folder.exists():
                others.add(folder.name)
            if others:
                self.summary.say(
                    student,
                    f"expected the notebooks in {folder}, found {', '.join(sorted(others))} in its "
                    "place. If that is the submission, rename it and grade again; nothing is "
                    "graded.",
                )
            else:
                self.summary.without.append(student)
            return {}
        hidden = set(folder.glob(".*"))  # macOS adds ._NAME to what it packs
        known, remarks = self._recogniser.assign(set(folder.glob("*.ipynb")) - hidden)
        for path in sorted(remarks)[:MOST_REMARKS]:
            self.summary.say(student, f"{path} {remarks[path]}")
        if len(remarks) > MOST_REMARKS:
            self.summary.say(student, f"{len(remarks) - MOST_REMARKS} more files are like these.")
        if not known:
            self.summary.say(student, "not handed in: no notebook of this assignment, so 0 points.")
        return known

    def _say_unreadable(self, student: str, path: Path, error: UnreadableError) -> None:
        self.summary.say(
            student,
            f"{path} cannot be read ({error}) and is not graded. Ask the student for the file "
            "again.",
        )

    def _look_at(self, student: str, name: str, path: Path) -> _Look:
        """Compare a submitted notebook with what is recorded.

        Raises:
            UnreadableError: if it cannot be read.
        """
        released = self.released[name]
        file = digest_of(path)
        recorded = self._believable(student, name)
        about = recorded["metadata"]["grader"] if recorded else {}
        submission = None
        # A file that was read before is not read again: one made to do harm would cost minutes.
        if not file or about.get("file") != file:
            submission = read_submission(path, released.notebook)
            if about.get("sha256") != submission.sha256:
                return _Look("new", path, file, submission, {})
        if about["tests"] != released.tests:
            state = "tests"
        else:
            state = "graded" if about["version"] == released.version else "version"
        return _Look(state, path, file, submission, recorded)

    def _believable(self, student: str, name: str) -> dict[str, Any]:
        """The graded notebook, as JSON; {} if there is none whose scores the gradebook has."""
        path = self._graded_path(student, name)
        try:
            graded = json.loads(path.read_text(encoding="utf-8"))
            about = graded["metadata"]["grader"]
            # `nbgrader autograde` leaves no such digests.
            scores, *_ = (about[key] for key in ("scores", "file", "tests", "version", "points"))
            scores = dict(scores)
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        marks = self._scores_before.get((student, name), {})
        in_gradebook = {cell: mark.automatic for cell, mark in marks.items()}
        if in_gradebook and in_gradebook == {cell: scores.get(cell) for cell in marks}:
            return graded
        # A run that was stopped may have recorded other points, and not have written the file.
        by_points = self._scores_of(name, nbformat.from_dict(graded))
        if in_gradebook and in_gradebook == {cell: by_points.get(cell) for cell in marks}:
            return graded
        self.summary.differing.setdefault(name, []).append(student)
        return {}

    def _enroll(self, student: str, folder: Path) -> None:
        """Make sure that the gradebook knows a student's submission, and when it came."""
        handed_in: datetime | None = None
        try:
            handed_in = handed_in_at(folder)
        except BadTimestamp as error:
            self.summary.say(student, f"{error}. It is graded as if no time were known.")
        before, _ = self._times.get(student, (None, None))
        is_complete = all(
            points.keys() <= self._scores_before.get((student, name), {}).keys()
            for name, points in self.record.points.items()
        )
        if self.dry_run or (student in self._times and before == handed_in and is_complete):
            return
        self.record.enroll(student, handed_in)
        timestamp = self._graded_path(student, "").with_name(NAME)
        if handed_in:
            replace_file(timestamp, f"{handed_in} UTC\n")
        else:
            timestamp.unlink(missing_ok=True)

    def _take_away(self, student: str, name: str, state: State) -> None:
        """Record that a notebook is not there or cannot be read; drop what was made of it."""
        self.summary.states[student, name] = state
        if self.dry_run:
            return
        marks = self._scores_before.get((student, name), {})
        if state.kind == "absent":
            if not marks or any(mark.automatic != 0 or mark.waits for mark in marks.values()):
                self.record.mark_absent(student, name)
        elif any(mark.automatic is not None or not mark.waits for mark in marks.values()):
            self.record.mark_ungraded(student, name)
        self._graded_path(student, name).unlink(missing_ok=True)
        self.page_path(student, name).unlink(missing_ok=True)

    def _item_of(self, student: str, name: str, look: _Look) -> Iterator[Item]:
        """Yield a notebook if it must be examined; otherwise deal with it here."""
        summary = self.summary
        if look.state != "new":
            self._apply_points(student, name, look)
        is_wanted = self.everything or look.state in ("new", "tests")
        if not is_wanted and not (look.state == "version" and self.regrade):
            for repair in look.recorded["metadata"]["grader"]["repairs"]:
                summary.say(student, f"{name}: {repair}.")
            summary.unchanged += 1
            summary.outdated += look.state == "version"
            self._advance()
            return
        try:
            submission = look.submission or read_submission(look.path, self.released[name].notebook)
        except UnreadableError as error:
            self._say_unreadable(student, look.path, error)
            self._advance()
            return
        for repair in submission.repairs:
            summary.say(student, f"{name}: {repair}.")
        yield Item(student, name, submission, look.path, look.file, look.state != "new")

    def _apply_points(self, student: str, name: str, look: _Look) -> None:
        """Give a graded notebook the points that its tests have now."""
        about, points = look.recorded["metadata"]["grader"], self.released[name].points
        self.summary.states[student, name] = _state_of(about)
        if about["points"] == points and about["file"] == look.file:
            return
        graded = nbformat.from_dict(look.recorded)
        graded.metadata.grader.file = look.file
        if self.dry_run:
            self._note_changes(student, name, graded)
            return
        self._store(student, name, graded)

    def _job(self, item: Item) -> Job:
        released = self.released[item.name]
        return Job(
            released.text, released.bank, item.submission.sources, self.setting, self.modules
        )

    # --- recording ------------------------------------------------------------------------

    def _record_finding(self, item: Item, finding: Finding) -> None:
        summary, released = self.summary, self.released[item.name]
        if finding.fault:
            summary.faults += 1
            summary.say(
                item.student,
                f"{item.name}: the grader failed, not the submission, which is not graded: "
                f"{finding.fault}",
            )
            return
        graded = rebuild(released.notebook, item.submission)
        set_checksums(graded, released.checksums)
        write_outcomes(graded, finding.outcomes, finding.mistakes)
        graded.metadata.grader |= {
            "path": f"{item.student}/{self.record.assignment}/{item.path.name}",
            "tests": released.tests,
            "version": released.version,
            "file": item.file,
        }
        if self.dry_run or (item.is_again and not self.regrade):
            self._note_changes(item.student, item.name, graded)
            summary.again += 1
            return
        self._store(item.student, item.name, graded)
        summary.graded += 1

    def _store(self, student: str, name: str, graded: NotebookNode) -> None:
        """Record a graded notebook: first in the gradebook, then in a file with the same scores."""
        graded.metadata.grader |= {
            "scores": self._scores_of(name, graded),
            "points": self.released[name].points,
        }
        self.record.save(student, name, graded)
        # nbformat.write would indent, which takes 10 ms.
        replace_file(self._graded_path(student, name), json.dumps(graded))
        self.summary.states[student, name] = _state_of(graded.metadata.grader)

    def _scores_of(self, name: str, graded: NotebookNode) -> dict[str, float | None]:
        """The automatic scores of a graded notebook, by cell; gives its cells the points of now."""
        scores = {}
        for cell in filter(is_grade, graded.cells):
            about = cell.metadata.nbgrader
            about.points = self.released[name].points.get(about.grade_id, about.points)
            scores[about.grade_id] = automatic_score(cell)
        return scores

    def _note_changes(self, student: str, name: str, graded: NotebookNode) -> None:
        """Note what a graded notebook would change that is not recorded."""
        before = self._scores_before.get((student, name), {})
        lines = self.summary.changes.setdefault(student, [])
        for cell, score in self._scores_of(name, graded).items():
            marks = before.get(cell, _NO_MARKS)
            if score != marks.automatic:
                kept = ""
                if marks.by_hand is not None:
                    kept = f" (the mark {marks.by_hand:g} by hand is kept)"
                change = f"{_points(marks.automatic)} → {_points(score)}"
                lines.append(f"{student}: {name}, {cell}: {change}{kept}")

    def page_path(self, student: str, name: str) -> Path:
        """The feedback page of a notebook."""
        folder = self.course.format_path(
            self.course.feedback_directory, student, self.record.assignment
        )
        return Path(folder, f"{name}.html")

    def _graded_path(self, student: str, name: str) -> Path:
        folder = self.course.format_path(
            self.course.autograded_directory, student, self.record.assignment
        )
        return Path(folder, f"{name}.ipynb")


_NO_MARKS = Marks(None, None, None, 0.0, False)


def _state_of(about: dict[str, Any]) -> State:
    """The state of a notebook with this metadata."""
    points = json.dumps(about["points"], sort_keys=True)
    return State("graded", about["sha256"], about["tests"], about["version"], points)


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
        points = {
            c.metadata.nbgrader.grade_id: float(c.metadata.nbgrader.points)
            for c in notebook.cells
            if c.metadata.get("nbgrader", {}).get("points") is not None
        }
        changed = [c for c, known in record.points[name].items() if points.get(c, known) != known]
        if changed:
            raise LookupError(
                f"the gradebook knows other points of {name} than there are in {folder}: "
                f"{', '.join(sorted(changed))}. Run `make exercises`, so that nbgrader learns them"
            )
        tests = [
            c.source
            for c in notebook.cells
            if c.cell_type == "code" and not c.metadata.get("nbgrader", {}).get("solution")
        ]
        released[name] = Released(
            text,
            notebook,
            bank,
            checksums,
            imported_modules(notebook),
            hashlib.sha256(json.dumps(tests).encode()).hexdigest(),
            {cell: points[cell] for cell in record.points[name] if cell in points},
            hashlib.sha256(f"{version()} {bank!r}".encode()).hexdigest(),
        )
    return released


def digest_of(path: Path) -> str:
    """A digest of a file that `read_submission` would read; "" if it would not."""
    try:
        about = path.lstat()
        if stat.S_ISREG(about.st_mode) and about.st_size <= MAX_BYTES:
            return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        pass  # reading it again gives the reason
    return ""
