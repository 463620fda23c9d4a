"""The data files that lie beside a part's notebooks in solutions/, for its answers and tests.

They travel within the text of the instructor's notebook, so that whatever runs its cells, on
whichever machine, has them too.
"""

import base64
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode  # the student's side does without it

MAX_BYTES = 8 * 2**20  # of all data files of a part: each process that runs its cells gets them


def data_files(folder: Path) -> dict[str, Path]:
    """The data files of a part: all files but notebooks, requirements.txt and hidden ones.

    Args:
        folder: the part's folder, such as solutions/transformer.

    Returns:
        The path of each file by its name, which for a file in a subfolder begins with that.

    Raises:
        ValueError: if they have more than `MAX_BYTES` together.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        is_hidden = any(part.startswith(".") or part == "__pycache__" for part in name.parts)
        is_data = path.suffix != ".ipynb" and name != Path("requirements.txt")
        if path.is_file() and is_data and not is_hidden:
            found[name.as_posix()] = path
    sizes = {name: path.stat().st_size for name, path in found.items()}
    if sum(sizes.values()) > MAX_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        raise ValueError(
            f"expected at most {MAX_BYTES // 2**20} MiB of data files in {folder}, got "
            f"{sum(sizes.values()) / 2**20:.1f} MiB, most in {largest}. Take a smaller extract"
        )
    return found


def attach_data_files(notebook: str, folder: Path) -> str:
    """Put a part's data files into the metadata of a notebook.

    Args:
        notebook: the notebook, as JSON.
        folder: the part's folder.

    Raises:
        ValueError: if the files are too large.
    """
    files = data_files(folder)
    if not files:
        return notebook
    content = json.loads(notebook)
    encoded = {name: base64.b64encode(path.read_bytes()).decode() for name, path in files.items()}
    # A notebook that is rebuilt for grading gets other metadata of this name, and so no files.
    content["metadata"]["grader"] = {"files": encoded}
    return json.dumps(content)


def attached_files(notebook: "NotebookNode") -> dict[str, bytes]:
    """The data files in a notebook's metadata, by name."""
    encoded = notebook.metadata.get("grader", {}).get("files", {})
    return {name: base64.b64decode(text) for name, text in encoded.items()}


def work_beside(files: Mapping[str, bytes]) -> None:
    """Write files into the working folder, and let modules be imported from it, as in Jupyter.

    Args:
        files: the content of each file by name.
    """
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if any(name.endswith(".py") for name in files):
        sys.path.insert(0, os.getcwd())
