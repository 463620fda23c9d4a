"""Grade all submissions of an assignment: `python -m grader transformer`.

The command itself is in `grader.batch.command`: worker processes import this file again, and need
not import all that the command needs.
"""

import sys

if __name__ == "__main__":
    if sys.platform == "win32":  # Windows lacks modules that the imports below need
        print(
            "Nothing is graded: grading needs Linux or macOS, and this is Windows. Run the same "
            "command in the Windows Subsystem for Linux, which `wsl --install` installs.",
            file=sys.stderr,
        )
        sys.exit(2)
    from grader.batch.pool import start_server

    start_server()  # it imports torch while this process imports the rest
    from grader.batch.command import main

    sys.exit(main())
