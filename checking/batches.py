"""Calling a student's code many times at once.

Where a student's code runs in another process, a call takes longer than what it computes. So checks
hand over all their calls together, as `Call`s, and get a `Result` for each.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from checking.calling import copy_of


@dataclass(frozen=True)
class Call:
    """The arguments of one call.

    Attributes:
        args, kwargs: the arguments.
        init: for a module, the arguments of its constructor; None if a function is called.
        state: for a module, its parameters by name.
    """

    args: tuple = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    init: tuple | None = None
    state: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What one call gave.

    Attributes:
        value: what it returned, if it did not raise an exception.
        error: the exception that it raised.
        shares_memory: whether a floating point tensor of the value is a part of an argument. Only
            found out where results are overwritten.
    """

    value: Any = None
    error: Exception | None = None
    shares_memory: bool = False


def call_each(
    function: Callable, calls: Sequence[Call], *, overwrite: bool = False
) -> list[Result]:
    """Call a function, or make a module and call it, once for each of several `Call`s.

    Args:
        function: the function, or the class of the module.
        calls: the arguments of the calls.
        overwrite: fill every tensor that a call returns with another number before the next call,
            as a caller may do. Then no gradients are recorded.

    Returns:
        The results, in the order of the calls.
    """
    # A stand-in for a function in another process has its own way to do this.
    remote = getattr(type(function), "_call_each", None)
    if remote is not None:
        return remote(function, calls, overwrite=overwrite)
    return call_each_here(function, calls, overwrite=overwrite)


def call_each_here(
    function: Callable, calls: Sequence[Call], *, overwrite: bool = False
) -> list[Result]:
    """Do what `call_each` does, in this process."""
    results = []
    for number, one in enumerate(calls):
        with torch.set_grad_enabled(torch.is_grad_enabled() and not overwrite):
            try:
                value = _call(function, one, number)
                results.append(_take_over(value, one) if overwrite else Result(value))
            except Exception as error:
                results.append(Result(error=error))
            # The next call may get its memory, which is no longer empty.
            value = None
    return results


def _call(function: Callable, one: Call, number: int) -> Any:
    if one.init is None:
        return function(*one.args, **one.kwargs)
    module: nn.Module = function(*one.init)
    if one.state:
        module.to(next(iter(one.state.values())).dtype)
    if number % 2:
        # A module that keeps something of its first call, or does other things in training, must
        # not go unnoticed.
        module.eval()
        with torch.no_grad():
            other = {name: tensor * 0.5 for name, tensor in one.state.items()}
            torch.func.functional_call(module, other, one.args, one.kwargs, strict=False)
    return torch.func.functional_call(module, one.state, one.args, one.kwargs, strict=False)


def _take_over(value: Any, one: Call) -> Result:
    """The result of a call, copied, after which the call's own tensors are overwritten."""
    given = tensors_in([one.args, one.kwargs, one.state])
    storages = {tensor.untyped_storage().data_ptr() for tensor in given if tensor.numel()}
    copied = copy_of(value)
    return Result(copied, shares_memory=_overwrite(value, storages))


def _overwrite(value: Any, storages_of_arguments: set[int]) -> bool:
    """Fill the tensors of a result with another number, unless they are parts of an argument.

    Returns:
        Whether one is.
    """
    shares_memory = False
    for tensor in tensors_in(value):
        if tensor.layout != torch.strided:
            continue
        is_expanded = any(
            step == 0 and size > 1 for step, size in zip(tensor.stride(), tensor.shape, strict=True)
        )
        if tensor.untyped_storage().data_ptr() in storages_of_arguments:
            shares_memory = shares_memory or tensor.is_floating_point()
        elif not is_expanded:
            tensor.fill_(7)
    return shares_memory


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in a value, and in the lists, tuples and dicts in it."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)
