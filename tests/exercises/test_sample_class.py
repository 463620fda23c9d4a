"""The sample class, graded by `make sample-class`: scores, and what students may see."""

import csv
import html
import re
import tomllib

import pytest

from tests.exercises.running import ROOT, SOLUTIONS, graded_cells, is_graded, read
from tests.selection import PARTS
from tools.sample_class import filled_in, mistakes_in

SAMPLE = ROOT / "_build" / "sample-class"
STUDENTS = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "tests" / "sample_class").glob("*.toml"))
}


def notebooks(part):
    return [path for path in SOLUTIONS if path.parent.name == part]


@pytest.fixture(scope="module")
def scores():
    """Score of each student of the sample class, by part."""
    grades = SAMPLE / "grades.csv"
    if not grades.exists():
        pytest.fail(f"{grades} is missing: run `make sample-class` first")
    found = {part: {} for part in PARTS}
    with grades.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["assignment"] in found:
                found[row["assignment"]][row["student_id"]] = float(row["score"])
    return found


def points(paths):
    return sum(
        cell.metadata.nbgrader.points
        for path in paths
        for cell in read(path).cells
        if is_graded(cell)
    )


def autograded_failures(folder):
    """The ids of the graded cells that show an error in a graded submission."""
    return {
        cell.metadata.nbgrader.grade_id
        for path in folder.glob("*.ipynb")
        for cell in read(path).cells
        if is_graded(cell) and any(output.output_type == "error" for output in cell.outputs)
    }


def test_the_sample_class_is_of_six_and_all_were_graded(scores):
    assert len(STUDENTS) >= 6
    for part in PARTS:
        assert set(scores[part]) == set(STUDENTS)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", STUDENTS)
def test_what_is_filled_in_and_right_counts_and_nothing_else(part, name, scores):
    student, paths = STUDENTS[name], notebooks(part)
    chosen = filled_in(student, [path.stem for path in paths])
    done = [path for path in paths if path.stem in chosen]
    wrong = {task for path in done for task in mistakes_in(student, path)}
    failed = autograded_failures(SAMPLE / "autograded" / name / part)
    assert {f"{task}_hidden_tests" for task in wrong} <= failed
    if wrong:
        assert scores[part][name] < points(done)
    else:
        assert scores[part][name] == points(done)


def test_the_transformers_sample_class_scores_what_it_always_has(scores):
    if "transformer" not in scores:
        pytest.skip("the scores of another part are not known beforehand")
    expected = {"aiko": 158, "ben": 0, "chie": 74, "daniel": 151, "emi": 149, "farid": 124}
    assert scores["transformer"] == expected


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_graded_cell_was_really_run(path):
    graded = read(SAMPLE / "autograded" / "aiko" / path.parent.name / path.name)
    cells = [cell for cell in graded.cells if is_graded(cell)]
    assert len(cells) == len(graded_cells(read(path)))
    for cell in cells:
        assert cell.execution_count is not None, f"{cell.id} was not run"


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", STUDENTS)
def test_every_student_gets_a_feedback_page_a_notebook_and_one_over_all(part, name):
    pages = sorted(path.stem for path in (SAMPLE / "feedback" / name / part).glob("*.html"))
    assert pages == [*(path.stem for path in notebooks(part)), "index"]


# --- what students may see ----------------------------------------------------------------


def shown_text(page):
    """The text of a feedback page, as a reader sees it, without line breaks and indents."""
    text = html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))
    return re.sub(r"\s+", " ", text)


def telling_lines(source):
    """The lines of code that are long enough to give the code away, without comments."""
    lines = [re.sub(r"\s+", " ", line.strip()) for line in source.splitlines()]
    return {line for line in lines if len(line) > 30 and not line.startswith("#")}


def secrets(path):
    """The lines of hidden tests and of reference answers that the released notebook lacks."""
    released = read(ROOT / "exercises" / path.parent.name / path.name)
    public = re.sub(r"\s+", " ", "\n".join(cell.source for cell in released.cells))
    hidden, answers = set(), set()
    for cell in read(path).cells:
        if is_graded(cell):
            hidden |= telling_lines(cell.source)
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            answers |= telling_lines(cell.source)
    return [{line for line in lines if line not in public} for lines in (hidden, answers)]


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_feedback_shows_no_hidden_test_and_no_reference(path):
    hidden, answers = secrets(path)
    assert hidden, "there is something to hide"
    for name in STUDENTS:
        text = shown_text(SAMPLE / "feedback" / name / path.parent.name / f"{path.stem}.html")
        own = read(SAMPLE / "submitted" / name / path.parent.name / path.name)
        written = re.sub(r"\s+", " ", "\n".join(cell.source for cell in own.cells))
        assert not {line for line in hidden if line in text and line not in written}
        assert "HIDDEN TESTS" not in text
        assert not {line for line in answers if line in text and line not in written}


@pytest.mark.skipif("transformer" not in PARTS, reason="looks at a page of the transformer's")
def test_feedback_says_what_is_wrong_and_where_to_read():
    text = shown_text(SAMPLE / "feedback/daniel/transformer/03-scaled-dot-product.html")
    for words in [
        "This must hold: the score is the dot product divided by the square root of d_k",
        "Called: attention_scores(float32 tensor (1, 4), float32 tensor (1, 4))",
        "expected there: [5] got there: [10]",
        "Known mistake: the 1/√d_k is missing.",
        "Read again: book/transformer/scaled-dot-product.",
        "What to mend first",
        "daniel/transformer/03-scaled-dot-product.ipynb",
        "SHA-256",
    ]:
        assert words in text, words
