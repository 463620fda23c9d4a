"""Teacher forcing, label smoothing, the schedules and the loop."""

import functools
import math

import pytest
import torch
import torch.nn.functional as F

from lib import training
from lib.lstm import LSTMConfig, LSTMTranslator
from lib.training import (
    count_parameters,
    label_smoothing_loss,
    linear_warmup_decay,
    shift_right,
    train,
    warmup_learning_rate,
)
from lib.transformer import Transformer
from lib.translation import exact_match, translation_loss
from tests.lib.helpers import (
    BOS,
    D_MODEL,
    EOS,
    PAD,
    VOCAB,
    normal,
    padded_ids,
    random_ids,
    tiny_config,
)


def test_shift_right():
    ids = torch.tensor([[5, 6, 7, EOS], [8, EOS, PAD, PAD]])
    before = ids.clone()
    expected = torch.tensor([[BOS, 5, 6, 7], [BOS, 8, EOS, PAD]])
    assert torch.equal(shift_right(ids, BOS), expected)
    assert torch.equal(ids, before)
    assert shift_right(ids[:, :1], 9).tolist() == [[9], [9]]
    assert torch.equal(shift_right(ids.T.contiguous().T, BOS), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5, 1.0])
def test_label_smoothing_agrees_with_torch(agree, smoothing):
    logits = [normal(4, 6, VOCAB, scale=3.0).requires_grad_() for _ in range(2)]
    target_ids = padded_ids(6, 3, 1, 5)
    loss = label_smoothing_loss(logits[0], target_ids, smoothing=smoothing, pad_id=PAD)
    expected = F.cross_entropy(
        logits[1].flatten(0, 1), target_ids.flatten(), label_smoothing=smoothing, ignore_index=PAD
    )
    agree("F.cross_entropy", loss, expected)
    loss.backward()
    expected.backward()
    agree("F.cross_entropy: gradients", logits[0].grad, logits[1].grad)
    unbatched = label_smoothing_loss(logits[0][0, 0], target_ids[0, 0], pad_id=PAD)
    assert unbatched.shape == ()
    with_torchs_id = target_ids.masked_fill(target_ids == PAD, -100)
    assert label_smoothing_loss(logits[0], with_torchs_id, smoothing=smoothing, pad_id=-100) == loss


def test_label_smoothing_prefers_a_little_doubt():
    """With ε = 0.1 the best logits give the target 0.9 + 0.1 / V, not 1."""
    target_ids = torch.tensor([5])

    def loss(p):
        other = (1 - p) / (VOCAB - 1)
        logits = torch.full((1, VOCAB), other).index_fill(1, target_ids, p).log()
        return label_smoothing_loss(logits, target_ids, pad_id=PAD).item()

    best = 0.9 + 0.1 / VOCAB
    assert loss(best) < min(loss(best - 0.02), loss(best + 0.02), loss(0.9999))
    with pytest.raises(ValueError, match=r"got 1\.1"):
        label_smoothing_loss(torch.zeros(1, VOCAB), target_ids, smoothing=1.1, pad_id=PAD)


def test_padding_does_not_count_and_may_be_all_there_is():
    logits, target_ids = normal(2, 5, VOCAB).requires_grad_(), padded_ids(5, 2)
    loss = label_smoothing_loss(logits, target_ids, pad_id=PAD)
    other = torch.where((target_ids == PAD)[..., None], 99.0 * logits + 5, logits)
    assert torch.equal(loss, label_smoothing_loss(other, target_ids, pad_id=PAD))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert (gradient[target_ids == PAD] == 0).all()
    assert label_smoothing_loss(logits, torch.zeros_like(target_ids), pad_id=PAD) == 0


def test_warmup_learning_rate_has_the_papers_values():
    assert math.isclose(warmup_learning_rate(1, 512), 1.7469281074217107e-07, rel_tol=1e-12)
    assert math.isclose(warmup_learning_rate(4000, 512), 6.98771242968684e-04, rel_tol=1e-12)
    assert math.isclose(warmup_learning_rate(4000, 1024), 4.94105884401309e-04, rel_tol=1e-12)
    assert math.isclose(warmup_learning_rate(100_000, 512), 1.39754248593737e-04, rel_tol=1e-12)
    rates = [warmup_learning_rate(step, 64, warmup_steps=50) for step in range(1, 200)]
    assert max(rates) == rates[49] and rates[9] == pytest.approx(10 * rates[0])


def test_linear_warmup_decay():
    rate = functools.partial(linear_warmup_decay, steps=100, peak=2.0)
    assert [rate(1), rate(5), rate(10)] == [0.2, 1.0, 2.0]
    assert rate(100) == pytest.approx(2.0 / 91) and rate(101) == 0.0 and rate(500) == 0.0
    falls = [rate(step) - rate(step + 1) for step in range(10, 101)]
    assert falls == pytest.approx([2.0 / 91] * 91)
    assert linear_warmup_decay(1, steps=3, peak=1.0) == 1.0
    assert linear_warmup_decay(3, steps=3, peak=1.0, warmup=1.0) == 1.0


def test_steps_are_counted_from_one():
    with pytest.raises(ValueError, match="got 0"):
        warmup_learning_rate(0, 512)
    with pytest.raises(ValueError, match="got -3"):
        linear_warmup_decay(-3, steps=10, peak=1.0)


# --- the loop -----------------------------------------------------------------------------


def copy_task(count: int = 64):
    """Sentences to be copied, 3 tokens and their end."""
    ids = torch.cat((random_ids(count, 3, vocab=12), torch.full((count, 1), EOS)), dim=1)
    return ids, ids


def small_model(dropout: float = 0.1):
    torch.manual_seed(0)
    config = tiny_config(vocab_size=12, d_model=24, d_ff=48, num_layers=1, dropout=dropout)
    return Transformer(config)


def run(model, seed: int = 0, steps: int = 5, **changes):
    options = {"batch_size": 16, "learning_rate": 1e-3, "quiet": True, "loss": translation_loss}
    generator = torch.Generator().manual_seed(seed)
    return train(model, copy_task(), steps=steps, generator=generator, **options | changes)


def test_training_learns_to_copy():
    model = small_model(dropout=0.0)
    rate = functools.partial(linear_warmup_decay, steps=250, peak=1e-2)
    history = run(model, steps=250, learning_rate=rate)
    assert len(history) == 250 and history[0] > 2.0 and history[-1] < 0.05
    assert exact_match(model, *copy_task(), batch_size=13) == 1.0
    assert not model.training


def test_the_lstm_learns_with_the_same_loop():
    torch.manual_seed(0)
    model = LSTMTranslator(LSTMConfig(12, d_model=24, num_layers=1, dropout=0.0))
    history = run(model, steps=60, learning_rate=1e-2)
    assert history[-1] < 0.5 * history[0]


def test_training_is_decided_by_the_generator_and_leaves_the_global_one_alone():
    histories = []
    for i, seed in enumerate((0, 0, 1)):
        model = small_model()
        torch.manual_seed(i)
        state = torch.get_rng_state()
        histories.append(run(model, seed))
        assert torch.equal(torch.get_rng_state(), state)
    assert histories[0] == histories[1] != histories[2]


def test_each_pass_sees_every_example_once():
    seen = []

    def loss(model, source_ids, index):
        seen.append(index)
        return sum(p.sum() for p in model.parameters())

    data = (random_ids(64, 3), torch.arange(64))
    generator = torch.Generator().manual_seed(0)
    train(
        small_model(), data, steps=8, batch_size=16, learning_rate=0.0, generator=generator,
        loss=loss, quiet=True,
    )  # fmt: skip
    first, second = torch.cat(seen[:4]), torch.cat(seen[4:])
    assert first.sort().values.tolist() == second.sort().values.tolist() == list(range(64))
    assert not torch.equal(first, second)


def test_learning_rate_is_asked_for_each_step_from_one():
    steps = []
    model = small_model()
    before = [p.clone() for p in model.parameters()]
    run(model, learning_rate=lambda step: steps.append(step) or 0.0)
    assert steps == [1, 2, 3, 4, 5]
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_gradients_are_clipped():
    class Norms(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(3))

    model = Norms()
    generator = torch.Generator().manual_seed(0)
    train(
        model, (torch.zeros(4),), steps=1, batch_size=2, learning_rate=0.0, generator=generator,
        loss=lambda model, x: 100 * model.weight.sum(), clip=0.5, quiet=True,
    )  # fmt: skip
    assert model.weight.grad.norm().item() == pytest.approx(0.5, rel=1e-4)


def test_weight_decay_falls_on_every_parameter():
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.LayerNorm(3))
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    train(
        model, (torch.zeros(4),), steps=1, batch_size=2, learning_rate=0.1, weight_decay=0.5,
        generator=torch.Generator().manual_seed(0), quiet=True,
        loss=lambda model, x: sum(0 * p.sum() for p in model.parameters()),
    )  # fmt: skip
    for name, parameter in model.named_parameters():
        assert torch.allclose(parameter, torch.tensor(0.95)), name


def test_parameters_of_any_layout_are_trained_alike_and_count_as_changed():
    """PyTorch's fused AdamW fails both on a CPU; only a tensor's version says that it changed."""
    data = normal(6, 5), normal(6, 3, seed=2)
    trained = []
    for step in (1, 2):
        weight = normal(5, 3, seed=3).repeat_interleave(step, dim=1)[:, ::step]
        model = torch.nn.ParameterDict({"w": torch.nn.Parameter(weight)})
        before = model["w"]._version
        train(
            model,
            data,
            steps=4,
            batch_size=3,
            learning_rate=0.1,
            generator=torch.Generator().manual_seed(0),
            loss=lambda model, x, y: (x @ model["w"] - y).square().mean(),
            quiet=True,
        )
        assert model["w"]._version > before
        trained.append(model["w"].detach())
    assert trained[0].is_contiguous() and not trained[1].is_contiguous()
    assert torch.allclose(*trained, rtol=0, atol=1e-12)


class Stopped(Exception):
    """What stops a run in its middle."""


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "SECONDS_BETWEEN_KEEPING", 0)
    keep = tmp_path / "not there yet" / "run"

    def noisy_loss(model, source_ids, target_ids):
        noise = torch.rand((), generator=torch.default_generator)
        return translation_loss(model, source_ids, target_ids) + noise

    def stopping_loss(model, source_ids, target_ids):
        if keep.is_file() and len(torch.load(keep)["history"]) == 7:
            raise Stopped
        return noisy_loss(model, source_ids, target_ids)

    whole, parted = small_model(), small_model()
    expected = run(whole, steps=12, loss=noisy_loss)
    with pytest.raises(Stopped):
        run(parted, steps=12, loss=stopping_loss, keep=keep)
    fresh = small_model()
    with pytest.raises(ValueError, match=r"'steps': 13.*'steps': 12.*remove it"):
        run(fresh, steps=13, loss=noisy_loss, keep=keep)
    assert run(fresh, steps=12, loss=noisy_loss, keep=keep) == expected
    for name, tensor in whole.state_dict().items():
        assert torch.equal(fresh.state_dict()[name], tensor), name
    assert not keep.exists()


def test_progress_goes_to_stderr_or_nowhere(capsys):
    run(small_model(), quiet=False)
    out, err = capsys.readouterr()
    assert out == "" and "5/5" in err
    run(small_model())
    assert capsys.readouterr() == ("", "")


def test_data_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"batch_size=100, got lengths \[64, 64\]"):
        run(small_model(), batch_size=100)
    with pytest.raises(ValueError, match=r"got lengths \[4, 5\]"):
        train(
            small_model(), (random_ids(4, 3), random_ids(5, 3)), steps=1, batch_size=2,
            learning_rate=0.0, generator=torch.Generator(), loss=translation_loss,
        )  # fmt: skip


def test_count_parameters_counts_what_trains_once():
    layer = torch.nn.Linear(3, 2)
    shared = torch.nn.ModuleList([layer, layer])
    assert count_parameters(shared) == 8
    layer.bias.requires_grad_(False)
    assert count_parameters(shared) == 6
    assert count_parameters(Transformer(tiny_config())) > VOCAB * D_MODEL
