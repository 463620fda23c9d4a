"""Turns JSON trees into values; `grader.border.writer` does the reverse.

A message may be forged to do harm, so everything in it is checked before it is used.
"""

import base64
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from grader.border.errors import BorderError, unreadable
from grader.border.foreign import Foreign, ForeignMethod, ForeignModule
from grader.border.limits import MAX_DEPTH, MAX_NUMBER, MAX_RANGE, short_name, whole_number
from grader.border.objects import ObjectTable
from grader.border.parameters import parameters_of
from grader.border.tensors import DTYPES, TensorUnpacker

CONTAINERS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class Reader:
    """Turns the JSON trees of a message into values.

    Args:
        objects: the objects that this end knows.
        tensors: the tensors of the message.

    Attributes:
        differentiable: the same tensors as in the `Writer` that made the trees, on this side.
        arguments: the same values as in that `Writer`, on this side.
    """

    def __init__(self, objects: ObjectTable, tensors: TensorUnpacker):
        self._objects, self._tensors = objects, tensors
        self.differentiable: list[Tensor] = []
        self.arguments: list[Any] = []

    def read(self, tree: Any) -> Any:
        """The value of a JSON tree.

        Raises:
            BorderError: if the tree is not that of a value that may be sent.
        """
        try:  # not by `well_formed`, which takes longer than reading a number does
            return self._read(tree, 0)
        except BorderError:
            raise
        except Exception as error:
            raise unreadable("a value", error) from None

    def _read(self, tree: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        kind, content, *rest = tree
        if kind == "plain" and (content is None or type(content) in (bool, int, str)):
            return content
        if kind == "float":
            return float.fromhex(content)
        if kind == "dict":
            return {self._read(k, depth + 1): self._read(v, depth + 1) for k, v in content}
        if kind in CONTAINERS:
            make: Callable = CONTAINERS[kind]
            return make(self._read(item, depth + 1) for item in content)
        if kind == "array":
            array = self._tensors.array(content, *rest)
            self.arguments.append(array)
            return array
        if kind == "scalar":
            return self._tensors.array(content, *rest)[()]
        if kind == "complex":
            return complex(*map(float.fromhex, (content, *rest)))
        if kind == "bytes":
            return base64.b64decode(content, validate=True)
        if kind == "range":
            numbers = range(content, *rest)
            whole_number(len(numbers), MAX_RANGE)
            return numbers
        if kind == "dtype":
            return DTYPES[content]
        if kind == "generator":
            generator = torch.Generator()
            generator.set_state(self._tensors.tensor(content))
            self.arguments.append(generator)
            return generator
        if kind == "tensor":
            return self._read_tensor(content, *rest)
        if kind == "yours":
            value = self._objects.own(whole_number(content, MAX_NUMBER))
            self._objects.take_part(value)
            self._add_parameters(value, *rest)
            return value
        if kind == "mine":
            return self._read_object(content, *rest)
        if kind == "method":
            owner, (name,) = self._read(content, depth + 1), rest
            if type(owner) is ForeignModule:
                return ForeignMethod(owner, short_name(name))
            if self._objects.shows(owner, name):
                return getattr(owner, name)
        raise ValueError(f"unknown kind {kind!r}")

    def _read_tensor(
        self, place: list, requires_grad: bool, shape: list[int], stride: list[int]
    ) -> Tensor:
        value = self._tensors.tensor(place, shape)
        if self._objects.trusting and value.numel() and list(value.stride()) != stride:
            laid_out = torch.empty_strided(value.shape, stride, dtype=value.dtype)
            value = laid_out.copy_(value)
        if list(value.shape) != shape:
            value = value.expand(shape)
            if not self._objects.trusting:
                value = value.contiguous()
        if requires_grad and value.is_floating_point():
            value.requires_grad_()
            self.differentiable.append(value)
        self.arguments.append(value)
        return value

    def _read_object(
        self, handle: int, name: str, parameters: dict[str, list] | None, trainable: list[str]
    ) -> Foreign:
        foreign = self._objects.stand_in(whole_number(handle, MAX_NUMBER))
        if foreign is None:
            copies = None
            if parameters is not None:
                copies = {
                    short_name(n): nn.Parameter(self._tensors.tensor(place), bool(requires_grad))
                    for n, (place, requires_grad) in parameters.items()
                }
            foreign = self._objects.add_stand_in(handle, short_name(name), copies)
        self._add_parameters(foreign, trainable)
        return foreign

    def _add_parameters(self, module: Any, names: list[str]) -> None:
        """Add the named parameters of a module to the differentiable tensors."""
        if names:
            parameters = parameters_of(module)
            self.differentiable += [parameters[name] for name in names]
