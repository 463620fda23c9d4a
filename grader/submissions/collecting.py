"""Sorting what students have handed in, for `nbgrader zip_collect`.

nbgrader_config.py names the two classes `Extractor` and `Collector`. The extractor unpacks all
downloads in archive/, chooses each student's newest copy of each notebook, and leaves just these,
under the notebooks' own names, for nbgrader to put into submitted/. Nothing that was collected
before is lost: what no download has any more is kept in archive/ too, and counts as the oldest.
collected.json, beside archive/, says which file became which notebook.
"""

import hashlib
import json
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExtractorPlugin
from nbgrader.plugins.zipcollect import FileNameCollectorPlugin
from nbgrader.utils import parse_utc
from traitlets import Enum

from grader.files import replace_file
from grader.submissions.platforms import PLATFORMS
from grader.submissions.reading import MAX_BYTES
from grader.submissions.recognising import MAX_LOOKED_AT, Notebooks
from grader.submissions.student_ids import problems_with_ids
from grader.submissions.timestamps import YEARS, BadTimestamp, handed_in_at
from grader.submissions.unpacking import Unpacker, lines_about

EARLIER = "collected-before"  # the folder in archive/ for what no download has any more
RECORD = "collected.json"
MAX_UNKNOWN = (
    5  # files of a student that are no notebook of the assignment, and are still collected
)
MAX_LINES = 20  # of one kind about the class; the rest is counted


@dataclass(frozen=True)
class Copy:
    """A notebook that a student has handed in, perhaps one of several copies.

    Attributes:
        student: the student's id.
        stem: the file's name, without .ipynb.
        name: its path in the download.
        path: the file with its content.
        download: the number of the download; the newest has the smallest.
        order: a number that is larger for what was handed in later, if the platform tells it.
        place: by what the platform recognises the submission; "" if there is no platform.
        late: whether the platform says that it came late.
        time: when it was handed in, if the teacher's expression finds it.
    """

    student: str
    stem: str
    name: str
    path: Path
    download: int
    order: int = 0
    place: str = ""
    late: bool = False
    time: datetime | None = None

    @cached_property
    def digest(self) -> str:
        """A digest of the content."""
        return _digest(self.path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Collector(FileNameCollectorPlugin):
    """Tells students by the names of files: a platform's, or by a teacher's regular expression."""

    platform = Enum(sorted(PLATFORMS), None, True, help="What named the files.").tag(config=True)

    def __init__(self, **settings: object) -> None:
        """Take the settings, as nbgrader's plugins do."""
        super().__init__(**settings)
        self.times: dict[str, datetime] = {}

    def expression(self) -> re.Pattern[str]:
        """The expression for the path of a notebook in a download.

        Raises:
            ValueError: unless either a platform or a fitting expression is set.
        """
        if bool(self.platform) == bool(self.named_regexp):
            raise ValueError(
                "expected either the platform of the download, for example "
                "--Collector.platform=moodle, or --FileNameCollectorPlugin.named_regexp; got "
                f"{'both' if self.platform else 'neither'}"
            )
        text = PLATFORMS[self.platform].expression if self.platform else self.named_regexp
        try:
            expression = re.compile(text)
        except re.error as error:
            raise ValueError(f"expected a regular expression, got {text!r}: {error}") from None
        if not {"student_id", "file_id"} <= set(expression.groupindex):
            raise ValueError(
                f"expected an expression with the groups student_id and file_id, got {text!r}"
            )
        return expression

    def collect(self, submitted_file: str) -> dict[str, Any]:
        """Whose a file is that the extractor has chosen, and which notebook."""
        path = Path(submitted_file)
        info = {"student_id": path.parent.name, "file_id": path.name}
        time = self.times.get(path.parent.name)
        return info | {"timestamp": time} if time else info


class Extractor(ExtractorPlugin):
    """Chooses the notebooks to collect from all downloads; logs what it leaves out, and why."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Choose the notebooks to collect; end the command if the settings do not allow it.

        Args:
            archive_path: the folder with the downloads.
            extracted_path: the folder to write to, as STUDENT/NOTEBOOK.ipynb.
        """
        course: CourseDirectory = self.parent.coursedir
        assignment: str = course.assignment_id
        source = course.format_path(course.source_directory, ".", assignment)
        collector: Collector = self.parent.collector_plugin_inst
        try:
            notebooks = Notebooks.read(Path(source))
            expression = collector.expression()
        except (LookupError, ValueError) as error:
            self.parent.fail("%s.", error)
        archive = Path(archive_path)
        earlier = archive / EARLIER
        chosen: list[tuple[str, Copy]] = []
        with (
            tempfile.TemporaryDirectory(dir=archive.parent, prefix=".unpacking-") as folder,
            lines_about(f"Copied to {EARLIER}/", self.log) as kept,
        ):
            copies: dict[str, list[Copy]] = {}
            for copy in self._copies(archive, Path(folder), collector, expression):
                copies.setdefault(copy.student, []).append(copy)
            for student in self._valid_ids(set(copies), course):
                submitted = Path(
                    course.format_path(course.submitted_directory, student, assignment)
                )
                claims = _claims(copies[student], notebooks)
                before = _claims(_copies_in(earlier / student, student), notebooks)
                known = {(claim.name, claim.copy.digest) for claim in [*claims, *before]}
                for claim in _claims(_copies_in(submitted, student), notebooks):
                    if (claim.name, claim.copy.digest) not in known:
                        _keep(claim.copy.path, earlier / student)
                        kept.add(f"{str(claim.copy.path)!r} is in no download.")
                claims += _claims(_copies_in(earlier / student, student), notebooks)
                own = self._choose(student, claims)
                for name, copy in own.items():
                    path = Path(extracted_path, student, f"{name}.ipynb")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(copy.path, path)
                if time := self._time(own, submitted):
                    collector.times[student] = time
                chosen += own.items()
        _record(chosen, archive.parent / RECORD, collector.platform)
        late = sorted({copy.student for _, copy in chosen if copy.late})
        if late:
            shown = ", ".join(late[:MAX_LINES]) + (", …" if len(late) > MAX_LINES else "")
            self.log.warning("Late, as %s says: %s (%d).", collector.platform, shown, len(late))

    def _copies(
        self, archive: Path, folder: Path, collector: Collector, expression: re.Pattern[str]
    ) -> Iterator[Copy]:
        """The notebooks in all downloads, with their students."""
        unpacker = Unpacker(folder, self.log)
        downloads = sorted(
            (path for path in archive.iterdir() if path.name != EARLIER),
            key=lambda path: (-path.lstat().st_mtime, path.name),
        )
        for number, download in enumerate(downloads, 1):
            with lines_about(repr(download.name), self.log, MAX_LINES) as lines:
                for file in unpacker.unpack(download):
                    found = expression.match(file.name)
                    if not found:
                        lines.add(
                            f"{file.name!r} in {download.name!r} is left out: its name is not one "
                            f"of {collector.platform or 'those that the expression describes'}."
                        )
                        continue
                    groups = found.groupdict()
                    student, stem = groups["student_id"] or "", groups["file_id"] or ""
                    stem = PurePosixPath(stem).name.removesuffix(".ipynb")
                    copy = Copy(student, stem, file.name, file.path, number)
                    if collector.platform:
                        copy = replace(
                            copy,
                            order=int(groups.get("order", 0)),
                            place=groups["place"],
                            late=bool(groups.get("late")),
                        )
                    yield replace(copy, time=self._parse(groups.get("timestamp")))

    def _parse(self, text: str | None) -> datetime | None:
        if not text:
            return None
        try:
            time = parse_utc(text)
        except (ValueError, OverflowError):
            time = None
        if time is None or time.year not in YEARS:
            self.log.error("%r is no time that nbgrader can read, and is left out.", text)
            return None
        return time

    def _valid_ids(self, students: set[str], course: CourseDirectory) -> list[str]:
        """Those of the students whose ids may be ids; says why the others' may not."""
        folders = Path(course.root, course.submitted_directory).glob("*")
        problems = problems_with_ids(students | {f.name for f in folders if f.is_dir()})
        with lines_about("Students' ids", self.log, MAX_LINES) as lines:
            for student in sorted(students & set(problems)):
                lines.add(f"{student!r} is not collected: {problems[student]}")
        return sorted(students - set(problems))

    def _choose(self, student: str, claims: list["Claim"]) -> dict[str, Copy]:
        """Of a student's copies, the one to collect of each notebook.

        The newest download counts. In one download a file with a notebook's name comes before one
        that only has its cells, then what the platform says was handed in later, then a name
        without the mark of a copy.
        """
        chosen: dict[str, Copy] = {}
        strangers: dict[str, Copy] = {}
        with lines_about(f"Student {student}", self.log) as lines:
            for claim in sorted(claims, key=Claim.rank):
                copy, name = claim.copy, claim.name
                if claim.how == "stranger":
                    if name not in strangers and len(strangers) == MAX_UNKNOWN:
                        lines.add(f"{copy.name!r} is left out: it is no notebook of this part.")
                    else:
                        strangers.setdefault(name, copy)
                    continue
                first = chosen.setdefault(name, copy)
                if first.download == copy.download and first.digest != copy.digest:
                    lines.add(
                        f"{copy.name!r} is left out: {student} has handed in {first.name!r} as "
                        f"{name} in the same download."
                    )
        return strangers | chosen

    def _time(self, chosen: dict[str, Copy], submitted: Path) -> datetime | None:
        """When a student has handed in, if the names of the files or timestamp.txt say it."""
        times = [copy.time for copy in chosen.values() if copy.time]
        if times:
            return max(times)
        try:
            time = handed_in_at(submitted)
        except BadTimestamp as error:
            self.log.error("%s.", error)
            return None
        if time and any(
            not (submitted / f"{name}.ipynb").is_file()
            or _digest(submitted / f"{name}.ipynb") != copy.digest
            for name, copy in chosen.items()
        ):
            self.log.warning(
                "%r is from an earlier time of handing in and is kept. Write the new one into it, "
                "or delete it.",
                str(submitted / "timestamp.txt"),
            )
        return time


class Claim(NamedTuple):
    """Which notebook a copy is.

    Attributes:
        copy: the copy.
        name: the notebook's name; for a file that is no notebook of the assignment, a name for it.
        how: how that is known, as in `Recognised`, or "stranger".
    """

    copy: Copy
    name: str
    how: str

    def rank(self) -> tuple:
        """A key that sorts the copy to collect first."""
        copy = self.copy
        return copy.download, self.how == "cells", -copy.order, self.how == "copy", copy.name


def _claims(copies: list[Copy], notebooks: Notebooks) -> list[Claim]:
    """Which notebook each of a student's copies is."""
    claims = []
    looked_at = 0
    for copy in copies:
        found = notebooks.by_name(copy.stem)
        if found is None and looked_at < MAX_LOOKED_AT:
            looked_at += 1
            found = notebooks.by_cells(copy.path)
        if found:
            claims.append(Claim(copy, found.name, found.how))
        else:  # a name that may be a file's
            name = re.sub(r"[^\w .()-]", "_", copy.stem)[:80].strip(" .") or "_"
            claims.append(Claim(copy, name, "stranger"))
    return claims


def _copies_in(folder: Path, student: str) -> list[Copy]:
    """The notebooks that lie in a folder of a student; they are older than all downloads."""
    copies = []
    for path in [] if folder.is_symlink() else sorted(folder.glob("*.ipynb")):
        about = path.lstat()
        hidden = path.name.startswith(".")
        if stat.S_ISREG(about.st_mode) and about.st_size <= MAX_BYTES and not hidden:
            name = f"{folder.parent.name}/{student}/{path.name}"
            copies.append(Copy(student, path.stem, name, path, sys.maxsize))
    return copies


def _keep(path: Path, folder: Path) -> None:
    """Copy a file into a folder, so that a run that is stopped leaves no half copy there."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{path.name}.part"
    shutil.copyfile(path, draft)
    draft.replace(folder / path.name)


def _record(chosen: Iterable[tuple[str, Copy]], path: Path, platform: str | None) -> None:
    """Write down which file became which notebook; of other students, what was written stays."""
    before = {(file["student"], file["notebook"]): file for file in read_record(path)["files"]}
    now = {
        (copy.student, name): {
            "student": copy.student,
            "notebook": name,
            "file": copy.name,
            "place": copy.place,
        }
        for name, copy in chosen
    }
    students = {student for student, _ in now}
    files = {key: file for key, file in before.items() if key[0] not in students}
    for key, file in now.items():
        files[key] = file if file["place"] else before.get(key, file)
    about = {"platform": platform, "files": [files[key] for key in sorted(files)]}
    replace_file(path, json.dumps(about, indent=1))


def read_record(path: Path) -> dict[str, Any]:
    """What was collected: the "platform", and the "files" with their "student" and "notebook".

    Args:
        path: collected.json in the folder of an assignment's downloads.
    """
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        record = {"platform": None, "files": []}
    return record
