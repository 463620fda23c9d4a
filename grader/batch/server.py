"""The imports of the server process from which `grader.batch.pool` forks others.

The server imports this module, and so all that its forks need. The warm process of their sandboxes
(see `grader.sandbox.sandbox`) is started first, so that both do their imports at the same time.
"""

import os

from grader.sandbox.sandbox import share_warm_process
from grader.sandbox.walls import die_with_parent

PROCESS_ID = os.getpid()
die_with_parent(os.getppid())
share_warm_process()

# After die_with_parent, since these take seconds.
import grader.batch.page  # noqa: E402, F401
import grader.judging.examine  # noqa: E402, F401
from grader.sandbox.warm import warm_up  # noqa: E402

warm_up((), for_tests=True)
