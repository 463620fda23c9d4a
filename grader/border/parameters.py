"""The parameters of modules, and how a change of one is noticed."""

from typing import Any

from torch import Tensor, nn


def parameters_of(value: Any) -> dict[str, nn.Parameter]:
    """The parameters, by name, of a module of this side or of a stand-in for a module.

    Raises:
        TypeError: if the value is neither.
    """
    if not isinstance(value, nn.Module):
        raise TypeError
    return dict(value.named_parameters())


class WatchedModule:
    """Notices changes of the parameters of a module that both sides know.

    Args:
        module: a module of this side, or the stand-in for one of the other side.
    """

    def __init__(self, module: Any):
        self.module = module
        self.list_parameters()
        self._last_state = self._state()

    def list_parameters(self) -> None:
        """Update the list of parameters: the module may have got others."""
        named = dict(self.module.named_parameters())
        self._names, self._parameters = list(named), list(named.values())
        self._ids = list(map(id, self._parameters))

    def _state(self) -> list[list]:
        """Lists that differ once a parameter is replaced, changed in place or given other data."""
        # Computed for every parameter at every message, so it must be fast.
        return [
            self._names,
            self._ids,
            [parameter._version for parameter in self._parameters],
            list(map(Tensor.data_ptr, self._parameters)),
        ]

    def changes(self) -> list[tuple[str, nn.Parameter]]:
        """The parameters that have changed since the last call of this method."""
        state = self._state()
        if state == self._last_state:
            return []
        before = {name: marks for name, *marks in zip(*self._last_state, strict=True)}
        self._last_state = state
        return [
            (name, parameter)
            for parameter, (name, *marks) in zip(
                self._parameters, zip(*state, strict=True), strict=True
            )
            if before.get(name, marks) != marks
        ]
