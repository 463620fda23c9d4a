"""Stand-ins for objects of the other side.

A public name that a stand-in does not define itself is looked up on the other side. So what this
side wants to know of one is asked with functions, `handle_of` and `owner_of`.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from torch import nn


class Asker(Protocol):
    """What a stand-in reaches its object with: this side's end of the border."""

    trusting: bool

    def call(self, target: "Foreign", args: tuple, kwargs: dict[str, Any]) -> Any:
        """Call an object of the other side."""

    def ask(self, message: dict[str, Any]) -> Any:
        """Send a message and return the answer."""


class Foreign:
    """An object of the other side: call it, and read its public attributes."""

    def __init__(self, border: Asker, handle: int, name: str):
        self._border, self._handle = border, handle
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._border.call(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{self.__name__} is on the other side, which shows no {name}")
        return self._border.ask({"op": "read", "target": self._handle, "name": name})

    def __repr__(self) -> str:
        return f"<{self.__name__} on the other side>"


class ForeignRoot(Foreign):
    """The object that this end knows from the start; it is there for its methods alone."""

    def __getattr__(self, name: str) -> "ForeignMethod":
        if name.startswith("_"):
            raise AttributeError(name)
        return ForeignMethod(self, name)  # without asking whether there is one


class ForeignModule(Foreign):
    """A module of the other side, with copies of its parameters that gradients flow to.

    Copies and originals are kept equal: a change of either crosses with the next message.
    """

    def __init__(self, border: Asker, handle: int, name: str, parameters: dict[str, nn.Parameter]):
        super().__init__(border, handle, name)
        self._parameters = parameters
        self._methods: dict[str, ForeignMethod] = {}
        self._class = type(name if name.isidentifier() else "Module", (nn.Module,), {})

    @property  # type: ignore[misc] # for a type checker, a class is no property
    def __class__(self) -> type:
        """What isinstance asks for: a class of modules, named as on the other side."""
        return self._class

    def __getattr__(self, name: str) -> Any:
        # A method is looked up by its name at each call, so it is asked for only once.
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
        """As of a module."""
        yield from self._parameters.items()

    def parameters(self) -> Iterator[nn.Parameter]:
        """As of a module."""
        yield from self._parameters.values()

    def named_modules(self, memo: Any = None, prefix: str = "", *_: Any) -> Iterator[tuple]:
        """As of a module without parts: a module of this side may have it as a part."""
        yield prefix, self


class ForeignMethod(Foreign):
    """A method of an object of the other side; a module's parameters take part in its calls."""

    def __init__(self, owner: Foreign, name: str):
        super().__init__(owner._border, owner._handle, name)
        self._owner = owner


def handle_of(value: Foreign) -> int:
    """The number that the other side knows its object by; a method has that of its object."""
    return value._handle


def owner_of(method: ForeignMethod) -> Foreign:
    """The object whose method it is."""
    return method._owner
