"""The judge: runs the instructor's tests against a student's answers, in two processes.

The student's process runs the student's cells, and of the instructor's only the setup cells. The
judge's process runs the instructor's setup and test cells and never a line of the student's. What
the student's cells define is represented there by stand-ins (see `grader.border`). So the expected
values, the hidden tests and the verdict are never where student code could read or change them.

A mistake costs the points of its own task only. If a test fails and an earlier task has failed too,
the test is run again with the reference instead of the earlier answers. The student's process then
has stand-ins for the reference, which it can call but not read. If an answer does not end, or ends
its process, the following tasks run in a fresh process without that answer.
"""

import contextlib
import io
import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from nbformat import NotebookNode

from checking import CheckFailed
from grader.border import Border, BorderError, Foreign, Gone, TooLate, handle_of
from grader.data_files import attached_files, work_beside
from grader.judging.cells import compiled, execute, name_of, outcome_of
from grader.judging.fork import in_a_fork
from grader.judging.job import Failure, JudgeError, Outcome
from grader.notebooks import code_cells, defined_names
from grader.sandbox.sandbox import End, Sandbox
from grader.sandbox.walls import Limits

SECONDS_FOR_TESTS = 60  # that the judge's process may take beyond the student's seconds
MAX_OUTPUT = 30_000  # characters of a cell's output, more than an honest student's side sends


def judge(
    notebook: NotebookNode, answers: dict[str, tuple[str, ...]], sandbox: Sandbox
) -> dict[str, Outcome]:
    """Run a student's answers under the instructor's tests.

    Args:
        notebook: the instructor's notebook, with the tests and the reference answers.
        answers: for each answer cell, by id, the sources to run in order, of which the last is the
            answer. A missing cell counts as empty.
        sandbox: the sandbox in which the student's code runs.

    Returns:
        The outcome of each answer cell and of each graded cell, by id, in order.

    Raises:
        JudgeError: if the judge itself failed.
    """
    for cell in code_cells(notebook):
        compiled(cell.source, name_of(cell))  # cached before forking, for all later forks
    examination = _Examination(notebook, answers, sandbox)
    seconds = sandbox.limits.seconds_per_notebook + SECONDS_FOR_TESTS
    outcomes = in_a_fork(examination.run, seconds=seconds)
    return {cell: _storable(outcome) for cell, outcome in outcomes.items()}


def _storable(outcome: Outcome) -> Outcome:
    """The outcome without characters that UTF-8 cannot encode, such as half a surrogate pair."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        if isinstance(value, tuple):
            return tuple(map(clean, value))
        if isinstance(value, Failure):
            return replace(value, **{name: clean(item) for name, item in vars(value).items()})
        return value

    return replace(outcome, **{name: clean(value) for name, value in vars(outcome).items()})


class _Examination:
    """One run of a notebook. After a student's process was stopped, it goes on with a fresh one."""

    def __init__(
        self, notebook: NotebookNode, answers: dict[str, tuple[str, ...]], sandbox: Sandbox
    ):
        self.notebook, self.answers, self.sandbox = notebook, answers, sandbox
        self.files = attached_files(notebook)
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.outcomes: dict[str, Outcome] = {}
        self.border: Border | None = None
        # Task ("" for a setup cell) and source of the cells that a fresh process must run again,
        # apart from those of the tasks whose code had to be stopped.
        self.cells_run: list[tuple[str, str]] = []
        self.stopped_tasks: set[str] = set()
        self.names: dict[str, set[str]] = {}  # what the answer to a task defines
        self.failed_tasks: set[str] = set()
        self.own_answer_called = False  # whether the last test called the answer to its own task
        self._reference: dict[str, Any] | None = None

    def run(self) -> dict[str, Outcome]:
        self.until = time.monotonic() + self.sandbox.limits.seconds_per_notebook
        work_beside(self.files)
        task = ""
        for cell in code_cells(self.notebook):
            about = cell.metadata.nbgrader
            if about.get("solution"):
                task = about.grade_id
                self.outcomes[task] = self._run_answer(task, cell.source)
            elif about.get("grade"):
                outcome = self._run_test(cell, task)
                self.outcomes[about.grade_id] = outcome
                if not outcome.passed:
                    self.failed_tasks.add(task)
            else:
                self._run_setup(cell)
        self.sandbox.stop()
        return self.outcomes

    # --- the student's process ------------------------------------------------------------

    def _student_border(self) -> Border:
        """The border to the student's process, which is started if there is none."""
        while self.border is None:
            if time.monotonic() > self.until:
                raise TooLate
            limits = self.sandbox.limits
            border = Border(
                self.sandbox.start(),
                trusting=False,
                seconds=limits.seconds_per_call,
                until=self.until,
            )
            self.border = border
            self._prepare_folder(border)
            for task, source in self.cells_run:
                if task and task in self.stopped_tasks:
                    continue
                try:
                    _run_source(border, source)
                except BorderError as fault:
                    if not task:
                        raise JudgeError(f"a setup cell failed: {fault}") from None
                    self._stop(fault, task)
                    break
        return self.border

    def _prepare_folder(self, border: Border) -> None:
        """Put the data files into the working folder of a fresh student's process."""
        # Behind walls it is in an empty folder of its own. Without walls it gets one within the
        # judge's, which is removed in the end.
        folder = "." if self.sandbox.walls else tempfile.mkdtemp(dir=os.getcwd())
        files = {
            name: torch.from_numpy(np.frombuffer(content, np.uint8).copy())
            for name, content in self.files.items()
        }
        try:
            ask_student_side(border.root.work_in, folder, files)
        except BorderError as fault:
            raise JudgeError(f"the data files cannot be handed over: {fault}") from None

    def _stop(self, fault: BorderError, task: str) -> str:
        """End the student's process after a fault of a task's code; return a sentence about it."""
        self.stopped_tasks.add(task)
        end = self.sandbox.stop()
        self.border = None
        is_over = time.monotonic() > self.until
        return explain(fault, end, self.sandbox.limits, over=is_over)

    def _run_setup(self, cell: NotebookNode) -> None:
        try:
            error, _ = _run_source(self._student_border(), cell.source)
        except BorderError as fault:
            if not self.names:
                raise
            error = self._stop(fault, [*self.names][-1])
        if error and not self.names:  # below an answer, it may be the answer that makes it fail
            raise JudgeError(f"the setup cell {cell.metadata.nbgrader.grade_id} failed: {error}")
        self.cells_run.append(("", cell.source))
        execute(cell, self.namespace)

    def _run_answer(self, task: str, source: str) -> Outcome:
        self.names[task] = defined_names(source)
        error, printed = "", list[str]()
        for source in self.answers.get(task, ("",)):
            try:
                error, output = _run_source(self._student_border(), source)
            except BorderError as fault:
                return Outcome(False, self._stop(fault, task), "".join(printed), stopped=True)
            self.cells_run.append((task, source))
            printed.append(output)
        return Outcome(not error, error, "".join(printed)[: self.sandbox.limits.output])

    # --- the instructor's tests -----------------------------------------------------------

    def _run_test(self, cell: NotebookNode, task: str) -> Outcome:
        outcome = self._run_test_once(cell, task, ())
        earlier = [t for t in self.names if t in self.failed_tasks and t != task]
        lent = tuple(sorted(name for t in earlier for name in self.names[t]))
        if outcome.passed or outcome.stopped or not lent:
            return outcome
        second = self._run_test_once(cell, task, lent)
        is_no_worse = second.passed or _steps_passed(second) >= _steps_passed(outcome)
        # A test that calls only the reference says nothing about the answer to this task.
        if second != outcome and is_no_worse and self.own_answer_called:
            return replace(second, lent=lent)
        return outcome

    def _run_test_once(self, cell: NotebookNode, task: str, lent: tuple[str, ...]) -> Outcome:
        """Run a test, with the reference instead of the student's answers for the names `lent`."""
        printed = io.StringIO()
        try:
            border = self._student_border()
            for name in lent:
                ask_student_side(border.root.lend, name, self._reference_of(name))
            usable = [t for t in self.names if t == task or t not in self.stopped_tasks]
            fetched = _fetch_values(border, {name for t in usable for name in self.names[t]})
            local = self.namespace | fetched
            own = [fetched[name] for name in self.names.get(task, ())]
            border.called.clear()
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                try:
                    outcome = Outcome(True, partial=execute(cell, local))
                except BorderError:
                    raise
                except CheckFailed as error:
                    if isinstance(error.__cause__, BorderError):
                        raise error.__cause__ from None
                    outcome = outcome_of(error)
                except Exception as error:
                    outcome = Outcome(False, f"{type(error).__name__}: {error}")
            handles = {handle_of(v) for v in own if isinstance(v, Foreign)}
            self.own_answer_called = bool(handles & border.called)
            if lent:
                ask_student_side(border.root.end_lending)
            local.clear()
            ask_student_side(border.forget)
        except BorderError as fault:
            return Outcome(False, self._stop(fault, task), printed.getvalue(), stopped=True)
        return replace(outcome, output=printed.getvalue())

    def _reference_of(self, name: str) -> Any:
        if self._reference is None:
            self._reference = {"__name__": "__main__"}
            for cell in code_cells(self.notebook):
                if not cell.metadata.nbgrader.get("grade"):
                    execute(cell, self._reference)
        return self._reference[name]


def ask_student_side(function: Callable, *args: Any) -> Any:
    """Call a function of this course that runs in the student's process.

    Raises:
        BorderError: if it fails, since only student code can have broken it.
    """
    try:
        return function(*args)
    except BorderError:
        raise
    except Exception as error:
        raise BorderError(
            f"the code changed what runs it ({type(error).__name__}: {str(error)[:200]})"
        ) from None


def _run_source(border: Border, source: str) -> tuple[str, str]:
    """Run a cell in the student's process; return its error, or "", and what it printed."""
    result = ask_student_side(border.root.run, source)
    if type(result) is not tuple or [type(text) for text in result] != [str, str]:
        raise BorderError("the code changed what runs it")
    error, output = result
    return error[:MAX_OUTPUT], output[:MAX_OUTPUT]  # student code may have removed the limit


def _fetch_values(border: Border, names: set[str]) -> dict[str, Any]:
    """The values of names in the student's process; an `UndefinedName` for those without one."""
    try:
        found = border.root.get(sorted(names))
        if type(found) is not dict or not found.keys() <= names:
            raise BorderError("the code changed what runs it")
    except BorderError:
        raise
    except Exception as error:
        if len(names) == 1:
            return {name: UndefinedName(name, str(error)) for name in names}
        # Fetched one by one, the names whose values can be sent are still found.
        return {n: value for name in names for n, value in _fetch_values(border, {name}).items()}
    absent = {
        name: UndefinedName(name, f"name {name!r} is not defined; has its cell been run?")
        for name in names - found.keys()
    }
    return found | absent


class UndefinedName:
    """Stands for a name without a value: calling it raises NameError, which says why."""

    def __init__(self, name: str, message: str):
        self.__name__, self.message = name, message

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise NameError(self.message)


def _steps_passed(outcome: Outcome) -> int:
    """How many steps of the ladder a failed test has passed."""
    return len(outcome.failure.climbed) if outcome.failure else 0


def explain(fault: BorderError, end: End | None, limits: Limits, *, over: bool) -> str:
    """A sentence for the student about why their process was stopped.

    Args:
        fault: what the judge noticed.
        end: how the process ended, if known.
        limits: the limits of the process.
        over: whether the time for all cells together is over.
    """
    code = 0 if end is None else end.code
    if code == -signal.SIGXCPU or (isinstance(fault, TooLate) and over):
        return f"Stopped: all cells together took more than {limits.seconds_per_notebook:g} s."
    if isinstance(fault, TooLate):
        return (
            f"Stopped: it did not finish within {limits.seconds_per_call:g} s. Look for a loop "
            "that never ends."
        )
    if isinstance(fault, Gone):
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return (
            f"Stopped: the code ended its own process ({how}). Calls such as exit(), or more "
            f"memory than the {limits.memory / 2**30:g} GiB there is, do that."
        )
    return f"Stopped: {fault}."
