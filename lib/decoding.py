"""Decoding: from a trained model to a sentence, greedily or with beam search.

Both functions work with every model that has `config` (with pad_id, bos_id and eos_id),
`encode(source_ids)`, `decode(target_ids, memory, source_ids, cache)` and `new_cache()`, the
cache having `reorder(rows)`: `lib.transformer.Transformer` and `lib.lstm.LSTMTranslator`.

A sentence's translation depends on that sentence alone, not on the others in its batch.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lib.arguments import check_at_least_one, check_not_empty
from lib.modes import evaluating


@torch.no_grad()
def greedy_decode(
    model: nn.Module,
    source_ids: Int[Tensor, "batch source"],
    *,
    max_length: int,
    use_cache: bool = True,
) -> Int[Tensor, "batch length"]:
    """Append the most probable token until every sentence has ended, or is max_length long.

    The begin token and the padding token are never chosen, however probable they are: padding
    only fills up what follows an end.

    Args:
        model: a translator; it decodes in evaluation mode, without dropout, and is then put back.
        source_ids: the source sentences, shape (batch, source).
        max_length: largest number of tokens to produce for a sentence, its end token included.
        use_cache: keep what was computed for earlier tokens. The result is the same without,
            in a time per token that grows with the number of tokens before it.

    Returns:
        Token ids without the begin token, shape (batch, length) with length ≤ max_length. The
        end token is kept and followed by padding; a sentence cut off at max_length has none.

    Raises:
        ValueError: if max_length is not positive, or the batch is empty.
    """
    check_at_least_one(max_length=max_length)
    check_not_empty(source_ids)
    config = model.config
    with evaluating(model):
        memory = model.encode(source_ids)
        cache = model.new_cache() if use_cache else None
        batch = source_ids.shape[0]
        output = source_ids.new_full((batch, 1), config.bos_id)
        finished = output.new_zeros(batch, dtype=torch.bool)
        while output.shape[1] <= max_length and not finished.all():
            given = output[:, -1:] if use_cache else output
            logits = model.decode(given, memory, source_ids, cache)[:, -1]  # (batch, vocab)
            token = _mask_pad_and_bos(logits, config).argmax(dim=-1)  # (batch,)
            token = token.masked_fill(finished, config.pad_id)
            output = torch.cat((output, token[:, None]), dim=1)
            finished = finished | (token == config.eos_id)
    return output[:, 1:]


@torch.no_grad()
def beam_decode(
    model: nn.Module,
    source_ids: Int[Tensor, "batch source"],
    *,
    beam_size: int = 4,
    alpha: float = 0.6,
    max_length: int,
) -> Int[Tensor, "batch length"]:
    """Keep the `beam_size` most probable beginnings instead of one; return the best ending.

    At each step every hypothesis is continued by every token, and the best `beam_size` of all
    of them are kept. One that ends is set aside with its score, log P(Y|X) / length_penalty
    (Sutskever et al. 2014). A sentence is done when no hypothesis left could still score
    better: log P only falls, and the penalty is largest at max_length.

    Args:
        model: a translator; it decodes in evaluation mode, without dropout, and is then put back.
        source_ids: the source sentences, shape (batch, source).
        beam_size: number of hypotheses kept for each sentence. With 1 this is greedy decoding.
        alpha: strength of the length penalty; 0 ranks by probability alone.
        max_length: largest number of tokens to produce for a sentence, its end token included. A
            hypothesis cut off there competes as it is, without an end.

    Returns:
        Token ids as from `greedy_decode`, shape (batch, length).

    Raises:
        ValueError: if beam_size or max_length is not positive, alpha is negative, or the batch
            is empty.

    Source: Wu et al. 2016, section 7; Vaswani et al. 2017, section 6.1, for 4 and 0.6.
    """
    check_at_least_one(beam_size=beam_size, max_length=max_length)
    check_not_empty(source_ids)
    if alpha < 0:
        raise ValueError(f"expected alpha of at least 0, got {alpha}")
    config, batch, device = model.config, source_ids.shape[0], source_ids.device
    with evaluating(model):
        # Row b * beam_size + i of every tensor below is hypothesis i of sentence b.
        rows = torch.arange(batch, device=device).repeat_interleave(beam_size)
        memory = _select_rows(model.encode(source_ids), rows)
        source_ids = source_ids[rows]
        cache = model.new_cache()
        output = source_ids.new_full((batch * beam_size, 1), config.bos_id)
        # All beams start alike, so only the first counts: the others are impossible.
        log_prob = torch.full((batch, beam_size), -torch.inf, device=device)
        log_prob[:, 0] = 0.0
        best_score = torch.full((batch,), -torch.inf, device=device)
        best = source_ids.new_full((batch, max_length), config.pad_id)
        first_row = torch.arange(0, batch * beam_size, beam_size, device=device)[:, None]
        for length in range(1, max_length + 1):
            logits = model.decode(output[:, -1:], memory, source_ids, cache)[:, -1]
            step = _mask_pad_and_bos(logits.log_softmax(dim=-1), config)  # (batch * beam, vocab)
            vocab = step.shape[-1]
            total = log_prob[:, :, None] + step.view(batch, beam_size, vocab)
            log_prob, flat = total.flatten(1).topk(beam_size, dim=-1)  # (batch, beam)
            rows = (first_row + flat // vocab).flatten()
            output = torch.cat((output[rows], (flat % vocab).view(-1, 1)), dim=1)
            cache.reorder(rows)

            ended = (flat % vocab == config.eos_id) | (length == max_length)
            score = (log_prob / length_penalty(length, alpha)).masked_fill(~ended, -torch.inf)
            score, winner = score.max(dim=-1)  # (batch,)
            better = score > best_score
            best_score = torch.where(better, score, best_score)
            winner = output[first_row[:, 0] + winner, 1:]  # (batch, length)
            best[:, :length] = torch.where(better[:, None], winner, best[:, :length])

            log_prob = log_prob.masked_fill(ended, -torch.inf)
            best_to_come = log_prob.max(dim=-1).values / length_penalty(max_length, alpha)
            if (best_score >= best_to_come).all():
                break
    longest = int((best != config.pad_id).sum(dim=1).max())
    return best[:, :longest]


def length_penalty(length: int, alpha: float) -> float:
    """What log P(Y|X) is divided by, so that short sentences do not always win.

    Args:
        length: number of tokens |Y|, the end token included.
        alpha: 0 for no penalty.

    Returns:
        ((5 + |Y|) / 6)^alpha.

    Examples:
        >>> [length_penalty(length, alpha=1.0) for length in (1, 7, 13)]
        [1.0, 2.0, 3.0]

    Source: Wu et al. 2016, equation 14.
    """
    return ((5 + length) / 6) ** alpha


def _mask_pad_and_bos(scores: Float[Tensor, "batch vocab"], config) -> Float[Tensor, "batch vocab"]:
    """Scores in which padding and a second beginning are impossible."""
    scores = scores.clone()
    scores[:, [config.pad_id, config.bos_id]] = -torch.inf
    return scores


def _select_rows(memory: Tensor | tuple[Tensor, ...], rows: Tensor) -> Tensor | tuple[Tensor, ...]:
    if isinstance(memory, Tensor):
        return memory[rows]
    return type(memory)(*(tensor[rows] for tensor in memory))
