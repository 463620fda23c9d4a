"""grading.log: a block for each run of grading, added at its end."""

import importlib.metadata
import platform
import shlex
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from grader.files import version
from grader.judging.report import printable

LOG = "grading.log"


def log_run(root: Path, assignment: str, lines: Iterable[str]) -> None:
    """Add a block about a run: its time, command and versions, then what it says.

    Args:
        root: where the course is.
        assignment: the name of the assignment.
        lines: what the run says: counts and changed totals.
    """
    packages = [f"{name} {importlib.metadata.version(name)}" for name in ("torch", "nbgrader")]
    head = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  grade {assignment}",
        f"  command: python -m grader {shlex.join(sys.argv[1:])}",
        f"  course {version()[:12]}, {', '.join(packages)}, Python {platform.python_version()}",
    ]
    text = "\n".join([*head, *(f"  {line}" for line in lines)])
    with (root / LOG).open("a", encoding="utf-8") as file:
        file.write(printable(text) + "\n\n")
