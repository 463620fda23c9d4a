"""Examining on this machine: in this process, or in several processes."""

import itertools
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from grader.batch.pool import start_pool
from grader.judging.job import Finding, Job
from grader.submissions.reading import Submission

# Items to read and enroll while the processes start: that takes a second, starting takes three.
ITEMS_AT_START = 64
DIED = "its process died again and again"


def examine_job(job: Job) -> Finding:
    """Examine a notebook in this process.

    Raises:
        SandboxError: if the sandbox is required and cannot be built.
    """
    # Importing this takes a second, and the process that records grades does not need it.
    from grader.judging.examine import examine

    return examine(job)


@dataclass(frozen=True)
class Item:
    """One notebook of one student that must be examined.

    Attributes:
        student: the student's id.
        name: the notebook's name.
        submission: the student's answers in it.
        path: the submitted file.
        file: a digest of it.
        is_again: whether the same answers were graded before.
    """

    student: str
    name: str
    submission: Submission
    path: Path
    file: str
    is_again: bool


class Workers:
    """Processes that examine.

    Args:
        count: how many at once; 0 for none but this process.
        examine: what they do with a job; a function that other processes can import.
    """

    def __init__(self, count: int, examine: Callable[[Job], Finding] = examine_job):
        self.count, self.examine = count, examine

    def map(
        self, job_of: Callable[[Item], Job], items: Iterator[Item]
    ) -> Generator[tuple[Item, Finding], None, None]:
        """Examine items; yield each with its finding, in the order in which they are done.

        Items are read as they are needed, a few ahead of the processes. If a process dies, the
        items that were being examined are examined again.
        """
        if self.count == 0:
            yield from ((item, self.examine(job_of(item))) for item in items)
            return
        executor = start_pool(self.count)
        ahead = 2 * self.count + 2
        waiting: dict[Future, tuple[Item, int]] = {}
        first = list(itertools.islice(items, ITEMS_AT_START))
        # `submit` waits until the processes have started, so these items are read before.
        todo: Iterator[tuple[Item, int]] = ((item, 0) for item in itertools.chain(first, items))
        try:
            while True:
                for item, deaths in itertools.islice(todo, ahead - len(waiting)):
                    try:
                        future = executor.submit(self.examine, job_of(item))
                    except BrokenProcessPool as error:  # a process has died since the last `wait`
                        future = Future()
                        future.set_exception(error)
                    waiting[future] = item, deaths
                if not waiting:
                    return
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                orphans = []
                for future in done:
                    item, deaths = waiting.pop(future)
                    try:
                        yield item, future.result()
                    except BrokenProcessPool:
                        orphans.append((item, deaths + 1))
                if orphans:
                    orphans += [(item, deaths + 1) for item, deaths in waiting.values()]
                    waiting.clear()
                    executor.shutdown(cancel_futures=True)
                    executor = start_pool(self.count)
                    # An item that was there twice when a process died may be the cause; it is
                    # examined in a pool of its own.
                    yield from self._one_by_one(job_of, [i for i, deaths in orphans if deaths > 1])
                    once = [(item, deaths) for item, deaths in orphans if deaths == 1]
                    todo = itertools.chain(once, todo)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)

    def _one_by_one(
        self, job_of: Callable[[Item], Job], items: list[Item]
    ) -> Iterator[tuple[Item, Finding]]:
        for item in items:
            with start_pool(1) as executor:
                try:
                    yield item, executor.submit(self.examine, job_of(item)).result()
                except BrokenProcessPool:
                    yield item, Finding({}, {}, 0.0, fault=DIED)
