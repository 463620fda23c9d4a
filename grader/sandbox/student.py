"""The student's side: a warm process in the sandbox, from which each submission gets a process.

The warm process has imported torch and started an IPython shell; a fork of it is ready in
milliseconds. For each sandbox that is opened it forks a process that serves it. That one forks a
process for each submission, which puts up walls of its own, runs the submission, and is killed with
everything that it started. Nothing of the instructor's is here but `lib/`, `checking/` and
the border.

    python -m grader.sandbox.student CONTROL walls

CONTROL is the number of an inherited socket on which `grader.sandbox.sandbox` asks; "no-walls" is
for machines that cannot build them.
"""

import contextlib
import io
import os
import signal
import socket
import sys
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from grader.border import Border
from grader.sandbox import messages, walls
from grader.sandbox.warm import fork, import_modules, warm_up

READY = "ready"


class StudentShell:
    """What runs in the student's process: their cells, in an IPython shell.

    Attributes:
        output: the most characters kept of what a cell prints.
    """

    def __init__(self):
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "NoColor"
        self._shell = InteractiveShell.instance(config=config)
        # The error is reported by itself.
        self._shell._showtraceback = lambda *_: None  # type: ignore[method-assign]
        self.output = walls.Limits.output
        self._lent: dict[str, Any] = {}

    def run(self, source: str) -> tuple[str, str]:
        """Run a cell; return its error, or "", and what it printed."""
        printed = _Printed(self.output)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            result = self._shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        return "" if error is None else _describe(error)[: self.output], printed.getvalue()

    def get(self, names: list[str]) -> dict[str, Any]:
        """What names stand for in the student's notebook; those that are not defined are not."""
        return {name: self._shell.user_ns[name] for name in names if name in self._shell.user_ns}

    def lend(self, name: str, value: Any) -> None:
        """Let a name stand for something else until `end_lending`."""
        self._lent[name] = self._shell.user_ns.get(name)
        self._shell.user_ns[name] = value

    def end_lending(self) -> None:
        """Let lent names stand for what they stood for."""
        self._shell.user_ns.update(self._lent)
        self._lent.clear()


def _describe(error: BaseException) -> str:
    """Type, message and, if it arose in a cell, the line."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith("<ipython-input"):
            line = trace.tb_lineno
        trace = trace.tb_next
    message = error.msg if isinstance(error, SyntaxError) else error
    said = f"{type(error).__name__}: {message}".removesuffix(": ")
    return said + (f" (line {line} of the cell)" if line else "")


class _Printed(io.StringIO):
    """Keeps the beginning of what is printed, and says so when it stops."""

    def __init__(self, most: int):
        super().__init__()
        self._left = most

    def write(self, text: str) -> int:
        if self._left > 0:
            super().write(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                super().write("\n[the rest of the output is cut off]\n")
        return len(text)


def serve(
    control: socket.socket,
    shell: StudentShell,
    filter_calls: walls.Filter | None,
    limits: walls.Limits,
) -> None:
    """Start and stop students as the other end of the socket asks, until it hangs up."""
    running: int | None = None  # the number of the student's process
    messages.send(control, {"number": "0"})
    try:
        while (received := messages.receive(control)) is not None:
            request, descriptors = received
            answer: dict[str, Any] = {"number": request["number"]}
            if running is not None:
                answer["end"] = _stop(running)
                running = None
            if request["op"] == "start":
                try:
                    running = _start(descriptors[0], shell, filter_calls, limits)
                except OSError as error:
                    answer["error"] = str(error)
            for descriptor in descriptors:
                os.close(descriptor)
            messages.send(control, answer)
    finally:
        if running is not None:
            _stop(running)


def _start(
    connection: int,
    shell: StudentShell,
    filter_calls: walls.Filter | None,
    limits: walls.Limits,
) -> int:
    """Fork a student's process behind walls of its own; return its number.

    Raises:
        OSError: if a wall cannot be put up.
    """
    reading, writing = os.pipe()
    with contextlib.nullcontext() if filter_calls is None else walls.process_of_its_own():
        pid = fork()
        if pid == 0:
            _be_student(connection, writing, shell, filter_calls, limits)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as report:
        said = report.read()  # until the process has closed it, or has ended
    if said != READY:
        _stop(pid)
        raise OSError(said or "the new process ended at once")
    return pid


def _be_student(
    connection: int,
    writing: int,
    shell: StudentShell,
    filter_calls: walls.Filter | None,
    limits: walls.Limits,
) -> None:
    """What the forked process does: put up the walls, then answer the judge until it hangs up."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        if filter_calls is not None:
            walls.furnish(limits)
            walls.give_up_rights()
        if sys.platform == "linux":
            walls.limit(limits)
        if filter_calls is not None:
            filter_calls.apply()
        os.write(writing, READY.encode())
        os.closerange(3, connection)
        os.closerange(connection + 1, 65536)
        Border(socket.socket(fileno=connection), trusting=True, root=shell).serve()
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(writing, f"{type(error).__name__}: {error}".encode())
    finally:
        os._exit(0)


def _stop(pid: int) -> dict[str, Any]:
    """Kill a student's process and all it started; say how it ended and what it used."""
    os.kill(pid, signal.SIGKILL)  # there until it is waited for
    _, status, used = os.wait4(pid, 0)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    return {"code": os.waitstatus_to_exitcode(status), "memory": used.ru_maxrss * unit}


def main() -> None:
    """Serve a sandbox on each socket that comes, until the other end hangs up."""
    control, walled = socket.socket(fileno=int(sys.argv[1])), sys.argv[2] == "walls"
    shell = StudentShell()
    shell.run("import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn")
    warm_up((), for_tests=False)
    filter_calls = walls.Filter() if walled else None
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that serve
    while (received := messages.receive(control)) is not None:
        request, (descriptor,) = received
        connection = socket.socket(fileno=descriptor)
        import_modules(request["modules"])
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            limits = walls.Limits(**request["limits"])
            shell.output = limits.output
            with contextlib.suppress(OSError):  # the other end is gone
                serve(connection, shell, filter_calls, limits)
            os._exit(0)
        connection.close()


if __name__ == "__main__":
    main()
