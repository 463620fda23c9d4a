"""Imported once by the process from which `grader.batch.pool` forks others: it warms that process.

The warm process of their sandboxes is started first, so that it warms up at the same time.
"""

import os

from grader.sandbox.sandbox import share_warm_process
from grader.sandbox.walls import die_with_parent

PROCESS_ID = os.getpid()
die_with_parent(os.getppid())
share_warm_process()

import grader.judging.examine  # noqa: E402, F401, takes seconds, in which the parent may die
from grader.sandbox.warm import warm_up  # noqa: E402

warm_up((), for_tests=True)
