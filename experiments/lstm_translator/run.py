"""The LSTM that the lab's Transformer is compared with: trained on the same dates.

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
from lib.translation import translation_loss

STEPS, PAIRS, BATCH_SIZE = 1000, 40_000, 128


def train_lstm(steps, pairs):
    """The loss of each step, and the trained weights."""
    vocabulary = date_vocabulary()
    generator = torch.Generator().manual_seed(0)
    data = encode_pairs(make_date_pairs(pairs, generator=generator), vocabulary)
    torch.manual_seed(0)
    # The lab makes its Transformer and then the LSTM from this seed; the LSTM's first weights
    # are the same here and there only after the same draws.
    Transformer(
        TransformerConfig(
            vocab_size=len(vocabulary), d_model=64, num_layers=2, num_heads=4, d_ff=128, dropout=0.0
        )
    )
    lstm = LSTMTranslator(
        LSTMConfig(vocab_size=len(vocabulary), d_model=70, num_layers=2, dropout=0.0)
    )
    losses = train(
        lstm,
        data,
        steps=steps,
        batch_size=BATCH_SIZE,
        learning_rate=partial(linear_warmup_decay, steps=steps, peak=2e-3),
        loss=translation_loss,
        generator=torch.Generator().manual_seed(1),
        quiet=True,
    )
    return Trained(losses, lstm.state_dict())


def arms(short):
    """The LSTM."""
    return {"LSTM": partial(train_lstm, *((3, 500) if short else (STEPS, PAIRS)))}


EXPERIMENT = Experiment(
    script=__file__,
    question="How does an LSTM learn to translate dates, as large as the lab's Transformer?",
    data=f"{PAIRS:,} pairs of an English and a Japanese date, from Unicode CLDR",
    steps=f"{STEPS:,} with batches of {BATCH_SIZE}",
    seeds="0 for the dates and the weights, 1 for the batches",
    arms=arms,
)

if __name__ == "__main__":
    EXPERIMENT.main()
