"""Unpacking and sorting of what students have handed in, for `nbgrader zip_collect`.

nbgrader_config.py names the two classes.

A zip file is a program for writing files. This one writes only regular files below its own folder,
of bounded number and size, and a zip file that cannot be unpacked does not stop the others.
"""

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from nbgrader.plugins import ExtractorPlugin
from nbgrader.plugins.zipcollect import FileNameCollectorPlugin
from traitlets import Dict, Enum

from grader.submissions.reading import MAX_BYTES

MAX_STUDENTS_BYTES = 100 * 2**20  # in a zip file within the download, and those within it
MAX_STUDENTS_FILES = 1000
MAX_DEPTH = 3  # of zip files within each other


@dataclass
class _Allowance:
    """What may still be unpacked."""

    bytes: float
    files: float


def _allowance() -> _Allowance:
    """What may be unpacked of one zip file of a student, with those within it."""
    return _Allowance(MAX_STUDENTS_BYTES, MAX_STUDENTS_FILES)


def _age(download: Path) -> tuple[float, str]:
    """What sorts the newest first."""
    return -download.lstat().st_mtime, download.name


class Extractor(ExtractorPlugin):
    """Unpacks a download and the zip files in it; says what it leaves out, and why."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack everything below a folder into another.

        Args:
            archive_path: where the downloaded files are.
            extracted_path: where to put what is in them. A zip file becomes a folder of its name,
                and what lies directly in `archive_path` is numbered, the newest first.
        """
        downloads = sorted(Path(archive_path).iterdir(), key=_age)
        for number, download in enumerate(downloads, 1):
            folder = Path(extracted_path, f"{number:04} {download.name}")
            for path in [download, *sorted(download.rglob("*"))]:
                target = folder / path.relative_to(download)
                if path.is_symlink():
                    self.log.warning("%s is a link and is left out.", path)
                elif path.is_file() and path.suffix.lower() == ".zip":
                    # The teacher's own is not limited.
                    allowance = None if path == download else _allowance()
                    self._unpack(path, target.with_suffix(""), allowance, 1)
                elif path.is_file():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, target)

    def _unpack(self, path: Path, folder: Path, allowance: _Allowance | None, depth: int) -> None:
        """Unpack a zip file."""
        try:
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    if not member.is_dir():
                        try:
                            self._unpack_member(archive, member, folder, allowance, depth)
                        except Exception as error:
                            self._leave_out(archive, member, f"it cannot be read ({error})")
        except Exception as error:  # whatever a broken file leads to
            self.log.error(
                "%s cannot be unpacked (%s). Ask the student for the notebooks themselves.",
                path,
                error,
            )

    def _unpack_member(
        self,
        archive: zipfile.ZipFile,
        member: zipfile.ZipInfo,
        folder: Path,
        allowance: _Allowance | None,
        depth: int,
    ) -> None:
        is_zip = member.filename.lower().endswith(".zip")
        most = MAX_STUDENTS_BYTES if is_zip else MAX_BYTES
        reason = ""
        # Without what could lead out of the folder.
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        path = folder.joinpath(*(part for part in parts if part not in ("/", "..")))
        inner = path.with_name(path.name[: -len(".zip")].strip(". ") or "zip")
        if path.exists() or path == folder or (is_zip and inner.exists()):
            reason = "there is a file of that name already"
        elif member.file_size > most:
            reason = f"it is over {most / 2**20:.0f} MiB"
        elif is_zip and depth == MAX_DEPTH:
            reason = f"it is a zip file within {MAX_DEPTH - 1} others"
        elif allowance is not None:
            allowance.bytes -= member.file_size
            allowance.files -= 1
            if allowance.bytes < 0 or allowance.files < 0:
                reason = (
                    f"there are over {MAX_STUDENTS_BYTES / 2**20:.0f} MiB or over "
                    f"{MAX_STUDENTS_FILES} files"
                )
        if reason:
            self._leave_out(archive, member, reason)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as packed, path.open("xb") as file:  # a link becomes a file
            shutil.copyfileobj(packed, file)
        if is_zip:
            self._unpack(path, inner, allowance or _allowance(), depth + 1)

    def _leave_out(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, reason: str) -> None:
        self.log.error("%r in %s is left out: %s.", member.filename, archive.filename, reason)


class Platform(NamedTuple):
    """How a learning platform names the files of a download.

    Attributes:
        expression: what a file's path below the download matches. `student_id` and `file_id` are
            as in nbgrader; `place` is what says to the platform whose a file is.
        feedback: the name under which it takes a page of feedback back.
    """

    expression: str
    feedback: str


COPY = r"(?: ?\(\d+\))?"  # what browsers add to the name of a second copy
PLATFORMS = {
    "moodle": Platform(
        r"(?P<place>[^/]*_(?P<student_id>\d+)_assignsubmission_file_?)/"
        rf"(?:.*/)?(?P<file_id>[^/]+?){COPY}\.ipynb$",
        "{place}/{file_id}.html",
    ),
    # LATE_ stands before the numbers of what came late, -2 at the end of what came twice.
    "canvas": Platform(
        r"(?P<place>[^/_]+_(?:LATE_)?(?P<student_id>\d+)_\d+)_"
        rf"(?:.*/)?(?P<file_id>[^/]+?)(?:{COPY}|-\d+)\.ipynb$",
        "{place}_{file_id}.html",
    ),
}


class Collector(FileNameCollectorPlugin):
    """Sorts files by what their platform calls them, or by an expression of the teacher's.

    Of two with one student and name it takes that of the newest download, or else the first.
    """

    platform = Enum(sorted(PLATFORMS), None, True, help="What named the files.").tag(config=True)
    first: Any = Dict(help="The file that was taken, by student and name.")

    def __init__(self, **settings: object) -> None:
        """Take the settings, as nbgrader's plugins do.

        Raises:
            ValueError: unless either a platform or an expression is set.
        """
        super().__init__(**settings)
        if bool(self.platform) == bool(self.named_regexp):  # type: ignore[has-type]
            raise ValueError(
                "expected either the platform of the download, for example "
                "--Collector.platform=moodle, or --FileNameCollectorPlugin.named_regexp; got "
                f"{'both' if self.platform else 'neither'}"
            )
        if self.platform:
            # From the outermost folder of that name: what is below may be the student's.
            self.named_regexp = ".*?/extracted/[^/]+/" + PLATFORMS[self.platform].expression

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Whose a file is, or None if it is not to be collected."""
        info = super().collect(submitted_file)
        if not info:
            return info
        whose = info["student_id"], info["file_id"]
        first = self.first.setdefault(whose, submitted_file)
        if first != submitted_file:
            self.log.error(
                "%r is left out: %s has handed in %r as %r too, which is newer or stands before "
                "it.",
                submitted_file,
                *whose,
                first,
            )
            return None
        return info
