"""Heads of fine-tuning against transformers; features, freezing and spans against loops."""

import pytest
import torch

from lib.bert import Bert
from lib.fine_tuning import (
    SentenceClassifier,
    SpanExtractor,
    TokenClassifier,
    best_span,
    extract_features,
    freeze,
    mean_of_tokens,
)
from tests.lib.helpers import (
    D_MODEL,
    PAD,
    bert_pairs,
    copy_weights,
    module_pairs,
    normal,
    padded_ids,
    randomise,
    their_bert,
    tiny_bert_config,
)

LENGTHS = (9, 4, 7)


def segments(ids):
    return (torch.arange(ids.shape[1]) >= 3).long() * (ids != PAD)


@pytest.mark.parametrize(
    ("make", "kind", "head", "numbers"),
    [
        (lambda b: SentenceClassifier(b, 5), "BertForSequenceClassification", "classifier", 5),
        (lambda b: TokenClassifier(b, 5), "BertForTokenClassification", "classifier", 5),
        (SpanExtractor, "BertForQuestionAnswering", "qa_outputs", 2),
    ],
)
def test_heads_agree_with_transformers(agree, make, kind, head, numbers):
    config = tiny_bert_config()
    ours = randomise(make(Bert(config)))
    theirs = their_bert(kind, config, num_labels=numbers).eval()
    copy_weights(
        bert_pairs(ours.bert, theirs.bert) + module_pairs(ours.head, getattr(theirs, head))
    )
    ids = padded_ids(*LENGTHS)
    real = ids != PAD
    output = theirs(ids, real.long(), segments(ids))
    if kind == "BertForQuestionAnswering":
        start, end = ours(ids, segments(ids))
        agree(kind, start[real], output.start_logits[real])
        agree(kind, end[real], output.end_logits[real])
    elif kind == "BertForTokenClassification":
        agree(kind, ours(ids, segments(ids))[real], output.logits[real])
    else:
        agree(kind, ours(ids, segments(ids)), output.logits)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("max_tokens", [None, 1, 3, 50])
def test_best_span_is_the_best_of_all(seed, max_tokens):
    start, end = normal(9, seed=seed), normal(9, seed=seed + 100)
    first, last = 2, 7
    spans = [
        (i, j)
        for i in range(first, last + 1)
        for j in range(i, last + 1)
        if max_tokens is None or j - i < max_tokens
    ]
    best = max(spans, key=lambda span: (start[span[0]] + end[span[1]]).item())
    assert best_span(start, end, first=first, last=last, max_tokens=max_tokens) == best


def test_of_equal_spans_the_first_and_shortest():
    zeros = torch.zeros(6)
    assert best_span(zeros, zeros, first=1, last=4) == (1, 1)


@pytest.mark.parametrize(("first", "last"), [(-1, 2), (3, 2), (0, 6)])
def test_a_span_outside_is_refused(first, last):
    with pytest.raises(ValueError, match=f"last < 6, got first={first} and last={last}"):
        best_span(torch.zeros(6), torch.zeros(6), first=first, last=last)


def test_features_are_hidden_states_side_by_side():
    bert = randomise(Bert(tiny_bert_config(num_layers=3, dropout=0.4))).train()
    ids = padded_ids(*LENGTHS)
    states = bert.hidden_states(ids, segments(ids))
    features = extract_features(bert, ids, segments(ids), layers=(-1, 0, 2))
    assert torch.equal(features, torch.cat((states[3], states[0], states[2]), dim=-1))
    assert extract_features(bert, ids).shape == (*ids.shape, 4 * D_MODEL)
    assert not features.requires_grad and bert.training
    for layers in ((), (4,), (-5,)):
        with pytest.raises(ValueError, match="layers from -4 to 3"):
            extract_features(bert, ids, layers=layers)


def test_mean_of_tokens_leaves_padding_out(agree):
    ids = padded_ids(*LENGTHS)
    vectors = normal(*ids.shape, 5)
    vectors[ids == PAD] = torch.nan
    means = mean_of_tokens(vectors, ids, pad_id=PAD)
    for i, length in enumerate(LENGTHS):
        agree("mean of one input", means[i], vectors[i, :length].mean(dim=0))
    assert (mean_of_tokens(vectors, torch.zeros_like(ids), pad_id=PAD) == 0).all()


def test_a_frozen_bert_stays_as_it_is_and_the_head_learns():
    model = randomise(SentenceClassifier(Bert(tiny_bert_config(dropout=0.3)), 4)).train()
    freeze(model.bert)
    assert not model.bert.training
    model(padded_ids(*LENGTHS)).sum().backward()
    assert all(parameter.grad is None for parameter in model.bert.parameters())
    assert all(parameter.grad is not None for parameter in model.head.parameters())


def test_no_class_is_refused():
    for make in (SentenceClassifier, TokenClassifier):
        with pytest.raises(ValueError, match="num_classes of at least 1, got 0"):
            make(Bert(tiny_bert_config()), 0)
