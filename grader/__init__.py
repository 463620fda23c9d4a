"""Grading: the judge, the sandbox, the bank of known answers, and grading a whole class."""

import os
import sys

# nbformat imports jsonschema, which uses the package rfc3987_syntax, if there is one, to build 38
# parsers for a format that no notebook uses. That takes over a second in every process that starts.
# None makes Python behave as if the package were not installed.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# On macOS, the Accelerate library multiplies matrices in threads, which a forked process lacks, and
# the Objective-C runtime aborts a process that was forked from one with several threads. Both read
# these variables when they are loaded, so they are set before.
os.environ["VECLIB_MAXIMUM_THREADS"] = "1"
os.environ["OBJC_DISABLE_INITIALIZE_FORK_SAFETY"] = "YES"
