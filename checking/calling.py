"""Calling a student's code."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from checking.bans import Forbidden
from checking.failure import CheckFailed, last_call, note_call
from checking.words import describe, describe_call

MOST_ARGUMENTS = 120  # characters of the arguments in the sentence of a failed check
UNWRITTEN = "your answer is written and its cell has been run"

_accepts_changes = False


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
            tensor, array, list or dict in one. What it has changed is put back.
    """
    note_call(describe_call(getattr(function, "__name__", type(function).__name__), args, kwargs))
    given = () if changes_are_accepted() else (*args, *kwargs.values())
    before = [copy_of(value) for value in given]
    try:
        with contextlib.redirect_stderr(sys.stdout), accept_changes(True):
            result = function(*args, **kwargs)
    except CheckFailed:
        raise
    except Exception as error:
        raise explain_error(error) from error
    changed = [pair for pair in zip(given, before, strict=True) if not is_equal(*pair)]
    for now, old in changed:
        _restore(now, old)  # later tests may use it, too
    for _, old in changed:
        raise changed_argument(old)
    return result


# --- student code that fails --------------------------------------------------------------


def explain_error(error: Exception) -> CheckFailed:
    """The failed check for an exception that student code raised in the last call."""
    text = message_of(error)
    if isinstance(error, NotImplementedError) and not text:
        detail = (
            "It still raises NotImplementedError: replace that line by your code, run the cell, "
            "then run this one again."
        )
        return CheckFailed(UNWRITTEN, "ran", [detail])
    called = last_call()
    # A module's call is noted as `Module(6, 10)(…)`.
    start = called.find(")(") + 1 or called.find("(")
    name, arguments = called[:start], called[start + 1 :].removesuffix(")")
    if len(arguments) > MOST_ARGUMENTS:
        arguments = f"{arguments[:MOST_ARGUMENTS]}…"
    must_hold = f"`{name}` runs" + (f" on {arguments}" if arguments else "")
    if isinstance(error, Forbidden):
        must_hold = f"`{name}` does without what this notebook forbids"
    detail = f"It raised {type(error).__name__}: {text}".removesuffix(": ")
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


# --- student code that changes its arguments ----------------------------------------------


def in_place() -> contextlib.AbstractContextManager[None]:
    """Let student code change what it is given, as its task asks."""
    return accept_changes(True)


@contextlib.contextmanager
def accept_changes(accepted: bool) -> Iterator[None]:
    """Say for a while whether student code may change what it is given."""
    global _accepts_changes
    before, _accepts_changes = _accepts_changes, accepted
    try:
        yield
    finally:
        _accepts_changes = before


def changes_are_accepted() -> bool:
    """Whether student code may now change what it is given."""
    return _accepts_changes


def changed_argument(before: Any) -> CheckFailed:
    """The failed check for an argument that student code has changed; it was `before`."""
    detail = [
        f"An argument, {describe(before)}, had other values after the call. Operations whose name "
        "ends in _, assignments such as x[...] = … or x += …, and methods such as append change a "
        "value in place."
    ]
    return CheckFailed("the arguments are left as they were", "ran", detail)


def same_numbers(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have the same shape and values; NaN counts as equal to NaN."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return torch.equal(a, b) or torch.equal(a.nan_to_num(), b.nan_to_num())


def copy_of(value: Any) -> Any:
    """A copy of a value with copies of the tensors, arrays, lists, dicts and sets in it."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple, set):
        return type(value)(map(copy_of, value))
    if type(value) is dict:
        return {key: copy_of(item) for key, item in value.items()}
    return value


def is_equal(value: Any, copy: Any) -> bool:
    """Whether a value still equals the copy that `copy_of` made of it."""
    if isinstance(copy, Tensor):
        return isinstance(value, Tensor) and same_numbers(value.detach(), copy)
    if type(value) is not type(copy):
        return False
    if isinstance(copy, np.ndarray):
        return value.shape == copy.shape and value.tobytes() == copy.tobytes()
    if type(copy) in (list, tuple):
        return len(value) == len(copy) and all(map(is_equal, value, copy))
    if type(copy) is dict:
        return list(value) == list(copy) and all(map(is_equal, value.values(), copy.values()))
    # Of all else a copy is the object itself, which a list or dict still holds or does not.
    is_plain = isinstance(copy, int | float | str | set)
    return value is copy or (is_plain and (value == copy or value != value))


def _restore(value: Any, copy: Any) -> Any:
    """Put back into a value what it held when `copy_of` made the copy.

    Returns:
        The value; the copy, if it cannot be put back.
    """
    if isinstance(value, Tensor) and isinstance(copy, Tensor):
        with torch.no_grad():
            if value.shape == copy.shape:  # into its memory, which others may share
                value.copy_(copy)
            else:
                value.data = copy
        return value
    if type(value) is not type(copy):
        return copy
    if isinstance(value, np.ndarray) and value.shape == copy.shape:
        value[...] = copy
    elif type(value) in (list, tuple):
        items = [*map(_restore, value, copy), *copy[len(value) :]]
        if type(value) is tuple:
            return tuple(items)
        value[:] = items
    elif type(value) is dict:
        entries = {k: _restore(value[k], v) if k in value else v for k, v in copy.items()}
        value.clear()
        value.update(entries)
    elif type(value) is set:
        value.clear()
        value.update(copy)
    else:
        return copy
    return value
