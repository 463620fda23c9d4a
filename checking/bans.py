"""Bans of what a task forbids: calling a forbidden function raises `Forbidden`, which says why."""

import contextlib
import functools
import importlib
from collections.abc import Callable, Iterator
from typing import Any

_allowed = False


class Forbidden(Exception):
    """Raised when an answer calls what its task forbids."""


def forbid(*names: str) -> None:
    """Make functions and classes raise `Forbidden` when they are called.

    Args:
        names: full names, such as "torch.nn.functional.scaled_dot_product_attention". Of a class,
            constructing an instance is what is forbidden.
    """
    for name in names:
        owner_name, _, attribute = name.rpartition(".")
        owner: Any = importlib.import_module(owner_name)
        target: Any = getattr(owner, attribute)
        if isinstance(target, type):
            owner, attribute, target = target, "__init__", vars(target)["__init__"]
        if not hasattr(target, "_forbidden"):
            setattr(owner, attribute, _guard(target, name))


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
