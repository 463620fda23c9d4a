"""Grade all submissions of an assignment: `python -m grader transformer`.

`grader.batch.command` says what it does. It is no part of this file, so that the processes which it
starts need not import it.
"""

import sys

if __name__ == "__main__":
    if sys.platform == "win32":  # which lacks what the modules below import
        print(
            "Nothing is graded: grading needs Linux or macOS, and this is Windows. Run the same "
            "command in the Windows Subsystem for Linux, which `wsl --install` installs.",
            file=sys.stderr,
        )
        sys.exit(2)
    from grader.batch.pool import start_server

    start_server()  # warms up beside what follows
    from grader.batch.command import main

    sys.exit(main())
