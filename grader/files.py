"""The course's folder, and writing a file so that it is never seen half written."""

import os
from pathlib import Path

COURSE = Path(__file__).parents[1]


def replace_file(path: Path, text: str) -> None:
    """Write a file in one step, so that no reader and no crash finds half of it.

    Args:
        path: the file; its folder is made if need be.
        text: the file's new content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")  # other processes may write it too
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
