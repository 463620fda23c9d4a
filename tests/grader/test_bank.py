"""Reading the bank, and completing answers to a class that hold only some of its methods."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grader import bank
from grader.bank import KnownAnswer, read_bank

FUNCTION = "def twice(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
CLASS = '''\
import math


class Scale(nn.Module):
    """Scale by a factor."""

    def __init__(self, factor):
        super().__init__()
        ### BEGIN SOLUTION
        self.factor = factor  # a number
        ### END SOLUTION

    @staticmethod
    def shift(x):
        """One more."""
        ### BEGIN SOLUTION
        return x + 1
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.factor * self.shift(x)
        ### END SOLUTION'''
INIT = """\
    def __init__(self, factor):
        super().__init__()
        self.factor = factor  # a number
"""
SHIFT = '''\
    @staticmethod
    def shift(x):
        """One more."""
        return x + 1
'''
FORWARD = """\
    def forward(self, x):
        return self.factor * self.shift(x)
"""


def scale(*methods, before=""):
    """The reference's class with these methods, below the text `before`."""
    head = 'import math\n\n\nclass Scale(nn.Module):\n    """Scale by a factor."""\n'
    return (before + "\n".join([head, *methods])).strip()


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """An instructor's notebook with a function and a class, in a course with an empty bank."""
    path = tmp_path / "solutions" / "part" / "notes.ipynb"
    path.parent.mkdir(parents=True)
    cells = [new_code_cell("import torch")] + [
        new_code_cell(source, metadata={"nbgrader": {"grade_id": task, "solution": True}})
        for task, source in (("twice", FUNCTION), ("Scale", CLASS))
    ]
    nbformat.write(new_notebook(cells=cells), path)
    monkeypatch.setattr(bank, "BANK", tmp_path / "bank")
    return path


@pytest.fixture
def read(notebook):
    """A function that writes files into the bank and reads it."""

    def read(**texts):
        folder = bank.BANK / "part" / "notes"
        folder.mkdir(parents=True, exist_ok=True)
        for task, text in texts.items():
            (folder / f"{task}.py").write_text(text, encoding="utf-8")
        return read_bank(notebook)

    return read


def test_a_notebook_without_a_bank_has_no_known_answers(notebook):
    assert read_bank(notebook) == []


def test_answers_come_in_the_order_of_the_tasks_and_of_the_file(read):
    answers = read(
        Scale="# %% mistake: raises\nclass Scale:\n    pass\n",
        twice='"""About."""\n\n\n# %% correct: adds\ndef twice(x):\n    return x + x\n\n\n'
        "# %% mistake: three times: too much\ndef twice(x):\n    # odd\n\n    return 3 * x\n",
    )
    assert answers == [
        KnownAnswer("twice", True, "adds", "def twice(x):\n    return x + x"),
        KnownAnswer(
            "twice",
            False,
            "three times: too much",
            "def twice(x):\n    # odd\n\n    return 3 * x",
        ),
        KnownAnswer("Scale", False, "raises", "class Scale:\n    pass"),
    ]


@pytest.mark.parametrize(
    "header",
    [
        "# %% misteak: forgets",
        "# %% mistake in twice: forgets",
        "# %% mistake",
        "# %% mistake: ",
        "#%% mistake: forgets",
        "# % mistake: forgets",
    ],
)
def test_a_header_with_a_slip_is_refused(read, header):
    good = "# %% correct: adds\ndef twice(x):\n    return x + x\n"
    with pytest.raises(ValueError, match=r"twice\.py, line 4: expected '# %% mistake: ") as caught:
        read(twice=f"{good}{header}\ndef twice(x): ...\n")
    assert str(caught.value).endswith(f"got {header!r}")


def test_a_header_without_an_answer_is_refused(read):
    with pytest.raises(ValueError, match=r"twice\.py, line 2: expected an answer"):
        read(twice="\n# %% mistake: forgets\n\n\n# %% correct: adds\ndef twice(x): ...\n")


def test_a_file_that_no_task_is_named_after_is_refused(read):
    with pytest.raises(ValueError, match=r"thrice\.py, line 1: .*\(twice, Scale\), got 'thrice'"):
        read(thrice="# %% mistake: forgets\ndef thrice(x): ...\n")


# --- answers that say only what differs ---------------------------------------------------


@pytest.fixture
def whole(read):
    """A function: the cell of an answer to the class → the whole answer."""
    return lambda cell: read(Scale=f"# %% mistake: some\n{cell}\n")[0].source


def test_a_method_takes_the_place_of_the_references(whole):
    cell = "def forward(self, x):\n    # without the shift\n\n    return self.factor * x"
    forward = (
        "    def forward(self, x):\n        # without the shift\n\n        return self.factor * x"
    )
    assert whole(cell) == scale(INIT, SHIFT, forward)


def test_several_methods_go_to_their_places_in_any_order(whole):
    cell = (
        "# The first comment.\ndef forward(self, x):\n    return x\n\n\n"
        "# The second comment.\ndef __init__(self, factor):\n    super().__init__()\n    # Its end."
    )
    init = (
        "    # The second comment.\n    def __init__(self, factor):\n"
        "        super().__init__()\n        # Its end.\n"
    )
    forward = "    # The first comment.\n    def forward(self, x):\n        return x"
    assert whole(cell) == scale(init, SHIFT, forward)


@pytest.mark.parametrize("kind", ["staticmethod", "classmethod"])
def test_a_static_method_or_a_class_method_needs_no_self(whole, kind):
    cell = f"@{kind}\ndef shift(x):\n    return x"
    shift = f"    @{kind}\n    def shift(x):\n        return x\n"
    assert whole(cell) == scale(INIT, shift, FORWARD)


def test_a_new_method_that_is_used_comes_last(whole):
    cell = (
        "def times(self, x):\n    return self.factor * x\n\n\n"
        "def forward(self, x):\n    return self.times(self.shift(x))"
    )
    forward = "    def forward(self, x):\n        return self.times(self.shift(x))\n"
    times = "    def times(self, x):\n        return self.factor * x"
    assert whole(cell) == scale(INIT, SHIFT, forward, times)


def test_all_else_stands_before_the_class(whole):
    before = (
        "from torch import relu\n\nBASE = 2\n\n\n# On top.\ndef helper(x):\n    return x + BASE"
    )
    cell = f"{before}\n\n\ndef forward(self, x):\n    return relu(helper(x))"
    forward = "    def forward(self, x):\n        return relu(helper(x))"
    assert whole(cell) == scale(INIT, SHIFT, forward, before=f"{before}\n\n\n")


def test_a_cell_with_the_class_stays_as_it_is(whole):
    cell = "def forward(x):\n    return x\n\n\nclass Scale(nn.Module):\n    pass"
    assert whole(cell) == cell


@pytest.mark.parametrize(
    ("cell", "line", "expected", "got"),
    [
        pytest.param(
            "\ndef foward(self, x):\n    return x",
            *(3, "a method of the reference (__init__, shift, forward), or", "'foward'"),
            id="method-misspelt",
        ),
        pytest.param(
            "def forward(self, x):\n    return x\n\n\ndef __int__(sefl, factor):\n    pass",
            *(6, "a method of the reference (__init__, shift, forward), or", "'__int__'"),
            id="method-and-self-misspelt",
        ),
        pytest.param(
            "def forward(sefl, x):\n    return x",
            *(2, "a method with `self` first", "'forward'"),
            id="self-misspelt",
        ),
        pytest.param(
            "def shift(x):\n    return x",
            *(2, "a method with `self` first", "'shift'"),
            id="decorator-forgotten",
        ),
        pytest.param(
            "def forward(self, x):\n    return x\n\n\ndef forward(self, x):\n    return 2 * x",
            *(6, "each method once", "'forward'"),
            id="method-twice",
        ),
        pytest.param(
            "class Skale(nn.Module):\n    pass",
            *(2, "`class Scale` or methods of it (__init__, shift, forward)", "'class Skale"),
            id="class-misspelt",
        ),
        pytest.param("def forward(self, x)\n    pass", 2, "Python", '"expected', id="syntax"),
    ],
)
def test_what_has_no_place_in_the_class_is_refused(whole, cell, line, expected, got):
    with pytest.raises(ValueError) as caught:
        whole(cell)
    message = str(caught.value)
    assert f"Scale.py, line {line}: expected {expected}" in message, message
    assert f", got {got}" in message, message
