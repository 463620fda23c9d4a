"""Grading through nbgrader's own commands: a sample class, and submissions that are broken."""

import csv
import html
import json
import re
import shutil
import subprocess
import sys
import tomllib

import nbformat
import pytest

from tests.exercises.running import ROOT, SOLUTIONS, graded_cells, is_graded, read

SAMPLE = ROOT / "_build" / "sample-class"
STUDENTS = sorted(path.stem for path in (ROOT / "tests" / "sample_class").glob("*.toml"))
NOTEBOOK = "03-scaled-dot-product"


@pytest.fixture(scope="module")
def sample_scores():
    """Score of each student of the sample class."""
    grades = SAMPLE / "grades.csv"
    if not grades.exists():
        pytest.fail(f"{grades} is missing: run `make sample-class` first")
    return scores(grades)


def scores(grades):
    with grades.open(encoding="utf-8", newline="") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def points(notebook):
    return sum(cell.metadata.nbgrader.points for cell in notebook.cells if is_graded(cell))


def autograded_failures(folder):
    """Ids of the graded cells of a graded submission that show an error."""
    return {
        cell.metadata.nbgrader.grade_id
        for path in folder.glob("*.ipynb")
        for cell in read(path).cells
        if is_graded(cell) and any(output.output_type == "error" for output in cell.outputs)
    }


def test_the_sample_class_is_of_six_and_all_were_graded(sample_scores):
    assert len(STUDENTS) >= 6
    assert set(sample_scores) == set(STUDENTS)


def test_everything_right_scores_full_marks(sample_scores):
    assert sample_scores["aiko"] == sum(points(read(path)) for path in SOLUTIONS)


def test_nothing_filled_in_scores_nothing(sample_scores):
    assert sample_scores["ben"] == 0


def test_half_done_scores_the_notebooks_that_are_done(sample_scores):
    student = tomllib.loads((ROOT / "tests/sample_class/chie.toml").read_text(encoding="utf-8"))
    done = [path for path in SOLUTIONS if path.stem in student["filled_in"]]
    assert 0 < sample_scores["chie"] == sum(points(read(path)) for path in done)


@pytest.mark.parametrize("name", ["daniel", "emi", "farid"])
def test_typical_mistakes_cost_their_own_tasks(sample_scores, name):
    student = tomllib.loads((ROOT / f"tests/sample_class/{name}.toml").read_text(encoding="utf-8"))
    failed = autograded_failures(SAMPLE / "autograded" / name / "transformer")
    mistaken = {task for tasks in student["mistakes"].values() for task in tasks}
    assert {f"{task}_hidden_tests" for task in mistaken} <= failed
    assert 0 < sample_scores[name] < sum(points(read(path)) for path in SOLUTIONS)


def test_every_graded_cell_was_really_run():
    count = 0
    for path in SOLUTIONS:
        graded = read(SAMPLE / "autograded" / "aiko" / "transformer" / path.name)
        for cell in graded.cells:
            if is_graded(cell):
                assert cell.execution_count is not None, f"{path.stem}: {cell.id} was not run"
                count += 1
    assert count == sum(len(graded_cells(read(path))) for path in SOLUTIONS)


@pytest.mark.parametrize("name", STUDENTS)
def test_every_student_gets_a_feedback_page_a_notebook(name):
    pages = sorted(p.stem for p in (SAMPLE / "feedback" / name / "transformer").glob("*.html"))
    assert pages == [path.stem for path in SOLUTIONS]


# --- what students may see ----------------------------------------------------------------


def shown_text(page):
    """The text of a feedback page, as a reader sees it, without line breaks and indents."""
    text = html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))
    return re.sub(r"\s+", " ", text)


def telling_lines(source):
    """The lines of a piece of code that would give it away."""
    lines = [re.sub(r"\s+", " ", line.strip()) for line in source.splitlines()]
    return {line for line in lines if len(line) > 30 and not line.startswith("#")}


def secrets(path):
    """The lines of hidden tests and of reference answers that the released notebook lacks."""
    released = read(ROOT / "exercises" / "transformer" / path.name)
    public = re.sub(r"\s+", " ", "\n".join(cell.source for cell in released.cells))
    hidden, answers = set(), set()
    for cell in read(path).cells:
        if is_graded(cell):
            hidden |= telling_lines(cell.source)
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            answers |= telling_lines(cell.source)
    return [{line for line in lines if line not in public} for lines in (hidden, answers)]


@pytest.mark.parametrize("name", STUDENTS)
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_feedback_shows_no_hidden_test_and_no_reference(path, name, sample_scores):
    hidden, answers = secrets(path)
    assert len(hidden) > 20 and len(answers) > 5, "there is something to hide"
    text = shown_text(SAMPLE / "feedback" / name / "transformer" / f"{path.stem}.html")
    own = read(SAMPLE / "submitted" / name / "transformer" / path.name)
    written = re.sub(r"\s+", " ", "\n".join(cell.source for cell in own.cells))
    assert not {line for line in hidden if line in text and line not in written}
    assert "HIDDEN TESTS" not in text
    assert not {line for line in answers if line in text and line not in written}


def test_feedback_says_what_is_wrong_and_where_to_read(sample_scores):
    text = shown_text(SAMPLE / "feedback/daniel/transformer/03-scaled-dot-product.html")
    for words in [
        "does not hold: the score is the dot product divided by the square root of d_k",
        "Called: attention_scores(float32 tensor (1, 4), float32 tensor (1, 4))",
        "expected there: [5] got there: [10]",
        "Known mistake: the 1/√d_k is missing.",
        "Read again: book/transformer/scaled-dot-product.",
        "daniel/transformer/03-scaled-dot-product.ipynb",
        "SHA-256",
    ]:
        assert words in text, words


# --- broken submissions -------------------------------------------------------------------


def command(*line, cwd):
    return subprocess.run(
        [sys.executable, "-m", *line], cwd=cwd, capture_output=True, text=True, encoding="utf-8",
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
        name = "homework.ipynb" if student == "renamed" else f"{NOTEBOOK}.ipynb"
        if notebook is not None:
            nbformat.write(notebook, folder / name)
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
    """What the teacher reads who grades before releasing."""
    return command("grader", "transformer", cwd=course)


@pytest.fixture(scope="module")
def graded(course, too_early):
    """Output and scores of grading that course."""
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
        ("renamed", "Rename it"),
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
