"""Sinusoidal and learned positions."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.positions import LearnedPositions, SinusoidalPositions, sinusoidal_positions
from tests.lib.helpers import BATCH, D_MODEL, KEY, normal, randomise


@pytest.mark.parametrize("d_model", [2, 12, 512])
def test_table_is_the_papers_formula(agree, d_model):
    table = sinusoidal_positions(301, d_model, dtype=torch.float64)
    assert table.shape == (301, d_model)
    points = [(0, 0), (0, 1), (1, 0), (1, 1), (3, d_model - 2), (100, d_model // 2), (300, 1)]
    expected = [
        (math.cos if j % 2 else math.sin)(pos / 10000 ** (2 * (j // 2) / d_model))
        for pos, j in points
    ]
    actual = torch.stack([table[pos, j] for pos, j in points])
    agree("sinusoid by math.sin and math.cos", actual, torch.tensor(expected, dtype=torch.float64))


def test_far_positions_are_exact_in_float32():
    exact = sinusoidal_positions(50_000, 8, dtype=torch.float64)
    assert (sinusoidal_positions(50_000, 8) - exact).abs().max() < 6e-8
    assert sinusoidal_positions(3, 8, dtype=torch.bfloat16).dtype == torch.bfloat16


@given(pos=st.integers(0, 5000), shift=st.integers(0, 500), half=st.integers(1, 40))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_a_shift_is_a_rotation_that_does_not_depend_on_the_place(pos, shift, half):
    table = sinusoidal_positions(pos + shift + 1, 2 * half, dtype=torch.float64)
    angle = shift / 10000 ** (torch.arange(half).double() / half)
    sin, cos = table[pos].view(half, 2).unbind(-1)
    rotated = torch.stack(
        (sin * angle.cos() + cos * angle.sin(), cos * angle.cos() - sin * angle.sin()), dim=-1
    )
    assert torch.allclose(rotated.flatten(), table[pos + shift], atol=1e-9)
    assert torch.allclose(table[pos].square().sum(), torch.tensor(float(half)).double())


def test_module_adds_the_table_from_any_start(agree):
    x = normal(BATCH, KEY, D_MODEL)
    before = x.clone()
    module = SinusoidalPositions(D_MODEL)
    table = sinusoidal_positions(1000, D_MODEL, dtype=torch.float64)
    for start in (0, 1, 500, 3):
        agree("sinusoid, longer and longer", module(x, start), x + table[start : start + KEY])
    assert torch.equal(x, before)
    strided = normal(D_MODEL, KEY, BATCH).permute(2, 1, 0)
    agree("sinusoid, longer and longer", module(strided), strided.contiguous() + table[:KEY])


def test_module_saves_nothing_and_keeps_dtype():
    module = SinusoidalPositions(D_MODEL)
    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float32):
        x = torch.zeros(1, 4, D_MODEL, dtype=dtype)
        assert module(x).dtype == dtype
        assert torch.equal(module(x)[0], sinusoidal_positions(4, D_MODEL, dtype=dtype))
    assert module.state_dict() == {} and list(module.parameters()) == []
    # A module that ran in float32 and is then made float64 does not keep rounded numbers.
    x = torch.zeros(1, 4, D_MODEL, dtype=torch.float64)
    exact = sinusoidal_positions(4, D_MODEL, dtype=torch.float64)
    assert torch.equal(module.double()(x)[0], exact)


def test_odd_width_is_refused():
    for make in (SinusoidalPositions, lambda d_model: sinusoidal_positions(5, d_model)):
        with pytest.raises(ValueError, match="got 7"):
            make(7)
        with pytest.raises(ValueError, match="d_model of at least 1, got 0"):
            make(0)


def test_learned_positions():
    module = randomise(LearnedPositions(KEY, D_MODEL))
    x = normal(BATCH, 3, D_MODEL)
    assert torch.equal(module(x, 4), x + module.weight[4:7])
    with pytest.raises(ValueError, match="max_length=7, got position 7"):
        module(x, 5)
    with pytest.raises(ValueError, match="max_length of at least 1, got 0"):
        LearnedPositions(0, D_MODEL)
    module(x, 2).sum().backward()
    assert module.weight.grad.sum(dim=1).tolist() == [0, 0, 24, 24, 24, 0, 0]
