"""Fixed numbers for tests, computed by a formula instead of a random generator."""

import functools
import math

import torch
from torch import Tensor


def example(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Numbers that look normally distributed and are the same in every release of PyTorch.

    Args:
        shape: the shape of the tensor.
        seed: another seed gives other numbers.
        dtype: a floating point type.

    Returns:
        A tensor of the given shape and dtype, with mean about 0 and standard deviation about 1.
    """
    return _example(shape, seed, dtype).clone()


@functools.lru_cache(maxsize=1000)
def _example(shape: tuple[int, ...], seed: int, dtype: torch.dtype) -> Tensor:
    index = torch.arange(1, math.prod(shape) + 1, dtype=torch.float64)
    golden = (math.sqrt(5) - 1) / 2
    # Weyl's sequence n²·φ modulo 1 is spread evenly over [0, 1); the inverse error function turns
    # evenly spread numbers into normally distributed ones.
    uniform = (index * index * golden + seed * math.sqrt(2) + math.sqrt(3) * index * seed) % 1.0
    normal = math.sqrt(2) * torch.erfinv((2 * uniform - 1).clamp(-0.9999, 0.9999))
    return normal.reshape(shape).to(dtype)


def boolean(*shape: int, seed: int = 0) -> Tensor:
    """A fixed Boolean tensor in which about two thirds of the elements are True."""
    return example(*shape, seed=seed) > -0.43


def masks(*shape: int, seed: int = 0, hidden_rows: bool = False) -> dict[str, Tensor]:
    """Boolean masks of every form that can be broadcast to a shape.

    Each leaves something visible in every row, along the last dimension, and does not let the
    last position see itself.

    Args:
        shape: the shape, such as (batch, heads, query, key).
        seed: another seed gives other masks.
        hidden_rows: whether the mask with the length 1 along the last dimension hides whole rows.
            Otherwise it hides nothing.

    Returns:
        The masks by what they are, in words: one for each number of dimensions, and with all
        dimensions for each that can have the length 1.
    """
    forms = [shape[start:] for start in range(len(shape))]
    forms += [(*shape[:i], 1, *shape[i + 1 :]) for i in range(len(shape))]
    forms += [(shape[0], *[1] * (len(shape) - 2), shape[-1])] if len(shape) > 2 else []
    found = {}
    for number, form in enumerate(dict.fromkeys(forms)):
        mask = boolean(*form, seed=seed + number)
        if len(form) > 1 and form[-2] > 1 and form[-1] > 1:
            mask[..., -1, -1] = False
        if form[-1] > 1 or not hidden_rows:
            mask[..., form[-1] // 2] = True
        found[f"with a mask of shape {form}"] = mask
    return found


def positive_numbers(name: str) -> dict[str, dict[str, float]]:
    """Further cases for an argument that may be any number above 0, such as a temperature.

    Args:
        name: the name of the argument.

    Returns:
        What changes in the arguments, by what it is, in words; see `check_everywhere`.
    """
    return {f"with {name} = {n}": {name: n} for n in [1e-6, 0.02, 2.5, 3, 1e6]}
