"""A translator's loss, and how many sentences it gets wholly right.

Both take every model with a config that `lib.decoding` can decode: `lib.transformer.Transformer`
and `lib.lstm.LSTMTranslator`.
"""

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from lib.arguments import check_not_empty
from lib.decoding import greedy_decode
from lib.training import label_smoothing_loss, shift_right


def translation_loss(
    model: nn.Module,
    source_ids: Int[Tensor, "batch source"],
    target_ids: Int[Tensor, "batch target"],
    *,
    smoothing: float = 0.0,
) -> Float[Tensor, ""]:
    """Mean loss per target token under teacher forcing.

    Args:
        model: a translator with a config, `Transformer` or `LSTMTranslator`.
        source_ids: shape (batch, source).
        target_ids: the translations with their end token, not shifted, shape (batch, target).
        smoothing: ε of `label_smoothing_loss`.

    Returns:
        A scalar.
    """
    config = model.config
    logits = model(source_ids, shift_right(target_ids, config.bos_id))
    return label_smoothing_loss(logits, target_ids, smoothing=smoothing, pad_id=config.pad_id)


def exact_match(
    model: nn.Module,
    source_ids: Int[Tensor, "batch source"],
    target_ids: Int[Tensor, "batch target"],
    *,
    batch_size: int = 256,
) -> float:
    """Share of sentences that greedy decoding translates without a single wrong token.

    Args:
        model: a translator, see `lib.decoding`.
        source_ids: shape (batch, source).
        target_ids: the right translations with their end token, shape (batch, target).
        batch_size: sentences decoded at a time.

    Returns:
        A number from 0 to 1.

    Raises:
        ValueError: if there are no sentences.
    """
    check_not_empty(source_ids)
    right = 0
    pad_id, width = model.config.pad_id, target_ids.shape[1]
    for source, target in zip(
        source_ids.split(batch_size), target_ids.split(batch_size), strict=True
    ):
        output = greedy_decode(model, source, max_length=width)
        output = F.pad(output, (0, width - output.shape[1]), value=pad_id)
        right += int((output == target).all(dim=1).sum())
    return right / len(source_ids)
