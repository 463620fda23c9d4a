"""Attention against PyTorch's own, against three nested loops, and at its edges."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lib.attention import MultiHeadAttention, scaled_dot_product_attention
from lib.masks import causal_mask, padding_mask
from tests.lib.helpers import (
    BATCH,
    D_K,
    D_MODEL,
    D_V,
    HEADS,
    KEY,
    QUERY,
    compare_gradients,
    copy_weights,
    normal,
    padded_ids,
    randomise,
    torch_attention_pairs,
)


def some_mask(*shape: int, seed: int = 3) -> torch.Tensor:
    """A random mask in which every query may attend to something."""
    mask = normal(*shape, seed=seed) > 0.3
    mask[..., 0] = True
    return mask


def query_key_value():
    return (
        normal(BATCH, HEADS, QUERY, D_K, seed=0),
        normal(BATCH, HEADS, KEY, D_K, seed=1),
        normal(BATCH, HEADS, KEY, D_V, seed=2),
    )


@pytest.mark.parametrize("masked", [False, True])
def test_equation_agrees_with_torch(agree, masked):
    ours = [x.requires_grad_() for x in query_key_value()]
    theirs = [x.detach().clone().requires_grad_() for x in ours]
    mask = some_mask(BATCH, 1, QUERY, KEY) if masked else None
    output, weights = scaled_dot_product_attention(*ours, mask)
    expected = F.scaled_dot_product_attention(*theirs, mask)
    agree("F.scaled_dot_product_attention", output, expected)
    assert torch.allclose(weights.sum(-1), torch.ones(()).double())
    output.sin().sum().backward()
    expected.sin().sum().backward()
    for a, b in zip(ours, theirs, strict=True):
        agree("F.scaled_dot_product_attention: gradients", a.grad, b.grad)


def test_equation_agrees_with_three_loops(agree):
    query, key, value = query_key_value()
    mask = some_mask(QUERY, KEY)
    output, weights = scaled_dot_product_attention(query, key, value, mask)
    expected = torch.zeros_like(output)
    expected_weights = torch.zeros_like(weights)
    for b in range(BATCH):
        for h in range(HEADS):
            for i in range(QUERY):
                e = [
                    math.exp(sum(query[b, h, i] * key[b, h, j]).item() / math.sqrt(D_K))
                    if mask[i, j]
                    else 0.0
                    for j in range(KEY)
                ]
                for j in range(KEY):
                    expected_weights[b, h, i, j] = e[j] / sum(e)
                    expected[b, h, i] += e[j] / sum(e) * value[b, h, j]
    agree("three loops in Python", output, expected)
    agree("three loops in Python", weights, expected_weights)


def test_unbatched_and_long_leading_dimensions():
    query, key, value = query_key_value()
    output, _ = scaled_dot_product_attention(query[0, 0], key[0, 0], value[0, 0])
    assert output.shape == (QUERY, D_V)
    five = [x[:, None, None] for x in (query, key, value)]
    output, weights = scaled_dot_product_attention(*five)
    assert output.shape == (BATCH, 1, 1, HEADS, QUERY, D_V)
    assert weights.shape == (BATCH, 1, 1, HEADS, QUERY, KEY)


@pytest.mark.parametrize("masked", [False, True])
def test_multi_head_agrees_with_torch(agree, masked):
    ours = randomise(MultiHeadAttention(D_MODEL, HEADS))
    theirs = nn.MultiheadAttention(D_MODEL, HEADS, batch_first=True).double()
    pairs = torch_attention_pairs(ours, theirs)
    copy_weights(pairs)
    query, key, value = (normal(BATCH, n, D_MODEL, seed=n) for n in (QUERY, KEY, KEY))
    mask = some_mask(BATCH, HEADS, QUERY, KEY) if masked else None
    hidden = ~mask.flatten(0, 1) if masked else None
    expected, expected_weights = theirs(
        query, key, value, attn_mask=hidden, average_attn_weights=False
    )
    output, weights = ours(query, key, value, mask)
    assert weights is None
    agree("nn.MultiheadAttention", output, expected)
    slow, weights = ours(query, key, value, mask, need_weights=True)
    agree("nn.MultiheadAttention", slow, expected)
    agree("nn.MultiheadAttention", weights, expected_weights)
    output.sin().sum().backward()
    expected.sin().sum().backward()
    compare_gradients(agree, "nn.MultiheadAttention", pairs)


def test_multi_head_with_its_own_d_k_and_d_v(agree):
    attention = randomise(MultiHeadAttention(D_MODEL, HEADS, d_k=D_K + 1, d_v=D_V))
    query, memory = normal(BATCH, QUERY, D_MODEL, seed=1), normal(BATCH, KEY, D_MODEL, seed=2)
    output, weights = attention(query, memory, memory, need_weights=True)
    assert weights.shape == (BATCH, HEADS, QUERY, KEY)
    heads = []
    for h in range(HEADS):
        q, k, v = (
            F.linear(x, p.weight.view(HEADS, -1, D_MODEL)[h], p.bias.view(HEADS, -1)[h])
            for x, p in (
                (query, attention.query_projection),
                (memory, attention.key_projection),
                (memory, attention.value_projection),
            )
        )
        heads.append((q @ k.mT / math.sqrt(D_K + 1)).softmax(-1) @ v)
    expected = attention.output_projection(torch.cat(heads, dim=-1))
    agree("MultiHead as the paper writes it, head by head", output, expected)
    agree(
        "MultiHead as the paper writes it, head by head",
        attention(query, memory, memory)[0],
        expected,
    )


@pytest.mark.parametrize("need_weights", [False, True])
def test_fully_masked_rows_are_zero_and_train(need_weights):
    attention = randomise(MultiHeadAttention(D_MODEL, HEADS))
    attention.output_projection.bias.data.zero_()
    x = normal(BATCH, KEY, D_MODEL).requires_grad_()
    mask = torch.ones(KEY, KEY, dtype=torch.bool)
    mask[2] = False
    output, weights = attention(x, x, x, mask, need_weights=need_weights)
    assert (output[:, 2] == 0).all()
    if need_weights:
        assert (weights[:, :, 2] == 0).all()
    output.sin().sum().backward()
    assert x.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in attention.parameters())


def test_both_paths_agree_when_everything_is_masked(agree):
    attention = randomise(MultiHeadAttention(D_MODEL, HEADS))
    x = normal(BATCH, KEY, D_MODEL)
    mask = torch.zeros(KEY, KEY, dtype=torch.bool)
    fast, slow = (attention(x, x, x, mask, need_weights=w)[0] for w in (False, True))
    agree("equation = fast path", fast, slow)
    assert torch.equal(fast, attention.output_projection.bias.expand_as(fast))


def test_key_and_value_projections_can_be_kept():
    attention = randomise(MultiHeadAttention(D_MODEL, HEADS, d_k=D_K, d_v=D_V))
    x = normal(BATCH, KEY, D_MODEL)
    keys, values = attention.project_key_value(x, x)
    assert keys.shape == (BATCH, HEADS, KEY, D_K)
    assert values.shape == (BATCH, HEADS, KEY, D_V)
    assert torch.equal(attention.attend(x, keys, values)[0], attention(x, x, x)[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("need_weights", [False, True])
def test_dtype_is_kept(dtype, need_weights):
    attention = MultiHeadAttention(D_MODEL, HEADS).to(dtype)
    x = normal(1, 1, D_MODEL).to(dtype)
    output, _ = attention(x, x, x, causal_mask(1), need_weights=need_weights)
    assert output.dtype == dtype and output.shape == (1, 1, D_MODEL)


def test_inputs_are_unchanged_and_need_not_be_contiguous(agree):
    attention = randomise(MultiHeadAttention(D_MODEL, HEADS))
    x = normal(D_MODEL, KEY, BATCH).permute(2, 1, 0)
    mask = some_mask(KEY, KEY).T
    before, mask_before = x.clone(), mask.clone()
    for need_weights in (False, True):
        output, _ = attention(x, x, x, mask, need_weights=need_weights)
        expected, _ = attention(x.contiguous(), x.contiguous(), x.contiguous(), mask.contiguous())
        agree("contiguous inputs", output, expected)
    assert torch.equal(x, before) and torch.equal(mask, mask_before)


def test_every_parameter_has_a_gradient_but_the_key_bias():
    attention = randomise(MultiHeadAttention(D_MODEL, HEADS))
    x = normal(BATCH, KEY, D_MODEL)
    attention(x, x, x)[0].sin().sum().backward()
    for name, parameter in attention.named_parameters():
        largest = parameter.grad.abs().max()
        if name == "key_projection.bias":  # adds the same to all scores of a query
            assert largest < 1e-12
        else:
            assert torch.isfinite(largest) and largest > 1e-6, name


def test_constructor_names_the_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"d_model=10 and num_heads=3"):
        MultiHeadAttention(10, 3)
    MultiHeadAttention(10, 3, d_k=2, d_v=5)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"d_model": 0}, "d_model of at least 1, got 0"),
        ({"num_heads": 0}, "num_heads of at least 1, got 0"),
        ({"num_heads": -3}, "num_heads of at least 1, got -3"),
        ({"d_k": 0}, "d_k of at least 1, got 0"),
        ({"d_v": -1}, "d_v of at least 1, got -1"),
    ],
)
def test_sizes_below_one_are_refused_and_not_taken_for_a_default(sizes, message):
    with pytest.raises(ValueError, match=message):
        MultiHeadAttention(**({"d_model": D_MODEL, "num_heads": HEADS} | sizes))


def test_bad_masks_are_refused():
    attention = MultiHeadAttention(D_MODEL, HEADS).double()
    x = normal(BATCH, KEY, D_MODEL)
    with pytest.raises(ValueError, match=rf"got \({BATCH}, {KEY}, {KEY}\)"):
        attention(x, x, x, torch.ones(BATCH, KEY, KEY, dtype=torch.bool))
    with pytest.raises((TypeError, ValueError), match="float64"):
        MultiHeadAttention.attend.__wrapped__(
            attention, x, *attention.project_key_value(x, x), torch.ones(KEY, KEY).double()
        )


@given(
    scale=st.floats(0.0, 30.0),
    seed=st.integers(0, 1000),
    queries=st.integers(1, 6),
    keys=st.integers(1, 6),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_rows_of_weights_lie_on_the_simplex(scale, seed, queries, keys):
    query, key = normal(queries, D_K, seed=seed, scale=scale), normal(keys, D_K, seed=seed + 1)
    mask = normal(queries, keys, seed=seed + 2) > 0
    _, weights = scaled_dot_product_attention(query, key, key, mask)
    assert (weights >= 0).all() and (weights[~mask] == 0).all()
    assert torch.allclose(weights.sum(-1), mask.any(-1).double())


# --- masks --------------------------------------------------------------------------------


def test_padding_mask():
    mask = padding_mask(padded_ids(3, 5, 1), pad_id=0)
    assert mask.shape == (3, 1, 1, 5) and mask.dtype == torch.bool
    assert mask[:, 0, 0].sum(dim=1).tolist() == [3, 5, 1]
    assert padding_mask(torch.tensor([[0, 9]]), pad_id=9).flatten().tolist() == [True, False]


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (4, 4), (1, 6), (3, 5)])
def test_causal_mask_is_aligned_at_the_last_query(queries, keys):
    mask = causal_mask(queries, keys)
    for i in range(queries):
        for j in range(keys):
            assert mask[i, j] == (j <= i + keys - queries)


def test_causal_mask_wants_a_key_for_each_query():
    with pytest.raises(ValueError, match="got 3 keys and 4 queries"):
        causal_mask(4, 3)


def test_shape_annotations_are_checked():
    """Else the import hook came too late, and every annotation of lib goes unread."""
    with pytest.raises(Exception, match="Type-check error"):
        scaled_dot_product_attention(normal(2, 3), normal(2, 4), normal(2, 3))
