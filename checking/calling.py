"""Calling a student's code."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from checking.failure import CheckFailed, note_call
from checking.words import describe, describe_call


def call(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call student code; an exception in it becomes a `CheckFailed` that names the call.

    What the code writes to stderr goes to stdout: nbgrader takes points from a test cell that
    writes to stderr, even if that is a harmless warning.

    Args:
        function: the function or module under test.
        args, kwargs: its arguments.

    Returns:
        What the function returned.

    Raises:
        CheckFailed: at step "ran", if the function raised, or changed a tensor or an array in its
            arguments outside of `in_place`; that is set back to what it was.
    """
    name = getattr(function, "__name__", type(function).__name__)
    note_call(describe_call(name, args, kwargs))
    given = [] if changes_are_accepted() else list(_changeable([args, kwargs]))
    before = [x.detach().clone() if isinstance(x, Tensor) else x.copy() for x in given]
    try:
        with contextlib.redirect_stderr(sys.stdout), accept_changes(True):
            result = function(*args, **kwargs)
    except NotImplementedError as error:
        raise CheckFailed(
            "your answer is written and its cell has been run",
            "ran",
            [
                "It still raises NotImplementedError: replace that line by your code, run the "
                "cell, then run this one again.",
            ],
        ) from error
    except Exception as error:
        detail = [f"It raised {type(error).__name__}: {error}", *_student_line(error)]
        raise CheckFailed("your code runs", "ran", detail) from error
    changed = [(now, old) for now, old in zip(given, before, strict=True) if not _equal(now, old)]
    for now, old in changed:
        _restore(now, old)  # later tests may use it, too
    for _, old in changed:
        raise changed_argument(old)
    return result


def changed_argument(before: Tensor | np.ndarray) -> CheckFailed:
    """The failed check for an argument that student code has changed; it was `before`."""
    detail = [
        f"An argument, {describe(before)}, had other values after the call. Operations whose name "
        "ends in _ and assignments such as x[...] = … or x += … change a tensor in place."
    ]
    return CheckFailed("the arguments are left as they were", "ran", detail)


_accepts_changes = False


def in_place() -> contextlib.AbstractContextManager[None]:
    """Let student code change the tensors and arrays that it is given, as its task asks."""
    return accept_changes(True)


@contextlib.contextmanager
def accept_changes(accepted: bool) -> Iterator[None]:
    """Say for a while whether student code may change the tensors and arrays that it is given."""
    global _accepts_changes
    before, _accepts_changes = _accepts_changes, accepted
    try:
        yield
    finally:
        _accepts_changes = before


def changes_are_accepted() -> bool:
    """Whether student code may now change what it is given; `grader.border` asks that, too."""
    return _accepts_changes


def _changeable(value: Any) -> Iterator[Tensor | np.ndarray]:
    """The tensors and arrays of numbers in a value, and in the containers in it."""
    if isinstance(value, Tensor) or (isinstance(value, np.ndarray) and value.dtype.kind in "biufc"):
        yield value
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _changeable(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _changeable(item)


def _equal(a: Tensor | np.ndarray, b: Tensor | np.ndarray) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.tobytes() == b.tobytes()
    a, b = torch.as_tensor(a), torch.as_tensor(b)
    return torch.equal(a, b) or _equal_with_nan(a, b)


def _equal_with_nan(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a.nan_to_num(), b.nan_to_num())


def _restore(value: Tensor | np.ndarray, content: Tensor | np.ndarray) -> None:
    if isinstance(value, np.ndarray):
        value[...] = content
    elif value.shape == content.shape:  # written into its memory, which others may share
        with torch.no_grad():
            value.copy_(torch.as_tensor(content))
    else:
        value.data = torch.as_tensor(content)


def _student_line(error: Exception) -> list[str]:
    """A sentence with the line of a student's cell in which the exception arose, or nothing."""
    if hasattr(
        error, "student_lines"
    ):  # set by grader.border, which brought the exception here from the student's process
        return error.student_lines
    lines = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        in_a_cell = "ipykernel" in code.co_filename or code.co_filename.startswith("<")
        # For a method this is the name of its class, for an inner function that of the outer one.
        outermost = code.co_qualname.split(".")[0]
        # Functions of the tests, which student code may call back, begin with an underscore.
        if in_a_cell and not outermost.startswith(("_", "<")):
            lines = [f"in line {trace.tb_lineno} of the cell that defines {outermost}"]
        trace = trace.tb_next
    return lines
