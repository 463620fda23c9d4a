"""Gradients through a student's code, with respect to its arguments and to its parameters."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from checking.calling import call
from checking.failure import CheckFailed
from checking.inputs import example


def parameter_gradients(module: nn.Module, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
    """Gradients of a fixed weighted sum of a module's (first) result for all its parameters.

    Args:
        module: the student's module.
        args, kwargs: the arguments of its forward.

    Returns:
        The gradients by parameter name, each of its parameter's shape; zeros for a parameter on
        which the result does not depend.

    Raises:
        CheckFailed: if the module raises, or its gradients cannot be computed.
    """
    result = call(module, *args, **kwargs)
    result = result[0] if isinstance(result, tuple | list) else result
    named = dict(module.named_parameters())
    if not result.requires_grad:
        return {name: torch.zeros_like(parameter) for name, parameter in named.items()}
    total = (result * example(*result.shape, seed=9, dtype=result.dtype)).sum()
    with explain_backward_errors():
        gradients = torch.autograd.grad(total, list(named.values()), allow_unused=True)
    return {
        name: torch.zeros_like(parameter) if gradient is None else gradient
        for (name, parameter), gradient in zip(named.items(), gradients, strict=True)
    }


@contextlib.contextmanager
def explain_backward_errors() -> Iterator[None]:
    """Turn an error of PyTorch in the backward pass into a `CheckFailed` that explains it."""
    try:
        yield
    except RuntimeError as error:
        detail = [f"PyTorch raised: {str(error).partition(' Hint:')[0]}"]
        if "inplace operation" in str(error):
            detail = [
                "An operation in your code (+=, x[...] = …, a name ending in _) changed in place "
                "what an earlier one had kept for the gradient. Make a new tensor there.",
                *detail,
            ]
        raise CheckFailed("a gradient can be computed", "gradient", detail) from error


def detach_arguments(
    names: list[str], args: tuple, kwargs: dict
) -> tuple[dict[str, Tensor], tuple, dict]:
    """Replace the floating point arguments by detached tensors that require gradients.

    Args:
        names: the names of the positional arguments.
        args, kwargs: the arguments; they are left as they are.

    Returns:
        The detached tensors by name, then args and kwargs with these tensors in them.
    """

    def detach(value: Any) -> Any:
        if isinstance(value, Tensor) and value.is_floating_point():
            return value.detach().requires_grad_()
        return value

    args = tuple(detach(value) for value in args)
    kwargs = {name: detach(value) for name, value in kwargs.items()}
    named = [*zip(names, args, strict=False), *kwargs.items()]
    inputs = {n: v for n, v in named if isinstance(v, Tensor) and v.requires_grad}
    return inputs, args, kwargs


def result_gradients(result: Any, inputs: dict[str, Tensor]) -> dict[str, Tensor] | None:
    """Gradients of a fixed weighted sum of all differentiable results.

    Args:
        result: a tensor, or a tuple or list with tensors in it.
        inputs: the tensors for which gradients are computed, by name.

    Returns:
        The gradients by name, zeros for an input on which no result depends; None if no result
        requires a gradient.
    """
    results = result if isinstance(result, tuple | list) else (result,)
    outputs = [r for r in results if isinstance(r, Tensor) and r.requires_grad]
    if not outputs:
        return None
    total: Any = sum((r * example(*r.shape, seed=9, dtype=r.dtype)).sum() for r in outputs)
    gradients = torch.autograd.grad(total, list(inputs.values()), allow_unused=True)
    return {
        name: torch.zeros_like(value) if gradient is None else gradient
        for (name, value), gradient in zip(inputs.items(), gradients, strict=True)
    }
