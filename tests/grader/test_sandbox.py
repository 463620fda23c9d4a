"""Sandboxes that share a warm process, and forked processes of the judge."""

import contextlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

import numpy
import pytest
import torch

from grader.border import Border, Gone
from grader.judging.fork import in_a_fork
from grader.judging.job import JudgeError
from grader.sandbox import sandbox as sandboxes
from grader.sandbox.bubblewrap import bubblewrap
from grader.sandbox.sandbox import Sandbox, SandboxError


def run(connection, source):
    """Run a cell in a student's process; return what it prints."""
    border = Border(connection, trusting=False, seconds=20)
    error, printed = border.root.run(source)
    assert not error, error
    return printed


@pytest.fixture
def shared(lacking, monkeypatch):
    """A warm process that this process shares."""
    if lacking:
        pytest.skip(f"no sandbox here: {lacking}")
    monkeypatch.setattr(sandboxes, "_shared", None)
    sandboxes.share_warm_process()
    yield sandboxes._shared
    sandboxes._shared.close()


def test_sandboxes_that_share_a_warm_process_share_nothing_else(shared):
    with Sandbox() as first, Sandbox() as second:
        assert first._own is None and second._own is None
        ends = first.start(), second.start()
        look = (
            "import os\nprint(sorted(os.listdir('.')), *filter(str.isdigit, os.listdir('/proc')))"
        )
        assert run(ends[0], "open('note', 'w').close()\nx = 1\n" + look) == "['note'] 1\n"
        assert run(ends[1], look + "\nprint('x' in globals())") == "[] 1\nFalse\n"
        first.stop()
        assert run(ends[1], "print(2)") == "2\n"


def test_a_warm_process_that_is_gone_is_replaced(shared):
    Sandbox().close()  # waits until the warm process has started
    os.kill(shared._process.pid, signal.SIGKILL)
    shared._control.settimeout(20)
    assert shared._control.recv(1) == b"", "it is still there"
    with Sandbox() as sandbox:
        assert sandbox._own is not None and sandbox.walls
        assert run(sandbox.start(), "print(3)") == "3\n"


def test_a_sandbox_that_is_closed_leaves_no_student_behind(shared):
    sandbox = Sandbox()
    connection = sandbox.start()
    connection.sendall(b"half a message")  # the student's process waits for the rest
    sandbox.close()
    connection.settimeout(20)
    with contextlib.suppress(ConnectionResetError):  # it was killed before it read that
        assert connection.recv(1) == b"", "the student's end is still open"


@pytest.mark.parametrize("waits", [False, True])
def test_walls_that_cannot_be_built_say_why(waits, monkeypatch):
    class Failing(sandboxes.WarmProcess):
        def __init__(self, **options):
            super().__init__(**options)
            if waits:  # until the process has ended, so that the first request finds it gone
                self._process.wait()

    monkeypatch.setattr(sandboxes, "_shared", None)
    monkeypatch.setattr(sandboxes, "WarmProcess", Failing)
    monkeypatch.setattr(sandboxes, "bubblewrap", lambda: ["sh", "-c", "echo no bricks >&2"])
    with pytest.raises(SandboxError, match="no bricks"):
        Sandbox()


WRITE = """
import os
for line in open("/proc/self/mounts"):
    folder = line.split()[1]
    try:
        open(os.path.join(folder, "left"), "x").close()
        print(folder)
    except OSError:
        pass
"""


def test_behind_the_walls_only_the_scratch_folder_can_be_written(lacking):
    if lacking:
        pytest.skip(f"no sandbox here: {lacking}")
    line = [*bubblewrap(), sys.executable, "-c", WRITE]
    result = subprocess.run(line, capture_output=True, encoding="utf-8", check=True)
    assert result.stdout.split() == ["/scratch"]


def test_a_fork_leaves_no_folder_behind(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert in_a_fork(os.getcwd, seconds=20).startswith(str(tmp_path))
    with pytest.raises(JudgeError):
        in_a_fork(lambda: time.sleep(60), seconds=0.5)
    assert not list(tmp_path.iterdir())


def test_a_lock_of_a_fork_ends_with_it():
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method("forkserver", force=True)  # as in the processes that examine
    try:
        assert in_a_fork(lambda: multiprocessing.RLock()._semlock.name, seconds=20) is None
    finally:
        multiprocessing.set_start_method(before, force=True)


DRAW = "print(random.random(), numpy.random.rand(), torch.rand(1).item())"


def test_random_numbers_are_the_same_for_every_submission(sandbox):
    imports = "import random\nimport numpy\nimport torch\n"
    first, second = (run(sandbox.start(), imports + DRAW) for _ in range(2))
    assert first == second and len(first.split()) == 3
    sandbox.stop()


def test_random_numbers_are_the_same_for_every_judge():
    def draw():
        return random.random(), numpy.random.rand(), torch.rand(1).item()

    assert in_a_fork(draw, seconds=20) == in_a_fork(draw, seconds=20)


def gone():
    raise Gone("the other end is gone")


@pytest.mark.parametrize(
    ("work", "says"),
    [
        (lambda: os._exit(3), r"process died \(code 3\)"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), r"process died \(code -9\)"),
        (lambda: time.sleep(60), "did not finish within 1 s"),
        (lambda: int("x"), "ValueError: invalid literal"),
        (gone, "Gone: the other end is gone"),
        (lambda: lambda: 0, "died"),  # it cannot be sent
    ],
)
def test_a_fork_that_fails_says_how(work, says):
    with pytest.raises(JudgeError, match=says):
        in_a_fork(work, seconds=1)
