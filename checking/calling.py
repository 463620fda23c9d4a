"""Calling a student's code."""

import contextlib
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from checking.bans import Forbidden
from checking.failure import CheckFailed, note_call
from checking.words import describe, describe_call

MOST_ARGUMENTS = 120  # characters of the arguments in the sentence of a failed check
UNWRITTEN = "your answer is written and its cell has been run"


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
        CheckFailed: at step "ran", if the function raised, or changed one of its arguments or a
            tensor, list or dict in one.
    """
    name = getattr(function, "__name__", type(function).__name__)
    called = describe_call(name, args, kwargs)
    note_call(called)
    before = [_copy(value) for value in (*args, *kwargs.values())]
    try:
        with contextlib.redirect_stderr(sys.stdout):
            result = function(*args, **kwargs)
    except CheckFailed:
        raise
    except Exception as error:
        raise _failure(error, name, called) from error
    for value, copy in zip((*args, *kwargs.values()), before, strict=True):
        if not _is_equal(value, copy):
            detail = [
                f"An argument, {describe(copy)}, had other values after the call. Operations "
                "whose name ends in _, assignments such as x[...] = … or x += …, and methods such "
                "as append change a value in place."
            ]
            raise CheckFailed("the arguments are left as they were", "ran", detail)
    return result


def _failure(error: Exception, name: str, called: str) -> CheckFailed:
    """The failed check for an exception that student code raised."""
    text = message_of(error)
    if isinstance(error, NotImplementedError) and not text:
        detail = (
            "It still raises NotImplementedError: replace that line by your code, run the cell, "
            "then run this one again."
        )
        return CheckFailed(UNWRITTEN, "ran", [detail])
    detail = f"It raised {type(error).__name__}: {text}".removesuffix(": ")
    if isinstance(error, Forbidden):
        must_hold = f"`{name}` does without what this notebook forbids"
    else:
        arguments = called.removeprefix(name)[1:-1]
        if len(arguments) > MOST_ARGUMENTS:
            arguments = f"{arguments[:MOST_ARGUMENTS]}…"
        must_hold = f"`{name}` runs" + (f" on {arguments}" if arguments else "")
    return CheckFailed(must_hold, "ran", [detail, *_student_line(error)])


def message_of(error: BaseException) -> str:
    """An exception's message; of one without a message, raised in a library, where that was."""
    text = str(error)
    trace = error.__traceback__
    if text or trace is None or hasattr(error, "student_lines"):
        return text
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return "" if _in_a_cell(code.co_filename) else f"(in {code.co_qualname})"


def _copy(value: Any) -> Any:
    """A copy of a value with copies of the tensors, lists and dicts in it."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)(map(_copy, value))
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    return value


def _is_equal(value: Any, copy: Any) -> bool:
    """Whether a value still equals the copy that `_copy` made of it; NaN equals NaN."""
    if isinstance(copy, Tensor):
        if not isinstance(value, Tensor) or value.shape != copy.shape or value.dtype != copy.dtype:
            return False
        return torch.equal(value, copy) or torch.equal(value.nan_to_num(), copy.nan_to_num())
    if type(copy) in (list, tuple):
        same = type(value) is type(copy) and len(value) == len(copy)
        return same and all(map(_is_equal, value, copy))
    if type(copy) is dict:
        same = type(value) is dict and list(value) == list(copy)
        return same and all(map(_is_equal, value.values(), copy.values()))
    return type(value) is type(copy) and (value is copy or _is_plainly_equal(value, copy))


def _is_plainly_equal(value: Any, copy: Any) -> bool:
    return isinstance(copy, int | float | str) and (value == copy or value != value)


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
        # For a method this is the name of its class, for an inner function that of the outer one.
        outermost = code.co_qualname.split(".")[0]
        # Functions of the tests, which student code may call back, begin with an underscore.
        if _in_a_cell(code.co_filename) and not outermost.startswith(("_", "<")):
            lines = [f"in line {trace.tb_lineno} of the cell that defines {outermost}"]
        trace = trace.tb_next
    return lines


def _in_a_cell(file: str) -> bool:
    return "ipykernel" in file or file.startswith("<")
