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
import difflib
import functools
import io
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from nbformat import NotebookNode

from checking import STEPS, CheckFailed
from checking.calling import explain_error
from grader.border import Border, BorderError, Foreign, Gone, TooLate, handle_of
from grader.border.limits import MAX_BYTES, MAX_TEXT
from grader.data_files import attached_files, work_beside
from grader.judging.cells import compiled, execute, file_of, outcome_of
from grader.judging.fork import in_a_fork
from grader.judging.job import Failure, JudgeError, Outcome
from grader.notebooks import code_cells, defined_names, metadata_of, name_of, names_by_line
from grader.sandbox.sandbox import End, Sandbox
from grader.sandbox.walls import Limits

SECONDS_FOR_TESTS = 60  # that the judge's process may take beyond the student's seconds
MOST_CAUSE = 600  # characters that are quoted of an exception of student code
MAX_OUTPUT = 30_000  # characters of a cell's output, more than an honest student's side sends


def judge(
    notebook: NotebookNode, answers: dict[str, tuple[str, ...]], sandbox: Sandbox
) -> dict[str, Outcome]:
    """Run a student's answers under the instructor's tests.

    Args:
        notebook: the instructor's notebook, with the tests and the reference answers.
        answers: for each answer cell, by id, the sources to run in order, of which the last is the
            answer; for a test cell, the student's sources to run just before it. A missing answer
            cell counts as empty.
        sandbox: the sandbox in which the student's code runs.

    Returns:
        The outcome of each answer cell and of each graded cell, by id, in order.

    Raises:
        JudgeError: if the judge itself failed.
    """
    for cell in code_cells(notebook):
        compiled(cell.source, file_of(cell))  # cached before forking, for all later forks
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


@dataclass(frozen=True)
class _Step:
    """What the student's process does before any test: run a cell, or keep the names of a place.

    Attributes:
        task: the task that the cell belongs to; "" for a set-up cell above all tasks.
        source: the cell; "" if there is none to run.
        is_own: whether the student wrote the cell.
        place: the test cell at whose place the names are kept, or "".
    """

    task: str
    source: str = ""
    is_own: bool = False
    place: str = ""


class _Examination:
    """One run of a notebook. After a student's process was stopped, it goes on with a fresh one.

    All of the student's cells run before the first test, so that what they print cannot tell what a
    hidden test has called. For each test the names have the values that they have at its place.
    """

    def __init__(
        self, notebook: NotebookNode, answers: dict[str, tuple[str, ...]], sandbox: Sandbox
    ):
        self.files = attached_files(notebook)
        self.notebook, self.sandbox = notebook, sandbox
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.answers: dict[str, int] = {}  # the number of the step that runs the answer to a task
        self.names: dict[str, set[str]] = {}  # what the answer to a task must define
        self.steps: list[_Step] = []
        self._list_steps(answers)
        self.outcomes: dict[str, Outcome] = {}
        self.border: Border | None = None
        self.run_steps: dict[int, tuple[str, str]] = {}  # error and output of steps that have run
        self.stopped_tasks: dict[str, str] = {}  # and why
        self.failed_tasks: set[str] = set()
        self.own_answer_called = False  # whether the last test called the answer to its own task
        self._reference: dict[str, Any] | None = None

    def _list_steps(self, answers: dict[str, tuple[str, ...]]) -> None:
        task = ""
        for cell in code_cells(self.notebook):
            name = name_of(cell)
            if metadata_of(cell).get("solution"):
                task = name
                self.names[task] = defined_names(cell.source)
                self.steps += [_Step(task, s, is_own=True) for s in answers.get(task, ("",))]
                self.answers[task] = len(self.steps) - 1
            elif metadata_of(cell).get("grade"):
                self.steps += [_Step(task, s, is_own=True) for s in answers.get(name, ())]
                self.steps.append(_Step(task, place=name))
            else:
                self.steps.append(_Step(task, cell.source))

    def run(self) -> dict[str, Outcome]:
        self.until = time.monotonic() + self.sandbox.limits.seconds_per_notebook
        work_beside(self.files)
        with contextlib.suppress(TooLate):  # the time for all cells together is over
            self._student_border()
        task = ""
        for cell in code_cells(self.notebook):
            name = name_of(cell)
            if metadata_of(cell).get("solution"):
                task = name
                self.outcomes[task] = self._outcome_of_answer(task)
            elif metadata_of(cell).get("grade"):
                outcome = self._run_test(cell, task)
                self.outcomes[name] = outcome
                if not outcome.passed:
                    self.failed_tasks.add(task)
            else:
                execute(cell, self.namespace)
        self.sandbox.stop()
        return self.outcomes

    # --- the student's process ------------------------------------------------------------

    def _student_border(self) -> Border:
        """The border to the student's process; if there is none, it is started and runs all cells.

        Raises:
            TooLate: if the time for all cells together is over.
        """
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
            for number, step in enumerate(self.steps):
                try:
                    self._run_step(border, number, step)
                except BorderError as fault:
                    if not step.task:
                        raise JudgeError(f"a set-up cell failed: {fault}") from None
                    self._stop(fault, step.task)
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

    def _run_step(self, border: Border, number: int, step: _Step) -> None:
        if step.place:
            ask_student_side(border.root.keep, step.place)
        elif step.source and not (step.is_own and step.task in self.stopped_tasks):
            result = _run_source(border, step.source)
            self.run_steps.setdefault(number, result)  # what a later run prints is not shown
            if result[0] and not step.task:  # below an answer, that may be what makes it fail
                raise JudgeError(f"a set-up cell failed: {result[0]}")

    def _stop(self, fault: BorderError, task: str) -> str:
        """End the student's process after a fault of a task's code; return a sentence about it."""
        end = self.sandbox.stop()
        self.border = None
        is_over = time.monotonic() > self.until
        why = explain(fault, end, self.sandbox.limits, over=is_over)
        self.stopped_tasks.setdefault(task, why)
        return why

    def _outcome_of_answer(self, task: str) -> Outcome:
        numbers = [i for i, s in enumerate(self.steps) if s.is_own and s.task == task]
        output = "".join(self.run_steps[i][1] for i in numbers if i in self.run_steps)
        output = output[: self.sandbox.limits.output]
        answer = self.answers[task]
        if self.steps[answer].source and answer not in self.run_steps:
            why = self.stopped_tasks.get(task) or explain(
                TooLate(), None, self.sandbox.limits, over=True
            )
            return Outcome(False, why, output, stopped=True, cause=why)
        error, _ = self.run_steps.get(answer, ("", ""))
        return Outcome(not error, error, output, cause=describe_cell_error(error))

    # --- the instructor's tests -----------------------------------------------------------

    def _run_test(self, cell: NotebookNode, task: str) -> Outcome:
        outcome = self._run_test_once(cell, task, ())
        lent = tuple(
            sorted(
                n
                for t in self._tasks_until(task)[:-1]
                if t in self.failed_tasks
                for n in self.names[t]
            )
        )
        if outcome.passed or outcome.stopped or not lent:
            return outcome
        second = self._run_test_once(cell, task, lent)
        # A test that calls only the reference says nothing about the answer to this task. A failure
        # with the reference is this task's own mistake, so it is the one to show, unless it is an
        # error that comes from the reference's being on the other side.
        ran = [o.failure is not None and o.failure.step != STEPS[0] for o in (outcome, second)]
        is_own = second.passed or ran[1] or not (ran[0] or "on the other side" in second.error)
        if second != outcome and is_own and not second.stopped and self.own_answer_called:
            return replace(second, lent=lent)
        return outcome

    def _tasks_until(self, task: str) -> list[str]:
        """The tasks up to this one, in order."""
        tasks = [*self.names]
        return tasks[: tasks.index(task) + 1] if task else []

    def _run_test_once(self, cell: NotebookNode, task: str, lent: tuple[str, ...]) -> Outcome:
        """Run a test, with the reference instead of the student's answers for the names `lent`."""
        printed = io.StringIO()
        try:
            border = self._student_border()
            tasks = self._tasks_until(task)
            usable = [t for t in tasks if t == task or t not in self.stopped_tasks]
            names = {name for t in usable for name in self.names[t]}
            lent_values = {name: self._reference_of(name) for name in lent}
            go_to = functools.partial(
                border.root.go_to, name_of(cell), torch.get_default_dtype(), lent_values
            )
            fetched, unusable = _fetch_values(go_to, names)
            local = self.namespace | fetched
            own = [fetched[n] for n in self.names.get(task, ()) if n in fetched]
            border.called.clear()
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                try:
                    outcome = Outcome(True, partial=execute(cell, local))
                except CheckFailed as error:
                    outcome = self._explained(outcome_of(error, cell), error.__cause__, tasks)
                except NameError as error:
                    all_names = {n for t in self.names.values() for n in t}
                    if error.name in all_names:
                        outcome = self._undefined(error.name, unusable)
                    else:
                        outcome = self._explained(outcome_of(error, cell), error, tasks)
                except Exception as error:
                    outcome = self._explained(outcome_of(error, cell), error, tasks)
            handles = {handle_of(v) for v in own if isinstance(v, Foreign)}
            self.own_answer_called = bool(handles & border.called)
            local.clear()
            border.forget()
        except BorderError as fault:
            why = self._stop(fault, task)
            return Outcome(False, why, printed.getvalue(), stopped=True, cause=why)
        return replace(outcome, output=printed.getvalue())

    def _reference_of(self, name: str) -> Any:
        if self._reference is None:
            self._reference = {"__name__": "__main__"}
            for cell in code_cells(self.notebook):
                if not metadata_of(cell).get("grade"):
                    execute(cell, self._reference)
        return self._reference[name]

    # --- why code did not run -------------------------------------------------------------

    def _undefined(self, name: str, unusable: dict[str, str]) -> Outcome:
        """The outcome of a test that uses a name which the student's cells do not define."""
        task = next(t for t, names in self.names.items() if name in names)
        error = self._outcome_of_answer(task).error
        source = self.steps[self.answers[task]].source
        if name in unusable:
            cause = f"the value of `{name}` cannot be handed to the tests: {unusable[name]}"
        elif task in self.stopped_tasks:
            cause = self.stopped_tasks[task]
        elif error:
            cause = describe_cell_error(error) + self._added_cell_that_failed(error, [task])
        elif not source.strip():
            cause = f"the answer cell is empty, so `{name}` is not defined"
        else:
            others = names_by_line(source)
            near = difflib.get_close_matches(name, others, 1) or others[-1:]
            cause = (
                f"your cell defines `{near[0]}`, asked is `{name}`"
                if near
                else f"your cell does not define `{name}`"
            )
        failure = Failure(f"`{name}` is defined", STEPS[0], "", (f"{cause}.",), ())
        return Outcome(False, f"NameError: {cause}", failure=failure, cause=cause)

    def _explained(
        self, outcome: Outcome, error: BaseException | None, tasks: list[str]
    ) -> Outcome:
        """An outcome with the cause, if an exception in the student's code made the test fail."""
        failure = outcome.failure
        if error is None or (failure and failure.step != STEPS[0]):
            return outcome
        text = str(error)
        more = self._added_cell_that_failed(text, tasks)
        if (
            "not enough memory" in text
            or "can't allocate" in text
            or isinstance(error, MemoryError)
        ):
            more += f"; that is over the memory limit of {_gib(self.sandbox.limits)}"
        if "can't start new thread" in text:
            more += "; an answer runs in one thread"
        if re.search("(do|does) not cross", text):
            more += (
                f"; at most {MAX_BYTES // 2**20} MiB of tensors and {MAX_TEXT // 2**20} MiB of all "
                "else can be handed to the tests"
            )
        lines = failure.detail if failure else (outcome.error,)
        if failure is None and isinstance(error, Exception) and hasattr(error, "student_lines"):
            lines = tuple(explain_error(error).detail)
        if failure and more:
            failure = replace(failure, detail=(*failure.detail, f"{more.removeprefix('; ')}."))
        cause = ", ".join(lines).rstrip(".")[:MOST_CAUSE] + more[:MOST_CAUSE]
        return replace(outcome, failure=failure, cause=cause)

    def _added_cell_that_failed(self, error: str, tasks: list[str]) -> str:
        """A half-sentence if a missing name is one that a failed cell was to define, else ""."""
        found = re.search(r"name '(\w+)' is not defined", error)
        if not found:
            return ""
        for number, (failed, _) in self.run_steps.items():
            step = self.steps[number]
            if (
                failed
                and step.task in tasks
                and number not in self.answers.values()
                and re.search(rf"\b{found[1]}\b", step.source)
            ):
                return f"; an added cell above failed with {failed}, so `{found[1]}` is not defined"
        return ""


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


def _fetch_values(
    get: Callable[[list[str]], Any], names: set[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of those names that the student's process defines.

    Args:
        get: asks the student's process for the values of names.
        names: the names.

    Returns:
        The values by name, and by name an error for each value that cannot be sent.
    """
    try:
        found = get(sorted(names))
        if type(found) is not dict or not found.keys() <= names:
            raise BorderError("the code changed what runs it")
        return found, {}
    except BorderError:
        raise
    except Exception as error:
        if len(names) == 1:
            return {}, dict.fromkeys(names, str(error))
        # Fetched one by one, the names whose values can be sent are still found.
        each = [_fetch_values(get, {name}) for name in sorted(names)]
        values = {name: value for found, _ in each for name, value in found.items()}
        return values, {name: text for _, errors in each for name, text in errors.items()}


def describe_cell_error(error: str) -> str:
    """A sentence about the error of a cell, as `StudentShell.run` returns it; "" for none."""
    found = re.fullmatch(r"(\w+)(?:: (.*))? \(line (\d+) of the cell\)", error, re.S)
    if not found:
        return error and f"your cell ended with {error}"
    kind, message, line = found.groups()
    article = "an" if kind[0] in "AEIOU" else "a"
    verb = "has" if kind in ("SyntaxError", "IndentationError", "TabError") else "raised"
    text = f"your cell {verb} {article} {kind} in line {line}"
    return f"{text}: {message}" if message else text


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
    if isinstance(fault, Gone) and end and code <= 0 and end.memory > 0.8 * limits.memory:
        return f"Stopped: over the memory limit of {_gib(limits)}."
    if isinstance(fault, Gone):
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return (
            f"Stopped: the code ended its own process ({how}). Calls such as exit(), or more "
            f"memory than the {_gib(limits)} there is, do that."
        )
    return f"Stopped: {fault}."


def _gib(limits: Limits) -> str:
    return f"{limits.memory / 2**30:g} GiB"
