"""A course with one notebook, for tests of grading a class."""

import atexit
import contextlib
import csv
import functools
import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from grader.batch import command
from tests.exercises.running import ROOT

NOTEBOOK = "02-masks"
SOURCE = ROOT / "solutions" / "transformer" / f"{NOTEBOOK}.ipynb"
POINTS = 20

RIGHT = """
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool).tril(num_cached)
"""
WRONG = """
def causal_mask(num_new, num_cached=0):
    return torch.ones(num_new, num_cached + num_new, dtype=torch.bool)
"""


def notebook_with(answer: str, task: str = "causal_mask") -> dict:
    """The notebook with the reference answers, and the given answer to one task."""
    notebook = json.loads(SOURCE.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == task:
            cell["source"] = answer
    return notebook


class SmallCourse:
    """A released course in a folder, and commands to run in it.

    Args:
        root: an empty folder.
        settings: lines to add to nbgrader_config.py.
    """

    def __init__(self, root: Path, settings: str = ""):
        self.root = root
        shutil.copytree(_released(), root, dirs_exist_ok=True)
        with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(settings)
        self.source = root / "solutions" / "transformer" / SOURCE.name

    def release(self) -> None:
        """Release the assignment, even if it was released before."""
        result = self.nbgrader("generate_assignment", "transformer", "--create", "--force")
        assert result.returncode == 0, result.stderr

    def submission(self, student: str) -> Path:
        """The path of a student's submitted notebook."""
        return self.root / "submitted" / student / "transformer" / SOURCE.name

    def graded(self, student: str) -> Path:
        """The path of a student's graded notebook."""
        return self.root / "autograded" / student / "transformer" / SOURCE.name

    def hand_in(self, student: str, answer: str = RIGHT) -> None:
        """Hand in a notebook with an answer to causal_mask, and all other answers right."""
        path = self.submission(student)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook_with(answer)), encoding="utf-8")

    def command(self, *line: str, **options) -> subprocess.CompletedProcess:
        """Run a module as a command in the course's folder."""
        return subprocess.run(
            [sys.executable, "-m", *line],
            cwd=self.root,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            **options,
        )

    def nbgrader(self, *line: str) -> subprocess.CompletedProcess:
        """Run a command of nbgrader."""
        return self.command("nbgrader", *line)

    def grade(self, *options: str) -> SimpleNamespace:
        """Grade in this process, which keeps its sandbox open from one grading to the next."""
        line = ["grade", "transformer", "--sandbox=if-possible", "--workers=0", *options]
        output, errors = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.root),
            mock.patch.object(sys, "argv", line),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            code = command.main()
        return SimpleNamespace(returncode=code, stdout=output.getvalue(), stderr=errors.getvalue())

    @property
    def line(self) -> list[str]:
        """The command line that grades the course in other processes."""
        return [sys.executable, "-m", "grader", "transformer", "--sandbox=if-possible"]

    def scores(self) -> dict[str, float]:
        """The scores in grades.csv, by student."""
        with (self.root / "grades.csv").open(encoding="utf-8", newline="") as file:
            return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


@functools.cache
def _released() -> Path:
    """A folder with the course, released; made once and copied."""
    root = Path(tempfile.mkdtemp(prefix="course-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    folder = root / "solutions" / "transformer"
    folder.mkdir(parents=True)
    shutil.copy(SOURCE, folder)
    line = [sys.executable, "-m", "nbgrader", "generate_assignment", "transformer", "--create"]
    subprocess.run(line, cwd=root, check=True, capture_output=True)
    return root
