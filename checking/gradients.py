"""Gradients through a student's code, with respect to its arguments and to its parameters."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from checking.calling import call
from checking.comparing import compare
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


def input_gradients(
    results: Sequence[Any], inputs: Sequence[dict[str, Tensor]]
) -> list[dict[str, Tensor] | None]:
    """Gradients of fixed weighted sums of several results, each for its own inputs.

    Args:
        results: the results. Of a tuple or list, the first item counts.
        inputs: for each result, the tensors for which gradients are computed, by name.

    Returns:
        For each result the gradients by name, zeros for an input on which it does not depend; None
        if it does not require a gradient.
    """
    firsts = [r[0] if isinstance(r, tuple | list) and r else r for r in results]
    sums: list[Tensor | None] = [
        (first * example(*first.shape, seed=9, dtype=first.dtype)).sum()
        if isinstance(first, Tensor) and first.requires_grad
        else None
        for first in firsts
    ]
    leaves = [leaf for some in inputs for leaf in some.values()]
    totals = [total for total in sums if total is not None]
    # All at once, since a gradient through another process takes time.
    found = torch.autograd.grad(totals, leaves, allow_unused=True) if totals and leaves else ()
    gradients = dict(zip(map(id, leaves), found, strict=False))
    return [
        None
        if total is None
        else {
            name: torch.zeros_like(leaf) if gradients[id(leaf)] is None else gradients[id(leaf)]
            for name, leaf in some.items()
        }
        for total, some in zip(sums, inputs, strict=True)
    ]


def compare_gradients(
    got: dict[str, Tensor] | None, wanted: dict[str, Tensor] | None, must_hold: str
) -> None:
    """Compare the gradients of a result with those of the reference's.

    Args:
        got: the gradients by name; None if the student's result does not require a gradient.
        wanted: the right gradients; None if the reference's result does not require one.
        must_hold: the property that is tested, as a sentence in the present tense.

    Raises:
        CheckFailed: at step "gradient", if one differs or is missing.
    """
    for name, expected in (wanted or {}).items():
        if got is None:
            if torch.count_nonzero(expected) == 0:
                continue
            detail = [
                f"No gradient reaches {name}. Detaching, .item(), .data, numpy or torch.no_grad "
                "cut the graph."
            ]
            raise CheckFailed(must_hold, "gradient", detail)
        compare(got[name], expected, must_hold, f"the gradient for {name}", "", "gradient")
