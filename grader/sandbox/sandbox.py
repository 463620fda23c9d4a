"""The sandbox: a warm process within bubblewrap, from which students' processes are forked.

    with Sandbox() as sandbox:
        connection = sandbox.start()      # a connection to a fresh student's process
        ...
        end = sandbox.stop()              # kills it, and says how it ended

A student's process can read Python, the installed packages, `lib/`, `checking/`, `experiments/` and
the modules of the student's side. It has an empty scratch folder of its own and can write nothing
else. It sees no network and no other process. `grader.sandbox.walls` sets its limits.

"Warm" is a process that has already imported what its forks need. "Walls" are the restrictions that
the kernel enforces.
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

SECONDS_TO_START = 60  # for the warm process; a student's process starts in milliseconds


class SandboxError(RuntimeError):
    """The sandbox cannot be built here, or its warm process is gone."""


@dataclass(frozen=True)
class End:
    """How a student's process ended.

    Attributes:
        code: its exit code, or minus the number of the signal that killed it.
        memory: the most bytes that it had in memory at once.
    """

    code: int
    memory: int


class WarmProcess:
    """A process within bubblewrap that has imported what answers need. Sandboxes are its forks.

    Args:
        walls: whether to build the walls.

    Raises:
        OSError: if bubblewrap is not installed. Other failures show when a sandbox is opened.
    """

    def __init__(self, *, walls: bool = True):
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, closed in close
        self._control, theirs = socket.socketpair()
        kind = "walls" if walls else "no-walls"
        python = [sys.executable, "-m", "grader.sandbox.student", str(theirs.fileno()), kind]
        command = [*bubblewrap(), *python] if walls else python
        folders = {name: tempfile.gettempdir() for name in ("HOME", "TMPDIR")}
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                env={} if walls else os.environ | environment(COURSE) | folders,
            )

    def fork(self, limits: Limits, modules: tuple[str, ...]) -> socket.socket:
        """Import modules in the warm process and fork a process from it that serves a sandbox.

        Args:
            limits: the limits of the students' processes in that sandbox.
            modules: the names of the modules.

        Returns:
            A connection to the new process, on which its first message or its end can be read.

        Raises:
            SandboxError: if the warm process is gone already.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                request = {"limits": asdict(limits), "modules": modules}
                messages.send(self._control, request, [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise SandboxError(
                    f"the warm process is gone ({error}){self.last_output()}"
                ) from None
            # This process still has the other end of the new connection open, so that only the
            # control socket shows if the warm process is gone.
            multiprocessing.connection.wait([ours, self._control], SECONDS_TO_START)
        return ours

    def last_output(self) -> str:
        """The last 2000 characters of the warm process's output and errors, for a message."""
        self._log.seek(0)
        text = self._log.read().decode(errors="replace").strip()
        return f": {text[-2000:]}" if text else ""

    def close(self) -> None:
        """End the warm process, and within bubblewrap all its forks."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._log.close()


_shared: WarmProcess | None = None


def share_warm_process() -> None:
    """Start a warm process for this process and those that will be forked from it."""
    global _shared
    with contextlib.suppress(OSError):  # opening a sandbox raises it again
        _shared = WarmProcess()


class Sandbox:
    """Runs students' processes, one after the other. Use it as a context manager.

    Args:
        walls: whether to build the walls. Without them student code runs with all rights of this
            user, and only its time and memory are limited.
        limits: the limits of each student's process.
        modules: the names of modules to import before students' processes are forked.

    Raises:
        SandboxError: if the walls cannot be built, saying what is missing and what to do.
        OSError: if bubblewrap is not installed.
    """

    def __init__(
        self, *, walls: bool = True, limits: Limits | None = None, modules: tuple[str, ...] = ()
    ):
        self.walls, self.limits, self.modules = walls, limits or Limits(), modules
        self._request_numbers = itertools.count(1)
        self._connection: socket.socket | None = None
        self._own: WarmProcess | None = None
        if walls and _shared is not None:
            with contextlib.suppress(SandboxError):  # if it is gone, this sandbox starts its own
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
        # A judge in a fork of this process may send a request and be killed before it reads the
        # answer. The process id in the number keeps that answer apart from those to other requests.
        number = f"{os.getpid()}-{next(self._request_numbers)}"
        try:
            messages.send(self._control, {"op": op, "number": number}, descriptors)
        except OSError as error:
            raise SandboxError(
                f"the warm process is gone ({error}){self._warm.last_output()}"
            ) from None
        return self._receive(number, 10)

    def _receive(self, number: str, seconds: float) -> dict:
        """Wait for the answer to the request with a number; drop answers to earlier requests."""
        self._control.settimeout(seconds)
        while True:
            try:
                received = messages.receive(self._control)
            except OSError as error:
                raise SandboxError(
                    f"the warm process does not answer ({error}){self._warm.last_output()}"
                ) from None
            if received is None:
                raise SandboxError(f"the warm process is gone{self._warm.last_output()}")
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
