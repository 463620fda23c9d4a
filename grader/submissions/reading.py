"""Reads the file that a student has handed in, in whatever state, and takes the answers from it.

The notebook that is graded is made anew from the instructor's. From the submission it takes only
the sources of the answer cells, and what the student has added: code cells, statements in a set-up
cell, an import or an answer in a test cell. So changed, deleted, doubled or moved test cells, tags
and metadata have no effect, and what ran in the student's Jupyter runs in grading too.

Reading takes time that grows with the size of the file alone, since every notebook is read on every
run. No cell of a submission is parsed but a changed set-up or test cell of ordinary length.
"""

import ast
import functools
import hashlib
import json
import stat
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from grader.notebooks import code_cells, defined_names, metadata_of, name_of, names_by_line

MAX_BYTES = 20 * 2**20  # of a notebook; answers have a few kB, the rest is outputs
MAX_CELLS = 1000
MAX_SOURCE = 200_000  # characters of one answer
MAX_PARSED = 20_000  # characters of a changed set-up or test cell; ours have up to 6,000


class UnreadableError(Exception):
    """A file cannot be read as a notebook; the message says why."""


@dataclass(frozen=True)
class Submission:
    """The student's answers in a notebook.

    Attributes:
        sources: for answer cells, by id: the sources to run, in order. The last is the answer; the
            others are what the student has added above it. For test cells, by id: what the student
            has added between that test and the answer or test above it.
        repairs: a sentence for each answer cell that was missing, doubled, too long or without its
            id, and for each cell of the instructor's to which something was added, and what was
            done about it.
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
    marked = {name_of(c): c for c in instructors.cells if metadata_of(c).get("grade_id")}
    # Some answers are text in a Markdown cell, which defines no names and is graded by a person.
    answers = {name for name, cell in marked.items() if metadata_of(cell).get("solution")}
    names = {
        name: defined_names(marked[name].source) if marked[name].cell_type == "code" else set()
        for name in answers
    }
    candidates = [
        (cell, _source(cell))
        for cell in cells
        if cell.get("cell_type") == "code" or own_id(cell) in answers
    ]
    own: dict[str, NotebookNode] = {}  # the instructor's set-up and test cells
    tasks: dict[str, str | None] = {}  # of a test cell, the task; of a set-up cell, None
    last = ""
    for cell in code_cells(instructors):
        if name_of(cell) in answers:
            last = name_of(cell)
        else:
            own[name_of(cell)] = cell
            tasks[name_of(cell)] = last if metadata_of(cell).get("grade") else None
    owners = [own_id(cell) or _plain_id(cell, source, own) for cell, source in candidates]
    known = {*marked, *own}
    repairs = _match_by_content(candidates, owners, answers, known, names)
    sources: dict[str, list[str]] = {}
    added: list[str] = []
    remarks: list[str] = []  # on what was added; they are repairs if it is run
    for (_, source), owner in zip(candidates, owners, strict=True):
        if owner in answers:
            if owner in sources:
                repairs.append(f"two cells are {owner}; they were run one after the other")
            sources[owner] = [*sources.get(owner, []), *added, source]
        elif owner in own:
            task = tasks[owner]  # None for a set-up cell
            wanted = None if task is None else frozenset(names.get(task, ()))
            statements, remark = _added_statements(source, own[owner].source, owner, wanted)
            added += [statements] if statements else []
            remarks += [remark] if remark else []
            if task is None or not added:
                continue
            sources[owner] = [*sources.get(owner, []), *added]
        else:
            added += [source] if owner not in known and source.strip() else []
            continue
        repairs += remarks
        added, remarks = [], []
    missing = sorted(answers - set(sources))
    if missing:
        repairs.append(f"no cell found for {', '.join(missing)}; it counts as empty")
    for name, parts in sources.items():
        if sum(map(len, parts)) > MAX_SOURCE:
            if name in answers:
                repairs.append(f"{name} has over {MAX_SOURCE:,} characters; it counts as empty")
            else:
                repairs.append(f"over {MAX_SOURCE:,} characters were added above {name}; not run")
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


def _plain_id(cell: dict[str, Any], source: str, own: dict[str, NotebookNode]) -> str | None:
    """The name of the instructor's set-up cell without nbgrader id that a cell is, or None."""
    plain = [name for name, c in own.items() if not metadata_of(c).get("grade_id")]
    same = [name for name in plain if own[name].source.strip() == source.strip()]
    return next((name for name in plain if cell.get("id") == name), next(iter(same), None))


@functools.lru_cache(maxsize=512)
def _added_statements(
    source: str, original: str, name: str, wanted: frozenset[str] | None
) -> tuple[str, str]:
    """What a student has added to a cell of the instructor's that an answer may need.

    Args:
        source: the cell as it was handed in.
        original: the instructor's cell.
        name: the instructor's cell's name.
        wanted: of a test cell, the names that the answer defines: of what was added, imports and
            definitions of these names are taken. None for a set-up cell, of which all is taken.

    Returns:
        The statements, and a sentence about them; two empty texts if there are none.
    """
    if set(source.splitlines()) <= set(original.splitlines()):
        return "", ""
    if len(source) > MAX_PARSED:
        return "", f"{name} has over {MAX_PARSED:,} characters; what was added to it was not run"
    try:
        text = TransformerManager().transform_cell(source)
        before = {ast.dump(node) for node in ast.parse(original).body}
        taken = [
            ast.get_source_segment(text, node) or ""
            for node in ast.parse(text).body
            if ast.dump(node) not in before and (wanted is None or _is_needed(node, wanted))
        ]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
        return "", f"{name} was changed and has an error{line}; what was added to it was not run"
    if not taken:
        return "", ""
    first = taken[0].splitlines()[0]
    what = f"`{first[:80]}`" + (f" and {len(taken) - 1} more" if len(taken) > 1 else "")
    return "\n".join(taken), (
        f"{name} is not a cell for answers; what was added to it ({what}) was run as a cell of its "
        "own"
    )


def _is_needed(node: ast.stmt, wanted: frozenset[str]) -> bool:
    """Whether a statement is an import, or defines one of the names."""
    return isinstance(node, ast.Import | ast.ImportFrom) or bool(
        defined_names(ast.unparse(node)) & wanted
    )


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
        A sentence for each answer cell that was found.
    """

    @functools.cache
    def names_in(number: int) -> set[str]:
        source = cells[number][1]
        return set(names_by_line(source)) if len(source) <= MAX_SOURCE else set()

    repairs = []
    for name in sorted(answers - set(owners)):
        free = [i for i, owner in enumerate(owners) if owner not in known]
        by_id = [i for i in free if cells[i][0].get("id") == name]
        fitting = by_id or [i for i in free if names[name] and names[name] <= names_in(i)]
        for i in fitting:
            owners[i] = name
        if fitting:
            how = (
                "its cell's id" if by_id else f"what it defines ({', '.join(sorted(names[name]))})"
            )
            repairs.append(f"the cell {name} had lost its nbgrader id; it was known by {how}")
    return repairs


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
        added = [*submission.sources.get(name_of(cell), ())]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if metadata_of(cell).get("solution"):
            *added, cell.source = added or [""]
        cells += [_added_cell(name_of(cell), i, source) for i, source in enumerate(added)]
        cells.append(cell)
    notebook.cells = cells
    notebook.metadata["grader"] = {
        "sha256": submission.sha256,
        "repairs": list(submission.repairs),
    }
    return notebook


def _added_cell(name: str, number: int, source: str) -> NotebookNode:
    """A cell that the student has added above the answer cell or test cell `name`."""
    digest = hashlib.sha256(f"{name}/{number}".encode()).hexdigest()[:8]
    return new_code_cell(source, id=f"added-{digest}", metadata={"grader": {"added_to": name}})


def sources_of(notebook: NotebookNode) -> dict[str, tuple[str, ...]]:
    """The `Submission.sources` of a notebook made by `rebuild`."""
    sources: dict[str, list[str]] = {}
    for cell in notebook.cells:
        name = name_of(cell) if metadata_of(cell).get("solution") else None
        name = name or cell.metadata.get("grader", {}).get("added_to")
        if name:
            sources.setdefault(name, []).append(cell.source)
    return {name: tuple(parts) for name, parts in sources.items()}
