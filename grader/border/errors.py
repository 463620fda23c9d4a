"""Faults of the other end, and exceptions of its code, which are sent as text."""

import builtins
import contextlib
from collections.abc import Iterator
from typing import Any

from checking import Forbidden
from checking.calling import message_of
from grader.border.limits import MAX_ERROR

# Exceptions of these types keep their type when they are sent; an exception of another type
# arrives as the nearest of its base classes among these.
EXCEPTIONS = {"Forbidden": Forbidden} | {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, Exception)
    and not name.startswith(("Unicode", "Stop", "ExceptionGroup"))  # hold more than a message
}


class BorderError(BaseException):
    """The other end sent what it must not send, or failed in another way of its subclasses.

    It is no `Exception`, so that no test takes it for an exception of the code that it calls.
    """


class TooLarge(BorderError):
    """A message of this end is larger than what may be sent."""


class TooLate(BorderError):
    """The other end did not answer in time."""


class Gone(BorderError):
    """The other end has closed the connection."""


def unreadable(what: str, error: Exception) -> BorderError:
    """The `BorderError` for a message of which a part cannot be read."""
    return BorderError(f"{what} cannot be read ({type(error).__name__})")


@contextlib.contextmanager
def well_formed(what: str) -> Iterator[None]:
    """Turn any exception while a message is read into a `BorderError`: the message is at fault."""
    try:
        yield
    except BorderError:
        raise
    except Exception as error:
        raise unreadable(what, error) from None


def describe_error(error: BaseException) -> dict[str, Any]:
    """An exception as JSON: its type, its message and, if it arose in a cell, the line."""
    try:
        text = message_of(error)
    except BaseException:
        text = "(its message cannot be shown)"
    lines, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(("<cell", "<ipython-input")):
            outermost = code.co_qualname.split(".")[0]
            lines = [f"in line {trace.tb_lineno} of the cell that defines {outermost}"]
        trace = trace.tb_next
    kinds = [kind.__name__ for kind in type(error).__mro__]
    return {"kinds": kinds, "text": str(text)[:MAX_ERROR], "lines": lines}


def rebuild_error(description: Any) -> Exception:
    """Make an exception like the one that was raised on the other side.

    Args:
        description: what `describe_error` has returned on the other side.

    Returns:
        An exception whose attribute `student_lines` holds a sentence with the line of the student's
        cell in which it arose, or is empty.

    Raises:
        BorderError: if the description cannot be read.
    """
    with well_formed("an error"):
        kinds = [*map(str, description["kinds"])]
        text = str(description["text"])[:MAX_ERROR]
        lines = [*description["lines"]]
    known = next((EXCEPTIONS[kind] for kind in kinds if kind in EXCEPTIONS), RuntimeError)
    if known in (Exception, RuntimeError) and kinds and kinds[0] not in EXCEPTIONS:
        text = f"{kinds[0][:200]}: {text}"
    rebuilt: Any = known(text)
    rebuilt.student_lines = [str(line)[:200] for line in lines[:1]]
    return rebuilt
