"""The shell in which a student's cells run, as the student's Jupyter runs them.

What only shows, times or installs something has no effect on an answer. Where it cannot be done
here it is left out, and the cell's output says so.
"""

import builtins
import contextlib
import io
import os
import sys
from types import ModuleType
from typing import Any

import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

from checking.batches import Call, call_each_here
from grader.border.errors import describe_error
from grader.data_files import work_beside
from grader.sandbox import walls

# The magics that need other programs, an extension, a screen or time for measuring.
LEFT_OUT = (
    *("pip", "conda", "mamba", "micromamba", "uv", "load_ext", "reload_ext", "unload_ext"),
    *("autoreload", "aimport", "matplotlib", "pylab", "gui", "config", "debug", "pdb"),
    *("system", "sx", "!", "!!", "bash", "sh", "script", "cmd", "perl", "ruby", "pypy"),
    *("python", "python2", "python3", "timeit"),
)
COLAB = "google.colab"


def leave_out(what: str) -> None:
    """Say in the output of the cell what is not done in grading."""
    print(f"[left out in grading: {what}]")


class _Shell(InteractiveShell):
    """IPython's shell without what needs another program, a screen or a person."""

    def _showtraceback(self, *_: Any) -> None:
        """Show nothing: `StudentShell.run` returns the error."""

    def system(self, cmd: str) -> None:
        leave_out(f"!{cmd}")

    def ask_exit(self) -> None:
        leave_out("exit")

    def getoutput(self, cmd: str, *_: Any, **__: Any) -> SList:
        leave_out(f"!{cmd}")
        return SList()

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        if magic_name in ("time", "prun"):
            return self._run_inner(line)
        if magic_name in LEFT_OUT or self.find_line_magic(magic_name) is None:
            return leave_out(f"%{magic_name} {line}".rstrip())
        return super().run_line_magic(magic_name, line, _stack_depth + 1)

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        if magic_name in ("time", "prun"):
            # With a line in place of the magic's, the others keep their numbers.
            return self._run_inner(cell if cell.startswith("%%") else f"#\n{cell}")
        if magic_name in LEFT_OUT or self.find_cell_magic(magic_name) is None:
            return leave_out(f"%%{magic_name} {line}".rstrip())
        return super().run_cell_magic(magic_name, line, cell)

    def _run_inner(self, source: str) -> Any:
        """Run a part of a cell; its error is that of the cell."""
        inner = self.run_cell(source)
        inner.raise_error()
        return inner.result


class _LeftOut(ModuleType):
    """Stands for Colab's own module, and for all that is in it: calling it does nothing."""

    def __init__(self, name: str):
        super().__init__(name)
        self.__path__ = []  # Python imports the modules of a package only

    def __getattr__(self, name: str) -> "_LeftOut":
        if name.startswith("_"):
            raise AttributeError(name)
        return _LeftOut(f"{self.__name__}.{name}")

    def __call__(self, *_: Any, **__: Any) -> None:
        leave_out(f"{self.__name__}(…)")


def _no_input(prompt: object = "") -> str:
    leave_out(f"input({str(prompt)!r}), which gave an empty text")
    return ""


class StudentShell:
    """Runs a student's cells in an IPython shell. The judge's process calls its methods.

    Attributes:
        output: how many characters are kept of what a cell prints.
    """

    def __init__(self):
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "NoColor"
        self._shell = _Shell.instance(config=config)
        builtins.input = _no_input
        for name in ("", ".drive", ".files", ".output", ".patches", ".userdata"):
            sys.modules[COLAB + name] = _LeftOut(COLAB + name)
        sys.modules.setdefault("google", _LeftOut("google"))
        self.output = walls.Limits.output
        self._kept: dict[str, dict[str, Any]] = {}

    def work_in(self, folder: str, files: dict[str, torch.Tensor]) -> None:
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
            result = self._shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        return "" if error is None else _describe_error(error)[: self.output], printed.getvalue()

    def get(self, names: list[str]) -> dict[str, Any]:
        """The values of those of the names that the student's notebook defines."""
        return {name: self._shell.user_ns[name] for name in names if name in self._shell.user_ns}

    def call_each(self, function: Any, calls: list[tuple], overwrite: bool) -> list[list]:
        """Call a function once for each of several calls, as `checking.batches.call_each` does.

        Args:
            function: the function, or the class of a module.
            calls: the fields of a `checking.batches.Call`, for each call.
            overwrite: whether the tensors that a call returns are overwritten.

        Returns:
            For each call a list: the value, an exception described as `grader.border.errors` does,
            or None, and whether the value shares memory with an argument.
        """
        results = call_each_here(function, [Call(*fields) for fields in calls], overwrite=overwrite)
        return [
            [
                result.value,
                None if result.error is None else describe_error(result.error),
                result.shares_memory,
            ]
            for result in results
        ]

    def keep(self, place: str) -> None:
        """Keep the values of all names, as they are at a place of the notebook."""
        self._kept[place] = dict(self._shell.user_ns)

    def go_to(
        self, place: str, default_dtype: torch.dtype, lent: dict[str, Any], names: list[str]
    ) -> dict[str, Any]:
        """Set all names to the values that they had at a place, and torch to its usual settings.

        Args:
            place: a place for which `keep` was called.
            default_dtype: the one of the tests.
            lent: other values for some names, until the next call of this method.
            names: the names whose values are wanted.

        Returns:
            The values of those of the names that are defined.
        """
        self._shell.user_ns.clear()
        self._shell.user_ns.update(self._kept[place])
        torch.set_default_dtype(default_dtype)
        torch.set_grad_enabled(True)
        self._shell.user_ns.update(lent)
        return self.get(names)


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
