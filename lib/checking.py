"""Checks of the exercises: they compare, and say in words what is wrong.

A check climbs a ladder and stops at the first broken step:

    ran → type → shape → dtype → finite → values → gradient

Student code is only ever called and its results read; nothing here looks into its source.
"""

import contextlib
import functools
import importlib
import inspect
import math
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

STEPS = ("ran", "type", "shape", "dtype", "finite", "values", "gradient")

# Absolute and relative tolerance by dtype: some hundred roundings of a sum of some dozen terms.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 5e-2}

# nbgrader's validator cuts lines at 87 characters.
WIDTH = 84


class CheckFailed(AssertionError):
    """A failed check. Jupyter shows its message alone, without the frames of the test.

    Attributes:
        property: what does not hold, as a sentence in the present tense.
        step: the broken step of the ladder.
        called: what was called with which arguments, or "".
        detail: what was expected and what came, a sentence each.
    """

    def __init__(self, property: str, step: str, detail: list[str]):
        self.property, self.step, self.called, self.detail = property, step, _last_call, detail
        super().__init__(_message(property, step, self.called, detail))

    def _render_traceback_(self) -> list[str]:
        return ["CheckFailed", *str(self).splitlines()]


class Forbidden(Exception):
    """Raised when an answer calls what its task forbids."""


# --- inputs -------------------------------------------------------------------------------


def example(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Numbers that look normally distributed and are the same in every release of PyTorch.

    Args:
        shape: the shape of the tensor.
        seed: another seed gives other numbers.
        dtype: a floating point type.

    Returns:
        A tensor of the given shape, without a random generator behind it.
    """
    return _example(shape, seed, dtype).clone()


@functools.lru_cache(maxsize=1000)
def _example(shape: tuple[int, ...], seed: int, dtype: torch.dtype) -> Tensor:
    index = torch.arange(1, math.prod(shape) + 1, dtype=torch.float64)
    golden = (math.sqrt(5) - 1) / 2
    # Weyl's sequence n²·φ modulo 1 spreads evenly; the inverse error function makes it normal.
    uniform = (index * index * golden + seed * math.sqrt(2) + math.sqrt(3) * index * seed) % 1.0
    normal = math.sqrt(2) * torch.erfinv((2 * uniform - 1).clamp(-0.9999, 0.9999))
    return normal.reshape(shape).to(dtype)


def set_parameters(module: nn.Module, *, seed: int = 0, zero: tuple[str, ...] = ()) -> nn.Module:
    """Give every parameter and buffer of a module fixed numbers and return the module.

    Args:
        module: the module.
        seed: another seed gives other numbers.
        zero: words; the parameters whose names contain one of them get zeros.
    """
    state = {
        name: example(*tensor.shape, seed=seed + i, dtype=tensor.dtype)
        * (0.0 if any(word in name for word in zero) else 0.5)
        for i, (name, tensor) in enumerate(sorted(module.state_dict().items()))
    }
    module.load_state_dict(state)
    return module


# --- what a task forbids ------------------------------------------------------------------

_allowed = False


def forbid(*names: str) -> None:
    """Make functions and classes raise `Forbidden` when they are called.

    Args:
        names: full names, such as "torch.nn.functional.scaled_dot_product_attention". A class
            can no longer be constructed.
    """
    for name in names:
        owner_name, _, attribute = name.rpartition(".")
        owner = importlib.import_module(owner_name)
        target = getattr(owner, attribute)
        if isinstance(target, type):
            owner, attribute, target = target, "__init__", target.__init__
        if not hasattr(target, "_forbidden"):
            setattr(owner, attribute, _guard(target, name))


def _guard(target: Callable, name: str) -> Callable:
    @functools.wraps(target)
    def guarded(*args, **kwargs):
        if not _allowed:
            raise Forbidden(f"{name} is what this notebook asks you to write; build it yourself")
        return target(*args, **kwargs)

    guarded._forbidden = True
    return guarded


@contextlib.contextmanager
def allowed() -> Iterator[None]:
    """Lift the ban of `forbid`, for the reference that a test compares with."""
    global _allowed
    before, _allowed = _allowed, True
    try:
        yield
    finally:
        _allowed = before


# --- calling student code -----------------------------------------------------------------

_last_call = ""


def call(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call student code; an exception in it becomes a `CheckFailed` that names the call.

    What the code writes to stderr goes to stdout, since nbgrader takes points from a test
    cell that writes to stderr, be it a harmless warning.

    Args:
        function: the function or module under test.
        args, kwargs: its arguments.

    Returns:
        What the function returned.

    Raises:
        CheckFailed: at step "ran", if the function raised or changed one of its arguments.
    """
    global _last_call
    name = getattr(function, "__name__", type(function).__name__)
    _last_call = _describe_call(name, args, kwargs)
    tensors = [x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)]
    before = [x.detach().clone() for x in tensors]
    try:
        with contextlib.redirect_stderr(sys.stdout):
            result = function(*args, **kwargs)
    except NotImplementedError as error:
        raise CheckFailed(
            "your answer is written and its cell has been run",
            "ran",
            [
                "It still raises NotImplementedError: replace that line by your code, run the "
                "cell, then run this one again.",
            ],
        ) from error
    except Exception as error:
        detail = [f"It raised {type(error).__name__}: {error}", *_student_line(error)]
        raise CheckFailed("your code runs", "ran", detail) from error
    for tensor, copy in zip(tensors, before, strict=True):
        if not torch.equal(tensor, copy) and not _equal_with_nan(tensor, copy):
            detail = [
                f"An argument, {_describe(copy)}, had other values after the call. Operations "
                "whose name ends in _ and assignments such as x[...] = … or x += … change a "
                "tensor in place."
            ]
            raise CheckFailed("the arguments are left as they were", "ran", detail)
    return result


def _equal_with_nan(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a.nan_to_num(), b.nan_to_num())


def _student_line(error: Exception) -> list[str]:
    """Where in the student's own cells the exception arose."""
    if hasattr(error, "student_lines"):  # it arose in another process, which has noted them
        return error.student_lines
    lines = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        in_a_cell = "ipykernel" in code.co_filename or code.co_filename.startswith("<")
        outermost = code.co_qualname.split(".")[
            0
        ]  # of a method its class, of a lambda its function
        # The tests' own functions, which the student's code may call, begin with an underscore.
        if in_a_cell and not outermost.startswith(("_", "<")):
            lines = [f"in line {trace.tb_lineno} of the cell that defines {outermost}"]
        trace = trace.tb_next
    return lines


# --- comparing ----------------------------------------------------------------------------


def check(
    actual: Any, expected: Any, property: str, *, axes: str = "", step: str = "values"
) -> None:
    """Compare a result with what was expected, one step of the ladder after another.

    Args:
        actual: what the student's code returned.
        expected: a tensor, number, string, Boolean, None, or a tuple, list or dict of those.
        property: the property that is tested, as a sentence in the present tense.
        axes: the names of the dimensions of a tensor, such as "batch head query key".
        step: the step at which a difference of values is reported.

    Raises:
        CheckFailed: at the first broken step.
    """
    _compare(actual, expected, property, "the result", axes, step)


def check_same_as(
    reference: Callable,
    function: Callable,
    *args: Any,
    property: str,
    axes: str = "",
    gradients: bool = True,
    **kwargs: Any,
) -> None:
    """Compare a function with a reference on the same arguments, in values and gradients.

    Args:
        reference: the function that is right, with the parameter names that the task gives.
            It may use what the task forbids.
        function: the student's function or module.
        args, kwargs: arguments for both.
        property: the property that is tested, as a sentence in the present tense.
        axes: the names of the dimensions of the (first) result.
        gradients: also compare the gradient with respect to each floating point argument.

    Raises:
        CheckFailed: at the first broken step.
    """
    if not gradients:
        with allowed():
            expected = reference(*args, **kwargs)
        _compare(call(function, *args, **kwargs), expected, property, "the result", axes, "values")
        return
    names = list(inspect.signature(reference).parameters)
    inputs, args, kwargs = _with_leaves(names, args, kwargs)
    with allowed():
        expected = reference(*args, **kwargs)
        wanted = _gradients(expected, inputs)
    try:
        result = call(function, *args, **kwargs)
    except CheckFailed as failure:
        if isinstance(failure.__cause__, RuntimeError):
            # PyTorch lets no leaf be changed in place; without gradients `call` names the change.
            with torch.no_grad():
                call(function, *args, **kwargs)
        raise
    _compare(result, expected, property, "the result", axes, "values")
    with _backward():
        got = _gradients(result, inputs)
    for name in wanted:
        if got is None or got[name] is None:
            if torch.count_nonzero(wanted[name]) == 0:
                continue
            detail = [
                f"No gradient reaches {name}. Detaching, .item(), .data, numpy or torch.no_grad "
                "cut the graph."
            ]
            raise CheckFailed(property, "gradient", detail)
        _compare(got[name], wanted[name], property, f"the gradient for {name}", "", "gradient")


def check_raises(
    exceptions: type[Exception] | tuple[type[Exception], ...],
    function: Callable,
    *args: Any,
    property: str,
    mentions: str = "",
    **kwargs: Any,
) -> None:
    """Check that bad input is refused with an exception of the given kind.

    Args:
        exceptions: the exception or exceptions that are right.
        function: the student's function.
        args, kwargs: its arguments.
        property: the property that is tested, as a sentence in the present tense.
        mentions: what the message must contain.

    Raises:
        CheckFailed: if nothing, or something else, was raised.
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
            raise CheckFailed(property, "ran", detail) from cause
        if mentions not in str(cause):
            detail = [f"The message {str(cause)!r} does not mention {mentions!r}."]
            raise CheckFailed(property, "values", detail) from None
        return
    detail = [f"Expected {wanted}, but the call returned {_describe(result)}."]
    raise CheckFailed(property, "ran", detail)


def parameter_gradients(module: nn.Module, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
    """Gradient of a fixed weighted sum of a module's (first) result for each parameter.

    Args:
        module: the student's module.
        args, kwargs: the arguments of its forward.

    Returns:
        The gradients by parameter name; zeros where none arrives.
    """
    result = call(module, *args, **kwargs)
    result = result[0] if isinstance(result, tuple | list) else result
    named = dict(module.named_parameters())
    if not result.requires_grad:
        return {name: torch.zeros_like(parameter) for name, parameter in named.items()}
    total = (result * example(*result.shape, seed=9, dtype=result.dtype)).sum()
    with _backward():
        gradients = torch.autograd.grad(total, list(named.values()), allow_unused=True)
    return {
        name: torch.zeros_like(parameter) if gradient is None else gradient
        for (name, parameter), gradient in zip(named.items(), gradients, strict=True)
    }


@contextlib.contextmanager
def _backward() -> Iterator[None]:
    """Say in words why PyTorch cannot go back through the student's code."""
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


def _with_leaves(
    names: list[str], args: tuple, kwargs: dict
) -> tuple[dict[str, Tensor], tuple, dict]:
    """The floating point arguments by name, and all of them, ready for gradients."""

    def leaf(value: Any) -> Any:
        if isinstance(value, Tensor) and value.is_floating_point():
            return value.detach().requires_grad_()
        return value

    args = tuple(leaf(value) for value in args)
    kwargs = {name: leaf(value) for name, value in kwargs.items()}
    named = [*zip(names, args, strict=False), *kwargs.items()]
    inputs = {n: v for n, v in named if isinstance(v, Tensor) and v.requires_grad}
    return inputs, args, kwargs


def _gradients(result: Any, inputs: dict[str, Tensor]) -> dict[str, Tensor] | None:
    """Gradients of a fixed weighted sum of all floating point results; None without a graph."""
    results = result if isinstance(result, tuple | list) else (result,)
    outputs = [r for r in results if isinstance(r, Tensor) and r.requires_grad]
    if not outputs:
        return None
    total = sum((r * example(*r.shape, seed=9, dtype=r.dtype)).sum() for r in outputs)
    gradients = torch.autograd.grad(total, list(inputs.values()), allow_unused=True)
    return {
        name: torch.zeros_like(value) if gradient is None else gradient
        for (name, value), gradient in zip(inputs.items(), gradients, strict=True)
    }


def _compare(actual: Any, expected: Any, property: str, what: str, axes: str, step: str) -> None:
    if isinstance(expected, Tensor):
        _compare_tensors(actual, expected, property, what, axes, step)
    elif isinstance(expected, tuple | list):
        kind = type(expected).__name__
        if not isinstance(actual, tuple | list):
            _fail(property, "type", what, f"a {kind} of {len(expected)}", _describe(actual))
        if len(actual) != len(expected):
            _fail(property, "shape", what, f"{len(expected)} items", f"{len(actual)} items")
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            item = f"item {i + 1} of {what}"
            _compare(a, e, property, item, axes if i == 0 else "", step)
    elif isinstance(expected, dict):
        if not isinstance(actual, dict) or set(actual) != set(expected):
            got = sorted(actual) if isinstance(actual, dict) else _describe(actual)
            _fail(property, "type", what, f"a dict with keys {sorted(expected)}", f"{got}")
        for key in expected:
            _compare(actual[key], expected[key], property, f"{what}[{key!r}]", axes, step)
    elif isinstance(expected, bool) or expected is None or isinstance(expected, str):
        if actual is not expected and not (isinstance(expected, str) and actual == expected):
            _fail(property, step, what, repr(expected), _describe(actual))
    else:  # a number
        if isinstance(actual, Tensor) and actual.numel() == 1:
            actual = actual.item()
        if isinstance(actual, bool) or not isinstance(actual, int | float):
            _fail(property, "type", what, f"a number, {expected:.6g}", _describe(actual))
        if not math.isclose(actual, expected, rel_tol=1e-9, abs_tol=1e-12):
            _fail(property, step, what, f"{expected:.10g}", f"{actual:.10g}")


def _compare_tensors(
    actual: Any, expected: Tensor, property: str, what: str, axes: str, step: str
) -> None:

    def at(name: str) -> str:
        return "gradient" if step == "gradient" else name

    if not isinstance(actual, Tensor):
        _fail(property, at("type"), what, "a torch.Tensor", _describe(actual))
    if actual.shape != expected.shape:
        _fail(property, at("shape"), what, f"{tuple(expected.shape)}", f"{tuple(actual.shape)}")
    if actual.dtype != expected.dtype:
        _fail(property, at("dtype"), what, f"{expected.dtype}", f"{actual.dtype}")
    actual, expected = actual.detach(), expected.detach()
    if actual.is_floating_point():
        tolerance = TOLERANCE[expected.dtype]
        actual, expected = actual.double(), expected.double()
        # Equal infinities have no difference; unequal ones have an infinite one.
        difference = torch.where(actual == expected, 0.0, (actual - expected).abs())
        size = expected.abs().nan_to_num(posinf=0.0)
        wrong = ~(difference <= tolerance * (1 + size))
    else:
        difference = (actual != expected).double()
        wrong = difference > 0
    if not wrong.any():
        return
    bad = ~torch.isfinite(actual) & torch.isfinite(expected)
    if bad.any():
        first = tuple(bad.nonzero()[0].tolist())
        detail = [
            f"{int(bad.sum())} of {bad.numel()} elements of {what} are NaN or infinite, the "
            f"first at {_name_index(first, axes)}. A softmax over -inf alone, 0/0 and log 0 "
            "give NaN or infinity."
        ]
        raise CheckFailed(property, at("finite"), detail)
    worst = torch.where(wrong, difference, -1.0).argmax()
    index = tuple(int(i) for i in torch.unravel_index(worst, expected.shape))
    detail = [
        f"{int(wrong.sum())} of {wrong.numel()} elements of {what} differ, most at "
        f"{_name_index(index, axes)}"
        + (f", by {float(difference[index]):.3g}." if actual.is_floating_point() else "."),
        f"expected there: {_excerpt(expected, index)}",
        f"got there:      {_excerpt(actual, index)}",
    ]
    raise CheckFailed(property, step, detail)


def _fail(property: str, step: str, what: str, expected: str, got: str) -> None:
    detail = [f"expected {what} to be: {expected}", f"got: {got}"]
    raise CheckFailed(property, step, detail)


# --- words --------------------------------------------------------------------------------


def _message(property: str, step: str, called: str, detail: list[str]) -> str:
    """The whole message: property, ladder, call, detail; every line within WIDTH."""
    passed = STEPS[: STEPS.index(step)]
    ladder = "  ".join([f"{name} ok" for name in passed] + [f"{step.upper()} BROKEN"])
    lines = [f"This must hold: {property}.", f"Steps:  {ladder}"]
    if called:
        lines.append(f"Called: {called}")
    return "\n".join(
        textwrap.fill(line, WIDTH, subsequent_indent="  ", break_long_words=False)
        for line in lines + detail
    )


def _describe_call(name: str, args: tuple, kwargs: dict) -> str:
    parts = [_describe(value) for value in args]
    parts += [f"{key}={_describe(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(parts)})"


def _describe(value: Any) -> str:
    """A short text for a value: a tensor's dtype and shape, not its numbers."""
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} tensor {tuple(value.shape)}"
    if isinstance(value, nn.Module):
        return f"a {value.__class__.__name__}"
    if callable(value):
        return f"the function {getattr(value, '__name__', type(value).__name__)}"
    if isinstance(value, tuple | list) and any(isinstance(v, Tensor) for v in value):
        return f"{type(value).__name__} of {', '.join(_describe(v) for v in value)}"
    if isinstance(value, tuple | list | dict) and not _is_plain(value):
        return f"{type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _is_plain(value: Any) -> bool:
    """Whether the repr of a value holds neither tensors nor addresses."""
    if isinstance(value, dict):
        return all(_is_plain(v) for v in value.values())
    if isinstance(value, tuple | list):
        return all(_is_plain(v) for v in value)
    return value is None or isinstance(value, bool | int | float | str)


def _name_index(index: tuple[int, ...], axes: str) -> str:
    names = axes.split()
    if not index:
        return "the single value"
    if len(names) != len(index):
        return f"index {list(index)}"
    return ", ".join(f"{name} {i}" for name, i in zip(names, index, strict=True))


def _excerpt(tensor: Tensor, index: tuple[int, ...]) -> str:
    """The value at an index and up to four neighbours along the last dimension."""
    if not index:
        return _format(tensor.item())
    row = tensor[index[:-1]]
    start = max(0, min(index[-1] - 2, len(row) - 5))
    values = ", ".join(_format(v) for v in row[start : start + 5].tolist())
    before, after = "…, " if start else "", ", …" if start + 5 < len(row) else ""
    return f"[{before}{values}{after}]"


def _format(value: float | int | bool) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
