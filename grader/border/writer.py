"""Turns values into JSON trees; `grader.border.reader` does the reverse.

A tree is a list that begins with the kind of the value. Of the kinds for objects that are not plain
data, "mine" is an object of the sender and "yours" one of the receiver.
"""

import base64
import math
from types import MethodType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from grader.border.foreign import Foreign, ForeignMethod, ForeignModule, handle_of, owner_of
from grader.border.limits import MAX_DEPTH, MAX_NAME, MAX_RANGE
from grader.border.objects import ObjectTable
from grader.border.tensors import TensorPacker

CONTAINERS: tuple[Any, ...] = (list, tuple, set, frozenset)


class Writer:
    """Turns the values of a message into JSON trees and collects their tensors.

    Attributes:
        tensors: the tensors of the message.
        differentiable: the tensors in the values that require gradients, with the parameters of
            modules, in order.
        arguments: the tensors, NumPy arrays and generators in the values, which a call may change
            in place, in order.
    """

    def __init__(self, objects: ObjectTable):
        self._objects = objects
        self.tensors = TensorPacker()
        self.differentiable: list[Tensor] = []
        self.arguments: list[Any] = []

    def write(self, value: Any, depth: int = 0) -> list:
        """The JSON tree of a value.

        Args:
            value: any object.
            depth: in how many nested lists, tuples, dicts and sets it is.

        Raises:
            ValueError: if it is nested too deeply, is too large, or is a NumPy array of something
                else than numbers.
        """
        if depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} lists, tuples or dicts in each other")
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return ["plain", value]
        if isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized:
            return self._write_tensor(value)
        if isinstance(value, np.ndarray):
            self.arguments.append(value)
            return ["array", *self.tensors.add_array(value)]
        # Before the plain numbers, since np.float64 is a subclass of float.
        if isinstance(value, np.number | np.bool_):
            return ["scalar", *self.tensors.add_array(value)]
        if isinstance(value, int) and not isinstance(value, bool):
            return ["plain", int.__int__(value)]
        if isinstance(value, float):
            return ["float", float.hex(float.__float__(value))]
        if isinstance(value, str):
            return ["plain", str.__str__(value)]
        if isinstance(value, complex):
            number = complex.__complex__(value)
            return ["complex", float.hex(number.real), float.hex(number.imag)]
        if isinstance(value, bytes):
            return ["bytes", base64.b64encode(value).decode()]
        if kind is range:
            if len(value) > MAX_RANGE:
                raise ValueError(f"a range of more than {MAX_RANGE:,} numbers does not cross")
            return ["range", value.start, value.stop, value.step]
        if isinstance(value, dict):
            items = dict.items(value)
            return [
                "dict",
                [[self.write(k, depth + 1), self.write(v, depth + 1)] for k, v in items],
            ]
        for container in CONTAINERS:
            if isinstance(value, container):
                items = container.__iter__(value)  # a subclass may define another __iter__
                return [container.__name__, [self.write(v, depth + 1) for v in items]]
        if isinstance(value, torch.dtype):
            return ["dtype", str(value).removeprefix("torch.")]
        if isinstance(value, torch.Generator):
            self.arguments.append(value)
            return ["generator", self.tensors.add(value.get_state())]
        return self._write_object(value)

    def _write_tensor(self, value: Tensor) -> list:
        self.arguments.append(value)
        if value.requires_grad:
            self.differentiable.append(value)
        plain = value.detach().as_subclass(Tensor)
        shape, stride = list(plain.shape), list(plain.stride())
        # Along an expanded dimension (stride 0) all numbers are the same; only one is sent.
        for axis, step in enumerate(stride):
            if step == 0 and shape[axis] > 1:
                plain = plain.narrow(axis, 0, 1)
        copies = math.prod(shape) // max(plain.numel(), 1)
        return [
            "tensor",
            self.tensors.add(plain, copies=copies),
            value.requires_grad,
            shape,
            stride,
        ]

    def _write_object(self, value: Any) -> list:
        if type(value) is ForeignMethod:
            return ["method", self._write_object(owner_of(value)), value.__name__]
        if type(value) is MethodType and isinstance(value.__self__, nn.Module):
            return ["method", self._write_object(value.__self__), value.__name__]
        if isinstance(value, Foreign):
            names = self._add_parameters(value) if type(value) is ForeignModule else []
            return ["yours", handle_of(value), names]
        handle, is_new = self._objects.handle(value)
        name = str(getattr(value, "__name__", type(value).__name__))[:MAX_NAME]
        if not isinstance(value, nn.Module):
            return ["mine", handle, name, None, []]
        parameters = {}
        if is_new:
            self._objects.watch(handle, value)
            parameters = {
                n: [self.tensors.add(p.detach()), p.requires_grad]
                for n, p in value.named_parameters()
            }
        return ["mine", handle, name, parameters, self._add_parameters(value)]

    def _add_parameters(self, module: Any) -> list[str]:
        """Add a module's trainable parameters to the differentiable tensors; return their names."""
        self._objects.take_part(module)
        named = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
        self.differentiable += [parameter for _, parameter in named]
        return [name for name, _ in named]
