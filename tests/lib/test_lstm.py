"""The LSTM translator: against single LSTM cells, with padding, step by step."""

import pytest
import torch
from torch import nn

from lib.lstm import LSTMConfig, LSTMTranslator
from lib.training import count_parameters
from tests.lib.helpers import D_MODEL, PAD, QUERY, VOCAB, padded_ids, random_ids, randomise

LENGTHS = (7, 3, 1, 5)


def tiny_lstm(seed: int = 0, **changes) -> LSTMTranslator:
    sizes = {"vocab_size": VOCAB, "d_model": D_MODEL, "num_layers": 2, "dropout": 0.0}
    return randomise(LSTMTranslator(LSTMConfig(**(sizes | changes))), seed)


def run_cells(cells, inputs, states):
    """Feed one sentence, token by token, through a stack of LSTM cells."""
    outputs = []
    for x in inputs:
        for i, cell in enumerate(cells):
            states[i] = cell(x, states[i])
            x = states[i][0]
        outputs.append(x)
    return torch.stack(outputs), states


def as_cells(lstm: nn.LSTM) -> list[nn.LSTMCell]:
    cells = []
    for i in range(lstm.num_layers):
        cell = nn.LSTMCell(lstm.input_size, lstm.hidden_size).double()
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        cell.load_state_dict({name: getattr(lstm, f"{name}_l{i}") for name in names})
        cells.append(cell)
    return cells


@pytest.mark.parametrize("attention", [False, True])
def test_model_agrees_with_single_cells(agree, attention):
    model = tiny_lstm(attention=attention)
    source_ids, target_ids = padded_ids(*LENGTHS), padded_ids(*LENGTHS[::-1], seed=1)
    logits = model(source_ids, target_ids)
    encoder, decoder = as_cells(model.encoder), as_cells(model.decoder)
    for i, (m, n) in enumerate(zip(LENGTHS, LENGTHS[::-1], strict=True)):
        embedding = model.embedding.weight * D_MODEL**0.5
        outputs, states = run_cells(encoder, embedding[source_ids[i, :m]], [None] * 2)
        y, _ = run_cells(decoder, embedding[target_ids[i, :n]], states)
        if attention:
            weights = (y @ outputs.T / D_MODEL**0.5).softmax(-1)
            y = model.combine(torch.cat((weights @ outputs, y), dim=-1)).tanh()
        agree("nn.LSTMCell, one sentence at a time", logits[i, :n], y @ model.embedding.weight.T)


@pytest.mark.parametrize("attention", [False, True])
def test_a_sentence_alone_equals_the_same_in_a_padded_batch(agree, attention):
    model = tiny_lstm(attention=attention)
    source_ids, target_ids = padded_ids(*LENGTHS), padded_ids(*LENGTHS[::-1], seed=1)
    logits = model(source_ids, target_ids)
    for i, (m, n) in enumerate(zip(LENGTHS, LENGTHS[::-1], strict=True)):
        alone = model(source_ids[i : i + 1, :m], target_ids[i : i + 1, :n])
        agree("padding: LSTMTranslator", logits[i : i + 1, :n], alone)


@pytest.mark.parametrize("attention", [False, True])
def test_state_carried_over_equals_one_pass(agree, attention):
    model = tiny_lstm(attention=attention)
    source_ids, target_ids = padded_ids(*LENGTHS), random_ids(4, QUERY)
    together = model(source_ids, target_ids)
    memory, cache = model.encode(source_ids), model.new_cache()
    for t in range(QUERY):
        step = model.decode(target_ids[:, t : t + 1], memory, source_ids, cache)
        agree("cached = uncached: LSTMTranslator", step[:, 0], together[:, t])


@pytest.mark.parametrize("attention", [False, True])
def test_a_later_token_does_not_change_an_earlier_output(attention):
    model = tiny_lstm(attention=attention)
    source_ids, target_ids = random_ids(2, 7), random_ids(2, QUERY, seed=1)
    changed = target_ids.clone()
    changed[:, 3] = 36 - changed[:, 3] + 3
    same = (model(source_ids, target_ids) == model(source_ids, changed)).all(dim=(0, 2))
    assert same.tolist() == [True, True, True, False, False]


@pytest.mark.parametrize("attention", [False, True])
def test_every_parameter_has_a_gradient(attention):
    model = tiny_lstm(attention=attention)
    model(padded_ids(*LENGTHS), random_ids(4, QUERY)).sin().sum().backward()
    for name, parameter in model.named_parameters():
        largest = parameter.grad.abs().max()
        assert torch.isfinite(largest) and largest > 1e-6, name


def test_without_attention_only_the_last_state_is_handed_over():
    model = tiny_lstm(attention=False)
    source_ids, target_ids = padded_ids(*LENGTHS), random_ids(4, QUERY)
    memory = model.encode(source_ids)
    blind = memory._replace(outputs=torch.zeros_like(memory.outputs))
    assert torch.equal(
        model.decode(target_ids, memory, source_ids), model.decode(target_ids, blind, source_ids)
    )
    with pytest.raises(ValueError, match="attention=False"):
        model.attention_weights(source_ids, target_ids)


def test_attention_weights_leave_out_padding():
    source_ids, target_ids = padded_ids(*LENGTHS), random_ids(4, QUERY)
    weights = tiny_lstm().attention_weights(source_ids, target_ids)
    assert weights.shape == (4, QUERY, 7)
    assert torch.allclose(weights.sum(-1), torch.ones(()).double())
    assert (weights.masked_select((source_ids == PAD)[:, None]) == 0).all()


def test_attention_weights_are_those_without_dropout_and_the_model_is_put_back():
    torch.manual_seed(0)
    model = tiny_lstm(dropout=0.5).train()
    source_ids, target_ids = padded_ids(*LENGTHS), random_ids(4, QUERY)
    first, second = (model.attention_weights(source_ids, target_ids) for _ in range(2))
    assert model.training and model.encoder.training
    assert torch.equal(first, second)
    assert torch.equal(first, model.eval().attention_weights(source_ids, target_ids))


def test_parameter_count():
    d, v = D_MODEL, VOCAB
    lstm = 2 * 2 * (8 * d * d + 8 * d)  # encoder and decoder, two layers each
    assert count_parameters(tiny_lstm(attention=False)) == v * d + lstm
    assert count_parameters(tiny_lstm()) == v * d + lstm + 2 * d * d + d


def test_an_empty_source_does_not_break_the_batch(agree):
    model = tiny_lstm()
    target_ids = random_ids(2, QUERY)
    logits = model(padded_ids(7, 0), target_ids)
    assert logits.isfinite().all()
    agree("padding: LSTMTranslator", logits[:1], model(padded_ids(7, 0)[:1], target_ids[:1]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocab_size": 0}, "vocab_size of at least 1, got 0"),
        ({"d_model": 0}, "d_model of at least 1, got 0"),
        ({"num_layers": -1}, "num_layers of at least 1, got -1"),
        ({"dropout": 1.5}, "got 1.5"),
    ],
)
def test_config_names_the_value_it_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        tiny_lstm(**changes)
