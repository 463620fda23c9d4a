"""Processes that work in parallel, forked from a server that is warm.

The server imports and warms up once what each of them needs; it never runs a student's code, nor
an instructor's. It is no fork of this process, so threads and databases of this process are none
of theirs.
"""

import multiprocessing
import multiprocessing.forkserver
from concurrent.futures import ProcessPoolExecutor


def start_server() -> None:
    """Start the server, without waiting for it, if it does not run yet."""
    _context().set_forkserver_preload(["grader.server"])
    multiprocessing.forkserver.ensure_running()


def start_pool(count: int) -> ProcessPoolExecutor:
    """Processes that start clean, and do not outlive this one."""
    start_server()
    return ProcessPoolExecutor(count, _context(), initializer=_die_with_server)


def _context() -> multiprocessing.context.ForkServerContext:
    return multiprocessing.get_context("forkserver")


def _die_with_server() -> None:
    from grader.server import PROCESS_ID, die_with_parent

    die_with_parent(PROCESS_ID)
