"""What the instructor has written: the notebooks, and the known answers to their tasks.

A bank is a Python file with one cell for each answer, under `grader/bank/`, named like its
notebook. A cell starts with a line that says what it is; below it stands what a student would
write into the answer cell:

    # %% mistake in attention_scores: the 1/√d_k is missing
    # %% correct attention_scores: with einsum
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from grader.files import COURSE

BANK = Path(__file__).parent / "bank"
_HEADER = re.compile(r"^# %% (mistake in|correct) (\w+): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class KnownAnswer:
    """An answer to a task that is known to be right or wrong.

    Attributes:
        task: the id of the answer cell.
        is_correct: whether the tests must accept it.
        sentence: what is wrong, or in which style it is written.
        source: the text of the answer cell.
    """

    task: str
    is_correct: bool
    sentence: str
    source: str


def read_bank(path: Path) -> list[KnownAnswer]:
    """Read the known answers for one notebook.

    Args:
        path: a file such as grader/bank/transformer/03-scaled-dot-product.py.

    Raises:
        ValueError: if a line looks like a header and is none, naming file and line.
    """
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("# %%") and not _HEADER.match(line):
            raise ValueError(
                f"{path}, line {number}: expected '# %% mistake in TASK: SENTENCE' or "
                f"'# %% correct TASK: SENTENCE', got {line!r}"
            )
    _, *pieces = _HEADER.split(text)
    return [
        KnownAnswer(task, kind == "correct", sentence.strip(), source.strip())
        for kind, task, sentence, source in zip(*[iter(pieces)] * 4, strict=True)
    ]


def load_notebook(path: Path) -> tuple[str, tuple[KnownAnswer, ...]]:
    """An instructor's notebook as text, and its bank, if it has one.

    Args:
        path: such as solutions/transformer/02-masks.ipynb.
    """
    bank = BANK / path.parent.name / f"{path.stem}.py"
    known = tuple(read_bank(bank)) if bank.exists() else ()
    return path.read_text(encoding="utf-8"), known


def parts(course: Path = COURSE) -> list[str]:
    """The names of the parts that have exercises: the folders of solutions/."""
    return sorted(path.name for path in (course / "solutions").iterdir() if path.is_dir())


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that nbgrader knows."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade_id")
    ]


def answer_cells(notebook: NotebookNode) -> list[str]:
    """The ids of the code cells that students fill in, which are the names of the tasks."""
    return [
        cell.metadata.nbgrader.grade_id
        for cell in code_cells(notebook)
        if cell.metadata.nbgrader.get("solution")
    ]


def defined_names(source: str) -> set[str]:
    """The names that a cell defines at its top level by def, class or an assignment."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(t.id for t in targets if isinstance(t, ast.Name))
    return names


def imported_modules(notebook: NotebookNode) -> tuple[str, ...]:
    """The modules that the code cells of a notebook import, by name, without repeats.

    Of `from lib import masks` that is `lib` and `lib.masks`, of which the second need not be one.
    """
    names: dict[str, None] = {}
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                names |= {alias.name: None for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names[node.module] = None
                names |= {f"{node.module}.{alias.name}": None for alias in node.names}
    return tuple(names)
