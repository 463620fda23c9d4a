"""Examine submissions: the step that can run in many processes at once, here or on a cluster.

A process that examines keeps a warm sandbox and what the known mistakes show. Nothing of a
submission stays in it: both the student's code and the judge run in forks.
"""

import atexit
import functools
import time

import nbformat
from nbformat import NotebookNode

from grader.judging.job import Finding, Job, JudgeError, Outcome
from grader.judging.judge import judge
from grader.judging.known_answers import symptoms_of_mistakes
from grader.judging.naming import name_mistakes, symptom
from grader.notebooks import code_cells
from grader.sandbox.bubblewrap import sandbox_lacks
from grader.sandbox.sandbox import Sandbox, SandboxError
from grader.sandbox.warm import warm_up


def examine(job: Job) -> Finding:
    """Run a submission under the tests, and name the mistakes in it.

    Raises:
        SandboxError: if the sandbox is required and cannot be built.
    """
    start = time.monotonic()
    for attempt in (1, 2):
        try:
            outcomes = judge(_notebook(job.instructors), job.sources, _sandbox(job))
            mistakes = _name_mistakes(job, outcomes)
            return Finding(outcomes, mistakes, time.monotonic() - start)
        except (JudgeError, SandboxError) as error:
            _close(job)
            if attempt == 2:
                if isinstance(error, SandboxError):
                    raise
                return Finding({}, {}, time.monotonic() - start, fault=str(error))
        except Exception as error:  # ours, since a student's is an outcome
            fault = f"{type(error).__name__}: {error}"
            return Finding({}, {}, time.monotonic() - start, fault=fault)
    raise AssertionError


def _sandbox(job: Job) -> Sandbox:
    """The sandbox of this process for jobs with the setting and the modules of this one."""
    key, setting = _key(job), job.setting
    if key in _open:
        return _open[key]
    warm_up(job.modules, for_tests=True)
    sandbox = None
    if setting.sandbox != "off":
        try:
            sandbox = Sandbox(limits=setting.limits, modules=job.modules)
            sandbox.start()
            sandbox.stop()
        except (SandboxError, OSError):
            if sandbox is not None:
                sandbox.close()
            sandbox = None
            if setting.sandbox == "required":
                raise SandboxError(
                    f"the sandbox is required, and {sandbox_lacks() or 'did not start'}. To grade "
                    "without it, so that student code runs with your rights: --sandbox=off"
                ) from None
    sandbox = sandbox or Sandbox(walls=False, limits=setting.limits, modules=job.modules)
    _open[key] = sandbox
    return sandbox


def _key(job: Job) -> tuple:
    return job.setting, job.modules


_open: dict[tuple, Sandbox] = {}


@atexit.register
def _close_all() -> None:
    for sandbox in _open.values():
        sandbox.close()
    _open.clear()


def _close(job: Job) -> None:
    """Give up the sandbox of this process; the next submission gets a new one."""
    sandbox = _open.pop(_key(job), None)
    if sandbox is not None:
        sandbox.close()


@functools.lru_cache(maxsize=64)
def _notebook(text: str) -> NotebookNode:
    return nbformat.reads(text, as_version=4)


def _name_mistakes(job: Job, outcomes: dict[str, Outcome]) -> dict[str, tuple[str, ...]]:
    notebook = _notebook(job.instructors)
    named, task = {}, ""
    shown: dict[str, dict[str, str]] = {}
    for cell in code_cells(notebook):
        about = cell.metadata.nbgrader
        task = about.grade_id if about.get("solution") else task
        if about.get("grade") and about.grade_id in outcomes:
            shown.setdefault(task, {})[about.grade_id] = symptom(outcomes[about.grade_id])
    for task, texts in shown.items():
        stopped = any(outcomes[cell].stopped for cell in texts)
        if not stopped and any(texts.values()) and not _is_empty(texts):
            known = symptoms_of_mistakes(job.instructors, job.bank, task)
            named[task] = name_mistakes(texts, known)
    return named


def _is_empty(texts: dict[str, str]) -> bool:
    """Whether an answer is not written yet."""
    return all("NotImplementedError" in text for text in texts.values())
