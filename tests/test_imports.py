"""Which folders may import which; imports in functions count too, and none form a circle."""

import graphlib
from pathlib import Path

import pytest

from tools.dependencies import code_of, imported_names, parse, source_files

ROOT = Path(__file__).parents[1]

# A folder → the other folders of the project that its code may import.
FOLDERS = {
    "lib": set(),
    "checking": {"lib"},
    "experiments": {"lib", "tools"},
    "book": {"lib", "experiments"},
    "book/_extensions": {"tools", "grader"},
    "solutions": {"checking", "lib", "experiments"},
    "grader": {"checking"},
    "tools": {"grader"},
}
# The subpackages of grader ("rooms") from top to bottom. Each may import those below it, and the
# modules directly in grader.
ROOMS = ["release", "batch", "submissions", "judging", "sandbox", "border", "bank"]
OF_NO_ROOM = ["addresses", "course", "data_files", "notebooks", "files", "__init__"]


def sources(folder):
    """Yield the files of a folder that hold code, each with its code."""
    for path in sorted((ROOT / folder).rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        inner = [known for known in FOLDERS if name.startswith(f"{known}/")]
        if max(inner, key=len) != folder or ("grader/bank/" in name and path.name != "__init__.py"):
            continue
        if path.suffix in (".py", ".ipynb", ".md") and ".ipynb_checkpoints" not in name:
            yield path, code_of(path)


def imported_files(path, source):
    """Yield the project's files that a source imports itself, at its top or in functions."""
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
    """The name of the room of a module of grader, or of the module if it is in no room."""
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
    """An __init__.py, which only re-exports what the package's modules define, does not count."""
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
    """Tests `imported_files` itself, on an import in a function and on a relative one."""
    path = ROOT / "lib" / "masks.py"
    lazy = "def f():\n    from grader.batch import pool\n"
    assert list(imported_files(path, lazy)) == [ROOT / "grader" / "batch" / "pool.py"]
    assert list(imported_files(path, "from . import attention")) == [ROOT / "lib" / "attention.py"]
