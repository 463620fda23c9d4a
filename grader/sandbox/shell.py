"""The shell in which a student's cells run."""

import contextlib
import io
import os
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from torch import Tensor
from traitlets.config import Config

from grader.data_files import work_beside
from grader.sandbox import walls


class StudentShell:
    """Runs a student's cells in an IPython shell. The judge's process calls its methods.

    Attributes:
        output: how many characters are kept of what a cell prints.
    """

    def __init__(self):
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "NoColor"
        self._shell = InteractiveShell.instance(config=config)
        # `run` returns the error, so the shell need not print it.
        self._shell._showtraceback = lambda *_: None  # type: ignore[method-assign]
        self.output = walls.Limits.output
        self._lent: dict[str, Any] = {}

    def work_in(self, folder: str, files: dict[str, Tensor]) -> None:
        """Change to a folder, and write the part's data files there.

        Args:
            folder: the folder's path.
            files: the bytes of each file by name, as integers.
        """
        os.chdir(folder)
        work_beside({name: content.numpy().tobytes() for name, content in files.items()})

    def run(self, source: str) -> tuple[str, str]:
        """Run a cell; return its error, or "", and what it printed."""
        printed = _LimitedOutput(self.output)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            result = self._shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        return "" if error is None else _describe_error(error)[: self.output], printed.getvalue()

    def get(self, names: list[str]) -> dict[str, Any]:
        """The values of those of the names that the student's notebook defines."""
        return {name: self._shell.user_ns[name] for name in names if name in self._shell.user_ns}

    def lend(self, name: str, value: Any) -> None:
        """Set a name to another value until `end_lending`."""
        self._lent[name] = self._shell.user_ns.get(name)
        self._shell.user_ns[name] = value

    def end_lending(self) -> None:
        """Set all lent names back to the values that they had."""
        self._shell.user_ns.update(self._lent)
        self._lent.clear()


def _describe_error(error: BaseException) -> str:
    """An exception in words: type, message and, if it arose in a cell, the line of the cell."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith("<ipython-input"):
            line = trace.tb_lineno
        trace = trace.tb_next
    message = error.msg if isinstance(error, SyntaxError) else error
    text = f"{type(error).__name__}: {message}".removesuffix(": ")
    return text + (f" (line {line} of the cell)" if line else "")


class _LimitedOutput(io.StringIO):
    """Keeps the beginning of what is printed, with a note where the rest is cut off."""

    def __init__(self, max_characters: int):
        super().__init__()
        self._left = max_characters

    def write(self, text: str) -> int:
        if self._left > 0:
            super().write(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                super().write("\n[the rest of the output is cut off]\n")
        return len(text)
