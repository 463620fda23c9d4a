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

KINDS = ("post-norm", "pre-norm", "LSTM")
RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
WARMUPS = (1, 50)
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

    def __init__(self, kind, num_layers=6, d=32):
        super().__init__()
        self.kind, self.embedding = kind, nn.Embedding(10, d)
        if kind == "LSTM":
            self.body = nn.LSTM(d, d, num_layers=2, bidirectional=True, batch_first=True)
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


def make_sorter(kind, num_layers=6):
    """A model that starts from the same weights each time."""
    torch.manual_seed(0)
    model = Sorter(kind, num_layers)
    model(torch.zeros(1, 8, dtype=torch.long))  # sets the lazy layer's size
    for parameter in model.body.parameters():
        if kind != "LSTM" and parameter.dim() == 2:
            nn.init.xavier_uniform_(parameter)
    return model


def rate(step, peak, warmup):
    """The learning rate: it rises from 0 to its peak, and stays there."""
    return peak * min(1.0, step / warmup)


def final_loss(kind, peak, warmup, steps=200):
    """The training loss, mean of the last 20 steps."""
    history = train(
        make_sorter(kind),
        data,
        steps=steps,
        batch_size=32,
        learning_rate=partial(rate, peak=peak, warmup=warmup),
        loss=sorting_loss,
        quiet=True,
        generator=torch.Generator().manual_seed(1),
    )
    return sum(history[-20:]) / 20


def test_loss(kind, batch_size, steps, peak):
    """The loss on digits that were not trained on."""
    model = make_sorter(kind, num_layers=4)
    train(
        model,
        data,
        steps=steps,
        batch_size=batch_size,
        learning_rate=partial(rate, peak=peak, warmup=max(1, steps // 4)),
        loss=sorting_loss,
        quiet=True,
        generator=torch.Generator().manual_seed(1),
    )
    with torch.no_grad():
        return sorting_loss(model, *test_data).item()


def best_loss(kind, batch_size, steps):
    """The test loss with the best of three learning rates."""
    return min(test_loss(kind, batch_size, steps, peak) for peak in (1e-3, 3e-3, 1e-2))


def losses_by_rate(kind, warmup, steps):
    """The final loss for each peak of the learning rate."""
    return {str(peak): final_loss(kind, peak, warmup, steps) for peak in RATES}


def losses_by_budget(batch_size, examples, few_steps):
    """The best losses of both kinds, at equal examples and at equal steps."""
    budgets = {"equal examples": examples // batch_size, "equal steps": few_steps}
    return {
        budget: {kind: best_loss(kind, batch_size, steps) for kind in ("post-norm", "LSTM")}
        for budget, steps in budgets.items()
    }


def arms(short):
    """The learning rates of each kind with and without a warm-up, then the batch sizes."""
    rates = {
        f"{kind}, warm-up of {warmup}": partial(losses_by_rate, kind, warmup, 2 if short else STEPS)
        for kind in KINDS
        for warmup in WARMUPS
    }
    budgets = (128, 1) if short else (EXAMPLES, FEW_STEPS)
    batches = {
        f"batch of {size}": partial(losses_by_budget, size, *budgets) for size in BATCH_SIZES
    }
    return rates | batches


EXPERIMENT = Experiment(
    script=__file__,
    question="Which peaks of the learning rate, and which batch sizes, does a model bear?",
    data="20,000 rows of eight random digits, and 1,000 others for the test of batch sizes",
    steps=f"{STEPS} with batches of 32; for the batch sizes {EXAMPLES:,} examples or {FEW_STEPS} "
    "steps, each with the best of three rates",
    seeds="0 for the digits and the weights, 1 for the batches",
    arms=arms,
)

if __name__ == "__main__":
    EXPERIMENT.main()
