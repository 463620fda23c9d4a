"""GELU, exact and approximated, against the normal distribution and against torch."""

import math

import pytest
import torch
import torch.nn.functional as F

from lib.activations import ACTIVATIONS, gelu, gelu_tanh, normal_cdf

X = torch.linspace(-9, 9, 3001, dtype=torch.float64)


def test_gelu_is_x_times_the_normal_distribution_function(agree):
    expected = [x * 0.5 * math.erfc(-x / math.sqrt(2)) for x in X.tolist()]
    agree("math.erfc, number by number", gelu(X), torch.tensor(expected, dtype=torch.float64))
    agree("torch.special.ndtr", normal_cdf(X), torch.special.ndtr(X))


@pytest.mark.parametrize(
    ("name", "formula"), [("gelu", gelu), ("gelu_tanh", gelu_tanh), ("relu", lambda x: x.clamp(0))]
)
def test_what_runs_is_the_formula_in_value_and_gradient(agree, name, formula):
    ours, theirs = (X[X != 0].clone().requires_grad_() for _ in range(2))
    agree(f"F.{name}", formula(ours), ACTIVATIONS[name](theirs))
    formula(ours).sum().backward()
    ACTIVATIONS[name](theirs).sum().backward()
    agree(f"F.{name}: gradients", ours.grad, theirs.grad)


def test_published_values():
    one = torch.tensor([1.0, -1.0], dtype=torch.float64)
    assert gelu(one).tolist() == pytest.approx([0.841344746068543, -0.158655253931457], abs=1e-14)
    assert gelu_tanh(one).tolist() == pytest.approx([0.8411919906082768, -0.158808009], abs=1e-9)
    difference = (gelu(X) - gelu_tanh(X)).abs()
    assert difference.max() == pytest.approx(4.732e-4, abs=1e-7)
    assert abs(X[difference.argmax()].abs() - 2.699) < 0.01
    lowest = gelu(X).argmin()
    assert gelu(X)[lowest] == pytest.approx(-0.16997, abs=1e-5)
    assert abs(X[lowest] + 0.7518) < 0.006


@pytest.mark.parametrize("activation", [gelu, gelu_tanh])
def test_far_numbers_and_odd_ones(activation):
    x = torch.tensor([-1e4, -40.0, 0.0, 40.0, 1e4])
    before = x.clone()
    assert activation(x).tolist() == [0.0, 0.0, 0.0, 40.0, 1e4]
    assert torch.equal(x, before)
    assert activation(torch.tensor(torch.nan)).isnan()
    assert activation(torch.ones(2, 0)).shape == (2, 0)
    assert torch.equal(activation(x), F.relu(x))
