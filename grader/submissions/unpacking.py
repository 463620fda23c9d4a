"""Unpacks the notebooks in downloads, and in zip files within them, within limits.

A student's zip file may be made to do harm. Only notebooks are unpacked, only as many and as large
ones as the limits allow, and each under a number: what a zip file calls them is kept as text and
never becomes a path. A zip file that cannot be unpacked does not stop the others.
"""

import itertools
import logging
import os
import shutil
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from grader.submissions.reading import MAX_BYTES

MAX_STUDENTS_BYTES = 100 * 2**20  # in a student's zip file, with the zip files in it
MAX_STUDENTS_FILES = 1000
MAX_DIRECTORY = (
    2 * 2**20
)  # bytes of a student's zip file that list its files; zipfile reads them all
MAX_DEPTH = 3  # of nested zip files
MAX_LINES = 5  # about one zip file, or one student; the rest is counted

# The end of a zip file. The fifth number in it is the size of the directory, in bytes. In files of
# over 4 GiB a pointer to larger numbers stands before it.
END_OF_ZIP = struct.Struct("<4s4H2LH")
ZIP64_LENGTH = 20


@dataclass(frozen=True)
class Unpacked:
    """A notebook from a download.

    Attributes:
        name: its path in the download; a zip file counts as a folder.
        path: the file with its content.
    """

    name: str
    path: Path


class Lines:
    """Lines for the log about one thing. The first few are written, the rest is counted."""

    def __init__(self, log: logging.Logger, most: int = MAX_LINES):
        self._log, self._most, self._count = log, most, 0

    def add(self, line: str) -> None:
        """Write a line, unless there are too many of them already."""
        self._count += 1
        if self._count <= self._most:
            self._log.error("%s", line)

    def close(self, about: str) -> None:
        """Say how many lines were not written."""
        if self._count > self._most:
            self._log.error("%s: %s more like these.", about, f"{self._count - self._most:,}")


@contextmanager
def lines_about(about: str, log: logging.Logger, most: int = MAX_LINES) -> Iterator[Lines]:
    """Lines for the log about one thing, which is named when not all of them are written."""
    lines = Lines(log, most)
    yield lines
    lines.close(about)


@dataclass
class _Student:
    """What may still be unpacked of a student's zip file, and what is said about it."""

    lines: Lines
    bytes: float = MAX_STUDENTS_BYTES
    files: float = MAX_STUDENTS_FILES


class Unpacker:
    """Unpacks downloads into a folder.

    Args:
        folder: an empty folder for the contents of notebooks.
        log: says which files are left out, and why.
    """

    def __init__(self, folder: Path, log: logging.Logger):
        self._folder, self._log = folder, log
        self._numbers = itertools.count(1)

    def unpack(self, download: Path) -> list[Unpacked]:
        """The notebooks in a download.

        Args:
            download: a platform's zip file, a folder into which one was unpacked, or a file.
        """
        found: list[Unpacked] = []
        with lines_about(repr(download.name), self._log) as lines:
            if download.is_dir() and not download.is_symlink():
                paths = [path for path in sorted(download.rglob("*")) if not path.is_dir()]
                names = [path.relative_to(download).as_posix() for path in paths]
            else:
                paths, names = [download], [download.name]
            for path, name in zip(paths, names, strict=True):
                kind = _kind(name)
                if not kind:
                    continue
                about = path.lstat()
                if not stat.S_ISREG(about.st_mode):
                    what = "a link" if path.is_symlink() else "no file"
                    lines.add(f"{str(path)!r} is {what} and is left out.")
                elif kind == "zip" and path == download:
                    # The download itself is the platform's, not a student's, and is not limited.
                    found += self._unpack(path, "", lines, None, 1)
                elif kind == "zip":
                    found += self._unpack_students(path, name)
                elif about.st_size > MAX_BYTES:
                    lines.add(f"{str(path)!r} is left out: it is over {MAX_BYTES >> 20} MiB.")
                else:
                    with path.open("rb") as content:
                        found.append(Unpacked(name, self._keep(content)))
        return found

    def _keep(self, content: IO[bytes]) -> Path:
        path = self._folder / str(next(self._numbers))
        with path.open("xb") as file:
            shutil.copyfileobj(content, file)
        return path

    def _unpack_students(self, path: Path, name: str) -> list[Unpacked]:
        with lines_about(repr(name), self._log) as lines:
            return self._unpack(path, f"{name[: -len('.zip')]}/", lines, _Student(lines), 1, name)

    def _unpack(
        self,
        path: Path,
        prefix: str,
        lines: Lines,
        student: _Student | None,
        depth: int,
        name: str = "",
    ) -> list[Unpacked]:
        """The notebooks in a zip file.

        Args:
            path: the file.
            prefix: what the names of its members are to begin with.
            lines: what is said about it.
            student: what may still be unpacked; None if it is not limited.
            depth: how many zip files it lies in, with itself.
            name: what it is called in what is said.
        """
        found: list[Unpacked] = []
        try:
            if student is not None:
                _check_directory(path)
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    kind = "" if member.is_dir() else _kind(member.filename)
                    if kind:
                        try:
                            found += self._unpack_member(
                                archive, member, kind, prefix, lines, student, depth
                            )
                        except Exception as error:  # whatever a broken member leads to
                            lines.add(
                                f"{prefix + member.filename!r} is left out: it cannot be read "
                                f"({error})."
                            )
        except Exception as error:  # whatever a broken file leads to
            advice = "Ask the student for the notebooks themselves" if name else "Download it again"
            lines.add(f"{name or path.name!r} cannot be unpacked ({error}). {advice}.")
        return found

    def _unpack_member(
        self,
        archive: zipfile.ZipFile,
        member: zipfile.ZipInfo,
        kind: str,
        prefix: str,
        lines: Lines,
        student: _Student | None,
        depth: int,
    ) -> list[Unpacked]:
        name = prefix + "/".join(_parts(member.filename))
        most = MAX_STUDENTS_BYTES if kind == "zip" else MAX_BYTES
        reason = ""
        if member.file_size > most:
            reason = f"it is over {most >> 20} MiB"
        elif kind == "zip" and depth == MAX_DEPTH:
            reason = f"it is a zip file within {MAX_DEPTH - 1} others"
        elif student is not None:
            student.bytes -= member.file_size
            student.files -= 1
            if student.bytes < 0 or student.files < 0:
                reason = (
                    f"there are over {MAX_STUDENTS_BYTES >> 20} MiB or over "
                    f"{MAX_STUDENTS_FILES} files"
                )
        if reason:
            lines.add(f"{name!r} is left out: {reason}.")
            return []
        with archive.open(member) as packed:
            path = self._keep(packed)
        if kind == "notebook":
            return [Unpacked(name, path)]
        try:
            if student is None:
                return self._unpack_students(path, name)
            inner = f"{name[: -len('.zip')]}/"
            return self._unpack(path, inner, lines, student, depth + 1, name)
        finally:
            path.unlink()


def _check_directory(path: Path) -> None:
    """Make sure that the directory of a zip file is not too large to be read.

    Raises:
        ValueError: if it is, or if this is no zip file.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - END_OF_ZIP.size - 2**16 - ZIP64_LENGTH))
        end = file.read()
    at = end.rfind(b"PK\5\6")
    if at < 0 or at + END_OF_ZIP.size > len(end):
        raise ValueError("it is no zip file")
    if end[max(0, at - ZIP64_LENGTH) : at].startswith(b"PK\6\7"):
        raise ValueError("it is made for over 4 GiB")
    if END_OF_ZIP.unpack_from(end, at)[5] > MAX_DIRECTORY:
        raise ValueError(f"its list of files is over {MAX_DIRECTORY >> 20} MiB")


def _parts(name: str) -> list[str]:
    """The parts of a member's path, without those that lead upwards."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return [part for part in parts if part not in ("/", "//", "..")]


def _kind(name: str) -> str:
    """Whether a file is a "notebook", a "zip", or "" for what nobody has written.

    macOS adds __MACOSX/ and ._NAME to a zip file, and Jupyter .ipynb_checkpoints/.
    """
    parts = _parts(name)
    if not parts or any(part == "__MACOSX" or part.startswith(".") for part in parts):
        return ""
    return {".ipynb": "notebook", ".zip": "zip"}.get(PurePosixPath(parts[-1]).suffix.lower(), "")
