"""What one end knows of the objects that have crossed, its own and those of the other side."""

import itertools
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from grader.border.foreign import Asker, Foreign, ForeignModule
from grader.border.parameters import WatchedModule, parameters_of


class ObjectTable:
    """The objects that both sides know, until they are forgotten.

    The other side knows an object of this side by a number, its handle, and has a stand-in for it.
    A module is the "own" of the side where it lives and "foreign" to the other, also in messages.

    Args:
        border: what this end's stand-ins reach their objects with.
        root: the object of this side that the other knows from the start, by the handle 0.
        trusting: whether the other side may read any public attribute and change parameters.
    """

    def __init__(self, border: Asker, root: Any, *, trusting: bool):
        self.trusting = trusting
        self._border, self._root = border, root
        self._new_handles = itertools.count(1)  # never used again, also after forgetting
        self.forget()

    def forget(self) -> None:
        """Know no object but the root."""
        self._own: dict[int, Any] = {0: self._root}
        self._handles = {id(self._root): 0}
        self._stand_ins: dict[int, Foreign] = {}
        self._watched: dict[tuple[str, int], WatchedModule] = {}  # by whose it is, and handle
        self._taking_part: set[int] = set()  # ids of modules, in the present exchange
        self._graphs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}

    # --- this side's objects --------------------------------------------------------------

    def handle(self, value: Any) -> tuple[int, bool]:
        """The handle of an object of this side, and whether the other side hears of it first."""
        if id(value) in self._handles:
            return self._handles[id(value)], False
        handle = next(self._new_handles)
        self._own[handle], self._handles[id(value)] = value, handle
        return handle, True

    def own(self, handle: int) -> Any:
        """The object of this side that has a handle.

        Raises:
            KeyError: if none has it.
        """
        return self._own[handle]

    def shows(self, owner: Any, name: str) -> bool:
        """Whether the other side may read an attribute of an object of this side."""
        if not isinstance(name, str) or name.startswith("_"):
            return False
        if self.trusting:
            return True
        if not isinstance(owner, nn.Module):
            return False
        # What the test itself defines, and not, for example, load_state_dict or a hook.
        defined = itertools.takewhile(lambda kind: kind is not nn.Module, type(owner).__mro__)
        return (
            name in ("train", "eval", "training")
            or name in vars(owner)
            or any(name in vars(kind) for kind in defined)
        )

    # --- objects of the other side --------------------------------------------------------

    def stand_in(self, handle: int) -> Foreign | None:
        """What stands for an object of the other side; None, if this side has not heard of it."""
        return self._stand_ins.get(handle)

    def add_stand_in(
        self, handle: int, name: str, parameters: dict[str, nn.Parameter] | None
    ) -> Foreign:
        """Make what stands for an object of the other side from now on.

        Args:
            handle: the other side's number for it.
            name: what it is called there.
            parameters: copies of its parameters, which are watched; None if it is no module.
        """
        if parameters is None:
            foreign = Foreign(self._border, handle, name)
        else:
            foreign = ForeignModule(self._border, handle, name, parameters)
            self._watched["foreign", handle] = WatchedModule(foreign)
        self._stand_ins[handle] = foreign
        return foreign

    # --- parameters, which are kept equal on both sides -----------------------------------

    def watch(self, handle: int, module: nn.Module) -> None:
        """Watch the parameters of a module of this side, which the other knows from now on."""
        self._watched["own", handle] = WatchedModule(module)

    def take_part(self, module: Any) -> None:
        """Let a module take part in the present exchange, in which its parameters may change."""
        self._taking_part.add(id(module))

    def end_exchange(self) -> None:
        """Let no module take part any more."""
        self._taking_part.clear()

    def changes(self) -> Iterator[tuple[str, int, str, nn.Parameter]]:
        """The parameters that have changed since this was asked last.

        Yields:
            Whose module has the parameter, "own" or "foreign", the module's handle, the parameter's
            name, and the parameter.
        """
        for (side, handle), watched in self._watched.items():
            # To walk through a module takes long, so only those are walked that take part.
            if id(watched.module) in self._taking_part:
                watched.walk()
            for name, parameter in watched.changes():
                yield side, handle, name, parameter

    def ignore_changes(self) -> None:
        """Take the parameters as they are now for unchanged."""
        for watched in self._watched.values():
            watched.changes()

    def may_update(self, side: str) -> bool:
        """Whether the other side may change parameters of modules.

        Args:
            side: whose they are, as the other side says it: what is "own" there is foreign here.
        """
        return side == "own" or (side == "foreign" and self.trusting)

    def parameters(self, side: str, handle: int) -> dict[str, nn.Parameter]:
        """The parameters of a module, by name.

        Args:
            side: whose it is, as the other side says it.
            handle: its number there.

        Raises:
            KeyError: if there is no such object.
            TypeError: if it is no module.
        """
        objects = self._stand_ins if side == "own" else self._own
        return parameters_of(objects[handle])

    # --- the calls that this side has answered --------------------------------------------

    def keep_graph(self, number: int, outputs: list[Tensor], inputs: list[Tensor]) -> None:
        """Keep which tensors came out of a call and which went in, for its backward pass."""
        self._graphs[number] = outputs, inputs

    def graph(self, number: int) -> tuple[list[Tensor], list[Tensor]]:
        """The tensors that came out of a call, and those that went in.

        Raises:
            KeyError: if none are kept for a call of this number.
        """
        return self._graphs[number]
