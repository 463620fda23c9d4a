"""The students' totals: which of them changed since the last run of grading, and why.

What a run said last is kept in a file, so that a change is told once, also if a run was stopped, or
if it was made in the formgrader.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from nbgrader.coursedir import CourseDirectory

from grader.batch.grading import State
from grader.batch.record import Record
from grader.files import replace_file

MOST_MARKS = 20  # marks by hand that are listed


class Standing(NamedTuple):
    """What counts for a student's notebook, and what it belongs to.

    Attributes:
        score: the score without the penalty.
        penalty: the penalty for lateness.
        by_hand: the marks and extra credit given by a person, as text.
        state: what was graded.
    """

    score: float
    penalty: float
    by_hand: str
    state: State


Standings = dict[str, dict[str, Standing]]  # by student and notebook


class Totals:
    """The students' totals in an assignment.

    Args:
        course: the course directory.
        record: the gradebook, as it is before the run.
    """

    def __init__(self, course: CourseDirectory, record: Record):
        self._record = record
        self._path = Path(course.root, f".grading-{record.assignment}.json")
        self.before: Standings = {}
        told = _read(self._path)
        self.before = self._in_gradebook({}) if told is None else told
        self.after: Standings = self.before

    def look(
        self,
        states: Mapping[tuple[str, str], State],
        is_chosen: Callable[[str, str], bool],
    ) -> None:
        """Read the gradebook after a run.

        Args:
            states: what the run knows of the notebooks.
            is_chosen: whether the run concerned a student's notebook; the others are taken to be
                as they were.
        """
        found = self._in_gradebook(states)
        self.after = {
            student: {
                name: before
                if (before := self.before.get(student, {}).get(name)) is not None
                and not is_chosen(student, name)
                else standing
                for name, standing in standings.items()
            }
            for student, standings in found.items()
        }

    def _in_gradebook(self, states: Mapping[tuple[str, str], State]) -> Standings:
        penalties = self._record.penalties()
        found: Standings = {}
        for (student, name), cells in self._record.scores().items():
            state = states.get((student, name))
            if state is None:
                known = self.before.get(student, {}).get(name)
                state = known.state if known else State("")
            by_hand = {
                cell: (marks.by_hand, marks.extra)
                for cell, marks in sorted(cells.items())
                if marks.by_hand is not None or marks.extra is not None
            }
            found.setdefault(student, {})[name] = Standing(
                sum(marks.counts for marks in cells.values()),
                penalties.get((student, name), 0.0),
                json.dumps(by_hand) if by_hand else "",
                state,
            )
        return found

    def keep(self) -> None:
        """Keep what this run says, for the next one."""
        replace_file(self._path, json.dumps(self.after))

    def changed_notebooks(self) -> Iterator[tuple[str, str]]:
        """The notebooks, each with its student, for which something else counts than before."""
        for student, standings in self.after.items():
            for name, after in standings.items():
                before = self.before.get(student, {}).get(name)
                if before and before[:3] != after[:3]:
                    yield student, name

    def new_students(self) -> list[str]:
        """The students who had no total before."""
        return sorted(set(self.after) - set(self.before))

    def changes(self) -> list[str]:
        """For each student whose total changed: from what to what, and why."""
        lines = []
        for student, before in sorted(self.before.items()):
            if student not in self.after:
                lines.append(
                    f"{student}: {_total(before):g} → none (not in the gradebook any more)"
                )
                continue
            after = self.after[student]
            if abs(_total(before) - _total(after)) < 1e-9:
                continue
            names: dict[str, list[str]] = {}
            for name, now in after.items():
                then = before.get(name)
                if then is None:
                    names.setdefault("new", []).append(name)
                elif then[:2] != now[:2]:
                    for reason in _reasons(then, now):
                        names.setdefault(reason, []).append(name)
            why = "; ".join(f"{reason}: {', '.join(which)}" for reason, which in names.items())
            lines.append(f"{student}: {_total(before):g} → {_total(after):g} ({why})")
        return lines

    def for_a_person(self) -> list[str]:
        """What a person should look at: answers without a mark, marks below the tests' score."""
        waiting: dict[str, int] = {}
        low = []
        for (student, name), cells in sorted(self._record.scores().items()):
            standing = self.after.get(student, {}).get(name)
            if standing is None or standing.state.kind in ("absent", "unreadable"):
                continue
            for cell, marks in cells.items():
                if marks.by_hand is not None:
                    if marks.waits and (marks.automatic or 0) > marks.by_hand:
                        low.append(
                            f"{student}: {name}, {cell}: the mark {marks.by_hand:g} by hand counts,"
                            f" and the tests now give {marks.automatic:g}."
                        )
                elif marks.automatic is None and standing.state.kind == "graded":
                    waiting[name] = waiting.get(name, 0) + 1
        lines = low[:MOST_MARKS]
        if len(low) > MOST_MARKS:
            lines.append(f"and {len(low) - MOST_MARKS} more marks by hand below the tests' score.")
        if waiting:
            counts = ", ".join(f"{name} {count}" for name, count in waiting.items())
            lines.append(f"Answers that wait for a mark by hand: {counts}.")
        return lines


def _total(standings: Mapping[str, Standing]) -> float:
    return sum(s.score for s in standings.values()) - sum(s.penalty for s in standings.values())


def _reasons(before: Standing, after: Standing) -> list[str]:
    """Why another score or penalty counts for a notebook."""
    reasons = []
    then, now = before.state, after.state
    if then.kind and then.kind != now.kind:
        reasons.append(
            {"absent": "not handed in any more", "unreadable": "cannot be read"}.get(now.kind)
            or {"absent": "not handed in before", "unreadable": "could not be read before"}[
                then.kind
            ]
        )
    elif then.kind == "graded":
        if then.answers != now.answers:
            reasons.append("answers changed")
        elif then.version != now.version:
            reasons.append("another version of the course")
        if then.tests != now.tests:
            reasons.append("tests changed")
        if then.points != now.points:
            reasons.append("points changed")
    if before.by_hand != after.by_hand:
        reasons.append("mark by hand")
    if before.penalty and not after.penalty:
        reasons.append("no penalty for lateness any more")
    elif before.penalty != after.penalty and (not before.penalty or before.score == after.score):
        reasons.append("penalty for lateness")
    return reasons or ["the gradebook had another score"]


def _read(path: Path) -> Standings | None:
    """What an earlier run said; None if there was none, or its file is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {
            student: {
                name: Standing(float(score), float(penalty), str(by_hand), State(*state))
                for name, (score, penalty, by_hand, state) in standings.items()
            }
            for student, standings in found.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return None
