"""The judge's outcomes: like those of answers and tests in one process, and within limits."""

import copy
import time

import nbformat
import pytest

from grader.bank import read_bank
from grader.judging.job import Outcome
from grader.judging.judge import judge
from grader.notebooks import defined_names
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.walls import Limits
from grader.submissions.reading import MAX_SOURCE, match_cells, rebuild, sources_of
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
        known = read_bank(path)
        for task in answers:
            fitting = [a for a in known if a.task == task and a.is_correct == (what == "variant")]
            answers[task] = fitting[0 if which == "first" else -1].source
    return answers


def run_judge(path, answers, sandbox):
    return judge(NOTEBOOKS[path], {task: (text,) for task, text in answers.items()}, sandbox)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_judge_agrees_with_a_direct_run(path, kind, sandbox):
    answers = answers_of(path, kind)
    judged = run_judge(path, answers, sandbox)
    direct = run_cells(NOTEBOOKS[path], answers)
    assert set(judged) == {*answer_cells(NOTEBOOKS[path]), *graded_cells(NOTEBOOKS[path])}
    for cell in graded_cells(NOTEBOOKS[path]):
        outcome = judged[cell]
        assert not outcome.stopped, outcome.error
        if outcome.lent:  # the direct run has no reference in place of wrong earlier answers
            assert direct[cell] is not None
            continue
        assert outcome.passed == (direct[cell] is None), (outcome.error, direct[cell])
        if "Type-check error" in (direct[cell] or ""):
            continue  # the shapes that reach lib are checked in this process only
        if not outcome.passed and direct[cell].startswith("CheckFailed"):
            # The sentence and the broken step must be the same; the text of an error may differ.
            assert outcome.error.split("Called:")[0] == direct[cell].split("Called:")[0]
    if kind in ("reference", "first variant", "last variant"):
        assert all(outcome.passed for outcome in judged.values())


MASKS = next(path for path in SOLUTIONS if path.stem == "02-masks")
REFERENCE = answers_of(MASKS, "reference")


@pytest.fixture
def judged_with(sandbox):
    return lambda answer: run_judge(MASKS, REFERENCE | {"causal_mask": answer}, sandbox)


def test_an_answer_that_is_missing_fails_its_own_tests_only(sandbox):
    answers = {task: text for task, text in REFERENCE.items() if task != "causal_mask"}
    outcomes = run_judge(MASKS, answers, sandbox)
    failed = {cell for cell, outcome in outcomes.items() if not outcome.passed}
    assert failed == {"causal_mask_tests", "causal_mask_hidden_tests"}
    assert "causal_mask" in outcomes["causal_mask_tests"].error


def test_a_syntax_error_is_the_cells_own(judged_with):
    outcomes = judged_with("def causal_mask(length)\n    return 1")
    assert outcomes["causal_mask"].error == "SyntaxError: expected ':' (line 1 of the cell)"
    assert not outcomes["causal_mask_hidden_tests"].passed
    assert outcomes["padding_mask_hidden_tests"].passed


UNWRITTEN = "def causal_mask(*a, **k):\n    raise NotImplementedError"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (
            "def causal_mask(length)\n    return 1",
            "your cell has a SyntaxError in line 1: expected",
        ),
        ("x = 1\n1 / 0", "your cell raised a ZeroDivisionError in line 2: division by zero"),
        ("def causalmask(*a): return 1", "your cell defines `causalmask`, asked is `causal_mask`"),
        ("x = 1 == 1", "your cell defines `x`, asked is `causal_mask`"),
        ("print(1)", "your cell does not define `causal_mask`"),
        ("", "the answer cell is empty"),
        (UNWRITTEN, "It still raises NotImplementedError: replace that line by your code"),
        (
            "def causal_mask(*a):\n    return torch.distributions.Distribution().sample()",
            "It raised NotImplementedError: (in Distribution.rsample)",
        ),
        (
            "def causal_mask(*a):\n    return [][3]",
            "list index out of range, in line 2 of the cell",
        ),
        (
            "from lib.masks import causal_mask as own\ndef causal_mask(*a): return own(2)",
            "It raised Forbidden: lib.masks.causal_mask is what this notebook asks you to write",
        ),
        (
            "def causal_mask(*a): return torch.ones(10**10)",
            "that is over the memory limit of 1 GiB",
        ),
        (
            "def causal_mask(*a):\n    x = []\n    while True: x.append(bytes(10**8))",
            "It raised MemoryError, in line 3 of the cell that defines causal_mask; that is over",
        ),
        (
            "import threading\ndef causal_mask(*a): threading.Thread(target=print).start()",
            "can't start new thread, in line 2 of the cell",
        ),
        ("def causal_mask(*a): return torch.ones(2 * 10**7)", "; at most 64 MiB of tensors and"),
        ("def causal_mask(*a): return 'x' * 10**7", "; at most 64 MiB of tensors and 4 MiB of all"),
    ],
)
def test_the_true_cause_is_told(answer, cause, judged_with):
    outcomes = judged_with(answer)
    for test in ("causal_mask_tests", "causal_mask_hidden_tests"):
        assert cause in outcomes[test].cause, outcomes[test]
        assert not outcomes[test].stopped
    assert outcomes["padding_mask_tests"].cause == ""


def test_a_missing_helper_is_told_with_the_added_cell_that_failed(sandbox):
    answers = {task: (text,) for task, text in REFERENCE.items()}
    helper = "import nowhere\ndef helper(*a): return 1"
    answers["causal_mask"] = (helper, "def causal_mask(*a, **k): return helper()")
    outcome = judge(NOTEBOOKS[MASKS], answers, sandbox)["causal_mask_tests"]
    assert "name 'helper' is not defined" in outcome.error
    assert outcome.cause.endswith(
        "; an added cell above failed with ModuleNotFoundError: No module named 'nowhere' (line 1 "
        "of the cell), so `helper` is not defined"
    )


def test_no_cell_prints_what_a_hidden_test_has_called(sandbox):
    """A later answer prints the calls that an earlier one has recorded; there are none yet."""
    spy = "calls = []\ndef padding_mask(*a, **k):\n    calls.append(str(a))"
    answers = REFERENCE | {
        "padding_mask": spy,
        "causal_mask": f"print('calls:', calls)\n{REFERENCE['causal_mask']}",
        "decoder_mask": "def decoder_mask(*a, **k):\n    import os\n    os._exit(0)",
        "window_mask": f"print('calls:', calls)\n{REFERENCE['window_mask']}",
    }
    outcomes = run_judge(MASKS, answers, sandbox)
    assert outcomes["decoder_mask_tests"].stopped, "so that all cells were run once more"
    for task in ("causal_mask", "window_mask"):
        assert outcomes[task].output == "calls: []\n"


def test_a_name_that_was_lent_is_undefined_again(sandbox):
    looks = (
        "seen = []\ndef masked_softmax(*a, **k):\n"
        "    seen.append('attention_scores' in globals())\n"
        "    raise ValueError(str(seen))"
    )
    answers = SCALED_REFERENCE | {"attention_scores": "", "masked_softmax": looks}
    outcomes = run_judge(SCALED, answers, sandbox)
    assert "[False, True, False, True]" in outcomes["masked_softmax_hidden_tests"].error


PLAIN = """\
assert twice(np.float64(2)) == 4
assert twice(3) == 6, "three is doubled"
### BEGIN HIDDEN TESTS
assert twice(5) == 10
assert twice(7) == 14, "seven is doubled"
### END HIDDEN TESTS"""


@pytest.mark.parametrize(
    ("answer", "must_hold", "error"),
    [
        ("return 2 * x", "", ""),
        ("return x", "twice(np.float64(2)) == 4", "AssertionError"),
        ("return 4", "twice(3) == 6", "AssertionError: three is doubled"),
        ("return 2 * min(x, 4)", "what a hidden test asserts", "AssertionError"),
        ("return 2 * min(x, 6)", "seven is doubled", "AssertionError: seven is doubled"),
        ("return [][int(x)]", "", "IndexError"),
        ("assert x is None", "", "AssertionError"),
    ],
)
def test_a_teachers_plain_notebook_is_graded(answer, must_hold, error, sandbox):
    """The import cell has no nbgrader metadata, and the tests are plain asserts."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("import numpy as np"),
            nbformat.v4.new_code_cell(
                "def twice(x):\n    return np.multiply(2, x).item()",
                metadata={"nbgrader": {"grade_id": "twice", "solution": True}},
            ),
            nbformat.v4.new_code_cell(
                PLAIN.replace("np.float64(2)", "float(np.float64(2))"),
                metadata={"nbgrader": {"grade_id": "tests", "grade": True, "points": 1}},
            ),
            nbformat.v4.new_code_cell("this is no Python, and stands below all tests"),
        ]
    )
    outcomes = judge(notebook, {"twice": (f"def twice(x):\n    {answer}",)}, sandbox)
    outcome = outcomes["tests"]
    assert outcome.passed == (not error)
    assert outcome.error.startswith(error)
    found = outcome.failure.must_hold if outcome.failure else ""
    assert found == must_hold.replace("np.float64(2)", "float(np.float64(2))")
    assert ("in line 2 of the cell" in outcome.cause) == bool(error and not must_hold)


def test_warnings_and_prints_cost_nothing_and_are_kept(judged_with):
    chatty = "import sys, warnings\nwarnings.warn('beware')\nprint('hello', file=sys.stderr)\n"
    outcomes = judged_with(chatty + REFERENCE["causal_mask"])
    assert all(outcome.passed for outcome in outcomes.values())
    assert "hello" in outcomes["causal_mask"].output


@pytest.mark.parametrize(
    "attack",
    [
        "import builtins\nbuiltins.AssertionError = Exception\nbuiltins.abs = lambda x: 0",
        "import torch\ntorch.equal = lambda *a: True\ntorch.Tensor.__eq__ = lambda *a: True",
        "import checking\nchecking.check = lambda *a, **k: None",
        "import checking\nchecking.check_same_as = lambda *a, **k: None",
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])",
        "import sys\nsys.settrace(lambda *a: None)",
        "class Everything:\n    def __eq__(self, other): return True\n"
        "def causal_mask(*a, **k): return Everything()",
        "def causal_mask(*a, **k):\n    import sys\n    return sys._getframe(1).f_locals",
        "def causal_mask(*a, **k):\n    import os\n    os._exit(0)",
        "def causal_mask(*a, **k):\n    raise SystemExit(0)",
    ],
)
def test_an_attack_earns_nothing(attack, judged_with):
    """Each attack replaces an answer. Its tests must fail, and those of other tasks still pass."""
    if "def causal_mask" not in attack:
        attack += "\ndef causal_mask(*a, **k): return None"
    outcomes = judged_with(attack)
    assert not outcomes["causal_mask_tests"].passed
    assert not outcomes["causal_mask_hidden_tests"].passed
    assert outcomes["padding_mask_hidden_tests"].passed, "graded before the attack ran"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("while True: pass", "did not finish within 2 s"),
        ("def causal_mask(*a, **k):\n    while True: pass", "did not finish within 2 s"),
        ("import os\nos._exit(3)", "ended its own process (with exit code 3)"),
        ("import os\nos.abort()", "ended its own process"),
    ],
)
def test_code_that_is_stopped_costs_its_own_task(answer, says, lacking):
    with Sandbox(walls=not lacking, limits=Limits(seconds_per_call=2)) as sandbox:
        outcomes = run_judge(MASKS, REFERENCE | {"causal_mask": answer}, sandbox)
    stopped = {cell: outcome for cell, outcome in outcomes.items() if outcome.stopped}
    assert stopped and all(says in outcome.error for outcome in stopped.values())
    for cell, outcome in outcomes.items():
        if "tests" in cell:
            assert outcome.passed != cell.startswith("causal_mask_"), (cell, outcome)


def test_all_cells_together_have_a_limit(lacking):
    limits = Limits(seconds_per_call=5, seconds_per_notebook=4)
    slow = "import time\ntime.sleep(1.5)\n"
    with Sandbox(walls=not lacking, limits=limits) as sandbox:
        answers = {task: slow + text for task, text in REFERENCE.items()}
        outcomes = run_judge(MASKS, answers, sandbox)
    first, *_, last = outcomes.values()
    assert first == Outcome(True)
    assert last.stopped and "together took more than 4 s" in last.error


# --- a mistake costs its own task ---------------------------------------------------------

SCALED = next(path for path in SOLUTIONS if path.stem == "03-scaled-dot-product")
SCALED_REFERENCE = answers_of(SCALED, "reference")


def test_a_later_task_is_run_with_the_reference_where_the_earlier_answer_is_wrong(sandbox):
    wrong = "def attention_scores(query, key, scale=None): return query @ key.mT"
    outcomes = run_judge(SCALED, SCALED_REFERENCE | {"attention_scores": wrong}, sandbox)
    failed = {cell for cell, outcome in outcomes.items() if not outcome.passed}
    assert failed == {"attention_scores_tests", "attention_scores_hidden_tests"}
    assert outcomes["attention_hidden_tests"].lent == ("attention_scores",)


def test_two_errors_that_cancel_are_still_right_together(sandbox):
    """The later answer makes up for the mistake in the earlier one; with the reference it fails."""
    wrong = "def attention_scores(query, key, scale=None): return query @ key.mT"
    later = SCALED_REFERENCE["attention"].replace(
        "scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2))",
        "scores = attention_scores(query.transpose(1, 2), key.transpose(1, 2)) "
        "/ query.shape[-1] ** 0.5",
    )
    assert later != SCALED_REFERENCE["attention"]
    answers = SCALED_REFERENCE | {"attention_scores": wrong, "attention": later}
    outcomes = run_judge(SCALED, answers, sandbox)
    assert outcomes["attention_hidden_tests"].passed
    assert outcomes["attention_hidden_tests"].lent == ()


def test_the_reference_alone_earns_nothing(sandbox):
    """A student gets no points for a test that calls nothing of the student's."""
    path = next(path for path in SOLUTIONS if path.stem == "08-translator")
    outcomes = run_judge(path, {}, sandbox)
    assert not any(outcome.passed for cell, outcome in outcomes.items() if "tests" in cell)


def test_what_is_lent_can_be_called_and_not_read(sandbox):
    thief = """
def masked_softmax(scores, allowed):
    import inspect
    found = []
    for read in (inspect.getsource, vars, lambda f: f.__code__.co_consts, lambda f: f.__globals__):
        try:
            found.append(str(read(attention_scores))[:300])
        except Exception as error:
            found.append(type(error).__name__)
    raise ValueError(" | ".join(found))
"""
    answers = SCALED_REFERENCE | {"attention_scores": "", "masked_softmax": thief}
    outcomes = run_judge(SCALED, answers, sandbox)
    text = outcomes["masked_softmax_hidden_tests"].error
    assert "ValueError" in text
    assert "math.sqrt" not in text and "transpose" not in text


def test_a_test_that_ends_with_a_number_gives_partial_credit(sandbox):
    notebook = copy.deepcopy(NOTEBOOKS[MASKS])
    cell = next(c for c in notebook.cells if c.id == "causal_mask_tests")
    cell.source = "print('half of it')\n0.5 if causal_mask(3).sum() == 6 else 0"
    outcomes = judge(notebook, {task: (text,) for task, text in REFERENCE.items()}, sandbox)
    assert outcomes["causal_mask_tests"] == Outcome(True, output="half of it\n", partial=0.5)


def test_a_long_output_is_cut_and_costs_nothing(sandbox, judged_with):
    outcomes = judged_with("print('x' * 10**6)\n" + REFERENCE["causal_mask"])
    assert all(outcome.passed for outcome in outcomes.values())
    output = outcomes["causal_mask"].output
    assert output.startswith("xxx") and len(output) <= sandbox.limits.output


def with_later_setup(source):
    """The notebook with one more cell of the instructor's, after the tests of causal_mask."""
    notebook = copy.deepcopy(NOTEBOOKS[MASKS])
    place = [cell.id for cell in notebook.cells].index("causal_mask_hidden_tests") + 1
    about = {"grade": False, "grade_id": "later", "locked": True, "solution": False}
    cell = nbformat.v4.new_code_cell(source, id="later", metadata={"nbgrader": about})
    notebook.cells.insert(place, cell)
    return notebook


@pytest.mark.parametrize("spoils", ["", "sorted = None\n"])
def test_a_setup_cell_after_an_answer_runs_on_both_sides_and_may_fail_on_the_students(
    spoils, sandbox
):
    notebook = with_later_setup("later = sorted([2, 1])")
    test = next(cell for cell in notebook.cells if cell.id == "decoder_mask_tests")
    test.source = "check(later, [1, 2], 'the later setup was run here')\n" + test.source
    answers = {task: (text,) for task, text in REFERENCE.items()}
    answers["causal_mask"] = (spoils + REFERENCE["causal_mask"],)
    if not spoils:
        answers["decoder_mask"] = ("assert later == [1, 2]\n" + REFERENCE["decoder_mask"],)
    outcomes = judge(notebook, answers, sandbox)
    assert all(outcome.passed for outcome in outcomes.values()), outcomes


def test_a_cell_is_known_by_what_it_defines_unless_it_is_too_long():
    cells = read(MASKS).cells
    cell = next(cell for cell in cells if cell.id == "causal_mask")
    cell.id, cell.metadata = "lost", {}
    submission = match_cells(cells, NOTEBOOKS[MASKS])
    assert submission.sources["causal_mask"] == (REFERENCE["causal_mask"],)
    cell.source += "\n#" + "x" * MAX_SOURCE
    submission = match_cells(cells, NOTEBOOKS[MASKS])
    assert "causal_mask" not in submission.sources
    assert any("no cell found for causal_mask" in repair for repair in submission.repairs)


def test_what_was_added_to_the_instructors_cells_is_run_and_told():
    cells = read(MASKS).cells
    by_id = {cell.id: cell for cell in cells}
    by_id["setup"].source += "\nimport numpy as np\n%matplotlib inline"
    by_id["causal_mask_tests"].source = (
        f"import math\n{REFERENCE['causal_mask']}\nx = 3\n" + by_id["causal_mask_tests"].source
    )
    by_id["window_mask_tests"].source += "\n# a remark\nprint(window_mask(3, 1))"
    by_id["padding_mask_tests"].source += "\ndef padding_mask(:"
    submission = match_cells(cells, NOTEBOOKS[MASKS])
    first = next(iter(REFERENCE))
    assert "import numpy as np" in submission.sources[first][0]
    (added,) = submission.sources["causal_mask_tests"]
    assert added.startswith("import math\ndef causal_mask(") and "x = 3" not in added
    assert "window_mask_tests" not in submission.sources
    said = "\n".join(submission.repairs)
    assert "`import numpy as np` and 1 more" in said and "`import math` and 1 more" in said
    assert "padding_mask_tests was changed and has an error" in said
    rebuilt = rebuild(NOTEBOOKS[MASKS], submission)
    assert sources_of(rebuilt) == submission.sources


def test_a_cell_between_an_answer_and_its_test_is_run_with_that_answer():
    cells = read(MASKS).cells
    place = [cell.id for cell in cells].index("causal_mask") + 1
    cells.insert(place, nbformat.v4.new_code_cell("helper = 1"))
    cells.append(nbformat.v4.new_code_cell("below all tests"))
    submission = match_cells(cells, NOTEBOOKS[MASKS])
    assert submission.sources["causal_mask_tests"] == ("helper = 1",)
    assert set(submission.sources) == {*REFERENCE, "causal_mask_tests"}
    assert submission.repairs == ()


def test_two_attempts_that_have_lost_their_ids_are_both_run():
    cells = read(MASKS).cells
    place = [cell.id for cell in cells].index("causal_mask")
    attempts = ["def causal_mask(): return 1", "%time 1\ndef causal_mask(): return 2"]
    cells[place : place + 1] = map(nbformat.v4.new_code_cell, attempts)
    submission = match_cells(cells, NOTEBOOKS[MASKS])
    assert submission.sources["causal_mask"] == tuple(attempts)
    assert "two cells are causal_mask; they were run one after the other" in submission.repairs


def test_reading_huge_cells_takes_time_by_their_size_alone():
    huge = "def causal_mask(): pass\n" + "(" * 90 + "1" + "+1" * (MAX_SOURCE // 3) + ")" * 90
    cells = [nbformat.v4.new_code_cell(f"{huge}\n#{i}") for i in range(100)]
    start = time.perf_counter()
    submission = match_cells(cells, NOTEBOOKS[MASKS])
    assert time.perf_counter() - start < 10  # reading all takes 1 s, parsing one takes 2 s
    assert any("causal_mask has over 200,000 characters" in said for said in submission.repairs)


def test_only_names_defined_at_top_level_are_the_students():
    source = (
        "import math\nx: int = 3\ny = z = 4\ndef f():\n    inner = 1\nclass C: pass\nif x: w = 1"
    )
    assert defined_names(source) == {"x", "y", "z", "f", "C"}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        # In the judge's process, one call that needs too much memory, and calls without end.
        ("attention_scores(torch.ones(10**5, 1), torch.ones(10**5, 1))", "memory"),
        ("[attention_scores(torch.ones(3000, 1), torch.ones(3000, 1)) for _ in range(10**6)]", ""),
    ],
)
def test_what_is_lent_cannot_be_used_to_break_the_judge(call, says, lacking):
    thief = f"def masked_softmax(scores, allowed):\n    return {call}"
    answers = SCALED_REFERENCE | {"attention_scores": "", "masked_softmax": thief}
    with Sandbox(walls=not lacking, limits=Limits(seconds_per_call=3)) as sandbox:
        outcomes = run_judge(SCALED, answers, sandbox)
    outcome = outcomes["masked_softmax_tests"]
    assert not outcome.passed and says in outcome.error
    assert outcomes["attention_hidden_tests"].passed
