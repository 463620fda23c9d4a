"""The repository's files and requirements, and virtual environments with certain packages only.

Such an environment is made in a moment: it has links to the packages that are installed here.
"""

import functools
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
METADATA = "import sys; from setuptools import build_meta as b; "
METADATA += "print(b.prepare_metadata_for_build_wheel(sys.argv[1]))"


def own_files() -> list[str]:
    """The names of the repository's files, with files not added yet, without ignored ones."""
    line = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(line, cwd=ROOT, check=True, capture_output=True, encoding="utf-8").stdout
    return [name for name in names.split("\0") if name and (ROOT / name).exists()]


@functools.cache
def own_requirements() -> tuple[str, ...]:
    """What the course requires, read from the metadata that setuptools makes of pyproject.toml."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(ROOT / "pyproject.toml", folder)
        shutil.copytree(ROOT / "requirements", folder / "requirements")
        line = [sys.executable, "-c", METADATA, folder]
        output = subprocess.run(
            line, cwd=folder, check=True, capture_output=True, encoding="utf-8"
        ).stdout
        made = Distribution.at(folder / output.split()[-1])
        return tuple(made.requires or ())


def requirements_of(*extras: str) -> list[Requirement]:
    """What the course itself requires without extras, and what each of the given extras adds."""
    return _chosen(own_requirements(), extras)


def packages_of(requirements: Iterable[Requirement]) -> set[str]:
    """The names of all packages that requirements need, directly or not, as installed here."""
    found: set[tuple[str, frozenset[str]]] = set()
    todo = list(requirements)
    while todo:
        requirement = todo.pop()
        one = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if one not in found:
            found.add(one)
            todo += _chosen(requires(one[0]) or (), one[1])
    return {name for name, _ in found}


def _chosen(lines: Iterable[str], extras: Iterable[str]) -> list[Requirement]:
    """Those of the requirements that apply to this system with the given extras."""
    every = [Requirement(line) for line in lines]
    return [
        r
        for r in every
        if not r.marker or any(r.marker.evaluate({"extra": e}) for e in ("", *extras))
    ]


def top_level_of(package: str) -> set[str]:
    """The files and folders of an installed package directly in site-packages."""
    record = distribution(package).read_text("RECORD") or ""
    # `Distribution.files` is not used, since it takes seconds for torch.
    return set(re.findall(r"^([^/,.]+(?:\.[^/,]*)?)[/,]", record, re.MULTILINE)) - {"__pycache__"}


def link_environment(folder: Path, requirements: Iterable[Requirement]) -> Path:
    """Make a virtual environment with the packages that requirements need, and nothing else.

    Returns:
        The path of its Python.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for package in packages_of(requirements):
        for name in top_level_of(package):
            if not (site / name).exists():  # several packages may share a folder
                (site / name).symlink_to(distribution(package).locate_file(name))
    return folder / "bin" / "python"
