"""The outcomes of the tests on the known answers, computed once for each version of the course.

The outcomes are kept in files. The naming of mistakes in grading, the table of a task and the tests
of the bank all read these.
"""

import functools
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from grader.bank import KnownAnswer
from grader.data_files import attached_files, work_beside
from grader.files import COURSE, replace_file, version
from grader.judging.cells import execute, outcome_of
from grader.judging.fork import in_a_fork, in_forks
from grader.judging.job import Failure, Outcome
from grader.judging.naming import Symptoms, symptom
from grader.notebooks import code_cells, defined_names, mentions, metadata_of, name_of

SECONDS_FOR_A_TASK = 300
RECORDS = COURSE / "_build" / "known-answers"

Outcomes = dict[str, Outcome]  # by the id of a graded cell of the answer's task


def known_outcomes(
    instructors: str, bank: Sequence[KnownAnswer], task: str
) -> dict[KnownAnswer, Outcomes]:
    """The outcomes of a task's tests on the known answers to it, computed if need be.

    Args:
        instructors: the instructor's notebook, as JSON.
        bank: the known answers of the notebook.
        task: the id of an answer cell.
    """
    return _known_outcomes(instructors, tuple(a for a in bank if a.task == task), task)


@functools.lru_cache(maxsize=256)
def _known_outcomes(
    instructors: str, answers: tuple[KnownAnswer, ...], task: str
) -> dict[KnownAnswer, Outcomes]:
    path = _record_path(instructors, answers, task)
    found = _read_record(path, answers)
    if found is None:
        work = functools.partial(run_known_answers, instructors, task, answers)
        found = in_a_fork(work, seconds=SECONDS_FOR_A_TASK)
        _write_record(path, found)
    return dict(zip(answers, found, strict=True))


def learn(notebooks: Iterable[tuple[str, Sequence[KnownAnswer]]], count: int) -> int:
    """Run the tests on those known answers whose outcomes are not kept yet.

    Args:
        notebooks: the instructor's notebooks, as JSON, each with its known answers.
        count: how many processes to use.

    Returns:
        The number of answers that were run.
    """
    missing = []
    for instructors, bank in notebooks:
        for task in sorted({answer.task for answer in bank}):
            answers = tuple(answer for answer in bank if answer.task == task)
            path = _record_path(instructors, answers, task)
            if _read_record(path, answers) is None:
                missing.append((instructors, task, answers, path))
    works = [
        functools.partial(run_known_answers, instructors, task, answers)
        for instructors, task, answers, _ in missing
    ]
    for number, found in in_forks(works, seconds=SECONDS_FOR_A_TASK, count=count):
        _write_record(missing[number][-1], found)
    return sum(len(answers) for _, _, answers, _ in missing)


def symptoms_of_mistakes(
    instructors: str, bank: Sequence[KnownAnswer], task: str
) -> dict[str, Symptoms]:
    """The symptoms of the known mistakes in a task, by the mistakes' sentences."""
    return {
        answer.sentence: {cell: symptom(outcome) for cell, outcome in outcomes.items()}
        for answer, outcomes in known_outcomes(instructors, bank, task).items()
        if not answer.is_correct
    }


# --- running ------------------------------------------------------------------------------


def run_known_answers(
    instructors: str, task: str, answers: Iterable[KnownAnswer]
) -> list[Outcomes]:
    """Run the tests of a task against answers to it, in this process and its working folder.

    Args:
        instructors: the instructor's notebook, as JSON.
        task: the id of an answer cell.
        answers: the answers.

    Returns:
        For each answer, the outcome of each graded cell of the task.
    """
    notebook = nbformat.reads(instructors, as_version=4)
    work_beside(attached_files(notebook))
    shared: dict[str, Any] = {"__name__": "__main__"}
    tests: list[NotebookNode] = []
    owner, names = "", set[str]()
    for cell in code_cells(notebook):
        if metadata_of(cell).get("grade"):
            tests += [cell] if owner == task else []
        else:
            execute(cell, shared)
            if metadata_of(cell).get("solution"):
                owner = name_of(cell)
                names = defined_names(cell.source) if owner == task else names
    return [
        {
            # A test that does not mention the answer cannot fail because of it, and may take long.
            name_of(cell): _run_test(cell, answer, dict(shared))
            if mentions(cell.source, names)
            else Outcome(True)
            for cell in tests
        }
        for answer in answers
    ]


def _run_test(test: NotebookNode, answer: KnownAnswer, namespace: dict[str, Any]) -> Outcome:
    try:
        exec(compile(answer.source, "<answer>", "exec"), namespace)
        execute(test, namespace)
    except Exception as error:
        return outcome_of(error, test)
    return Outcome(True)


# --- keeping ------------------------------------------------------------------------------


def _record_path(instructors: str, answers: tuple[KnownAnswer, ...], task: str) -> Path:
    about = repr((instructors, task, answers, version()))
    return RECORDS / f"{hashlib.sha256(about.encode()).hexdigest()}.json"


def _write_record(path: Path, found: list[Outcomes]) -> None:
    rows = [{cell: asdict(outcome) for cell, outcome in row.items()} for row in found]
    try:
        replace_file(path, json.dumps(rows))
    except OSError:  # if it cannot be kept, the next process computes it again
        return


def _read_record(path: Path, answers: tuple[KnownAnswer, ...]) -> list[Outcomes] | None:
    """The outcomes that an earlier process has kept; None if there are none, or damaged ones."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        found = [{cell: _outcome_from_json(about) for cell, about in row.items()} for row in rows]
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return found if len(found) == len(answers) else None


def _outcome_from_json(about: dict[str, Any]) -> Outcome:
    failure = about["failure"]
    if failure is not None:
        lists = {name: tuple(failure[name]) for name in ("detail", "climbed")}
        failure = Failure(**failure | lists)
    return Outcome(**about | {"failure": failure, "lent": tuple(about["lent"])})
