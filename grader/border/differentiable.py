"""Gradients through a call of the other side, which holds the call's autograd graph."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from grader.border.errors import BorderError


def attach_gradients(
    result: Any,
    outputs: list[Tensor],
    inputs: list[Tensor],
    fetch_gradients: Callable[[list[Tensor | None]], Any],
) -> Any:
    """Make the outputs of a call depend on its inputs, so that gradients flow back to these.

    Args:
        result: what the call returned.
        outputs: the tensors in the result that require gradients.
        inputs: the tensors that went into the call and require gradients.
        fetch_gradients: takes the gradients of the outputs and returns those of the inputs, which
            the other side computes.

    Returns:
        The result, in which each output is replaced by a tensor with equal numbers and a graph.
    """
    attached = _CallOfOtherSide.apply(fetch_gradients, len(inputs), *inputs, *outputs)
    return _replace_tensors(result, dict(zip(map(id, outputs), attached, strict=True)))


class _CallOfOtherSide(torch.autograd.Function):
    @staticmethod
    def forward(ctx, fetch_gradients: Callable, num_inputs: int, *tensors: Tensor):
        ctx.fetch_gradients, ctx.num_inputs = fetch_gradients, num_inputs
        return tuple(tensor.clone() for tensor in tensors[num_inputs:])

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients: Tensor):
        found = ctx.fetch_gradients(list(gradients))
        if type(found) is not list or len(found) != ctx.num_inputs:
            raise BorderError(
                f"expected gradients for {ctx.num_inputs} tensors, got something else"
            )
        return None, None, *found, *(None for _ in gradients)


def _replace_tensors(value: Any, by_id: dict[int, Tensor]) -> Any:
    if isinstance(value, Tensor):
        return by_id.get(id(value), value)
    if type(value) in (list, tuple):
        return type(value)(_replace_tensors(item, by_id) for item in value)
    if type(value) is dict:
        return {key: _replace_tensors(item, by_id) for key, item in value.items()}
    return value
