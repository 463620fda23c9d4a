"""BERT: an encoder that reads one sentence or two, and what is trained on it beforehand.

Names of dimensions beyond those of `lib.attention`: length is the number of tokens of the input,
vocab the size of the vocabulary, layers the number of encoder layers.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from lib.activations import ACTIVATIONS
from lib.arguments import check_at_least_one, check_dropout
from lib.attention import record_attention
from lib.encoder import Encoder
from lib.masking import IGNORED
from lib.masks import padding_mask
from lib.modes import evaluating
from lib.positions import LearnedPositions


@dataclass(frozen=True)
class BertConfig:
    """The sizes of a BERT. The defaults are the paper's base model.

    Args:
        vocab_size: number of tokens; the released English uncased vocabulary has 30,522.
        d_model: width of a token's vector.
        num_layers: encoder layers.
        num_heads: attention heads in each layer.
        d_ff: width of the feed-forward network's hidden layer.
        max_length: longest input, special tokens included.
        num_segments: number of segments that an input may have.
        dropout: share dropped from the embedded input, from each sub-layer's output, and by heads
            that classify.
        activation: "gelu", "gelu_tanh" (as in the released code) or "relu".
        norm_first: False for the paper's post-norm, True for pre-norm.
        eps: what LayerNorm adds to the variance.
        pad_id: token that fills the end of shorter inputs.

    Raises:
        ValueError: if a value is out of its range.

    Source: Devlin et al. 2019, section 3 and appendix A.2.
    """

    vocab_size: int
    d_model: int = 768
    num_layers: int = 12
    num_heads: int = 12
    d_ff: int = 3072
    max_length: int = 512
    num_segments: int = 2
    dropout: float = 0.1
    activation: str = "gelu"
    norm_first: bool = False
    eps: float = 1e-12
    pad_id: int = 0

    def __post_init__(self):
        check_at_least_one(
            vocab_size=self.vocab_size,
            d_model=self.d_model,
            num_layers=self.num_layers,
            num_heads=self.num_heads,
            d_ff=self.d_ff,
            max_length=self.max_length,
            num_segments=self.num_segments,
        )
        check_dropout(self.dropout)
        if self.activation not in ACTIVATIONS:
            known = ", ".join(f'"{name}"' for name in ACTIVATIONS)
            raise ValueError(f'expected activation to be one of {known}, got "{self.activation}"')
        if not 0 <= self.pad_id < self.vocab_size:
            raise ValueError(
                f"expected pad_id from 0 to below vocab_size={self.vocab_size}, got {self.pad_id}"
            )

    @classmethod
    def base(cls, vocab_size: int = 30_522) -> "BertConfig":
        """The paper's base model: 109,482,240 parameters with the released vocabulary."""
        return cls(vocab_size)

    @classmethod
    def large(cls, vocab_size: int = 30_522) -> "BertConfig":
        """The paper's large model: 335,141,888 parameters with the released vocabulary."""
        return cls(vocab_size, d_model=1024, num_layers=24, num_heads=16, d_ff=4096)


class BertEmbeddings(nn.Module):
    """The sum of three embeddings, of the token, its segment and its position, normalised.

    All three are learned. Unlike the Transformer of 2017, nothing is multiplied by √d_model.

    Args:
        config: the sizes.

    Source: Devlin et al. 2019, figure 2.
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.token = nn.Embedding(config.vocab_size, config.d_model)
        self.segment = nn.Embedding(config.num_segments, config.d_model)
        self.position = LearnedPositions(config.max_length, config.d_model)
        self.norm = nn.LayerNorm(config.d_model, config.eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        token_ids: Int[Tensor, "batch length"],
        segment_ids: Int[Tensor, "batch length"] | None = None,
    ) -> Float[Tensor, "batch length d_model"]:
        """Embed tokens.

        Args:
            token_ids: shape (batch, length).
            segment_ids: 0 or 1 for each token, shape (batch, length). Default: 0 everywhere.

        Returns:
            A vector for each token, shape (batch, length, d_model).
        """
        if segment_ids is None:
            segment_ids = torch.zeros_like(token_ids)
        x = self.position(self.token(token_ids) + self.segment(segment_ids))
        return self.dropout(self.norm(x))


class BertOutput(NamedTuple):
    """What BERT makes of its input.

    Args:
        hidden: a vector for each token, shape (batch, length, d_model). At padding it holds numbers
            that nothing reads.
        pooled: a vector for the whole input, shape (batch, d_model).
    """

    hidden: Float[Tensor, "batch length d_model"]
    pooled: Float[Tensor, "batch d_model"]


class Bert(nn.Module):
    """Embeddings, encoder, and a pooler that turns the vector of [CLS] into one for the input.

    Every token attends to every other that is not padding: nothing hides the future.

    Initialisation: matrices and embeddings are N(0, 0.02²), biases 0. The released code cuts the
    normal distribution off at two standard deviations.

    Dropout falls on the embeddings and on each sub-layer's output. The released code drops
    attention weights as well, which is left out here as in `lib.transformer`.

    Args:
        config: the sizes.

    Raises:
        ValueError: if num_heads does not divide d_model.

    Source: Devlin et al. 2019, section 3.
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.embeddings = BertEmbeddings(config)
        self.encoder = make_encoder(config)
        self.pooler = nn.Linear(config.d_model, config.d_model)
        initialise(self)

    def forward(
        self,
        token_ids: Int[Tensor, "batch length"],
        segment_ids: Int[Tensor, "batch length"] | None = None,
    ) -> BertOutput:
        """Read an input.

        Args:
            token_ids: [CLS], tokens and [SEP], then padding, shape (batch, length).
            segment_ids: see `BertEmbeddings`.

        Returns:
            A vector for each token and one for the input.

        Raises:
            ValueError: if length exceeds max_length.
        """
        x = self.embeddings(token_ids, segment_ids)
        hidden = self.encoder(x, padding_mask(token_ids, self.config.pad_id))
        return BertOutput(hidden, self.pool(hidden))

    def pool(self, hidden: Float[Tensor, "batch length d_model"]) -> Float[Tensor, "batch d_model"]:
        """tanh(W h + b) of the vector h of [CLS], the first token."""
        return torch.tanh(self.pooler(hidden[:, 0]))

    def hidden_states(
        self,
        token_ids: Int[Tensor, "batch length"],
        segment_ids: Int[Tensor, "batch length"] | None = None,
    ) -> list[Float[Tensor, "batch length d_model"]]:
        """The embedded input, then each layer's output, without dropout and without gradients.

        Args:
            token_ids: see `forward`.
            segment_ids: see `BertEmbeddings`.

        Returns:
            num_layers + 1 tensors, each of shape (batch, length, d_model). The last is what
            `forward` returns.
        """
        with evaluating(self), torch.no_grad():
            states = [self.embeddings(token_ids, segment_ids)]
            mask = padding_mask(token_ids, self.config.pad_id)
            for layer in self.encoder.layers:
                states.append(layer(states[-1], mask))
            states[-1] = self.encoder.norm(states[-1])
        return states

    def attention_weights(
        self,
        token_ids: Int[Tensor, "batch length"],
        segment_ids: Int[Tensor, "batch length"] | None = None,
    ) -> list[Float[Tensor, "batch heads length length"]]:
        """What each head of each layer looks at, without dropout; arguments as in `forward`.

        Returns:
            One tensor a layer, shape (batch, heads, query, key).
        """
        with evaluating(self), torch.no_grad(), record_attention(self) as recorded:
            self(token_ids, segment_ids)
        layers = range(self.config.num_layers)
        return [recorded[f"encoder.layers.{i}.self_attention"] for i in layers]


class MaskedLanguageModelHead(nn.Module):
    """From a token's vector to logits over the vocabulary.

    LayerNorm(GELU(W h + b)), multiplied by the token embeddings (the matrix is shared, "tied"),
    plus a bias for each token.

    Args:
        config: the sizes.

    Source: Devlin et al. 2019, section 3.1; the transformation is in the released code.
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.transform = nn.Linear(config.d_model, config.d_model)
        self.activation = ACTIVATIONS[config.activation]
        self.norm = nn.LayerNorm(config.d_model, config.eps)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        initialise(self)

    def forward(
        self,
        hidden: Float[Tensor, "*batch d_model"],
        token_embeddings: Float[Tensor, "vocab d_model"],
    ) -> Float[Tensor, "*batch vocab"]:
        """Score every token of the vocabulary.

        Args:
            hidden: shape (*batch, d_model).
            token_embeddings: the matrix of the model's token embeddings, shape (vocab, d_model).

        Returns:
            Logits, shape (*batch, vocab).
        """
        h = self.norm(self.activation(self.transform(hidden)))
        return F.linear(h, token_embeddings, self.bias)


class PreTrainingOutput(NamedTuple):
    """What the two heads say.

    Args:
        token_logits: for each position, which token belongs there, shape (batch, length, vocab).
        next_logits: whether the second sentence follows the first (0) or not (1), shape (batch, 2).
    """

    token_logits: Float[Tensor, "batch length vocab"]
    next_logits: Float[Tensor, "batch two"]


class BertForPreTraining(nn.Module):
    """BERT with its two heads: masked language model and next sentence prediction.

    Args:
        config: the sizes.

    Source: Devlin et al. 2019, section 3.1 and appendix A.
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.bert = Bert(config)
        self.token_head = MaskedLanguageModelHead(config)
        self.next_head = nn.Linear(config.d_model, 2)
        initialise(self.next_head)

    def forward(
        self,
        token_ids: Int[Tensor, "batch length"],
        segment_ids: Int[Tensor, "batch length"] | None = None,
    ) -> PreTrainingOutput:
        """Predict every token and whether the sentences belong together.

        Args:
            token_ids: the masked input, shape (batch, length).
            segment_ids: see `BertEmbeddings`.

        Returns:
            The logits of both heads.
        """
        hidden, pooled = self.bert(token_ids, segment_ids)
        token_logits = self.token_head(hidden, self.bert.embeddings.token.weight)
        return PreTrainingOutput(token_logits, self.next_head(pooled))

    def losses(
        self,
        token_ids: Int[Tensor, "batch length"],
        segment_ids: Int[Tensor, "batch length"] | None,
        labels: Int[Tensor, "batch length"],
        next_labels: Int[Tensor, "batch"],
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """The mean loss of each of the two tasks; BERT is trained on their sum.

        Only positions with a label go through the head, whose matrix has a row for each token of
        the vocabulary: computing it at the other five out of six would be wasted.

        Args:
            token_ids: the masked input, shape (batch, length).
            segment_ids: see `BertEmbeddings`.
            labels: what stood at the chosen positions, elsewhere -100, shape (batch, length).
            next_labels: 0 where the second sentence follows the first, 1 where not, shape (batch,).

        Returns:
            The mean over the chosen tokens, 0 if there are none, and the mean over the inputs.
        """
        hidden, pooled = self.bert(token_ids, segment_ids)
        chosen = labels != IGNORED
        logits = self.token_head(hidden[chosen], self.bert.embeddings.token.weight)
        of_tokens = F.cross_entropy(logits, labels[chosen], reduction="sum")
        of_next = F.cross_entropy(self.next_head(pooled), next_labels)
        return of_tokens / chosen.sum().clamp(min=1), of_next


def make_encoder(config: BertConfig) -> Encoder:
    """The encoder of a BERT, or of a language model of the same size."""
    return Encoder(
        num_layers=config.num_layers,
        d_model=config.d_model,
        num_heads=config.num_heads,
        d_ff=config.d_ff,
        dropout=config.dropout,
        norm_first=config.norm_first,
        activation=ACTIVATIONS[config.activation],
        eps=config.eps,
    )


def initialise(module: nn.Module) -> None:
    """Draw matrices and embeddings from N(0, 0.02²); biases become 0, norms stay as they are.

    Args:
        module: is changed in place, with all modules in it.

    Source: the released code of Devlin et al. 2019.
    """
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding | LearnedPositions):
            nn.init.normal_(part.weight, std=0.02)
        if isinstance(part, nn.Linear):
            nn.init.zeros_(part.bias)
