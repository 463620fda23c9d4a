"""Processes that work in parallel, forked from a server that is warm.

The server imports and warms up once what each of them needs; it never runs a student's code, nor
an instructor's. It is no fork of this process, so threads and databases of this process are none
of theirs.
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
    """Processes that start clean, and do not outlive this one."""
    start_server()
    turn = _context().Value("i", 0)
    return ProcessPoolExecutor(count, _context(), initializer=_begin, initargs=(count, turn))


def _context() -> multiprocessing.context.ForkServerContext:
    return multiprocessing.get_context("forkserver")


def _begin(count: int, turn: Any) -> None:
    """What each of `count` processes does first; `turn` counts those that have begun."""
    from grader.batch.server import PROCESS_ID, die_with_parent

    die_with_parent(PROCESS_ID)
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if cores and count >= len(cores):
        # Judge and student wait for each other, and to wake a process on another core takes longer
        # than most messages. Where cores are left free for others, the system decides.
        with turn.get_lock():
            core, turn.value = cores[turn.value % len(cores)], turn.value + 1
        os.sched_setaffinity(0, {core})
