"""The position-wise feed-forward network and the residual connection."""

import pytest
import torch
import torch.nn.functional as F

from lib.feed_forward import PositionwiseFeedForward
from lib.residual import ResidualConnection
from tests.lib.helpers import BATCH, D_FF, D_MODEL, KEY, normal, randomise


def test_feed_forward_is_equation_2(agree):
    ffn = randomise(PositionwiseFeedForward(D_MODEL, D_FF))
    x = normal(BATCH, KEY, D_MODEL)
    w1, b1, w2, b2 = ffn.parameters()
    agree("equation 2, written out", ffn(x), (x @ w1.T + b1).clamp(min=0) @ w2.T + b2)
    convolved = F.conv1d(F.conv1d(x.mT, w1[..., None], b1).relu(), w2[..., None], b2).mT
    agree("two convolutions of width 1", ffn(x), convolved)


def test_feed_forward_with_another_activation_is_torchs(agree):
    ffn = randomise(PositionwiseFeedForward(D_MODEL, D_FF, activation=F.gelu))
    theirs = torch.nn.Sequential(ffn.inner, torch.nn.GELU(), ffn.outer)
    x = normal(BATCH, KEY, D_MODEL)
    agree("nn.Sequential with nn.GELU", ffn(x), theirs(x))


def test_feed_forward_keeps_positions_apart():
    ffn = randomise(PositionwiseFeedForward(D_MODEL, D_FF))
    x = normal(BATCH, KEY, D_MODEL)
    changed = x.clone()
    changed[:, 3] += 1
    difference = (ffn(x) - ffn(changed)).abs().amax(dim=(0, 2))
    assert (difference > 0).tolist() == [i == 3 for i in range(KEY)]
    single = torch.stack([ffn(x[:, i]) for i in range(KEY)], dim=1)
    assert torch.allclose(single, ffn(x), atol=1e-12)


@pytest.mark.parametrize("choices", [{}, {"eps": 0.25}])
@pytest.mark.parametrize("norm_first", [False, True])
def test_residual_is_its_formula(agree, norm_first, choices):
    residual = randomise(ResidualConnection(D_MODEL, norm_first=norm_first, **choices))
    eps = choices.get("eps", 1e-5)
    x = normal(BATCH, KEY, D_MODEL)
    before = x.clone()

    def norm(x):
        centred = x - x.mean(-1, keepdim=True)
        variance = centred.square().mean(-1, keepdim=True)
        return centred / (variance + eps).sqrt() * residual.norm.weight + residual.norm.bias

    expected = x + norm(x).sin() if norm_first else norm(x + x.sin())
    agree("pre- and post-norm, written out", residual(x, torch.sin), expected)
    assert torch.equal(x, before)


@pytest.mark.parametrize("norm_first", [False, True])
def test_dropout_falls_on_the_sublayers_output_only(norm_first):
    torch.manual_seed(0)
    residual = ResidualConnection(100, dropout=0.2, norm_first=norm_first)
    residual.norm = torch.nn.Identity()
    x = torch.full((200, 100), 3.0)
    added = residual(x, torch.ones_like) - x
    dropped = (added == 0).float().mean().item()
    assert abs(dropped - 0.2) < 6 * (0.2 * 0.8 / x.numel()) ** 0.5
    assert torch.allclose(added[added != 0], torch.tensor(1.25))
    assert torch.equal(residual.eval()(x, torch.ones_like), x + 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PositionwiseFeedForward(D_MODEL, 0), "d_ff of at least 1, got 0"),
        (lambda: PositionwiseFeedForward(-2, D_FF), "d_model of at least 1, got -2"),
        (lambda: ResidualConnection(0), "d_model of at least 1, got 0"),
        (lambda: ResidualConnection(D_MODEL, dropout=-0.5), r"below 1, got -0\.5"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
