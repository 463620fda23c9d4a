"""The student's side: the program that runs in the sandbox, as three kinds of processes.

The warm process has imported torch and started an IPython shell, so that a fork of it is ready in
milliseconds. For each `Sandbox` that is opened it forks a process that serves it. That one forks a
process for each submission, the student's process, which puts up walls of its own and runs the
submission; in the end it is killed with everything that it has started. Of the course, only `lib/`,
`checking/` and the code of the student's side can be read here.

    python -m grader.sandbox.student CONTROL walls

CONTROL is the number of an inherited socket on which `grader.sandbox.sandbox` sends requests. On
machines that cannot build the walls, the last word is "no-walls".
"""

import contextlib
import os
import signal
import socket
import sys
from typing import Any

from grader.border import Border
from grader.sandbox import messages, walls
from grader.sandbox.shell import StudentShell
from grader.sandbox.system_calls import Filter
from grader.sandbox.warm import fork, import_modules, warm_up

READY = "ready"


def serve(
    control: socket.socket,
    shell: StudentShell,
    filter_calls: Filter | None,
    limits: walls.Limits,
) -> None:
    """Serve a sandbox: start and stop students' processes on request, until the connection ends."""
    running: int | None = None  # the id of the student's process
    messages.send(control, {"number": "0"})
    try:
        while (received := messages.receive(control)) is not None:
            request, descriptors = received
            answer: dict[str, Any] = {"number": request["number"]}
            if running is not None:
                answer["end"] = _stop_student(running)
                running = None
            if request["op"] == "start":
                try:
                    running = _start_student(descriptors[0], shell, filter_calls, limits)
                except OSError as error:
                    answer["error"] = str(error)
            for descriptor in descriptors:
                os.close(descriptor)
            messages.send(control, answer)
    finally:
        if running is not None:
            _stop_student(running)


def _start_student(
    connection: int,
    shell: StudentShell,
    filter_calls: Filter | None,
    limits: walls.Limits,
) -> int:
    """Fork a student's process behind walls of its own; return its id.

    Raises:
        OSError: if a wall cannot be put up.
    """
    reading, writing = os.pipe()
    with contextlib.nullcontext() if filter_calls is None else walls.process_of_its_own():
        pid = fork()
        if pid == 0:
            _run_student(connection, writing, shell, filter_calls, limits)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as report:
        said = report.read()  # waits until the process has closed its end, or has ended
    if said != READY:
        _stop_student(pid)
        raise OSError(said or "the new process ended at once")
    return pid


def _run_student(
    connection: int,
    writing: int,
    shell: StudentShell,
    filter_calls: Filter | None,
    limits: walls.Limits,
) -> None:
    """In the student's process: put up the walls, then answer the judge until it disconnects."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        if filter_calls is not None:
            walls.mount_private_folders(limits)
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


def _stop_student(pid: int) -> dict[str, Any]:
    """Kill a student's process and all that it started; return its exit code and peak memory."""
    os.kill(pid, signal.SIGKILL)  # a dead process keeps its id until wait4
    _, status, used = os.wait4(pid, 0)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    return {"code": os.waitstatus_to_exitcode(status), "memory": used.ru_maxrss * unit}


def main() -> None:
    """Fork a process that serves a sandbox for each socket received, until the connection ends."""
    control, walled = socket.socket(fileno=int(sys.argv[1])), sys.argv[2] == "walls"
    shell = StudentShell()
    shell.run("import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn")
    warm_up((), for_tests=False)
    filter_calls = Filter() if walled else None
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies of the forks, for which nobody waits
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
