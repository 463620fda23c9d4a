"""Where the course lies, and files that are there whole or not at all."""

import os
from pathlib import Path

COURSE = Path(__file__).parents[1]


def replace_file(path: Path, text: str) -> None:
    """Write a file, with its folder, so that nobody ever sees half of it.

    Args:
        path: the file.
        text: what is in it afterwards.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")  # others may write it too
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
