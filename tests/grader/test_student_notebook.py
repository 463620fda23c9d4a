"""What a released notebook says: points, and what a test that passes means."""

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from grader.release.student_notebook import StudentNotebook
from tests.grader.own_course import answer, cell, hidden


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
