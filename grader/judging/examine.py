"""Examine submissions, which many processes can do at once, on this machine or on a cluster.

A process that examines submissions keeps a sandbox open and the results of the known mistakes in
memory. Nothing of a submission stays in it: student code and judge run in forked processes.
"""

import atexit
import functools
import time

import nbformat
from nbformat import NotebookNode

from checking.calling import UNWRITTEN
from grader.judging.job import Finding, Job, JudgeError, Outcome
from grader.judging.judge import judge
from grader.judging.known_answers import symptoms_of_mistakes
from grader.judging.naming import name_mistakes, symptom
from grader.notebooks import code_cells, defined_names, mentions, metadata_of, name_of
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
            outcomes = judge(_parse_notebook(job.instructors), job.sources, _sandbox_for(job))
            mistakes = _name_mistakes(job, outcomes)
            return Finding(outcomes, mistakes, time.monotonic() - start)
        except (JudgeError, SandboxError) as error:
            _close_sandbox(job)
            if attempt == 2:
                if isinstance(error, SandboxError):
                    raise
                return Finding({}, {}, time.monotonic() - start, fault=str(error))
        except Exception as error:  # a bug of the grader; a student's exception is an outcome
            fault = f"{type(error).__name__}: {error}"
            return Finding({}, {}, time.monotonic() - start, fault=fault)
    raise AssertionError


def _sandbox_for(job: Job) -> Sandbox:
    """This process's sandbox for jobs with the same setting and modules; opened if need be."""
    key, setting = _sandbox_key(job), job.setting
    if key in _open_sandboxes:
        return _open_sandboxes[key]
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
    _open_sandboxes[key] = sandbox
    return sandbox


def _sandbox_key(job: Job) -> tuple:
    return job.setting, job.modules


_open_sandboxes: dict[tuple, Sandbox] = {}


@atexit.register
def _close_sandboxes() -> None:
    for sandbox in _open_sandboxes.values():
        sandbox.close()
    _open_sandboxes.clear()


def _close_sandbox(job: Job) -> None:
    """Close the sandbox for such jobs; the next one gets a new sandbox."""
    sandbox = _open_sandboxes.pop(_sandbox_key(job), None)
    if sandbox is not None:
        sandbox.close()


@functools.lru_cache(maxsize=64)
def _parse_notebook(text: str) -> NotebookNode:
    return nbformat.reads(text, as_version=4)


def _name_mistakes(job: Job, outcomes: dict[str, Outcome]) -> dict[str, tuple[str, ...]]:
    notebook = _parse_notebook(job.instructors)
    named, task = {}, ""
    names: set[str] = set()
    shown: dict[str, dict[str, str]] = {}
    for cell in code_cells(notebook):
        name = name_of(cell)
        if metadata_of(cell).get("solution"):
            task, names = name, defined_names(cell.source)
        # A test that does not mention the answer says nothing about it.
        elif name in outcomes and mentions(cell.source, names):
            shown.setdefault(task, {})[name] = symptom(outcomes[name])
    for task, texts in shown.items():
        stopped = any(outcomes[cell].stopped for cell in texts)
        if not stopped and any(texts.values()) and not _is_unwritten(texts):
            known = symptoms_of_mistakes(job.instructors, job.bank, task)
            named[task] = name_mistakes(texts, known)
    return named


def _is_unwritten(texts: dict[str, str]) -> bool:
    """Whether every test shows that the answer is not written yet."""
    return all(text.startswith(UNWRITTEN) for text in texts.values())
