"""Releasing a part: nbgrader makes the students' notebooks in a folder aside, then they move in."""

import copy
import logging
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import (
    MetadataValidator,
    SchemaTooNewError,
    SchemaTooOldError,
    ValidationError,
)

from grader.data_files import data_files
from grader.judging.job import Setting
from grader.release.gradebook import complete_submissions, impossible_changes, make_room
from grader.release.reference import faults_of_references


class ReleaseError(Exception):
    """A part cannot be released; nothing was changed. The message says why and what to do."""


def release(course: CourseDirectory, part: str, setting: Setting, count: int) -> list[Path]:
    """Release a part, and tell the gradebook; the instructor's notebooks that were released.

    Args:
        course: the course directory.
        part: the name of the part.
        setting: how to examine the references.
        count: how many processes to use.

    Raises:
        ReleaseError: if a notebook is malformed, a reference fails, or the gradebook does not
            allow the change.
    """
    source = Path(course.format_path(course.source_directory, ".", part))
    target = Path(course.format_path(course.release_directory, ".", part))
    paths = sorted(source.glob("*.ipynb"))
    if not paths:
        raise ReleaseError(f"expected notebooks in {source}, found none")
    problems = [problem for path in paths if (problem := _problem_with_metadata(path))]
    if problems:
        raise ReleaseError("\n".join(problems))
    try:
        data_files(source)
        faults = faults_of_references(paths, setting, count)
    except ValueError as error:
        raise ReleaseError(str(error)) from None
    if faults:
        raise ReleaseError("\n".join(faults))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{part}-", dir=target.parent) as name:
        aside = Path(name)
        _convert(course, part, aside / "tried", tell_gradebook=False)
        notebooks = {
            path.stem: nbformat.read(path, as_version=4)
            for path in (aside / "tried" / part).glob("*.ipynb")
        }
        _save_in_gradebook(course, part, notebooks, aside / "saved")
        _put_in_place(aside / "saved" / part, target, aside / "old")
    return paths


def _problem_with_metadata(path: Path) -> str:
    """A sentence about wrong cell metadata in an instructor's notebook, or ""."""
    try:
        MetadataValidator().validate_nb(nbformat.read(path, as_version=4))
    except (ValidationError, SchemaTooOldError, SchemaTooNewError) as error:
        problem = getattr(error, "message", str(error))
        return f"{path.name}: {problem}. Put it right with the Create Assignment toolbar."
    return ""


def _save_in_gradebook(
    course: CourseDirectory, part: str, notebooks: dict[str, NotebookNode], folder: Path
) -> None:
    """Convert the notebooks once more, this time with the gradebook."""
    with Gradebook(course.db_url, course.course_id) as gradebook:
        problems = impossible_changes(gradebook, part, notebooks)
        if problems:
            raise ReleaseError(
                "\n".join([*problems, "There are submissions, whose grades would be lost."])
            )
        make_room(gradebook, part, notebooks)
    _convert(course, part, folder, tell_gradebook=True)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        complete_submissions(gradebook, part)


def _convert(course: CourseDirectory, part: str, folder: Path, *, tell_gradebook: bool) -> None:
    """Run nbgrader's generate_assignment, and have it write into a folder.

    Raises:
        ReleaseError: if it fails; the message has the notebook and the error.
    """
    config = copy.deepcopy(course.config)
    config.CourseDirectory.release_directory = str(folder.resolve())
    config.SaveCells.enabled = tell_gradebook
    aside = CourseDirectory(config=config)
    aside.assignment_id = part
    messages = _Messages()
    log = logging.Logger(__name__)
    log.addHandler(messages)
    converter = GenerateAssignment(
        coursedir=aside, config=config, log=log, no_database=not tell_gradebook
    )
    try:
        converter.start()
    except NbGraderException as error:
        raise ReleaseError(messages.error() or str(error)) from None


class _Messages(logging.Handler):
    """Keeps what nbgrader logs, since its exception only says that the log has the error."""

    def __init__(self):
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    def error(self) -> str:
        """The notebook that could not be converted, and the error; "" if none is known."""
        begun = [t.rpartition("/")[2] for t in self.texts if t.startswith("Converting notebook")]
        traces = [text for text in self.texts if text.startswith("Traceback")]
        if not begun or not traces:
            return ""
        return f"{begun[-1]} cannot be released: {traces[-1].strip().splitlines()[-1]}"


def _put_in_place(new: Path, target: Path, old: Path) -> None:
    """Move a folder into the place of another, which is moved aside, and back if that fails."""
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
