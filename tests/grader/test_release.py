"""Releasing: what is examined before, what is said, and that nothing is left half done."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.utils import compute_checksum

from grader import data_files
from grader.release import reference, releasing
from grader.release.student_notebook import StudentNotebook
from tests.exercises.running import ROOT
from tests.grader.own_course import (
    LONGEST,
    MEANS,
    NOTEBOOK,
    PART,
    READ,
    OwnCourse,
    answer,
    cell,
    hidden,
    own_notebook,
)

RIGHT = {"column_means": MEANS, "read_rows": READ, "longest": LONGEST}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Where it is kept which references have been examined."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "RECORDS", tmp_path_factory.mktemp("records"))
        yield


@pytest.fixture
def new_course(records, tmp_path):
    """A course with a part of a teacher's own, not released yet."""
    return OwnCourse(tmp_path)


@pytest.fixture(scope="module")
def released(records, tmp_path_factory):
    """The folder of such a course, released."""
    course = OwnCourse(tmp_path_factory.mktemp("released"))
    assert course.release().returncode == 0
    return course.root


@pytest.fixture
def course(released, tmp_path):
    """A copy of the released course."""
    shutil.copytree(released, tmp_path, dirs_exist_ok=True)
    return OwnCourse(tmp_path)


def files_of(folder):
    """The content of all files of a folder, by name."""
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def points_in_gradebook(course):
    """The points of each test, by notebook and test, as the gradebook knows them."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "transformer-course") as gradebook:
        return {
            (notebook.name, test.name): test.max_score
            for notebook in gradebook.find_assignment(PART).notebooks
            for test in notebook.grade_cells
        }


def scores_in_gradebook(course, student):
    """The score of each test of a student, by notebook and test."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "transformer-course") as gradebook:
        return {
            (notebook.name, grade.name): grade.score
            for notebook in gradebook.find_submission(PART, student).notebooks
            for grade in notebook.grades
        }


def changed(notebook, name, source):
    """A notebook with another source in the cell of an id."""
    (found,) = [c for c in notebook.cells if c.id == name]
    found.source = source
    return notebook


# --- before anything is changed -----------------------------------------------------------


def test_a_reference_that_fails_a_hidden_test_is_not_released(course):
    before, points = files_of(course.exercises), points_in_gradebook(course)
    broken = hidden("assert column_means(np.ones((4, 2))).tolist() == [1, 2], 'the ones'")
    course.write(changed(own_notebook(), "column_means_hidden_tests", broken))
    said = course.release()
    assert said.returncode == 1
    assert f"{NOTEBOOK}.ipynb: the reference fails in column_means_hidden_tests" in said.stderr
    assert "AssertionError" in said.stderr and "the ones" in said.stderr
    assert "Traceback" not in said.stderr
    assert files_of(course.exercises) == before and points_in_gradebook(course) == points


def test_a_reference_that_gets_part_of_the_points_is_not_released(new_course):
    new_course.write(
        changed(own_notebook(), "column_means_tests", "column_means(np.ones((1, 1)))\n0.5")
    )
    said = new_course.release()
    assert "the reference gets 0.5 of 1 points in column_means_tests" in said.stderr
    assert not new_course.exercises.exists()


def test_a_reference_is_examined_again_when_its_data_change(course):
    (course.solutions / "data.csv").write_text("length,width\n1,10\n", encoding="utf-8")
    said = course.release()
    assert said.returncode == 1 and "read_rows_tests" in said.stderr


def test_data_files_that_are_too_large_are_refused_by_name(new_course, monkeypatch):
    monkeypatch.setattr(data_files, "MAX_BYTES", 100)
    (new_course.solutions / "large.csv").write_text("1\n" * 100, encoding="utf-8")
    said = new_course.release()
    assert said.returncode == 1 and "large.csv" in said.stderr and "MiB" in said.stderr
    assert not new_course.exercises.exists()


def test_a_part_that_is_not_there_is_named_with_its_place(new_course):
    for path in new_course.solutions.glob("*.ipynb"):
        path.unlink()
    said = new_course.release()
    assert said.returncode == 1 and f"expected notebooks in {new_course.solutions}" in said.stderr


# --- all or nothing -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell_id", "source", "words"),
    [
        ("longest_tests", "assert True", "Duplicate grade id: longest_tests"),
        (
            "more_tests",
            "assert True\n### BEGIN HIDDEN TESTS",
            "No end hidden tests statement found",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Non-unique cell id")
def test_a_notebook_that_nbgrader_refuses_leaves_the_old_exercises(course, cell_id, source, words):
    before, points = files_of(course.exercises), points_in_gradebook(course)
    notebook = own_notebook()
    notebook.cells.append(cell(source, cell_id, 1))
    course.write(notebook)
    said = course.release()
    assert said.returncode == 1 and f"{NOTEBOOK}.ipynb" in said.stderr and words in said.stderr
    assert "Traceback" not in said.stderr
    assert files_of(course.exercises) == before and points_in_gradebook(course) == points
    assert {path.name for path in course.exercises.parent.iterdir()} == {PART}


@pytest.mark.parametrize("step", ["complete_submissions", "make_room"])
def test_a_gradebook_that_fails_leaves_the_old_exercises(course, monkeypatch, step):
    before = files_of(course.exercises)
    course.write(changed(own_notebook(), "column_means_tests", "assert column_means([[1]]) == [1]"))

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(releasing, step, fail)
    said = course.release()
    assert said.returncode == 1 and "the disk is full" in said.stderr
    assert files_of(course.exercises) == before
    assert {path.name for path in course.exercises.parent.iterdir()} == {PART}


def test_a_folder_that_cannot_move_in_leaves_the_old_one(tmp_path):
    target, old = tmp_path / "exercises", tmp_path / "old"
    target.mkdir()
    (target / "a").write_text("1", encoding="utf-8")
    with pytest.raises(OSError):
        releasing._put_in_place(tmp_path / "absent", target, old)
    assert (target / "a").read_text(encoding="utf-8") == "1" and not old.exists()


def test_it_needs_no_active_environment(new_course):
    """nbgrader starts another program by its name, which only an active environment would find."""
    about = {"PATH": "/usr/bin:/bin", "HOME": str(new_course.root), "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-m", "grader.release", PART],
        cwd=new_course.root,
        env={k: v for k, v in os.environ.items() if k not in about} | about,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert (new_course.root / "gradebook.db").exists()
    assert sorted(p.name for p in new_course.exercises.iterdir()) == [
        f"{NOTEBOOK}.ipynb",
        "data.csv",
    ]


# --- after the first submission -----------------------------------------------------------


def test_a_new_test_and_a_new_notebook_keep_the_grades_there_are(course):
    course.hand_in("aiko", RIGHT)
    course.grade()
    before = scores_in_gradebook(course, "aiko")
    assert len(before) == 5
    notebook = own_notebook()
    notebook.cells.append(answer("def zero():\n    return 0", "zero"))
    notebook.cells.append(cell("assert zero() == 0", "zero_tests", 4))
    course.write(notebook)
    course.write(own_notebook(), "02-more")
    said = course.release()
    assert said.returncode == 0, said.stderr
    after = scores_in_gradebook(course, "aiko")
    assert {test: score for test, score in after.items() if test in before} == before
    assert after.keys() - before.keys() == {(NOTEBOOK, "zero_tests")} | {
        ("02-more", test) for _, test in before
    }
    assert sum(points_in_gradebook(course).values()) == 8 + 4 + 8
    course.hand_in("aiko", RIGHT | {"zero": "def zero():\n    return 0"})
    course.grade("--regrade")
    assert scores_in_gradebook(course, "aiko")[NOTEBOOK, "zero_tests"] == 4
    assert course.release().returncode == 0, "the gradebook knows them now"


def test_points_and_tests_may_change(course):
    course.hand_in("aiko", RIGHT)
    course.grade()
    notebook = own_notebook()
    for test in notebook.cells:
        if test.id == "column_means_tests":
            test.metadata.nbgrader.points = 5
    course.write(notebook)
    assert course.release().returncode == 0
    assert points_in_gradebook(course)[NOTEBOOK, "column_means_tests"] == 5


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("column_means_tests", "has no test cell column_means_tests any more"),
        ("longest", "has no answer cell longest any more"),
        (NOTEBOOK, f"{NOTEBOOK}.ipynb is gone"),
    ],
)
def test_what_would_take_grades_away_is_refused_before_anything_is_touched(course, gone, words):
    course.hand_in("aiko", RIGHT)
    course.grade()
    before, scores = files_of(course.exercises), scores_in_gradebook(course, "aiko")
    notebook = own_notebook()
    if gone == "longest":  # with its test, which the reference would fail
        notebook.cells = notebook.cells[:-2]
    notebook.cells = [c for c in notebook.cells if c.id != gone]
    course.write(notebook)
    if gone == NOTEBOOK:
        (course.solutions / f"{gone}.ipynb").rename(course.solutions / "02-columns.ipynb")
    said = course.release()
    assert said.returncode == 1 and words in said.stderr
    assert "set" in said.stderr and "points" in said.stderr, "it says what can be done"
    assert files_of(course.exercises) == before
    assert scores_in_gradebook(course, "aiko") == scores


# --- a teacher's own part -----------------------------------------------------------------


WRONG = {
    "column_means": "def column_means(rows):\n    return np.asarray(rows).mean(axis=1)",
    "read_rows": READ,
    "longest": "def longest(path):\n    return read_rows(path)[0]",
}
FORBIDDEN = RIGHT | {"column_means": "def column_means(rows):\n    return np.average(rows, axis=0)"}


def test_a_part_as_the_guide_tells_it_is_graded_as_it_should_be(course):
    """The guide's page is book/teachers-guide/own-tasks.md."""
    for student, answers in {"aiko": RIGHT, "ben": {}, "chie": WRONG, "emi": FORBIDDEN}.items():
        course.hand_in(student, answers)
    said = course.grade()
    students = ("aiko", "ben", "chie", "emi")
    totals = {student: sum(scores_in_gradebook(course, student).values()) for student in students}
    assert totals == {"aiko": 8, "ben": 0, "chie": 3, "emi": 5}, said.stdout


# --- what students read -------------------------------------------------------------------


def as_released(cells):
    """The sources of cells after they were prepared for students, hidden tests still in them."""
    notebook = new_notebook(cells=cells)
    StudentNotebook().preprocess(notebook, {})
    return [c.source for c in notebook.cells]


def test_a_heading_says_what_its_tasks_are_worth():
    text = "Some *words*.\n\n## Sums \n\n```python\n# a comment\n```"
    sources = as_released(
        [
            new_markdown_cell("# Title"),
            new_markdown_cell(text),
            answer("x = 1", "x"),
            cell("assert x", "x_tests", 0.5),
            cell(hidden("assert x == 1"), "x_hidden_tests", 0.5),
            new_markdown_cell("## To read"),
            new_markdown_cell("## Words"),
            answer("y = 1", "y"),
            cell("assert y", "y_tests", 2),
        ]
    )
    heads = [line for source in sources for line in source.split("\n") if line.startswith("#")]
    assert [h for h in heads if "HIDDEN" not in h] == [
        *("# Title", "## Sums · 1 point", "# a comment", "## To read", "## Words · 2 points")
    ]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("assert x", "Passed: 1 of 3 points; hidden tests follow when your teacher grades."),
        (
            f"assert x\n{hidden('assert x == 1')}",
            "Passed as far as it shows here: hidden tests for the same 1 of 3 points follow when "
            "your teacher grades.",
        ),
        (
            f"# Hidden tests: others.\n{hidden('assert x == 1')}",
            "Nothing is tested here: hidden tests for 1 of 3 points follow when your teacher "
            "grades.",
        ),
        ("check(x, 1, 'x is one')", "Passed: 1 of 3 points; hidden tests follow when your "),
    ],
)
def test_a_test_that_passes_says_what_it_is_worth_and_what_follows(source, line):
    tests = [cell(source, "x_tests", 1), cell(hidden("assert x"), "x_hidden_tests", 2)]
    released = as_released([new_markdown_cell("## X"), answer("x = 1", "x"), *tests])[2]
    assert released.startswith(source) and f'\nprint("{line}' in released


def test_without_hidden_tests_nothing_is_said_to_follow():
    tests = [cell("assert x", "x_tests", 1), cell("assert x == 1", "x_more_tests", 2)]
    released = as_released([new_markdown_cell("## X"), answer("x = 1", "x"), *tests])
    assert [source.split("\n")[-1] for source in released[2:]] == [
        'print("Passed: 1 of 3 points.")',
        'print("Passed: 2 of 3 points.")',
    ]


@pytest.mark.parametrize("source", ["assert x\n0.5", "points_for(x)", "%timeit x\nassert x"])
def test_a_last_line_that_may_be_points_or_magic_stays_the_last(source):
    assert as_released([answer("x = 1", "x"), cell(source, "x_tests", 1)])[1] == source


def test_a_released_notebook_is_valid_for_nbgrader_and_its_tests_are_folded(course):
    course.hand_in("aiko", RIGHT)
    path = course.root / "submitted" / "aiko" / PART / f"{NOTEBOOK}.ipynb"
    for test in nbformat.read(path, as_version=4).cells:
        is_test = test.metadata.get("nbgrader", {}).get("grade", False)
        assert test.metadata.get("jupyter", {}).get("source_hidden", False) == is_test
        if is_test:
            assert compute_checksum(test) == test.metadata.nbgrader.checksum
    shutil.copy(course.solutions / "data.csv", path.parent)
    line = [sys.executable, "-m", "nbgrader", "validate", path]
    said = subprocess.run(line, cwd=path.parent, capture_output=True, encoding="utf-8", check=True)
    assert "Success" in said.stdout, said.stdout
