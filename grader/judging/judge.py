"""The judge: runs the instructor's tests against a student's answers, in two processes.

The student's process runs the student's cells and nothing else. The judge's process runs the
instructor's setup and test cells and never a line of the student's; the names that the answer
cells define are there as objects of the other side of the `grader.border`. So the expected values,
the hidden tests and the verdict are never where a student's code could read or change them.

A mistake costs its own task only. A test that fails after an earlier task has failed is run again
with the reference in place of the earlier answers; the student's process gets it as an object of
the judge's, which it can call and not read. Code that hangs or ends its process is left out when a
fresh process takes the next task.
"""

import contextlib
import io
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nbformat import NotebookNode

from checking import CheckFailed
from grader.border import Border, BorderError, Foreign, Gone, TooLate, handle_of
from grader.judging.cells import compiled, execute, name_of, outcome_of
from grader.judging.fork import in_a_fork
from grader.judging.job import Failure, JudgeError, Outcome
from grader.notebooks import code_cells, defined_names
from grader.sandbox.sandbox import End, Sandbox
from grader.sandbox.walls import Limits

SECONDS_BEYOND = 60  # that the judge itself may take, over the student's seconds
MAX_OUTPUT = 30_000  # characters of a cell's output, more than the student's side sends


def judge(
    notebook: NotebookNode, answers: dict[str, tuple[str, ...]], sandbox: Sandbox
) -> dict[str, Outcome]:
    """Run a student's answers under the instructor's tests.

    Args:
        notebook: the instructor's notebook, with the tests and the reference answers.
        answers: for each answer cell, by id, the sources to run in order, of which the last is the
            answer; a cell that is not there is empty.
        sandbox: where the student's code runs.

    Returns:
        The outcome of each answer cell and of each graded cell, by id, in order.

    Raises:
        JudgeError: if the judge itself failed.
    """
    for cell in code_cells(notebook):
        compiled(cell.source, name_of(cell))  # before the fork, which finds it done
    examination = _Examination(notebook, answers, sandbox)
    seconds = sandbox.limits.seconds_per_notebook + SECONDS_BEYOND
    outcomes = in_a_fork(examination.run, seconds=seconds)
    return {cell: _storable(outcome) for cell, outcome in outcomes.items()}


def _storable(outcome: Outcome) -> Outcome:
    """The outcome without what no file can hold, such as half of a surrogate pair."""

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
    """One run of a notebook; it goes on with a fresh student's process where one had to go."""

    def __init__(
        self, notebook: NotebookNode, answers: dict[str, tuple[str, ...]], sandbox: Sandbox
    ):
        self.notebook, self.answers, self.sandbox = notebook, answers, sandbox
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.outcomes: dict[str, Outcome] = {}
        self.border: Border | None = None
        self.done: list[tuple[str, str]] = []  # the cells that a fresh process runs again
        self.guilty: set[str] = set()  # the tasks whose answers are left out then
        self.names: dict[str, set[str]] = {}  # by task
        self.failed: set[str] = set()
        self.took_part = False  # whether the last test called an answer of its own task
        self._reference: dict[str, Any] | None = None

    def run(self) -> dict[str, Outcome]:
        self.until = time.monotonic() + self.sandbox.limits.seconds_per_notebook
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
                    self.failed.add(task)
            else:
                self._run_setup(cell)
        self.sandbox.stop()
        return self.outcomes

    # --- the student's process ------------------------------------------------------------

    def _student(self) -> Border:
        """The border to the student's process; a fresh one, if there is none."""
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
            for task, source in self.done:
                if task and task in self.guilty:
                    continue
                try:
                    _run_source(border, source)
                except BorderError as stop:
                    if not task:
                        raise JudgeError(f"a setup cell failed: {stop}") from None
                    self._stop(stop, task)
                    break
        return self.border

    def _stop(self, stop: BorderError, task: str) -> str:
        """End the student's process after a fault in a task; return what happened, in words."""
        self.guilty.add(task)
        end = self.sandbox.stop()
        self.border = None
        return explain(stop, end, self.sandbox.limits, over=time.monotonic() > self.until)

    def _run_setup(self, cell: NotebookNode) -> None:
        try:
            error, _ = _run_source(self._student(), cell.source)
        except BorderError as stop:
            if not self.names:
                raise
            error = self._stop(stop, [*self.names][-1])
        if error and not self.names:  # after an answer, it may be the answer's doing
            raise JudgeError(f"the setup cell {cell.metadata.nbgrader.grade_id} failed: {error}")
        self.done.append(("", cell.source))
        execute(cell, self.namespace)

    def _run_answer(self, task: str, source: str) -> Outcome:
        self.names[task] = defined_names(source)
        error, printed = "", list[str]()
        for source in self.answers.get(task, ("",)):
            try:
                error, output = _run_source(self._student(), source)
            except BorderError as stop:
                return Outcome(False, self._stop(stop, task), "".join(printed), stopped=True)
            self.done.append((task, source))
            printed.append(output)
        return Outcome(not error, error, "".join(printed)[: self.sandbox.limits.output])

    # --- the instructor's tests -----------------------------------------------------------

    def _run_test(self, cell: NotebookNode, task: str) -> Outcome:
        outcome = self._try(cell, task, ())
        earlier = [t for t in self.names if t in self.failed and t != task]
        lent = tuple(sorted(name for t in earlier for name in self.names[t]))
        if outcome.passed or outcome.stopped or not lent:
            return outcome
        again = self._try(cell, task, lent)
        further = again.passed or _progress(again) >= _progress(outcome)
        # A test that the reference passes by itself says nothing about this task's answer.
        if again != outcome and further and self.took_part:
            return replace(again, lent=lent)
        return outcome

    def _try(self, cell: NotebookNode, task: str, lent: tuple[str, ...]) -> Outcome:
        printed = io.StringIO()
        try:
            border = self._student()
            for name in lent:
                ask_student_side(border.root.lend, name, self._reference_of(name))
            shown = [known for known in self.names if known == task or known not in self.guilty]
            fetched = _fetch(border, {name for known in shown for name in self.names[known]})
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
            self.took_part = bool(handles & border.called)
            if lent:
                ask_student_side(border.root.end_lending)
            local.clear()
            ask_student_side(border.forget)
        except BorderError as stop:
            return Outcome(False, self._stop(stop, task), printed.getvalue(), stopped=True)
        return replace(outcome, output=printed.getvalue())

    def _reference_of(self, name: str) -> Any:
        if self._reference is None:
            self._reference = {"__name__": "__main__"}
            for cell in code_cells(self.notebook):
                if not cell.metadata.nbgrader.get("grade"):
                    execute(cell, self._reference)
        return self._reference[name]


def ask_student_side(function: Callable, *args: Any) -> Any:
    """Call what belongs to the student's process itself; if it fails, their code has broken it.

    Raises:
        BorderError: if it fails.
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
    """Run a cell over there; its error, or "", and what it printed."""
    result = ask_student_side(border.root.run, source)
    if type(result) is not tuple or [type(text) for text in result] != [str, str]:
        raise BorderError("the code changed what runs it")
    error, output = result
    return error[:MAX_OUTPUT], output[:MAX_OUTPUT]  # in case the code over there was changed


def _fetch(border: Border, names: set[str]) -> dict[str, Any]:
    """What names stand for over there; for those that stand for nothing, what says so."""
    try:
        found = border.root.get(sorted(names))
        if type(found) is not dict or not found.keys() <= names:
            raise BorderError("the code changed what runs it")
    except BorderError:
        raise
    except Exception as error:
        if len(names) == 1:
            return {name: UndefinedName(name, str(error)) for name in names}
        # One value that cannot cross leaves the others alone.
        return {n: value for name in names for n, value in _fetch(border, {name}).items()}
    absent = {
        name: UndefinedName(name, f"name {name!r} is not defined; has its cell been run?")
        for name in names - found.keys()
    }
    return found | absent


class UndefinedName:
    """Stands for a name that the student's cells do not define."""

    def __init__(self, name: str, message: str):
        self.__name__, self.message = name, message

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise NameError(self.message)


def _progress(outcome: Outcome) -> int:
    """How far up the ladder a failed test got."""
    return len(outcome.failure.climbed) if outcome.failure else 0


def explain(stop: BorderError, end: End | None, limits: Limits, *, over: bool) -> str:
    """What happened to a student's process, in a sentence for the student."""
    code = 0 if end is None else end.code
    if code == -signal.SIGXCPU or (isinstance(stop, TooLate) and over):
        return f"Stopped: all cells together took more than {limits.seconds_per_notebook:g} s."
    if isinstance(stop, TooLate):
        return (
            f"Stopped: it did not finish within {limits.seconds_per_call:g} s. Look for a loop "
            "that never ends."
        )
    if isinstance(stop, Gone):
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return (
            f"Stopped: the code ended its own process ({how}). Calls such as exit(), or more "
            f"memory than the {limits.memory / 2**30:g} GiB there is, do that."
        )
    return f"Stopped: {stop}."
