"""Examines the references: each must get all points from the tests that it comes with.

A reference is examined as a submission is, by the judge and in the sandbox. One that got all points
is not examined again until its notebook, a data file or the code of the course changes.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.bank import load_notebook
from grader.batch.pool import start_pool
from grader.batch.workers import examine_job
from grader.files import COURSE, replace_file
from grader.judging.job import Finding, Job, Setting
from grader.judging.known_answers import version
from grader.notebooks import code_cells, imported_modules, metadata_of, name_of
from grader.submissions.reading import sources_of

RECORDS = COURSE / "_build" / "references"


def faults_of_references(paths: Iterable[Path], setting: Setting, count: int) -> list[str]:
    """Examine the references of instructor's notebooks; say what they get no points for.

    Args:
        paths: the paths of the notebooks.
        setting: how to examine them.
        count: how many processes to use at most.

    Returns:
        A sentence for each test that a reference does not pass, and each answer that fails.

    Raises:
        ValueError: if a bank is malformed, or the data files are too large.
        SandboxError: if the sandbox is required and cannot be built.
    """
    todo = []
    for path in paths:
        text, _ = load_notebook(path)
        digest = hashlib.sha256(repr((text, setting, version())).encode()).hexdigest()
        if not (RECORDS / digest).exists():
            todo.append((path, text, RECORDS / digest))
    if not todo:
        return []
    notebooks = [nbformat.reads(text, as_version=4) for _, text, _ in todo]
    modules = tuple({name: None for nb in notebooks for name in imported_modules(nb)})
    jobs = [
        Job(text, (), sources_of(notebook), setting, modules)
        for (_, text, _), notebook in zip(todo, notebooks, strict=True)
    ]
    faults: list[str] = []
    with start_pool(min(count, len(jobs))) as executor:
        findings = executor.map(examine_job, jobs)
        for (path, _, record), notebook, finding in zip(todo, notebooks, findings, strict=True):
            found = list(_faults_of(notebook, finding))
            faults += [f"{path.name}: {fault}" for fault in found]
            if not found:
                # If it cannot be kept, the next release examines the reference again.
                with contextlib.suppress(OSError):
                    replace_file(record, f"{path}\n")
    return faults


def _faults_of(notebook: NotebookNode, finding: Finding) -> Iterator[str]:
    if finding.fault:
        yield finding.fault
        return
    for cell in code_cells(notebook):
        about, name = metadata_of(cell), name_of(cell)
        outcome = finding.outcomes.get(name)
        if outcome is None:
            continue
        if not outcome.passed:
            what = (
                "the reference fails in" if about.get("grade") else "the reference is no answer to"
            )
            yield f"{what} {name}. {outcome.error}"
        elif outcome.partial is not None and outcome.partial != (points := about["points"]):
            yield (
                f"the reference gets {outcome.partial:g} of {points:g} points in "
                f"{name}. The number in a test's last line is its points"
            )
