"""The report on a class: what is counted, what is told apart, and what it leaves out."""

import csv

import nbformat
import pytest
from nbgrader.api import Gradebook

from grader import bank
from grader.batch.alike import MOST_CHARACTERS, form_of
from grader.batch.class_report import find_waiting, write_report
from grader.batch.results import Mark, NotebookMarks
from tests.grader.small_course import NOTEBOOK, RIGHT, SOURCE, WRONG, SmallCourse

TASK = "causal_mask"
LONG = '''
def causal_mask(num_new, num_cached=0):
    """Row by row."""
    rows = []
    for query in range(num_new):  # each query
        row = []
        for key in range(num_cached + num_new):
            row.append(key <= query + num_cached)
        rows.append(row)
    return torch.tensor(rows, dtype=torch.bool).reshape(num_new, num_cached + num_new)
'''
COPIED = """
def causal_mask(num_new: int, num_cached: int = 0):
    lines = []
    for i in range(num_new):

        line = []
        for j in range(num_cached + num_new): line.append(j <= i + num_cached)
        lines.append(line)
    return torch.tensor(
        lines, dtype=torch.bool
    ).reshape(num_new, num_cached + num_new)
"""
ODD = """
# %% mistake: <script>alert(1)</script>
def causal_mask(num_new, num_cached=0):
    raise ValueError("<b>odd</b>")
"""
UNWRITTEN = "def causal_mask(num_new, num_cached=0):\n    raise NotImplementedError\n"
ANSWERS = {
    "right": RIGHT,
    "wrong": WRONG,
    "wrong-too": WRONG,
    "long": LONG,
    "copied": COPIED,
    "odd": ODD,
    "odder": ODD + "# another comment\n",
    "idle": UNWRITTEN,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The report on a small class."""
    course = SmallCourse(tmp_path_factory.mktemp("course"))
    for student, answer in ANSWERS.items():
        course.hand_in(student, answer)
    result = course.grade()
    assert result.returncode == 0, result.stderr
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "transformer-course") as gradebook:
        where = (f"{TASK}_tests", NOTEBOOK, "transformer", "right")
        gradebook.find_grade(*where).manual_score = 0.5
        gradebook.db.commit()
    return write_report(course.root, "transformer").parent


def rows_of(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_scores_are_those_that_count(folder):
    scores = {row["student"]: float(row["total"]) for row in rows_of(folder, "scores")}
    expected = {"right": 19.5, "wrong": 17, "wrong-too": 17, "long": 20, "copied": 20}
    assert scores == expected | {"odd": 17, "odder": 17, "idle": 17}
    tasks = {(r["student"], r["task"]): r for r in rows_of(folder, "scores-by-task")}
    assert tasks["wrong", TASK]["score"] == "0.0"
    assert tasks["wrong", TASK]["result"] == "not passed"
    assert tasks["idle", TASK]["result"] == "not written"
    assert len(tasks) == 7 * len(ANSWERS)


@pytest.mark.slow
def test_tests_and_known_mistakes_are_counted(folder):
    first = rows_of(folder, "tests")[0]
    assert first["task"] == TASK and first["students"] == "8"
    assert first["failed"] == "4" and first["not written"] == "1"
    (mistake,) = rows_of(folder, "known-mistakes")
    assert mistake["task"] == TASK and mistake["students"] == "2"


@pytest.mark.slow
def test_what_no_known_mistake_explains_is_a_candidate_for_the_bank(folder, tmp_path, monkeypatch):
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*.py")]
    assert found == [f"candidates/{NOTEBOOK}/{TASK}.py"]
    (tmp_path / "transformer").symlink_to(folder / "candidates")
    monkeypatch.setattr(bank, "BANK", tmp_path)
    (candidate,) = bank.read_bank(SOURCE)
    assert candidate.sentence == "SAY WHAT IS WRONG" and not candidate.is_correct
    assert 'raise ValueError("<b>odd</b>")' in candidate.source
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "2 students: odd, odder" in page and "&lt;b&gt;odd&lt;/b&gt;" in page
    assert "<script" not in page and "<b>odd" not in page


@pytest.mark.slow
def test_marks_by_hand_below_the_automatic_ones_are_listed(folder):
    (row,) = rows_of(folder, "marked-down")
    assert (row["student"], row["cell"], row["by hand"]) == ("right", f"{TASK}_tests", "0.5")


@pytest.mark.slow
def test_same_answers_are_a_hint_and_the_references_own_are_none(folder):
    (row,) = rows_of(folder, "same-answers")
    assert (row["task"], row["students"]) == (TASK, "copied long")
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "This is a hint, not a proof" in page


@pytest.mark.slow
def test_plots_take_the_pages_colours_and_are_described(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.count('<svg role="img" aria-label="') == 2
    assert "currentColor" in page and "#010101" not in page


def test_answers_that_wait_for_a_person_are_found():
    marks = {
        "essay": Mark(None, None, 0.0, True),
        "marked": Mark(None, 2.0, 2.0, False),
        "tests": Mark(1.0, None, 1.0, False),
    }
    waiting, below = find_waiting({("chie", "01"): NotebookMarks(marks)})
    assert [row["cell"] for row in waiting] == ["essay"] and not below


def test_an_assignment_without_grades_is_refused_with_advice(tmp_path):
    course = SmallCourse(tmp_path)
    with pytest.raises(LookupError, match="make grade"):
        write_report(course.root, "transformer")


# --- the form of an answer ----------------------------------------------------------------


def test_names_comments_annotations_and_layout_do_not_count():
    kept = frozenset({"causal_mask"})
    assert form_of(LONG, kept) == form_of(COPIED, kept)


@pytest.mark.parametrize(
    ("old", "new"), [("<=", "<"), ("torch.bool", "torch.int"), ("num_new):", "num_new - 1):")]
)
def test_what_an_answer_computes_counts(old, new):
    assert form_of(LONG) != form_of(LONG.replace(old, new))


def test_two_names_are_not_one():
    swapped = "def f(a, b):\n    return b - a\n"
    assert form_of("def f(x, y):\n    return x - y\n") != form_of(swapped)


def test_a_name_that_the_task_prescribes_counts():
    one, other = ("def f(x):\n    return x\n", "def g(x):\n    return x\n")
    assert form_of(one) == form_of(other)
    assert form_of(one, frozenset("fg")) != form_of(other, frozenset("fg"))


@pytest.mark.parametrize(
    "source", ["def f(:", "x = 1\n" * MOST_CHARACTERS, "\0", "(" * 5_000 + ")" * 5_000]
)
def test_what_is_no_python_or_too_long_has_no_form(source):
    assert form_of(source) is None


def test_every_reference_has_a_form():
    for cell in nbformat.read(SOURCE, as_version=4).cells:
        if cell.cell_type == "code" and cell.metadata.nbgrader.get("solution"):
            assert form_of(cell.source).size > 5
