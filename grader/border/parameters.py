"""The parameters of modules, and what shows that they have changed."""

from typing import Any

from torch import Tensor, nn


def parameters_of(value: Any) -> dict[str, nn.Parameter]:
    """The parameters, by name, of a module of this side or of one that stands for the other's.

    Raises:
        TypeError: if it is something else, which might answer in its own way.
    """
    if not isinstance(value, nn.Module):
        raise TypeError
    return dict(value.named_parameters())


class WatchedModule:
    """A module that both sides know, and its parameters as they were in the last message.

    Args:
        module: a module of this side, or one that stands for the other's.
    """

    def __init__(self, module: Any):
        self.module = module
        self.walk()
        self._noted = self._note()

    def walk(self) -> None:
        """Look which parameters the module has."""
        named = dict(self.module.named_parameters())
        self._names, self._parameters = list(named), list(named.values())
        self._ids = list(map(id, self._parameters))

    def _note(self) -> list[list]:
        """What shows that a parameter has been replaced, changed in place, or given other data."""
        # Made for each message and of every parameter, so it counts how long this takes.
        return [
            self._names,
            self._ids,
            [parameter._version for parameter in self._parameters],
            list(map(Tensor.data_ptr, self._parameters)),
        ]

    def changes(self) -> list[tuple[str, nn.Parameter]]:
        """The parameters that have changed since this was asked last."""
        noted = self._note()
        if noted == self._noted:
            return []
        before = {name: note for name, *note in zip(*self._noted, strict=True)}
        self._noted = noted
        return [
            (name, parameter)
            for parameter, (name, *note) in zip(
                self._parameters, zip(*noted, strict=True), strict=True
            )
            if before.get(name, note) != note
        ]
