"""The Transformer of Vaswani et al. 2017: the decoder, and the whole translator.

Names of dimensions beyond those of `lib.attention`: source and target are the lengths of the
two sentences, vocab the size of their common vocabulary. Token ids are padded on the right.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from lib.arguments import check_at_least_one, check_dropout
from lib.attention import MultiHeadAttention, record_attention
from lib.cache import KeyValueCache, LayerCache
from lib.encoder import Encoder
from lib.feed_forward import PositionwiseFeedForward
from lib.masks import causal_mask, padding_mask
from lib.modes import evaluating
from lib.positions import LearnedPositions, SinusoidalPositions
from lib.residual import ResidualConnection


@dataclass(frozen=True)
class TransformerConfig:
    """The sizes of a Transformer. The defaults are the paper's base model.

    Args:
        vocab_size: number of tokens in the vocabulary that source and target share.
        d_model: width of a token's vector.
        num_layers: layers in the encoder, and again in the decoder.
        num_heads: attention heads in each layer.
        d_ff: width of the feed-forward network's hidden layer.
        d_k: width of a query and a key in each head. Default: d_model / num_heads.
        d_v: width of a value in each head. Default: d_model / num_heads.
        dropout: share dropped from the embedded input and from each sub-layer's output.
        norm_first: False for the paper's post-norm, True for pre-norm.
        positions: "sinusoidal", "learned" or "none".
        max_length: longest sentence that learned positions know.
        pad_id: token that fills the end of shorter sentences.
        bos_id: token that the decoder is given first.
        eos_id: token that ends a sentence.

    Raises:
        ValueError: if a value is out of its range, or two of the three special ids are equal.

    Source: Vaswani et al. 2017, Table 3.
    """

    vocab_size: int
    d_model: int = 512
    num_layers: int = 6
    num_heads: int = 8
    d_ff: int = 2048
    d_k: int | None = None
    d_v: int | None = None
    dropout: float = 0.1
    norm_first: bool = False
    positions: str = "sinusoidal"
    max_length: int = 1024
    pad_id: int = 0
    bos_id: int = 1
    eos_id: int = 2

    def __post_init__(self):
        check_at_least_one(
            vocab_size=self.vocab_size,
            d_model=self.d_model,
            num_layers=self.num_layers,
            num_heads=self.num_heads,
            d_ff=self.d_ff,
            d_k=self.d_k,
            d_v=self.d_v,
            max_length=self.max_length,
        )
        check_dropout(self.dropout)
        if self.positions not in ("sinusoidal", "learned", "none"):
            raise ValueError(
                f'expected positions "sinusoidal", "learned" or "none", got "{self.positions}"'
            )
        special = (self.pad_id, self.bos_id, self.eos_id)
        if len(set(special)) < 3 or min(special) < 0 or max(special) >= self.vocab_size:
            raise ValueError(
                f"expected three different ids below vocab_size={self.vocab_size}, got "
                f"pad_id={self.pad_id}, bos_id={self.bos_id} and eos_id={self.eos_id}"
            )

    @classmethod
    def base(cls, vocab_size: int) -> "TransformerConfig":
        """The paper's base model: 44,138,496 + 512 vocab_size parameters."""
        return cls(vocab_size)

    @classmethod
    def big(cls, vocab_size: int) -> "TransformerConfig":
        """The paper's big model, with the dropout of its English–German row."""
        return cls(vocab_size, d_model=1024, num_heads=16, d_ff=4096, dropout=0.3)


class DecoderLayer(nn.Module):
    """Self-attention, source–target attention, feed-forward network, each with its residual.

    Arguments and errors are those of `lib.encoder.EncoderLayer`.

    Source: Vaswani et al. 2017, section 3.1, right half of figure 1.
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
        self.source_attention = MultiHeadAttention(d_model, num_heads, d_k=d_k, d_v=d_v)
        self.source_attention_residual = residual()
        self.feed_forward = PositionwiseFeedForward(d_model, d_ff, activation=activation)
        self.feed_forward_residual = residual()

    def forward(
        self,
        y: Float[Tensor, "batch target d_model"],
        memory: Float[Tensor, "batch source d_model"],
        target_mask: Bool[Tensor, "..."] | None = None,
        source_mask: Bool[Tensor, "..."] | None = None,
        cache: LayerCache | None = None,
    ) -> Float[Tensor, "batch target d_model"]:
        """Attend to the target so far, then to the source, then transform each position.

        Args:
            y: shape (batch, target, d_model).
            memory: the encoder's output, shape (batch, source, d_model).
            target_mask: which target positions a target position may see, shape
                (target, target), or (target, cached + target) with a cache.
            source_mask: which source positions it may see, shape (batch, 1, 1, source). Source
                padding is hidden here, never target padding: the keys are the source's.
            cache: keys and values of earlier target positions; y then holds the new ones only.

        Returns:
            A tensor of the shape of y.
        """
        y = self.self_attention_residual(y, lambda h: self._attend_to_target(h, target_mask, cache))
        y = self.source_attention_residual(
            y, lambda h: self._attend_to_source(h, memory, source_mask, cache)
        )
        return self.feed_forward_residual(y, self.feed_forward)

    def _attend_to_target(
        self, y: Tensor, target_mask: Tensor | None, cache: LayerCache | None
    ) -> Tensor:
        if cache is None:
            return self.self_attention(y, y, y, target_mask)[0]
        keys, values = cache.append(*self.self_attention.project_key_value(y, y))
        return self.self_attention.attend(y, keys, values, target_mask)[0]

    def _attend_to_source(
        self, y: Tensor, memory: Tensor, source_mask: Tensor | None, cache: LayerCache | None
    ) -> Tensor:
        if cache is None:
            return self.source_attention(y, memory, memory, source_mask)[0]
        if cache.memory is None:
            cache.memory = self.source_attention.project_key_value(memory, memory)
        return self.source_attention.attend(y, *cache.memory, source_mask)[0]


class Decoder(nn.Module):
    """A stack of decoder layers, applied to vectors that are embedded already.

    As in `lib.encoder.Encoder`, a last LayerNorm follows the stack if, and only if, it is
    pre-norm. Arguments and errors are the same as there.

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
            DecoderLayer(
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
        y: Float[Tensor, "batch target d_model"],
        memory: Float[Tensor, "batch source d_model"],
        target_mask: Bool[Tensor, "..."] | None = None,
        source_mask: Bool[Tensor, "..."] | None = None,
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "batch target d_model"]:
        """Apply all layers; arguments and result as in `DecoderLayer`."""
        for i, layer in enumerate(self.layers):
            layer_cache = None if cache is None else cache.layers[i]
            y = layer(y, memory, target_mask, source_mask, layer_cache)
        return self.norm(y)


@dataclass(frozen=True)
class AttentionWeights:
    """What looked at what: one tensor a layer, shape (batch, heads, query, key).

    Attributes:
        encoder: source positions looking at source positions.
        decoder: target positions looking at target positions.
        source_target: target positions (query) looking at source positions (key).
    """

    encoder: list[Tensor]
    decoder: list[Tensor]
    source_target: list[Tensor]


class Transformer(nn.Module):
    """Translate: encode the source sentence, predict each next token of the target sentence.

    One matrix serves three times: it embeds the source, it embeds the target, and it turns the
    decoder's output into logits. Embeddings are multiplied by √d_model, which makes them about as
    large as the sinusoids that are added: a root mean square of 1 beside one of √½. Dropout falls
    on that sum and on each sub-layer's output; dropping attention weights as well is in the
    authors' code, not in the paper's text.

    Initialisation: weight matrices are Xavier uniform, which keeps the variance of what goes
    through them forwards and backwards; biases are zero. The embedding is N(0, 1/d_model): times
    √d_model its entries have variance 1 at the input, and at the output the logits of a
    normalised vector have variance 1 as well.

    Args:
        config: the sizes.

    Raises:
        ValueError: if num_heads does not divide d_model and d_k or d_v is left to default, or if
            d_model is odd and the positions are sinusoidal.

    Source: Vaswani et al. 2017, sections 3.1, 3.4 and 5.4.
    """

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.positions: SinusoidalPositions | LearnedPositions | None
        if config.positions == "sinusoidal":
            self.positions = SinusoidalPositions(config.d_model)
        elif config.positions == "learned":
            self.positions = LearnedPositions(config.max_length, config.d_model)
        else:
            self.positions = None
        self.dropout = nn.Dropout(config.dropout)
        sizes: dict[str, Any] = {
            "num_layers": config.num_layers,
            "d_model": config.d_model,
            "num_heads": config.num_heads,
            "d_ff": config.d_ff,
            "d_k": config.d_k,
            "d_v": config.d_v,
            "dropout": config.dropout,
            "norm_first": config.norm_first,
        }
        self.encoder = Encoder(**sizes)
        self.decoder = Decoder(**sizes)

        nn.init.normal_(self.embedding.weight, std=config.d_model**-0.5)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(
        self, source_ids: Int[Tensor, "batch source"], target_ids: Int[Tensor, "batch target"]
    ) -> Float[Tensor, "batch target vocab"]:
        """Predict every token of the target at once, each from the tokens before it.

        Args:
            source_ids: the source sentences, shape (batch, source).
            target_ids: what the decoder is given: the target shifted right by one, the begin
                token first (see `lib.training.shift_right`), shape (batch, target).

        Returns:
            Logits for the next token at each target position, shape (batch, target, vocab).
        """
        return self.decode(target_ids, self.encode(source_ids), source_ids)

    def encode(
        self, source_ids: Int[Tensor, "batch source"]
    ) -> Float[Tensor, "batch source d_model"]:
        """Read the source.

        Args:
            source_ids: shape (batch, source).

        Returns:
            The memory: one vector for each source token, shape (batch, source, d_model). At
            padding it holds numbers that nothing reads.
        """
        return self.encoder(self.embed(source_ids), padding_mask(source_ids, self.config.pad_id))

    def decode(
        self,
        target_ids: Int[Tensor, "batch target"],
        memory: Float[Tensor, "batch source d_model"],
        source_ids: Int[Tensor, "batch source"],
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "batch target vocab"]:
        """Predict the next token at each target position.

        The causal mask hides target padding as well, since padding comes last.

        Args:
            target_ids: the target shifted right, shape (batch, target).
            memory: the encoder's output, shape (batch, source, d_model).
            source_ids: the source, whose padding must not be looked at, shape (batch, source).
            cache: from `new_cache` and then handed on from call to call; target_ids then holds
                only the tokens that were not in an earlier call.

        Returns:
            Logits, shape (batch, target, vocab).
        """
        new, past = target_ids.shape[1], 0 if cache is None else cache.length
        target_mask = causal_mask(new, past + new, device=target_ids.device)
        source_mask = padding_mask(source_ids, self.config.pad_id)
        y = self.decoder(self.embed(target_ids, past), memory, target_mask, source_mask, cache)
        return F.linear(y, self.embedding.weight)

    def embed(
        self, token_ids: Int[Tensor, "batch length"], start: int = 0
    ) -> Float[Tensor, "batch length d_model"]:
        """Turn tokens into vectors and add their positions, start, start + 1, …"""
        x = self.embedding(token_ids) * math.sqrt(self.config.d_model)
        if self.positions is not None:
            x = self.positions(x, start)
        return self.dropout(x)

    def new_cache(self) -> KeyValueCache:
        """An empty cache for `decode`."""
        return KeyValueCache(self.config.num_layers)

    def attention_weights(
        self, source_ids: Int[Tensor, "batch source"], target_ids: Int[Tensor, "batch target"]
    ) -> AttentionWeights:
        """What each head of each layer looks at, without dropout; arguments as in `forward`."""
        with evaluating(self), record_attention(self) as recorded:
            self(source_ids, target_ids)
        layers = range(self.config.num_layers)
        return AttentionWeights(
            encoder=[recorded[f"encoder.layers.{i}.self_attention"] for i in layers],
            decoder=[recorded[f"decoder.layers.{i}.self_attention"] for i in layers],
            source_target=[recorded[f"decoder.layers.{i}.source_attention"] for i in layers],
        )
