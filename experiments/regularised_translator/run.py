"""A small translator of dates with the rows (D) of the paper's Table 3: dropout and smoothing.

For the page book/transformer/training.md, which explains what is here. The base of seed 0 is kept
for book/transformer/decoding.md.
"""

import math
from functools import partial

import torch

from experiments.experiment import Experiment, Trained
from lib.data.dates import date_vocabulary, make_date_pairs
from lib.data.vocabulary import encode_pairs
from lib.training import linear_warmup_decay, shift_right, train
from lib.transformer import Transformer, TransformerConfig
from lib.translation import exact_match, translation_loss

SEEDS = 5
STEPS = 400
# As in the paper's table, an arm changes one number of the base.
BASE = {"dropout": 0.1, "smoothing": 0.1}
ROWS = {
    "base": {},
    "P_drop 0.0": {"dropout": 0.0},
    "P_drop 0.2": {"dropout": 0.2},
    "ε_ls 0.0": {"smoothing": 0.0},
    "ε_ls 0.2": {"smoothing": 0.2},
}

generator = torch.Generator().manual_seed(0)
vocabulary = date_vocabulary()
train_data = encode_pairs(make_date_pairs(1000, generator=generator), vocabulary)
test_data = encode_pairs(make_date_pairs(1000, generator=generator, held_out=True), vocabulary)


def measure(seed, steps, dropout, smoothing):
    """Train a translator; return it, its perplexity, its accuracy, its dates wholly right."""
    torch.manual_seed(seed)
    model = Transformer(
        TransformerConfig(
            vocab_size=len(vocabulary),
            d_model=64,
            num_layers=2,
            num_heads=4,
            d_ff=128,
            dropout=dropout,
        )
    )
    train(
        model,
        train_data,
        steps=steps,
        batch_size=64,
        learning_rate=partial(linear_warmup_decay, steps=steps, peak=3e-3),
        loss=partial(translation_loss, smoothing=smoothing),
        quiet=True,
        generator=torch.Generator().manual_seed(seed),
    )
    source, target = test_data
    with torch.no_grad():
        logits = model(source, shift_right(target, model.config.bos_id))
        loss = translation_loss(model, source, target)  # without smoothing, for every arm
    real = target != model.config.pad_id
    numbers = {
        "perplexity": math.exp(loss.item()),
        "accuracy": (logits.argmax(dim=-1) == target)[real].double().mean().item(),
        "exact": exact_match(model, source, target),
    }
    return model, numbers


def measure_all(change, seeds, steps):
    """A list over the seeds for each quantity, and for the base the weights of seed 0."""
    models, results = zip(
        *(measure(seed, steps, **(BASE | change)) for seed in range(seeds)), strict=True
    )
    numbers = {name: [result[name] for result in results] for name in results[0]}
    return numbers if change else Trained(numbers, models[0].state_dict())


def arms(short):
    """One arm for each row of the table."""
    seeds, steps = (1, 2) if short else (SEEDS, STEPS)
    return {name: partial(measure_all, change, seeds, steps) for name, change in ROWS.items()}


EXPERIMENT = Experiment(
    script=__file__,
    question="What do dropout and label smoothing do to a translator that has seen few examples?",
    data="1,000 pairs of an English and a Japanese date, and 1,000 of days that are held out",
    steps=f"{STEPS} with batches of 64",
    seeds=f"0 for the dates, 0 to {SEEDS - 1} for the weights and the batches",
    arms=arms,
)

if __name__ == "__main__":
    EXPERIMENT.main()
