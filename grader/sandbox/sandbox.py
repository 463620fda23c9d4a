"""The sandbox: a warm process behind bubblewrap's walls, from which students' processes come.

    with Sandbox() as sandbox:
        connection = sandbox.start()      # a fresh student's process, at the other end
        ...
        end = sandbox.stop()              # how it ended; nothing of it is left

What is in there: Python, the installed packages, `lib/`, `checking/`, and the modules of the
student's side, all read-only; no network; no other process; an empty scratch folder for each
submission. `grader.sandbox.walls` says what each submission is limited to.
"""

import contextlib
import itertools
import multiprocessing.connection
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from types import TracebackType

from grader.files import COURSE
from grader.sandbox import messages
from grader.sandbox.bubblewrap import bubblewrap, environment
from grader.sandbox.walls import Limits

SECONDS_TO_START = 60  # of the warm process; a student's takes milliseconds


class SandboxError(RuntimeError):
    """The sandbox cannot be built here, or its warm process is gone."""


@dataclass(frozen=True)
class End:
    """How a student's process ended.

    Attributes:
        code: its exit code; the negative of a signal's number.
        memory: the most bytes it had in memory.
    """

    code: int
    memory: int


class WarmProcess:
    """A process behind walls that has imported what answers need; sandboxes are forks of it.

    Args:
        walls: whether to build the walls.

    Raises:
        OSError: if bubblewrap is not installed. What else fails shows when a sandbox is opened.
    """

    def __init__(self, *, walls: bool = True):
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, closed in close
        self._control, theirs = socket.socketpair()
        kind = "walls" if walls else "no-walls"
        python = [sys.executable, "-m", "grader.sandbox.student", str(theirs.fileno()), kind]
        command = [*bubblewrap(), *python] if walls else python
        own = {name: tempfile.gettempdir() for name in ("HOME", "TMPDIR")}
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                env={} if walls else os.environ | environment(COURSE) | own,
            )

    def fork(self, limits: Limits, modules: tuple[str, ...]) -> socket.socket:
        """Let it import modules and fork a process that starts students; a connection to that.

        Waits until there is something to read: its first answer, or that it is gone.

        Raises:
            SandboxError: if it is gone already.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                request = {"limits": asdict(limits), "modules": modules}
                messages.send(self._control, request, [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise SandboxError(f"the warm process is gone ({error}){self.said()}") from None
            # While we hold the other end, only the warm process's own socket says that it is gone.
            multiprocessing.connection.wait([ours, self._control], SECONDS_TO_START)
        return ours

    def said(self) -> str:
        """The end of what it has written to its standard output and error."""
        self._log.seek(0)
        text = self._log.read().decode(errors="replace").strip()
        return f": {text[-2000:]}" if text else ""

    def close(self) -> None:
        """End it and everything behind its walls."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._log.close()


_shared: WarmProcess | None = None


def share_warm_process() -> None:
    """Start a warm process for this process and those that will be forked from it."""
    global _shared
    with contextlib.suppress(OSError):  # who opens a sandbox learns what is missing
        _shared = WarmProcess()


class Sandbox:
    """Where students' code runs, one after the other. Use it as a context manager.

    Args:
        walls: whether to build the walls. Without them student code runs with all your rights;
            only time and memory are limited then.
        limits: what each student's process may use.
        modules: what answers will import, so that it is done before they start.

    Raises:
        SandboxError: if the walls cannot be built, saying what is missing and what to do.
        OSError: if bubblewrap is not installed.
    """

    def __init__(
        self, *, walls: bool = True, limits: Limits | None = None, modules: tuple[str, ...] = ()
    ):
        self.walls, self.limits, self.modules = walls, limits or Limits(), modules
        self._asked = itertools.count(1)
        self._connection: socket.socket | None = None
        self._own: WarmProcess | None = None
        if walls and _shared is not None:
            with contextlib.suppress(SandboxError):  # if it is gone, our own takes its place
                self._open(_shared)
                return
        self._own = WarmProcess(walls=walls)
        try:
            self._open(self._own)
        except SandboxError:
            self._own.close()
            raise

    def _open(self, warm: WarmProcess) -> None:
        self._warm = warm
        self._control = warm.fork(self.limits, self.modules)
        try:
            self._receive("0", 1)
        except SandboxError:
            self._control.close()
            raise

    def start(self) -> socket.socket:
        """Start a student's process; one that still runs is stopped.

        Returns:
            The judge's end of a connection to it.

        Raises:
            SandboxError: if it cannot be started.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self._ask("start", [theirs.fileno()])
        self._connection = ours
        return ours

    def stop(self) -> End | None:
        """Kill the student's process and all that it has started.

        Returns:
            How it ended, or None if none was running.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        end = self._ask("stop", []).get("end")
        return End(**end) if end else None

    def _ask(self, op: str, descriptors: list[int]) -> dict:
        # With the process's number, since a judge that was forked may ask, and die before it reads.
        number = f"{os.getpid()}-{next(self._asked)}"
        try:
            messages.send(self._control, {"op": op, "number": number}, descriptors)
        except OSError as error:
            raise SandboxError(f"the warm process is gone ({error}){self._warm.said()}") from None
        return self._receive(number, 10)

    def _receive(self, number: str, seconds: float) -> dict:
        """The answer with a number; one that nobody has waited for is dropped."""
        self._control.settimeout(seconds)
        while True:
            try:
                received = messages.receive(self._control)
            except OSError as error:
                raise SandboxError(
                    f"the warm process does not answer ({error}){self._warm.said()}"
                ) from None
            if received is None:
                raise SandboxError(f"the warm process is gone{self._warm.said()}")
            answer, _ = received
            if answer["number"] == number:
                break
        if "error" in answer:
            raise SandboxError(f"a wall cannot be put up: {answer['error']}")
        return answer

    def close(self) -> None:
        """End everything in the sandbox."""
        self._control.close()
        if self._own is not None:
            self._own.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
