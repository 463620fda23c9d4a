"""Scaled dot-product attention and multi-head attention (Vaswani et al. 2017, section 3.2).

Names of dimensions, here and in every module of `lib`:

    batch   sequences processed together       d_model  width of a token's vector
    query   positions that ask                 d_k      width of a query or a key
    key     positions that are looked up       d_v      width of a value
    heads   attention heads, side by side      *batch   any number of leading dimensions
"""

import contextlib
import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from lib.arguments import check_at_least_one


def scaled_dot_product_attention(
    query: Float[Tensor, "*batch query d_k"],
    key: Float[Tensor, "*batch key d_k"],
    value: Float[Tensor, "*batch key d_v"],
    attn_mask: Bool[Tensor, "*#batch #query #key"] | None = None,
) -> tuple[Float[Tensor, "*batch query d_v"], Float[Tensor, "*batch query key"]]:
    """Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V, written as the paper writes it.

    This is the equation to read. `MultiHeadAttention` runs PyTorch's fused
    `F.scaled_dot_product_attention` instead, which gives the same values and gradients.

    Args:
        query: what each position asks for, shape (*batch, query, d_k).
        key: what each position offers to be found by, shape (*batch, key, d_k).
        value: what each position hands over, shape (*batch, key, d_v).
        attn_mask: True where query i may attend to key j, broadcastable to
            (*batch, query, key). A query that may attend to nothing gets zeros.

    Returns:
        The output, shape (*batch, query, d_v), and the attention weights, shape
        (*batch, query, key). Each row of weights sums to 1, or to 0 if fully masked.

    Source: Vaswani et al. 2017, equation 1.
    """
    d_k = query.shape[-1]
    scores = query @ key.transpose(-2, -1) / math.sqrt(d_k)  # (*batch, query, key)
    if attn_mask is None:
        weights = scores.softmax(dim=-1)
    else:
        # The lowest finite number, not -inf: softmax over a row of -inf is NaN, and so is its
        # gradient. The second fill turns the uniform row that softmax then gives into zeros.
        scores = scores.masked_fill(~attn_mask, torch.finfo(scores.dtype).min)
        weights = scores.softmax(dim=-1).masked_fill(~attn_mask, 0.0)
    return weights @ value, weights


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each on its own learned projection of the inputs.

    MultiHead(Q, K, V) = Concat(head_1, …, head_h) W_O with
    head_i = Attention(Q W_Q,i, K W_K,i, V W_V,i). The projections of all heads are stored in
    one matrix each, so that one multiplication serves every head.

    Self-attention passes the same tensor three times; source–target attention passes the
    target as query and the encoder's output as key and value.

    Args:
        d_model: width of the input and of the output.
        num_heads: number of heads.
        d_k: width of a query and a key in each head. Default: d_model / num_heads.
        d_v: width of a value in each head. Default: d_model / num_heads.

    Raises:
        ValueError: if a size is below 1, or num_heads does not divide d_model and d_k or d_v is
            left to default.

    Source: Vaswani et al. 2017, section 3.2.2.
    """

    def __init__(
        self, d_model: int, num_heads: int, *, d_k: int | None = None, d_v: int | None = None
    ):
        super().__init__()
        check_at_least_one(d_model=d_model, num_heads=num_heads, d_k=d_k, d_v=d_v)
        if (d_k is None or d_v is None) and d_model % num_heads != 0:
            raise ValueError(
                f"d_model must be a multiple of num_heads, got d_model={d_model} and "
                f"num_heads={num_heads}; change one of them, or give both d_k and d_v"
            )
        self.num_heads = num_heads
        d_k = d_model // num_heads if d_k is None else d_k
        d_v = d_model // num_heads if d_v is None else d_v
        self.query_projection = nn.Linear(d_model, num_heads * d_k)
        self.key_projection = nn.Linear(d_model, num_heads * d_k)
        self.value_projection = nn.Linear(d_model, num_heads * d_v)
        self.output_projection = nn.Linear(num_heads * d_v, d_model)

    def forward(
        self,
        query: Float[Tensor, "batch query d_model"],
        key: Float[Tensor, "batch key d_model"],
        value: Float[Tensor, "batch key d_model"],
        attn_mask: Bool[Tensor, "..."] | None = None,
        *,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch query d_model"], Float[Tensor, "batch heads query key"] | None]:
        """Attend from every query position to every key position that the mask allows.

        Args:
            query: shape (batch, query, d_model).
            key: shape (batch, key, d_model).
            value: shape (batch, key, d_model).
            attn_mask: True where attention is allowed, shape (query, key) or broadcastable to
                (batch, heads, query, key). `nn.MultiheadAttention` means the opposite by True.
            need_weights: also return the weights of each head. Slower: the fused attention
                of PyTorch does not keep them.

        Returns:
            The output, shape (batch, query, d_model), and the weights, shape
            (batch, heads, query, key), or None unless need_weights.

        Raises:
            ValueError: if attn_mask has a number of dimensions other than 2 or 4.
            TypeError: if attn_mask is not Boolean.
        """
        keys, values = self.project_key_value(key, value)
        return self.attend(query, keys, values, attn_mask, need_weights=need_weights)

    def project_key_value(
        self,
        key: Float[Tensor, "batch key d_model"],
        value: Float[Tensor, "batch key d_model"],
    ) -> tuple[Float[Tensor, "batch heads key d_k"], Float[Tensor, "batch heads key d_v"]]:
        """Project keys and values and split them into heads; a decoder caches the result."""
        return (
            self._split_heads(self.key_projection(key)),
            self._split_heads(self.value_projection(value)),
        )

    def attend(
        self,
        query: Float[Tensor, "batch query d_model"],
        keys: Float[Tensor, "batch heads key d_k"],
        values: Float[Tensor, "batch heads key d_v"],
        attn_mask: Bool[Tensor, "..."] | None = None,
        *,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "batch query d_model"], Float[Tensor, "batch heads query key"] | None]:
        """Attend to keys and values that `project_key_value` has made; see `forward`."""
        if attn_mask is not None:
            _check_mask(attn_mask)
        queries = self._split_heads(self.query_projection(query))  # (batch, heads, query, d_k)
        if need_weights:
            heads, weights = scaled_dot_product_attention(queries, keys, values, attn_mask)
        else:
            heads = F.scaled_dot_product_attention(queries, keys, values, attn_mask)
            weights = None
        merged = heads.transpose(1, 2).flatten(2)  # (batch, query, heads * d_v)
        return self.output_projection(merged), weights

    def _split_heads(
        self, projected: Float[Tensor, "batch length heads_times_size"]
    ) -> Float[Tensor, "batch heads length size"]:
        return projected.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


@contextlib.contextmanager
def record_attention(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Keep the weights of every `MultiHeadAttention` that runs inside the with block.

    Args:
        model: any model with `MultiHeadAttention` modules in it.

    Yields:
        A dict, filled as the model runs: name of the module → weights of its last call, shape
        (batch, heads, query, key).
    """
    recorded: dict[str, Tensor] = {}
    hooks = []
    for name, module in model.named_modules():
        if isinstance(module, MultiHeadAttention):

            def ask_for_weights(module, args, kwargs):
                return args, kwargs | {"need_weights": True}

            def keep_weights(module, args, output, name=name):
                recorded[name] = output[1].detach()

            hooks.append(module.register_forward_pre_hook(ask_for_weights, with_kwargs=True))
            hooks.append(module.register_forward_hook(keep_weights))
    try:
        yield recorded
    finally:
        for hook in hooks:
            hook.remove()


def _check_mask(attn_mask: Tensor) -> None:
    if attn_mask.dtype != torch.bool:
        raise TypeError(
            f"expected a Boolean attn_mask (True = may attend), got {attn_mask.dtype}; "
            "PyTorch would add a mask of numbers to the scores"
        )
    if attn_mask.dim() not in (2, 4):
        raise ValueError(
            "expected attn_mask of shape (query, key) or (batch, heads, query, key), got "
            f"{tuple(attn_mask.shape)}; a third dimension alone would be read as heads, so "
            "write mask[:, None] for one mask a sequence"
        )
