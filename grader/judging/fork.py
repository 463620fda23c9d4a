"""Trusted work in a forked process, so that nothing of it stays behind."""

import contextlib
import gc
import io
import itertools
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import torch

from grader.judging.job import JudgeError
from grader.sandbox.walls import limit_memory
from grader.sandbox.warm import fork

MEMORY = 4 * 2**30  # bytes that the process may use, beyond what it has at its start


class ForkedWork:
    """Trusted work that a forked process does meanwhile.

    Args:
        work: what to do.
        seconds: how long it may take.
    """

    def __init__(self, work: Callable[[], Any], *, seconds: float):
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self.receiver, sender = multiprocessing.Pipe(duplex=False)
        # Removed by this process, since the other is killed.
        self._folder = tempfile.TemporaryDirectory()
        self._pid = fork()
        if self._pid == 0:
            _work(work, sender, self._folder.name)
        sender.close()

    def result(self, *, at_once: bool = False) -> Any:
        """Wait for what the work returns; the process is gone then.

        Args:
            at_once: do not wait.

        Raises:
            JudgeError: if it raised, died or took too long.
        """
        try:
            if not self.receiver.poll(0 if at_once else max(self._until - time.monotonic(), 0)):
                raise JudgeError(f"the judge did not finish within {self._seconds:.0f} s")
            result, died = self.receiver.recv(), False
        except EOFError:
            died = True
        finally:
            os.kill(self._pid, signal.SIGKILL)  # there until it is waited for
            code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            self.receiver.close()
            self._folder.cleanup()
        if died:
            raise JudgeError(f"the judge's process died (code {code})")
        if isinstance(result, Exception):
            raise result
        return result


def in_a_fork(work: Callable[[], Any], *, seconds: float) -> Any:
    """Do trusted work in a forked process and return what it returned.

    Args:
        work: what to do.
        seconds: how long it may take.

    Raises:
        JudgeError: if it raised, died or took too long.
    """
    return ForkedWork(work, seconds=seconds).result()


def in_forks(
    works: Iterable[Callable[[], Any]], *, seconds: float, count: int
) -> Iterator[tuple[int, Any]]:
    """Do pieces of trusted work, each in a process of its own, several at a time.

    Args:
        works: what to do.
        seconds: how long each may take.
        count: how many at a time.

    Yields:
        The number of a piece, from 0, and what it returned, in the order in which they end.

    Raises:
        JudgeError: if a piece raised, died or took too long.
    """
    todo = enumerate(works)
    running: dict[Any, tuple[int, ForkedWork]] = {}  # by what their results come through
    try:
        while True:
            for number, work in itertools.islice(todo, count - len(running)):
                started = ForkedWork(work, seconds=seconds)
                running[started.receiver] = number, started
            if not running:
                return
            # The one that ends first, or else the one that has been running longest.
            ready = connection.wait(list(running), timeout=seconds) or list(running)
            number, ended = running.pop(ready[0])
            yield number, ended.result()
    finally:
        for _, left in running.values():
            with contextlib.suppress(Exception):
                left.result(at_once=True)


def _work(work: Callable[[], Any], sender: Connection, folder: str) -> NoReturn:
    """What the forked process does, in a folder of its own."""
    try:
        torch.set_num_threads(1)
        # Locks that tests make, as tqdm does, then end with this process and are no file.
        multiprocessing.set_start_method("fork", force=True)
        gc.disable()  # the process is short-lived; collecting takes longer than it does good
        if sys.platform == "linux":
            limit_memory(MEMORY)  # the student's side can call functions of the tests
        os.chdir(folder)  # the instructor's cells find no file of anybody
        try:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                result = work()
        except Exception as error:
            result = JudgeError(f"{type(error).__name__}: {error}")
        sender.send(result)
    finally:
        os._exit(1)  # what it does after sending is of no interest to anybody
