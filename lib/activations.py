"""Activation functions: what stands between the two linear maps of a feed-forward network.

The formulas are there to read. Models run PyTorch's fused versions of them, in `ACTIVATIONS`, which
give the same values and gradients.
"""

import functools
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def normal_cdf(x: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """Φ(x), the probability that a standard normal number is below x.

    Φ is the distribution function; its slope φ(x) = exp(-x² / 2) / √(2π) is the density.

    Args:
        x: any shape.

    Returns:
        ½ (1 + erf(x / √2)), shape of x.
    """
    return 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))


def gelu(x: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """GELU(x) = x Φ(x): a gate that opens gradually, where ReLU's opens at once.

    ReLU multiplies x by 1 if x > 0 and by 0 otherwise. GELU multiplies it by the share of standard
    normal numbers that lie below x. It is 0 at 0, has its minimum, about -0.170, at about -0.752,
    and comes close to ReLU far from 0.

    Args:
        x: any shape.

    Returns:
        A tensor of the shape of x.

    Source: Hendrycks & Gimpel 2016, section 2.
    """
    return x * normal_cdf(x)


def gelu_tanh(x: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """GELU with Φ approximated by a hyperbolic tangent, as in BERT's released code.

    0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))). It differs from `gelu` by less than 0.0005.

    Args:
        x: any shape.

    Returns:
        A tensor of the shape of x.

    Source: Hendrycks & Gimpel 2016, section 2.
    """
    inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1.0 + torch.tanh(inner))


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "gelu": F.gelu,
    "gelu_tanh": functools.partial(F.gelu, approximate="tanh"),
}
