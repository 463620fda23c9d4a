"""Stand-ins for objects of the other side.

A public attribute that a stand-in does not define itself is read from the object on the other side.
So that no attribute of a stand-in hides one of its object, what this side must know about a
stand-in itself is asked with the functions `handle_of` and `owner_of`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from torch import nn

from checking.batches import Call, Result


class Asker(Protocol):
    """This side's end of the border, with which a stand-in sends requests to its object."""

    trusting: bool

    def call(self, target: "Foreign", args: tuple, kwargs: dict[str, Any]) -> Any:
        """Call an object of the other side."""

    def call_each(
        self, target: "Foreign", calls: Sequence[Call], *, overwrite: bool
    ) -> list[Result]:
        """Call an object of the other side several times."""

    def ask(self, message: dict[str, Any]) -> Any:
        """Send a message and return the answer."""


class Foreign:
    """The stand-in for an object of the other side: it can be called, and its attributes read."""

    def __init__(self, border: Asker, handle: int, name: str):
        self._border, self._handle = border, handle
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._border.call(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{self.__name__} is on the other side, which shows no {name}")
        return self._border.ask({"op": "read", "target": self._handle, "name": name})

    def _call_each(self, calls: Sequence[Call], *, overwrite: bool) -> list[Result]:
        """Do what `checking.batches.call_each` does, in one exchange."""
        return self._border.call_each(self, calls, overwrite=overwrite)

    def __repr__(self) -> str:
        return f"<{self.__name__} on the other side>"


class ForeignRoot(Foreign):
    """The stand-in for the other side's root; every public attribute of it is a method."""

    def __getattr__(self, name: str) -> "ForeignMethod":
        if name.startswith("_"):
            raise AttributeError(name)
        return ForeignMethod(self, name)  # without a request whether the root has such a method


class ForeignModule(Foreign):
    """The stand-in for a module of the other side, with copies of its parameters.

    Gradients flow to the copies. Copies and originals are kept equal: a change of either is sent
    with the next message.
    """

    def __init__(self, border: Asker, handle: int, name: str, parameters: dict[str, nn.Parameter]):
        super().__init__(border, handle, name)
        self._parameters = parameters
        self._methods: dict[str, ForeignMethod] = {}
        self._class = type(name if name.isidentifier() else "Module", (nn.Module,), {})

    @property  # type: ignore[misc] # mypy expects an attribute
    def __class__(self) -> type:
        """A subclass of `nn.Module` named as on the other side, so that isinstance says yes."""
        return self._class

    def __getattr__(self, name: str) -> Any:
        # A method may be kept, since calling it looks it up by name on the other side.
        if name not in self._methods:
            is_shown = not self._border.trusting and not name.startswith("_")
            if is_shown and callable(getattr(nn.Module, name, None)):
                value = ForeignMethod(self, name)
            else:
                value = super().__getattr__(name)
            if type(value) is not ForeignMethod:
                return value
            self._methods[name] = value
        return self._methods[name]

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Like `nn.Module.named_parameters`, of the copies."""
        yield from self._parameters.items()

    def parameters(self) -> Iterator[nn.Parameter]:
        """Like `nn.Module.parameters`, of the copies."""
        yield from self._parameters.values()

    def named_modules(self, memo: Any = None, prefix: str = "", *_: Any) -> Iterator[tuple]:
        """Like `nn.Module.named_modules` of a module without submodules.

        A module of this side that has this one as a submodule calls it.
        """
        yield prefix, self


class ForeignMethod(Foreign):
    """The stand-in for a method of an object of the other side."""

    def __init__(self, owner: Foreign, name: str):
        super().__init__(owner._border, owner._handle, name)
        self._owner = owner


def handle_of(value: Foreign) -> int:
    """The number by which the other side knows the object; for a method, that of its owner."""
    return value._handle


def owner_of(method: ForeignMethod) -> Foreign:
    """The stand-in for the object that has this method."""
    return method._owner
