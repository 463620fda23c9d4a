"""The pieces that a student wrote in a part's earlier notebooks, for its closing notebook.

`load_pieces` takes each piece from the student's notebook if it gives the same results as the
course's, and the course's otherwise. So a slip in an early notebook does not spoil the last one.

What the pieces of a part are stands in a module of its name here, such as
`checking.pieces.transformer`: a dict `PIECES`, from the name of a task to its `Piece`.
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
from checking.failure import CheckFailed
from checking.pieces.piece import Piece

__all__ = ["Piece", "load_pieces", "pieces_of"]


def load_pieces(part: str, folder: str | Path = ".") -> SimpleNamespace:
    """Collect the pieces of a part from the student's notebooks, and say which are whose.

    From each notebook the setup cell and the answer cells are run, each answer cell by itself.
    Nothing that happens in them stops the loading, and what they print is dropped. An endless
    loop is the one thing that cannot be caught here: interrupt the kernel and mend that cell.

    A piece that differs from the course's on a few inputs (float64, 1e-9, gradients too) is
    replaced by the course's. A table of all pieces is printed.

    Args:
        part: the name of the part, such as "transformer".
        folder: where the notebooks are.

    Returns:
        An object with one attribute for each piece, such as `pieces.padding_mask`.

    Raises:
        ValueError: if there is no such part.
    """
    chosen, rows = {}, []
    known = pieces_of(part)
    with _undisturbed():
        notebooks = {piece.notebook for piece in known.values()}
        runs = {name: _run_notebook(Path(folder, f"{name}.ipynb")) for name in notebooks}
        for name, piece in known.items():
            answers, otherwise = runs[piece.notebook]
            theirs, problem = answers.get(name, (None, otherwise))
            problem = problem or _difference(piece, theirs)
            chosen[name] = piece.reference if problem else theirs
            rows.append((name, "the course's" if problem else "yours", problem, piece.notebook))
    width = max(map(len, chosen))
    print("The pieces that this notebook puts together:")
    for name, owner, problem, notebook in rows:
        why = f"  ({notebook}: {problem})" if problem else ""
        print(f"  {name:{width}}  {owner}{why}")
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


# --- running a student's notebook ---------------------------------------------------------

# The library import-ipynb would run the test cells too, which fail in an unfinished notebook.


def _run_notebook(path: Path) -> tuple[dict[str, tuple[Any, str | None]], str]:
    """Run the setup cell and the answer cells.

    Args:
        path: the notebook.

    Returns:
        By id of the answer cell: what the cell defines and None, or None and what is wrong. Then
        what is wrong with cells that are not there.
    """
    if not path.exists():
        return {}, "notebook missing"
    try:
        cells = list(_cells(path))
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
            answers[name] = (None, _raised(error))
        else:
            if name in namespace:
                answers[name] = (namespace[name], None)
    return answers, "not written yet"


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    """The id and source of the cells to run, in order."""
    # Not with nbformat, whose import takes longer than all the rest.
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        is_setup = about.get("grade_id") == "setup"
        if cell["cell_type"] == "code" and (is_setup or about.get("solution")):
            yield about["grade_id"], "".join(cell["source"])


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep what students' cells print, forbid or set from reaching the closing notebook."""
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


def _difference(piece: Piece, theirs: Any) -> str | None:
    """What is wrong with a student's piece, or None."""
    try:
        piece.check(piece.reference, theirs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if not isinstance(error, CheckFailed):
            return _raised(error)
        if error.__cause__ is None:
            return "gives other values"
        return _raised(error.__cause__)
    return None


def _raised(error: BaseException) -> str:
    if isinstance(error, NotImplementedError):
        return "not written yet"
    # Unlike str(error), this holds even if the error's own __str__ fails.
    text = traceback.format_exception_only(error)[-1].strip().splitlines()[0]
    return f"raised {text if len(text) <= 70 else text[:69] + '…'}"
