"""Learning a rule from few examples: a convolution, an LSTM and a Transformer.

For the page book/transformer/weaknesses.md, which explains what is here.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from experiments.experiment import Experiment
from lib.encoder import Encoder
from lib.positions import SinusoidalPositions
from lib.training import train

KINDS = ("convolution", "LSTM", "Transformer")
COUNTS = (10, 30, 100, 300, 1000)  # examples
DISTANCES = (1, 12)  # how far back the rule looks
SEEDS = (0, 1, 2)
STEPS = 400
LENGTH, D = 16, 32


class Convolution(nn.Module):
    """Three convolutions of width 3 with residual connections: each output sees seven inputs."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(D, D, 3, padding=1) for _ in range(3))

    def forward(self, x):
        """From (batch, length, D) to the same shape."""
        x = x.transpose(1, 2)
        for layer in self.layers:
            x = x + layer(x).relu()
        return x.transpose(1, 2)


class Reader(nn.Module):
    """Reads digits and says yes or no at each position."""

    def __init__(self, kind):
        super().__init__()
        self.embedding, self.read_off = nn.Embedding(10, D), nn.Linear(D, 2)
        if kind == "convolution":
            self.body = Convolution()
        elif kind == "LSTM":
            self.body = nn.LSTM(D, D, num_layers=2, batch_first=True)
        else:
            self.body = nn.Sequential(
                SinusoidalPositions(D),
                Encoder(num_layers=2, d_model=D, num_heads=2, d_ff=2 * D, norm_first=True),
            )

    def forward(self, digits):
        """The logits of no and yes, shape (batch, length, 2)."""
        h = self.body(self.embedding(digits))
        return self.read_off(h[0] if isinstance(h, tuple) else h)


def make_digits(count, distance, generator):
    """Digits, shape (count, LENGTH), and whether each is larger than the one so far back."""
    digits = torch.randint(10, (count, LENGTH), generator=generator)
    return digits, (digits > digits.roll(distance, dims=1)).long()


def share_right(kind, count, distance, seed, steps=STEPS):
    """Train on so many examples; the share of right answers on 1,000 others."""
    generator = torch.Generator().manual_seed(seed)
    data = make_digits(count, distance, generator)
    torch.manual_seed(seed)
    model = Reader(kind)

    def loss(model, digits, answer):  # the first digits have none so far back
        logits = model(digits)[:, distance:]
        return F.cross_entropy(logits.flatten(0, 1), answer[:, distance:].flatten())

    train(
        model,
        data,
        steps=steps,
        batch_size=min(32, count),
        learning_rate=3e-3,
        loss=loss,
        quiet=True,
        generator=generator,
    )
    digits, answer = make_digits(1000, distance, torch.Generator().manual_seed(1000))
    with torch.no_grad():
        right = model(digits).argmax(dim=-1) == answer
    return right[:, distance:].double().mean().item()


def shares(kind, distance, counts, seeds, steps):
    """The shares for each number of examples, one for each seed."""
    return {
        str(count): [share_right(kind, count, distance, seed, steps) for seed in seeds]
        for count in counts
    }


def arms(short):
    """Each kind with each rule."""
    settings = (COUNTS[:1], SEEDS[:1], 2) if short else (COUNTS, SEEDS, STEPS)
    return {
        f"{kind}, {distance} back": partial(shares, kind, distance, *settings)
        for distance in DISTANCES
        for kind in KINDS
    }


EXPERIMENT = Experiment(
    script=__file__,
    question="From how many examples does a model learn to compare a digit with an earlier one?",
    data=f"10 to 1,000 rows of {LENGTH} random digits, and 1,000 others for the test",
    steps=f"{STEPS} with batches of 32, or of all examples if there are fewer; learning rate 0.003",
    seeds="0, 1 and 2 for the digits, the batches and the weights",
    arms=arms,
)

if __name__ == "__main__":
    EXPERIMENT.main()
