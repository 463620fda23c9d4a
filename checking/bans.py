"""Bans of what a task forbids: calling a forbidden function raises `Forbidden`, which says why.

A ban holds for a function under every name that it has in its package, in `lib`, in `checking` and
in the notebook, whether it was imported before the ban or after. It is a reminder and not a wall: a
copy of the source, a module that is loaded again and torch's inner functions (`torch.ops`, say)
pass it.
"""

import contextlib
import functools
import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from typing import Any

# The packages, and the notebook, in which a ban is looked for beside the function's own package.
SEARCHED = ("torch", "lib", "checking", "__main__")

_allowed = False
_banned = False  # whether `forbid` was called
# What `look_through_modules` has noted.
_looked_through: set[str] = set()  # names of modules of torch
_own: set[str] = set()  # names of modules of `lib` and `checking`
_newest = ""  # name of the last module imported until then
_places: dict[int, list[tuple[str, str]]] = {}  # module and name of their functions, by id


class Forbidden(Exception):
    """Raised when an answer calls what its task forbids."""


def forbid(*names: str) -> None:
    """Make functions and classes raise `Forbidden` when they are called.

    Args:
        names: full names, such as "torch.nn.functional.scaled_dot_product_attention". Of a class,
            constructing an instance is what is forbidden.
    """
    global _banned
    _banned = True
    guards: dict[int, tuple[Callable, Callable]] = {}  # by id of the function; it, and its guard
    for name in names:
        owner_name, _, attribute = name.rpartition(".")
        target: Any = getattr(importlib.import_module(owner_name), attribute)
        if isinstance(target, type):
            constructor = vars(target)["__init__"]
            if not hasattr(constructor, "_forbidden"):
                target.__init__ = _guard(constructor, name)  # type: ignore[misc]
        elif not hasattr(target, "_forbidden"):
            guards[id(target)] = target, _guard(target, name)
    packages = {*SEARCHED, *map(_package, names)}
    for target, guard in guards.values():
        for module_name, attribute in _places.get(id(target), ()):
            if vars(sys.modules[module_name]).get(attribute) is target:
                setattr(sys.modules[module_name], attribute, guard)
    for module_name in _modules_to_search(packages) if guards else ():
        module = sys.modules[module_name]
        for attribute, value in list(vars(module).items()):
            if id(value) in guards:
                setattr(module, attribute, guards[id(value)][1])


def _modules_to_search(packages: set[str]) -> list[str]:
    """The names of the packages' modules, without those of torch that were looked through."""
    if packages != set(SEARCHED):
        return [n for n in sys.modules if _package(n) in packages and n not in _looked_through]
    # In a forked process, going through all names would copy the memory in which they are.
    new = list(itertools.takewhile(lambda name: name != _newest, reversed(sys.modules)))
    return ["__main__", *_own, *(name for name in new if _package(name) in packages)]


def look_through_modules() -> None:
    """Note where the functions of torch stand, so that `forbid` need not look for them.

    Looking takes long, and in a forked process it copies much memory. So a process that will be
    forked looks once, when it has imported torch.
    """
    global _newest
    for module_name, module in list(sys.modules.items()):
        package = _package(module_name)
        if package in ("lib", "checking"):
            _own.add(module_name)
        elif package == "torch" and module_name not in _looked_through:
            _looked_through.add(module_name)
            for attribute, value in list(vars(module).items()):
                if callable(value) and not isinstance(value, type):
                    _places.setdefault(id(value), []).append((module_name, attribute))
        _newest = module_name


def _package(module_name: str) -> str:
    return module_name.partition(".")[0]


def _guard(target: Callable, name: str) -> Callable:
    @functools.wraps(target)
    def guarded(*args, **kwargs):
        if not _allowed:
            raise Forbidden(f"{name} is what this notebook asks you to write; build it yourself")
        return target(*args, **kwargs)

    guarded._forbidden = True  # type: ignore[attr-defined]
    return guarded


@contextlib.contextmanager
def allowed() -> Iterator[None]:
    """Lift all bans of `forbid` meanwhile, so that a test's reference may use what is forbidden."""
    global _allowed
    before, _allowed = _allowed, True
    try:
        yield
    finally:
        _allowed = before


def exempt(function: Callable) -> Callable:
    """A function that may use what is forbidden afterwards; itself, if something is already.

    Args:
        function: a function or class of the course's.
    """
    if _banned or isinstance(function, type):
        return function

    @functools.wraps(function)
    def exempted(*args, **kwargs):
        with allowed():
            return function(*args, **kwargs)

    return exempted
