"""An LSTM translator, to compare the Transformer with what came before it.

It has the methods of `lib.transformer.Transformer`, so that training and decoding treat both
alike, and the same tied embedding. What it has instead of layers of attention are LSTM layers
that carry a state from each token to the next.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lib.arguments import check_at_least_one, check_dropout, check_not_empty
from lib.attention import scaled_dot_product_attention
from lib.masks import padding_mask
from lib.modes import evaluating


@dataclass(frozen=True)
class LSTMConfig:
    """The sizes of an LSTM translator.

    Args:
        vocab_size: number of tokens in the vocabulary that source and target share.
        d_model: width of an embedding and of the LSTM's state.
        num_layers: layers in the encoder, and again in the decoder.
        attention: whether the decoder looks at all of the encoder's outputs (Luong et al. 2015)
            or gets nothing but the encoder's last state (Sutskever et al. 2014).
        dropout: share dropped from the embeddings and from each layer's output.
        pad_id: token that fills the end of shorter sentences.
        bos_id: token that the decoder is given first.
        eos_id: token that ends a sentence.

    Raises:
        ValueError: if a value is out of its range.
    """

    vocab_size: int
    d_model: int = 512
    num_layers: int = 2
    attention: bool = True
    dropout: float = 0.1
    pad_id: int = 0
    bos_id: int = 1
    eos_id: int = 2

    def __post_init__(self):
        check_at_least_one(
            vocab_size=self.vocab_size, d_model=self.d_model, num_layers=self.num_layers
        )
        check_dropout(self.dropout)


class LSTMMemory(NamedTuple):
    """What the encoder hands over: its outputs, and each layer's state after the last token."""

    outputs: Float[Tensor, "batch source d_model"]
    hidden: Float[Tensor, "batch layers d_model"]
    cell: Float[Tensor, "batch layers d_model"]


class LSTMCache:
    """The decoder's state after the tokens so far: all an LSTM keeps, however many they are."""

    def __init__(self):
        self.state: tuple[Tensor, Tensor] | None = None  # each (layers, batch, d_model)

    def reorder(self, rows: Int[Tensor, "new_batch"]) -> None:
        """Keep the given rows of the batch, in the given order; a row may come twice."""
        if self.state is not None:
            self.state = (self.state[0][:, rows], self.state[1][:, rows])


class LSTMTranslator(nn.Module):
    """Encode the source with one LSTM, write the target with another, started in its state.

    With attention, each output h of the decoder looks up the encoder's outputs, h' = Σ w_s h_s,
    and tanh(W [h'; h]) takes its place. The weights come from the dot product of h and h_s, here
    divided by √d_model as in `lib.attention`.

    Args:
        config: the sizes.

    Source: Sutskever et al. 2014; Luong et al. 2015, section 3.1, global attention, score "dot".
    """

    def __init__(self, config: LSTMConfig):
        super().__init__()
        self.config = config
        between = config.dropout if config.num_layers > 1 else 0.0
        sizes = (config.d_model, config.d_model, config.num_layers)
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = nn.LSTM(*sizes, batch_first=True, dropout=between)
        self.decoder = nn.LSTM(*sizes, batch_first=True, dropout=between)
        self.combine = nn.Linear(2 * config.d_model, config.d_model) if config.attention else None
        self.dropout = nn.Dropout(config.dropout)
        nn.init.normal_(self.embedding.weight, std=config.d_model**-0.5)

    def forward(
        self, source_ids: Int[Tensor, "batch source"], target_ids: Int[Tensor, "batch target"]
    ) -> Float[Tensor, "batch target vocab"]:
        """Predict every token of the target, each from the tokens before it.

        Args:
            source_ids: the source sentences, shape (batch, source).
            target_ids: the target shifted right, shape (batch, target).

        Returns:
            Logits for the next token at each target position, shape (batch, target, vocab).
        """
        return self.decode(target_ids, self.encode(source_ids), source_ids)

    def encode(self, source_ids: Int[Tensor, "batch source"]) -> LSTMMemory:
        """Read the source token by token.

        Padding is never read: the sequences are packed, so that each ends at its own last token.

        Args:
            source_ids: shape (batch, source).

        Returns:
            The memory; its outputs are zero at padding.

        Raises:
            ValueError: if the batch is empty.
        """
        check_not_empty(source_ids)
        lengths = (source_ids != self.config.pad_id).sum(dim=1).clamp(min=1)
        packed = pack_padded_sequence(
            self._embed(source_ids), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        outputs, (hidden, cell) = self.encoder(packed)
        outputs, _ = pad_packed_sequence(
            outputs, batch_first=True, total_length=source_ids.shape[1]
        )
        return LSTMMemory(self.dropout(outputs), hidden.transpose(0, 1), cell.transpose(0, 1))

    def decode(
        self,
        target_ids: Int[Tensor, "batch target"],
        memory: LSTMMemory,
        source_ids: Int[Tensor, "batch source"],
        cache: LSTMCache | None = None,
    ) -> Float[Tensor, "batch target vocab"]:
        """Predict the next token at each target position.

        Args:
            target_ids: the target shifted right, shape (batch, target).
            memory: what `encode` returned.
            source_ids: the source, whose padding must not be looked at, shape (batch, source).
            cache: from `new_cache` and then handed on from call to call; target_ids then holds
                only the tokens that were not in an earlier call.

        Returns:
            Logits, shape (batch, target, vocab).
        """
        y = self._run_decoder(target_ids, memory, cache)
        if self.combine is not None:
            context, _ = self._attend_to_source(y, memory, source_ids)
            y = self.combine(torch.cat((context, y), dim=-1)).tanh()
        return F.linear(self.dropout(y), self.embedding.weight)

    def new_cache(self) -> LSTMCache:
        """An empty cache for `decode`."""
        return LSTMCache()

    def attention_weights(
        self, source_ids: Int[Tensor, "batch source"], target_ids: Int[Tensor, "batch target"]
    ) -> Float[Tensor, "batch target source"]:
        """Where each target position looks in the source, without dropout; see `forward`.

        Args:
            source_ids: the source sentences, shape (batch, source).
            target_ids: the target shifted right, shape (batch, target).

        Returns:
            The weights, shape (batch, target, source).

        Raises:
            ValueError: if the model was made without attention.
        """
        if self.combine is None:
            raise ValueError("expected a model with attention, got one with attention=False")
        with evaluating(self):
            memory = self.encode(source_ids)
            y = self._run_decoder(target_ids, memory)
            _, weights = self._attend_to_source(y, memory, source_ids)
        return weights.detach()

    def _run_decoder(
        self, target_ids: Tensor, memory: LSTMMemory, cache: LSTMCache | None = None
    ) -> Tensor:
        state = None if cache is None else cache.state
        if state is None:
            state = (
                memory.hidden.transpose(0, 1).contiguous(),
                memory.cell.transpose(0, 1).contiguous(),
            )
        y, state = self.decoder(self._embed(target_ids), state)
        if cache is not None:
            cache.state = state
        return y

    def _attend_to_source(
        self, y: Tensor, memory: LSTMMemory, source_ids: Tensor
    ) -> tuple[Tensor, Tensor]:
        mask = padding_mask(source_ids, self.config.pad_id)[:, 0]  # (batch, 1, source)
        return scaled_dot_product_attention(y, memory.outputs, memory.outputs, mask)

    def _embed(self, token_ids: Tensor) -> Tensor:
        return self.dropout(self.embedding(token_ids) * math.sqrt(self.config.d_model))
