"""Running trusted functions in forked processes, so that nothing of them stays in this one."""

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

MEMORY = 4 * 2**30  # bytes that the process may allocate beyond what it has when it is forked


class ForkedWork:
    """A trusted function that a forked process runs while this process goes on.

    Args:
        work: the function.
        seconds: seconds that it may take.
        memory: bytes that its process may allocate beyond what it has when it is forked.

    Attributes:
        receiver: the connection on which the result arrives.
    """

    def __init__(self, work: Callable[[], Any], *, seconds: float, memory: int = MEMORY):
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self.receiver, sender = multiprocessing.Pipe(duplex=False)
        # This process makes and removes the folder, since the forked process is killed.
        self._folder = tempfile.TemporaryDirectory()
        self._pid = fork()
        if self._pid == 0:
            _run_and_send(work, sender, self._folder.name, memory)
        sender.close()

    def result(self, *, at_once: bool = False) -> Any:
        """Wait for the function's result, and end the process.

        Args:
            at_once: do not wait; a result that is not there yet counts as too late.

        Raises:
            JudgeError: if the function raised or took too long, or its process died.
        """
        try:
            if not self.receiver.poll(0 if at_once else max(self._until - time.monotonic(), 0)):
                raise JudgeError(f"the judge did not finish within {self._seconds:.0f} s")
            result, died = self.receiver.recv(), False
        except EOFError:
            died = True
        finally:
            os.kill(self._pid, signal.SIGKILL)  # a dead process keeps its id until waitpid
            code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            self.receiver.close()
            self._folder.cleanup()
        if died:
            raise JudgeError(f"the judge's process died (code {code})")
        if isinstance(result, Exception):
            raise result
        return result


def in_a_fork(work: Callable[[], Any], *, seconds: float, memory: int = MEMORY) -> Any:
    """Run a trusted function in a forked process and return its result.

    Args:
        work: the function.
        seconds: seconds that it may take.
        memory: bytes that its process may allocate beyond what it has when it is forked.

    Raises:
        JudgeError: if the function raised or took too long, or its process died.
    """
    return ForkedWork(work, seconds=seconds, memory=memory).result()


def in_forks(
    works: Iterable[Callable[[], Any]], *, seconds: float, count: int
) -> Iterator[tuple[int, Any]]:
    """Run trusted functions, each in a forked process of its own, several at a time.

    Args:
        works: the functions.
        seconds: seconds that each may take.
        count: how many run at a time.

    Yields:
        The number of a function, from 0, and its result, in the order in which they end.

    Raises:
        JudgeError: if a function raised or took too long, or its process died.
    """
    todo = enumerate(works)
    running: dict[Any, tuple[int, ForkedWork]] = {}  # by receiver
    try:
        while True:
            for number, work in itertools.islice(todo, count - len(running)):
                started = ForkedWork(work, seconds=seconds)
                running[started.receiver] = number, started
            if not running:
                return
            # The one that ends first; if none ends in time, the one that has run longest.
            ready = connection.wait(list(running), timeout=seconds) or list(running)
            number, ended = running.pop(ready[0])
            yield number, ended.result()
    finally:
        for _, unfinished in running.values():
            with contextlib.suppress(Exception):
                unfinished.result(at_once=True)


def _run_and_send(
    work: Callable[[], Any], sender: Connection, folder: str, memory: int
) -> NoReturn:
    """In the forked process: run the function in a folder of its own and send its result."""
    try:
        torch.set_num_threads(1)
        # With this start method, a lock that a test makes (tqdm makes one) leaves no file behind
        # when this process is killed.
        multiprocessing.set_start_method("fork", force=True)
        gc.disable()  # in so short a process, collecting garbage only costs time
        if sys.platform == "linux":
            # Student code can call functions of the tests, and might make them use all memory.
            limit_memory(memory)
        os.chdir(folder)  # an empty folder, so that cells of the instructor find no other files
        try:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                result = work()
        except BaseException as error:  # a BorderError is no Exception
            result = JudgeError(f"{type(error).__name__}: {error}")
        sender.send(result)
    finally:
        os._exit(1)  # without clean-up, which would act on objects of the parent process
