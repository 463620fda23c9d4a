"""BERT's inputs: one sentence or two between special tokens, cut to fit, padded to a batch."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence


class Inputs(NamedTuple):
    """What BERT reads.

    Args:
        token_ids: ids of a padded batch, shape (batch, length).
        segment_ids: 0 for [CLS], the first sentence and its [SEP], 1 for the second and its [SEP],
            0 at padding; shape (batch, length).
    """

    token_ids: Int[Tensor, "batch length"]
    segment_ids: Int[Tensor, "batch length"]


def join_sentences(
    first: Sequence[int],
    second: Sequence[int] | None = None,
    *,
    cls_id: int,
    sep_id: int,
    max_length: int,
) -> tuple[list[int], list[int]]:
    """[CLS] first [SEP], or [CLS] first [SEP] second [SEP].

    What is too long loses tokens from the end of its longer sentence, one after the other; of two
    that are equally long, the second. The special tokens stay.

    Args:
        first: ids of the first sentence.
        second: ids of the second sentence, if there is one.
        cls_id: id of [CLS].
        sep_id: id of [SEP].
        max_length: largest number of tokens of the result, special ones included.

    Returns:
        The token ids and, for each, the segment: 0, from the second sentence on 1.

    Raises:
        ValueError: if max_length leaves no token for a sentence.

    Examples:
        >>> join_sentences([7, 8, 9], [5, 6], cls_id=2, sep_id=3, max_length=7)
        ([2, 7, 8, 3, 5, 6, 3], [0, 0, 0, 0, 1, 1, 1])

    Source: Devlin et al. 2019, section 3 and figure 2; truncation as in the released code.
    """
    sentences = 1 if second is None else 2
    room = max_length - 1 - sentences
    if room < sentences:
        raise ValueError(
            f"expected max_length of at least {1 + 2 * sentences}, for [CLS], and for each of "
            f"{sentences} a token and [SEP]; got {max_length}"
        )
    if second is None:
        token_ids = [cls_id, *first[:room], sep_id]
        return token_ids, [0] * len(token_ids)
    of_first, of_second = _fit(len(first), len(second), room)
    token_ids = [cls_id, *first[:of_first], sep_id, *second[:of_second], sep_id]
    return token_ids, [0] * (of_first + 2) + [1] * (of_second + 1)


def _fit(first: int, second: int, room: int) -> tuple[int, int]:
    """How many tokens are left of each when the longer one is shortened until both fit."""
    if first + second <= room:
        return first, second
    if first <= room // 2:  # the first is never the longer one
        return first, room - first
    if second <= room // 2:
        return room - second, second
    return room - room // 2, room // 2


def pad_inputs(joined: Sequence[tuple[list[int], list[int]]], *, pad_id: int) -> Inputs:
    """Make a batch of what `join_sentences` returned.

    Args:
        joined: token ids and segments of each example.
        pad_id: id of [PAD], which fills the end of shorter examples.

    Returns:
        The batch, as long as its longest example.

    Raises:
        ValueError: if there are no examples.
    """
    if not joined:
        raise ValueError("expected at least one example, got none")
    token_ids, segment_ids = (
        [torch.tensor(row) for row in rows] for rows in zip(*joined, strict=True)
    )
    return Inputs(
        pad_sequence(token_ids, batch_first=True, padding_value=pad_id),
        pad_sequence(segment_ids, batch_first=True, padding_value=0),
    )
