"""Greedy and beam decoding, cached and uncached, against search by hand and against Marian."""

import itertools
import math

import pytest
import torch

from lib.cache import KeyValueCache
from lib.decoding import beam_decode, greedy_decode, length_penalty
from lib.positions import sinusoidal_positions
from lib.transformer import Transformer
from lib.translation import exact_match
from tests.lib.helpers import (
    BOS,
    D_MODEL,
    EOS,
    PAD,
    QUERY,
    copy_weights,
    marian,
    marian_pairs,
    padded_ids,
    random_ids,
    randomise,
    tiny_config,
)
from tests.lib.test_lstm import tiny_lstm

LENGTHS = (7, 3, 1, 5)


def tiny_transformer(seed: int = 0, scale: float = 0.3, **changes) -> Transformer:
    return randomise(Transformer(tiny_config(**changes)), seed, scale)


MODELS = {
    "post-norm": tiny_transformer,
    "pre-norm": lambda seed=0: tiny_transformer(seed, norm_first=True),
    "learned positions": lambda seed=0: tiny_transformer(seed, positions="learned", max_length=30),
    "LSTM": tiny_lstm,
    "LSTM without attention": lambda seed=0: tiny_lstm(seed, attention=False),
}


@pytest.fixture(params=MODELS)
def make_model(request):
    return MODELS[request.param]


def lively(model):
    """Let sentences end at different places: a random model repeats one token for ever."""
    with torch.no_grad():
        model.embedding.weight *= 0.5
        model.embedding.weight[EOS] *= 3
    return model


def pad_to(ids, width: int):
    return torch.nn.functional.pad(ids, (0, width - ids.shape[1]), value=PAD)


def test_cached_logits_equal_uncached_at_every_step(agree, make_model):
    model = make_model()
    source_ids, target_ids = padded_ids(*LENGTHS), random_ids(4, 9, seed=1)
    memory, cache = model.encode(source_ids), model.new_cache()
    for t in range(9):
        step = model.decode(target_ids[:, t : t + 1], memory, source_ids, cache)
        whole = model.decode(target_ids[:, : t + 1], memory, source_ids)
        agree("cached = uncached, every step", step[:, 0], whole[:, -1])


def test_cache_takes_several_tokens_at_once(agree):
    model = tiny_transformer()
    source_ids, target_ids = padded_ids(*LENGTHS), random_ids(4, 9, seed=1)
    memory, cache = model.encode(source_ids), model.new_cache()
    parts = [
        model.decode(part, memory, source_ids, cache) for part in target_ids.split([4, 1, 3, 1], 1)
    ]
    assert cache.length == 9
    whole = model.decode(target_ids, memory, source_ids)
    agree("cached = uncached, every step", torch.cat(parts, dim=1), whole)


def test_cache_projects_the_memory_once_and_can_be_reordered(agree):
    model = tiny_transformer()
    source_ids, target_ids = padded_ids(*LENGTHS), random_ids(4, 3, seed=1)
    memory, cache = model.encode(source_ids), model.new_cache()
    assert isinstance(cache, KeyValueCache) and cache.length == 0
    cache.reorder(torch.tensor([0]))  # of an empty cache: nothing to do
    model.decode(target_ids[:, :2], memory, source_ids, cache)
    kept = cache.layers[0].memory
    model.decode(target_ids[:, 2:], memory, source_ids, cache)
    assert cache.layers[0].memory is kept
    rows = torch.tensor([2, 0, 0])
    cache.reorder(rows)
    next_ids = random_ids(3, 1, seed=2)
    step = model.decode(next_ids, memory[rows], source_ids[rows], cache)
    whole = model.decode(
        torch.cat((target_ids[rows], next_ids), dim=1), memory[rows], source_ids[rows]
    )
    agree("cached = uncached, every step", step[:, 0], whole[:, -1])


def test_greedy_is_argmax_step_by_step(make_model):
    model = lively(make_model())
    for i, ids in enumerate(padded_ids(*LENGTHS)):
        source_ids = ids[None, : LENGTHS[i]]
        tokens = [BOS]
        while len(tokens) <= 8 and tokens[-1] != EOS:
            logits = model(source_ids, torch.tensor([tokens]))[0, -1]
            tokens.append(max(range(EOS, len(logits)), key=lambda v: logits[v].item()))
        for use_cache in (False, True):
            output = greedy_decode(model, source_ids, max_length=8, use_cache=use_cache)
            assert output.tolist() == [tokens[1:]]


@pytest.mark.parametrize("seed", range(3))
def test_greedy_does_not_depend_on_cache_or_company(make_model, seed):
    model = lively(make_model(seed))
    source_ids = padded_ids(*LENGTHS, seed=seed)
    output = greedy_decode(model, source_ids, max_length=12)
    assert torch.equal(output, greedy_decode(model, source_ids, max_length=12, use_cache=False))
    for i, n in enumerate(LENGTHS):
        alone = greedy_decode(model, source_ids[i : i + 1, :n], max_length=12)
        assert torch.equal(pad_to(alone, output.shape[1]), output[i : i + 1])


@pytest.mark.parametrize("seed", range(3))
def test_beam_does_not_depend_on_company(make_model, seed):
    model = lively(make_model(seed))
    source_ids = padded_ids(*LENGTHS, seed=seed)
    output = beam_decode(model, source_ids, beam_size=3, max_length=10)
    for i, n in enumerate(LENGTHS):
        alone = beam_decode(model, source_ids[i : i + 1, :n], beam_size=3, max_length=10)
        assert torch.equal(pad_to(alone, output.shape[1]), output[i : i + 1])


@pytest.mark.parametrize("seed", range(3))
def test_beam_of_one_is_greedy(make_model, seed):
    model = lively(make_model(seed))
    source_ids = padded_ids(*LENGTHS, seed=seed)
    greedy = greedy_decode(model, source_ids, max_length=10)
    assert torch.equal(beam_decode(model, source_ids, beam_size=1, max_length=10), greedy)


def test_sentences_end_at_different_places():
    """Else the tests above would say little about what follows the end."""
    outputs = [
        greedy_decode(lively(make(seed)), padded_ids(*LENGTHS, seed=seed), max_length=12)
        for make in MODELS.values()
        for seed in range(3)
    ]
    lengths = [int(n) for output in outputs for n in (output != PAD).sum(dim=1)]
    assert len(set(lengths)) >= 4
    assert any(len(set((output != PAD).sum(dim=1).tolist())) > 1 for output in outputs)


def test_output_has_no_begin_keeps_the_end_and_is_padded_after_it():
    for make in MODELS.values():
        for decode in (greedy_decode, beam_decode):
            output = decode(lively(make(1)), padded_ids(*LENGTHS, seed=1), max_length=12)
            for row in output.tolist():
                assert BOS not in row
                end = row.index(EOS) + 1 if EOS in row else 12
                assert PAD not in row[:end] and set(row[end:]) <= {PAD}


# --- beam search against other searches -----------------------------------------------------


def log_probs(model, source_ids, tokens):
    """log P of each possible next token of one sentence, without begin and padding."""
    given = torch.tensor([[BOS, *tokens]])
    values = model(source_ids, given)[0, -1].log_softmax(-1).tolist()
    return {v: values[v] for v in range(len(values)) if v not in (PAD, BOS)}


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_the_best_of_all_sentences(alpha, seed):
    vocab, longest = 6, 4
    model = tiny_transformer(seed, scale=0.4, vocab_size=vocab)
    source_ids = random_ids(1, QUERY, seed=seed, vocab=vocab)
    with torch.no_grad():
        table = {
            beginning: log_probs(model, source_ids, beginning)
            for n in range(longest)
            for beginning in itertools.product(range(3, vocab), repeat=n)
        }
    scores = {}
    for beginning, step in table.items():
        log_p = sum(table[beginning[:i]][token] for i, token in enumerate(beginning))
        ends = [EOS] if len(beginning) < longest - 1 else range(EOS, vocab)
        for token in ends:
            sentence = (*beginning, token)
            scores[sentence] = (log_p + step[token]) / ((5 + len(sentence)) / 6) ** alpha
    best = max(scores, key=scores.get)
    output = beam_decode(model, source_ids, beam_size=81, alpha=alpha, max_length=longest)
    assert tuple(output[0].tolist()) == best


def beam_by_lists(model, source_ids, beam_size, alpha, max_length):
    """Beam search for one sentence as one would write it down: no cache and no early stop."""
    alive, ended = [((), 0.0)], []
    for length in range(1, max_length + 1):
        candidates = [
            ((*tokens, v), log_p + step)
            for tokens, log_p in alive
            for v, step in log_probs(model, source_ids, tokens).items()
        ]
        candidates.sort(key=lambda candidate: -candidate[1])
        alive = []
        for tokens, log_p in candidates[:beam_size]:
            if tokens[-1] == EOS or length == max_length:
                ended.append((log_p / ((5 + length) / 6) ** alpha, tokens))
            else:
                alive.append((tokens, log_p))
    return max(ended)[1]


@pytest.mark.parametrize("alpha", [0.0, 0.6, 3.0])
@pytest.mark.parametrize("beam_size", [2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_beam_agrees_with_lists(make_model, alpha, beam_size, seed):
    model = lively(make_model(seed))
    source_ids = padded_ids(5, 2, seed=seed)
    output = beam_decode(model, source_ids, beam_size=beam_size, alpha=alpha, max_length=6)
    for i, n in enumerate((5, 2)):
        with torch.no_grad():
            expected = beam_by_lists(model, source_ids[i : i + 1, :n], beam_size, alpha, 6)
        assert tuple(t for t in output[i].tolist() if t != PAD) == expected


def test_a_wider_beam_finds_what_greedy_misses():
    better = 0
    for seed in range(6):
        model = lively(tiny_transformer(seed, scale=0.4))
        source_ids = padded_ids(*LENGTHS, seed=seed)
        totals = []
        for beam_size in (1, 8):
            output = beam_decode(model, source_ids, beam_size=beam_size, alpha=0.0, max_length=8)
            given = torch.cat((torch.full((4, 1), BOS), output[:, :-1]), dim=1)
            step = model(source_ids, given).log_softmax(-1)
            step = step.gather(-1, output[..., None])[..., 0].masked_fill(output == PAD, 0.0)
            totals.append(step.sum(1))
        better += int((totals[1] > totals[0] + 1e-9).sum())
    assert better > 0


# --- Marian -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_greedy_agrees_with_marians_generate(seed):
    config = tiny_config()
    ours = lively(tiny_transformer(seed))
    theirs = marian(config, sinusoidal_positions(20, D_MODEL, dtype=torch.float64)).eval()
    copy_weights(marian_pairs(ours, theirs))
    source_ids = padded_ids(*LENGTHS, seed=seed)
    expected = theirs.generate(
        input_ids=source_ids,
        attention_mask=(source_ids != PAD).long(),
        max_new_tokens=12,
        num_beams=1,
        do_sample=False,
        suppress_tokens=[PAD, BOS],
        bad_words_ids=None,
    )
    output = greedy_decode(ours, source_ids, max_length=12)
    assert torch.equal(output, pad_to(expected[:, 1:], output.shape[1]))


# --- the rest -----------------------------------------------------------------------------


def test_model_is_put_back_and_nothing_else_is_changed():
    torch.manual_seed(0)
    model = Transformer(tiny_config(dropout=0.5))
    source_ids = padded_ids(*LENGTHS)
    before, state = source_ids.clone(), torch.get_rng_state()
    for decode in (greedy_decode, beam_decode):
        for training in (True, False):
            model.train(training)
            first = decode(model, source_ids, max_length=5)
            assert torch.equal(first, decode(model, source_ids, max_length=5))
            assert model.training == model.dropout.training == training
    assert torch.equal(source_ids, before) and torch.equal(torch.get_rng_state(), state)
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    "call",
    [
        lambda model, ids: greedy_decode(model, ids, max_length=3),
        lambda model, ids: beam_decode(model, ids, max_length=3),
        lambda model, ids: exact_match(model, ids, ids),
    ],
    ids=["greedy_decode", "beam_decode", "exact_match"],
)
def test_a_batch_without_sentences_is_refused(make_model, call):
    with pytest.raises(ValueError, match=r"at least one sentence, got shape \(0, 4\)"):
        call(make_model(0), torch.empty(0, 4, dtype=torch.long))


def test_length_penalty():
    assert length_penalty(1, 0.6) == 1.0
    assert length_penalty(9, 0.0) == 1.0
    assert math.isclose(length_penalty(7, 0.6), 2**0.6)


def test_bad_arguments_are_named():
    model, source_ids = tiny_transformer(), random_ids(1, 3)
    with pytest.raises(ValueError, match="max_length of at least 1, got 0"):
        greedy_decode(model, source_ids, max_length=0)
    with pytest.raises(ValueError, match="max_length of at least 1, got -2"):
        beam_decode(model, source_ids, max_length=-2)
    with pytest.raises(ValueError, match="beam_size of at least 1, got 0"):
        beam_decode(model, source_ids, beam_size=0, max_length=3)
    with pytest.raises(ValueError, match=r"alpha of at least 0, got -0\.5"):
        beam_decode(model, source_ids, alpha=-0.5, max_length=3)
