"""What goes wrong: faults of the other end, and errors of its code, which cross as text."""

import builtins
import contextlib
from collections.abc import Iterator
from typing import Any

from checking import Forbidden
from grader.border.limits import MAX_ERROR

# What keeps its type when it crosses; a subclass arrives as its nearest ancestor among these.
EXCEPTIONS = {"Forbidden": Forbidden} | {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, Exception)
    and not name.startswith(("Unicode", "Stop", "ExceptionGroup"))  # mean more than their message
}


class BorderError(Exception):
    """The other end broke the rules."""


class TooLate(BorderError):
    """The other end did not answer in time."""


class Gone(BorderError):
    """The other end has hung up."""


def unreadable(what: str, error: Exception) -> BorderError:
    """The fault of a message in which something cannot be read."""
    return BorderError(f"{what} cannot be read ({type(error).__name__})")


@contextlib.contextmanager
def well_formed(what: str) -> Iterator[None]:
    """Take whatever goes wrong while a message is read as a fault of the message."""
    try:
        yield
    except BorderError:
        raise
    except Exception as error:
        raise unreadable(what, error) from None


def describe_error(error: BaseException) -> dict[str, Any]:
    """Type, message and, for code in a cell, the line of an error, as JSON."""
    try:
        text = str(error)
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
    """The exception that stands for one of the other side.

    Args:
        description: what `describe_error` has made there.

    Returns:
        An exception whose `student_lines` say in which line of the student's cell it arose.

    Raises:
        BorderError: if it describes no error.
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
