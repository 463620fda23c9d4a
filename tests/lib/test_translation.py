"""A translator's loss, and the share of sentences that it gets right."""

import pytest
import torch
import torch.nn.functional as F

from lib.decoding import greedy_decode
from lib.transformer import Transformer
from lib.translation import exact_match, translation_loss
from tests.lib.helpers import BOS, EOS, PAD, padded_ids, randomise, tiny_config


def test_translation_loss_is_the_sum_of_the_steps(agree):
    model = randomise(Transformer(tiny_config()))
    source_ids, target_ids = padded_ids(7, 4), padded_ids(5, 3, seed=1)
    total, count = 0.0, 0
    for source, target in zip(source_ids, target_ids, strict=True):
        given = [BOS]
        for token in target[target != PAD].tolist():
            logits = model(source[None], torch.tensor([given]))[0, -1]
            total, count = total - logits.log_softmax(-1)[token], count + 1
            given.append(token)
    agree(
        "one masked pass = step by step",
        translation_loss(model, source_ids, target_ids),
        total / count,
    )


def test_exact_match_counts_whole_sentences():
    model = randomise(Transformer(tiny_config())).train()
    source_ids = padded_ids(7, 3, 5)
    right = greedy_decode(model, source_ids, max_length=6)
    assert exact_match(model, source_ids, right) == 1.0
    wrong = right.clone()
    wrong[1, 0] += 1
    assert exact_match(model, source_ids, wrong) == pytest.approx(2 / 3)
    longer = F.pad(right, (0, 2), value=PAD)
    longer[0, 6] = EOS
    assert exact_match(model, source_ids, longer) < 1.0
    assert model.training
