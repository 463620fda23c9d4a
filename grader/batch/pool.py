"""Processes that work in parallel, forked from a server process.

The server imports once what all of them need, so that each starts quickly. It never runs cells of a
student or an instructor. It is not forked from this process, so neither it nor its forks inherit
this process's threads and database connections.
"""

import multiprocessing
import multiprocessing.forkserver
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def start_server() -> None:
    """Start the server, without waiting for it, if it does not run yet."""
    _context().set_forkserver_preload(["grader.batch.server"])
    multiprocessing.forkserver.ensure_running()


def start_pool(count: int) -> ProcessPoolExecutor:
    """Start `count` processes, forked from the server, which do not outlive this process."""
    start_server()
    num_started = _context().Value("i", 0)
    return ProcessPoolExecutor(
        count, _context(), initializer=_start_process, initargs=(count, num_started)
    )


def _context() -> multiprocessing.context.ForkServerContext:
    return multiprocessing.get_context("forkserver")


def _start_process(count: int, num_started: Any) -> None:
    """In each of the `count` processes: end with the server, and stay on one core.

    Args:
        count: how many processes the pool has.
        num_started: a shared counter of the processes that have started.
    """
    from grader.batch.server import PROCESS_ID, die_with_parent

    die_with_parent(PROCESS_ID)
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if cores and count >= len(cores):
        # Judge and student run in turn, each waiting for the other's message, and waking a process
        # on another core takes longer than most messages. So both stay on one core. If the pool
        # does not fill all cores, the system decides.
        with num_started.get_lock():
            core = cores[num_started.value % len(cores)]
            num_started.value += 1
        os.sched_setaffinity(0, {core})
