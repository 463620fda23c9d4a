"""Grade all submissions of an assignment: `python -m grader transformer`.

`grader.batch.command` says what it does. It is no part of this file, so that the processes which it
starts need not import it.
"""

import sys

from grader.batch.pool import start_server

if __name__ == "__main__":
    start_server()  # warms up beside what follows
    from grader.batch.command import main

    sys.exit(main())
