"""Bans of what a task forbids: calling a forbidden function raises `Forbidden`, which says why.

A ban holds for a function under every name that it has in its package, in `lib`, in `checking` and
in the notebook, whether it was imported before the ban or after. It is a reminder and not a wall: a
copy of the source, a module that is loaded again and torch's inner functions (`torch.ops`, say)
pass it.
"""

import contextlib
import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

# The packages, and the notebook, in which a ban is looked for beside the function's own package.
SEARCHED = ("torch", "lib", "checking", "__main__")

_allowed = False
_banned = False  # whether `forbid` was called


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
    packages = {*SEARCHED, *(name.partition(".")[0] for name in names)}
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] in packages and guards:
            for attribute, value in list(getattr(module, "__dict__", {}).items()):
                if id(value) in guards:
                    setattr(module, attribute, guards[id(value)][1])


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
