"""A course of one notebook, for tests of grading a class."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

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
    """The notebook with all answers right but one, which is given."""
    notebook = json.loads(SOURCE.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == task:
            cell["source"] = answer
    return notebook


class SmallCourse:
    """A course below a folder, released, and commands in it.

    Args:
        root: an empty folder.
        settings: lines to add to nbgrader_config.py.
    """

    def __init__(self, root: Path, settings: str = ""):
        self.root = root
        config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8") + settings
        (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
        self.source = root / "solutions" / "transformer" / SOURCE.name
        self.source.parent.mkdir(parents=True)
        shutil.copy(SOURCE, self.source)
        self.release()

    def release(self) -> None:
        """Release the assignment, again if need be."""
        result = self.nbgrader("generate_assignment", "transformer", "--create", "--force")
        assert result.returncode == 0, result.stderr

    def submission(self, student: str) -> Path:
        """Where a student's notebook is."""
        return self.root / "submitted" / student / "transformer" / SOURCE.name

    def graded(self, student: str) -> Path:
        """Where a student's graded notebook is."""
        return self.root / "autograded" / student / "transformer" / SOURCE.name

    def hand_in(self, student: str, answer: str = RIGHT) -> None:
        """Hand in a notebook with an answer to causal_mask and all others right."""
        path = self.submission(student)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook_with(answer)), encoding="utf-8")

    def command(self, *line: str, **options) -> subprocess.CompletedProcess:
        """Run a module."""
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

    def grade(self, *options: str) -> subprocess.CompletedProcess:
        """Grade."""
        return self.command(
            "grader.grade", "transformer", "--sandbox=if-possible", "--workers=2", *options
        )

    def scores(self) -> dict[str, float]:
        """What grades.csv says."""
        with (self.root / "grades.csv").open(encoding="utf-8", newline="") as file:
            return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
