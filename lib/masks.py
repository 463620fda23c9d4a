"""Masks that say which positions a query may attend to: True means allowed.

This is the meaning of `F.scaled_dot_product_attention`. `nn.MultiheadAttention` means the
opposite: there, True hides a position.
"""

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def padding_mask(token_ids: Int[Tensor, "batch key"], pad_id: int) -> Bool[Tensor, "batch 1 1 key"]:
    """Hide the padding of each sequence from every query.

    The mask belongs to the keys. A padded *query* row is left alone: its output is never
    used, and hiding everything from it would only make an empty row.

    Args:
        token_ids: token ids of a padded batch, shape (batch, key).
        pad_id: the id that fills the end of shorter sequences.

    Returns:
        True at real tokens, shape (batch, 1, 1, key), to broadcast over heads and queries.

    Examples:
        >>> padding_mask(torch.tensor([[5, 7, 2], [6, 2, 0]]), pad_id=0)[:, 0, 0]
        tensor([[ True,  True,  True],
                [ True,  True, False]])
    """
    return (token_ids != pad_id)[:, None, None, :]


def causal_mask(
    query_length: int, key_length: int | None = None, *, device: torch.device | None = None
) -> Bool[Tensor, "query key"]:
    """Hide the future: a position may attend to itself and to what came before.

    Args:
        query_length: number of queries.
        key_length: number of keys, default query_length. When there are more keys than
            queries the queries are the last ones, as in cached decoding, where the newest
            token looks back on all earlier ones.
        device: where to make the mask.

    Returns:
        The mask, shape (query, key).

    Raises:
        ValueError: if there are fewer keys than queries.

    Examples:
        >>> causal_mask(3)
        tensor([[ True, False, False],
                [ True,  True, False],
                [ True,  True,  True]])
        >>> causal_mask(1, 3)
        tensor([[True, True, True]])
    """
    key_length = query_length if key_length is None else key_length
    if key_length < query_length:
        raise ValueError(
            f"expected at least as many keys as queries, got {key_length} keys and "
            f"{query_length} queries"
        )
    allowed = torch.ones(query_length, key_length, dtype=torch.bool, device=device)
    return allowed.tril(diagonal=key_length - query_length)
