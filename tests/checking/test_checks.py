"""Checks of an answer against a reference: what they call, and what they say."""

import numpy as np
import pytest
import torch

from checking import CheckFailed, call, check, check_same_as, example, in_place

MUST_HOLD = "each row is a softmax of the scores"


def softmax_of_scores(query, key):
    return torch.softmax(query @ key.mT, dim=-1)


def compare(answer, query=None, key=None):
    query = example(2, 3, 4) if query is None else query
    key = example(2, 5, 4, seed=1) if key is None else key
    check_same_as(softmax_of_scores, answer, query, key, must_hold=MUST_HOLD)


def failure_of(answer):
    with pytest.raises(CheckFailed) as caught:
        compare(answer)
    return caught.value


def test_an_answer_is_called_once_with_the_inputs_as_they_lie_in_memory():
    calls = []

    def answer(query, key):
        calls.append((query.stride(), key.stride()))
        return softmax_of_scores(query, key)

    query, key = example(4, 3, 2).permute(2, 1, 0), example(2, 10, 4, seed=1)[:, ::2]
    compare(answer, query, key)
    assert calls == [(query.stride(), key.stride())]
    assert not query.requires_grad and not key.requires_grad


def changes_an_argument(query, key):
    query *= 2
    return softmax_of_scores(query, key)


def changes_a_part_of_an_argument(query, key):
    query[..., 0] = 0
    return softmax_of_scores(query, key)


def changes_an_argument_without_gradients(query, key):
    with torch.no_grad():
        query.mul_(2)
    return softmax_of_scores(query, key)


@pytest.mark.parametrize(
    "answer",
    [
        changes_an_argument,
        changes_a_part_of_an_argument,
        changes_an_argument_without_gradients,
    ],
)
def test_a_changed_argument_is_named(answer):
    failure = failure_of(answer)
    assert (failure.must_hold, failure.step) == ("the arguments are left as they were", "ran")


def appends(values):
    values.append(1)


def overwrites_a_tensor_in_a_list(values):
    values[0].zero_()


def overwrites_an_array_in_a_tuple(values):
    values[0][:] = 0


def overwrites_a_list_in_a_dict(values):
    values["a"][1] = 0


@pytest.mark.parametrize(
    ("answer", "argument"),
    [
        (appends, [0, 1]),
        (overwrites_a_tensor_in_a_list, [torch.ones(2), "text"]),
        (overwrites_an_array_in_a_tuple, (np.ones(2), float("nan"))),
        (overwrites_a_list_in_a_dict, {"a": [0, 1], "b": None}),
    ],
)
def test_a_change_within_an_argument_is_named_and_taken_back(answer, argument):
    before = repr(argument)
    with pytest.raises(CheckFailed, match="the arguments are left as they were"):
        call(answer, argument)
    assert repr(argument) == before
    call(len, argument)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x: [][x], "`<lambda>` runs on 3"),
        (lambda: [][0], "`<lambda>` runs"),
        (
            lambda x: torch.distributions.Distribution(validate_args=False).sample(),
            "`<lambda>` runs on 3",
        ),
    ],
)
def test_code_that_raises_is_named_with_its_arguments(answer, says):
    arguments = [3] * answer.__code__.co_argcount
    with pytest.raises(CheckFailed) as caught:
        call(answer, *arguments)
    assert (caught.value.must_hold, caught.value.step) == (says, "ran")
    assert caught.value.detail[0].startswith("It raised ")
    assert not caught.value.detail[0].endswith(("Error", ": "))


@pytest.mark.parametrize("make", [torch.ones, np.ones])
def test_a_change_deep_in_an_argument_is_named_and_undone(make):
    def spoil(norms):
        norms[1]["x"][0][:] = 7

    whole = make((2, 3))
    with pytest.raises(CheckFailed, match="had other values after the call"):
        call(spoil, [0, {"x": (whole[:1],)}])
    assert (whole == make((2, 3))).all()


def test_a_change_in_place_that_the_test_asks_for_is_kept():
    x = torch.ones(3)
    with in_place():
        call(torch.Tensor.mul_, x, 2)
    assert x.tolist() == [2, 2, 2]
    with pytest.raises(CheckFailed):
        call(torch.Tensor.mul_, x, 2)


def test_an_array_of_objects_is_no_changed_argument():
    assert call(len, np.array([[1], object()], dtype=object)) == 2


def test_a_change_in_place_of_what_the_gradient_needs_is_named():
    def answer(query, key):
        exponential = torch.exp(query @ key.mT)
        exponential /= exponential.sum(-1, keepdim=True)
        return exponential

    failure = failure_of(answer)
    assert (failure.must_hold, failure.step) == ("a gradient can be computed", "gradient")
    assert "changed in place what an earlier one had kept" in failure.detail[0]


def test_wrong_values_come_before_a_gradient_that_cannot_be_computed():
    def answer(query, key):
        exponential = torch.exp(query @ key.mT)
        total = exponential.sum(-1, keepdim=True)
        exponential *= 2
        return exponential / total

    failure = failure_of(answer)
    assert (failure.must_hold, failure.step) == (MUST_HOLD, "values")


def test_a_cut_graph_is_named():
    failure = failure_of(lambda query, key: softmax_of_scores(query, key).detach())
    assert failure.step == "gradient"
    assert failure.detail[0].startswith("No gradient reaches query.")


def test_an_error_that_only_gradients_bring_is_shown():
    failure = failure_of(lambda query, key: torch.tensor(softmax_of_scores(query, key).numpy()))
    runs = "`<lambda>` runs on float64 tensor (2, 3, 4), float64 tensor (2, 5, 4)"
    assert (failure.must_hold, failure.step) == (runs, "ran")
    assert "Can't call numpy() on Tensor that requires grad" in failure.detail[0]


@pytest.mark.parametrize("number", [np.int64(3), np.float64(3.0), torch.tensor(3)])
def test_a_number_may_be_one_of_numpy_or_a_tensor(number):
    check(number, 3, "three is three")


@pytest.mark.parametrize("number", [True, np.True_, "3", np.int64(4)])
def test_what_is_no_number_or_another_one_fails(number):
    with pytest.raises(CheckFailed):
        check(number, 3, "three is three")
