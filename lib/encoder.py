"""The Transformer's encoder: layers of self-attention and feed-forward networks.

A module of its own, since it can stand without a decoder. Source is the length of what is read.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from lib.arguments import check_at_least_one
from lib.attention import MultiHeadAttention
from lib.feed_forward import PositionwiseFeedForward
from lib.residual import ResidualConnection


class EncoderLayer(nn.Module):
    """Self-attention, then the feed-forward network, each in a residual connection.

    The defaults are the paper's, without dropout.

    Args:
        d_model: width of a position's vector.
        num_heads: number of attention heads.
        d_ff: width of the feed-forward network's hidden layer.
        d_k: width of a query and a key in each head. Default: d_model / num_heads.
        d_v: width of a value in each head. Default: d_model / num_heads.
        dropout: share dropped from each sub-layer's output.
        norm_first: False for post-norm, True for pre-norm.
        activation: see `PositionwiseFeedForward`.
        eps: see `ResidualConnection`.

    Raises:
        ValueError: if a size is below 1, num_heads does not divide d_model and d_k or d_v is left
            to default, or dropout is not from 0 to below 1.

    Source: Vaswani et al. 2017, section 3.1, left half of figure 1.
    """

    def __init__(
        self,
        *,
        d_model: int,
        num_heads: int,
        d_ff: int,
        d_k: int | None = None,
        d_v: int | None = None,
        dropout: float = 0.0,
        norm_first: bool = False,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
    ):
        super().__init__()

        def residual() -> ResidualConnection:
            return ResidualConnection(d_model, dropout=dropout, norm_first=norm_first, eps=eps)

        self.self_attention = MultiHeadAttention(d_model, num_heads, d_k=d_k, d_v=d_v)
        self.self_attention_residual = residual()
        self.feed_forward = PositionwiseFeedForward(d_model, d_ff, activation=activation)
        self.feed_forward_residual = residual()

    def forward(
        self,
        x: Float[Tensor, "batch source d_model"],
        source_mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "batch source d_model"]:
        """Let every position look at every other, then transform each.

        Args:
            x: shape (batch, source, d_model).
            source_mask: True where attention is allowed, shape (batch, 1, 1, source).

        Returns:
            A tensor of the shape of x.
        """
        x = self.self_attention_residual(x, lambda h: self.self_attention(h, h, h, source_mask)[0])
        return self.feed_forward_residual(x, self.feed_forward)


class Encoder(nn.Module):
    """A stack of encoder layers, applied to vectors that are embedded already.

    With post-norm every layer ends in a LayerNorm and the stack needs no other. With pre-norm
    nothing has normalised the sum that the last layer puts out, so one LayerNorm follows it.
    (`nn.Transformer` adds that norm in both cases, which the paper does not.)

    Args:
        num_layers: number of layers.
        d_model, num_heads, d_ff, d_k, d_v, dropout, norm_first, activation, eps: of each layer,
            see `EncoderLayer`; the last LayerNorm has the same eps.

    Raises:
        ValueError: if num_layers is below 1, or `EncoderLayer` refuses an argument.

    Source: Vaswani et al. 2017, section 3.1.
    """

    def __init__(
        self,
        *,
        num_layers: int,
        d_model: int,
        num_heads: int,
        d_ff: int,
        d_k: int | None = None,
        d_v: int | None = None,
        dropout: float = 0.0,
        norm_first: bool = False,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
    ):
        super().__init__()
        check_at_least_one(num_layers=num_layers)
        self.layers = nn.ModuleList(
            EncoderLayer(
                d_model=d_model,
                num_heads=num_heads,
                d_ff=d_ff,
                d_k=d_k,
                d_v=d_v,
                dropout=dropout,
                norm_first=norm_first,
                activation=activation,
                eps=eps,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(d_model, eps) if norm_first else nn.Identity()

    def forward(
        self,
        x: Float[Tensor, "batch source d_model"],
        source_mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "batch source d_model"]:
        """Apply all layers; arguments and result as in `EncoderLayer`."""
        for layer in self.layers:
            x = layer(x, source_mask)
        return self.norm(x)
