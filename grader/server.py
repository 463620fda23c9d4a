"""Imported once by the process from which `grader.pool` forks others: it warms that process."""

import os

from grader.walls import die_with_parent

PROCESS_ID = os.getpid()
die_with_parent(os.getppid())

import grader.examine  # noqa: E402, F401, takes seconds, in which the parent may die
from grader.warm import warm_up  # noqa: E402

warm_up(for_tests=True)
