"""Masking tokens for a masked language model (MLM): which ones, and what stands there instead."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor

IGNORED = -100  # a label that does not count; the default of `F.cross_entropy`


def mask_tokens(
    token_ids: Int[Tensor, "batch length"],
    *,
    special_ids: Sequence[int],
    mask_id: int,
    vocab_size: int,
    generator: torch.Generator,
    rate: float = 0.15,
    mask_share: float = 0.8,
    random_share: float = 0.1,
    exact_count: bool = False,
) -> tuple[Int[Tensor, "batch length"], Int[Tensor, "batch length"]]:
    """Hide some tokens, which the model is to predict.

    Of the chosen tokens 80 % become [MASK], 10 % a random token and 10 % stay as they are; the
    model cannot tell the last from tokens that were not chosen. The random token is drawn from the
    whole vocabulary, special tokens and the token itself included, as in the released code.

    Which are chosen is drawn in one of two ways. Both choose the same share on average.

    - Independently: each token with probability `rate`, as `transformers` does. A short sentence
      may get no masked token.
    - By exact count: round(rate · n) of the n tokens of a sentence, but at least one, as the
      released code does. It counts [CLS] and [SEP] in n; here n is the number of tokens that can be
      chosen.

    Args:
        token_ids: a batch, shape (batch, length).
        special_ids: ids that are never chosen, such as those of [PAD], [CLS] and [SEP].
        mask_id: id of [MASK].
        vocab_size: random tokens are drawn from 0 to vocab_size - 1.
        generator: draws everything.
        rate: share of the tokens that are chosen.
        mask_share: share of the chosen ones that become [MASK].
        random_share: share of the chosen ones that become a random token.
        exact_count: how the tokens are chosen, see above.

    Returns:
        The token ids with some of them changed, and the labels: at chosen positions what stood
        there, whether it was changed or not, elsewhere -100. Both of shape (batch, length).

    Raises:
        ValueError: if rate or a share is not from 0 to 1, or the shares exceed 1 together.

    Source: Devlin et al. 2019, section 3.1, task 1, and appendix C.2.
    """
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"expected a rate from 0 to 1, got {rate}")
    if min(mask_share, random_share) < 0.0 or mask_share + random_share > 1.0:
        raise ValueError(
            "expected mask_share and random_share of at least 0 and at most 1 together, got "
            f"{mask_share} and {random_share}"
        )
    special = torch.tensor(special_ids, dtype=token_ids.dtype, device=token_ids.device)
    candidates = ~torch.isin(token_ids, special)
    draw = torch.rand(token_ids.shape, generator=generator, device=token_ids.device)
    chosen = _choose_count(candidates, draw, rate) if exact_count else candidates & (draw < rate)

    fate = torch.rand(token_ids.shape, generator=generator, device=token_ids.device)
    random_ids = torch.randint(
        vocab_size, token_ids.shape, generator=generator, device=token_ids.device
    )
    masked = chosen & (fate < mask_share)
    randomised = chosen & (fate >= mask_share) & (fate < mask_share + random_share)
    changed = token_ids.masked_fill(masked, mask_id).where(~randomised, random_ids)
    return changed, token_ids.masked_fill(~chosen, IGNORED)


def _choose_count(
    candidates: Bool[Tensor, "batch length"], draw: Tensor, rate: float
) -> Bool[Tensor, "batch length"]:
    """Choose the candidates with the lowest draws, a fixed share of each row but at least one."""
    count = candidates.sum(dim=1, keepdim=True)  # (batch, 1)
    wanted = (rate * count).round().clamp(min=1).minimum(count)
    if rate == 0:
        wanted = torch.zeros_like(wanted)
    order = draw.masked_fill(~candidates, 2.0).argsort(dim=1)  # candidates first
    rank = torch.empty_like(order).scatter_(
        1, order, torch.arange(order.shape[1], device=order.device).expand_as(order)
    )
    return candidates & (rank < wanted)
