"""Fine-tuning BERT: one small head a kind of task; or freezing BERT and using what it computes.

Names of dimensions as in `lib.bert`; classes is the number of classes of a task.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lib.arguments import check_at_least_one
from lib.bert import Bert, initialise
from lib.masks import padding_mask


class SentenceClassifier(nn.Module):
    """One class for the whole input, a sentence or a pair, from the vector that BERT has pooled.

    Args:
        bert: what is fine-tuned; it is used as it is, not copied.
        num_classes: number of classes.

    Raises:
        ValueError: if num_classes is below 1.

    Source: Devlin et al. 2019, section 4.1 and figure 4 (a, b).
    """

    def __init__(self, bert: Bert, num_classes: int):
        super().__init__()
        check_at_least_one(num_classes=num_classes)
        self.bert = bert
        self.dropout = nn.Dropout(bert.config.dropout)
        self.head = nn.Linear(bert.config.d_model, num_classes)
        initialise(self.head)

    def forward(
        self,
        token_ids: Int[Tensor, "batch length"],
        segment_ids: Int[Tensor, "batch length"] | None = None,
    ) -> Float[Tensor, "batch classes"]:
        """Logits of the classes, shape (batch, classes); arguments as in `Bert`."""
        return self.head(self.dropout(self.bert(token_ids, segment_ids).pooled))


class TokenClassifier(nn.Module):
    """One class for each token, such as the kind of a name that it belongs to.

    Arguments and errors are those of `SentenceClassifier`.

    Source: Devlin et al. 2019, section 5.3 and figure 4 (d).
    """

    def __init__(self, bert: Bert, num_classes: int):
        super().__init__()
        check_at_least_one(num_classes=num_classes)
        self.bert = bert
        self.dropout = nn.Dropout(bert.config.dropout)
        self.head = nn.Linear(bert.config.d_model, num_classes)
        initialise(self.head)

    def forward(
        self,
        token_ids: Int[Tensor, "batch length"],
        segment_ids: Int[Tensor, "batch length"] | None = None,
    ) -> Float[Tensor, "batch length classes"]:
        """Logits of the classes, shape (batch, length, classes); arguments as in `Bert`."""
        return self.head(self.dropout(self.bert(token_ids, segment_ids).hidden))


class SpanExtractor(nn.Module):
    """A span of the second text that answers the first: where it starts and where it ends.

    Two vectors S and E are learned; token i is the start with a probability that grows with S · h_i
    and the end with one that grows with E · h_i.

    Args:
        bert: what is fine-tuned; it is used as it is, not copied.

    Source: Devlin et al. 2019, section 4.2 and figure 4 (c).
    """

    def __init__(self, bert: Bert):
        super().__init__()
        self.bert = bert
        self.head = nn.Linear(bert.config.d_model, 2)
        initialise(self.head)

    def forward(
        self,
        token_ids: Int[Tensor, "batch length"],
        segment_ids: Int[Tensor, "batch length"] | None = None,
    ) -> tuple[Float[Tensor, "batch length"], Float[Tensor, "batch length"]]:
        """Score each token as start and as end.

        Args:
            token_ids: [CLS] question [SEP] text [SEP], shape (batch, length).
            segment_ids: 1 for the text, shape (batch, length).

        Returns:
            The scores of the starts and of the ends, each of shape (batch, length).
        """
        start, end = self.head(self.bert(token_ids, segment_ids).hidden).unbind(dim=-1)
        return start, end


def best_span(
    start: Float[Tensor, "length"],
    end: Float[Tensor, "length"],
    *,
    first: int,
    last: int,
    max_tokens: int | None = None,
) -> tuple[int, int]:
    """The span i … j with first ≤ i ≤ j ≤ last whose start[i] + end[j] is largest.

    Args:
        start: scores of the starts, shape (length,).
        end: scores of the ends, shape (length,).
        first: first position that a span may have, the text's first token.
        last: last position, the text's last token, itself included.
        max_tokens: longest span. Default: any.

    Returns:
        i and j, the span's first and last position; of equal ones, the one that starts first and is
        shortest.

    Raises:
        ValueError: if not 0 ≤ first ≤ last < length, or max_tokens is below 1.

    Source: Devlin et al. 2019, section 4.2.
    """
    check_at_least_one(max_tokens=max_tokens)
    if not 0 <= first <= last < len(start):
        raise ValueError(
            f"expected 0 ≤ first ≤ last < {len(start)}, got first={first} and last={last}"
        )
    count = last - first + 1
    scores = start[first : last + 1, None] + end[None, first : last + 1]  # (start, end)
    allowed = torch.ones(count, count, dtype=torch.bool, device=scores.device).triu()
    if max_tokens is not None:
        allowed = allowed.tril(max_tokens - 1)
    i, j = divmod(int(scores.masked_fill(~allowed, -torch.inf).argmax()), count)
    return first + i, first + j


def freeze(module: nn.Module) -> None:
    """Keep a module as it is: its parameters get no gradient, and its dropout is off.

    A later call of `train()` on a model that contains it switches dropout on again; so freeze after
    it, or use `extract_features`.

    Args:
        module: is changed in place.
    """
    module.requires_grad_(False)
    module.eval()


def extract_features(
    bert: Bert,
    token_ids: Int[Tensor, "batch length"],
    segment_ids: Int[Tensor, "batch length"] | None = None,
    *,
    layers: Sequence[int] = (-4, -3, -2, -1),
) -> Float[Tensor, "batch length features"]:
    """What chosen layers of a frozen BERT say of each token, side by side.

    Args:
        bert: stays as it is.
        token_ids: shape (batch, length).
        segment_ids: see `lib.bert.BertEmbeddings`.
        layers: 0 is the embedded input, i the output of layer i, -1 the last layer's.

    Returns:
        A vector for each token, shape (batch, length, len(layers) · d_model), without gradients.

    Raises:
        ValueError: if no layer is chosen, or one that BERT does not have.

    Source: Devlin et al. 2019, section 5.3 and Table 7, where the last four layers,
        side by side, are the best features.
    """
    states = bert.hidden_states(token_ids, segment_ids)
    wrong = [layer for layer in layers if not -len(states) <= layer < len(states)]
    if wrong or not layers:
        raise ValueError(
            f"expected layers from {-len(states)} to {len(states) - 1}, at least one, got "
            f"{list(layers)}"
        )
    return torch.cat([states[layer] for layer in layers], dim=-1)


def mean_of_tokens(
    vectors: Float[Tensor, "batch length features"],
    token_ids: Int[Tensor, "batch length"],
    *,
    pad_id: int,
) -> Float[Tensor, "batch features"]:
    """The mean over the tokens of an input that are not padding: one vector for the input.

    Args:
        vectors: shape (batch, length, features).
        token_ids: shape (batch, length).
        pad_id: id of [PAD].

    Returns:
        Shape (batch, features); zeros for an input of padding alone.
    """
    real = padding_mask(token_ids, pad_id)[:, 0, 0, :, None]  # (batch, length, 1)
    return vectors.where(real, 0.0).sum(dim=1) / real.sum(dim=1).clamp(min=1)
