"""The pieces that a student wrote in a part's earlier notebooks, for its closing notebook.

A piece is the answer to a task of an earlier notebook. `load_pieces` takes the student's own if it
gives the same results as the course's, and the course's otherwise. So a slip in an early notebook
does not spoil the last one.

A part with pieces has a module here with the part's name, such as `checking.pieces.transformer`. It
defines the dict `PIECES`, from the name of a task to its `Piece`.
"""

import contextlib
import importlib
import json
import os
import pkgutil
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch

import checking
from checking.bans import exempt
from checking.failure import CheckFailed
from checking.pieces.piece import Piece

__all__ = ["Piece", "load_pieces", "pieces_of"]

MOST_NAMES = 12  # of notebooks in a folder that a message lists


def load_pieces(part: str, folder: str | Path = ".") -> SimpleNamespace:
    """Collect the pieces of a part, and print which are the student's and which the course's.

    From each notebook the setup cell and the answer cells are run, each answer cell by itself.
    An exception in them does not stop the loading, and what they print is dropped. Only an endless
    loop is not caught: interrupt the kernel and mend that cell.

    A piece is replaced by the course's if its values or gradients differ from the course's on a few
    inputs, in float64 by more than 1e-9. A table of all pieces is printed.

    Args:
        part: the name of the part, such as "transformer".
        folder: the folder with the student's notebooks. If it is the course's own folder, as on
            Colab, notebooks that are not in it are looked for beside it.

    Returns:
        An object with one attribute for each piece, such as `pieces.padding_mask`.

    Raises:
        ValueError: if there is no such part.
    """
    chosen, rows = {}, []
    known = pieces_of(part)
    with _without_side_effects():
        folders = _folders_to_look_in(Path(folder).resolve())
        notebooks = {
            piece.notebook: _find_notebook(piece.notebook, folders) for piece in known.values()
        }
        runs = {name: _run_notebook(path) for name, path in notebooks.items()}
        for name, piece in known.items():
            answers, problem_if_absent = runs[piece.notebook]
            answer, problem = answers.get(name, (None, problem_if_absent))
            problem = problem or _difference(piece, answer)
            chosen[name] = exempt(piece.reference) if problem else answer
            rows.append((name, "the course's" if problem else "yours", problem, piece.notebook))
    width = max(map(len, chosen))
    print("The pieces that this notebook puts together:")
    for name, owner, problem, notebook in rows:
        why = f"  ({notebook}: {problem})" if problem else ""
        print(f"  {name:{width}}  {owner}{why}")
    missing = sorted(name for name, path in notebooks.items() if not path.exists())
    if missing:
        print("\n".join(["", *_advice(part, missing, folders)]))
    return SimpleNamespace(**chosen)


def pieces_of(part: str) -> dict[str, Piece]:
    """The pieces of a part, by the name of the task.

    Raises:
        ValueError: if there is no such part.
    """
    known = [module.name for module in pkgutil.iter_modules(__path__) if module.name != "piece"]
    if part not in known:
        raise ValueError(f"expected a part with pieces, of {known}, got {part!r}")
    return importlib.import_module(f"{__name__}.{part}").PIECES


# --- finding a student's notebooks --------------------------------------------------------


def _folders_to_look_in(folder: Path) -> list[Path]:
    # Other folders have no such neighbour: in grading, what lies beside is not the student's.
    is_the_courses = (folder / "checking" / "pieces").is_dir()
    return [folder, folder.parent] if is_the_courses else [folder]


def _find_notebook(name: str, folders: list[Path]) -> Path:
    """The path of a notebook in the first folder that has it; if none has, in the first."""
    paths = [folder / f"{name}.ipynb" for folder in folders]
    return next((path for path in paths if path.exists()), paths[0])


def _advice(part: str, missing: list[str], folders: list[Path]) -> list[str]:
    """Lines about notebooks that are missing: where they were looked for, and what to do."""
    lines = [f"Not found: {', '.join(f'{name}.ipynb' for name in missing)}."]
    for folder in folders:
        names = sorted(path.name for path in folder.glob("*.ipynb"))
        there = ", ".join([*names[:MOST_NAMES], *(["…"] if names[MOST_NAMES:] else [])])
        lines.append(f"Looked in {folder}. Notebooks there: {there or 'none'}.")
    lines.append(
        "To have your own pieces, put your notebooks there under exactly these names and run this "
        f'cell again, or name their folder in a new cell: pieces = load_pieces("{part}", "FOLDER").'
    )
    return lines


# --- running a student's notebook ---------------------------------------------------------

# The package import-ipynb is of no use for this: it would run the test cells too, which fail in an
# unfinished notebook.


def _run_notebook(path: Path) -> tuple[dict[str, tuple[Any, str | None]], str]:
    """Run the setup cell and the answer cells.

    Args:
        path: the notebook.

    Returns:
        A dict by id of the answer cell, and a string. The dict holds, for each cell that was found,
        the piece that it defines and None, or None and what is wrong with it. The string says what
        is wrong with the pieces that the dict lacks.
    """
    if not path.exists():
        return {}, "notebook missing"
    try:
        cells = list(_setup_and_answer_cells(path))
    except Exception:
        return {}, "notebook cannot be read"
    namespace = {"__name__": "__main__"}
    answers: dict[str, tuple[Any, str | None]] = {}
    for name, source in cells:
        try:
            exec(compile(source, f"<{path.stem}: {name}>", "exec"), namespace)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            answers[name] = (None, _describe_error(error))
        else:
            if name in namespace:
                answers[name] = (namespace[name], None)
    return answers, "not written yet"


def _setup_and_answer_cells(path: Path) -> Iterator[tuple[str, str]]:
    """Yield id and source of the setup cell and of the answer cells, in order."""
    # JSON is read without nbformat, whose import takes longer than loading all the pieces.
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        is_setup = about.get("grade_id") == "setup"
        if cell["cell_type"] == "code" and (is_setup or about.get("solution")):
            yield about["grade_id"], "".join(cell["source"])


@contextlib.contextmanager
def _without_side_effects() -> Iterator[None]:
    """Keep students' cells from printing, forbidding functions or changing settings of torch."""
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(action="ignore"),
        torch.random.fork_rng(devices=[]),
        mock.patch.object(checking, "forbid", lambda *names: None),
    ):
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_grad_enabled(grad)


def _difference(piece: Piece, answer: Any) -> str | None:
    """How a student's piece differs from the course's, in words; None if it does not."""
    try:
        piece.check(piece.reference, answer)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if not isinstance(error, CheckFailed):
            return _describe_error(error)
        if error.__cause__ is None:
            return "gives other values"
        return _describe_error(error.__cause__)
    return None


def _describe_error(error: BaseException) -> str:
    """An exception in a student's piece, in at most about 80 characters."""
    if isinstance(error, NotImplementedError):
        return "not written yet"
    # Unlike str(error), this works even if the exception's own __str__ raises.
    text = traceback.format_exception_only(error)[-1].strip().splitlines()[0]
    return f"raised {text if len(text) <= 70 else text[:69] + '…'}"
