"""Calling a student's code."""

import contextlib
import sys
from collections.abc import Callable
from typing import Any

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
        CheckFailed: at step "ran", if the function raised or changed one of its arguments.
    """
    name = getattr(function, "__name__", type(function).__name__)
    note_call(describe_call(name, args, kwargs))
    tensors = [x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)]
    before = [x.detach().clone() for x in tensors]
    try:
        with contextlib.redirect_stderr(sys.stdout):
            result = function(*args, **kwargs)
    except Exception as error:
        raise explain_error(error) from error
    for tensor, copy in zip(tensors, before, strict=True):
        if not same_numbers(tensor, copy):
            raise changed_argument(copy)
    return result


def explain_error(error: Exception) -> CheckFailed:
    """The failed check for an exception that student code has raised."""
    if isinstance(error, NotImplementedError):
        return CheckFailed(
            "your answer is written and its cell has been run",
            "ran",
            [
                "It still raises NotImplementedError: replace that line by your code, run the "
                "cell, then run this one again.",
            ],
        )
    detail = [f"It raised {type(error).__name__}: {error}", *_student_line(error)]
    return CheckFailed("your code runs", "ran", detail)


def changed_argument(before: Tensor) -> CheckFailed:
    """The failed check for an argument that student code has changed; it was `before`."""
    detail = [
        f"An argument, {describe(before)}, had other values after the call. Operations whose name "
        "ends in _ and assignments such as x[...] = … or x += … change a tensor in place."
    ]
    return CheckFailed("the arguments are left as they were", "ran", detail)


def same_numbers(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have the same shape and values; NaN counts as equal to NaN."""
    return torch.equal(a, b) or _equal_with_nan(a, b)


def _equal_with_nan(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a.nan_to_num(), b.nan_to_num())


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
