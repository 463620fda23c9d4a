"""Fixed numbers for tests, computed by a formula instead of a random generator."""

import functools
import math

import torch
from torch import Tensor, nn


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


def set_parameters(module: nn.Module, *, seed: int = 0, zero: tuple[str, ...] = ()) -> nn.Module:
    """Give every parameter and buffer of a module fixed numbers and return the module.

    Args:
        module: the module.
        seed: another seed gives other numbers.
        zero: parts of names; parameters whose names contain one of them get zeros.
    """
    state = {
        name: example(*tensor.shape, seed=seed + i, dtype=tensor.dtype)
        * (0.0 if any(word in name for word in zero) else 0.5)
        for i, (name, tensor) in enumerate(sorted(module.state_dict().items()))
    }
    module.load_state_dict(state)
    return module
