"""Remembering a symbol over a distance: a Transformer, and LSTMs with their gate more or less open.

For the page book/transformer/strengths.md, which explains what is here.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from experiments.experiment import Experiment
from lib.encoder import Encoder
from lib.positions import SinusoidalPositions
from lib.training import train

KINDS = ("Transformer", "LSTM", "LSTM, gate open")
DISTANCES = (4, 8, 16, 32, 64)
RATES = (3e-3, 1e-2)  # the better one counts
STEPS = 400
BIASES = ((2, 400, 64), (2, 1600, 64), (5, 400, 64), (5, 400, 128))  # bias, steps, distance
D, SYMBOLS = 32, 10


class Remember(nn.Module):
    """One layer of a Transformer's encoder, or of an LSTM, that names a symbol at the end."""

    def __init__(self, kind, bias=2.0):
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS + 1, D)
        if kind == "Transformer":
            self.body = nn.Sequential(
                SinusoidalPositions(D),
                Encoder(num_layers=1, d_model=D, num_heads=2, d_ff=2 * D, norm_first=True),
            )
        else:
            self.body = nn.LSTM(D, D, batch_first=True)
        if kind == "LSTM, gate open":
            with torch.no_grad():
                self.body.bias_ih_l0[D : 2 * D] += bias
        self.read_off = nn.Linear(D, SYMBOLS)

    def forward(self, x):
        """The logits of the symbol, shape (batch, SYMBOLS)."""
        h = self.body(self.embedding(x))
        return self.read_off((h[0] if isinstance(h, tuple) else h)[:, -1])


def make_examples(count, distance, generator):
    """Random symbols, shape (count, distance + 1), and the first of each row."""
    x = torch.randint(SYMBOLS, (count, distance + 1), generator=generator)
    x[:, -1] = SYMBOLS  # "name it now"
    return x, x[:, 0]


def recall(kind, distance, learning_rate, bias=2.0, steps=400):
    """The share of 1,000 symbols that a trained model names rightly."""
    generator = torch.Generator().manual_seed(0)
    data = make_examples(64 * steps, distance, generator)
    x, answer = make_examples(1000, distance, generator)
    torch.manual_seed(0)
    model = Remember(kind, bias)
    train(
        model,
        data,
        steps=steps,
        batch_size=64,
        quiet=True,
        learning_rate=learning_rate,
        generator=generator,
        loss=lambda model, x, y: F.cross_entropy(model(x), y),
    )
    return (model(x).argmax(dim=-1) == answer).double().mean().item()


def best_recall(kind, distance, bias, steps):
    """The share with the better learning rate."""
    return max(recall(kind, distance, rate, bias, steps) for rate in RATES)


def recall_by_distance(kind, steps):
    """The share for each distance."""
    return {str(distance): best_recall(kind, distance, 2.0, steps) for distance in DISTANCES}


def arms(short):
    """The distances of each kind, then the LSTM with other biases and a longer training."""
    by_kind = {kind: partial(recall_by_distance, kind, 2 if short else STEPS) for kind in KINDS}
    by_bias = {
        f"bias of {bias}, {steps} steps, distance {distance}": partial(
            best_recall, "LSTM, gate open", distance, bias, 2 if short else steps
        )
        for bias, steps, distance in BIASES
    }
    return by_kind | by_bias


EXPERIMENT = Experiment(
    script=__file__,
    question="Over which distance does a model learn to remember a symbol?",
    data="for each distance 64 rows of random symbols a step, and 1,000 others for the test",
    steps=f"{STEPS} with batches of 64, one arm 1,600; the better of two learning rates",
    seeds="0 for the symbols, the batches and the weights",
    arms=arms,
)

if __name__ == "__main__":
    EXPERIMENT.main()
