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

KINDS = {"Transformer": None, "LSTM": 0, "LSTM, bias 2": 2, "LSTM, bias 5": 5}
DISTANCES = (4, 8, 16, 32, 64)
LONGER = (("LSTM", 16), ("LSTM, bias 2", 64))  # at four times the steps
RATES = (3e-3, 1e-2)  # the better one counts
SEEDS = (0, 1, 2)
STEPS = 400
D, SYMBOLS = 32, 10


class Remember(nn.Module):
    """One layer of a Transformer's encoder, or of an LSTM, that names a symbol at the end."""

    def __init__(self, bias=None):
        super().__init__()
        self.embedding = nn.Embedding(2 * SYMBOLS + 1, D)
        if bias is None:
            self.body = nn.Sequential(
                SinusoidalPositions(D),
                Encoder(num_layers=1, d_model=D, num_heads=2, d_ff=2 * D, norm_first=True),
            )
        else:
            self.body = nn.LSTM(D, D, batch_first=True)
            with torch.no_grad():
                self.body.bias_ih_l0[D : 2 * D] += bias  # the forget gate's
        self.read_off = nn.Linear(D, SYMBOLS)

    def forward(self, x):
        """The logits of the symbol, shape (batch, SYMBOLS)."""
        h = self.body(self.embedding(x))
        return self.read_off((h[0] if isinstance(h, tuple) else h)[:, -1])


def make_examples(count, distance, generator, anywhere=False):
    """Random symbols, shape (count, distance + 1), and the marked one of each row.

    It is the first, so that it is always at the same place; or it is anywhere before the end.
    """
    x = torch.randint(SYMBOLS, (count, distance + 1), generator=generator)
    x[:, -1] = 2 * SYMBOLS  # "name it now"
    place = torch.zeros(count, dtype=torch.long)
    if anywhere:
        place = torch.randint(distance, (count,), generator=generator)
    rows = torch.arange(count)
    answer = x[rows, place]
    x[rows, place] += SYMBOLS  # the mark
    return x, answer


def trained(bias, distance, learning_rate, steps, seed, anywhere=False):
    """A model that has been trained at one distance."""
    generator = torch.Generator().manual_seed(seed)
    data = make_examples(64 * steps, distance, generator, anywhere)
    torch.manual_seed(seed)
    model = Remember(bias)
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
    return model


@torch.no_grad()
def recall(model, distance, anywhere=False):
    """The share of 1,000 symbols that a trained model names rightly."""
    generator = torch.Generator().manual_seed(1000)
    x, answer = make_examples(1000, distance, generator, anywhere)
    return (model(x).argmax(dim=-1) == answer).double().mean().item()


def best_recalls(bias, steps, seeds, distance, anywhere=False):
    """For each seed the share with the better learning rate."""
    return [
        max(
            recall(trained(bias, distance, rate, steps, seed, anywhere), distance, anywhere)
            for rate in RATES
        )
        for seed in seeds
    ]


def recalls_by_distance(bias, steps, seeds):
    """The shares for each distance."""
    return {str(distance): best_recalls(bias, steps, seeds, distance) for distance in DISTANCES}


def arms(short):
    """The distances of each kind, a longer training, then the symbol at any place."""
    steps, four_times = (2, 3) if short else (STEPS, 4 * STEPS)
    seeds = SEEDS[:1] if short else SEEDS
    by_kind = {
        kind: partial(recalls_by_distance, bias, steps, seeds) for kind, bias in KINDS.items()
    }
    longer = {
        f"{kind}, distance {distance}, 1,600 steps": partial(
            best_recalls, KINDS[kind], four_times, seeds, distance
        )
        for kind, distance in LONGER
    }
    anywhere = {
        f"{kind}, anywhere": partial(best_recalls, bias, steps, seeds, 32, True)
        for kind, bias in KINDS.items()
    }
    return by_kind | longer | anywhere


EXPERIMENT = Experiment(
    script=__file__,
    question="Over which distance does a model learn to remember a symbol?",
    data="for each distance 64 rows of random symbols a step, and 1,000 others for the test",
    steps=f"{STEPS} with batches of 64, two arms {4 * STEPS:,}; the better of two learning rates",
    seeds="0, 1 and 2 for the symbols, the batches and the weights",
    arms=arms,
)

if __name__ == "__main__":
    EXPERIMENT.main()
