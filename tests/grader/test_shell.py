"""What passes in the student's Jupyter passes in grading, and the other way round."""

import contextlib
import sys

import pytest
from jupyter_client.manager import KernelManager
from nbformat.v4 import new_code_cell, new_notebook

from grader.judging.judge import judge
from grader.submissions.reading import match_cells

SETUP = """\
import torch
from checking import call, check, check_same_as, forbid

forbid("lib.masks.causal_mask")"""
ANSWER = "def twice(x):\n    return 2 * x"
TEST = """\
check(call(twice, torch.tensor([1.0, 2])), torch.tensor([2.0, 4]), "each number is doubled")
check_same_as(lambda x: x + x, twice, torch.tensor([3.0]), must_hold="a gradient of 2")"""
LATER = "def last(x):\n    return x[-1]"
LATER_TEST = 'check(call(last, [1, 2]), 2, "the last one")'
UNWRITTEN = "def twice(x):\n    raise NotImplementedError"
USES_HELPER = "def twice(x):\n    return helper(x)"
HELPER = "def helper(x):\n    return 2 * x"
FORBIDDEN = "def twice(x):\n    causal_mask(3)\n    return 2 * x"

# What a student has made of the notebook: whether the tests of `twice` pass, and the cells that are
# not as they were: the answer, "above" it, "below" it, the set-up cell and the test cell.
SUBMISSIONS = {
    "as it should be": (True, {}),
    "a command atop the answer": (True, {"answer": f"!{{sys.executable}} -V\n{ANSWER}"}),
    "a command whose result is used": (True, {"answer": f"files = !echo a\n{ANSWER}"}),
    "pip before a helper": (True, {"above": f"%pip --version\n{HELPER}", "answer": USES_HELPER}),
    "plots in the notebook": (True, {"answer": f"%matplotlib inline\n{ANSWER}"}),
    "sharper plots": (
        True,
        {"answer": f"%matplotlib inline\n%config InlineBackend.figure_format = 'svg'\n{ANSWER}"},
    ),
    "autoreload": (True, {"answer": f"%load_ext autoreload\n%autoreload 2\n{ANSWER}"}),
    "a timed cell": (True, {"answer": f"%%time\n{ANSWER}"}),
    "a timed line": (True, {"above": "%time factor = 2", "answer": ANSWER.replace("2", "factor")}),
    "a measured line": (True, {"answer": f"{ANSWER}\n%timeit -n1 -r1 twice(3)"}),
    "a measured cell defines nothing": (False, {"answer": f"%%timeit -n1 -r1\n{ANSWER}"}),
    "a silent cell": (True, {"answer": f"%%capture\nprint(1)\n{ANSWER}"}),
    "the shell's own system": (True, {"answer": f"get_ipython().system('true')\n{ANSWER}"}),
    "a plot": (
        True,
        {"answer": f"import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n{ANSWER}"},
    ),
    "something displayed": (True, {"answer": f"display('a')\n{ANSWER}\ntwice(1)"}),
    "help": (True, {"answer": f"{ANSWER}\n?twice"}),
    "a helper above": (True, {"above": HELPER, "answer": USES_HELPER}),
    "a helper below": (True, {"answer": USES_HELPER, "below": HELPER}),
    "an answer in two cells": (True, {"answer": UNWRITTEN, "below": ANSWER}),
    "a helper that a later cell replaces": (
        True,
        {"above": HELPER, "answer": USES_HELPER, "later": f"helper = None\n{LATER}"},
    ),
    "an import in the set-up cell": (
        True,
        {"setup": f"{SETUP}\nimport numpy as np", "answer": ANSWER.replace("2 *", "np.int64(2) *")},
    ),
    "an answer in the test cell": (True, {"answer": UNWRITTEN, "test": f"{ANSWER}\n\n{TEST}"}),
    "an import in the test cell": (
        True,
        {"answer": ANSWER.replace("2 * x", "math.sqrt(4) * x"), "test": f"import math\n{TEST}"},
    ),
    "another default dtype": (
        True,
        {
            "above": "torch.set_default_dtype(torch.float64)",
            "answer": ANSWER.replace("2 * x", "torch.full(x.shape, 2.0) * x"),
        },
    ),
    "a helper whose cell failed": (
        False,
        {"above": f"import nowhere\n{HELPER}", "answer": USES_HELPER},
    ),
    "unwritten": (False, {"answer": UNWRITTEN}),
    "another name": (False, {"answer": ANSWER.replace("twice", "twize")}),
    "a syntax error": (False, {"answer": "def twice(x)\n    return 2 * x"}),
    "an argument that is changed": (False, {"answer": "def twice(x):\n    x *= 2\n    return x"}),
    "what is forbidden, imported by name": (
        False,
        {"answer": f"from lib.masks import causal_mask\n{FORBIDDEN}"},
    ),
    "what is forbidden, in another module": (
        False,
        {
            "answer": "from checking.pieces.transformer import decoder_mask\n"
            + FORBIDDEN.replace("causal_mask(3)", "decoder_mask(torch.ones(1, 3).long(), 0)")
        },
    ),
    "what is forbidden, imported before the ban": (
        False,
        {"setup": f"from lib.masks import causal_mask\n{SETUP}", "answer": FORBIDDEN},
    ),
}


def marked(name, source, **role):
    about = {"grade": False, "solution": False, "grade_id": name, **role}
    return new_code_cell(source, id=name, metadata={"nbgrader": about})


def notebook(setup=SETUP, above="", answer=ANSWER, below="", test=TEST, later=LATER):
    cells = [
        marked("setup", setup),
        new_code_cell(above, id="above"),
        marked("twice", answer, solution=True),
        new_code_cell(below, id="below"),
        marked("twice_tests", test, grade=True, points=1),
        marked("last", later, solution=True),
        marked("last_tests", LATER_TEST, grade=True, points=1),
    ]
    return new_notebook(cells=[cell for cell in cells if cell.source])


@pytest.fixture(scope="module")
def kernel():
    """A function: the cells of a notebook → the ids of those that fail in a real kernel."""
    manager = KernelManager(kernel_name="python3")
    manager.kernel_spec.argv = [
        *(sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}")
    ]
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)

    def run(source):
        reply = client.execute_interactive(source, timeout=60, output_hook=lambda message: None)
        return reply["content"]["status"] == "ok"

    def failing(cells):
        # What the notebook before has left behind: names, torch's settings, modules with bans.
        assert run(
            "%reset -f\nimport sys, torch\ntorch.set_default_dtype(torch.float32)\n"
            "for name in [n for n in sys.modules if n.split('.')[0] in ('lib', 'checking')]:\n"
            "    del sys.modules[name]\n"
        )
        return {cell.id for cell in cells if not run(cell.source)}

    yield failing
    with contextlib.suppress(RuntimeError):
        client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_a_notebook_passes_in_grading_exactly_if_it_passes_in_jupyter(name, kernel, sandbox):
    passes, changes = SUBMISSIONS[name]
    handed_in = notebook(**changes)
    failed = kernel(handed_in.cells)
    submission = match_cells(handed_in.cells, notebook())
    outcomes = judge(notebook(), submission.sources, sandbox)
    tests = {"twice_tests", "last_tests"}
    assert {cell for cell in tests if not outcomes[cell].passed} == failed & tests, outcomes
    assert ("twice_tests" not in failed) == passes
    assert "last_tests" not in failed
