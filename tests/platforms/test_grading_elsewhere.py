"""Grading without a sandbox: it works on macOS, and on Windows the command says what is missing.

These tests need only pytest and the extra `grade`; they run everything in other processes.
"""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# One notebook is enough on Linux, where `make sample-class` grades all of them in the sandbox.
NOTEBOOKS = "02-masks" if sys.platform == "linux" else "*"


def run(*line):
    return subprocess.run(
        [sys.executable, *line], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.skipif(sys.platform == "win32", reason="cannot grade, as the test below shows")
def test_the_sample_class_is_graded_without_the_sandbox(tmp_path):
    release = [
        *("-m", "nbgrader", "generate_assignment", "transformer", "--create"),
        f"--CourseDirectory.root={tmp_path}",
        "--CourseDirectory.release_directory=release",
        f"--CourseDirectory.notebook_id={NOTEBOOKS}",
    ]
    grade = ["-m", "grader", "transformer", "--root", tmp_path, "--sandbox=off"]
    for line in (["-m", "tools.sample_class", tmp_path, "transformer"], release, grade):
        result = run(*line)
        assert result.returncode == 0, result.stderr
    with (tmp_path / "grades.csv").open(encoding="utf-8", newline="") as file:
        grades = {row["student_id"]: row for row in csv.DictReader(file)}
    students = {path.stem for path in (ROOT / "tests" / "sample_class").glob("*.toml")}
    assert set(grades) == students
    assert float(grades["ben"]["score"]) == 0
    assert float(grades["aiko"]["score"]) == float(grades["aiko"]["max_score"]) > 0
    released = {path.stem for path in (tmp_path / "release").rglob("*.ipynb")}
    for student in students:
        pages = (tmp_path / "feedback" / student).rglob("*.html")
        assert released and {path.stem for path in pages} == released | {"index"}


# Runs the command as on Windows, where these modules cannot be imported.
PRETEND = """
import runpy, sys
sys.platform = "win32"
sys.modules |= dict.fromkeys(["fcntl", "resource"])
sys.argv = ["grader", "transformer"]
runpy.run_module("grader", run_name="__main__")
"""


def test_on_windows_the_command_says_what_is_missing():
    line = ["-m", "grader", "transformer"] if sys.platform == "win32" else ["-c", PRETEND]
    result = run(*line)
    assert result.returncode == 2
    assert result.stderr.startswith("Nothing is graded: grading needs Linux or macOS")
    assert len(result.stderr.splitlines()) == 1 and not result.stdout
