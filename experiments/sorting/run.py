"""Sorting digits with post-norm, pre-norm and an LSTM: how sensitive is each, and to what?

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

ARMS = (("post-norm", 2), ("post-norm", 6), ("pre-norm", 2), ("pre-norm", 6), ("LSTM", 2))
RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
WARMUPS = (1, 50)
SEEDS = (0, 1, 2)
STEPS = 200
BATCH_SIZES = (8, 32, 128)
EXAMPLES, FEW_STEPS = 6400, 50  # the two budgets for a batch size

generator = torch.Generator().manual_seed(0)
digits = torch.randint(10, (20_000, 8), generator=generator)
data = digits, digits.sort(dim=1).values
test_digits = torch.randint(10, (1000, 8), generator=generator)
test_data = test_digits, test_digits.sort(dim=1).values


class Sorter(nn.Module):
    """An encoder, or a bidirectional LSTM, that reads digits and writes one at each position."""

    def __init__(self, kind, num_layers, d=32):
        super().__init__()
        self.kind, self.embedding = kind, nn.Embedding(10, d)
        if kind == "LSTM":
            self.body = nn.LSTM(d, d, num_layers, bidirectional=True, batch_first=True)
        else:
            self.positions = SinusoidalPositions(d)
            self.body = Encoder(
                num_layers=num_layers,
                d_model=d,
                num_heads=4,
                d_ff=2 * d,
                norm_first=kind == "pre-norm",
            )
        self.read_off = nn.LazyLinear(10)

    def forward(self, digits):
        """The logits of the sorted digits, shape (batch, length, 10)."""
        x = self.embedding(digits)
        if self.kind == "LSTM":
            return self.read_off(self.body(x)[0])
        return self.read_off(self.body(self.positions(x)))


def sorting_loss(model, digits, answer):
    """The mean loss of a digit, in nats."""
    return F.cross_entropy(model(digits).flatten(0, 1), answer.flatten())


def make_sorter(kind, num_layers, seed=0):
    """A model that starts from the same weights for the same seed."""
    torch.manual_seed(seed)
    model = Sorter(kind, num_layers)
    model(torch.zeros(1, 8, dtype=torch.long))  # sets the lazy layer's size
    for parameter in model.body.parameters():
        if kind != "LSTM" and parameter.dim() == 2:
            nn.init.xavier_uniform_(parameter)
    return model


def rate(step, peak, warmup):
    """The learning rate: it rises from 0 to its peak, and stays there."""
    return peak * min(1.0, step / warmup)


def train_sorter(model, peak, warmup, seed=0, steps=200, batch_size=32):
    """Train a model; return the loss of each step."""
    return train(
        model,
        data,
        steps=steps,
        batch_size=batch_size,
        learning_rate=partial(rate, peak=peak, warmup=warmup),
        loss=sorting_loss,
        quiet=True,
        generator=torch.Generator().manual_seed(seed + 1),
    )


def final_loss(kind, num_layers, peak, warmup, seed=0, steps=200):
    """The training loss, mean of the last 20 steps."""
    model = make_sorter(kind, num_layers, seed)
    history = train_sorter(model, peak, warmup, seed, steps)
    return sum(history[-20:]) / len(history[-20:])


def test_loss(kind, batch_size, steps, peak, seed):
    """The loss of two layers on digits that were not trained on."""
    model = make_sorter(kind, 2, seed)
    train_sorter(model, peak, max(1, steps // 4), seed, steps, batch_size)
    with torch.no_grad():
        return sorting_loss(model, *test_data).item()


def by_rate(loss, rates, seeds):
    """The losses for each peak of the learning rate, one for each seed."""
    return {str(peak): [loss(peak=peak, seed=seed) for seed in seeds] for peak in rates}


def arms(short):
    """The learning rates of each kind with and without a warm-up, then the batch sizes."""
    grid = (RATES[:1], SEEDS[:1]) if short else (RATES, SEEDS)
    steps = 2 if short else STEPS
    rates = {
        f"{kind}, {num_layers} layers, warm-up of {warmup}": partial(
            by_rate,
            partial(final_loss, kind, num_layers, warmup=warmup, steps=steps),
            *grid,
        )
        for kind, num_layers in ARMS
        for warmup in WARMUPS
    }
    examples, few_steps = (128, 1) if short else (EXAMPLES, FEW_STEPS)
    steps_of = {
        "equal examples": {size: examples // size for size in BATCH_SIZES},
        # the largest batch has the same number of steps in both budgets
        "equal steps": {size: few_steps for size in BATCH_SIZES[:-1]},
    }
    batches = {
        f"{kind}, batch of {size}, {budget}": partial(
            by_rate, partial(test_loss, kind, size, steps), *grid
        )
        for budget, sizes in steps_of.items()
        for size, steps in sizes.items()
        for kind in ("post-norm", "LSTM")
    }
    return rates | batches


EXPERIMENT = Experiment(
    script=__file__,
    question="Which peaks of the learning rate, and which batch sizes, does a model bear?",
    data="20,000 rows of eight random digits, and 1,000 others for the test of batch sizes",
    steps=f"{STEPS} with batches of 32; for the batch sizes {EXAMPLES:,} examples or {FEW_STEPS} "
    "steps",
    seeds="0 for the digits; three for the weights and the batches",
    arms=arms,
)

if __name__ == "__main__":
    EXPERIMENT.main()
