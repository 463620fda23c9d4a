"""A course with three small notebooks, what is done in it, and a model of its scores."""

import contextlib
import csv
import io
import json
import math
import re
import shutil
from copy import copy, deepcopy
from datetime import datetime, timedelta

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from grader.batch import command, grading
from grader.batch.policy import POLICY, read_policy
from grader.batch.workers import Workers
from grader.judging.job import Finding, Outcome, Setting

PART = "tiny"
NAMES = ["01-double", "02-double", "03-essay"]
STUDENTS = ["aiko", "ben"]
ANSWERS = {
    "right": "def double(x):\n    return 2 * x",
    "half": "def double(x):\n    return 2 * int(x)",
    "wrong": "def double(x):\n    return 0",
    "unreadable": "",
}
HIDDEN = ["assert double(0.5) == 1", "assert double(-2) == -4"]  # the half passes the second
PASSED = {("right", 0): 1, ("right", 1): 1, ("half", 1): 1}
DUE = datetime(2026, 12, 1)


def cell(new, source, name, **about):
    roles = {"grade": False, "solution": False, "locked": False, "schema_version": 3}
    metadata = {"nbgrader": roles | {"grade_id": name} | about}
    return new(source, id=name, metadata=metadata)


def instructors(name, hidden=0, points=2):
    """An instructor's notebook, with one of two hidden tests that give so many points."""
    answer = f"### BEGIN SOLUTION\n{ANSWERS['right']}\n### END SOLUTION"
    cells = [
        cell(new_code_cell, answer, "double", solution=True),
        cell(new_code_cell, "assert double(2) == 4", "tests", grade=True, locked=True, points=1),
        cell(new_code_cell, HIDDEN[hidden], "hidden", grade=True, locked=True, points=points),
    ]
    if name == "03-essay":
        cells.append(cell(new_markdown_cell, "Why?", "essay", solution=True, grade=True, points=2))
    return new_notebook(cells=cells)


def examine(job):
    """Run the answer and the tests in this process, in place of the judge."""
    outcomes, names = {}, {}
    for found in json.loads(job.instructors)["cells"]:
        about = found["metadata"]["nbgrader"]
        if found["cell_type"] == "code":
            source = "".join(found["source"])
            if about["solution"]:
                source = "\n".join(job.sources.get(about["grade_id"], ()))
            try:
                exec(source, names)
                outcomes[about["grade_id"]] = Outcome(True)
            except Exception as error:
                outcomes[about["grade_id"]] = Outcome(False, f"{type(error).__name__}: {error}")
    return Finding(outcomes, {}, 0.0)


class Killed(BaseException):
    """The run ends at once."""


def release(folder):
    """A folder with the course, released."""
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.course_id = "tiny-course"
    config.CourseDirectory.assignment_id = PART
    source = folder / "source" / PART
    source.mkdir(parents=True)
    for name in NAMES:
        nbformat.write(instructors(name), source / f"{name}.ipynb")
    course = CourseDirectory(config=config)
    converter = GenerateAssignment(coursedir=course, config=config)
    converter.start()
    return folder


class Course:
    """A course, what is done in it, and a model of what its scores must be.

    Args:
        root: an empty folder.
        released: a folder with the released course.
        examine: what examines a notebook.
    """

    def __init__(self, root, released, examine=examine):
        self.root, self.released, self.examine = root, released, examine
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(released, root)
        config = Config()
        config.CourseDirectory.root = str(root)
        config.CourseDirectory.course_id = "tiny-course"
        config.AssignLatePenalties.plugin_class = "grader.batch.policy.LatePenalty"
        self.course = CourseDirectory(config=config)
        self.done = []
        self.texts = {}  # by student and notebook: a key of ANSWERS
        self.taken = {}
        self.away = set()  # the students whose folder has another name
        self.late = {}  # by student: hours after the due time, or a text that says no time
        self.policy = None  # None, or the hours of extension by student
        self.due = 0  # hours that the due time was moved
        self.hidden = dict.fromkeys(NAMES, 0)
        self.points = dict.fromkeys(NAMES, 2)
        # By student and notebook: the text and the hidden test of the graded file, the automatic
        # scores in it, and those in the gradebook.
        self.graded = {}
        self.recorded = {}
        self.booked = {}
        self.marks = {}  # by student, notebook and cell
        self.enrolled = set()
        self.totals = {}  # those that were told last
        self.kept = None  # a backup of the gradebook

    @contextlib.contextmanager
    def gradebook(self):
        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}", "tiny-course") as gradebook:
            yield gradebook

    def folder(self, student):
        return self.root / "submitted" / student / PART

    # --- what is done ---------------------------------------------------------------------

    def hand_in(self, student, name, text):
        self.texts[student, name] = text
        folder = self.folder(student)
        if student in self.away:
            folder = folder.with_name("tiny-old")
        folder.mkdir(parents=True, exist_ok=True)
        notebook = instructors(name)
        notebook.cells[0].source = ANSWERS[text]
        if name == "03-essay":
            notebook.cells[3].source = "Because."
        content = nbformat.writes(notebook)
        if text == "unreadable":
            content = content[:100]
        (folder / f"{name}.ipynb").write_text(content, encoding="utf-8")

    def put_back(self):
        """Hand in what was taken away, byte for byte."""
        for (student, name), text in self.taken.items():
            self.hand_in(student, name, text)
        self.taken.clear()

    def take_away(self, student, name):
        if (student, name) in self.texts:
            self.taken[student, name] = self.texts.pop((student, name))
        for part in (PART, "tiny-old"):
            (self.folder(student).with_name(part) / f"{name}.ipynb").unlink(missing_ok=True)

    def rename(self, student):
        """Give the folder another name, or its own again."""
        names = [PART, "tiny-old"]
        if student in self.away:
            names.reverse()
        here = [s for s in STUDENTS if s not in self.away and self.folder(s).exists()]
        folder = self.folder(student).with_name(names[0])
        if folder.exists() and (student in self.away or len(here) > 1):
            folder.rename(folder.with_name(names[1]))
            self.away ^= {student}

    def come_late(self, student, hours):
        self.late[student] = hours
        folder = self.folder(student)
        if folder.exists():
            said = hours if isinstance(hours, str) else f"{DUE + timedelta(hours=hours)} UTC"
            (folder / "timestamp.txt").write_text(said, encoding="utf-8")
        else:
            del self.late[student]

    def set_policy(self, policy, due):
        self.policy, self.due = policy, due
        path = self.root / POLICY
        if policy is None:
            path.unlink(missing_ok=True)
            return
        lines = ["[due]", f"{PART} = {(DUE + timedelta(hours=due)).isoformat()}Z"]
        for student, hours in policy.items():
            until = DUE + timedelta(hours=due + hours)
            lines += [f"[extensions.{student}]", f"{PART} = {until.isoformat()}Z"]
        lines += ["[late]", "share_per_day = 0.1", "most = 0.5", "grace_minutes = 60"]
        path.write_text("\n".join(lines), encoding="utf-8")

    def change(self, name, hidden, points):
        """Change a hidden test or its points, and release it."""
        self.hidden[name], self.points[name] = hidden, points
        path = self.root / "source" / PART / f"{name}.ipynb"
        nbformat.write(instructors(name, hidden, points), path)
        with self.gradebook() as gradebook:
            gradebook.update_or_create_grade_cell("hidden", name, PART, max_score=points)

    def mark(self, student, name, which, score):
        """Give a mark in the formgrader, or take it back."""
        if student not in self.enrolled or (which == "essay" and name != "03-essay"):
            return
        with self.gradebook() as gradebook:
            grade = gradebook.find_grade(which, name, PART, student)
            grade.manual_score = score
            grade.needs_manual_grade = score is None and grade.auto_score is None
            gradebook.db.commit()
        self.marks.pop((student, name, which), None)
        if score is not None:
            self.marks[student, name, which] = score

    def forget(self, student):
        """Remove a student from the gradebook."""
        with self.gradebook() as gradebook, contextlib.suppress(MissingEntry):
            gradebook.remove_student(student)
        self.enrolled.discard(student)
        self.marks = {key: mark for key, mark in self.marks.items() if key[0] != student}
        self.booked = {key: known for key, known in self.booked.items() if key[0] != student}

    def back_up(self):
        shutil.copy(self.root / "gradebook.db", self.root / "backup.db")
        self.kept = set(self.enrolled), dict(self.marks), dict(self.booked)

    def restore(self):
        """Put back a gradebook that is older than the files."""
        if self.kept is None:
            return
        shutil.copy(self.root / "backup.db", self.root / "gradebook.db")
        self.enrolled, self.marks, self.booked = (copy(kept) for kept in self.kept)
        for name in NAMES:
            self.change(name, self.hidden[name], self.points[name])

    # --- grading --------------------------------------------------------------------------

    def run(self, *options):
        """Grade; return what is printed."""
        line = [PART, "--root", str(self.root), *options]
        arguments = command.parse_arguments(line)
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
            command.grade_class(
                self.course,
                PART,
                arguments,
                Workers(0, self.examine),
                Setting("if-possible"),
                read_policy(self.course),
            )
        return output.getvalue()

    def grade(self, *options):
        """Grade, and check all that it says."""
        if not any(self.folder(student).exists() for student in STUDENTS):
            return
        self.check(self.run(*options), *options)

    def check(self, said, *options):
        """Check what a run has said and recorded."""
        expected = self.expect(regrade="--regrade" in options)
        totals = dict.fromkeys([student for student, _ in expected], 0)
        for (student, _), score in expected.items():
            totals[student] += score
        assert self.in_gradebook() == pytest.approx(expected), said
        assert self.in_csv() == pytest.approx(totals), said
        table = dict(re.findall(r"^(aiko|ben) .* (\S+)$", said.partition("points ")[2], re.M))
        table = {student: float(total) for student, total in table.items() if total != "-"}
        assert table == pytest.approx(totals, abs=0.01), said
        told = re.findall(r"^  (\w+): (\S+) → (\S+) \(.+\)$", said, re.M)
        changed = {
            student
            for student, total in self.totals.items()
            if abs(totals.get(student, math.inf) - total) > 1e-9
        }
        assert {student for student, *_ in told} == changed, said
        self.totals = totals

    def expect(self, regrade):
        """What each notebook must count after a run, by student and notebook."""
        expected = {}
        for student in STUDENTS:
            texts = {
                name: self.texts.get((student, name)) if student not in self.away else None
                for name in NAMES
            }
            is_readable = {"right", "half", "wrong"} & set(texts.values())
            if not is_readable and student not in self.enrolled:
                continue
            self.enrolled.add(student)
            for name, text in texts.items():
                key = student, name
                if text in (None, "unreadable"):
                    self.graded.pop(key, None)
                elif regrade or not self.is_believed(key, text):
                    self.graded[key] = text, self.hidden[name]
                scores = self.automatic(key, text)
                self.recorded[key] = self.booked[key] = scores
                counts = [self.marks.get((*key, which), scores[which] or 0) for which in scores]
                expected[key] = sum(counts) * (1 - self.penalty(student))
        return expected

    def is_believed(self, key, text):
        """Whether the same text was graded, and the gradebook has its scores."""
        if key not in self.graded or key not in self.booked or self.graded[key][0] != text:
            return False
        return self.booked[key] in (self.recorded[key], self.automatic(key, text))

    def automatic(self, key, text):
        cells = ["tests", "hidden", "essay"] if key[1] == "03-essay" else ["tests", "hidden"]
        if text in (None, "unreadable"):
            return dict.fromkeys(cells, 0 if text is None else None)
        hidden = PASSED.get(self.graded[key], 0) * self.points[key[1]]
        return dict(zip(cells, [int(text != "wrong"), hidden, None], strict=False))

    def penalty(self, student):
        """The share of the score that lateness costs."""
        late = self.late.get(student) if student not in self.away else None
        if self.policy is None or not isinstance(late, int):
            return 0
        late -= self.due + self.policy.get(student, 0)
        return min(math.ceil(late / 24) * 0.1, 0.5) if late > 1 else 0

    def in_gradebook(self):
        """What each notebook counts in the gradebook, by student and notebook."""
        with self.gradebook() as gradebook:
            released = {n.name: n.max_score for n in gradebook.find_assignment(PART).notebooks}
            most = {name: 1 + self.points[name] + 2 * (name == "03-essay") for name in NAMES}
            assert released == most
            return {
                (submission.student.id, n.name): n.score - (n.late_submission_penalty or 0)
                for submission in gradebook.assignment_submissions(PART)
                for n in submission.notebooks
            }

    def automatic_scores(self):
        """The points that tests gave, by student, notebook and cell; those without are left out."""
        with self.gradebook() as gradebook:
            return {
                (submission.student.id, notebook.name, grade.name): grade.auto_score
                for submission in gradebook.assignment_submissions(PART)
                for notebook in submission.notebooks
                for grade in notebook.grades
                if grade.auto_score
            }

    def in_csv(self):
        with (self.root / "grades.csv").open(encoding="utf-8", newline="") as file:
            rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
        return {student: rows[student] for student in rows if student in self.enrolled}

    def kill(self, number, *options):
        """Grade, and end that at the call `number` of what examines or writes a notebook."""
        calls = 0

        def dying(function):
            def call(*arguments):
                nonlocal calls
                calls += 1
                if calls == number:
                    raise Killed
                return function(*arguments)

            return call

        with pytest.MonkeyPatch.context() as patched, contextlib.suppress(Killed):
            patched.setattr(self, "examine", dying(self.examine))
            patched.setattr(grading, "replace_file", dying(grading.replace_file))
            self.grade(*options)


def start(graded):
    """A graded course, in its place and as it was.

    Args:
        graded: the course, and a folder with its files.
    """
    course, files = graded
    shutil.rmtree(course.root)
    shutil.copytree(files, course.root)
    own = ("course", "examine")
    fresh = copy(course)
    vars(fresh).update({k: deepcopy(v) for k, v in vars(course).items() if k not in own})
    return fresh
