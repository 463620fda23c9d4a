"""The processes that work in parallel, and the cores they run on."""

import os
import time

import pytest

from grader.batch.pool import start_pool

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="only Linux binds processes to cores"
)


def process_and_cores(_):
    """The id of this process, and the cores on which it may run."""
    time.sleep(0.5)  # so that each process of the pool gets some of the calls
    return os.getpid(), frozenset(os.sched_getaffinity(0))


def test_in_a_pool_that_fills_the_machine_each_process_has_a_core_of_its_own():
    count = len(os.sched_getaffinity(0))
    with start_pool(count) as pool:
        cores = dict(pool.map(process_and_cores, range(2 * count)))
    assert all(len(own) == 1 for own in cores.values())
    assert len(set(cores.values())) == len(cores)


def test_a_smaller_pool_is_bound_to_no_core():
    ours = os.sched_getaffinity(0)
    if len(ours) == 1:
        pytest.skip("on one core every pool fills the machine")
    with start_pool(len(ours) - 1) as pool:
        assert {own for _, own in pool.map(process_and_cores, range(2))} == {frozenset(ours)}
