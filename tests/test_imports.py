"""Who may import whom: arrows run one way, and no circle hides in a lazy import."""

import graphlib
from pathlib import Path

import pytest

from tools.dependencies import code_of, imported_names, parse, source_files

ROOT = Path(__file__).parents[1]

# A folder → the folders of ours that its code may import, beside itself.
FOLDERS = {
    "lib": set(),
    "checking": {"lib"},
    "experiments": {"lib"},
    "book": {"lib", "experiments"},
    "book/_extensions": {"tools"},
    "solutions": {"checking", "lib", "experiments"},
    "grader": {"checking"},
    "tools": {"grader"},
}
# The rooms of the grader from top to bottom; each may use those below it, and the modules that lie
# in no room.
ROOMS = ["batch", "submissions", "judging", "sandbox", "border", "bank"]
OF_NO_ROOM = ["course", "notebooks", "files", "__init__"]


def sources(folder):
    """The code of a folder, by file."""
    for path in sorted((ROOT / folder).rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        inner = [known for known in FOLDERS if name.startswith(f"{known}/")]
        if max(inner, key=len) != folder or ("grader/bank/" in name and path.name != "__init__.py"):
            continue
        if path.suffix in (".py", ".ipynb", ".md") and ".ipynb_checkpoints" not in name:
            yield path, code_of(path)


def imported_files(path, source):
    """The files of ours that a source imports itself, lazily or not."""
    package = ".".join(path.parent.relative_to(ROOT).parts)
    for name in imported_names(parse(source), package):
        files = list(source_files(name, ROOT))
        if files:
            yield files[-1]


def folder_of(path):
    return path.relative_to(ROOT).parts[0]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_only_what_it_may(folder):
    own = folder.partition("/")[0]
    found = list(sources(folder))
    assert found
    faults = [
        f"{path.relative_to(ROOT)} imports {target.relative_to(ROOT)}"
        for path, source in found
        for target in imported_files(path, source)
        if folder_of(target) not in FOLDERS[folder] | {own}
    ]
    assert not faults


def room_of(path):
    """The room of a module of the grader; the module itself, if it lies in none."""
    _, *folders, name = path.relative_to(ROOT).parts
    return folders[0] if folders else name.removesuffix(".py")


def test_a_room_uses_only_rooms_below_it():
    seen, faults = set(), []
    for path, source in sources("grader"):
        room = room_of(path)
        seen.add(room)
        for target in imported_files(path, source):
            if folder_of(target) != "grader" or room == "__main__":
                continue
            used = room_of(target)
            order = [*ROOMS, *OF_NO_ROOM]
            if used != room and order.index(used) < order.index(room):
                faults.append(f"{path.relative_to(ROOT)} imports {target.relative_to(ROOT)}")
    assert seen == {*ROOMS, *OF_NO_ROOM, "__main__"}
    assert not faults


@pytest.mark.parametrize("folder", ["lib", "checking", "grader", "tools", "experiments"])
def test_no_modules_import_each_other_in_a_circle(folder):
    """A package's index, which hands on what its modules define, is no part of a circle."""
    graph = {
        path: {
            target
            for target in imported_files(path, source)
            if folder_of(target) == folder and target.name != "__init__.py"
        }
        for path, source in sources(folder)
        if path.name != "__init__.py"
    }
    assert graph
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError, naming the circle


def test_a_forbidden_import_is_noticed():
    """The finding of imports itself, on a lazy and on a relative one."""
    path = ROOT / "lib" / "masks.py"
    lazy = "def f():\n    from grader.batch import pool\n"
    assert list(imported_files(path, lazy)) == [ROOT / "grader" / "batch" / "pool.py"]
    assert list(imported_files(path, "from . import attention")) == [ROOT / "lib" / "attention.py"]
