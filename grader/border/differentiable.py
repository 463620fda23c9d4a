"""Gradients of a call: fetched from the other side, where its graph is."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from grader.border.errors import BorderError


def tie(
    result: Any,
    outputs: list[Tensor],
    inputs: list[Tensor],
    fetch_gradients: Callable[[list[Tensor | None]], Any],
) -> Any:
    """The result of a call, tied to what went in, so that gradients flow through it.

    Args:
        result: what the call returned.
        outputs: the tensors in it through which gradients flow.
        inputs: the tensors that went in and through which they flow.
        fetch_gradients: asks the other side, with the gradients of the outputs, for those of the
            inputs.
    """
    tied = _Tie.apply(fetch_gradients, len(inputs), *inputs, *outputs)
    return _replace(result, dict(zip(map(id, outputs), tied, strict=True)))


class _Tie(torch.autograd.Function):
    @staticmethod
    def forward(ctx, fetch_gradients: Callable, count: int, *tensors: Tensor):
        ctx.fetch_gradients, ctx.count = fetch_gradients, count
        return tuple(tensor.clone() for tensor in tensors[count:])

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients: Tensor):
        found = ctx.fetch_gradients(list(gradients))
        if type(found) is not list or len(found) != ctx.count:
            raise BorderError(f"expected gradients for {ctx.count} tensors, got something else")
        return None, None, *found, *(None for _ in gradients)


def _replace(value: Any, by_id: dict[int, Tensor]) -> Any:
    if isinstance(value, Tensor):
        return by_id.get(id(value), value)
    if type(value) in (list, tuple):
        return type(value)(_replace(item, by_id) for item in value)
    if type(value) is dict:
        return {key: _replace(item, by_id) for key, item in value.items()}
    return value
