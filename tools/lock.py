"""Write requirements.lock: the exact version of every package that requirements.txt leads to."""

import re
import subprocess
import sys
from pathlib import Path

LOCK = Path("requirements.lock")

subprocess.run(
    [
        *(sys.executable, "-m", "piptools", "compile", "requirements.txt"),
        *("--output-file", LOCK, "--allow-unsafe", "--strip-extras", "--no-header", "--quiet"),
        *("--no-annotate", "--no-emit-find-links", "--no-emit-index-url", "--no-emit-trusted-host"),
        *sys.argv[1:],
    ],
    check=True,
)
# A build of torch for the CPU calls itself 2.13.0+cpu, a version that the public index lacks.
lines = re.sub(r"\+cpu$", "", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
LOCK.write_text(f"# Made by `make lock`; do not edit.\n{lines}", encoding="utf-8")
