"""The bank: answers to the tasks that are known to be right or wrong.

Each task has a file, `grader/bank/PART/NOTEBOOK/TASK.py`, with a cell for each answer. A cell
starts with a header, which says whether the answer is right, and describes it. Below the header is
the answer, as a student would write it into the answer cell of the notebook:

    # %% mistake: the 1/√d_k is missing
    # %% correct: with einsum

If the task is a class, a cell need not hold the whole class. A cell without the class holds only
what differs from the reference, which is the answer in solutions/:

- A method (a function whose first parameter is `self`, or a staticmethod or classmethod) replaces
  the reference's method of the same name.
- A method of a new name is added at the end of the class; another function of the cell must use it.
- All else, such as imports and helper functions, is put before the class.
"""

import ast
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from textwrap import indent
from typing import NoReturn

import nbformat

from grader.data_files import attach_data_files
from grader.notebooks import code_cells, metadata_of, name_of

BANK = Path(__file__).parent
_LIKE_A_HEADER = re.compile(r"#\s*%")
_HEADER = re.compile(r"# %% (mistake|correct): (.+)")
_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")  # nbgrader's


@dataclass(frozen=True)
class KnownAnswer:
    """An answer to a task that is known to be right or wrong.

    Attributes:
        task: the id of the answer cell.
        is_correct: whether the tests must accept it.
        sentence: what is wrong with it, or how it differs from the reference; from the header.
        source: the whole text of the answer cell.
    """

    task: str
    is_correct: bool
    sentence: str
    source: str


def read_bank(notebook: Path) -> list[KnownAnswer]:
    """Read the known answers to the tasks of a notebook, in the order of its cells.

    Args:
        notebook: the path of the instructor's notebook, which ends as in
            solutions/transformer/02-masks.ipynb. A notebook without a bank has no known answers.

    Raises:
        ValueError: if the name of a file is not that of a task, a header is malformed, or the
            methods of a cell cannot be put into the reference. The message names file and line.
    """
    folder = BANK / notebook.parent.name / notebook.stem
    paths = {path.stem: path for path in sorted(folder.glob("*.py"))}
    if not paths:
        return []
    references = {
        name_of(cell): cell.source
        for cell in code_cells(nbformat.read(notebook, as_version=4))
        if metadata_of(cell).get("solution")
    }
    for task, path in paths.items():
        if task not in references:
            tasks = ", ".join(references)
            _refuse(path, 1, f"the name of the file to be a task of {notebook} ({tasks})", task)
    return [
        answer
        for task, reference in references.items()
        if task in paths
        for answer in _read_task(paths[task], reference)
    ]


def load_notebook(path: Path) -> tuple[str, tuple[KnownAnswer, ...]]:
    """An instructor's notebook as text, with its part's data files, and its known answers.

    Args:
        path: the notebook's path, such as solutions/transformer/02-masks.ipynb.

    Raises:
        ValueError: if the bank is malformed, or the data files are too large.
    """
    text = attach_data_files(path.read_text(encoding="utf-8"), path.parent)
    return text, tuple(read_bank(path))


def _read_task(path: Path, reference: str) -> list[KnownAnswer]:
    lines = path.read_text(encoding="utf-8").split("\n")
    is_class = _find_class(ast.parse(reference), path.stem) is not None
    starts = [number for number, line in enumerate(lines) if _LIKE_A_HEADER.match(line)]
    answers = []
    for start, end in pairwise([*starts, len(lines)]):
        header = _HEADER.fullmatch(lines[start])
        if header is None:
            wanted = "'# %% mistake: SENTENCE' or '# %% correct: SENTENCE'"
            _refuse(path, start + 1, wanted, lines[start])
        kind, sentence = header.groups()
        source = "\n".join(lines[start + 1 : end]).rstrip()
        if not source:
            _refuse(path, start + 1, "an answer below the header", source)
        if is_class:
            # Empty lines stand for the lines above it in the file, so that the line numbers in
            # messages are those of the file.
            source = _complete_class(path, "\n" * (start + 1) + source, reference)
        answers.append(KnownAnswer(path.stem, kind == "correct", sentence.strip(), source.strip()))
    return answers


def _refuse(path: Path, line: int, expected: str, got: str) -> NoReturn:
    raise ValueError(f"{path}, line {line}: expected {expected}, got {got!r}")


# --- answers that say only what differs ---------------------------------------------------


def _complete_class(path: Path, cell: str, reference: str) -> str:
    """The text of a cell; if it lacks the class, the reference with the cell's methods in it.

    Args:
        path: the bank's file; its name is that of the class.
        cell: the text of the cell, below as many empty lines as there are lines above it in the
            file.
        reference: the text of the answer cell in solutions/.
    """
    try:
        tree = ast.parse(cell)
    except SyntaxError as error:
        _refuse(path, error.lineno or 1, "Python", error.msg)
    if _find_class(tree, path.stem):
        return cell
    lines = [line for line in reference.split("\n") if line.strip() not in _MARKERS]
    reference_class = _find_class(ast.parse("\n".join(lines)), path.stem)
    assert reference_class is not None and reference_class.end_lineno is not None
    functions = (node for node in reference_class.body if isinstance(node, ast.FunctionDef))
    replaceable = {node.name: node for node in functions}
    before, methods = _split_cell(path, cell, tree, list(replaceable))
    # Changes go from the end to the beginning, so that the lines above keep their numbers.
    added = [text for name, text in methods.items() if name not in replaceable]
    end = reference_class.end_lineno
    lines[end:end] = [f"\n{text}" for text in added]
    for name, node in reversed(replaceable.items()):
        if name in methods:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            lines[first - 1 : node.end_lineno] = [methods[name]]
    return f"{before}\n\n\n" + "\n".join(lines)


def _find_class(tree: ast.Module, name: str) -> ast.ClassDef | None:
    found = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    return next(found, None)


def _split_cell(
    path: Path, cell: str, tree: ast.Module, replaceable: list[str]
) -> tuple[str, dict[str, str]]:
    """Split a cell into the text to put before the class, and its methods by name, indented."""
    lines, start = cell.split("\n"), 0
    before: list[str] = []
    methods: dict[str, str] = {}
    for node in tree.body:
        # A statement includes the comments above it, the last one also those below it.
        end = len(lines) if node is tree.body[-1] else node.end_lineno or start
        piece, start = lines[start:end], end
        if isinstance(node, ast.FunctionDef):
            if expected := _expected_for(node, tree, replaceable):
                _refuse(path, node.lineno, expected, node.name)
            if node.name in methods:
                _refuse(path, node.lineno, "each method once", node.name)
        if isinstance(node, ast.FunctionDef) and _is_method(node):
            methods[node.name] = indent("\n".join(piece).strip("\n"), "    ")
        else:
            before += piece
    if not methods:
        line = next(number for number, text in enumerate(lines, start=1) if text)
        wanted = f"`class {path.stem}` or methods of it ({', '.join(replaceable)})"
        _refuse(path, line, wanted, lines[line - 1])
    return "\n".join(before), methods


def _is_method(node: ast.FunctionDef) -> bool:
    decorators = {name.id for name in node.decorator_list if isinstance(name, ast.Name)}
    first = [parameter.arg for parameter in (*node.args.posonlyargs, *node.args.args)][:1]
    return first == ["self"] or bool(decorators & {"staticmethod", "classmethod"})


def _expected_for(function: ast.FunctionDef, tree: ast.Module, replaceable: list[str]) -> str:
    """What is expected instead of a function, if its name or `self` is misspelt; otherwise ""."""
    is_method = _is_method(function)
    if function.name in replaceable:
        return "" if is_method else "a method with `self` first, or else the whole class"
    others = [
        node for statement in tree.body if statement is not function for node in ast.walk(statement)
    ]
    if is_method:
        used = {node.attr for node in others if isinstance(node, ast.Attribute)}
    else:
        used = {node.id for node in others if isinstance(node, ast.Name)}
    if function.name in used:
        return ""
    return (
        f"a method of the reference ({', '.join(replaceable)}), or a function that another one "
        "of this cell uses"
    )
