"""Examining on a Dask cluster, in processes and a sandbox of each of its machines.

    dask worker tcp://SCHEDULER:8786 --no-nanny --nthreads CORES      # on each machine

A worker examines as many notebooks at once as it has threads. The threads only wait for processes,
which examine the notebooks as on the teacher's machine.
"""

import contextlib
import multiprocessing
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from distributed import Client, get_worker
from distributed.scheduler import KilledWorker

from grader.batch.pool import start_pool
from grader.batch.workers import DIED, Item, examine_job
from grader.files import version
from grader.judging.job import Finding, Job
from grader.sandbox.bubblewrap import sandbox_lacks
from grader.sandbox.sandbox import SandboxError

SECONDS_TO_CONNECT = 30


class Cluster:
    """The workers of a Dask scheduler.

    Args:
        address: of the scheduler, such as "tcp://10.0.0.5:8786".
        sandbox: as in `grader.judging.job.Setting`. With "if-possible", workers that cannot build
            the sandbox are named on stderr.

    Raises:
        SandboxError: if the sandbox is required and a worker cannot build it.
        LookupError: if the scheduler cannot be reached or has no workers, or a worker has another
            version of the course or runs below a nanny. The message says what to do.
    """

    def __init__(self, address: str, sandbox: str = "required"):
        self.address, self.sandbox = address, sandbox
        try:
            self._client = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise LookupError(
                f"expected a Dask scheduler at {address}, found none ({error}). Start one with "
                "`dask scheduler`, and give the address that it prints"
            ) from None
        try:
            self._check_workers()
        except BaseException:
            self._client.close()
            raise

    def _check_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
            found = self._client.run(_describe_worker)
        except TimeoutError:
            raise LookupError(
                f"expected workers of the Dask scheduler at {self.address}, found none. Start "
                f"them with `dask worker {self.address} --no-nanny --nthreads CORES`"
            ) from None
        except ImportError as error:
            raise LookupError(
                f"a worker of {self.address} lacks the course ({error}). Install it there, in the "
                "environment that starts the worker"
            ) from None
        for worker, (workers_version, is_daemon, lacking) in sorted(found.items()):
            if is_daemon:  # multiprocessing does not let a daemon start processes
                raise LookupError(
                    f"the Dask worker {worker} runs below a nanny, where it may start no "
                    "processes. Start it with --no-nanny"
                )
            if workers_version != version():
                raise LookupError(
                    f"expected the version of the course that is here on the worker {worker}, got "
                    "another. Install the same there and start the worker again"
                )
            if lacking and self.sandbox == "required":
                raise SandboxError(
                    f"the sandbox is required, and on the worker {worker} {lacking}. To grade "
                    "without it, so that student code runs with that worker's rights: --sandbox=off"
                )
            if lacking and self.sandbox != "off":
                print(f"Grading without the sandbox on {worker}: {lacking}.", file=sys.stderr)

    def map(
        self, job_of: Callable[[Item], Job], items: Iterator[Item]
    ) -> Generator[tuple[Item, Finding], None, None]:
        """Examine items; yield each with its finding, in the order in which they are done.

        Items are read as they are needed, a few ahead of the workers. If a worker dies, no item is
        lost: Dask gives its items to other workers, or waits for a new one if there are none.
        """
        waiting: dict[Future, Item] = {}
        with self._client, self._client.get_executor(pure=False) as executor:
            try:
                while True:
                    ahead = 2 * sum(self._client.nthreads().values()) + 2
                    for item in islice(items, max(ahead - len(waiting), 0)):
                        waiting[executor.submit(examine_here, job_of(item))] = item
                    if not waiting:
                        return
                    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        item = waiting.pop(future)
                        try:
                            yield item, future.result()
                        except KilledWorker:  # several workers died, one after another, with it
                            yield item, Finding({}, {}, 0.0, fault=DIED)
            finally:
                executor.shutdown(wait=False)


# --- what runs on a worker ----------------------------------------------------------------


def _describe_worker() -> tuple[str, bool, str]:
    """The worker's version of the course, whether it is a daemon, and what its sandbox lacks."""
    return version(), multiprocessing.current_process().daemon, sandbox_lacks()


_lock = threading.Lock()
_pool: ProcessPoolExecutor | None = None


def examine_here(job: Job) -> Finding:
    """Examine a notebook in a process that this worker starts.

    Raises:
        SandboxError: if the sandbox is required and cannot be built here.
    """
    for _ in range(2):
        pool = _workers_pool()
        with contextlib.suppress(BrokenProcessPool):
            return pool.submit(examine_job, job).result()
        _replace_pool(pool)
    return Finding({}, {}, 0.0, fault=DIED)


def _workers_pool() -> ProcessPoolExecutor:
    global _pool
    with _lock:
        if _pool is None:
            _pool = start_pool(get_worker().state.nthreads)
        return _pool


def _replace_pool(broken: ProcessPoolExecutor) -> None:
    global _pool
    with _lock:
        if _pool is broken:
            _pool = None
            broken.shutdown(wait=False, cancel_futures=True)
