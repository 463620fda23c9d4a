"""The table of objects that one end shares with the other: its own, and the other side's."""

import itertools
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from grader.border.errors import BorderError
from grader.border.foreign import Asker, Foreign, ForeignModule
from grader.border.limits import MAX_GRAPHS, MAX_KEPT, MAX_OBJECTS
from grader.border.parameters import WatchedModule, parameters_of


class ObjectTable:
    """The objects that both sides know, until `forget` is called.

    The other side knows an object of this side by a number, its handle, and has a stand-in for it.
    Messages call a module "own" if it lives on the sender's side, and otherwise "foreign".

    Args:
        border: this end of the border, with which stand-ins send requests to their objects.
        root: the object of this side that the other can use from the start. Its handle is 0.
        trusting: whether the other side may read any public attribute and change parameters.
    """

    def __init__(self, border: Asker, root: Any, *, trusting: bool):
        self.trusting = trusting
        self._border, self._root = border, root
        self._new_handles = itertools.count(1)  # no handle is used twice, even after `forget`
        self.forget()

    def forget(self) -> None:
        """Forget all objects but the root."""
        self._own: dict[int, Any] = {0: self._root}
        self._handles = {id(self._root): 0}
        self._stand_ins: dict[int, Foreign] = {}
        self._watched: dict[tuple[str, int], WatchedModule] = {}  # by side and handle
        self._taking_part: set[int] = set()  # ids of the modules in this exchange
        self._kept = 0  # bytes of the copies of the other side's parameters
        # Outputs and inputs of the calls that this side has answered, by number of the call, from
        # the oldest to the newest.
        self._graphs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        self._kept_for_graphs = 0  # bytes of the outputs

    # --- this side's objects --------------------------------------------------------------

    def handle(self, value: Any) -> tuple[int, bool]:
        """The handle of an object of this side, and whether the handle was made just now.

        Raises:
            BorderError: if the other side is not trusted, and has got too many handles.
        """
        if id(value) in self._handles:
            return self._handles[id(value)], False
        self._check_count(self._own)
        handle = next(self._new_handles)
        self._own[handle], self._handles[id(value)] = value, handle
        return handle, True

    def own(self, handle: int) -> Any:
        """The object of this side that has a handle.

        Raises:
            KeyError: if no object has this handle.
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
        # Only attributes that the test defines may be read, so none such as load_state_dict.
        test_classes = itertools.takewhile(lambda kind: kind is not nn.Module, type(owner).__mro__)
        return (
            name in ("train", "eval", "training")
            or name in vars(owner)
            or any(name in vars(kind) for kind in test_classes)
        )

    # --- objects of the other side --------------------------------------------------------

    def stand_in(self, handle: int) -> Foreign | None:
        """The stand-in for an object of the other side; None if it has not been made yet."""
        return self._stand_ins.get(handle)

    def add_stand_in(
        self, handle: int, name: str, parameters: dict[str, nn.Parameter] | None
    ) -> Foreign:
        """Make the stand-in for an object of the other side.

        Args:
            handle: the object's handle on the other side.
            name: the object's name, for messages.
            parameters: copies of the module's parameters, whose changes will be sent; None if the
                object is not a module.

        Raises:
            BorderError: if the other side is not trusted, and this end knows too much of it.
        """
        self._check_count(self._stand_ins)
        self.keep(sum(parameter.nbytes for parameter in (parameters or {}).values()))
        if parameters is None:
            foreign = Foreign(self._border, handle, name)
        else:
            foreign = ForeignModule(self._border, handle, name, parameters)
            self._watched["foreign", handle] = WatchedModule(foreign)
        self._stand_ins[handle] = foreign
        return foreign

    def _check_count(self, known: dict[int, Any]) -> None:
        if not self.trusting and len(known) >= MAX_OBJECTS:
            raise BorderError(f"over {MAX_OBJECTS:,} objects do not cross in one test")

    def keep(self, size: int) -> None:
        """Count bytes of parameters of the other side that this end keeps a copy of from now on.

        Raises:
            BorderError: if the other side is not trusted, and they are too many.
        """
        self._kept += size
        if not self.trusting and self._kept > MAX_KEPT:
            raise BorderError(
                f"over {MAX_KEPT // 2**20} MiB of parameters do not cross in one test"
            )

    # --- parameters, which are kept equal on both sides -----------------------------------

    def watch(self, handle: int, module: nn.Module) -> None:
        """Send changes of the parameters of a module of this side from now on."""
        self._watched["own", handle] = WatchedModule(module)

    def take_part(self, module: Any) -> None:
        """Note that a module is used in this exchange, so that its parameters may be replaced."""
        self._taking_part.add(id(module))

    def end_exchange(self) -> None:
        """Forget which modules were used in the exchange."""
        self._taking_part.clear()

    def changes(self) -> Iterator[tuple[str, int, str, nn.Parameter]]:
        """The parameters that have changed since the last call of this method.

        Yields:
            "own" if the module with the parameter lives on this side, otherwise "foreign"; the
            module's handle, the parameter's name, and the parameter.
        """
        for (side, handle), watched in self._watched.items():
            # Listing a module's parameters takes long, and only modules that are used in this
            # exchange can have got other ones.
            if id(watched.module) in self._taking_part:
                watched.list_parameters()
            for name, parameter in watched.changes():
                yield side, handle, name, parameter

    def ignore_changes(self) -> None:
        """Count all changes so far as known to the other side."""
        for watched in self._watched.values():
            watched.changes()

    def may_update(self, side: str) -> bool:
        """Whether the other side may change parameters of modules.

        Args:
            side: "own" if the modules live on the other side, "foreign" if they live on this one,
                which is how the other side's messages call them.
        """
        return side == "own" or (side == "foreign" and self.trusting)

    def parameters(self, side: str, handle: int) -> dict[str, nn.Parameter]:
        """The parameters of a module, by name.

        Args:
            side: "own" if it lives on the other side, "foreign" if it lives on this one.
            handle: its handle.

        Raises:
            KeyError: if there is no such object.
            TypeError: if the object is not a module.
        """
        objects = self._stand_ins if side == "own" else self._own
        return parameters_of(objects[handle])

    # --- the calls that this side has answered --------------------------------------------

    def keep_graph(self, number: int, outputs: list[Tensor], inputs: list[Tensor]) -> None:
        """Keep the outputs and inputs of a call that was answered, for its backward pass.

        If too many are kept, or outputs of too many bytes, the oldest are dropped.
        """
        if number in self._graphs:
            raise BorderError(f"call {number} was answered already")
        self._graphs[number] = outputs, inputs
        self._kept_for_graphs += _bytes_of_all(outputs)
        while len(self._graphs) > MAX_GRAPHS or self._kept_for_graphs > MAX_KEPT:
            oldest, _ = self._graphs.pop(next(iter(self._graphs)))
            self._kept_for_graphs -= _bytes_of_all(oldest)

    def graph(self, number: int) -> tuple[list[Tensor], list[Tensor]]:
        """The outputs and the inputs of a call.

        Raises:
            KeyError: if there was no such call, or if it is too long ago.
        """
        if number not in self._graphs:
            raise KeyError(f"the gradients of call {number} are no longer kept")
        return self._graphs[number]


def _bytes_of_all(tensors: list[Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)
