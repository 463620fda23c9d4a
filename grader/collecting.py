"""Unpacking of what students have handed in, for `nbgrader zip_collect`: see nbgrader_config.py.

A zip file is a program for writing files. This one writes only regular files below its own folder,
of bounded number and size, and a zip file that cannot be unpacked does not stop the others.
"""

import shutil
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from nbgrader.plugins import ExtractorPlugin

from grader.submission import MAX_BYTES

MAX_STUDENTS_BYTES = 100 * 2**20  # in a zip file within the download, and those within it
MAX_STUDENTS_FILES = 1000
MAX_DEPTH = 3  # of zip files within each other

UNPACKING_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError, EOFError)


@dataclass
class _Allowance:
    """What may still be unpacked."""

    bytes: float
    files: float


class Extractor(ExtractorPlugin):
    """Unpacks a download and the zip files in it; says what it leaves out, and why."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack everything below a folder into another.

        Args:
            archive_path: where the downloaded files are.
            extracted_path: where to put what is in them. A zip file becomes a folder of its name.
        """
        source = Path(archive_path)
        for path in sorted(source.rglob("*")):
            target = Path(extracted_path, path.relative_to(source))
            if path.is_symlink():
                self.log.warning("%s is a link and is left out.", path)
            elif path.is_file() and path.suffix.lower() == ".zip":
                self._unpack(path, target.with_suffix(""), None, 1)
            elif path.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)

    def _unpack(self, path: Path, folder: Path, allowance: _Allowance | None, depth: int) -> None:
        """Unpack a zip file; the teacher's own, which has no allowance, is not limited."""
        try:
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    if not member.is_dir():
                        self._unpack_member(archive, member, folder, allowance, depth)
        except UNPACKING_ERRORS as error:
            self.log.error(
                "%s cannot be unpacked (%s); the files before that are kept. Ask the student for "
                "the notebooks themselves.",
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
        if member.file_size > most:
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
            self.log.error("%s in %s is left out: %s.", member.filename, archive.filename, reason)
            return
        # Names that lead out of the folder lose what leads out; a link becomes a plain file.
        path = Path(archive.extract(member, folder))
        if is_zip:
            within = allowance or _Allowance(MAX_STUDENTS_BYTES, MAX_STUDENTS_FILES)
            self._unpack(path, path.with_suffix(""), within, depth + 1)
