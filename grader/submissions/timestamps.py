"""The time at which a submission was handed in, from the file in which nbgrader keeps it."""

import os
import stat
from datetime import datetime
from pathlib import Path

from nbgrader.utils import parse_utc

TIMESTAMP = "timestamp.txt"
MAX_BYTES = 200
YEARS = range(1970, 2201)


class BadTimestamp(ValueError):
    """A timestamp.txt holds no time; the message says what is there and what to do."""


def handed_in_at(folder: Path) -> datetime | None:
    """The time at which a submission was handed in, in UTC and without a time zone, as nbgrader's.

    Args:
        folder: the folder of a student's submission.

    Returns:
        The time, or None if there is no timestamp.txt, or an empty one.

    Raises:
        BadTimestamp: if it is no regular file, or holds something else than a time.
    """
    path = folder / TIMESTAMP
    try:
        # A pipe would keep the reader waiting, and a link may lead anywhere.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _bad(path, f"it cannot be read ({error.strerror})") from None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _bad(path, "it is no regular file")
        found = os.read(file, MAX_BYTES + 1)
    finally:
        os.close(file)
    if len(found) > MAX_BYTES:
        raise _bad(path, f"it is longer than {MAX_BYTES} bytes")
    text = found.decode("utf-8", "replace").strip()
    if not text:
        return None
    try:
        when: datetime = parse_utc(text)
    except (ValueError, OverflowError, TypeError, AttributeError):
        raise _bad(path, f"it says {text!r}") from None
    if when.year not in YEARS:
        raise _bad(path, f"it says {text!r}")
    return when


def _bad(path: Path, reason: str) -> BadTimestamp:
    return BadTimestamp(
        f"expected a time such as 2026-12-01 23:59:00 UTC in {path}, but {reason}. Correct it, or "
        "delete it if the time does not matter"
    )
