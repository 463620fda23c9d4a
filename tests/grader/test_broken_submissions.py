"""Submissions that are broken, graded with the commands that a teacher uses."""

import csv
import json
import shutil
import subprocess
import sys

import nbformat
import pytest

from tests.exercises.running import ROOT, read

pytestmark = pytest.mark.slow

NOTEBOOK = "03-scaled-dot-product"


def scores(grades):
    with grades.open(encoding="utf-8", newline="") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def command(*line, cwd):
    return subprocess.run(
        [sys.executable, "-m", *line],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def with_answer(task, text):
    notebook = read(ROOT / "solutions" / "transformer" / f"{NOTEBOOK}.ipynb")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == task:
            cell.source = text
    return notebook


WARNS = """
import sys, warnings
def attention_scores(query, key, scale=None):
    warnings.warn("this is only a warning")
    print("and this only a remark", file=sys.stderr)
    return query @ key.mT * (query.shape[-1] ** -0.5 if scale is None else scale)
print("a remark at the top level", file=sys.stderr)
"""
OTHER_NAMES = {
    "renamed": "homework.ipynb",
    "copy": f"{NOTEBOOK} (1).ipynb",
    "notes": "notes.ipynb",
}
NEVER_ENDS = "while True:\n    pass"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with one notebook and a class of broken submissions, graded."""
    root = tmp_path_factory.mktemp("course")
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    config += "\nc.Judge.seconds_per_call = 5\nc.Judge.sandbox = 'if-possible'\n"
    (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
    (root / "solutions" / "transformer").mkdir(parents=True)
    source = ROOT / "solutions" / "transformer" / f"{NOTEBOOK}.ipynb"
    shutil.copy(source, root / "solutions" / "transformer")
    notebooks = {
        "warns": with_answer("attention_scores", WARNS),
        "never-ends": with_answer("attention_scores", NEVER_ENDS),
        "lost-a-test": read(source),
        "renamed": read(source),
        "copy": read(source),
        "notes": nbformat.v4.new_notebook(),
        "cut-off": read(source),
        "nothing": None,
        "a-folder": None,
        "misspelt": None,
        "with,comma": read(source),
    }
    lost = notebooks["lost-a-test"]
    lost.cells = [c for c in lost.cells if c.id != "masked_softmax_hidden_tests"]
    assert len(lost.cells) == len(read(source).cells) - 1
    for student, notebook in notebooks.items():
        folder = root / "submitted" / student / "transformer"
        folder.mkdir(parents=True)
        name = OTHER_NAMES.get(student, f"{NOTEBOOK}.ipynb")
        if notebook is not None:
            nbformat.write(notebook, folder / name)
    (root / "submitted" / "renamed" / "transformer" / "._homework.ipynb").touch()  # as from macOS
    broken = root / "submitted" / "cut-off" / "transformer" / f"{NOTEBOOK}.ipynb"
    broken.write_text(broken.read_text(encoding="utf-8")[:3000], encoding="utf-8")
    (root / "submitted" / "a-folder" / "transformer" / f"{NOTEBOOK}.ipynb").mkdir()
    (root / "submitted" / "misspelt" / "transformer").rename(
        root / "submitted" / "misspelt" / "tranformer"
    )
    shutil.copy(source, root / "submitted" / "loose.ipynb")
    return root


@pytest.fixture(scope="module")
def too_early(course):
    """The result of grading before the assignment was released."""
    return command("grader", "transformer", cwd=course)


@pytest.fixture(scope="module")
def graded(course, too_early):
    """The output of grading the course, and the scores."""
    released = command("nbgrader", "generate_assignment", "transformer", "--create", cwd=course)
    assert released.returncode == 0, released.stderr
    result = command("grader", "transformer", cwd=course)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout, scores(course / "grades.csv")


def said_about(student, output):
    return [line for line in output.splitlines() if line.startswith(f"{student}: ")]


def test_grading_before_releasing_says_what_to_do(too_early):
    assert too_early.returncode == 2
    assert "make exercises" in too_early.stderr
    assert "Traceback" not in too_early.stderr


def test_a_warning_costs_no_points(graded):
    assert graded[1]["warns"] == 17


def test_a_cell_that_never_ends_costs_its_own_task_and_stops_nobody(graded):
    assert graded[1]["never-ends"] == 17 - 3
    assert graded[1]["warns"] == 17


def test_a_deleted_test_comes_back(graded):
    assert graded[1]["lost-a-test"] == 17


@pytest.mark.parametrize(
    ("student", "advice"),
    [
        ("notes", "is no notebook of this assignment"),
        ("cut-off", "Ask the student"),
        ("nothing", "not handed in"),
        ("a-folder", "it is a folder"),
        ("misspelt", "found tranformer"),
        ("with,comma", "Rename the folder"),
    ],
)
def test_what_cannot_be_graded_is_said_in_one_line_with_advice(graded, student, advice):
    output, grades = graded
    assert any(advice in line for line in said_about(student, output))
    assert student not in grades, "no grade may be made up"
    row = next(line for line in output.splitlines() if line.split()[:1] == [student])
    assert set(row.split()[1:]) == {"-"}


def test_a_notebook_with_another_name_is_graded_as_what_it_is(course, graded):
    output, grades = graded
    for student, how in (("renamed", "cells"), ("copy", "name")):
        assert grades[student] == 17
        (line,) = said_about(student, output)
        assert line.endswith(f"is graded as {NOTEBOOK}.ipynb, by its {how}.")
        assert (course / "feedback" / student / "transformer" / f"{NOTEBOOK}.html").exists()


def test_a_notebook_outside_of_a_folder_is_mentioned(graded):
    assert any("Move it" in line for line in said_about("loose.ipynb", graded[0]))


def test_an_assignment_that_does_not_exist_is_answered_with_those_that_do(course, graded):
    result = command("grader", "tranformer", cwd=course)
    assert result.returncode == 2
    assert "(transformer)" in result.stderr and "'tranformer'" in result.stderr


def test_a_submission_is_never_changed(course, graded):
    cut = course / "submitted" / "cut-off" / "transformer" / f"{NOTEBOOK}.ipynb"
    assert len(cut.read_text(encoding="utf-8")) == 3000
    kept = json.loads(
        (course / "submitted/renamed/transformer/homework.ipynb").read_text(encoding="utf-8")
    )
    assert kept["cells"]
