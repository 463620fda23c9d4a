"""Examine submissions: the step that can run in many processes at once, here or on a cluster.

A process that examines keeps a warm sandbox and what it has learnt of the known mistakes. Nothing
of a submission stays in it: both the student's code and the judge run in forks.
"""

import atexit
import contextlib
import functools
import hashlib
import json
import time
from collections.abc import Iterable
from pathlib import Path

import nbformat
import torch
from nbformat import NotebookNode

from grader.files import replace_file
from grader.instructors import code_cells, load_notebook
from grader.job import Finding, Job, JudgeError, Outcome, Setting
from grader.judge import in_a_fork, judge
from grader.mistakes import Symptoms, name_mistakes, symptom
from grader.mistakes import symptoms_of_mistakes as find_symptoms
from grader.sandbox import COURSE, Sandbox, SandboxError, missing
from grader.warm import warm_up

SECONDS_FOR_A_BANK = 300
KEPT = COURSE / "_build" / "known-mistakes"  # what they show, for the next run


def examine(job: Job) -> Finding:
    """Run a submission under the tests, and name the mistakes in it.

    Raises:
        SandboxError: if the sandbox is required and cannot be built.
    """
    start = time.monotonic()
    for attempt in (1, 2):
        try:
            outcomes = judge(_notebook(job.instructors), job.sources, _sandbox(job.setting))
            mistakes = _name_mistakes(job, outcomes)
            return Finding(outcomes, mistakes, time.monotonic() - start)
        except (JudgeError, SandboxError) as error:
            _close(job.setting)
            if attempt == 2:
                if isinstance(error, SandboxError):
                    raise
                return Finding({}, {}, time.monotonic() - start, fault=str(error))
        except Exception as error:  # ours, since a student's is an outcome
            fault = f"{type(error).__name__}: {error}"
            return Finding({}, {}, time.monotonic() - start, fault=fault)
    raise AssertionError


def _sandbox(setting: Setting) -> Sandbox:
    """The sandbox of this process."""
    if setting in _open:
        return _open[setting]
    warm_up(for_tests=True)
    sandbox = None
    if setting.sandbox != "off":
        try:
            sandbox = Sandbox(limits=setting.limits)
            sandbox.start()
            sandbox.stop()
        except (SandboxError, OSError):
            if sandbox is not None:
                sandbox.close()
            sandbox = None
            if setting.sandbox == "required":
                raise SandboxError(
                    f"the sandbox is required, and {missing() or 'did not start'}. To grade "
                    "without it, so that student code runs with your rights: --sandbox=off"
                ) from None
    sandbox = sandbox or Sandbox(walls=False, limits=setting.limits)
    _open[setting] = sandbox
    return sandbox


_open: dict[Setting, Sandbox] = {}


@atexit.register
def _close_all() -> None:
    for setting in list(_open):
        _close(setting)


def _close(setting: Setting) -> None:
    """Give up the sandbox of this process; the next submission gets a new one."""
    if setting in _open:
        _open.pop(setting).close()


@functools.lru_cache(maxsize=64)
def _notebook(text: str) -> NotebookNode:
    return nbformat.reads(text, as_version=4)


# --- known mistakes -----------------------------------------------------------------------


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
            named[task] = name_mistakes(texts, known_symptoms(job, task))
    return named


def _is_empty(texts: dict[str, str]) -> bool:
    """Whether an answer is not written yet."""
    return all("NotImplementedError" in text for text in texts.values())


def known_symptoms(job: Job, task: str) -> dict[str, Symptoms]:
    """What the known mistakes of a task show; found once for each version of the course."""
    relevant = [answer for answer in job.bank if answer.task == task]
    about = repr((job.instructors, task, relevant, version()))
    path = KEPT / f"{hashlib.sha256(about.encode()).hexdigest()}.json"
    if path not in _symptoms:
        known = _read_symptoms(path, [a.sentence for a in relevant if not a.is_correct])
        if known is None:
            work = functools.partial(find_symptoms, _notebook(job.instructors), task, relevant)
            known = in_a_fork(work, seconds=SECONDS_FOR_A_BANK)
            with contextlib.suppress(OSError):  # without a place to keep it, it is found again
                replace_file(path, json.dumps(known))
        _symptoms[path] = known
    return _symptoms[path]


_symptoms: dict[Path, dict[str, Symptoms]] = {}


def learn_symptoms(notebooks: Iterable[Path]) -> None:
    """Find out what the known mistakes of notebooks show, and keep it, so that grading need not.

    Args:
        notebooks: the instructor's.
    """
    warm_up(for_tests=True)
    for path in notebooks:
        text, bank = load_notebook(path)
        for task in sorted({answer.task for answer in bank}):
            known_symptoms(Job(text, bank, {}, Setting()), task)


def _read_symptoms(path: Path, sentences: list[str]) -> dict[str, Symptoms] | None:
    """What an earlier process has found, if it has."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_whole = (
        isinstance(known, dict)
        and known.keys() == set(sentences)
        and all(isinstance(shown, dict) for shown in known.values())
    )
    return known if is_whole else None


@functools.cache
def version() -> str:
    """A digest of the code that decides what comes of a submission."""
    digest = hashlib.sha256(torch.__version__.encode())
    for path in sorted([*(COURSE / "lib").rglob("*.py"), *(COURSE / "grader").glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()
