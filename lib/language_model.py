"""A language model on the encoder's layers, with or without the causal mask.

With the mask it is a GPT: each position predicts the next token from what came before. Without it
each position sees the token that it is to predict, and copies it. The two differ in nothing else.
"""

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from lib.bert import BertConfig, BertEmbeddings, initialise, make_encoder
from lib.masks import causal_mask, padding_mask


class LanguageModel(nn.Module):
    """Predict at each position the token of the next one.

    Args:
        config: the sizes, those of a BERT.
        causal: whether a position sees only itself and what came before.

    Source: Radford et al. 2018, section 3.1, for the causal one, here with BERT's embeddings.
    """

    def __init__(self, config: BertConfig, *, causal: bool):
        super().__init__()
        self.config = config
        self.causal = causal
        self.embeddings = BertEmbeddings(config)
        self.encoder = make_encoder(config)
        initialise(self)

    def forward(
        self, token_ids: Int[Tensor, "batch length"]
    ) -> Float[Tensor, "batch length vocab"]:
        """Predict the next token at each position.

        Args:
            token_ids: tokens, then padding, shape (batch, length).

        Returns:
            Logits, shape (batch, length, vocab). The output matrix is that of the embeddings.
        """
        mask = padding_mask(token_ids, self.config.pad_id)  # (batch, 1, 1, length)
        if self.causal:
            mask = mask & causal_mask(token_ids.shape[1], device=token_ids.device)
        hidden = self.encoder(self.embeddings(token_ids), mask)
        return F.linear(hidden, self.embeddings.token.weight)


def next_token_loss(
    model: LanguageModel, token_ids: Int[Tensor, "batch length"]
) -> Float[Tensor, ""]:
    """Mean cross-entropy of each token after the first, given what the model sees.

    Args:
        model: the language model.
        token_ids: tokens, then padding, which does not count, shape (batch, length).

    Returns:
        A scalar.
    """
    logits = model(token_ids)[:, :-1]  # the last position has no next token
    return F.cross_entropy(
        logits.flatten(0, 1), token_ids[:, 1:].flatten(), ignore_index=model.config.pad_id
    )
