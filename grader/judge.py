"""The judge: runs the instructor's tests against a student's answers, in two processes.

The student's process runs the student's cells and nothing else. The judge's process runs the
instructor's setup and test cells and never a line of the student's; the names that the answer
cells define are there as objects of the other side of the `grader.border`. So the expected values,
the hidden tests and the verdict are never where a student's code could read or change them.
"""

import ast
import contextlib
import io
import multiprocessing
import os
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode
from traitlets.config import Config

from grader.border import Border, BorderError

MAX_OUTPUT = 100_000  # characters that are kept of what a cell prints


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Attributes:
        passed: whether it ran without an error.
        error: "Exception: message", or "" if it passed.
        output: what it printed.
        stopped: whether the student's process died, hung or broke the rules.
    """

    passed: bool
    error: str = ""
    output: str = ""
    stopped: bool = False


class StudentShell:
    """What runs in the student's process: their cells, in an IPython shell."""

    def __init__(self):
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "NoColor"
        self._shell = InteractiveShell(config=config)

    def run(self, source: str) -> tuple[str, str]:
        """Run a cell; return its error, or "", and what it printed."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            result = self._shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        said = "" if error is None else f"{type(error).__name__}: {error}"
        return said, printed.getvalue()[:MAX_OUTPUT]

    def get(self, name: str) -> Any:
        """What a name stands for, as in the student's notebook."""
        if name not in self._shell.user_ns:
            raise NameError(f"name {name!r} is not defined; has its cell been run?")
        return self._shell.user_ns[name]


def judge(
    notebook: NotebookNode, answers: dict[str, str], *, seconds: float = 60.0
) -> dict[str, Outcome]:
    """Run a student's answers under the instructor's tests.

    Args:
        notebook: the instructor's notebook, with the tests.
        answers: the student's text for each answer cell, by id; a cell that is not there is empty.
        seconds: how long a cell of the student's, or one call from a test, may take.

    Returns:
        The outcome of each answer cell and of each graded cell, by id, in order.
    """
    receiver, sender = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_judge, args=(notebook, answers, seconds, sender))
    process.start()
    sender.close()
    try:
        outcomes = receiver.recv()
    finally:
        process.join(10)
        process.kill()
    if isinstance(outcomes, Exception):
        raise outcomes
    return outcomes


def _judge(notebook: NotebookNode, answers: dict[str, str], seconds: float, sender) -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # the judge's own setup finds no file of anybody
        try:
            with _student(seconds) as border:
                sender.send(_run(notebook, answers, border))
        except Exception as error:
            sender.send(RuntimeError(f"the judge failed: {type(error).__name__}: {error}"))


@contextlib.contextmanager
def _student(seconds: float) -> Iterator[Border]:
    """The judge's end of the border to a new student's process."""
    ours, theirs = socket.socketpair()

    def live() -> None:
        ours.close()
        Border(theirs, trusting=True, root=StudentShell()).serve()

    process = multiprocessing.get_context("fork").Process(target=live)
    process.start()
    theirs.close()
    try:
        yield Border(ours, trusting=False, seconds=seconds)
    finally:
        ours.close()
        process.kill()
        process.join()


def _run(notebook: NotebookNode, answers: dict[str, str], border: Border) -> dict[str, Outcome]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    outcomes: dict[str, Outcome] = {}
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        cell_id = about.get("grade_id")
        if cell.cell_type != "code" or cell_id is None:
            continue
        if about.get("solution"):
            outcomes[cell_id] = _run_answer(answers.get(cell_id, ""), border)
            for name in defined_names(cell.source):
                namespace[name] = _StudentName(border, name)
        elif about.get("grade"):
            outcomes[cell_id] = _run_test(cell.source, cell_id, namespace)
        else:
            _run_answer(cell.source, border)
            exec(compile(cell.source, f"<{cell_id}>", "exec"), namespace)
    return outcomes


def _run_answer(source: str, border: Border) -> Outcome:
    try:
        error, output = border.root.run(source)
    except BorderError as stop:
        return Outcome(False, f"{type(stop).__name__}: {stop}", stopped=True)
    return Outcome(not error, error, output)


def _run_test(source: str, cell_id: str, namespace: dict[str, Any]) -> Outcome:
    # A cell sees the names as the answers left them, not what an earlier test made of them.
    local = {name: _fetch(value) for name, value in namespace.items()}
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            exec(compile(source, f"<{cell_id}>", "exec"), local)
    except BorderError as stop:
        return Outcome(False, f"{type(stop).__name__}: {stop}", printed.getvalue(), stopped=True)
    except Exception as error:
        return Outcome(False, f"{type(error).__name__}: {error}", printed.getvalue())
    return Outcome(True, "", printed.getvalue())


@dataclass(frozen=True)
class _StudentName:
    """Stands for a student's name until a test cell needs it."""

    border: Border
    name: str

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self.border.root.get(self.name)  # raises what is wrong with the name


def _fetch(value: Any) -> Any:
    if not isinstance(value, _StudentName):
        return value
    try:
        return value.border.root.get(value.name)
    except (NameError, BorderError):
        return value


def defined_names(source: str) -> set[str]:
    """The names that a cell defines at its top level by def, class or an assignment."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(t.id for t in targets if isinstance(t, ast.Name))
    return names
