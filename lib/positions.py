"""Positional encodings: how a token's place gets into its vector (Vaswani et al. 2017, 3.5).

Attention treats its input as a set. Whatever the model is to know about order must be in the
vectors themselves, so a vector that depends on the position is added to each embedding.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lib.arguments import check_at_least_one


def sinusoidal_positions(
    length: int, d_model: int, *, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "length d_model"]:
    """The paper's table of sines and cosines.

    PE(pos, 2k) = sin(pos / 10000^(2k/d_model)) and PE(pos, 2k+1) = cos of the same angle: the
    two columns of a pair share one frequency, and pairs stand side by side. Some libraries
    put all sines before all cosines instead, which permutes the columns.

    Args:
        length: number of positions, counted from 0.
        d_model: width of a vector, an even number.
        dtype: type of the result. The angles are computed in float64 and cast down at the
            end, so that far positions are as exact as near ones.

    Returns:
        The table, shape (length, d_model).

    Raises:
        ValueError: if d_model is below 1, or odd: the last sine would have no cosine.

    Examples:
        >>> sinusoidal_positions(3, 4)
        tensor([[ 0.0000,  1.0000,  0.0000,  1.0000],
                [ 0.8415,  0.5403,  0.0100,  0.9999],
                [ 0.9093, -0.4161,  0.0200,  0.9998]])

    Source: Vaswani et al. 2017, section 3.5.
    """
    _check_even(d_model)
    position = torch.arange(length, dtype=torch.float64)[:, None]  # (length, 1)
    exponent = torch.arange(0, d_model, 2, dtype=torch.float64) / d_model  # (d_model / 2,)
    angle = position / 10000**exponent  # (length, d_model / 2)
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1).to(dtype)


class SinusoidalPositions(nn.Module):
    """Add the sinusoidal table to a sequence of vectors.

    There is nothing to learn and nothing to save: the table is made when it is first needed,
    in the input's dtype, and made again when a longer sequence comes.

    Args:
        d_model: width of a vector, an even number.

    Raises:
        ValueError: if d_model is below 1 or odd.

    Source: Vaswani et al. 2017, section 3.5.
    """

    def __init__(self, d_model: int):
        super().__init__()
        _check_even(d_model)
        self.d_model = d_model
        # A plain attribute: a buffer would be rounded to float32 and stay so after .double().
        self._table = torch.empty(0, d_model)

    def forward(
        self, x: Float[Tensor, "batch length d_model"], start: int = 0
    ) -> Float[Tensor, "batch length d_model"]:
        """Add positions start, start + 1, … to x.

        Args:
            x: shape (batch, length, d_model).
            start: position of the first vector; a decoder that gets one token at a time says
                here how many came before.

        Returns:
            A new tensor of the shape of x.
        """
        end = start + x.shape[1]
        table = self._table
        if len(table) < end or table.dtype != x.dtype or table.device != x.device:
            # Twice as long as needed, so that step-by-step decoding does not grow it each time.
            table = sinusoidal_positions(2 * end, self.d_model, dtype=x.dtype).to(x.device)
            self._table = table
        return x + table[start:end]


class LearnedPositions(nn.Module):
    """Add a learned vector for each position.

    The paper found no difference in quality (Table 3, row E), but a position beyond
    max_length has no vector.

    The vectors start as N(0, 1/d_model). Beside embeddings that are multiplied by √d_model, as
    in `lib.transformer.Transformer`, that is little: at d_model 512 their root mean square is
    0.044, the embeddings' is 1. Training makes them as large as they are useful.

    Args:
        max_length: number of positions that have a vector.
        d_model: width of a vector.

    Raises:
        ValueError: if max_length or d_model is below 1.

    Source: Vaswani et al. 2017, section 3.5, after Gehring et al. 2017.
    """

    def __init__(self, max_length: int, d_model: int):
        super().__init__()
        check_at_least_one(max_length=max_length, d_model=d_model)
        self.weight = nn.Parameter(torch.empty(max_length, d_model))
        nn.init.normal_(self.weight, std=d_model**-0.5)

    def forward(
        self, x: Float[Tensor, "batch length d_model"], start: int = 0
    ) -> Float[Tensor, "batch length d_model"]:
        """Add positions start, start + 1, … to x.

        Args:
            x: shape (batch, length, d_model).
            start: position of the first vector.

        Returns:
            A new tensor of the shape of x.

        Raises:
            ValueError: if a position is not below max_length.
        """
        end = start + x.shape[1]
        if end > len(self.weight):
            raise ValueError(
                f"expected positions below max_length={len(self.weight)}, got position {end - 1} "
                f"(start={start}, length={x.shape[1]}); learned positions end where training did"
            )
        return x + self.weight[start:end]


def _check_even(d_model: int) -> None:
    check_at_least_one(d_model=d_model)
    if d_model % 2 != 0:
        raise ValueError(
            f"expected an even d_model, got {d_model}; each frequency needs a sine and a cosine"
        )
