"""The lab's Transformer and an LSTM of its size, trained on the same dates from three seeds.

For the page book/transformer/lab-translator.md, which explains what is here.
"""

from functools import partial

import torch

from experiments.experiment import Experiment, Trained
from lib.data.dates import date_vocabulary, make_date_pairs
from lib.data.vocabulary import encode_pairs
from lib.lstm import LSTMConfig, LSTMTranslator
from lib.training import linear_warmup_decay, train
from lib.transformer import Transformer, TransformerConfig
from lib.translation import exact_match, translation_loss

SEEDS = range(3)
STEPS, PAIRS, TEST_PAIRS, BATCH_SIZE = 1000, 40_000, 2_000, 128


def make_models(seed):
    """Both models, untrained, by name, as the lab makes them from seed 0."""
    vocab_size = len(date_vocabulary())
    torch.manual_seed(seed)
    transformer = TransformerConfig(
        vocab_size=vocab_size, d_model=64, num_layers=2, num_heads=4, d_ff=128, dropout=0.0
    )
    lstm = LSTMConfig(vocab_size=vocab_size, d_model=70, num_layers=2, dropout=0.0)
    return {"Transformer": Transformer(transformer), "LSTM": LSTMTranslator(lstm)}


def train_translator(name, seed, steps, pairs, test_pairs):
    """The loss of each step, the share of held-out dates right, and the LSTM's first weights."""
    vocabulary = date_vocabulary()
    generator = torch.Generator().manual_seed(0)
    data = encode_pairs(make_date_pairs(pairs, generator=generator), vocabulary)
    test = encode_pairs(make_date_pairs(test_pairs, generator=generator, held_out=True), vocabulary)
    model = make_models(seed)[name]
    losses = train(
        model,
        data,
        steps=steps,
        batch_size=BATCH_SIZE,
        learning_rate=partial(linear_warmup_decay, steps=steps, peak=2e-3),
        loss=translation_loss,
        generator=torch.Generator().manual_seed(seed + 1),
        quiet=True,
    )
    numbers = {"losses": losses, "right": exact_match(model, *test)}
    # The page trains its Transformer itself.
    return Trained(numbers, model.state_dict()) if (name, seed) == ("LSTM", 0) else numbers


def arms(short):
    """Each model from each seed."""
    sizes = (3, 500, 20) if short else (STEPS, PAIRS, TEST_PAIRS)
    return {
        f"{name} {seed}": partial(train_translator, name, seed, *sizes)
        for name in ("Transformer", "LSTM")
        for seed in SEEDS
    }


EXPERIMENT = Experiment(
    script=__file__,
    question="Which learns to translate dates sooner, the lab's Transformer or an LSTM of its "
    "size?",
    data=f"{PAIRS:,} pairs of an English and a Japanese date, from Unicode CLDR; "
    f"{TEST_PAIRS:,} pairs of other days to test on",
    steps=f"{STEPS:,} with batches of {BATCH_SIZE}",
    seeds="0 for the dates; 0, 1, 2 for the weights, 1, 2, 3 for the batches",
    arms=arms,
)

if __name__ == "__main__":
    EXPERIMENT.main()
