"""The data that the process that records grades exchanges with those that examine notebooks.

Nothing here imports torch, so that the process that records starts a second earlier.
"""

from dataclasses import dataclass, field

from grader.bank import KnownAnswer
from grader.sandbox.walls import Limits


class JudgeError(RuntimeError):
    """The judge itself failed; this says nothing about the submission."""


@dataclass(frozen=True)
class Failure:
    """A check that failed.

    Attributes:
        must_hold: what does not hold, as a sentence.
        step: the broken step of the ladder.
        called: the call that was checked, with its arguments, or "" if there was none.
        detail: what was expected and what was got, a line each.
        climbed: the steps before the broken one, which hold.
    """

    must_hold: str
    step: str
    called: str
    detail: tuple[str, ...]
    climbed: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """The result of running a cell.

    Attributes:
        passed: whether it ran without an error.
        error: "Exception: message", or "" if it passed.
        output: what it printed.
        stopped: whether the student's process died, took too long or sent nonsense.
        failure: the failed check, if a check failed.
        lent: the names of earlier answers that were replaced by the reference.
        partial: the value of the last line of a test cell, if it is a number: the points for it.
        cause: a sentence about why the student's code did not run, such as "your cell has a
            SyntaxError in line 1", or "".
    """

    passed: bool
    error: str = ""
    output: str = ""
    stopped: bool = False
    failure: Failure | None = None
    lent: tuple[str, ...] = ()
    partial: float | None = None
    cause: str = ""


@dataclass(frozen=True)
class Setting:
    """How submissions are examined.

    Attributes:
        sandbox: "required", "off", or "if-possible": without a sandbox if none can be built here.
        limits: what a student's process may use.
    """

    sandbox: str = "required"
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self):
        if self.sandbox not in ("required", "if-possible", "off"):
            raise ValueError(
                "expected the sandbox to be 'required', 'if-possible' or 'off', got "
                f"{self.sandbox!r}"
            )


@dataclass(frozen=True)
class Job:
    """One notebook of one student, with everything that another process needs to examine it.

    Attributes:
        instructors: the instructor's notebook, as JSON.
        bank: the known answers to its tasks.
        sources: the sources to run for each answer cell.
        setting: how to examine it.
        modules: the modules that the notebooks of its part import; a process that examines them
            imports these modules once.
    """

    instructors: str
    bank: tuple[KnownAnswer, ...]
    sources: dict[str, tuple[str, ...]]
    setting: Setting
    modules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """The result of a `Job`.

    Attributes:
        outcomes: the outcome of each answer cell and each graded cell, by id.
        mistakes: for each failed task, the sentences of the known mistakes with equal results.
        seconds: seconds that examining took.
        fault: why the grader itself failed, or "". If it failed, there are no outcomes, and the
            notebook must not get a grade.
    """

    outcomes: dict[str, Outcome]
    mistakes: dict[str, tuple[str, ...]]
    seconds: float
    fault: str = ""
