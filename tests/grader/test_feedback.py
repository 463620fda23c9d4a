"""What students read after grading: a page for each notebook, and one over all of them."""

import html
import json
import re
import time

import nbformat
import pytest
from nbgrader.api import Gradebook

from grader.batch import page
from grader.batch.results import FAILED, PARTLY, PASSED, WAITING, Mark, NotebookMarks, results_of
from grader.judging.job import Failure, Outcome
from grader.judging.report import MOST_CHARACTERS, answer_in, write_outcomes
from grader.submissions.reading import match_cells, rebuild
from tests.grader.small_course import NOTEBOOK, RIGHT, SOURCE, WRONG, SmallCourse, notebook_with

TASK = "causal_mask"
BLANK_LINES = RIGHT + " \n" * 95_000
MARKED_UP = "*_`[" * 2_000
FAILURE = Failure("a later token is hidden", "values", f"{TASK}(2)", ("got: 3",), ("ran",))


def graded(answer=RIGHT, task=TASK, mistakes=(), **outcomes):
    """A graded notebook in which all tests passed, apart from the given outcomes by cell."""
    instructors = nbformat.read(SOURCE, as_version=4)
    submission = match_cells(notebook_with(answer, task)["cells"], instructors)
    notebook = rebuild(instructors, submission)
    about = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    names = [a["grade_id"] for a in about if a.get("grade") or a.get("solution")]
    found = {name: Outcome(True) for name in names} | outcomes
    write_outcomes(notebook, found, {TASK: tuple(mistakes)})
    return notebook


def marks_of(notebook, **by_hand):
    """The marks that grading would record, and those that a person has given."""
    marks = {}
    for cell in notebook.cells:
        about, result = cell.metadata.get("nbgrader", {}), cell.metadata.get("grader", {})
        if about.get("grade"):
            name = about["grade_id"]
            found = about["points"] if result["partial"] is None else result["partial"]
            automatic = float(found if result["passed"] else 0)
            score = by_hand.get(name, automatic)
            marks[name] = Mark(automatic, by_hand.get(name), score, False)
    return NotebookMarks(marks)


def page_on(notebook, **by_hand):
    return page.page_of(notebook, "chie", NOTEBOOK, marks_of(notebook, **by_hand))


def test_a_page_links_to_the_books_page_if_that_is_published(monkeypatch):
    notebook = graded()
    notebook.cells[0].source += "\n\n**Read first:** `book/transformer/attention`"
    assert "<code>book/transformer/attention</code>" in page_on(notebook)
    assert ".html" not in page_on(notebook)
    monkeypatch.setattr(page, "published_book", lambda: "https://someone.github.io/course/")
    link = '<a href="https://someone.github.io/course/book/transformer/attention.html">'
    assert f"{link}<code>book/transformer/attention</code></a>" in page_on(notebook)


def text_of(markup):
    """The text of a page as a reader sees it, without line breaks and indents."""
    body = markup.partition("<body>")[2]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", body)))


def test_a_page_leads_with_the_points_and_what_to_mend_and_ends_with_the_proof():
    failed = Outcome(False, "CheckFailed: it does not", failure=FAILURE)
    notebook = graded(WRONG, causal_mask_tests=failed, mistakes=["all ones"])
    text = text_of(page_on(notebook))
    order = [
        "Masks",
        "chie · 02-masks.ipynb",
        "19 of 20 points",
        "What to mend first",
        "This must hold: a later token is hidden.",
        "Known mistake: all ones.",
        "Read again: book/transformer/",
        "Points by task",
        "✗ 1 of 2 tests passed",
        "Your notebook",
        "SHA-256",
    ]
    places = [text.find(words) for words in order]
    assert -1 not in places and places == sorted(places), list(zip(order, places, strict=True))


def test_each_test_has_an_anchor_a_sign_and_a_word_of_its_own():
    failed = Outcome(False, "ValueError: no")
    markup = page_on(graded(causal_mask_hidden_tests=failed))
    cells = re.findall(r'<div class="cell is-(\w+)" id="([\w-]+)">\s*<p.*?</p>', markup, re.S)
    assert len({anchor for _, anchor in cells}) == len(cells) == 14
    assert [anchor for state, anchor in cells if state == "failed"] == [
        "cell-causal_mask_hidden_tests"
    ]
    assert 'href="#cell-causal_mask_hidden_tests"' in markup
    assert text_of(markup).count("✗ not passed, 0 of 2 points") == 1


def test_partial_credit_and_marks_by_hand_say_so():
    notebook = graded(causal_mask_hidden_tests=Outcome(True, partial=1.0))
    tasks = {task.task: task for task in results_of(notebook, marks_of(notebook))}
    assert tasks[TASK].state == PARTLY and tasks[TASK].score == 2
    assert tasks["padding_mask"].state == PASSED
    assert "partly passed" in text_of(page_on(notebook))
    by_hand = results_of(notebook, marks_of(notebook, causal_mask_hidden_tests=2.0))
    assert {task.task: task.state for task in by_hand}[TASK] == PASSED
    text = text_of(page_on(notebook, padding_mask_tests=0.0))
    assert "not passed, 0 of 1 points, marked by your teacher" in text


def test_a_written_answer_waits_for_a_person_and_is_shown_as_it_is():
    notebook = graded()
    (cell,) = [c for c in notebook.cells if c.id == f"{TASK}_task"]
    cell.metadata.nbgrader |= {"grade": True, "solution": True, "points": 2}
    cell.source = "<b>bold</b> [click](javascript:alert(1)) **stars**"
    tasks = {task.task: task for task in results_of(notebook, NotebookMarks())}
    assert tasks[f"{TASK}_task"].state == WAITING
    marked = NotebookMarks({f"{TASK}_task": Mark(None, 0.0, 0.0, False)})
    assert {t.task: t.state for t in results_of(notebook, marked)}[f"{TASK}_task"] == FAILED
    markup = page.page_of(notebook, "chie", NOTEBOOK, NotebookMarks())
    assert html.escape(cell.source) in markup
    assert "– waits for your teacher" in text_of(markup)


def test_nothing_printed_during_a_hidden_test_is_shown():
    printed = {
        name: Outcome(True, output=f"seen in {name}")
        for name in ("causal_mask", "causal_mask_tests", "causal_mask_hidden_tests")
    }
    text = text_of(page_on(graded(**printed)))
    assert "seen in causal_mask " in text and "seen in causal_mask_tests" in text
    assert "seen in causal_mask_hidden_tests" not in text


def test_formulas_are_there_without_a_network():
    notebook = graded()
    notebook.cells[0].source += "\n\n$$\\frac{1}{\\sqrt{d_k}}$$ and $\\unknowncommand{x}$"
    markup = page_on(notebook)
    assert "<mfrac>" in markup and r"<code>\unknowncommand{x}</code>" in markup
    assert not re.search(r"""(src|href)=["'](https?:|//)""", markup)
    assert "<script" not in markup


def test_control_characters_are_visible():
    failed = Outcome(False, "ValueError: \x1b[31m\u202e", output="\x00")
    markup = page_on(graded(f"x = '\u202e'\n{RIGHT}", causal_mask_tests=failed))
    assert not set(markup) & set("\x1b\x00\u202e")
    assert r"\x1b[31m\x202e" in markup


# --- long texts ---------------------------------------------------------------------------


def test_a_long_answer_is_cut_where_it_is_shown_and_whole_where_it_was_graded():
    notebook = graded(BLANK_LINES)
    (cell,) = [c for c in notebook.cells if c.id == TASK]
    assert len(cell.source) < MOST_CHARACTERS and "characters are not shown" in cell.source
    assert answer_in(cell) == BLANK_LINES


def test_what_grading_found_is_cut():
    long = Failure(MARKED_UP, "values", MARKED_UP, (MARKED_UP,) * 500, ("ran",))
    failed = Outcome(False, f"CheckFailed: {MARKED_UP * 10}", MARKED_UP * 10, failure=long)
    notebook = graded(causal_mask_tests=failed)
    assert len(json.dumps(notebook)) < len(json.dumps(graded())) + 200_000


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (BLANK_LINES, Outcome(True)),
        ("(" * 199_000, Outcome(True)),
        ("@\n" * 99_000, Outcome(True)),
        (RIGHT, Outcome(True, output="*_`[" * 7_500)),
        (RIGHT, Outcome(False, "", failure=Failure(MARKED_UP, "ran", MARKED_UP, (), ()))),
    ],
    ids=["blank lines", "brackets", "decorators", "output", "names"],
)
def test_a_hostile_text_takes_no_longer_than_a_page_may(answer, outcome):
    start = time.monotonic()
    markup = page_on(graded(answer, causal_mask_tests=outcome))
    assert time.monotonic() - start < page.SECONDS_A_PAGE / 2
    assert "Your notebook" in markup, "it is the whole page"


def test_a_page_that_cannot_be_made_in_time_gives_way_to_the_points(monkeypatch):
    monkeypatch.setattr(page, "SECONDS_A_PAGE", 0.5)
    monkeypatch.setattr(page, "code_html", lambda source: time.sleep(60))
    text = text_of(page_on(graded(causal_mask_tests=Outcome(False, "ValueError: no"))))
    assert "could not be made within 0.5 seconds and 1 GiB" in text
    assert "19 of 20 points" in text and "✗ 1 of 2 tests passed" in text


def test_a_page_that_takes_too_much_memory_gives_way_to_the_points(monkeypatch):
    monkeypatch.setattr(page, "code_html", lambda source: "x" * (2 * page.MEMORY_A_PAGE))
    assert "could not be made" in page_on(graded())


# --- a class ------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path):
    return SmallCourse(tmp_path)


def read_page(course, student, name):
    return (course.root / "feedback" / student / "transformer" / name).read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_student_gets_an_overview_even_without_a_readable_notebook(course):
    course.hand_in("chie", WRONG)
    course.hand_in("broken")
    course.submission("broken").write_text("{", encoding="utf-8")
    course.hand_in("empty")
    course.submission("empty").unlink()
    assert course.grade().returncode == 0
    text = text_of(read_page(course, "chie", "index.html"))
    assert "17 of 20 points" in text and "Masks, Task 2" in text
    assert f'href="{NOTEBOOK}.html#cell-causal_mask_tests"' in read_page(
        course, "chie", "index.html"
    )
    assert "could not be read: no valid JSON" in text_of(read_page(course, "broken", "index.html"))
    assert "not handed in" in text_of(read_page(course, "empty", "index.html"))


@pytest.mark.slow
def test_pages_are_written_again_where_a_mark_or_a_comment_has_changed_and_only_there(course):
    for student in ("chie", "daniel"):
        course.hand_in(student, WRONG)
    assert course.grade().returncode == 0
    pages = course.root / "feedback"
    before = {path: path.stat().st_mtime_ns for path in pages.rglob("*.html")}
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}", "transformer-course") as gradebook:
        where = (NOTEBOOK, "transformer", "chie")
        gradebook.find_grade("causal_mask_tests", *where).manual_score = 1
        gradebook.find_comment(TASK, *where).manual_comment = "Nearly <right>."
        gradebook.db.commit()
    assert course.grade().returncode == 0
    text = text_of(read_page(course, "chie", f"{NOTEBOOK}.html"))
    assert "18 of 20 points" in text and "Comment: Nearly <right>." in text
    after = {path: path.stat().st_mtime_ns for path in pages.rglob("*.html")}
    changed = {path.relative_to(pages).parts[0] for path in after if after[path] != before[path]}
    assert changed == {"chie"}


@pytest.mark.slow
def test_nbgraders_own_command_makes_the_same_page(course):
    course.hand_in("chie", WRONG)
    assert course.grade().returncode == 0
    ours = read_page(course, "chie", f"{NOTEBOOK}.html")
    result = course.nbgrader("generate_feedback", "transformer", "--force")
    assert result.returncode == 0, result.stderr
    assert read_page(course, "chie", f"{NOTEBOOK}.html") == ours
