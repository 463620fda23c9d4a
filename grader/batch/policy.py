"""The grading policy of a course: due dates, extensions, and what lateness costs.

It stands in grading-policy.toml at the course's root. Without that file, the due dates are those of
nbgrader's gradebook.

    [due]
    transformer = 2026-12-01T23:59:00+09:00

    [extensions.chie]
    transformer = 2026-12-08T23:59:00+09:00

    [late]
    share_per_day = 0.1  # of the score, for each day begun
    most = 0.5           # of the score, however late
    grace_minutes = 10   # so much later still counts as on time
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin

from grader.course import parts_of
from grader.submissions.timestamps import YEARS

POLICY = "grading-policy.toml"
SECONDS_PER_DAY = 24 * 3600


class PolicyError(LookupError):
    """The policy cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Policy:
    """What the policy file says. Times are in UTC and without a time zone, as nbgrader's.

    Attributes:
        due: when each part is due.
        extensions: when a part is due for a student, by student and part.
        share_per_day: the share of the score that each day begun costs.
        most: the share of the score that lateness costs at most.
        grace_minutes: minutes after the due time that cost nothing.
    """

    due: Mapping[str, datetime] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    share_per_day: float = 0.0
    most: float = 1.0
    grace_minutes: float = 0.0

    def penalty(self, score: float, seconds_late: float) -> float:
        """The points that are taken off a score."""
        if seconds_late <= 60 * self.grace_minutes:
            return 0.0
        days = math.ceil(seconds_late / SECONDS_PER_DAY)
        return score * min(days * self.share_per_day, self.most)


def read_policy(course: CourseDirectory) -> Policy | None:
    """Read the policy of a course; None if it has none.

    Raises:
        PolicyError: if the file cannot be read, or says something that cannot be meant.
    """
    path = Path(course.root, POLICY)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # not UTF-8, or no TOML
        raise PolicyError(f"{path} cannot be read: {error}. Nothing is graded") from None
    return _Reader(path, parts_of(course)).read(found)


@dataclass(frozen=True)
class _Reader:
    """Checks what a policy file says.

    Attributes:
        path: the file.
        parts: the names of the course's parts.
    """

    path: Path
    parts: set[str]

    def read(self, found: dict[str, Any]) -> Policy:
        self._check_keys("the file", found, {"due", "extensions", "late"})
        due = self._times("due", found.get("due", {}))
        extensions = {
            student: self._times(f"extensions.{student}", times)
            for student, times in self._table("extensions", found.get("extensions", {})).items()
        }
        for student, times in extensions.items():
            for part, when in times.items():
                if part not in due:
                    raise self._error(f"extensions.{student}.{part}", f"due.{part} as well", "none")
                if when < due[part]:
                    raise self._error(
                        f"extensions.{student}.{part}", "a time after the due time", f"{when} UTC"
                    )
        late = self._table("late", found.get("late", {}))
        bounds = {"share_per_day": 1.0, "most": 1.0, "grace_minutes": math.inf}
        self._check_keys("late", late, set(bounds))
        return Policy(
            due, extensions, **{k: self._number(f"late.{k}", v, bounds[k]) for k, v in late.items()}
        )

    def _times(self, key: str, found: Any) -> dict[str, datetime]:
        table = self._table(key, found)
        self._check_keys(key, table, self.parts)
        for part, when in table.items():
            known = isinstance(when, datetime) and when.tzinfo and when.year in YEARS
            if not known:
                raise self._error(
                    f"{key}.{part}",
                    "a time with its time zone, such as 2026-12-01T23:59:00+09:00",
                    str(when),
                )
        return {part: when.astimezone(UTC).replace(tzinfo=None) for part, when in table.items()}

    def _table(self, key: str, found: Any) -> dict[str, Any]:
        if not isinstance(found, dict):
            raise self._error(key, f"a table [{key}]", repr(found))
        return found

    def _number(self, key: str, found: Any, most: float) -> float:
        number = isinstance(found, int | float) and not isinstance(found, bool)
        if not number or not 0 <= found <= most or not math.isfinite(found):
            bound = f"from 0 to {most:g}" if math.isfinite(most) else "that is not negative"
            raise self._error(key, f"a number {bound}", repr(found))
        return float(found)

    def _check_keys(self, where: str, found: dict[str, Any], known: set[str]) -> None:
        for key in found:
            if key not in known:
                raise self._error(where, f"only {', '.join(sorted(known))}", repr(key))

    def _error(self, where: str, expected: str, got: str) -> PolicyError:
        return PolicyError(
            f"{self.path}, {where}: expected {expected}, got {got}. Correct it; nothing is graded"
        )


class LatePenalty(LateSubmissionPlugin):
    """nbgrader's plugin for late submissions: what the policy says, or else nbgrader's settings."""

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self._policy = read_policy(CourseDirectory(config=self.config))

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """The points to take off the score of a notebook that was handed in late."""
        if self._policy is None:
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        return self._policy.penalty(score, total_seconds_late)
