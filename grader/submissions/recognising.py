"""Which notebook of an assignment a file is that a student has handed in.

Its name says so, perhaps with what browsers and file managers add to a copy. Where it does not, its
cells do: a file with cells of one notebook of the assignment, and of no other, is that notebook.
Collecting and grading both ask here, so nobody has to rename a file.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from grader.submissions.reading import UnreadableError, own_id, read_cells

# What is added to the name of a copy: by browsers, Windows, macOS, Jupyter, and Canvas.
COPY = re.compile(
    r"(?: ?\(\d+\)| - (?:copy|コピー)| ?(?:copy|のコピー)(?: \d+)?|-copy\d+|-\d+)$", re.IGNORECASE
)
MAX_LOOKED_AT = 20  # files of a student whose cells are read, since their names say nothing


@dataclass(frozen=True)
class Recognised:
    """Which notebook a file is.

    Attributes:
        name: the notebook's name.
        how: how that is known: "name", "copy" (by its name, without the mark of a copy) or "cells".
    """

    name: str
    how: str


class Notebooks:
    """The notebooks of an assignment.

    Args:
        cells: for each notebook's name, the ids of its cells.
    """

    def __init__(self, cells: Mapping[str, Set[str]]):
        self.names = frozenset(cells)
        self._owners: dict[str, set[str]] = {}  # of each id, the notebooks that have it
        for name, ids in cells.items():
            for identifier in ids:
                self._owners.setdefault(identifier, set()).add(name)

    @classmethod
    def read(cls, folder: Path) -> "Notebooks":
        """The notebooks in an assignment's folder.

        Raises:
            LookupError: if there are none.
        """
        cells = {
            path.stem: {name for cell in read_cells(path) if (name := own_id(cell))}
            for path in sorted(folder.glob("*.ipynb"))
        }
        if not cells:
            raise LookupError(f"expected the notebooks of the assignment in {folder}, found none")
        return cls(cells)

    def by_name(self, stem: str) -> Recognised | None:
        """Which notebook a file's name says that it is.

        Args:
            stem: the name without .ipynb, for example "02-masks (1)".
        """
        stem = unicodedata.normalize("NFC", stem).strip()
        how = "name"
        while stem not in self.names:
            original, how = COPY.sub("", stem), "copy"
            if original == stem:
                return None
            stem = original
        return Recognised(stem, how)

    def by_cells(self, path: Path) -> Recognised | None:
        """Which notebook the cells of a file are from, if they are from one only."""
        try:
            cells = read_cells(path)
        except UnreadableError:
            return None
        ids = {name for cell in cells for name in (own_id(cell), cell.get("id"))}
        owners = [
            self._owners[name] for name in ids if isinstance(name, str) and name in self._owners
        ]
        sole = {name for names in owners if len(names) == 1 for name in names}
        return Recognised(sole.pop(), "cells") if len(sole) == 1 else None

    def assign(self, paths: Iterable[Path]) -> tuple[dict[str, Path], dict[Path, str]]:
        """Which of the files in a student's folder is which notebook.

        A file whose name is that of the notebook goes first, then a copy, then a file with its
        cells.

        Returns:
            The file of each notebook that is there, and a sentence about each file whose name is
            another.
        """
        order = {"name": 0, "copy": 1, "cells": 2}
        claims = [(path, self.by_name(path.stem)) for path in sorted(paths)]
        nameless = [path for path, claim in claims if claim is None][:MAX_LOOKED_AT]
        claims = [(p, self.by_cells(p) if p in nameless else claim) for p, claim in claims]
        found: dict[str, Path] = {}
        remarks: dict[Path, str] = {}
        for path, claim in sorted(claims, key=lambda c: order[c[1].how] if c[1] else 3):
            if claim is None:
                remarks[path] = "is no notebook of this assignment and is not graded."
            elif claim.name in found:
                remarks[path] = (
                    f"is a {claim.name}.ipynb too and is not graded, since "
                    f"{found[claim.name].name} is. Delete the one that should not count."
                )
            else:
                found[claim.name] = path
                if claim.how != "name":
                    remarks[path] = f"is graded as {claim.name}.ipynb, by its {_reason(claim)}."
        return found, remarks


def _reason(claim: Recognised) -> str:
    return "name" if claim.how == "copy" else "cells"
