"""Stop with one clear sentence when Python is too old for the course."""

import sys

if sys.version_info < (3, 11, 5):
    sys.exit(
        "expected Python 3.11.5 or newer, got %d.%d.%d at %s; name another one, as in: "
        "make course PYTHON=python3.12" % (*sys.version_info[:3], sys.executable)
    )
