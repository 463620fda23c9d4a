"""BERT against transformers, with copied weights, and what must hold of any BERT."""

import pytest
import torch

from lib.bert import Bert, BertConfig, BertForPreTraining
from lib.language_model import LanguageModel, next_token_loss
from lib.masking import IGNORED
from lib.training import count_parameters
from tests.lib.helpers import (
    D_MODEL,
    PAD,
    VOCAB,
    bert_pairs,
    compare_gradients,
    copy_weights,
    padded_ids,
    pretraining_pairs,
    random_ids,
    randomise,
    their_bert,
    tiny_bert_config,
)

LENGTHS = (9, 4, 7, 2)


def segments(ids):
    """The second half of each row is the second segment; padding belongs to the first."""
    return (torch.arange(ids.shape[1]) >= 3).long() * (ids != PAD)


def labels_for(ids, seed: int = 0):
    draw = torch.rand(ids.shape, generator=torch.Generator().manual_seed(seed))
    return ids.masked_fill((draw > 0.4) | (ids == PAD), IGNORED)


@pytest.mark.parametrize("activation", ["gelu", "gelu_tanh", "relu"])
def test_pre_training_agrees_with_transformers(agree, activation):
    config = tiny_bert_config(activation=activation)
    ours = randomise(BertForPreTraining(config))
    theirs = their_bert("BertForPreTraining", config)
    copy_weights(pretraining_pairs(ours, theirs))
    ids = padded_ids(*LENGTHS)
    labels, next_labels = labels_for(ids), torch.tensor([0, 1, 1, 0])
    expected = theirs(
        ids,
        (ids != PAD).long(),
        segments(ids),
        labels=labels,
        next_sentence_label=next_labels,
    )
    actual = ours(ids, segments(ids))
    oracle = f"BertForPreTraining, {activation}"
    real = ids != PAD  # at padding nobody reads what is computed
    agree(oracle, actual.token_logits[real], expected.prediction_logits[real])
    agree(oracle, actual.next_logits, expected.seq_relationship_logits)
    loss = sum(ours.losses(ids, segments(ids), labels, next_labels))
    agree(f"{oracle}: loss", loss, expected.loss)
    loss.backward()
    expected.loss.backward()
    compare_gradients(agree, oracle, pretraining_pairs(ours, theirs))


def test_hidden_states_and_attention_are_transformers(agree):
    config = tiny_bert_config(num_layers=3)
    ours = randomise(Bert(config))
    theirs = their_bert("BertModel", config)
    copy_weights(bert_pairs(ours, theirs))
    ids = padded_ids(*LENGTHS)
    real = ids != PAD
    expected = theirs(
        ids, real.long(), segments(ids), output_hidden_states=True, output_attentions=True
    )
    states = ours.hidden_states(ids, segments(ids))
    assert len(states) == len(expected.hidden_states) == 4
    for state, their_state in zip(states, expected.hidden_states, strict=True):
        agree("BertModel: hidden states", state[real], their_state[real])
    for weights, their_weights in zip(
        ours.attention_weights(ids, segments(ids)), expected.attentions, strict=True
    ):
        agree(
            "BertModel: attention",
            weights.mT[real.nonzero(as_tuple=True)[0]],
            their_weights.mT[real.nonzero(as_tuple=True)[0]],
        )
    agree("BertModel: pooled", ours(ids, segments(ids)).pooled, expected.pooler_output)


@pytest.mark.parametrize(
    ("make", "preset", "parameters"),
    [
        (Bert, BertConfig.base, 109_482_240),
        (BertForPreTraining, BertConfig.base, 110_106_428),
        (Bert, BertConfig.large, 335_141_888),
        (BertForPreTraining, BertConfig.large, 336_226_108),
    ],
)
def test_presets_have_the_published_number_of_parameters(make, preset, parameters):
    with torch.device("meta"):
        assert count_parameters(make(preset())) == parameters


def test_weights_start_as_in_the_released_code():
    torch.manual_seed(0)
    model = BertForPreTraining(BertConfig(1000, d_model=128, num_layers=2, num_heads=4, d_ff=512))
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            assert (parameter == 0).all(), name
        elif "norm" in name:
            assert (parameter == 1).all(), name
        else:  # 256 numbers or more: six standard errors are below 0.0054
            assert abs(parameter.std() - 0.02) < 6 * 0.02 / (2 * parameter.numel()) ** 0.5, name


@pytest.mark.parametrize("norm_first", [False, True])
def test_padding_does_not_matter(agree, norm_first):
    model = randomise(BertForPreTraining(tiny_bert_config(norm_first=norm_first)))
    ids = padded_ids(*LENGTHS)
    together = model(ids, segments(ids))
    labels = labels_for(ids)
    labels[:, 1] = ids[:, 1]
    next_labels = torch.tensor([0, 1, 1, 0])
    sums = torch.zeros(2, dtype=torch.float64)
    for i, length in enumerate(LENGTHS):
        alone = ids[i : i + 1, :length]
        output = model(alone, segments(alone))
        agree("padding: BERT", together.token_logits[i : i + 1, :length], output.token_logits)
        agree("padding: BERT", together.next_logits[i : i + 1], output.next_logits)
        row = slice(i, i + 1)
        masked, follows = model.losses(
            alone, segments(alone), labels[row, :length], next_labels[row]
        )
        chosen = (labels[row] != IGNORED).sum()
        sums += torch.stack((masked * chosen, follows)).detach()
    masked, follows = model.losses(ids, segments(ids), labels, next_labels)
    agree("padding: BERT's losses", masked, sums[0] / (labels != IGNORED).sum())
    agree("padding: BERT's losses", follows, sums[1] / len(LENGTHS))


def test_without_segments_all_are_the_first():
    model = randomise(Bert(tiny_bert_config()))
    ids = random_ids(3, 6)
    assert torch.equal(model(ids).hidden, model(ids, torch.zeros_like(ids)).hidden)
    assert not torch.allclose(model(ids).hidden, model(ids, torch.ones_like(ids)).hidden)


def test_every_parameter_learns():
    model = randomise(BertForPreTraining(tiny_bert_config()))
    ids = random_ids(2, 11)
    sum(model.losses(ids, segments(ids), labels_for(ids), torch.tensor([0, 1]))).backward()
    for name, parameter in model.named_parameters():
        if not name.endswith("key_projection.bias"):  # constant in each row of the softmax
            assert parameter.grad.isfinite().all() and (parameter.grad != 0).any(), name


def test_no_masked_token_is_no_loss():
    model = randomise(BertForPreTraining(tiny_bert_config()))
    ids = random_ids(2, 5)
    masked, follows = model.losses(ids, None, torch.full_like(ids, IGNORED), torch.tensor([0, 1]))
    assert masked == 0 and follows > 0
    (masked + follows).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_states_come_without_dropout_and_leave_the_mode():
    model = randomise(Bert(tiny_bert_config(dropout=0.5))).train()
    ids = random_ids(2, 5)
    first, second = model.hidden_states(ids), model.hidden_states(ids)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert model.training and not first[-1].requires_grad
    assert torch.equal(first[-1], model.eval()(ids).hidden)
    pre_norm = randomise(Bert(tiny_bert_config(norm_first=True)))
    assert torch.equal(pre_norm.hidden_states(ids)[-1], pre_norm(ids).hidden)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocab_size": 0}, "vocab_size of at least 1, got 0"),
        ({"num_segments": 0}, "num_segments of at least 1, got 0"),
        ({"dropout": 1.0}, r"below 1, got 1\.0"),
        ({"activation": "swish"}, 'one of "relu", "gelu", "gelu_tanh", got "swish"'),
        ({"pad_id": VOCAB}, rf"below vocab_size={VOCAB}, got {VOCAB}"),
        ({"d_model": D_MODEL + 1}, "multiple of num_heads"),
    ],
)
def test_bad_sizes_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        Bert(tiny_bert_config(**changes))


def test_an_input_longer_than_the_positions_is_refused():
    with pytest.raises(ValueError, match="max_length=11, got position 11"):
        Bert(tiny_bert_config())(random_ids(1, 12))


# --- the two language models --------------------------------------------------------------


def test_only_the_causal_one_hides_the_future():
    ids = padded_ids(9, 6)
    changed = ids.clone()
    changed[:, 4] = (ids[:, 4] - 2) % (VOCAB - 3) + 3  # another ordinary token
    for causal in (True, False):
        model = randomise(LanguageModel(tiny_bert_config(), causal=causal))
        difference = (model(ids) - model(changed)).abs().amax(dim=-1)
        assert ((difference[:, :4] > 1e-9) != causal).all()
        assert (difference[:, 4:6] > 1e-9).all()


def test_the_two_language_models_have_the_same_parameters():
    torch.manual_seed(0)
    causal = LanguageModel(tiny_bert_config(), causal=True)
    torch.manual_seed(0)
    other = LanguageModel(tiny_bert_config(), causal=False)
    for a, b in zip(causal.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def test_next_token_loss_is_the_mean_over_real_tokens(agree):
    model = randomise(LanguageModel(tiny_bert_config(), causal=True))
    ids = padded_ids(*LENGTHS)
    log_prob = model(ids).log_softmax(dim=-1)
    total, count = 0.0, 0
    for row, length in enumerate(LENGTHS):
        for i in range(1, length):
            total = total - log_prob[row, i - 1, ids[row, i]]
            count += 1
    agree("cross-entropy, written out", next_token_loss(model, ids), total / count)
