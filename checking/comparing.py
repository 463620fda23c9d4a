"""Comparing a result with what was expected, one step of `checking.failure.STEPS` after another."""

import math
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from checking.failure import CheckFailed, fail
from checking.words import describe, excerpt, name_index

# Absolute and relative tolerance by dtype: above the rounding errors of sums of some dozen terms.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 5e-2}
# In float32, exact ways to one gradient differ more than those to one value: those of
# F.layer_norm and F.group_norm by up to 2e-5.
FOR_GRADIENTS = 10


def compare(
    actual: Any,
    expected: Any,
    must_hold: str,
    what: str,
    axes: str = "",
    step: str = "values",
    *,
    exactly: bool = False,
) -> None:
    """Compare a value with what was expected, one step of `STEPS` after another.

    Args:
        actual: what the student's code returned, or a part of it.
        expected: a tensor, number, string, Boolean, None, or a tuple, list or dict of those.
        must_hold: the property that is tested, as a sentence in the present tense.
        what: what the message calls the value, such as "the result".
        axes: the names of the dimensions of a tensor, such as "batch head query key".
        step: the step at which a difference of values is reported.
        exactly: whether tensors must be equal to the last digit.

    Raises:
        CheckFailed: at the first step that does not hold.
    """
    if isinstance(expected, Tensor):
        _compare_tensors(actual, expected, must_hold, what, axes, step, exactly)
    elif isinstance(expected, tuple | list):
        kind = type(expected).__name__
        if not isinstance(actual, tuple | list):
            fail(must_hold, "type", what, f"a {kind} of {len(expected)}", describe(actual))
        if len(actual) != len(expected):
            fail(must_hold, "shape", what, f"{len(expected)} items", f"{len(actual)} items")
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            item = f"item {i + 1} of {what}"
            compare(a, e, must_hold, item, axes if i == 0 else "", step, exactly=exactly)
    elif isinstance(expected, dict):
        if not isinstance(actual, dict) or set(actual) != set(expected):
            got = sorted(actual) if isinstance(actual, dict) else describe(actual)
            fail(must_hold, "type", what, f"a dict with keys {sorted(expected)}", f"{got}")
        for key in expected:
            item = f"{what}[{key!r}]"
            compare(actual[key], expected[key], must_hold, item, axes, step, exactly=exactly)
    elif isinstance(expected, bool) or expected is None or isinstance(expected, str):
        if actual is not expected and not (isinstance(expected, str) and actual == expected):
            fail(must_hold, step, what, repr(expected), describe(actual))
    else:  # a number
        if isinstance(actual, Tensor) and actual.numel() == 1:
            actual = actual.item()
        if isinstance(actual, bool) or not isinstance(actual, Real):  # NumPy's numbers are Real
            fail(must_hold, "type", what, f"a number, {expected:.6g}", describe(actual))
        if not math.isclose(actual, expected, rel_tol=1e-9, abs_tol=1e-12):
            fail(must_hold, step, what, f"{expected:.10g}", f"{actual:.10g}")


def _compare_tensors(
    actual: Any,
    expected: Tensor,
    must_hold: str,
    what: str,
    axes: str,
    step: str,
    exactly: bool,
) -> None:

    def reported(name: str) -> str:
        # A gradient of a wrong shape, say, still breaks the step "gradient".
        return "gradient" if step == "gradient" else name

    if not isinstance(actual, Tensor):
        fail(must_hold, reported("type"), what, "a torch.Tensor", describe(actual))
    if actual.shape != expected.shape:
        fail(
            must_hold, reported("shape"), what, f"{tuple(expected.shape)}", f"{tuple(actual.shape)}"
        )
    if actual.dtype != expected.dtype:
        fail(must_hold, reported("dtype"), what, f"{expected.dtype}", f"{actual.dtype}")
    actual, expected = actual.detach(), expected.detach()
    if actual.is_floating_point():
        tolerance = 0.0 if exactly else TOLERANCE[expected.dtype]
        if step == "gradient" and expected.dtype == torch.float32:
            tolerance *= FOR_GRADIENTS
        actual, expected = actual.double(), expected.double()
        # The difference of two equal infinities would be NaN, and must count as 0.
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
            f"first at {name_index(first, axes)}. A softmax over -inf alone, 0/0 and log 0 "
            "give NaN or infinity."
        ]
        raise CheckFailed(must_hold, reported("finite"), detail)
    worst = torch.where(wrong, difference, -1.0).argmax()
    index = tuple(int(i) for i in torch.unravel_index(worst, expected.shape))
    detail = [
        f"{int(wrong.sum())} of {wrong.numel()} elements of {what} differ, most at "
        f"{name_index(index, axes)}"
        + (f", by {float(difference[index]):.3g}." if actual.is_floating_point() else "."),
        f"expected there: {excerpt(expected, index)}",
        f"got there:      {excerpt(actual, index)}",
    ]
    raise CheckFailed(must_hold, step, detail)
