"""Classes for nbgrader's own commands, named in nbgrader_config.py.

`nbgrader autograde` reads submissions with `SubmissionExporter` and runs them with `Judge`;
`nbgrader generate_feedback` makes its pages with `FeedbackExporter`.
"""

import functools
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter, NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Enum, Float, Integer

from grader.bank import load_notebook
from grader.batch.marks import read_marks
from grader.batch.page import page_of
from grader.batch.pool import start_pool
from grader.batch.results import NotebookMarks
from grader.batch.workers import DIED, examine_job
from grader.course import instructors_path
from grader.judging.job import Finding, Job, JudgeError, Setting
from grader.judging.report import printable, write_outcomes
from grader.notebooks import imported_modules
from grader.sandbox.walls import Limits
from grader.submissions.reading import UnreadableError, read_submission, rebuild, sources_of
from grader.submissions.timestamps import BadTimestamp, handed_in_at


def existing_timestamp(course: CourseDirectory, folder: str) -> datetime | None:
    """When a submission was handed in, for nbgrader's own commands; what is no time is none."""
    try:
        return handed_in_at(Path(folder))
    except BadTimestamp as error:
        course.log.warning("%s.", printable(str(error)))
        return None


# nbgrader's own follows links, waits for pipes, stops at what is no time. No setting replaces it.
CourseDirectory.get_existing_timestamp = existing_timestamp


class SubmissionExporter(NotebookExporter):
    """Reads a submission as the instructor's notebook with the submission's answers in it."""

    def from_filename(
        self, filename: str, resources: dict | None = None, **kwargs: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Read a notebook, as `NotebookExporter.from_filename` does.

        Raises:
            UnreadableError: if a submission cannot be read. The message says what to do.
        """
        about = (resources or {}).get("nbgrader", {})
        course = CourseDirectory(config=self.config)
        submitted = course.format_path(
            course.submitted_directory, about.get("student", ""), about.get("assignment", "")
        )
        path = Path(filename)
        # The folder's path is compared, not the file's: a submitted file that is a link leads out
        # of the folder, and must still be treated as a submission.
        if path.parent.resolve() != Path(submitted).resolve():
            return super().from_filename(filename, resources, **kwargs)
        # nbgrader has copied the files to which links lead, which may be the teacher's own. It
        # deletes the copies if reading fails.
        links = [found.name for found in Path(submitted).rglob("*") if found.is_symlink()]
        if links:
            raise UnreadableError(
                f"{submitted} holds links ({', '.join(sorted(links))}), it is not graded. Ask the "
                "student for the files themselves."
            )
        instructors = nbformat.read(instructors_path(self.config, about), as_version=4)
        try:
            submission = read_submission(path, instructors)
        except UnreadableError as error:
            raise UnreadableError(
                f"{path} cannot be read ({error}) and is not graded. Ask the student for the file "
                "again."
            ) from None
        for repair in submission.repairs:
            self.log.warning("%s: %s", path, repair)
        notebook = rebuild(instructors, submission)
        notebook.metadata.grader.path = f"{about['student']}/{about['assignment']}/{path.name}"
        return self.from_notebook_node(notebook, resources, **kwargs)


class Judge(NbGraderPreprocessor):
    """Replaces nbgrader's Execute: answers run in the sandbox, tests in the judge's process."""

    sandbox = Enum(
        ["required", "if-possible", "off"],
        "required",
        help="Whether student code must run in the sandbox; without it, it has all your rights.",
    ).tag(config=True)
    seconds_per_call = Float(
        Limits.seconds_per_call, help="Seconds a student's cell, or one call of a test, may take."
    ).tag(config=True)
    seconds_per_notebook = Float(
        Limits.seconds_per_notebook, help="Seconds that all of them may take together."
    ).tag(config=True)
    memory = Integer(
        Limits.memory, help="Bytes a student's process may use beyond Python and torch."
    ).tag(config=True)

    def setting(self) -> Setting:
        """The configuration as a `Setting`, which `grader.judging.examine` needs."""
        limits = Limits(
            seconds_per_call=self.seconds_per_call,
            seconds_per_notebook=self.seconds_per_notebook,
            memory=self.memory,
        )
        return Setting(self.sandbox, limits)

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run a rebuilt notebook and write the outcomes into it.

        Raises:
            JudgeError: if the grader itself failed; then the submission is not graded.
        """
        text, bank = load_notebook(instructors_path(self.config, resources["nbgrader"]))
        modules = imported_modules(nbformat.reads(text, as_version=4))
        job = Job(text, bank, sources_of(nb), self.setting(), modules)
        finding = _examine_apart(job)
        if finding.fault:
            raise JudgeError(
                f"the grader failed, not the submission, which is not graded: {finding.fault}"
            )
        write_outcomes(nb, finding.outcomes, finding.mistakes)
        return nb, resources


@functools.cache
def _process() -> ProcessPoolExecutor:
    """The process in which notebooks are examined; it stays for the next one."""
    return start_pool(1)


def _examine_apart(job: Job) -> Finding:
    """Examine a notebook in a process without threads, which the formgrader's has many of.

    Examining forks, and a fork of a process with threads may hang.
    """
    for _ in range(2):
        try:
            return _process().submit(examine_job, job).result()
        except BrokenProcessPool:
            _process.cache_clear()
    return Finding({}, {}, 0.0, fault=DIED)


class FeedbackExporter(Exporter):
    """Makes the feedback page on a graded notebook, with the marks of the gradebook."""

    output_mimetype = "text/html"

    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        """The HTML of the page; `resources` are those of `nbgrader generate_feedback`."""
        resources = self._init_resources(resources)
        about = resources["nbgrader"]
        student, name = about["student"], about["notebook"]
        marks = read_marks(about["db_url"], about["assignment"], [student])
        return page_of(nb, student, name, marks.get((student, name), NotebookMarks())), resources
