"""Grading: the judge, the sandbox, the bank of known mistakes, a class at once."""

import os
import sys

# nbformat imports jsonschema, which builds 38 parsers out of this package to check a format that no
# notebook uses. That takes over a second in every process that starts; without it, nothing is lost.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # "there is none"

# On macOS, numbers are multiplied by threads, which a fork loses, and Objective-C stops a process
# that was forked from one with several. Both are asked not to, before anything of theirs is loaded.
os.environ["VECLIB_MAXIMUM_THREADS"] = "1"
os.environ["OBJC_DISABLE_INITIALIZE_FORK_SAFETY"] = "YES"
