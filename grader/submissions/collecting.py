"""Unpacking and sorting what students have handed in, for `nbgrader zip_collect`.

nbgrader_config.py names the two classes `Extractor` and `Collector`.

A student's zip file may be made to do harm. Only regular files are unpacked, into a folder for each
zip file, and only as many and as large ones as the limits below allow. A zip file that cannot be
unpacked does not stop the others.
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

MAX_STUDENTS_BYTES = 100 * 2**20  # in a student's zip file, with the zip files in it
MAX_STUDENTS_FILES = 1000
MAX_DEPTH = 3  # of nested zip files


@dataclass
class _Allowance:
    """How many bytes and files may still be unpacked."""

    bytes: float
    files: float


def _allowance() -> _Allowance:
    """How much may be unpacked of one zip file of a student, with the zip files in it."""
    return _Allowance(MAX_STUDENTS_BYTES, MAX_STUDENTS_FILES)


def _newest_first(download: Path) -> tuple[float, str]:
    """A key that sorts the newest download first."""
    return -download.lstat().st_mtime, download.name


class Extractor(ExtractorPlugin):
    """Unpacks downloads and the zip files in them; logs which files it leaves out, and why."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack all downloads in a folder into another folder.

        Args:
            archive_path: the folder with the downloads.
            extracted_path: the folder to write to. Each download gets a numbered folder there, the
                newest first. A zip file becomes a folder of the same name.
        """
        downloads = sorted(Path(archive_path).iterdir(), key=_newest_first)
        for number, download in enumerate(downloads, 1):
            folder = Path(extracted_path, f"{number:04} {download.name}")
            for path in [download, *sorted(download.rglob("*"))]:
                target = folder / path.relative_to(download)
                if path.is_symlink():
                    self.log.warning("%s is a link and is left out.", path)
                elif path.is_file() and path.suffix.lower() == ".zip":
                    # The download itself is the platform's, not a student's, and is not limited.
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
        # Parts of a path that could lead out of the folder are dropped.
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
        with archive.open(member) as packed, path.open("xb") as file:  # never a link
            shutil.copyfileobj(packed, file)
        if is_zip:
            self._unpack(path, inner, allowance or _allowance(), depth + 1)

    def _leave_out(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, reason: str) -> None:
        self.log.error("%r in %s is left out: %s.", member.filename, archive.filename, reason)


class Platform(NamedTuple):
    """How a learning platform names the files of a download.

    Attributes:
        expression: a regular expression for a file's path in the download. Its groups `student_id`
            and `file_id` are those that nbgrader wants; `place` is the part of the path by which
            the platform recognises the student's submission.
        feedback: the path that a feedback page must have for the platform to accept it.
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
    # Canvas writes LATE_ before the student's number if a file came late, and -2 at the end of the
    # name if it came a second time.
    "canvas": Platform(
        r"(?P<place>[^/_]+_(?:LATE_)?(?P<student_id>\d+)_\d+)_"
        rf"(?:.*/)?(?P<file_id>[^/]+?)(?:{COPY}|-\d+)\.ipynb$",
        "{place}_{file_id}.html",
    ),
}


class Collector(FileNameCollectorPlugin):
    """Sorts files by their names: those of a platform, or a regular expression of the teacher's.

    Of several files of one student with the same name, it takes the one in the newest download, and
    of those in one download the first.
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
            # The outermost folder `extracted` counts: a student may have one of that name as well.
            self.named_regexp = ".*?/extracted/[^/]+/" + PLATFORMS[self.platform].expression

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """The student and the name of the notebook, or None if the file is not collected."""
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
