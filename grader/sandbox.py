"""The sandbox: a warm process behind bubblewrap's walls, from which students' processes come.

    with Sandbox() as sandbox:
        connection = sandbox.start()      # a fresh student's process, at the other end
        ...
        end = sandbox.stop()              # how it ended; nothing of it is left

What is in there: Python, the installed packages, `lib/`, and the modules of the student's
side, all read-only; no network; no other process; an empty scratch folder for each submission.
`grader.walls` says what each submission is limited to.
"""

import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from grader.walls import SCRATCH, Limits

COURSE = Path(__file__).parents[1]
VISIBLE = [
    "lib",
    "grader/border",
    *(f"grader/{n}.py" for n in ("__init__", "student", "walls", "warm")),
]
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
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kind = "walls" if walls else "no-walls"
        python = [sys.executable, "-m", "grader.student", str(theirs.fileno()), kind]
        command = [*_bubblewrap(), *python] if walls else python
        environment = {} if walls else os.environ | _environment(COURSE) | _writable()
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                env=environment,
            )

    def fork(self, limits: Limits) -> socket.socket:
        """Let it fork a process that starts students; return a connection to that.

        Raises:
            SandboxError: if it is gone.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            request = json.dumps(asdict(limits)).encode()
            try:
                socket.send_fds(self._control, [request], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise SandboxError(f"the warm process is gone ({error}){self.said()}") from None
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

    Raises:
        SandboxError: if the walls cannot be built, saying what is missing and what to do.
        OSError: if bubblewrap is not installed.
    """

    def __init__(self, *, walls: bool = True, limits: Limits | None = None):
        self.walls, self.limits = walls, limits or Limits()
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
        self._control = warm.fork(self.limits)
        try:
            self._receive("0", SECONDS_TO_START)
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
        request = json.dumps({"op": op, "number": number}).encode()
        try:
            socket.send_fds(self._control, [request], descriptors)
        except OSError as error:
            raise SandboxError(f"the warm process is gone ({error}){self._warm.said()}") from None
        return self._receive(number, 10)

    def _receive(self, number: str, seconds: float) -> dict:
        """The answer with a number; one that nobody has waited for is dropped."""
        self._control.settimeout(seconds)
        while True:
            try:
                message = self._control.recv(65536)
            except OSError as error:
                raise SandboxError(
                    f"the warm process does not answer ({error}){self._warm.said()}"
                ) from None
            if not message:
                raise SandboxError(f"the warm process is gone{self._warm.said()}")
            answer = json.loads(message)
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


def missing() -> str:
    """What this machine lacks for the sandbox, in a sentence with what to do; "" if nothing."""
    if sys.platform != "linux":
        return (
            f"the sandbox needs Linux (namespaces, seccomp), and this is {sys.platform}. "
            "Grade in a Linux virtual machine or container"
        )
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed. On Debian: apt-get install bubblewrap"
    try:
        probe = [*_bubblewrap(), sys.executable, "-S", "-m", "grader.walls"]
        result = subprocess.run(
            probe, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL
        )
        error = result.stderr.decode(errors="replace").strip()[-500:]
    except (OSError, subprocess.TimeoutExpired) as problem:
        result, error = None, str(problem)
    if result is None or result.returncode != 0:
        advice = (
            "In a container, allow it user namespaces (Docker: --security-opt seccomp=unconfined "
            "or --cap-add SYS_ADMIN); on Ubuntu, see the sysctl "
            "kernel.apparmor_restrict_unprivileged_userns. libseccomp comes as libseccomp2"
        )
        return f"the kernel does not allow what the sandbox needs ({error}). {advice}"
    return ""


def _writable() -> dict[str, str]:
    return {name: tempfile.gettempdir() for name in ("HOME", "TMPDIR")}


def _environment(course: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(course),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
    }


def _bubblewrap() -> list[str]:
    """The command that runs what follows it behind walls."""
    course = Path("/course")
    binds: dict[Path, Path] = {}
    for library in ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache"):
        binds[Path(library)] = Path(library)
    python = Path(sys.executable).resolve()
    for path in (Path(sys.prefix), Path(sys.base_prefix), python):
        if path != Path("/usr"):  # then /usr/lib holds the library, and python alone is missing
            binds[path] = path
    binds[Path("/sys/devices/system/cpu")] = Path("/sys/devices/system/cpu")  # torch counts cores
    binds |= {COURSE / name: course / name for name in VISIBLE}
    # As an ordinary user, rights are had within a new user namespace. As root no such namespace
    # is made, so that each student's process can become a user that owns nothing.
    root = os.geteuid() == 0
    names = ("pid", "net", "ipc", "uts", "cgroup-try") if root else ("all",)
    rights = ("SYS_ADMIN", "SETUID", "SETGID", "KILL") if root else ("SYS_ADMIN",)
    command = ["bwrap", *(f"--unshare-{n}" for n in names), "--die-with-parent", "--new-session"]
    command += ["--hostname", "sandbox", "--clearenv"]
    for name, value in _environment(course).items():
        command += ["--setenv", name, value]
    made: set[Path] = set()
    for source, target in binds.items():
        for parent in [*target.parents][::-1][1:]:
            if parent not in made:  # else it gets the mode of its source, which may be private
                command += ["--perms", "0755", "--dir", str(parent)]
                made.add(parent)
        command += ["--ro-bind-try", str(source), str(target)]
        made.add(target)
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", SCRATCH, "--chdir", SCRATCH]
    # To an ordinary user's students it would belong, with as much room as half of the memory.
    command += ["--remount-ro", "/dev"]
    command += ["--cap-drop", "ALL", *(a for r in rights for a in ("--cap-add", f"CAP_{r}"))]
    return [*command, "--remount-ro", "/", "--"]
