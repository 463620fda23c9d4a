"""`make quick` runs the tests that a change concerns, and no others."""

import pytest

from tools.quick_tests import changed_files, concerned_tests


@pytest.mark.parametrize(
    ("changed", "concerned", "unconcerned"),
    [
        ("lib/masks.py", "tests/lib/test_attention.py", "tests/grader/test_messages.py"),
        ("lib/plots.py", "tests/lib/test_plots.py", "tests/lib/test_lstm.py"),
        ("grader/border/writer.py", "tests/grader/test_border.py", "tests/lib/test_attention.py"),
        ("tests/lib/test_plots.py", "tests/lib/test_plots.py", "tests/lib/test_lstm.py"),
        ("tests/lib/helpers.py", "tests/lib/test_attention.py", "tests/grader/test_border.py"),
        ("solutions/transformer/02-masks.ipynb", "tests/exercises", "tests/lib/test_lstm.py"),
        ("book/transformer/overview.md", "tests/book/test_outline.py", "tests/lib/test_lstm.py"),
        ("README.md", "tests/test_documented_commands.py", "tests/lib/test_lstm.py"),
        ("checking/failure.py", "tests/test_imports.py", "tests/lib/test_lstm.py"),
    ],
)
def test_a_changed_file_brings_the_tests_that_depend_on_it(changed, concerned, unconcerned):
    chosen = concerned_tests([changed])
    assert concerned in chosen
    assert unconcerned not in chosen


def test_without_a_change_nothing_is_run():
    assert concerned_tests([]) == []


def test_changes_are_known_from_git():
    first = changed_files("4b825dc642cb6eb9a060e54bf8d69288fbee4904")  # git's empty tree
    assert "lib/attention.py" in first and "requirements.lock" in first
