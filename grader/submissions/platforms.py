"""The formats of learning platforms: names in a download, names of feedback, sheets of grades.

The names are those that Moodle's and Canvas's own code writes and reads.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

Row = Sequence[str]


class Platform(ABC):
    """A learning platform.

    Attributes:
        expression: a regular expression for a notebook's path in the download. Its groups:
            `student_id`, `file_id` (the name without .ipynb) and `place`, the part of the path by
            which the platform recognises the student's submission; where the platform tells them,
            `late` and `order`, a number that is larger for what was handed in later.
        feedback: the path that a feedback page must have for the platform to accept it.
        sheet: what the platform calls its sheet of grades.
    """

    expression: str
    feedback: str
    sheet: str

    @abstractmethod
    def find_columns(self, rows: Sequence[Row], assignment: str, column: str) -> "Columns":
        """Where a sheet has what.

        Args:
            rows: the rows of the sheet, with its header.
            assignment: the name of the assignment.
            column: the header of the column for the scores, or "" to find it.

        Raises:
            LookupError: if this is no sheet of this platform, or if the column is not clear.
        """


@dataclass(frozen=True)
class Columns:
    """Where a sheet has what.

    Attributes:
        grade: the number of the column for the scores.
        students: for each student's id, the number of the row.
        maximum: the assignment's maximum on the platform, or "" if the sheet does not say it.
    """

    grade: int
    students: dict[str, int]
    maximum: str


class Moodle(Platform):
    """Moodle's assignment, with "Download submissions in folders" switched on."""

    expression = (
        r"(?P<place>[^/]*_(?P<student_id>[0-9]{1,18})_assignsubmission_file_?)/"
        r"(?:.*/)?(?P<file_id>[^/]+)\.ipynb$"
    )
    feedback = "{place}/{notebook}.html"
    sheet = "the grading worksheet of the assignment"

    def find_columns(self, rows: Sequence[Row], assignment: str, column: str) -> Columns:
        """As in `Platform`. The first column reads "Participant 4711" in the user's language."""
        header = [name.strip() for name in rows[0]]
        participants = {
            number: found[1]
            for number, row in enumerate(rows)
            if number and row and (found := re.fullmatch(r"\D*(\d+)", row[0].strip()))
        }
        if len(header) < 4 or len(participants) < sum(map(bool, rows)) - 1:
            raise LookupError(
                "expected a first column such as Identifier, with Participant 4711 and so on"
            )
        grade = _the_only(header, [i for i, n in enumerate(header) if n == (column or "Grade")])
        maxima = [i for i, name in enumerate(header) if name.lower() == "maximum grade"]
        values = {rows[n][i] for i in maxima for n in participants if len(rows[n]) > i}
        return Columns(
            grade,
            {student: number for number, student in participants.items()},
            values.pop() if len(values) == 1 else "",
        )


class Canvas(Platform):
    """Canvas's assignment, from its "Download submissions"."""

    # Canvas writes LATE_ before the student's number if a file came late. The second number is that
    # of the uploaded file, and grows.
    expression = (
        r"(?P<place>[^/_]+_(?P<late>LATE_)?(?P<student_id>[0-9]{1,18})_(?P<order>[0-9]{1,18}))_"
        r"(?:.*/)?(?P<file_id>[^/]+)\.ipynb$"
    )
    feedback = "{place}_{notebook}.html"
    sheet = "the exported gradebook"

    def find_columns(self, rows: Sequence[Row], assignment: str, column: str) -> Columns:
        """As in `Platform`. A row "Points Possible" comes before the students' rows."""
        header = [name.strip() for name in rows[0]]
        points = [row for row in rows[1:4] if row and row[0].strip() == "Points Possible"]
        if "ID" not in header or not points:
            raise LookupError("expected a column ID and a row Points Possible")
        numbered = {i: found[1] for i, name in enumerate(header) if (found := _WITH_ID.match(name))}
        chosen = [i for i in numbered if header[i] == column]
        if not column:
            same = [i for i, title in numbered.items() if title.lower() == assignment.lower()]
            chosen = same or list(numbered)
        grade = _the_only(header, chosen, [header[i] for i in numbered])
        identifier = header.index("ID")
        return Columns(
            grade,
            {
                row[identifier].strip(): number
                for number, row in enumerate(rows)
                if len(row) > identifier and row[identifier].strip().isdecimal()
            },
            points[0][grade] if len(points[0]) > grade else "",
        )


_WITH_ID = re.compile(r"(.*\S) \(\d+\)$")  # the title of an assignment and its number


def _the_only(header: list[str], found: list[int], candidates: Sequence[str] = ()) -> int:
    """The only one of the found columns.

    Raises:
        LookupError: if there are none or several.
    """
    if len(found) == 1:
        return found[0]
    names = ", ".join(map(repr, candidates or header))
    raise LookupError(
        f"expected one column for the scores, found {len(found)}. Name it, for example "
        f"--column {next(iter(candidates), 'Grade')!r}; the sheet has {names}"
    )


PLATFORMS: dict[str, Platform] = {"moodle": Moodle(), "canvas": Canvas()}
