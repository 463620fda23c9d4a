"""Faults that were really published in teaching code, and the property that each one breaks.

Each case names the repository and issue where the fault was reported and says the fault in words.
The checks call only what a reader could call, so each says what is right, not how it is written.
"""

import math

import pytest
import torch
from torch import nn

from lib.attention import MultiHeadAttention, scaled_dot_product_attention
from lib.encoder import Encoder, EncoderLayer
from lib.masks import causal_mask, padding_mask
from lib.positions import SinusoidalPositions, sinusoidal_positions
from lib.residual import ResidualConnection
from lib.training import label_smoothing_loss
from lib.transformer import DecoderLayer, Transformer
from tests.lib.helpers import (
    BATCH,
    D_K,
    D_MODEL,
    D_V,
    HEADS,
    KEY,
    LAYER_SIZES,
    PAD,
    QUERY,
    STACK_SIZES,
    VOCAB,
    normal,
    padded_ids,
    random_ids,
    randomise,
    tiny_config,
)


def sine_and_cosine_of_a_pair_share_the_angle():
    pairs = sinusoidal_positions(200, D_MODEL, dtype=torch.float64).view(200, -1, 2)
    assert torch.allclose(pairs.square().sum(-1), torch.ones(()).double())
    assert torch.allclose(pairs[1, :, 0], (1 / 10000 ** (torch.arange(6).double() / 6)).sin())


def the_cosine_has_the_exponent_of_its_sine():
    table = sinusoidal_positions(101, 8, dtype=torch.float64)
    for k in range(4):
        assert math.isclose(table[100, 2 * k + 1], math.cos(100 / 10000 ** (2 * k / 8)))


def sines_and_cosines_alternate_in_the_function_and_in_the_module():
    table = sinusoidal_positions(9, 6)
    assert table[0].tolist() == [0, 1, 0, 1, 0, 1]
    assert torch.equal(SinusoidalPositions(6)(torch.zeros(1, 9, 6))[0], table)


def scores_are_divided_by_the_root_of_the_heads_width():
    attention = randomise(MultiHeadAttention(D_MODEL, HEADS, d_k=D_K, d_v=D_V))
    x = normal(1, KEY, D_MODEL)
    _, weights = attention(x, x, x, need_weights=True)
    queries = attention.query_projection(x)[0].view(KEY, HEADS, D_K)[:, 1]
    keys = attention.key_projection(x)[0].view(KEY, HEADS, D_K)[:, 1]
    expected = (queries @ keys.T / math.sqrt(D_K)).softmax(-1)
    assert torch.allclose(weights[0, 1], expected, atol=1e-12)
    wrong = (queries @ keys.T / math.sqrt(D_MODEL)).softmax(-1)
    assert not torch.allclose(weights[0, 1], wrong, atol=1e-3)


def heads_are_merged_without_mixing_positions():
    attention = randomise(MultiHeadAttention(D_MODEL, HEADS))
    x = normal(BATCH, KEY, D_MODEL)
    itself_only = torch.eye(KEY, dtype=torch.bool)
    changed = x.clone()
    changed[:, 4] += 1
    difference = attention(x, x, x, itself_only)[0]
    difference = (difference - attention(changed, changed, changed, itself_only)[0]).abs()
    assert (difference.amax(dim=(0, 2)) > 0).tolist() == [t == 4 for t in range(KEY)]


def padding_is_hidden_as_a_key_and_gives_no_nan_as_a_query():
    ids = padded_ids(KEY, 2, 4)
    mask = padding_mask(ids, PAD)
    assert mask.shape == (3, 1, 1, KEY)
    attention = randomise(MultiHeadAttention(D_MODEL, HEADS))
    x = normal(3, KEY, D_MODEL).requires_grad_()
    for need_weights in (False, True):
        output, _ = attention(x, x, x, mask, need_weights=need_weights)
        (gradient,) = torch.autograd.grad(output.sin().sum(), x)
        assert output.isfinite().all() and gradient.isfinite().all()


def a_later_token_does_not_change_an_earlier_output():
    model = randomise(Transformer(tiny_config()))
    source_ids, target_ids = random_ids(2, KEY), random_ids(2, QUERY, seed=1)
    changed = target_ids.clone()
    changed[:, 3] = VOCAB + 2 - changed[:, 3]
    difference = model(source_ids, target_ids) - model(source_ids, changed)
    changes = difference.abs().amax(dim=(0, 2)) > 0
    assert changes.tolist() == [False, False, False, True, True]


def source_target_attention_hides_the_sources_padding():
    layer = randomise(DecoderLayer(**LAYER_SIZES))
    y, memory = normal(2, QUERY, D_MODEL, seed=1), normal(2, KEY, D_MODEL, seed=2)
    source_ids = padded_ids(KEY, 3)
    masks = causal_mask(QUERY), padding_mask(source_ids, PAD)
    other = torch.where((source_ids == PAD)[..., None], memory + 9, memory)
    assert torch.equal(layer(y, memory, *masks), layer(y, other, *masks))
    real = torch.where((source_ids == PAD)[..., None], memory, memory + 9)
    assert ((layer(y, memory, *masks) - layer(y, real, *masks)).abs().amax(-1) > 0).all()
    # The whole model builds that mask itself, from the source and not from the target.
    model = randomise(Transformer(tiny_config()))
    target_ids = padded_ids(2, QUERY, seed=3)
    weights = model.attention_weights(source_ids, target_ids).source_target[0]
    assert ((weights > 0) == (source_ids != PAD)[:, None, None]).all()


def post_norm_and_pre_norm_are_what_their_names_say():
    x = normal(BATCH, KEY, D_MODEL)
    post = randomise(ResidualConnection(D_MODEL, norm_first=False))
    pre = randomise(ResidualConnection(D_MODEL, norm_first=True))
    assert torch.allclose(post(x, torch.sin), post.norm(x + x.sin()))
    assert torch.allclose(pre(x, torch.sin), x + pre.norm(x).sin())
    assert isinstance(Encoder(norm_first=True, **STACK_SIZES).norm, nn.LayerNorm)
    assert not isinstance(Encoder(norm_first=False, **STACK_SIZES).norm, nn.LayerNorm)
    assert tiny_config().norm_first is False


def label_smoothing_is_finite_where_the_model_is_certain():
    logits = torch.tensor([[1000.0, 0.0, 0.0, -1000.0]]).requires_grad_()
    for smoothing in (0.0, 0.1):
        loss = label_smoothing_loss(logits, torch.tensor([3]), smoothing=smoothing, pad_id=1)
        assert loss.isfinite()
        assert torch.autograd.grad(loss, logits)[0].isfinite().all()


@torch.no_grad()
def each_sublayer_has_its_own_norm():
    y, memory = normal(1, QUERY, D_MODEL, seed=1), normal(1, KEY, D_MODEL, seed=2)
    for kind, args, norms in ((EncoderLayer, (y,), 2), (DecoderLayer, (y, memory), 3)):
        for norm_first in (False, True):
            layer = randomise(kind(norm_first=norm_first, **LAYER_SIZES))
            found = [m for m in layer.modules() if isinstance(m, nn.LayerNorm)]
            assert len(found) == len({id(norm.weight) for norm in found}) == norms
            outputs = [layer(*args)]
            for norm in found:
                norm.bias += 1
                outputs.append(layer(*args))
                norm.bias -= 1
            for i, output in enumerate(outputs):
                assert all((output - other).abs().max() > 1e-6 for other in outputs[:i])


def dropout_scales_what_it_keeps_by_one_over_one_minus_p():
    torch.manual_seed(0)
    residual = ResidualConnection(64, dropout=0.1)
    residual.norm = nn.Identity()
    kept = residual(torch.zeros(500, 64), torch.ones_like)
    assert torch.allclose(kept[kept != 0], torch.tensor(1 / 0.9))
    assert abs(kept.mean() - 1.0) < 6 * (0.1 / 0.9 / kept.numel()) ** 0.5


def weights_are_multiplied_by_values():
    query, key, value = normal(QUERY, D_K), normal(KEY, D_K, seed=1), normal(KEY, D_V, seed=2)
    output, weights = scaled_dot_product_attention(query, key, value)
    assert torch.allclose(output, torch.einsum("qk,kv->qv", weights, value))
    twice, _ = scaled_dot_product_attention(query, key, 2 * value)
    assert torch.allclose(twice, 2 * output)


FAULTS = [
    (
        "SamLynnEvans/Transformer #25, #7",
        "each column of the sinusoid has its own exponent",
        sine_and_cosine_of_a_pair_share_the_angle,
    ),
    (
        "luhengshiwo/LLMForEverybody #106",
        "the cosine is printed with the exponent (2i+1)/d",
        the_cosine_has_the_exponent_of_its_sine,
    ),
    (
        "tensorflow/text #1122",
        "the formula interleaves sines and cosines, the code concatenates them",
        sines_and_cosines_alternate_in_the_function_and_in_the_module,
    ),
    (
        "karpathy/ng-video-lecture #6, #55",
        "scores are divided by the root of the model's width, not of the head's",
        scores_are_divided_by_the_root_of_the_heads_width,
    ),
    (
        "jsbaan/transformer-from-scratch #6, ajhalthor/Transformer-Neural-Network #4",
        "heads are merged without transposing back",
        heads_are_merged_without_mixing_positions,
    ),
    (
        "bentrevett/pytorch-seq2seq #96, hyunwoongko/transformer #40",
        "the padding mask lies on the query rows, which are NaN then",
        padding_is_hidden_as_a_key_and_gives_no_nan_as_a_query,
    ),
    (
        "tensorflow/text #938",
        "the mask's meaning was turned round with the library",
        a_later_token_does_not_change_an_earlier_output,
    ),
    (
        "keras-team/keras-io #1046",
        "source-target attention is masked with the target's padding",
        source_target_attention_hides_the_sources_padding,
    ),
    (
        "harvardnlp/annotated-transformer #1",
        "the text says post-norm, the code is pre-norm",
        post_norm_and_pre_norm_are_what_their_names_say,
    ),
    (
        "harvardnlp/annotated-transformer #109",
        "the demonstration of label smoothing takes the logarithm of 0",
        label_smoothing_is_finite_where_the_model_is_certain,
    ),
    (
        "ml-explore/mlx #1636",
        "the decoder layer uses its first norm for all sub-layers",
        each_sublayer_has_its_own_norm,
    ),
    (
        "rasbt/LLMs-from-scratch #431",
        "dropout scales by 1/p, which p = 0.5 does not show",
        dropout_scales_what_it_keeps_by_one_over_one_minus_p,
    ),
    (
        "yandexdataschool/Practical_RL #429",
        "the weights are multiplied by their own scores, not by the values",
        weights_are_multiplied_by_values,
    ),
]


@pytest.mark.parametrize(
    ("source", "fault", "check"), FAULTS, ids=[check.__name__ for _, _, check in FAULTS]
)
def test_published_fault_is_not_ours(source, fault, check):
    check()
