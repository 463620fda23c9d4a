"""Write requirements.lock: exact versions of all packages that requirements.txt needs."""

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
# The version of a CPU build of torch, such as 2.13.0+cpu, is not on the public index.
lines = re.sub(r"\+cpu$", "", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
LOCK.write_text(f"# Made by `make lock`; do not edit.\n{lines}", encoding="utf-8")
