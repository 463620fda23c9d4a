"""Residual connections with layer normalisation, post-norm and pre-norm."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from lib.arguments import check_at_least_one, check_dropout


class ResidualConnection(nn.Module):
    """Wrap a sub-layer: keep its input, add its output, normalise.

    Post-norm (the paper):  LayerNorm(x + Dropout(sublayer(x)))
    Pre-norm:               x + Dropout(sublayer(LayerNorm(x)))

    Pre-norm leaves an open path from the last layer to the first, on which the gradient
    arrives undiminished; it trains without warm-up (Xiong et al. 2020). Nothing on that path
    is normalised, so a pre-norm stack needs one more LayerNorm at its end.

    Args:
        d_model: width of the vectors.
        dropout: share of the sub-layer's output that is dropped in training.
        norm_first: True for pre-norm, False for post-norm.
        eps: what LayerNorm adds to the variance, so that it can divide by its root.

    Raises:
        ValueError: if d_model is below 1, or dropout not from 0 to below 1.

    Source: Vaswani et al. 2017, sections 3.1 and 5.4; Xiong et al. 2020, figure 1.
    """

    def __init__(
        self, d_model: int, *, dropout: float = 0.0, norm_first: bool = False, eps: float = 1e-5
    ):
        super().__init__()
        check_at_least_one(d_model=d_model)
        check_dropout(dropout)
        self.norm = nn.LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)
        self.norm_first = norm_first

    def forward(
        self, x: Float[Tensor, "*batch d_model"], sublayer: Callable[[Tensor], Tensor]
    ) -> Float[Tensor, "*batch d_model"]:
        """Apply the sub-layer with its residual connection.

        Args:
            x: shape (*batch, d_model).
            sublayer: a function from a tensor to a tensor of the same shape.

        Returns:
            A tensor of the shape of x.
        """
        if self.norm_first:
            return x + self.dropout(sublayer(self.norm(x)))
        return self.norm(x + self.dropout(sublayer(x)))
