"""Each extra installs what its code imports and no more; each version bound is in one file."""

import ast
import re
import sys

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.environments import ROOT, packages_of, requirements_of, top_level_of

EXTRAS = ["book", "grade", "cluster", "test", "dev"]


def lines_of(path):
    """The requirements in a file, without comments and without those of included files."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r", "./"))]


def names_of(path):
    return {canonicalize_name(Requirement(line).name) for line in lines_of(path)}


def test_requirements_txt_includes_every_file_and_pyproject_makes_an_extra_of_each():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    files = [f"requirements/{name}.txt" for name in ("course", *EXTRAS)]
    assert re.findall(r"^-r (.+)$", text, re.MULTILINE) == files
    assert {f"requirements/{p.name}" for p in (ROOT / "requirements").iterdir()} == set(files)
    for extra in EXTRAS:
        ours = {r.name for r in requirements_of(extra)} - {r.name for r in requirements_of()}
        assert {canonicalize_name(name) for name in ours} == names_of(f"requirements/{extra}.txt")


def test_no_package_has_two_bounds():
    names = [
        Requirement(line).name
        for name in ("course", *EXTRAS)
        for line in lines_of(f"requirements/{name}.txt")
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("extra", "others"),
    [
        ("", ["book", "grade", "cluster", "test", "dev"]),
        ("book", ["cluster", "test", "dev"]),
        ("grade", ["book", "cluster", "test", "dev"]),
    ],
)
def test_an_installation_carries_nothing_of_the_others(extra, others):
    carried = packages_of(requirements_of(extra))
    assert names_of("requirements/course.txt") <= carried
    for other in others:
        assert carried & names_of(f"requirements/{other}.txt") == set(), other


def imports_of(folder):
    """The installed packages that the modules of a folder import, also within functions."""
    names = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.split(".")[0])
    own = {path.name for path in ROOT.iterdir() if path.is_dir()}
    return names - own - set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("folder", "extra", "beyond"),
    [
        ("lib", "", {"matplotlib_inline"}),  # imported only in a notebook, which brings it along
        ("checking", "", set()),
        ("grader", "grade", {"distributed"}),  # of the extra "cluster", imported only with --dask
    ],
)
def test_what_a_package_imports_comes_with_its_installation(folder, extra, beyond):
    packages = packages_of(requirements_of(extra))
    modules = {name.split(".")[0] for package in packages for name in top_level_of(package)}
    assert imports_of(folder) - modules == beyond


def test_the_handout_has_the_bounds_of_the_course():
    ours = {*lines_of("requirements/course.txt"), *lines_of("requirements/grade.txt")}
    handout = lines_of("tools/handout/requirements.txt")
    (torch,) = [line for line in handout if line.startswith("torch")]
    assert set(handout) - {torch} <= ours
    # Students may have any torch near ours.
    (pin,) = [Requirement(line) for line in ours if line.startswith("torch==")]
    (version,) = [part.version for part in pin.specifier]
    assert Requirement(torch).specifier.contains(version)
