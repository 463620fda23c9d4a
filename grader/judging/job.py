"""What passes between the process that records grades and those that examine notebooks.

Nothing here needs torch, so the process that records is ready a second earlier.
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
        called: what was called with which arguments, or "".
        detail: what was expected and what came, a sentence each.
        climbed: the steps below it, which hold.
    """

    must_hold: str
    step: str
    called: str
    detail: tuple[str, ...]
    climbed: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Attributes:
        passed: whether it ran without an error.
        error: "Exception: message", or "" if it passed.
        output: what it printed.
        stopped: whether the student's process died, hung or broke the rules.
        failure: the failed check, if it was one.
        lent: the earlier answers whose place the reference took.
        partial: the number that a test cell ends with, its partial credit, if it does.
    """

    passed: bool
    error: str = ""
    output: str = ""
    stopped: bool = False
    failure: Failure | None = None
    lent: tuple[str, ...] = ()
    partial: float | None = None


@dataclass(frozen=True)
class Setting:
    """How submissions are examined.

    Attributes:
        sandbox: "required"; "if-possible", which goes on without where it cannot be built; "off".
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
    """One notebook of one student, with all that is needed to examine it on any machine.

    Attributes:
        instructors: the instructor's notebook, as JSON.
        bank: the known answers to its tasks.
        sources: the sources to run for each answer cell.
        setting: how to examine it.
        modules: what the notebooks of its part import; a process that examines imports it once.
    """

    instructors: str
    bank: tuple[KnownAnswer, ...]
    sources: dict[str, tuple[str, ...]]
    setting: Setting
    modules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What came out.

    Attributes:
        outcomes: of each answer cell and each graded cell.
        mistakes: the known mistakes that a task's answer equals, by task.
        seconds: how long it took.
        fault: why the grader failed, or "". Then there is no outcome, and no grade may be made up.
    """

    outcomes: dict[str, Outcome]
    mistakes: dict[str, tuple[str, ...]]
    seconds: float
    fault: str = ""
