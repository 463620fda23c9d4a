"""The results of a graded notebook, task by task, for pages and for the report on a class."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from grader.judging.report import HIDDEN, MOST_MISTAKES, reason

HEADING = re.compile(r"^#+[ \t]+(.+)$", re.M)
SECTION = re.compile(r"`(book/[\w/-]+)`")

PASSED, PARTLY, FAILED, WAITING = "passed", "partly passed", "not passed", "waits for your teacher"
# A reader who sees no colours tells them apart by the sign and the word.
SIGNS = {PASSED: "✓", PARTLY: "✗", FAILED: "✗", WAITING: "–"}
CLASSES = {PASSED: "passed", PARTLY: "failed", FAILED: "failed", WAITING: "waiting"}


@dataclass(frozen=True)
class Mark:
    """The mark of a graded cell.

    Attributes:
        automatic: the score that grading gave, or None if it gave none.
        by_hand: the score that a person gave, or None.
        score: the score that counts.
        needs_person: whether it waits for a person's mark.
    """

    automatic: float | None
    by_hand: float | None
    score: float
    needs_person: bool


@dataclass
class NotebookMarks:
    """The marks of a student's notebook, and a person's comments, by the ids of the cells.

    Attributes:
        marks: the marks.
        comments: the comments.
        penalty: the points that are taken off for handing in late.
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0

    @property
    def score(self) -> float:
        """The points that count, the penalty taken off."""
        return sum(mark.score for mark in self.marks.values()) - self.penalty

    @property
    def is_graded(self) -> bool:
        """Whether grading has left a mark; it leaves none for a file that it could not read."""
        return any(
            mark.automatic is not None or mark.by_hand is not None for mark in self.marks.values()
        )


class Verdict:
    """What is shown of anything that has a `state`, one of PASSED, PARTLY, FAILED and WAITING."""

    state: str

    @property
    def sign(self) -> str:
        """A sign for the state."""
        return SIGNS[self.state]

    @property
    def css(self) -> str:
        """The class of the style sheet for the state."""
        return CLASSES[self.state]


@dataclass(frozen=True)
class CellResult(Verdict):
    """The result of a graded cell.

    Attributes:
        cell: its id.
        kind: "tests", "hidden tests", or "answer", which a person marks.
        state: PASSED, PARTLY, FAILED or WAITING.
        score: the points that count.
        points: the points that there are.
        reason: why it did not pass, as a sentence, or "".
        outcome: what grading found, as `write_outcomes` leaves it in the cell; empty for an answer
            that a person marks.
        is_by_hand: whether a person gave the mark.
    """

    cell: str
    kind: str
    state: str
    score: float
    points: float
    reason: str
    outcome: Mapping[str, Any]
    is_by_hand: bool

    @property
    def failed(self) -> bool:
        """Whether the test failed, whatever mark a person gave."""
        return bool(self.outcome) and not self.outcome["passed"]


@dataclass(frozen=True)
class TaskResult(Verdict):
    """The result of a task.

    Attributes:
        task: its name, which is the id of its answer cell.
        title: its heading in the notebook.
        section: the page of the book to read again, or "".
        mistakes: the sentences of the known mistakes with equal results.
        cells: the results of its graded cells, in order.
    """

    task: str
    title: str
    section: str
    mistakes: tuple[str, ...]
    cells: tuple[CellResult, ...]

    @property
    def score(self) -> float:
        """The points that count."""
        return sum(cell.score for cell in self.cells)

    @property
    def points(self) -> float:
        """The points that there are."""
        return sum(cell.points for cell in self.cells)

    @property
    def state(self) -> str:  # type: ignore[override]
        """The state of its cells together."""
        states = {cell.state for cell in self.cells}
        if len(states) == 1:
            return states.pop()
        if WAITING in states and states <= {WAITING, PASSED}:
            return WAITING
        return PARTLY if states & {PASSED, PARTLY} else FAILED

    @property
    def words(self) -> str:
        """The state in words, with how many tests passed where some did."""
        passed = sum(cell.state == PASSED for cell in self.cells)
        if self.state == PARTLY and passed:
            return f"{passed} of {len(self.cells)} tests passed"
        return self.state

    @property
    def first_failure(self) -> CellResult | None:
        """The first cell that did not pass."""
        return next((cell for cell in self.cells if cell.state in (PARTLY, FAILED)), None)


def results_of(notebook: NotebookNode, marks: NotebookMarks) -> list[TaskResult]:
    """The results of a graded notebook, by task, in the order of its cells.

    Args:
        notebook: the notebook as `grader.judging.report.write_outcomes` leaves it.
        marks: the marks of its cells.
    """
    tasks: dict[str, tuple[str, str, list[CellResult]]] = {}
    task, heading, section = "", "", ""
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "markdown" and not about.get("solution"):
            heading = next(iter(HEADING.findall(cell["source"])), heading)
            section = next(iter(SECTION.findall(cell["source"])), section)
        if about.get("solution") or about.get("task"):
            task = about["grade_id"]
        if about.get("grade") or about.get("task"):
            entry = tasks.setdefault(task or about["grade_id"], (heading, section, []))
            entry[2].append(_result_of(cell, marks.marks.get(about["grade_id"])))
    return [
        TaskResult(task, title or task, page, _mistakes_in(cells), tuple(cells))
        for task, (title, page, cells) in tasks.items()
    ]


def _mistakes_in(cells: list[CellResult]) -> tuple[str, ...]:
    named = (sentence for cell in cells for sentence in cell.outcome.get("mistakes", ()))
    return tuple(dict.fromkeys(named))[:MOST_MISTAKES]


def _result_of(cell: Mapping[str, Any], mark: Mark | None) -> CellResult:
    about, outcome = cell["metadata"]["nbgrader"], cell["metadata"].get("grader", {})
    points = about.get("points", 0)
    score = mark.score if mark else 0.0
    by_hand = mark is not None and mark.by_hand is not None
    is_tested = "passed" in outcome
    if not is_tested:
        kind = "answer"
    else:
        kind = "hidden tests" if HIDDEN.search(cell["source"]) else "tests"
    if by_hand or is_tested:
        state = PASSED if score >= points else PARTLY if score > 0 else FAILED
        if not by_hand and state == PASSED and not outcome["passed"]:  # a test without points
            state = FAILED
    else:
        state = WAITING
    why = reason(outcome) if is_tested else ""
    return CellResult(about["grade_id"], kind, state, score, points, why, outcome, by_hand)
