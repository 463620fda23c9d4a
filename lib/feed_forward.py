"""Position-wise feed-forward network (Vaswani et al. 2017, section 3.3)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lib.arguments import check_at_least_one


class PositionwiseFeedForward(nn.Module):
    """FFN(x) = max(0, x W_1 + b_1) W_2 + b_2, the same at every position.

    No position sees another: attention mixes positions, this network thinks about each alone.
    In the paper, where d_ff is 4 d_model, it holds two thirds of an encoder layer's weights.

    Args:
        d_model: width of the input and of the output.
        d_ff: width of the hidden layer.
        activation: what stands between the two linear maps, applied to each number. Default:
            max(0, x), as in the paper.

    Raises:
        ValueError: if a size is below 1.

    Source: Vaswani et al. 2017, equation 2.
    """

    def __init__(
        self, d_model: int, d_ff: int, *, activation: Callable[[Tensor], Tensor] = torch.relu
    ):
        super().__init__()
        check_at_least_one(d_model=d_model, d_ff=d_ff)
        self.inner = nn.Linear(d_model, d_ff)
        self.activation = activation
        self.outer = nn.Linear(d_ff, d_model)

    def forward(self, x: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """Transform each position.

        Args:
            x: shape (*batch, d_model), usually (batch, length, d_model).

        Returns:
            A tensor of the shape of x.
        """
        return self.outer(self.activation(self.inner(x)))  # (*batch, d_ff) inside
