"""How values, calls and places in a tensor are described to a student."""

from typing import Any

from torch import Tensor, nn


def describe_call(name: str, args: tuple, kwargs: dict) -> str:
    """A call in words: the function's name, and its arguments as `describe` shows them."""
    parts = [describe(value) for value in args]
    parts += [f"{key}={describe(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(parts)})"


def describe(value: Any) -> str:
    """A short text for a value: a tensor's dtype and shape, not its numbers."""
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} tensor {tuple(value.shape)}"
    if isinstance(value, nn.Module):
        return f"a {value.__class__.__name__}"
    if callable(value):
        return f"the function {getattr(value, '__name__', type(value).__name__)}"
    if isinstance(value, tuple | list) and any(isinstance(v, Tensor) for v in value):
        return f"{type(value).__name__} of {', '.join(describe(v) for v in value)}"
    if isinstance(value, tuple | list | dict) and not _is_plain(value):
        return f"{type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _is_plain(value: Any) -> bool:
    """Whether a value consists of numbers, strings, Booleans and None, whose repr is readable."""
    if isinstance(value, dict):
        return all(_is_plain(v) for v in value.values())
    if isinstance(value, tuple | list):
        return all(_is_plain(v) for v in value)
    return value is None or isinstance(value, bool | int | float | str)


def name_index(index: tuple[int, ...], axes: str) -> str:
    """A place in a tensor in words, such as "batch 0, query 2".

    Args:
        index: the place, one number for each dimension.
        axes: the names of the dimensions, such as "batch query"; if there are not as many names as
            dimensions, the place is given as a list of numbers.
    """
    names = axes.split()
    if not index:
        return "the single value"
    if len(names) != len(index):
        return f"index {list(index)}"
    return ", ".join(f"{name} {i}" for name, i in zip(names, index, strict=True))


def excerpt(tensor: Tensor, index: tuple[int, ...]) -> str:
    """The value at an index and up to four neighbours along the last dimension."""
    if not index:
        return _number(tensor.item())
    row = tensor[index[:-1]]
    start = max(0, min(index[-1] - 2, len(row) - 5))
    values = ", ".join(_number(v) for v in row[start : start + 5].tolist())
    before, after = "…, " if start else "", ", …" if start + 5 < len(row) else ""
    return f"[{before}{values}{after}]"


def _number(value: float | int | bool) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
