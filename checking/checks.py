"""The checks that tests call; a `CheckFailed` says in words what is wrong."""

import inspect
from collections.abc import Callable
from typing import Any

import torch

from checking.bans import Forbidden, allowed
from checking.calling import call
from checking.comparing import compare
from checking.failure import CheckFailed
from checking.gradients import (
    compare_gradients,
    detach_arguments,
    explain_backward_errors,
    input_gradients,
)
from checking.words import describe


def check(
    actual: Any,
    expected: Any,
    must_hold: str,
    *,
    axes: str = "",
    step: str = "values",
    exactly: bool = False,
) -> None:
    """Compare a result with what was expected, one step of `STEPS` after another.

    Args:
        actual: what the student's code returned.
        expected: a tensor, number, string, Boolean, None, or a tuple, list or dict of those.
        must_hold: the property that is tested, as a sentence in the present tense.
        axes: the names of the dimensions of a tensor, such as "batch head query key".
        step: the step at which a difference of values is reported.
        exactly: whether tensors must be equal to the last digit.

    Raises:
        CheckFailed: at the first step that does not hold.
    """
    compare(actual, expected, must_hold, "the result", axes, step, exactly=exactly)


def check_same_as(
    reference: Callable,
    function: Callable,
    *args: Any,
    must_hold: str,
    axes: str = "",
    gradients: bool = True,
    **kwargs: Any,
) -> None:
    """Compare a function with a reference on the same arguments, in values and gradients.

    Args:
        reference: the correct function, with the parameter names that the task gives. It may use
            what the task forbids.
        function: the student's function or module.
        args, kwargs: the arguments with which both are called.
        must_hold: the property that is tested, as a sentence in the present tense.
        axes: the names of the dimensions of the (first) result.
        gradients: also compare the gradient with respect to each floating point argument.

    Raises:
        CheckFailed: at the first step that does not hold.
    """
    if not gradients:
        with allowed():
            expected = reference(*args, **kwargs)
        compare(call(function, *args, **kwargs), expected, must_hold, "the result", axes, "values")
        return
    names = list(inspect.signature(reference).parameters)
    inputs, args, kwargs = detach_arguments(names, args, kwargs)
    with allowed():
        expected = reference(*args, **kwargs)
        wanted = input_gradients([expected], [inputs])[0]
    try:
        result = call(function, *args, **kwargs)
    except CheckFailed as failure:
        if isinstance(failure.__cause__, RuntimeError):
            # If the code changed an argument in place, PyTorch stopped it, since the argument needs
            # a gradient. Without gradients the code runs on, and `call` names the changed argument.
            with torch.no_grad():
                call(function, *args, **kwargs)
        raise
    compare(result, expected, must_hold, "the result", axes, "values")
    with explain_backward_errors():
        got = input_gradients([result], [inputs])[0]
    compare_gradients(got, wanted, must_hold)


def check_raises(
    exceptions: type[Exception] | tuple[type[Exception], ...],
    function: Callable,
    *args: Any,
    must_hold: str,
    mentions: str = "",
    **kwargs: Any,
) -> None:
    """Check that bad input is refused with an exception of the given kind.

    Args:
        exceptions: the exception that is expected, or several of which any one will do.
        function: the student's function.
        args, kwargs: its arguments.
        must_hold: the property that is tested, as a sentence in the present tense.
        mentions: text that the exception's message must contain.

    Raises:
        CheckFailed: if no exception was raised, or one of another type or with another message.
    """
    kinds = exceptions if isinstance(exceptions, tuple) else (exceptions,)
    wanted = " or ".join(kind.__name__ for kind in kinds)
    try:
        result = call(function, *args, **kwargs)
    except CheckFailed as failure:
        cause = failure.__cause__
        if not isinstance(cause, kinds):
            if cause is None or isinstance(cause, Forbidden | NotImplementedError):
                raise
            detail = [f"Expected {wanted}, but the call raised {type(cause).__name__}: {cause}"]
            raise CheckFailed(must_hold, "ran", detail) from cause
        if mentions not in str(cause):
            detail = [f"The message {str(cause)!r} does not mention {mentions!r}."]
            raise CheckFailed(must_hold, "values", detail) from None
        return
    detail = [f"Expected {wanted}, but the call returned {describe(result)}."]
    raise CheckFailed(must_hold, "ran", detail)
