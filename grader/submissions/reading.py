"""Reads the file that a student has handed in, in whatever state, and takes the answers from it.

The notebook that is graded is made anew from the instructor's. From the submission it takes only
the sources of the answer cells, and of the code cells that the student has added, since an answer
may need them. So changed, deleted, doubled or moved test cells, tags and metadata have no effect.
"""

import hashlib
import json
import stat
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from grader.notebooks import defined_names

MAX_BYTES = 20 * 2**20  # of a notebook; answers have a few kB, the rest is outputs
MAX_CELLS = 1000
MAX_SOURCE = 200_000  # characters of one answer


class UnreadableError(Exception):
    """A file cannot be read as a notebook; the message says why."""


@dataclass(frozen=True)
class Submission:
    """The student's answers in a notebook.

    Attributes:
        sources: for each answer cell, by id: the sources to run, in order. The last is the answer;
            those before it are cells that the student has added.
        repairs: a sentence for each answer cell that was missing, doubled, too long or without its
            id, and what was done about it.
        sha256: a digest of all the sources. Submissions with equal digests get equal grades.
    """

    sources: dict[str, tuple[str, ...]]
    repairs: tuple[str, ...]
    sha256: str


def read_submission(path: Path, instructors: NotebookNode) -> Submission:
    """Read a submitted notebook.

    Args:
        path: the file.
        instructors: the instructor's notebook of the same name.

    Raises:
        UnreadableError: if the file cannot be read as a notebook.
    """
    return match_cells(read_cells(path), instructors)


def read_cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook file of any version; what is not a dict is left out.

    Raises:
        UnreadableError: if the file cannot be read as a notebook.
    """
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            kind = "a link" if path.is_symlink() else "a folder" if path.is_dir() else "no file"
            raise UnreadableError(f"it is {kind}")
        if about.st_size > MAX_BYTES:
            raise UnreadableError(
                f"it is larger than {MAX_BYTES // 2**20} MiB; outputs can be cleared with Kernel, "
                "Restart Kernel and Clear Outputs"
            )
        text = path.read_bytes().decode("utf-8-sig")
        notebook = json.loads(text)
    except OSError as error:
        raise UnreadableError(str(error.strerror)) from None
    except UnicodeDecodeError:
        raise UnreadableError("it is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        reason = f"no valid JSON at line {error.lineno}, as if it were cut off"
        raise UnreadableError(reason) from None
    except (RecursionError, ValueError):
        raise UnreadableError("its JSON is nested too deeply or holds too long a number") from None
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):  # version 3
        sheets = [s for s in notebook["worksheets"] if isinstance(s, dict)]
        cells = [c for s in sheets if isinstance(s.get("cells"), list) for c in s["cells"]]
    elif isinstance(notebook, dict) and isinstance(notebook.get("cells"), list):
        cells = notebook["cells"]
    else:
        raise UnreadableError("it has no list of cells")
    if len(cells) > MAX_CELLS:
        raise UnreadableError(f"it has {len(cells)} cells, over {MAX_CELLS}")
    return [cell for cell in cells if isinstance(cell, dict)]


def match_cells(cells: Iterable[dict[str, Any]], instructors: NotebookNode) -> Submission:
    """Find the answer cells, and those that the student has added, among a submission's cells.

    Args:
        cells: the submission's cells.
        instructors: the instructor's notebook.
    """
    about = {c.metadata.nbgrader.grade_id: c for c in instructors.cells if "nbgrader" in c.metadata}
    known = set(about)
    # Some answers are text in a Markdown cell, which defines no names and is graded by a person.
    answers = {name for name, cell in about.items() if cell.metadata.nbgrader.get("solution")}
    names = {
        name: defined_names(about[name].source) if about[name].cell_type == "code" else set()
        for name in answers
    }
    candidates = [
        (cell, _source(cell))
        for cell in cells
        if cell.get("cell_type") == "code" or own_id(cell) in answers
    ]
    owners = [own_id(cell) for cell, _ in candidates]
    repairs = _match_by_content(candidates, owners, answers, known, names)
    sources: dict[str, list[str]] = {}
    added: list[str] = []
    for (_, source), owner in zip(candidates, owners, strict=True):
        if owner is not None and owner in answers:
            if owner in sources:
                repairs.append(f"two cells are {owner}; they were run one after the other")
            sources[owner] = [*sources.get(owner, []), *added, source]
            added = []
        elif owner not in known and source.strip():
            added.append(source)
    missing = sorted(answers - set(sources))
    if missing:
        repairs.append(f"no cell found for {', '.join(missing)}; it counts as empty")
    for name, parts in sources.items():
        if sum(map(len, parts)) > MAX_SOURCE:
            repairs.append(f"{name} has over {MAX_SOURCE:,} characters; it counts as empty")
            sources[name] = [""]
    digest = hashlib.sha256(json.dumps(sources, sort_keys=True).encode())
    return Submission(
        {name: tuple(parts) for name, parts in sources.items()},
        tuple(repairs),
        digest.hexdigest(),
    )


def own_id(cell: dict[str, Any]) -> str | None:
    """The nbgrader id of a cell, if it has one."""
    metadata = cell.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = about.get("grade_id") if isinstance(about, dict) else None
    return name if isinstance(name, str) else None


def _match_by_content(
    cells: list[tuple[dict[str, Any], str]],
    owners: list[str | None],
    answers: set[str],
    known: set[str],
    names: dict[str, set[str]],
) -> list[str]:
    """Find answer cells without their nbgrader id by other traces, and enter them into `owners`.

    Args:
        cells: the candidates and their sources.
        owners: the nbgrader id of each candidate, or None; changed in place.
        answers: the ids of the answer cells.
        known: the ids of all cells of the instructor's notebook.
        names: what the reference defines in each answer cell.

    Returns:
        A sentence for each cell that was found, or that several candidates could be.
    """
    repairs = []
    for name in sorted(answers - set(owners)):
        free = [i for i, owner in enumerate(owners) if owner not in known]
        by_id = [i for i in free if cells[i][0].get("id") == name]
        fitting = by_id or [i for i in free if names[name] and _defines(cells[i][1], names[name])]
        if len(fitting) == 1:
            owners[fitting[0]] = name
            how = (
                "its cell's id" if by_id else f"what it defines ({', '.join(sorted(names[name]))})"
            )
            repairs.append(f"the cell {name} had lost its nbgrader id; it was known by {how}")
        elif fitting:
            repairs.append(
                f"the cell {name} had lost its nbgrader id, and {len(fitting)} cells could be it"
            )
    return repairs


def _defines(source: str, names: set[str]) -> bool:
    if len(source) > MAX_SOURCE:  # parsing takes a hundred times as much memory
        return False
    try:
        return names <= defined_names(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _source(cell: dict[str, Any]) -> str:
    """A cell's source as one string, in which characters that UTF-8 cannot encode are replaced."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        return ""
    return source.encode("utf-8", "replace").decode("utf-8")


def rebuild(instructors: NotebookNode, submission: Submission) -> NotebookNode:
    """The instructor's notebook with the student's answers, without outputs.

    Args:
        instructors: the instructor's notebook.
        submission: the student's answers.
    """
    notebook = deepcopy(instructors)
    cells = []
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if cell.metadata.get("nbgrader", {}).get("solution"):
            *added, cell.source = submission.sources.get(name, ("",))
            cells += [_added_cell(name, i, source) for i, source in enumerate(added)]
        cells.append(cell)
    notebook.cells = cells
    notebook.metadata["grader"] = {
        "sha256": submission.sha256,
        "repairs": list(submission.repairs),
    }
    return notebook


def _added_cell(name: str, number: int, source: str) -> NotebookNode:
    """A cell that the student has added above the answer cell `name`."""
    digest = hashlib.sha256(f"{name}/{number}".encode()).hexdigest()[:8]
    return new_code_cell(source, id=f"added-{digest}", metadata={"grader": {"added_to": name}})


def sources_of(notebook: NotebookNode) -> dict[str, tuple[str, ...]]:
    """The sources to run for each answer cell of a notebook made by `rebuild`."""
    sources: dict[str, list[str]] = {}
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        name = about.get("grade_id") if about.get("solution") else None
        name = name or cell.metadata.get("grader", {}).get("added_to")
        if name:
            sources.setdefault(name, []).append(cell.source)
    return {name: tuple(parts) for name, parts in sources.items()}
