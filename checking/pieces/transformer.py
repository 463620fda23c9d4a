"""The pieces of the Transformer's translator, written in the notebooks 01 to 07.

The course's pieces call the functions of `lib`, and have the signatures that the notebooks ask for.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from checking.calling import call
from checking.checks import check, check_same_as
from checking.inputs import example
from checking.pieces.piece import SAME, Piece, copy_arguments, same_calls, same_modules
from lib import attention, decoding, feed_forward, masks, training
from lib.positions import sinusoidal_positions

# --- the course's pieces ------------------------------------------------------------------


def padding_mask(token_ids: Tensor, pad_id: int) -> Tensor:
    """Notebook 02: `lib.masks.padding_mask` of ids (length, batch)."""
    return masks.padding_mask(token_ids.T, pad_id)


def decoder_mask(target_ids: Tensor, pad_id: int) -> Tensor:
    """Notebook 02: both masks of `lib.masks` combined; position 0 never counts as padding."""
    real = masks.padding_mask(target_ids, pad_id)
    real[..., :1] = True
    return real & masks.causal_mask(target_ids.shape[1])


class CoursesMultiHeadAttention(nn.Module):
    """Notebook 04: `lib.attention.MultiHeadAttention` with the notebook's names of parameters.

    Keys and values shared between heads, which the translator does not need, are left out.
    """

    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        module = attention.MultiHeadAttention(d_model, num_heads)
        self.w_query = module.query_projection
        self.w_key = module.key_projection
        self.w_value = module.value_projection
        self.w_output = module.output_projection
        self._module = [module]  # in a list, so that its parameters are not registered twice

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, allowed: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the output and the attention weights."""
        return self._module[0](query, key, value, allowed, need_weights=True)


def add_positions(embeddings: Tensor, positions: Tensor | None = None) -> Tensor:
    """Notebook 05: √d_model times the embeddings, plus `lib.positions.sinusoidal_positions`."""
    _, length, d_model = embeddings.shape
    if positions is None:
        positions = torch.arange(length)
    table = sinusoidal_positions(int(positions.max()) + 1, d_model, dtype=embeddings.dtype)
    return math.sqrt(d_model) * embeddings + table[positions]


class CoursesPositionwiseFeedForward(nn.Module):
    """Notebook 06: `lib.feed_forward.PositionwiseFeedForward` with other names, ReLU only."""

    def __init__(self, d_model: int, d_ff: int):
        super().__init__()
        module = feed_forward.PositionwiseFeedForward(d_model, d_ff)
        self.expand, self.contract = module.inner, module.outer
        self._module = [module]

    def forward(self, x: Tensor) -> Tensor:
        """Transform each position."""
        return self._module[0](x)


def residual_stack(
    x: Tensor,
    sublayers: list[Callable[[Tensor], Tensor]],
    norms: list[tuple[Tensor, Tensor]],
    norm_first: bool = False,
) -> Tensor:
    """Notebook 06: what `lib.residual.ResidualConnection` does, with given weights and biases."""
    wanted = len(sublayers) + norm_first
    if len(norms) != wanted:
        raise ValueError(f"expected {wanted} norms, got {len(norms)}")
    for sublayer, norm in zip(sublayers, norms, strict=False):
        if norm_first:
            x = x + sublayer(F.layer_norm(x, x.shape[-1:], *norm))
        else:
            x = F.layer_norm(x + sublayer(x), x.shape[-1:], *norm)
    return F.layer_norm(x, x.shape[-1:], *norms[-1]) if norm_first else x


def shift_right(target_ids: Tensor, bos_id: int, pad_id: int) -> tuple[Tensor, Tensor]:
    """Notebook 07: `lib.training.shift_right`, and the labels."""
    ids = target_ids.masked_fill(target_ids == -100, pad_id)
    return training.shift_right(ids, bos_id), ids.masked_fill(ids == pad_id, -100)


def smoothed_cross_entropy(
    logits: Tensor, targets: Tensor, smoothing: float, ignore_index: int = -100
) -> Tensor:
    """Notebook 07: `lib.training.label_smoothing_loss` without positions of `ignore_index`."""
    counts = targets != ignore_index
    return training.label_smoothing_loss(
        logits[counts], targets[counts], smoothing=smoothing, pad_id=ignore_index
    )


def warmup_learning_rate(
    step: int, d_model: int, warmup_steps: int = 4000, factor: float = 1.0
) -> float:
    """Notebook 07: `lib.training.warmup_learning_rate` times a factor."""
    return factor * training.warmup_learning_rate(step, d_model, warmup_steps)


def greedy_decode(
    next_scores: Callable[[Tensor], Tensor],
    prefix: Tensor,
    eos_id: int,
    pad_id: int,
    max_length: int,
) -> Tensor:
    """Notebook 07: `lib.decoding.greedy_decode` for a function instead of a model."""
    if max_length == 0:
        return prefix[:, :0]
    model = _FunctionAsModel(next_scores, prefix, eos_id, pad_id)
    new = decoding.greedy_decode(model, prefix, max_length=max_length, use_cache=False)
    return new.masked_fill(new == model.config.pad_id, pad_id)


class _FunctionAsModel(nn.Module):
    """Gives the function `next_scores` the methods that `lib.decoding.greedy_decode` calls.

    `lib.decoding.greedy_decode` never generates the model's pad_id and bos_id; the function of
    notebook 07 may generate any id. So the model's ids are −1 and −2 here, which stand for two
    columns that are appended to the scores.
    """

    def __init__(self, next_scores: Callable, prefix: Tensor, eos_id: int, pad_id: int):
        super().__init__()
        self.next_scores, self.prefix, self.pad_id = next_scores, prefix, pad_id
        self.config = SimpleNamespace(pad_id=-1, bos_id=-2, eos_id=eos_id)

    def encode(self, source_ids: Tensor) -> Tensor:
        """Return the source unchanged: there is no encoder."""
        return source_ids

    def decode(self, ids: Tensor, memory: Tensor, source_ids: Tensor, cache: None) -> Tensor:
        """Return scores of the next token; the prefix replaces the first column of ids (bos_id)."""
        new = ids[:, 1:].masked_fill(ids[:, 1:] == -1, self.pad_id)
        return F.pad(self.next_scores(torch.cat((self.prefix, new), dim=1)), (0, 2))[:, None]


# --- the inputs on which a student's pieces are compared with these -----------------------


def _check_rates(reference: Callable, answer: Callable) -> None:
    for case in [(1, 64, 100, 0.5), (99, 64, 100, 2.0), (100, 12, 100), (5000, 512)]:
        check(call(answer, *case), reference(*case), SAME)


def _check_stacks(reference: Callable, answer: Callable) -> None:
    def stack(function: Callable, count: int) -> Callable:
        def run(x, weight_1, bias_1, weight_2, bias_2, weight_3, bias_3):
            norms = [(weight_1, bias_1), (weight_2, bias_2), (weight_3, bias_3)]
            return function(x, [torch.sin, torch.square, torch.cos][:count], norms[:count])

        return run

    norms = [example(12, seed=i) + i for i in range(6)]
    for count in (1, 2, 3):
        for x in (_X, _STRIDED, _X[:1, :1]):
            check_same_as(
                stack(reference, count),
                stack(answer, count),
                *copy_arguments((x, *norms)),
                must_hold=SAME,
            )
    single = [tensor.float() for tensor in (_X, *norms)]
    check_same_as(stack(reference, 3), stack(answer, 3), *single, must_hold=SAME)


def _scores(ids: Tensor) -> Tensor:
    """Scores of 12 tokens that depend on all ids and their places; ids must be of 3 sentences."""
    place = torch.arange(1, ids.shape[1] + 1)
    mixed = (ids * place * place).sum(dim=1, keepdim=True) * 0.37
    return torch.sin(mixed + torch.arange(12) * 1.7) + 0.1 * example(3, 12)


_IDS = torch.tensor([[5, 0, 7, 3, 9, 2], [4, 9, 2, 0, 0, 0], [2, 0, 0, 0, 0, 0]])
_LONG_IDS = torch.arange(31 * 2).reshape(2, 31) % 29 + 1
_X, _Y = example(2, 5, 12, seed=1), example(2, 7, 12, seed=2)
_CAUSAL = torch.ones(5, 5, dtype=torch.bool).tril().expand(2, 1, 5, 5)
_PADDED = (torch.arange(7) < torch.tensor([[7], [4]]))[:, None, None]
_BY_HEAD = example(2, 3, 5, 7, seed=3) > 0
_BY_HEAD[0, 0, 2] = False  # a query that may attend to no key
_STRIDED = example(12, 5, 2, seed=4).permute(2, 1, 0)
_LOGITS, _LABELS = example(3, 6, 11) * 3, _IDS.masked_fill(_IDS == 0, -100)

PIECES = {
    "padding_mask": Piece(
        "02-masks",
        padding_mask,
        same_calls((_IDS.T, 0), (_IDS.T, 9), (_LONG_IDS.T, 0), (_IDS[:1, :1].T, 5)),
    ),
    "decoder_mask": Piece(
        "02-masks",
        decoder_mask,
        same_calls((_IDS, 0), (_IDS, 9), (_IDS, 2), (_LONG_IDS, 0), (_IDS[:1, :1], 5)),
    ),
    "MultiHeadAttention": Piece(
        "04-multi-head",
        CoursesMultiHeadAttention,
        same_modules(
            (12, 3),
            (_X, _Y, _Y),
            (_X, _Y, _Y, _PADDED),
            (_X, _X, _X, _CAUSAL),
            (_X, _Y, _Y, _BY_HEAD),
            (_STRIDED, _Y, _Y),
            (_X.float(), _Y.float(), _Y.float(), _PADDED),
        ),
    ),
    "add_positions": Piece(
        "05-positions",
        add_positions,
        same_calls((_X,), (_STRIDED,), (example(1, 50, 64),), (_X.float(),)),
    ),
    "PositionwiseFeedForward": Piece(
        "06-feed-forward-and-residual",
        CoursesPositionwiseFeedForward,
        same_modules((12, 20), (_X,), (_STRIDED,), (_X.float(),)),
    ),
    "residual_stack": Piece("06-feed-forward-and-residual", residual_stack, _check_stacks),
    "shift_right": Piece(
        "07-training-and-decoding",
        shift_right,
        same_calls((_IDS, 1, 0), (_IDS, 4, 9), (_LABELS, 1, 0), (_IDS[:1, :1], 1, 0)),
    ),
    "smoothed_cross_entropy": Piece(
        "07-training-and-decoding",
        smoothed_cross_entropy,
        same_calls(
            (_LOGITS, _LABELS, 0.0),
            (_LOGITS, _LABELS, 0.1),
            (_LOGITS, _IDS, 0.3, 0),
            (_LOGITS.float(), _LABELS, 0.1),
        ),
    ),
    "warmup_learning_rate": Piece("07-training-and-decoding", warmup_learning_rate, _check_rates),
    "greedy_decode": Piece(
        "07-training-and-decoding",
        greedy_decode,
        same_calls(
            (_scores, torch.tensor([[1], [1], [1]]), 2, 0, 12),
            (_scores, torch.tensor([[1, 3], [1, 5], [2, 7]]), 2, 3, 12),
            (_scores, torch.tensor([[4], [5], [6]]), 12, 0, 1),
        ),
    ),
}
