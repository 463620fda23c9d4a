"""The key–value cache: what a decoder need not compute again for each new token."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

Keys = Float[Tensor, "batch heads length d_k"]
Values = Float[Tensor, "batch heads length d_v"]


class LayerCache:
    """Projected keys and values of one decoder layer.

    `append` takes those of the newest target tokens; `memory` holds those of the encoder's
    output, which stay the same for the whole sentence.
    """

    def __init__(self):
        self.keys: Tensor | None = None
        self.values: Tensor | None = None
        self.memory: tuple[Tensor, Tensor] | None = None

    def append(self, keys: Keys, values: Values) -> tuple[Tensor, Tensor]:
        """Add the keys and values of new tokens.

        Args:
            keys: shape (batch, heads, new, d_k).
            values: shape (batch, heads, new, d_v).

        Returns:
            Keys and values of all tokens so far, shape (batch, heads, length, size).
        """
        if self.keys is not None and self.values is not None:
            keys = torch.cat((self.keys, keys), dim=2)
            values = torch.cat((self.values, values), dim=2)
        self.keys, self.values = keys, values
        return keys, values


class KeyValueCache:
    """Keys and values of all decoder layers, and how many target tokens they stand for.

    A decoder's past does not change: causal masking keeps later tokens out of it. So each
    step only projects its newest token and attends to what is stored. Made empty for a batch
    of sentences, handed to `Transformer.decode` with each new token, which fills it.

    Args:
        num_layers: number of decoder layers.
    """

    def __init__(self, num_layers: int):
        self.layers = [LayerCache() for _ in range(num_layers)]

    @property
    def length(self) -> int:
        """Number of target tokens stored."""
        keys = self.layers[0].keys
        return 0 if keys is None else keys.shape[2]

    def reorder(self, rows: Int[Tensor, "new_batch"]) -> None:
        """Keep the given rows of the batch, in the given order; a row may come twice.

        Beam search calls this when a hypothesis is dropped and another continues twice.

        Args:
            rows: indices into the batch, shape (new_batch,).
        """
        for layer in self.layers:
            if layer.keys is not None and layer.values is not None:
                layer.keys, layer.values = layer.keys[rows], layer.values[rows]
            if layer.memory is not None:
                layer.memory = (layer.memory[0][rows], layer.memory[1][rows])
