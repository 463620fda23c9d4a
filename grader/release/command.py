"""Release parts of the course to students, and tell the gradebook.

    python -m grader.release transformer

Before anything is changed, the reference answers are examined as submissions are, and the gradebook
is asked whether it allows the change. Then exercises/PART is replaced as a whole. In the end the
known answers of the bank are run, so that grading need not.
"""

import argparse
import os
import sys
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from grader.bank import load_notebook
from grader.batch.preprocessors import Judge
from grader.course import open_course
from grader.judging.job import JudgeError, Setting
from grader.judging.known_answers import learn
from grader.release.releasing import ReleaseError, release
from grader.sandbox.sandbox import SandboxError
from grader.sandbox.warm import warm_up


def main() -> int:
    """Release the parts named on the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m grader.release",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="+", metavar="PART", help="for example transformer")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="where gradebook.db is")
    arguments = parser.parse_args()
    course, count = open_course(arguments.root), os.cpu_count() or 1
    # A reference is the teacher's own code, so it may run where no sandbox can be built.
    setting = Setting("if-possible", Judge(config=course.config).setting().limits)
    for part in arguments.parts:
        try:
            paths = release(course, part, setting, count)
        except (ReleaseError, SandboxError, SQLAlchemyError, OSError) as error:
            print(f"{part} is not released; the exercises are as before.\n{error}", file=sys.stderr)
            return 1
        print(f"{part}: {len(paths)} notebooks released.")
        warm_up((), for_tests=True)
        try:
            number = learn(map(load_notebook, paths), count)
        except JudgeError as error:
            print(f"The known answers of {part} cannot be run: {error}", file=sys.stderr)
            return 1
        print(f"Known answers of {part}: {number} run, the others are known from before.")
    return 0
