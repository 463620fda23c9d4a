"""A failed check, and the message that a student reads.

A check takes these steps in order and stops at the first that does not hold, the broken step. The
steps are called the ladder:

    ran → type → shape → dtype → finite → values → gradient
"""

import textwrap
from typing import NoReturn

STEPS = ("ran", "type", "shape", "dtype", "finite", "values", "gradient")

# nbgrader's validator cuts lines at 87 characters.
WIDTH = 84

_last_call = ""


class CheckFailed(AssertionError):
    """A failed check. Jupyter shows its message alone, without the frames of the test.

    Attributes:
        must_hold: what does not hold, as a sentence in the present tense.
        step: the broken step of the ladder.
        called: the call that was checked, with its arguments, or "" if there was none.
        detail: what was expected and what was got, a line each.
    """

    def __init__(self, must_hold: str, step: str, detail: list[str]):
        self.must_hold, self.step, self.called, self.detail = must_hold, step, _last_call, detail
        super().__init__(_message(must_hold, step, self.called, detail))

    def _render_traceback_(self) -> list[str]:
        return ["CheckFailed", *str(self).splitlines()]


def note_call(description: str) -> None:
    """Remember the latest call of student code, which the message of a failed check shows."""
    global _last_call
    _last_call = description


def last_call() -> str:
    """The latest call of student code, as `note_call` was told it."""
    return _last_call


def fail(must_hold: str, step: str, what: str, expected: str, got: str) -> NoReturn:
    """Raise the failure of a check that expected one thing and got another.

    Args:
        must_hold: the property that is tested, as a sentence in the present tense.
        step: the broken step of the ladder.
        what: what was compared, such as "the result".
        expected: what it should be, in words.
        got: what it is, in words.
    """
    detail = [f"expected {what} to be: {expected}", f"got: {got}"]
    raise CheckFailed(must_hold, step, detail)


def _message(must_hold: str, step: str, called: str, detail: list[str]) -> str:
    """The whole message: property, steps, call and detail, wrapped to WIDTH characters."""
    passed = STEPS[: STEPS.index(step)]
    ladder = "  ".join([f"{name} ok" for name in passed] + [f"{step.upper()} BROKEN"])
    lines = [f"This must hold: {must_hold}.", f"Steps:  {ladder}"]
    if called:
        lines.append(f"Called: {called}")
    return "\n".join(
        textwrap.fill(line, WIDTH, subsequent_indent="  ", break_long_words=False)
        for line in lines + detail
    )
