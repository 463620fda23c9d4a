"""When a student has handed in, as nbgrader keeps it: in timestamp.txt beside the notebooks.

The file comes with the submission, so nothing in it is trusted. nbgrader itself would follow a
link, wait for a pipe, take "Friday" as the next one, "JST" as UTC, and "+0900" as 15 minutes.
"""

import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NAME = "timestamp.txt"
MAX_BYTES = 200  # of the file; what nbgrader writes has 30
YEARS = range(1970, 2201)
TIME = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?)"
    r" ?(?P<zone>Z|[+-]\d\d:?\d\d|[A-Za-z][\w/+-]*)?",
    re.ASCII,
)


class BadTimestamp(ValueError):
    """A timestamp.txt does not say a time; the message says what is wrong and what to do."""


def handed_in_at(folder: Path) -> datetime | None:
    """When a submission was handed in.

    Args:
        folder: the submission's folder, with the notebooks.

    Returns:
        The time in UTC, without a time zone, as the gradebook has it. None if there is no
        timestamp.txt.

    Raises:
        BadTimestamp: if there is one that does not say a time.
    """
    path = folder / NAME
    try:
        text = _read(path)
        return None if text is None else _parse(text.strip())
    except ValueError as error:
        raise BadTimestamp(
            f"{path} does not say when the work was handed in: {error}. Write a time such as "
            "2026-11-27 23:59:00 +0900 into it, or delete it"
        ) from None


def _read(path: Path) -> str | None:
    """The text of a small regular file, or None if there is none.

    Raises:
        ValueError: if it is something else.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        kind = "it is a link" if path.is_symlink() else str(error.strerror)
        raise ValueError(kind) from None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise ValueError("it is a folder" if path.is_dir() else "it is no file")
        content = os.read(file, MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(str(error.strerror)) from None
    finally:
        os.close(file)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it has over {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None


def _parse(text: str) -> datetime:
    """The time that a text says, in UTC and without a time zone.

    Raises:
        ValueError: if it says none.
    """
    found = TIME.fullmatch(text)
    if not found:
        raise ValueError(f"it reads {text!r}")
    time, zone = found["time"], found["zone"] or "UTC"
    try:
        if zone[0] in "Z+-":
            moment = datetime.fromisoformat(time + zone)
        else:
            moment = datetime.fromisoformat(time).replace(tzinfo=ZoneInfo(zone))
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(f"the time zone {zone!r} is not known") from None
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time of the calendar") from None
    if moment.year not in YEARS:
        raise ValueError(f"the year {moment.year} is not within {YEARS[0]}–{YEARS[-1]}")
    return moment
