"""The checks that try everything let right answers pass, and notice what ordinary inputs do not."""

import functools

import pytest
import torch
from torch import nn

from checking import (
    CheckFailed,
    check_everywhere,
    check_module_everywhere,
    check_parameters,
    example,
    masks,
)


def scaled_sum(rows, weight, factor=1.0, shift=0.0):
    """(row, column) and (column,) to (row,)."""
    return factor * (rows * weight).sum(-1) + shift


def arguments(row=3, column=5):
    return {"rows": example(row, column), "weight": example(column, seed=1)}


def check(answer):
    check_everywhere(
        scaled_sum,
        answer,
        arguments,
        must_hold="a row gets its weighted sum",
        options={"factor": 2.5, "shift": 1.5},
        also={"with a factor of 0": {"factor": 0.0}},
    )


def a_loop(rows, weight, factor=1.0, shift=0.0):
    return torch.stack([row @ weight for row in rows]) * factor + shift


def a_product(rows, weight, factor=1.0, shift=0.0):
    return (rows @ weight[:, None])[:, 0] * factor + shift


@pytest.mark.parametrize("answer", [scaled_sum, a_loop, a_product])
def test_right_answers_pass_however_they_are_written(answer):
    check(answer)


def squeezes(rows, weight, factor=1.0, shift=0.0):
    return scaled_sum(rows, weight, factor, shift).squeeze()


def takes_zero_for_not_given(rows, weight, factor=1.0, shift=0.0):
    return scaled_sum(rows, weight, factor or 1.0, shift)


def has_its_options_in_another_order(rows, weight, shift=0.0, factor=1.0):
    return scaled_sum(rows, weight, factor, shift)


def needs_tensors_in_one_piece(rows, weight, factor=1.0, shift=0.0):
    return scaled_sum(rows.view(-1).view(rows.shape), weight, factor, shift)


def needs_a_vector_without_gaps(rows, weight, factor=1.0, shift=0.0):
    if not weight.is_contiguous():
        raise ValueError("gaps")
    return scaled_sum(rows, weight, factor, shift)


def turns_a_square_round(rows, weight, factor=1.0, shift=0.0):
    return scaled_sum(rows.T if rows.shape[0] == rows.shape[1] else rows, weight, factor, shift)


def gives_float64_whatever_comes(rows, weight, factor=1.0, shift=0.0):
    return scaled_sum(rows.double(), weight.double(), factor, shift)


def cuts_the_gradient(rows, weight, factor=1.0, shift=0.0):
    return scaled_sum(rows, weight.detach(), factor, shift)


def writes_into_its_argument(rows, weight, factor=1.0, shift=0.0):
    rows *= weight
    return factor * rows.sum(-1) + shift


KEPT = {}


def hands_out_what_it_keeps(rows, weight, factor=1.0, shift=0.0):
    key = str(rows.tolist() + weight.tolist() + [factor, shift])
    if rows.requires_grad:
        return scaled_sum(rows, weight, factor, shift)
    if key not in KEPT:
        KEPT[key] = scaled_sum(rows, weight, factor, shift)
    return KEPT[key]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (squeezes, "with row = 1"),
        (takes_zero_for_not_given, "with a factor of 0"),
        (has_its_options_in_another_order, r"by\s+position"),
        (needs_tensors_in_one_piece, "view"),
        (needs_a_vector_without_gaps, "gaps"),
        (turns_a_square_round, "that coincide|row = 5, column = 5"),
        (gives_float64_whatever_comes, "in float32"),
        (cuts_the_gradient, "the gradient for weight"),
        (writes_into_its_argument, "left as they were"),
        (hands_out_what_it_keeps, "called once more"),
    ],
)
def test_what_ordinary_inputs_do_not_show_is_noticed(answer, says):
    KEPT.clear()
    with pytest.raises(CheckFailed, match=says):
        check(answer)


def linear(state, x):
    return x @ state["map.weight"].T + state["map.bias"]


def example_of_a_module(batch=2, wide=3, narrow=5):
    shapes = {"map.weight": (narrow, wide), "map.bias": (narrow,)}
    return (wide, narrow), shapes, {"x": example(batch, wide)}


def check_module(module_class):
    must_hold = "the output is that of a linear map"
    check_module_everywhere(linear, module_class, example_of_a_module, must_hold=must_hold)


class Plain(nn.Module):
    def __init__(self, wide, narrow):
        super().__init__()
        self.map = nn.Linear(wide, narrow)

    def forward(self, x):
        return self.map(x)


class WithBuffersAndSecondNames(Plain):
    def __init__(self, wide, narrow):
        super().__init__(wide, narrow)
        self.register_buffer("calls", torch.zeros(()))
        self.maps = nn.ModuleList([self.map])


class Dropping(Plain):
    def forward(self, x):
        return nn.functional.dropout(self.map(x), 0.5, self.training)


class KeepingItsFirstWeight(Plain):
    @functools.cached_property
    def transposed(self):
        return self.map.weight.T

    def forward(self, x):
        return x @ self.transposed + self.map.bias


@pytest.mark.parametrize("module_class", [Plain, WithBuffersAndSecondNames])
def test_right_modules_pass_with_all_that_they_hold_besides(module_class):
    check_module(module_class)
    shapes = {"map.weight": (5, 3), "map.bias": (5,)}
    check_parameters(module_class(3, 5), shapes, "the parameters are those of map")


@pytest.mark.parametrize("module_class", [Dropping, KeepingItsFirstWeight])
def test_a_module_that_drops_or_keeps_is_noticed(module_class):
    torch.manual_seed(0)
    with pytest.raises(CheckFailed):
        check_module(module_class)


def without_a_bias(module):
    module.map.bias = None


def with_the_bias_under_another_name(module):
    module.map.offset, module.map.bias = module.map.bias, None


def with_a_tensor_for_the_bias(module):
    del module.map.bias
    module.map.bias = torch.zeros(5)


def with_a_fixed_weight(module):
    module.map.weight.requires_grad_(False)


def with_a_buffer_for_the_bias(module):
    del module.map.bias
    module.map.register_buffer("bias", torch.zeros(5))


def with_a_further_parameter(module):
    module.more = nn.Parameter(torch.zeros(2))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without_a_bias, "missing: map.bias"),
        (with_the_bias_under_another_name, "There are parameters of other names"),
        (with_a_tensor_for_the_bias, "There are no parameters of other names"),
        (with_a_fixed_weight, "requires_grad is False"),
        (with_a_buffer_for_the_bias, "no parameter of its own, such as a buffer: map.bias"),
        (with_a_further_parameter, "not asked for: more"),
    ],
)
def test_other_parameters_than_the_prescribed_are_named(change, says):
    module = Plain(3, 5)
    change(module)
    with pytest.raises(CheckFailed, match=says):
        check_parameters(module, {"map.weight": (5, 3), "map.bias": (5,)}, "map has its parameters")


def test_masks_have_every_form_and_leave_something_visible_in_each_row():
    found = masks(2, 3, 5, 7)
    assert len({mask.shape for mask in found.values()}) == len(found) == 9
    for mask in found.values():
        assert torch.broadcast_shapes(mask.shape, (2, 3, 5, 7)) == (2, 3, 5, 7)
        assert mask.any(-1).all()
        assert mask.all() == (mask.shape[-1] == 1)


def test_a_mask_of_one_column_may_hide_whole_rows():
    column = masks(2, 3, 5, 7, hidden_rows=True)["with a mask of shape (2, 3, 5, 1)"]
    assert column.any() and not column.all()
