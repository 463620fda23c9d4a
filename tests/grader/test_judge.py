"""The judge says what a direct run of answers and tests in one process says."""

import pytest

from grader.judge import Outcome, defined_names, judge
from grader.mistakes import BANK, read_bank
from tests.exercises.running import SOLUTIONS, answer_cells, graded_cells, read, run_cells

NOTEBOOKS = {path: read(path) for path in SOLUTIONS}
KINDS = ("reference", "first mistake", "last mistake", "first variant", "last variant")


def answers_of(path, kind):
    """An answer of one kind for each task of a notebook."""
    cells = NOTEBOOKS[path].cells
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    if kind != "reference":
        which, what = kind.split()
        known = read_bank(BANK / path.parent.name / f"{path.stem}.py")
        for task in answers:
            fitting = [a for a in known if a.task == task and a.is_correct == (what == "variant")]
            answers[task] = fitting[0 if which == "first" else -1].source
    return answers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_judge_agrees_with_a_direct_run(path, kind):
    answers = answers_of(path, kind)
    judged = judge(NOTEBOOKS[path], answers)
    direct = run_cells(NOTEBOOKS[path], answers)
    assert set(judged) == {*answer_cells(NOTEBOOKS[path]), *graded_cells(NOTEBOOKS[path])}
    for cell in graded_cells(NOTEBOOKS[path]):
        outcome = judged[cell]
        assert not outcome.stopped, outcome.error
        assert outcome.passed == (direct[cell] is None), (outcome.error, direct[cell])
        if not outcome.passed and direct[cell].startswith("CheckFailed"):
            # The same sentence and the same broken step; how an error is put may differ.
            assert outcome.error.split("Called:")[0] == direct[cell].split("Called:")[0]
    if kind in ("reference", "first variant", "last variant"):
        assert all(outcome.passed for outcome in judged.values())


MASKS = next(path for path in SOLUTIONS if path.stem == "02-masks")
REFERENCE = answers_of(MASKS, "reference")


def judged_with(answer, **options):
    return judge(NOTEBOOKS[MASKS], REFERENCE | {"causal_mask": answer}, **options)


def test_an_answer_that_is_missing_fails_its_own_tests_only():
    outcomes = judge(NOTEBOOKS[MASKS], {k: v for k, v in REFERENCE.items() if k != "causal_mask"})
    failed = {cell for cell, outcome in outcomes.items() if not outcome.passed}
    assert failed == {"causal_mask_tests", "causal_mask_hidden_tests"}
    assert "causal_mask" in outcomes["causal_mask_tests"].error


def test_a_syntax_error_is_the_cells_own():
    outcomes = judged_with("def causal_mask(length)\n    return 1")
    assert outcomes["causal_mask"].error.startswith("SyntaxError")
    assert not outcomes["causal_mask_hidden_tests"].passed
    assert outcomes["padding_mask_hidden_tests"].passed


def test_warnings_and_prints_cost_nothing_and_are_kept():
    chatty = "import sys, warnings\nwarnings.warn('beware')\nprint('hello', file=sys.stderr)\n"
    outcomes = judged_with(chatty + REFERENCE["causal_mask"])
    assert all(outcome.passed for outcome in outcomes.values())
    assert "hello" in outcomes["causal_mask"].output


@pytest.mark.parametrize(
    "attack",
    [
        "import builtins\nbuiltins.AssertionError = Exception\nbuiltins.abs = lambda x: 0",
        "import torch\ntorch.equal = lambda *a: True\ntorch.Tensor.__eq__ = lambda *a: True",
        "import lib.checking\nlib.checking.check = lambda *a, **k: None",
        "import lib.checking\nlib.checking.check_same_as = lambda *a, **k: None",
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])",
        "import sys\nsys.settrace(lambda *a: None)",
        "class Everything:\n    def __eq__(self, other): return True\n"
        "def causal_mask(*a, **k): return Everything()",
        "def causal_mask(*a, **k):\n    import sys\n    return sys._getframe(1).f_locals",
        "def causal_mask(*a, **k):\n    import os\n    os._exit(0)",
        "def causal_mask(*a, **k):\n    raise SystemExit(0)",
    ],
)
def test_an_attack_earns_nothing(attack):
    """Each replaces the answer; the tests of this task must fail and the others stand."""
    if "def causal_mask" not in attack:
        attack += "\ndef causal_mask(*a, **k): return None"
    outcomes = judged_with(attack)
    assert not outcomes["causal_mask_tests"].passed
    assert not outcomes["causal_mask_hidden_tests"].passed
    assert outcomes["padding_mask_hidden_tests"].passed, "graded before the attack ran"


def test_an_endless_cell_is_stopped_and_told_apart():
    outcomes = judged_with("while True: pass", seconds=1.0)
    assert outcomes["causal_mask"].stopped
    assert not outcomes["causal_mask_hidden_tests"].passed
    assert outcomes["padding_mask_hidden_tests"] == Outcome(True)


def test_only_names_defined_at_top_level_are_the_students():
    source = (
        "import math\nx: int = 3\ny = z = 4\ndef f():\n    inner = 1\nclass C: pass\nif x: w = 1"
    )
    assert defined_names(source) == {"x", "y", "z", "f", "C"}
