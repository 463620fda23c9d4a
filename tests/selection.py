"""The parts that are tested: those that the environment variable PARTS names, or all."""

import os
from pathlib import Path

from grader.notebooks import parts
from tools.dependencies import code_of, dependencies

ROOT = Path(__file__).parents[1]
ALL = parts(ROOT)
PARTS = os.environ.get("PARTS", "").split() or ALL


def of_chosen_parts(pattern: str) -> list[Path]:
    """The files of the chosen parts below solutions/, exercises/ or book/.

    Args:
        pattern: such as "solutions/{part}/*.ipynb".
    """
    return [path for part in PARTS for path in sorted(ROOT.glob(pattern.format(part=part)))]


def belongs(path: Path) -> bool:
    """Whether a file of tests is run if not all parts are chosen.

    Tests of notebooks and pages are run, since they look only at those of the chosen parts. Tests
    of lib are run if these notebooks and pages import a module of lib that they import too.
    """
    folder = path.relative_to(ROOT / "tests").parts[0]
    if folder in ("exercises", "book", "checking"):
        return True
    return folder == "lib" and bool(library_of(path) & _library_of_parts())


def library_of(path: Path) -> set[Path]:
    """The modules of lib that a file imports, directly or not, without lib/__init__.py."""
    lib = ROOT / "lib"
    files = dependencies(code_of(path), ROOT)
    return {file for file in files if file.is_relative_to(lib)} - {lib / "__init__.py"}


def _library_of_parts() -> set[Path]:
    read = [*of_chosen_parts("solutions/{part}/*.ipynb"), *of_chosen_parts("book/{part}/*.md")]
    return set().union(*map(library_of, read))
