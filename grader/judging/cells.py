"""Running the instructor's cells, and turning a failed check into an `Outcome`."""

import ast
import functools
from types import CodeType
from typing import Any

from nbformat import NotebookNode

from checking import STEPS, CheckFailed
from grader.judging.job import Failure, Outcome
from grader.judging.report import HIDDEN
from grader.notebooks import name_of


def outcome_of(error: Exception, cell: NotebookNode) -> Outcome:
    """The outcome of an instructor's cell that raised an exception."""
    if isinstance(error, CheckFailed):
        climbed = STEPS[: STEPS.index(error.step)]
        failure = Failure(error.must_hold, error.step, error.called, tuple(error.detail), climbed)
        return Outcome(False, f"CheckFailed: {error}", failure=failure)
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    if not isinstance(error, AssertionError) or hasattr(error, "student_lines"):
        return Outcome(False, text)
    must_hold = _asserted(error, cell) or str(error) or "what a hidden test asserts"
    detail = (text,) if str(error) else ()
    return Outcome(False, text, failure=Failure(must_hold, "values", "", detail, ()))


def _asserted(error: AssertionError, cell: NotebookNode) -> str:
    """The condition of the cell's plain assert that failed, or "" if it is a hidden test's."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file_of(cell):
            line = trace.tb_lineno
        trace = trace.tb_next
    shown = HIDDEN.sub(lambda hidden: "\n" * hidden[0].count("\n"), cell.source)  # lines stay
    for node in ast.walk(ast.parse(shown)):
        if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or 0):
            return ast.get_source_segment(shown, node.test) or ""
    return ""


def file_of(cell: NotebookNode) -> str:
    """The name of the file that a traceback shows for an instructor's cell."""
    return f"<{name_of(cell)}>"


@functools.lru_cache(maxsize=1024)
def compiled(source: str, name: str) -> tuple[CodeType, CodeType | None]:
    """Compile a cell: its statements, and the expression in its last line, or None.

    Args:
        source: the cell's text.
        name: the name of the file that a traceback shows.
    """
    tree = ast.parse(source, name)
    value = None
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        value = compile(ast.Expression(last.value), name, "eval")
        tree.body.pop()
    return compile(tree, name, "exec"), value


def execute(cell: NotebookNode, namespace: dict[str, Any]) -> float | None:
    """Run an instructor's cell; return the value of its last line if it is a number, else None."""
    statements, last = compiled(cell.source, file_of(cell))
    exec(statements, namespace)
    value = None if last is None else eval(last, namespace)
    return float(value) if type(value) is int or type(value) is float else None
