"""Release parts of the course: `python -m grader.release transformer`.

The command itself is in `grader.release.command`: worker processes import this file again, and need
not import all that the command needs.
"""

import sys

if __name__ == "__main__":
    from grader.batch.pool import start_server

    start_server()  # it imports torch while this process imports the rest
    from grader.release.command import main

    sys.exit(main())
